//! The threads behind the entrance: one writes down what comes in, one judges it, one stores what was found, one writes
//! checkpoints.

mod checkpoint;
mod health;
mod journal;
mod sink;

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deeplog::{Error, Result};
use tokio::sync::{oneshot, watch};

pub use health::Health;
pub use sink::Sink;

use crate::engine::{Engine, Models};
use crate::entrance::{Entrance, Place, Refused};
use crate::wal::{Definition, Entry, Record, Wal};
use crate::{Batch, Change, FilePosition, Metrics, now};
use checkpoint::{Checkpoint, Writer, wal_folder};
use journal::Journal;
use sink::Storing;

/// Groups of changes that wait to be stored before judging waits too.
const WAITING: usize = 8;
/// A silent engine looks at the clock so often.
const TICK: Duration = Duration::from_millis(200);

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
    /// How far files were read before, each with the source that it was read for.
    pub positions: Vec<(Arc<str>, FilePosition)>,
    gives_up: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// Nobody else works in the state folder while it is open.
    _lock: Option<File>,
    /// Where models lie if nothing is to survive.
    _folder: Option<tempfile::TempDir>,
}

/// Looks at the engine between two records.
#[derive(Clone)]
pub struct EngineHandle(Arc<Mutex<Sender<Work>>>);

/// What the engine's thread is given to do.
pub(crate) enum Work {
    /// Judge this. The room that it takes is given back then.
    Record(Record, Place),
    /// Let somebody look.
    Look(Box<dyn FnOnce(&Engine) + Send>),
    /// Write a last checkpoint and end.
    Stop,
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
        deeplog::create_folder(place)?;
        let lock = settings.state.as_deref().map(lock).transpose()?;
        let models = Arc::new(Models::in_folder(place.join("models"))?);
        let (mut engine, wal) = recover(settings.state.as_deref(), &models, &mut *sink)?;
        if let Some(state) = settings.state.as_deref() {
            Checkpoint::of(&engine).write(state)?;
            // Only here is it certain that no record after the checkpoint asks for another.
            models.forget_all_but(&engine.models_in_use());
        }
        let positions = engine.positions();
        let positions = positions.map(|(source, position)| (source.clone(), position.clone()));
        let positions = positions.collect();

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
            engine: EngineHandle(Arc::new(Mutex::new(work))),
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

fn lock(state: &Path) -> Result<File> {
    let path = state.join("lock");
    let file = File::create(&path).map_err(Error::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::run(
            format!("{} is in use by another deeplog", state.display()),
            "stop that one first, or give a state folder of its own",
        )),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
    }
}

/// The engine as it was when the last record was judged, and the log behind it.
fn recover(state: Option<&Path>, models: &Arc<Models>, sink: &mut dyn Sink) -> Result<(Engine, Option<Wal>)> {
    let Some(state) = state else {
        return Ok((Engine::new(models.clone()), None));
    };
    let started = Instant::now();
    let mut engine = match checkpoint::read(state)? {
        Some(snapshot) => Engine::restored(models.clone(), snapshot)?,
        None => Engine::new(models.clone()),
    };
    let (from, next) = (engine.record(), engine.record() + 1);
    let mut before: Option<Vec<(u64, Batch)>> = Some(Vec::new());
    let wal = Wal::open(&wal_folder(state), next, |record| {
        if record.number <= from {
            if let (Some(before), Entry::Lines(batch)) = (&mut before, record.entry) {
                before.push((record.number, batch));
            }
            return Ok(());
        }
        if let Some(before) = before.take() {
            engine.refill(before);
        }
        let mut trouble = None;
        engine.apply(record, &mut |changes| {
            let new = changes.partition_point(|change| change.version() <= sink.last_version());
            if trouble.is_none() && new < changes.len() {
                trouble = sink.take(&changes[new..]).err();
            }
        })?;
        match trouble {
            None => Ok(()),
            Some(trouble) => Err(Error::run(
                format!("what was found before the restart cannot be stored: {trouble}"),
                "nothing is lost: start again when it can be",
            )),
        }
    })?;
    if let Some(before) = before {
        engine.refill(before);
    }
    if from > 0 || engine.record() > 0 {
        tracing::info!(
            records = engine.record() - from,
            lines = engine.sources().map(|(_, source)| source.lines()).sum::<u64>(),
            took = ?started.elapsed(),
            "went on from the state, and judged again what came after its last checkpoint"
        );
    }
    Ok((engine, Some(wal)))
}

