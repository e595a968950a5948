//! What a mask can match, as far as its syntax tells: enough to prove that masks do not get into each other's way.

use regex_syntax::hir::{Class, Hir, HirKind, Look, LookSet};

/// A set of byte values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bytes([u64; 4]);

impl Bytes {
    pub(super) fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn insert_all(&mut self, from: u8, to: u8) {
        (from..=to).for_each(|byte| self.insert(byte));
    }

    fn union(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
        self
    }

    pub(super) fn contains(self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |&byte| self.contains(byte))
    }
}

/// What is known of one mask's matches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// The bytes that a match may begin with.
    pub(super) first: Bytes,
    /// The bytes that a match may hold anywhere.
    pub(super) alphabet: Bytes,
    /// Whether each match begins, or ends, at an ASCII word boundary.
    pub(super) boundary_before: bool,
    pub(super) boundary_after: bool,
    /// Whether a match hangs on what stands around it, and on nothing but word boundaries and the ends of the text.
    pub(super) looks_around: bool,
    pub(super) looks_at_words_only: bool,
}

impl Facts {
    /// `None` for a mask that can match the empty text.
    pub(super) fn of(hir: &Hir) -> Option<Self> {
        let properties = hir.properties();
        if properties.minimum_len().is_none_or(|len| len == 0) {
            return None;
        }
        let known = [Look::WordAscii, Look::WordAsciiNegate, Look::Start, Look::End];
        let known = known.into_iter().fold(LookSet::empty(), LookSet::insert);
        let looks = properties.look_set();
        Some(Self {
            first: first(hir).0,
            alphabet: alphabet(hir),
            boundary_before: properties.look_set_prefix().contains(Look::WordAscii),
            boundary_after: properties.look_set_suffix().contains(Look::WordAscii),
            looks_around: !looks.is_empty(),
            looks_at_words_only: looks.subtract(known).is_empty(),
        })
    }

    /// Whether a match of this mask may begin at `byte` where `before` stands in front of it.
    pub(super) fn may_begin_between(&self, before: u8, byte: u8) -> bool {
        self.first.contains(byte) && !(self.boundary_before && is_word(before) == is_word(byte))
    }
}

/// What `\w` and `\b` hold for a word's byte.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn alphabet(hir: &Hir) -> Bytes {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Bytes::default(),
        HirKind::Literal(literal) => {
            let mut bytes = Bytes::default();
            literal.0.iter().for_each(|&byte| bytes.insert(byte));
            bytes
        }
        HirKind::Class(class) => class_bytes(class),
        HirKind::Repetition(repetition) => alphabet(&repetition.sub),
        HirKind::Capture(capture) => alphabet(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(alphabet).fold(Bytes::default(), Bytes::union)
        }
    }
}

/// The first bytes, and whether nothing at all may match too.
fn first(hir: &Hir) -> (Bytes, bool) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => (Bytes::default(), true),
        HirKind::Literal(literal) => {
            let mut bytes = Bytes::default();
            literal.0.iter().take(1).for_each(|&byte| bytes.insert(byte));
            (bytes, literal.0.is_empty())
        }
        HirKind::Class(class) => (class_bytes(class), false),
        HirKind::Repetition(repetition) => {
            let (bytes, empty) = first(&repetition.sub);
            (bytes, empty || repetition.min == 0)
        }
        HirKind::Capture(capture) => first(&capture.sub),
        HirKind::Concat(parts) => {
            let mut bytes = Bytes::default();
            for part in parts {
                let (more, empty) = first(part);
                bytes = bytes.union(more);
                if !empty {
                    return (bytes, false);
                }
            }
            (bytes, true)
        }
        HirKind::Alternation(parts) => parts
            .iter()
            .map(first)
            .fold((Bytes::default(), false), |(bytes, empty), (more, too)| {
                (bytes.union(more), empty || too)
            }),
    }
}

/// The bytes of a class's characters. Beyond ASCII, any byte that UTF-8 may use.
fn class_bytes(class: &Class) -> Bytes {
    let mut bytes = Bytes::default();
    match class {
        Class::Bytes(class) => {
            for range in class.ranges() {
                bytes.insert_all(range.start(), range.end());
            }
        }
        Class::Unicode(class) => {
            for range in class.ranges() {
                let (from, to) = (u32::from(range.start()), u32::from(range.end()));
                if from < 0x80 {
                    bytes.insert_all(from as u8, to.min(0x7f) as u8);
                }
                if to >= 0x80 {
                    bytes.insert_all(0x80, 0xff);
                }
            }
        }
    }
    bytes
}
