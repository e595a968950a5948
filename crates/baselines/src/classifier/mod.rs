//! Learners over rows of numbers with labels, for where labels are allowed: count vectors of sessions (Chen, Zheng,
//! Lloyd, Jordan and Brewer, ICAC 2004; Liang, Zhang, Xiong and Sahoo, ICDM 2007; He, Zhu, He and Lyu, ISSRE 2016) or
//! features of single lines; and an isolation forest over the same rows, which looks at no label.
//!
//! Written here, as the kept crates know neither rows that occur several times nor what a column weighed in a score, and
//! their support vector machine holds a kernel value for each pair of rows.

mod forest;
mod linear;
mod tree;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::isolation_forest::{ForestSize, IsolationTrees};
use crate::rival::Unfit;
use crate::rows::Rows;
use forest::Forest;
use linear::{Linear, Loss};
use tree::Tree;

/// Share of the training rows that an isolation forest flags: it has no label to learn a better one from.
const FLAGGED: f64 = 0.05;

/// A way to learn which rows are anomalous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learner {
    /// Logistic regression with an L2 penalty of 1 on standardised columns.
    LogisticRegression,
    /// A linear support vector machine: squared hinge, with an L2 penalty of 1 on standardised columns.
    LinearSvm,
    /// A binary tree of cuts (Breiman, Friedman, Olshen and Stone 1984), by Gini's impurity.
    DecisionTree,
    /// Many such trees, each of rows drawn with replacement and cuts of drawn columns (Breiman 2001).
    RandomForest {
        /// Trees, 100 as a rule.
        trees: usize,
    },
    /// An isolation forest, which looks at no label, and flags a twentieth of the training rows.
    IsolationForest(ForestSize),
}

/// What a [`Learner`] learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classifier {
    model: Model,
    threshold: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Model {
    LogisticRegression(Linear),
    LinearSvm(Linear),
    DecisionTree(Tree),
    RandomForest(Forest),
    IsolationForest(IsolationTrees),
}

impl Learner {
    /// One of each, with the usual settings.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::LogisticRegression,
            Self::LinearSvm,
            Self::DecisionTree,
            Self::RandomForest { trees: 100 },
            Self::IsolationForest(ForestSize::default()),
        ]
    }

    /// What tables call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::LogisticRegression => "logistic regression",
            Self::LinearSvm => "linear SVM",
            Self::DecisionTree => "decision tree",
            Self::RandomForest { .. } => "random forest",
            Self::IsolationForest(_) => "isolation forest",
        }
    }

    /// Whether it looks at labels.
    #[must_use]
    pub fn is_supervised(&self) -> bool {
        !matches!(self, Self::IsolationForest(_))
    }

    /// Learns from rows and, by row, whether each is anomalous. The same rows and seed give the same classifier.
    ///
    /// # Errors
    /// If there is no row, or if a supervised learner is given rows of one class only.
    pub fn fit(self, rows: &Rows, is_anomalous: &[bool], seed: u64) -> Result<Classifier, Unfit> {
        let occurring = |class: bool| (0..rows.len()).any(|i| rows.times(i) > 0 && is_anomalous[i] == class);
        let classes = [false, true].map(occurring);
        match classes {
            [false, false] => return Err(Unfit::NothingToLearnFrom),
            [true, true] => {}
            [true, false] if self.is_supervised() => return Err(Unfit::NoneAnomalous),
            [false, true] if self.is_supervised() => return Err(Unfit::NoneNormal),
            _ => {}
        }
        let (model, threshold) = match self {
            Self::LogisticRegression => {
                let linear = Linear::fit(rows, is_anomalous, Loss::Logistic);
                (Model::LogisticRegression(linear), 0.5)
            }
            Self::LinearSvm => {
                let linear = Linear::fit(rows, is_anomalous, Loss::SquaredHinge);
                (Model::LinearSvm(linear), 0.0)
            }
            Self::DecisionTree => (Model::DecisionTree(Tree::fit(rows, is_anomalous)), 0.5),
            Self::RandomForest { trees } => {
                let forest = Forest::fit(rows, is_anomalous, trees, seed);
                (Model::RandomForest(forest), 0.5)
            }
            Self::IsolationForest(size) => {
                let trees = IsolationTrees::grow(rows, size, seed);
                let threshold = exceeded_by(rows, FLAGGED, |row| trees.score(row));
                (Model::IsolationForest(trees), threshold)
            }
        };
        Ok(Classifier { model, threshold })
    }
}

/// The lowest score of a row that no more than a share of all rows exceed.
fn exceeded_by(rows: &Rows, share: f64, score: impl Fn(&[f64]) -> f64) -> f64 {
    let mut scores: Vec<(f64, u64)> = (0..rows.len()).map(|i| (score(rows.row(i)), rows.times(i))).collect();
    scores.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
    let allowed = (share * rows.occurrences() as f64) as u64;
    let mut above = 0;
    let first_kept = scores.iter().find(|(_, times)| {
        above += times;
        above > allowed
    });
    first_kept.map_or(0.0, |(score, _)| *score)
}

impl Classifier {
    /// How anomalous a row is: the probability of a logistic regression, the share of anomalous training rows in the
    /// leaves of a tree or forest, the distance from the plane of a support vector machine (negative on the normal
    /// side), the score of an isolation forest (0 to 1).
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        match &self.model {
            Model::LogisticRegression(linear) => linear.probability(row),
            Model::LinearSvm(linear) => linear.margin(row),
            Model::DecisionTree(tree) => tree.share(row),
            Model::RandomForest(forest) => forest.share(row),
            Model::IsolationForest(trees) => trees.score(row),
        }
    }

    /// The highest score that is not flagged.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Whether a row's score is above the threshold.
    #[must_use]
    pub fn is_anomalous(&self, row: &[f64]) -> bool {
        self.score(row) > self.threshold
    }

    /// Whether it is one of rows with so many columns; what was read from a file may be damaged.
    #[must_use]
    pub fn fits(&self, columns: usize) -> bool {
        match &self.model {
            Model::LogisticRegression(linear) | Model::LinearSvm(linear) => linear.fits(columns),
            Model::DecisionTree(tree) => tree.fits(columns),
            Model::RandomForest(forest) => forest.fits(columns),
            Model::IsolationForest(trees) => trees.fits(columns),
        }
    }

    /// Whether [`Self::contributions`] tells up from down.
    #[must_use]
    pub fn has_directions(&self) -> bool {
        !matches!(self.model, Model::IsolationForest(_))
    }

    /// By column, how far it moved the score of a row from that of a mean one: up, if positive. For linear models in
    /// units of the margin; for trees the change of the share along the way to the leaf; for isolation forests, which
    /// have no direction, the column's part in the cuts.
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Vec<f64> {
        match &self.model {
            Model::LogisticRegression(linear) | Model::LinearSvm(linear) => linear.contributions(row),
            Model::DecisionTree(tree) => {
                let mut found = vec![0.0; row.len()];
                tree.add_contributions(row, 1.0, &mut found);
                found
            }
            Model::RandomForest(forest) => forest.contributions(row),
            Model::IsolationForest(trees) => trees.contributions(row),
        }
    }
}
