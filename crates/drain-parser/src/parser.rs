//! One parser, two methods.

use serde::{Deserialize, Serialize};

use crate::auto::AutoMiner;
use crate::config::{AutoConfig, ConfigErrors, DrainConfig};
use crate::drain::{ClusterId, ClusterView, Drain};
use crate::frozen::FrozenParser;
use crate::mined::Mined;
use crate::prepared::{Prepared, Preparer};
use crate::reader::Reader;

/// How templates are found. As text: `method = "auto"` or `method = "drain"` with the fields of that method beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "lowercase")]
pub enum ParserConfig {
    /// Nothing to set: see [`AutoConfig`].
    Auto(AutoConfig),
    /// Drain as published: see [`DrainConfig`].
    Drain(DrainConfig),
}

impl Default for ParserConfig {
    fn default() -> Self {
        Self::Auto(AutoConfig::default())
    }
}

impl ParserConfig {
    /// Looks at every field.
    ///
    /// # Errors
    /// All problems at once.
    pub fn validate(&self) -> Result<(), ConfigErrors> {
        match self {
            Self::Auto(config) => config.validate(),
            Self::Drain(config) => config.validate(),
        }
    }

    /// The masks set by the user.
    pub fn masks(&self) -> &[String] {
        match self {
            Self::Auto(config) => &config.masks,
            Self::Drain(config) => &config.masks,
        }
    }
}

/// Learns templates from contents, by either method. Serialised and read back, it goes on as if nothing had been.
///
/// ```
/// use drain_parser::{Parser, ParserConfig, Scratch};
///
/// let mut parser = Parser::new(ParserConfig::default())?;
/// for user in ["alice", "bob", "carol", "dave", "erin", "frank"] {
///     parser.learn(format!("session opened for user {user} from 10.0.0.7").as_bytes());
/// }
/// let frozen = parser.freeze();
/// assert_eq!(frozen.templates()[0].text, "session opened for user <*> from <*>");
/// let mut scratch = Scratch::default();
/// let line = b"session opened for user  grace from 10.0.0.8 ";
/// let parsed = frozen.parse(line, &mut scratch).ok_or("no template")?;
/// let found: Vec<_> = parsed.parameters.iter().map(|found| (found.value, found.found_by.to_string())).collect();
/// assert_eq!(found, [(b"grace".as_slice(), "<*>".to_owned()), (b"10.0.0.8", "<IP>".to_owned())]);
/// assert_eq!(frozen.restore(&parsed), line);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "lowercase")]
pub enum Parser {
    /// The `auto` method.
    Auto(Box<AutoMiner>),
    /// Drain's tree.
    Drain(Box<Drain>),
}

impl Parser {
    /// A parser that knows no template.
    ///
    /// # Errors
    /// All that is wrong with the configuration.
    pub fn new(config: ParserConfig) -> Result<Self, ConfigErrors> {
        Ok(match config {
            ParserConfig::Auto(config) => Self::Auto(Box::new(AutoMiner::new(config)?)),
            ParserConfig::Drain(config) => Self::Drain(Box::new(Drain::new(config)?)),
        })
    }

    /// The settings.
    pub fn config(&self) -> ParserConfig {
        match self {
            Self::Auto(miner) => ParserConfig::Auto(miner.config().clone()),
            Self::Drain(drain) => ParserConfig::Drain(drain.config().clone()),
        }
    }

    /// Counts a content in, and says which cluster it belongs to. By the `auto` method, several clusters may turn out to
    /// be one template on freezing.
    pub fn learn(&mut self, content: &[u8]) -> ClusterId {
        match self {
            Self::Auto(miner) => miner.learn(content),
            Self::Drain(drain) => drain.learn(content),
        }
    }

    /// Masks and cuts contents for [`Self::learn_prepared`] as [`Self::learn`] would; any thread may have it.
    ///
    /// The costly part of a line is the same whatever was learnt before; only counting it in needs the lines
    /// in their order. So hand blocks of lines to threads that prepare them, and let one learn the blocks in their order:
    ///
    /// ```
    /// use drain_parser::{Parser, ParserConfig, Prepared};
    ///
    /// let mut parser = Parser::new(ParserConfig::default())?;
    /// let preparer = parser.preparer();
    /// let blocks = [["took 1 ms", "took 22 ms"], ["no route", "took 3 ms"]];
    /// let mut learnt = Vec::new();
    /// std::thread::scope(|scope| {
    ///     let prepare = |block: [&'static str; 2]| {
    ///         let mut prepared = Prepared::default();
    ///         block.iter().for_each(|line| preparer.prepare(line.as_bytes(), &mut prepared));
    ///         prepared
    ///     };
    ///     let prepared = blocks.map(|block| scope.spawn(move || prepare(block)));
    ///     for block in prepared {
    ///         parser.learn_prepared(&block.join().unwrap_or_default(), &mut learnt);
    ///     }
    /// });
    /// assert_eq!(learnt.iter().map(|cluster| cluster.0).collect::<Vec<_>>(), [0, 0, 1, 0]);
    /// # Ok::<(), drain_parser::ConfigErrors>(())
    /// ```
    pub fn preparer(&self) -> Preparer {
        Preparer::new(match self {
            Self::Auto(miner) => Reader::Auto(miner.masks().clone()),
            Self::Drain(drain) => Reader::Drain(drain.reader().clone()),
        })
    }

    /// Learns contents that a [`Preparer`] of this parser, or of one with the same settings, has prepared, and appends
    /// the cluster of each to `clusters`: the same as [`Self::learn`] for each of them in their order.
    ///
    /// What a preparer with other masks or delimiters has prepared is learnt as that one cut it, and of what one of the
    /// other method has prepared nothing is learnt: `clusters` then stays as it was.
    pub fn learn_prepared(&mut self, prepared: &Prepared, clusters: &mut Vec<ClusterId>) {
        match self {
            Self::Auto(miner) => miner.learn_lines(&prepared.patterns, clusters),
            Self::Drain(drain) => drain.learn_lines(&prepared.tokens, clusters),
        }
    }

    /// All clusters alive, oldest first, with the templates as they stand.
    pub fn clusters(&self) -> Vec<ClusterView> {
        match self {
            Self::Auto(miner) => miner.clusters(),
            Self::Drain(drain) => drain.clusters().collect(),
        }
    }

    /// How many clusters the bound on them has pushed out so far.
    pub fn evicted(&self) -> u64 {
        match self {
            Self::Auto(miner) => miner.evicted(),
            Self::Drain(drain) => drain.evicted(),
        }
    }

    /// What was learnt, to be put together with what others have learnt.
    pub fn mined(&self) -> Mined {
        Mined::of(self)
    }

    /// The templates as they stand, for matching only.
    pub fn freeze(&self) -> FrozenParser {
        match self {
            Self::Auto(miner) => miner.freeze(),
            Self::Drain(drain) => drain.freeze(),
        }
    }
}
