//! Looking at an unknown log: its header, its time stamp, and what its sessions are.

mod columns;
mod guess;
mod header;
mod identifier;
mod json_message;
mod keyword;
mod messages;
mod names;
mod rest;
mod sample;
mod stamp;
mod stream;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};

use drain_parser::{LineFormat, Parser, ParserConfig};
use sequence_windowing::{Limits, SessionRule};

use crate::error::{Error, Result};
use crate::experiment::Stamp;
use crate::input::{expand, in_order_of_time};
use crate::observer::Observer;
use guess::{HeaderGuess, StampGuess};
use identifier::Candidate;
use messages::Messages;
use sample::Sample;
use stamp::Stamps;
use stream::SessionGuess;
pub(crate) use write::rule_in_words;

/// An identifier that scores this much makes sessions, whatever else there is.
const GOOD: f64 = 0.5;
/// One that scores this much is better than windows.
const FAIR: f64 = 0.25;
/// Messages without an identifier are judged by nobody, so at least this share must have one.
const LEAST_COVERAGE: f64 = 0.5;
/// One that scores this much is told.
const WORTH_A_WORD: f64 = 0.1;

/// What was found in an unknown log.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Name of the dataset and of the experiment.
    pub name: String,
    /// What was found, in the order of the pipeline.
    pub findings: Vec<Finding>,
    /// Text of the dataset TOML.
    pub dataset: String,
    /// Text of the experiment TOML.
    pub experiment: String,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is about, such as `header`.
    pub subject: &'static str,
    /// What was found.
    pub value: String,
    /// How sure that is, in percent.
    pub confidence: u8,
    /// Why, or what follows from it.
    pub reason: String,
    /// Text from the log, as it stands there: escape it where it is shown.
    pub examples: Vec<String>,
}

/// Looks at the first 5,000 lines of a log and some further on. `log`: a file, a folder or a glob.
///
/// # Errors
/// A log that cannot be read, is empty, or is no text.
pub fn survey(log: &Path, name: &str, observer: &mut dyn Observer) -> Result<Survey> {
    let path = std::path::absolute(log).map_err(Error::io("read", log))?;
    let files = expand(&path)?;
    let sample = Sample::read(&files)?;
    let header = guess(&files, &sample)?;
    let stamp = header.stamp.as_ref().map(StampGuess::stamp);
    let files = in_order_of_time(files, &header.format, stamp.as_ref(), observer)?;
    let messages = Messages::read(&files, &header)?;
    let candidates = identifier::candidates(&messages).map_err(internal)?;
    let session = session(&messages, &header, &candidates);
    let mut findings = layout(&sample, &header, &session, &candidates);
    findings.push(templates(&messages, &header)?);
    let dataset = write::dataset(name, &path, &header, &session, &findings);
    let experiment = write::experiment(name, &path, messages.len());
    Ok(Survey {
        name: name.to_owned(),
        findings,
        dataset,
        experiment,
    })
}

/// The header format of some logs, with a confidence in percent.
///
/// # Errors
/// Logs that cannot be read, are empty, or are no text.
pub fn guess_header(files: &[PathBuf]) -> Result<(LineFormat, u8)> {
    let guess = guess(files, &Sample::read(files)?)?;
    Ok((guess.format, percent(guess.confidence)))
}

/// The logs behind a path, a folder or a glob in the order of time, by what their format and time stamp seem to be;
/// tells the observer of the order.
///
/// # Errors
/// Logs that cannot be read, are empty, are no text, or are of different kinds.
pub fn expand_guessed(pattern: &Path, observer: &mut dyn Observer) -> Result<Vec<PathBuf>> {
    let files = expand(pattern)?;
    if files.len() < 2 {
        return Ok(files);
    }
    let guess = guess(&files, &Sample::read(&files)?)?;
    let stamp = guess.stamp.as_ref().map(StampGuess::stamp);
    in_order_of_time(files, &guess.format, stamp.as_ref(), observer)
}

/// What is thought of a log without looking at all of it.
pub(crate) struct Guessed {
    pub(crate) header: LineFormat,
    pub(crate) stamp: Option<Stamp>,
    /// Which lines form sessions; windows are not counted as such.
    pub(crate) session: Option<(SessionRule, Limits)>,
    /// How sure each of these is, and why.
    pub(crate) findings: Vec<Finding>,
}

/// The header, the time stamp and the sessions of some logs in their order.
pub(crate) fn guess_all(files: &[PathBuf]) -> Result<Guessed> {
    let sample = Sample::read(files)?;
    let header = guess(files, &sample)?;
    let messages = Messages::read(files, &header)?;
    let candidates = identifier::candidates(&messages).map_err(internal)?;
    let session = session(&messages, &header, &candidates);
    let findings = layout(&sample, &header, &session, &candidates);
    let is_window = matches!(session.rule, SessionRule::Time { .. } | SessionRule::Count { .. });
    Ok(Guessed {
        stamp: header.stamp.as_ref().map(StampGuess::stamp),
        header: header.format,
        session: (!is_window).then_some((session.rule, session.limits)),
        findings,
    })
}

/// The format of values that are time stamps and nothing else, and the share of them that it reads: most, or `None`.
pub(crate) fn format_of_stamps(values: &[Vec<u8>]) -> Result<Option<(String, f64)>> {
    Ok(stamp::of_values(values, &Stamps::new().map_err(internal)?))
}

impl Survey {
    /// Writes `NAME.dataset.toml` and `NAME.toml` into a folder, and gives their paths.
    ///
    /// # Errors
    /// Files that are there already, unless `force`, and folders that cannot be written.
    pub fn write(&self, folder: &Path, force: bool) -> Result<[PathBuf; 2]> {
        write::files(self, folder, force)
    }
}

