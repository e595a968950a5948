//! Two detectors on the same sessions: the paired difference, with its interval.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashMap;

use crate::number::count;
use crate::table::align;
use crate::{EvaluationError, Interval, Label, visible};

/// Resamples drawn.
const RESAMPLES: usize = 1_000;

/// Sessions that are named for each kind of disagreement.
const NAMED: usize = 5;

/// What one run of a detector said of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The session's identifier.
    pub session: String,
    /// What it really was.
    pub label: Label,
    /// Equal for sessions of equal sequences.
    pub sequence: u64,
    /// Whether it was flagged.
    pub flagged: bool,
    /// Its score, finite.
    pub score: f64,
}

/// A figure of both, and the difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What the figure is.
    pub figure: &'static str,
    /// The first detector's, the mean over its runs.
    pub first: Option<f64>,
    /// The second's.
    pub second: Option<f64>,
    /// Second minus first, with the middle 95% of the resamples; `None` where a resample leaves it undefined too often.
    pub interval: Option<Interval>,
}

/// How two detectors differ on the same sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Sessions that both judged, in the first run of each.
    pub sessions: u64,
    /// Runs of the first and of the second.
    pub runs: [usize; 2],
    /// Distinct sequences among them: the unit that is resampled.
    pub distinct: u64,
    /// Recall, false-alarm rate, precision, F1 and average precision.
    pub differences: Vec<Difference>,
    /// By label, in the first run of each: flagged by both, by the first only, by the second only, by none.
    pub agreement: Vec<(Label, [u64; 4])>,
    /// Identifiers of sessions that the first alone flags, and of those that the second alone flags; a few each.
    pub examples: [Vec<String>; 2],
}

const FIGURES: [&str; 5] = ["recall", "false alarms", "precision", "F1", "AP"];

/// One run, made ready for resampling: sessions of one sequence, label, verdict and score are one entry.
struct Tally {
    /// By descending score: sequence, label, flagged, sessions; ties share a step.
    entries: Vec<(f64, usize, Label, bool, f64)>,
}

/// Compares runs of two detectors: means over the runs of each, intervals by resampling distinct sequences. Either all runs
/// judged the same sessions, and then the same draws hold for all of them; or the runs go in pairs that did (seeds that
/// draw their sessions too), and then each pair has draws of its own. The seed is fixed: the same files give the same intervals.
///
/// # Errors
/// If runs did not judge the same sessions in the same order, or there are none.
pub fn compare(first: &[Vec<Scored>], second: &[Vec<Scored>]) -> Result<Comparison, EvaluationError> {
    let (Some(sessions), Some(other)) = (first.first().filter(|run| !run.is_empty()), second.first()) else {
        return Err(EvaluationError::NothingToCompare);
    };
    let is_shared = first.iter().chain(second).all(|run| ensure_same(sessions, run).is_ok());
    if !is_shared {
        // What differs first is told, of the pair or of the number of pairs.
        first.iter().zip(second).try_for_each(|(a, b)| ensure_same(a, b))?;
        if first.len() != second.len() {
            first
                .iter()
                .chain(second)
                .try_for_each(|run| ensure_same(sessions, run))?;
        }
    }
    let worlds: Vec<Sequences> = first
        .iter()
        .take(if is_shared { 1 } else { first.len() })
        .map(|run| Sequences::of(run))
        .collect();
    let tallies = |runs: &[Vec<Scored>]| -> Vec<(usize, Tally)> {
        let world = |run: usize| if is_shared { 0 } else { run };
        let runs = runs.iter().enumerate();
        runs.map(|(run, scored)| (world(run), Tally::of(scored, &worlds[world(run)].places)))
            .collect()
    };
    let (a, b) = (tallies(first), tallies(second));
    let mut weights: Vec<Vec<f64>> = worlds.iter().map(|world| vec![1.0; world.distinct]).collect();
    let (mean_a, mean_b) = (mean(&a, &weights), mean(&b, &weights));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut drawn: [Vec<f64>; 5] = Default::default();
    for _ in 0..RESAMPLES {
        for weights in &mut weights {
            weights.fill(0.0);
            let distinct = weights.len();
            for _ in 0..distinct {
                weights[rng.random_range(0..distinct)] += 1.0;
            }
        }
        let (of_a, of_b) = (mean(&a, &weights), mean(&b, &weights));
        for (column, (a, b)) in drawn.iter_mut().zip(of_a.into_iter().zip(of_b)) {
            column.extend(a.zip(b).map(|(a, b)| b - a));
        }
    }
    let differences = FIGURES.into_iter().zip(drawn).enumerate();
    Ok(Comparison {
        sessions: sessions.len() as u64,
        runs: [first.len(), second.len()],
        distinct: worlds[0].distinct as u64,
        differences: differences
            .map(|(place, (figure, drawn))| Difference {
                figure,
                first: mean_a[place],
                second: mean_b[place],
                interval: crate::bootstrap::middle(drawn),
            })
            .collect(),
        agreement: [Label::Anomalous, Label::Normal]
            .map(|label| (label, agreement(sessions, other, label)))
            .to_vec(),
        examples: [named(sessions, other), named(other, sessions)],
    })
}

