//! Harder training: few sessions, and anomalous ones among them.

use evaluation::Label;
use sequence_windowing::seeded;

use super::Corpus;
use crate::error::{Error, Result};
use crate::experiment::Stress;

/// Keeps a share of the training sessions and mixes anomalous test sessions among them, all by lot. What trains is not
/// tested on.
pub(super) fn apply(corpus: &mut Corpus, stress: Stress, seed: u64) -> Result<()> {
    let before = corpus.train.len();
    if stress.training < 1.0 {
        let kept = seeded(before, stress.training, seed).train;
        if kept.is_empty() {
            return Err(Error::run(
                format!("{} of {before} training sessions is none", stress.training),
                "raise `data.stress.training`",
            ));
        }
        corpus.train = kept.iter().map(|&i| corpus.train[i].clone()).collect();
        corpus.count("training_sessions_left_out_by_stress", (before - kept.len()) as u64);
        // What rivals with labels learn from becomes as rare, down to none.
        let anomalous = std::mem::take(&mut corpus.anomalous_train);
        let kept = seeded(anomalous.len(), stress.training, seed).train;
        corpus.count(
            "anomalous_training_sessions_left_out_by_stress",
            (anomalous.len() - kept.len()) as u64,
        );
        corpus.anomalous_train = kept.iter().map(|&i| anomalous[i].clone()).collect();
    }
    if stress.anomalous == 0.0 {
        return Ok(());
    }
    let normal = corpus.train.len() as f64;
    let wanted = (normal * stress.anomalous / (1.0 - stress.anomalous)).round() as usize;
    let anomalous: Vec<usize> = (0..corpus.test.len())
        .filter(|&i| corpus.labels[i] == Some(Label::Anomalous))
        .collect();
    if wanted == 0 || wanted >= anomalous.len() {
        return Err(Error::run(
            format!(
                "a share of {} beside {normal} normal training sessions is {wanted} sessions, and {} test sessions are anomalous",
                stress.anomalous,
                anomalous.len()
            ),
            "`data.stress.anomalous` takes at least one anomalous session out of the labelled test sessions, and leaves one there",
        ));
    }
    let drawn = seeded(anomalous.len(), wanted as f64 / anomalous.len() as f64, seed).train;
    let mut moves = vec![false; corpus.test.len()];
    drawn.iter().for_each(|&i| moves[anomalous[i]] = true);
    let mut moved = Vec::new();
    let mut kept = (Vec::new(), Vec::new());
    let sessions = std::mem::take(&mut corpus.test).into_iter().zip(corpus.labels.iter());
    for ((session, label), moves) in sessions.zip(moves) {
        if moves {
            moved.push(session);
        } else {
            kept.0.push(session);
            kept.1.push(*label);
        }
    }
    (corpus.test, corpus.labels) = kept;
    corpus.count("anomalous_sessions_moved_to_training", moved.len() as u64);
    // Evenly among the others, so that the sessions that stop training have their share of them.
    let all = corpus.train.len() + moved.len();
    let places = seeded(all, moved.len() as f64 / all as f64, seed).train;
    let mut taken = vec![false; all];
    places.iter().for_each(|&place| taken[place] = true);
    let (mut normal, mut moved) = (std::mem::take(&mut corpus.train).into_iter(), moved.into_iter());
    corpus.train = taken
        .into_iter()
        .filter_map(|taken| if taken { moved.next() } else { normal.next() })
        .collect();
    Ok(())
}
