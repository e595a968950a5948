//! Sizes and lengths of time as people write them.

use std::fmt;
use std::time::Duration;

use deeplog::Fields;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A number of bytes: `64MiB`, `16 MB`, `512 KiB`, or a plain number of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(u64);

const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

impl Size {
    fn read(text: &str) -> Option<Self> {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let (number, unit) = (&text[..text.len() - unit.len()], unit.trim());
        let (_, bytes) = UNITS.iter().find(|(name, _)| *name == unit)?;
        Some(Self(number.parse::<u64>().ok()?.checked_mul(*bytes)?))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsWritten;
        impl Visitor<'_> for AsWritten {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as \"64MiB\"")
            }

            fn visit_i64<E: Error>(self, bytes: i64) -> Result<Size, E> {
                u64::try_from(bytes)
                    .map(Size)
                    .map_err(|_| E::custom("a size is not negative"))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Size, E> {
                Size::read(text)
                    .ok_or_else(|| E::custom("write a whole number with a unit, such as 512KiB, 64MiB, 1GiB or 16MB"))
            }
        }
        deserializer.deserialize_any(AsWritten)
    }
}

/// A size in bytes, within bounds.
pub(super) fn size(fields: &mut Fields<'_>, key: &'static str, default: usize, least: usize, most: usize) -> usize {
    let Some(Size(bytes)) = fields.optional(key) else {
        return default;
    };
    let size = usize::try_from(bytes).unwrap_or(usize::MAX);
    fields.ensure((least..=most).contains(&size), key, || {
        format!("{bytes} bytes are outside {least} to {most}")
    });
    size
}

/// A number within bounds.
pub(super) fn number(fields: &mut Fields<'_>, key: &'static str, default: u32, least: u32, most: u32) -> u32 {
    let number = fields.or(key, default);
    fields.ensure((least..=most).contains(&number), key, || {
        format!("{number} is outside {least} to {most}")
    });
    number
}

/// A length of time of at least a tenth of a second and at most thirty days, unless it `may_be_zero`.
pub(super) fn time(fields: &mut Fields<'_>, key: &'static str, default: Duration, may_be_zero: bool) -> Duration {
    let Some(length) = fields.optional::<sequence_windowing::Duration>(key) else {
        return default;
    };
    let time = Duration::from_micros(length.microseconds());
    let bounds = Duration::from_millis(100)..=Duration::from_secs(30 * 86_400);
    let is_fine = bounds.contains(&time) || (may_be_zero && time.is_zero());
    fields.ensure(is_fine, key, || format!("{length} is outside 100ms to 30d"));
    time
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("0", 0),
            ("17", 17),
            ("17 B", 17),
            ("2kB", 2_000),
            ("64MiB", 64 << 20),
            ("64 MiB", 64 << 20),
            ("1GiB", 1 << 30),
            ("16MB", 16_000_000),
            ("3GB", 3_000_000_000),
        ] {
            assert_eq!(Size::read(text), Some(Size(bytes)), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5MiB", "1 mib", "1 TiB", "99999999999 GiB", "1 0"] {
            assert_eq!(Size::read(text), None, "{text}");
        }
    }
}
