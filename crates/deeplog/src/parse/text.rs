//! Bytes of a log as text in tables.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Bytes as text: what is not UTF-8 and control characters as `\xNN`, as in templates. Tabs stay.
pub(crate) fn shown(bytes: &[u8]) -> Cow<'_, str> {
    // Without a way out early, so that many bytes are looked at at once.
    let is_plain = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~' | b'\t'))
    };
    let is_control = |character: char| character.is_control() && character != '\t';
    if let Ok(text) = str::from_utf8(bytes)
        && (is_plain(bytes) || !text.contains(is_control))
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    let push_hex = |text: &mut String, bytes: &[u8]| {
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    };
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                control if is_control(control) => push_hex(&mut text, control.encode_utf8(&mut [0; 4]).as_bytes()),
                other => text.push(other),
            }
        }
        push_hex(&mut text, chunk.invalid());
    }
    Cow::Owned(text)
}

/// Bytes as text for formats that hold any character: UTF-8 as it is, all else as [`shown`].
pub(super) fn exact(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| shown(bytes), Cow::Borrowed)
}
