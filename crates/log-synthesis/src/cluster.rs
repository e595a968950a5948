//! The machines.

use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::life::PLACES;

/// The nodes' addresses, written once: they are most of what a line holds.
pub(crate) struct Cluster {
    addresses: Vec<Box<str>>,
}

impl Cluster {
    /// As many nodes in 10.250.0.0/16 and 10.251.0.0/16, the networks of the published log.
    pub(crate) fn new(nodes: u32, random: &mut ChaCha8Rng) -> Self {
        let mut places: Vec<u32> = (0..2 * 254 * 254).collect();
        let (chosen, _) = places.partial_shuffle(random, nodes as usize);
        let address = |place: &mut u32| {
            let (network, third, fourth) = (*place / (254 * 254), *place / 254 % 254, *place % 254);
            format!("10.{}.{}.{}", 250 + network, third + 1, fourth + 1).into()
        };
        Self {
            addresses: chosen.iter_mut().map(address).collect(),
        }
    }

    pub(crate) fn address(&self, node: u16) -> &str {
        &self.addresses[usize::from(node)]
    }

    /// How many nodes there are.
    pub(crate) fn size(&self) -> u16 {
        self.addresses.len() as u16
    }

    /// Different nodes for one block.
    pub(crate) fn choose(&self, random: &mut ChaCha8Rng) -> [u16; PLACES] {
        let mut chosen = [0; PLACES];
        for place in 0..PLACES {
            chosen[place] = loop {
                let node = random.random_range(0..self.size());
                if !chosen[..place].contains(&node) {
                    break node;
                }
            };
        }
        chosen
    }
}
