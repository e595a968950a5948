//! An experiment from its data to its report.

mod ablation;
mod audit;
mod caveats;
pub(crate) mod expectation;
mod faults;
mod fingerprint;
mod many;
mod measure;
mod publish;
mod rivals;

use std::path::PathBuf;
use std::time::Instant;

use deeplog_lstm::Device;
use detection::Verdict;
use evaluation::{Explanation, Label, Metrics};
use sequence_windowing::Session;

use crate::corpus::{self, Corpus};
use crate::error::Result;
use crate::experiment::Experiment;
use crate::observer::Observer;
use crate::output::{create_folder, write_atomically};
use crate::training::{self, Training};
pub use expectation::Miss;
pub use many::{Ran, SeriesSummary, run_all};
pub use publish::read_scores;
use rivals::{Judgement, LeftOut};

/// How to run an experiment.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The run's own folder.
    pub out: PathBuf,
    /// Whether checksums and expectations bind.
    pub check: bool,
    /// Whether the data is other than the experiment's own, so that its checksums and expectations do not speak of it.
    pub data_is_overridden: bool,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct RunSummary {
    /// Everything measured.
    pub metrics: Metrics,
    /// One flagged session, explained.
    pub example: Option<Explanation>,
    /// Sessions judged, with or without a label.
    pub sessions: u64,
    /// Those of them that were flagged.
    pub flagged: u64,
    /// The report.
    pub report: PathBuf,
    /// Expectations that were not met.
    pub misses: Vec<Miss>,
}

/// Everything a run knows once its detectors have spoken.
struct Judged<'r> {
    experiment: &'r Experiment,
    corpus: &'r Corpus,
    training: &'r Training,
    /// The test sessions, as the vocabulary knows them.
    test: Vec<Session>,
    deeplog: Vec<Verdict>,
    rivals: Vec<Judgement<'r>>,
    left_out: Vec<LeftOut<'r>>,
    /// The detector with some of its parts, if it has several.
    reduced: Vec<ablation::Reduced>,
    detect_seconds: f64,
    device: &'r Device,
}

/// Runs an experiment and leaves its results in a folder: `metrics.json`, `verdicts.jsonl`, `report.html`, `report.md`,
/// `plots/`, `model.deeplog`.
pub fn run(
    experiment: &Experiment,
    device: &Device,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunSummary> {
    prepare(options)?;
    let binding = options.check && !options.data_is_overridden;
    if binding {
        expectation::ensure_checksums(&experiment.name, &experiment.data.checksums)?;
    }
    let corpus = corpus::read(experiment, &options.out, observer)?;
    let mut summary = run_on(experiment, &corpus, device, options, observer)?;
    if binding {
        summary.misses = expectation::misses(experiment.expect.as_ref(), summary.metrics.detector.test.rates.f1);
    }
    Ok(summary)
}

/// Runs an experiment on its corpus, and expects nothing of it.
fn run_on(
    experiment: &Experiment,
    corpus: &Corpus,
    device: &Device,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunSummary> {
    let training = training::train(experiment, corpus, device, &options.out, observer)?;
    let summary = results_of(&training, experiment, corpus, device, options, observer);
    let summary = summary.map_err(|error| training.is_kept(error))?;
    training.remove_checkpoints()?;
    Ok(summary)
}

/// Judges with what was learnt, and writes all results.
fn results_of(
    training: &Training,
    experiment: &Experiment,
    corpus: &Corpus,
    device: &Device,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunSummary> {
    // What took longest is safe first.
    training.artefact.write(&options.out.join("model.deeplog"))?;
    let judged = judge(experiment, corpus, training, device, observer)?;
    let metrics = measure::metrics(&judged)?;
    observer.begin("reporting", None);
    let (report, example) = publish::write(&judged, &metrics, &options.out)?;
    observer.end(&format!("in {}", options.out.display()));
    let caveats = caveats::urgent(&metrics);
    caveats.iter().for_each(|caveat| observer.warn(caveat));
    let flagged = judged.deeplog.iter().filter(|verdict| verdict.is_anomalous()).count() as u64;
    Ok(RunSummary {
        metrics,
        example,
        sessions: judged.test.len() as u64,
        flagged,
        report,
        misses: Vec::new(),
    })
}

/// A folder that cannot be written to should be known before an hour of training, not after.
pub(crate) fn prepare(options: &RunOptions) -> Result<()> {
    create_folder(&options.out)?;
    let probe = options.out.join(".writable");
    write_atomically(&probe, |_| Ok(()))?;
    std::fs::remove_file(&probe).map_err(crate::error::Error::io("remove", &probe))
}

fn judge<'r>(
    experiment: &'r Experiment,
    corpus: &'r Corpus,
    training: &'r Training,
    device: &'r Device,
    observer: &mut dyn Observer,
) -> Result<Judged<'r>> {
    let test: Vec<Session> = corpus
        .test
        .iter()
        .map(|session| training.vocabulary.encode(session))
        .collect();
    observer.begin("detecting", Some(test.len() as u64));
    let started = Instant::now();
    let deeplog = rivals::judge_all(&training.detector, &test, observer);
    let detect_seconds = started.elapsed().as_secs_f64();
    observer.end(&format!("{} sessions", test.len()));
    let has_labels = corpus.labels.iter().any(Option::is_some);
    let reduced = match training.detector.calibrated() {
        Some(detector) if has_labels => ablation::judge(detector, &test, observer)?,
        _ => Vec::new(),
    };
    let (rivals, left_out) = rivals::judge(experiment, corpus, training, &test, observer)?;
    Ok(Judged {
        experiment,
        corpus,
        training,
        test,
        deeplog,
        rivals,
        left_out,
        reduced,
        detect_seconds,
        device,
    })
}

impl Judged<'_> {
    /// The indices of the test sessions that have a label, and these labels.
    fn labelled(&self) -> (Vec<usize>, Vec<Label>) {
        self.corpus
            .labels
            .iter()
            .enumerate()
            .filter_map(|(i, label)| Some((i, (*label)?)))
            .unzip()
    }
}
