//! The identifiers that a line names.

use std::borrow::Cow;

use regex::bytes::{CaptureMatches, Matches, Regex};

use crate::prefixed::{Beginning, Prefixed};

/// Finds session identifiers, such as HDFS block ids, in the content of a line.
///
/// The identifier is the first capture group that took part in the match; in a pattern without groups, the whole match.
///
/// ```
/// let blocks = sequence_windowing::Identifier::new(r"blk_-?\d+")?;
/// let found: Vec<_> = blocks.find_all(b"ask node to replicate blk_1 and blk_-2, blk_1 first").collect();
/// assert_eq!(found, ["blk_1", "blk_-2"]);
/// # Ok::<(), sequence_windowing::InvalidIdentifier>(())
/// ```
#[derive(Clone, Debug)]
pub struct Identifier {
    regex: Regex,
    /// The faster way to the same matches, for patterns that have it.
    prefixed: Option<Prefixed>,
}

/// An identifier pattern that is not a regular expression.
#[derive(Clone, Debug, thiserror::Error)]
#[error("pattern {pattern:?} is not a regular expression ({reason}): correct it, or escape its special characters")]
pub struct InvalidIdentifier {
    pattern: String,
    reason: String,
}

impl Identifier {
    /// Compiles a pattern in the syntax of the `regex` crate.
    ///
    /// # Errors
    /// If the pattern is not a regular expression, or grows too large.
    pub fn new(pattern: &str) -> Result<Self, InvalidIdentifier> {
        let invalid = |error: regex::Error| InvalidIdentifier {
            pattern: pattern.into(),
            reason: reason(&error),
        };
        let regex = Regex::new(pattern).map_err(invalid)?;
        let prefixed = Prefixed::new(pattern);
        Ok(Self { regex, prefixed })
    }

    /// Each distinct identifier of a line once, in order of first occurrence. Empty ones are left out, and invalid
    /// UTF-8 is replaced. Without capture groups, a line that names one valid identifier costs no allocation.
    pub fn find_all<'i, 'c>(&'i self, content: &'c [u8]) -> Identifiers<'i, 'c> {
        let found = if let Some(prefixed) = &self.prefixed {
            Found::Prefixed {
                prefixed,
                regex: &self.regex,
                content,
                from: 0,
            }
        } else if self.regex.captures_len() > 1 {
            Found::Groups(self.regex.captures_iter(content))
        } else {
            Found::Whole(self.regex.find_iter(content))
        };
        Identifiers {
            found,
            seen: Vec::new(),
            last: None,
        }
    }
}

/// The `regex` crate draws its syntax errors over several lines; the last one says what is wrong.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Iterator over the distinct identifiers of a line, see [`Identifier::find_all`].
#[derive(Debug)]
pub struct Identifiers<'i, 'c> {
    found: Found<'i, 'c>,
    /// All that were returned but the last, so that a line with one identifier fills no list.
    seen: Vec<Cow<'c, str>>,
    last: Option<Cow<'c, str>>,
}

#[derive(Debug)]
enum Found<'i, 'c> {
    /// Matches are never empty: each begins with the prefix.
    Prefixed {
        prefixed: &'i Prefixed,
        regex: &'i Regex,
        content: &'c [u8],
        from: usize,
    },
    Whole(Matches<'i, 'c>),
    Groups(CaptureMatches<'i, 'c>),
}

impl<'c> Found<'_, 'c> {
    fn next(&mut self) -> Option<&'c [u8]> {
        match self {
            Self::Prefixed {
                prefixed,
                regex,
                content,
                from,
            } => {
                let found = match prefixed.first(content, *from) {
                    Beginning::Match(start, end) => start..end,
                    Beginning::Unsure => regex.find_at(content, *from)?.range(),
                    Beginning::None => return None,
                };
                *from = found.end;
                Some(&content[found])
            }
            Self::Whole(matches) => matches.next().map(|whole| whole.as_bytes()),
            Self::Groups(matches) => {
                let groups = matches.next()?;
                let group = groups.iter().skip(1).flatten().next();
                Some(group.map_or(&[], |group| group.as_bytes()))
            }
        }
    }
}

impl<'c> Iterator for Identifiers<'_, 'c> {
    type Item = Cow<'c, str>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let id = String::from_utf8_lossy(self.found.next()?);
            if id.is_empty() || self.last.as_ref() == Some(&id) || self.seen.contains(&id) {
                continue;
            }
            self.seen.extend(self.last.replace(id.clone()));
            return Some(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_each_distinct_identifier_once_in_order() {
        for (pattern, content, expected) in [
            (
                r"blk_-?\d+",
                &b"blk_3 blk_-1 blk_3 blk_2 blk_-1"[..],
                &["blk_3", "blk_-1", "blk_2"][..],
            ),
            (r"blk_-?\d+", b"no block", &[]),
            (r"blk_-?\d+", b"", &[]),
            (r"req-(\w+)", b"req-a1 and req-b2 and req-a1", &["a1", "b2"]),
            (r"x=(\d+)|y=(\d+)", b"y=2 x=1", &["2", "1"]),
            (r"(\d+)?x", b"x 7x", &["7"]),
            (r"\d*", b"a1b22", &["1", "22"]),
            (
                r"id=(?-u:[^ ]+)",
                b"\0id=\xff\xfe id=a\n",
                &["id=\u{fffd}\u{fffd}", "id=a\n"],
            ),
        ] {
            let identifier = Identifier::new(pattern).unwrap();
            assert_eq!(identifier.find_all(content).collect::<Vec<_>>(), expected, "{pattern}");
        }
    }

    proptest! {
        /// The faster way finds what the regex finds.
        #[test]
        fn patterns_that_begin_with_a_text_match_as_the_regex_does(
            pattern in prop::sample::select(&[
                r"blk_-?\d+", "ab", "ab(?:c|ca)?", "a(?:b|bb|bc)+?b", r"(?-u)ab[^b]*b", "ba.*b", "a[^a]*ba", r"ab\d*?",
            ][..]),
            content in prop::collection::vec(prop::sample::select(&b"aabbbc_-lk1\xff"[..]), 0..40),
        ) {
            let identifier = Identifier::new(pattern).unwrap();
            prop_assert!(identifier.prefixed.is_some());
            let plain = Identifier { prefixed: None, ..identifier.clone() };
            let found: Vec<_> = identifier.find_all(&content).collect();
            prop_assert_eq!(found, plain.find_all(&content).collect::<Vec<_>>());
        }
    }

    #[test]
    fn patterns_that_do_not_begin_with_a_text_are_left_to_the_regex() {
        for pattern in ["(blk)_1", "^blk", r"blk\b", "(?i)blk", "a|b", "a*b", "", r"\d+"] {
            assert!(Prefixed::new(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn different_bytes_that_look_the_same_are_one_identifier() {
        let identifier = Identifier::new(r"(?-u:[^ ])").unwrap();
        assert_eq!(identifier.find_all(b"\xff \xfe").count(), 1);
    }

    #[test]
    fn an_invalid_pattern_is_named_on_one_line() {
        let error = Identifier::new("blk_(").unwrap_err().to_string();
        assert!(
            error.starts_with("pattern \"blk_(\" is not a regular expression (unclosed group)"),
            "{error}"
        );
    }
}
