//! The lives that depart from the normal one. Every one has a sequence of events that no normal life can have.

use rand::RngExt;

use crate::label::Kind;
use crate::life::{Life, ORDER_THREAD};

impl Life<'_> {
    /// A whole life of this kind.
    pub(crate) fn of_kind(&mut self, kind: Kind) {
        match kind {
            Kind::Normal => self.normal(),
            Kind::WriteException => self.write_exception(),
            Kind::Truncated => self.truncated(),
            Kind::DeletedAtOnce => self.deleted_at_once(),
            Kind::NamenodeNotUpdated => self.namenode_not_updated(),
            Kind::BelongsToNoFile => self.belongs_to_no_file(),
            Kind::RedundantAddStoredBlock => self.redundant_add_stored_block(),
            Kind::ReplicaNotFound => self.replica_not_found(),
            Kind::EmptyPacket => self.empty_packet(),
            Kind::ReceiveException => self.receive_exception(),
            Kind::PendingReplicationTimedOut => self.pending_replication_timed_out(),
            Kind::FailedTransfer => self.failed_transfer(),
            Kind::Reopened => self.reopened(),
            Kind::DeletedWhileWritten => self.deleted_while_written(),
            Kind::MissingReplica => self.missing_replica(),
        }
    }

    fn write_exception(&mut self) {
        self.receive(3);
        self.pass(5_000..40_000);
        if self.chance(0.4) {
            self.data_node(12, 1, self.nodes[2]);
            self.pass(0..500);
        }
        if self.chance(0.6) {
            self.data_node(10, 2, 0);
            self.pass(0..500);
        }
        self.data_node(7, 2, 0);
        self.pass(500..8_000);
        if self.chance(0.5) {
            // The client gives up: every receiver fails.
            self.data_node(7, 1, 0);
            self.pass(0..900);
            self.data_node(7, 0, 0);
        } else {
            self.end(0..2);
            self.perhaps_delete(2);
        }
    }

    fn truncated(&mut self) {
        self.write(3);
        self.steps.sort_by_key(|step| (step.second(), step.place()));
        let kept = self.random.random_range(2..12);
        self.steps.truncate(kept);
    }

    fn deleted_at_once(&mut self) {
        self.write(3);
        self.pass(1_000..2_500);
        self.delete_replica(1);
        if self.chance(0.7) {
            self.pass(2_000..20_000);
            self.invalidate(3);
            for place in [0, 2] {
                self.pass(1_000..12_000);
                self.delete_replica(place);
            }
        }
    }

    fn namenode_not_updated(&mut self) {
        self.write(3);
        for place in 0..3 {
            self.pass(2_000..20_000);
            self.delete_replica(place);
        }
    }

    fn belongs_to_no_file(&mut self) {
        self.receive(3);
        self.pass(1_000..45_000);
        self.end(1..3);
        self.invalidate(2);
        self.pass(1_000..3_000);
        self.data_node(9, 0, self.nodes[0]);
        self.data_node(11, 0, self.nodes[0]);
        self.pass(10..900);
        self.name_node(28, 0);
        if self.chance(0.4) {
            self.pass(1_000..20_000);
            self.push(24, 0, ORDER_THREAD, 0);
        }
        for place in 0..3 {
            self.pass(1_000..12_000);
            self.delete_replica(place);
        }
    }

    fn redundant_add_stored_block(&mut self) {
        self.write(3);
        for place in 0..self.random.random_range(1..4) {
            self.pass(500..20_000);
            if self.chance(0.2) {
                self.push(1, place, 13, 0);
            }
            self.name_node(27, place);
        }
        self.perhaps_delete(3);
    }

    fn replica_not_found(&mut self) {
        self.write(3);
        self.pass(2_000..20_000);
        self.invalidate(3);
        let lost = self.random.random_range(0..3);
        for place in 0..3 {
            self.pass(1_000..12_000);
            if place == lost {
                self.push(20, place, ORDER_THREAD, 0);
            } else {
                self.delete_replica(place);
            }
        }
    }

    fn empty_packet(&mut self) {
        self.receive(3);
        self.pass(5_000..40_000);
        let receivers = self.random.random_range(1..4);
        for place in 0..receivers {
            self.data_node(13, place, 0);
            self.pass(0..400);
        }
        if self.chance(0.5) {
            self.pass(500..5_000);
            self.data_node(7, 0, 0);
            self.end(1..3);
            self.perhaps_delete(2);
        } else {
            self.end(0..3);
            self.perhaps_delete(3);
        }
    }

    fn receive_exception(&mut self) {
        self.receive(3);
        self.pass(5_000..40_000);
        self.data_node(14, 2, 0);
        self.pass(0..300);
        if self.chance(0.5) {
            self.data_node(8, 2, 0);
        } else {
            self.data_node(10, 2, 0);
        }
        self.pass(0..300);
        self.data_node(7, 2, 0);
        self.pass(500..10_000);
        self.end(0..2);
        self.perhaps_delete(2);
    }

    fn pending_replication_timed_out(&mut self) {
        self.write(3);
        self.order_transfer();
        self.pass(30_000..45_000);
        self.push(29, 0, 20, 0);
        self.replicate();
        self.perhaps_delete(3);
    }

    fn failed_transfer(&mut self) {
        self.write(3);
        self.order_transfer();
        self.pass(1_000..20_000);
        self.data_node(17, 0, self.nodes[3]);
        self.perhaps_delete(3);
    }

    fn reopened(&mut self) {
        self.write(3);
        self.pass(1_000..20_000);
        for place in 0..2 {
            self.data_node(19, place, 0);
            self.data_node(5, place, self.nodes[0]);
            self.pass(100..900);
            self.data_node(15, place, 0);
        }
        self.pass(500..20_000);
        self.end(0..2);
        self.perhaps_delete(3);
    }

    fn deleted_while_written(&mut self) {
        self.receive(3);
        self.pass(1_000..15_000);
        self.invalidate(3);
        self.pass(2_000..15_000);
        self.end(0..3);
        for place in 0..3 {
            self.pass(1_000..12_000);
            self.delete_replica(place);
        }
    }

    fn missing_replica(&mut self) {
        self.write(2);
        self.perhaps_delete(2);
    }

    fn perhaps_delete(&mut self, replicas: usize) {
        if self.chance(0.7) {
            self.delete(replicas);
        }
    }
}
