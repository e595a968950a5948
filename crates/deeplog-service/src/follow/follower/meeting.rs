//! What is to be done with a file that was found.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::files::{Found, Look, are_related, siblings};
use super::super::head::Head;
use super::super::packed::{ALL, Packed};
use super::super::tail::{Aside, Tail, behind_last_line};
use super::{Follower, LOOKS, MOST_OPEN, Met, Pace, Role, Settled, Start};
use crate::{FileId, FilePosition};

impl Follower {
    /// The files asked for, at the first look those beside what was read before, and of all of them the new ones opened.
    ///
    /// Logs are put aside by renaming one after the other. It is looked again where this happened meanwhile: files would be
    /// missed, and found after newer ones.
    pub(super) fn look_around(&mut self, is_first: bool) -> (Vec<Found>, Vec<Met>, HashMap<FileId, File>) {
        let mut looks = 0;
        loop {
            let asked = self.patterns.files();
            let beside = if is_first { self.beside_known() } else { Vec::new() };
            let all = || asked.iter().chain(beside.iter().map(|met| &met.found));
            let is_new = |found: &&Found| !self.is_settled(found) && self.tails.iter().all(|tail| tail.id != found.id);
            let room = MOST_OPEN.saturating_sub(self.tails.len());
            let open = |found: &Found| Some((found.id, found.open().ok()??));
            let files: HashMap<FileId, File> = all().filter(is_new).filter_map(open).take(room).collect();
            looks += 1;
            let is_still = || !all().any(|found| is_new(&found)) || names(all()) == names(&self.names(is_first));
            if looks == LOOKS || is_still() {
                return (asked, beside, files);
            }
        }
    }

    fn names(&self, is_first: bool) -> Vec<Found> {
        let mut all = self.patterns.files();
        if is_first {
            all.extend(self.known_paths().iter().flat_map(|path| siblings(path)));
        }
        all
    }

    fn known_paths(&self) -> HashSet<PathBuf> {
        self.known.iter().map(|known| PathBuf::from(&known.path)).collect()
    }

    /// Decides what to do with each file; new tails come last.
    pub(super) fn meet_all(&mut self, met: Vec<Met>, is_first: bool) {
        // Those that are known by their number first: others may be copies of them.
        let is_numbered = |met: &Met| self.known.iter().any(|known| known.id == met.found.id);
        let (numbered, others): (Vec<_>, Vec<_>) = met.into_iter().partition(is_numbered);
        for met in numbered.into_iter().chain(others) {
            let is_read = self.tails.iter().any(|tail| tail.id == met.found.id);
            if is_read || self.is_settled(&met.found) {
                continue;
            }
            if self.tails.len() >= MOST_OPEN {
                if !std::mem::replace(&mut self.has_too_many, true) {
                    tracing::warn!(
                        most = MOST_OPEN,
                        "there are more files to follow than are open at a time: the others wait"
                    );
                }
                continue;
            }
            let path = met.found.path.clone();
            match self.meet(met, is_first) {
                Ok(()) => drop(self.unreadable.remove(&path)),
                Err(error) => {
                    if self.unreadable.insert(path.clone()) {
                        tracing::warn!(path = %path.display(), %error, "a file cannot be read; it is tried again");
                    }
                }
            }
        }
    }

