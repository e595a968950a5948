//! The report in short, as Markdown.

use sequence_windowing::KeyName;

use super::audit::audit_markdown;
use super::{DATA_HEAD, ReportInput, data_rows, timing_rows};
use crate::budget_tables::{BUDGET_NOTE, budget_rows};
use crate::kind_tables::{KIND_NOTE, kind_tables};
use crate::number::{count, p_value, rate};
use crate::table::{ablation_rows, rows_markdown};
use crate::wording::{Wording, is_at_limit, key_words, parts_sentence};
use crate::{Explanation, escape_markdown, results_markdown};

/// Sessions that are named.
const SESSIONS: usize = 10;

/// The results, the caveats, the reasons and the sessions with the highest scores, as Markdown.
#[must_use]
pub fn report_markdown(input: &ReportInput<'_>) -> String {
    let metrics = input.metrics;
    let mut text = format!(
        "# {}\n\n{}\n\nTest: {}; seed {}.\n\n{}",
        escape_markdown(&metrics.experiment.name),
        escape_markdown(&metrics.experiment.description),
        metrics.test_population(),
        metrics.seed,
        if metrics.has_labels() {
            results_markdown(metrics)
        } else {
            String::new()
        },
    );
    if let Some(rows) = budget_rows(metrics) {
        text += &format!(
            "\n## Stated against achieved budgets\n\n{}\n{BUDGET_NOTE}\n",
            crate::table::markdown(&rows, 1)
        );
    }
    if !metrics.ablation.is_empty() {
        let rows = ablation_rows(metrics);
        text += &format!("\n## What each part adds\n\n{}", rows_markdown(metrics, rows));
    }
    if !input.caveats.is_empty() {
        text += "\n## How to read the figures\n\n";
        text.extend(
            input
                .caveats
                .iter()
                .map(|caveat| format!("- {}\n", escape_markdown(caveat))),
        );
    }
    if !metrics.audit.is_empty() {
        text += &format!("\n## Leak audit\n\n{}", audit_markdown(&metrics.audit));
    }
    for (index, table) in kind_tables(metrics).into_iter().enumerate() {
        if index == 0 {
            text += &format!("\n{KIND_NOTE}\n");
        }
        text += &format!("\n## {}\n\n{}", table.title, crate::table::markdown(&table.rows, 1));
    }
    let reasons = metrics.detector.by_reason.iter().map(|(name, sessions)| {
        [
            escape_markdown(name),
            count(sessions.true_positives),
            count(sessions.false_positives),
        ]
    });
    if metrics.has_labels() {
        text += "\n## Why sessions were flagged\n\n";
        text += &table(["reason", "anomalous (tp)", "normal (fp)"], reasons);
    }
    let shown = &input.explained()[..input.explained().len().min(SESSIONS)];
    text += &format!("\n## Flagged sessions\n\n{}\n\n", input.flagged_sentence(shown.len()));
    let sessions = shown.iter().map(|explanation| {
        let session: String = explanation.session.chars().take(100).collect();
        [
            escape_markdown(&session),
            rate(Some(explanation.score)),
            what_happened(explanation),
        ]
    });
    text += &table(["session", "score", "what happened"], sessions);
    text += "\n## Data and time\n\n";
    text += &table(DATA_HEAD, data_rows(metrics).into_iter());
    text.push('\n');
    text + &table(["stage", "time", "rate"], timing_rows(metrics).into_iter())
}

/// The headline, and where there are p-values, how rare the session is and what would have had to differ.
fn what_happened(explanation: &Explanation) -> String {
    let mut text = escape_markdown(&explanation.headline());
    if let Some(value) = explanation.p_value {
        text += &format!("; p-value {}", escape_markdown(&p_value(value)));
    }
    let template = |key: &KeyName| explanation.templates.get(key).map(String::as_str);
    let name = |key: &KeyName| escape_markdown(&key_words(key, template(key)));
    let wording = Wording { name: &name };
    let alone = explanation.parts.iter().filter(|part| is_at_limit(part));
    let pass: Vec<String> = alone
        .filter_map(|part| Some(wording.instead_at_its_place(part.worst.as_ref()?)))
        .collect();
    if !pass.is_empty() {
        text += &format!("; accepted, {}", pass.join(", and "));
    } else if !explanation.parts.is_empty() {
        text += &format!("; {}", parts_sentence(&explanation.parts, true));
    }
    text
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    text.extend(rows.map(|row| format!("| {} |\n", row.join(" | "))));
    text
}
