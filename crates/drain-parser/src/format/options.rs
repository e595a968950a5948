//! The text of a keyword's format: the keyword, and `key=value` words behind it.

/// The formats that have a name, and no text of their own.
pub(super) const KEYWORDS: &str = "json, logfmt, syslog, docker, cri, journald, csv";

/// Keyword and options, values without their quotes; `None` for a header format, whatever it begins with.
pub(super) fn read(source: &str) -> Option<(&'static str, Vec<(&str, &str)>)> {
    let source = source.trim();
    let first = source.split(char::is_whitespace).next()?;
    let keyword = KEYWORDS.split(", ").find(|keyword| *keyword == first)?;
    let mut options = Vec::new();
    let mut rest = source[first.len()..].trim_start();
    while !rest.is_empty() {
        let (key, behind) = rest.split_once('=')?;
        if key.contains(|character: char| !character.is_ascii_alphanumeric() && character != '_') {
            return None;
        }
        let quote = behind.chars().next().filter(|first| "'\"".contains(*first));
        let (value, behind) = match quote {
            Some(quote) => behind[1..].split_once(quote)?,
            None => behind.split_at(behind.find(char::is_whitespace).unwrap_or(behind.len())),
        };
        if !(behind.is_empty() || behind.starts_with(char::is_whitespace)) || (quote.is_none() && value.contains('<')) {
            return None;
        }
        options.push((key, value));
        rest = behind.trim_start();
    }
    Some((keyword, options))
}
