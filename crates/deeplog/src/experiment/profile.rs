//! What is known of a kind of log: the dataset TOML.

use std::path::PathBuf;

use drain_parser::{AutoConfig, DrainConfig, LineFormat, ParserConfig};
use sequence_windowing::{Collector, Grouper, InvalidRule, InvalidTimeFormat, Limits, SessionRule, TimeFormat, Zone};

use super::fields::Fields;
use crate::error::{Error, Result};

/// A dataset: how its lines are split, stamped, parsed, grouped and labelled.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Name, such as `HDFS_v1`.
    pub name: String,
    /// How lines are laid out.
    pub header: LineFormat,
    /// The time stamp, where lines carry one.
    pub time: Option<Stamp>,
    /// How templates are found.
    pub parser: ParserConfig,
    /// Templates to begin with, whose settings are to be used in place of [`Self::parser`].
    pub known: Option<KnownTemplates>,
    /// Which lines form a session.
    pub session: SessionRule,
    /// When a session closes, and how much is kept open.
    pub limits: Limits,
    /// Where labels come from.
    pub labels: Option<LabelRule>,
}

impl Profile {
    /// Forms sessions whole, by the dataset's rule.
    pub fn collector<K: Clone>(&self) -> Result<Collector<K>> {
        Collector::new(self.session.clone(), self.limits.clone()).map_err(|error| self.no_rule(&error))
    }

    /// Forms sessions as their events come, by the dataset's rule.
    pub fn grouper<S>(&self) -> Result<Grouper<S>> {
        Grouper::new(self.session.clone(), self.limits.clone()).map_err(|error| self.no_rule(&error))
    }

    /// Whether sessions end by themselves while a log goes on. Others end with their input, or when too many are open.
    #[must_use]
    pub fn ends_sessions(&self) -> bool {
        let has_windows = matches!(self.session, SessionRule::Time { .. } | SessionRule::Count { .. });
        has_windows || self.limits.idle.is_some()
    }

    fn no_rule(&self, error: &InvalidRule) -> Error {
        Error::config(format!("dataset {}", self.name), "session", error.to_string())
    }
}

/// A parser state that training begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownTemplates {
    /// The file, which `deeplog parse --state` wrote.
    pub state: PathBuf,
    /// Whether templates are learnt anew from the training lines, with the settings and edits of the state; otherwise they
    /// are exactly the state's, whatever lines taught them. Default: they are learnt.
    pub learn: bool,
}

/// A time stamp in a line header.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamp {
    /// Header fields that hold it, joined by one space.
    pub fields: Vec<String>,
    /// Their format, in chrono's `strftime` language.
    pub format: String,
    /// The year, where stamps carry none.
    pub year: Option<i32>,
    /// The zone, where stamps do not say it. Default UTC.
    pub zone: Zone,
}

impl Stamp {
    /// What reads it.
    ///
    /// # Errors
    /// If the format is none.
    pub fn compile(&self) -> Result<TimeFormat, InvalidTimeFormat> {
        Ok(TimeFormat::new(&self.format, self.year)?.in_zone(self.zone))
    }
}

/// Where labels come from.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelRule {
    /// A CSV with a row a session.
    Session {
        /// The file beside the log, unless the experiment names one.
        file: Option<PathBuf>,
        /// Column of the identifier; the first one if none is given.
        id_column: Option<String>,
        /// Column of the label; the second one if none is given.
        label_column: Option<String>,
        /// What a normal session's label says, and no other's. `None`: labels are spelt in one of the usual ways, see
        /// [`Labels::read`](crate::Labels::read).
        normal: Option<String>,
    },
    /// A header field of every line; a session with one anomalous line is anomalous.
    Line {
        /// The field.
        field: String,
        /// What a normal line's label says.
        normal: String,
    },
}

/// Settings that the `auto` method does not have.
const OF_DRAIN: [&str; 6] = [
    "similarity",
    "depth",
    "max_children",
    "max_clusters",
    "numeric_tokens",
    "extra_delimiters",
];

/// Reads a dataset's table; `None` if a mistake makes it unusable (which is then remembered).
pub(super) fn read(mut fields: Fields<'_>) -> Option<Profile> {
    let name = fields.or("name", String::from("unnamed"));
    for prose in ["description", "licence", "citation", "homepage"] {
        fields.optional::<String>(prose);
    }
    // Read by scripts/fetch-datasets.
    fields.optional::<Vec<toml::Table>>("fetch");
    let header = read_header(fields.section("header"));
    let time = fields.has("time").then(|| read_stamp(fields.section("time"))).flatten();
    let (parser, known) = read_parser(fields.section("parser"));
    let session = read_session(fields.section("session"));
    let labels = fields
        .has("labels")
        .then(|| read_labels(fields.section("labels")))
        .flatten();
    if let Some(header) = &header {
        let known = |field: &str| header.fields().iter().any(|name| name == field);
        let stamps = time
            .iter()
            .flat_map(|time| &time.fields)
            .map(|field| ("time.fields", &**field));
        let label = labels.iter().filter_map(|rule| match rule {
            LabelRule::Line { field, .. } => Some(("labels.field", &**field)),
            LabelRule::Session { .. } => None,
        });
        let stream = session
            .iter()
            .filter_map(|(rule, _)| rule.field())
            .map(|field| ("session.field", field));
        for (at, field) in stamps.chain(label).chain(stream) {
            fields.ensure(known(field), at, || {
                format!(
                    "`{field}` is no field of the header, which has {}",
                    header.fields().join(", ")
                )
            });
        }
    }
    fields.finish();
    let (session, limits) = session?;
    Some(Profile {
        name,
        header: header?,
        time,
        parser,
        known,
        session,
        limits,
        labels,
    })
}

