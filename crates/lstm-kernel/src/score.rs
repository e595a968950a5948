//! Windows to the rank and the probability of their targets.

use std::cmp::Ordering;

use crate::packed::{Forward, Sizes};
use crate::prefixes::{LEAVES, Prefixes, States};
use crate::simd::{Vector, Work};
use crate::softmax::{largest_and_sum, sum_of_lower};
use crate::spare::Spare;
use crate::{Level, Shape};

/// How well a model foresaw one target.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Place of the target among all symbols by probability, from 1; of equal symbols the smaller code comes first.
    /// The target is among the top g exactly when this is at most g.
    pub rank: u32,
    /// Natural logarithm of the target's probability; always finite.
    pub log_probability: f32,
    /// Natural logarithm of the probability of all symbols that are not more probable than the target, its own among
    /// them: what is left beside the more probable ones, exact however little that is. At most 0; always finite.
    pub log_tail: f32,
}

/// A model ready to score windows. It can be shared between threads; a call does its work on the thread that makes it.
#[derive(Debug)]
pub struct Scorer {
    level: Level,
    forward: Forward,
    spare: Spare<Scratch>,
}

/// Memory that is used again from call to call.
#[derive(Debug)]
struct Scratch {
    prefixes: Prefixes,
    states: States,
    logits: Vec<f32>,
}

impl Scorer {
    /// A model with these weights, on the best level of this processor.
    ///
    /// # Panics
    /// When the weights are not of this shape.
    #[must_use]
    pub fn new(shape: Shape, weights: &[f32]) -> Self {
        Self::on(Level::best(), shape, weights)
    }

    /// A model with these weights, on a given level.
    ///
    /// # Panics
    /// When the weights are not of this shape.
    #[must_use]
    pub fn on(level: Level, shape: Shape, weights: &[f32]) -> Self {
        shape.check(weights);
        let codes: Vec<u32> = (0..=shape.symbols as u32).collect();
        Self {
            level,
            forward: Forward::new(Sizes::new(shape, level.lanes()), weights, &codes),
            spare: Spare::default(),
        }
    }

    fn shape(&self) -> &Shape {
        &self.forward.sizes.shape
    }

    /// The score of each window. `histories` is `[n × history]` input codes, `targets` is `[n]` target codes.
    ///
    /// Windows with the same history share its result, and those with the same first keys share the states after them:
    /// the more windows there are, the more they share.
    ///
    /// # Panics
    /// When they are not windows of this model.
    #[must_use]
    pub fn scores(&self, histories: &[u32], targets: &[u32]) -> Vec<Score> {
        self.shape().check_windows(histories, targets);
        let mut scores = vec![Score::default(); targets.len()];
        self.run(histories, &mut ToScores(targets, &mut scores));
        scores
    }

    /// The logits `[n × symbols]` of histories `[n × history]`.
    ///
    /// # Panics
    /// When they are not histories of this model.
    #[must_use]
    pub fn logits(&self, histories: &[u32]) -> Vec<f32> {
        self.shape().check_histories(histories);
        let symbols = self.shape().symbols;
        let mut logits = vec![0.0; histories.len() / self.shape().history * symbols];
        self.run(histories, &mut ToLogits(symbols, &mut logits));
        logits
    }

    fn run(&self, histories: &[u32], sink: &mut impl Sink) {
        let mut scratch = self.spare.take(|| Scratch::new(&self.forward.sizes));
        scratch.prefixes.sort(histories, self.shape());
        while scratch.prefixes.grow(histories, self.shape()) {
            self.level.run(Block(&self.forward, &mut scratch, sink));
        }
        self.spare.give([scratch]);
    }
}

impl Scratch {
    fn new(sizes: &Sizes) -> Self {
        Self {
            prefixes: Prefixes::new(sizes.shape.history),
            states: States::new(sizes),
            logits: vec![0.0; LEAVES * sizes.logits()],
        }
    }
}

/// What takes the logits of a history.
trait Sink {
    /// `windows` share a history and its `logits`, which are padded to whole vectors with the smallest number.
    fn take<V: Vector>(&mut self, windows: impl Iterator<Item = usize>, logits: &[f32], symbols: usize);
}

