//! Linear classifiers, by Newton's method with halved steps. For the squared hinge this is the finite Newton method of
//! Keerthi and DeCoste ("A modified finite Newton method for fast solution of large scale linear SVMs", JMLR 2005).

use serde::{Deserialize, Serialize};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linalg::traits::cholesky::CholeskyDecomposable;

use crate::rows::Rows;

/// Weight of the L2 penalty on the weights of standardised columns; the intercept has none.
const PENALTY: f64 = 1.0;
/// What keeps the equations solvable where no row asks for a change of the intercept.
const RIDGE: f64 = 1e-9;
const MOST_STEPS: usize = 100;
const MOST_HALVINGS: usize = 40;
/// A step that promises less than this share of the loss is the last.
const TOLERANCE: f64 = 1e-14;

/// What a row on the wrong side costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    Logistic,
    SquaredHinge,
}

impl Loss {
    /// Loss, its first and its second derivative at a margin.
    fn at(self, margin: f64, is_anomalous: bool) -> [f64; 3] {
        let sign = if is_anomalous { 1.0 } else { -1.0 };
        match self {
            Self::Logistic => {
                let p = sigmoid(margin);
                let wrong = -sign * margin;
                let loss = wrong.max(0.0) + (-wrong.abs()).exp().ln_1p();
                [loss, p - f64::from(u8::from(is_anomalous)), p * (1.0 - p)]
            }
            Self::SquaredHinge => {
                let short = (1.0 - sign * margin).max(0.0);
                [short * short, -2.0 * sign * short, if short > 0.0 { 2.0 } else { 0.0 }]
            }
        }
    }
}

fn sigmoid(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}

/// A plane. Columns that were constant in training have no weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Linear {
    /// By column, per unit of the column as it is given.
    weights: Vec<f64>,
    intercept: f64,
    /// Means of the training rows.
    means: Vec<f64>,
}

impl Linear {
    pub(super) fn fit(rows: &Rows, is_anomalous: &[bool], loss: Loss) -> Self {
        let (means, deviations) = moments(rows);
        let used: Vec<usize> = (0..rows.columns()).filter(|&column| deviations[column] > 0.0).collect();
        let problem = Problem {
            rows,
            is_anomalous,
            loss,
            factors: used.iter().map(|&column| 1.0 / deviations[column]).collect(),
            used: &used,
        };
        let solution = problem.solve();
        let mut weights = vec![0.0; rows.columns()];
        for ((&column, weight), factor) in used.iter().zip(&solution).zip(&problem.factors) {
            weights[column] = weight * factor;
        }
        Self {
            weights,
            intercept: solution[used.len()],
            means,
        }
    }

    pub(super) fn fits(&self, columns: usize) -> bool {
        self.weights.len() == columns && self.means.len() == columns
    }

    pub(super) fn margin(&self, row: &[f64]) -> f64 {
        let products = self.weights.iter().zip(row).map(|(weight, value)| weight * value);
        self.intercept + products.sum::<f64>()
    }

    pub(super) fn probability(&self, row: &[f64]) -> f64 {
        sigmoid(self.margin(row))
    }

    pub(super) fn contributions(&self, row: &[f64]) -> Vec<f64> {
        let off = row.iter().zip(&self.means).map(|(value, mean)| value - mean);
        off.zip(&self.weights).map(|(off, weight)| off * weight).collect()
    }
}

/// Mean and standard deviation of each column; the deviation of what differs by rounding alone is 0.
fn moments(rows: &Rows) -> (Vec<f64>, Vec<f64>) {
    let all = (rows.occurrences() as f64).max(1.0);
    let mut means = vec![0.0; rows.columns()];
    let mut squares = vec![0.0; rows.columns()];
    let each = |sums: &mut [f64], term: &dyn Fn(usize, f64) -> f64| {
        for i in 0..rows.len() {
            let share = rows.times(i) as f64 / all;
            for (column, (sum, &value)) in sums.iter_mut().zip(rows.row(i)).enumerate() {
                *sum += share * term(column, value);
            }
        }
    };
    each(&mut means, &|_, value| value);
    each(&mut squares, &|column, value| (value - means[column]).powi(2));
    let deviations = squares
        .iter()
        .zip(&means)
        .map(|(square, mean)| square.sqrt() * f64::from(u8::from(square.sqrt() > 1e-12 * mean.abs())));
    (means.clone(), deviations.collect())
}

