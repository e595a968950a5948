//! Temperature scaling: one number that makes probabilities as sure as they deserve to be.
//!
//! From C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: *On calibration of modern neural networks*, ICML 2017, section 4.2.
//! Ranks stay as they are. The division is done once, in the weights of the output layer, and costs nothing afterwards.

use lstm_kernel::log_sum_exp;
use sequence_windowing::DistinctWindows;

use crate::weights::Layout;
use crate::{Device, LstmModel};

/// The inverse temperature is looked for from the inverse of this to this.
const LARGEST: f64 = 100.0;

/// Steps of the search at most; Newton's method needs a handful.
const STEPS: usize = 60;

impl LstmModel {
    /// The temperature that gives these windows the lowest mean loss, between 0.01 and 100; 1 leaves the model as it is.
    /// They should be held-out windows: those of training make a model look too sure of itself.
    ///
    /// # Panics
    /// When they are not windows of this model.
    #[must_use]
    pub fn temperature(&self, windows: &DistinctWindows) -> f64 {
        // The loss is convex in the inverse of the temperature.
        let (mut low, mut high) = (1.0 / LARGEST, LARGEST);
        let mut inverse: f64 = 1.0;
        for _ in 0..STEPS {
            let (slope, curvature) = self.slope_and_curvature(windows, inverse);
            if slope > 0.0 {
                high = inverse;
            } else {
                low = inverse;
            }
            let newton = inverse - slope / curvature;
            let next = if low < newton && newton < high {
                newton
            } else {
                (low * high).sqrt()
            };
            let moved = (next / inverse - 1.0).abs();
            inverse = next;
            if moved < 1e-6 {
                break;
            }
        }
        1.0 / inverse
    }

    /// First and second derivative of the summed loss in the inverse temperature.
    fn slope_and_curvature(&self, windows: &DistinctWindows, inverse: f64) -> (f64, f64) {
        let DistinctWindows {
            histories,
            targets,
            weights,
        } = windows;
        let parts = self.of_logits(histories, |row, logits| {
            let scaled: Vec<f32> = logits
                .iter()
                .map(|&logit| (f64::from(logit) * inverse) as f32)
                .collect();
            let total = log_sum_exp(&scaled);
            let (mut mean, mut square) = (0.0, 0.0);
            for (&logit, &scaled) in logits.iter().zip(&scaled) {
                let (logit, p) = (f64::from(logit), (f64::from(scaled) - total).exp());
                mean += p * logit;
                square += p * logit * logit;
            }
            (mean - f64::from(logits[targets[row] as usize]), square - mean * mean)
        });
        let weighted = parts.iter().zip(weights);
        weighted.fold((0.0, 0.0), |(slope, curvature), (part, &weight)| {
            (
                slope + part.0 * f64::from(weight),
                curvature + part.1 * f64::from(weight),
            )
        })
    }

    /// The model with its logits divided by a temperature.
    pub(crate) fn cooled_by(&self, temperature: f64, device: &Device) -> Self {
        let mut flat = self.flat().to_vec();
        for slot in Layout::of(self.config()).slots {
            if slot.name.starts_with("output.") {
                for weight in &mut flat[slot.start..slot.start + slot.len()] {
                    *weight = (f64::from(*weight) / temperature) as f32;
                }
            }
        }
        Self::from_flat(self.config().clone(), flat, device)
    }
}
