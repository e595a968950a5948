use std::fs;

use super::{small_experiment, trained};
use crate::Artefact;

#[test]
fn what_is_written_is_read_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = small_experiment("");
    let training = trained(&experiment, folder.path());
    let path = folder.path().join("model.deeplog");
    training.artefact.write(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let read = Artefact::read(&path).unwrap();
    assert_eq!(read.weights, training.artefact.weights);
    assert_eq!(read.description.vocabulary, training.artefact.description.vocabulary);
    assert_eq!(read.description.training, training.artefact.description.training);

    // Files from before there were held-out ranks, temperatures and calibrations.
    let mut description = serde_json::to_value(&read.description).unwrap();
    assert!(description.get("held_out").is_none() && description.get("calibration").is_none());
    let removed = description["training"].as_object_mut().unwrap().remove("temperature");
    assert_eq!(removed, Some(serde_json::Value::Null));
    let older: crate::Description = serde_json::from_value(description).unwrap();
    assert_eq!(older.training, read.description.training);

    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        Artefact::read(&path)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    for length in (0..bytes.len()).step_by(41).chain([bytes.len() - 1]) {
        assert!(!refused(&bytes[..length]).is_empty(), "cut to {length}");
    }
    for at in (0..bytes.len())
        .step_by(61)
        .chain(bytes.len() - 8..bytes.len())
        .chain(0..20)
    {
        let mut turned = bytes.clone();
        turned[at] ^= 1 << (at % 8);
        assert!(!refused(&turned).is_empty(), "bit {} of byte {at}", at % 8);
    }
    let mut newer = bytes.clone();
    newer[8] = 7;
    assert!(refused(&newer).contains("format 7"), "{}", refused(&newer));
    assert!(refused(b"BlockId,Label\n").contains("not a deeplog model"));
}
