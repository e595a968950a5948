//! Field values that stand in the line, or that had to be unescaped.

use std::ops::Range;

use smallvec::SmallVec;

/// Memory for values that do not stand in the line as they are meant: escaped text, and what is put together. Keep one
/// a thread and hand it in again and again.
#[derive(Debug, Clone, Default)]
pub struct Unescaped {
    pub(super) bytes: Vec<u8>,
    /// For the format within a container's.
    inner: Option<Box<Unescaped>>,
}

impl Unescaped {
    /// The memory of this format, and that of the format within it.
    pub(super) fn parts(&mut self) -> (&mut Vec<u8>, &mut Unescaped) {
        self.bytes.clear();
        (&mut self.bytes, self.inner.get_or_insert_default())
    }
}

/// Where a value stands.
#[derive(Debug, Clone)]
pub(super) enum Text<'l> {
    Line(&'l [u8]),
    Unescaped(Range<usize>),
}

/// The values of a line; formats seldom have more than twelve.
pub(super) type Texts<'l> = SmallVec<[Text<'l>; 12]>;

impl<'l> Text<'l> {
    pub(super) const EMPTY: Self = Text::Line(b"");

    pub(super) fn bytes<'b>(&self, unescaped: &'b [u8]) -> &'b [u8]
    where
        'l: 'b,
    {
        match self {
            Text::Line(text) => text,
            Text::Unescaped(range) => &unescaped[range.clone()],
        }
    }

    /// The part of it at `range`, which counts from its start.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        match self {
            Text::Line(text) => Text::Line(&text[range]),
            Text::Unescaped(whole) => Text::Unescaped(whole.start + range.start..whole.start + range.end),
        }
    }
}
