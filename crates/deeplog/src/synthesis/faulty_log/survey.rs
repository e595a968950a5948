//! What a log holds, before anything is changed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use drain_parser::{FrozenParser, Parser, Piece, Scratch};
use evaluation::Label;
use log_synthesis::NumberRanges;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashSet;
use sequence_windowing::{Event, Session, SessionRule};

use super::Standing;
use crate::error::{Error, Result};
use crate::experiment::Profile;
use crate::input::Records;
use crate::intake::Intake;
use crate::observer::{Observer, ensure_wanted};
use crate::synthesis::line::{Columns, each_line, names, touches_any};

/// Key of lines that match no template.
pub(super) const NO_TEMPLATE: u32 = u32::MAX;
/// Lines that are kept of each template, to stand in the place of others.
const EXAMPLES: usize = 8;
/// Bytes of the longest of them.
const LONGEST_EXAMPLE: usize = 4 << 10;

/// A message, with the lines behind it that are none and belong to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    /// Number of its first line.
    pub(super) line: u64,
    /// The newest time stamp so far, in microseconds.
    pub(super) clock: i64,
}

/// What a message is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) template: u32,
    /// Whether a number in it can be put out of range.
    pub(super) has_number: bool,
    /// Whether nothing in the message can be changed without harm: other sessions have a part in it, or its stamp or its
    /// content do not stand in the line as they are.
    pub(super) is_fixed: bool,
}

pub(super) struct Survey {
    pub(super) units: Vec<Unit>,
    /// By unit.
    pub(super) facts: Vec<Facts>,
    /// In order of their first lines, their keys the numbers of templates.
    pub(super) sessions: Vec<Session<u32>>,
    pub(super) anomalous_lines: FxHashSet<u64>,
    pub(super) parser: FrozenParser,
    pub(super) ranges: NumberRanges,
    /// Lines of each template, from normal sessions, that another session's could stand in for.
    pub(super) examples: BTreeMap<u32, Vec<u64>>,
}

impl Survey {
    /// The first pass: sessions, and templates from all lines. Keys are not known yet.
    pub(super) fn group(profile: &Profile, files: &[PathBuf], observer: &mut dyn Observer) -> Result<Self> {
        observer.begin("grouping", None);
        let format = &profile.header;
        let mut intake = Intake::new(profile, format.fields())?;
        let mut collector = profile.collector()?;
        let mut parser = Parser::new(profile.parser.clone())
            .map_err(|error| Error::config("dataset", "parser", error.to_string()))?;
        let (mut units, mut anomalous_lines) = (Vec::new(), FxHashSet::default());
        let mut clock = i64::MIN;
        let mut records = Records::of(files.to_vec(), format);
        while let Some((read, piece)) = records.next_piece()? {
            if let Piece::Message(record) = piece {
                parser.learn(record.header.content());
                if intake.label(&record.header) == Some(Label::Anomalous) {
                    anomalous_lines.insert(record.line);
                }
                let (time, names) = intake.place(&record.header);
                clock = clock.max(time.map_or(i64::MIN, |time| time.0));
                units.push(Unit {
                    line: record.line,
                    clock,
                });
                let event = Event {
                    key: NO_TEMPLATE,
                    line: record.line,
                    time,
                };
                collector.push(&event, names, false);
            }
            observer.advance(read, "");
            ensure_wanted(observer)?;
        }
        let (mut sessions, _) = collector.finish();
        sessions.sort_by_key(Session::first_line);
        observer.end(&format!("{} sessions in {} lines", sessions.len(), records.lines()));
        if sessions.is_empty() {
            return Err(Error::run(
                format!(
                    "none of the {} lines of {} belongs to a session, {} of them fit the header format `{}`",
                    records.lines(),
                    files[0].display(),
                    units.len(),
                    format.source()
                ),
                "name a dataset that fits with `--dataset`; `deeplog init` writes one for an unknown log",
            ));
        }
        let unknown = Facts {
            template: NO_TEMPLATE,
            has_number: false,
            is_fixed: true,
        };
        Ok(Self {
            facts: vec![unknown; units.len()],
            units,
            sessions,
            anomalous_lines,
            parser: parser.freeze(),
            ranges: NumberRanges::default(),
            examples: BTreeMap::new(),
        })
    }

