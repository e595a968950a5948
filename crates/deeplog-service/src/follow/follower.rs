//! All files that are followed, and what becomes of them.

mod meeting;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use deeplog::{MAX_LINE, Result};

use super::cutter::Cut;
use super::files::{Found, Look, Patterns, is_named_as_rotated, missed, siblings};
use super::packed::{ALL, Packed};
use super::tail::{Aside, Reading, Tail};
use crate::{FileId, FilePosition};

/// Where files are begun that are there at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// At their first line.
    #[default]
    Beginning,
    /// Behind their last line. Files that come later are begun at their first one.
    End,
}

/// Takes a block of lines and the position behind it.
pub(super) type Take<'a, E> = dyn FnMut(Vec<u8>, FilePosition) -> Result<(), E> + 'a;

/// How patient the follower is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// For how long a file that was put aside must be quiet until its last line is taken for whole.
    pub(super) quiet: Duration,
    /// For how long newer files wait for that at most.
    pub(super) hold: Duration,
    /// For how long a file that was put aside under our eyes must be quiet until it is let go: its writer may keep it for a
    /// while.
    pub(super) forget: Duration,
    /// Looking for files takes at most one part in so many of the time.
    pub(super) scan_share: u32,
}

const PACE: Pace = Pace {
    quiet: Duration::from_secs(1),
    hold: Duration::from_secs(3),
    forget: Duration::from_secs(300),
    scan_share: 20,
};
/// Positions of files that are not read any more, the newest of them, that are kept.
const MOST_KNOWN: usize = 10_000;
/// How often all files are looked at, one time after the other, if some change meanwhile.
const MOST_SCANS: usize = 10;
/// How often it is looked again while files are being renamed.
const LOOKS: usize = 20;
/// Files that are open at a time, at most.
const MOST_OPEN: usize = 512;

/// Reads files that grow, are rotated, truncated, packed and deleted, each line once.
pub struct Follower {
    patterns: Patterns,
    start: Start,
    /// Plain files, in the order in which they are read.
    tails: Vec<Tail>,
    /// Packed files to be read before them.
    packed: Vec<Packed>,
    /// How far files were read that are not read any more.
    known: Vec<FilePosition>,
    /// Files that are none of these, and how they looked when this was found.
    settled: HashMap<FileId, (Look, Settled)>,
    /// Positions that are to be remembered though nothing was read.
    notes: Vec<FilePosition>,
    /// Paths of logs that were put aside, and when these were written to last: another one may be put aside there before
    /// anybody looks.
    gone: BTreeMap<PathBuf, SystemTime>,
    unreadable: HashSet<PathBuf>,
    has_too_many: bool,
    next_scan: Option<Instant>,
    /// Since when a file is not decided about, as it changed meanwhile: that is put off until all are looked at again.
    undecided: Option<Instant>,
    counts: Counts,
    pace: Pace,
}

/// Why a file is let alone until it changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// All of it has been read, or it is none of ours.
    Done,
    /// It holds what is read from another file.
    Copy,
}

/// What makes a file worth reading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It is one of those asked for.
    Asked,
    /// So it is, and by its name it was put aside before.
    AskedOld,
    /// It is beside one, and is read if it was begun before.
    Beside,
    /// It is beside one, and was put aside while nobody looked.
    Missed,
}

/// A file to decide about.
pub(super) struct Met {
    pub(super) found: Found,
    pub(super) role: Role,
    /// It, where it is open.
    pub(super) file: Option<File>,
    /// Whether it was open before it was found, empty.
    pub(super) was_waiting: bool,
}

impl Met {
    fn new(found: Found, role: Role) -> Self {
        Self {
            found,
            role,
            file: None,
            was_waiting: false,
        }
    }
}

/// What is counted.
#[derive(Default)]
pub(super) struct Counts {
    cut: u64,
}

impl Counts {
    pub(super) fn note_cut(&mut self, cut: &Cut, path: &Path) {
        if cut.is_cut {
            self.cut += 1;
            tracing::warn!(path = %path.display(), kept = MAX_LINE, "a line was cut as it is too long");
        }
    }
}

impl Follower {
    /// Follows paths and globs from where the positions say that they were read to: all that were [kept](remember) of those
    /// handed over.
    ///
    /// # Errors
    /// One of them is no glob.
    pub fn new(patterns: Vec<String>, start: Start, known: Vec<FilePosition>) -> Result<Self> {
        let patterns = Patterns::new(patterns)?;
        for pattern in patterns.without_files() {
            tracing::warn!(pattern, "there is no such file yet: it is waited for");
        }
        Ok(Self {
            patterns,
            start,
            tails: Vec::new(),
            packed: Vec::new(),
            known,
            settled: HashMap::new(),
            notes: Vec::new(),
            gone: BTreeMap::new(),
            unreadable: HashSet::new(),
            has_too_many: false,
            next_scan: None,
            undecided: None,
            counts: Counts::default(),
            pace: PACE,
        })
    }

