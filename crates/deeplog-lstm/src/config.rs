//! What a model is made of and how it is trained, as data that experiments can hold.

use std::fmt;

use lstm_kernel::Shape;
use sequence_windowing::Alphabet;
use serde::{Deserialize, Serialize};

use crate::weights::Layout;

/// How input codes become vectors. The unseen key is the zero vector in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A unit vector a symbol, as in the DeepLog paper. The default.
    #[default]
    OneHot,
    /// Learnt vectors of this length.
    Embedding(usize),
}

/// The shape of a next-key model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The codes it takes in and puts out.
    pub alphabet: Alphabet,
    /// Input codes of a window, `h` in the paper.
    pub history: usize,
    /// Units of each LSTM layer. Default 64.
    pub hidden: usize,
    /// LSTM layers. Default 2.
    pub layers: usize,
    /// How codes become vectors. Default one-hot.
    pub input: Input,
    /// Share of the outputs that training drops between two layers, from 0 to below 1. Default 0.
    pub dropout: f64,
}

impl ModelConfig {
    /// The paper's model (two layers of 64 units, one-hot input, no dropout).
    #[must_use]
    pub fn new(alphabet: Alphabet, history: usize) -> Self {
        Self {
            alphabet,
            history,
            hidden: 64,
            layers: 2,
            input: Input::OneHot,
            dropout: 0.0,
        }
    }

    /// Length of the vector of one input symbol.
    #[must_use]
    pub fn input_width(&self) -> usize {
        match self.input {
            Input::OneHot => self.alphabet.symbols() as usize,
            Input::Embedding(width) => width,
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        Shape {
            symbols: self.alphabet.symbols() as usize,
            embedding: match self.input {
                Input::OneHot => None,
                Input::Embedding(width) => Some(width),
            },
            hidden: self.hidden,
            layers: self.layers,
            history: self.history,
        }
    }

    /// Every reason why no model can be built from this; empty when there is none.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        problems.check(self.alphabet.keys >= 1, "alphabet", || {
            "holds no log key, give at least one training session with an event".into()
        });
        problems.check(self.alphabet.keys <= MAX_KEYS, "alphabet", || {
            format!("has {} log keys, at most {MAX_KEYS} are possible", self.alphabet.keys)
        });
        problems.at_least_one("history", self.history);
        problems.at_least_one("hidden", self.hidden);
        problems.at_least_one("layers", self.layers);
        if let Input::Embedding(width) = self.input {
            problems.at_least_one("input", width);
        }
        problems.check((0.0..1.0).contains(&self.dropout), "dropout", || {
            format!("is {}, must be from 0 to below 1", self.dropout)
        });
        if problems.0.is_empty() {
            let count = Layout::count(self);
            problems.check(count.is_some_and(|count| count <= MAX_PARAMETERS), "hidden", || {
                format!("makes a model of more than {MAX_PARAMETERS} weights, lower hidden, layers or the embedding")
            });
        }
        if problems.0.is_empty() {
            let bytes = self.shape().training_bytes();
            problems.check(
                bytes.is_some_and(|bytes| bytes <= MAX_TRAINING_BYTES),
                "history",
                || {
                    let most = MAX_TRAINING_BYTES >> 30;
                    format!(
                        "is {}: training would need more than {most} GiB a thread, lower history",
                        self.history
                    )
                },
            );
        }
        problems.0
    }
}

const MAX_KEYS: u32 = 10_000_000;
const MAX_PARAMETERS: usize = 500_000_000;
const MAX_TRAINING_BYTES: usize = 2 << 30;

/// How the learning rate moves during training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The same all the time.
    Constant,
    /// Half a cosine from the full rate at the first batch to zero after the last epoch. The default.
    #[default]
    Cosine,
}

