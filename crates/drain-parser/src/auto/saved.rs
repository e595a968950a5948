//! What a miner looks like on disk.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::lines::PARAMETER;
use super::miner::{AutoMiner, Pattern};
use super::values::Values;
use crate::config::AutoConfig;
use crate::drain::ClusterId;
use crate::template::{escaped, unescape};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedMiner {
    config: AutoConfig,
    next_id: u64,
    evicted: u64,
    /// Least recently matched first.
    patterns: Vec<SavedPattern>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedPattern {
    id: ClusterId,
    count: u64,
    key: String,
    /// One for each parameter: the values kept, and whether there were more.
    values: Vec<(Vec<String>, bool)>,
}

impl Serialize for AutoMiner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let patterns = self.by_use().map(|pattern| SavedPattern {
            id: pattern.id,
            count: pattern.count,
            key: escaped(&pattern.key),
            values: pattern.values.iter().map(Values::to_saved).collect(),
        });
        SavedMiner {
            config: self.config().clone(),
            next_id: self.next_id(),
            evicted: self.evicted(),
            patterns: patterns.collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AutoMiner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = SavedMiner::deserialize(deserializer)?;
        let mut miner = AutoMiner::new(saved.config).map_err(D::Error::custom)?;
        for SavedPattern { id, count, key, values } in saved.patterns {
            let broken = || {
                D::Error::custom(format!(
                    "pattern {id} of the saved parser is broken: learn the parser anew"
                ))
            };
            let key = unescape(&key).ok_or_else(broken)?;
            let parameters = key.iter().filter(|&&byte| byte == PARAMETER).count();
            let values: Option<Vec<Values>> = values.into_iter().map(Values::from_saved).collect();
            let values = values.filter(|values| values.len() == parameters).ok_or_else(broken)?;
            if count == 0 || id.0 >= saved.next_id {
                return Err(broken());
            }
            let pattern = Pattern {
                id,
                key: key.into(),
                values,
                count,
            };
            if !miner.restore(pattern) {
                return Err(broken());
            }
        }
        miner.restore_counters(saved.next_id, saved.evicted);
        Ok(miner)
    }
}
