//! How a parser is set up, and what can be wrong with it.

use regex::bytes::RegexBuilder;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::format::reason;
use crate::masking::Mask;

/// The settings of a [`Drain`](crate::Drain).
///
/// ```
/// let config = drain_parser::DrainConfig { depth: 1, similarity: 7.0, ..Default::default() };
/// assert_eq!(config.validate().unwrap_err().problems().len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DrainConfig {
    /// The share of a content's tokens, 0 to 1, that must equal a template's for the content to join it. Wildcards
    /// are not equal to anything. Default 0.4.
    pub similarity: f64,
    /// The depth of the tree, counted as in the authors' code: root, token count, then `depth - 3` leading tokens,
    /// leaves. At least 3; default 4, which is one leading token.
    pub depth: usize,
    /// The most branches of an inner node; what comes later shares the branch `<*>`. At least 1; default 100.
    pub max_children: usize,
    /// The most clusters kept; the least recently matched makes room. Default: no bound.
    pub max_clusters: Option<usize>,
    /// Whether leading tokens that hold a digit take the branch `<*>`. Default true, as published.
    pub numeric_tokens: bool,
    /// Texts that part tokens as white space does, looked for outside masked pieces. Default none.
    pub extra_delimiters: Vec<String>,
    /// Regexes applied in their order; a match becomes `<*>`, and later masks see it so. Classes such as `\w` are
    /// ASCII unless the mask says `(?u)`. Default none.
    pub masks: Vec<String>,
}

impl Default for DrainConfig {
    fn default() -> Self {
        Self {
            similarity: 0.4,
            depth: 4,
            max_children: 100,
            max_clusters: None,
            numeric_tokens: true,
            extra_delimiters: Vec::new(),
            masks: Vec::new(),
        }
    }
}

/// The settings of the `auto` method, which needs none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AutoConfig {
    /// Regexes as in [`DrainConfig::masks`], for what the built-in masks do not know. Default none.
    pub masks: Vec<String>,
    /// The most patterns (contents that have the same words and punctuation) kept while learning; the least recently
    /// matched makes room. Default 100,000.
    pub max_patterns: usize,
}

impl Default for AutoConfig {
    fn default() -> Self {
        Self {
            masks: Vec::new(),
            max_patterns: 100_000,
        }
    }
}

impl AutoConfig {
    /// Looks at every field.
    ///
    /// # Errors
    /// All problems at once.
    pub fn validate(&self) -> Result<(), ConfigErrors> {
        self.compile_masks().map(drop)
    }

    pub(crate) fn compile_masks(&self) -> Result<Vec<Mask>, ConfigErrors> {
        let masks = DrainConfig {
            masks: self.masks.clone(),
            ..DrainConfig::default()
        };
        let masks = masks.compile_masks();
        if self.max_patterns > 0 {
            return masks;
        }
        let mut problems = masks.map_or_else(|errors| errors.0, |_| Vec::new());
        problems.push(ConfigProblem {
            field: "max_patterns".into(),
            fact: "0 leaves no room for a pattern: choose 1 or more".into(),
        });
        Err(ConfigErrors(problems))
    }
}

/// One thing wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {fact}")]
pub struct ConfigProblem {
    /// The field, with its index where it is a list: `masks[1]`.
    pub field: String,
    /// What is wrong, with the value, and what to do.
    pub fact: String,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigErrors(Vec<ConfigProblem>);

impl ConfigErrors {
    /// The problems, in the order of the fields; at least one.
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.0
    }
}

impl DrainConfig {
    /// Looks at every field.
    ///
    /// # Errors
    /// All problems at once.
    pub fn validate(&self) -> Result<(), ConfigErrors> {
        self.compile_masks().map(drop)
    }

