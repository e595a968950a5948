//! The report as one HTML file.

use detection::Reason;

use super::audit::audit_html;
use super::page::html_page;
use super::sessions::{explanations, flagged_list};
use super::{DATA_HEAD, ReportInput, data_rows, timing_rows};
use crate::budget_tables::{BUDGET_NOTE, budget_rows};
use crate::kind_tables::{KIND_NOTE, KindTable, kind_tables};
use crate::number::{count, optional_seconds, rate, share};
use crate::table::{Row, ablation_rows, distinct_population, population, rows};
use crate::{Interval, Metrics, Scores, escape};

/// The report as one HTML file without scripts and without anything to load: it opens from an e-mail, prints, and reads
/// on a phone. All content of the log is escaped, and characters that would not show are spelt out.
#[must_use]
pub fn report_html(input: &ReportInput<'_>) -> String {
    let metrics = input.metrics;
    let name = escape(&metrics.experiment.name);
    let mut page = format!(
        "<header>\n<h1>{name}</h1>\n<p>{}</p>\n",
        escape(&metrics.experiment.description)
    );
    page += &format!(
        "<p class=\"quiet\">{}; seed {}, device {}, {} threads, version {}</p>\n</header>\n",
        metrics.test_population(),
        metrics.seed,
        escape(&metrics.environment.device),
        metrics.environment.threads,
        escape(&metrics.environment.version),
    );
    page += &section("results", "Results", &results(metrics));
    if let Some(rows) = budget_rows(metrics) {
        let content = format!("{}<p class=\"quiet\">{BUDGET_NOTE}</p>\n", plain_table(&rows));
        page += &section("budgets", "Stated against achieved budgets", &content);
    }
    if !metrics.ablation.is_empty() {
        page += &section("ablation", "What each part adds", &ablation(metrics));
    }
    if !input.caveats.is_empty() {
        let items: String = input
            .caveats
            .iter()
            .map(|caveat| format!("<li>{}</li>\n", escape(caveat)))
            .collect();
        page += &section("protocol", "How to read the figures", &format!("<ul>\n{items}</ul>\n"));
    }
    if !metrics.audit.is_empty() {
        page += &section("audit", "Leak audit", &audit_html(&metrics.audit));
    }
    if !metrics.by_kind.is_empty() {
        page += &section("kinds", "By kind of fault", &kinds(metrics));
    }
    if metrics.has_labels() {
        page += &section("reasons", "Why sessions were flagged", &reasons(metrics));
    }
    page += &section("flagged", "Flagged sessions", &flagged_list(input));
    let figures: String = input
        .plots
        .iter()
        .map(|plot| format!("<figure>{}</figure>\n", plot.svg))
        .collect();
    page += &section(
        "curves",
        "Curves",
        &format!("<div class=\"figures\">\n{figures}</div>\n"),
    );
    page += &section("explanations", "Explanations", &explanations(input));
    page += &section("data", "Data and time", &data(metrics));
    let title = format!("{}: anomalies found by DeepLog", metrics.experiment.name);
    html_page(&title, "", None, &page)
}

pub(super) fn section(id: &str, title: &str, content: &str) -> String {
    format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{content}</section>\n")
}

/// A table whose cells are HTML already; the first column names the row.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    table_of(&head, rows)
}

pub(super) fn table_of<R: AsRef<[String]>>(head: &[impl AsRef<str>], rows: &[R]) -> String {
    let cells: String = head
        .iter()
        .map(|cell| format!("<th scope=\"col\">{}</th>", cell.as_ref()))
        .collect();
    let mut html = format!("<div class=\"wide\"><table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n");
    for row in rows {
        html += "<tr>";
        for (column, cell) in row.as_ref().iter().enumerate() {
            html += &match column {
                0 => format!("<th scope=\"row\">{cell}</th>"),
                _ => format!("<td>{cell}</td>"),
            };
        }
        html += "</tr>\n";
    }
    html + "</tbody></table></div>\n"
}

/// A table of plain text, its head first. Spreads are set small.
pub(super) fn plain_table(rows: &[Vec<String>]) -> String {
    let html = |cell: &String| match cell.split_once(" ± ") {
        Some((mean, spread)) => format!("{}<small>± {}</small>", escape(mean), escape(spread)),
        None => escape(cell),
    };
    let escaped = |row: &Vec<String>| row.iter().map(html).collect::<Vec<String>>();
    let rows: Vec<Vec<String>> = rows.iter().map(escaped).collect();
    let (head, rows) = rows
        .split_first()
        .map_or((&[][..], &[][..]), |(head, rows)| (head, rows));
    table_of(head, rows)
}

