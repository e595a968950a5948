//! A log read with nothing set, or by a dataset: what is thought of it, its templates, and its messages once more.

use std::path::PathBuf;

use drain_parser::{Edits, FrozenParser, LineFormat, Parser, ParserConfig, Piece, Scratch};
use sequence_windowing::{Limits, SessionRule};

use crate::error::{Error, Result};
use crate::experiment::Profile;
use crate::init::{Finding, guess_all, rule_in_words};
use crate::input::{Lines, Records};
use crate::line_reader::LineCounters;
use crate::observer::{Observer, ensure_wanted};
use crate::parse::{Learnt, learn};
use crate::parser_state::ParserState;

/// So many events are never reached: the whole log is one window.
const WHOLE_LOG: u64 = 1 << 62;

/// How a log is to be read.
pub(crate) struct Understanding {
    /// Its rule forms one session of the whole log where [`Self::has_sessions`] is not set.
    pub(crate) profile: Profile,
    pub(crate) has_sessions: bool,
    /// Whether there is nothing but white space in it.
    pub(crate) is_blank: bool,
    /// What was guessed, how sure that is, and why; nothing where a dataset says all.
    pub(crate) guesses: Vec<Finding>,
    edits: Edits,
}

impl Understanding {
    /// By a dataset, or guessed. A log without any text is taken for one without header.
    pub(crate) fn of(dataset: Option<&Profile>, files: &[PathBuf]) -> Result<Self> {
        match dataset {
            Some(profile) => Self::by(profile),
            None => Self::guess(files),
        }
    }

    fn by(profile: &Profile) -> Result<Self> {
        let mut profile = profile.clone();
        let mut edits = Edits::default();
        if let Some(known) = &profile.known {
            let state = ParserState::read(&known.state)?;
            profile.parser = state.parser.config();
            edits = state.edits;
        }
        Ok(Self {
            profile,
            has_sessions: true,
            is_blank: false,
            guesses: Vec::new(),
            edits,
        })
    }

    fn guess(files: &[PathBuf]) -> Result<Self> {
        let is_blank = !has_text(files)?;
        let (header, time, session, guesses) = if !is_blank {
            let guessed = guess_all(files)?;
            (guessed.header, guessed.stamp, guessed.session, guessed.findings)
        } else {
            let header = LineFormat::compile("<Content>")
                .map_err(|error| Error::config("the header format", "format", error.to_string()))?;
            (header, None, None, Vec::new())
        };
        let has_sessions = session.is_some();
        let (session, limits) = session.unwrap_or((
            SessionRule::Count {
                events: WHOLE_LOG,
                step: None,
                field: None,
            },
            Limits::default(),
        ));
        let profile = Profile {
            name: "guessed".to_owned(),
            header,
            time,
            parser: ParserConfig::default(),
            known: None,
            session,
            limits,
            labels: None,
        };
        Ok(Self {
            profile,
            has_sessions,
            is_blank,
            guesses,
            edits: Edits::default(),
        })
    }

    /// How lines form sessions, in words.
    pub(crate) fn rule_in_words(&self) -> String {
        rule_in_words(&self.profile.session)
    }

    /// Learns the event templates of all lines; the number of threads changes nothing in them.
    pub(crate) fn learn(&self, files: &[PathBuf], threads: usize, observer: &mut dyn Observer) -> Result<Keyed> {
        let parser = Parser::new(self.profile.parser.clone())
            .map_err(|error| Error::config("dataset", "parser", error.to_string()))?;
        let state = ParserState {
            header: self.profile.header.clone(),
            lines: LineCounters::default(),
            parser,
            edits: self.edits.clone(),
        };
        let learnt = learn(files, state, true, threads, None, observer)?;
        let (parser, _) = learnt.state.freeze();
        Ok(Keyed {
            counts: learnt.counts(&parser),
            files: files.to_vec(),
            parser,
            learnt,
        })
    }
}

/// A log whose templates are known.
pub(crate) struct Keyed {
    files: Vec<PathBuf>,
    pub(crate) parser: FrozenParser,
    /// Messages of each template.
    pub(crate) counts: Vec<u64>,
    pub(crate) learnt: Learnt,
}

impl Keyed {
    /// Reads all lines again, in order: what each is or completes, and the template of a message. One without a template
    /// has one number more than the last. Gives the records that were cut for their length.
    pub(crate) fn each_piece(
        &self,
        stage: &'static str,
        observer: &mut dyn Observer,
        mut take: impl FnMut(&Piece<'_>, usize),
    ) -> Result<u64> {
        let LineCounters { lines, messages, .. } = self.learnt.lines;
        observer.begin(stage, Some(lines));
        let mut records = Records::of(self.files.clone(), &self.learnt.state.header);
        let mut templates = self.learnt.templates(&self.parser);
        let mut scratch = Scratch::default();
        let mut read_messages = 0;
        // A log that grows meanwhile ends where it ended when it was learnt.
        while (records.lines() < lines || read_messages < messages)
            && let Some((read, piece)) = records.next_piece()?
        {
            let mut template = None;
            if let Piece::Message(record) = &piece {
                read_messages += 1;
                let learnt = templates.next().flatten();
                template = learnt.or_else(|| self.parser.matches(record.header.content(), &mut scratch));
            }
            take(&piece, template.unwrap_or(self.parser.templates().len()));
            observer.advance(read, "");
            ensure_wanted(observer)?;
        }
        observer.end(&format!("{lines} lines"));
        Ok(records.records_cut())
    }
}

/// Whether anything but white space stands in the files.
pub(crate) fn has_text(files: &[PathBuf]) -> Result<bool> {
    let mut lines = Lines::of(files.to_vec());
    while let Some((_, line)) = lines.next_line()? {
        if !line.trim_ascii().is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
