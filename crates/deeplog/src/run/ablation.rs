//! What each part of a combined detector is worth: each alone, and each left out.

use detection::{Calibrated, Detector, Part, Verdict};
use sequence_windowing::Session;

use crate::error::{Error, Result};
use crate::observer::{Observer, ensure_wanted};

/// A detector with some of its parts, and its verdicts on the test sessions.
pub(super) struct Reduced {
    pub(super) label: String,
    pub(super) verdicts: Vec<Verdict>,
}

/// Lets each part judge alone, and all but each; nothing of a detector with one part. Each is calibrated anew to the same budget.
pub(super) fn judge(detector: &Calibrated, test: &[Session], observer: &mut dyn Observer) -> Result<Vec<Reduced>> {
    let parts = detector.parts();
    if parts.len() < 2 {
        return Ok(Vec::new());
    }
    let alone = parts.iter().map(|&part| (format!("{} alone", part.name()), vec![part]));
    let all_but = |left_out: Part| parts.iter().copied().filter(|&part| part != left_out).collect();
    // With two parts, without one is the other alone.
    let without = parts.iter().filter(|_| parts.len() > 2);
    let without = without.map(|&part| (format!("without {}", part.name()), all_but(part)));
    let settings: Vec<(String, Vec<Part>)> = alone.chain(without).collect();
    observer.begin("judging by parts", Some(settings.len() as u64));
    let mut reduced = Vec::new();
    for (label, parts) in settings {
        ensure_wanted(observer)?;
        observer.advance(reduced.len() as u64, &label);
        let detector = detector
            .with_parts(&parts)
            .map_err(|few| Error::too_few(few, detector.budget()))?;
        let verdicts = detector.judge(test, &mut |_| ());
        reduced.push(Reduced { label, verdicts });
    }
    observer.end("");
    Ok(reduced)
}
