//! logfmt: words `key=value`, values with white space in quotes.

use super::json::string_end;
use super::pairs::{Member, Members};

/// The pairs of a line. A word without `=` is a key without a value.
pub(super) fn members(line: &[u8]) -> Members<'_> {
    let mut members = Members::new();
    let mut at = 0;
    while at < line.len() {
        if line[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        at += run(&line[at..], |byte| byte != b'=' && !byte.is_ascii_whitespace());
        let key = &line[start..at];
        let mut value: &[u8] = b"";
        if line.get(at) == Some(&b'=') {
            let from = at + 1;
            // A quote that is not closed reaches to the end of the line.
            at = match line.get(from) {
                Some(b'"') => string_end(line, from).unwrap_or(line.len()),
                _ => from + run(&line[from..], |byte| !byte.is_ascii_whitespace()),
            };
            value = &line[from..at];
        }
        members.push(Member {
            key,
            value,
            source: &line[start..at],
        });
    }
    members
}

fn run(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|&&byte| is(byte)).count()
}
