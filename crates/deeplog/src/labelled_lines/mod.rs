//! Single lines with labels: models that learn from both classes.
//!
//! Where somebody has labelled lines, supervised models can be had; whether they are any good is another question. Lines
//! stand in the order of time, the earliest train and the latest test; the model is chosen by cross-validation within the
//! training lines; and rules without learning stand beside it, since on a log where one line in twenty is anomalous an
//! accuracy of 0.95 is that of a program that never flags anything.

mod audit;
mod collection;
mod features;
mod figures;
mod judges;
mod layout;
mod model;
mod reading;
mod report;
mod run;
mod trial;

pub use figures::{FeatureWeight, Fold, LineData, LineFigures, LineMetrics, LinePart, Measured};
pub use model::{LineModel, LineReason, LineVerdict};
pub use run::{LineSummary, run_lines};
