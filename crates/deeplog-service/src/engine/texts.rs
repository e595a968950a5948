//! The raw lines that came last, to show with findings.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use memchr::memchr_iter;

/// Blocks of lines, of all sources together so many bytes at most.
pub(super) struct Texts {
    limit: usize,
    bytes: usize,
    /// Record and source of every block, in order.
    order: VecDeque<(u64, Arc<str>)>,
    blocks: HashMap<Arc<str>, VecDeque<Block>>,
}

struct Block {
    /// Number of its first line in its source, from 1.
    first: u64,
    bytes: Vec<u8>,
    /// Where each line ends.
    ends: Vec<u32>,
}

impl Texts {
    /// None yet.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: 0,
            order: VecDeque::new(),
            blocks: HashMap::new(),
        }
    }

    /// Adds the lines of a record, of which the first has this number in its source.
    pub(super) fn add(&mut self, record: u64, source: &Arc<str>, first: u64, bytes: Vec<u8>) {
        let ends = memchr_iter(b'\n', &bytes).map(|end| end as u32).collect();
        self.bytes += bytes.len();
        self.order.push_back((record, source.clone()));
        let blocks = self.blocks.entry(source.clone()).or_default();
        blocks.push_back(Block { first, bytes, ends });
        while self.bytes > self.limit && self.order.len() > 1 {
            let Some((_, source)) = self.order.pop_front() else {
                break;
            };
            if let Some(blocks) = self.blocks.get_mut(&source) {
                self.bytes -= blocks.pop_front().map_or(0, |block| block.bytes.len());
                if blocks.is_empty() {
                    self.blocks.remove(&source);
                }
            }
        }
    }

    /// A line without its end, if it is still there.
    pub(super) fn line(&self, source: &str, number: u64) -> Option<&[u8]> {
        let line = self.line_with_return(source, number)?;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// A line without its line feed, if it is still there.
    pub(super) fn line_with_return(&self, source: &str, number: u64) -> Option<&[u8]> {
        let blocks = self.blocks.get(source)?;
        let block = &blocks[blocks.partition_point(|block| block.first <= number).checked_sub(1)?];
        let index = usize::try_from(number - block.first).ok()?;
        let end = *block.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| block.ends[before] as usize + 1);
        Some(&block.bytes[start..end])
    }

    /// The lines of a source that were added last.
    pub(super) fn last(&self, source: &str) -> &[u8] {
        let block = self.blocks.get(source).and_then(VecDeque::back);
        block.map_or(&[], |block| &block.bytes)
    }

    /// The oldest record whose lines are there.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.order.front().map(|&(record, _)| record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_until_others_take_their_place() {
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let mut texts = Texts::new(20);
        texts.add(1, &a, 1, b"one\r\n\ntwo\n".to_vec());
        texts.add(2, &b, 7, b"x\n".to_vec());
        let line = |texts: &Texts, source: &str, number| texts.line(source, number).map(<[u8]>::to_vec);
        assert_eq!(line(&texts, "a", 1).unwrap(), b"one");
        assert_eq!(line(&texts, "a", 2).unwrap(), b"");
        assert_eq!(line(&texts, "a", 3).unwrap(), b"two");
        assert_eq!(line(&texts, "a", 4), None);
        assert_eq!(line(&texts, "a", 0), None);
        assert_eq!(line(&texts, "b", 7).unwrap(), b"x");
        assert_eq!((line(&texts, "b", 6), line(&texts, "c", 1)), (None, None));
        assert_eq!(texts.oldest(), Some(1));
        texts.add(3, &a, 4, b"three, a long one\n".to_vec());
        assert_eq!((line(&texts, "a", 3), texts.oldest()), (None, Some(2)));
        assert_eq!(line(&texts, "a", 4).unwrap(), b"three, a long one");
        // One block is always there, however long.
        texts.add(4, &b, 8, vec![b'\n'; 100]);
        assert_eq!((line(&texts, "b", 107).unwrap(), texts.oldest()), (Vec::new(), Some(4)));
        assert_eq!(line(&texts, "a", 4), None);
    }
}