/// The unknowns are the weights of the used columns, divided by their deviations, and behind them the intercept. Columns
/// are not centred, so that zeros stay zeros: the intercept, which costs nothing, makes up for it.
struct Problem<'p> {
    rows: &'p Rows,
    is_anomalous: &'p [bool],
    loss: Loss,
    used: &'p [usize],
    factors: Vec<f64>,
}

impl Problem<'_> {
    fn solve(&self) -> Vec<f64> {
        let mut at = vec![0.0; self.used.len() + 1];
        let mut cost = self.cost(&at);
        for _ in 0..MOST_STEPS {
            let (slope, step) = self.step(&at);
            if slope.is_nan() || slope <= TOLERANCE * (1.0 + cost) {
                break;
            }
            let shorter = (0..MOST_HALVINGS).map(|halvings| 0.5_f64.powi(halvings as i32));
            let mut tried = shorter.map(|length| {
                let there: Vec<f64> = at.iter().zip(&step).map(|(at, step)| at - length * step).collect();
                (self.cost(&there), length, there)
            });
            let Some((lower, _, there)) = tried.find(|(lower, length, _)| *lower <= cost - 1e-4 * length * slope)
            else {
                break;
            };
            (at, cost) = (there, lower);
        }
        at
    }

    /// The non-zero standardised numbers of a row, with the places of their unknowns; the intercept's last.
    fn entries(&self, i: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let row = self.rows.row(i);
        let values = self.used.iter().zip(&self.factors).enumerate();
        values
            .map(move |(place, (&column, factor))| (place, row[column] * factor))
            .filter(|(_, value)| *value != 0.0)
            .chain([(self.used.len(), 1.0)])
    }

    fn cost(&self, at: &[f64]) -> f64 {
        let one = |i: usize| {
            let margin = self.entries(i).map(|(place, value)| at[place] * value).sum();
            self.rows.times(i) as f64 * self.loss.at(margin, self.is_anomalous[i])[0]
        };
        let squares: f64 = at[..self.used.len()].iter().map(|weight| weight * weight).sum();
        (0..self.rows.len()).map(one).sum::<f64>() + 0.5 * PENALTY * squares
    }

    /// Newton's step, and how much the cost falls along it at first.
    fn step(&self, at: &[f64]) -> (f64, Vec<f64>) {
        let side = at.len();
        let mut gradient: Vec<f64> = at.iter().map(|weight| PENALTY * weight).collect();
        gradient[side - 1] = 0.0;
        let mut curvature = vec![0.0; side * side];
        for place in 0..side {
            curvature[place * side + place] = if place + 1 < side { PENALTY } else { RIDGE };
        }
        let mut entries = Vec::new();
        for i in 0..self.rows.len() {
            entries.clear();
            entries.extend(self.entries(i));
            let margin = entries.iter().map(|&(place, value)| at[place] * value).sum();
            let times = self.rows.times(i) as f64;
            let [_, first, second] = self.loss.at(margin, self.is_anomalous[i]);
            for &(place, value) in &entries {
                gradient[place] += times * first * value;
                if second == 0.0 {
                    continue;
                }
                let factor = times * second * value;
                let line = &mut curvature[place * side..(place + 1) * side];
                for &(other, value) in &entries {
                    line[other] += factor * value;
                }
            }
        }
        let solved = DenseMatrix::new(side, side, curvature, false).and_then(|curvature| {
            let gradient = DenseMatrix::new(side, 1, gradient.clone(), false)?;
            curvature.cholesky_solve_mut(gradient)
        });
        // What cannot be solved for is gone down by the gradient.
        let step: Vec<f64> = match solved {
            Ok(step) => (0..side).map(|place| *step.get((place, 0))).collect(),
            Err(_) => gradient.clone(),
        };
        (step.iter().zip(&gradient).map(|(step, slope)| step * slope).sum(), step)
    }
}
