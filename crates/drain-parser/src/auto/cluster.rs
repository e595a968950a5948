//! Patterns to templates.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::lines::PARAMETER;
use super::miner::Pattern;
use super::scan::is_word_byte;
use super::values::Values;
use crate::words::{Mark, Word};

/// So many different words at a position are values, not events.
const MANY: usize = 6;
/// So many positions must have one word before others can differ by more than the event.
const ANCHORS: usize = 3;
/// Words at two places are independent if there are so many pairs of them for each word of the place that has more.
const INDEPENDENT: f64 = 1.5;
/// So many positions must have one word before independence counts.
const FEW_ANCHORS: usize = 2;
/// Up to so many different names in capitals at a position are states, each an event of its own.
const MOST_STATES: usize = 30;
/// An identifier that so many lines have in common is part of the template, as in `port <*> ssh2` …
const CONSTANT_AFTER: u64 = 5;
/// … unless it has more digits than names have.
const DIGITS_OF_A_NAME: usize = 2;

/// The templates of some patterns.
#[derive(Debug, Default)]
pub(crate) struct Clusters {
    /// The words of each template, and how many lines it has; in the order in which their patterns were first seen.
    pub(crate) templates: Vec<(Vec<Word>, u64)>,
    /// The template of each pattern, in the order in which the patterns were given.
    pub(crate) of_pattern: Vec<usize>,
}

/// Patterns that are one but for the number of parameters in a row.
struct Unit {
    words: Vec<Word>,
    /// Indices of its patterns.
    patterns: Vec<usize>,
    /// Whether the parameter at each position had several values.
    several: Vec<bool>,
}

impl Clusters {
    /// Depends on the set of patterns only, but for the order of the templates.
    pub(crate) fn of(patterns: &[&Pattern]) -> Self {
        let units = units(patterns);
        let mut division = Division {
            units: &units,
            values: FxHashSet::default(),
            variable: vec![Vec::new(); units.len()],
        };
        for pattern in patterns {
            let several = pattern.values.iter().flat_map(Values::several);
            division.values.extend(several.map(|value| &**value));
        }
        // What the first round finds to be values tells the second one more.
        division.run();
        division.run();
        let variable = division.variable;
        collect(patterns, &units, &variable)
    }
}

/// The words of a pattern.
fn words(key: &[u8]) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut at, mut glued) = (0, false);
    while at < key.len() {
        let start = at;
        at += match key[at] {
            b' ' => {
                glued = false;
                at += 1;
                continue;
            }
            byte if is_word_byte(byte) => word_length(&key[at..]),
            _ => 1,
        };
        if glued && let Some(Word::Mark(mark)) = words.last_mut() {
            mark.right = true;
        }
        words.push(match key[start] {
            PARAMETER => Word::Wildcard,
            byte if is_word_byte(byte) => Word::Text(key[start..at].into()),
            byte => Word::Mark(Mark {
                byte,
                left: glued,
                right: false,
            }),
        });
        glued = true;
    }
    words
}

/// The length of the word that `text` begins with, as [`WORD`](super::masks::WORD) has it.
fn word_length(text: &[u8]) -> usize {
    let is_word = |at: usize| text.get(at).is_some_and(|&byte| is_word_byte(byte));
    let mut at = 0;
    while is_word(at) || (text.get(at).is_some_and(|byte| b".$@'-".contains(byte)) && is_word(at + 1)) {
        at += 1;
    }
    at
}

