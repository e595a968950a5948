//! The kinds of fault, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What can go wrong in a session.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FaultKind {
            $($(#[$doc])* $kind,)*
        }

        impl FaultKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The kind's name in snake case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// An event did not happen, though later ones did.
    Missing = "missing",
    /// An event happened twice.
    Doubled = "doubled",
    /// An event and the next one changed places.
    Swapped = "swapped",
    /// An event happened two places or more from its own.
    Moved = "moved",
    /// Another event of the log happened in the place of one.
    Replaced = "replaced",
    /// An event happened that occurs nowhere in the log.
    Foreign = "foreign",
    /// Nothing happened any more.
    Truncated = "truncated",
    /// An event and all behind it happened much later than they should.
    Delayed = "delayed",
    /// A number in an event is far from what it ever was.
    OutOfRange = "out_of_range",
}

impl FaultKind {
    /// Whether the sequence of keys is the same as without the fault.
    #[must_use]
    pub fn keeps_keys(self) -> bool {
        matches!(self, Self::Delayed | Self::OutOfRange)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A name of no kind of fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of fault; known are {known}", known = FaultKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", "))]
pub struct UnknownFault(String);

impl FromStr for FaultKind {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        let kind = Self::ALL.iter().find(|kind| kind.name() == name);
        kind.copied().ok_or_else(|| UnknownFault(name.to_owned()))
    }
}