fn results(metrics: &Metrics) -> String {
    if !metrics.has_labels() {
        return "<p>No test session has a label, so there is nothing to measure.</p>\n".to_owned();
    }
    let rows = rows(metrics);
    let mut html = format!(
        "<h3>As measured: {}</h3>\n",
        population(metrics.detector.test.confusion)
    );
    html += &scored(&rows, |row| row.test);
    html += "<p class=\"quiet\">Small figures: 95% intervals, resampled by distinct sequence. AP: average precision, which needs no \
             threshold. False alarms: normal sessions that are flagged. Time: learning and judging.</p>\n";
    if let Some(natural) = &metrics.detector.natural {
        let weighted = |row: &Row<'_>| {
            let natural = row.natural?;
            let rates = [
                natural.precision,
                row.test.rates.recall,
                natural.f1,
                natural.average_precision,
            ];
            let [precision, recall, f1, average] = rates.map(rate);
            Some([
                escape(&row.name),
                precision,
                recall,
                f1,
                average,
                rate(row.test.rates.false_alarm_rate),
            ])
        };
        let prevalence = share(natural.prevalence);
        html += &format!("<h3>Weighted to a natural share of {prevalence} anomalous sessions</h3>\n");
        let head = ["detector", "precision", "recall", "F1", "AP", "false alarms"];
        html += &table(head, &rows.iter().filter_map(weighted).collect::<Vec<_>>());
    }
    html += &format!(
        "<h3>Each distinct sequence counted once: {}</h3>\n{}",
        distinct_population(metrics.detector.distinct.confusion),
        scored(&rows, |row| row.distinct)
    );
    if metrics.detector.novel.confusion != metrics.detector.test.confusion {
        html += &format!(
            "<h3>Without the sequences that training has: {}</h3>\n{}",
            population(metrics.detector.novel.confusion),
            scored(&rows, |row| row.novel)
        );
    }
    html + &oracle(metrics)
}

/// The detector beside what it is with some of its parts.
fn ablation(metrics: &Metrics) -> String {
    format!(
        "<p class=\"quiet\">The same sessions, judged by some parts alone or by all but one, each calibrated as the whole is.</p>\n{}",
        scored(&ablation_rows(metrics), |row| row.test)
    )
}

/// One view of some detectors as a table.
fn scored<'m>(rows: &[Row<'m>], view: impl Fn(&Row<'m>) -> &'m Scores) -> String {
    let head = [
        "detector",
        "tp",
        "fp",
        "precision",
        "recall",
        "F1",
        "AP",
        "false alarms",
        "time",
    ];
    let with_interval = |value: Option<f64>, interval: Option<Interval>| {
        let interval = interval.map_or_else(String::new, |Interval { low, high }| {
            format!("<small>{low:.3}–{high:.3}</small>")
        });
        format!("{}{interval}", rate(value))
    };
    let cells = |row: &Row<'m>| {
        let scores = view(row);
        let (rates, intervals) = (&scores.rates, &scores.intervals);
        [
            escape(&row.name),
            count(scores.confusion.true_positives),
            count(scores.confusion.false_positives),
            with_interval(rates.precision, intervals.precision),
            with_interval(rates.recall, intervals.recall),
            with_interval(rates.f1, intervals.f1),
            rate(scores.average_precision),
            rate(rates.false_alarm_rate),
            optional_seconds(row.seconds),
        ]
    };
    table(head, &rows.iter().map(cells).collect::<Vec<_>>())
}

/// The settings that the test sessions themselves would choose.
fn oracle(metrics: &Metrics) -> String {
    let best = &metrics.sweeps.oracle;
    let g = best.g.map(|point| {
        (
            format!("oracle: g = {}", point.g),
            point.precision,
            point.recall,
            point.f1,
        )
    });
    let threshold = best.threshold.map(|point| {
        (
            format!("oracle: score ≥ {:.4}", point.threshold),
            point.precision,
            point.recall,
            point.f1,
        )
    });
    let rows: Vec<_> = g
        .into_iter()
        .chain(threshold)
        .map(|(name, precision, recall, f1)| [name, rate(precision), rate(recall), rate(f1)])
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<h3>Upper bounds</h3>\n<p class=\"quiet\">Settings chosen on the test sessions themselves: what could be reached \
         at best, not results.</p>\n{}",
        table(["setting", "precision", "recall", "F1"], &rows)
    )
}

fn kinds(metrics: &Metrics) -> String {
    let html = |table: KindTable| format!("<h3>{}</h3>\n{}", table.title, plain_table(&table.rows));
    let tables: String = kind_tables(metrics).into_iter().map(html).collect();
    format!("<p class=\"quiet\">{KIND_NOTE}</p>\n{tables}")
}

fn reasons(metrics: &Metrics) -> String {
    let by_reason = &metrics.detector.by_reason;
    let words = |name: &str| serde_json::from_value(name.into()).map_or("", Reason::describe);
    let row = |(name, sessions): (&String, &crate::ReasonCount)| {
        let [tp, fp] = [sessions.true_positives, sessions.false_positives].map(count);
        [escape(name), words(name).to_owned(), tp, fp]
    };
    let rows: Vec<_> = by_reason.iter().map(row).collect();
    let lead =
        "<p class=\"quiet\">The first departure of a session decides; the counts add up to the flagged ones.</p>\n";
    format!(
        "{lead}{}",
        table(["reason", "in words", "anomalous (tp)", "normal (fp)"], &rows)
    )
}

fn data(metrics: &Metrics) -> String {
    let mut html = table(DATA_HEAD, &data_rows(metrics));
    let mut facts = vec![
        ["log keys in the vocabulary".to_owned(), count(metrics.data.keys)],
        ["training windows".to_owned(), count(metrics.data.windows)],
        [
            "distinct training windows".to_owned(),
            count(metrics.data.distinct_windows),
        ],
    ];
    facts.extend(
        metrics
            .data
            .counters
            .iter()
            .map(|(name, value)| [escape(&name.replace('_', " ")), count(*value)]),
    );
    html += &table(["counted", "number"], &facts);
    html + &table(["stage", "time", "rate"], &timing_rows(metrics))
}
