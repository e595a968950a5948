//! What a caller asks of the simulator, and everything that can be wrong with it.

use serde::{Deserialize, Serialize};

/// The most nodes a simulated cluster can have: addresses are drawn from two /16 networks.
const MOST_NODES: u32 = 50_000;
/// The most blocks that can be open at once; memory grows with this number (about 1 KiB a block) and with nothing else.
const MOST_CONCURRENT: u32 = 100_000;
/// The fewest nodes: three replicas and two targets of a re-replication.
const FEWEST_NODES: u32 = 5;

/// The settings of an [`HdfsSimulator`](crate::HdfsSimulator). At least one of `sessions` and `lines` must be set.
///
/// ```
/// let config = log_synthesis::HdfsConfig { sessions: Some(100), ..Default::default() };
/// assert!(config.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HdfsConfig {
    /// Drives everything: the same settings give the same bytes. Default 42.
    pub seed: u64,
    /// Stop after this many blocks. Default: no such limit.
    pub sessions: Option<u64>,
    /// Stop after this many lines. The last blocks are drawn so that their lives fill the number exactly; where no life
    /// fits (below 22 lines), the last one is written to its end all the same. Default: no such limit.
    pub lines: Option<u64>,
    /// Share of blocks that depart from the normal life, 0 to 1. Default 0.03 (HDFS_v1 has 2.9%).
    pub anomalous: f64,
    /// Data nodes in the cluster, 5 to 50,000. Default 203, as in the cluster that wrote HDFS_v1.
    pub nodes: u32,
    /// Blocks open at once, 1 to 100,000. Default 200.
    pub concurrent: u32,
    /// A new software version in the middle of the run. Default: none.
    pub drift: Option<Drift>,
}

/// A software version that takes over during the run: some templates are reworded and steps are added. A block lives
/// its whole life under the version it started with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Share of the run, 0 to 1, after which blocks start under the new version: a share of `sessions`, or of `lines`
    /// where only those are set.
    pub at: f64,
}

impl Default for HdfsConfig {
    fn default() -> Self {
        Self {
            seed: 42,
            sessions: None,
            lines: None,
            anomalous: 0.03,
            nodes: 203,
            concurrent: 200,
            drift: None,
        }
    }
}

/// One mistake in an [`HdfsConfig`], prefixed by its field.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// Neither limit is set.
    #[error("sessions: neither sessions nor lines is set; set one, for example sessions = 2000")]
    NoLimit,
    /// A count that is too small or too large.
    #[error("{field}: {value} is outside {least} to {most}")]
    Count {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// The smallest value allowed.
        least: u64,
        /// The largest value allowed.
        most: u64,
    },
    /// A share that is not within 0 to 1.
    #[error("{field}: {value} is not a share between 0 and 1")]
    Share {
        /// The field.
        field: &'static str,
        /// Its value.
        value: f64,
    },
}

/// Every mistake in an [`HdfsConfig`] at once.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct InvalidConfig(pub Vec<Problem>);

impl HdfsConfig {
    /// Checks these settings.
    ///
    /// # Errors
    /// [`InvalidConfig`] with every mistake at once.
    pub fn validate(&self) -> Result<(), InvalidConfig> {
        let count = |field, value: u64, least: u64, most: u64| {
            (!(least..=most).contains(&value)).then_some(Problem::Count {
                field,
                value,
                least,
                most,
            })
        };
        let share = |field, value: f64| (!(0.0..=1.0).contains(&value)).then_some(Problem::Share { field, value });
        let problems: Vec<Problem> = [
            (self.sessions.is_none() && self.lines.is_none()).then_some(Problem::NoLimit),
            self.sessions.and_then(|value| count("sessions", value, 1, u64::MAX)),
            self.lines.and_then(|value| count("lines", value, 1, u64::MAX)),
            share("anomalous", self.anomalous),
            count("nodes", self.nodes.into(), FEWEST_NODES.into(), MOST_NODES.into()),
            count("concurrent", self.concurrent.into(), 1, MOST_CONCURRENT.into()),
            self.drift.and_then(|drift| share("drift.at", drift.at)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(InvalidConfig(problems))
        }
    }
}
