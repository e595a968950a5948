//! Learning on several threads.

use crate::auto;
use crate::reader::Reader;
use crate::reading;

/// Masks and cuts contents as one [`Parser`](crate::Parser) does, which says how to use it:
/// [`Parser::preparer`](crate::Parser::preparer). A clone a thread is the fastest way to share it.
#[derive(Debug, Clone)]
pub struct Preparer(Reader);

/// Contents that are ready to be learnt. Keep one and have it filled again and again: then no line costs an allocation.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    pub(crate) tokens: reading::Lines,
    pub(crate) patterns: auto::Lines,
}

impl Preparer {
    pub(crate) fn new(reader: Reader) -> Self {
        Self(reader)
    }

    /// Fills `prepared` with `contents`, in place of what it held.
    pub fn prepare<'c>(&self, contents: impl IntoIterator<Item = &'c [u8]>, prepared: &mut Prepared) {
        let Prepared { tokens, patterns } = prepared;
        tokens.clear();
        patterns.clear();
        for content in contents {
            match &self.0 {
                Reader::Drain(reader) => tokens.push(reader, content),
                Reader::Auto(masks) => patterns.push(masks, content),
            }
        }
    }
}
