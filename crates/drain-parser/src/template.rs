//! Event templates as text and as ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

/// An event template of a frozen tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The same on every machine that has this template.
    pub id: TemplateId,
    /// The tokens, with one space where lines have white space; every parameter is `<*>`. What is not UTF-8 and control characters
    /// are written as `\xNN`, and a backslash before an `x` as `\x5c`: the text tells the tokens exactly.
    pub text: String,
    /// What a person calls it: see [`Edits`](crate::Edits).
    pub name: Option<String>,
    /// How many lines taught it.
    pub count: u64,
}

impl Template {
    /// What people are shown: the text, behind the name if there is one.
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{name}: {}", self.text),
            None => self.text.clone(),
        }
    }
}

/// Names an event template: xxh3 (64 bits) of its text. Shown and stored as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TemplateId(pub u64);

/// A text that is no [`TemplateId`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a template id: write 16 hexadecimal digits")]
pub struct TemplateIdError(String);

impl TemplateId {
    /// The id of the template with this text.
    pub fn of(text: &str) -> Self {
        Self(xxh3_64(text.as_bytes()))
    }
}

impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for TemplateId {
    type Err = TemplateIdError;

    fn from_str(text: &str) -> Result<Self, TemplateIdError> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = if digits {
            u64::from_str_radix(text, 16).ok()
        } else {
            None
        };
        value.map(Self).ok_or_else(|| TemplateIdError(text.to_owned()))
    }
}

impl TryFrom<String> for TemplateId {
    type Error = TemplateIdError;

    fn try_from(text: String) -> Result<Self, TemplateIdError> {
        text.parse()
    }
}

impl From<TemplateId> for String {
    fn from(id: TemplateId) -> Self {
        id.to_string()
    }
}

/// A token as text that tells its bytes exactly.
pub(crate) fn escaped(token: &[u8]) -> String {
    let mut text = String::with_capacity(token.len());
    push_escaped(&mut text, token);
    text
}

fn push_escaped(text: &mut String, token: &[u8]) {
    if token.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'\\') {
        text.extend(token.iter().map(|&byte| byte as char));
        return;
    }
    for chunk in token.utf8_chunks() {
        let mut characters = chunk.valid().chars().peekable();
        while let Some(character) = characters.next() {
            let looks_escaped = character == '\\' && characters.peek() == Some(&'x');
            if looks_escaped || character.is_control() {
                push_hex(text, character.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                text.push(character);
            }
        }
        push_hex(text, chunk.invalid());
    }
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push_str(&format!("\\x{byte:02x}"));
    }
}

/// The tokens of a template's text; `None` where an escape is broken.
pub(crate) fn tokens_of(text: &str) -> Option<Vec<Vec<u8>>> {
    text.split(' ')
        .filter(|token| !token.is_empty())
        .map(unescape)
        .collect()
}

/// The bytes of an escaped token; `None` where an escape is broken.
pub(crate) fn unescape(token: &str) -> Option<Vec<u8>> {
    let mut pieces = token.split("\\x");
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Word;
    use proptest::prelude::*;

    fn text_of(tokens: &[&[u8]]) -> String {
        let words: Vec<Word> = tokens.iter().map(|token| Word::of_token(token)).collect();
        crate::words::text_of(&words)
    }

    #[test]
    fn texts() {
        let table: [(&[&[u8]], &str); 6] = [
            (&[], ""),
            (&[b"Receiving", b"<*>,"], "Receiving <*>,"),
            (&["größe".as_bytes()], "größe"),
            (&[b"a\xffb\0c"], r"a\xffb\x00c"),
            (&[br"C:\temp", br"C:\xampp"], r"C:\temp C:\x5cxampp"),
            (&["\u{9b}31m".as_bytes()], r"\xc2\x9b31m"),
        ];
        for (tokens, text) in table {
            assert_eq!(text_of(tokens), text);
            assert_eq!(tokens_of(text).unwrap(), tokens);
        }
        assert_eq!(tokens_of(r"\xf"), None);
    }

    #[test]
    fn ids() {
        let id = TemplateId::of("Receiving block <*>");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(serde_json::to_string(&TemplateId(10)).unwrap(), r#""000000000000000a""#);
        for wrong in ["", "a", "+00000000000000a", "000000000000000g"] {
            assert_eq!(wrong.parse::<TemplateId>(), Err(TemplateIdError(wrong.into())));
        }
        // The reference implementation's value for the empty input: ids must never change between versions.
        assert_eq!(TemplateId::of("").to_string(), "2d06800538d394c2");
    }

    proptest! {
        #[test]
        fn text_tells_the_tokens(tokens in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..6), 0..4)) {
            let tokens: Vec<Vec<u8>> = tokens
                .into_iter()
                .map(|token| token.into_iter().filter(|&byte| !crate::tokens::is_space(byte)).collect::<Vec<u8>>())
                .filter(|token| !token.is_empty())
                .collect();
            let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
            let text = text_of(&tokens);
            prop_assert_eq!(tokens_of(&text).unwrap(), tokens);
        }
    }
}
