use std::fs::{self, File};

use parquet::file::reader::SerializedFileReader;
use parquet::record::{Field, RowAccessor as _};
use sequence_windowing::Zone;
use serde_json::{Value, json};

use super::*;

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
    let user = json!({"value": "u0", "mask": "<*>", "start": 5, "end": 7});
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
    let masks = vec![r"\d+".into()];
    let parsing = Parsing {
        parser: ParserConfig::Drain(DrainConfig {
            masks,
            ..DrainConfig::default()
        }),
        ..everything("<Content>")
    };
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
            Some((&["T"], "%a %b %d %H:%M:%S %Y")),
        ),
        (
            "<M> <D> <T> <H> <Content>",
            "Jun 14 15:16:01 combo x",
            Some((&["M", "D", "T"], "%b %d %H:%M:%S")),
        ),
        ("<L> <U> <Content>", "- 1117838570 x", Some((&["U"], "%s"))),
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
        let header = LineFormat::compile(format).unwrap();
        let found = stamp::find(std::slice::from_ref(&path), &header).unwrap();
        let expected = expected.map(|(fields, format)| Stamp {
            fields: fields.iter().map(|&field| field.to_owned()).collect(),
            format: format.to_owned(),
            year: None,
            zone: Zone::default(),
        });
        assert_eq!(found, expected, "{line}");
    }
}
