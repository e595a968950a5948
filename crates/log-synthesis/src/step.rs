//! One step of a block's life, before it is worded, and its place among all the others.

/// Steps of the new software version, numbered behind E1..E30 of the published templates.
pub(crate) const CHECK_PROGRESS: u8 = 31;
pub(crate) const SCHEDULE_DELETION: u8 = 32;

/// A line to be: which event happens when, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    /// Milliseconds since the second in which the life starts.
    pub(crate) at: u32,
    /// Number N of event `E<N>`.
    pub(crate) event: u8,
    /// Place in the write pipeline, 0 to 2.
    pub(crate) replica: u8,
    /// The logging thread, which HDFS prints as the process id.
    pub(crate) thread: u16,
    /// Index of the node that the line is about.
    pub(crate) node: u16,
    /// Index of the node at the other end, for the events that have one.
    pub(crate) peer: u16,
    /// The client's port, for the events that name one.
    pub(crate) port: u16,
}

impl Step {
    /// Seconds since the life's start.
    pub(crate) fn second(&self) -> u32 {
        self.at / 1000
    }

    /// The place among the lines of one second. The published log was collected from many machines and sorted as text,
    /// so inside a second the thread's digits decide, then the component, then the message; this is what makes the
    /// orders of one block's keys as varied as they are.
    pub(crate) fn place(&self) -> u32 {
        (digits_as_text(self.thread) << 5) | u32::from(text_rank(self.event))
    }
}

/// The position of a number among numbers that are sorted as text: 1 < 10 < 143 < 19 < 2. At most 11^5.
fn digits_as_text(thread: u16) -> u32 {
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(thread).bytes().map(|digit| u32::from(digit - b'0') + 1);
    text.chain(std::iter::repeat(0))
        .take(5)
        .fold(0, |rank, digit| rank * 11 + digit)
}

/// The position of an event's `Component: Content` among all of them sorted as text.
fn text_rank(event: u8) -> u8 {
    match event {
        // dfs.DataBlockScanner
        1 => 0,
        2 => 1,
        // dfs.DataNode$BlockReceiver
        12 => 2,
        15 => 3,
        14 => 4,
        13 => 5,
        // dfs.DataNode$DataTransfer
        17 => 6,
        16 => 7,
        // dfs.DataNode$DataXceiver
        3 => 8,
        4 => 9,
        6 => 10,
        5 => 11,
        7 => 12,
        // dfs.DataNode$PacketResponder
        8 => 13,
        11 => 14,
        10 => 15,
        9 => 16,
        // dfs.DataNode
        18 => 17,
        // dfs.FSDataset
        21 => 18,
        19 => 19,
        SCHEDULE_DELETION => 20,
        20 => 21,
        // dfs.FSNamesystem
        27 => 22,
        28 => 23,
        26 => 24,
        22 => 25,
        CHECK_PROGRESS => 26,
        23 => 27,
        24 => 28,
        25 => 29,
        30 => 30,
        // dfs.PendingReplicationBlocks
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::cluster::Cluster;
    use crate::wording::{Facts, put_line};

    fn step(thread: u16, event: u8) -> Step {
        Step {
            at: 0,
            event,
            replica: 0,
            thread,
            node: 0,
            peer: 1,
            port: 40_000,
        }
    }

    #[test]
    fn inside_a_second_threads_sort_as_text() {
        let mut threads: Vec<u16> = (1..10_000).step_by(7).chain([1, 13, 19, 26, 35, 143, 2507]).collect();
        threads.sort_by_key(|&thread| step(thread, 5).place());
        assert!(threads.is_sorted_by_key(ToString::to_string));
    }

    #[test]
    fn inside_a_thread_events_sort_as_their_lines_do() {
        let cluster = Cluster::new(5, &mut ChaCha8Rng::seed_from_u64(1));
        let facts = Facts {
            id: 1,
            size: 1,
            file: 1,
            upgraded: false,
        };
        let text = |event: u8| {
            let mut line = Vec::new();
            put_line(&mut line, &step(19, event), &facts, &cluster);
            // Without thread and level: both levels of one component sort together.
            String::from_utf8(line[" 19 INFO ".len()..].to_vec()).unwrap()
        };
        let mut events: Vec<u8> = (1..=29).chain([CHECK_PROGRESS, SCHEDULE_DELETION]).collect();
        events.sort_by_key(|&event| step(19, event).place());
        let texts: Vec<String> = events.into_iter().map(text).collect();
        assert!(texts.is_sorted(), "{texts:#?}");
        assert_eq!(texts.len(), 31);
    }
}