fn read_header(mut fields: Fields<'_>) -> Option<LineFormat> {
    let format = fields.or("format", String::from("<Content>"));
    let header = LineFormat::compile(&format)
        .map_err(|error| fields.problem("format", error.to_string()))
        .ok();
    fields.finish();
    header
}

fn read_stamp(mut fields: Fields<'_>) -> Option<Stamp> {
    let names = fields.required("fields");
    let format: Option<String> = fields.required("format");
    let year = fields.optional("year");
    let zone = fields.or("zone", Zone::default());
    if let Some(format) = &format
        && let Err(error) = TimeFormat::new(format, year)
    {
        fields.problem("format", error.to_string());
    }
    fields.finish();
    Some(Stamp {
        fields: names?,
        format: format?,
        year,
        zone,
    })
}

fn read_parser(mut fields: Fields<'_>) -> (ParserConfig, Option<KnownTemplates>) {
    let state: Option<PathBuf> = fields.optional("state");
    let learn: Option<bool> = fields.optional("learn");
    if let Some(state) = state {
        let settings = OF_DRAIN.into_iter().chain(["method", "masks", "max_patterns"]);
        for field in settings {
            if fields.optional::<toml::Value>(field).is_some() {
                fields.problem(field, "comes from the parser state: remove it, or remove `state`");
            }
        }
        fields.finish();
        let learn = learn.unwrap_or(true);
        return (ParserConfig::default(), Some(KnownTemplates { state, learn }));
    }
    fields.ensure(learn.is_none(), "learn", || {
        "needs templates to begin with: give a `state` too".into()
    });
    (read_settings(fields), None)
}

fn read_settings(mut fields: Fields<'_>) -> ParserConfig {
    let method: String = fields.or("method", "auto".into());
    let config = match &*method {
        "drain" => ParserConfig::Drain(read_drain(&mut fields)),
        "auto" => {
            let default = AutoConfig::default();
            for field in OF_DRAIN {
                if fields.optional::<toml::Value>(field).is_some() {
                    fields.problem(
                        field,
                        "is a setting of Drain, and the method is `auto`: remove it, or write `method = \"drain\"`",
                    );
                }
            }
            ParserConfig::Auto(AutoConfig {
                masks: fields.or("masks", default.masks),
                max_patterns: fields.or("max_patterns", default.max_patterns),
            })
        }
        other => {
            fields.problem(
                "method",
                format!("`{other}` finds no templates; known are auto and drain"),
            );
            ParserConfig::Drain(read_drain(&mut fields))
        }
    };
    if let Err(errors) = config.validate() {
        errors
            .problems()
            .iter()
            .for_each(|problem| fields.problem(&problem.field, problem.fact.clone()));
    }
    fields.finish();
    config
}

fn read_drain(fields: &mut Fields<'_>) -> DrainConfig {
    let default = DrainConfig::default();
    DrainConfig {
        similarity: fields.or("similarity", default.similarity),
        depth: fields.or("depth", default.depth),
        max_children: fields.or("max_children", default.max_children),
        max_clusters: fields.optional("max_clusters").or(default.max_clusters),
        numeric_tokens: fields.or("numeric_tokens", default.numeric_tokens),
        extra_delimiters: fields.or("extra_delimiters", default.extra_delimiters),
        masks: fields.or("masks", default.masks),
    }
}

fn read_session(mut fields: Fields<'_>) -> Option<(SessionRule, Limits)> {
    let by: Option<String> = fields.required("by");
    let rule = match by.as_deref() {
        Some("identifier") => fields
            .required("pattern")
            .map(|pattern| SessionRule::Identifier { pattern }),
        Some("stream") => fields.required("field").map(|field| SessionRule::Stream { field }),
        Some("time") => {
            let (step, field) = (fields.optional("step"), fields.optional("field"));
            fields
                .required("length")
                .map(|length| SessionRule::Time { length, step, field })
        }
        Some("count") => {
            let (step, field) = (fields.optional("step"), fields.optional("field"));
            fields
                .required("events")
                .map(|events| SessionRule::Count { events, step, field })
        }
        Some(other) => {
            fields.problem(
                "by",
                format!("`{other}` forms no sessions; known are identifier, stream, time and count"),
            );
            None
        }
        None => None,
    };
    let default = Limits::default();
    let limits = Limits {
        idle: fields.optional("idle").or(default.idle),
        end_keys: fields.or("end_keys", default.end_keys),
        max_open: fields.or("max_open", default.max_open),
        max_events: fields.or("max_events", default.max_events),
        end_of_input: fields.or("end_of_input", default.end_of_input),
        lateness: fields.or("lateness", default.lateness),
    };
    let problems = rule.iter().flat_map(SessionRule::problems).chain(limits.problems());
    problems.for_each(|problem| fields.problem(problem.field, problem.message));
    fields.finish();
    Some((rule?, limits))
}

fn read_labels(mut fields: Fields<'_>) -> Option<LabelRule> {
    let by: Option<String> = fields.required("by");
    let rule = match by.as_deref() {
        Some("session") => Some(LabelRule::Session {
            file: fields.optional("file"),
            id_column: fields.optional("id_column"),
            label_column: fields.optional("label_column"),
            normal: fields.optional("normal"),
        }),
        Some("line") => {
            let normal = fields.or("normal", String::from("-"));
            fields.required("field").map(|field| LabelRule::Line { field, normal })
        }
        Some(other) => {
            fields.problem(
                "by",
                format!("`{other}` is no way to label; known are session and line"),
            );
            None
        }
        None => None,
    };
    fields.finish();
    rule
}