struct Block<'b, S>(&'b Forward, &'b mut Scratch, &'b mut S);

impl<S: Sink> Work for Block<'_, S> {
    type Output = ();

    #[inline(always)]
    fn with<V: Vector>(self) {
        let Self(forward, scratch, sink) = self;
        let Scratch {
            prefixes,
            states,
            logits,
        } = scratch;
        states.logits::<V>(forward, prefixes, logits);
        let columns = forward.sizes.logits();
        for (leaf, logits) in logits.chunks_exact(columns).take(prefixes.leaves()).enumerate() {
            sink.take::<V>(prefixes.windows_of(leaf), logits, forward.sizes.shape.symbols);
        }
    }
}

struct ToLogits<'s>(usize, &'s mut [f32]);

impl Sink for ToLogits<'_> {
    #[inline(always)]
    fn take<V: Vector>(&mut self, windows: impl Iterator<Item = usize>, logits: &[f32], symbols: usize) {
        for window in windows {
            self.1[window * self.0..][..symbols].copy_from_slice(&logits[..symbols]);
        }
    }
}

struct ToScores<'s>(&'s [u32], &'s mut [Score]);

impl Sink for ToScores<'_> {
    #[inline(always)]
    fn take<V: Vector>(&mut self, windows: impl Iterator<Item = usize>, logits: &[f32], symbols: usize) {
        let (largest, sum) = largest_and_sum::<V>(logits);
        let log_sum = sum.ln();
        for window in windows {
            let target = self.0[window];
            let own = logits[target as usize];
            self.1[window] = if sum.is_finite() && own > f32::MIN {
                let log_probability = (own - largest - log_sum).max(f32::MIN);
                let rank = 1 + before::<V>(logits, target as usize);
                // With nothing before the target the rest is everything.
                let log_tail = match rank {
                    1 => 0.0,
                    _ => (log_probability + sum_of_lower::<V>(logits, own).ln()).min(0.0),
                };
                Score {
                    rank,
                    log_probability,
                    log_tail,
                }
            } else {
                Score::of(&logits[..symbols], target)
            };
        }
    }
}

impl Score {
    /// The score of a target from the logits of all symbols, one by one. A logit that is not a number counts against the
    /// target.
    #[must_use]
    pub fn of(logits: &[f32], target: u32) -> Self {
        let target = target as usize;
        let own = logits[target];
        let before = |(code, &logit): (usize, &f32)| match logit.partial_cmp(&own) {
            Some(Ordering::Less) => false,
            Some(Ordering::Equal) => code < target,
            Some(Ordering::Greater) => true,
            None => code != target,
        };
        let log_probability = f64::from(own) - log_sum_exp(logits);
        let lower = logits.iter().filter(|&&logit| logit <= own);
        let sum_of_lower: f64 = lower.map(|&logit| (f64::from(logit) - f64::from(own)).exp()).sum();
        // `max` also turns a NaN into the smallest number.
        let log_tail = ((log_probability + sum_of_lower.ln()) as f32).max(f32::MIN);
        Self {
            rank: 1 + logits.iter().enumerate().filter(|&at| before(at)).count() as u32,
            log_probability: (log_probability as f32).max(f32::MIN),
            log_tail: log_tail.min(0.0),
        }
    }
}

/// ln Σ eˡ over logits.
#[must_use]
pub fn log_sum_exp(logits: &[f32]) -> f64 {
    let largest = f64::from(logits.iter().copied().fold(f32::MIN, f32::max));
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
    largest + sum.ln()
}

/// How many symbols come before the target.
#[inline(always)]
fn before<V: Vector>(logits: &[f32], target: usize) -> u32 {
    let own = V::splat(logits[target]);
    let (mut greater, mut equal) = (0, 0);
    for chunk in logits.chunks_exact(V::LANES) {
        // SAFETY: a chunk is one vector.
        let vector = unsafe { V::load(chunk.as_ptr()) };
        greater += vector.count_greater(own);
        equal += vector.count_equal(own);
    }
    if equal > 1 {
        greater += logits[..target]
            .iter()
            .filter(|&&logit| logit == logits[target])
            .count() as u32;
    }
    greater
}
