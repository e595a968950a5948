//! Ranks of the true next keys of held-out normal sessions: how far down its candidates a model must look, and after
//! which keys.

use deeplog_lstm::LstmModel;
use sequence_windowing::DistinctWindows;
use serde::{Deserialize, Serialize};

/// How often the true next key of held-out normal sessions had which rank, by its context: the key just before it, or
/// the begin of the session. Some keys are followed by the same key always and others by any of a dozen, which a single
/// g for all of them cannot know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOutRanks {
    /// By input code of the context.
    contexts: Vec<AtLeast>,
    /// Over all contexts.
    pooled: AtLeast,
}

/// Held-out targets with at least a rank, by rank less one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct AtLeast(Vec<u64>);

impl HeldOutRanks {
    /// The ranks that a model gives to the targets of these windows, which it should not have learnt from.
    #[must_use]
    pub fn of(model: &LstmModel, windows: &DistinctWindows) -> Self {
        let DistinctWindows {
            histories,
            targets,
            weights,
        } = windows;
        let mut ranks = Self {
            contexts: vec![AtLeast::default(); model.config().alphabet.unseen() as usize + 1],
            pooled: AtLeast::default(),
        };
        let scores = model.score(histories, targets);
        let histories = histories.chunks_exact(model.config().history);
        for ((history, score), &weight) in histories.zip(scores).zip(weights) {
            let context = history.last().and_then(|&code| ranks.contexts.get_mut(code as usize));
            for ranks in context.into_iter().chain([&mut ranks.pooled]) {
                ranks.add(score.rank, u64::from(weight));
            }
        }
        ranks
    }

    /// Held-out targets.
    #[must_use]
    pub fn targets(&self) -> u64 {
        self.pooled.targets()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets() == 0
    }

    /// The share of held-out targets after this context whose rank is at least as bad, the one judged counted with them:
    /// above 0, at most 1. Where the context was seen so seldom that not even a new rank could have a share of `least`,
    /// all contexts count together.
    #[must_use]
    pub fn share(&self, context: u32, rank: u32, least: f64) -> f64 {
        let own = self.contexts.get(context as usize);
        own.filter(|own| own.share(u32::MAX) <= least)
            .unwrap_or(&self.pooled)
            .share(rank)
    }

    /// The g of a context: the fewest candidates that leave out no more than a share of its targets, as
    /// [`share`](Self::share) counts them.
    #[must_use]
    pub fn top_g(&self, context: u32, share: f64) -> u32 {
        let most = self.pooled.0.len() as u32;
        (0..most)
            .find(|&g| self.share(context, g + 1, share) <= share)
            .unwrap_or(most)
    }
}

impl AtLeast {
    fn add(&mut self, rank: u32, targets: u64) {
        if self.0.len() < rank as usize {
            self.0.resize(rank as usize, 0);
        }
        self.0[..rank as usize].iter_mut().for_each(|count| *count += targets);
    }

    fn targets(&self) -> u64 {
        self.0.first().copied().unwrap_or(0)
    }

    fn share(&self, rank: u32) -> f64 {
        let as_bad = self.0.get(rank.saturating_sub(1) as usize).copied().unwrap_or(0);
        (1 + as_bad) as f64 / (1 + self.targets()) as f64
    }
}
