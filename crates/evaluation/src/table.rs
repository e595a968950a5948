//! The result table, for terminals and for Markdown.

use crate::kind_tables::kinds_at_a_glance;
use crate::number::{count, optional_seconds, rate, share};
use crate::{Baseline, ChosenOn, Confusion, Metrics, Natural, Scores};

/// A detector's row, whichever it is.
pub(crate) struct Row<'a> {
    pub(crate) name: String,
    pub(crate) test: &'a Scores,
    pub(crate) natural: Option<&'a Natural>,
    pub(crate) distinct: &'a Scores,
    pub(crate) novel: &'a Scores,
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
    format!("{MAIN}{oracle}")
}

/// What maps by detector call ours.
pub(crate) const MAIN: &str = "deeplog";

/// Wall-clock seconds of training and detecting.
pub(crate) fn seconds_of_main(metrics: &Metrics) -> Option<f64> {
    let timings = &metrics.timings;
    let both = timings.train.zip(timings.detect);
    both.map(|(train, detect)| train.seconds + detect.seconds)
}

/// Wall-clock seconds of learning and judging.
pub(crate) fn seconds_of_rival(metrics: &Metrics, name: &str) -> Option<f64> {
    let timing = metrics.timings.baselines.get(name);
    timing.map(|timing| timing.fit_seconds + timing.detect_seconds)
}

/// The detector, then the rivals by name.
pub(crate) fn rows(metrics: &Metrics) -> Vec<Row<'_>> {
    let rivals = metrics.baselines.iter();
    let rivals = rivals.map(|(name, rival)| row(name, rival, seconds_of_rival(metrics, name)));
    std::iter::once(main_row(metrics)).chain(rivals).collect()
}

/// The detector, then what it is with some of its parts; none for detectors without parts.
pub(crate) fn ablation_rows(metrics: &Metrics) -> Vec<Row<'_>> {
    let ablated = metrics.ablation.iter();
    let ablated = ablated.map(|ablated| row(&ablated.label, &ablated.figures, None));
    let main = (!metrics.ablation.is_empty()).then(|| main_row(metrics));
    main.into_iter().chain(ablated).collect()
}

fn main_row(metrics: &Metrics) -> Row<'_> {
    let main = &metrics.detector;
    Row {
        name: main_name(metrics),
        test: &main.test,
        natural: main.natural.as_ref(),
        distinct: &main.distinct,
        novel: &main.novel,
        seconds: seconds_of_main(metrics),
    }
}

fn row<'m>(name: &str, figures: &'m Baseline, seconds: Option<f64>) -> Row<'m> {
    Row {
        name: crate::visible(name),
        test: &figures.test,
        natural: figures.natural.as_ref(),
        distinct: &figures.distinct,
        novel: &figures.novel,
        seconds,
    }
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

/// The results as aligned text: as measured, then the other views, then what is found by kind of fault.
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
    let mut measured: Vec<Vec<String>> = vec![head.map(str::to_owned).to_vec()];
    measured.push(vec![format!(
        "as measured: {}",
        population(metrics.detector.test.confusion)
    )]);
    measured.extend(rows.iter().map(|row| {
        let Confusion {
            true_positives,
            false_positives,
            true_negatives,
            false_negatives,
        } = row.test.confusion;
        let mut cells = vec![format!("  {}", row.name)];
        cells.extend([true_positives, false_positives, true_negatives, false_negatives].map(count));
        let rates = row.test.rates;
        cells.extend([rates.precision, rates.recall, rates.f1, row.test.average_precision].map(rate));
        cells.push(rate(rates.false_alarm_rate));
        cells.push(optional_seconds(row.seconds));
        cells
    }));
    let mut text = align(&measured) + &align(&views(metrics, &rows));
    if let Some(table) = kinds_at_a_glance(metrics) {
        text += &align(&table);
    }
    text
}

