//! Labels of sessions: a CSV with an identifier and a label in each row. They stay beside the sessions, never in them.

use std::path::Path;

use evaluation::{Fault, Label};
use rustc_hash::FxHashMap;

use super::{bytes, spelling};
use crate::error::{Error, Result};
use crate::experiment::{LabelRule, Profile};

/// What is known of sessions by their identifier.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    labels: FxHashMap<String, Label>,
    faults: FxHashMap<String, Fault>,
}

impl Labels {
    /// The labels of a log's sessions: those of the file that is named, else of the dataset's beside the log, if it is there.
    /// The dataset says what their columns are called.
    pub(crate) fn beside(profile: Option<&Profile>, named: Option<&Path>, log: &Path) -> Result<Option<Self>> {
        let rule = profile.and_then(|profile| profile.labels.as_ref());
        let (file, id, label, normal) = match rule {
            Some(LabelRule::Session {
                file,
                id_column,
                label_column,
                normal,
            }) => (
                file.as_deref(),
                id_column.as_deref(),
                label_column.as_deref(),
                normal.as_deref(),
            ),
            _ => (None, None, None, None),
        };
        let beside = file.map(|file| log.with_file_name(file)).filter(|path| path.exists());
        let path = named.map(Path::to_owned).or(beside);
        path.map(|path| Self::read(&path, id, label, normal)).transpose()
    }

    /// Reads a CSV with a header. Columns are found by name, or are the first and the second. With `normal` that is what a normal
    /// session's label says, whatever its case, and everything else is anomalous; without, labels are `normal`, `abnormal`,
    /// `anomaly`, `anomalous`, `0`, `1`, `true`, `false`, `yes`, `no` or `-`, in any case, and everything else is an error. Columns `Kind` and `Position`, where they
    /// are, tell the fault of an anomalous session, see [`Fault`].
    pub fn read(path: &Path, id: Option<&str>, label: Option<&str>, normal: Option<&str>) -> Result<Self> {
        let text = bytes::read_to_end(path)?;
        let mut reader = csv::Reader::from_reader(&*text);
        let wrong = |what: String| {
            Error::run(
                format!("{}: {what}", path.display()),
                "labels are a CSV with a header and a row a session: its identifier and its label",
            )
        };
        let unknown = |line: u64, label: &str| {
            Error::run(
                format!("{}: line {line}: the label {label:?} is unknown", path.display()),
                format!(
                    "{}; where the labels of anomalies are of many kinds, say `normal = \"…\"` under `[labels]` in the dataset",
                    spelling::HINT
                ),
            )
        };
        let header = reader.byte_headers().map_err(|error| wrong(error.to_string()))?.clone();
        let column = |name: Option<&str>, or: usize| match name {
            None => Ok(or),
            Some(name) => header.iter().position(|field| field == name.as_bytes()).ok_or_else(|| {
                let found: Vec<_> = header.iter().map(String::from_utf8_lossy).collect();
                wrong(format!("has no column `{name}`, only {}", found.join(", ")))
            }),
        };
        let (id, label) = (column(id, 0)?, column(label, 1)?);
        let named = |name: &[u8]| header.iter().position(|field| field.eq_ignore_ascii_case(name));
        let (kind, position) = (named(b"kind"), named(b"position"));
        let text = |row: &csv::ByteRecord, column: Option<usize>| {
            let field = row.get(column?)?.trim_ascii();
            (!field.is_empty()).then(|| String::from_utf8_lossy(field).into_owned())
        };
        let mut faults = FxHashMap::default();
        let mut labels = FxHashMap::default();
        let mut row = csv::ByteRecord::new();
        while reader
            .read_byte_record(&mut row)
            .map_err(|error| wrong(error.to_string()))?
        {
            let line = row.position().map_or(0, csv::Position::line);
            let (Some(id), Some(label)) = (row.get(id), row.get(label)) else {
                return Err(wrong(format!("line {line}: has no identifier or no label")));
            };
            let id = String::from_utf8_lossy(id).trim().to_owned();
            let label = String::from_utf8_lossy(label);
            let is_anomalous = match normal {
                Some(normal) => !label.trim().eq_ignore_ascii_case(normal.trim()),
                None => spelling::is_anomalous(&label).ok_or_else(|| unknown(line, &label))?,
            };
            let label = if is_anomalous { Label::Anomalous } else { Label::Normal };
            if labels.get(&id).is_some_and(|known| *known != label) {
                return Err(wrong(format!(
                    "line {line}: `{id}` is labelled once normal and once anomalous"
                )));
            }
            if label == Label::Anomalous
                && let Some(kind) = text(&row, kind)
            {
                let position = text(&row, position).map(|text| text.parse()).transpose();
                let position = position.map_err(|_| wrong(format!("line {line}: the position is no whole number")))?;
                faults.insert(id.clone(), Fault { kind, position });
            }
            labels.insert(id, label);
        }
        Ok(Self { labels, faults })
    }

    /// The label of a session.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Label> {
        self.labels.get(id).copied()
    }

    /// The faults of sessions, by identifier, as far as they are told.
    #[must_use]
    pub fn faults(&self) -> &FxHashMap<String, Fault> {
        &self.faults
    }

    /// Number of labelled sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

impl FromIterator<(String, Label)> for Labels {
    fn from_iter<I: IntoIterator<Item = (String, Label)>>(labels: I) -> Self {
        Self {
            labels: labels.into_iter().collect(),
            faults: FxHashMap::default(),
        }
    }
}
