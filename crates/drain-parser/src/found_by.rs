//! What made a piece of a line a parameter.

use std::fmt;

/// Why a piece of a line is a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoundBy {
    /// Lines of one template differ at this position. Shown as `<*>`.
    Position,
    /// A mask of the configuration, by its index. The first is shown as `<MASK1>`.
    Mask(usize),
    /// A mask of the `auto` method, by its name. Shown as `<IP>`, for instance.
    BuiltIn(&'static str),
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position => f.write_str("<*>"),
            Self::Mask(index) => write!(f, "<MASK{}>", index + 1),
            Self::BuiltIn(name) => write!(f, "<{name}>"),
        }
    }
}
