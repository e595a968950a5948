//! The text of a line: the messages of Hadoop 0.18, and those that a newer version words differently.
//!
//! Written by hand into a byte buffer: formatting is most of the simulator's work, and `format!` would double it.

use crate::cluster::Cluster;
use crate::step::{CHECK_PROGRESS, SCHEDULE_DELETION, Step};

/// The folder in which a data node keeps its replicas.
const CURRENT: &str = "/mnt/hadoop/dfs/data/current/";

/// What the lines of one block have in common.
pub(crate) struct Facts {
    /// The block's number.
    pub(crate) id: i64,
    /// Its size in bytes.
    pub(crate) size: u32,
    /// Number of the file that it belongs to.
    pub(crate) file: u32,
    /// Whether it lives under the new software version.
    pub(crate) upgraded: bool,
}

/// A piece of a line.
trait Piece {
    fn put(&self, out: &mut Vec<u8>);
}

impl Piece for str {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

impl Piece for u32 {
    fn put(&self, out: &mut Vec<u8>) {
        itoa::Buffer::new().format(*self).put(out);
    }
}

/// A block's name.
struct Block(i64);

impl Piece for Block {
    fn put(&self, out: &mut Vec<u8>) {
        "blk_".put(out);
        itoa::Buffer::new().format(self.0).put(out);
    }
}

/// A number with leading zeros.
struct Padded(u32, usize);

impl Piece for Padded {
    fn put(&self, out: &mut Vec<u8>) {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(self.0);
        (0..self.1.saturating_sub(digits.len())).for_each(|_| out.push(b'0'));
        digits.put(out);
    }
}

/// The path of the file that a block belongs to: mostly the output of a map task, now and then a file of the job.
struct Path(u32);

impl Piece for Path {
    fn put(&self, out: &mut Vec<u8>) {
        const TASKS: u32 = 2000;
        let (job, task) = (Padded(self.0 / TASKS + 1, 4), self.0 % TASKS);
        let name = match task {
            0 => "/job.jar",
            1 => "/job.split",
            2 => "/job.xml",
            _ => {
                "/user/root/rand/_temporary/_task_200811092030_".put(out);
                job.put(out);
                "_m_".put(out);
                Padded(task, 6).put(out);
                "_0/part-".put(out);
                return Padded(task, 5).put(out);
            }
        };
        "/mnt/hadoop/mapred/system/job_200811092030_".put(out);
        job.put(out);
        name.put(out);
    }
}

/// The level and component that write an event.
fn source(event: u8) -> &'static str {
    match event {
        1 => " WARN dfs.DataBlockScanner: ",
        2 => " INFO dfs.DataBlockScanner: ",
        4 => " WARN dfs.DataNode$DataXceiver: ",
        3 | 5..=7 => " INFO dfs.DataNode$DataXceiver: ",
        8..=11 => " INFO dfs.DataNode$PacketResponder: ",
        12..=15 => " INFO dfs.DataNode$BlockReceiver: ",
        16 => " INFO dfs.DataNode$DataTransfer: ",
        17 => " WARN dfs.DataNode$DataTransfer: ",
        18 => " INFO dfs.DataNode: ",
        20 => " WARN dfs.FSDataset: ",
        19 | 21 | SCHEDULE_DELETION => " INFO dfs.FSDataset: ",
        27 => " WARN dfs.FSNamesystem: ",
        29 => " WARN dfs.PendingReplicationBlocks$PendingReplicationMonitor: ",
        _ => " INFO dfs.FSNamesystem: ",
    }
}

