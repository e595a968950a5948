//! How people write labels.

/// What to write.
pub(crate) const HINT: &str =
    "write normal or abnormal; anomaly, anomalous, 0, 1, true, false, yes, no and - (normal) are understood too";

/// Whether a label means anomalous, whatever its case; `None` where it is none of the known spellings.
pub(crate) fn is_anomalous(label: &str) -> Option<bool> {
    match &*label.trim().to_ascii_lowercase() {
        "normal" | "0" | "false" | "no" | "-" => Some(false),
        "abnormal" | "anomaly" | "anomalous" | "1" | "true" | "yes" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_understood_in_any_case_and_no_others_are() {
        for (label, expected) in [
            ("normal", Some(false)),
            (" Normal ", Some(false)),
            ("-", Some(false)),
            ("0", Some(false)),
            ("False", Some(false)),
            ("Anomaly", Some(true)),
            ("ABNORMAL", Some(true)),
            ("anomalous", Some(true)),
            ("1", Some(true)),
            ("true", Some(true)),
            ("", None),
            ("2", None),
            ("maybe", None),
            ("not normal", None),
        ] {
            assert_eq!(is_anomalous(label), expected, "{label:?}");
        }
    }
}
