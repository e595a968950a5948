//! The first pass: templates are learnt, and which cluster each message joined is kept.

use std::num::NonZeroU32;
use std::path::PathBuf;

use drain_parser::{ClusterId, FrozenParser, LineFormat, Piece, TemplateId};
use rustc_hash::FxHashMap;

use super::crew::each_batch;
use super::keeping::{Keeping, interrupted};
use crate::error::Result;
use crate::input::{Blocks, Records};
use crate::line_reader::LineCounters;
use crate::observer::Observer;
use crate::parser_state::ParserState;

/// Records between two looks at the clock.
const LOOK: u64 = 4096;

/// What the first pass leaves to the second.
pub(crate) struct Learnt {
    /// The parser as it is in the end.
    pub(crate) state: ParserState,
    /// The cluster of each message, in order, if they were to be kept.
    clusters: Vec<Assignment>,
    /// What became of the lines of this call.
    pub(crate) lines: LineCounters,
    pub(crate) cut: u64,
}

/// The cluster of a message: its [`ClusterId`] plus one in four bytes. A list of assignments holds nothing else, whatever
/// the length of the log.
type Assignment = Option<NonZeroU32>;

/// The first pass under way.
struct Pass<'a> {
    learnt: Learnt,
    /// What became of the lines of the calls before.
    before: LineCounters,
    keep_clusters: bool,
    keeping: Option<&'a mut Keeping>,
    observer: &'a mut dyn Observer,
}

/// Learns all lines, on several threads if lines are messages by themselves; asked to stop, it keeps the state where it
/// has a place. The number of threads changes nothing in the result.
pub(crate) fn learn(
    files: &[PathBuf],
    state: ParserState,
    keep_clusters: bool,
    threads: usize,
    keeping: Option<&mut Keeping>,
    observer: &mut dyn Observer,
) -> Result<Learnt> {
    observer.begin("learning templates", None);
    let format = state.header.clone();
    let mut pass = Pass {
        before: state.lines,
        learnt: Learnt {
            state,
            clusters: Vec::new(),
            lines: LineCounters::default(),
            cut: 0,
        },
        keep_clusters,
        keeping,
        observer,
    };
    if threads > 1 && format.has_lines_of_their_own() {
        pass.learn_blocks(files, &format, threads)?;
    } else {
        pass.learn_records(files, &format)?;
    }
    let Pass { learnt, observer, .. } = pass;
    observer.end(&format!("{} lines", learnt.lines.lines));
    Ok(learnt)
}

impl Pass<'_> {
    fn learn_blocks(&mut self, files: &[PathBuf], format: &LineFormat, threads: usize) -> Result<()> {
        let mut blocks = Blocks::of(files.to_vec());
        let preparer = self.learnt.state.parser.preparer();
        let mut clusters = Vec::new();
        each_batch(&mut blocks, format, &preparer, threads, |batch| {
            clusters.clear();
            self.learnt.state.parser.learn_prepared(&batch.prepared, &mut clusters);
            self.keep(&clusters);
            self.learnt.lines.append(batch.lines);
            self.pause(true)
        })?;
        self.learnt.cut = blocks.cut();
        Ok(())
    }

    fn learn_records(&mut self, files: &[PathBuf], format: &LineFormat) -> Result<()> {
        let mut records = Records::of(files.to_vec(), format);
        while let Some((read, piece)) = records.next_piece()? {
            self.learnt.lines.count(&piece);
            self.learnt.lines.lines = read;
            if let Piece::Message(record) = &piece {
                let cluster = self.learnt.state.parser.learn(record.header.content());
                self.keep(&[cluster]);
            }
            self.pause(read.is_multiple_of(LOOK))?;
        }
        self.learnt.lines.lines = records.lines();
        self.learnt.cut = records.lines_cut();
        Ok(())
    }

    fn keep(&mut self, clusters: &[ClusterId]) {
        if self.keep_clusters {
            self.learnt
                .clusters
                .extend(clusters.iter().map(|&cluster| number_of(cluster)));
        }
    }

    /// Between two steps: tells how far it is, and keeps the state if it was asked to stop or it is time.
    fn pause(&mut self, look: bool) -> Result<()> {
        let Learnt { state, lines, .. } = &mut self.learnt;
        state.lines = sum(self.before, *lines);
        if self.observer.is_cancelled() {
            return Err(interrupted(state, self.keeping.as_deref_mut()));
        }
        self.observer.advance(lines.lines, "");
        if let Some(keeping) = self.keeping.as_mut().filter(|_| look) {
            keeping.write_if_due(state)?;
        }
        Ok(())
    }
}

impl Learnt {
    /// How many lines of this call taught each template; where templates were edited, how many lines did at all.
    pub(crate) fn counts(&self, frozen: &FrozenParser) -> Vec<u64> {
        if !self.state.edits.is_empty() {
            return frozen.templates().iter().map(|template| template.count).collect();
        }
        let mut counts = vec![0; frozen.templates().len()];
        self.templates(frozen).flatten().for_each(|index| counts[index] += 1);
        counts
    }

    /// For each message the index of its template, where its cluster is still alive and no edit stands above it.
    pub(crate) fn templates<'l>(&'l self, frozen: &FrozenParser) -> impl Iterator<Item = Option<usize>> + 'l {
        let unedited = if self.state.edits.is_empty() {
            frozen.templates()
        } else {
            &[]
        };
        let by_id: FxHashMap<TemplateId, usize> = unedited
            .iter()
            .enumerate()
            .map(|(index, template)| (template.id, index))
            .collect();
        let clusters = self.state.parser.clusters().into_iter();
        let of_cluster: FxHashMap<NonZeroU32, usize> = clusters
            .filter_map(|cluster| Some((number_of(cluster.id)?, *by_id.get(&TemplateId::of(&cluster.template))?)))
            .collect();
        self.clusters
            .iter()
            .map(move |cluster| of_cluster.get(cluster.as_ref()?).copied())
    }
}

fn sum(before: LineCounters, now: LineCounters) -> LineCounters {
    LineCounters {
        lines: before.lines + now.lines,
        messages: before.messages + now.messages,
        joined: before.joined + now.joined,
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
