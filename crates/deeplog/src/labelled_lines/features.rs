//! A line as a row of numbers, each with a name.
//!
//! Everything is learnt from training lines alone: templates, which of them, which levels and which components have a
//! column, how rare each template is. A label is nowhere in sight.

use std::cmp::Reverse;
use std::ops::Range;

use drain_parser::{FrozenParser, Parser, ParserConfig, Scratch};
use log_synthesis::rule_of;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::collection::Collection;
use super::layout::Said;
use crate::error::{Error, Result};
use crate::observer::{Observer, ensure_wanted};

/// Columns at most: for the most frequent templates, levels and components of the training lines.
const MOST_TEMPLATES: usize = 100;
const MOST_LEVELS: usize = 16;
const MOST_COMPONENTS: usize = 50;

/// The classes of words, as [`rule_of`] names them.
const RULES: [&str; 7] = [
    "timeout",
    "memory",
    "permission",
    "connection",
    "exception",
    "error",
    "level",
];

/// What is measured of every line.
const MEASURES: [&str; 6] = [
    "numbers",
    "share of digits",
    "share of special characters",
    "length",
    "words",
    "rarity of the template",
];

/// Makes rows of lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Features {
    parser: FrozenParser,
    /// Training lines of each template.
    counts: Vec<u64>,
    /// Templates with a column.
    templates: Vec<usize>,
    /// Levels with a column, in capitals.
    levels: Vec<Vec<u8>>,
    components: Vec<Vec<u8>>,
}

impl Features {
    pub(super) fn fit(
        config: &ParserConfig,
        lines: &Collection,
        range: Range<usize>,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let mut parser =
            Parser::new(config.clone()).map_err(|error| Error::config("dataset", "parser", error.to_string()))?;
        for index in range.clone() {
            parser.learn(lines.said(index).content);
            ensure_wanted(observer)?;
        }
        let parser = parser.freeze();
        let mut scratch = Scratch::default();
        let mut counts = vec![0; parser.templates().len()];
        let mut levels: FxHashMap<Vec<u8>, u64> = FxHashMap::default();
        let mut components: FxHashMap<Vec<u8>, u64> = FxHashMap::default();
        for index in range {
            let said = lines.said(index);
            if let Some(template) = parser.matches(said.content, &mut scratch) {
                counts[template] += 1;
            }
            for (word, found) in [
                (said.level.to_ascii_uppercase(), &mut levels),
                (said.component.to_vec(), &mut components),
            ] {
                if !word.is_empty() {
                    *found.entry(word).or_default() += 1;
                }
            }
            ensure_wanted(observer)?;
        }
        let known = counts.iter().copied().enumerate().filter(|(_, count)| *count > 0);
        Ok(Self {
            templates: most_frequent(known.collect(), MOST_TEMPLATES),
            levels: most_frequent(levels.into_iter().collect(), MOST_LEVELS),
            components: most_frequent(components.into_iter().collect(), MOST_COMPONENTS),
            counts,
            parser,
        })
    }

    /// Names of the columns.
    pub(super) fn names(&self) -> Vec<String> {
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        let templates = self
            .templates
            .iter()
            .map(|&template| format!("template {}", self.template(template)));
        let levels = self.levels.iter().map(|level| format!("level {}", text(level)));
        let components = self
            .components
            .iter()
            .map(|component| format!("component {}", text(component)));
        let fixed = ["a template never seen", "a level never seen", "a component never seen"].map(str::to_owned);
        let rules = RULES.map(|rule| format!("word class {rule}"));
        let measures = MEASURES.map(str::to_owned);
        templates
            .chain(levels)
            .chain(components)
            .chain(fixed)
            .chain(rules)
            .chain(measures)
            .collect()
    }

    /// Whether its parts fit together, which is known but of what was read from a file.
    pub(super) fn is_whole(&self) -> bool {
        let known = self.parser.templates().len();
        self.counts.len() == known && self.templates.iter().all(|&template| template < known)
    }

    /// Whether a column holds yes and no rather than a measure.
    pub(super) fn is_flag(&self, column: usize) -> bool {
        column < self.columns() - MEASURES.len()
    }

    pub(super) fn columns(&self) -> usize {
        let words = self.templates.len() + self.levels.len() + self.components.len();
        words + 3 + RULES.len() + MEASURES.len()
    }

    /// A template as people are shown it.
    pub(super) fn template(&self, template: usize) -> String {
        self.parser.templates()[template].title()
    }

    pub(super) fn templates(&self) -> usize {
        self.parser.templates().len()
    }

    /// Puts a line's row in place of what `row` held; gives its template, if a training line has it too.
    pub(super) fn row(&self, said: Said<'_>, scratch: &mut Scratch, row: &mut Vec<f64>) -> Option<usize> {
        let template = self
            .parser
            .matches(said.content, scratch)
            .filter(|&found| self.counts[found] > 0);
        let level = said.level.to_ascii_uppercase();
        let flag = |is_so: bool| f64::from(u8::from(is_so));
        row.clear();
        row.extend(self.templates.iter().map(|&known| flag(template == Some(known))));
        row.extend(self.levels.iter().map(|known| flag(level == *known)));
        row.extend(self.components.iter().map(|known| flag(said.component == *known)));
        row.push(flag(template.is_none()));
        row.push(flag(!level.is_empty() && !self.levels.contains(&level)));
        let is_new = |component: &[u8]| !self.components.iter().any(|known| known == component);
        row.push(flag(!said.component.is_empty() && is_new(said.component)));
        let rule = rule_of(said.level, said.content);
        row.extend(RULES.iter().map(|known| flag(rule == Some(known))));
        row.extend(measures(said.content));
        row.push(self.rarity(template));
        template
    }

