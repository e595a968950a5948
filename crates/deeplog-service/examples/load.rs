//! Load for a running `deeplog serve`, and what it makes of it.
//!
//! ```text
//! cargo run --release -p deeplog-service --example load -- ADDRESS [--lines N] [--rate LINES_A_SECOND] [--batch LINES]
//!     [--connections N] [--open SESSIONS] [--seed N] [--seconds N]
//! ```
//!
//! Simulated HDFS lines as NDJSON go in over some connections: as fast as they are taken, and made before the clock starts;
//! or at a rate, and made on the way. Meanwhile the events of the service are followed, and the time from when a line came in to when its
//! finding arrived here is taken for each. Batches that are refused are sent again after the time that the service asks for.

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use log_synthesis::{HdfsConfig, HdfsSimulator};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

struct Plan {
    address: String,
    lines: u64,
    rate: Option<f64>,
    batch: u64,
    connections: usize,
    open: u32,
    seed: u64,
    seconds: u64,
}

#[derive(Default)]
struct Seen {
    /// Lines that were acknowledged.
    lines: AtomicU64,
    refused: AtomicU64,
    /// Microseconds from receipt to arrival, of each finding.
    latencies: Mutex<Vec<u64>>,
    /// Microseconds from request to answer.
    answers: Mutex<Vec<u64>>,
    is_over: AtomicBool,
}