/// The sequences of some sessions, numbered from 0.
struct Sequences {
    /// Of each session.
    places: Vec<usize>,
    distinct: usize,
}

impl Sequences {
    fn of(run: &[Scored]) -> Self {
        let mut numbers: FxHashMap<u64, usize> = FxHashMap::default();
        let place = |session: &Scored| {
            let next = numbers.len();
            *numbers.entry(session.sequence).or_insert(next)
        };
        Self {
            places: run.iter().map(place).collect(),
            distinct: numbers.len(),
        }
    }
}

fn ensure_same(sessions: &[Scored], run: &[Scored]) -> Result<(), EvaluationError> {
    if sessions.len() != run.len() {
        return Err(EvaluationError::OtherSessions {
            place: sessions.len().min(run.len()) + 1,
            fact: format!("one run has {} sessions and another {}", sessions.len(), run.len()),
        });
    }
    let differs = |(a, b): (&Scored, &Scored)| a.session != b.session || a.label != b.label;
    match sessions.iter().zip(run).position(differs) {
        None => Ok(()),
        Some(place) => Err(EvaluationError::OtherSessions {
            place: place + 1,
            fact: format!(
                "one run has `{}` ({:?}) there, another `{}` ({:?})",
                visible(&sessions[place].session),
                sessions[place].label,
                visible(&run[place].session),
                run[place].label
            ),
        }),
    }
}

impl Tally {
    fn of(run: &[Scored], sequences: &[usize]) -> Self {
        let mut entries: Vec<_> = run
            .iter()
            .zip(sequences)
            .map(|(session, &sequence)| (session.score + 0.0, sequence, session.label, session.flagged, 1.0))
            .collect();
        entries.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2, a.3).cmp(&(b.1, b.2, b.3))));
        entries.dedup_by(|later, kept| {
            let same = later.0 == kept.0 && (later.1, later.2, later.3) == (kept.1, kept.2, kept.3);
            if same {
                kept.4 += later.4;
            }
            same
        });
        Self { entries }
    }

    /// [`FIGURES`] with sequences weighted.
    fn figures(&self, weights: &[f64]) -> [Option<f64>; 5] {
        let (mut tp, mut fp, mut anomalous, mut normal) = (0.0, 0.0, 0.0, 0.0);
        for &(_, sequence, label, flagged, sessions) in &self.entries {
            let weight = weights[sequence] * sessions;
            let (all, found) = match label {
                Label::Anomalous => (&mut anomalous, &mut tp),
                Label::Normal => (&mut normal, &mut fp),
            };
            *all += weight;
            if flagged {
                *found += weight;
            }
        }
        let ratio = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        // The area under precision over recall, ties as one step.
        let (mut above, mut flagged, mut area) = (0.0, 0.0, 0.0);
        for step in self.entries.chunk_by(|a, b| a.0 == b.0) {
            let before = above;
            for &(_, sequence, label, _, sessions) in step {
                let weight = weights[sequence] * sessions;
                flagged += weight;
                if label == Label::Anomalous {
                    above += weight;
                }
            }
            if flagged > 0.0 {
                area += (above - before) * above / flagged;
            }
        }
        [
            ratio(tp, anomalous),
            ratio(fp, normal),
            ratio(tp, tp + fp),
            ratio(2.0 * tp, tp + fp + anomalous),
            ratio(area, anomalous),
        ]
    }
}