/// Joins patterns whose only difference is how many parameters stand in a row.
fn units(patterns: &[&Pattern]) -> Vec<Unit> {
    let mut by_collapsed: BTreeMap<Vec<Word>, Vec<usize>> = BTreeMap::new();
    let all: Vec<Vec<Word>> = patterns.iter().map(|pattern| words(&pattern.key)).collect();
    for (i, words) in all.iter().enumerate() {
        let mut collapsed = words.clone();
        collapsed.dedup_by(|later, earlier| *later == Word::Wildcard && *earlier == Word::Wildcard);
        by_collapsed.entry(collapsed).or_default().push(i);
    }
    let units = by_collapsed.into_iter().map(|(collapsed, members)| match *members {
        [only] => {
            let mut values = patterns[only].values.iter();
            let several = all[only]
                .iter()
                .map(|word| *word == Word::Wildcard && values.next().is_some_and(|values| values.single().is_none()));
            Unit {
                several: several.collect(),
                words: all[only].clone(),
                patterns: members,
            }
        }
        _ => Unit {
            several: vec![true; collapsed.len()],
            words: with_runs(collapsed, members.iter().map(|&i| &all[i])),
            patterns: members,
        },
    });
    units.collect()
}

/// Marks the parameters of which some of the lines have several in a row.
fn with_runs<'w>(mut collapsed: Vec<Word>, lines: impl Iterator<Item = &'w Vec<Word>>) -> Vec<Word> {
    for line in lines {
        let mut place = 0;
        for pair in line.windows(2) {
            if pair[0] == Word::Wildcard && pair[1] == Word::Wildcard {
                collapsed[place] = Word::Run;
            } else {
                place += 1;
            }
        }
    }
    collapsed
}

/// Divides units until each group is one template.
struct Division<'u> {
    units: &'u [Unit],
    /// Words that are values somewhere.
    values: FxHashSet<&'u [u8]>,
    /// For each unit, the positions at which its template has a parameter and it may have a word.
    variable: Vec<Vec<usize>>,
}

impl<'u> Division<'u> {
    fn run(&mut self) {
        let mut by_shape: BTreeMap<Vec<Option<Mark>>, Vec<usize>> = BTreeMap::new();
        for (i, unit) in self.units.iter().enumerate() {
            let shape = unit.words.iter().map(|word| match word {
                Word::Mark(mark) => Some(*mark),
                _ => None,
            });
            by_shape.entry(shape.collect()).or_default().push(i);
        }
        for (shape, members) in by_shape {
            let places = (0..shape.len()).filter(|&place| shape[place].is_none()).collect();
            self.divide(members, places, Vec::new());
        }
    }

    /// `members` agree at all places but `open` ones and those found `variable`.
    fn divide(&mut self, members: Vec<usize>, open: Vec<usize>, variable: Vec<usize>) {
        let units = self.units;
        let different: Vec<(usize, BTreeSet<&Word>)> = open
            .iter()
            .map(|&place| (place, members.iter().map(|&unit| &units[unit].words[place]).collect()))
            .collect();
        let is_parameter = |word: &&Word| matches!(word, Word::Wildcard | Word::Run);
        let anchors = different
            .iter()
            .filter(|(_, words)| words.len() == 1 && !words.iter().any(is_parameter))
            .count();
        let differing: Vec<_> = different.into_iter().filter(|(_, words)| words.len() > 1).collect();
        let Some((fewest, _)) = differing.iter().min_by_key(|(place, words)| (words.len(), *place)) else {
            return self.settle(&members, &variable);
        };
        let states = differing
            .iter()
            .filter(|(_, words)| words.len() < MOST_STATES && words.iter().all(|word| is_state(word)));
        let states = states.map(|(place, _)| *place).next();
        if let Some(values) = self.values_among(&members, &differing, anchors, states.is_some()) {
            let open = open.into_iter().filter(|place| !values.contains(place)).collect();
            return self.divide(members, open, [variable, values].concat());
        }
        let least = differing.iter().map(|(_, words)| words.len()).min().unwrap_or(0);
        if states.is_none() && least >= MANY && anchors >= ANCHORS {
            let places: Vec<usize> = differing.iter().map(|(place, _)| *place).collect();
            return self.settle(&members, &[variable, places].concat());
        }
        let place = states.unwrap_or(*fewest);
        let mut parts: BTreeMap<&Word, Vec<usize>> = BTreeMap::new();
        for unit in members {
            parts.entry(&units[unit].words[place]).or_default().push(unit);
        }
        for part in parts.into_values() {
            self.divide(part, open.clone(), variable.clone());
        }
    }

