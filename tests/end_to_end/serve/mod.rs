//! `deeplog serve` and `deeplog watch`: what they do on good days, and what of it survives bad ones.

mod client;
mod harness;
mod killed;
mod reload;
mod rotation;
mod trouble;
mod writer;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::harness::Room;

/// Simulated logs: sessions close a minute after their last line.
const EXPERIMENT: &str = r#"
name = "live"
[data]
kind = "synthetic"
[data.synthetic]
sessions = 400
anomalous = 0.05
seed = 1
[dataset.header]
format = "<Date> <Time> <Pid> <Level> <Component>: <Content>"
[dataset.time]
fields = ["Date", "Time"]
format = "%y%m%d %H%M%S"
[dataset.parser]
method = "drain"
masks = ['blk_-?\d+', '(\d+\.){3}\d+(:\d+)?']
[dataset.session]
by = "identifier"
pattern = 'blk_-?\d+'
idle = "61s"
[model]
hidden = 16
layers = 1
[training]
epochs = 6
"#;

/// A line long after them: it ends all other sessions, so that it does not matter how long somebody waits then.
pub(crate) const LAST: &[u8] =
    b"081111 120000 1 INFO dfs.DataNode$DataXceiver: Receiving block blk_1 src: /10.0.0.1:5 dest: /10.0.0.2:5\n";

/// A model for them, trained once.
pub(crate) fn model() -> &'static Path {
    static MODEL: LazyLock<(Room, PathBuf)> = LazyLock::new(|| {
        let room = Room::new();
        room.write("live.toml", EXPERIMENT);
        room.deeplog("train live.toml --out live.deeplog").ok();
        let path = room.path("live.deeplog");
        (room, path)
    });
    &MODEL.1
}

/// At least so many lines of a log that the model has not seen, every fifth session of it anomalous.
pub(crate) fn simulated(lines: usize, seed: u64) -> Vec<Vec<u8>> {
    let room = Room::new();
    let sessions = lines / 15 + 10;
    room.deeplog(&format!(
        "synth hdfs --sessions {sessions} --seed {seed} --anomalous 0.2 --out out"
    ))
    .ok();
    let log = fs::read(room.path("out/HDFS.log")).unwrap();
    let log: Vec<Vec<u8>> = log.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    assert!(log.len() >= lines, "{} of {lines} lines", log.len());
    log
}

/// Numbers that look random and are the same each time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // SplitMix64, public domain, of Sebastiano Vigna.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// Once in so many times.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}