/// Over the runs of one detector, each with the weights of its sessions; `None` where a run does not define a figure.
fn mean(runs: &[(usize, Tally)], weights: &[Vec<f64>]) -> [Option<f64>; 5] {
    let mut sum = [Some(0.0); 5];
    for (world, run) in runs {
        for (sum, figure) in sum.iter_mut().zip(run.figures(&weights[*world])) {
            *sum = sum.zip(figure).map(|(sum, figure)| sum + figure / runs.len() as f64);
        }
    }
    sum
}

fn agreement(first: &[Scored], second: &[Scored], label: Label) -> [u64; 4] {
    let mut counts = [0; 4];
    let pairs = first.iter().zip(second).filter(|(a, _)| a.label == label);
    for (a, b) in pairs {
        let place = match (a.flagged, b.flagged) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        counts[place] += 1;
    }
    counts
}

/// Flagged by one and not by the other.
fn named(one: &[Scored], other: &[Scored]) -> Vec<String> {
    let pairs = one.iter().zip(other);
    let alone = pairs.filter(|(one, other)| one.flagged && !other.flagged);
    alone.map(|(one, _)| one.session.clone()).take(NAMED).collect()
}

/// The comparison as text.
#[must_use]
pub fn comparison_text(comparison: &Comparison, names: [&str; 2]) -> String {
    let [first, second] = names.map(visible);
    let mut rows = vec![
        ["", &*first, &*second, "difference", "95% interval", ""]
            .map(str::to_owned)
            .to_vec(),
    ];
    let rate = crate::number::rate;
    for difference in &comparison.differences {
        let by = difference.first.zip(difference.second).map(|(a, b)| b - a);
        let (interval, clear) = match difference.interval {
            None => ("–".to_owned(), ""),
            Some(Interval { low, high }) => (
                format!("{low:+.4} to {high:+.4}"),
                if low > 0.0 || high < 0.0 { "clear" } else { "" },
            ),
        };
        rows.push(vec![
            difference.figure.to_owned(),
            rate(difference.first),
            rate(difference.second),
            by.map_or_else(|| "–".to_owned(), |by| format!("{by:+.4}")),
            interval,
            clear.to_owned(),
        ]);
    }
    let trainings = if comparison.runs == [1, 1] {
        "one run each: another seed of either may differ by more than these intervals"
    } else {
        "means over the runs of each"
    };
    let mut text = format!(
        "{} sessions, {} distinct sequences; intervals resample the sequences\n{trainings}\n\n{}\n",
        count(comparison.sessions),
        count(comparison.distinct),
        align(&rows)
    );
    let mut rows = vec![
        [
            "flagged by",
            "both",
            &*format!("{first} alone"),
            &*format!("{second} alone"),
            "none",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for (label, counts) in &comparison.agreement {
        let name = match label {
            Label::Anomalous => "anomalous",
            Label::Normal => "normal",
        };
        rows.push(std::iter::once(name.to_owned()).chain(counts.map(count)).collect());
    }
    text += &align(&rows);
    for (name, sessions) in [first, second].iter().zip(&comparison.examples) {
        if !sessions.is_empty() {
            let sessions: Vec<String> = sessions.iter().map(|session| visible(session)).collect();
            text += &format!("\nflagged by {name} alone, for instance: {}", sessions.join(", "));
        }
    }
    text.push('\n');
    text
}
