//! The confusion as a picture.

use super::canvas::{Align, BLUE, GREY, INK, PAPER, Page, VERMILION};
use super::chart::{TEXT_SIZE, heading};
use crate::Metrics;
use crate::number::{count, share};
use crate::table::population;

/// What it is called.
pub(super) const TITLE: &str = "Verdicts and labels";

const LEFT: i32 = 420;
const TOP: i32 = 300;
const CELL: (i32, i32) = (640, 390);

/// A row for each label, a column for each verdict; the shade is the share of the row.
pub(super) fn compose(run: &Metrics) -> Page {
    let mut page = Page::default();
    let confusion = run.detector.test.confusion;
    heading(
        &mut page,
        TITLE,
        &format!("{}: {}", run.experiment.name, population(confusion)),
    );
    for (column, name) in ["passed", "flagged"].into_iter().enumerate() {
        page.text(
            name,
            (LEFT + CELL.0 * column as i32 + CELL.0 / 2, TOP - 44),
            32,
            INK,
            Align::Centre,
        );
    }
    let rows = [
        (
            "normal",
            confusion.normal(),
            [confusion.true_negatives, confusion.false_positives],
            [BLUE, VERMILION],
        ),
        (
            "anomalous",
            confusion.anomalous(),
            [confusion.false_negatives, confusion.true_positives],
            [VERMILION, BLUE],
        ),
    ];
    for (row, (name, sessions, cells, colours)) in rows.into_iter().enumerate() {
        let top = TOP + CELL.1 * row as i32;
        let middle = top + CELL.1 / 2;
        page.text(name, (LEFT - 36, middle - 24), TEXT_SIZE + 4, INK, Align::Right);
        page.text(
            &count(sessions),
            (LEFT - 36, middle + 26),
            TEXT_SIZE,
            GREY,
            Align::Right,
        );
        for (column, (cell, colour)) in cells.into_iter().zip(colours).enumerate() {
            let left = LEFT + CELL.0 * column as i32;
            let part = if sessions > 0 {
                cell as f64 / sessions as f64
            } else {
                0.0
            };
            page.rectangle(
                [(left + 4, top + 4), (left + CELL.0 - 4, top + CELL.1 - 4)],
                colour,
                0.08 + 0.82 * part,
            );
            let ink = if part > 0.5 { PAPER } else { INK };
            let centre = left + CELL.0 / 2;
            page.text(&count(cell), (centre, middle - 26), 64, ink, Align::Centre);
            page.text(
                &format!("{} of the row", share(part)),
                (centre, middle + 48),
                TEXT_SIZE,
                ink,
                Align::Centre,
            );
        }
    }
    page.text(
        "blue: right, orange: wrong",
        (LEFT, TOP + 2 * CELL.1 + 48),
        TEXT_SIZE,
        GREY,
        Align::Left,
    );
    page
}
