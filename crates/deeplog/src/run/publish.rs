//! The results as files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use detection::Verdict;
use evaluation::{
    Explanation, Label, Metrics, NormalSequences, Plot, ReportInput, Scored, Texts, most_anomalous, plots, report_html,
    report_markdown,
};
use sequence_windowing::KeyName;

use super::{Judged, caveats};
use crate::error::{Error, Result};
use crate::output::{create_folder, write_atomically};

/// Writes everything and gives the path of the report and one session to show.
pub(super) fn write(judged: &Judged<'_>, metrics: &Metrics, out: &Path) -> Result<(PathBuf, Option<Explanation>)> {
    let failed = |error: evaluation::EvaluationError| Error::run(error.to_string(), "");
    let plots = plots(std::slice::from_ref(metrics)).map_err(failed)?;
    write_plots(&plots, out)?;
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
    write_scores(judged, &out.join(SCORES))?;
    write_atomically(&out.join("verdicts.jsonl"), |file| {
        for verdict in &judged.deeplog {
            serde_json::to_writer(&mut *file, verdict)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    })?;
    // The last: a run whose metrics are there is whole.
    write_atomically(&out.join("metrics.json"), |file| {
        serde_json::to_writer_pretty(&mut *file, metrics)?;
        file.write_all(b"\n")
    })?;
    Ok((report, example(explanations)))
}

/// Writes pictures into `plots/`, as SVG and as PNG.
pub(super) fn write_plots(plots: &[Plot], out: &Path) -> Result<()> {
    create_folder(&out.join("plots"))?;
    for plot in plots {
        for (extension, bytes) in [("svg", plot.svg.as_bytes()), ("png", &plot.png)] {
            let path = out.join("plots").join(format!("{}.{extension}", plot.name));
            write_atomically(&path, |file| file.write_all(bytes))?;
        }
    }
    Ok(())
}

/// What every detector said of the labelled test sessions: what `deeplog compare` reads.
pub(super) const SCORES: &str = "scores.csv";
/// Behind the name of a detector, the column of its verdicts.
const FLAGGED: &str = " flagged";

/// `Session,Label,Sequence`, then for each detector its score and whether it flagged (1 or 0). Sequences have numbers.
fn write_scores(judged: &Judged<'_>, path: &Path) -> Result<()> {
    let (indices, labels) = judged.labelled();
    let sequences = judged.sequences(&indices);
    let rivals = judged.rivals.iter().map(|rival| (rival.name, &rival.verdicts));
    let detectors: Vec<(&str, &Vec<Verdict>)> = std::iter::once(("deeplog", &judged.deeplog)).chain(rivals).collect();
    write_atomically(path, |file| {
        let mut rows = csv::Writer::from_writer(file);
        let columns = detectors
            .iter()
            .flat_map(|(name, _)| [(*name).to_owned(), format!("{name}{FLAGGED}")]);
        let head = ["Session", "Label", "Sequence"]
            .map(str::to_owned)
            .into_iter()
            .chain(columns);
        rows.write_record(head)?;
        for ((&index, label), sequence) in indices.iter().zip(labels).zip(sequences) {
            rows.write_field(&*judged.test[index].id)?;
            rows.write_field(match label {
                Label::Normal => "Normal",
                Label::Anomalous => "Anomaly",
            })?;
            rows.write_field(sequence.number.to_string())?;
            for (_, verdicts) in &detectors {
                let verdict = &verdicts[index];
                rows.write_field(verdict.score.to_string())?;
                rows.write_field(if verdict.is_anomalous() { "1" } else { "0" })?;
            }
            rows.write_record(None::<&[u8]>)?;
        }
        rows.flush()
    })
}

/// What a detector said in a run, from the run's folder.
pub fn read_scores(folder: &Path, detector: &str) -> Result<Vec<Scored>> {
    let path = folder.join(SCORES);
    let foreign = |fact: String| {
        Error::run(
            format!("{}: {fact}", path.display()),
            "run the experiment again: its folder then has the scores of all detectors",
        )
    };
    let mut rows = csv::Reader::from_path(&path).map_err(|error| foreign(error.to_string()))?;
    let head = rows.headers().map_err(|error| foreign(error.to_string()))?.clone();
    let names: Vec<&str> = head.iter().skip(3).step_by(2).collect();
    let column = names.iter().position(|name| *name == detector).ok_or_else(|| {
        Error::run(
            format!("{} has no detector `{detector}`", path.display()),
            format!("it has {}", names.join(", ")),
        )
    })?;
    let column = 3 + 2 * column;
    if head.len() <= column + 1 {
        return Err(foreign(format!("the verdicts of `{detector}` are missing")));
    }
    let mut scores = Vec::new();
    for row in rows.records() {
        let row = row.map_err(|error| foreign(error.to_string()))?;
        let score: f64 = row[column].parse().unwrap_or(f64::NAN);
        let sequence = row[2].parse();
        let label = match &row[1] {
            "Normal" => Some(Label::Normal),
            "Anomaly" => Some(Label::Anomalous),
            _ => None,
        };
        let (Ok(sequence), Some(label), true) = (sequence, label, score.is_finite()) else {
            return Err(foreign(format!("line {} does not fit", scores.len() + 2)));
        };
        scores.push(Scored {
            session: row[0].to_owned(),
            label,
            sequence,
            flagged: &row[column + 1] == "1",
            score,
        });
    }
    Ok(scores)
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
    let training = judged.training;
    let normal = training.train.iter().chain(&training.validation).map(|session| {
        let keys = session
            .events
            .iter()
            .map(|event| training.vocabulary.name_of(&event.key));
        (&session.id, keys)
    });
    let normal = NormalSequences::of(normal);
    let explain = |&i: &usize| {
        let events = &judged.corpus.test[i].events;
        let keys: Vec<KeyName> = events.iter().map(|event| event.key.clone()).collect();
        Explanation::of(&judged.deeplog[i], events, judged.corpus.labels[i], &texts)
            .beside(normal.nearest(&keys), &texts)
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
