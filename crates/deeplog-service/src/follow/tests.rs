//! What may happen to a log, one thing at a time. `random` mixes them.

mod pipes;
mod random;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use deeplog::MAX_LINE;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::follower::Pace;
use super::*;
use crate::FilePosition;

const HOUR: Duration = Duration::from_secs(3600);
/// Files that were put aside are finished and let go at once.
const HASTY: Pace = Pace {
    quiet: Duration::ZERO,
    hold: HOUR,
    forget: Duration::ZERO,
    scan_share: 0,
};
/// They are finished at once but never let go.
const FAITHFUL: Pace = Pace { forget: HOUR, ..HASTY };
/// They are never finished.
const PATIENT: Pace = Pace {
    quiet: HOUR,
    hold: Duration::ZERO,
    ..FAITHFUL
};

/// A folder with logs, and a follower that may break down.
struct Place {
    folder: tempfile::TempDir,
    patterns: Vec<String>,
    start: Start,
    pace: Pace,
    follower: Option<Follower>,
    /// What is kept over a breakdown.
    kept: Kept,
}

#[derive(Default)]
struct Kept {
    text: Vec<u8>,
    positions: Vec<FilePosition>,
}

impl Kept {
    fn keep(&mut self, block: &[u8], position: FilePosition) {
        assert!(block.is_empty() || block.ends_with(b"\n"));
        let feeds = block.iter().filter(|&&byte| byte == b'\n').count();
        assert!(block.len() <= 1 << 20 || feeds == 1);
        assert!(u64::from(position.prefix_length) <= position.offset.min(1024));
        self.text.extend_from_slice(block);
        remember(&mut self.positions, position);
    }
}

impl Place {
    fn new(patterns: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let full = |pattern: &&str| folder.path().join(pattern).to_str().unwrap().to_owned();
        let patterns = patterns.iter().map(full).collect();
        Self {
            folder,
            patterns,
            start: Start::Beginning,
            pace: HASTY,
            follower: None,
            kept: Kept::default(),
        }
    }

    fn with(self, start: Start, pace: Pace) -> Self {
        Self { start, pace, ..self }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        append(&self.path(name), text.as_bytes());
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// As `logrotate` with `copytruncate`.
    fn copy_truncate(&self, from: &str, to: &str) {
        fs::write(self.path(to), fs::read(self.path(from)).unwrap()).unwrap();
        truncate(&self.path(from));
    }

    fn pack(&self, name: &str) {
        pack(&self.path(name));
    }

    /// Reads all there is, and gives what was new.
    fn read(&mut self) -> String {
        let before = self.kept.text.len();
        let follower = self.follower.get_or_insert_with(|| {
            let known = self.kept.positions.clone();
            Follower::new(self.patterns.clone(), self.start, known)
                .unwrap()
                .with_pace(self.pace)
        });
        let kept = &mut self.kept;
        let mut take = |block: Vec<u8>, position| {
            kept.keep(&block, position);
            Ok::<(), ()>(())
        };
        // What is found out at one look may be acted upon at the next.
        let mut quiet = 0;
        while quiet < 3 {
            quiet = if follower.poll(&mut take).unwrap() {
                0
            } else {
                quiet + 1
            };
        }
        String::from_utf8(self.kept.text[before..].to_vec()).unwrap()
    }

    /// The follower is gone; what it had handed over is not.
    fn break_down(&mut self) {
        self.follower = None;
    }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

fn truncate(path: &Path) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap();
}

/// As gzip does: the packed file is as old as the plain one was.
fn pack(path: &Path) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&fs::read(path).unwrap()).unwrap();
    let name = PathBuf::from(format!("{}.gz", path.display()));
    fs::write(&name, packed.finish().unwrap()).unwrap();
    OpenOptions::new()
        .write(true)
        .open(&name)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    fs::remove_file(path).unwrap();
}

/// Lines that fill more than what a file is known by.
fn long(from: usize) -> String {
    (from..from + 60)
        .map(|i| format!("line {i:05} with some words in it\r\n"))
        .collect()
}

#[test]
fn lines_are_handed_over_once_they_are_whole() {
    let mut place = Place::new(&["log"]);
    assert_eq!(place.read(), "");
    place.write("log", "one\ntw");
    assert_eq!(place.read(), "one\n");
    place.write("log", "o\r\n\n");
    assert_eq!(place.read(), "two\r\n\n");
    place.write("log", "three");
    assert_eq!(place.read(), "");
    place.break_down();
    place.write("log", "\nfour\n");
    assert_eq!(place.read(), "three\nfour\n");
    place.break_down();
    assert_eq!(place.read(), "");
}

