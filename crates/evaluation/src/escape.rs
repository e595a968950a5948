//! Log content is hostile: what may stand where it is shown.

use std::fmt::Write as _;

/// The text with every character spelt out that does not show, moves the cursor, or reorders what stands around it:
/// controls (escape sequences with them), bidirectional marks, zero-width characters, line separators, tags.
///
/// ```
/// assert_eq!(evaluation::visible("a\u{1b}[31mb\u{202e}c"), r"a\u{1b}[31mb\u{202e}c");
/// ```
#[must_use]
pub fn visible(text: &str) -> String {
    spelt(text, |_| None)
}

/// [`visible`] text with the five characters replaced that mean something in HTML, in content and in attributes.
///
/// ```
/// assert_eq!(evaluation::escape("<b>&\u{1b}"), "&lt;b&gt;&amp;\\u{1b}");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    spelt(text, |character| match character {
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        other => entity(other),
    })
}

/// [`visible`] text for a cell of a Markdown table or a paragraph: nothing in it is markup.
#[must_use]
pub fn escape_markdown(text: &str) -> String {
    spelt(text, |character| match character {
        '\\' => Some("\\\\"),
        '`' => Some("\\`"),
        '*' => Some("\\*"),
        '[' => Some("\\["),
        ']' => Some("\\]"),
        '|' => Some("\\|"),
        other => entity(other),
    })
}

/// What stands for a character that begins markup in HTML, and in Markdown, which may hold HTML.
fn entity(character: char) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

/// The text with some characters spelt otherwise, and all that would not show made visible.
fn spelt(text: &str, spelling: impl Fn(char) -> Option<&'static str>) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match spelling(character) {
            Some(spelling) => shown.push_str(spelling),
            None => push_visible(&mut shown, character),
        }
    }
    shown
}

fn push_visible(shown: &mut String, character: char) {
    match character {
        '\t' => shown.push_str("\\t"),
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        hidden if is_hidden(hidden) => {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{}", hidden.escape_unicode());
        }
        other => shown.push(other),
    }
}

/// Whether a character does not show, moves the cursor, or reorders what stands around it.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(u32::from(character),
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F // soft hyphen, joiners, fillers
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F // zero width, separators, bidirectional marks
            | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB // fillers, variation, byte order mark
            | 0xFFFE..=0xFFFF | 0xE0000..=0xE0FFF) // not characters, tags
}