/// The engine's thread.
struct Judging {
    changes: SyncSender<Vec<Change>>,
    checkpoints: Option<SyncSender<Checkpoint>>,
    /// Whether the last one is written.
    is_free: Arc<AtomicBool>,
    entrance: Entrance,
    metrics: Arc<Metrics>,
    health: Health,
    every: Duration,
    bytes: u64,
    since: Since,
}

/// What came since the last checkpoint.
struct Since {
    began: Instant,
    records: u64,
    bytes: u64,
}

impl Since {
    fn now() -> Self {
        Self {
            began: Instant::now(),
            records: 0,
            bytes: 0,
        }
    }
}

impl Judging {
    fn run(mut self, engine: &mut Engine, work: &Receiver<Work>) {
        let mut looked = Instant::now();
        loop {
            match work.recv_timeout(TICK) {
                Ok(Work::Record(record, place)) => {
                    if !self.judge(engine, record) {
                        return;
                    }
                    drop(place);
                }
                Ok(Work::Look(look)) => look(engine),
                Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if looked.elapsed() >= TICK {
                looked = Instant::now();
                self.pass_time(engine);
            }
            let is_old = self.since.records > 0 && self.since.began.elapsed() >= self.every;
            if is_old || self.since.bytes >= self.bytes {
                self.checkpoint(engine);
            }
        }
        if let Some(checkpoints) = self.checkpoints.take() {
            // One that is being written is waited for. If the writer is gone, there is the log.
            let _ = checkpoints.send(Checkpoint::of(engine));
        }
    }

    /// Whether it can go on.
    fn judge(&mut self, engine: &mut Engine, record: Record) -> bool {
        self.since.records += 1;
        let mut received = None;
        if let Entry::Lines(batch) = &record.entry {
            self.since.bytes += batch.block.len() as u64;
            received = Some(batch.received);
        }
        let changes = &self.changes;
        let mut is_taken = true;
        let applied = engine.apply(record, &mut |new| {
            is_taken &= new.is_empty() || changes.send(new).is_ok();
        });
        if let Some(received) = received {
            self.metrics.judged(received);
        }
        if let Err(error) = &applied {
            self.health.set("engine", Some(error.to_string()));
        }
        is_taken && applied.is_ok()
    }

    /// Ends sessions of logs that have fallen silent. That depends on the clock of this machine, so it is written down first.
    fn pass_time(&mut self, engine: &Engine) {
        let now = now();
        if engine.is_due(now) {
            self.entrance.mention(Entry::Silence(now));
        }
    }

    fn checkpoint(&mut self, engine: &Engine) {
        let Some(checkpoints) = &self.checkpoints else {
            self.since = Since::now();
            return;
        };
        // While one is being written there is no hurry for the next.
        if self.is_free.swap(false, Ordering::Acquire) {
            self.since = Since::now();
            let _ = checkpoints.send(Checkpoint::of(engine));
        }
    }
}

impl EngineHandle {
    /// What somebody sees who looks at the engine between two records.
    ///
    /// # Errors
    /// [`Refused::Stopping`] if it has ended.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        self.ask(look).await.map_err(|_| Refused::Stopping)
    }

    /// The same for threads of their own.
    ///
    /// # Errors
    /// [`Refused::Stopping`] if it has ended.
    pub fn look_blocking<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        self.ask(look).blocking_recv().map_err(|_| Refused::Stopping)
    }

    fn ask<T: Send + 'static>(&self, look: impl FnOnce(&Engine) -> T + Send + 'static) -> oneshot::Receiver<T> {
        let (answer, answered) = oneshot::channel();
        self.send(Work::Look(Box::new(move |engine| {
            // Whoever has gone away meanwhile does not see it.
            let _ = answer.send(look(engine));
        })));
        answered
    }

    fn send(&self, work: Work) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An engine that has ended drops what it is sent, and whoever waits for an answer sees that.
        let _ = sender.send(work);
    }
}
