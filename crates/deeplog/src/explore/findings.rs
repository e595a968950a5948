//! What looks odd, in sentences with line numbers. Rules of thumb: each says what it saw, none says what is wrong.

use evaluation::number::{count, probability};

use super::gather::{Gathered, Oddities};
use super::seen::Seen;
use super::severity::{Severity, trouble};
use super::volume::Bucket;
use super::words::{number, span, time};

/// Sentences that are shown.
const MOST: usize = 8;
/// Templates that a sentence names.
const NAMED: usize = 3;
/// The part of the log that is called its end, as one in so many lines.
const END_OF_LOG: u64 = 5;
/// A bucket with so many times the median is a burst, if it holds so many lines.
const BURST: u64 = 5;
const BURST_LINES: u64 = 50;
/// A silence is long if it is so many times as long as almost all pauses.
const SILENCE: u64 = 10;
/// Stamps often tell no less than a second.
const SECOND: u64 = 1_000_000;
/// A step is rare if it is one in so many from a template that was left at least so often.
const RARE_STEP: u64 = 500;
/// A session is long if it has so many times the events of the median one.
const LONG_SESSION: u64 = 10;

/// A sentence.
pub(super) struct Odd {
    /// Section of the page that shows more.
    pub(super) section: &'static str,
    pub(super) pieces: Vec<Piece>,
}

/// A piece of a sentence.
pub(super) enum Piece {
    Ours(String),
    /// From the log: not safe to show as it is.
    Theirs(String),
}

impl Odd {
    fn new(section: &'static str, text: impl Into<String>) -> Self {
        Self {
            section,
            pieces: vec![Piece::Ours(text.into())],
        }
    }

    fn say(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(Piece::Ours(text.into()));
        self
    }

    fn quote(mut self, text: &str) -> Self {
        self.pieces.push(Piece::Theirs(text.to_owned()));
        self
    }
}

/// The most telling first.
pub(super) fn odd(gathered: &Gathered) -> Vec<Odd> {
    let buckets: Vec<Bucket> = gathered
        .volume
        .buckets()
        .into_iter()
        .map(|(_, bucket)| bucket)
        .collect();
    let rules = [
        misfits(gathered),
        errors(gathered),
        late_templates(gathered),
        burst(gathered, &buckets),
        silence(gathered),
        backwards(gathered),
        rare_step(gathered),
        long_session(gathered),
        plain(
            &gathered.unreadable_stamps,
            "volume",
            "a time stamp that cannot be read",
        ),
        plain(&gathered.not_utf8, "templates", "text that is no UTF-8"),
        cut(gathered),
    ];
    let mut odd: Vec<Odd> = rules.into_iter().flatten().collect();
    odd.truncate(MOST);
    odd
}

fn misfits(gathered: &Gathered) -> Option<Odd> {
    let Oddities {
        count: lines,
        first_line,
        example,
    } = &gathered.misfits;
    if *lines == 0 {
        return None;
    }
    let share = probability(*lines as f64 / gathered.lines.lines as f64);
    let what = if *lines == 1 { "fits" } else { "fit" };
    let start = format!(
        "{} ({share}) {what} no header, the first in line {}: ",
        number(*lines, "line"),
        count(*first_line)
    );
    Some(Odd::new("top", start).quote(example))
}

