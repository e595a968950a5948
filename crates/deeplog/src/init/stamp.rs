//! Time stamps of any common shape: a date, a time of day, and what joins and follows them.

use regex::bytes::Regex;
use sequence_windowing::{Clock, TimeFormat};

/// Shapes of dates, and what they may mean in chrono's language, the likeliest first.
const DATES: [(&str, &[&str]); 20] = [
    (r"\d{4}-\d{1,2}-\d{1,2}", &["%Y-%m-%d"]),
    (r"\d{4}/\d{1,2}/\d{1,2}", &["%Y/%m/%d"]),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", &["%Y.%m.%d"]),
    (r"\d{1,2}-\d{1,2}-\d{4}", &["%d-%m-%Y", "%m-%d-%Y"]),
    (r"\d{1,2}/\d{1,2}/\d{4}", &["%m/%d/%Y", "%d/%m/%Y"]),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", &["%d.%m.%Y", "%m.%d.%Y"]),
    (r"\d{2}-\d{2}-\d{2}", &["%y-%m-%d", "%d-%m-%y", "%m-%d-%y"]),
    (r"\d{2}/\d{2}/\d{2}", &["%y/%m/%d", "%m/%d/%y", "%d/%m/%y"]),
    (r"\d{2}\.\d{2}\.\d{2}", &["%d.%m.%y", "%y.%m.%d"]),
    (r"\d{1,2}/[A-Z][a-z]{2}/\d{4}", &["%d/%b/%Y"]),
    (r"\d{1,2}-[A-Z][a-z]{2}-\d{4}", &["%d-%b-%Y"]),
    (r"\d{1,2} [A-Z][a-z]{2} \d{4}", &["%d %b %Y"]),
    (r"[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2}", &["%a %b %d"]),
    (r"[A-Z][a-z]{2} +\d{1,2} \d{4}", &["%b %d %Y"]),
    (r"[A-Z][a-z]{2} +\d{1,2}", &["%b %d"]),
    (r"\d{8}", &["%Y%m%d", "%d%m%Y"]),
    (r"\d{6}", &["%y%m%d", "%d%m%y"]),
    (r"\d{2}-\d{2}", &["%m-%d", "%d-%m"]),
    (r"\d{2}\.\d{2}", &["%m.%d", "%d.%m"]),
    (r"\d{2}/\d{2}", &["%m/%d", "%d/%m"]),
];

/// Times of day.
const TIMES: [(&str, &str); 4] = [
    (r"\d{1,2}:\d{1,2}:\d{1,2}", "%H:%M:%S"),
    (r"\d{2}\.\d{2}\.\d{2}", "%H.%M.%S"),
    (r"\d{6}", "%H%M%S"),
    (r"\d{1,2}:\d{2}", "%H:%M"),
];

/// Fractions of a second.
const FRACTIONS: [(&str, &str); 5] = [
    (r"\.\d{1,9}", "%.f"),
    (r",\d{9}", ",%9f"),
    (r",\d{6}", ",%6f"),
    (r",\d{3}", ",%3f"),
    (r":\d{1,3}", ":%3f"),
];

/// Zones, and the year that `date` and `asctime` write last.
const TAILS: [(&str, &str); 6] = [
    ("Z", "Z"),
    (r"[+-]\d{2}:?\d{2}", "%z"),
    (r" [+-]\d{2}:?\d{2}", " %z"),
    (
        " (?:UTC|GMT|MSK|HKT|SGT|IST|JST|KST|BST|C?EST|CET|EES?T|WES?T|[ECMP][SD]T) (?:19|20)\\d{2}",
        " %Z %Y",
    ),
    (
        " (?:UTC|GMT|MSK|HKT|SGT|IST|JST|KST|BST|C?EST|CET|EES?T|WES?T|[ECMP][SD]T)",
        " %Z",
    ),
    (r" (?:19|20)\d{2}", " %Y"),
];

/// Values that are looked at for what their format may be.
const LOOKED_AT: usize = 200;
/// Share of the values that a format must read.
const MOST: f64 = 0.9;

const UNIX: &str = r"1\d{9}(?P<unix_fraction>\.\d{1,9})?";
const HALF_DAY: &str = " ?[AP]M";

/// A time stamp at the start of some text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundStamp {
    /// Its bytes.
    pub(super) length: usize,
    /// What it may mean, in chrono's language, the likeliest first.
    pub(super) formats: Vec<String>,
}

impl FoundStamp {
    /// What stamps of one log have in common, whether or not they show a fraction.
    pub(super) fn shape(&self) -> String {
        self.formats[0].replace("%.f", "")
    }
}

/// Recognises time stamps.
pub(super) struct Stamps {
    regex: Regex,
}

