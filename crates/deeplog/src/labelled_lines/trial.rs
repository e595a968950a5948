//! Judges that learn from some lines and judge later ones.

use std::ops::Range;
use std::time::Instant;

use baselines::{Rows, Unfit};
use drain_parser::{ParserConfig, Scratch};

use super::collection::Collection;
use super::features::Features;
use super::figures::{LineFigures, Tally};
use super::judges::{Fitted, Judge, Lesson, Subject};
use crate::error::{Error, Result};
use crate::observer::{Observer, ensure_wanted};

/// Lines that learners are given; of more, evenly spread ones. Templates and their shares are of all lines.
const MOST_ROWS: usize = 30_000;

/// What became of learning from some lines and judging others.
pub(super) struct Trial {
    pub(super) features: Features,
    /// The training lines that were learnt from, as rows.
    pub(super) rows: Rows,
    pub(super) is_anomalous: Vec<bool>,
    /// In the order of [`Judge::all`].
    pub(super) outcomes: Vec<Outcome>,
    /// Test lines of templates that no training line has.
    pub(super) new_templates: u64,
}

/// What one judge made of it.
pub(super) struct Outcome {
    pub(super) judge: Judge,
    pub(super) fitted: Fitted,
    pub(super) fit_seconds: f64,
    pub(super) figures: LineFigures,
    /// On lines of templates that no training line has.
    pub(super) of_new_templates: LineFigures,
}

impl Trial {
    /// Lets every judge learn from `train` and judge `test`; both classes must be in `train`.
    pub(super) fn hold(
        config: &ParserConfig,
        lines: &Collection,
        (train, test): (Range<usize>, Range<usize>),
        seed: u64,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let features = Features::fit(config, lines, train.clone(), observer)?;
        let mut scratch = Scratch::default();
        let mut row = Vec::new();
        let mut rows = Rows::new(features.columns());
        let (mut is_anomalous, mut templates) = (Vec::new(), Vec::new());
        for index in spread(train) {
            templates.push(features.row(lines.said(index), &mut scratch, &mut row));
            rows.push(&row, 1);
            is_anomalous.push(lines.is_anomalous(index));
        }
        let lesson = Lesson {
            rows: &rows,
            is_anomalous: &is_anomalous,
            templates: &templates,
            known: features.templates(),
            seed,
        };
        let mut judges = Vec::new();
        for judge in Judge::all() {
            ensure_wanted(observer)?;
            let started = Instant::now();
            let fitted = judge.fit(&lesson).map_err(|unfit| untaught(judge, unfit))?;
            judges.push((judge, fitted, started.elapsed().as_secs_f64()));
        }
        let mut tallies: Vec<[Tally; 2]> = judges.iter().map(|_| Default::default()).collect();
        let mut new_templates = 0;
        for index in test {
            let said = lines.said(index);
            let template = features.row(said, &mut scratch, &mut row);
            new_templates += u64::from(template.is_none());
            let subject = Subject {
                said,
                row: &row,
                template,
            };
            let label = lines.is_anomalous(index);
            for ((_, fitted, _), [all, new]) in judges.iter().zip(&mut tallies) {
                let verdict = fitted.judge(&subject);
                all.add(verdict, label);
                if template.is_none() {
                    new.add(verdict, label);
                }
            }
            ensure_wanted(observer)?;
        }
        let outcomes = judges.into_iter().zip(tallies);
        let outcome = |((judge, fitted, fit_seconds), [all, new]): ((Judge, Fitted, f64), [Tally; 2])| Outcome {
            judge,
            fitted,
            fit_seconds,
            figures: all.figures(),
            of_new_templates: new.figures(),
        };
        Ok(Self {
            outcomes: outcomes.map(outcome).collect(),
            features,
            rows,
            is_anomalous,
            new_templates,
        })
    }
}

fn untaught(judge: Judge, unfit: Unfit) -> Error {
    Error::run(
        format!("{} cannot learn: {unfit}", judge.name()),
        "give more lines of both classes, or a larger `data.split.train`",
    )
}

/// At most [`MOST_ROWS`] indices of a range, evenly spread.
fn spread(range: Range<usize>) -> impl Iterator<Item = usize> {
    let (start, all) = (range.start, range.len());
    let wanted = all.min(MOST_ROWS);
    (0..wanted).map(move |i| start + i * all / wanted)
}