fn errors(gathered: &Gathered) -> Option<Odd> {
    // Of levels the errors; if there are none, the warnings; without levels, words.
    let all = &gathered.templates.all;
    let has_errors = all.iter().any(|seen| seen.errors() > 0);
    let has_levels = gathered.has_levels();
    let weight = |seen: &Seen| match (has_levels, has_errors) {
        (true, true) => seen.errors(),
        (true, false) => seen.by_severity[Severity::Warning as usize],
        (false, _) if trouble(&seen.text).is_some() => seen.count,
        (false, _) => 0,
    };
    let mut bad: Vec<(u64, &Seen)> = all.iter().map(|seen| (weight(seen), seen)).collect();
    bad.retain(|(lines, _)| *lines > 0);
    bad.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.first.line.cmp(&b.1.first.line)));
    let lines: u64 = bad.iter().map(|(lines, _)| lines).sum();
    if lines == 0 {
        return None;
    }
    let share = probability(lines as f64 / gathered.lines.messages as f64);
    let what = match (has_levels, has_errors, lines) {
        (true, true, 1) => "is of level error or worse",
        (true, true, _) => "are of level error or worse",
        (true, false, 1) => "is a warning, and none is worse",
        (true, false, _) => "are warnings, and none is worse",
        (false, _, 1) => "speaks of trouble",
        (false, _, _) => "speak of trouble (error, failed, denied, timeout …)",
    };
    let of = number(bad.len() as u64, "template");
    let start = format!("{} ({share}) {what}, of {of}: ", number(lines, "line"));
    let mut sentence = Odd::new("templates", start);
    for (i, (lines, seen)) in bad.iter().take(NAMED).enumerate() {
        let before = if i == 0 { "" } else { "; " };
        sentence = sentence
            .say(format!("{before}{} × ", count(*lines)))
            .quote(&seen.text)
            .say(format!(" from line {}", count(seen.first.line)));
    }
    if bad.len() > NAMED {
        sentence = sentence.say("; …");
    }
    Some(sentence)
}

fn late_templates(gathered: &Gathered) -> Option<Odd> {
    let lines = gathered.lines.lines;
    let from = lines - lines / END_OF_LOG;
    let all = &gathered.templates.all;
    let mut late: Vec<&Seen> = all.iter().filter(|seen| seen.first.line > from).collect();
    if late.is_empty() || lines < 100 {
        return None;
    }
    late.sort_by_key(|seen| (!seen.is_bad(), seen.first.line));
    let share = match late.len() {
        1 => "1 template comes for the first time in the last fifth of the log: ".to_owned(),
        some => format!(
            "{} templates come for the first time in the last fifth of the log: ",
            count(some as u64)
        ),
    };
    let mut sentence = Odd::new("rare", share);
    for (i, seen) in late.iter().take(NAMED).enumerate() {
        let before = if i == 0 { "" } else { "; " };
        sentence = sentence
            .say(before)
            .quote(&seen.text)
            .say(format!(" in line {}", count(seen.first.line)));
    }
    if late.len() > NAMED {
        sentence = sentence.say("; …");
    }
    Some(sentence)
}

/// Lines of the median bucket among those with any.
pub(super) fn median(buckets: &[Bucket]) -> u64 {
    let mut totals: Vec<u64> = buckets.iter().map(Bucket::total).filter(|total| *total > 0).collect();
    totals.sort_unstable();
    totals.get(totals.len() / 2).copied().unwrap_or(0)
}

/// Whether a bucket holds far more than the median one.
pub(super) fn is_burst(bucket: &Bucket, median: u64) -> bool {
    bucket.total() >= BURST_LINES && bucket.total() >= BURST * median
}

fn burst(gathered: &Gathered, buckets: &[Bucket]) -> Option<Odd> {
    let median = median(buckets);
    let bursts = buckets.iter().filter(|bucket| is_burst(bucket, median));
    let number_of_bursts = bursts.clone().count();
    let peak = bursts.max_by_key(|bucket| (bucket.total(), std::cmp::Reverse(bucket.first_line)))?;
    let width = span(gathered.volume.width().unsigned_abs());
    let others = match number_of_bursts {
        1 => String::new(),
        more => format!(
            "; {} bars are at least {BURST} times as high as that",
            count(more as u64)
        ),
    };
    Some(Odd::new(
        "volume",
        format!(
            "{} within {width}, from line {}: {} times the usual {} (the median){others}",
            number(peak.total(), "line"),
            count(peak.first_line),
            count(peak.total() / median.max(1)),
            count(median)
        ),
    ))
}

