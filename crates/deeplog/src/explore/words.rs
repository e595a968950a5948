//! Times, spans and templates as people read them.

use sequence_windowing::Timestamp;

use crate::parse::{readable, rfc3339};

/// To the second; stamps without a year have none. A number where no calendar has the time.
pub(super) fn time(time: Timestamp) -> String {
    rfc3339(time).map_or_else(|| format!("{} µs", time.0), |text| readable(&text))
}

/// Microseconds in the one or two units that matter.
pub(super) fn span(microseconds: u64) -> String {
    let seconds = microseconds / 1_000_000;
    let two = |large: u64, large_name: &str, small: u64, small_name: &str| match small {
        0 => format!("{large} {large_name}"),
        _ => format!("{large} {large_name} {small} {small_name}"),
    };
    match seconds {
        0 if microseconds < 1_000 => format!("{microseconds} µs"),
        0 => format!("{} ms", microseconds / 1_000),
        1..60 if !microseconds.is_multiple_of(1_000_000) => format!("{:.1} s", microseconds as f64 / 1e6),
        1..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// The first so many characters of a text.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(most.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

/// `one line`, `2 lines`.
pub(super) fn number(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{} {one}s", evaluation::number::count(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        for (microseconds, text) in [
            (0, "0 µs"),
            (1_500, "1 ms"),
            (1_500_000, "1.5 s"),
            (59_000_000, "59 s"),
            (60_000_000, "1 min"),
            (3_725_000_000, "1 h 2 min"),
            (90_000_000_000, "1 d 1 h"),
        ] {
            assert_eq!(span(microseconds), text);
        }
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(
            (cut("größe", 5), cut("größe", 4)),
            ("größe".to_owned(), "grö…".to_owned())
        );
        assert_eq!(
            (number(1, "line"), number(1_200, "line")),
            ("1 line".into(), "1,200 lines".into())
        );
        assert_eq!(time(Timestamp(86_400_000_000)), "01-02 00:00:00");
        assert_eq!(time(Timestamp(i64::MAX)), "9223372036854775807 µs");
    }
}
