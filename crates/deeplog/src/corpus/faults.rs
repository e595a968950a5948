//! Faults in the sessions to judge: labels where nobody has any.

use evaluation::Label;

use super::Corpus;
use crate::error::{Error, Result};
use crate::experiment::Inject;
use crate::observer::Observer;
use crate::synthesis::faults;

/// Puts faults into normal test sessions. Those that are labelled anomalous already, or that have no label where others do,
/// are left out and counted; where there are no labels, all count as normal.
pub(super) fn inject(corpus: &mut Corpus, config: &Inject, observer: &mut dyn Observer) -> Result<()> {
    observer.begin("injecting", None);
    if corpus.labels.iter().any(Option::is_some) {
        let labels = std::mem::take(&mut corpus.labels);
        let before = corpus.test.len();
        let mut labels = labels.into_iter();
        corpus.test.retain(|_| labels.next() == Some(Some(Label::Normal)));
        corpus.count(
            "test_sessions_left_out_for_injected_ones",
            (before - corpus.test.len()) as u64,
        );
    }
    if corpus.test.is_empty() {
        return Err(Error::run(
            "no normal session is left to put faults into",
            "lower `data.split.train`, or give normal sessions to test on",
        ));
    }
    let injected = faults::inject(&mut corpus.test, &corpus.train, config)?;
    let label = |faulty| if faulty { Label::Anomalous } else { Label::Normal };
    corpus.labels = corpus
        .test
        .iter()
        .map(|session| Some(label(injected.faults.contains_key(&*session.id))))
        .collect();
    let summary = injected.told(corpus.test.len(), observer);
    observer.end(&summary);
    corpus.count("faults_injected", injected.faults.len() as u64);
    corpus.count("sessions_that_no_fault_fits", injected.without);
    corpus.count(
        "faults_drawn_anew_as_they_were_normal",
        injected.counts.values().map(|count| count.normal).sum(),
    );
    corpus.faults = injected.faults;
    Ok(())
}
