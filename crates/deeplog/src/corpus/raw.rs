//! Corpora from raw logs, in three passes that each hold little: which lines form which sessions, what the parser learns
//! from the training sessions' lines, and which template each line has.

use std::path::PathBuf;
use std::time::Instant;

use drain_parser::{FrozenParser, LineFormat, Parser, ParserConfig, Piece, Scratch, Template};
use evaluation::Label;
use rustc_hash::FxHashSet;
use sequence_windowing::{Event, KeyName, Session};

use super::divide::labels_of;
use super::structured::profile_of;
use super::{Corpus, Division, Texts, ensure_sessions, label_by_lines, labels_lines};
use crate::detect::warn_of_unjudged;
use crate::error::{Error, Result};
use crate::experiment::{Experiment, Profile};
use crate::input::{Labels, Records};
use crate::intake::Intake;
use crate::line_reader::LineCounters;
use crate::observer::{Observer, ensure_wanted};
use crate::parser_state::ParserState;
use crate::templates::edits_of_no_template;

/// Name of the key of lines that match no template: never in a vocabulary, so always unseen.
pub const NO_TEMPLATE: &str = "(no template)";

/// No template: a line that is no message, or one that matches none.
const NONE: u32 = u32::MAX;

/// Reads raw logs. The parser sees the lines of training sessions only, and is then frozen.
pub(super) fn read(
    experiment: &Experiment,
    files: &[PathBuf],
    labels: Option<Labels>,
    observer: &mut dyn Observer,
) -> Result<Corpus> {
    let profile = profile_of(experiment)?;
    let mut corpus = Corpus {
        files: files.to_vec(),
        texts: Texts::Logs(files.to_vec(), Box::new(profile.header.clone())),
        ..Corpus::default()
    };
    let survey = Survey::of(profile, files, &mut corpus, observer)?;
    let sessions = &survey.sessions;
    ensure_sessions(sessions, &files[0])?;
    let labels: Option<Vec<Option<Label>>> = if labels_lines(experiment) {
        let is_anomalous = |line: u64| survey.anomalous_lines.contains(&line);
        Some(
            sessions
                .iter()
                .map(|session| Some(label_by_lines(session, is_anomalous)))
                .collect(),
        )
    } else {
        labels.map(|labels| labels_of(&labels, sessions.iter().map(|session| &*session.id), &mut corpus))
    };
    let division = Division::of(experiment, sessions, labels.as_deref())?;
    division.count(&mut corpus);
    let mut is_training = vec![false; survey.lines as usize + 1];
    for event in division.train.iter().flat_map(|&i| &sessions[i].events) {
        is_training[event.line as usize] = true;
    }
    let started = Instant::now();
    let parser = match &profile.known {
        None => learn(&profile.parser, profile, files, &is_training, observer)?,
        Some(known) => {
            corpus.files.push(known.state.clone());
            let state = ParserState::read(&known.state)?;
            let (parser, gone) = if known.learn {
                learn(&state.parser.config(), profile, files, &is_training, observer)?.edited(&state.edits)
            } else {
                observer.warn(&format!(
                    "the event templates are those of {}, whatever lines taught them",
                    known.state.display()
                ));
                state.freeze()
            };
            if !gone.is_empty() {
                observer.warn(&edits_of_no_template(gone.len()));
            }
            parser
        }
    };
    let templates = parse(profile, files, &parser, survey.lines, observer)?;
    corpus.parsing = Some((started.elapsed().as_secs_f64(), survey.lines));

    let names: Vec<KeyName> = parser
        .templates()
        .iter()
        .map(|template| template.id.to_string().into())
        .collect();
    let no_template = KeyName::from(NO_TEMPLATE);
    let key = |line: u64| match templates[line as usize] {
        NONE => no_template.clone(),
        template => names[template as usize].clone(),
    };
    let with_keys = |&i: &usize| {
        let Session {
            id,
            events,
            end,
            dropped_events,
        } = &sessions[i];
        let event = |event: &Event<()>| Event {
            key: key(event.line),
            line: event.line,
            time: event.time,
        };
        Session {
            id: id.clone(),
            events: events.iter().map(event).collect(),
            end: *end,
            dropped_events: *dropped_events,
        }
    };
    corpus.anomalous_train = division.anomalous.iter().map(with_keys).collect();
    corpus.train = division.train.iter().map(with_keys).collect();
    corpus.test = division.test.iter().map(with_keys).collect();
    corpus.labels = division
        .test
        .iter()
        .map(|&i| labels.as_ref().and_then(|labels| labels[i]))
        .collect();
    let texts = parser.templates().iter().map(Template::title);
    corpus.templates = names.iter().cloned().zip(texts).collect();
    corpus.parser = Some(parser);
    let unmatched = corpus
        .test
        .iter()
        .flat_map(|session| &session.events)
        .filter(|event| event.key == no_template);
    let unmatched: FxHashSet<u64> = unmatched.map(|event| event.line).collect();
    corpus.count("test_lines_without_template", unmatched.len() as u64);
    Ok(corpus)
}

