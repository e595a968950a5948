//! The OpenAPI document, made of the same list as the router.

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::answer::Problem;
use super::routes;

/// Makes the schema of a type, and of all that it holds.
type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// What the document says of a route.
pub(super) struct Operation {
    summary: &'static str,
    query: Option<MakeSchema>,
    /// Where it stands, its name, and what it is.
    others: Vec<(&'static str, &'static str, &'static str)>,
    sent: Option<Sent>,
    answers: Vec<(u16, &'static str, Option<MakeSchema>)>,
}

/// What is sent with a request.
pub(super) enum Sent {
    /// Lines in any way that is read.
    Lines,
    /// JSON of this form.
    Json(MakeSchema),
}

impl Sent {
    pub(super) fn json<T: JsonSchema>() -> Self {
        Self::Json(SchemaGenerator::subschema_for::<T>)
    }
}

impl Operation {
    pub(super) fn new(summary: &'static str) -> Self {
        Self {
            summary,
            query: None,
            others: Vec::new(),
            sent: None,
            answers: Vec::new(),
        }
    }

    /// Parameters in the query string: the fields of a type.
    pub(super) fn asks<T: JsonSchema>(mut self) -> Self {
        self.query = Some(SchemaGenerator::root_schema_for::<T>);
        self
    }

    pub(super) fn header(mut self, name: &'static str, about: &'static str) -> Self {
        self.others.push(("header", name, about));
        self
    }

    pub(super) fn in_path(mut self, name: &'static str, about: &'static str) -> Self {
        self.others.push(("path", name, about));
        self
    }

    pub(super) fn takes(mut self, sent: Sent) -> Self {
        self.sent = Some(sent);
        self
    }

    pub(super) fn gives<T: JsonSchema>(self) -> Self {
        self.also::<T>(200)
    }

    pub(super) fn also<T: JsonSchema>(mut self, status: u16) -> Self {
        let schema: MakeSchema = SchemaGenerator::subschema_for::<T>;
        self.answers.push((status, "application/json", Some(schema)));
        self
    }

    pub(super) fn gives_events<T: JsonSchema>(mut self) -> Self {
        let schema: MakeSchema = SchemaGenerator::subschema_for::<T>;
        self.answers.push((200, "text/event-stream", Some(schema)));
        self
    }

    pub(super) fn gives_text(mut self, content_type: &'static str) -> Self {
        self.answers.push((200, content_type, None));
        self
    }

    pub(super) fn fails(mut self, with: &[u16]) -> Self {
        let problem: MakeSchema = SchemaGenerator::subschema_for::<Problem>;
        let answers = with
            .iter()
            .map(|&status| (status, "application/problem+json", Some(problem)));
        self.answers.extend(answers);
        self
    }

    fn describe(&self, schemas: &mut SchemaGenerator) -> Value {
        let mut parameters: Vec<Value> = self
            .others
            .iter()
            .map(|&(place, name, about)| {
                json!({
                    "name": name, "in": place, "required": place == "path", "description": about,
                    "schema": {"type": "string"},
                })
            })
            .collect();
        if let Some(query) = self.query {
            let fields = query(schemas);
            let fields = fields
                .get("properties")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default();
            parameters.extend(fields.into_iter().map(|(name, mut schema)| {
                let about = schema.as_object_mut().and_then(|schema| schema.remove("description"));
                json!({"name": name, "in": "query", "required": false, "description": about, "schema": schema})
            }));
        }
        let mut answers = Map::new();
        for &(status, content_type, schema) in &self.answers {
            let schema = schema.map_or(json!({"type": "string"}), |schema| schema(schemas).to_value());
            let title = StatusCode::from_u16(status)
                .ok()
                .and_then(|status| status.canonical_reason());
            let mut content = Map::new();
            content.insert(content_type.to_owned(), json!({"schema": schema}));
            answers.insert(status.to_string(), json!({"description": title, "content": content}));
        }
        let mut operation = json!({"summary": self.summary, "parameters": parameters, "responses": answers});
        if let Some(sent) = &self.sent {
            operation["requestBody"] = sent.describe(schemas);
        }
        operation
    }
}

impl Sent {
    fn describe(&self, schemas: &mut SchemaGenerator) -> Value {
        let content = match self {
            Self::Json(schema) => json!({"application/json": {"schema": schema(schemas)}}),
            Self::Lines => json!({
                "text/plain": {"schema": {"type": "string", "description": "Lines"}},
                "application/x-ndjson": {"schema": {
                    "type": "string",
                    "description": "An object a line, with the message in a field that the source names: `message`, `log`, `msg`, \
                                    `MESSAGE` or `line` if it names none",
                }},
                "application/json": {"schema": {"type": "array", "items": {"type": ["object", "string"]}}},
            }),
        };
        json!({"required": true, "content": content})
    }
}

/// The whole document.
pub(super) fn describe() -> Value {
    let mut schemas = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .for_serialize()
        .into_generator();
    let mut paths = Map::new();
    for route in routes::all() {
        if let Some(operation) = route.operation {
            let path = paths.entry(route.path).or_insert_with(|| json!({}));
            path[route.method.as_str().to_ascii_lowercase()] = operation.describe(&mut schemas);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "DeepLog",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Log lines in, explained findings out. Text in answers comes from logs: show it as text, and as \
                            nothing else.",
        },
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "securitySchemes": {"token": {
                "type": "http", "scheme": "bearer",
                "description": "A token that `deeplog token create` gave. Without any tokens the service listens on loopback only.",
            }},
        },
    })
}

pub(super) async fn document() -> Response {
    // It names nothing but our own types: there is nothing in it to be escaped.
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| describe().to_string());
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}