    #[cfg(test)]
    pub(super) fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Lines so far that were longer than [`MAX_LINE`](deeplog::MAX_LINE).
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.counts.cut
    }

    /// Reads what is new, and says whether anything was.
    ///
    /// `take` is given whole lines, of at most one mebibyte or a single one, with the position behind them; there may be none
    /// where only the position is to be remembered. When it fails, the same lines come again at the next call.
    ///
    /// # Errors
    /// Those of `take`. Files that cannot be read are told of in the service's own log, and tried again.
    pub fn poll<E>(&mut self, take: &mut dyn FnMut(Vec<u8>, FilePosition) -> Result<(), E>) -> Result<bool, E> {
        for _ in 0..MOST_SCANS {
            while let Some(i) = self.tails.iter().position(Tail::is_truncated) {
                self.after_truncation(i);
            }
            if self.undecided.is_none() && self.next_scan.is_some_and(|next| next > Instant::now()) {
                break;
            }
            let begin = Instant::now();
            let since = self.undecided.take();
            self.scan();
            // Until all is decided the first time is not over. Who waits may find that such a file was put aside meanwhile.
            if self.undecided.is_none() {
                self.next_scan = Some(Instant::now() + begin.elapsed() * self.pace.scan_share);
                break;
            }
            self.undecided = since.or(self.undecided);
        }
        if self.undecided.is_some_and(|since| since.elapsed() < self.pace.hold) {
            // It may have to be read before the others.
            return Ok(true);
        }
        while let Some(note) = self.notes.first() {
            take(Vec::new(), note.clone())?;
            self.notes.remove(0);
        }
        let mut progress = false;
        let mut i = 0;
        loop {
            // What was packed was put aside before whatever lives.
            let next = self
                .tails
                .get(i)
                .filter(|tail| tail.aside.is_some())
                .map(|tail| &tail.age);
            if self
                .packed
                .first()
                .is_some_and(|packed| next.is_none_or(|next| packed.found.age() < *next))
            {
                self.read_packed(take)?;
                progress = true;
                continue;
            }
            let Some(tail) = self.tails.get_mut(i) else {
                break;
            };
            match tail.read(&mut self.counts, take)? {
                Reading::AtEnd { progress: any } => progress |= any,
                Reading::Truncated => {
                    self.after_truncation(i);
                    // What was put aside comes first.
                    return Ok(true);
                }
            }
            i += 1;
            let Some(aside) = tail.aside else {
                continue;
            };
            if tail.has_begun_line() && tail.is_quiet(aside.quiet) {
                progress |= tail.finish(&mut self.counts, take)?;
            }
            if tail.has_begun_line() {
                if aside.since.elapsed() < self.pace.hold {
                    break;
                }
            } else if tail.is_quiet(aside.forget) {
                i -= 1;
                self.close(i);
            }
        }
        Ok(progress)
    }

    fn read_packed<E>(&mut self, take: &mut Take<'_, E>) -> Result<(), E> {
        let packed = &mut self.packed[0];
        match packed.read(&mut self.counts, take)? {
            Ok(()) => {
                packed.offset = ALL;
                take(Vec::new(), packed.position())?;
            }
            Err(error) => {
                let path = packed.found.path.display();
                tracing::warn!(%path, %error, "a packed file cannot be read to its end; it is tried again when it changes");
            }
        }
        let packed = self.packed.remove(0);
        self.settle(&packed.found, Settled::Done);
        self.remember(packed.position());
        Ok(())
    }

    /// Looks which files there are.
    fn scan(&mut self) {
        let is_first = self.next_scan.is_none();
        let (asked, beside, mut files) = self.look_around(is_first);
        let mut met = Vec::new();
        for tail in &mut self.tails {
            let now = asked.iter().find(|found| found.id == tail.id);
            if tail.aside.is_none() && now.is_none_or(|found| found.path != tail.path) {
                tail.aside = Some(Aside::new(self.pace.quiet, self.pace.forget));
                let since = tail.file.metadata().map(|data| Look::of(&data).modified);
                self.gone
                    .insert(tail.path.clone(), since.unwrap_or_else(|_| SystemTime::now()));
            }
            let is_old = || asked.iter().any(|log| is_named_as_rotated(&tail.path, &log.path));
            if tail.aside.is_none() && tail.has_begun_line() && is_old() {
                tail.aside = Some(Aside::new(self.pace.quiet, self.pace.forget));
            }
            if let Some(since) = tail.written_since() {
                met.extend(missed(&tail.path, Some(since)).map(|found| Met::new(found, Role::Missed)));
            }
            if let Some(found) = now {
                tail.path.clone_from(&found.path);
            }
        }
        for (path, since) in &self.gone {
            met.extend(missed(path, Some(*since)).map(|found| Met::new(found, Role::Missed)));
        }
        self.gone
            .retain(|path, _| self.patterns.has_path(path) && asked.iter().all(|found| found.path != *path));
        met.extend(beside);
        let mut seen: HashSet<FileId> = asked.iter().map(|found| found.id).collect();
        met.retain(|met| seen.insert(met.found.id));
        for file in &asked {
            let is_new = !self.is_settled(file) && self.tails.iter().all(|tail| tail.id != file.id);
            let is_old = is_new && asked.iter().any(|log| is_named_as_rotated(&file.path, &log.path));
            let role = if is_old { Role::AskedOld } else { Role::Asked };
            met.push(Met::new(file.clone(), role));
        }
        for met in &mut met {
            met.file = files.remove(&met.found.id);
        }
        for tail in self.tails.extract_if(.., |tail| tail.is_begun_now()) {
            met.retain(|met| met.found.id != tail.id);
            met.extend(tail.into_met());
        }
        met.sort_by_cached_key(|met| met.found.age());
        let open = self.tails.len();
        self.meet_all(met, is_first);
        self.remember_notes();
        self.sort_new(open);
    }

    fn remember_notes(&mut self) {
        for note in self.notes.clone() {
            self.remember(note);
        }
    }

    /// Old files come before live ones, by their age; so do newly found ones.
    fn sort_new(&mut self, open: usize) {
        self.tails[open..].sort_by_cached_key(|tail| tail.age.clone());
        let old = |tail: &Tail| tail.aside.map(|_| tail.age.clone());
        self.tails.sort_by_cached_key(|tail| (tail.aside.is_none(), old(tail)));
        self.packed.sort_by_cached_key(|packed| packed.found.age());
    }

    /// Begins a file again that was truncated, behind the rest of what it held if a copy was made.
    fn after_truncation(&mut self, i: usize) {
        self.forget_copies();
        let tail = &mut self.tails[i];
        let since = tail.seen.map_or(tail.age.0, |look| look.modified);
        let (path, old) = (tail.path.clone(), tail.position());
        tail.reset();
        if old.prefix_length > 0 {
            self.remember(old);
        }
        let mut met: Vec<_> = missed(&path, Some(since))
            .map(|found| Met::new(found, Role::Missed))
            .collect();
        let beside = self.patterns.files().into_iter().chain(siblings(&path));
        met.extend(beside.map(|found| Met::new(found, Role::Beside)));
        let mut seen = HashSet::new();
        met.retain(|met| seen.insert(met.found.id));
        // Of several copies the newest has most.
        met.sort_by_cached_key(|met| std::cmp::Reverse(met.found.age()));
        let open = self.tails.len();
        self.meet_all(met, false);
        self.remember_notes();
        self.sort_new(open);
    }

    fn close(&mut self, i: usize) {
        let tail = self.tails.remove(i);
        self.remember(tail.position());
        if let Some(look) = tail.seen {
            self.settled.insert(tail.id, (look, Settled::Done));
        }
        self.forget_copies();
    }

    /// What was a copy may by now be all there is.
    fn forget_copies(&mut self) {
        self.settled.retain(|_, (_, why)| *why != Settled::Copy);
    }

    fn settle(&mut self, found: &Found, why: Settled) {
        self.settled.insert(found.id, (found.look, why));
    }

    fn is_settled(&self, found: &Found) -> bool {
        self.settled.get(&found.id).is_some_and(|(look, _)| *look == found.look)
    }

    fn remember(&mut self, position: FilePosition) {
        remember(&mut self.known, position);
    }
}

/// Keeps a position among others, instead of the last one in the same file, for a [`Follower`] that is to go on there.
/// Only the newest ten thousand are kept.
///
/// A file's number may be given to another one while the first lives on as a copy, so that the number alone does not say which
/// position is replaced.
pub fn remember(positions: &mut Vec<FilePosition>, position: FilePosition) {
    positions.retain(|known| (known.id, known.prefix_hash) != (position.id, position.prefix_hash));
    positions.push(position);
    if positions.len() > MOST_KNOWN {
        positions.remove(0);
    }
}
