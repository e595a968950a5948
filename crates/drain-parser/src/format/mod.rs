//! How lines are taken apart: header formats, and the formats that have a name.

mod container;
mod header;
mod join;
mod journald;
mod json;
mod keys;
mod logfmt;
mod open;
mod options;
mod pairs;
mod syslog;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod trace;

use serde::{Deserialize, Serialize};

use container::Runtime;
pub(crate) use header::reason;
pub use header::{FormatError, Header, HeaderFormat};
pub use join::{JoinerState, Piece, Record, RecordJoiner};
use keys::Keys;
pub use open::{MAX_RECORD_BYTES, MAX_RECORD_LINES};
use options::KEYWORDS;
use pairs::Syntax;
pub use text::Unescaped;
use text::{Text, Texts};

/// How the lines of a log are laid out: a [`HeaderFormat`], or a keyword with options behind it.
///
/// | text | lines | options |
/// |---|---|---|
/// | `<Date> <Level> <Content>` … | a header before each message | |
/// | `json` | a JSON object a line, `journalctl -o json` too | keys |
/// | `logfmt` | `key=value` words | keys |
/// | `syslog` | RFC 5424 and RFC 3164, with or without priority | |
/// | `docker` | Docker's json-file driver | `inner` |
/// | `cri` | Kubernetes' container runtime interface | `inner` |
/// | `journald` | systemd's journal export | keys |
/// | `csv` | a table with a header row | keys |
///
/// The options for keys are `message`, `time`, `level`, `component`, `host` and `pid`: each names the key that holds it,
/// with dots into nested objects, and without it the key is found by the names that loggers use. `fields=a,b.c` makes
/// fields of further keys. Everything else that a record holds is in the field `Rest`; a message of several lines is
/// there whole, and its first line is the content. `inner` is the format of a container's messages. A value with white
/// space stands in quotes: `docker inner='<Date> <Time> <Content>'`.
///
/// A container's lines, the entries of `journald` and the rows of `csv` may take several lines: a [`RecordJoiner`] makes
/// records of them.
///
/// ```
/// use drain_parser::{LineFormat, Unescaped};
///
/// let format = LineFormat::compile("json message=event.text")?;
/// let mut unescaped = Unescaped::default();
/// let line = br#"{"event": {"text": "caf\u00e9 opened"}, "level": "info", "seats": 12}"#;
/// let header = format.split(line, &mut unescaped).ok_or("no message")?;
/// assert_eq!(header.content(), "café opened".as_bytes());
/// assert_eq!(format.fields()[1], "Level");
/// assert_eq!(header.field(1), b"info");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LineFormat {
    source: String,
    fields: Vec<String>,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Header(HeaderFormat),
    Pairs(Syntax, Keys),
    Syslog,
    Container {
        runtime: Runtime,
        /// Which of the runtime's fields the inner format does not have itself.
        kept: Vec<usize>,
        /// Which it has too, and where: they are the runtime's where the inner one's are empty.
        shared: Vec<(usize, usize)>,
        inner: Box<LineFormat>,
    },
}

/// A record taken apart, with its message as it was before its first line was taken.
struct Split<'l> {
    header: Header<'l>,
    message: &'l [u8],
}

impl LineFormat {
    /// Compiles a format.
    ///
    /// # Errors
    /// A header format that cannot be used, or a keyword with an option that it does not take.
    pub fn compile(source: &str) -> Result<Self, FormatError> {
        let Some((keyword, options)) = options::read(source) else {
            return Ok(Self::from(HeaderFormat::compile(source)?));
        };
        let kind = match keyword {
            "json" => Kind::Pairs(Syntax::Json, keys(keyword, &options)?),
            "logfmt" => Kind::Pairs(Syntax::Logfmt, keys(keyword, &options)?),
            "journald" => Kind::Pairs(Syntax::Journald, keys(keyword, &options)?),
            "csv" => Kind::Pairs(Syntax::Table, keys(keyword, &options)?),
            "docker" => container(Runtime::docker(), keyword, &options)?,
            "cri" => container(Runtime::Cri, keyword, &options)?,
            _ => match options.first() {
                None => Kind::Syslog,
                Some((option, _)) => return Err(refused(keyword, option, "it takes no options".into())),
            },
        };
        let fields: Vec<String> = match &kind {
            Kind::Header(format) => format.fields().to_vec(),
            Kind::Pairs(_, keys) => keys.fields().to_vec(),
            Kind::Syslog => syslog::FIELDS.map(str::to_owned).to_vec(),
            Kind::Container {
                runtime, kept, inner, ..
            } => {
                let own = runtime.fields();
                let own = kept.iter().map(|&field| own[field].clone());
                own.chain(inner.fields.iter().cloned()).collect()
            }
        };
        if let Some(twice) = fields
            .iter()
            .enumerate()
            .find(|(i, field)| fields[..*i].contains(field))
        {
            return Err(FormatError::DuplicateField(twice.1.clone()));
        }
        Ok(Self {
            source: source.to_owned(),
            fields,
            kind,
        })
    }

    /// The text this format was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names of the fields; `Content` is one of them.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The header format, if it is one.
    pub fn as_header(&self) -> Option<&HeaderFormat> {
        match &self.kind {
            Kind::Header(format) => Some(format),
            _ => None,
        }
    }

    /// Whether records may take several lines, so that only a [`RecordJoiner`] makes sense of them.
    fn is_joined(&self) -> bool {
        matches!(
            self.kind,
            Kind::Pairs(Syntax::Journald | Syntax::Table, _) | Kind::Container { .. }
        )
    }

