use std::fs;
use std::path::PathBuf;

use detection::ShortSessions;

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/pytorch")
        .join(name)
}

fn foreign() -> Foreign {
    Foreign {
        keys: None,
        history: 10,
        detection: Detection {
            rule: Rule::TopG(3),
            short_sessions: ShortSessions::Pass,
            calibration: None,
        },
    }
}

/// What is said of a file with these bytes.
fn refused(bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let error = import(file.path(), &foreign()).err();
    error.map_or_else(String::new, |error| error.to_string())
}

/// A safetensors file of one tensor of each name, type, shape and byte.
fn file_of(tensors: &[(&str, Dtype, &[usize], u8)]) -> Vec<u8> {
    let bytes = |kind: Dtype, shape: &[usize], byte| vec![byte; kind.bitsize() / 8 * shape.iter().product::<usize>()];
    let data: Vec<Vec<u8>> = tensors
        .iter()
        .map(|&(_, kind, shape, byte)| bytes(kind, shape, byte))
        .collect();
    let views = tensors
        .iter()
        .zip(&data)
        .map(|((name, kind, shape, _), data)| (*name, TensorView::new(*kind, shape.to_vec(), data).unwrap()));
    serialize(views, None).unwrap()
}

#[test]
fn both_formats_hold_the_same_model() {
    for name in ["one-hot", "number", "embedding"] {
        let one = import(&fixture(&format!("{name}.pt")), &foreign()).unwrap();
        let other = import(&fixture(&format!("{name}.safetensors")), &foreign()).unwrap();
        assert_eq!(one.weights, other.weights, "{name}");
        assert_eq!(one.description.model, other.description.model);
        let model = &one.description.model;
        assert_eq!(
            (model.alphabet.keys, model.layers, model.hidden, model.history),
            (6, 2, 8, 10)
        );
        let names: Vec<&str> = one.description.vocabulary.names().iter().map(KeyName::as_str).collect();
        assert_eq!(names, ["1", "2", "3", "4", "5", "6"]);
    }
    let inputs = ["one-hot", "number", "embedding"].map(|name| {
        let artefact = import(&fixture(&format!("{name}.pt")), &foreign()).unwrap();
        artefact.description.model.input
    });
    assert_eq!(inputs, [Input::OneHot, Input::Embedding(1), Input::Embedding(3)]);
}

#[test]
fn what_is_exported_is_the_model_and_always_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    for name in ["one-hot", "number", "embedding"] {
        let artefact = import(&fixture(&format!("{name}.pt")), &foreign()).unwrap();
        export(&artefact, &first).unwrap();
        let again = import(&first, &foreign()).unwrap();
        assert_eq!(again.weights, artefact.weights, "{name}");
        export(&again, &second).unwrap();
        assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());

        let like = import_like(&first, &artefact).unwrap();
        assert_eq!(like.weights, artefact.weights);
        assert_eq!(like.description.experiment, artefact.description.experiment);
        assert_eq!(like.description.data.len(), 2, "the file of weights is remembered");
    }
    let bytes = fs::read(&first).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let about: serde_json::Value = serde_json::from_str(&header.metadata().as_ref().unwrap()["deeplog"]).unwrap();
    assert_eq!(about, json!({ "keys": ["1", "2", "3", "4", "5", "6"], "history": 10 }));
}

#[test]
fn weights_of_another_shape_are_not_put_in_a_models_place() {
    let like = import(&fixture("one-hot.pt"), &foreign()).unwrap();
    let said = import_like(&fixture("embedding.pt"), &like).unwrap_err().to_string();
    assert!(
        said.contains("2 layers of 8 over 6 keys, an embedding of 3 and the model"),
        "{said}"
    );
    assert!(said.contains("one-hot input"), "{said}");
}

