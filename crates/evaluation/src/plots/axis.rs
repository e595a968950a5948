//! Scales: from values to pixels, with round ticks.

/// What an axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Any value.
    Linear,
    /// Whole numbers: ticks fall on them.
    Whole,
    /// Powers of ten; values below 1 lie on the axis.
    Logarithmic,
    /// Names, one at each whole number from 0.
    Named,
}

/// One axis of a chart.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// What it shows, with the unit.
    pub(super) label: String,
    /// How values lie on it.
    pub(super) scale: Scale,
    low: f64,
    high: f64,
    names: Vec<String>,
}

impl Axis {
    /// An axis that holds all the values; linear ones in steps of its ticks.
    pub(super) fn over(label: &str, scale: Scale, values: impl IntoIterator<Item = f64>) -> Self {
        let bounds = values.into_iter().fold(None, |bounds: Option<(f64, f64)>, value| {
            let (low, high) = bounds.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        let (low, high) = bounds.unwrap_or((0.0, 1.0));
        let (low, high) = match scale {
            // A little below 1, so that a single session still shows as a bar.
            Scale::Logarithmic => (0.6_f64.log10(), high.max(10.0).log10() + 0.08),
            _ if high > low => (low, high),
            _ => (low - 0.5, high + 0.5),
        };
        Self {
            label: label.to_owned(),
            scale,
            low,
            high,
            names: Vec::new(),
        }
    }

    /// An axis of names in equal steps, with half a step at both ends.
    pub(super) fn named(label: &str, names: Vec<String>) -> Self {
        Self {
            label: label.to_owned(),
            scale: Scale::Named,
            low: -0.5,
            high: names.len() as f64 - 0.5,
            names,
        }
    }

    /// A linear axis from 0 to 1, with room for what lies on its bounds.
    pub(super) fn share(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            scale: Scale::Linear,
            low: 0.0,
            high: 1.0,
            names: Vec::new(),
        }
    }

    /// The same axis, a share of its length longer at both ends.
    pub(super) fn padded(mut self, share: f64) -> Self {
        let room = (self.high - self.low) * share;
        self.low -= room;
        self.high += room;
        self
    }

    /// Where a value lies, from 0 at the low end to 1 at the high end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let value = match self.scale {
            Scale::Logarithmic => value.max(f64::MIN_POSITIVE).log10(),
            _ => value,
        };
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Round values within the axis, and their texts.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        if self.scale == Scale::Named {
            let names = self.names.iter().enumerate();
            return names.map(|(place, name)| (place as f64, name.clone())).collect();
        }
        if self.scale == Scale::Logarithmic {
            return (0..=self.high as u32)
                .map(|power| (10_f64.powi(power as i32), power_of_ten(power)))
                .collect();
        }
        let step = match self.scale {
            // Short labels: there is room for more of them.
            Scale::Whole => round_step((self.high - self.low) / 16.0).max(1.0),
            _ => round_step((self.high - self.low) / 8.0),
        };
        let decimals = (-step.log10()).ceil().clamp(0.0, 9.0) as usize;
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        let tick = |index: i64| {
            let value = index as f64 * step;
            let text = format!("{value:.decimals$}");
            (value, if index == 0 { "0".to_owned() } else { text })
        };
        (first..=last).map(tick).collect()
    }
}

fn power_of_ten(power: u32) -> String {
    crate::number::count(10_u64.saturating_pow(power))
}

/// 1, 2 or 5 times a power of ten, not below the step asked for.
fn round_step(least: f64) -> f64 {
    let magnitude = 10_f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * magnitude >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(texts(&Axis::share("")), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&Axis::over("", Scale::Whole, [1.0, 4.0])), ["1", "2", "3", "4"]);
        assert_eq!(texts(&Axis::over("", Scale::Whole, [3.0])), ["3"]);
        assert_eq!(
            texts(&Axis::over("", Scale::Linear, [0.0, 0.03])),
            ["0", "0.005", "0.010", "0.015", "0.020", "0.025", "0.030"]
        );
        assert_eq!(
            texts(&Axis::over("", Scale::Logarithmic, [4_000.0])),
            ["1", "10", "100", "1,000"]
        );
    }
}
