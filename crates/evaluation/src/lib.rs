//! Verdicts and labels to metrics, curves, plots and reports: everything that is said about how good a detector is.
//!
//! Labels enter here and nowhere earlier. All results are values; files and terminals belong to others.
//!
//! The protocol: an anomalous session is the positive class; a rate with nothing to divide by is `None`; precision, F1 and
//! average precision are also given at a stated natural prevalence; intervals resample whole sequences; repeated
//! sequences are also counted once; what is chosen on test sessions is called oracle.
//!
//! ```
//! use detection::{Outcome, Verdict};
//! use evaluation::{Assessment, Label, Prevalence, Sequence, pair};
//! use sequence_windowing::SessionEnd;
//!
//! let verdict = |session: &str, outcome, score| Verdict {
//!     session: session.into(),
//!     outcome,
//!     score,
//!     worst_rank: None,
//!     p_value: None,
//!     parts: vec![],
//!     findings: Vec::new(),
//!     events: 12,
//!     dropped_events: 0,
//!     first_line: 1,
//!     end: SessionEnd::Explicit,
//! };
//! let verdicts = [
//!     verdict("blk_1", Outcome::Anomalous, 9.5),
//!     verdict("blk_2", Outcome::Anomalous, 8.0),
//!     verdict("blk_3", Outcome::Normal, 0.5),
//! ];
//! let labels = [Label::Anomalous, Label::Normal, Label::Normal];
//! let sequences = [1, 2, 3].map(|number| Sequence { number, in_training: false });
//! let judged = pair(&verdicts, &labels, &sequences)?;
//!
//! let assessment = Assessment::of(&judged, Some(Prevalence::new(0.029)?), 42);
//! assert_eq!(assessment.test.rates.precision, Some(0.5));
//! assert_eq!(assessment.test.average_precision, Some(1.0));
//! assert!(assessment.natural.is_some_and(|natural| natural.precision < Some(0.06)));
//! # Ok::<(), evaluation::EvaluationError>(())
//! ```

mod alignment;
mod assessment;
mod audit;
mod bootstrap;
mod budget_tables;
mod budgets;
mod comparison;
mod confusion;
mod curves;
mod edits;
mod error;
mod escape;
mod explanation;
mod explanation_text;
mod judged;
mod kind_tables;
mod kinds;
mod metrics;
pub mod number;
mod plots;
mod report;
mod series;
mod series_tables;
mod sweeps;
mod table;
#[cfg(test)]
mod tests;
mod wording;

pub use alignment::{Alignment, NormalSequences, Pair};
pub use assessment::{Assessment, Natural, ReasonCount, Scores, by_reason};
pub use audit::{Check, CheckOutcome, audit_sentence};
pub use bootstrap::{Interval, Intervals, bootstrap};
pub use budgets::{AveragedBudgetPoint, AveragedBudgets, BUDGETS, BudgetPoint, Budgets};
pub use comparison::{Comparison, Difference, Scored, compare, comparison_text};
pub use confusion::{Confusion, Prevalence, Rates};
pub use curves::{ThresholdPoint, average_precision, best_f1, score_steps, steps_of_scores, thin};
pub use error::EvaluationError;
pub use escape::{escape, escape_markdown, is_hidden, visible};
pub use explanation::{Departure, Expectation, Explanation, Step, Texts};
pub use explanation_text::explanation_text;
pub use judged::{Judged, Label, Sequence, distinct, novel, pair};
pub use kinds::{Fault, KindFigures, by_kind};
pub use metrics::{
    Ablated, Baseline, ChosenOn, CurvePoint, Data, Environment, EpochLoss, Experiment, Metrics, OperatingPoint, Part,
    RivalTiming, SCHEMA_VERSION, Timing, Timings, Unit, metrics_schema,
};
pub use plots::{Plot, grid_plots, plots};
pub use report::{
    EXPLAINED_SESSIONS, Many, ReportInput, Script, audit_html, audit_markdown, html_page, many_html, many_markdown,
    most_anomalous, report_html, report_markdown,
};
pub use series::{
    Averaged, AveragedAblated, AveragedDetector, Figures, Grid, MeanAndSpread, Results, RunReference, Series,
};
pub use series_tables::{By, grid_markdown, grid_table, markdown_by, series_markdown, series_table};
pub use sweeps::{CandidatesPoint, Oracle, ScoreHistogram, Sweeps, sweep_candidates};
pub use table::{results_markdown, results_table};
pub use wording::{Wording, is_at_limit, key_words, part_words, parts_sentence};
