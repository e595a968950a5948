//! The result table, for terminals and for Markdown.

use crate::kind_tables::KindTable;
use crate::number::{count, optional_seconds, rate, share};
use crate::{ChosenOn, Confusion, Metrics, Natural, Scores};

/// A detector's row, whichever it is.
pub(crate) struct Row<'a> {
    pub(crate) name: String,
    pub(crate) test: &'a Scores,
    pub(crate) natural: Option<&'a Natural>,
    pub(crate) distinct: &'a Scores,
    /// Wall-clock seconds of learning and judging.
    pub(crate) seconds: Option<f64>,
}

/// The detector's name. A setting that was chosen on the test sessions is called so wherever its figures stand.
pub(crate) fn main_name(metrics: &Metrics) -> String {
    let oracle = if metrics.operating_point.chosen_on == ChosenOn::Oracle {
        " (oracle)"
    } else {
        ""
    };
    format!("deeplog{oracle}")
}

/// The detector, then the rivals by name.
pub(crate) fn rows(metrics: &Metrics) -> Vec<Row<'_>> {
    let (main, timings) = (&metrics.detector, &metrics.timings);
    let first = Row {
        name: main_name(metrics),
        test: &main.test,
        natural: main.natural.as_ref(),
        distinct: &main.distinct,
        seconds: timings
            .train
            .zip(timings.detect)
            .map(|(train, detect)| train.seconds + detect.seconds),
    };
    let rivals = metrics.baselines.iter().map(|(name, rival)| Row {
        name: crate::visible(name),
        test: &rival.test,
        natural: rival.natural.as_ref(),
        distinct: &rival.distinct,
        seconds: timings
            .baselines
            .get(name)
            .map(|timing| timing.fit_seconds + timing.detect_seconds),
    });
    std::iter::once(first).chain(rivals).collect()
}

/// The sessions and the share of anomalous ones among them, in words.
pub(crate) fn population(confusion: Confusion) -> String {
    counted(confusion, "sessions")
}

/// [`population`] of distinct sequences.
pub(crate) fn distinct_population(confusion: Confusion) -> String {
    counted(confusion, "sequences")
}

fn counted(confusion: Confusion, what: &str) -> String {
    let sessions = confusion.normal() + confusion.anomalous();
    if sessions == 0 {
        return format!("no {what}");
    }
    let anomalous = share(confusion.anomalous() as f64 / sessions as f64);
    format!("{} {what}, {anomalous} anomalous", count(sessions))
}

/// The results as aligned text: as measured, at the natural prevalence, and by distinct sequence.
#[must_use]
pub fn results_table(metrics: &Metrics) -> String {
    let rows = rows(metrics);
    let head = [
        "",
        "tp",
        "fp",
        "tn",
        "fn",
        "precision",
        "recall",
        "F1",
        "AP",
        "false alarms",
        "time",
    ];
    let mut table: Vec<Vec<String>> = vec![head.map(str::to_owned).to_vec()];
    let heading = |text: String| vec![text];
    let scored = |row: &Row<'_>, scores: &Scores| {
        let Confusion {
            true_positives,
            false_positives,
            true_negatives,
            false_negatives,
        } = scores.confusion;
        let counts = [true_positives, false_positives, true_negatives, false_negatives].map(count);
        let rates = [
            scores.rates.precision,
            scores.rates.recall,
            scores.rates.f1,
            scores.average_precision,
        ];
        let mut cells = vec![format!("  {}", row.name)];
        cells.extend(counts);
        cells.extend(rates.map(rate));
        cells.push(rate(scores.rates.false_alarm_rate));
        cells.push(optional_seconds(row.seconds));
        cells
    };
    table.push(heading(format!(
        "as measured: {}",
        population(metrics.detector.test.confusion)
    )));
    table.extend(rows.iter().map(|row| scored(row, row.test)));
    if let Some(natural) = &metrics.detector.natural {
        table.push(heading(format!(
            "weighted to a natural share of {} anomalous",
            share(natural.prevalence)
        )));
        for row in &rows {
            let Some(natural) = row.natural else { continue };
            let rates = [
                natural.precision,
                row.test.rates.recall,
                natural.f1,
                natural.average_precision,
            ];
            let mut cells = vec![format!("  {}", row.name)];
            cells.extend(std::iter::repeat_n(String::new(), 4));
            cells.extend(rates.map(rate));
            cells.push(rate(row.test.rates.false_alarm_rate));
            cells.push(optional_seconds(row.seconds));
            table.push(cells);
        }
    }
    table.push(heading(format!(
        "distinct sequences, once each: {}",
        distinct_population(metrics.detector.distinct.confusion)
    )));
    table.extend(rows.iter().map(|row| scored(row, row.distinct)));
    let mut text = align(&table);
    for KindTable { title, rows } in crate::kind_tables::kind_tables(metrics) {
        text += &format!("{}\n", title.to_lowercase());
        let indented = rows.into_iter().map(|mut row| {
            row[0].insert_str(0, "  ");
            row
        });
        text += &align(&indented.collect::<Vec<_>>());
    }
    text
}

/// The results as a Markdown table, a row for each detector.
#[must_use]
pub fn results_markdown(metrics: &Metrics) -> String {
    let natural = metrics
        .detector
        .natural
        .as_ref()
        .map(|natural| share(natural.prevalence));
    let mut head = [
        "detector",
        "tp",
        "fp",
        "precision",
        "recall",
        "F1",
        "AP",
        "false alarms",
    ]
    .map(str::to_owned)
    .to_vec();
    if let Some(prevalence) = &natural {
        head.extend(["precision", "F1", "AP"].map(|name| format!("{name} at {prevalence}")));
    }
    head.extend(["F1, distinct", "time"].map(str::to_owned));
    let mut text = format!("| {} |\n|---|{}\n", head.join(" | "), "---:|".repeat(head.len() - 1));
    for row in rows(metrics) {
        let rates = &row.test.rates;
        let mut cells = vec![rates.precision, rates.recall, rates.f1, row.test.average_precision];
        cells.push(rates.false_alarm_rate);
        if natural.is_some() {
            let views = row
                .natural
                .map(|view| [view.precision, view.f1, view.average_precision]);
            cells.extend(views.unwrap_or_default());
        }
        cells.push(row.distinct.rates.f1);
        let Confusion {
            true_positives,
            false_positives,
            ..
        } = row.test.confusion;
        let mut texts = [true_positives, false_positives].map(count).to_vec();
        texts.extend(cells.into_iter().map(rate));
        texts.push(optional_seconds(row.seconds));
        text += &format!("| {} | {} |\n", crate::escape_markdown(&row.name), texts.join(" | "));
    }
    text
}

/// Left-aligns the first column and right-aligns the others. Rows of one cell are headings and set no width.
fn align(table: &[Vec<String>]) -> String {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = table
            .iter()
            .filter(|row| row.len() > 1)
            .filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in table {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let padded = match column {
                0 => format!("{cell:<width$}"),
                _ => format!("  {cell:>width$}"),
            };
            line += &padded;
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}
