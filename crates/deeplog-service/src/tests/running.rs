//! The threads together: nothing is lost, nothing comes twice, and trouble is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Kept, TRAINED, batch, blocks, definition};
use crate::{Batch, Change, IdempotencyKey, Origin, Receipt, Refused, Running, Settings, Sink};

const PATIENCE: Duration = Duration::from_secs(60);

fn settings(state: Option<&std::path::Path>) -> Settings {
    Settings {
        state: state.map(Into::into),
        checkpoint_every: Duration::from_millis(10),
        ..Settings::default()
    }
}

fn started(state: Option<&std::path::Path>, sink: &Kept) -> Running {
    let running = Running::start(settings(state), Box::new(sink.clone())).unwrap();
    let sources = BTreeMap::from([(Arc::from("a"), definition(&running.models))]);
    running.define(&sources).unwrap();
    running
}

fn named(block: &[u8], name: u64) -> Batch {
    let key = IdempotencyKey::new("a", &name.to_le_bytes());
    Batch {
        origin: Origin::Pushed(Some(key)),
        ..batch(block)
    }
}

fn undisturbed() -> Vec<Change> {
    let kept = Kept::default();
    let running = started(None, &kept);
    for block in blocks(&TRAINED.lines(), 100) {
        running.entrance.give(batch(&block)).unwrap();
    }
    running.stop(PATIENCE);
    let changes = kept.0.lock().unwrap().clone();
    assert!(changes.len() > 5);
    changes
}

#[test]
fn stopping_and_starting_again_loses_nothing_and_repeats_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Kept::default();
    let blocks = blocks(&TRAINED.lines(), 100);
    for (round, part) in blocks.chunks(7).enumerate() {
        let running = started(Some(folder.path()), &kept);
        for (i, block) in part.iter().enumerate() {
            let name = (round * 7 + i) as u64;
            let lines = block.iter().filter(|&&byte| byte == b'\n').count() as u64;
            let mut receipt = Receipt {
                lines,
                is_duplicate: false,
            };
            assert_eq!(running.entrance.give(named(block, name)).unwrap(), receipt);
            receipt.is_duplicate = true;
            assert_eq!(running.entrance.give(named(block, name)).unwrap(), receipt);
            assert_eq!(
                running.entrance.give(named(b"other\n", name)),
                Err(Refused::KeyUsedBefore)
            );
        }
        let entrance = running.entrance.clone();
        running.stop(PATIENCE);
        assert_eq!(entrance.give(batch(b"late\n")), Err(Refused::Stopping));
    }
    assert!(*kept.0.lock().unwrap() == undisturbed());
    // Names are remembered over a restart.
    let running = started(Some(folder.path()), &kept);
    assert!(running.entrance.give(named(&blocks[0], 0)).unwrap().is_duplicate);
    running.stop(PATIENCE);
}

#[test]
fn a_state_folder_is_for_one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let running = started(Some(folder.path()), &Kept::default());
    let error = Running::start(settings(Some(folder.path())), Box::new(Kept::default()))
        .err()
        .unwrap();
    assert!(error.to_string().contains("in use"), "{error}");
    running.stop(PATIENCE);
    started(Some(folder.path()), &Kept::default()).stop(PATIENCE);
}

#[test]
fn a_state_of_another_version_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    started(Some(folder.path()), &Kept::default()).stop(PATIENCE);
    let path = folder.path().join("checkpoint");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8] = 99;
    std::fs::write(&path, &bytes).unwrap();
    let error = Running::start(settings(Some(folder.path())), Box::new(Kept::default()))
        .err()
        .unwrap();
    assert!(error.to_string().contains("format 99"), "{error}");
    assert!(error.hint().unwrap().contains("left as it is"));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

/// Refuses everything until it is told otherwise.
struct Stubborn {
    kept: Kept,
    is_well: Arc<AtomicBool>,
}

impl Sink for Stubborn {
    fn last_version(&self) -> u64 {
        self.kept.last_version()
    }

    fn take(&mut self, changes: &[Change]) -> Result<(), String> {
        if self.is_well.load(Ordering::SeqCst) {
            self.kept.take(changes)
        } else {
            Err("it is locked".to_owned())
        }
    }
}

#[test]
fn findings_that_cannot_be_stored_hold_everything_up_and_then_all_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Kept::default();
    let is_well = Arc::new(AtomicBool::new(false));
    let sink = Stubborn {
        kept: kept.clone(),
        is_well: is_well.clone(),
    };
    let lines = TRAINED.lines();
    let room = lines.len() / 3;
    let running = Running::start(
        Settings {
            room,
            ..settings(Some(folder.path()))
        },
        Box::new(sink),
    )
    .unwrap();
    let sources = BTreeMap::from([(Arc::from("a"), definition(&running.models))]);
    running.define(&sources).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let blocks = blocks(&lines, 20);
    let (mut taken, mut is_full) = (0, false);
    for block in &blocks {
        match runtime.block_on(running.entrance.offer(batch(block))) {
            Ok(_) => taken += 1,
            Err(refused) => {
                assert_eq!(refused, Refused::Full);
                is_full = true;
                break;
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(
        is_full,
        "{taken} of {} blocks were taken in while nothing could be stored",
        blocks.len()
    );
    assert!(running.entrance.fill() > 0.5);
    let troubles = running.health.troubles();
    assert!(
        troubles
            .iter()
            .any(|(part, trouble)| *part == "findings" && trouble.contains("locked"))
    );
    is_well.store(true, Ordering::SeqCst);
    for block in &blocks[taken..] {
        running.entrance.give(batch(block)).unwrap();
    }
    let health = running.health.clone();
    running.stop(PATIENCE);
    assert_eq!(health.troubles(), []);
    assert!(*kept.0.lock().unwrap() == undisturbed());
}