#[test]
fn the_model_is_found_within_a_checkpoint() {
    let found = |names: &[&str]| -> Vec<String> {
        let tensors = names.iter().map(|name| ((*name).to_owned(), ())).collect();
        model_part_names(tensors)
    };
    let model = ["fc.bias", "fc.weight", "lstm.bias_ih_l0", "lstm.weight_ih_l0"];
    assert_eq!(found(&model), model);
    for wrapper in ["module.", "state_dict.", "a.b.module.", "ünï."] {
        let mut wrapped: Vec<String> = model.iter().map(|name| format!("{wrapper}{name}")).collect();
        wrapped.push("optimizer.state.0.exp_avg".into());
        let names: Vec<&str> = wrapped.iter().map(String::as_str).collect();
        assert_eq!(found(&names), model, "{wrapper}");
    }
    for whole in [
        &["encoder.lstm.weight_ih_l0", "fc.bias", "fc.weight"][..],
        &[
            "ema.fc.bias",
            "ema.lstm.weight_ih_l0",
            "net.fc.bias",
            "net.lstm.weight_ih_l0",
        ],
        &["weight_ih_l0", "x"],
        &["nothing.like.it"],
    ] {
        assert_eq!(found(whole), whole);
    }
}

fn model_part_names(tensors: Vec<(String, ())>) -> Vec<String> {
    let part = checkpoint::model_part(tensors);
    part.into_iter().map(|(name, ())| name).collect()
}

#[test]
fn sixteen_bits_are_read_and_other_numbers_named() {
    let model = |kind: Dtype| {
        file_of(&[
            ("a.weight_ih_l0", kind, &[4, 1], 0x3c),
            ("a.weight_hh_l0", kind, &[4, 1], 0x3c),
            ("a.bias_ih_l0", kind, &[4], 0x3c),
            ("a.bias_hh_l0", kind, &[4], 0x3c),
            ("b.weight", kind, &[3, 1], 0x3c),
            ("b.bias", kind, &[3], 0x3c),
        ])
    };
    let number = |kind: Dtype| {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), model(kind)).unwrap();
        import(file.path(), &foreign()).unwrap().weights[0].tensors[1].values[0]
    };
    assert_eq!(number(Dtype::F32), f32::from_bits(0x3c3c_3c3c));
    assert_eq!(number(Dtype::BF16), f32::from_bits(0x3c3c_0000));
    assert_eq!(number(Dtype::F16), 1.0 + f32::from(0x3c_u8) / 1024.0);
    for (kind, name) in [(Dtype::F64, "F64"), (Dtype::I64, "I64"), (Dtype::F8_E4M3, "F8_E4M3")] {
        let said = refused(&model(kind));
        assert!(said.contains(&format!("holds numbers of type {name}")), "{said}");
    }
    let said = refused(&model(Dtype::BF16)[..200]);
    assert!(said.contains("no weights can be read"), "{said}");
}

#[test]
fn files_cut_short_are_told_and_turned_bits_never_break_out() {
    for name in ["embedding.pt", "number.safetensors"] {
        let whole = fs::read(fixture(name)).unwrap();
        assert_eq!(refused(&whole), "");
        for length in (0..whole.len()).step_by(37) {
            assert!(!refused(&whole[..length]).is_empty(), "{name} cut to {length}");
        }
        for at in (0..whole.len()).step_by(7) {
            let mut turned = whole.clone();
            turned[at] ^= 1 << (at % 8);
            // Some bits make another number, which is as good as any.
            refused(&turned);
        }
    }
}

#[test]
fn declared_sizes_are_not_believed() {
    let said = import(&fixture("6-gigabytes-of-one-number.pt"), &foreign())
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("6403040024 bytes of weights are declared in a file of"),
        "{said}"
    );

    let header = |text: &str| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
    for (bytes, wanted) in [
        (
            header(r#"{"a":{"dtype":"F32","shape":[1000000000,1000000000],"data_offsets":[0,4]}}"#),
            "overflow",
        ),
        (
            header(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#),
            "not fully covered",
        ),
        (
            header(r#"{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#),
            "unknown variant",
        ),
        (header("{"), "EOF"),
        ([&u64::MAX.to_le_bytes()[..], b"{}"].concat(), "header too large"),
        (Vec::new(), "no weights can be read"),
        (b"PK\x03\x04 and so on".to_vec(), "invalid Zip archive"),
        (
            b"\x80\x02cposix\nsystem\nX\x02\0\0\0ls\x85R.".to_vec(),
            "no weights can be read",
        ),
        (
            b"\x80\x02}X\x01\0\0\0acposix\nsystem\nX\x02\0\0\0ls\x85Rs.".to_vec(),
            "there is no tensor, but posix.system",
        ),
    ] {
        let said = refused(&bytes);
        assert!(said.contains(wanted), "{wanted:?} is not in {said:?}");
    }
}