    fn meet(&mut self, met: Met, is_first: bool) -> io::Result<()> {
        let Met {
            mut found,
            role,
            file,
            was_waiting,
        } = met;
        let Some(file) = file.map_or_else(|| found.open(), |file| Ok(Some(file)))? else {
            return Ok(());
        };
        let listed = std::mem::replace(&mut found.look, Look::of(&file.metadata()?));
        if found.look.length == 0 {
            if matches!(role, Role::Asked | Role::AskedOld) {
                self.tails.push(Tail::waiting(found, file));
            }
            return Ok(());
        }
        let head = Head::read(&file)?;
        if !head.is_sound {
            return Ok(());
        }
        if self.is_copy(&found, &head) {
            self.settle(&found, Settled::Copy);
            return Ok(());
        }
        // It may be the copy of one that was truncated a moment ago, or that one itself: that is dealt with first.
        let is_another = |known: &FilePosition| known.id == found.id && !head.is_of(known);
        let is_changing = Look::of(&file.metadata()?) != listed;
        if self.tails.iter().any(Tail::is_truncated) || (is_changing && self.known.iter().any(is_another)) {
            self.undecided.get_or_insert_with(Instant::now);
            if was_waiting {
                self.tails.push(Tail::waiting(found, file));
            }
            return Ok(());
        }
        let Pace { quiet, forget, .. } = self.pace;
        let (known, aside) = (self.known_of(&found, &head), Aside::new(quiet, forget));
        let goes_on = known.is_some_and(|known| known.id == found.id);
        let (offset, aside) = match (known, role) {
            // A copy, all of which was read where it was made from.
            (Some(known), _) if known.id != found.id && !head.is_packed && found.look.length <= known.offset => {
                // It may grow yet: how far it goes now is not remembered.
                self.settle(&found, Settled::Done);
                return Ok(());
            }
            (Some(known), _) if known.id != found.id => {
                (known.offset, Some(Aside::new(Duration::ZERO, Duration::ZERO)))
            }
            // It was truncated since.
            (Some(known), _) if !head.is_packed && found.look.length < known.offset => (0, None),
            (Some(known), Role::Asked) if Path::new(&known.path) == found.path => (known.offset, None),
            (Some(known), _) => (known.offset, Some(aside)),
            (None, Role::Beside) => return Ok(()),
            (None, Role::Missed) => (0, Some(aside)),
            (None, _) if is_first && self.begins_at_end(&found.path) => return self.begin_at_end(found, file, head),
            (None, Role::AskedOld) => (0, Some(Aside::new(quiet, quiet))),
            (None, Role::Asked) => (0, None),
        };
        if !head.is_packed {
            if goes_on {
                // From now on the tail knows better. Of another file that had its number before, a packed copy may live on.
                self.known.retain(|known| known.id != found.id || !head.is_of(known));
            }
            let mut tail = Tail::new(found, file, head.bytes, offset);
            tail.aside = aside;
            self.tails.push(tail);
        } else if offset == ALL {
            self.settle(&found, Settled::Done);
        } else {
            self.packed.push(Packed::new(found, file, head.bytes, offset));
        }
        Ok(())
    }

    fn begin_at_end(&mut self, found: Found, file: File, head: Head) -> io::Result<()> {
        if head.is_packed {
            self.settle(&found, Settled::Done);
            // How much it holds is not worth unpacking it.
            self.notes.push(Packed::new(found, file, head.bytes, ALL).position());
        } else {
            let end = behind_last_line(&file)?;
            let tail = Tail::new(found, file, head.bytes, end);
            self.notes.push(tail.position());
            self.tails.push(tail);
        }
        Ok(())
    }

    /// Files beside those that were read before: they may be these, under another name or packed, and may have been put
    /// aside after them.
    pub(super) fn beside_known(&mut self) -> Vec<Met> {
        self.gone.clear();
        let mut beside = Vec::new();
        for path in self.known_paths() {
            let siblings = siblings(&path);
            let goes_on = |here: Found| self.known_as(&here).is_some_and(|known| known.id == here.id);
            if !Found::at(&path).is_some_and(goes_on) {
                let known = siblings.iter().filter(|found| self.known_as(found).is_some());
                let last = known.map(|found| found.look.modified).max();
                self.gone.extend(last.map(|last| (path, last)));
            }
            beside.extend(siblings.into_iter().map(|found| Met::new(found, Role::Beside)));
        }
        beside
    }

    fn known_as(&self, found: &Found) -> Option<&FilePosition> {
        let file = found.open().ok()??;
        self.known_of(found, &Head::read(&file).ok()?)
    }

    /// How far a file was read before, under this number or another one.
    fn known_of(&self, found: &Found, head: &Head) -> Option<&FilePosition> {
        let is_it = |known: &&FilePosition| {
            head.is_of(known) && (known.id == found.id || are_related(Path::new(&known.path), &found.path))
        };
        let of_it = self.known.iter().filter(is_it);
        of_it.max_by_key(|known| (known.id == found.id, known.prefix_length, known.offset))
    }

    /// Whether a file holds nothing but what another one does that is read.
    fn is_copy(&self, found: &Found, head: &Head) -> bool {
        let of_tail = |tail: &Tail| {
            let length = tail.file.metadata().map_or(0, |data| data.len());
            let is_longer = !head.is_packed && found.look.length > length;
            !is_longer && are_related(&tail.path, &found.path) && head.is_within(&tail.file)
        };
        self.tails.iter().any(of_tail) || self.packed.iter().any(|packed| packed.head == head.bytes)
    }

    /// Of a glob whose files were read before, others have come since.
    fn begins_at_end(&self, path: &Path) -> bool {
        let is_new = |known: &FilePosition| !self.patterns.put_together(Path::new(&known.path), path);
        self.start == Start::End && self.known.iter().all(is_new)
    }
}

fn names<'f>(files: impl IntoIterator<Item = &'f Found>) -> BTreeSet<(&'f Path, FileId)> {
    files.into_iter().map(|found| (&*found.path, found.id)).collect()
}
