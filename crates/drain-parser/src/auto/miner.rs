//! The patterns of a log, growing with every content.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::cluster::Clusters;
use super::lines::{LineView, Lines};
use super::values::Values;
use crate::config::{AutoConfig, ConfigErrors};
use crate::drain::{ClusterId, ClusterView};
use crate::frozen::FrozenParser;
use crate::masking::Masks;
use crate::parser::ParserConfig;
use crate::reader::Reader;
use crate::recency::Recency;
use crate::words::text_of;

/// What contents with the same words and punctuation have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) id: ClusterId,
    pub(super) key: Box<[u8]>,
    /// One for each parameter.
    pub(super) values: Vec<Values>,
    /// How many contents have it; 0 for a slot that is free.
    pub(super) count: u64,
}

/// The learning half of the `auto` method, behind [`Parser`](crate::Parser).
#[derive(Debug, Clone)]
pub struct AutoMiner {
    config: AutoConfig,
    masks: Masks,
    patterns: Vec<Pattern>,
    /// Slots by the hash of their key.
    by_key: HashTable<u32>,
    free: Vec<u32>,
    recency: Recency,
    next_id: u64,
    evicted: u64,
    lines: Lines,
}

impl AutoMiner {
    pub(crate) fn new(config: AutoConfig) -> Result<Self, ConfigErrors> {
        Ok(Self {
            masks: Masks::new(config.compile_masks()?),
            config,
            patterns: Vec::new(),
            by_key: HashTable::new(),
            free: Vec::new(),
            recency: Recency::default(),
            next_id: 0,
            evicted: 0,
            lines: Lines::default(),
        })
    }

    pub(crate) fn config(&self) -> &AutoConfig {
        &self.config
    }

    /// How many patterns the bound has pushed out.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Counts a content in and says which pattern it has.
    pub(crate) fn learn(&mut self, content: &[u8]) -> ClusterId {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        lines.push(&self.masks, content);
        let id = lines.iter().map(|line| self.learn_line(line)).last();
        self.lines = lines;
        id.unwrap_or_default()
    }

    /// Counts contents in that were made ready with the masks of this miner, and appends the pattern of each.
    pub(crate) fn learn_lines(&mut self, lines: &Lines, clusters: &mut Vec<ClusterId>) {
        clusters.extend(lines.iter().map(|line| self.learn_line(line)));
    }

    pub(crate) fn masks(&self) -> &Masks {
        &self.masks
    }

    fn learn_line(&mut self, line: LineView<'_>) -> ClusterId {
        let slot = match self.find(line.hash, line.key) {
            Some(slot) => {
                self.recency.touch(slot);
                slot
            }
            None => self.place(Pattern {
                id: ClusterId(self.next_id),
                key: line.key.into(),
                values: vec![Values::default(); line.parameters()],
                count: 0,
            }),
        };
        let pattern = &mut self.patterns[slot as usize];
        pattern.count += 1;
        for (values, value) in pattern.values.iter_mut().zip(line.values()) {
            values.add(value);
        }
        pattern.id
    }

    /// The patterns with their templates as they stand.
    pub(crate) fn clusters(&self) -> Vec<ClusterView> {
        let patterns = self.by_age();
        let clusters = Clusters::of(&patterns);
        let texts: Vec<String> = clusters.templates.iter().map(|(words, _)| text_of(words)).collect();
        let views = patterns.iter().zip(&clusters.of_pattern);
        let views = views.map(|(pattern, &template)| ClusterView {
            id: pattern.id,
            template: texts[template].clone(),
            count: pattern.count,
        });
        views.collect()
    }

    pub(crate) fn freeze(&self) -> FrozenParser {
        let config = ParserConfig::Auto(self.config.clone());
        let clusters = Clusters::of(&self.by_age());
        FrozenParser::build(config, Reader::Auto(self.masks.clone()), clusters.templates)
    }

    /// The patterns, least recently matched first.
    pub(super) fn by_use(&self) -> impl Iterator<Item = &Pattern> {
        self.recency.iter().map(|slot| &self.patterns[slot as usize])
    }

    pub(super) fn next_id(&self) -> u64 {
        self.next_id
    }

    /// Puts back a saved pattern; `false` where it is there already or there is no room.
    pub(super) fn restore(&mut self, pattern: Pattern) -> bool {
        let known = self.find(xxh3_64(&pattern.key), &pattern.key);
        let fits = self.patterns.len() < self.config.max_patterns && known.is_none();
        if fits {
            self.place(pattern);
        }
        fits
    }

    pub(super) fn restore_counters(&mut self, next_id: u64, evicted: u64) {
        (self.next_id, self.evicted) = (next_id, evicted);
    }

    /// Takes in what another miner has seen. Both must have the same configuration.
    pub(crate) fn merge(&mut self, other: &Self) {
        for pattern in other.by_age() {
            self.add(pattern);
        }
        self.evicted += other.evicted;
    }

    /// Takes a pattern in, which may be known.
    fn add(&mut self, pattern: &Pattern) {
        if let Some(slot) = self.find(xxh3_64(&pattern.key), &pattern.key) {
            let known = &mut self.patterns[slot as usize];
            known.count += pattern.count;
            for (values, others) in known.values.iter_mut().zip(&pattern.values) {
                values.merge(others);
            }
        } else {
            let id = ClusterId(self.next_id);
            self.place(Pattern { id, ..pattern.clone() });
        }
    }

    /// The patterns, oldest first.
    pub(super) fn by_age(&self) -> Vec<&Pattern> {
        let mut patterns: Vec<_> = self.patterns.iter().filter(|pattern| pattern.count > 0).collect();
        patterns.sort_unstable_by_key(|pattern| pattern.id);
        patterns
    }

    fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        let same = |slot: &u32| *self.patterns[*slot as usize].key == *key;
        self.by_key.find(hash, same).copied()
    }

    fn place(&mut self, pattern: Pattern) -> u32 {
        if self.patterns.len() - self.free.len() >= self.config.max_patterns {
            self.evict();
        }
        self.next_id = self.next_id.max(pattern.id.0 + 1);
        let hash = xxh3_64(&pattern.key);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.patterns[slot as usize] = pattern;
                slot
            }
            None => {
                self.patterns.push(pattern);
                (self.patterns.len() - 1) as u32
            }
        };
        let patterns = &self.patterns;
        self.by_key
            .insert_unique(hash, slot, |&slot| xxh3_64(&patterns[slot as usize].key));
        self.recency.add(slot);
        slot
    }

    fn evict(&mut self) {
        let Some(slot) = self.recency.oldest() else { return };
        self.recency.remove(slot);
        let pattern = std::mem::take(&mut self.patterns[slot as usize]);
        if let Ok(entry) = self.by_key.find_entry(xxh3_64(&pattern.key), |&other| other == slot) {
            entry.remove();
        }
        self.free.push(slot);
        self.evicted += 1;
    }
}
