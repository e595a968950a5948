//! Kills at any moment: what was acknowledged, or stood in a file, is judged as if nothing had happened.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{Events, push};
use super::harness::{Server, findings, listed, serve, until, until_judged};
use super::writer::LogWriter;
use super::{Dice, LAST, simulated};
use crate::harness::Room;

/// Two sources that lines are pushed to, and two that follow the same file.
const CONFIG: &str = r#"
[[sources]]
name = "a"
[[sources]]
name = "b"
[[sources]]
name = "file"
files = ["live.log"]
[[sources]]
name = "twin"
files = ["live.log"]
[limits]
requests = 1_000_000
[checkpoint]
every = "100ms"
log = "1MiB"
"#;
const PUSHED: [&str; 2] = ["a", "b"];

/// Batches of each source in each life of the service.
const A_LIFE: usize = 30;
/// Lines of a batch, at most.
const A_BATCH: u64 = 80;
/// Milliseconds that the service lives once it is ready, at most.
const LONGEST_LIFE: u64 = 400;

/// Batches of each source, the file's last.
struct Input([Vec<Vec<u8>>; 3]);

impl Input {
    fn new(batches: usize) -> Self {
        Self([1, 2, 3].map(|seed| {
            let mut dice = Dice::new(seed);
            let lines = simulated(batches * A_BATCH as usize, seed + 10);
            let mut rest = &lines[..];
            let mut next = || {
                let (batch, after) = rest.split_at(1 + dice.below(A_BATCH) as usize);
                rest = after;
                batch.concat()
            };
            let mut batches: Vec<_> = (0..batches).map(|_| next()).collect();
            batches.push(LAST.to_vec());
            batches
        }))
    }

    fn lines(&self, source: usize) -> usize {
        self.0[source].iter().map(|batch| lines(batch)).sum()
    }
}

fn lines(batch: &[u8]) -> usize {
    batch.iter().filter(|&&byte| byte == b'\n').count()
}

/// What the clients know.
struct Stage {
    /// Where the service is, while it is there.
    address: Mutex<Option<SocketAddr>>,
    /// Batches of each source that may be sent by now, so that there are some left for later lives.
    allowed: AtomicUsize,
    is_over: AtomicBool,
}

impl Stage {
    fn address(&self) -> Option<SocketAddr> {
        *self.address.lock().unwrap()
    }

    fn set_address(&self, address: Option<SocketAddr>) {
        *self.address.lock().unwrap() = address;
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn wait_for(&self, batch: usize) {
        while self.allowed.load(Ordering::Relaxed) <= batch && !self.is_over() {
            sleep(Duration::from_millis(1));
        }
    }

    /// Pushes batches one after the other, each until it is acknowledged.
    fn push(&self, source: &str, batches: &[Vec<u8>], mut dice: Dice) {
        for (i, batch) in batches.iter().enumerate() {
            self.wait_for(i);
            let key = format!("batch {i}");
            while !self.is_over() {
                let answer = self.address().map(|address| push(address, source, Some(&key), batch));
                match answer {
                    Some(Ok(answer)) if answer.status == 200 => break,
                    Some(Ok(answer)) => assert!([429, 503].contains(&answer.status), "{answer:?}"),
                    Some(Err(_)) | None => {}
                }
                sleep(Duration::from_millis(2));
            }
            sleep(Duration::from_millis(dice.below(15)));
        }
    }

    fn write(&self, mut log: LogWriter, batches: &[Vec<u8>], mut dice: Dice) {
        for (i, batch) in batches.iter().enumerate() {
            self.wait_for(i);
            log.write(batch);
            sleep(Duration::from_millis(dice.below(15)));
        }
    }

    /// Follows the findings over all restarts, and keeps the last word on each.
    fn follow(&self, query: &str, seen: &Mutex<BTreeMap<u64, Value>>) {
        let mut last = 0;
        while !self.is_over() {
            let events = self.address().map(|address| Events::follow(address, query, last));
            let Some(Ok(mut events)) = events else {
                sleep(Duration::from_millis(2));
                continue;
            };
            while !self.is_over() {
                match events.next() {
                    Ok(Some((id, item))) => {
                        assert!(id > last, "event {id} came after {last}");
                        last = id;
                        seen.lock().unwrap().insert(item["id"].as_u64().unwrap(), item);
                    }
                    Ok(None) => {}
                    Err(_) => break,
                }
            }
        }
    }
}

/// Lets everybody go home, whether all went well or not.
struct Curtain<'s>(&'s Stage);

impl Drop for Curtain<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

