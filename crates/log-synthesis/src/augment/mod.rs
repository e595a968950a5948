//! Varied copies of log messages: the events stay, what they say of the occasion changes.

mod rules;
#[cfg(test)]
mod tests;
mod values;

use std::ops::Range;

use drain_parser::{FrozenParser, Parameter, Scratch};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub use rules::{Rule, rule_of};
use values::Values;

/// How often a level is drawn anew.
const OTHER_LEVEL: f64 = 0.1;

/// Redraws the parameters of messages from the values that were observed in the same place of the same event template, and
/// levels from all that were observed.
///
/// Memory is bounded: of each place a sample of 100 values is kept (reservoir sampling: each occurrence is as likely to be
/// in it), of at most 20,000 places; values of more than 256 bytes, and those of further places, stay as they are.
///
/// ```
/// use drain_parser::{Parser, ParserConfig};
/// use log_synthesis::Variator;
///
/// let lines = [b"job 17 begun by ann", b"job 25 begun by bob", b"job 31 begun by eve"];
/// let mut parser = Parser::new(ParserConfig::default())?;
/// lines.iter().for_each(|line| {
///     parser.learn(*line);
/// });
/// let mut variator = Variator::new(parser.freeze(), 7);
/// lines.iter().for_each(|line| variator.observe(*line, |_| false));
/// let varied = variator.vary(b"job 17 begun by ann", |_| false).ok_or("no template")?;
/// assert!(varied.starts_with(b"job ") && varied.len() == lines[0].len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Variator {
    parser: FrozenParser,
    scratch: Scratch,
    values: Values<(usize, usize)>,
    levels: Values<()>,
    random: ChaCha8Rng,
}

impl Variator {
    /// A variator that has observed nothing. The same seed and the same calls give the same bytes.
    #[must_use]
    pub fn new(parser: FrozenParser, seed: u64) -> Self {
        Self {
            parser,
            scratch: Scratch::default(),
            values: Values::default(),
            levels: Values::default(),
            random: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Takes in a message's parameters, but for those that `stays` says must not change, by their place in the content in
    /// bytes: what is within the name of a session, say.
    pub fn observe(&mut self, content: &[u8], stays: impl Fn(Range<usize>) -> bool) {
        let Some(line) = self.parser.parse(content, &mut self.scratch) else {
            return;
        };
        for (place, parameter) in line.parameters.iter().enumerate() {
            if !stays(span(parameter)) {
                self.values
                    .observe((line.template, place), parameter.value, &mut self.random);
            }
        }
    }

    /// Takes in a message's level.
    pub fn observe_level(&mut self, level: &[u8]) {
        self.levels.observe((), level, &mut self.random);
    }

    /// The message with its parameters drawn anew, but for those that stay; `None` where it matches no template.
    pub fn vary(&mut self, content: &[u8], stays: impl Fn(Range<usize>) -> bool) -> Option<Vec<u8>> {
        let mut line = self.parser.parse(content, &mut self.scratch)?;
        for (place, parameter) in line.parameters.iter_mut().enumerate() {
            if !stays(span(parameter))
                && let Some(value) = self.values.draw((line.template, place), &mut self.random)
            {
                parameter.value = value;
            }
        }
        Some(self.parser.restore(&line))
    }

    /// The level, or in one of ten cases another one by lot.
    pub fn vary_level(&mut self, level: &[u8]) -> Vec<u8> {
        let other = self.random.random_bool(OTHER_LEVEL);
        let drawn = other.then(|| self.levels.draw((), &mut self.random)).flatten();
        drawn.unwrap_or(level).to_vec()
    }

    /// Whether something with this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }
}

fn span(parameter: &Parameter<'_>) -> Range<usize> {
    parameter.start..parameter.start + parameter.value.len()
}
