//! Time stamps as logs write them.

mod write;
mod zone;

use std::fmt::Write as _;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::Timestamp;
pub use zone::{InvalidZone, Zone};

/// Reads the time stamps of one log.
///
/// The format is chrono's strftime language. A stamp with a zone is converted, one without is UTC unless
/// [`TimeFormat::in_zone`] says otherwise. `%s` is Unix time in
/// seconds, `%s%.f` with a fraction, and `%s%3f`, `%s%6f` and `%s%9f` in milliseconds, microseconds and nanoseconds
/// without a point. White space around a stamp is not looked at. A `%3f` at the end also takes
/// milliseconds without leading zeros, as some logs write them.
///
/// A format without a year begins in the year it is given, or in 1970. A month more than half a year before the newest
/// one begins the next year, as January after December does; December after January (a late line) is the last year's.
/// 29 February is read as 1 March where the year has none.
///
/// ```
/// use sequence_windowing::{Clock, TimeFormat, Timestamp};
///
/// let format = TimeFormat::new("%y%m%d %H%M%S", None)?;
/// let mut clock = Clock::default();
/// assert_eq!(format.parse(&mut clock, b"081109 203518"), Some(Timestamp(1_226_262_918_000_000)));
/// assert_eq!(format.parse(&mut clock, b"yesterday"), None);
/// # Ok::<(), sequence_windowing::InvalidTimeFormat>(())
/// ```
#[derive(Clone, Debug)]
pub struct TimeFormat {
    items: Vec<Item<'static>>,
    year: i32,
    zone: Zone,
    ends_in_milliseconds: bool,
    /// For Unix time in another unit: how many of them are a second.
    units: Option<i64>,
}

/// What a [`TimeFormat`] has learnt from the stamps before: the year of formats without one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Clock {
    /// Year and month of the newest stamp, where the format has no year.
    at: Option<(i32, u32)>,
    /// The last stamp and its time. Lines of the same second are the commonest case, and reading text is dear.
    #[serde(skip)]
    last: Option<(Vec<u8>, Timestamp)>,
}

/// A time format that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimeFormat {
    /// Not strftime.
    #[error("time format {0:?} is not in chrono's strftime language: correct the part after the percent sign")]
    Syntax(String),
    /// It leaves the time open.
    #[error("time format {0:?} does not hold month, day, hour and minute (or %s): add what is missing")]
    Incomplete(String),
}

impl TimeFormat {
    /// Compiles a format. `year` is that of the first stamp, for formats without a year; 1970 if not given.
    ///
    /// # Errors
    /// If the format is not strftime, or holds too little to tell the day, hour and minute.
    pub fn new(format: &str, year: Option<i32>) -> Result<Self, InvalidTimeFormat> {
        let format = format.trim();
        let items = StrftimeItems::new(format)
            .parse_to_owned()
            .map_err(|_| InvalidTimeFormat::Syntax(format.into()))?;
        let compiled = Self {
            items,
            year: year.unwrap_or(1970),
            zone: Zone::default(),
            ends_in_milliseconds: format.ends_with("%3f"),
            units: UNITS.iter().find(|(name, _)| *name == format).map(|(_, units)| *units),
        };
        if compiled.units.is_some() {
            return Ok(compiled);
        }
        // A stamp that is written and read again shows whether the format says enough. Parts that chrono can only
        // read cannot be tried so.
        let mut probe = String::new();
        let written = write!(
            probe,
            "{}",
            DateTime::<Utc>::UNIX_EPOCH.format_with_items(compiled.items.iter())
        )
        .is_ok();
        if written && compiled.parse(&mut Clock::default(), probe.as_bytes()).is_none() {
            return Err(InvalidTimeFormat::Incomplete(format.into()));
        }
        Ok(compiled)
    }

    /// The same format for stamps of another zone, where they do not say theirs and are no Unix time.
    #[must_use]
    pub fn in_zone(self, zone: Zone) -> Self {
        Self { zone, ..self }
    }

