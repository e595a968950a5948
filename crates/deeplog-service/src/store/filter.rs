//! Which findings are asked for.

use rusqlite::ToSql;
use sequence_windowing::Timestamp;

/// Which findings are asked for: those that all given fields fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Name of the source.
    pub source: Option<String>,
    /// Name of the reason, such as `unseen_key`.
    pub reason: Option<String>,
    /// Name of the log key that was seen.
    pub template: Option<String>,
    /// Identifier of the session.
    pub session: Option<String>,
    /// Received then or later.
    pub from: Option<Timestamp>,
    /// Received before then.
    pub to: Option<Timestamp>,
}

/// Conditions and what stands for their question marks.
pub(super) struct Conditions<'f> {
    parts: Vec<&'static str>,
    pub(super) values: Vec<Box<dyn ToSql + 'f>>,
}

impl Filter {
    pub(super) fn conditions(&self) -> Conditions<'_> {
        let mut conditions = Conditions {
            parts: Vec::new(),
            values: Vec::new(),
        };
        let texts = [
            ("source = ?", &self.source),
            ("reason = ?", &self.reason),
            ("template = ?", &self.template),
            ("session = ?", &self.session),
        ];
        for (part, text) in texts {
            if let Some(text) = text {
                conditions.add(part, text);
            }
        }
        for (part, time) in [("received >= ?", self.from), ("received < ?", self.to)] {
            if let Some(time) = time {
                conditions.add(part, time.0);
            }
        }
        conditions
    }
}

impl<'f> Conditions<'f> {
    pub(super) fn add(&mut self, part: &'static str, value: impl ToSql + 'f) {
        self.parts.push(part);
        self.values.push(Box::new(value));
    }

    /// `WHERE …`, or nothing.
    pub(super) fn clause(&self) -> String {
        if self.parts.is_empty() {
            return String::new();
        }
        format!("WHERE {}", self.parts.join(" AND "))
    }
}
