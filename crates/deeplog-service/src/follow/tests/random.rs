//! A writer that rotates, and a follower that breaks down, at random: no line is lost, none is read twice, and they come in
//! their order.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;

const TRACE: bool = false;
/// Writes numbered lines to `app.log` and puts it aside.
struct Writer {
    folder: PathBuf,
    random: SmallRng,
    expected: String,
    /// Whether the last line has no end yet.
    is_within_line: bool,
    lines: usize,
    moves: usize,
}

impl Writer {
    fn new(folder: &Path, seed: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            random: SmallRng::seed_from_u64(seed),
            expected: String::new(),
            is_within_line: false,
            lines: 0,
            moves: 0,
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.join("app.log")
    }

    fn write(&mut self) {
        let mut text = String::new();
        for _ in 0..self.random.random_range(1..30) {
            let length = self.random.random_range(0..80);
            text += &format!("{} {}\n", self.lines, "x".repeat(length));
            self.lines += 1;
        }
        if self.random.random_bool(0.3) {
            text += &format!("{} begun ", self.lines);
            self.lines += 1;
        }
        if TRACE {
            eprintln!("write {}", self.lines);
        }
        self.is_within_line = !text.ends_with('\n');
        append(&self.log(), text.as_bytes());
        self.expected += &text;
    }

    /// All put aside move on by one; the oldest may be packed.
    fn rotate(&mut self) {
        if !self.log().exists() {
            return;
        }
        let name = |i: usize, ending: &str| self.folder.join(format!("app.log.{i}{ending}"));
        for i in (1..=self.moves).rev() {
            for ending in ["", ".gz"] {
                if name(i, ending).exists() {
                    fs::rename(name(i, ending), name(i + 1, ending)).unwrap();
                }
            }
        }
        self.moves += 1;
        let first = name(1, "");
        if TRACE {
            eprintln!(
                "rotate {:?}",
                fs::read_dir(&self.folder)
                    .unwrap()
                    .map(|e| {
                        use std::os::unix::fs::MetadataExt;
                        let e = e.unwrap();
                        let m = e.metadata().unwrap();
                        (e.file_name(), m.ino(), m.len(), m.mtime_nsec() / 1000)
                    })
                    .collect::<Vec<_>>()
            );
        }
        if self.random.random_bool(0.5) {
            fs::rename(self.log(), &first).unwrap();
            if self.random.random_bool(0.7) {
                fs::File::create(self.log()).unwrap();
            }
        } else {
            if TRACE {
                eprintln!("  copytruncate");
            }
            fs::copy(self.log(), &first).unwrap();
            truncate(&self.log());
        }
        let kept = self.random.random_range(1..4);
        let old = self.folder.join(format!("app.log.{kept}"));
        if self.random.random_bool(0.4) && old.exists() {
            if TRACE {
                eprintln!("  pack {kept}");
            }
            pack(&old);
        }
        if std::mem::take(&mut self.is_within_line) {
            self.expected.push('\n');
        }
    }
}

/// Looks a few times, and may break down in the middle of a look.
fn look(place: &mut Place, random: &mut SmallRng) {
    let known = place.kept.positions.values().cloned().collect();
    let follower = place.follower.get_or_insert_with(|| {
        Follower::new(place.patterns.clone(), Start::Beginning, known)
            .unwrap()
            .with_pace(place.pace)
    });
    let kept = &mut place.kept;
    if TRACE {
        eprintln!("look");
    }
    for _ in 0..random.random_range(0..4) {
        let left = random.random_range(0..8);
        let mut taken = 0;
        let mut take = |block: Vec<u8>, position| {
            if TRACE {
                eprintln!(
                    "   take {left} {} {:?} {position:?}",
                    block.len(),
                    String::from_utf8_lossy(&block[..block.len().min(10)])
                );
            }
            taken += 1;
            if taken > left {
                return Err(());
            }
            kept.keep(&block, position);
            Ok(())
        };
        let _ = follower.poll(&mut take);
    }
    if random.random_bool(0.2) {
        if TRACE {
            eprintln!("break down");
        }
        place.break_down();
    }
}

#[test]
fn any_order_of_events_gives_every_line_once() {
    for seed in 0..300 {
        let pattern = ["app.log", "app.log*"][seed as usize % 2];
        let pace = [HASTY, FAITHFUL][seed as usize / 2 % 2];
        let mut place = Place::new(&[pattern]).with(Start::Beginning, pace);
        let mut writer = Writer::new(place.folder.path(), seed);
        let mut random = SmallRng::seed_from_u64(!seed);
        let mut was_read = true;
        for _ in 0..60 {
            match random.random_range(0..10) {
                0..5 => writer.write(),
                5..9 => {
                    look(&mut place, &mut random);
                    was_read = true;
                }
                // What nobody has ever looked at cannot be told from what was there before.
                _ if was_read && !place.kept.positions.is_empty() => {
                    writer.rotate();
                    was_read = pattern == "app.log*";
                }
                _ => {}
            }
        }
        writer.write();
        writer.rotate();
        place.read();
        compare(&place, &writer, &format!("seed {seed}"));
    }
}

fn compare(place: &Place, writer: &Writer, what: &str) {
    let found = String::from_utf8(place.kept.text.clone()).unwrap();
    if found != writer.expected {
        let at = found
            .bytes()
            .zip(writer.expected.bytes())
            .take_while(|(one, other)| one == other)
            .count();
        let show = |text: &str| {
            text.get(at.saturating_sub(150)..(at + 200).min(text.len()))
                .unwrap_or("")
                .to_owned()
        };
        panic!("{what}:\nfound\n{}\nexpected\n{}", show(&found), show(&writer.expected));
    }
}

#[test]
fn a_writer_in_a_thread_of_its_own() {
    let mut place = Place::new(&["app.log*"]).with(Start::Beginning, FAITHFUL);
    let mut writer = Writer::new(place.folder.path(), 7);
    let (is_over, looks) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for i in 0..400 {
                writer.write();
                if i % 9 == 8 {
                    // Faster than that no log is rotated.
                    let next = looks.load(Ordering::Relaxed) + 3;
                    while looks.load(Ordering::Relaxed) < next {
                        thread::yield_now();
                    }
                    writer.rotate();
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let mut random = SmallRng::seed_from_u64(8);
        while !is_over.load(Ordering::Relaxed) {
            look(&mut place, &mut random);
            looks.fetch_add(1, Ordering::Relaxed);
        }
        writing.join().unwrap();
    });
    place.read();
    compare(&place, &writer, "threads");
}
