//! The words that templates are made of, as text and as the numbers they are compared by.

use crate::masking::PLACEHOLDER;
use crate::template::{escaped, unescape};
use crate::vocabulary::{Vocabulary, WILDCARD};

/// Stands for one or more parameters in a row. No vocabulary grows that far, nor to the ids below.
pub(crate) const RUN: u32 = u32::MAX - 2;
/// Where the ids of punctuation begin: 1,024 of them, for each byte with and without white space on either side.
const MARKS: u32 = 0xffff_0000;

/// One place of a template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Word {
    /// A parameter.
    Wildcard,
    /// One or more parameters in a row.
    Run,
    /// A constant. It may hold `<*>` for a parameter within it, in templates of Drain.
    Text(Box<[u8]>),
    /// What stood in every line at the place of a parameter. Another line may have something else there.
    Usual(Box<[u8]>),
    /// Punctuation, in templates of the `auto` method.
    Mark(Mark),
}

/// A byte of punctuation, and whether it touches what stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark {
    pub(crate) byte: u8,
    pub(crate) left: bool,
    pub(crate) right: bool,
}

impl Mark {
    pub(crate) fn id(self) -> u32 {
        MARKS + 4 * u32::from(self.byte) + 2 * u32::from(self.left) + u32::from(self.right)
    }

    /// `None` where it is the id of something else.
    pub(crate) fn of_id(id: u32) -> Option<Self> {
        let place = id.checked_sub(MARKS).filter(|_| is_mark(id))?;
        Some(Self {
            byte: u8::try_from(place / 4).ok()?,
            left: place & 2 != 0,
            right: place & 1 != 0,
        })
    }
}

pub(crate) fn is_mark(id: u32) -> bool {
    (MARKS..MARKS + 1024).contains(&id)
}

/// Whether a template with this word fits a line with this token. A parameter is never punctuation.
pub(crate) fn fits(word: u32, token: u32) -> bool {
    word == token || (word == WILDCARD && !is_mark(token))
}

impl Word {
    /// Its id, for which the vocabulary counts one more user.
    pub(crate) fn id(&self, vocabulary: &mut Vocabulary) -> u32 {
        match self {
            Self::Wildcard => WILDCARD,
            Self::Run => RUN,
            Self::Text(text) | Self::Usual(text) => vocabulary.acquire(text),
            Self::Mark(mark) => mark.id(),
        }
    }

    /// A token of Drain.
    pub(crate) fn of_token(token: &[u8]) -> Self {
        if token == PLACEHOLDER {
            Self::Wildcard
        } else {
            Self::Text(token.into())
        }
    }

    /// A text that [`Self::from_saved`] reads again.
    pub(crate) fn to_saved(&self) -> String {
        let side = |touches: bool| if touches { '+' } else { ' ' };
        match self {
            Self::Wildcard => "<*>".to_owned(),
            Self::Run => "<*> <*>".to_owned(),
            Self::Text(text) => {
                let saved = escaped(text);
                // Some texts look like another word: `+-+`, which tables are drawn with.
                match text
                    .split_first()
                    .filter(|_| Self::from_saved(&saved).as_ref() != Some(self))
                {
                    Some((first, rest)) => format!("\\x{first:02x}{}", escaped(rest)),
                    None => saved,
                }
            }
            Self::Usual(text) => format!("={}", escaped(text)),
            Self::Mark(Mark { byte, left, right }) => {
                format!("{}{}{}", side(*left), escaped(&[*byte]), side(*right))
            }
        }
    }

    /// `None` where an escape is broken.
    pub(crate) fn from_saved(text: &str) -> Option<Self> {
        match text {
            "<*>" => return Some(Self::Wildcard),
            "<*> <*>" => return Some(Self::Run),
            _ => {}
        }
        let touches = |side: u8| match side {
            b'+' => Some(true),
            b' ' => Some(false),
            _ => None,
        };
        if let [first, .., last] = text.as_bytes()
            && text.len() >= 3
            && let (Some(left), Some(right)) = (touches(*first), touches(*last))
        {
            let [byte] = *unescape(&text[1..text.len() - 1])? else {
                return None;
            };
            return Some(Self::Mark(Mark { byte, left, right }));
        }
        Some(match text.strip_prefix('=') {
            Some(usual) => Self::Usual(unescape(usual)?.into()),
            None => Self::Text(unescape(text)?.into()),
        })
    }
}

/// The text of a template. Of one method's templates no two have the same text.
pub(crate) fn text_of(words: &[Word]) -> String {
    let mut text = String::new();
    let mut touches = true;
    for word in words {
        let (left, right) = match word {
            Word::Mark(mark) => (mark.left, mark.right),
            _ => (false, false),
        };
        // White space is written as one space, whatever it was.
        if !(touches || left) {
            text.push(' ');
        }
        match word {
            Word::Wildcard | Word::Run => text.push_str("<*>"),
            Word::Text(word) | Word::Usual(word) => text.push_str(&escaped(word)),
            Word::Mark(mark) => text.push_str(&escaped(&[mark.byte])),
        }
        touches = right;
    }
    text
}
