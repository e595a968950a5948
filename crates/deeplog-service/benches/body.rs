//! What reading a pushed line costs on one thread: `cargo bench -p deeplog-service --bench body`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark may stop at what cannot be, and has no public items"
)]

use std::hint::black_box;
use std::time::Instant;

use deeplog_service::body::{Decoding, decode};
use deeplog_service::syslog::{Framer, Shape, parse};

const LINES: usize = 10_000;
const ROUNDS: usize = 30;

fn main() {
    let message = |i: usize| {
        format!(
            "081109 203615 {i} INFO dfs.DataNode$PacketResponder: Received block blk_{i} of size 67108864 from /10.251.91.84 xxxxxxxxxxxxx"
        )
    };
    let vector = |i: usize| {
        format!(
            r#"{{"file":"/var/log/app.log","host":"web-1","message":"{}","source_type":"file","timestamp":"2024-05-01T10:00:00.123456789Z"}}"#,
            message(i)
        )
    };
    let join = |line: &dyn Fn(usize) -> String, between: &str| (0..LINES).map(line).collect::<Vec<_>>().join(between);
    let short = |i: usize| format!(r#"{{"message":"{}"}}"#, message(i));
    let escaped = |i: usize| format!(r#"{{"date":1714557600.123456,"log":"{}\n"}}"#, message(i));
    let array = |objects: String| format!("[{objects}]");
    let shapes = [
        ("plain", join(&message, "\n")),
        ("ndjson, message alone", join(&short, "\n")),
        ("ndjson, escaped", join(&escaped, "\n")),
        ("ndjson, as Vector sends it", join(&vector, "\n")),
        ("array, as Vector sends it", array(join(&vector, ","))),
        ("one after the other", join(&short, "")),
    ];
    for (name, body) in shapes {
        time(name, body.len(), || {
            let decoded = decode(None, None, body.as_bytes(), &Decoding::default()).unwrap();
            assert_eq!((decoded.lines, decoded.rejected), (LINES as u64, 0));
            black_box(decoded);
        });
    }
    let counted = |i: usize| {
        let message = format!("<134>1 2024-05-01T10:00:00.123456Z web-1 app 4711 - - {}", message(i));
        format!("{} {message}", message.len())
    };
    let stream = join(&counted, "");
    time("syslog, counted, RFC 5424", stream.len(), || {
        let (mut framer, mut block) = (Framer::new(1 << 20), Vec::new());
        framer.push(stream.as_bytes());
        while let Some(message) = framer.next_message().unwrap() {
            Shape::File.write(&parse(message), &mut block);
        }
        black_box(block);
    });
}

/// The best of some rounds, as others are at work on the machine.
fn time(name: &str, bytes: usize, work: impl Fn()) {
    let best = (0..ROUNDS).map(|_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    });
    let nanoseconds = best.min().unwrap().as_nanos() as f64 / LINES as f64;
    let size = bytes / LINES;
    println!("{name}: {nanoseconds:.0} ns a line of {size} bytes");
}
