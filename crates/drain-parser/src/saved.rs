//! What a parser looks like on disk: texts and counts; everything else is built anew from them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use crate::config::{ConfigErrors, DrainConfig};
use crate::drain::{Cluster, ClusterId, Drain};
use crate::edits::Edits;
use crate::frozen::FrozenParser;
use crate::parser::ParserConfig;
use crate::reader::Reader;
use crate::recency::Recency;
use crate::template::tokens_of;
use crate::tree::ROOT;
use crate::words::{Word, text_of};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedDrain {
    config: DrainConfig,
    next_id: u64,
    evicted: u64,
    /// Oldest first.
    clusters: Vec<SavedCluster>,
    /// Least recently matched first; empty unless the number of clusters is bounded.
    recency: Vec<ClusterId>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedCluster {
    id: ClusterId,
    count: u64,
    /// The branches from the token count down to the leaf. The tree has no others.
    path: String,
    template: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTemplates {
    config: ParserConfig,
    /// As they were learnt.
    templates: Vec<SavedTemplate>,
    #[serde(default, skip_serializing_if = "Edits::is_empty")]
    edits: Edits,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTemplate {
    text: String,
    count: u64,
    /// The words, where the text does not tell them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    words: Vec<String>,
}

/// Why a saved parser cannot be read.
#[derive(Debug, Error)]
enum LoadError {
    #[error("saved parser has an invalid configuration: {0}")]
    Config(#[from] ConfigErrors),
    #[error("saved parser has the broken template text `{0}`: learn the parser anew")]
    Text(String),
    #[error("cluster {0} of the saved parser does not fit the others: learn the parser anew")]
    Cluster(ClusterId),
    #[error("saved parser has an order of use that does not fit its clusters: learn the parser anew")]
    Recency,
}

impl Drain {
    /// The branches from the token count down to a leaf.
    fn path_text(&self, leaf: u32) -> String {
        let branches = self.tree.path(leaf);
        let texts = branches[1..].iter().map(|&branch| self.vocabulary.text(branch));
        text_of(&texts.map(Word::of_token).collect::<Vec<_>>())
    }
}

impl Serialize for Drain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let clusters = self.by_age().into_iter().map(|cluster| SavedCluster {
            id: cluster.id,
            count: cluster.count,
            path: self.path_text(cluster.leaf),
            template: self.text(cluster),
        });
        let recency = self
            .recency
            .iter()
            .flat_map(Recency::iter)
            .map(|slot| self.clusters[slot as usize].id);
        SavedDrain {
            config: self.config.clone(),
            next_id: self.next_id,
            evicted: self.evicted,
            clusters: clusters.collect(),
            recency: recency.collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Drain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        load_drain(SavedDrain::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn load_drain(saved: SavedDrain) -> Result<Drain, LoadError> {
    let mut drain = Drain::new(saved.config)?;
    for SavedCluster {
        id,
        count,
        path,
        template,
    } in saved.clusters
    {
        let newest = drain.clusters.last().map(|cluster| cluster.id);
        let tokens = words(&template)?;
        let path = words(&path)?;
        let fits = path.len() == drain.shape.token_layers.min(tokens.len());
        if count == 0 || !fits || id.0 >= saved.next_id || newest.is_some_and(|newest| newest >= id) {
            return Err(LoadError::Cluster(id));
        }
        let mut leaf = drain.tree.child_or_new(ROOT, tokens.len() as u32);
        for branch in path {
            let branch = drain.vocabulary.acquire(&branch);
            if drain.tree.child(leaf, branch).is_some() {
                drain.vocabulary.release(branch);
            }
            leaf = drain.tree.child_or_new(leaf, branch);
        }
        let tokens = tokens.iter().map(|token| drain.vocabulary.acquire(token)).collect();
        drain.place(Cluster {
            id,
            tokens,
            count,
            leaf,
        });
    }
    if let Some(recency) = &mut drain.recency {
        let mut order = saved.recency.clone();
        order.sort_unstable();
        if !order.iter().eq(drain.clusters.iter().map(|cluster| &cluster.id)) {
            return Err(LoadError::Recency);
        }
        for id in &saved.recency {
            let slot = order.binary_search(id).map_err(|_| LoadError::Recency)?;
            recency.touch(slot as u32);
        }
    }
    drain.next_id = saved.next_id;
    drain.evicted = saved.evicted;
    Ok(drain)
}

impl Serialize for FrozenParser {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let templates = self.mined().map(|(words, count)| SavedTemplate {
            text: text_of(words),
            count,
            words: match self.config() {
                ParserConfig::Auto(_) => words.iter().map(Word::to_saved).collect(),
                ParserConfig::Drain(_) => Vec::new(),
            },
        });
        SavedTemplates {
            config: self.config().clone(),
            templates: templates.collect(),
            edits: self.edits().clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FrozenParser {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        load_templates(SavedTemplates::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn load_templates(saved: SavedTemplates) -> Result<FrozenParser, LoadError> {
    let reader = Reader::new(&saved.config)?;
    let is_auto = matches!(saved.config, ParserConfig::Auto(_));
    let mined = saved.templates.into_iter().map(|SavedTemplate { text, count, words }| {
        let found: Option<Vec<Word>> = if is_auto {
            words.iter().map(|word| Word::from_saved(word)).collect()
        } else {
            tokens_of(&text).map(|tokens| tokens.iter().map(|token| Word::of_token(token)).collect())
        };
        let found = found.filter(|words| text_of(words) == text);
        found.map(|words| (words, count)).ok_or(LoadError::Text(text))
    });
    let parser = FrozenParser::build(saved.config, reader, mined.collect::<Result<_, LoadError>>()?);
    Ok(if saved.edits.is_empty() {
        parser
    } else {
        parser.edited(&saved.edits).0
    })
}

fn words(text: &str) -> Result<Vec<Vec<u8>>, LoadError> {
    tokens_of(text).ok_or_else(|| LoadError::Text(text.to_owned()))
}