    /// The second pass: the template of each message, what can be changed in it, and what numbers and wordings there are.
    pub(super) fn parse(
        &mut self,
        profile: &Profile,
        files: &[PathBuf],
        standings: &[Standing],
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let owners = self.owners(standings);
        let columns = Columns::of(&profile.header, Some(profile));
        let intake = Intake::new(profile, profile.header.fields())?;
        let names_one = matches!(profile.session, SessionRule::Identifier { .. });
        let mut scratch = Scratch::default();
        // Places of examples are drawn by lot (algorithm R: Vitter, ACM TOMS 1985).
        let mut random = ChaCha8Rng::seed_from_u64(0);
        let mut seen: BTreeMap<u32, u64> = BTreeMap::new();
        let mut unit = 0;
        let Self {
            units,
            facts,
            parser,
            ranges,
            examples,
            ..
        } = self;
        each_line(files, &profile.header, "parsing", observer, |number, line, header| {
            if units.get(unit).is_none_or(|next| next.line != number) {
                return Ok(());
            }
            let (facts, owner) = (&mut facts[unit], owners[unit]);
            unit += 1;
            let Some(header) = header else { return Ok(()) };
            let Some(parsed) = parser.parse(header.content(), &mut scratch) else {
                return Ok(());
            };
            let names = names(Some(&intake), &header);
            ranges.observe(&parsed);
            let parts = columns.parts(line, &header);
            *facts = Facts {
                template: parsed.template as u32,
                has_number: NumberRanges::has_number(&parsed, |place| touches_any(header.content(), &place, &names)),
                is_fixed: owner == Owner::Many || !parts.is_some_and(|parts| columns.are_whole(&parts)),
            };
            let can_stand_in = parsed.exact && line.len() <= LONGEST_EXAMPLE && (!names_one || names.len() == 1);
            if owner == Owner::Normal && !facts.is_fixed && can_stand_in {
                let lines = examples.entry(facts.template).or_default();
                let seen = seen.entry(facts.template).or_default();
                *seen += 1;
                if lines.len() < EXAMPLES {
                    lines.push(number);
                } else if let Some(kept) = lines.get_mut(random.random_range(0..*seen) as usize) {
                    *kept = number;
                }
            }
            Ok(())
        })?;
        observer.end(&format!("{} event templates", self.parser.templates().len()));
        let template = |line: u64| unit_at(&self.units, line).map_or(NO_TEMPLATE, |unit| self.facts[unit].template);
        for event in self.sessions.iter_mut().flat_map(|session| &mut session.events) {
            event.key = template(event.line);
        }
        Ok(())
    }

    /// The message that begins in a line.
    pub(super) fn unit(&self, line: u64) -> Option<usize> {
        unit_at(&self.units, line)
    }

    /// What is known of the message that begins in a line.
    pub(super) fn facts(&self, line: u64) -> Option<&Facts> {
        self.unit(line).map(|unit| &self.facts[unit])
    }

    /// By unit.
    fn owners(&self, standings: &[Standing]) -> Vec<Owner> {
        let mut owners = vec![Owner::None; self.units.len()];
        for (session, standing) in self.sessions.iter().zip(standings) {
            for unit in session.events.iter().filter_map(|event| self.unit(event.line)) {
                owners[unit] = match (owners[unit], standing) {
                    (Owner::None, Standing::Normal) => Owner::Normal,
                    (Owner::None, _) => Owner::Other,
                    _ => Owner::Many,
                };
            }
        }
        owners
    }
}

/// Which sessions a message is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    None,
    Normal,
    Other,
    Many,
}

fn unit_at(units: &[Unit], line: u64) -> Option<usize> {
    units.binary_search_by_key(&line, |unit| unit.line).ok()
}
