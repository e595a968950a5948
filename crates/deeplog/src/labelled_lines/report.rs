//! The results of a run on labelled lines as text, Markdown and HTML.

mod table;

use evaluation::number::{count, rate, seconds, share};
use evaluation::{audit_html, audit_markdown, escape, escape_markdown, html_page, visible};

use super::figures::{LineFigures, LineMetrics, LinePart, Measured};
use super::model::LineVerdict;
use super::run::Wrong;
use table::Table;

/// Characters of a line that are shown.
const LONGEST: usize = 300;

const STYLE: &str = ".lines td { white-space: nowrap; }
.lines .text { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 12em; }
";

/// The results for a terminal.
pub(super) fn text(metrics: &LineMetrics) -> String {
    let population = population(metrics);
    format!(
        "{population}\n\n{}\nchosen by cross-validation: {}",
        results(metrics).text(),
        metrics.chosen
    )
}

/// The table of results alone.
pub(super) fn results_markdown(metrics: &LineMetrics) -> String {
    results(metrics).markdown()
}

pub(super) fn markdown(metrics: &LineMetrics, wrong: &Wrong) -> String {
    let mut page = format!("# {}\n\n", escape_markdown(&metrics.experiment.name));
    if !metrics.experiment.description.is_empty() {
        page += &format!("{}\n\n", escape_markdown(&metrics.experiment.description));
    }
    page += &format!(
        "{}\n\n## Results\n\n{}\n{}\n",
        population(metrics),
        results(metrics).markdown(),
        notes(metrics)
    );
    let caveats = caveats(metrics);
    if !caveats.is_empty() {
        page += "\n## How to read the figures\n\n";
    }
    for caveat in caveats {
        page += &format!("- {}\n", escape_markdown(&caveat));
    }
    page += &format!("\n## Leak audit\n\n{}", audit_markdown(&metrics.audit));
    for (title, table) in further(metrics, wrong) {
        page += &format!("\n## {title}\n\n{}", table.markdown());
    }
    page
}

pub(super) fn html(metrics: &LineMetrics, wrong: &Wrong) -> String {
    let mut page = format!("<header>\n<h1>{}</h1>\n", escape(&metrics.experiment.name));
    if !metrics.experiment.description.is_empty() {
        page += &format!("<p>{}</p>\n", escape(&metrics.experiment.description));
    }
    page += &format!(
        "<p class=\"quiet\">{}; seed {}</p>\n</header>\n",
        escape(&population(metrics)),
        metrics.seed
    );
    let section =
        |title: &str, content: &str| format!("<section class=\"lines\">\n<h2>{title}</h2>\n{content}</section>\n");
    let notes = format!("<p class=\"quiet\">{}</p>\n", escape(&notes(metrics)));
    page += &section("Results", &format!("{}{notes}", results(metrics).html()));
    let items: String = caveats(metrics)
        .iter()
        .map(|caveat| format!("<li>{}</li>\n", escape(caveat)))
        .collect();
    if !items.is_empty() {
        page += &section("How to read the figures", &format!("<ul>\n{items}</ul>\n"));
    }
    page += &format!(
        "<section>\n<h2>Leak audit</h2>\n{}</section>\n",
        audit_html(&metrics.audit)
    );
    for (title, table) in further(metrics, wrong) {
        page += &section(title, &table.html());
    }
    html_page(
        &format!("{}: labelled lines", metrics.experiment.name),
        STYLE,
        None,
        &page,
    )
}

fn population(metrics: &LineMetrics) -> String {
    let part = |what: &str, part: LinePart| {
        let of_them = share(part.anomalous as f64 / part.lines.max(1) as f64);
        format!(
            "{what} {} lines, {} anomalous ({of_them})",
            count(part.lines),
            count(part.anomalous)
        )
    };
    let data = &metrics.data;
    format!(
        "{}; {}",
        part("learnt from the first", data.train),
        part("tested on the other", data.test)
    )
}

fn notes(metrics: &LineMetrics) -> String {
    format!(
        "Learnt models first, by their F1 in cross-validation; {} was chosen by it, and the test lines had no say. Below \
         them are rules without learning. AP: average precision, which needs no threshold.",
        metrics.chosen
    )
}

/// By F1 in cross-validation, the best first.
fn ranked<'m>(found: impl IntoIterator<Item = (&'m String, &'m Measured)>) -> Vec<(&'m String, &'m Measured)> {
    let mut found: Vec<_> = found.into_iter().collect();
    let key = |measured: &Measured| measured.cross_validated.f1.unwrap_or(-1.0);
    found.sort_by(|left, right| key(right.1).total_cmp(&key(left.1)).then(left.0.cmp(right.0)));
    found
}

fn results(metrics: &LineMetrics) -> Table {
    let row = |(name, measured): (&String, &Measured)| {
        let LineFigures {
            confusion,
            accuracy,
            precision,
            recall,
            f1,
            average_precision,
            ..
        } = measured.test;
        let mark = if *name == metrics.chosen { " (chosen)" } else { "" };
        let mut row = vec![format!("{name}{mark}"), rate(measured.cross_validated.f1)];
        row.extend(
            [
                confusion.true_positives,
                confusion.false_positives,
                confusion.false_negatives,
                confusion.true_negatives,
            ]
            .map(count),
        );
        row.extend([accuracy, precision, recall, f1, average_precision].map(rate));
        row.push(seconds(measured.fit_seconds));
        row
    };
    let models = ranked(&metrics.models).into_iter().chain(ranked(&metrics.baselines));
    Table {
        head: vec![
            "model",
            "F1 in folds",
            "tp",
            "fp",
            "fn",
            "tn",
            "accuracy",
            "precision",
            "recall",
            "F1",
            "AP",
            "learning",
        ],
        rows: models.map(row).collect(),
        texts: 0,
    }
}

