//! Findings from the store.

use axum::BoxError;
use deeplog::NO_TEMPLATE;

use super::{Feed, News, Signature};
use crate::{FindingRecord, Item, Reader, Seen};

/// The name of our mark there.
const MARK: &str = "alerts";
/// Words of a line without template that tell what kind of line it is.
const WORDS: usize = 12;

impl Feed for Reader {
    fn since(&self, version: u64, limit: usize) -> Result<Vec<News>, BoxError> {
        let items = Reader::since(self, version, limit)?;
        Ok(items.into_iter().map(News::from).collect())
    }

    fn one(&self, id: u64) -> Result<Option<FindingRecord>, BoxError> {
        Ok(Reader::one(self, id)?)
    }

    fn told(&self) -> Result<u64, BoxError> {
        Ok(self.cursor(MARK)?)
    }

    fn set_told(&self, version: u64) -> Result<(), BoxError> {
        Ok(self.set_cursor(MARK, version)?)
    }
}

/// What was seen. A line without template is no two times the same: what tells it from others of its kind is left out.
fn template(seen: Seen) -> String {
    if seen.key != NO_TEMPLATE {
        return seen.template;
    }
    let is_word = |word: &&str| !word.bytes().any(|byte| byte.is_ascii_digit());
    let words: Vec<&str> = seen.template.split_whitespace().filter(is_word).take(WORDS).collect();
    words.join(" ")
}

impl From<Item> for News {
    fn from(item: Item) -> Self {
        Self {
            id: item.id,
            version: item.version,
            signature: Signature {
                source: item.source,
                reason: item.reason,
                template: item.seen.map(template).unwrap_or_default(),
            },
            received: item.received,
        }
    }
}
