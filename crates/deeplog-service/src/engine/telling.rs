//! What a pipeline says, with everything that a reader needs to understand it.

use std::collections::BTreeSet;

use deeplog::{NO_TEMPLATE, Trail};
use detection::{Finding, Symbol, Verdict};
use drain_parser::{LineFormat, MAX_RECORD_LINES, Piece, RecordJoiner};
use evaluation::{Wording, key_words};
use sequence_windowing::{KeyName, Timestamp};

use super::source::Source;
use super::texts::Texts;
use crate::record::{Ended, Expected, FindingRecord, PartValue, PathStep, RawLine, Seen};

/// Lines shown before a finding's own.
const BEFORE: u64 = 5;
/// Characters of a line that are kept.
const LONGEST: usize = 2_000;
/// Expected keys that are kept.
const CANDIDATES: usize = 9;

/// What is known where a session leaves the normal path.
pub(super) struct Place<'p> {
    pub(super) id: u64,
    pub(super) session: &'p str,
    pub(super) finding: &'p Finding,
    pub(super) time: Option<Timestamp>,
    pub(super) trail: &'p Trail,
}

/// Finds the words for what happens to a source.
pub(super) struct Teller<'t> {
    pub(super) source: &'t Source,
    pub(super) name: &'t str,
    pub(super) texts: &'t Texts,
}

impl Teller<'_> {
    pub(super) fn record(&self, place: &Place<'_>) -> FindingRecord {
        let &Place {
            id,
            session,
            finding,
            time,
            trail,
        } = place;
        let line = finding.line.map(|line| self.source.lines_before() + line);
        let words = |key: &KeyName| key_words(key, Some(&self.template(key, None)));
        let found = Wording { name: &words }.found(finding);
        FindingRecord {
            id,
            version: id,
            source: self.name.to_owned(),
            session: session.to_owned(),
            time,
            received: self.source.received(),
            reason: finding.reason,
            explanation: match &*found {
                "" => finding.reason.describe().to_owned(),
                found => format!("{}: {found}", finding.reason.describe()),
            },
            position: finding.position.map(|position| position as u64),
            line,
            seen: finding.seen.as_ref().map(|seen| self.seen(seen, line)),
            expected: finding
                .expected
                .iter()
                .take(CANDIDATES)
                .map(|candidate| {
                    let Seen { key, template } = self.seen(&candidate.symbol, None);
                    Expected {
                        key,
                        template,
                        probability: candidate.probability,
                    }
                })
                .collect(),
            rank: finding.rank,
            probability: finding.probability,
            detail: finding.detail.clone(),
            path: self.path(trail),
            lines: self.lines(trail, line),
            ended: None,
        }
    }

    fn path(&self, trail: &Trail) -> Vec<PathStep> {
        let first = trail.events - trail.steps.len() as u64;
        let steps = (first..).zip(&trail.steps);
        steps
            .map(|(position, step)| {
                let key = self.source.pipeline().key_name(step.key);
                let line = self.source.lines_before() + step.line;
                PathStep {
                    position,
                    line,
                    key: key.to_string(),
                    template: self.template(key, Some(line)),
                }
            })
            .collect()
    }

    /// The session's lines and those before the finding, as far as they are at hand.
    fn lines(&self, trail: &Trail, line: Option<u64>) -> Vec<RawLine> {
        let before = self.source.lines_before();
        let own: BTreeSet<u64> = trail.steps.iter().map(|step| before + step.line).collect();
        let has_lines = self.format().is_some_and(LineFormat::has_lines_of_their_own);
        let near = line.filter(|_| has_lines).into_iter();
        let near = near.flat_map(|line| line.saturating_sub(BEFORE)..=line);
        let numbers: BTreeSet<u64> = near.chain(own.iter().copied()).collect();
        let lines = numbers.into_iter().filter_map(|number| {
            Some(RawLine {
                number,
                text: self.text(number)?,
                is_of_session: own.contains(&number),
            })
        });
        lines.collect()
    }

    fn seen(&self, symbol: &Symbol, line: Option<u64>) -> Seen {
        match symbol {
            Symbol::Key(key) => Seen {
                key: key.to_string(),
                template: self.template(key, line),
            },
            Symbol::End => Seen {
                key: "end".to_owned(),
                template: "end of the session".to_owned(),
            },
        }
    }

    /// A line, if it is at hand. Where records take several lines, the message of the one that begins there.
    fn text(&self, number: u64) -> Option<String> {
        let first = self.texts.line(self.name, number)?;
        let joined = self.format().filter(|format| !format.has_lines_of_their_own());
        let Some(format) = joined else {
            return Some(shortened(first));
        };
        let mut joiner = RecordJoiner::new(format.clone());
        for at in number..number + MAX_RECORD_LINES {
            let Some(line) = self.texts.line_with_return(self.name, at) else {
                break;
            };
            match joiner.push(at, line) {
                Piece::Message(record) if record.line == number => return Some(shortened(record.message)),
                _ => {}
            }
        }
        Some(shortened(first))
    }

    fn format(&self) -> Option<&LineFormat> {
        let profile = self.source.model().experiment.profile.as_ref();
        profile.map(|profile| &profile.header)
    }

    /// A key's template; where it has none, the line.
    fn template(&self, key: &KeyName, line: Option<u64>) -> String {
        if let Some(template) = self.source.template(key) {
            return template.to_owned();
        }
        if key.as_str() != NO_TEMPLATE {
            return key.to_string();
        }
        let text = line.and_then(|line| self.text(line));
        text.unwrap_or_else(|| "a line without template".to_owned())
    }
}

/// The last word on a session, in short.
pub(super) fn ended(verdict: &Verdict, trail: &Trail) -> Ended {
    Ended {
        score: verdict.score,
        p_value: verdict.p_value,
        parts: verdict
            .parts
            .iter()
            .map(|part| PartValue {
                part: part.part,
                p_value: part.p_value,
            })
            .collect(),
        findings: trail.findings.max(verdict.findings.len() as u64),
        events: verdict.events,
        end: verdict.end,
    }
}

fn shortened(line: &[u8]) -> String {
    // Cut first: a line may be megabytes long.
    let text = String::from_utf8_lossy(&line[..line.len().min(4 * LONGEST)]);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None if line.len() > 4 * LONGEST => format!("{text}…"),
        None => text.into_owned(),
    }
}
