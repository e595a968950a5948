//! An alert as receivers get it: as JSON, and as a letter.

use std::fmt::Write as _;

use evaluation::visible;
use serde::Serialize;

use super::grouping::{Alert, Kind, Signature};
use crate::json::to_safe_vec;
use crate::{Expected, FindingRecord, RawLine, Seen, rfc3339};

/// What of a finding goes into an alert; all of it is where the link leads.
const EXPECTED: usize = 3;
const LINES: usize = 20;
const LINE: usize = 500;

/// An alert with the finding that it begins with, as far as that could be read.
pub(super) struct Told {
    /// Always the same for the same findings, so that receivers know one that they had.
    pub(super) id: String,
    pub(super) alert: Alert,
    finding: Option<FindingRecord>,
    link: Option<String>,
}

#[derive(Serialize)]
struct Message<'t> {
    id: &'t str,
    kind: Kind,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'t Signature>,
    count: u64,
    first: String,
    last: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<Short<'t>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'t str>,
}

/// A finding in short.
#[derive(Serialize)]
struct Short<'t> {
    id: u64,
    session: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    explanation: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<&'t Seen>,
    expected: &'t [Expected],
    lines: &'t [RawLine],
}

impl Told {
    pub(super) fn new(alert: Alert, finding: Option<FindingRecord>, link: Option<&str>) -> Self {
        let Alert { first_id, last_id, .. } = alert;
        let id = match alert.kind {
            Kind::New => format!("new-{first_id}"),
            Kind::Further => format!("further-{first_id}-{last_id}"),
            Kind::Summary => format!("summary-{first_id}-{last_id}"),
        };
        let finding = finding.map(|mut finding| {
            finding.expected.truncate(EXPECTED);
            shorten(&mut finding.lines);
            finding
        });
        Self {
            id,
            link: link.map(|link| format!("{link}/#{first_id}")),
            alert,
            finding,
        }
    }

    /// The whole in a line, with nothing of the log in it.
    pub(super) fn title(&self) -> String {
        let count = self.alert.count;
        match &self.alert.signature {
            Some(Signature { source, reason, .. }) => format!("{source}: {reason} ({count})"),
            None => format!("{count} further findings"),
        }
    }

    /// For programs.
    pub(super) fn json(&self) -> serde_json::Result<Vec<u8>> {
        let short = |finding| {
            let FindingRecord {
                id,
                session,
                time,
                explanation,
                seen,
                expected,
                lines,
                ..
            }: &FindingRecord = finding;
            Short {
                id: *id,
                session,
                time: time.map(rfc3339),
                explanation,
                seen: seen.as_ref(),
                expected,
                lines,
            }
        };
        to_safe_vec(&Message {
            id: &self.id,
            kind: self.alert.kind,
            text: self.title(),
            signature: self.alert.signature.as_ref(),
            count: self.alert.count,
            first: rfc3339(self.alert.first),
            last: rfc3339(self.alert.last),
            finding: self.finding.as_ref().map(short),
            link: self.link.as_deref(),
        })
    }

    /// For people. What comes from the log cannot do anything to a terminal that shows it.
    pub(super) fn letter(&self) -> String {
        let Alert {
            kind,
            count,
            first,
            last,
            ..
        } = &self.alert;
        let mut text = match kind {
            Kind::New => String::from("The log has left its normal path.\n\n"),
            Kind::Further => format!("This went on: {count} further findings of one kind.\n\n"),
            Kind::Summary => format!("More happened than is told one by one: {count} findings of several kinds.\n\n"),
        };
        // Writing to a string cannot fail.
        let _ = self.describe(&mut text);
        let _ = match count {
            1 => writeln!(text, "Received     {}", rfc3339(*first)),
            _ => writeln!(text, "Received     {} to {}", rfc3339(*first), rfc3339(*last)),
        };
        if let Some(link) = &self.link {
            let _ = writeln!(text, "Look at it   {link}");
        }
        text
    }

    fn describe(&self, text: &mut String) -> std::fmt::Result {
        if let Some(Signature {
            source,
            reason,
            template,
        }) = &self.alert.signature
        {
            writeln!(text, "Source       {}\nReason       {reason}", visible(source))?;
            if !template.is_empty() {
                writeln!(text, "Template     {}", visible(&cut(template)))?;
            }
        }
        let Some(finding) = &self.finding else { return Ok(()) };
        writeln!(text, "Session      {}", visible(&cut(&finding.session)))?;
        if let Some(time) = finding.time {
            writeln!(text, "Log time     {}", rfc3339(time))?;
        }
        writeln!(text, "\n{}\n", visible(&finding.explanation))?;
        for Expected {
            template, probability, ..
        } in &finding.expected
        {
            writeln!(
                text,
                "Expected     {:5.1}%  {}",
                probability * 100.0,
                visible(&cut(template))
            )?;
        }
        if !finding.lines.is_empty() {
            writeln!(text, "\nLines; those of the session are marked:")?;
        }
        for RawLine {
            number,
            text: line,
            is_of_session,
        } in &finding.lines
        {
            let mark = if *is_of_session { '>' } else { ' ' };
            writeln!(text, "{mark} {number:>8}  {}", visible(line))?;
        }
        writeln!(text)
    }
}

/// Keeps the last lines, and their beginnings.
fn shorten(lines: &mut Vec<RawLine>) {
    lines.drain(..lines.len().saturating_sub(LINES));
    lines.iter_mut().for_each(|line| line.text = cut(&line.text));
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