fn main() -> Result<()> {
    let plan = plan()?;
    let batches = plan.lines.div_ceil(plan.batch);
    let (give, bodies) = sync_channel(if plan.rate.is_some() { 64 } else { batches as usize });
    let config = HdfsConfig {
        seed: plan.seed,
        sessions: Some(u64::MAX),
        concurrent: plan.open,
        anomalous: 0.01,
        ..HdfsConfig::default()
    };
    let (lines, batch) = (plan.lines, plan.batch);
    let maker = thread::spawn(move || make(config, lines, batch, &give));
    if plan.rate.is_none() {
        maker.join().map_err(|_| "the maker of lines has panicked")??;
    }
    let bodies = Arc::new(Mutex::new(bodies));
    let seen = Arc::new(Seen::default());
    let follower = {
        let (address, seen) = (plan.address.clone(), seen.clone());
        thread::spawn(move || follow(&address, &seen))
    };
    thread::sleep(Duration::from_millis(300));
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let own = cpu_seconds();
    let senders: Vec<_> = (0..plan.connections)
        .map(|_| {
            let (bodies, seen, next) = (bodies.clone(), seen.clone(), next.clone());
            let (address, rate, batch, seconds) = (plan.address.clone(), plan.rate, plan.batch, plan.seconds);
            thread::spawn(move || -> Result<()> {
                let mut connection = BufReader::new(TcpStream::connect(&address)?);
                connection.get_ref().set_nodelay(true)?;
                loop {
                    let next_body = bodies.lock().map_err(|_| "poisoned")?.recv();
                    let Ok((body, lines)) = next_body else { return Ok(()) };
                    if seconds > 0 && began.elapsed().as_secs() >= seconds {
                        return Ok(());
                    }
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if let Some(rate) = rate {
                        let due = Duration::from_secs_f64((number * batch) as f64 / rate);
                        thread::sleep(due.saturating_sub(began.elapsed()));
                    }
                    send(&mut connection, &body, &seen)?;
                    seen.lines.fetch_add(lines, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.join().map_err(|_| "a sender has panicked")??;
    }
    let took = began.elapsed().as_secs_f64();
    let lines = seen.lines.load(Ordering::Relaxed);
    let own = cpu_seconds() - own;
    wait_until_judged(&plan.address, &seen)?;
    let judged = began.elapsed().as_secs_f64();
    thread::sleep(Duration::from_millis(500));
    seen.is_over.store(true, Ordering::Relaxed);
    let _ = follower.join();
    println!(
        "{lines} lines accepted in {took:.2} s: {:.0} lines/s; judged after {judged:.2} s: {:.0} lines/s; {} refusals",
        lines as f64 / took,
        lines as f64 / judged,
        seen.refused.load(Ordering::Relaxed),
    );
    println!("generator: {own:.2} s of CPU, {:.2} of a core", own / took);
    show("answer", &seen.answers);
    show("received to published", &seen.latencies);
    Ok(())
}

fn plan() -> Result<Plan> {
    let mut words = env::args().skip(1);
    let mut plan = Plan {
        address: words
            .next()
            .ok_or("the address of the service is missing, such as 127.0.0.1:7070")?,
        lines: 3_000_000,
        rate: None,
        batch: 2_000,
        connections: 4,
        open: 100_000,
        seed: 2,
        seconds: 0,
    };
    while let Some(flag) = words.next() {
        let value = words.next().ok_or_else(|| format!("{flag} lacks its value"))?;
        match &*flag {
            "--lines" => plan.lines = value.parse()?,
            "--rate" => plan.rate = Some(value.parse()?),
            "--batch" => plan.batch = value.parse()?,
            "--connections" => plan.connections = value.parse()?,
            "--open" => plan.open = value.parse()?,
            "--seed" => plan.seed = value.parse()?,
            "--seconds" => plan.seconds = value.parse()?,
            _ => return Err(format!("{flag} is no option here").into()),
        }
    }
    Ok(plan)
}

/// Makes requests, ready to be sent, until nobody takes them any more.
fn make(config: HdfsConfig, all: u64, batch: u64, give: &SyncSender<(Vec<u8>, u64)>) -> Result<()> {
    let mut simulator = HdfsSimulator::new(config)?;
    let mut line = Vec::new();
    let mut made = 0;
    while made < all {
        let mut body = Vec::new();
        let mut lines = 0;
        while lines < batch && made < all {
            line.clear();
            simulator.next_line(&mut line).ok_or("the log ends")?;
            let text = String::from_utf8_lossy(line.trim_ascii_end());
            serde_json::to_writer(&mut body, &serde_json::json!({"message": text, "host": "generator"}))?;
            body.push(b'\n');
            lines += 1;
            made += 1;
        }
        let head = format!(
            "POST /v1/ingest HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if give.send(([head.into_bytes(), body].concat(), lines)).is_err() {
            break;
        }
    }
    Ok(())
}

fn send(connection: &mut BufReader<TcpStream>, body: &[u8], seen: &Seen) -> Result<()> {
    loop {
        let began = Instant::now();
        connection.get_mut().write_all(body)?;
        let status = answer(connection)?;
        match status {
            200 => {
                let took = began.elapsed().as_micros() as u64;
                seen.answers.lock().map_err(|_| "poisoned")?.push(took);
                return Ok(());
            }
            429 => {
                seen.refused.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(100));
            }
            other => return Err(format!("the service answers {other}").into()),
        }
    }
}

/// Reads an answer whole, and gives its status.
fn answer(connection: &mut BufReader<TcpStream>) -> Result<u16> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let status = line.split(' ').nth(1).ok_or("no status line")?.parse()?;
    let mut length = 0;
    loop {
        line.clear();
        connection.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(status)
}

/// Follows the findings from now on.
fn follow(address: &str, seen: &Seen) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    write!(
        stream,
        "GET /v1/events HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n"
    )?;
    let (mut text, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    while !seen.is_over.load(Ordering::Relaxed) {
        let read = match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(_) => continue,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as i64;
        text.extend_from_slice(&buffer[..read]);
        while let Some(end) = text.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let Some(data) = line.strip_prefix(b"data:") else {
                continue;
            };
            let Ok(item) = serde_json::from_slice::<serde_json::Value>(data) else {
                continue;
            };
            let is_new = item["id"] == item["version"];
            let received = item["received"]
                .as_str()
                .and_then(|time| DateTime::parse_from_rfc3339(time).ok());
            if let Some(received) = received.filter(|_| is_new) {
                let latency = (now - received.timestamp_micros()).max(0) as u64;
                seen.latencies.lock().map_err(|_| "poisoned")?.push(latency);
            }
        }
    }
    Ok(())
}

/// Until the service has judged all that it has accepted.
fn wait_until_judged(address: &str, seen: &Seen) -> Result<()> {
    let lines = seen.lines.load(Ordering::Relaxed);
    let mut before = 0;
    loop {
        let mut stream = TcpStream::connect(address)?;
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let count = |name: &str| -> f64 {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines
                .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
                .sum()
        };
        let judged = count("deeplog_lines_total{") as u64;
        if count("deeplog_queue_fill ") == 0.0 && (judged >= lines || judged == before) {
            for name in [
                "deeplog_open_sessions{",
                "deeplog_log_bytes",
                "deeplog_checkpoint_duration_seconds",
            ] {
                println!("{} {}", name.trim_end_matches('{'), count(name));
            }
            return Ok(());
        }
        before = judged;
        thread::sleep(Duration::from_millis(20));
    }
}

/// Seconds of CPU that this process has taken.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    ticks as f64 / 100.0
}

fn show(what: &str, times: &Mutex<Vec<u64>>) {
    let Ok(mut times) = times.lock() else { return };
    times.sort_unstable();
    let at = |share: f64| {
        times
            .get(((times.len().max(1) - 1) as f64 * share) as usize)
            .map_or(0.0, |&time| time as f64 / 1e3)
    };
    println!(
        "{what}: {} of them, p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
        times.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
}
