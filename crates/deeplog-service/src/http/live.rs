//! What is going on: sources, open sessions, templates, the model, volume.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use sequence_windowing::Timestamp;
use serde::{Deserialize, Serialize};

use super::State;
use super::answer::{Json, Problem};
use super::ask::{Asked, cursor, limit, place};
use crate::times::as_rfc3339;
use crate::{OpenSession, Source, rfc3339};

const MINUTE: i64 = 60_000_000;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfSource {
    /// Name of the source; the first one if it is left out.
    source: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionParameters {
    /// Name of the source; the first one if it is left out.
    source: Option<String>,
    /// Items to give, 1 to 1000; 100 if it is left out.
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl OfSource {
    pub(super) fn source(&self) -> Option<&String> {
        self.source.as_ref()
    }
}

/// The sources.
#[derive(Serialize, JsonSchema)]
pub(super) struct Sources {
    items: Vec<SourceItem>,
}

/// What came of a source so far.
#[derive(Serialize, JsonSchema)]
pub(super) struct SourceItem {
    /// Its name.
    name: String,
    /// Lines that were judged.
    lines: u64,
    /// Their bytes.
    bytes: u64,
    /// When the last of them came, RFC 3339; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<String>,
    /// What the log's own clock shows, RFC 3339; absent where the log says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<String>,
    /// Sessions that have not ended.
    open_sessions: u64,
    /// Counts since the source was last defined.
    since_defined: Counts,
}

/// What became of lines.
#[derive(Serialize, JsonSchema)]
pub(super) struct Counts {
    /// Lines.
    lines: u64,
    /// Those that are a message, or begin one.
    messages: u64,
    /// Lines that belong to a message that began before.
    joined: u64,
    /// Lines with nothing in them.
    blank: u64,
    /// Lines that do not fit the header and follow one that does.
    continuations: u64,
    /// Lines that do not fit the header, before any that does.
    without_header: u64,
    /// Messages that no event template fits.
    without_template: u64,
    /// Messages whose log key the model does not know.
    unseen: u64,
    /// Messages that belong to no session.
    without_session: u64,
    /// Sessions that were begun.
    sessions: u64,
    /// Sessions that were ended early, so that not too many are open.
    evicted: u64,
}

/// Open sessions in the order of their opening.
#[derive(Serialize, JsonSchema)]
pub(super) struct Sessions {
    items: Vec<OpenSession>,
    /// What to give as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// All that are open.
    open: u64,
}

/// Event templates, the most frequent first.
#[derive(Serialize, JsonSchema)]
pub(super) struct Templates {
    items: Vec<TemplateItem>,
}

/// An event template.
#[derive(Serialize, JsonSchema)]
pub(super) struct TemplateItem {
    /// Name of its log key.
    key: String,
    /// Its text; absent where the key has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    /// Messages with it since the source was last defined.
    count: u64,
}

/// The model that judges a source.
#[derive(Serialize, JsonSchema)]
pub(super) struct ModelItem {
    /// Name of the source.
    source: String,
    /// SHA-256 of the model file, in hex.
    sha256: String,
    /// Version of the program that wrote it.
    program: String,
    /// Log keys that it knows.
    keys: u64,
    /// Event templates that it knows.
    templates: u64,
    /// Shape of the next-key model.
    #[schemars(with = "serde_json::Value")]
    shape: deeplog_lstm::ModelConfig,
    /// What training saw.
    #[schemars(with = "serde_json::Value")]
    training: deeplog::TrainingSummary,
    /// SHA-256 of the files that training read, by name.
    data: BTreeMap<String, String>,
    /// Whether sessions get p-values.
    calibrated: bool,
    /// The budget of alarms that is asked of it here, where it is another than the model's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<String>,
}

/// Lines and findings in the minutes of the last day in which there were any.
#[derive(Serialize, JsonSchema)]
pub(super) struct VolumeList {
    minutes: Vec<VolumeItem>,
}

/// One minute.
#[derive(Serialize, JsonSchema)]
pub(super) struct VolumeItem {
    /// When it began, RFC 3339.
    #[serde(serialize_with = "as_rfc3339::serialize")]
    #[schemars(with = "String")]
    from: Timestamp,
    /// Lines that came in it.
    lines: u64,
    /// Findings that came of them.
    findings: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VolumeParameters {
    /// Name of the source; all together if it is left out.
    source: Option<String>,
}

pub(super) async fn sources(shared: State) -> Result<Json<Sources>, Problem> {
    let items = shared
        .look(|engine| {
            let sources = engine.sources();
            sources.map(|(name, source)| SourceItem::of(name, source)).collect()
        })
        .await?;
    Ok(Json(Sources { items }))
}

impl SourceItem {
    fn of(name: &str, source: &Source) -> Self {
        let (lines, groups) = (source.line_counters(), source.group_counters());
        Self {
            name: name.to_owned(),
            lines: source.lines(),
            bytes: source.bytes(),
            received: (source.lines() > 0).then(|| rfc3339(source.received())),
            clock: source.pipeline().clock().map(rfc3339),
            open_sessions: source.pipeline().open_sessions() as u64,
            since_defined: Counts {
                lines: lines.lines,
                messages: lines.messages,
                joined: lines.joined,
                blank: lines.blank,
                continuations: lines.continuations,
                without_header: lines.without_header,
                without_template: lines.without_template,
                unseen: source.pipeline().unseen(),
                without_session: groups.without_session,
                sessions: groups.sessions,
                evicted: groups.evicted,
            },
        }
    }
}

pub(super) async fn sessions(
    shared: State,
    Asked(parameters): Asked<SessionParameters>,
) -> Result<Json<Sessions>, Problem> {
    let limit = limit(parameters.limit)?;
    let after = place(parameters.cursor.as_ref())?;
    let look = move |source: &Source| {
        let open = source.pipeline().open_sessions() as u64;
        (source.open_sessions(after, limit + 1), open)
    };
    let (mut items, open) = shared.look_at(parameters.source.as_ref(), look).await?;
    let has_next = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| has_next).map(|last| cursor(last.number));
    Ok(Json(Sessions { items, next, open }))
}

pub(super) async fn templates(shared: State, Asked(parameters): Asked<OfSource>) -> Result<Json<Templates>, Problem> {
    let look = |source: &Source| {
        let counts = source.template_counts().into_iter();
        let items = counts.map(|(key, count)| TemplateItem {
            template: source.template(&key).map(str::to_owned),
            key: key.to_string(),
            count,
        });
        items.collect::<Vec<_>>()
    };
    let mut items = shared.look_at(parameters.source.as_ref(), look).await?;
    // By key where counts are equal, as they come.
    items.sort_by_key(|item| std::cmp::Reverse(item.count));
    Ok(Json(Templates { items }))
}

pub(super) async fn model(shared: State, Asked(parameters): Asked<OfSource>) -> Result<Json<ModelItem>, Problem> {
    let look = |source: &Source| (source.definition().clone(), source.model().clone());
    let (definition, model) = shared.look_at(parameters.source.as_ref(), look).await?;
    let description = &model.artefact.description;
    // Folders of the machine that trained it are nobody's business.
    let name = |path: &String| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let data = description.data.iter().map(|(path, hash)| (name(path), hash.clone()));
    Ok(Json(ModelItem {
        source: shared.source(parameters.source.as_ref())?.to_string(),
        sha256: definition.model,
        program: description.program.clone(),
        keys: description.vocabulary.len() as u64,
        templates: description.templates.len() as u64,
        shape: description.model.clone(),
        training: description.training.clone(),
        data: data.collect(),
        calibrated: description.calibration.is_some(),
        alerts: definition.alerts,
    }))
}

pub(super) async fn volume(
    shared: State,
    Asked(parameters): Asked<VolumeParameters>,
) -> Result<Json<VolumeList>, Problem> {
    let asked = parameters.source.as_ref();
    let only = asked.map(|_| shared.source(asked)).transpose()?;
    let minutes = shared
        .look(move |engine| {
            let mut minutes: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
            let sources = engine.sources();
            for (_, source) in sources.filter(|(name, _)| only.as_ref().is_none_or(|only| only == *name)) {
                for minute in source.volume().minutes() {
                    let sum = minutes.entry(minute.minute).or_default();
                    sum.0 += minute.lines;
                    sum.1 += minute.findings;
                }
            }
            minutes
        })
        .await?;
    let minutes = minutes.into_iter().map(|(minute, (lines, findings))| VolumeItem {
        from: Timestamp(minute * MINUTE),
        lines,
        findings,
    });
    Ok(Json(VolumeList {
        minutes: minutes.collect(),
    }))
}
