//! From logits to candidates: plain numbers, no tensors.

use lstm_kernel::log_sum_exp;

/// The g most probable codes with their probabilities, best first, in the order of [`Score::rank`](lstm_kernel::Score::rank).
pub(crate) fn top(logits: &[f32], g: usize) -> Vec<(u32, f32)> {
    let total = log_sum_exp(logits);
    let mut codes: Vec<u32> = (0..logits.len() as u32).collect();
    let logit = |code: u32| logits[code as usize];
    codes.sort_by(|&a, &b| logit(b).total_cmp(&logit(a)).then(a.cmp(&b)));
    codes.truncate(g);
    let probability = |code| ((f64::from(logit(code)) - total).exp() as f32).max(0.0);
    codes.into_iter().map(|code| (code, probability(code))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use lstm_kernel::Score;

    use super::*;

    #[test]
    fn of_equal_logits_the_smaller_code_comes_first() {
        let logits = [1.0, 2.0, 1.0, 2.0];
        let ranks: Vec<u32> = (0..4).map(|code| Score::of(&logits, code).rank).collect();
        assert_eq!(ranks, [3, 1, 4, 2]);
        let codes: Vec<u32> = top(&logits, 3).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, [1, 3, 0]);
    }

    #[test]
    fn a_logit_that_is_no_number_is_ranked_last_and_stays_finite() {
        let score = Score::of(&[0.0, f32::NAN, -5.0], 1);
        assert_eq!((score.rank, score.log_probability), (3, f32::MIN));
    }

    proptest! {
        #[test]
        fn ranks_and_candidates_agree(
            logits in prop::collection::vec((-8i8..8).prop_map(|step| f32::from(step) * 0.5), 1..20),
            g in 0usize..25,
        ) {
            let best = top(&logits, g);
            prop_assert_eq!(best.len(), g.min(logits.len()));
            let mut above = 0.0;
            for (place, &(code, probability)) in best.iter().enumerate() {
                let score = Score::of(&logits, code);
                prop_assert_eq!(score.rank as usize, place + 1);
                prop_assert!((score.log_probability.exp() - probability).abs() < 1e-6);
                let tied = place > 0 && best[place - 1].1 == probability;
                if !tied {
                    prop_assert!((score.log_tail.exp() - (1.0 - above)).abs() < 1e-5, "{above} {score:?}");
                }
                above += probability;
            }
            let sum: f32 = top(&logits, logits.len()).iter().map(|&(_, probability)| probability).sum();
            prop_assert!((sum - 1.0).abs() < 1e-5);
        }
    }
}
