//! How often each client may do something: token buckets by address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Clients that are told apart. Those beyond share one bucket.
const MOST: usize = 65_536;

/// How often room is made among them.
const SWEEP: Duration = Duration::from_secs(1);

/// A bucket for each client: it fills at a rate up to a burst, and what a client does takes from it.
pub(crate) struct Buckets {
    a_second: f64,
    burst: f64,
    table: Mutex<Table>,
}

struct Table {
    clients: HashMap<IpAddr, Bucket>,
    others: Bucket,
    swept: Instant,
}

#[derive(Clone, Copy)]
struct Bucket {
    level: f64,
    at: Instant,
}

impl Buckets {
    pub(crate) fn new(a_second: f64, burst: f64, now: Instant) -> Self {
        Self {
            a_second,
            burst,
            table: Mutex::new(Table {
                clients: HashMap::new(),
                others: Bucket { level: burst, at: now },
                swept: now,
            }),
        }
    }

    /// Takes one from a client's bucket. If there is none: how long until there is.
    pub(crate) fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        // Buckets are numbers, never half-written.
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let Table { clients, others, swept } = &mut *table;
        let client = network(client);
        if clients.len() >= MOST && !clients.contains_key(&client) && now.duration_since(*swept) >= SWEEP {
            clients.retain(|_, bucket| self.filled(*bucket, now).level < self.burst);
            *swept = now;
        }
        let full = Bucket {
            level: self.burst,
            at: now,
        };
        let bucket = match clients.len() < MOST || clients.contains_key(&client) {
            true => clients.entry(client).or_insert(full),
            false => others,
        };
        *bucket = self.filled(*bucket, now);
        if bucket.level < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.level) / self.a_second));
        }
        bucket.level -= 1.0;
        Ok(())
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> Bucket {
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        Bucket {
            level: (bucket.level + since * self.a_second).min(self.burst),
            at: now,
        }
    }
}

/// Who has one IPv6 address has 2^64 of them.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let buckets = Buckets::new(2.0, 3.0, start);
        let [one, other] = [1, 2].map(|last| IpAddr::from([192, 0, 2, last]));
        for _ in 0..3 {
            assert_eq!(buckets.take(one, at(0)), Ok(()));
        }
        assert_eq!(buckets.take(one, at(0)), Err(Duration::from_millis(500)));
        assert_eq!(buckets.take(one, at(250)), Err(Duration::from_millis(250)));
        assert_eq!(buckets.take(other, at(250)), Ok(()));
        assert_eq!(buckets.take(one, at(500)), Ok(()));
        assert!(buckets.take(one, at(500)).is_err());
        // However long it is quiet, no more than the burst.
        assert_eq!((0..9).filter(|_| buckets.take(one, at(1_000_000)).is_ok()).count(), 3);
    }

    #[test]
    fn addresses_of_one_network_share_a_bucket() {
        let now = Instant::now();
        let buckets = Buckets::new(1.0, 1.0, now);
        let take = |address: &str| buckets.take(address.parse().unwrap(), now).is_ok();
        assert!(take("2001:db8::1"));
        assert!(!take("2001:db8::2"));
        assert!(take("2001:db8:0:1::1"));
        assert!(take("192.0.2.1"));
        assert!(!take("::ffff:192.0.2.1"));
    }

    #[test]
    fn the_table_is_bounded_and_forgets_who_was_quiet() {
        let start = Instant::now();
        let buckets = Buckets::new(1.0, 1.0, start);
        let clients = |from: u32| (from..).map(|bits| IpAddr::from(Ipv4Addr::from_bits(bits)));
        clients(0)
            .take(MOST)
            .for_each(|client| buckets.take(client, start).unwrap());
        assert!(buckets.take(Ipv4Addr::BROADCAST.into(), start).is_ok());
        assert!(
            clients(1 << 30)
                .take(9)
                .all(|client| buckets.take(client, start).is_err()),
            "these share one"
        );
        let later = start + Duration::from_secs(2);
        assert!(
            clients(1 << 30)
                .take(9)
                .all(|client| buckets.take(client, later).is_ok())
        );
        assert!(buckets.table.lock().unwrap().clients.len() <= MOST);
    }
}