/// Appends the line after its time stamp: ` <Pid> <Level> <Component>: <Content>` and the newline.
pub(crate) fn put_line(out: &mut Vec<u8>, step: &Step, facts: &Facts, cluster: &Cluster) {
    macro_rules! put {
        ($($piece:expr),*) => {{ $($piece.put(out);)* }};
    }
    let (block, size) = (Block(facts.id), facts.size);
    let (node, peer) = (cluster.address(step.node), cluster.address(step.peer));
    let (port, replica) = (u32::from(step.port), u32::from(step.replica));

    put!(" ", u32::from(step.thread), source(step.event));
    match (step.event, facts.upgraded) {
        (1, _) => put!("Adding an already existing block ", block),
        (2, _) => put!("Verification succeeded for ", block),
        (3, _) => put!(node, ":50010 Served block ", block, " to /", peer),
        (4, _) => put!(node, ":50010:Got exception while serving ", block, " to /", peer, ":"),
        (5, false) => put!(
            "Receiving block ",
            block,
            " src: /",
            peer,
            ":",
            port,
            " dest: /",
            node,
            ":50010"
        ),
        (5, true) => put!(
            "Receiving ",
            block,
            " from client /",
            peer,
            ":",
            port,
            " through pipeline to /",
            node,
            ":50010"
        ),
        (6, _) => {
            put!(
                "Received block ",
                block,
                " src: /",
                peer,
                ":",
                port,
                " dest: /",
                node,
                ":50010 of size ",
                size
            );
        }
        (7, _) => put!(
            "writeBlock ",
            block,
            " received exception java.io.IOException: Could not read from stream"
        ),
        (8, _) => put!("PacketResponder ", replica, " for block ", block, " Interrupted."),
        (9, false) => put!("Received block ", block, " of size ", size, " from /", peer),
        (9, true) => put!("Finished ", block, " with ", size, " bytes sent by /", peer),
        (10, _) => put!(
            "PacketResponder ",
            block,
            " ",
            replica,
            " Exception java.io.EOFException"
        ),
        (11, false) => put!("PacketResponder ", replica, " for block ", block, " terminating"),
        (11, true) => put!("Closing responder ", replica, " in pipeline of ", block),
        (12, _) => put!(
            node,
            ":50010:Exception writing block ",
            block,
            " to mirror ",
            peer,
            ":50010"
        ),
        (13, _) => put!("Receiving empty packet for block ", block),
        (14, _) => put!(
            "Exception in receiveBlock for block ",
            block,
            " java.io.IOException: Connection reset by peer"
        ),
        (15, _) => {
            put!("Changing block file offset of block ", block, " from 0 to ", size);
            // Seven bytes of header, then four of checksum for every 512 of data.
            put!(" meta file offset to ", size / 128 + 7);
        }
        (16, _) => put!(node, ":50010:Transmitted block ", block, " to /", peer, ":50010"),
        (17, _) => {
            put!(node, ":50010:Failed to transfer ", block, " to ", peer, ":50010");
            put!(" got java.io.IOException: Connection reset by peer");
        }
        (18, _) => put!(
            node,
            ":50010 Starting thread to transfer block ",
            block,
            " to ",
            peer,
            ":50010"
        ),
        (19, _) => put!("Reopen Block ", block),
        (20, _) => put!(
            "Unexpected error trying to delete block ",
            block,
            ". BlockInfo not found in volumeMap."
        ),
        (21, false) => put!("Deleting block ", block, " file ", CURRENT, block),
        (21, true) => put!("Removed replica ", block, " at ", CURRENT, block),
        (22, false) => put!("BLOCK* NameSystem.allocateBlock: ", Path(facts.file), ". ", block),
        (22, true) => put!("BLOCK* allocate ", block, " for ", Path(facts.file)),
        (23, _) => put!(
            "BLOCK* NameSystem.delete: ",
            block,
            " is added to invalidSet of ",
            node,
            ":50010"
        ),
        (24, _) => {
            put!(
                "BLOCK* Removing block ",
                block,
                " from neededReplications as it does not belong to any file."
            );
        }
        (25, _) => put!(
            "BLOCK* ask ",
            node,
            ":50010 to replicate ",
            block,
            " to datanode(s) ",
            peer,
            ":50010"
        ),
        (26, _) => {
            put!(
                "BLOCK* NameSystem.addStoredBlock: blockMap updated: ",
                node,
                ":50010 is added to ",
                block
            );
            put!(" size ", size);
        }
        (27, _) => {
            put!(
                "BLOCK* NameSystem.addStoredBlock: Redundant addStoredBlock request received for ",
                block
            );
            put!(" on ", node, ":50010 size ", size);
        }
        (28, _) => {
            put!(
                "BLOCK* NameSystem.addStoredBlock: addStoredBlock request received for ",
                block
            );
            put!(
                " on ",
                node,
                ":50010 size ",
                size,
                " But it does not belong to any file."
            );
        }
        (CHECK_PROGRESS, _) => {
            put!(
                "BLOCK* NameSystem.checkFileProgress: block ",
                block,
                " has not reached minimal replication 1"
            );
        }
        (SCHEDULE_DELETION, _) => put!("Scheduling block ", block, " file ", CURRENT, block, " for deletion"),
        // E29, the only one left: E30 names many blocks at once, so it is in no life.
        _ => put!("PendingReplicationMonitor timed out block ", block),
    }
    out.push(b'\n');
}
