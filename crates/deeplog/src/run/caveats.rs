//! What a reader must know of the protocol before believing a figure.

use detection::ShortSessions;
use evaluation::Metrics;

use super::Judged;

pub(super) fn of(judged: &Judged<'_>, metrics: &Metrics) -> Vec<String> {
    let mut caveats = Vec::new();
    let experiment = judged.experiment;
    caveats.push(match experiment.detection.short_sessions {
        ShortSessions::Model => "Short sessions are judged by the model: begin symbols stand in front of each session and an end symbol behind it.".to_owned(),
        ShortSessions::Flag => format!("Every session of {} events or fewer is flagged whatever it holds, as the usual code does by its padding. Do not compare these figures with others.", experiment.model.history),
        ShortSessions::Pass => format!("Every session of {} events or fewer passes whatever it holds.", experiment.model.history),
    });
    caveats.extend(urgent(metrics));
    let test = metrics.data.test;
    if test.sessions > 0 && test.normal + test.anomalous == 0 {
        caveats
            .push("There are no labels, so there is nothing to measure: the verdicts stand for themselves.".to_owned());
    } else if test.normal + test.anomalous < test.sessions {
        let without = test.sessions - test.normal - test.anomalous;
        caveats.push(format!(
            "{without} of {} test sessions have no label; they are judged and not measured.",
            test.sessions
        ));
    }
    let trained = super::audit::trained(judged);
    caveats.extend(super::faults::invisible(judged, &trained));
    caveats.extend(super::faults::beyond_keys(judged));
    let rivals = metrics.baselines.iter();
    let as_good: Vec<&str> = rivals
        .filter(|(_, rival)| rival.test.rates.f1.is_some() && rival.test.rates.f1 >= metrics.detector.test.rates.f1)
        .map(|(name, _)| &**name)
        .collect();
    if !as_good.is_empty() {
        caveats.push(format!(
            "By F1 these rivals are as good or better here: {}. The model earns its place only by what they cannot see.",
            as_good.join(", ")
        ));
    }
    if !judged.rivals.is_empty() {
        caveats.push(
            "The thresholds of rivals without labels come from normal training sessions that were held out, never from test sessions."
                .to_owned(),
        );
    }
    caveats.extend(super::rivals::with_labels(judged));
    for (label, why) in &judged.left_out {
        caveats.push(format!("The rival {label} is left out: {why}."));
    }
    caveats
}

/// What makes a run's verdicts next to worthless, and should not wait until somebody opens the report.
pub(super) fn urgent(metrics: &Metrics) -> Option<String> {
    if metrics.data.test.sessions == 0 {
        return Some(
            "No session is left to judge: all of them train. Lower data.split.train, or give sessions to test on."
                .to_owned(),
        );
    }
    // The end of a session is a symbol too.
    let symbols = metrics.data.keys + 1;
    let g = u64::from(metrics.operating_point.g?);
    let left = symbols.saturating_sub(g);
    (left <= 2).then(|| {
        format!(
            "There are {symbols} possible next symbols and g is {g}, so next to nothing can be flagged but unseen keys. A threshold on probability (detection.probability) does not depend on how many there are."
        )
    })
}
