//! Which key holds what: named by the format's options, else found by the names that loggers use.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::pairs::Member;

/// What a key may hold. The message is the first; the others are fields in this order.
pub(super) const MESSAGE: usize = 0;

/// The option for each role, its field, and the names of it in the order of preference: what JSON loggers of Java, Go,
/// Python, Node, Rust and .NET write by default, and journald, OpenTelemetry, Elastic's common schema, GELF and the
/// event viewer of Windows. Each also counts in lower case, in capitals, and with a capital in front.
const ROLES: [(&str, &str, &[&str]); 6] = [
    (
        "message",
        "Content",
        &[
            "message",
            "msg",
            "@message",
            "@m",
            "short_message",
            "renderedMessage",
            "RenderedMessage",
            "textPayload",
            "fields.message",
            "jsonPayload.message",
            "log",
            "text",
            "body",
            "description",
            "content",
            "@mt",
            "event",
        ],
    ),
    (
        "time",
        "Time",
        &[
            "__REALTIME_TIMESTAMP",
            "@timestamp",
            "timestamp",
            "time",
            "ts",
            "@t",
            "datetime",
            "date_time",
            "asctime",
            "eventTime",
            "timeMillis",
            "TimeCreated",
            "Date and Time",
            "TimeGenerated",
            "t.$date",
            "date",
            "created",
        ],
    ),
    (
        "level",
        "Level",
        &[
            "level",
            "severity",
            "lvl",
            "log.level",
            "loglevel",
            "log_level",
            "levelname",
            "level_name",
            "LevelDisplayName",
            "severityText",
            "severity_text",
            "@l",
            "EntryType",
            "priority",
        ],
    ),
    (
        "component",
        "Component",
        &[
            "logger",
            "log.logger",
            "logger_name",
            "loggerName",
            "SourceContext",
            "Properties.SourceContext",
            "component",
            "module",
            "target",
            "SYSLOG_IDENTIFIER",
            "_COMM",
            "_SYSTEMD_UNIT",
            "ProviderName",
            "category",
            "source",
            "service",
            "service.name",
            "app",
            "name",
        ],
    ),
    (
        "host",
        "Host",
        &[
            "host",
            "hostname",
            "host.name",
            "_HOSTNAME",
            "MachineName",
            "Computer",
            "ComputerName",
        ],
    ),
    (
        "pid",
        "Pid",
        &["pid", "_PID", "SYSLOG_PID", "process.pid", "processId", "process_id"],
    ),
];

/// The field that holds what no other does.
const REST: &str = "Rest";

/// Finds fields by the keys of a record.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    fields: Vec<String>,
    /// Role and rank (the lower, the better) of each key.
    places: FxHashMap<Vec<u8>, Place>,
    /// Paths into nested values: the first key and the path behind it.
    nested: Vec<(Vec<u8>, String, Place)>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    role: usize,
    rank: usize,
    /// Whether the format names this key, so that whatever it holds is meant.
    is_given: bool,
}

/// The value found for a role.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pick<'l> {
    rank: usize,
    /// Which member holds it.
    pub(super) member: usize,
    /// Whether it is only a part of the member.
    pub(super) is_nested: bool,
    pub(super) value: &'l [u8],
}

pub(super) type Picks<'l> = SmallVec<[Option<Pick<'l>>; 10]>;

impl Keys {
    /// The names of the options for single keys.
    pub(super) fn options() -> impl Iterator<Item = &'static str> {
        ROLES.iter().map(|(option, ..)| *option)
    }

    /// `given`: keys by option; `more`: keys that are fields of their own name.
    pub(super) fn new(given: &[(&str, &str)], more: &[&str]) -> Self {
        let mut keys = Self::empty();
        for (role, (option, field, known)) in ROLES.iter().enumerate() {
            keys.fields.push((*field).to_owned());
            match given.iter().find(|(name, _)| name == option) {
                Some((_, key)) => keys.add_given(key, role),
                None => keys.add_known(known, role),
            }
        }
        for key in more {
            keys.add_given(key, keys.fields.len());
            keys.fields.push((*key).to_owned());
        }
        keys.fields.push(REST.to_owned());
        // The message stands last, as in a line.
        keys.fields.rotate_left(1);
        keys
    }

    /// Keys with fixed fields, that of the message first; `rest` is the field of what is left.
    pub(super) fn fixed(fields: &[(&str, &str)], rest: &str) -> Self {
        let mut keys = Self::empty();
        for (role, (field, key)) in fields.iter().enumerate() {
            keys.fields.push((*field).to_owned());
            keys.add_given(key, role);
        }
        keys.fields.push(rest.to_owned());
        keys.fields.rotate_left(1);
        keys
    }

    fn empty() -> Self {
        Self {
            fields: Vec::new(),
            places: FxHashMap::default(),
            nested: Vec::new(),
        }
    }

    /// The names of the fields, the message last.
    pub(super) fn fields(&self) -> &[String] {
        &self.fields
    }

    fn add_given(&mut self, key: &str, role: usize) {
        let place = Place {
            role,
            rank: 0,
            is_given: true,
        };
        // What is named goes before what is known.
        self.places.insert(key.as_bytes().to_vec(), place);
        self.add_nested(key, place);
    }

    fn add_known(&mut self, names: &[&str], role: usize) {
        for (rank, name) in names.iter().enumerate() {
            let place = Place {
                role,
                rank,
                is_given: false,
            };
            let lower = name.to_lowercase();
            let capital = lower[..1].to_uppercase() + &lower[1..];
            for name in [(*name).to_owned(), name.to_uppercase(), lower, capital] {
                self.places.entry(name.into_bytes()).or_insert(place);
            }
            self.add_nested(name, place);
        }
    }

    fn add_nested(&mut self, path: &str, place: Place) {
        let parts = path.match_indices('.').map(|(dot, _)| {
            let first = path.as_bytes()[..dot].to_vec();
            (first, path[dot + 1..].to_owned(), place)
        });
        self.nested.extend(parts);
    }

    /// The best value of each role. Of two members of one key the first counts.
    pub(super) fn pick<'l>(
        &self,
        members: &[Member<'l>],
        is_plain: impl Fn(&[u8]) -> bool,
        nested: impl Fn(&'l [u8], &str) -> Option<&'l [u8]>,
    ) -> Picks<'l> {
        let mut picks: Picks<'l> = SmallVec::from_elem(None, self.fields.len() - 1);
        let mut offer = |place: &Place, member: usize, is_nested: bool, value: &'l [u8]| {
            let best = &mut picks[place.role];
            if best.is_none_or(|best| place.rank < best.rank) && (place.is_given && value != b"null" || is_plain(value))
            {
                *best = Some(Pick {
                    rank: place.rank,
                    member,
                    is_nested,
                    value,
                });
            }
        };
        for (i, member) in members.iter().enumerate() {
            if let Some(place) = self.places.get(member.key) {
                offer(place, i, false, member.value);
            }
            if member.value.starts_with(b"{") {
                let paths = self.nested.iter().filter(|(first, ..)| first == member.key);
                for (_, path, place) in paths {
                    if let Some(value) = nested(member.value, path) {
                        offer(place, i, true, value);
                    }
                }
            }
        }
        picks
    }
}
