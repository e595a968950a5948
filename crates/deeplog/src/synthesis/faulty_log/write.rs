//! The faulty log and its labels as files.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use drain_parser::MAX_RECORD_LINES;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Standing;
use super::change::{At, Place};
use super::plan::Plan;
use super::survey::Survey;
use crate::error::{Error, Result};
use crate::experiment::{LabelRule, Profile};
use crate::input::Lines;
use crate::observer::{Observer, ensure_wanted};
use crate::output::{AtomicFile, write_atomically};

/// A finished file, and by fault the line in it where the event at its position is.
pub(super) struct Written {
    pub(super) file: AtomicFile,
    pub(super) lines: Vec<Option<u64>>,
}

/// Writes the log without what is gone and with what was made. `made`: by fault.
pub(super) fn log(
    files: &[PathBuf],
    survey: &Survey,
    plan: &Plan,
    made: &[Vec<Vec<u8>>],
    path: &Path,
    observer: &mut dyn Observer,
) -> Result<Written> {
    observer.begin("writing", None);
    let removed: FxHashSet<u64> = plan.faulty.iter().flat_map(|faulty| &faulty.removed).copied().collect();
    let mut wanted: FxHashMap<u64, usize> = FxHashMap::default();
    // Within a place by time, then by fault.
    let mut put: BTreeMap<(Place, usize, usize), &[u8]> = BTreeMap::new();
    for (index, (faulty, texts)) in plan.faulty.iter().zip(made).enumerate() {
        if let At::Line(line) = faulty.at {
            wanted.insert(line, index);
        }
        for (number, (made, text)) in faulty.made.iter().zip(texts).enumerate() {
            put.insert((made.place, index, number), text);
        }
    }
    let mut places = vec![None; plan.faulty.len()];
    let mut put = put.into_iter().peekable();
    let mut out = Counted {
        file: AtomicFile::create(path)?,
        lines: 0,
    };
    let failed = || Error::io("write", path);
    let mut put_before = |unit: usize, out: &mut Counted, places: &mut Vec<Option<u64>>| {
        while let Some((((_, _), index, number), text)) = put.next_if(|(((before, _), ..), _)| *before <= unit) {
            if plan.faulty[index].at == At::Made(number) {
                places[index] = Some(out.lines + 1);
            }
            out.line(text)?;
        }
        Ok(())
    };
    let mut lines = Lines::of(files.to_vec()).with_carriage_returns();
    let mut unit = 0;
    while let Some((number, line)) = lines.next_line()? {
        if survey.units.get(unit).is_some_and(|next| next.line == number) {
            put_before(unit, &mut out, &mut places).map_err(failed())?;
            unit += 1;
        }
        let first = unit.checked_sub(1).map_or(0, |unit| survey.units[unit].line);
        let is_gone = removed.contains(&first) && number - first < MAX_RECORD_LINES;
        if !is_gone {
            out.line(line).map_err(failed())?;
            if let Some(&index) = wanted.get(&number) {
                places[index] = Some(out.lines);
            }
        }
        observer.advance(number, "");
        ensure_wanted(observer)?;
    }
    put_before(usize::MAX, &mut out, &mut places).map_err(failed())?;
    Ok(Written {
        file: out.file,
        lines: places,
    })
}

/// A file whose lines are counted.
struct Counted {
    file: AtomicFile,
    lines: u64,
}

impl Counted {
    /// One line or several.
    fn line(&mut self, text: &[u8]) -> std::io::Result<()> {
        self.file.write_all(text)?;
        self.file.write_all(b"\n")?;
        self.lines += 1 + memchr::memchr_iter(b'\n', text).count() as u64;
        Ok(())
    }
}

/// Writes the labels, in the columns and words that the dataset reads, and then puts the log into its place.
pub(super) fn labels(
    survey: &Survey,
    standings: &[Standing],
    plan: &Plan,
    written: Written,
    profile: &Profile,
    path: &Path,
) -> Result<()> {
    let (id, label, normal) = match &profile.labels {
        Some(LabelRule::Session {
            id_column,
            label_column,
            normal,
            ..
        }) => (id_column.as_deref(), label_column.as_deref(), normal.as_deref()),
        _ => (None, None, None),
    };
    let normal = normal.unwrap_or("Normal");
    let faulty: FxHashMap<usize, usize> = (0..)
        .zip(&plan.faulty)
        .map(|(index, faulty)| (faulty.session, index))
        .collect();
    write_atomically(path, |out| {
        let mut rows = csv::Writer::from_writer(out);
        rows.write_record([
            id.unwrap_or("Session"),
            label.unwrap_or("Label"),
            "Kind",
            "Position",
            "Line",
        ])?;
        for (index, (session, standing)) in survey.sessions.iter().zip(standings).enumerate() {
            match (standing, faulty.get(&index)) {
                (Standing::Unlabelled, _) => {}
                (Standing::Anomalous(kind), _) => rows.write_record([&*session.id, "Anomaly", kind, "", ""])?,
                (Standing::Normal, None) => rows.write_record([&*session.id, normal, "normal", "", ""])?,
                (Standing::Normal, Some(&index)) => {
                    let fault = &plan.faulty[index];
                    let line = written.lines[index].map_or_else(String::new, |line| line.to_string());
                    let position = fault.position.to_string();
                    rows.write_record([&*session.id, "Anomaly", fault.kind.name(), &position, &line])?;
                }
            }
        }
        rows.flush()
    })?;
    written.file.commit()
}
