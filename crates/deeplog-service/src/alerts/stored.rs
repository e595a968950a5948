//! Findings from the store.

use axum::BoxError;

use super::{Feed, News, Signature};
use crate::{FindingRecord, Item, Reader};

/// The name of our mark there.
const MARK: &str = "alerts";

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

impl From<Item> for News {
    fn from(item: Item) -> Self {
        Self {
            id: item.id,
            version: item.version,
            signature: Signature {
                source: item.source,
                reason: item.reason,
                template: item.seen.map(|seen| seen.template).unwrap_or_default(),
            },
            received: item.received,
        }
    }
}