    /// Places where words are values, by the first rule that knows some. `anchors`: positions that have one word.
    fn values_among(
        &self,
        members: &[usize],
        differing: &[(usize, BTreeSet<&Word>)],
        anchors: usize,
        has_states: bool,
    ) -> Option<Vec<usize>> {
        let known = || self.value_place(members, differing).map(|place| vec![place]);
        let enclosed = || {
            let words = &self.units[members[0]].words;
            let mut places = differing.iter().filter(|(place, differing)| {
                is_quoted(words, *place) || (differing.len() >= MANY && is_bracketed(words, *place))
            });
            places.next().map(|(place, _)| vec![*place])
        };
        (anchors >= ANCHORS)
            .then(known)
            .flatten()
            .or_else(|| (anchors >= FEW_ANCHORS).then(|| self.independent_places(members, differing))?)
            .or_else(|| (anchors >= 1 && !has_states).then(enclosed)?)
    }

    /// Two places where words do not go with each other: then neither tells what happened, and both are values; but for the
    /// first place, and for words that go with those of another place one to one, as `added … to` and `removed … from`.
    fn independent_places(&self, members: &[usize], differing: &[(usize, BTreeSet<&Word>)]) -> Option<Vec<usize>> {
        let pairs = |one: usize, other: usize| {
            let words = |&unit: &usize| (&self.units[unit].words[one], &self.units[unit].words[other]);
            members.iter().map(words).collect::<BTreeSet<_>>().len()
        };
        let tells_event = |&(place, ref words): &(usize, BTreeSet<&Word>)| {
            let goes_with = |(other, others): &(usize, BTreeSet<&Word>)| {
                *other != place && others.len() == words.len() && pairs(place, *other) == words.len()
            };
            place == 0 || (words.len() < MANY && differing.iter().any(goes_with))
        };
        for (i, one) in differing.iter().enumerate() {
            for other in &differing[i + 1..] {
                let most = one.1.len().max(other.1.len());
                if pairs(one.0, other.0) as f64 >= INDEPENDENT * most as f64 {
                    let values = [one, other].into_iter().filter(|place| !tells_event(place));
                    let values: Vec<usize> = values.map(|(place, _)| *place).collect();
                    if !values.is_empty() {
                        return Some(values);
                    }
                }
            }
        }
        None
    }

    /// A place where words are values: half of them are values elsewhere, or some lines have a parameter there and this is
    /// all that tells the lines apart. The first place tells what happened: it is one only where words are many.
    fn value_place(&self, members: &[usize], differing: &[(usize, BTreeSet<&Word>)]) -> Option<usize> {
        let known = |words: &BTreeSet<&Word>| {
            let texts = words.iter().filter_map(|word| match word {
                Word::Text(text) => Some(self.values.contains(&**text)),
                _ => None,
            });
            let (count, known) = texts.fold((0, 0), |(count, known), is| (count + 1, known + usize::from(is)));
            count >= 2 && 2 * known >= count
        };
        let mixed = |place: usize| {
            let several = |&&unit: &&usize| self.units[unit].several[place];
            differing.len() == 1 && members.iter().any(|unit| several(&unit))
        };
        let places = differing.iter().filter(|(place, _)| *place > 0);
        let mut places = places.filter(|(place, words)| known(words) || mixed(*place));
        places.next().map(|(place, _)| *place)
    }

    fn settle(&mut self, members: &[usize], variable: &[usize]) {
        for &unit in members {
            let words = &self.units[unit].words;
            self.values
                .extend(variable.iter().filter_map(|&place| match &words[place] {
                    Word::Text(text) => Some(&**text),
                    _ => None,
                }));
            self.variable[unit] = variable.to_vec();
        }
    }
}