fn guess(files: &[PathBuf], sample: &Sample) -> Result<HeaderGuess> {
    let stamps = Stamps::new().map_err(internal)?;
    match keyword::guess(files, &stamps)? {
        Some(found) => Ok(found),
        None => header::guess(sample, &stamps).map_err(internal),
    }
}

/// A guess that does not compile is our mistake, and no reason to fall over.
fn internal(error: impl std::fmt::Display) -> Error {
    Error::run(
        format!("the log could not be understood: {error}"),
        "write the dataset by hand, from one in datasets/",
    )
}

fn session(messages: &Messages, header: &HeaderGuess, candidates: &[Candidate]) -> SessionGuess {
    let best = candidates.first().map(|best| (best, best.recurrence.score()));
    let by_identifier = |least: f64| {
        let covers = |best: &Candidate| best.recurrence.coverage >= LEAST_COVERAGE;
        let (best, score) = best.filter(|(best, score)| *score >= least && covers(best))?;
        let recurrence = best.recurrence;
        let reason = format!(
            "{:.0}% of the messages name one; {} of them, with {:.1} messages each",
            100.0 * recurrence.coverage,
            recurrence.distinct,
            recurrence.per_value
        );
        Some(SessionGuess {
            rule: SessionRule::Identifier {
                pattern: best.pattern.clone(),
            },
            limits: Limits::default(),
            reason,
            confidence: score,
            examples: best.examples.clone(),
        })
    };
    by_identifier(GOOD)
        .or_else(|| stream::short_lived(messages, header))
        .or_else(|| by_identifier(FAIR))
        .unwrap_or_else(|| {
            let mut windows = stream::windows(messages, header);
            windows.reason = format!("{}; {}", without_identifier(candidates), windows.reason);
            windows
        })
}

/// Why there are no sessions by identifier.
fn without_identifier(candidates: &[Candidate]) -> String {
    let commonest = candidates
        .iter()
        .max_by(|a, b| a.recurrence.coverage.total_cmp(&b.recurrence.coverage));
    match commonest {
        Some(Candidate {
            pattern, recurrence, ..
        }) if recurrence.coverage >= GOOD => format!(
            "`{pattern}` is in {:.0}% of the messages, but hardly comes back ({} values, {:.1} messages each): if this \
             is an excerpt, try it on the whole log",
            100.0 * recurrence.coverage,
            recurrence.distinct,
            recurrence.per_value
        ),
        _ => "no identifier comes back in enough messages".to_owned(),
    }
}

/// How the log is laid out: header, time stamp, sessions.
fn layout(sample: &Sample, header: &HeaderGuess, session: &SessionGuess, candidates: &[Candidate]) -> Vec<Finding> {
    let shown = |line: &Vec<u8>| String::from_utf8_lossy(&line[..line.len().min(160)]).into_owned();
    let fields = header.format.fields().len() - 1;
    let reason = match fields {
        _ if header.format.as_header().is_none() => {
            format!("{:.1}% of the records are of this format", 100.0 * header.fitting)
        }
        0 => format!(
            "no header that {} lines share; each line is a message",
            sample.lines.len()
        ),
        _ => format!(
            "{fields} fields before the message; {:.1}% of {} lines fit",
            100.0 * header.fitting,
            sample.lines.len()
        ),
    };
    let mut findings = vec![Finding {
        subject: "header",
        value: header.format.source().to_owned(),
        confidence: percent(header.confidence),
        reason,
        examples: sample.lines.iter().take(1).map(shown).collect(),
    }];
    findings.push(match &header.stamp {
        Some(stamp) => Finding {
            subject: "time stamp",
            value: stamp.format.clone(),
            confidence: percent(stamp.reading * header.confidence),
            reason: format!(
                "in {}; reads {:.1}% of the stamps",
                stamp.fields.join(", "),
                100.0 * stamp.reading
            ),
            examples: vec![stamp.example.clone()],
        },
        None => Finding {
            subject: "time stamp",
            value: "none".to_owned(),
            confidence: percent(0.5 * header.confidence),
            reason: "no column reads as a date with a time of day; sessions cannot close by time".to_owned(),
            examples: Vec::new(),
        },
    });
    findings.push(Finding {
        subject: "session",
        value: rule_in_words(&session.rule),
        confidence: percent(session.confidence),
        reason: session.reason.clone(),
        examples: session.examples.clone(),
    });
    let by_identifier = matches!(session.rule, SessionRule::Identifier { .. });
    if let Some(other) = candidates
        .first()
        .filter(|other| !by_identifier && other.recurrence.score() >= WORTH_A_WORD)
    {
        findings.push(Finding {
            subject: "also possible",
            value: other.pattern.clone(),
            confidence: percent(other.recurrence.score()),
            reason: format!(
                "an identifier in {:.0}% of the messages",
                100.0 * other.recurrence.coverage
            ),
            examples: other.examples.clone(),
        });
    }
    findings
}

/// The commonest event templates of the messages looked at.
fn templates(messages: &Messages, header: &HeaderGuess) -> Result<Finding> {
    let mut parser = Parser::new(ParserConfig::default()).map_err(internal)?;
    for content in &messages.contents {
        parser.learn(content);
    }
    let frozen = parser.freeze();
    let mut templates: Vec<_> = frozen.templates().iter().collect();
    templates.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
    Ok(Finding {
        subject: "templates",
        value: format!("{}, found without settings", templates.len()),
        confidence: percent(0.9 * header.confidence),
        reason: format!("in the {} messages looked at; the commonest are", messages.len()),
        examples: templates.iter().take(3).map(|template| template.text.clone()).collect(),
    })
}

fn percent(share: f64) -> u8 {
    (100.0 * share).round().clamp(0.0, 100.0) as u8
}
