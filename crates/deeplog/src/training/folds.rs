//! A detector that is calibrated on the sessions which each of its models did not see.

use std::sync::Arc;

use deeplog_lstm::LstmModel;
use detection::{Calibrated, Fitted, Part, TooFew, needed};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use sequence_windowing::{Session, Vocabulary, validation};

use super::{Job, Training, model_config};
use crate::artefact;
use crate::error::{Error, Result};
use crate::experiment::{Calibration, DetectorKind};
use crate::observer::Observer;

/// What is said while the model without each fold is trained. More folds would be nearer to all the sessions, and take as many
/// trainings.
const STAGES: [&str; 5] = [
    "training, fold 1 of 5",
    "training, fold 2 of 5",
    "training, fold 3 of 5",
    "training, fold 4 of 5",
    "training, fold 5 of 5",
];

const MICROSECONDS_A_DAY: f64 = 86_400e6;

/// Trains a model without each fold of the normal training sessions, and calibrates the parts on that fold.
pub(super) fn train(job: &Job<'_>, calibration: &Calibration, observer: &mut dyn Observer) -> Result<Training> {
    let named = &job.corpus.train;
    let vocabulary = Arc::new(Vocabulary::from_sessions(named));
    let sessions: Vec<Session> = named.iter().map(|session| vocabulary.encode(session)).collect();
    let sessions_a_day = sessions_a_day(&sessions);
    let budget = calibration.alerts.share(sessions_a_day)?;
    // Better known before an hour of training than after.
    if sessions.len() < needed(budget) {
        return Err(too_few(sessions.len(), budget));
    }
    let folds = assign(sessions.len(), job.experiment.seed);
    let model = model_config(job.experiment, &vocabulary)?;
    let number = folds.iter().max().map_or(0, |last| last + 1);
    let mut trained = Vec::new();
    for (fold, stage) in STAGES.into_iter().enumerate().take(number) {
        let rest: Vec<Session> = sessions
            .iter()
            .zip(&folds)
            .filter(|&(_, &own)| own != fold)
            .map(|(session, _)| session.clone())
            .collect();
        let parts = validation(&rest, job.experiment.training.validation);
        // Models of other first weights err in other places.
        let seed = job
            .experiment
            .training
            .config
            .seed
            .wrapping_add(fold as u64 * 1_000_003);
        let name = format!("training-{}", fold + 1);
        trained.push(job.one(&model, parts, seed, &name, stage, observer)?);
    }
    observer.begin("calibrating", None);
    let windowing = job.windowing(&model);
    let models: Vec<_> = trained.iter().map(|one| one.model.clone()).collect();
    let fitted = Fitted::fit(
        &sessions,
        &folds,
        &models,
        &parts(calibration.detector, &sessions),
        &windowing,
    );
    let weights = models.iter().map(LstmModel::weights).collect();
    let kept = artefact::Calibration {
        fitted: fitted.clone(),
        sessions_a_day,
    };
    let detector = Calibrated::new(models, vocabulary.clone(), windowing, fitted, budget)
        .map_err(|few| Error::too_few(few, budget))?;
    observer.end(&format!("on {} sessions", sessions.len()));
    let seconds = trained.iter().map(|one| one.seconds).sum();
    let checkpoints = trained.iter().map(|one| one.checkpoint.clone()).collect();
    let Some(first) = trained.into_iter().next() else {
        return Err(too_few(sessions.len(), budget));
    };
    let mut artefact = job.artefact(model, &vocabulary, first.summary, weights)?;
    artefact.description.calibration = Some(kept);
    Ok(Training {
        artefact,
        detector: detector.into(),
        vocabulary,
        train: sessions,
        validation: Vec::new(),
        history: first.history,
        seconds,
        checkpoints,
    })
}

/// The fold of each session, drawn by lot; folds differ in size by one at most. A single session has no other to be judged by.
fn assign(sessions: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sessions).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut folds = vec![0; sessions];
    for (place, session) in order.into_iter().enumerate() {
        folds[session] = place % STAGES.len();
    }
    folds
}

/// The ways in which a detector looks at sessions; at delays only where there are any.
fn parts(detector: DetectorKind, sessions: &[Session]) -> Vec<Part> {
    let is_timed = |session: &Session| session.events.iter().filter(|event| event.time.is_some()).count() > 1;
    let has_delays = sessions.iter().any(is_timed);
    match detector {
        DetectorKind::Deeplog => vec![Part::NextKey],
        DetectorKind::Combined => {
            let parts = Part::ALL.into_iter();
            parts.filter(|&part| part != Part::Delays || has_delays).collect()
        }
    }
}

/// How many sessions begin in a day, where there are times to tell.
fn sessions_a_day(sessions: &[Session]) -> Option<f64> {
    let begins = sessions.iter().filter_map(|session| session.events.first()?.time);
    let (first, last) = (begins.clone().min()?, begins.max()?);
    let days = (last.0 as f64 - first.0 as f64) / MICROSECONDS_A_DAY;
    (days > 0.0).then(|| sessions.len() as f64 / days)
}

fn too_few(sessions: usize, budget: f64) -> Error {
    let needed = needed(budget);
    Error::too_few(TooFew { sessions, needed }, budget)
}
