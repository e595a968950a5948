//! How figures are written, the same everywhere.

/// A rate with four decimals, a dash where it is undefined.
pub fn rate(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}

/// A count with commas between the thousands.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share as a percentage with at most one decimal, for prevalences and the like.
pub fn share(value: f64) -> String {
    let percent = format!("{:.1}", value * 100.0);
    format!("{}%", percent.strip_suffix(".0").unwrap_or(&percent))
}

/// A share as a percentage with at most two decimals, for budgets and false alarms.
pub fn percent(value: f64) -> String {
    let percent = format!("{:.2}", value * 100.0);
    format!("{}%", percent.trim_end_matches('0').trim_end_matches('.'))
}

/// A probability as a percentage that never rounds to a certainty it does not have.
pub fn probability(value: f64) -> String {
    let percent = value * 100.0;
    if percent <= 0.0 {
        "0%".to_owned()
    } else if percent < 0.01 {
        "<0.01%".to_owned()
    } else if percent < 10.0 {
        format!("{percent:.2}%")
    } else if percent > 99.9 && percent < 100.0 {
        ">99.9%".to_owned()
    } else {
        format!("{percent:.1}%")
    }
}

/// A p-value, or a limit of p-values, with two significant figures; 0 is one that nothing reaches.
pub fn p_value(value: f64) -> String {
    if value <= 0.0 {
        return "none".to_owned();
    }
    if value < 1e-6 {
        return "<0.000001".to_owned();
    }
    let decimals = (1.0 - value.log10().floor()).clamp(1.0, 7.0) as usize;
    format!("{value:.decimals$}")
}

/// Seconds in a unit that fits, a dash where they are unknown.
pub fn optional_seconds(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), seconds)
}

/// Seconds in a unit that fits.
pub fn seconds(value: f64) -> String {
    if value < 1.0 {
        format!("{:.0} ms", value * 1_000.0)
    } else if value < 120.0 {
        format!("{value:.1} s")
    } else {
        format!("{:.1} min", value / 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_alike() {
        for (value, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (11_175_629, "11,175,629")] {
            assert_eq!(count(value), text);
        }
        for (value, text) in [(None, "–"), (Some(0.98765), "0.9877"), (Some(-1.0), "-1.0000")] {
            assert_eq!(rate(value), text);
        }
        for (value, text) in [
            (0.0, "0%"),
            (1e-9, "<0.01%"),
            (0.0042, "0.42%"),
            (0.5, "50.0%"),
            (0.99999, ">99.9%"),
            (1.0, "100.0%"),
        ] {
            assert_eq!(probability(value), text);
        }
        for (value, text) in [
            (0.0, "0%"),
            (0.0005, "0.05%"),
            (0.001, "0.1%"),
            (0.01, "1%"),
            (0.1, "10%"),
            (1.0, "100%"),
        ] {
            assert_eq!(percent(value), text);
        }
        for (value, text) in [
            (0.0, "none"),
            (1e-9, "<0.000001"),
            (1.0 / 4856.0, "0.00021"),
            (0.05, "0.050"),
            (0.125, "0.12"),
            (1.0, "1.0"),
        ] {
            assert_eq!(p_value(value), text);
        }
        assert_eq!((share(0.029), share(0.5)), ("2.9%".to_owned(), "50%".to_owned()));
        assert_eq!(
            (seconds(0.25), seconds(2.0), seconds(180.0)),
            ("250 ms".into(), "2.0 s".into(), "3.0 min".into())
        );
    }
}
