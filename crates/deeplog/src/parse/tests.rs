use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::PathBuf;

use parquet::file::reader::SerializedFileReader;
use parquet::record::{Field, RowAccessor as _};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::*;
use crate::observer::Unobserved;

/// Writes the CSV alone.
fn csv_only(format: &str, parser: DrainConfig) -> Parsing {
    Parsing {
        header: Some(HeaderFormat::compile(format).unwrap()),
        time: None,
        parser,
        tables: vec![TableFormat::Csv],
        report: false,
        state: None,
    }
}

struct Tables {
    summary: ParseSummary,
    structured: Vec<Vec<String>>,
    templates: Vec<Vec<String>>,
}

fn read_csv(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn tables(log: &[u8], format: &str, parser: DrainConfig) -> Tables {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    fs::write(&path, log).unwrap();
    let parsing = csv_only(format, parser);
    let out = folder.path().join("out");
    let summary = parse(&[path], &parsing, &out, &mut Unobserved).unwrap();
    Tables {
        summary,
        structured: read_csv(&out.join("structured.csv")),
        templates: read_csv(&out.join("templates.csv")),
    }
}

#[test]
fn every_physical_line_has_its_row() {
    let log = b"before any\r\n1 INFO user root\r\n\r\n2 WARN user alice\r\n  at\r\n3 INFO user\xff\0 a,\"b\"";
    let Tables {
        summary,
        structured,
        templates,
    } = tables(log, "<Id> <Level> <Content>", DrainConfig::default());
    assert_eq!(
        structured[0],
        [
            "LineId",
            "Id",
            "Level",
            "Content",
            "EventId",
            "EventTemplate",
            "ParameterList"
        ]
    );
    let rows: Vec<[&str; 4]> = structured[1..]
        .iter()
        .map(|row| [&*row[0], &*row[1], &*row[3], &*row[6]])
        .collect();
    assert_eq!(
        rows,
        [
            ["1", "", "before any", ""],
            ["2", "1", "user root", r#"["root"]"#],
            ["3", "", "", ""],
            ["4", "2", "user alice", r#"["alice"]"#],
            ["5", "", "  at", ""],
            ["6", "3", "user\\xff\\x00 a,\"b\"", "[]"],
        ]
    );
    assert_eq!(structured[2][4], structured[4][4]);
    assert_eq!(structured[2][5], "user <*>");
    assert_eq!(templates[1][1..], ["user <*>", "2"]);
    assert_eq!(templates[1][0], structured[2][4]);
    let lines = summary.lines;
    assert_eq!(
        (
            lines.lines,
            lines.messages,
            lines.blank,
            lines.continuations,
            lines.without_header
        ),
        (6, 3, 1, 1, 1)
    );
}

#[test]
fn rows_have_the_final_template_of_their_cluster() {
    let log = b"a b c d\na b c x\nz b c d\n";
    let config = DrainConfig {
        similarity: 0.5,
        depth: 3,
        ..DrainConfig::default()
    };
    let Tables { structured, .. } = tables(log, "<Content>", config);
    assert_eq!(structured[1][3], "<*> b c <*>");
    assert_eq!(structured[1][4], r#"["a","d"]"#);
    assert_eq!(structured[3][4], r#"["z","d"]"#);
}

#[test]
fn evicted_clusters_are_counted_and_rows_stay() {
    let config = DrainConfig {
        max_clusters: Some(1),
        ..DrainConfig::default()
    };
    let Tables {
        summary, structured, ..
    } = tables(b"a b\nc d e\n", "<Content>", config);
    assert_eq!((summary.evicted, summary.templates), (1, 1));
    assert_eq!(structured[1], ["1", "a b", "", "", ""]);
}

#[test]
fn mistakes_name_the_flag() {
    let out = tempfile::tempdir().unwrap();
    let parsing = |format: &str, masks: Vec<String>| {
        let parser = DrainConfig {
            masks,
            ..DrainConfig::default()
        };
        csv_only(format, parser)
    };
    for (parsing, named) in [
        (parsing("<EventId> <Content>", vec![]), "<EventId>"),
        (parsing("<Content>", vec!["(".into()]), "masks[0]"),
    ] {
        let error = parse(&[PathBuf::from("x")], &parsing, out.path(), &mut Unobserved).unwrap_err();
        assert!(
            matches!(error, Error::Config { .. }) && error.to_string().contains(named),
            "{error}"
        );
    }
    let empty = out.path().join("empty.log");
    fs::write(&empty, "").unwrap();
    let error = parse(&[empty], &parsing("<Content>", vec![]), out.path(), &mut Unobserved).unwrap_err();
    assert!(error.to_string().contains("empty"), "{error}");
    assert_eq!(
        fs::read_dir(out.path()).unwrap().count(),
        1,
        "nothing half-written stays"
    );
}

/// A log with all that lines can be: no header, no parameters, no time, no text.
fn mixed_log() -> Vec<u8> {
    let mut log = b"a banner\n".to_vec();
    for i in 0..40 {
        log.extend_from_slice(format!("2024-05-01 10:00:{i:02}.25 INFO user u{i} came from 10.0.0.{i}\n").as_bytes());
    }
    log.extend_from_slice(b"2024-05-01 25:00:00 WARN no time here\n\tat \"trace\",7\n\n");
    log.extend_from_slice("2024-05-01 11:00:00 WARN \u{fc}ber\u{202e}\\ \u{1b}[31m".as_bytes());
    log.extend_from_slice(b" \xff\0 end");
    log
}

/// What a row of a Parquet file holds, under the names and in the shape of JSON lines; nulls and empty lists left out.
fn as_json(row: &parquet::record::Row) -> Value {
    let mut object = serde_json::Map::new();
    for (i, (name, field)) in row.get_column_iter().enumerate() {
        let value = match field {
            Field::Null => continue,
            Field::TimestampMicros(micros) => json!(stamp::rfc3339(sequence_windowing::Timestamp(*micros)).unwrap()),
            Field::ListInternal(list) if list.elements().is_empty() => continue,
            Field::ListInternal(list) => list
                .elements()
                .iter()
                .map(|element| match element {
                    Field::Group(parameter) => json!({
                        "value": parameter.get_string(0).unwrap(),
                        "mask": parameter.get_string(1).unwrap(),
                        "start": parameter.get_int(2).unwrap(),
                        "end": parameter.get_int(3).unwrap(),
                    }),
                    other => panic!("a parameter is no struct: {other:?}"),
                })
                .collect(),
            Field::Long(number) => json!(number),
            Field::Str(_) => json!(row.get_string(i).unwrap()),
            other => panic!("{name} is {other:?}"),
        };
        object.insert(name.clone(), value);
    }
    Value::Object(object)
}

fn read_parquet(path: &Path) -> Vec<Value> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    reader.into_iter().map(|row| as_json(&row.unwrap())).collect()
}

fn read_jsonl(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn everything(format: &str) -> Parsing {
    Parsing {
        tables: vec![TableFormat::Csv, TableFormat::Jsonl, TableFormat::Parquet],
        report: true,
        ..csv_only(format, DrainConfig::default())
    }
}

#[test]
fn all_tables_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    fs::write(&path, mixed_log()).unwrap();
    let parsing = everything("<Date> <Time> <Level> <Content>");
    parse(&[path], &parsing, folder.path(), &mut Unobserved).unwrap();
    let objects = read_jsonl(&folder.path().join("structured.jsonl"));
    let mut from_parquet = read_parquet(&folder.path().join("structured.parquet"));
    for row in &mut from_parquet {
        // Lines without parameters and lines without a template differ by their id there.
        let object = row.as_object_mut().unwrap();
        if object.contains_key("EventId") {
            object.entry("ParameterList").or_insert(json!([]));
        }
    }
    assert_eq!(objects, from_parquet);

    let rows = read_csv(&folder.path().join("structured.csv"));
    assert_eq!(rows.len() - 1, objects.len());
    for (row, object) in rows[1..].iter().zip(&objects) {
        for (name, cell) in rows[0].iter().zip(row) {
            let expected = match object.get(name) {
                None => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(Value::Array(parameters)) => {
                    let values: Vec<&Value> = parameters.iter().map(|parameter| &parameter["value"]).collect();
                    serde_json::to_string(&values).unwrap()
                }
                Some(number) => number.to_string(),
            };
            assert_eq!(*cell, expected, "{name} of {object}");
        }
    }

    assert_eq!(objects[0], json!({"LineId": 1, "Content": "a banner"}));
    let second = &objects[1];
    assert_eq!(second["EventTime"], "2024-05-01T10:00:00.250Z");
    assert_eq!(second["EventTemplate"], "user <*> came from <*>");
    let user = json!({"value": "u0", "mask": "*", "start": 5, "end": 7});
    assert_eq!(second["ParameterList"][0], user);
    assert_eq!(objects[41].get("EventTime"), None, "hour 25 is no time");
    assert!(
        objects[44]["Content"]
            .as_str()
            .unwrap()
            .ends_with(r"\x1b[31m \xff\x00 end")
    );
}

#[test]
fn spans_are_bytes_of_the_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    let lines: Vec<String> = (0..9).map(|i| format!("größe \u{2192} wert{i}x, {i}.5 ende")).collect();
    fs::write(&path, lines.join("\n")).unwrap();
    let mut parsing = everything("<Content>");
    parsing.parser.masks = vec![r"\d+".into()];
    parse(&[path], &parsing, folder.path(), &mut Unobserved).unwrap();
    let objects = read_jsonl(&folder.path().join("structured.jsonl"));
    for (line, object) in lines.iter().zip(&objects) {
        let parameters = object["ParameterList"].as_array().unwrap();
        assert_eq!(parameters.len(), 3);
        for parameter in parameters {
            let at = |name: &str| parameter[name].as_u64().unwrap() as usize;
            assert_eq!(line[at("start")..at("end")], parameter["value"].as_str().unwrap()[..]);
        }
    }
}

#[test]
fn row_groups_follow_one_another_without_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    let log: String = (0..150_000).fold(String::new(), |log, i| log + &format!("job {i} ended\n"));
    fs::write(&path, log).unwrap();
    let parsing = Parsing {
        tables: vec![TableFormat::Parquet],
        ..csv_only("<Content>", DrainConfig::default())
    };
    parse(&[path], &parsing, folder.path(), &mut Unobserved).unwrap();
    let rows = read_parquet(&folder.path().join("structured.parquet"));
    assert_eq!(rows.len(), 150_000);
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(
            (&row["LineId"], &row["Content"]),
            (&json!(i + 1), &json!(format!("job {i} ended")))
        );
        assert_eq!(row["ParameterList"][0]["value"], json!(i.to_string()));
    }
}

#[test]
fn stamps_are_found_where_they_stand() {
    type Found = Option<(&'static [&'static str], &'static str)>;
    let table: [(&str, &str, Found); 10] = [
        (
            "<A> <B> <Content>",
            "081109 203518 x",
            Some((&["A", "B"], "%y%m%d %H%M%S")),
        ),
        (
            "<L> <D> <T> <Content>",
            "I 2024-05-01 10:00:00,123 x",
            Some((&["D", "T"], "%Y-%m-%d %H:%M:%S,%3f")),
        ),
        (
            r"\[<T>\] <Content>",
            "[Sun Dec 04 04:47:44 2005] x",
            Some((&["T"], "%a %b %d %H:%M:%S%.f %Y")),
        ),
        (
            "<M> <D> <T> <H> <Content>",
            "Jun 14 15:16:01 combo x",
            Some((&["M", "D", "T"], "%b %d %H:%M:%S%.f")),
        ),
        ("<L> <U> <Content>", "- 1117838570 x", Some((&["U"], "%s%.f"))),
        (
            "<T> <Content>",
            "2024-05-01T10:00:00.5Z x",
            Some((&["T"], "%Y-%m-%dT%H:%M:%S%.fZ")),
        ),
        (
            r"<T>\|<Content>",
            "20171223-22:15:29:606|x",
            Some((&["T"], "%Y%m%d-%H:%M:%S:%3f")),
        ),
        ("<Pid> <Content>", "148 x", None),
        ("<Time> <Content>", "10:00:00 x", None),
        ("<Content>", "2024-05-01 10:00:00 x", None),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    for (format, line, expected) in table {
        fs::write(&path, format!("{line}\n").repeat(3)).unwrap();
        let header = HeaderFormat::compile(format).unwrap();
        let found = stamp::find(std::slice::from_ref(&path), &header).unwrap();
        let expected = expected.map(|(fields, format)| Stamp {
            fields: fields.iter().map(|&field| field.to_owned()).collect(),
            format: format.to_owned(),
            year: None,
        });
        assert_eq!(found, expected, "{line}");
    }
}

/// Parses with a state file, which is read as a caller reads it.
fn parse_with_state(log: &[u8], parsing: &Parsing, folder: &Path, observer: &mut dyn Observer) -> Result<ParseSummary> {
    let (log_path, path) = (folder.join("x.log"), folder.join("state"));
    fs::write(&log_path, log).unwrap();
    let state = StateFile {
        found: ParserState::read_if_there(&path)?,
        path,
        every: Duration::ZERO,
    };
    let parsing = Parsing {
        state: Some(state),
        ..parsing.clone()
    };
    parse(&[log_path], &parsing, &folder.join("out"), observer)
}

#[test]
fn learning_goes_on_from_call_to_call() {
    let log = mixed_log();
    let cut = log.iter().position(|&byte| byte == b'\n').unwrap() * 20;
    let cut = cut + log[cut..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let parsing = csv_only("<Date> <Time> <Level> <Content>", DrainConfig::default());
    let [parts, whole] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    parse_with_state(&log[..cut], &parsing, parts.path(), &mut Unobserved).unwrap();
    parse_with_state(&log[cut..], &parsing, parts.path(), &mut Unobserved).unwrap();
    parse_with_state(&log, &parsing, whole.path(), &mut Unobserved).unwrap();
    let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(
        read(parts.path(), "out/templates.csv"),
        read(whole.path(), "out/templates.csv")
    );
    let states = [&parts, &whole].map(|folder| {
        ParserState::read_if_there(&folder.path().join("state"))
            .unwrap()
            .unwrap()
    });
    let json = |state: &ParserState| serde_json::to_value(&state.parser).unwrap();
    assert_eq!(json(&states[0]), json(&states[1]));
    assert_eq!(states[0].lines.lines, states[1].lines.lines);
    assert_eq!(states[0].lines.messages, 42);

    let before = fs::read(parts.path().join("state")).unwrap();
    let mut masked = parsing.clone();
    masked.parser.masks = vec![r"\d+".into()];
    for other in [csv_only("<Date> <Content>", DrainConfig::default()), masked] {
        let error = parse_with_state(&log, &other, parts.path(), &mut Unobserved).unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error}");
        assert!(error.to_string().contains("state"), "{error}");
    }
    assert_eq!(fs::read(parts.path().join("state")).unwrap(), before);
}

/// Asks to stop after so many questions whether it does.
struct Stops(std::cell::Cell<u32>);

impl Observer for Stops {
    fn begin(&mut self, _: &'static str, _: Option<u64>) {}
    fn advance(&mut self, _: u64, _: &str) {}
    fn end(&mut self, _: &str) {}
    fn detail(&mut self, _: &str) {}
    fn warn(&mut self, _: &str) {}
    fn is_cancelled(&self) -> bool {
        self.0.set(self.0.get().saturating_sub(1));
        self.0.get() == 0
    }
}

#[test]
fn what_is_stopped_keeps_what_it_learnt_and_no_table() {
    let log = mixed_log();
    let lines = log.split(|&byte| byte == b'\n').count() as u64;
    let parsing = csv_only("<Date> <Time> <Level> <Content>", DrainConfig::default());
    // While it learns, and while it writes rows.
    for (after, learnt) in [(10, 10), (lines as u32 + 5, lines)] {
        let folder = tempfile::tempdir().unwrap();
        let mut observer = Stops(std::cell::Cell::new(after));
        let error = parse_with_state(&log, &parsing, folder.path(), &mut observer).unwrap_err();
        assert!(matches!(error, Error::Interrupted { .. }), "{error}");
        assert!(
            error.hint().unwrap().contains(&format!("{learnt} lines")),
            "{:?}",
            error.hint()
        );
        let state = ParserState::read_if_there(&folder.path().join("state"))
            .unwrap()
            .unwrap();
        assert_eq!(state.lines.lines, learnt);
        assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 0);
    }
}

/// Lines of one template here are lines of one published event, for the share of lines that logparser reaches.
#[test]
fn structured_csv_groups_as_drain_does() {
    let Some(data) = std::env::var_os("DEEPLOG_DATA").map(PathBuf::from) else {
        // Straight to standard error: the test runner hides what a passing test prints.
        std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("LEFT OUT: DEEPLOG_DATA is not set, so `parse` was not tried on real logs\n"),
        )
        .unwrap();
        return;
    };
    let log = fs::read(data.join("loghub_2k/HDFS/HDFS_2k.log")).unwrap();
    let masks = vec![r"blk_-?\d+".into(), r"(\d+\.){3}\d+(:\d+)?".into()];
    let config = DrainConfig {
        similarity: 0.5,
        masks,
        ..DrainConfig::default()
    };
    let Tables {
        summary,
        structured,
        templates,
    } = tables(&log, "<Date> <Time> <Pid> <Level> <Component>: <Content>", config);
    let truth = read_csv(&data.join("loghub_2k/HDFS/HDFS_2k.log_structured.csv"));
    assert_eq!((structured.len(), summary.lines.messages), (truth.len(), 2_000));
    let column = |rows: &[Vec<String>], name: &str| rows[0].iter().position(|cell| cell == name).unwrap();
    let events = |rows: &[Vec<String>]| {
        let column = column(rows, "EventId");
        let mut groups: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (line, row) in rows.iter().enumerate().skip(1) {
            groups.entry(row[column].clone()).or_default().push(line);
        }
        groups.into_values().collect::<BTreeSet<_>>()
    };
    let (ours, theirs) = (events(&structured), events(&truth));
    let right: usize = ours.intersection(&theirs).map(Vec::len).sum();
    // The reference implementation reaches 0.9975.
    assert!(right >= 1_995, "{right} lines of 2,000 are grouped right");
    assert_eq!(templates.len() - 1, ours.len());
    let counts: Vec<u64> = templates[1..].iter().map(|row| row[2].parse().unwrap()).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b));
    assert_eq!(counts.iter().sum::<u64>(), 2_000);
}