    /// Whether stamps of this format carry their year, so that those of several files can be compared.
    pub fn has_year(&self) -> bool {
        use chrono::format::{Fixed, Numeric};
        let is_year = |item: &Item<'_>| {
            matches!(
                item,
                Item::Numeric(
                    Numeric::Year
                        | Numeric::YearMod100
                        | Numeric::IsoYear
                        | Numeric::IsoYearMod100
                        | Numeric::Timestamp,
                    _
                ) | Item::Fixed(Fixed::RFC2822 | Fixed::RFC3339)
            )
        };
        self.units.is_some() || self.items.iter().any(is_year)
    }

    /// The time of a stamp; `None` if it does not follow the format.
    pub fn parse(&self, clock: &mut Clock, text: &[u8]) -> Option<Timestamp> {
        if let Some((last, time)) = &clock.last
            && last == text
        {
            return Some(*time);
        }
        let stamp = str::from_utf8(text).ok()?.trim();
        let time = match self.units {
            Some(units) => unix(stamp, units)?,
            None => self.read(clock, stamp)?,
        };
        let (last, of_last) = clock.last.get_or_insert_with(|| (Vec::new(), time));
        last.clear();
        last.extend_from_slice(text);
        *of_last = time;
        Some(time)
    }

    fn read(&self, clock: &mut Clock, text: &str) -> Option<Timestamp> {
        let mut parsed = Parsed::new();
        if parse(&mut parsed, text, self.items.iter()).is_err() {
            let padded = self.with_padded_milliseconds(text)?;
            parsed = Parsed::new();
            parse(&mut parsed, &padded, self.items.iter()).ok()?;
        }
        // Unix time is UTC whatever stands beside it.
        let own = parsed.offset().or(parsed.timestamp().map(|_| 0));
        let local = match parsed.month() {
            Some(month) if lacks_year(&parsed) => {
                // Not by chrono's own way, which would hold a weekday against the supposed year.
                let year = clock.year_of(month, self.year);
                let date = match (month, parsed.day()?) {
                    (2, 29) => NaiveDate::from_ymd_opt(year, 2, 28)?.succ_opt()?,
                    (month, day) => NaiveDate::from_ymd_opt(year, month, day)?,
                };
                date.and_time(parsed.to_naive_time().ok()?)
            }
            _ => parsed.to_naive_datetime_with_offset(own.unwrap_or(0)).ok()?,
        };
        let utc = match own {
            Some(offset) => local.checked_sub_offset(FixedOffset::east_opt(offset)?)?,
            None => self.zone.utc(local)?,
        };
        Some(Timestamp(utc.and_utc().timestamp_micros()))
    }

    fn with_padded_milliseconds(&self, text: &str) -> Option<String> {
        let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let milliseconds = &text[head.len()..];
        (self.ends_in_milliseconds && matches!(milliseconds.len(), 1 | 2)).then(|| format!("{head}{milliseconds:0>3}"))
    }
}

/// Unix time in units that chrono does not read, and how many of them are a second.
const UNITS: [(&str, i64); 3] = [("%s%3f", 1_000), ("%s%6f", 1_000_000), ("%s%9f", 1_000_000_000)];

/// A count of units as a time. What stands behind a point is less than a unit, and left out.
fn unix(stamp: &str, units: i64) -> Option<Timestamp> {
    let (whole, fraction) = stamp.split_once('.').unwrap_or((stamp, "0"));
    let is_number = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let count: i64 = whole.parse().ok().filter(|_| is_number && !whole.starts_with('+'))?;
    let time = i128::from(count) * 1_000_000 / i128::from(units);
    i64::try_from(time).ok().map(Timestamp)
}

fn lacks_year(parsed: &Parsed) -> bool {
    let years = [
        parsed.year(),
        parsed.year_mod_100(),
        parsed.isoyear(),
        parsed.isoyear_mod_100(),
    ];
    years.iter().all(Option::is_none) && parsed.timestamp().is_none()
}

