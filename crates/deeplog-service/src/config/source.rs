//! `[[sources]]`: where lines come from, and which model judges them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use deeplog::Fields;
use serde::Deserialize;

/// A source of lines with the model that judges them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceConfig {
    /// Its name: lower-case letters, digits, `_` and `-`, up to 64. Default `default`.
    pub name: String,
    /// The model's file. Without one, the model given on the command line.
    pub model: Option<PathBuf>,
    /// A dataset TOML whose header, time and session rule stand in place of the model's.
    pub dataset: Option<PathBuf>,
    /// Files to follow: paths and globs.
    pub files: Vec<String>,
    /// Where files are begun that were never read. Default: at their start.
    pub from: From,
    /// Fields of pushed objects that hold the message, in the order in which they are looked for. Empty, the default: the
    /// usual ones.
    pub message_fields: Vec<String>,
    /// Where syslog comes in.
    pub syslog: Option<SyslogConfig>,
}

/// Where a file is begun that was never read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// At its first line, after the older files that its pattern matches.
    #[default]
    Start,
    /// At its end; a file that appears later is read whole.
    End,
}

/// Where syslog comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyslogConfig {
    /// Address for streams.
    pub tcp: Option<SocketAddr>,
    /// Address for datagrams.
    pub udp: Option<SocketAddr>,
    /// What of a message is a line. Default: what the application wrote.
    pub shape: SyslogShape,
}

/// What of a syslog message is a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyslogShape {
    /// What the application wrote.
    #[default]
    Message,
    /// What a syslog daemon would write to a file: time stamp, host, tag and message.
    File,
}

impl Default for SourceConfig {
    fn default() -> Self {
        Self {
            name: "default".into(),
            model: None,
            dataset: None,
            files: Vec::new(),
            from: From::default(),
            message_fields: Vec::new(),
            syslog: None,
        }
    }
}

/// Reads all sources; one by the name `default` where none is given.
pub(super) fn read_all(fields: &mut Fields<'_>, folder: &Path) -> Vec<SourceConfig> {
    let Some(tables) = fields.sections("sources") else {
        return vec![SourceConfig::default()];
    };
    let mut sources: Vec<SourceConfig> = Vec::new();
    let mut listening: BTreeMap<(&str, SocketAddr), String> = BTreeMap::new();
    for mut table in tables {
        let source = read(&mut table, folder);
        table.ensure(sources.iter().all(|other| other.name != source.name), "name", || {
            format!(
                "`{}` is the name of another source already; names tell sources apart",
                source.name
            )
        });
        for (kind, address) in source.syslog.iter().flat_map(SyslogConfig::addresses) {
            let other = listening.insert((kind, address), source.name.clone());
            table.ensure(other.is_none() || address.port() == 0, "syslog", || {
                format!(
                    "{kind} {address} is listened at for source `{}` already",
                    other.unwrap_or_default()
                )
            });
        }
        table.finish();
        sources.push(source);
    }
    fields.ensure(!sources.is_empty(), "sources", || {
        "names no source; leave it out for one by the name `default`".into()
    });
    sources
}

fn read(table: &mut Fields<'_>, folder: &Path) -> SourceConfig {
    let default = SourceConfig::default();
    let name = table.or("name", default.name);
    let is_plain = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
    table.ensure(is_plain, "name", || {
        format!("{name:?} cannot name a source; use lower-case letters, digits, `_` and `-`, up to 64 of them")
    });
    let files: Vec<String> = table.or("files", default.files);
    for file in &files {
        if let Err(error) = glob::Pattern::new(file) {
            table.problem("files", format!("{file:?} is no path or glob: {}", error.msg));
        }
    }
    let message_fields: Vec<String> = table.or("message_fields", default.message_fields);
    table.ensure(
        message_fields.iter().all(|field| !field.is_empty()),
        "message_fields",
        || "holds an empty name".into(),
    );
    SourceConfig {
        name,
        model: table.optional("model").map(|path: PathBuf| folder.join(path)),
        dataset: table.optional("dataset").map(|path: PathBuf| folder.join(path)),
        files: files.iter().map(|file| below(folder, file)).collect(),
        from: table.or("from", default.from),
        message_fields,
        syslog: table.optional_section("syslog").map(read_syslog),
    }
}

/// A glob that counts from a folder, whose own name is no glob.
fn below(folder: &Path, pattern: &str) -> String {
    if folder.as_os_str().is_empty() || Path::new(pattern).is_absolute() {
        return pattern.to_owned();
    }
    let folder = glob::Pattern::escape(&folder.to_string_lossy());
    Path::new(&folder).join(pattern).to_string_lossy().into_owned()
}

fn read_syslog(mut fields: Fields<'_>) -> SyslogConfig {
    let has_address = fields.has("tcp") || fields.has("udp");
    let syslog = SyslogConfig {
        tcp: fields.optional("tcp"),
        udp: fields.optional("udp"),
        shape: fields.or("shape", SyslogShape::default()),
    };
    fields.ensure(has_address, "tcp", || {
        "is missing, and so is udp; give at least one address such as \"127.0.0.1:5140\"".into()
    });
    fields.finish();
    syslog
}

impl SyslogConfig {
    fn addresses(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> + use<> {
        let tcp = self.tcp.map(|address| ("tcp", address));
        tcp.into_iter().chain(self.udp.map(|address| ("udp", address)))
    }
}
