//! The text of messages that are put into a log.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use drain_parser::{Header, LineFormat, MAX_RECORD_LINES, Scratch, Unescaped};
use memchr::memmem::find_iter;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use sequence_windowing::{SessionRule, TimeFormat, Timestamp};

use super::LogInjection;
use super::change::{Made, What};
use super::plan::Plan;
use super::survey::Survey;
use crate::error::{Error, Result};
use crate::experiment::Stamp;
use crate::intake::Intake;
use crate::observer::Observer;
use crate::synthesis::line::{Columns, Parts, each_line, names, touches_any};

/// The messages of each fault of the plan, as lines parted by line feeds. Takes back what cannot be made.
pub(super) fn make(
    survey: &Survey,
    plan: &mut Plan,
    injection: &LogInjection,
    observer: &mut dyn Observer,
) -> Result<Vec<Vec<Vec<u8>>>> {
    let mut maker = Maker::new(survey, injection)?;
    maker.read(plan, injection, observer)?;
    let (mut all, mut impossible) = (Vec::new(), BTreeSet::new());
    for (index, faulty) in plan.faulty.iter().enumerate() {
        let texts: Option<Vec<Vec<u8>>> = faulty.made.iter().map(|made| maker.text(made)).collect();
        match texts {
            Some(texts) => all.push(texts),
            None => {
                impossible.insert(index);
            }
        }
    }
    plan.take_back(&impossible);
    observer.end(&format!("{} lines", all.iter().flatten().count()));
    Ok(all)
}

struct Maker<'s> {
    survey: &'s Survey,
    format: &'s LineFormat,
    columns: Columns,
    intake: Intake,
    time: Option<TimeFormat>,
    /// Whether lines name their sessions in what they say.
    names_in_content: bool,
    texts: BTreeMap<u64, Vec<u8>>,
    seed: u64,
}

/// The first line of a message, taken apart.
struct Opened<'l> {
    /// With its carriage return.
    line: &'l [u8],
    /// The lines behind it, with the line feed in front.
    rest: &'l [u8],
    header: Header<'l>,
    parts: Parts,
}

/// Parts of a line with what takes their place.
type Changes = Vec<(Range<usize>, Vec<u8>)>;

impl<'s> Maker<'s> {
    fn new(survey: &'s Survey, injection: &'s LogInjection) -> Result<Self> {
        let profile = &injection.profile;
        let stamp = profile.time.as_ref();
        let time = stamp.map(Stamp::compile).transpose();
        Ok(Self {
            survey,
            format: &profile.header,
            columns: Columns::of(&profile.header, Some(profile)),
            intake: Intake::new(profile, profile.header.fields())?,
            time: time.map_err(|error| Error::config("dataset", "time.format", error.to_string()))?,
            names_in_content: matches!(profile.session, SessionRule::Identifier { .. }),
            texts: BTreeMap::new(),
            seed: injection.faults.seed,
        })
    }

    /// Reads the messages that faults need.
    fn read(&mut self, plan: &Plan, injection: &LogInjection, observer: &mut dyn Observer) -> Result<()> {
        let mut wanted: BTreeSet<u64> = BTreeSet::new();
        for made in plan.faulty.iter().flat_map(|faulty| &faulty.made) {
            wanted.insert(made.like);
            match made.what {
                What::Line(line) | What::OutOfRange(line) => {
                    wanted.insert(line);
                }
                What::Template(template) => wanted.extend(self.survey.examples.get(&template).into_iter().flatten()),
                What::Foreign => {}
            }
        }
        let (survey, texts) = (self.survey, &mut self.texts);
        let mut unit = 0;
        each_line(
            &injection.files,
            self.format,
            "injecting",
            observer,
            |number, line, _| {
                while survey.units.get(unit).is_some_and(|next| next.line <= number) {
                    unit += 1;
                }
                let Some(first) = unit.checked_sub(1).map(|unit| survey.units[unit].line) else {
                    return Ok(());
                };
                if number - first < MAX_RECORD_LINES && wanted.contains(&first) {
                    let text = texts.entry(first).or_default();
                    if number > first {
                        text.push(b'\n');
                    }
                    text.extend_from_slice(line);
                }
                Ok(())
            },
        )
    }