impl Clock {
    /// The year of a stamp of this month, where stamps hold none; `first` is that of the first one.
    fn year_of(&mut self, month: u32, first: i32) -> i32 {
        let (year, newest) = self.at.unwrap_or((first, month));
        // Logs go forward: a fall of more than half a year is a new year, and only December in a January is late.
        let next = newest > month + 6;
        if newest == 1 && month == 12 {
            return year - 1;
        }
        self.at = Some(if next {
            (year + 1, month)
        } else {
            (year, newest.max(month))
        });
        if next { year + 1 } else { year }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads stamps one after the other, and shows them as RFC 3339.
    fn read(format: &str, year: Option<i32>, stamps: &[&str]) -> Vec<Option<String>> {
        let format = TimeFormat::new(format, year).unwrap();
        let mut clock = Clock::default();
        let one = |stamp: &&str| {
            let time = format.parse(&mut clock, stamp.as_bytes())?;
            DateTime::from_timestamp_micros(time.0).map(|time| time.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
        };
        stamps.iter().map(one).collect()
    }

    #[test]
    fn reads_the_stamps_of_common_logs() {
        for (format, stamp, expected) in [
            ("%y%m%d %H%M%S", "081109 203518", "2008-11-09T20:35:18"),
            (
                "%Y-%m-%d-%H.%M.%S%.6f",
                "2005-06-03-15.42.50.675872",
                "2005-06-03T15:42:50.675872",
            ),
            (
                "%Y-%m-%d %H:%M:%S,%3f",
                "2015-10-18 18:01:47,978",
                "2015-10-18T18:01:47.978",
            ),
            (
                "%Y%m%d-%H:%M:%S:%3f",
                "20171223-22:15:29:606",
                "2017-12-23T22:15:29.606",
            ),
            ("%Y%m%d-%H:%M:%S:%3f", "20171224-0:7:20:11", "2017-12-24T00:07:20.011"),
            ("%Y%m%d-%H:%M:%S:%3f", "20171224-0:7:20:4", "2017-12-24T00:07:20.004"),
            ("%y/%m/%d %H:%M:%S", "17/06/09 20:10:40", "2017-06-09T20:10:40"),
            (
                "%a %b %d %H:%M:%S %Y",
                "Sun Dec 04 04:47:44 2005",
                "2005-12-04T04:47:44",
            ),
            ("%b %d %H:%M:%S", "Jul  1 09:00:55", "1970-07-01T09:00:55"),
            ("%a %b %d %H:%M:%S", "Sun Dec 04 04:47:44", "1970-12-04T04:47:44"),
            ("%m-%d %H:%M:%S%.3f", "03-17 16:13:38.811", "1970-03-17T16:13:38.811"),
            ("%m.%d %H:%M:%S", " 10.30 16:49:06\t", "1970-10-30T16:49:06"),
            (
                "%d/%b/%Y:%H:%M:%S %z",
                "10/Oct/2000:13:55:36 -0730",
                "2000-10-10T21:25:36",
            ),
            (
                "%Y-%m-%dT%H:%M:%S%.f%:z",
                "2024-01-01T00:30:00.5+01:00",
                "2023-12-31T23:30:00.500",
            ),
            ("%Y-%m-%dT%H:%M:%S%#z", "2024-01-01T00:30:00Z", "2024-01-01T00:30:00"),
            ("%s", "1117838570", "2005-06-03T22:42:50"),
            ("%s%.f", "1117838570.25", "2005-06-03T22:42:50.250"),
            ("%s %z", "1117838570 +0200", "2005-06-03T22:42:50"),
            ("%s%3f", "1117838570250", "2005-06-03T22:42:50.250"),
            ("%s%3f", "1117838570250.75", "2005-06-03T22:42:50.250"),
            ("%s%6f", " 1117838570250125 ", "2005-06-03T22:42:50.250125"),
            ("%s%9f", "1117838570250125999", "2005-06-03T22:42:50.250125"),
            ("%s%3f", "0", "1970-01-01T00:00:00"),
        ] {
            assert_eq!(
                read(format, None, &[stamp]),
                [Some(expected.to_owned())],
                "{format} {stamp}"
            );
        }
    }

    #[test]
    fn stamps_that_do_not_say_their_zone_are_in_the_one_given() {
        for (format, stamp, expected) in [
            ("%Y-%m-%d %H:%M", "2024-07-01 00:30", "2024-06-30T22:30"),
            ("%Y-%m-%d %H:%M", "2024-01-01 00:30", "2023-12-31T23:30"),
            ("%b %d %H:%M", "Jul 01 12:00", "2024-07-01T10:00"),
            ("%Y-%m-%d %H:%M %z", "2024-07-01 12:00 -0700", "2024-07-01T19:00"),
            ("%Y-%m-%dT%H:%M%#z", "2024-07-01T12:00Z", "2024-07-01T12:00"),
            ("%s", "1719835200", "2024-07-01T12:00"),
            ("%s%3f", "1719835200000", "2024-07-01T12:00"),
        ] {
            let format = TimeFormat::new(format, Some(2024)).unwrap();
            let format = format.in_zone("Europe/Berlin".parse().unwrap());
            let time = format.parse(&mut Clock::default(), stamp.as_bytes()).unwrap();
            let time = DateTime::from_timestamp_micros(time.0).unwrap();
            assert_eq!(time.format("%Y-%m-%dT%H:%M").to_string(), expected, "{stamp}");
        }
    }

    #[test]
    fn what_does_not_follow_the_format_has_no_time() {
        for stamp in [
            "",
            "081109",
            "081109 203518 143",
            "081309 203518",
            "081109 253518",
            "x81109 203518",
        ] {
            assert_eq!(read("%y%m%d %H%M%S", None, &[stamp]), [None], "{stamp}");
        }
        assert_eq!(read("%b %d %H:%M", None, &["Feb 30 00:00"]), [None]);
        for stamp in ["", "x", "1.", "1.x", "+1", "1e12", "9223372036854775808"] {
            assert_eq!(read("%s%3f", None, &[stamp]), [None], "{stamp}");
        }
        assert_eq!(read("%s%3f", None, &["9223372036854775807"]), [None]);
        let format = TimeFormat::new("%s", None).unwrap();
        assert_eq!(format.parse(&mut Clock::default(), b"\xff\0"), None);
        assert_eq!(format.parse(&mut Clock::default(), "９".as_bytes()), None);
    }

    #[test]
    fn a_stamp_without_year_rolls_over_and_late_ones_stay_behind() {
        let stamps = [
            "Dec 31 23:59",
            "Jan 01 00:00",
            "Dec 31 23:58",
            "Jan 01 00:01",
            "Nov 05 00:00",
            "Oct 31 00:00",
            "Feb 01 00:00",
        ];
        let years = |year| -> Vec<String> {
            read("%b %d %H:%M", year, &stamps)
                .into_iter()
                .map(|time| time.unwrap()[..4].to_owned())
                .collect()
        };
        assert_eq!(
            years(Some(2005)),
            ["2005", "2006", "2005", "2006", "2006", "2006", "2007"]
        );
        assert_eq!(years(None), ["1970", "1971", "1970", "1971", "1971", "1971", "1972"]);
    }

    #[test]
    fn formats_with_a_year_are_told() {
        for (format, has_year) in [
            ("%Y-%m-%d %H:%M", true),
            ("%D %T", true),
            ("%s", true),
            ("%s%3f", true),
            ("%+", true),
            ("%b %d %H:%M", false),
        ] {
            assert_eq!(TimeFormat::new(format, None).unwrap().has_year(), has_year, "{format}");
        }
    }

    #[test]
    fn a_leap_day_needs_no_leap_year() {
        assert_eq!(
            read("%m%d %H%M", None, &["0229 1230"]),
            [Some("1970-03-01T12:30:00".to_owned())]
        );
        assert_eq!(
            read("%m%d %H%M", Some(2008), &["0229 1230"]),
            [Some("2008-02-29T12:30:00".to_owned())]
        );
    }

    #[test]
    fn a_clock_that_was_written_down_goes_on() {
        let format = TimeFormat::new("%b %d %H:%M", Some(2005)).unwrap();
        let mut clock = Clock::default();
        format.parse(&mut clock, b"Dec 31 23:59");
        let mut clock: Clock = serde_json::from_str(&serde_json::to_string(&clock).unwrap()).unwrap();
        assert_eq!(
            format.parse(&mut clock, b"Jan 01 00:00"),
            Some(Timestamp(1_136_073_600_000_000))
        );
    }

    #[test]
    fn a_repeated_stamp_has_the_same_time() {
        let twice = read(
            "%y%m%d %H%M%S",
            None,
            &["081109 203518", "081109 203518", "081109 203519", "081109 203518"],
        );
        assert_eq!(twice[0], twice[1]);
        assert_ne!(twice[1], twice[2]);
        assert_eq!(twice[0], twice[3]);
    }

    #[test]
    fn formats_that_tell_no_time_are_refused() {
        for format in ["%H:%M:%S", "%Y-%m-%d", "", "%d %H:%M", "%b %d %I:%M"] {
            let refused = TimeFormat::new(format, None);
            assert!(matches!(refused, Err(InvalidTimeFormat::Incomplete(_))), "{format}");
        }
        assert!(matches!(
            TimeFormat::new("%Y-%Q", None),
            Err(InvalidTimeFormat::Syntax(_))
        ));
    }
}
