//! Where the time of a detection goes.

use std::time::{Duration, Instant};

/// What the thread that groups events does, one after the other; and what others do meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Reading,
    AwaitingLines,
    /// Reading, parsing and grouping lines that need those before them.
    Records,
    Grouping,
    AwaitingVerdicts,
    HandingOn,
    /// On other threads.
    Parsing,
    /// On another thread.
    Judging,
}

const NAMES: [(Stage, &str); 8] = [
    (Stage::Reading, "reading"),
    (Stage::AwaitingLines, "waiting for parsed lines"),
    (Stage::Records, "reading, parsing and grouping"),
    (Stage::Grouping, "grouping"),
    (Stage::AwaitingVerdicts, "waiting for verdicts"),
    (Stage::HandingOn, "handing on verdicts"),
    (Stage::Parsing, "parsing, on other threads"),
    (Stage::Judging, "judging, on another thread"),
];

/// How long each stage has taken.
pub(super) struct Stages {
    since: Instant,
    taken: [Duration; NAMES.len()],
}

impl Stages {
    pub(super) fn begin() -> Self {
        Self {
            since: Instant::now(),
            taken: [Duration::ZERO; NAMES.len()],
        }
    }

    /// The time since the stage before has ended was this one's.
    pub(super) fn end(&mut self, stage: Stage) {
        let now = Instant::now();
        self.add(stage, now - self.since);
        self.since = now;
    }

    /// Time that another thread has spent.
    pub(super) fn add(&mut self, stage: Stage, time: Duration) {
        self.taken[stage as usize] += time;
    }

    /// All that took time, in words.
    pub(super) fn told(&self) -> String {
        let told = |&(stage, name): &(Stage, &str)| {
            let taken = self.taken[stage as usize];
            (taken > Duration::ZERO).then(|| format!("{name} {:.2} s", taken.as_secs_f64()))
        };
        NAMES.iter().filter_map(told).collect::<Vec<_>>().join(", ")
    }
}
