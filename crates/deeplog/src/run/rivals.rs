//! The rivals of the detector on the same sessions.

use std::time::Instant;

use baselines::{Lesson, Unfit};
use detection::{Detector, Verdict};
use evaluation::RivalTiming;
use sequence_windowing::Session;

use super::Judged;
use crate::corpus::Corpus;
use crate::error::Result;
use crate::experiment::Experiment;
use crate::observer::{Observer, ensure_wanted};
use crate::training::Training;

/// A rival's verdicts on the test sessions.
pub(super) struct Judgement<'e> {
    pub(super) name: &'e str,
    pub(super) verdicts: Vec<Verdict>,
    /// Held-out sessions behind its p-values.
    pub(super) calibrated_on: Option<u64>,
    pub(super) timing: RivalTiming,
}

/// A rival that could not learn, and why.
pub(super) type LeftOut<'e> = (&'e str, Unfit);

/// Lets each rival learn from all normal training sessions, those with labels from anomalous ones too, and judge.
pub(super) fn judge<'e>(
    experiment: &'e Experiment,
    corpus: &Corpus,
    training: &Training,
    test: &[Session],
    observer: &mut dyn Observer,
) -> Result<(Vec<Judgement<'e>>, Vec<LeftOut<'e>>)> {
    let normal: Vec<&Session> = training.train.iter().chain(&training.validation).collect();
    let anomalous = corpus.anomalous_train.iter();
    let anomalous: Vec<Session> = anomalous.map(|session| training.vocabulary.encode(session)).collect();
    let anomalous: Vec<&Session> = anomalous.iter().collect();
    let (mut judgements, mut left_out) = (Vec::new(), Vec::new());
    let rivals = &experiment.baselines;
    observer.begin("judging by rivals", Some(rivals.len() as u64));
    for (done, rival) in rivals.iter().enumerate() {
        ensure_wanted(observer)?;
        observer.advance(done as u64, &rival.label);
        let lesson = Lesson {
            normal: &normal,
            anomalous: &anomalous,
            vocabulary: &training.vocabulary,
            false_alarms: rival.false_alarms,
            seed: experiment.seed,
        };
        let started = Instant::now();
        let detector = match rival.rival.fit(&lesson) {
            Ok(detector) => detector,
            Err(unfit) => {
                observer.detail(&format!("{} is left out: {unfit}", rival.label));
                left_out.push((&*rival.label, unfit));
                continue;
            }
        };
        let fit_seconds = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let verdicts = detector.judge(test, &mut |_| ());
        let detect_seconds = started.elapsed().as_secs_f64();
        judgements.push(Judgement {
            name: &rival.label,
            verdicts,
            calibrated_on: detector.calibrated_on(),
            timing: RivalTiming {
                fit_seconds,
                detect_seconds,
            },
        });
    }
    observer.end(&format!("{} rivals", judgements.len()));
    Ok((judgements, left_out))
}

/// Says which rivals saw what no other row did.
pub(super) fn with_labels(judged: &Judged<'_>) -> Option<String> {
    let uses_labels = |label: &str| {
        let mut rivals = judged.experiment.baselines.iter();
        rivals.any(|rival| rival.label == label && rival.rival.uses_labels())
    };
    let rivals = judged.rivals.iter().map(|rival| rival.name);
    let rivals: Vec<&str> = rivals.filter(|label| uses_labels(label)).collect();
    (!rivals.is_empty()).then(|| {
        format!(
            "Rivals with labels ({}) also learnt from {} anomalous training sessions, which no other row has seen: they know the anomalies of the past, and their figures do not compare with the others'.",
            rivals.join(", "),
            judged.corpus.anomalous_train.len()
        )
    })
}

/// The verdicts of any detector, with its progress shown.
pub(super) fn judge_all(detector: &impl Detector, sessions: &[Session], observer: &mut dyn Observer) -> Vec<Verdict> {
    let mut done = 0;
    detector.judge(sessions, &mut |more| {
        done += more as u64;
        observer.advance(done, "");
    })
}
