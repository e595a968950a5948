//! Disks that are full, locked databases, clients that do not read: senders are told to wait, and nothing is lost.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;

use super::client::{Events, push, send};
use super::harness::{Server, findings, listed, serve, until, until_judged};
use super::simulated;
use crate::harness::{Room, left_out};

const CONFIG: &str = r#"
[limits]
requests = 1_000_000
queue = "1MiB"
[checkpoint]
every = "100ms"
log = "1MiB"
"#;

/// Some megabytes in batches.
fn batches() -> Vec<Vec<u8>> {
    let lines = simulated(30_000, 77);
    lines.chunks(200).map(<[Vec<u8>]>::concat).collect()
}

fn lines(batches: &[Vec<u8>]) -> usize {
    batches.iter().flatten().filter(|&&byte| byte == b'\n').count()
}

fn room() -> Room {
    let room = Room::new();
    room.write("serve.toml", CONFIG);
    room
}

fn start(room: &Room, state: &str) -> (Server, SocketAddr) {
    Server::start(serve(room, state, &["--config", "serve.toml"]))
}

/// Pushes from a batch on until one is to be sent again later, and gives its number; `None` if none is.
fn push_from(address: SocketAddr, batches: &[Vec<u8>], first: usize) -> Option<usize> {
    (first..batches.len()).find(|&i| {
        let answer = push(address, "default", Some(&format!("{i}")), &batches[i]).unwrap();
        let is_refused = [429, 503].contains(&answer.status);
        if is_refused {
            let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds), "{seconds} seconds");
        } else {
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        is_refused
    })
}

/// Pushes all from a batch on, each until it is taken in.
fn push_all(address: SocketAddr, batches: &[Vec<u8>], mut first: usize) {
    until("all batches", || match push_from(address, batches, first) {
        Some(next) => {
            first = next;
            sleep(Duration::from_millis(20));
            false
        }
        None => true,
    });
}

/// What comes of all batches when nothing happens.
fn undisturbed(batches: &[Vec<u8>]) -> BTreeMap<String, Vec<Value>> {
    let room = room();
    let (server, address) = start(&room, "state");
    push_all(address, batches, 0);
    found(&room, "state", server, address, batches)
}

/// What was found once all is judged and the service was started again.
fn found(
    room: &Room,
    state: &str,
    server: Server,
    address: SocketAddr,
    batches: &[Vec<u8>],
) -> BTreeMap<String, Vec<Value>> {
    until_judged(address, "default", lines(batches));
    server.stop();
    let (_server, address) = start(room, state);
    let findings = findings(address);
    assert!(findings["default"].len() > 20, "there is something to lose");
    findings
}

fn troubles(address: SocketAddr) -> Option<String> {
    let answer = super::client::request(address, "GET /ready", &[], b"").unwrap();
    assert!([200, 503].contains(&answer.status), "{}", answer.status);
    (answer.status == 503).then(|| answer.json()["troubles"].to_string())
}

#[test]
fn a_locked_database_makes_senders_wait() {
    let (room, batches) = (room(), batches());
    let (server, address) = start(&room, "state");
    let lock = Connection::open(room.path("state/findings.sqlite")).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let next = push_from(address, &batches, 0).expect("the queue is full one day");
    let mut said = None;
    until("a service that is not ready", || {
        said = troubles(address);
        said.is_some()
    });
    assert!(said.as_ref().unwrap().contains("locked by another process"), "{said:?}");
    let answer = push(address, "default", None, &batches[next]).unwrap();
    assert_eq!(answer.status, 429, "there is still no room: {}", answer.text());
    lock.execute_batch("ROLLBACK").unwrap();
    push_all(address, &batches, next);
    until("a service that is ready", || troubles(address).is_none());
    assert!(found(&room, "state", server, address, &batches) == undisturbed(&batches));
}

/// A small file system; `None` where that needs a privilege that we have not.
struct SmallDisk<'r>(&'r Path);

