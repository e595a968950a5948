//! The checks of a leak audit, as tables.

use super::html::table;
use crate::{Check, escape, escape_markdown};

/// The checks as an HTML table.
#[must_use]
pub fn audit_html(checks: &[Check]) -> String {
    let row = |check: &Check| {
        let word = check.outcome.word();
        [
            escape(&check.name),
            format!("<span class=\"{word}\">{word}</span>"),
            escape(&check.finding),
        ]
    };
    let rows: Vec<_> = checks.iter().map(row).collect();
    format!(
        "<p class=\"quiet\">What may make the figures better than they are.</p>\n<div class=\"prose\">{}</div>\n",
        table(["check", "outcome", "finding"], &rows)
    )
}

/// The checks as a Markdown table.
#[must_use]
pub fn audit_markdown(checks: &[Check]) -> String {
    let row = |check: &Check| {
        format!(
            "| {} | {} | {} |\n",
            escape_markdown(&check.name),
            check.outcome.word(),
            escape_markdown(&check.finding)
        )
    };
    let rows: String = checks.iter().map(row).collect();
    format!("| check | outcome | finding |\n|---|---|---|\n{rows}")
}
