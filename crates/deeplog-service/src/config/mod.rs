//! What the service is to do: its TOML.
//!
//! A file becomes a table, the command line is laid over it, and the table becomes a [`ServiceConfig`] or a list of all its
//! mistakes. Files in it count from its folder.

mod alerts;
mod amount;
mod http;
mod limits;
mod secret;
mod source;
#[cfg(test)]
mod tests;

use std::path::Path;

use deeplog::{Fields, Result, checked, read_table};
use toml::Table;

pub use alerts::{AlertConfig, MailConfig, MailTls, WebhookConfig};
pub use http::{HttpConfig, TlsConfig};
pub use limits::{CheckpointConfig, Limits, StoreConfig};
pub use secret::Secret;
pub use source::{From, SourceConfig, SyslogConfig, SyslogShape};

/// What only the configuration of a service has at its top.
const SECTIONS: [&str; 6] = ["sources", "http", "limits", "store", "checkpoint", "alerts"];

/// A checked configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceConfig {
    /// Where lines come from; at least one.
    pub sources: Vec<SourceConfig>,
    /// Where the service listens.
    pub http: HttpConfig,
    /// How much clients may ask for.
    pub limits: Limits,
    /// What is kept of findings.
    pub store: StoreConfig,
    /// When the state is written down.
    pub checkpoint: CheckpointConfig,
    /// Who is told of findings.
    pub alerts: AlertConfig,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            sources: vec![SourceConfig::default()],
            http: HttpConfig::default(),
            limits: Limits::default(),
            store: StoreConfig::default(),
            checkpoint: CheckpointConfig::default(),
            alerts: AlertConfig::default(),
        }
    }
}

impl ServiceConfig {
    /// Whether a table is meant to configure a service, with whatever mistakes, rather than to be an experiment.
    #[must_use]
    pub fn is_meant_by(table: &Table) -> bool {
        !table.contains_key("data") && SECTIONS.iter().any(|section| table.contains_key(*section))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or has mistakes: all of them are told.
    pub fn read(path: &Path) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::from_table(read_table(path)?, folder, &path.display().to_string())
    }

    /// Checks a table. Relative files count from `folder`; `origin` names the table in errors.
    ///
    /// # Errors
    /// All mistakes in it at once.
    pub fn from_table(table: Table, folder: &Path, origin: &str) -> Result<Self> {
        checked(origin, |problems| {
            let mut fields = Fields::new(table, problems);
            let config = Self {
                sources: source::read_all(&mut fields, folder),
                http: http::read(fields.section("http"), folder),
                limits: limits::read(fields.section("limits")),
                store: limits::read_store(fields.section("store")),
                checkpoint: limits::read_checkpoint(fields.section("checkpoint")),
                alerts: alerts::read(fields.section("alerts"), folder),
            };
            fields.finish();
            Some(config)
        })
    }
}
