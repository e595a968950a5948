//! Other times in the way a log writes its own.

use std::fmt::Write as _;

use chrono::format::{Item, Numeric, Pad, Parsed, parse};
use chrono::{DateTime, Datelike, FixedOffset};

use super::{Clock, TimeFormat};
use crate::Timestamp;

/// Which numbers of a stamp have leading zeros.
#[derive(Clone, Copy)]
enum Zeros {
    All,
    /// As in syslog.
    NotOfDays,
    None,
}

impl Zeros {
    fn are_left_out(self, what: &Numeric) -> bool {
        match self {
            Self::All => false,
            Self::NotOfDays => *what == Numeric::Day,
            Self::None => true,
        }
    }
}

impl TimeFormat {
    /// Writes another time in the way a stamp of this format is written: in its zone, and with or without its leading zeros.
    /// `None` if that would not be read as the time again, as where the format is coarser than it.
    ///
    /// ```
    /// use sequence_windowing::{Clock, TimeFormat, Timestamp};
    ///
    /// let format = TimeFormat::new("%y%m%d %H%M%S", None)?;
    /// let stamp = b"081109 235950";
    /// let Timestamp(time) = format.parse(&mut Clock::default(), stamp).ok_or("no stamp")?;
    /// let late = Timestamp(time + 60_000_000);
    /// assert_eq!(format.rewrite(stamp, late).as_deref(), Some("081110 000050"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rewrite(&self, stamp: &[u8], time: Timestamp) -> Option<String> {
        let mut clock = Clock::default();
        let written = match self.units {
            Some(units) => (i128::from(time.0) * i128::from(units) / 1_000_000).to_string(),
            None => {
                let stamp = str::from_utf8(stamp).ok()?.trim();
                let time = self.local(stamp, time)?;
                clock.at = Some((time.year(), time.month()));
                self.write_like(stamp, time)?
            }
        };
        (self.parse(&mut clock, written.as_bytes()) == Some(time)).then_some(written)
    }

    /// In the first of the ways to write numbers that gives the stamp itself; else as the format says.
    fn write_like(&self, stamp: &str, time: DateTime<FixedOffset>) -> Option<String> {
        let own = self.read(&mut Clock::default(), stamp);
        let own = own.and_then(|own| self.local(stamp, own));
        let ways = [Zeros::All, Zeros::NotOfDays, Zeros::None].into_iter();
        let mut ways = ways.flat_map(|zeros| [(zeros, false), (zeros, self.ends_in_milliseconds)]);
        let fits = |&(zeros, short): &(Zeros, bool)| {
            let again = own.and_then(|own| self.write(own, zeros, short));
            again.is_some_and(|again| again.split_whitespace().eq(stamp.split_whitespace()))
        };
        let (zeros, short) = ways.find(fits).unwrap_or((Zeros::All, false));
        self.write(time, zeros, short)
    }

    /// `short`: without leading zeros in the milliseconds at the end.
    fn write(&self, time: DateTime<FixedOffset>, zeros: Zeros, short: bool) -> Option<String> {
        let padded = self.items.iter().map(|item| match item {
            Item::Numeric(what, Pad::Zero) if zeros.are_left_out(what) => Item::Numeric(what.clone(), Pad::None),
            item => item.clone(),
        });
        let mut text = String::new();
        write!(text, "{}", time.format_with_items(padded)).ok()?;
        if short {
            let head = text.len().checked_sub(3)?;
            let milliseconds: u32 = text.get(head..)?.parse().ok()?;
            text.truncate(head);
            write!(text, "{milliseconds}").ok()?;
        }
        Some(text)
    }

    /// A time on the clock that a stamp was read from.
    fn local(&self, stamp: &str, time: Timestamp) -> Option<DateTime<FixedOffset>> {
        let time = DateTime::from_timestamp_micros(time.0)?;
        let mut parsed = Parsed::new();
        let own = parse(&mut parsed, stamp, self.items.iter()).ok().and(parsed.offset());
        let offset = match own {
            Some(own) => FixedOffset::east_opt(own)?,
            None => self.zone.offset(time),
        };
        Some(time.with_timezone(&offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_written_as_the_log_writes_them() {
        for (format, stamp, later, expected) in [
            ("%y%m%d %H%M%S", "081109 203518", 3_600, "081109 213518"),
            (
                "%Y-%m-%d %H:%M:%S,%3f",
                "2015-10-18 18:01:47,978",
                120,
                "2015-10-18 18:03:47,978",
            ),
            ("%b %d %H:%M:%S", "Jul  1 09:00:55", 60, "Jul 1 09:01:55"),
            ("%b %d %H:%M:%S", "Jul 1 09:00:55", 86_400 * 30, "Jul 31 09:00:55"),
            ("%b %d %H:%M:%S", "Dec 31 23:59:55", 60, "Jan 01 00:00:55"),
            ("%b %d %H:%M:%S", "Dec 10 06:55:46", 600, "Dec 10 07:05:46"),
            (
                "%Y%m%d-%H:%M:%S:%3f",
                "20171223-22:15:29:606",
                60,
                "20171223-22:16:29:606",
            ),
            ("%Y%m%d-%H:%M:%S:%3f", "20171224-0:7:20:11", 60, "20171224-0:8:20:11"),
            (
                "%d/%b/%Y:%H:%M:%S %z",
                "10/Oct/2000:13:55:36 -0730",
                60,
                "10/Oct/2000:13:56:36 -0730",
            ),
            (
                "%Y-%m-%dT%H:%M:%S%.f%:z",
                "2024-01-01T00:30:00.5+01:00",
                60,
                "2024-01-01T00:31:00.500+01:00",
            ),
            (
                "%a %b %d %H:%M:%S %Y",
                "Sun Dec 04 23:59:44 2005",
                60,
                "Mon Dec 05 00:00:44 2005",
            ),
            ("%s", "1117838570", 60, "1117838630"),
            ("%s%3f", "1117838570250", 60, "1117838630250"),
            ("%s%.f", "1117838570.25", 60, "1117838630.250"),
            (
                "%Y-%m-%d-%H.%M.%S%.6f",
                "2005-06-03-15.42.50.675872",
                60,
                "2005-06-03-15.43.50.675872",
            ),
        ] {
            let format = TimeFormat::new(format, Some(2005)).unwrap();
            let time = format.parse(&mut Clock::default(), stamp.as_bytes()).unwrap();
            let written = format.rewrite(stamp.as_bytes(), Timestamp(time.0 + later * 1_000_000));
            assert_eq!(written.as_deref(), Some(expected), "{stamp}");
        }
    }

    #[test]
    fn stamps_are_written_in_the_zone_of_the_log() {
        let format = TimeFormat::new("%Y-%m-%d %H:%M", None).unwrap();
        let format = format.in_zone("Europe/Berlin".parse().unwrap());
        for (stamp, later, expected) in [
            ("2024-03-31 01:50", 20, Some("2024-03-31 03:10")),
            ("2024-10-27 01:50", 20, Some("2024-10-27 02:10")),
            ("2024-10-27 02:50", 70, Some("2024-10-27 03:00")),
            // This would be read as the hour before.
            ("2024-10-27 02:50", 20, None),
        ] {
            let time = format.parse(&mut Clock::default(), stamp.as_bytes()).unwrap();
            let written = format.rewrite(stamp.as_bytes(), Timestamp(time.0 + later * 60_000_000));
            assert_eq!(written.as_deref(), expected, "{stamp}");
        }
    }

    #[test]
    fn what_would_be_read_as_another_time_is_not_written() {
        let minutes = TimeFormat::new("%Y-%m-%d %H:%M", None).unwrap();
        assert_eq!(
            minutes.rewrite(b"2020-01-01 00:00", Timestamp(1_577_836_830_000_000)),
            None
        );
        assert!(
            minutes
                .rewrite(b"2020-01-01 00:00", Timestamp(1_577_836_860_000_000))
                .is_some()
        );
        assert_eq!(minutes.rewrite(b"2020-01-01 00:00", Timestamp(i64::MAX)), None);
        assert_eq!(minutes.rewrite(b"\xff", Timestamp(0)), None);
    }
}
