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

impl Prepared {
    /// Takes all contents out.
    pub fn clear(&mut self) {
        self.tokens.clear();
        self.patterns.clear();
    }
}

impl Preparer {
    pub(crate) fn new(reader: Reader) -> Self {
        Self(reader)
    }

    /// Adds a content to those in `prepared`.
    pub fn prepare(&self, content: &[u8], prepared: &mut Prepared) {
        match &self.0 {
            Reader::Drain(reader) => prepared.tokens.push(reader, content),
            Reader::Auto(masks) => prepared.patterns.push(masks, content),
        }
    }
}
