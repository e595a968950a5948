//! JSON in which no character hides: what is made of log content is shown in terminals and editors too.

use std::io;

use evaluation::is_hidden;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// The value as JSON with every character escaped that does not show, moves the cursor or reorders text.
///
/// # Errors
/// Whatever the value's `Serialize` says.
pub(crate) fn to_safe_vec<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Safe))?;
    Ok(bytes)
}

/// The same as a string.
///
/// # Errors
/// Whatever the value's `Serialize` says.
pub(crate) fn to_safe_string<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    let bytes = to_safe_vec(value)?;
    String::from_utf8(bytes).map_err(|error| serde_json::Error::io(io::Error::other(error)))
}

struct Safe;

impl Formatter for Safe {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, hidden)) = rest.char_indices().find(|&(_, character)| is_hidden(character)) {
            CompactFormatter.write_string_fragment(writer, &rest[..at])?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + hidden.len_utf8()..];
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::to_safe_string;

    #[test]
    fn what_hides_is_spelt() {
        let texts = [
            ("plain ü 漢 😀", r#""plain ü 漢 😀""#),
            ("\u{1b}[31m\"\\\n", r#""\u001b[31m\"\\\n""#),
            ("\u{7f}\u{9b}", r#""\u007f\u009b""#),
            ("a\u{202e}b\u{2066}", r#""a\u202eb\u2066""#),
            ("\u{e0041}", r#""\udb40\udc41""#),
            ("\u{feff}\u{200b}", r#""\ufeff\u200b""#),
        ];
        for (text, json) in texts {
            assert_eq!(to_safe_string(text).unwrap(), json);
        }
    }

    proptest! {
        #[test]
        fn nothing_hides_and_nothing_changes(text in any::<String>(), hidden in "[\u{200b}-\u{206f}\u{7f}-\u{9f}\u{0}-\u{1f}]{0,9}") {
            let text = text + &hidden;
            let json = to_safe_string(&[(&text, &text)]).unwrap();
            prop_assert!(!json.chars().any(evaluation::is_hidden));
            let back: Vec<(String, String)> = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&back[0].0, &text);
        }
    }
}