fn silence(gathered: &Gathered) -> Option<Odd> {
    let longest = gathered.volume.silences.first()?;
    let pauses = &gathered.volume.pauses;
    // All but one in a hundred, and but the longest two of a few.
    let usual = pauses.quantile((1.0 - 2.0 / pauses.count as f64).clamp(0.0, 0.99));
    let is_long = pauses.count >= 20 && longest.length >= SILENCE * usual.max(SECOND);
    is_long.then(|| {
        let text = format!(
            "Nothing was written for {} after {}, between lines {} and {}; almost all pauses are {} or less",
            span(longest.length),
            time(longest.from),
            count(longest.lines.0),
            count(longest.lines.1),
            span(usual)
        );
        Odd::new("volume", text)
    })
}

fn backwards(gathered: &Gathered) -> Option<Odd> {
    let backwards = gathered.volume.backwards?;
    let (way, line) = backwards.furthest;
    let text = if backwards.messages == 1 {
        format!("Time runs backwards once, by {} in line {}", span(way), count(line))
    } else {
        format!(
            "Time runs backwards in {}, first in line {}, furthest in line {}, by {}",
            number(backwards.messages, "line"),
            count(backwards.first_line),
            count(line),
            span(way)
        )
    };
    Some(Odd::new("volume", text))
}

/// The rarest step from a template that usually goes on otherwise. Between sessions that run in parallel every step is
/// chance.
fn rare_step(gathered: &Gathered) -> Option<Odd> {
    if !gathered.understanding.has_sessions {
        return None;
    }
    let departures = gathered.flow.departures();
    let rare = gathered.flow.sorted().into_iter().filter(|((from, _), step)| {
        let left = departures[from];
        left >= RARE_STEP && step.count * RARE_STEP <= left
    });
    let rare: Vec<_> = rare.collect();
    let ((from, to), step) = *rare.iter().max_by_key(|((from, to), step)| {
        let surprise = departures[from] / step.count;
        (surprise, std::cmp::Reverse((*from, *to)))
    })?;
    let text = |key: u32| gathered.templates.all.get(key as usize).map(|seen| &*seen.text);
    let times = match step.count {
        1 => "Once".to_owned(),
        more => format!("{} times", count(more)),
    };
    let sentence = match (text(from), text(to)) {
        (Some(from), Some(to)) => Odd::new("flow", format!("{times} "))
            .quote(to)
            .say(" followed ")
            .quote(from),
        (Some(last), None) => Odd::new("flow", format!("{times} a session ended with ")).quote(last),
        (None, Some(first)) => Odd::new("flow", format!("{times} a session began with ")).quote(first),
        (None, None) => return None,
    };
    let others = match rare.len() {
        1 => String::new(),
        more => format!(
            "; {} steps are as rare as one in {RARE_STEP} or rarer",
            count(more as u64)
        ),
    };
    let of = match text(from) {
        None => format!("of {}", number(departures[&from], "session")),
        Some(_) => format!("against {} from there in all", number(departures[&from], "step")),
    };
    Some(sentence.say(format!(" (line {}), {of}{others}", count(step.line))))
}

fn long_session(gathered: &Gathered) -> Option<Odd> {
    let median = gathered.flow.lengths.quantile(0.5);
    let longest = gathered.flow.longest.first()?;
    let is_long = gathered.understanding.has_sessions
        && gathered.flow.lengths.count >= 20
        && longest.events >= LONG_SESSION * median.max(1);
    is_long.then(|| {
        let rest = format!(
            " has {}, the median one {}; it begins in line {}",
            number(longest.events, "event"),
            count(median),
            count(longest.first_line)
        );
        Odd::new("sessions", "The session ").quote(&longest.id).say(rest)
    })
}

fn plain(oddities: &Oddities, section: &'static str, what: &str) -> Option<Odd> {
    (oddities.count > 0).then(|| {
        let has = if oddities.count == 1 { "has" } else { "have" };
        let start = format!(
            "{} {has} {what}, the first is line {}: ",
            number(oddities.count, "line"),
            count(oddities.first_line)
        );
        Odd::new(section, start).quote(&oddities.example)
    })
}

fn cut(gathered: &Gathered) -> Option<Odd> {
    (gathered.cut > 0).then(|| {
        let are = if gathered.cut == 1 { "is" } else { "are" };
        let text = format!(
            "{} {are} longer than 16 MiB; the rest was left out",
            number(gathered.cut, "line")
        );
        Odd::new("top", text)
    })
}