/// What has to be known before a figure is believed.
fn caveats(metrics: &LineMetrics) -> Vec<String> {
    let data = &metrics.data;
    let mut caveats = Vec::new();
    let f1 = |found: Option<&Measured>| found.and_then(|found| found.test.f1).unwrap_or(0.0);
    let rival = metrics
        .baselines
        .iter()
        .max_by(|left, right| f1(Some(left.1)).total_cmp(&f1(Some(right.1))));
    if data.test.anomalous > 0
        && let Some((name, rival)) = rival
        && f1(Some(rival)) >= metrics.test.f1.unwrap_or(0.0)
    {
        caveats.push(format!(
            "The rule `{name}`, which learns nothing of features, does as well as the chosen model or better (F1 {}).",
            rate(rival.test.f1)
        ));
    }
    let held = || data.folds.iter().filter(|fold| !fold.left_out);
    let left_out = data.folds.len() - held().count();
    if left_out > 0 {
        caveats.push(format!(
            "{left_out} of {} folds are left out: the lines before them are of one class.",
            data.folds.len()
        ));
    }
    if data.learnt_from < data.train.lines {
        caveats.push(format!(
            "Models were given {} of the {} training lines, evenly spread; templates and their shares are of all.",
            count(data.learnt_from),
            count(data.train.lines)
        ));
    }
    for (what, number) in &data.counters {
        caveats.push(format!("{} {}.", count(*number), what.replace('_', " ")));
    }
    caveats
}

fn further(metrics: &LineMetrics, wrong: &Wrong) -> Vec<(&'static str, Table)> {
    let mut found = Vec::new();
    if metrics.data.test_lines_of_new_templates > 0 {
        found.push((
            "Test lines of templates that no training line has",
            new_templates(metrics),
        ));
    }
    found.push(("Folds", folds(metrics)));
    found.push(("What the chosen model weighs", features(metrics)));
    let wrong = [
        ("Anomalous lines that were missed", &wrong.missed),
        ("False alarms", &wrong.false_alarms),
    ];
    let shown = wrong.into_iter().filter(|(_, verdicts)| !verdicts.is_empty());
    found.extend(shown.map(|(title, verdicts)| (title, lines(verdicts))));
    found
}

fn new_templates(metrics: &LineMetrics) -> Table {
    let row = |(name, measured): (&String, &Measured)| {
        let LineFigures {
            confusion,
            precision,
            recall,
            f1,
            average_precision,
            ..
        } = measured.test_new_templates;
        let mut row = vec![name.clone()];
        row.extend(
            [
                confusion.true_positives,
                confusion.false_positives,
                confusion.false_negatives,
            ]
            .map(count),
        );
        row.extend([precision, recall, f1, average_precision].map(rate));
        row
    };
    let models = ranked(&metrics.models).into_iter().chain(ranked(&metrics.baselines));
    Table {
        head: vec!["model", "tp", "fp", "fn", "precision", "recall", "F1", "AP"],
        rows: models.map(row).collect(),
        texts: 0,
    }
}

fn folds(metrics: &LineMetrics) -> Table {
    let chosen = metrics.models.get(&metrics.chosen);
    let mut figures = chosen.map_or(&[][..], |chosen| &chosen.folds).iter();
    let row = |(number, fold): (usize, &super::Fold)| {
        let figures = (!fold.left_out).then(|| figures.next()).flatten();
        let mut row = vec![(number + 1).to_string()];
        row.extend(
            [
                fold.train.lines,
                fold.train.anomalous,
                fold.test.lines,
                fold.test.anomalous,
            ]
            .map(count),
        );
        row.push(figures.map_or_else(|| "left out".into(), |figures| count(figures.confusion.true_positives)));
        row.push(figures.map_or_else(String::new, |figures| count(figures.confusion.false_positives)));
        row.push(rate(figures.and_then(|figures| figures.f1)));
        row
    };
    Table {
        head: vec![
            "fold",
            "lines before",
            "anomalous",
            "lines judged",
            "anomalous",
            "tp",
            "fp",
            "F1",
        ],
        rows: metrics.data.folds.iter().enumerate().map(row).collect(),
        texts: 0,
    }
}

fn features(metrics: &LineMetrics) -> Table {
    let row = |weight: &super::FeatureWeight| {
        vec![
            shown(&weight.name),
            format!("{:+.4}", weight.anomalous),
            format!("{:+.4}", weight.normal),
        ]
    };
    Table {
        head: vec!["feature", "on anomalous lines", "on normal lines"],
        rows: metrics.features.iter().map(row).collect(),
        texts: 0,
    }
}

fn lines(verdicts: &[LineVerdict]) -> Table {
    let row = |verdict: &LineVerdict| {
        let because = verdict.because.iter().map(|reason| shown(&reason.feature));
        vec![
            verdict.line.to_string(),
            format!("{:.4}", verdict.score),
            because.collect::<Vec<_>>().join("; "),
            shown(&verdict.text),
        ]
    };
    Table {
        head: vec!["line", "score", "spoke for the verdict", "message"],
        rows: verdicts.iter().map(row).collect(),
        texts: 2,
    }
}

/// A text of the log, of bearable length and with nothing invisible in it.
fn shown(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => visible(&text[..end]) + "…",
        None => visible(text),
    }
}
