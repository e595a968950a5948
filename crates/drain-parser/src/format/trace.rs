//! Stack traces in logs without headers, told by what Java, Python, .NET, JavaScript, Go and Rust print.

use serde::{Deserialize, Serialize};

/// Whether the lines before were a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Trace {
    #[default]
    Outside,
    Inside,
    /// Python names the exception last, without indent.
    Python,
}

impl Trace {
    /// Whether a line goes on with the message before it.
    pub(super) fn takes(&mut self, line: &[u8]) -> bool {
        let is_indented = line.first().is_some_and(u8::is_ascii_whitespace);
        let body = line.trim_ascii();
        let next = match body {
            [b'F', b'i', b'l', b'e', b' ', b'"', ..] if is_indented => Some(Self::Python),
            _ if body.starts_with(b"Traceback (most recent call last)") => Some(Self::Python),
            _ if is_frame(body, is_indented) => Some(Self::Inside),
            [] => None,
            // Code below a frame, or the place of a call.
            _ if *self != Self::Outside && is_indented => Some(*self),
            _ => None,
        };
        let ends_python = *self == Self::Python && !body.is_empty();
        *self = next.unwrap_or_default();
        next.is_some() || ends_python
    }
}

fn is_frame(body: &[u8], is_indented: bool) -> bool {
    let is_more = || {
        let number = body.strip_prefix(b"... ").and_then(|rest| rest.strip_suffix(b" more"));
        number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
    };
    let starts = |texts: &[&[u8]]| texts.iter().any(|text| body.starts_with(text));
    (is_indented && starts(&[b"at ", b"Suppressed: "]))
        || starts(&[
            b"Caused by: ",
            b"--- End of ",
            b"During handling of the above exception,",
            b"The above exception was the direct cause",
            b"stack backtrace:",
        ])
        || is_more()
}
