//! Files and pipes to a real entrance.

use std::io::{self, Read, pipe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::entrance::Submission;
use crate::{Entrance, Entry, Origin, Receipt, Refused};

/// Keeps what it is given; every third batch only at the second attempt.
fn keep_all(given: &Receiver<Submission>, kept: &Mutex<Vec<(Origin, Vec<u8>)>>) {
    for (i, Submission { entry, reply, .. }) in given.iter().enumerate() {
        let Entry::Lines(batch) = entry else {
            panic!("{entry:?}")
        };
        let answer = if i % 3 == 0 {
            Err(Refused::Unwritable("disk full".to_owned()))
        } else {
            kept.lock().unwrap().push((batch.origin, batch.block));
            Ok(Receipt {
                lines: 0,
                is_duplicate: false,
            })
        };
        let _ = reply.send(answer);
    }
}

type KeptBatches = Arc<Mutex<Vec<(Origin, Vec<u8>)>>>;

fn entrance() -> (Entrance, KeptBatches) {
    let (submissions, given) = channel();
    let kept = KeptBatches::default();
    let keep = kept.clone();
    thread::spawn(move || keep_all(&given, &keep));
    (Entrance::new(submissions, 1 << 20), kept)
}

fn wait_for(kept: &KeptBatches, text: &str) {
    let begin = Instant::now();
    let all = || -> Vec<u8> {
        kept.lock()
            .unwrap()
            .iter()
            .flat_map(|(_, block)| block.clone())
            .collect()
    };
    while all() != text.as_bytes() {
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "{:?}",
            String::from_utf8_lossy(&all())
        );
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_pipe_is_live_and_its_last_line_needs_no_end() {
    let (entrance, kept) = entrance();
    let (reader, mut writer) = pipe().unwrap();
    let reading = thread::spawn(move || read_lines(reader, &"in".into(), &entrance).unwrap());
    writer.write_all(b"one\r\ntw").unwrap();
    wait_for(&kept, "one\r\n");
    writer.write_all(b"o\nend").unwrap();
    wait_for(&kept, "one\r\ntwo\n");
    drop(writer);
    reading.join().unwrap();
    wait_for(&kept, "one\r\ntwo\nend\n");
    assert!(kept.lock().unwrap().iter().all(|(origin, _)| *origin == Origin::Stream));
}

#[test]
fn a_long_pipe_comes_in_blocks() {
    let (entrance, kept) = entrance();
    let text = [
        long(0).repeat(2_000),
        "x".repeat(3 << 20),
        "\n".to_owned(),
        long(7).repeat(600),
    ]
    .concat();
    read_lines(text.as_bytes(), &"in".into(), &entrance).unwrap();
    wait_for(&kept, &text);
    let longest = kept.lock().unwrap().iter().map(|(_, block)| block.len()).max();
    assert_eq!(longest, Some((3 << 20) + 1));
}

/// Breaks off.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn what_came_before_a_pipe_broke_is_given() {
    let (entrance, kept) = entrance();
    let error = read_lines(b"one\ntwo".chain(Broken), &"in".into(), &entrance).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    wait_for(&kept, "one\ntwo\n");
}

#[test]
fn files_come_with_their_positions_until_the_end() {
    let (entrance, kept) = entrance();
    let place = Place::new(&["log"]);
    place.write("log", "one\ntwo\n");
    let follower = Follower::new(place.patterns.clone(), Start::Beginning, Vec::new()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let following = thread::spawn(move || follow(follower, &"web".into(), &entrance, &stopped));
    wait_for(&kept, "one\ntwo\n");
    let Origin::File(position) = kept.lock().unwrap()[0].0.clone() else {
        panic!("not from a file");
    };
    assert_eq!((position.offset, position.prefix_length), (8, 8));
    stop.store(true, Ordering::Relaxed);
    following.join().unwrap();
}

#[test]
fn a_closed_entrance_ends_everything() {
    let (submissions, given) = channel();
    drop(given);
    let entrance = Entrance::new(submissions, 100);
    let place = Place::new(&["log"]);
    place.write("log", "one\n");
    let follower = Follower::new(place.patterns.clone(), Start::Beginning, Vec::new()).unwrap();
    follow(follower, &"web".into(), &entrance, &AtomicBool::new(false));
    read_lines(&b"one\n"[..], &"in".into(), &entrance).unwrap();
}
