//! DeepLog as a library: what composes parser, sequencing, model, detection and evaluation, and all file I/O.
//!
//! An [`Experiment`] is read from TOML, [`run`] carries it out and leaves its results in a folder. What it trained is in one
//! file, an [`Artefact`]; a [`Model`] opened from it judges files, and a [`Pipeline`] judges lines as they come. Where single
//! lines have labels, a [`LineExperiment`] is carried out by [`run_lines`], and leaves a [`LineModel`].
//!
//! ```
//! use deeplog::{Experiment, RunOptions, Unobserved};
//! use deeplog_lstm::{Device, DeviceKind};
//!
//! let experiment = r#"
//!     name = "example"
//!     [data]
//!     kind = "synthetic"
//!     [data.synthetic]
//!     sessions = 80
//!     [dataset.header]
//!     format = "<Date> <Time> <Pid> <Level> <Component>: <Content>"
//!     [dataset.parser]
//!     method = "drain"
//!     masks = ['blk_-?\d+', '(\d+\.){3}\d+(:\d+)?']
//!     [dataset.session]
//!     by = "identifier"
//!     pattern = 'blk_-?\d+'
//!     end_of_input = "complete"
//!     [model]
//!     hidden = 8
//!     layers = 1
//!     [training]
//!     epochs = 1
//! "#;
//! let out = tempfile::tempdir()?;
//! let experiment = Experiment::from_table(experiment.parse()?, out.path(), "example")?;
//! let options = RunOptions { out: out.path().to_owned(), check: false, data_is_overridden: false };
//! let summary = deeplog::run(&experiment, &Device::open(DeviceKind::Cpu)?, &options, &mut Unobserved)?;
//! assert_eq!(summary.sessions, 40);
//! assert!(summary.report.exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod artefact;
mod corpus;
mod crew;
mod detect;
mod error;
mod exchange;
mod experiment;
mod explore;
mod features;
mod framed;
mod init;
mod input;
mod intake;
mod labelled_lines;
mod line_batch;
mod line_reader;
mod observer;
mod output;
mod parse;
mod parser_state;
mod pipeline;
mod run;
mod synthesis;
mod templates;
#[cfg(test)]
mod tests;
mod training;

pub use artefact::{Artefact, Description, TrainingSummary};
pub use corpus::{Corpus, NO_TEMPLATE, Texts, read as read_corpus};
pub use detect::{DetectCounters, Judged, Model};
pub use error::{Error, Problem, Result};
pub use exchange::{Foreign, export, import, import_like, read_key_names};
pub use experiment::{
    Alerts, AnyExperiment, Baseline, Calibration, Data, Detection, DetectorKind, Expect, Experiment, Fields, Inject,
    KnownTemplates, LabelRule, LineExperiment, ModelSettings, Override, Plan, PlannedRun, Profile, Source, Split,
    SplitMethod, Stamp, Stress, Training as TrainingSettings, checked, read_table, results_folder,
};
pub use explore::{Exploration, explore};
pub use features::{FeatureSummary, MatrixFormat, WIDEST, features};
pub use framed::Frame;
pub use init::{Finding, Survey, expand_guessed, guess_header, survey};
pub use input::{
    Labels, Lines, MAX_LINE, Records, StructuredRow, StructuredRows, decompressed, expand, expand_logs, read_sessions,
    record_texts, sha256,
};
pub use intake::{Intake, IntakeState, Message, Names};
pub use labelled_lines::{
    FeatureWeight, Fold, LineData, LineFigures, LineMetrics, LineModel, LinePart, LineReason, LineSummary, LineVerdict,
    Measured, run_lines,
};
pub use line_reader::{LineCounters, LineReader, LineReaderState};
pub use log_synthesis::FaultKind;
pub use observer::{Observer, Unobserved};
pub use output::{create_folder, create_private_folder, write_atomically};
pub use parse::{ParseSummary, Parsing, StateFile, TableFormat, parse};
pub use parser_state::ParserState;
pub use pipeline::{Output, Pipeline, Snapshot, Step, Trail};
pub use run::{Miss, Ran, RunOptions, RunSummary, SeriesSummary, read_scores, run, run_all};
pub use synthesis::{
    Augmentation, Injection, LogInjection, augment, inject_log, inject_sessions, write as write_synthetic,
};
pub use templates::{
    Change, Diff, Example, Import, Matching, Observed, ObservedParameter, TemplateFile, diff, edit_state,
    edits_of_no_template, find_template, match_log, observe, read_templates, split_by_log,
};
pub use training::{Training, train};
