//! Labels by rule: rough, and named, so that whoever uses them can see why a line has its label.

use memchr::memmem::find;

/// Why a line counts as abnormal.
pub type Rule = &'static str;

/// Levels that say that something is wrong.
const LEVELS: [&[u8]; 10] = [
    b"error",
    b"err",
    b"fatal",
    b"critical",
    b"crit",
    b"severe",
    b"alert",
    b"emerg",
    b"emergency",
    b"panic",
];

/// What a message says, in lower case, by rule; the first rule that fits is told, so the particular ones come first.
const WORDS: [(Rule, &[&[u8]]); 6] = [
    (
        "timeout",
        &[b"timed out", b"timeout", b"time out", b"deadline exceeded"],
    ),
    (
        "memory",
        &[
            b"out of memory",
            b"outofmemory",
            b"oom-kill",
            b"oom killer",
            b"cannot allocate memory",
        ],
    ),
    (
        "permission",
        &[
            b"permission denied",
            b"access denied",
            b"unauthorized",
            b"unauthorised",
            b"forbidden",
            b"not permitted",
        ],
    ),
    (
        "connection",
        &[
            b"connection refused",
            b"connection reset",
            b"connection closed",
            b"connection lost",
            b"connection failed",
            b"broken pipe",
            b"unreachable",
            b"disconnected",
        ],
    ),
    ("exception", &[b"exception", b"traceback", b"stack trace", b"panicked"]),
    ("error", &[b"error", b"failed", b"failure", b"fatal"]),
];

/// The rule by which a message is abnormal: by what it says, else by its level (an empty one where it has none); `None` if
/// it is normal. Case does not matter. The rules know words and no sense: "0 errors" is abnormal to them.
///
/// ```
/// use log_synthesis::rule_of;
///
/// assert_eq!(rule_of(b"INFO", b"read of block 7 timed out"), Some("timeout"));
/// assert_eq!(rule_of(b"ERROR", b"giving up"), Some("level"));
/// assert_eq!(rule_of(b"INFO", b"all is well"), None);
/// ```
#[must_use]
pub fn rule_of(level: &[u8], content: &[u8]) -> Option<Rule> {
    let content = content.to_ascii_lowercase();
    let says = |words: &[&[u8]]| words.iter().any(|word| find(&content, word).is_some());
    let by_words = WORDS.iter().find(|(_, words)| says(words)).map(|(rule, _)| *rule);
    let by_level = || {
        let is_wrong = LEVELS.iter().any(|wrong| level.eq_ignore_ascii_case(wrong));
        is_wrong.then_some("level")
    };
    by_words.or_else(by_level)
}
