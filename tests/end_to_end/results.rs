//! What is done with results: pictures of several runs, tables in texts, the schema.

use std::fs;

use serde_json::Value;

use crate::harness::Room;
use crate::samples::{quickstart, quickstart_call, session_room};

#[test]
fn plot_lays_two_runs_over_one_another() {
    let room = Room::new();
    room.deeplog(&format!(
        "{} --set name=second --set model.hidden=8 --out second",
        quickstart_call()
    ))
    .ok();
    let one = quickstart().display();
    room.deeplog(&format!("plot {one} second/metrics.json --out pictures"))
        .ok();
    let pictures = room.files("pictures");
    assert!(pictures.contains(&"precision_recall.svg".to_owned()), "{pictures:?}");
    for picture in pictures.iter().filter(|name| name.ends_with(".svg")) {
        assert!(
            pictures.contains(&picture.replace(".svg", ".png")),
            "{picture} is a PNG too"
        );
        let svg = room.read(&format!("pictures/{picture}"));
        assert!(
            svg.contains("quickstart") && svg.contains("second"),
            "{picture} names both runs"
        );
    }
}

#[test]
fn plot_and_report_tell_what_is_no_result() {
    let room = Room::new();
    room.write("empty/metrics.json", "");
    room.write("other/metrics.json", "{\"f1\": 1}");
    fs::create_dir(room.path("none")).unwrap();
    for (name, word) in [
        ("empty", "no metrics.json"),
        ("other", "no metrics.json"),
        ("none", "no such file"),
        ("missing", "no such file"),
    ] {
        room.deeplog(&format!("plot {name} --out pictures"))
            .fails(1, &[name, word]);
        room.deeplog(&format!("report {name}")).fails(1, &[name, word]);
    }
    assert_eq!(room.files("pictures"), [""; 0]);
}

#[test]
fn report_prints_the_tables_of_results() {
    let outcome = Room::new().deeplog(&format!("report {}", quickstart().display())).ok();
    assert!(outcome.stdout.contains("| unseen key set |"), "{}", outcome.stdout);
}

#[test]
fn splice_renews_tables_and_leaves_everything_else() {
    let room = Room::new();
    room.deeplog(&format!("{} --out results", quickstart_call())).ok();
    let text = |table: &str| {
        format!(
            "# Title\r\n\ntext | text\n<!-- deeplog report: results -->\n{table}<!-- end of report -->\nafter\n\n<!-- deeplog report: results/metrics.json -->\n<!-- end of report -->"
        )
    };
    room.write("README.md", text("an old table\n"));
    room.deeplog("report --splice README.md").ok();
    let once = room.read("README.md");
    assert!(
        once.contains("| unseen key set |") && !once.contains("an old table"),
        "{once}"
    );
    assert!(
        once.starts_with("# Title\r\n\ntext | text\n<!-- deeplog report: results -->\n"),
        "{once}"
    );
    assert!(
        once.contains("<!-- end of report -->\nafter\n\n<!-- deeplog report: results/metrics.json -->\n"),
        "{once}"
    );
    assert!(once.ends_with("\n<!-- end of report -->"), "{once}");
    room.deeplog("report --splice README.md").ok();
    assert_eq!(room.read("README.md"), once, "a second time changes nothing");
}

#[test]
fn a_grid_has_no_table_by_kind() {
    let room = session_room();
    room.deeplog("run sessions.toml --set grid.detection.top_g=[1,2] --out grid")
        .ok();
    for name in ["grid", "grid/metrics.json"] {
        let text = format!("<!-- deeplog report: {name} by kind -->\n<!-- end of report -->");
        room.write("README.md", &text);
        let said = room.deeplog("report --splice README.md");
        let said = said.fails(1, &["is of a grid, which has no table by kind"]).stderr;
        assert!(said.contains("below grid/runs/"), "{said}");
        assert_eq!(room.read("README.md"), text);
    }
}

#[test]
fn splice_tells_what_is_wrong_and_changes_nothing() {
    let room = Room::new();
    let cases = [
        (
            "<!-- deeplog report: results -->\nno end",
            "the table of results has no end",
        ),
        ("<!-- deeplog report: results\nno end", "a marker is not closed"),
        ("nothing", "holds no table to renew"),
        ("", "holds no table to renew"),
        ("<!-- deeplog report: missing -->\n<!-- end of report -->", "missing"),
        (
            "<!-- deeplog report: one -->\n<!-- deeplog report: two -->\n<!-- end of report -->",
            "one",
        ),
    ];
    for (text, fact) in cases {
        room.write("README.md", text);
        room.deeplog("report --splice README.md").fails(1, &[fact]);
        assert_eq!(room.read("README.md"), text);
    }
    room.deeplog("report --splice missing.md").fails(1, &["missing.md"]);
    assert_eq!(room.files("."), ["README.md"]);
}

/// Whether a value has every required field that a schema names, all the way down.
fn assert_fits(value: &Value, schema: &Value, root: &Value, at: &str) {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(name) => root
            .pointer(name.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{name} is not in the schema")),
        None => schema,
    };
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        if !value.is_null() {
            assert_fits(value, &choices[0], root, at);
        }
        return;
    }
    for field in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        assert!(
            value.get(field.as_str().unwrap()).is_some(),
            "{at} has no {field}: {value}"
        );
    }
    for (field, below) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if let Some(value) = value.get(field) {
            assert_fits(value, below, root, &format!("{at}.{field}"));
        }
    }
    let rest = schema.get("additionalProperties").filter(|below| below.is_object());
    for (field, value) in value.as_object().into_iter().flatten().filter(|_| rest.is_some()) {
        assert_fits(value, rest.unwrap(), root, &format!("{at}.{field}"));
    }
    if let (Some(below), Some(values)) = (schema.get("items"), value.as_array()) {
        values.iter().for_each(|value| assert_fits(value, below, root, at));
    }
    let named = match schema.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        Some(Value::Array(names)) => names.iter().map(|name| name.as_str().unwrap()).collect(),
        _ => return,
    };
    let fits = |name: &&str| match *name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    };
    assert!(named.iter().any(fits), "{at} is no {named:?}: {value}");
}

#[test]
fn metrics_fit_the_published_schema() {
    let room = Room::new();
    let schema: Value = serde_json::from_str(&room.deeplog("report --schema").ok().stdout).unwrap();
    assert!(schema["required"].as_array().unwrap().len() >= 10, "{schema}");
    let text = fs::read_to_string(quickstart().join("metrics.json")).unwrap();
    let mut metrics: Value = serde_json::from_str(&text).unwrap();
    assert_fits(&metrics, &schema, &schema, "metrics");
    let known = schema["properties"].as_object().unwrap();
    assert!(
        metrics
            .as_object()
            .unwrap()
            .keys()
            .all(|field| known.contains_key(field)),
        "every field is in the schema"
    );
    metrics["data"]["test"].as_object_mut().unwrap().remove("distinct");
    let broken = std::panic::catch_unwind(|| assert_fits(&metrics, &schema, &schema, "metrics"));
    assert!(broken.is_err(), "the check sees a missing field");
}