    /// −ln of the template's share in training; an unseen one counts as half a line.
    fn rarity(&self, template: Option<usize>) -> f64 {
        let all = self.counts.iter().sum::<u64>().max(1) as f64;
        let count = template.map_or(0.5, |template| self.counts[template] as f64);
        -(count / all).ln()
    }
}

/// The items that occur most often, by count and then by themselves.
fn most_frequent<T: Ord>(mut found: Vec<(T, u64)>, most: usize) -> Vec<T> {
    found.sort_by(|left, right| Reverse(left.1).cmp(&Reverse(right.1)).then(left.0.cmp(&right.0)));
    found.truncate(most);
    found.into_iter().map(|(item, _)| item).collect()
}

/// All of [`MEASURES`] but the last.
fn measures(content: &[u8]) -> [f64; 5] {
    let (mut numbers, mut digits, mut special, mut words) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut before = b' ';
    for &byte in content {
        if byte.is_ascii_digit() {
            digits += 1;
            numbers += u64::from(!before.is_ascii_digit());
        } else if byte.is_ascii_punctuation() || byte.is_ascii_control() {
            special += 1;
        }
        words += u64::from(!byte.is_ascii_whitespace() && before.is_ascii_whitespace());
        before = byte;
    }
    let length = content.len().max(1) as f64;
    [
        (numbers as f64).ln_1p(),
        digits as f64 / length,
        special as f64 / length,
        length.ln_1p(),
        (words as f64).ln_1p(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Unobserved;

    fn said<'l>(level: &'l str, component: &'l str, content: &'l str) -> Said<'l> {
        Said {
            level: level.as_bytes(),
            component: component.as_bytes(),
            content: content.as_bytes(),
        }
    }

    fn fitted(lines: &[(&str, &str, &str)]) -> Features {
        let mut collection = Collection::default();
        for (number, (level, component, content)) in lines.iter().enumerate() {
            collection.push(number as u64 + 1, said(level, component, content), false);
        }
        Features::fit(&ParserConfig::default(), &collection, 0..lines.len(), &Unobserved).unwrap()
    }

    /// What is not 0 in a row, by name.
    fn named(features: &Features, said: Said<'_>) -> Vec<(String, f64)> {
        let mut row = Vec::new();
        features.row(said, &mut Scratch::default(), &mut row);
        let names = features.names();
        assert_eq!((row.len(), names.len()), (features.columns(), features.columns()));
        names.into_iter().zip(row).filter(|(_, value)| *value != 0.0).collect()
    }

    fn value(found: &[(String, f64)], name: &str) -> Option<f64> {
        found.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    #[test]
    fn a_line_has_the_features_that_its_words_say() {
        let features = fitted(&[
            ("INFO", "disk", "reading sector 12"),
            ("INFO", "disk", "reading sector 13"),
            ("INFO", "disk", "reading sector 14"),
            ("ERROR", "net", "connection refused by 10.0.0.1"),
        ]);
        let found = named(&features, said("info", "disk", "reading sector 99"));
        assert_eq!(value(&found, "level INFO"), Some(1.0));
        assert_eq!(value(&found, "component disk"), Some(1.0));
        assert_eq!(value(&found, "level ERROR"), None);
        assert_eq!(value(&found, "a template never seen"), None);
        assert_eq!(value(&found, "numbers"), Some(2_f64.ln()));
        assert_eq!(value(&found, "share of digits"), Some(2.0 / 17.0));
        assert_eq!(value(&found, "length"), Some(18_f64.ln()));
        assert_eq!(value(&found, "words"), Some(4_f64.ln()));
        assert_eq!(value(&found, "rarity of the template"), Some(-(3.0_f64 / 4.0).ln()));
        assert!(
            found.iter().any(|(name, _)| name == "template reading sector <*>"),
            "{found:?}"
        );

        let found = named(&features, said("FATAL", "gpu", "out of memory!"));
        for name in [
            "a template never seen",
            "a level never seen",
            "a component never seen",
            "word class memory",
        ] {
            assert_eq!(value(&found, name), Some(1.0), "{name}");
        }
        assert_eq!(value(&found, "rarity of the template"), Some(-(0.5_f64 / 4.0).ln()));
        assert_eq!(value(&found, "share of special characters"), Some(1.0 / 14.0));
    }

    #[test]
    fn every_word_class_is_one_of_the_rules() {
        for (rule, level, content) in [
            ("timeout", "", "timed out"),
            ("memory", "", "out of memory"),
            ("permission", "", "permission denied"),
            ("connection", "", "connection reset"),
            ("exception", "", "java.lang.Exception"),
            ("error", "", "it failed"),
            ("level", "FATAL", "so be it"),
        ] {
            assert_eq!(rule_of(level.as_bytes(), content.as_bytes()), Some(rule));
            assert!(RULES.contains(&rule));
        }
    }

    #[test]
    fn lines_of_nothing_have_finite_rows() {
        let features = fitted(&[("", "", "")]);
        let mut row = Vec::new();
        for content in ["", " ", "\0\0", "\u{fffd}"] {
            features.row(said("", "", content), &mut Scratch::default(), &mut row);
            assert!(row.iter().all(|value| value.is_finite()), "{content:?}: {row:?}");
        }
    }
}
