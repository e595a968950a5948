//! The first pass: templates are learnt, and which cluster each line joined is kept.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use drain_parser::{ClusterId, FrozenDrain, TemplateId};
use rustc_hash::FxHashMap;

use crate::error::{Error, Result};
use crate::input::Lines;
use crate::line_reader::LineCounters;
use crate::observer::Observer;
use crate::parser_state::ParserState;

/// Lines between two looks at the clock.
const LOOK: u64 = 4096;

/// What the first pass leaves to the second.
pub(super) struct Learnt {
    /// The parser as it is in the end.
    pub(super) state: ParserState,
    /// The cluster of each line, in order, if they were to be kept.
    clusters: Vec<Assignment>,
    /// What became of the lines of this call.
    pub(super) lines: LineCounters,
    pub(super) cut: u64,
}

/// The cluster of a line: its [`ClusterId`] plus one in four bytes. A list of assignments holds nothing else, whatever the
/// length of the log.
type Assignment = Option<NonZeroU32>;

/// Keeps the state in its file while lines are learnt.
pub(super) struct Snapshots<'a> {
    pub(super) path: &'a Path,
    pub(super) every: Duration,
    pub(super) last: Instant,
}

impl Snapshots<'_> {
    fn write_if_due(&mut self, state: &ParserState) -> Result<()> {
        if self.last.elapsed() >= self.every {
            state.write(self.path)?;
            self.last = Instant::now();
        }
        Ok(())
    }
}

/// Learns all lines; asked to stop, it keeps the state where it has a place.
pub(super) fn learn(
    files: &[PathBuf],
    mut state: ParserState,
    keep_clusters: bool,
    mut snapshots: Option<Snapshots<'_>>,
    observer: &mut dyn Observer,
) -> Result<Learnt> {
    observer.begin("learning templates", None);
    let (mut clusters, mut counters) = (Vec::new(), LineCounters::default());
    let before = state.lines;
    let mut lines = Lines::of(files.to_vec());
    while let Some((number, line)) = lines.next_line()? {
        let header = state.header.split(line);
        count(&mut counters, line, header.is_some());
        let cluster = header.map(|header| state.parser.learn(header.content()));
        if keep_clusters {
            clusters.push(cluster.and_then(number_of));
        }
        if observer.is_cancelled() {
            state.lines = sum(before, counters);
            return Err(interrupted(&state, snapshots.map(|snapshots| snapshots.path)));
        }
        if number % LOOK == 0
            && let Some(snapshots) = &mut snapshots
        {
            state.lines = sum(before, counters);
            snapshots.write_if_due(&state)?;
        }
        observer.advance(number, "");
    }
    state.lines = sum(before, counters);
    observer.end(&format!("{} lines", counters.lines));
    Ok(Learnt {
        state,
        clusters,
        lines: counters,
        cut: lines.cut(),
    })
}

impl Learnt {
    /// For each line the index of its template, where its cluster is still alive.
    pub(super) fn templates<'l>(&'l self, frozen: &FrozenDrain) -> impl Iterator<Item = Option<usize>> + 'l {
        let by_id: FxHashMap<TemplateId, usize> = frozen
            .templates()
            .iter()
            .enumerate()
            .map(|(index, template)| (template.id, index))
            .collect();
        let of_cluster: FxHashMap<NonZeroU32, usize> = self
            .state
            .parser
            .clusters()
            .filter_map(|cluster| Some((number_of(cluster.id)?, *by_id.get(&TemplateId::of(&cluster.template))?)))
            .collect();
        self.clusters
            .iter()
            .map(move |cluster| of_cluster.get(cluster.as_ref()?).copied())
    }
}

/// What was asked to stop keeps the state, if it has a place.
pub(super) fn interrupted(state: &ParserState, path: Option<&Path>) -> Error {
    let Some(path) = path else {
        return Error::Interrupted {
            hint: "no table was finished; start again".into(),
        };
    };
    match state.write(path) {
        Ok(()) => Error::Interrupted {
            hint: format!(
                "no table was finished; what {} lines taught, those of calls before included, is kept in {}",
                state.lines.lines,
                path.display()
            ),
        },
        Err(error) => error,
    }
}

fn count(counters: &mut LineCounters, line: &[u8], is_message: bool) {
    counters.lines += 1;
    *match (is_message, line.trim_ascii().is_empty(), counters.messages) {
        (true, ..) => &mut counters.messages,
        (false, true, _) => &mut counters.blank,
        (false, false, 0) => &mut counters.without_header,
        (false, false, _) => &mut counters.continuations,
    } += 1;
}

fn sum(before: LineCounters, now: LineCounters) -> LineCounters {
    LineCounters {
        lines: before.lines + now.lines,
        messages: before.messages + now.messages,
        without_template: before.without_template + now.without_template,
        blank: before.blank + now.blank,
        continuations: before.continuations + now.continuations,
        without_header: before.without_header + now.without_header,
    }
}

/// Beyond four thousand million clusters, lines get the template that matches them.
fn number_of(cluster: ClusterId) -> Assignment {
    NonZeroU32::new(u32::try_from(cluster.0).ok()?.checked_add(1)?)
}
