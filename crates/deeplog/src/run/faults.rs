//! Faults that are known by kind and place: what each detector makes of them.

use std::collections::BTreeMap;

use detection::Verdict;
use evaluation::KindFigures;
use log_synthesis::FaultKind;
use rustc_hash::FxHashSet;
use sequence_windowing::{Key, Session};

use super::Judged;

/// Figures by detector and kind; none where no fault is known by kind.
pub(super) fn by_kind(judged: &Judged<'_>) -> BTreeMap<String, BTreeMap<String, KindFigures>> {
    let faults = &judged.corpus.faults;
    if faults.is_empty() {
        return BTreeMap::new();
    }
    let of = |verdicts: &[Verdict]| {
        evaluation::by_kind(
            verdicts
                .iter()
                .filter_map(|verdict| Some((verdict, faults.get(&*verdict.session)?))),
        )
    };
    let rivals = judged.rivals.iter().map(|rival| (rival.name, &rival.verdicts));
    std::iter::once(("deeplog", &judged.deeplog))
        .chain(rivals)
        .map(|(name, verdicts)| (name.to_owned(), of(verdicts)))
        .collect()
}

/// Says how many faults leave a sequence of keys that training knows.
pub(super) fn invisible(judged: &Judged<'_>, trained: &FxHashSet<Vec<&Key>>) -> Option<String> {
    let faults = &judged.corpus.faults;
    let faulty = |session: &&Session| faults.contains_key(&*session.id);
    let keys = |session: &Session| trained.contains(&session.events.iter().map(|event| &event.key).collect::<Vec<_>>());
    let all = judged.test.iter().filter(faulty).count();
    let hidden = judged
        .test
        .iter()
        .filter(faulty)
        .filter(|session| keys(session))
        .count();
    (hidden > 0).then(|| {
        format!(
            "{hidden} of {all} sessions with a fault of known kind have a key sequence that training knows: nothing that looks at keys alone can see those."
        )
    })
}

/// Says how many faults change no key at all.
pub(super) fn beyond_keys(judged: &Judged<'_>) -> Option<String> {
    let faults = &judged.corpus.faults;
    let count = |kind: FaultKind| {
        let is_one = |session: &&Session| faults.get(&*session.id).is_some_and(|fault| fault.kind == kind.name());
        judged.test.iter().filter(is_one).count()
    };
    let kinds = FaultKind::ALL.iter().filter(|kind| kind.keeps_keys());
    let found: Vec<String> = kinds
        .map(|&kind| (count(kind), kind))
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    (!found.is_empty()).then(|| {
        format!(
            "Faults of some kinds leave every key as it was: {}. What looks at keys alone, as deeplog and nearly all rivals do, finds those by accident only; the rival event_time looks at times, and none here at parameters.",
            found.join(", ")
        )
    })
}