    /// Whether what a line is depends on no other line, so that lines may be split apart by [`Self::split`] in any order.
    pub fn has_lines_of_their_own(&self) -> bool {
        !self.is_joined() && !self.is_bare()
    }

    /// Whether carriage returns at the ends of lines belong to values, which `journald` counts by the byte.
    pub fn is_binary(&self) -> bool {
        matches!(self.kind, Kind::Pairs(Syntax::Journald, _))
    }

    /// Takes a record apart; `None` where it does not fit the format or holds no message.
    ///
    /// A record is a line; for `journald` an entry with its line ends, and for `csv` the header row, a line feed and a
    /// row. What had to be unescaped is put into `unescaped`; with a header format that stays empty.
    pub fn split<'l>(&self, record: &'l [u8], unescaped: &'l mut Unescaped) -> Option<Header<'l>> {
        Some(self.take_apart(record, unescaped)?.header)
    }

    fn take_apart<'l>(&self, record: &'l [u8], unescaped: &'l mut Unescaped) -> Option<Split<'l>> {
        let (texts, message, bytes): (Texts<'l>, Text<'l>, &'l [u8]) = match &self.kind {
            Kind::Header(format) => {
                return Some(Split {
                    header: format.split(record)?,
                    message: record,
                });
            }
            Kind::Syslog => {
                let texts = syslog::split(record)?;
                (texts, Text::Line(record), b"")
            }
            Kind::Pairs(syntax, keys) => {
                let (bytes, _) = unescaped.parts();
                let (texts, message) = syntax.split(keys, record, bytes)?;
                (texts, message, bytes)
            }
            Kind::Container {
                runtime,
                kept,
                shared,
                inner,
            } => {
                let (bytes, memory) = unescaped.parts();
                let (own, message) = runtime.split(record, bytes)?;
                let bytes: &'l [u8] = bytes;
                let mut split = inner.take_apart(message.bytes(bytes), memory)?;
                for &(field, within) in shared {
                    if split.header.fields[within].is_empty() {
                        split.header.fields[within] = own[field].bytes(bytes);
                    }
                }
                let own = kept.iter().map(|&field| own[field].bytes(bytes));
                split.header.fields.insert_many(0, own);
                split.header.content += kept.len();
                return Some(split);
            }
        };
        let header = Header {
            content: texts.len() - 1,
            fields: texts.iter().map(|text| text.bytes(bytes)).collect(),
        };
        Some(Split {
            header,
            message: message.bytes(bytes),
        })
    }

    /// Whether nothing but the message is in a line, or in a container's message.
    fn is_bare(&self) -> bool {
        match &self.kind {
            Kind::Header(format) => format.source() == BARE,
            Kind::Container { inner, .. } => inner.is_bare(),
            _ => false,
        }
    }
}

/// The format of a log without headers.
const BARE: &str = "<Content>";

fn refused(keyword: &'static str, option: &str, remedy: String) -> FormatError {
    FormatError::Option {
        keyword,
        option: option.to_owned(),
        remedy,
    }
}

fn keys(keyword: &'static str, options: &[(&str, &str)]) -> Result<Keys, FormatError> {
    let known: Vec<&str> = Keys::options().chain(["fields"]).collect();
    for (i, (option, value)) in options.iter().enumerate() {
        let remedy = if !known.contains(option) {
            format!("its options are {}", known.join(", "))
        } else if options[..i].iter().any(|(other, _)| other == option) {
            "name it once".to_owned()
        } else if value.split(',').any(str::is_empty) {
            "name a key behind the equals sign".to_owned()
        } else {
            continue;
        };
        return Err(refused(keyword, option, remedy));
    }
    let more = options.iter().find(|(option, _)| *option == "fields");
    let more: Vec<&str> = more.map(|(_, keys)| keys.split(',').collect()).unwrap_or_default();
    Ok(Keys::new(options, &more))
}

fn container(runtime: Runtime, keyword: &'static str, options: &[(&str, &str)]) -> Result<Kind, FormatError> {
    let inner = match options {
        [] => LineFormat::compile(BARE)?,
        [("inner", inner)] => LineFormat::compile(inner)?,
        [("inner", _), (option, _), ..] | [(option, _), ..] => {
            return Err(refused(keyword, option, "its one option is inner".into()));
        }
    };
    if inner.is_joined() {
        let remedy = "messages within a container are single lines: a header format, json, logfmt or syslog".into();
        return Err(refused(keyword, "inner", remedy));
    }
    let own = runtime.fields();
    let within = |field: usize| inner.fields.iter().position(|name| *name == own[field]);
    Ok(Kind::Container {
        kept: (0..own.len()).filter(|&field| within(field).is_none()).collect(),
        shared: (0..own.len())
            .filter_map(|field| Some((field, within(field)?)))
            .collect(),
        runtime,
        inner: Box::new(inner),
    })
}

impl From<HeaderFormat> for LineFormat {
    fn from(format: HeaderFormat) -> Self {
        Self {
            source: format.source().to_owned(),
            fields: format.fields().to_vec(),
            kind: Kind::Header(format),
        }
    }
}

impl TryFrom<String> for LineFormat {
    type Error = FormatError;

    fn try_from(source: String) -> Result<Self, FormatError> {
        Self::compile(&source)
    }
}

impl From<LineFormat> for String {
    fn from(format: LineFormat) -> Self {
        format.source
    }
}

impl PartialEq for LineFormat {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for LineFormat {}
