//! Reports for people: one HTML file that needs nothing else, and a short one in Markdown.

mod audit;
mod html;
mod many;
mod markdown;
mod nearest;
mod page;
mod parts;
mod sessions;

use detection::Verdict;

use crate::{Explanation, Metrics, Plot};

pub use audit::{audit_html, audit_markdown};
pub use html::report_html;
pub use many::{Many, many_html, many_markdown};
pub use markdown::report_markdown;
pub use page::{Script, html_page};

/// Flagged sessions that a report explains at most; the rest is counted.
pub const EXPLAINED_SESSIONS: usize = 200;

/// What a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct ReportInput<'a> {
    /// The figures.
    pub metrics: &'a Metrics,
    /// What a reader must know of the protocol before believing a figure.
    pub caveats: &'a [String],
    /// The pictures, in their order.
    pub plots: &'a [Plot],
    /// Flagged sessions, in the order to show them in; those beyond [`EXPLAINED_SESSIONS`] are left out.
    pub explanations: &'a [Explanation],
    /// All flagged sessions, those without a label included.
    pub flagged: u64,
}

/// Indices of the flagged sessions a report explains: by score, the highest first, equal ones in their order; at most
/// [`EXPLAINED_SESSIONS`].
#[must_use]
pub fn most_anomalous(verdicts: &[Verdict]) -> Vec<usize> {
    let mut flagged: Vec<usize> = (0..verdicts.len())
        .filter(|&session| verdicts[session].is_anomalous())
        .collect();
    flagged.sort_by(|&left, &right| verdicts[right].score.total_cmp(&verdicts[left].score));
    flagged.truncate(EXPLAINED_SESSIONS);
    flagged
}

impl<'a> ReportInput<'a> {
    fn explained(&self) -> &'a [Explanation] {
        &self.explanations[..self.explanations.len().min(EXPLAINED_SESSIONS)]
    }

    /// How many sessions are flagged, and how many of them are here.
    fn flagged_sentence(&self, shown: usize) -> String {
        let flagged = crate::number::count(self.flagged);
        match shown as u64 == self.flagged {
            true if shown < 2 => format!("Flagged: {flagged}."),
            true => format!("Flagged: {flagged}, by score, the highest first."),
            false => format!("Flagged: {flagged}; here are the first {shown} by score."),
        }
    }
}

/// Name, count and share of each part of the split, then what was counted on the way.
fn data_rows(metrics: &Metrics) -> Vec<[String; 6]> {
    let parts = [
        ("training", metrics.data.train),
        ("validation", metrics.data.validation),
        ("test", metrics.data.test),
    ];
    let row = |(name, part): (&str, crate::Part)| {
        let counts = [part.sessions, part.normal, part.anomalous, part.distinct, part.events];
        let [sessions, normal, anomalous, distinct, events] = counts.map(crate::number::count);
        [name.to_owned(), sessions, normal, anomalous, distinct, events]
    };
    parts.into_iter().map(row).collect()
}

const DATA_HEAD: [&str; 6] = ["part", "sessions", "normal", "anomalous", "distinct", "events"];

/// Stage, time and rate of each stage that was run.
fn timing_rows(metrics: &Metrics) -> Vec<[String; 3]> {
    let timings = &metrics.timings;
    let stages = [
        ("parse", timings.parse),
        ("group", timings.group),
        ("train", timings.train),
        ("detect", timings.detect),
    ];
    let row = |(name, timing): (&str, Option<crate::Timing>)| {
        let timing = timing?;
        let rate = timing.per_second.map_or_else(String::new, |rate| {
            format!(
                "{} {} per second",
                crate::number::count(rate.round() as u64),
                timing.unit.name()
            )
        });
        Some([name.to_owned(), crate::number::seconds(timing.seconds), rate])
    };
    stages.into_iter().filter_map(row).collect()
}
