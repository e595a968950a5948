//! What a block was: the ground truth that goes with the lines, never in them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The ground truth of one block, given with its last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Label {
    /// The block's number; its lines name it as `blk_<number>`.
    pub block: i64,
    /// Whether the block departed from the normal life.
    pub anomalous: bool,
    /// How it departed.
    pub kind: Kind,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $weight:literal;)*) => {
        /// How a block lived. The anomalies are those that Xu et al., "Detecting Large-Scale System Problems by Mining
        /// Console Logs" (SOSP 2009), list for HDFS, and a few that differ from a normal life in order or number only.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            /// A normal life.
            Normal,
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind of anomaly with its weight among the anomalies.
            pub(crate) const ANOMALIES: &[(Self, u32)] = &[$((Self::$kind, $weight),)*];

            /// The kind's name in snake case, as [`fmt::Display`] writes it.
            pub fn name(self) -> &'static str {
                match self {
                    Self::Normal => "normal",
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// A data node fails to write, and the client gives up or goes on with two replicas.
    WriteException = "write_exception", 16;
    /// The life stops in the middle of the write.
    Truncated = "truncated", 14;
    /// A replica is deleted as soon as it is stored.
    DeletedAtOnce = "deleted_at_once", 12;
    /// The data nodes delete the block, but the name node was never told to.
    NamenodeNotUpdated = "namenode_not_updated", 10;
    /// A replica arrives for a block whose file is gone.
    BelongsToNoFile = "belongs_to_no_file", 10;
    /// A data node reports a replica that the name node already has.
    RedundantAddStoredBlock = "redundant_add_stored_block", 10;
    /// A data node is to delete a replica that it does not have.
    ReplicaNotFound = "replica_not_found", 8;
    /// The write ends with an empty packet.
    EmptyPacket = "empty_packet", 6;
    /// A data node fails while it receives the block.
    ReceiveException = "receive_exception", 5;
    /// A re-replication is ordered, is not done in time and is ordered again.
    PendingReplicationTimedOut = "pending_replication_timed_out", 5;
    /// A re-replication fails between two data nodes.
    FailedTransfer = "failed_transfer", 4;
    /// A written block is opened again and written a second time.
    Reopened = "reopened", 4;
    /// The delete comes before the write has ended.
    DeletedWhileWritten = "deleted_while_written", 6;
    /// One replica is never written.
    MissingReplica = "missing_replica", 6;
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