/// Whether nothing but `place` is in its brackets.
fn is_bracketed(words: &[Word], place: usize) -> bool {
    let mark = |place: Option<usize>| match place.and_then(|place| words.get(place)) {
        Some(Word::Mark(mark)) => mark.byte,
        _ => 0,
    };
    let around = (mark(place.checked_sub(1)), mark(Some(place + 1)));
    matches!(around, (b'(', b')') | (b'[', b']') | (b'{', b'}') | (b'<', b'>'))
}

/// Whether `place` is between quotation marks that are not the content's first: else all of the content may be quoted.
fn is_quoted(words: &[Word], place: usize) -> bool {
    let is_quote = |word: &Word| matches!(word, Word::Mark(mark) if mark.byte == b'"');
    let quotes = |words: &[Word]| words.iter().filter(|word| is_quote(word)).count();
    !words.first().is_some_and(is_quote) && quotes(&words[..place]) % 2 == 1 && quotes(&words[place..]) > 0
}

/// A name in capitals, such as `RUNNING` or `FAIL_TASK_CLEANUP`.
fn is_state(word: &Word) -> bool {
    let Word::Text(text) = word else { return false };
    text.len() > 1 && text[0].is_ascii_uppercase() && text.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

fn collect(patterns: &[&Pattern], units: &[Unit], variable: &[Vec<usize>]) -> Clusters {
    let mut clusters = Clusters {
        of_pattern: vec![0; patterns.len()],
        ..Clusters::default()
    };
    let mut unit_of = vec![0; patterns.len()];
    for (i, unit) in units.iter().enumerate() {
        for &pattern in &unit.patterns {
            unit_of[pattern] = i;
        }
    }
    let mut by_words: FxHashMap<Vec<Word>, usize> = FxHashMap::default();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (pattern, &unit) in unit_of.iter().enumerate() {
        let mut words = units[unit].words.clone();
        for &place in &variable[unit] {
            if words[place] != Word::Run {
                words[place] = Word::Wildcard;
            }
        }
        let template = *by_words.entry(words.clone()).or_insert(clusters.templates.len());
        if template == clusters.templates.len() {
            clusters.templates.push((words, 0));
            members.push(Vec::new());
        }
        clusters.templates[template].1 += patterns[pattern].count;
        clusters.of_pattern[pattern] = template;
        members[template].push(pattern);
    }
    for ((words, count), members) in clusters.templates.iter_mut().zip(&members) {
        let members: Vec<&Pattern> = members.iter().map(|&pattern| patterns[pattern]).collect();
        write_constants(words, *count, &members);
    }
    clusters
}

/// Puts what has been the same in every line in place of a parameter that may be a constant.
fn write_constants(template: &mut [Word], count: u64, members: &[&Pattern]) {
    // Where parameters stand in rows, the lines of a template have other places.
    if template.contains(&Word::Run) {
        return;
    }
    let mut seen: Vec<Values> = vec![Values::default(); template.len()];
    for pattern in members {
        let mut values = pattern.values.iter();
        for (seen, word) in seen.iter_mut().zip(words(&pattern.key)) {
            match word {
                Word::Wildcard => seen.merge(values.next().unwrap_or(&Values::default())),
                // A word at the place of a parameter is one of several.
                _ => seen.add(None),
            }
        }
    }
    let digits = |value: &[u8]| value.iter().filter(|byte| byte.is_ascii_digit()).count();
    for (place, seen) in template
        .iter_mut()
        .zip(&seen)
        .filter(|(word, _)| **word == Word::Wildcard)
    {
        let constant = seen
            .single()
            .filter(|value| value.is_empty() || (count >= CONSTANT_AFTER && digits(value) <= DIGITS_OF_A_NAME));
        if let Some(constant) = constant {
            *place = Word::Usual(constant.into());
        }
    }
}
