//! Which rivals stand beside the detector: the `[[baselines]]` tables.

use baselines::{FALSE_ALARMS, ForestSize, Learner, Rival, WITH_LABELS};

use super::fields::{Fields, nearest};

/// A rival of the detector.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// What tables call it.
    pub label: String,
    /// What it is, with its settings.
    pub rival: Rival,
    /// Share of held-out training sessions that its threshold may flag, where it has one.
    pub false_alarms: f64,
}

const NAMES: [&str; 17] = [
    "unseen_key",
    "unseen_key_set",
    "unseen_ngram",
    "ngram_model",
    "frequent_keys",
    "session_length",
    "count_vector",
    "edit_distance",
    "event_time",
    "pca",
    "isolation_forest",
    "local_outlier_factor",
    "invariants",
    "log_clustering",
    "logistic_regression",
    "decision_tree",
    "linear_svm",
];

/// Reads the tables; without any, the rivals that cost next to nothing. `history` and `top_g` are the detector's own, and so
/// is the share of `false_alarms` that rivals may raise, if it has a budget.
pub(super) fn read(
    tables: Option<Vec<Fields<'_>>>,
    history: usize,
    top_g: u32,
    false_alarms: Option<f64>,
) -> Vec<Baseline> {
    let allowed = false_alarms.unwrap_or(FALSE_ALARMS);
    let Some(tables) = tables else {
        let cheap = Rival::cheap().into_iter();
        return cheap
            .map(|rival| Baseline {
                label: rival.name(),
                rival,
                false_alarms: allowed,
            })
            .collect();
    };
    let mut chosen: Vec<Baseline> = Vec::new();
    for mut fields in tables {
        let Some(rival) = read_rival(&mut fields, history, top_g) else {
            continue;
        };
        let label: Option<String> = fields.optional("label");
        let mut label = label.unwrap_or_else(|| rival.name());
        if rival.uses_labels() && !label.ends_with(WITH_LABELS) {
            label.push_str(WITH_LABELS);
        }
        let is_taken = label.is_empty() || label == "deeplog" || chosen.iter().any(|other| other.label == label);
        fields.ensure(!is_taken, "label", || {
            format!("`{label}` does not tell this rival from the other rows; give it a `label` of its own")
        });
        let false_alarms = if has_threshold(&rival) {
            fields.or("false_alarms", allowed)
        } else {
            allowed
        };
        fields.ensure((0.0..1.0).contains(&false_alarms), "false_alarms", || {
            format!("{false_alarms} is not a share of the training sessions; give a number from 0 to below 1")
        });
        fields.finish();
        chosen.push(Baseline {
            label,
            rival,
            false_alarms,
        });
    }
    chosen
}

/// The rival that a table names, with its settings. Without a known name the other fields belong to nobody, and are not
/// complained of.
fn read_rival(fields: &mut Fields<'_>, history: usize, top_g: u32) -> Option<Rival> {
    let name: String = fields.required("name")?;
    Some(match &*name {
        "unseen_key" => Rival::UnseenKey,
        "unseen_key_set" => Rival::UnseenKeySet,
        "unseen_ngram" => Rival::UnseenNgram {
            n: whole(fields, "n", 2, 100),
        },
        "ngram_model" => Rival::NgramModel {
            n: whole(fields, "n", 5, 100),
        },
        "frequent_keys" => Rival::FrequentKeys {
            top_g: whole(fields, "top_g", top_g as usize, 1_000_000),
            history: fields.or("history", history),
        },
        "session_length" => Rival::SessionLength,
        "count_vector" => Rival::CountVector,
        "edit_distance" => Rival::EditDistance,
        "event_time" => Rival::EventTime,
        "pca" => Rival::Pca {
            variance: share(fields, "variance", 0.95),
        },
        "isolation_forest" => {
            let default = ForestSize::default();
            Rival::IsolationForest(ForestSize {
                trees: whole(fields, "trees", default.trees, 100_000),
                sample: whole(fields, "sample", default.sample, 1_000_000),
            })
        }
        "local_outlier_factor" => Rival::LocalOutlierFactor {
            neighbours: whole(fields, "neighbours", 20, 100_000),
        },
        "invariants" => Rival::Invariants {
            support: share(fields, "support", 0.98),
        },
        "log_clustering" => Rival::LogClustering {
            distance: share(fields, "distance", 0.5),
        },
        "logistic_regression" => Rival::WithLabels(Learner::LogisticRegression),
        "decision_tree" => Rival::WithLabels(Learner::DecisionTree),
        "linear_svm" => Rival::WithLabels(Learner::LinearSvm),
        other => {
            let known = match nearest(other, &NAMES) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("known are {}", NAMES.join(", ")),
            };
            fields.problem("name", format!("`{other}` is no rival; {known}"));
            return None;
        }
    })
}

/// Whether what it flags depends on a threshold that normal sessions set.
fn has_threshold(rival: &Rival) -> bool {
    !matches!(
        rival,
        Rival::UnseenKey
            | Rival::UnseenKeySet
            | Rival::UnseenNgram { .. }
            | Rival::FrequentKeys { .. }
            | Rival::SessionLength
            | Rival::Invariants { .. }
            | Rival::WithLabels(_)
    )
}

fn whole(fields: &mut Fields<'_>, key: &'static str, default: usize, most: usize) -> usize {
    let value = fields.or(key, default);
    fields.ensure((1..=most).contains(&value), key, || {
        format!("{value} is outside 1 to {most}")
    });
    value
}

fn share(fields: &mut Fields<'_>, key: &'static str, default: f64) -> f64 {
    let value = fields.or(key, default);
    fields.ensure((0.0..=1.0).contains(&value), key, || {
        format!("{value} is not a share; give a number from 0 to 1")
    });
    value
}