/// What comes of all that when nothing happens.
fn undisturbed(input: &Input) -> BTreeMap<String, Vec<Value>> {
    let room = Room::new();
    room.write("serve.toml", CONFIG);
    room.write("live.log", input.0[2].concat());
    let (server, address) = Server::start(serve(&room, "state", &["--config", "serve.toml"]));
    for (source, batches) in PUSHED.iter().zip(&input.0) {
        for batch in batches {
            let answer = push(address, source, None, batch).unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
    let (_server, address) = settled(server, &room, address, input);
    findings(address)
}

/// Waits until everything is judged, and starts the service once more: then everything is stored, too.
fn settled(server: Server, room: &Room, address: SocketAddr, input: &Input) -> (Server, SocketAddr) {
    for (i, source) in [(0, "a"), (1, "b"), (2, "file"), (2, "twin")] {
        until_judged(address, source, input.lines(i));
    }
    server.stop();
    Server::start(serve(room, "state", &["--config", "serve.toml"]))
}

fn survives(kills: usize, seed: u64) {
    let began = Instant::now();
    let input = Input::new((kills + 1) * A_LIFE);
    let expected = undisturbed(&input);
    for source in PUSHED.iter().chain(&["file"]) {
        assert!(
            expected[*source].len() > kills,
            "there is something to lose in {source}"
        );
    }
    let room = Room::new();
    room.write("serve.toml", CONFIG);
    let stage = Stage {
        address: Mutex::default(),
        allowed: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
    };
    let (everything, of_file) = (Mutex::default(), Mutex::default());
    let mut dice = Dice::new(seed);
    scope(|scope| {
        // A log that was put aside before anybody looked at it is none that is followed.
        let mut log = LogWriter::new(
            room.path("live.log"),
            Dice::new(dice.below(u64::MAX)),
            A_LIFE as u64 / 3,
        );
        let (first, batches) = input.0[2].split_first().unwrap();
        log.append(first);
        let (server, address) = Server::start(serve(&room, "state", &["--config", "serve.toml"]));
        until_judged(address, "file", lines(first));
        server.kill();

        let stage = &stage;
        let _curtain = Curtain(stage);
        scope.spawn(|| stage.follow("", &everything));
        scope.spawn(|| stage.follow("?source=file", &of_file));
        let mut senders = Vec::new();
        for (source, batches) in PUSHED.iter().zip(&input.0) {
            let dice = Dice::new(dice.below(u64::MAX));
            senders.push(scope.spawn(move || stage.push(source, batches, dice)));
        }
        let pauses = Dice::new(dice.below(u64::MAX));
        senders.push(scope.spawn(move || stage.write(log, batches, pauses)));

        for life in 1..=kills {
            stage.allowed.store(life * A_LIFE, Ordering::Relaxed);
            let server = Server::spawn(serve(&room, "state", &["--config", "serve.toml"]));
            let is_early = dice.one_in(4);
            if !is_early {
                stage.set_address(Some(server.ready()));
            }
            sleep(Duration::from_millis(dice.below(if is_early {
                100
            } else {
                LONGEST_LIFE
            })));
            server.kill();
            stage.set_address(None);
        }
        stage.allowed.store(usize::MAX, Ordering::Relaxed);
        let (server, address) = Server::start(serve(&room, "state", &["--config", "serve.toml"]));
        stage.set_address(Some(address));
        for sender in senders {
            sender.join().unwrap();
        }
        let (_server, address) = settled(server, &room, address, &input);
        stage.set_address(Some(address));

        let found = findings(address);
        for (source, expected) in &expected {
            let found = &found[source];
            let is_other = found
                .iter()
                .zip(expected)
                .position(|(found, expected)| found != expected);
            if let Some(i) = is_other {
                panic!("{i} of {source}: {:#}\ninstead of {:#}", found[i], expected[i]);
            }
            assert_eq!(found.len(), expected.len(), "{source}");
        }
        assert_eq!(found.len(), expected.len());

        let stored = listed(address)
            .into_iter()
            .map(|item| (item["id"].as_u64().unwrap(), item));
        let stored: BTreeMap<u64, Value> = stored.collect();
        let of = |source: &str| {
            let mut items = stored.clone();
            items.retain(|_, item| item["source"] == source);
            items
        };
        until("every event", || *everything.lock().unwrap() == stored);
        until("every event of the file", || *of_file.lock().unwrap() == of("file"));
    });
    let findings: usize = expected.values().map(Vec::len).sum();
    let lines: usize = [0, 1, 2, 2].into_iter().map(|source| input.lines(source)).sum();
    eprintln!(
        "{kills} kills, {lines} lines, {findings} findings in {:?}",
        began.elapsed()
    );
}

/// `DEEPLOG_KILLS` says how often, where twelve times are not enough.
#[test]
fn nothing_is_lost_or_told_twice_when_it_is_killed_at_random_moments() {
    let kills = std::env::var("DEEPLOG_KILLS").map_or(12, |kills| kills.parse().expect("DEEPLOG_KILLS is a number"));
    survives(kills, 7);
}