impl Stamps {
    pub(super) fn new() -> Result<Self, regex::Error> {
        let any = |shapes: &mut dyn Iterator<Item = &str>, name: &str| {
            let groups: Vec<_> = shapes
                .enumerate()
                .map(|(i, shape)| format!("(?P<{name}{i}>{shape})"))
                .collect();
            groups.join("|")
        };
        let dates = any(&mut DATES.iter().map(|date| date.0), "date");
        let times = any(&mut TIMES.iter().map(|time| time.0), "time");
        let fractions = any(&mut FRACTIONS.iter().map(|fraction| fraction.0), "fraction");
        let tails = any(&mut TAILS.iter().map(|tail| tail.0), "tail");
        let whole = format!(
            "^(?-u)(?:(?:{dates})(?P<join>T|-|:|_|,? +)(?:{times})(?:{fractions})?(?P<half>{HALF_DAY})?(?:{tails})?|{UNIX})(?:$|[^0-9A-Za-z])"
        );
        Ok(Self {
            regex: Regex::new(&whole)?,
        })
    }

    /// The stamp that `text` begins with.
    pub(super) fn at(&self, text: &[u8]) -> Option<FoundStamp> {
        if !text.first()?.is_ascii_alphanumeric() {
            return None;
        }
        let groups = self.regex.captures(&text[..text.len().min(80)])?;
        let which = |name: &str, count: usize| (0..count).find(|i| groups.name(&format!("{name}{i}")).is_some());
        let end = |name: &str, count: usize| {
            (0..count)
                .filter_map(|i| groups.name(&format!("{name}{i}")))
                .map(|group| group.end())
                .next()
        };
        let Some(date) = which("date", DATES.len()) else {
            let fraction = groups.name("unix_fraction").map(|group| group.end());
            let format = if fraction.is_some() { "%s%.f" } else { "%s" };
            return Some(FoundStamp {
                length: fraction.unwrap_or(10),
                formats: vec![format.to_owned()],
            });
        };
        let mut time = TIMES[which("time", TIMES.len())?].1.to_owned();
        let mut length = end("time", TIMES.len())?;
        if let Some(fraction) = which("fraction", FRACTIONS.len()) {
            time.push_str(FRACTIONS[fraction].1);
        }
        length = end("fraction", FRACTIONS.len()).unwrap_or(length);
        if let Some(half) = groups.name("half") {
            time = time.replace("%H", "%I") + if half.as_bytes().starts_with(b" ") { " %p" } else { "%p" };
            length = half.end();
        }
        let dates = DATES[date].1;
        let tail = which("tail", TAILS.len()).map(|tail| TAILS[tail].1);
        // A year behind the time is one only where the date has none: elsewhere it is the message's.
        if let Some(tail) = tail.filter(|tail| !tail.ends_with("%Y") || dates[0].starts_with("%a")) {
            time.push_str(tail);
            length = end("tail", TAILS.len()).unwrap_or(length);
        }
        let join = String::from_utf8_lossy(groups.name("join")?.as_bytes());
        let join = if join.ends_with(' ') {
            format!("{} ", join.trim_end())
        } else {
            join.into_owned()
        };
        Some(FoundStamp {
            length,
            formats: dates.iter().map(|date| format!("{date}{join}{time}")).collect(),
        })
    }
}

/// The format of values that are stamps and nothing else, with the share of them that it reads: most of them, or none.
pub(super) fn of_values(values: &[Vec<u8>], stamps: &Stamps) -> Option<(String, f64)> {
    let mut formats: Vec<String> = Vec::new();
    for value in values.iter().take(LOOKED_AT) {
        let whole = stamps.at(value).filter(|stamp| stamp.length == value.len());
        let found = whole.map_or_else(|| unix_in_units(value).into_iter().collect(), |stamp| stamp.formats);
        for format in found {
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
    }
    best_format(&formats, values).filter(|(_, reading)| *reading >= MOST)
}

/// Unix time in milliseconds, microseconds or nanoseconds, by its length.
fn unix_in_units(value: &[u8]) -> Option<String> {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_whole = digits == value.len() || value[digits] == b'.';
    let format = match digits {
        13 => "%s%3f",
        16 => "%s%6f",
        19 => "%s%9f",
        _ => return None,
    };
    is_whole.then(|| format.to_owned())
}

/// The format among `formats` that reads most of the stamps; among equals the one that goes back least often, then the
/// likeliest. With the share of stamps that it reads.
pub(super) fn best_format(formats: &[String], stamps: &[Vec<u8>]) -> Option<(String, f64)> {
    let judged = formats.iter().filter_map(|format| {
        let compiled = TimeFormat::new(format, None).ok()?;
        let mut clock = Clock::default();
        let times: Vec<_> = stamps.iter().map(|stamp| compiled.parse(&mut clock, stamp)).collect();
        let read = times.iter().flatten().count();
        let times: Vec<_> = times.into_iter().flatten().collect();
        let backwards = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
        Some((std::cmp::Reverse(read), backwards, format))
    });
    let (read, _, format) = judged.min_by_key(|(read, backwards, _)| (*read, *backwards))?;
    Some((format.clone(), read.0 as f64 / stamps.len().max(1) as f64))
}
