//! What was learnt from labelled lines, as a file, and at work on logs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baselines::Classifier;
use drain_parser::{Piece, Scratch};
use serde::{Deserialize, Serialize};

use super::features::Features;
use super::figures::LineFigures;
use super::layout::{Layout, Said};
use crate::detect::warn_of_unjudged;
use crate::error::{Error, Result};
use crate::framed::Frame;
use crate::input::{self, Records};
use crate::line_reader::LineCounters;
use crate::observer::{Observer, ensure_wanted};
use crate::output::write_atomically;

const FRAME: Frame = Frame {
    magic: b"DLLINES\n",
    version: 1,
    name: "model of labelled lines",
    foreign: "give the `model.deeplog` that `deeplog run` wrote for an experiment on labelled lines",
    other_version: "run the experiment again with this version, or use the version that wrote it",
    damaged: "copy the file again or run the experiment again",
};

/// Features that a verdict names.
const REASONS: usize = 3;

/// A model that judges single lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LineModel {
    /// Version of the program that wrote it.
    pub program: String,
    /// The experiment with its overrides and its dataset.
    pub experiment: toml::Table,
    /// What was chosen.
    pub learner: String,
    /// Training lines.
    pub lines: u64,
    /// What it reached on the test lines.
    pub test: LineFigures,
    /// What it was chosen by.
    pub cross_validated: LineFigures,
    /// SHA-256 of the file of lines, by path.
    pub data: BTreeMap<String, String>,
    pub(super) layout: Layout,
    pub(super) features: Features,
    pub(super) classifier: Classifier,
}

/// What a model says of a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineVerdict {
    /// Number of the line in the input, from 1.
    pub line: u64,
    /// Whether it is anomalous.
    pub outcome: detection::Outcome,
    /// Higher is more anomalous; see the model's learner.
    pub score: f64,
    /// The event template, if a training line has it too.
    pub template: Option<String>,
    /// The features that spoke most for this verdict, the strongest first.
    pub because: Vec<LineReason>,
    /// The message.
    pub text: String,
}

/// A feature of a line, and how far it moved the score; for an isolation forest, its part in the cuts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineReason {
    /// What it is.
    pub feature: String,
    /// Positive towards anomalous.
    pub weight: f64,
}

impl LineVerdict {
    /// Whether the line is anomalous.
    #[must_use]
    pub fn is_anomalous(&self) -> bool {
        self.outcome == detection::Outcome::Anomalous
    }
}

impl LineModel {
    /// Writes the file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = FRAME.seal(self, |_| ())?;
        write_atomically(path, |out| out.write_all(&bytes))
    }

    /// Whether a file is, or was, such a model.
    pub fn is_one(path: &Path) -> Result<bool> {
        Ok(input::read_to_end(path)?.starts_with(FRAME.magic))
    }

    /// Reads a file, or says why it is none of ours.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = input::read_to_end(path)?;
        let (model, _): (Self, _) = FRAME.open(path, &bytes)?;
        let fits = model.classifier.fits(model.features.columns());
        if !(fits && model.features.is_whole() && model.layout.is_whole()) {
            let fact = format!("{}: is damaged: its parts do not fit together", path.display());
            return Err(Error::run(fact, FRAME.damaged));
        }
        Ok(model)
    }

    /// The highest score that is not flagged.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.classifier.threshold()
    }

    /// Header format of the logs it reads.
    #[must_use]
    pub fn format(&self) -> &str {
        self.layout.format.source()
    }

    /// Names of the features.
    #[must_use]
    pub fn features(&self) -> Vec<String> {
        self.features.names()
    }

    /// Judges the lines of some files, which count as one input.
    ///
    /// # Errors
    /// Files that cannot be read, are empty, or of which no line fits the header; and what `each` gives.
    pub fn detect(
        &self,
        files: &[PathBuf],
        observer: &mut dyn Observer,
        each: &mut dyn FnMut(&LineVerdict) -> Result<()>,
    ) -> Result<LineCounters> {
        let mut judging = self.judging();
        let mut counters = LineCounters::default();
        let mut records = Records::of(files.to_vec(), &self.layout.format);
        observer.begin("judging", None);
        while let Some((read, piece)) = records.next_piece()? {
            counters.count(&piece);
            if let Piece::Message(record) = piece {
                let verdict = judging.judge(record.line, self.layout.said(&record.header));
                counters.without_template += u64::from(verdict.template.is_none());
                each(&verdict)?;
            }
            observer.advance(read, "");
            ensure_wanted(observer)?;
        }
        counters.lines = records.lines();
        observer.end(&format!("{} lines", counters.lines));
        if counters.messages == 0 {
            let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            let fact = match counters.lines {
                0 => format!("{} is empty", names.join(", ")),
                lines => format!(
                    "none of the {lines} lines of {} fits the model's header format `{}`",
                    names.join(", "),
                    self.format()
                ),
            };
            let hint = "give a log of the kind that the model was trained on; `deeplog inspect` tells which";
            return Err(Error::run(fact, hint));
        }
        let unfit = counters.continuations + counters.without_header;
        warn_of_unjudged(observer, unfit, counters.lines, "do not fit the header");
        let LineCounters {
            messages,
            without_template,
            ..
        } = counters;
        if without_template >= messages.div_ceil(2) {
            observer.warn(&format!(
                "{without_template} of {messages} messages are of no template that the model knows, so that its verdicts on \
                 them mean little; `deeplog inspect` tells which log it was trained on"
            ));
        }
        Ok(counters)
    }

    pub(super) fn judging(&self) -> Judging<'_> {
        Judging {
            model: self,
            names: self.features.names(),
            scratch: Scratch::default(),
            row: Vec::new(),
        }
    }
}

/// A model at work.
pub(super) struct Judging<'m> {
    model: &'m LineModel,
    names: Vec<String>,
    scratch: Scratch,
    row: Vec<f64>,
}

impl Judging<'_> {
    pub(super) fn judge(&mut self, line: u64, said: Said<'_>) -> LineVerdict {
        let LineModel {
            features, classifier, ..
        } = self.model;
        let template = features.row(said, &mut self.scratch, &mut self.row);
        let score = classifier.score(&self.row);
        let is_anomalous = score > classifier.threshold();
        LineVerdict {
            line,
            outcome: match is_anomalous {
                true => detection::Outcome::Anomalous,
                false => detection::Outcome::Normal,
            },
            score,
            template: template.map(|template| features.template(template)),
            because: self.because(is_anomalous),
            text: String::from_utf8_lossy(said.content).into_owned(),
        }
    }

    fn because(&self, is_anomalous: bool) -> Vec<LineReason> {
        let LineModel {
            features, classifier, ..
        } = self.model;
        let sign = if is_anomalous || !classifier.has_directions() {
            1.0
        } else {
            -1.0
        };
        let mut moved: Vec<(usize, f64)> = classifier.contributions(&self.row).into_iter().enumerate().collect();
        moved.retain(|(_, weight)| sign * weight > 0.0);
        moved.sort_by(|left, right| (sign * right.1).total_cmp(&(sign * left.1)).then(left.0.cmp(&right.0)));
        let name = |column: usize| match features.is_flag(column) && self.row[column] == 0.0 {
            true => format!("not {}", self.names[column]),
            false => self.names[column].clone(),
        };
        let reasons = moved.into_iter().take(REASONS);
        reasons
            .map(|(column, weight)| LineReason {
                feature: name(column),
                weight,
            })
            .collect()
    }
}
