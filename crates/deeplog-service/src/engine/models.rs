//! The models that sources are judged by, kept beside the state so that what was accepted under one is judged by it, also
//! after the file that it came from was replaced.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deeplog::{Alerts, Error, Model, Result, sha256, write_atomically};
use deeplog_lstm::{Device, DeviceKind};

use crate::wal::Definition;

/// A folder of model files, each named after its SHA-256.
pub struct Models {
    folder: PathBuf,
    device: Device,
}

impl Models {
    /// The models in a folder, which is created if need be.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub fn in_folder(folder: PathBuf) -> Result<Self> {
        deeplog::create_folder(&folder)?;
        let device = Device::open(DeviceKind::Cpu).map_err(|error| Error::run(error.to_string(), ""))?;
        Ok(Self { folder, device })
    }

    /// Takes a copy of a model file, and says how to name it in a [`Definition`].
    ///
    /// # Errors
    /// A file that cannot be read or copied, or is no model.
    pub fn keep(&self, path: &Path) -> Result<String> {
        let hash = sha256(path)?;
        let copy = self.path_of(&hash);
        if !copy.exists() {
            // Looked into first, so that nothing but models is ever kept.
            Model::open(path, &self.device)?;
            let bytes = fs::read(path).map_err(Error::io("read", path))?;
            write_atomically(&copy, |out| out.write_all(&bytes))?;
        }
        Ok(hash)
    }

    /// The model of a definition.
    ///
    /// # Errors
    /// A model that is not there or cannot be read, one that reads no raw lines, and settings that do not go with it.
    pub fn open(&self, definition: &Definition) -> Result<Arc<Model>> {
        let mut model = Model::open(&self.path_of(&definition.model), &self.device)?;
        if let Some(dataset) = &definition.dataset {
            model.read_as(dataset)?;
        }
        if let Some(alerts) = &definition.alerts {
            let alerts: Alerts = alerts
                .parse()
                .map_err(|error: String| Error::config("alerts", "alerts", error))?;
            model.set_alerts(alerts)?;
        }
        Ok(Arc::new(model))
    }

    /// Deletes the models that nobody needs any more.
    pub fn forget_all_but(&self, needed: &HashSet<String>) {
        for file in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = file.file_name();
            let hash = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            if hash.is_some_and(|hash| !needed.contains(hash)) {
                // A copy that stays takes room and does no harm.
                let _ = fs::remove_file(file.path());
            }
        }
    }

    fn path_of(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}{SUFFIX}"))
    }
}

const SUFFIX: &str = ".deeplog";