    fn text(&self, made: &Made) -> Option<Vec<u8>> {
        match made.what {
            What::Line(line) if line == made.like && made.time.is_none() => self.texts.get(&line).cloned(),
            What::Line(line) => {
                let (mut own, mut like) = (Unescaped::default(), Unescaped::default());
                let (own, like) = (self.open(line, &mut own)?, self.open(made.like, &mut like)?);
                let stamps = self.stamps(&own, &like, made.time)?;
                self.checked(&own, stamps, own.header.content(), own.rest)
            }
            What::OutOfRange(line) => self.out_of_range(line),
            What::Template(template) => {
                let mut examples = self.survey.examples.get(&template)?.clone();
                examples.shuffle(&mut self.random(made.like));
                examples
                    .into_iter()
                    .find_map(|line| self.stand_in(line, template, made))
            }
            What::Foreign => self.foreign(made.like),
        }
    }

    /// What is drawn for a line depends on no other.
    fn random(&self, line: u64) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(line);
        random
    }

    fn open<'l>(&'l self, line: u64, unescaped: &'l mut Unescaped) -> Option<Opened<'l>> {
        let text = self.texts.get(&line)?;
        let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
        let (line, rest) = text.split_at(end);
        let header = self.format.split(line.strip_suffix(b"\r").unwrap_or(line), unescaped)?;
        let parts = self.columns.parts(line, &header)?;
        self.columns.are_whole(&parts).then_some(Opened {
            line,
            rest,
            header,
            parts,
        })
    }

    /// The stamps of a line in those of another one, or of another time written in the other's way.
    fn stamps(&self, own: &Opened<'_>, like: &Opened<'_>, time: Option<Timestamp>) -> Option<Changes> {
        let fields = like.parts.stamps.iter().map(|span| &like.line[span.clone()]);
        let fields: Vec<&[u8]> = fields.collect();
        let texts: Vec<Vec<u8>> = match time {
            None => fields.iter().map(|field| field.to_vec()).collect(),
            Some(time) => {
                let written = self.time.as_ref()?.rewrite(&fields.join(&b' '), time)?;
                shared_out(&written, &fields)?
            }
        };
        Some(own.parts.stamps.iter().cloned().zip(texts).collect())
    }

    /// A message of another session as one of this.
    fn stand_in(&self, example: u64, template: u32, made: &Made) -> Option<Vec<u8>> {
        let (mut own, mut like) = (Unescaped::default(), Unescaped::default());
        let (own, like) = (self.open(example, &mut own)?, self.open(made.like, &mut like)?);
        let mut changes = self.stamps(&own, &like, None)?;
        let mut content = own.header.content().to_vec();
        if self.names_in_content {
            let (old, new) = (self.name(&own.header)?, self.name(&like.header)?);
            content = replaced(&content, &old, &new);
            changes.push((own.parts.content.clone(), content.clone()));
        } else if let (Some(old), Some(new)) = (&own.parts.stream, &like.parts.stream) {
            changes.push((old.clone(), like.line[new.clone()].to_vec()));
        }
        let matches = self.survey.parser.matches(&content, &mut Scratch::default());
        if matches != Some(template as usize) {
            return None;
        }
        self.named(&like, self.checked(&own, changes, &content, b"")?)
    }

    /// A message like no other, in a line like this one.
    fn foreign(&self, line: u64) -> Option<Vec<u8>> {
        let mut unescaped = Unescaped::default();
        let like = self.open(line, &mut unescaped)?;
        let mut content = b"something unforeseen happened".to_vec();
        if self.names_in_content {
            content.extend_from_slice(b" to ");
            content.extend(self.name(&like.header)?);
        }
        let mut scratch = Scratch::default();
        for _ in 0..LONGEST_FOREIGN {
            if self.survey.parser.matches(&content, &mut scratch).is_none() {
                let changes = vec![(like.parts.content.clone(), content.clone())];
                return self.named(&like, self.checked(&like, changes, &content, b"")?);
            }
            content.extend_from_slice(b" again");
        }
        None
    }

    fn out_of_range(&self, line: u64) -> Option<Vec<u8>> {
        let mut unescaped = Unescaped::default();
        let own = self.open(line, &mut unescaped)?;
        let (content, names) = (own.header.content(), names(Some(&self.intake), &own.header));
        let mut scratch = Scratch::default();
        let parsed = self.survey.parser.parse(content, &mut scratch)?;
        let stays = |place: Range<usize>| touches_any(content, &place, &names);
        let (place, number) = self.survey.ranges.outside(&parsed, stays, &mut self.random(line))?;
        let mut changed = content.to_vec();
        changed.splice(place, number.into_bytes());
        if self.survey.parser.matches(&changed, &mut scratch) != Some(parsed.template) {
            return None;
        }
        let changes = vec![(own.parts.content.clone(), changed.clone())];
        self.named(&own, self.checked(&own, changes, &changed, own.rest)?)
    }

    /// The one name in what a message says.
    fn name(&self, header: &Header<'_>) -> Option<Vec<u8>> {
        let mut names = names(Some(&self.intake), header);
        (names.len() == 1).then(|| names.pop()).flatten()
    }

    /// The line with its changes, if it says then what it should: in quotes, say, not every content can stand.
    fn checked(&self, own: &Opened<'_>, changes: Changes, content: &[u8], rest: &[u8]) -> Option<Vec<u8>> {
        let mut text = changed(own.line, changes)?;
        let is_right = self.with_header(&text, |header| header.content() == content)?;
        text.extend_from_slice(rest);
        is_right.then_some(text)
    }

    /// The text, if its first line names what another one does.
    fn named(&self, like: &Opened<'_>, text: Vec<u8>) -> Option<Vec<u8>> {
        let first = text.split(|&byte| byte == b'\n').next()?;
        let of = |header: &Header<'_>| names(Some(&self.intake), header);
        let is_right = self.with_header(first, |header| of(header) == of(&like.header))?;
        is_right.then_some(text)
    }

    fn with_header<T>(&self, line: &[u8], what: impl FnOnce(&Header<'_>) -> T) -> Option<T> {
        let mut unescaped = Unescaped::default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.format.split(line, &mut unescaped).map(|header| what(&header))
    }
}

