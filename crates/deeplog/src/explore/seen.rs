//! What is known of each event template, and of those that are shown more.

use drain_parser::{FrozenParser, Header, Scratch};
use sequence_windowing::Timestamp;

use super::severity::{CLASSES, Severity, trouble};
use crate::parse::{Spread, shown};

/// Templates whose parameters are described: the most frequent ones.
pub(super) const DESCRIBED: usize = 40;
/// Messages of a template whose parameters are looked at, spread evenly over the log.
pub(super) const SAMPLED: u64 = 50_000;
/// Parameters of a template that are described.
const POSITIONS: usize = 16;
/// Values that are kept of all parameters together.
const VALUES: usize = 250_000;
/// Templates of so many lines at most count as rare.
pub(super) const RARE: u64 = 3;
/// Rare templates of which an example is kept.
const RARE_EXAMPLES: usize = 2_000;
/// Bytes that are kept of an example, and of a template's text.
const EXAMPLE: usize = 400;
const TEXT: usize = 1_000;

/// All templates of a log, in the numbers of its parser; behind them the messages without one.
pub(super) struct Templates {
    pub(super) all: Vec<Seen>,
    /// Number of each that is described, the most frequent first.
    pub(super) described: Vec<usize>,
    /// Values that may still be kept.
    room: usize,
    examples: usize,
    scratch: Scratch,
}

/// What is known of a template.
pub(super) struct Seen {
    pub(super) id: String,
    /// Its text, behind its name if it has one; not yet made safe to show.
    pub(super) text: String,
    pub(super) count: u64,
    pub(super) by_severity: [u64; CLASSES],
    pub(super) first: Moment,
    pub(super) last: Moment,
    /// The first message, as text.
    pub(super) example: Option<String>,
    pub(super) details: Option<Details>,
}

/// What is known of the parameters of a template.
pub(super) struct Details {
    /// One message in so many is looked at.
    pub(super) stride: u64,
    pub(super) spreads: Vec<Spread>,
    /// Parameters that are not described.
    pub(super) more: usize,
}

/// A line and its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) line: u64,
    pub(super) time: Option<Timestamp>,
}

impl Templates {
    pub(super) fn new(parser: &FrozenParser, counts: &[u64]) -> Self {
        let templates = parser.templates();
        let mut described: Vec<usize> = (0..templates.len()).filter(|&index| counts[index] > 0).collect();
        described.sort_by(|&a, &b| {
            let order = counts[b].cmp(&counts[a]);
            order.then_with(|| templates[a].text.cmp(&templates[b].text))
        });
        described.truncate(DESCRIBED);
        let mut all: Vec<Seen> = templates
            .iter()
            .map(|template| Seen::new(template.id.to_string(), &template.title()))
            .collect();
        all.push(Seen::new(String::new(), "(no template)"));
        for &index in &described {
            let parameters = all[index].text.matches("<*>").count();
            all[index].details = Some(Details {
                stride: counts[index].div_ceil(SAMPLED).max(1),
                spreads: (0..parameters.min(POSITIONS)).map(|_| Spread::default()).collect(),
                more: parameters.saturating_sub(POSITIONS),
            });
        }
        Self {
            all,
            described,
            room: VALUES,
            examples: 0,
            scratch: Scratch::default(),
        }
    }

    pub(super) fn add(
        &mut self,
        index: usize,
        moment: Moment,
        severity: Severity,
        header: &Header<'_>,
        parser: &FrozenParser,
    ) {
        let seen = &mut self.all[index];
        if seen.count == 0 {
            seen.first = moment;
            // Whether it stays rare is not known yet; of the frequent ones an example is wanted anyway.
            if seen.details.is_some() || self.examples < RARE_EXAMPLES {
                self.examples += usize::from(seen.details.is_none());
                let content = header.content();
                seen.example = Some(shown(&content[..content.len().min(EXAMPLE)]).into_owned());
            }
        }
        seen.last = moment;
        seen.by_severity[severity as usize] += 1;
        seen.count += 1;
        if let Some(details) = &mut seen.details
            && (seen.count - 1).is_multiple_of(details.stride)
            && let Some(line) = parser.parse_as(index, header.content(), &mut self.scratch)
            && line.parameters.len() == details.spreads.len() + details.more
        {
            for (spread, parameter) in details.spreads.iter_mut().zip(&line.parameters) {
                spread.add(parameter.value, parameter.found_by, &mut self.room);
            }
        }
    }

    /// Those that were seen, in the order of their first lines.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.all.len()).filter(|&index| self.all[index].count > 0).collect();
        order.sort_unstable_by_key(|&index| (self.all[index].first.line, index));
        order
    }

    /// Number of those that are no stand-in for messages without one.
    pub(super) fn number(&self) -> usize {
        self.all[..self.all.len() - 1]
            .iter()
            .filter(|seen| seen.count > 0)
            .count()
    }

    /// The rare ones, those of errors first, then the latest.
    pub(super) fn rare(&self) -> Vec<usize> {
        let mut rare: Vec<usize> = self.in_order();
        rare.retain(|&index| self.all[index].count <= RARE);
        rare.sort_by_key(|&index| {
            let seen = &self.all[index];
            std::cmp::Reverse((seen.is_bad(), seen.first.line))
        });
        rare
    }
}

impl Seen {
    fn new(id: String, text: &str) -> Self {
        let shown = &text[..text.floor_char_boundary(TEXT)];
        let rest = if shown.len() < text.len() { "…" } else { "" };
        Self {
            id,
            text: format!("{shown}{rest}"),
            count: 0,
            by_severity: [0; CLASSES],
            first: Moment::default(),
            last: Moment::default(),
            example: None,
            details: None,
        }
    }

    /// Lines of it that say they are errors or worse.
    pub(super) fn errors(&self) -> u64 {
        self.by_severity[Severity::Error as usize] + self.by_severity[Severity::Fatal as usize]
    }

    /// Whether it says, or speaks of, an error.
    pub(super) fn is_bad(&self) -> bool {
        self.errors() > 0 || trouble(&self.text).is_some()
    }
}
