//! The results as files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use evaluation::{
    Explanation, Label, Metrics, ReportInput, Texts, most_anomalous, plots, report_html, report_markdown,
};
use sequence_windowing::KeyName;

use super::{Judged, caveats};
use crate::error::{Error, Result};
use crate::output::{create_folder, write_atomically};

/// Writes everything and gives the path of the report and one session to show.
pub(super) fn write(judged: &Judged<'_>, metrics: &Metrics, out: &Path) -> Result<(PathBuf, Option<Explanation>)> {
    let failed = |error: evaluation::EvaluationError| Error::run(error.to_string(), "");
    let plots = plots(std::slice::from_ref(metrics)).map_err(failed)?;
    create_folder(&out.join("plots"))?;
    for plot in &plots {
        for (extension, bytes) in [("svg", plot.svg.as_bytes()), ("png", &plot.png)] {
            let path = out.join("plots").join(format!("{}.{extension}", plot.name));
            write_atomically(&path, |file| file.write_all(bytes))?;
        }
    }
    let explanations = explain(judged)?;
    let flagged = judged.deeplog.iter().filter(|verdict| verdict.is_anomalous()).count() as u64;
    let caveats = caveats::of(judged, metrics);
    let input = ReportInput {
        metrics,
        caveats: &caveats,
        plots: &plots,
        explanations: &explanations,
        flagged,
    };
    let report = out.join("report.html");
    write_atomically(&report, |file| file.write_all(report_html(&input).as_bytes()))?;
    write_atomically(&out.join("report.md"), |file| {
        file.write_all(report_markdown(&input).as_bytes())
    })?;
    write_atomically(&out.join("metrics.json"), |file| {
        serde_json::to_writer_pretty(&mut *file, metrics)?;
        file.write_all(b"\n")
    })?;
    write_atomically(&out.join("verdicts.jsonl"), |file| {
        for verdict in &judged.deeplog {
            serde_json::to_writer(&mut *file, verdict)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    })?;
    Ok((report, example(explanations)))
}

fn explain(judged: &Judged<'_>) -> Result<Vec<Explanation>> {
    let shown = most_anomalous(&judged.deeplog);
    let sessions = || shown.iter().map(|&i| &judged.corpus.test[i]);
    let lines: BTreeSet<u64> = sessions()
        .flat_map(|session| &session.events)
        .map(|event| event.line)
        .collect();
    let texts = Book {
        templates: &judged.corpus.templates,
        lines: judged.corpus.texts(&lines)?,
    };
    let explain = |&i: &usize| {
        Explanation::of(
            &judged.deeplog[i],
            &judged.corpus.test[i].events,
            judged.corpus.labels[i],
            &texts,
        )
    };
    Ok(shown.iter().map(explain).collect())
}

/// The flagged session that shows most at a glance: rightly flagged where that is known, left by a known key with
/// expectations to compare, and short.
fn example(explanations: Vec<Explanation>) -> Option<Explanation> {
    explanations.into_iter().min_by_key(|explanation| {
        let decisive = explanation.decisive();
        let expects = decisive.is_some_and(|(step, departure)| step.is_some() && departure.rank.is_some());
        (
            explanation.label == Some(Label::Normal),
            !expects,
            explanation.steps.len(),
        )
    })
}

/// Texts of templates and lines.
pub(crate) struct Book<'b> {
    pub(crate) templates: &'b BTreeMap<KeyName, String>,
    pub(crate) lines: BTreeMap<u64, String>,
}

impl Texts for Book<'_> {
    fn template(&self, key: &KeyName) -> Option<String> {
        self.templates.get(key).cloned()
    }

    fn line(&self, number: u64) -> Option<String> {
        self.lines.get(&number).cloned()
    }
}
