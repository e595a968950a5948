//! The second pass: every message to all counters.

use drain_parser::{Piece, Record};
use sequence_windowing::{Event, GroupCounters, KeyName, Limits};

use super::flow::Flow;
use super::reading::{Keyed, Understanding};
use super::seen::{Moment, Templates};
use super::severity::Severity;
use super::values::Values;
use super::volume::Volume;
use super::words::number;
use crate::error::{Error, Result};
use crate::intake::Intake;
use crate::line_reader::LineCounters;
use crate::observer::Observer;
use crate::parse::shown;

/// Bytes that are shown of a line that fits no header.
const MISFIT: usize = 200;

/// Everything that is known of a log.
pub(super) struct Gathered {
    pub(super) understanding: Understanding,
    pub(super) lines: LineCounters,
    /// Lines and records that were cut for their length.
    pub(super) cut: u64,
    pub(super) volume: Volume,
    pub(super) fields: Vec<Values>,
    pub(super) templates: Templates,
    pub(super) flow: Flow,
    pub(super) groups: GroupCounters,
    pub(super) misfits: Oddities,
    pub(super) unreadable_stamps: Oddities,
    pub(super) not_utf8: Oddities,
}

/// Lines of a kind that should not be.
#[derive(Default)]
pub(super) struct Oddities {
    pub(super) count: u64,
    pub(super) first_line: u64,
    /// The beginning of the first one, as text.
    pub(super) example: String,
}

impl Oddities {
    fn add(&mut self, lines: u64, line: u64, text: &[u8]) {
        if self.count == 0 {
            self.first_line = line;
            self.example = shown(&text[..text.len().min(MISFIT)]).into_owned();
        }
        self.count += lines;
    }
}

pub(super) fn gather(understanding: Understanding, keyed: &Keyed, observer: &mut dyn Observer) -> Result<Gathered> {
    let profile = &understanding.profile;
    let names = profile.header.fields();
    let stamp_fields = profile.time.as_ref().map_or(&[][..], |time| &time.fields);
    let mut fields = Values::of_fields(names, stamp_fields);
    let level_column = fields.iter().find(|field| field.is_level()).map(Values::column);
    let mut intake = Intake::new(profile, names)?;
    // A walk takes the same room whatever its length.
    let limits = Limits {
        max_events: usize::MAX,
        ..profile.limits.clone()
    };
    let mut grouper = sequence_windowing::Grouper::new(profile.session.clone(), limits)
        .map_err(|error| Error::config("the dataset", "session", error.to_string()))?;
    let ids = keyed.parser.templates().iter().map(|template| template.id.to_string());
    let ends: Vec<bool> = ids.map(|id| profile.limits.is_end_key(&KeyName::from(id))).collect();
    let mut templates = Templates::new(&keyed.parser, &keyed.counts);
    let (mut volume, mut flow) = (Volume::default(), Flow::default());
    let [mut misfits, mut unreadable_stamps, mut not_utf8] = [(); 3].map(|()| Oddities::default());
    let mut gather = |Record { line, header, .. }: &Record<'_>, template: usize| {
        let severity = level_column.map_or(Severity::None, |column| Severity::of(header.field(column)));
        for field in &mut fields {
            field.add(header.field(field.column()));
        }
        if str::from_utf8(header.content()).is_err() {
            not_utf8.add(1, *line, header.content());
        }
        let unreadable = intake.state().unreadable_stamps;
        let (time, session_names) = intake.place(header);
        let key = template as u32;
        let ends = ends.get(template).copied().unwrap_or(false);
        grouper.push(&Event { key, line: *line, time }, session_names, ends, &mut flow);
        if intake.state().unreadable_stamps > unreadable {
            unreadable_stamps.add(1, *line, header.content());
        }
        if let Some(time) = time {
            volume.add(*line, time, severity);
        }
        templates.add(template, Moment { line: *line, time }, severity, header, &keyed.parser);
    };
    let records_cut = keyed.each_piece("looking", observer, |piece, template| match piece {
        Piece::Message(record) => gather(record, template),
        Piece::Other { lines, line, text } => misfits.add(*lines, *line, text),
        Piece::Blank { .. } | Piece::Open => {}
    })?;
    let groups = grouper.finish(&mut flow);
    Ok(Gathered {
        lines: keyed.learnt.lines,
        cut: keyed.learnt.cut + records_cut,
        understanding,
        volume: volume.finish(),
        fields,
        templates,
        flow,
        groups,
        misfits,
        unreadable_stamps,
        not_utf8,
    })
}

impl Gathered {
    /// Levels and components, then other fields that tell lines apart, at most `most`.
    pub(super) fn shown_fields(&self, most: usize) -> Vec<&Values> {
        let mut shown: Vec<&Values> = self.fields.iter().filter(|field| field.is_worth_a_look()).collect();
        shown.sort_by_key(|field| (!field.is_level(), !field.is_component()));
        shown.truncate(most);
        shown
    }

    /// Why there is nothing to look at, if so. What comes from the log is in the second text, not yet safe to show.
    pub(super) fn nothing(&self) -> Option<(String, Option<&str>)> {
        let lines = self.lines.lines;
        if lines == 0 {
            Some(("The log is empty.".to_owned(), None))
        } else if self.understanding.is_blank || lines == self.lines.blank {
            Some((
                format!("The log holds {} and nothing else.", number(lines, "blank line")),
                None,
            ))
        } else if self.lines.messages == 0 {
            let what = format!(
                "None of the {} fits the header: give a dataset with another one, or none to have it guessed. The first: ",
                number(lines, "line")
            );
            Some((what, Some(&self.misfits.example)))
        } else {
            None
        }
    }

    /// Whether lines say how bad they are.
    pub(super) fn has_levels(&self) -> bool {
        let rated = self.templates.all.iter().map(|seen| {
            let unrated = seen.by_severity[Severity::None as usize];
            seen.count - unrated
        });
        rated.sum::<u64>() > 0
    }
}
