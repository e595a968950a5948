use std::fs;
use std::io::Write;

use drain_parser::LineFormat;
use evaluation::Label;
use flate2::{Compression, write::GzEncoder};

use crate::{Labels, Lines, MAX_LINE, expand, read_sessions, record_texts};

fn lines_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    fs::write(&path, bytes).unwrap();
    let mut lines = Lines::of(vec![path]);
    let mut all = Vec::new();
    while let Some((number, line)) = lines.next_line().unwrap() {
        all.push(line.to_vec());
        assert_eq!(number as usize, all.len());
    }
    all
}

#[test]
fn lines_end_in_either_way_and_the_last_one_may_not_end_at_all() {
    for (bytes, expected) in [
        (&b""[..], &[][..]),
        (b"\n", &[&b""[..]]),
        (b"a\nb\n", &[b"a", b"b"]),
        (b"a\r\n\r\nb", &[b"a", b"", b"b"]),
        (b"a\rb\r\n\0\xff", &[b"a\rb", b"\0\xff"]),
    ] {
        assert_eq!(lines_of(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn a_line_without_end_is_cut_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    let mut bytes = vec![b'x'; MAX_LINE + 5];
    bytes.extend_from_slice(b"\nshort\n");
    fs::write(&path, bytes).unwrap();
    let mut lines = Lines::of(vec![path]);
    assert_eq!(lines.next_line().unwrap().unwrap().1.len(), MAX_LINE);
    assert_eq!(lines.next_line().unwrap().unwrap(), (2, &b"short"[..]));
    assert!(lines.next_line().unwrap().is_none());
    assert_eq!(lines.cut(), 1);
}

#[test]
fn compressed_members_read_as_one_text_and_a_cut_one_is_an_error() {
    let gzip = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let bytes = [gzip(b"a\nb"), gzip(b"c\nd\n")].concat();
    assert_eq!(lines_of(&bytes), [&b"a"[..], b"bc", b"d"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gz");
    fs::write(&path, &bytes[..bytes.len() - 6]).unwrap();
    let mut lines = Lines::of(vec![path]);
    let error = std::iter::from_fn(|| lines.next_line().map(|line| line.map(|_| ())).transpose()).find_map(Result::err);
    let error = error.unwrap();
    assert!(
        error.to_string().contains("a.gz") && error.hint().unwrap().contains("cut short"),
        "{error}"
    );
}

#[test]
fn globs_are_read_in_the_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.log", "a.log", "c.txt"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let found = expand(&folder.path().join("*.log")).unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["a.log", "b.log"]);
    assert!(expand(&folder.path().join("*.none")).is_err());
}

#[test]
fn rotated_files_come_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let oldest_first = [
        "a.log",
        "app.log-20260101.gz",
        "app.log-20260102",
        "app.log.10.zst",
        "app.log.9.gz",
        "app.log.1",
        "app.log",
        "b-1",
        "b-2",
        "part.001",
        "part.002",
        "z/app.log.1",
        "z/app.log",
    ];
    fs::create_dir(folder.path().join("z")).unwrap();
    for name in oldest_first.iter().rev() {
        fs::write(folder.path().join(name), "text").unwrap();
    }
    fs::write(folder.path().join(".hidden"), "text").unwrap();
    fs::write(folder.path().join("empty"), "").unwrap();
    fs::write(folder.path().join("binary"), [0, 1, 2, 3]).unwrap();
    let names: Vec<String> = expand(folder.path())
        .unwrap()
        .iter()
        .map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string())
        .collect();
    assert_eq!(names, oldest_first);
}

#[test]
fn messages_are_shown_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    let texts = |format: &str, log: &str, numbers: &[u64]| -> Vec<(u64, String)> {
        fs::write(&path, log).unwrap();
        let format = LineFormat::compile(format).unwrap();
        let found = record_texts(std::slice::from_ref(&path), &format, &numbers.iter().copied().collect());
        found.unwrap().into_iter().collect()
    };
    let log = "INFO: one\n\tat a.B\n\n\tat a.C\nINFO: two\nINFO: three\n";
    assert_eq!(
        texts("<Level>: <Content>", log, &[1, 2, 5]),
        [(1, "INFO: one\n\tat a.B\n\tat a.C".into()), (5, "INFO: two".into())]
    );
    let log = "time,message\n1,\"a\nb\"\n2,c\n";
    assert_eq!(texts("csv", log, &[2, 4]), [(2, "a\nb".into()), (4, "c".into())]);
    assert_eq!(texts("csv", log, &[]), []);
    let line = "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster";
    for (format, log, text) in [
        ("syslog", line.to_owned(), line),
        ("docker inner='syslog'", format!("{{\"log\":\"{line}\\n\"}}"), line),
        (
            "cri inner='syslog'",
            format!("2026-01-02T03:04:05Z stdout F {line}"),
            line,
        ),
        ("docker", "{\"log\":\"Invalid user\\n\"}".to_owned(), "Invalid user"),
        (
            "cri",
            "2026-01-02T03:04:05Z stdout F Invalid user".to_owned(),
            "Invalid user",
        ),
        ("json", "{\"msg\":\"Invalid user\"}".to_owned(), "Invalid user"),
        ("logfmt", "msg=\"Invalid user\"".to_owned(), "Invalid user"),
        ("journald", "MESSAGE=Invalid user\n".to_owned(), "Invalid user"),
    ] {
        assert_eq!(texts(format, &log, &[1]), [(1, text.to_owned())], "{format}");
    }
}

#[test]
fn session_files_have_ids_and_headers_or_not() {
    for (text, expected) in [
        ("1 2 3\n4", vec![("f:1", "1 2 3"), ("f:2", "4")]),
        ("blk_1,5 5 22\r\nblk_2,\r\n", vec![("blk_1", "5 5 22"), ("blk_2", "")]),
        ("BlockId,EventSequence\nblk_1,5", vec![("blk_1", "5")]),
        ("id,keys\nx,\"a -7 b\"\n\n  \ny,c", vec![("x", "a -7 b"), ("y", "c")]),
        ("\u{feff}1 2", vec![("f:1", "1 2")]),
        ("session one,open close", vec![("session one", "open close")]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, text).unwrap();
        let sessions = read_sessions(&path).unwrap();
        let found: Vec<(String, String)> = sessions
            .iter()
            .map(|session| {
                let keys: Vec<&str> = session.events.iter().map(|event| event.key.as_str()).collect();
                (session.id.to_string(), keys.join(" "))
            })
            .collect();
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(id, keys)| ((*id).into(), (*keys).into()))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn labels_are_found_by_column_and_may_not_contradict() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let read = |text: &str, id: Option<&str>, label: Option<&str>| {
        fs::write(&path, text).unwrap();
        Labels::read(&path, id, label, None).map_err(|error| error.to_string())
    };
    let labels = read(
        "x,Label,BlockId\n1,normal,a\n2,Anomaly,b\n",
        Some("BlockId"),
        Some("Label"),
    )
    .unwrap();
    assert_eq!(
        [labels.get("a"), labels.get("b"), labels.get("c")],
        [Some(Label::Normal), Some(Label::Anomalous), None]
    );
    assert!(
        read("id,label\na,Normal\na,Anomaly\n", None, None)
            .unwrap_err()
            .contains("line 3")
    );
    assert!(
        read("id,label\na,Normal\n", Some("nope"), None)
            .unwrap_err()
            .contains("no column `nope`")
    );
    assert!(read("id,label\na\n", None, None).unwrap_err().contains("line"));
}

#[test]
fn labels_are_spelt_in_a_usual_way_or_as_the_dataset_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let (normal, anomalous) = (Some(Label::Normal), Some(Label::Anomalous));
    for (spelling, stated, expected) in [
        ("normal", None, normal),
        (" NORMAL ", None, normal),
        ("0", None, normal),
        ("-", None, normal),
        ("False", None, normal),
        ("1", None, anomalous),
        ("Anomaly", None, anomalous),
        ("abnormal", None, anomalous),
        ("Norml", None, None),
        ("OK", None, None),
        ("", None, None),
        ("ok", Some("OK"), normal),
        ("1", Some("1"), normal),
        ("0", Some("1"), anomalous),
        ("DiskFull", Some("OK"), anomalous),
    ] {
        fs::write(&path, format!("id,label\na,\"{spelling}\"\n")).unwrap();
        let read = Labels::read(&path, None, None, stated);
        match expected {
            Some(_) => assert_eq!(read.unwrap().get("a"), expected, "{spelling:?} {stated:?}"),
            None => {
                let error = read.unwrap_err().to_string();
                assert!(
                    error.contains(&format!("line 2: the label {spelling:?} is unknown")),
                    "{error}"
                );
            }
        }
    }
}
