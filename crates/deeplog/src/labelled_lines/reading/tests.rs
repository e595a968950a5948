use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use sequence_windowing::SessionRule;

use super::*;
use crate::observer::Unobserved;

/// What is read from a file of these bytes: contents with labels, or the error.
fn read_bytes(bytes: &[u8]) -> Result<Vec<(String, bool)>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines");
    std::fs::write(&path, bytes).unwrap();
    let lines = read(&path, None, &Layout::new(None).unwrap(), &mut Unobserved)?;
    Ok(contents(&lines))
}

fn contents(lines: &Collection) -> Vec<(String, bool)> {
    let one = |index: usize| {
        let content = String::from_utf8_lossy(lines.said(index).content).into_owned();
        (content, lines.is_anomalous(index))
    };
    (0..lines.len()).map(one).collect()
}

fn owned(lines: &[(&str, bool)]) -> Vec<(String, bool)> {
    lines.iter().map(|(line, label)| ((*line).to_owned(), *label)).collect()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn lines_are_read_from_whatever_holds_them() {
    let expected = owned(&[
        ("disk is fine", false),
        ("disk \"sda\" is gone", true),
        ("disk is fine", false),
    ]);
    let files: [&[u8]; 9] = [
        br#"{"disk is fine": "normal", "disk \"sda\" is gone": "abnormal", "disk is fine": "Normal"}"#,
        b"\xef\xbb\xbf\r\n{\r\n  \"disk is fine\": false,\r\n  \"disk \\\"sda\\\" is gone\": 1,\r\n  \"disk is fine\": \"-\"\r\n}\r\n",
        b"{\"line\": \"disk is fine\", \"label\": \"normal\"}\n\n{\"label\": true, \"log\": \"disk \\\"sda\\\" is gone\", \"x\": [1]}\r\n\
          {\"Message\": \"disk is fine\", \"LABEL\": 0}",
        b"\xef\xbb\xbf{\"text\": \"disk is fine\", \"label\": \"0\"}\n{\"text\": \"disk \\\"sda\\\" is gone\", \"label\": \"Anomaly\"}\n\
          {\"text\": \"disk is fine\", \"label\": \"no\"}\n",
        b"line,label\ndisk is fine,normal\n\"disk \"\"sda\"\" is gone\",abnormal\ndisk is fine,normal\n",
        b"id,Label,Log\r\n1,-,disk is fine\r\n2,1,\"disk \"\"sda\"\" is gone\"\r\n3,-,disk is fine",
        b"label,line\nFALSE,disk is fine\nTRUE,\"disk \"\"sda\"\" is gone\nand more of the message\"\nFALSE,disk is fine\n",
        &packed(br#"{"disk is fine": "normal", "disk \"sda\" is gone": "abnormal", "disk is fine": "normal"}"#),
        &packed(b"line,label\ndisk is fine,normal\n\"disk \"\"sda\"\" is gone\",abnormal\ndisk is fine,normal\n"),
    ];
    for bytes in files {
        assert_eq!(
            read_bytes(bytes).unwrap(),
            expected,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let missing_end = br#"{"a": "normal", "b": "abn"#;
    let damaged = &packed(br#"{"a": "normal", "b": "abnormal"}"#)[..30];
    for (bytes, facts) in [
        (&b""[..], &["holds no labelled line"][..]),
        (b"\n \n", &["holds no labelled line"]),
        (b"{}", &["holds no labelled line"]),
        (
            b"{\"a\": \"normal\",\n \"b\": \"maybe\"}",
            &["the label \"maybe\" is unknown", "line 2"],
        ),
        (
            b"{\"a\": \"normal\",\n \"b\": {\"is\": \"normal\"}}",
            &["map", "a label", "line 2"],
        ),
        (b"{\"a\": [\"normal\"]}", &["sequence", "a label", "line 1"]),
        (b"{\"a\": null}", &["null", "a label"]),
        (b"{\"a\": 0.5}", &["0.5", "a label"]),
        (b"{\"a\": 7}", &["the label \"7\" is unknown"]),
        (b"[\"a\", \"b\"]", &["one object of lines and labels"]),
        (missing_end, &["EOF", "line 1"]),
        (b"{\"a\": \"normal\"} {\"b\": \"normal\"}", &["trailing characters"]),
        (b"{\"a\xff\": \"normal\"}", &["unicode"]),
        (damaged, &["lines"]),
        (
            b"{\"line\": \"a\", \"label\": 0}\n{\"line\": \"b\"}\n",
            &["line 2: has no `label`"],
        ),
        (
            b"{\"line\": \"a\", \"label\": 0}\n{\"label\": 1}\n",
            &["line 2: has no `line`"],
        ),
        (
            b"{\"line\": \"a\", \"label\": 0}\n{\"line\": 7, \"label\": 1}\n",
            &["line 2: `line` is no text, but 7"],
        ),
        (
            b"{\"line\": \"a\", \"label\": 0}\n{\"line\": \"b\", \"label\": {}}\n",
            &["line 2: `label`", "a label"],
        ),
        (
            b"{\"line\": \"a\", \"label\": 0}\n{\"line\": \"b\", \"lab\n",
            &["line 2: is no JSON object"],
        ),
        (
            b"line,label\na,normal\nb,odd\n",
            &["line 3: the label \"odd\" is unknown"],
        ),
        (b"line,label\na,normal\nb\n", &["line: 3"]),
        (b"text,verdict\na,normal\n", &["has no column `label`", "verdict"]),
        (b"2026-11-21 a plain log\n", &["has no column"]),
        (
            b"Line,Label\n1,normal\n2,abnormal\n",
            &["holds numbers in place of lines"],
        ),
        (
            b"{\"b\": 0, \"a\": 0, \"a\": 1, \"b\": 1}",
            &["every line is labelled normal in one place", "the first of them 1"],
        ),
    ] {
        let error = read_bytes(bytes).unwrap_err();
        assert!(error.hint().is_some(), "{error}");
        for fact in facts {
            assert!(error.to_string().contains(fact), "{fact:?} is not in {error}");
        }
    }
}

#[test]
fn lines_with_both_labels_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines");
    std::fs::write(&path, r#"{"a": 0, "b": 0, "a": 1, "a": 1, "c": 1}"#).unwrap();
    let lines = read(&path, None, &Layout::new(None).unwrap(), &mut Unobserved).unwrap();
    let counted: Vec<(&str, u64)> = lines.counters.iter().map(|(what, number)| (&**what, *number)).collect();
    assert_eq!(counted, [("lines_that_say_the_same_as_one_with_the_other_label", 3)]);
}

/// The label stands in the header; what is kept of a line has nothing of it, even where its field has the name of one
/// that is looked at.
#[test]
fn a_logs_label_is_not_in_what_is_kept_of_its_lines() {
    for (format, field) in [
        ("<Label> <Level> <Component>: <Content>", "Label"),
        ("<Level> <Severity> <Component>: <Content>", "Level"),
        ("<Component> <Level> <Module>: <Content>", "Component"),
    ] {
        let profile = Profile {
            name: "test".into(),
            header: drain_parser::LineFormat::compile(format).unwrap(),
            time: None,
            parser: drain_parser::ParserConfig::default(),
            known: None,
            session: SessionRule::Count {
                events: 1,
                step: None,
                field: None,
            },
            limits: sequence_windowing::Limits::default(),
            labels: Some(LabelRule::Line {
                field: field.into(),
                normal: "-".into(),
            }),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(
            &path,
            "- INFO disk: all is well\n\nSECRET FATAL net: link is down\n  more of it\n",
        )
        .unwrap();
        let layout = Layout::new(Some(&profile)).unwrap();
        let lines = read(&path, Some(&profile), &layout, &mut Unobserved).unwrap();
        assert_eq!(
            contents(&lines),
            owned(&[("all is well", false), ("link is down", true)])
        );
        let (said, text) = (lines.said(1), String::from_utf8_lossy);
        assert_eq!(
            (text(said.level), text(said.component)),
            ("FATAL".into(), "net".into()),
            "{format}"
        );
        assert_eq!(lines.counters.get("continuation_lines"), Some(&1));
        assert_eq!(lines.counters.get("blank_lines"), Some(&1));
    }
}
