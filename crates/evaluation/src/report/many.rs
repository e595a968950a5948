//! The report of several runs of one experiment.

use super::audit::{audit_html, audit_markdown};
use super::html::{plain_table, section};
use super::page::html_page;
use crate::budget_tables::{BUDGET_NOTE, averaged_budget_rows};
use crate::series_tables::{ablation_rows, grid_rows, kind_rows, series_rows};
use crate::table::markdown;
use crate::{Grid, Plot, RunReference, Series, escape, escape_markdown, grid_markdown, series_markdown};

/// What a report on several runs is about.
#[derive(Clone, Copy, Debug)]
pub enum Many<'a> {
    /// Several seeds.
    Seeds(&'a Series),
    /// Several settings.
    Settings(&'a Grid),
}

const WARNING: &str = "The best row of a table is chosen on the test sessions: as a result it is an upper bound. Choose a setting by \
                       what it is for, or by validation loss, and report it alone.";

impl Many<'_> {
    fn experiment(&self) -> &crate::Experiment {
        match self {
            Self::Seeds(series) => &series.experiment,
            Self::Settings(grid) => &grid.experiment,
        }
    }

    fn rows(&self) -> Vec<Vec<String>> {
        match self {
            Self::Seeds(series) => series_rows(series),
            Self::Settings(grid) => grid_rows(grid),
        }
    }

    fn cells(&self) -> &[Series] {
        match self {
            Self::Seeds(series) => std::slice::from_ref(series),
            Self::Settings(grid) => &grid.cells,
        }
    }

    fn summary(&self) -> String {
        let runs: usize = self.cells().iter().map(|cell| cell.runs.len()).sum();
        match self {
            Self::Seeds(_) => format!("{runs} seeds: means ± standard deviation"),
            Self::Settings(grid) => format!(
                "{} settings, {runs} runs: means ± standard deviation over the seeds",
                grid.cells.len()
            ),
        }
    }
}

/// The report on several runs as one HTML file, with links to the reports of the runs.
#[must_use]
pub fn many_html(many: Many<'_>, plots: &[Plot]) -> String {
    let experiment = many.experiment();
    let mut page = format!(
        "<header>\n<h1>{}</h1>\n<p>{}</p>\n<p class=\"quiet\">{}</p>\n</header>\n",
        escape(&experiment.name),
        escape(&experiment.description),
        escape(&many.summary())
    );
    page += &section("many", "Results", &plain_table(&many.rows()));
    match many {
        Many::Seeds(series) => {
            if let Some(rows) = averaged_budget_rows(series) {
                let content = format!("{}<p class=\"quiet\">{BUDGET_NOTE}</p>\n", plain_table(&rows));
                page += &section("budgets", "Stated against achieved budgets", &content);
            }
            if let Some(rows) = ablation_rows(series) {
                page += &section("ablation", "What each part adds", &plain_table(&rows));
            }
            if let Some(rows) = kind_rows(series) {
                page += &section("kinds", "Recall by kind of fault", &plain_table(&rows));
            }
        }
        Many::Settings(_) => page += &format!("<p class=\"quiet\">{WARNING}</p>\n"),
    }
    if !plots.is_empty() {
        let figures: String = plots
            .iter()
            .map(|plot| format!("<figure>{}</figure>\n", plot.svg))
            .collect();
        let figures = format!("<div class=\"figures\">\n{figures}</div>\n");
        page += &section("curves", "Curves", &figures);
    }
    if let Some(first) = many.cells().first()
        && !first.audit.is_empty()
    {
        page += &section("audit", "Leak audit of the first run", &audit_html(&first.audit));
    }
    page += "<section id=\"runs\">\n<h2>Runs</h2>\n<ul>\n";
    for cell in many.cells() {
        let links: Vec<String> = cell.runs.iter().map(link).collect();
        let settings: Vec<String> = cell
            .settings
            .iter()
            .map(|(field, value)| format!("{field} = {value}"))
            .collect();
        let settings = match settings.is_empty() {
            true => String::new(),
            false => format!("{}: ", escape(&settings.join(", "))),
        };
        page += &format!("<li>{settings}{}</li>\n", links.join(", "));
    }
    page += "</ul>\n</section>\n";
    html_page(&format!("{}: several runs", experiment.name), "", None, &page)
}

/// The folder's name is made of letters, digits and a few signs, so it is an address as it stands.
fn link(run: &RunReference) -> String {
    format!("<a href=\"{}/report.html\">seed {}</a>", escape(&run.folder), run.seed)
}

/// The report on several runs, as Markdown.
#[must_use]
pub fn many_markdown(many: Many<'_>) -> String {
    let experiment = many.experiment();
    let table = match many {
        Many::Seeds(series) => {
            let budgets = averaged_budget_rows(series).map(|rows| {
                let table = crate::table::markdown(&rows, 1);
                format!("\n## Stated against achieved budgets\n\n{table}\n{BUDGET_NOTE}\n")
            });
            let kinds = kind_rows(series).map(|rows| markdown(&rows, 1));
            let kinds = kinds.map(|table| format!("\n## Recall by kind of fault\n\n{table}"));
            let ablation = ablation_rows(series);
            let ablation = ablation.map(|rows| format!("\n## What each part adds\n\n{}", markdown(&rows, 1)));
            let parts = [Some(series_markdown(series)), budgets, ablation, kinds];
            parts.into_iter().flatten().collect()
        }
        Many::Settings(grid) => format!("{}\n{WARNING}\n", grid_markdown(grid)),
    };
    let audit = many.cells().first().filter(|cell| !cell.audit.is_empty());
    let audit = audit.map_or_else(String::new, |first| {
        format!("\n## Leak audit of the first run\n\n{}", audit_markdown(&first.audit))
    });
    format!(
        "# {}\n\n{}\n\n{}\n\n{table}{audit}",
        escape_markdown(&experiment.name),
        escape_markdown(&experiment.description),
        escape_markdown(&many.summary())
    )
}
