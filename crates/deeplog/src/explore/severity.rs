//! How bad a line says it is, and words that speak of trouble where lines say nothing.

/// The classes that levels fall into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// No level, or a word that is none.
    None,
    Debug,
    Info,
    Warning,
    Error,
    Fatal,
}

/// Number of classes.
pub(super) const CLASSES: usize = 6;

impl Severity {
    pub(super) const ALL: [Self; CLASSES] = [
        Self::None,
        Self::Debug,
        Self::Info,
        Self::Warning,
        Self::Error,
        Self::Fatal,
    ];

    /// The class of a level, however it is written.
    pub(super) fn of(level: &[u8]) -> Self {
        let level = level.trim_ascii();
        let level = level.strip_suffix(b":").unwrap_or(level);
        if level.len() > 16 {
            return Self::None;
        }
        match &*level.to_ascii_lowercase() {
            b"trace" | b"trc" | b"debug" | b"dbg" | b"d" | b"verbose" | b"vrb" | b"v" | b"fine" | b"finer"
            | b"finest" => Self::Debug,
            b"info" | b"information" | b"inf" | b"i" | b"notice" | b"config" | b"log" | b"audit" => Self::Info,
            b"warn" | b"warning" | b"wrn" | b"w" => Self::Warning,
            b"error" | b"err" | b"e" | b"severe" | b"failure" => Self::Error,
            b"fatal" | b"ftl" | b"f" | b"critical" | b"crit" | b"alert" | b"emerg" | b"emergency" | b"panic" => {
                Self::Fatal
            }
            _ => Self::None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "no level",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

/// Words that speak of trouble; the beginnings of longer ones too.
const TROUBLE: [&str; 19] = [
    "error",
    "fail",
    "exception",
    "fatal",
    "panic",
    "denied",
    "refused",
    "timeout",
    "timed",
    "invalid",
    "illegal",
    "unable",
    "cannot",
    "abort",
    "corrupt",
    "unreachable",
    "crash",
    "killed",
    "lost",
];

/// The first word of a template that speaks of trouble.
pub(super) fn trouble(template: &str) -> Option<&str> {
    let words = template.split(|character: char| !character.is_ascii_alphabetic());
    let speaks = |word: &&str| TROUBLE.iter().any(|trouble| begins(word, trouble));
    words.into_iter().find(speaks)
}

/// Also of compounds such as `InterruptedIOException`.
fn begins(word: &str, trouble: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.starts_with(trouble) || (trouble.len() > 4 && word.ends_with(trouble))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_classes() {
        for (level, class) in [
            ("INFO", Severity::Info),
            (" Warn:", Severity::Warning),
            ("E", Severity::Error),
            ("SEVERE", Severity::Error),
            ("emerg", Severity::Fatal),
            ("combo", Severity::None),
            ("", Severity::None),
            ("trace", Severity::Debug),
        ] {
            assert_eq!(Severity::of(level.as_bytes()), class, "{level}");
        }
    }

    #[test]
    fn templates_speak_of_trouble() {
        for (template, word) in [
            ("Failed password for <*>", Some("Failed")),
            ("java.io.IOException: <*>", Some("IOException")),
            ("connection <*> timed out", Some("timed")),
            ("Receiving block <*>", None),
            ("retailer 7", None),
        ] {
            assert_eq!(trouble(template), word, "{template}");
        }
    }
}
