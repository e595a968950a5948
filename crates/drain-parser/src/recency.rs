//! Which cluster was matched least recently.

const END: u32 = u32::MAX;

/// A list of cluster slots from the least to the most recently used, linked through their indices.
#[derive(Debug, Clone)]
pub(crate) struct Recency {
    links: Vec<Link>,
    oldest: u32,
    newest: u32,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    older: u32,
    newer: u32,
}

impl Default for Recency {
    fn default() -> Self {
        Self {
            links: Vec::new(),
            oldest: END,
            newest: END,
        }
    }
}

impl Recency {
    pub(crate) fn oldest(&self) -> Option<u32> {
        (self.oldest != END).then_some(self.oldest)
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(self.oldest(), |&slot| {
            Some(self.links[slot as usize].newer).filter(|&newer| newer != END)
        })
    }

    /// Puts a slot that is not in the list at its recent end.
    pub(crate) fn add(&mut self, slot: u32) {
        let link = Link {
            older: self.newest,
            newer: END,
        };
        if slot as usize >= self.links.len() {
            self.links.resize(slot as usize + 1, link);
        }
        self.links[slot as usize] = link;
        match self.newest {
            END => self.oldest = slot,
            newest => self.links[newest as usize].newer = slot,
        }
        self.newest = slot;
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        let Link { older, newer } = self.links[slot as usize];
        match older {
            END => self.oldest = newer,
            older => self.links[older as usize].newer = newer,
        }
        match newer {
            END => self.newest = older,
            newer => self.links[newer as usize].older = older,
        }
    }

    pub(crate) fn touch(&mut self, slot: u32) {
        self.remove(slot);
        self.add(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_follows_use() {
        let mut recency = Recency::default();
        assert_eq!(recency.oldest(), None);
        for slot in [2, 0, 1] {
            recency.add(slot);
        }
        recency.touch(2);
        assert_eq!(recency.iter().collect::<Vec<_>>(), [0, 1, 2]);
        recency.touch(1);
        recency.remove(2);
        assert_eq!(recency.iter().collect::<Vec<_>>(), [0, 1]);
        recency.remove(0);
        recency.remove(1);
        assert_eq!(recency.iter().count(), 0);
        recency.add(0);
        assert_eq!(recency.oldest(), Some(0));
    }
}