impl<'r> SmallDisk<'r> {
    fn mount(place: &'r Path, size: &str) -> Option<Self> {
        fs::create_dir(place).unwrap();
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "deeplog-test"]).arg(place);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(place))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // Lazily: a server that a failed test has left may still have files open.
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_makes_senders_wait() {
    let (room, batches) = (room(), batches());
    let place = room.path("disk");
    let Some(_disk) = SmallDisk::mount(&place, "16m") else {
        left_out("a_full_disk_makes_senders_wait", "may not mount a file system");
        return;
    };
    let filler = room.write("disk/filler", vec![0; 14 << 20]);
    let (server, address) = start(&room, "disk/state");
    let mut next = push_from(address, &batches, 0).expect("the disk is full one day");
    assert!(next > 0, "there was room for something");
    // What is small may still find room, and then all seems well until the next batch.
    until("a word about the disk", || {
        next = push_from(address, &batches, next).expect("the disk is full");
        troubles(address).is_some_and(|said| said.contains("No space left on device"))
    });
    // What was acknowledged survives a kill, too, even if there is no room yet to start again.
    server.kill();
    let mut again = Server::spawn(serve(&room, "disk/state", &["--config", "serve.toml"]));
    until("a start, or why not", || again.said().contains('\n'));
    if again.said().contains("error:") {
        assert_eq!(again.ended(), Some(1), "{}", again.said());
    }
    drop(again);
    fs::remove_file(filler).unwrap();
    let (server_again, address) = start(&room, "disk/state");
    push_all(address, &batches, next);
    until("a service that is ready", || troubles(address).is_none());
    assert!(found(&room, "disk/state", server_again, address, &batches) == undisturbed(&batches));
}

#[test]
fn space_that_is_freed_is_used_without_a_restart() {
    let (room, batches) = (room(), batches());
    let place = room.path("disk");
    let Some(_disk) = SmallDisk::mount(&place, "16m") else {
        left_out(
            "space_that_is_freed_is_used_without_a_restart",
            "may not mount a file system",
        );
        return;
    };
    let filler = room.write("disk/filler", vec![0; 14 << 20]);
    let (server, address) = start(&room, "disk/state");
    let next = push_from(address, &batches, 0).expect("the disk is full one day");
    fs::remove_file(filler).unwrap();
    push_all(address, &batches, next);
    until("a service that is ready", || troubles(address).is_none());
    assert!(found(&room, "disk/state", server, address, &batches) == undisturbed(&batches));
}

#[test]
fn who_does_not_read_keeps_nobody_else_waiting() {
    let (room, batches) = (room(), batches());
    let (server, address) = start(&room, "state");
    let resident = || {
        let status = fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim();
        line.strip_suffix(" kB")?.parse::<u64>().ok()
    };
    let before = resident();
    let idle: Vec<_> = (0..100)
        .map(|_| send(address, "GET /v1/events", &[("last-event-id", "0")], b"").unwrap())
        .collect();
    let mut events = Events::follow(address, "", 0).unwrap();
    push_all(address, &batches, 0);
    until_judged(address, "default", lines(&batches));
    let mut seen = BTreeMap::new();
    until("every event", || {
        while let Some((_, item)) = events.next().unwrap() {
            seen.insert(item["id"].as_u64().unwrap(), item);
        }
        seen.values().eq(&listed(address))
    });
    // Each has its page of findings and what the kernel holds for it; the rest waits in the database.
    if let (Some(before), Some(after)) = (before, resident()) {
        assert!(after < before + (200 << 10), "{before} kB became {after} kB");
    }
    drop(idle);
    server.stop();
}

#[test]
fn a_state_of_another_kind_is_left_as_it_is() {
    let room = room();
    let (server, address) = start(&room, "state");
    push_all(address, &batches()[..3], 0);
    server.stop();
    let log = &room.files("state/wal")[0];
    for (file, said) in [
        ("checkpoint".to_owned(), "is not a deeplog state of a live service"),
        ("findings.sqlite".to_owned(), "is not a database"),
        (format!("wal/{log}"), "was written by another version"),
    ] {
        let path = room.path("state").join(&file);
        let before = fs::read(&path).unwrap();
        // The database's own log would put it right again.
        let _ = fs::remove_file(room.path("state/findings.sqlite-wal"));
        fs::write(&path, [b"NONSENSE", &before[8..]].concat()).unwrap();
        let outcome = room
            .deeplog(&format!(
                "serve --listen 127.0.0.1:0 --state state --model {}",
                super::model().display()
            ))
            .fails(1, &[&file, said]);
        assert!(outcome.stderr.contains("hint: "), "{}", outcome.stderr);
        assert!(
            fs::read(&path).unwrap() == [b"NONSENSE", &before[8..]].concat(),
            "{file} is as it was"
        );
        fs::write(&path, before).unwrap();
    }
    let (server, address) = start(&room, "state");
    until_judged(address, "default", lines(&batches()[..3]));
    server.stop();
}

#[test]
fn neither_address_nor_state_is_shared() {
    let room = room();
    let (_server, address) = start(&room, "state");
    let model = super::model().display();
    room.deeplog(&format!("serve --listen {address} --state other --model {model}"))
        .fails(1, &["cannot listen at", "in use"]);
    room.deeplog(&format!("serve --listen 127.0.0.1:0 --state state --model {model}"))
        .fails(1, &["state is in use by another deeplog"]);
}
