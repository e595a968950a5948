//! What numbers a log holds, by their place in its event templates, and numbers that are far from it.

use std::ops::Range;

use drain_parser::{Parameter, ParsedLine};
use rand::{Rng, RngExt};
use rustc_hash::FxHashMap;

/// How far beyond the largest number one that is out of range lies, in spreads of what was observed.
const FAR: Range<f64> = 10.0..100.0;
/// Digits that a number may have before its point: more is a name.
const DIGITS: usize = 15;

/// What may stand right behind the digits of a number; anything may behind white space.
const UNITS: [&str; 20] = [
    "%", "s", "sec", "secs", "ms", "us", "ns", "m", "min", "h", "d", "b", "kb", "mb", "gb", "tb", "kib", "mib", "gib",
    "bytes",
];

/// The smallest and the largest number observed in each place of each event template. A number is what a parameter begins
/// with if nothing but a unit follows: decimal digits, with a sign and a fraction if need be. Memory is bounded by the places of the templates.
///
/// ```
/// use drain_parser::{Parser, ParserConfig, Scratch};
/// use log_synthesis::NumberRanges;
/// use rand::SeedableRng;
///
/// let mut parser = Parser::new(ParserConfig::default())?;
/// for size in 100..200 {
///     parser.learn(format!("stored {size} bytes").as_bytes());
/// }
/// let (parser, mut scratch) = (parser.freeze(), Scratch::default());
/// let mut ranges = NumberRanges::default();
/// for content in [b"stored 120 bytes", b"stored 180 bytes"] {
///     ranges.observe(&parser.parse(content, &mut scratch).ok_or("no template")?);
/// }
/// let line = parser.parse(b"stored 150 bytes", &mut scratch).ok_or("no template")?;
/// let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
/// let (place, number) = ranges.outside(&line, |_| false, &mut random).ok_or("no number")?;
/// assert_eq!(place, 7..10);
/// assert!(number.parse::<u64>()? > 1800);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct NumberRanges(FxHashMap<(usize, usize), (f64, f64)>);

impl NumberRanges {
    /// Takes in the numbers of a message.
    pub fn observe(&mut self, line: &ParsedLine<'_>) {
        for (place, _, Number { value: number, .. }) in numbers(line) {
            let (least, most) = self.0.entry((line.template, place)).or_insert((number, number));
            *least = least.min(number);
            *most = most.max(number);
        }
    }

    /// Whether a message holds a number, other than where `stays` says that nothing may change, by its place in the content
    /// in bytes.
    pub fn has_number(line: &ParsedLine<'_>, stays: impl Fn(Range<usize>) -> bool) -> bool {
        numbers(line).any(|(_, parameter, number)| !stays(number.span(parameter)))
    }

    /// One of these numbers by lot: its place in the content in bytes, and a number far above all that were observed there,
    /// with as many digits behind its point.
    pub fn outside(
        &self,
        line: &ParsedLine<'_>,
        stays: impl Fn(Range<usize>) -> bool,
        random: &mut impl Rng,
    ) -> Option<(Range<usize>, String)> {
        let changeable: Vec<_> = numbers(line)
            .filter(|(_, parameter, number)| !stays(number.span(parameter)))
            .collect();
        let chosen = random.random_range(0..changeable.len().max(1));
        let (place, parameter, number) = changeable.get(chosen)?;
        let known = self.0.get(&(line.template, *place));
        let (least, most) = known.copied().unwrap_or((number.value, number.value));
        let spread = (most - least).max(most.abs()).max(1.0);
        let far = most + spread * random.random_range(FAR);
        Some((number.span(parameter), format!("{far:.*}", number.decimals)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Number {
    value: f64,
    decimals: usize,
    /// Bytes of the parameter, which begins with it.
    length: usize,
}

impl Number {
    fn of(parameter: &[u8]) -> Option<Self> {
        let sign = usize::from(parameter.starts_with(b"-"));
        let digits = |from: usize| {
            parameter[from..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        };
        let whole = digits(sign);
        let point = sign + whole;
        let decimals = if parameter.get(point) == Some(&b'.') {
            digits(point + 1)
        } else {
            0
        };
        let length = if decimals > 0 { point + 1 + decimals } else { point };
        let (number, rest) = parameter.split_at(length);
        let is_unit = |unit: &&str| rest.eq_ignore_ascii_case(unit.as_bytes());
        let is_alone = rest.is_empty() || rest[0].is_ascii_whitespace() || UNITS.iter().any(is_unit);
        if !is_alone || !(1..=DIGITS).contains(&whole) || decimals > DIGITS {
            return None;
        }
        Some(Self {
            value: str::from_utf8(number).ok()?.parse().ok()?,
            decimals,
            length,
        })
    }

    fn span(self, parameter: &Parameter<'_>) -> Range<usize> {
        parameter.start..parameter.start + self.length
    }
}

/// The numbers among the parameters, with their places there.
fn numbers<'l, 'p>(line: &'p ParsedLine<'l>) -> impl Iterator<Item = (usize, &'p Parameter<'l>, Number)> {
    // Numbers that were held for constant shift the places behind them.
    let parameters = if line.exact { &line.parameters[..] } else { &[] };
    let places = parameters.iter().enumerate();
    places.filter_map(|(place, parameter)| Some((place, parameter, Number::of(parameter.value)?)))
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn numbers_are_told_from_names() {
        for (text, expected) in [
            ("12", Some((12.0, 0, 2))),
            ("-3", Some((-3.0, 0, 2))),
            ("007", Some((7.0, 0, 3))),
            ("2.50", Some((2.5, 2, 4))),
            ("150 bytes", Some((150.0, 0, 3))),
            ("1.5MB", Some((1.5, 1, 3))),
            ("30%", Some((30.0, 0, 2))),
            ("", None),
            ("-", None),
            (".5", None),
            ("5.", None),
            ("1.2.3", None),
            ("1e5", None),
            ("+5", None),
            ("0x1f", None),
            ("3fa", None),
            ("10:20", None),
            ("inf", None),
            ("1234567890123456", None),
        ] {
            let expected = expected.map(|(value, decimals, length)| Number {
                value,
                decimals,
                length,
            });
            assert_eq!(Number::of(text.as_bytes()), expected, "{text}");
        }
    }
}