/// The same verdicts seen in other ways: at the natural prevalence, by distinct sequence, without the sequences of training.
fn views(metrics: &Metrics, rows: &[Row<'_>]) -> Vec<Vec<String>> {
    let natural = metrics.detector.natural.as_ref();
    let mut head = vec![String::new()];
    if let Some(natural) = natural {
        let prevalence = share(natural.prevalence);
        head.extend(["precision", "F1", "AP"].map(|name| format!("{name} at {prevalence}")));
    }
    head.extend(
        [
            "F1, distinct",
            "AP, distinct",
            "recall, novel",
            "AP, novel",
            "false alarms, novel",
        ]
        .map(str::to_owned),
    );
    let heading = format!(
        "distinct, each once: {}; novel, unlike all training: {}",
        distinct_population(metrics.detector.distinct.confusion),
        population(metrics.detector.novel.confusion)
    );
    let row = |row: &Row<'_>| {
        let mut rates = Vec::new();
        if natural.is_some() {
            let view = row
                .natural
                .map(|view| [view.precision, view.f1, view.average_precision]);
            rates.extend(view.unwrap_or_default());
        }
        let novel = row.novel;
        rates.extend([row.distinct.rates.f1, row.distinct.average_precision]);
        rates.extend([
            novel.rates.recall,
            novel.average_precision,
            novel.rates.false_alarm_rate,
        ]);
        let name = format!("  {}", row.name);
        std::iter::once(name).chain(rates.into_iter().map(rate)).collect()
    };
    [head, vec![heading]].into_iter().chain(rows.iter().map(row)).collect()
}

/// The results as a Markdown table, a row for each detector.
#[must_use]
pub fn results_markdown(metrics: &Metrics) -> String {
    rows_markdown(metrics, rows(metrics))
}

/// Any rows as a Markdown table of results.
pub(crate) fn rows_markdown(metrics: &Metrics, rows: Vec<Row<'_>>) -> String {
    let prevalence = metrics.detector.natural.as_ref().map(|natural| natural.prevalence);
    let row = |row: Row<'_>| {
        let rates = &row.test.rates;
        let mut figures = vec![rates.precision, rates.recall, rates.f1, row.test.average_precision];
        figures.push(rates.false_alarm_rate);
        if prevalence.is_some() {
            let views = row
                .natural
                .map(|view| [view.precision, view.f1, view.average_precision]);
            figures.extend(views.unwrap_or_default());
        }
        figures.extend([row.distinct.rates.f1, row.novel.rates.false_alarm_rate]);
        let confusion = row.test.confusion;
        let mut cells = vec![row.name];
        cells.extend([confusion.true_positives, confusion.false_positives].map(count));
        cells.extend(figures.into_iter().map(rate));
        cells.push(optional_seconds(row.seconds));
        cells
    };
    let rows: Vec<Vec<String>> = std::iter::once(results_head(prevalence))
        .chain(rows.into_iter().map(row))
        .collect();
    markdown(&rows, 1)
}

/// What the columns of a table of results are called, for one run or for several.
pub(crate) fn results_head(prevalence: Option<f64>) -> Vec<String> {
    let measured = [
        "detector",
        "tp",
        "fp",
        "precision",
        "recall",
        "F1",
        "AP",
        "false alarms",
    ];
    let mut head = measured.map(str::to_owned).to_vec();
    if let Some(prevalence) = prevalence {
        let prevalence = share(prevalence);
        head.extend(["precision", "F1", "AP"].map(|name| format!("{name} at {prevalence}")));
    }
    head.extend(["F1, distinct", "false alarms, novel", "time"].map(str::to_owned));
    head
}

/// Rows of text as a Markdown table, its head first. The first `names` columns are aligned left.
pub(crate) fn markdown(rows: &[Vec<String>], names: usize) -> String {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().map(|cell| crate::escape_markdown(cell)).collect();
        text += &format!("| {} |\n", cells.join(" | "));
        if index == 0 {
            text += &format!("|{}{}\n", "---|".repeat(names), "---:|".repeat(row.len() - names));
        }
    }
    text
}

/// Left-aligns the first column and right-aligns the others. Rows of one cell are headings and set no width.
pub(crate) fn align(table: &[Vec<String>]) -> String {
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
