//! `POST /v1/detect`: verdicts on given lines or sessions. Nothing of it stays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::StatusCode;
use deeplog::{Model, Output, Pipeline};
use detection::{Detector, Finding, Symbol, Verdict};
use schemars::JsonSchema;
use sequence_windowing::{Event, KeyName, Session, SessionEnd};
use serde::{Deserialize, Serialize};

use super::State;
use super::answer::{Json, Problem};
use super::ask::Asked;
use super::ingest::receive;
use super::live::OfSource;

/// Lines, or events of all sessions together, that are judged at once.
const MOST: usize = 100_000;

/// What is to be judged: one of the two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    /// Raw lines, which are read and formed into sessions as the source's are.
    lines: Option<Vec<String>>,
    /// Sessions of log keys, each of them whole.
    sessions: Option<Vec<GivenSession>>,
}

/// A whole session.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenSession {
    /// Its identifier.
    id: String,
    /// Names of its log keys, in their order.
    keys: Vec<String>,
}

/// The verdicts. Sessions of lines end with them, as at the end of a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct Detected {
    /// One for each session, as `deeplog detect --format jsonl` gives them.
    #[schemars(with = "Vec<serde_json::Value>")]
    verdicts: Vec<Verdict>,
    /// Event templates of the log keys that the verdicts name, where they have one.
    templates: BTreeMap<String, String>,
    /// Lines that no event template fits, or that do not fit the header.
    unread_lines: u64,
}

pub(super) async fn detect(
    shared: State,
    Asked(parameters): Asked<OfSource>,
    body: axum::body::Body,
) -> Result<Json<Detected>, Problem> {
    let look = |source: &crate::Source| source.model().clone();
    let model = shared.look_at(parameters.source(), look).await?;
    let permit = shared.detections.clone().try_acquire_owned().map_err(|_| {
        let detail = "another request for verdicts is being worked on";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail, "send it again later").retry_after(1)
    })?;
    let body = receive(&shared, &Default::default(), body).await?;
    let detected = tokio::task::spawn_blocking(move || {
        let detected = judge(&model, &body);
        drop(permit);
        detected
    });
    let detected = detected
        .await
        .map_err(|error| Problem::unavailable(error.to_string()))?;
    detected.map(Json)
}

fn judge(model: &Model, body: &Bytes) -> Result<Detected, Problem> {
    let hint = r#"send {"lines": ["...", ...]} or {"sessions": [{"id": "...", "keys": ["...", ...]}, ...]}"#;
    let given: Given = serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body is not understood: {error}"), hint))?;
    let too_many = |count: usize| {
        let detail = format!("{count} lines or events are more than {MOST}");
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            detail,
            "send fewer at once, or use `deeplog detect`",
        )
    };
    let (verdicts, unread_lines) = match given {
        Given {
            lines: Some(lines),
            sessions: None,
        } if lines.len() <= MOST => of_lines(model, &lines)?,
        Given {
            lines: None,
            sessions: Some(sessions),
        } => {
            let events = sessions.iter().map(|session| session.keys.len() + 1).sum();
            if events > MOST {
                return Err(too_many(events));
            }
            (of_sessions(model, sessions), 0)
        }
        Given {
            lines: Some(lines),
            sessions: None,
        } => return Err(too_many(lines.len())),
        Given { .. } => {
            let detail = "the body must have either `lines` or `sessions`";
            return Err(Problem::bad_request(detail, hint));
        }
    };
    let templates = &model.artefact.description.templates;
    let named: BTreeSet<&KeyName> = verdicts
        .iter()
        .flat_map(|verdict| &verdict.findings)
        .flat_map(keys)
        .collect();
    let templates = named
        .into_iter()
        .filter_map(|key| Some((key.to_string(), templates.get(key)?.clone())));
    Ok(Detected {
        templates: templates.collect(),
        verdicts,
        unread_lines,
    })
}

fn of_lines(model: &Model, lines: &[String]) -> Result<(Vec<Verdict>, u64), Problem> {
    let failed = |error: deeplog::Error| {
        let hint = error.hint().unwrap_or_default().to_owned();
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string(), hint)
    };
    let Some((profile, reader)) = model.line_reader().map_err(failed)? else {
        let detail = "the model was trained on session files and reads no lines";
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            detail,
            "send `sessions`",
        ));
    };
    let mut pipeline = Pipeline::new(profile, reader, model.detector.clone()).map_err(failed)?;
    let mut outputs = Vec::new();
    for line in lines {
        pipeline.push_block(format!("{line}\n").as_bytes(), &mut outputs);
    }
    let counters = pipeline.reader().counters();
    pipeline.finish(&mut outputs);
    let verdicts = outputs.into_iter().filter_map(|output| match output {
        Output::Verdict { verdict, .. } => Some(verdict),
        Output::Finding { .. } => None,
    });
    let unread = counters.without_template + counters.without_header + counters.continuations;
    Ok((verdicts.collect(), unread))
}

fn of_sessions(model: &Model, sessions: Vec<GivenSession>) -> Vec<Verdict> {
    let sessions = (1..).zip(sessions).map(|(line, session)| {
        let event = |key: String| Event {
            key: KeyName::from(key),
            line,
            time: None,
        };
        model.vocabulary.encode(&Session {
            id: Arc::from(session.id),
            events: session.keys.into_iter().map(event).collect(),
            end: SessionEnd::Explicit,
            dropped_events: 0,
        })
    });
    let sessions: Vec<Session> = sessions.collect();
    model.detector.judge(&sessions, &mut |_| ())
}

/// The log keys that a finding names.
fn keys(finding: &Finding) -> impl Iterator<Item = &KeyName> {
    let expected = finding.expected.iter().map(|candidate| &candidate.symbol);
    expected.chain(&finding.seen).filter_map(|symbol| match symbol {
        Symbol::Key(key) => Some(key),
        Symbol::End => None,
    })
}
