//! `deeplog report`: result tables that are generated, never typed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use deeplog::{Error, LineMetrics, Result, write_atomically};
use evaluation::{By, Results, grid_markdown, markdown_by, metrics_schema, results_markdown, series_markdown};

use super::common::{no_metrics, read_metrics, read_results};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folders of results, or their metrics.json: their tables go to standard output
    #[arg(required_unless_present_any = ["splice", "schema"])]
    results: Vec<PathBuf>,
    /// Renew the tables in a text: each stands between `<!-- deeplog report: RESULTS -->` (or
    /// `RESULTS by kind`, `by budget` or `by part`) and `<!-- end of report -->`
    #[arg(long, value_name = "FILE")]
    splice: Option<PathBuf>,
    /// Print the JSON schema of metrics.json
    #[arg(long)]
    schema: bool,
}

const BEGIN: &str = "<!-- deeplog report: ";
const END: &str = "<!-- end of report -->";

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut out = anstream::stdout();
    if args.schema {
        write!(out, "{}", metrics_schema())?;
    }
    for path in &args.results {
        writeln!(out, "{}", table(path)?)?;
    }
    if let Some(path) = &args.splice {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let spliced = splice(path, &text)?;
        write_atomically(path, |file| file.write_all(spliced.as_bytes()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The table of results of any kind.
fn table(path: &Path) -> Result<String> {
    let (path, json) = read_metrics(path)?;
    let lines = LineMetrics::from_json(&json).map_err(|error| no_metrics(&path, &error))?;
    if let Some(lines) = lines {
        return Ok(lines.results_markdown());
    }
    Ok(match read_results(&path)? {
        Results::One(metrics) => results_markdown(&metrics),
        Results::Series(series) => series_markdown(&series),
        Results::Grid(grid) => grid_markdown(&grid),
    })
}

/// The text with all its tables renewed. Results are looked for beside the text.
fn splice(path: &Path, text: &str) -> Result<String> {
    let wrong = |fact: String| {
        Error::run(
            format!("{}: {fact}", path.display()),
            format!("a table stands between `{BEGIN}RESULTS -->` and `{END}`"),
        )
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut spliced = String::with_capacity(text.len());
    let mut rest = text;
    let mut tables = 0;
    while let Some(start) = rest.find(BEGIN) {
        let after = &rest[start + BEGIN.len()..];
        let name = after
            .split_once(" -->")
            .map(|(name, _)| name)
            .ok_or_else(|| wrong("a marker is not closed".into()))?;
        let end = after
            .find(END)
            .ok_or_else(|| wrong(format!("the table of {name} has no end")))?;
        let by = By::ALL.into_iter().find_map(|by| {
            let file = name.strip_suffix(&format!(" by {}", by.name()))?;
            Some((folder.join(file), by))
        });
        let table = match by {
            None => table(&folder.join(name))?,
            Some((file, by)) => {
                let results = read_results(&file)?;
                if matches!(results, Results::Grid(_)) {
                    let runs = match file.is_dir() {
                        true => file.join("runs"),
                        false => file.with_file_name("runs"),
                    };
                    return Err(Error::run(
                        format!(
                            "{}: {} is of a grid, which has no table by {}",
                            path.display(),
                            file.display(),
                            by.name()
                        ),
                        format!("name a folder of one run, below {}/", runs.display()),
                    ));
                }
                let table = markdown_by(&results, by);
                table.ok_or_else(|| wrong(format!("{} has no table by {}", file.display(), by.name())))?
            }
        };
        spliced.push_str(&rest[..start]);
        spliced.push_str(&format!("{BEGIN}{name} -->\n{}\n{END}", table.trim_end()));
        rest = &after[end + END.len()..];
        tables += 1;
    }
    if tables == 0 {
        return Err(wrong("holds no table to renew".into()));
    }
    spliced.push_str(rest);
    Ok(spliced)
}
