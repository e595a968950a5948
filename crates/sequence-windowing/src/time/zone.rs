//! The zone of stamps that do not say theirs.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// A time zone: a difference from UTC such as `+02:00`, or a place such as `Europe/Berlin` with its summer times. Default UTC.
///
/// Where clocks are set back an hour happens twice; a stamp in it is taken as the earlier. Where they are set forward an
/// hour does not happen; a stamp in it is taken as if they had not been set yet, so that `02:30` becomes `03:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fixed(FixedOffset),
    Place(Tz),
}

/// A zone that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time zone: write a difference from UTC such as +02:00, or a place such as Europe/Berlin")]
pub struct InvalidZone(String);

impl Default for Zone {
    fn default() -> Self {
        Self(Kind::Fixed(Utc.fix()))
    }
}

impl Zone {
    /// What the clocks of the zone show is what in UTC.
    pub(super) fn utc(self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let place = match self.0 {
            Kind::Fixed(offset) => return local.checked_sub_offset(offset),
            Kind::Place(place) => place,
        };
        match place.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) => local.checked_sub_offset(offset.fix()),
            LocalResult::Ambiguous(one, other) => {
                let [one, other] = [one, other].map(|offset| local.checked_sub_offset(offset.fix()));
                Some(one?.min(other?))
            }
            // No zone is a day from UTC, and none sets its clocks twice in two days.
            LocalResult::None => {
                let before = local.checked_sub_signed(TimeDelta::days(1))?;
                local.checked_sub_offset(place.offset_from_utc_datetime(&before).fix())
            }
        }
    }

    /// Its difference from UTC at a time.
    pub(super) fn offset(self, time: DateTime<Utc>) -> FixedOffset {
        match self.0 {
            Kind::Fixed(offset) => offset,
            Kind::Place(place) => place.offset_from_utc_datetime(&time.naive_utc()).fix(),
        }
    }
}

impl FromStr for Zone {
    type Err = InvalidZone;

    fn from_str(text: &str) -> Result<Self, InvalidZone> {
        let is_offset = text.starts_with(['+', '-']) && text.contains(':');
        let kind = match is_offset {
            true => text.parse().ok().map(Kind::Fixed),
            false => text.parse().ok().map(Kind::Place),
        };
        kind.map(Self).ok_or_else(|| InvalidZone(text.into()))
    }
}

impl TryFrom<String> for Zone {
    type Error = InvalidZone;

    fn try_from(text: String) -> Result<Self, InvalidZone> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.to_string()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Fixed(offset) => offset.fmt(f),
            Kind::Place(place) => f.write_str(place.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(zone: &str, local: &str) -> String {
        let utc = zone.parse::<Zone>().unwrap().utc(local.parse().unwrap()).unwrap();
        utc.format("%Y-%m-%dT%H:%M:%S").to_string()
    }

    #[test]
    fn clocks_of_a_zone_are_read() {
        for (zone, local, expected) in [
            ("UTC", "2024-07-01T12:00:00", "2024-07-01T12:00:00"),
            ("+02:00", "2024-07-01T12:00:00", "2024-07-01T10:00:00"),
            ("-09:30", "2024-07-01T12:00:00", "2024-07-01T21:30:00"),
            ("Asia/Kolkata", "2024-07-01T12:00:00", "2024-07-01T06:30:00"),
            ("Europe/Berlin", "2024-07-01T12:00:00", "2024-07-01T10:00:00"),
            ("Europe/Berlin", "2024-12-01T12:00:00", "2024-12-01T11:00:00"),
            // Clocks go from 02:00 to 03:00.
            ("Europe/Berlin", "2024-03-31T01:59:59", "2024-03-31T00:59:59"),
            ("Europe/Berlin", "2024-03-31T02:30:00", "2024-03-31T01:30:00"),
            ("Europe/Berlin", "2024-03-31T03:00:00", "2024-03-31T01:00:00"),
            // Clocks go from 03:00 to 02:00.
            ("Europe/Berlin", "2024-10-27T01:59:59", "2024-10-26T23:59:59"),
            ("Europe/Berlin", "2024-10-27T02:00:00", "2024-10-27T00:00:00"),
            ("Europe/Berlin", "2024-10-27T02:59:59", "2024-10-27T00:59:59"),
            ("Europe/Berlin", "2024-10-27T03:00:00", "2024-10-27T02:00:00"),
            ("America/New_York", "2024-03-10T02:30:00", "2024-03-10T07:30:00"),
            ("America/New_York", "2024-11-03T01:30:00", "2024-11-03T05:30:00"),
            // A whole day was left out, and half an hour is set.
            ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00"),
            ("Australia/Lord_Howe", "2024-10-06T02:15:00", "2024-10-05T15:45:00"),
        ] {
            assert_eq!(utc(zone, local), expected, "{zone} {local}");
        }
    }

    #[test]
    fn zones_are_read_and_written() {
        for text in ["+02:00", "-09:30", "+00:00", "Europe/Berlin", "UTC"] {
            assert_eq!(text.parse::<Zone>().unwrap().to_string(), text);
        }
        assert_eq!(Zone::default().to_string(), "+00:00");
        for text in ["", "CEST", "Europe/Nowhere", "+25:00", "02:00", "+2", "europe/berlin"] {
            assert_eq!(text.parse::<Zone>(), Err(InvalidZone(text.into())), "{text}");
        }
    }
}
