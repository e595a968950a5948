//! The threads behind the entrance: one writes down what comes in, one judges it, one stores what was found, one writes
//! checkpoints.

mod checkpoint;
mod health;
mod journal;
mod judging;
mod recovery;
mod sink;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deeplog::{Error, Result};
use tokio::sync::watch;

pub use health::Health;
pub use judging::EngineHandle;
pub use sink::Sink;

use crate::engine::Models;
use crate::entrance::{Entrance, Refused};
use crate::wal::{Definition, Entry};
use crate::{FilePosition, Metrics};
use checkpoint::{Checkpoint, Writer};
use journal::Journal;
use judging::{Judging, Since, Work};
use recovery::{lock, recover};
use sink::Storing;

/// Groups of changes that wait to be stored before judging waits too.
const WAITING: usize = 8;

/// How the threads are to work.
pub struct Settings {
    /// Where everything that must survive lies; `None` if nothing is to.
    pub state: Option<PathBuf>,
    /// Bytes of lines that may wait to be judged.
    pub room: usize,
    /// A checkpoint is written so often, if anything came,
    pub checkpoint_every: Duration,
    /// and after so many bytes of lines.
    pub checkpoint_bytes: u64,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            state: None,
            room: 64 << 20,
            checkpoint_every: Duration::from_secs(60),
            checkpoint_bytes: 256 << 20,
            metrics: Arc::default(),
        }
    }
}

/// The threads at work.
pub struct Running {
    /// Where lines go in.
    pub entrance: Entrance,
    /// To look at what is going on.
    pub engine: EngineHandle,
    /// The last change that is stored.
    pub stored: watch::Receiver<u64>,
    /// What is wrong just now.
    pub health: Health,
    /// The models, to define sources by.
    pub models: Arc<Models>,
    /// How far files were read before, by source.
    pub positions: BTreeMap<Arc<str>, Vec<FilePosition>>,
    gives_up: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// Nobody else works in the state folder while it is open.
    _lock: Option<File>,
    /// Where models lie if nothing is to survive.
    _folder: Option<tempfile::TempDir>,
}

impl Running {
    /// Goes on from the state in its folder, or begins with none.
    ///
    /// # Errors
    /// A folder that cannot be written to or that somebody else works in, and a state that cannot be read: it is left as it
    /// is then.
    pub fn start(settings: Settings, mut sink: Box<dyn Sink>) -> Result<Self> {
        let folder = match settings.state {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(Error::io("make a folder in", &std::env::temp_dir()))?),
        };
        let place = settings
            .state
            .as_deref()
            .or(folder.as_ref().map(tempfile::TempDir::path));
        let place = place.unwrap_or(Path::new("."));
        deeplog::create_private_folder(place)?;
        let lock = settings.state.as_deref().map(lock).transpose()?;
        let models = Arc::new(Models::in_folder(place.join("models"))?);
        let (mut engine, wal) = recover(settings.state.as_deref(), &models, &mut *sink)?;
        if let Some(state) = settings.state.as_deref() {
            Checkpoint::of(&engine).write(state)?;
            // Only here is it certain that no record after the checkpoint asks for another.
            models.forget_all_but(&engine.models_in_use());
        }
        let positions = engine.positions().clone();

        let (submissions, submitted) = channel();
        let (work, working) = channel();
        let entrance = Entrance::new(submissions, settings.room);
        let health = Health::default();
        let gives_up = Arc::new(AtomicBool::new(false));
        let (stored_sender, stored) = watch::channel(engine.version());
        let (changes, changed) = sync_channel(WAITING);
        let mut threads = Vec::new();
        let mut spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
            threads.push(thread.map_err(|error| Error::run(format!("cannot start a thread: {error}"), ""))?);
            Ok::<(), Error>(())
        };

        let journal = Journal {
            next: engine.record() + 1,
            keys: engine.keys().clone(),
            wal,
            health: health.clone(),
        };
        let (judge, door) = (work.clone(), entrance.clone());
        spawn("journal", Box::new(move || journal.run(&submitted, &door, &judge)))?;
        let storing = Storing {
            sink,
            stored: stored_sender,
            health: health.clone(),
            gives_up: gives_up.clone(),
        };
        spawn("findings", Box::new(move || storing.run(&changed)))?;
        let is_free = Arc::new(AtomicBool::new(true));
        let checkpoints = match settings.state {
            Some(state) => {
                let (checkpoints, due) = sync_channel(1);
                let writer = Writer {
                    state,
                    metrics: settings.metrics.clone(),
                    is_free: is_free.clone(),
                    stored: stored.clone(),
                    health: health.clone(),
                };
                spawn("checkpoint", Box::new(move || writer.run(&due)))?;
                Some(checkpoints)
            }
            None => None,
        };
        let judging = Judging {
            changes,
            checkpoints,
            is_free,
            entrance: entrance.clone(),
            metrics: settings.metrics,
            health: health.clone(),
            every: settings.checkpoint_every,
            bytes: settings.checkpoint_bytes,
            since: Since::now(),
        };
        spawn("engine", Box::new(move || judging.run(&mut engine, &working)))?;
        Ok(Self {
            entrance,
            engine: EngineHandle::new(work),
            stored,
            health,
            models,
            positions,
            gives_up,
            threads,
            _lock: lock,
            _folder: folder,
        })
    }

    /// Has these sources, and no others, from here on. Sources that stay as they are go on; others end their sessions.
    ///
    /// # Errors
    /// A definition that does not work; nothing is changed then. What [`Entrance::note`] says.
    pub fn define(&self, sources: &BTreeMap<Arc<str>, Definition>) -> Result<()> {
        for definition in sources.values() {
            let model = self.models.open(definition)?;
            crate::engine::Source::new(definition.clone(), model)?;
        }
        let current = self.engine.look_blocking(|engine| {
            let sources = engine.sources();
            let sources = sources.map(|(name, source)| (name.clone(), source.definition().clone()));
            sources.collect::<BTreeMap<_, _>>()
        });
        let current = current.map_err(|refused| refused_error(&refused))?;
        let gone = current.keys().filter(|name| !sources.contains_key(*name));
        let gone = gone.map(|name| (name.clone(), None));
        let new = sources
            .iter()
            .filter(|(name, definition)| current.get(*name) != Some(definition));
        let new = new.map(|(name, definition)| (name.clone(), Some(definition.clone())));
        for (source, definition) in gone.chain(new) {
            let noted = self.entrance.note(Entry::Define { source, definition });
            noted.map_err(|refused| refused_error(&refused))?;
        }
        Ok(())
    }

    /// Waits until everything that was accepted is judged and stored, writes a last checkpoint, and ends. Whoever holds an
    /// [`Entrance`] is refused from then on. What cannot be stored within `patience` is judged again after the next start.
    pub fn stop(self, patience: Duration) {
        let Self {
            entrance,
            engine,
            threads,
            gives_up,
            ..
        } = self;
        entrance.close();
        let until = Instant::now() + patience;
        // The journal is the first: what it has passed on stands before the end of the engine's work.
        for (index, thread) in threads.into_iter().enumerate() {
            while !thread.is_finished() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(2));
            }
            gives_up.fetch_or(!thread.is_finished(), Ordering::Relaxed);
            if thread.join().is_err() {
                tracing::error!("a thread has panicked");
            }
            if index == 0 {
                engine.send(Work::Stop);
            }
        }
    }
}

fn refused_error(refused: &Refused) -> Error {
    Error::run(refused.to_string(), "")
}