    /// The masks of a configuration that has nothing wrong with it.
    pub(crate) fn compile_masks(&self) -> Result<Vec<Mask>, ConfigErrors> {
        let mut problems = Vec::new();
        let mut problem = |field: String, fact: String| problems.push(ConfigProblem { field, fact });
        if !(0.0..=1.0).contains(&self.similarity) {
            problem(
                "similarity".into(),
                format!("{} is outside 0 to 1: choose a share of tokens", self.similarity),
            );
        }
        if self.depth < 3 {
            problem(
                "depth".into(),
                format!(
                    "{} is less than 3 (root, token count, leaves): choose 3 or more",
                    self.depth
                ),
            );
        }
        if self.max_children == 0 {
            problem(
                "max_children".into(),
                "0 leaves no branch to take: choose 1 or more".into(),
            );
        }
        if self.max_clusters == Some(0) {
            problem(
                "max_clusters".into(),
                "0 leaves no room for a cluster: choose 1 or more, or leave it out".into(),
            );
        }
        for (i, delimiter) in self.extra_delimiters.iter().enumerate() {
            if delimiter.is_empty() {
                problem(
                    format!("extra_delimiters[{i}]"),
                    "an empty text cannot part tokens: remove it".into(),
                );
            }
        }
        let mut masks = Vec::new();
        for (i, mask) in self.masks.iter().enumerate() {
            match compile_mask(mask) {
                Ok(mask) => masks.push(mask),
                Err(fact) => problem(format!("masks[{i}]"), fact),
            }
        }
        if problems.is_empty() {
            Ok(masks)
        } else {
            Err(ConfigErrors(problems))
        }
    }
}

/// Classes are ASCII: logs are bytes, and it makes masks fast.
fn compile_mask(mask: &str) -> Result<Mask, String> {
    let compiled = RegexBuilder::new(mask).unicode(false).build();
    let regex = compiled.map_err(|error| format!("`{mask}` is not a valid regex: {}", reason(&error)))?;
    // These contexts tell every kind of empty match: of nothing, at an edge, at a word boundary, within a word.
    let matches_nothing = ["", "aa", " ", "0"]
        .iter()
        .any(|text| regex.find_iter(text.as_bytes()).any(|m| m.is_empty()));
    if matches_nothing {
        return Err(format!(
            "`{mask}` matches the empty text: make it need at least one character"
        ));
    }
    Ok(Mask::new(mask, regex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told_at_once() {
        let config = DrainConfig {
            similarity: f64::NAN,
            depth: 2,
            max_children: 0,
            max_clusters: Some(0),
            extra_delimiters: vec!["=".into(), String::new()],
            masks: vec![r"\d+".into(), "(".into(), "x*".into(), r"\b".into(), r"(?<=a)b".into()],
            ..DrainConfig::default()
        };
        let errors = config.validate().unwrap_err();
        let fields: Vec<_> = errors.problems().iter().map(|problem| problem.field.as_str()).collect();
        let expected = [
            "similarity",
            "depth",
            "max_children",
            "max_clusters",
            "extra_delimiters[1]",
            "masks[1]",
            "masks[2]",
            "masks[3]",
            "masks[4]",
        ];
        assert_eq!(fields, expected);
        assert_eq!(errors.to_string().lines().count(), expected.len());
        assert!(errors.to_string().contains("depth: 2 is less than 3"), "{errors}");
    }

    #[test]
    fn masks_are_ascii_unless_they_say_so() {
        let config = |mask: &str| DrainConfig {
            masks: vec![mask.into()],
            ..DrainConfig::default()
        };
        let error = config("[äö]").validate().unwrap_err().to_string();
        assert!(
            error.starts_with("masks[0]: `[äö]` is not a valid regex")
                && error.ends_with("begin the regex with `(?u)`")
        );
        assert!(config("(?u)[äö]").validate().is_ok());
        assert!(config("ä+").validate().is_ok());
    }

    #[test]
    fn defaults_hold_and_unknown_fields_do_not() {
        assert_eq!(
            serde_json::from_str::<DrainConfig>("{}").unwrap(),
            DrainConfig::default()
        );
        assert!(DrainConfig::default().validate().is_ok());
        let error = serde_json::from_str::<DrainConfig>(r#"{"similarty": 0.5}"#).unwrap_err();
        assert!(error.to_string().contains("similarty"), "{error}");
    }
}