/// What the first pass finds: sessions of lines whose keys are not known yet.
struct Survey {
    sessions: Vec<Session<()>>,
    anomalous_lines: FxHashSet<u64>,
    lines: u64,
}

impl Survey {
    fn of(profile: &Profile, files: &[PathBuf], corpus: &mut Corpus, observer: &mut dyn Observer) -> Result<Self> {
        observer.begin("grouping", None);
        let started = Instant::now();
        let mut intake = Intake::new(profile, profile.header.fields())?;
        let mut collector = profile.collector()?;
        let mut anomalous_lines = FxHashSet::default();
        let mut counters = LineCounters::default();
        let mut records = Records::of(files.to_vec(), &profile.header);
        while let Some((read, piece)) = records.next_piece()? {
            counters.count(&piece);
            if let Piece::Message(record) = piece {
                if intake.label(&record.header) == Some(Label::Anomalous) {
                    anomalous_lines.insert(record.line);
                }
                let (time, names) = intake.place(&record.header);
                let event = Event {
                    key: (),
                    line: record.line,
                    time,
                };
                collector.push(&event, names, false);
            }
            observer.advance(read, "");
            ensure_wanted(observer)?;
        }
        let count = records.lines();
        let outside = counters.continuations + counters.without_header;
        let (mut sessions, groups) = collector.finish();
        sessions.sort_by_key(Session::first_line);
        observer.end(&format!("{} sessions in {count} lines", sessions.len()));
        if count > 0 && counters.messages == 0 {
            return Err(Error::run(
                format!(
                    "none of the {count} lines of {} fits the header format `{}`",
                    files[0].display(),
                    profile.header.source()
                ),
                "correct `dataset.header.format`; `deeplog init` proposes one for an unknown log",
            ));
        }
        warn_of_unjudged(observer, outside, count, "do not fit the header");
        warn_of_unjudged(observer, groups.without_session, groups.events, "belong to no session");
        corpus.grouping = Some((started.elapsed().as_secs_f64(), groups.events));
        corpus.count("lines", count);
        corpus.count("blank_lines", counters.blank);
        corpus.count("joined_lines", counters.joined);
        corpus.count("continuation_lines", counters.continuations);
        corpus.count("lines_without_header", counters.without_header);
        corpus.count("lines_cut_to_16_mib", records.lines_cut());
        corpus.count("records_cut", records.records_cut());
        corpus.count("unreadable_time_stamps", intake.state().unreadable_stamps);
        corpus.count_groups(groups);
        Ok(Self {
            sessions,
            anomalous_lines,
            lines: count,
        })
    }
}

/// `is_training`: by line number, from 0.
fn learn(
    config: &ParserConfig,
    profile: &Profile,
    files: &[PathBuf],
    is_training: &[bool],
    observer: &mut dyn Observer,
) -> Result<FrozenParser> {
    observer.begin("learning templates", Some(is_training.len() as u64 - 1));
    let mut learner =
        Parser::new(config.clone()).map_err(|error| Error::config("dataset", "parser", error.to_string()))?;
    each_message(&profile.header, files, observer, |number, content| {
        if is_training[number as usize] {
            learner.learn(content);
        }
    })?;
    let frozen = learner.freeze();
    observer.end(&format!("{} event templates", frozen.templates().len()));
    Ok(frozen)
}

/// The index of each line's template, by line number.
fn parse(
    profile: &Profile,
    files: &[PathBuf],
    parser: &FrozenParser,
    total: u64,
    observer: &mut dyn Observer,
) -> Result<Vec<u32>> {
    observer.begin("parsing", Some(total));
    let mut scratch = Scratch::default();
    let mut templates = vec![NONE; total as usize + 1];
    each_message(&profile.header, files, observer, |number, content| {
        if let Some(template) = parser.matches(content, &mut scratch) {
            templates[number as usize] = template as u32;
        }
    })?;
    observer.end(&format!("{total} lines"));
    Ok(templates)
}

fn each_message(
    format: &LineFormat,
    files: &[PathBuf],
    observer: &mut dyn Observer,
    mut each: impl FnMut(u64, &[u8]),
) -> Result<()> {
    let mut records = Records::of(files.to_vec(), format);
    while let Some((read, piece)) = records.next_piece()? {
        if let Piece::Message(record) = piece {
            each(record.line, record.header.content());
        }
        observer.advance(read, "");
        ensure_wanted(observer)?;
    }
    Ok(())
}