#[test]
fn a_block_that_is_not_taken_comes_again() {
    let place = Place::new(&["log"]);
    place.write("log", "one\n");
    let mut follower = Follower::new(place.patterns, Start::Beginning, Vec::new())
        .unwrap()
        .with_pace(HASTY);
    let mut taken = Vec::new();
    for turn in 0..3 {
        let mut take = |block: Vec<u8>, _| {
            taken.push(block);
            if turn == 0 { Err("full") } else { Ok(()) }
        };
        assert_eq!(follower.poll(&mut take), [Err("full"), Ok(true), Ok(false)][turn]);
    }
    assert_eq!(taken, [b"one\n", b"one\n"]);
}

#[test]
fn rotation_by_rename_finishes_the_old_file_first() {
    for pattern in ["app.log", "app.log*"] {
        let mut place = Place::new(&[pattern]).with(Start::Beginning, FAITHFUL);
        place.write("app.log", "one\n");
        assert_eq!(place.read(), "one\n");
        place.write("app.log", "two\nlast");
        place.rename("app.log", "app.log.1");
        place.write("app.log", "new\n");
        assert_eq!(place.read(), "two\nlast\nnew\n", "{pattern}");
        // The writer has not noticed yet.
        place.write("app.log.1", "late\n");
        assert_eq!(place.read(), "late\n", "{pattern}");
        place.rename("app.log.1", "app.log.2");
        place.rename("app.log", "app.log.1");
        place.pack("app.log.2");
        place.write("app.log", "newer\n");
        assert_eq!(place.read(), "newer\n", "{pattern}");
        place.break_down();
        place.write("app.log", "newest\n");
        assert_eq!(place.read(), "newest\n", "{pattern}");
    }
}

#[test]
fn a_line_without_end_waits_while_its_writer_may_go_on() {
    let mut place = Place::new(&["app.log"]).with(Start::Beginning, PATIENT);
    place.write("app.log", "one\nbeg");
    assert_eq!(place.read(), "one\n");
    place.rename("app.log", "app.log.1");
    place.write("app.log", "new\n");
    assert_eq!(
        place.read(),
        "new\n",
        "the old file does not hold up the new one for ever"
    );
    place.write("app.log.1", "un\n");
    assert_eq!(place.read(), "begun\n");
}

#[test]
fn files_that_are_put_aside_between_two_looks_are_not_missed() {
    for pattern in ["app.log", "app*"] {
        let mut place = Place::new(&[pattern]);
        place.write("app.log", "one\n");
        assert_eq!(place.read(), "one\n");
        for i in 0..3 {
            for old in (1..=i).rev() {
                place.rename(&format!("app.log.{old}"), &format!("app.log.{}", old + 1));
            }
            place.rename("app.log", "app.log.1");
            place.write("app.log", &format!("{i}\n"));
        }
        place.write("app.log.err", "of another program\n");
        let read = place.read();
        assert_eq!(read.replace("of another program\n", ""), "0\n1\n2\n", "{pattern}");
    }
}

#[test]
fn copy_and_truncate_reads_the_rest_from_the_copy() {
    for pattern in ["app.log", "app.log*"] {
        for text in ["short\n".to_owned(), long(0)] {
            let mut place = Place::new(&[pattern]);
            place.write("app.log", &text);
            assert_eq!(place.read(), text);
            place.write("app.log", "rest\nend");
            place.copy_truncate("app.log", "app.log.1");
            place.write("app.log", "new\n");
            assert_eq!(place.read(), "rest\nend\nnew\n", "{pattern}");
            // It is longer again than it was.
            place.write("app.log", "more\n");
            place.copy_truncate("app.log", "app.log.2");
            place.write("app.log", &long(1_000));
            assert_eq!(place.read(), format!("more\n{}", long(1_000)), "{pattern}");
            place.break_down();
            place.pack("app.log.1");
            assert_eq!(place.read(), "", "{pattern}");
        }
    }
}

#[test]
fn a_copy_that_is_seen_before_the_log_is_truncated_is_not_read() {
    let mut place = Place::new(&["app.log*"]);
    place.write("app.log", &long(0));
    let whole = place.read();
    place.write("app.log.1", &whole[..100]);
    assert_eq!(place.read(), "");
    place.write("app.log.1", &whole[100..]);
    place.write("app.log", "rest\n");
    assert_eq!(place.read(), "rest\n");
    place.write("app.log.1", "rest\n");
    truncate(&place.path("app.log"));
    assert_eq!(place.read(), "");
    place.write("app.log", "new\n");
    assert_eq!(place.read(), "new\n");
}

