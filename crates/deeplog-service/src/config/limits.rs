//! `[limits]`, `[store]` and `[checkpoint]`: how much of everything there may be.

use std::time::Duration;

use deeplog::Fields;

use super::amount::{number, size, time};

const MIB: usize = 1 << 20;
const GIB: usize = 1 << 30;

/// How much clients may ask for, and how long they may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body as it comes. Default 16 MiB.
    pub body: usize,
    /// Bytes of it once unpacked. Default 64 MiB.
    pub unpacked: usize,
    /// Bytes of a line. Default 1 MiB.
    pub line: usize,
    /// Lines of a request. Default 200,000.
    pub batch_lines: u64,
    /// Connections at once; more wait until one ends. Default 1,024.
    pub connections: usize,
    /// Requests a second of each client's address. Default 1,000.
    pub requests: u32,
    /// Requests that a client who was quiet may make at once. Default: twice as many.
    pub burst: u32,
    /// Bytes that wait to be judged; when they are as many, senders are told to wait. Default 64 MiB.
    pub queue: usize,
    /// How long the head of a request may take, and the greeting of TLS. Default 10 s.
    pub header_timeout: Duration,
    /// How long the body may take. Default 60 s.
    pub body_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 16 * MIB,
            unpacked: 64 * MIB,
            line: MIB,
            batch_lines: 200_000,
            connections: 1_024,
            requests: 1_000,
            burst: 2_000,
            queue: 64 * MIB,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(60),
        }
    }
}

/// What is kept of findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// Findings; the oldest go when there are more. Default 100,000.
    pub keep_findings: u64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { keep_findings: 100_000 }
    }
}

/// When the state is written down, so that less is judged again after a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointConfig {
    /// How often. Default: every minute.
    pub every: Duration,
    /// Or when so many bytes of lines came since. Default 256 MiB.
    pub log: u64,
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(60),
            log: 256 << 20,
        }
    }
}

pub(super) fn read(mut fields: Fields<'_>) -> Limits {
    let default = Limits::default();
    let requests = number(&mut fields, "requests", default.requests, 1, 10_000_000);
    let limits = Limits {
        body: size(&mut fields, "body", default.body, 1_024, GIB),
        unpacked: size(&mut fields, "unpacked", default.unpacked, 1_024, 4 * GIB),
        line: size(&mut fields, "line", default.line, 64, deeplog::MAX_LINE),
        batch_lines: number(&mut fields, "batch_lines", 200_000, 1, 100_000_000).into(),
        connections: number(&mut fields, "connections", 1_024, 1, 1_000_000) as usize,
        requests,
        burst: number(&mut fields, "burst", requests.saturating_mul(2), 1, 20_000_000),
        queue: size(&mut fields, "queue", default.queue, MIB, 64 * GIB),
        header_timeout: time(&mut fields, "header_timeout", default.header_timeout, false),
        body_timeout: time(&mut fields, "body_timeout", default.body_timeout, false),
    };
    fields.ensure(limits.line <= limits.unpacked, "line", || {
        format!(
            "{} bytes are more than `unpacked` allows, {}",
            limits.line, limits.unpacked
        )
    });
    fields.ensure(limits.body <= limits.unpacked, "unpacked", || {
        format!(
            "{} bytes are fewer than `body` allows, {}",
            limits.unpacked, limits.body
        )
    });
    fields.finish();
    limits
}

pub(super) fn read_store(mut fields: Fields<'_>) -> StoreConfig {
    let keep_findings = number(&mut fields, "keep_findings", 100_000, 1, u32::MAX).into();
    fields.finish();
    StoreConfig { keep_findings }
}

pub(super) fn read_checkpoint(mut fields: Fields<'_>) -> CheckpointConfig {
    let default = CheckpointConfig::default();
    let checkpoint = CheckpointConfig {
        every: time(&mut fields, "every", default.every, false),
        log: size(&mut fields, "log", 256 * MIB, MIB, 1024 * GIB) as u64,
    };
    fields.finish();
    checkpoint
}
