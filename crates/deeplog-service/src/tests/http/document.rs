//! The OpenAPI document says what is so.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Served;

/// Whether a value is what a schema says: its type, the fields that must be there and no others.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let found = document.pointer(reference.strip_prefix('#').unwrap());
        return check(document, found.unwrap_or_else(|| panic!("{reference}")), value, place);
    }
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let fits = |choice: &&Value| {
            let (document, choice, value) = (document.clone(), (*choice).clone(), value.clone());
            std::panic::catch_unwind(move || check(&document, &choice, &value, "")).is_ok()
        };
        assert!(
            choices.iter().any(|choice| fits(&choice)),
            "{place}: {value} is none of {choices:?}"
        );
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() || number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is = |name: &Value| name == kind || (name == "number" && kind == "integer");
    match &schema["type"] {
        Value::Null => {}
        Value::Array(names) => assert!(names.iter().any(is), "{place}: {value} is no {names:?}"),
        name => assert!(is(name), "{place}: {value} is no {name}"),
    }
    if let (Some(values), schema @ Value::Object(_)) = (value.as_array(), &schema["items"]) {
        for (index, value) in values.iter().enumerate() {
            check(document, schema, value, &format!("{place}[{index}]"));
        }
    }
    let (Some(fields), Some(value)) = (schema["properties"].as_object(), value.as_object()) else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.contains_key(name.as_str().unwrap()), "{place} lacks {name}");
    }
    for (name, value) in value {
        let schema = fields
            .get(name)
            .unwrap_or_else(|| panic!("{place}.{name} is not in the document"));
        check(document, schema, value, &format!("{place}.{name}"));
    }
}

fn answer_schema<'d>(document: &'d Value, method: &str, path: &str, status: StatusCode) -> &'d Value {
    let answer = &document["paths"][path][method]["responses"][status.as_str()];
    let content = answer["content"].as_object();
    let content = content.unwrap_or_else(|| panic!("{method} {path} {status} is not in the document"));
    &content.values().next().unwrap()["schema"]
}

#[test]
fn answers_are_what_the_document_says() {
    let served = Served::with_log();
    served.push("081109 203615 148 INFO dfs.X: what never was blk_1\n081109 203615 148 INFO dfs.X: nor this blk_1\n");
    served.settle();
    let document = served.json("/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    let newest = served.json("/v1/findings")["items"][0]["id"].to_string();
    let paths = [
        ("/v1/findings", "/v1/findings".to_owned()),
        ("/v1/findings", "/v1/findings?limit=1".to_owned()),
        ("/v1/findings", "/v1/findings?limit=0".to_owned()),
        ("/v1/findings/{id}", format!("/v1/findings/{newest}")),
        ("/v1/findings/{id}", "/v1/findings/1".to_owned()),
        ("/v1/findings/{id}", "/v1/findings/0".to_owned()),
        ("/v1/findings/histogram", "/v1/findings/histogram".to_owned()),
        ("/v1/sessions", "/v1/sessions?limit=2".to_owned()),
        ("/v1/templates", "/v1/templates".to_owned()),
        ("/v1/templates", "/v1/templates?source=z".to_owned()),
        ("/v1/sources", "/v1/sources".to_owned()),
        ("/v1/model", "/v1/model".to_owned()),
        ("/v1/volume", "/v1/volume".to_owned()),
        ("/health", "/health".to_owned()),
        ("/ready", "/ready".to_owned()),
        ("/openapi.json", "/openapi.json".to_owned()),
    ];
    for (path, asked) in &paths {
        let answer = served.get(asked);
        check(
            &document,
            answer_schema(&document, "get", path, answer.status),
            &answer.json(),
            asked,
        );
    }
    for (path, asked, body) in [
        ("/v1/ingest", "/v1/ingest", "one\ntwo"),
        ("/v1/ingest", "/v1/ingest?source=z", "one"),
        ("/v1/detect", "/v1/detect", r#"{"lines": ["one"]}"#),
        ("/v1/detect", "/v1/detect", "[]"),
    ] {
        let answer = served.post(asked, &[], body);
        check(
            &document,
            answer_schema(&document, "post", path, answer.status),
            &answer.json(),
            asked,
        );
    }
    // All that is in it was asked for here, but for what is no JSON.
    let known = document["paths"].as_object().unwrap().keys();
    let asked = paths
        .iter()
        .map(|(path, _)| *path)
        .chain(["/v1/ingest", "/v1/detect", "/v1/events", "/metrics"]);
    let asked: std::collections::BTreeSet<&str> = asked.collect();
    assert!(known.map(String::as_str).eq(asked));
    let parameters = document["paths"]["/v1/findings"]["get"]["parameters"]
        .as_array()
        .unwrap();
    let names = parameters.iter().map(|parameter| &parameter["name"]);
    let expected = [
        "cursor", "from", "limit", "reason", "session", "source", "template", "to",
    ];
    assert!(names.eq(&expected.map(Value::from)), "{parameters:?}");
    assert_eq!(parameters[0]["in"], json!("query"));
}

/// Whatever the document names is answered, and by the method that it says.
#[test]
fn every_route_of_the_document_is_there() {
    let served = Served::new();
    let document = served.json("/openapi.json");
    for (path, methods) in document["paths"].as_object().unwrap() {
        let has = |method: &str| methods.get(method).is_some();
        assert!(has("get") != has("post"), "{path}");
        let asked = path.replace("{id}", "1");
        let other = if has("get") {
            served.post(&asked, &[], "")
        } else {
            served.get(&asked)
        };
        assert_eq!(other.status, 405, "{path}");
    }
}
