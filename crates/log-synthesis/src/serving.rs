//! What happens to a block between its write and its delete: clients read it and the scanner verifies it.

use std::ops::Range;

use rand::RngExt;

use crate::life::Life;

impl Life<'_> {
    /// The scanner verifies replicas, one after the other.
    pub(crate) fn verify(&mut self, times: usize) {
        for place in 0..times {
            self.pass(2_000..30_000);
            let node = self.nodes[place % 3];
            self.push(2, place, 13, node);
        }
    }

    /// Clients read the block, and the scanner comes by.
    pub(crate) fn serve(&mut self) {
        self.pass(2_000..25_000);
        match self.random.random_range(0..1000) {
            0..456 => {
                let scans = self.pick(&[355, 290, 165, 190]);
                let before = if scans > 0 && self.chance(0.33) { 1 } else { 0 };
                self.verify(before);
                self.read_after_abort();
                self.verify(scans - before);
            }
            456..486 => {
                self.read_many_aborted();
                let scans = self.pick(&[40, 20, 25, 15]);
                self.verify(scans);
            }
            486..555 => {
                let reads = [1, 2, 4, 6, 8][self.pick(&[60, 5, 12, 12, 11])];
                for _ in 0..reads {
                    self.pass(500..20_000);
                    self.read(3);
                }
                let scans = self.pick(&[600, 250, 150]);
                self.verify(scans);
            }
            _ => self.read_in_waves(),
        }
    }

    /// One reader gives up early, then one gives up while another is served.
    fn read_after_abort(&mut self) {
        self.pass(500..10_000);
        self.read(4);
        self.pass(1_000..20_000);
        self.at_once(&[(3, 0..10_000), (4, 0..16_000)]);
    }

    /// The readers of a slow task: all but the last few give up.
    fn read_many_aborted(&mut self) {
        for _ in 0..14 {
            self.read(4);
            self.pass(500..8_000);
        }
        self.at_once(&[(4, 0..4_000), (3, 1_000..8_000)]);
    }

    /// Attempts of a job's tasks, wave by wave: two readers are served, and one closes early.
    fn read_in_waves(&mut self) {
        let waves = 1 + self.pick(&[11, 38, 22, 29]);
        let scanned = if self.chance(0.16) {
            self.random.random_range(0..waves)
        } else {
            waves
        };
        for wave in 0..waves {
            if wave == scanned {
                self.verify(1);
            }
            self.at_once(&[(3, 0..9_000), (3, 0..10_000), (4, 2_000..13_000)]);
            self.pass(0..14_000);
        }
    }

    /// Reads that overlap, each within its range of milliseconds from now.
    fn at_once(&mut self, reads: &[(u8, Range<u32>)]) {
        let (start, mut latest) = (self.now, self.now);
        for (event, range) in reads {
            self.pass(range.clone());
            self.read(*event);
            latest = latest.max(self.now);
            self.now = start;
        }
        self.now = latest;
    }

    fn read(&mut self, event: u8) {
        let place = self.random.random_range(0..3);
        let reader = self.random.random_range(self.cluster.clone());
        self.data_node(event, place, reader);
    }
}