#[test]
fn a_truncated_log_without_a_copy_is_read_from_its_start() {
    let mut place = Place::new(&["app.log"]);
    place.write("app.log", "one\ntwo\n");
    place.read();
    truncate(&place.path("app.log"));
    place.write("app.log", "new\n");
    assert_eq!(place.read(), "new\n");
    place.break_down();
    fs::write(place.path("app.log"), "other\nlonger\n").unwrap();
    assert_eq!(place.read(), "other\nlonger\n");
}

#[test]
fn a_number_that_another_file_has_now_does_not_make_its_packed_copy_new() {
    let mut place = Place::new(&["app.log*"]);
    place.write("app.log", &long(0));
    place.read();
    place.rename("app.log", "app.log.1");
    place.write("app.log", &long(100));
    assert_eq!(place.read(), long(100));
    place.break_down();
    place.pack("app.log.1");
    let positions = &mut place.kept.positions;
    let given = positions.last().unwrap().id;
    assert!(positions[0].id != given);
    positions.iter_mut().for_each(|known| known.id = given);
    assert_eq!(place.read(), "");
}

/// What is done to a log, and how it is called.
type Happening = (&'static str, fn(&Place));

#[test]
fn what_happens_while_nobody_looks() {
    for pattern in ["app.log", "app.log*"] {
        for text in ["short\n".to_owned(), long(0)] {
            let down: [Happening; 7] = [
                ("renamed", |place| place.rename("app.log", "app.log.1")),
                ("renamed twice", |place| {
                    place.rename("app.log", "app.log.2");
                    place.write("app.log", "between\n");
                    place.rename("app.log", "app.log.1");
                }),
                ("packed", |place| {
                    place.rename("app.log", "app.log.1");
                    place.pack("app.log.1");
                }),
                ("packed, then renamed", |place| {
                    place.rename("app.log", "app.log.2");
                    place.pack("app.log.2");
                    place.write("app.log", "between\n");
                    place.rename("app.log", "app.log.1");
                }),
                ("copied", |place| place.copy_truncate("app.log", "app.log-20260102")),
                ("copied twice", |place| {
                    place.copy_truncate("app.log", "app.log.2");
                    place.write("app.log", "between\n");
                    place.copy_truncate("app.log", "app.log.1");
                }),
                ("copied, and not yet truncated", |place| {
                    fs::copy(place.path("app.log"), place.path("app.log.1")).unwrap();
                }),
            ];
            for (what, happens) in down {
                let mut place = Place::new(&[pattern]);
                place.write("app.log", &text);
                assert_eq!(place.read(), text);
                place.break_down();
                place.write("app.log", "rest\n");
                happens(&place);
                place.write("app.log", "new\n");
                let between = if what.contains("wice") || what.contains("then") {
                    "between\n"
                } else {
                    ""
                };
                assert_eq!(place.read(), format!("rest\n{between}new\n"), "{what}, {pattern}");
                place.break_down();
                assert_eq!(place.read(), "", "{what}, {pattern}");
            }
        }
    }
}

#[test]
fn history_comes_first_packed_or_not_and_only_once() {
    let mut place = Place::new(&["app.log*", "app.log"]);
    place.write("app.log.3", &long(0));
    place.pack("app.log.3");
    let zst = ruzstd_of("two\n");
    fs::write(place.path("app.log.2.zst"), zst).unwrap();
    place.write("app.log.1", "three\nno end");
    place.write("app.log", "four\n");
    let all = format!("{}two\nthree\nno end\nfour\n", long(0));
    assert_eq!(place.read(), all);
    place.rename("app.log.3.gz", "app.log.4.gz");
    place.break_down();
    assert_eq!(place.read(), "");
    place.rename("app.log.2.zst", "app.log.3.zst");
    place.rename("app.log.1", "app.log.2");
    place.pack("app.log.2");
    place.rename("app.log", "app.log.1");
    place.write("app.log", "five\n");
    assert_eq!(place.read(), "five\n");
}

/// A frame of Zstandard with one raw block, by RFC 8878.
fn ruzstd_of(text: &str) -> Vec<u8> {
    let header = [0x28, 0xb5, 0x2f, 0xfd, 0x20, text.len() as u8];
    let block = ((text.len() as u32) << 3 | 1).to_le_bytes();
    [&header[..], &block[..3], text.as_bytes()].concat()
}

#[test]
fn a_file_that_is_still_being_packed_waits() {
    let mut place = Place::new(&["app.log*"]);
    let many: String = (0..200).map(|i| long(i * 60)).collect();
    place.write("app.log.1", &many);
    place.pack("app.log.1");
    let packed = fs::read(place.path("app.log.1.gz")).unwrap();
    for length in [0, 1, 5, packed.len() / 2, packed.len() - 3, packed.len()] {
        fs::write(place.path("app.log.1.gz"), &packed[..length]).unwrap();
        place.read();
        if length == packed.len() / 2 {
            place.break_down();
        }
    }
    assert!(place.kept.text == many.as_bytes());
}

#[test]
fn from_the_end_only_what_comes_is_read() {
    let mut place = Place::new(&["app.log*", "late.log"]).with(Start::End, HASTY);
    place.write("app.log.2", &long(0));
    place.pack("app.log.2");
    place.write("app.log.1", "old\n");
    place.write("app.log", "old\nbeg");
    assert_eq!(place.read(), "");
    place.break_down();
    place.write("app.log", "un\n");
    place.write("late.log", "late\n");
    assert_eq!(
        place.read(),
        "begun\n",
        "late.log was there at the start, and nothing of it was known"
    );
    place.write("late.log", "later\n");
    place.rename("app.log", "app.log.3");
    place.write("app.log", "new\n");
    assert_eq!(place.read(), "later\nnew\n");
}

#[test]
fn a_deleted_file_is_read_to_its_end() {
    let mut place = Place::new(&["*.log"]);
    place.write("a.log", "one\n");
    place.read();
    place.write("a.log", "two\nend");
    fs::remove_file(place.path("a.log")).unwrap();
    place.write("b.log", "b\n");
    assert_eq!(place.read(), "two\nend\nb\n");
}

#[test]
fn files_with_the_same_lines_are_not_taken_for_each_other() {
    let mut place = Place::new(&["*.log"]);
    place.write("a.log", "started\n");
    place.write("b.log", "started\n");
    assert_eq!(place.read(), "started\nstarted\n");
    place.break_down();
    place.write("c.log", "started\nc\n");
    assert_eq!(place.read(), "started\nc\n");
}

#[test]
fn an_unreadable_file_is_tried_again() {
    let mut place = Place::new(&["log"]);
    place.write("log", "one\n");
    let set = |mode| fs::set_permissions(place.path("log"), fs::Permissions::from_mode(mode)).unwrap();
    set(0o000);
    let is_root = fs::read(place.path("log")).is_ok();
    if is_root {
        eprintln!("left out for the superuser, who may read everything");
        return;
    }
    assert_eq!(place.read(), "");
    fs::set_permissions(place.path("log"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(place.read(), "one\n");
}

#[test]
fn long_lines_are_cut_as_elsewhere_and_blocks_stay_small() {
    let mut place = Place::new(&["log"]);
    let (x, y) = ("x".repeat(MAX_LINE + 5), "y".repeat(MAX_LINE));
    place.write("log", "a\n");
    place.write("log", &x[..MAX_LINE]);
    assert_eq!(place.read(), "a\n");
    place.write("log", &x[MAX_LINE..]);
    place.write("log", &format!("\n{y}\n{}b\n", long(0).repeat(1_000)));
    let expected = format!("{}\n{y}\n{}b\n", &x[..MAX_LINE], long(0).repeat(1_000));
    assert!(place.read() == expected);
    assert_eq!(place.follower.as_ref().unwrap().cut(), 1);
    place.break_down();
    place.write("log", "c\n");
    assert_eq!(place.read(), "c\n");
}

#[test]
fn brackets_may_be_a_glob_or_a_name() {
    let mut place = Place::new(&["app[1].log"]);
    place.write("app[1].log", "name\n");
    assert_eq!(place.read(), "name\n");
    fs::remove_file(place.path("app[1].log")).unwrap();
    place.write("app1.log", "glob\n");
    assert_eq!(place.read(), "glob\n");
    place.break_down();
    place.patterns = vec![place.path("[x").to_str().unwrap().to_owned()];
    place.write("[x", "odd too\n");
    assert_eq!(place.read(), "odd too\n");
    assert!(Follower::new(vec!["[y".to_owned()], Start::End, Vec::new()).is_err());
}