/// How a model is trained.
///
/// The defaults were chosen by validation loss among a few batch sizes and learning rates, on the public HDFS training
/// sessions with the last tenth held out. Merged windows make few steps an epoch, hence the high learning rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Most passes over the training windows. Default 30.
    pub epochs: usize,
    /// Distinct windows for each step of the optimiser. A step sees some more, since the windows that occur more
    /// often than the mean are shown in several steps of an epoch, each time for a part of their occurrences.
    /// Default 128.
    pub batch: usize,
    /// Learning rate of Adam. Default 0.02.
    pub learning_rate: f64,
    /// How the learning rate moves. Default cosine.
    pub schedule: Schedule,
    /// Longest gradient, as the L2 norm over all weights; longer ones are shortened to it. `None` clips nothing.
    /// Default 1.
    pub clip: Option<f64>,
    /// Epochs without a new lowest validation loss after which training stops early. `None` never stops early.
    /// Default 5.
    pub patience: Option<usize>,
    /// Whether the finished model is rescaled by the temperature that fits the validation windows best (Guo et al., ICML
    /// 2017); without validation windows it never is. Default false.
    pub temperature: bool,
    /// Drives first weights, order of windows and dropout. Default 0.
    pub seed: u64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 30,
            batch: 128,
            learning_rate: 0.02,
            schedule: Schedule::Cosine,
            clip: Some(1.0),
            patience: Some(5),
            temperature: false,
            seed: 0,
        }
    }
}

impl TrainConfig {
    /// Every reason why nothing can be trained with this; empty when there is none.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        problems.at_least_one("epochs", self.epochs);
        problems.at_least_one("batch", self.batch);
        problems.positive("learning_rate", self.learning_rate);
        if let Some(clip) = self.clip {
            problems.positive("clip", clip);
        }
        if let Some(patience) = self.patience {
            problems.at_least_one("patience", patience);
        }
        problems.0
    }
}

/// One thing that is wrong with a config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field it is about.
    pub field: &'static str,
    /// The value and what it must be.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}

/// A config that cannot be used, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<Problem>);

impl ConfigError {
    /// An error unless the list is empty.
    pub(crate) fn check(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self(problems))
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn check(&mut self, fine: bool, field: &'static str, message: impl FnOnce() -> String) {
        if !fine {
            let message = message();
            self.0.push(Problem { field, message });
        }
    }

    fn at_least_one(&mut self, field: &'static str, value: usize) {
        self.check(value >= 1, field, || format!("is {value}, must be at least 1"));
    }

    fn positive(&mut self, field: &'static str, value: f64) {
        let fine = value.is_finite() && value > 0.0;
        self.check(fine, field, || format!("is {value}, must be a number above 0"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(problems: &[Problem]) -> Vec<&str> {
        problems.iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn defaults_are_valid() {
        assert!(ModelConfig::new(Alphabet { keys: 3 }, 10).validate().is_empty());
        assert!(TrainConfig::default().validate().is_empty());
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let model = ModelConfig {
            alphabet: Alphabet { keys: 0 },
            history: 0,
            hidden: 0,
            layers: 0,
            input: Input::Embedding(0),
            dropout: 1.0,
        };
        let expected = ["alphabet", "history", "hidden", "layers", "input", "dropout"];
        assert_eq!(fields(&model.validate()), expected);

        let train = TrainConfig {
            epochs: 0,
            batch: 0,
            learning_rate: f64::NAN,
            clip: Some(-1.0),
            patience: Some(0),
            ..TrainConfig::default()
        };
        let expected = ["epochs", "batch", "learning_rate", "clip", "patience"];
        assert_eq!(fields(&train.validate()), expected);
        let shown = ConfigError(train.validate()).to_string();
        assert!(
            shown.starts_with("epochs is 0, must be at least 1; batch is 0"),
            "{shown}"
        );
    }

    #[test]
    fn a_model_too_large_to_hold_is_refused() {
        let mut model = ModelConfig::new(Alphabet { keys: 3 }, 10);
        for hidden in [1_000_000, usize::MAX] {
            model.hidden = hidden;
            assert_eq!(fields(&model.validate()), ["hidden"]);
        }
    }

    #[test]
    fn a_history_too_long_to_train_on_is_refused() {
        let mut model = ModelConfig::new(Alphabet { keys: 3 }, 1000);
        assert!(model.validate().is_empty());
        for history in [20_000_000, usize::MAX] {
            model.history = history;
            let shown = ConfigError(model.validate()).to_string();
            assert!(
                shown.contains("training would need more than 2 GiB a thread"),
                "{shown}"
            );
        }
    }

    #[test]
    fn unknown_fields_are_refused_and_absent_ones_have_defaults() {
        let config: TrainConfig = serde_json::from_str(r#"{"epochs": 3}"#).unwrap();
        assert_eq!((config.epochs, config.batch), (3, TrainConfig::default().batch));
        assert!(serde_json::from_str::<TrainConfig>(r#"{"epoch": 3}"#).is_err());
        let input: Input = serde_json::from_str(r#"{"embedding": 16}"#).unwrap();
        assert_eq!(input, Input::Embedding(16));
    }
}