/// How many words are tried until a message is like no other.
const LONGEST_FOREIGN: usize = 64;

/// The line with other parts; `None` where they overlap.
fn changed(line: &[u8], mut changes: Changes) -> Option<Vec<u8>> {
    changes.sort_by_key(|(span, _)| span.start);
    let (mut out, mut end) = (Vec::with_capacity(line.len()), 0);
    for (span, text) in changes {
        out.extend_from_slice(line.get(end..span.start)?);
        out.extend(text);
        end = span.end;
    }
    out.extend_from_slice(line.get(end..)?);
    Some(out)
}

/// The words of a stamp on the fields that hold it: each has as many as before.
fn shared_out(stamp: &str, fields: &[&[u8]]) -> Option<Vec<Vec<u8>>> {
    if fields.len() == 1 {
        return Some(vec![stamp.as_bytes().to_vec()]);
    }
    let mut words = stamp.split_whitespace();
    let shared = fields.iter().map(|field| {
        let count = field
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty())
            .count();
        let words: Vec<&str> = words.by_ref().take(count).collect();
        (words.len() == count).then(|| words.join(" ").into_bytes())
    });
    let shared = shared.collect::<Option<_>>()?;
    words.next().is_none().then_some(shared)
}

fn replaced(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let (mut out, mut end) = (Vec::with_capacity(text.len()), 0);
    for at in find_iter(text, old) {
        out.extend_from_slice(&text[end..at]);
        out.extend_from_slice(new);
        end = at + old.len();
    }
    out.extend_from_slice(&text[end..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_shared_out_on_its_fields() {
        let shared = |stamp: &str, fields: &[&str]| {
            let fields: Vec<&[u8]> = fields.iter().map(|field| field.as_bytes()).collect();
            let shared = shared_out(stamp, &fields)?;
            Some(
                shared
                    .into_iter()
                    .map(|text| String::from_utf8(text).unwrap())
                    .collect::<Vec<_>>(),
            )
        };
        for (stamp, fields, expected) in [
            (
                "081109 203618",
                &["081109", "203518"][..],
                Some(&["081109", "203618"][..]),
            ),
            (
                "Dec  9 07:00:00",
                &["Dec", "10", "06:59:00"],
                Some(&["Dec", "9", "07:00:00"]),
            ),
            ("Dec 9 07:00:00", &["Dec 10", "06:59:00"], Some(&["Dec 9", "07:00:00"])),
            ("Dec  9 07:00", &["Dec 10 06:59"], Some(&["Dec  9 07:00"])),
            ("one", &["a", "b"], None),
            ("one two three", &["a", "b"], None),
        ] {
            let expected = expected.map(|texts| texts.iter().map(|text| (*text).to_owned()).collect());
            assert_eq!(shared(stamp, fields), expected, "{stamp}");
        }
    }

    #[test]
    fn parts_change_and_the_rest_stays() {
        let change = |span, text: &str| (span, text.as_bytes().to_vec());
        let line = b"01 INFO a\r";
        let both = changed(line, vec![change(8..9, "bb"), change(0..2, "2")]);
        assert_eq!(both.as_deref(), Some(&b"2 INFO bb\r"[..]));
        assert_eq!(
            changed(line, vec![change(0..4, "x"), change(3..5, "y")]),
            None,
            "they overlap"
        );
        assert_eq!(changed(line, vec![change(9..99, "x")]), None);
        assert_eq!(replaced(b"j1 of j1, j2", b"j1", b"j333"), b"j333 of j333, j2");
    }
}
