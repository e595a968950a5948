//! What must hold for any bytes. A function for each fuzz target; `tests/fuzz_corpus.rs` runs them on the corpus.

use deeplog_service::body::{BodyLimits, Decoding, decode};
use deeplog_service::syslog::{Framer, Shape, TooLong, parse};

/// Longest message that is let pass.
const LIMIT: usize = 300;

/// The first byte says in what pieces the others come: messages do not depend on it, and no byte of one is lost.
pub fn syslog(data: &[u8]) {
    let (piece, stream) = data.split_first().unwrap_or((&1, &[]));
    let whole = messages(stream, stream.len().max(1));
    let (found, error) = messages(stream, usize::from(*piece).max(1));
    assert_eq!((&found, &error), (&whole.0, &whole.1));
    for message in &found {
        assert!(message.len() <= LIMIT && !message.is_empty());
        let parsed = parse(message);
        assert!(parsed.body.ends_with(parsed.content));
        let kept = message
            .iter()
            .rposition(|byte| !matches!(byte, 0 | b'\n'))
            .map_or(0, |last| last + 1);
        assert!(message[..kept].ends_with(parsed.body));
        for shape in [Shape::Message, Shape::File] {
            let mut block = Vec::new();
            let lines = shape.write(&parsed, &mut block);
            assert!(block.ends_with(b"\n"));
            assert_eq!(lines, feeds(&block));
        }
    }
}

fn messages(stream: &[u8], piece: usize) -> (Vec<Vec<u8>>, Option<TooLong>) {
    let (mut framer, mut found) = (Framer::new(LIMIT), Vec::new());
    for piece in stream.chunks(piece) {
        framer.push(piece);
        loop {
            match framer.next_message() {
                Ok(Some(message)) => found.push(message.to_vec()),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
    }
    found.extend(framer.finish().map(<[u8]>::to_vec));
    (found, None)
}

/// The first byte says how the others are to be read: within the limits, whole lines, counted.
pub fn body(data: &[u8]) {
    let (how, body) = data.split_first().unwrap_or((&0, &[]));
    let content_type = ["text/plain", "application/json", "application/octet-stream"].get(usize::from(how % 4));
    let encoding = (how & 4 != 0).then_some("gzip");
    let decoding = Decoding {
        whole_objects: how & 8 != 0,
        limits: BodyLimits {
            unpacked: 1 << 16,
            line: 100,
            lines: 1_000,
        },
        ..Decoding::default()
    };
    let Ok(decoded) = decode(content_type.copied(), encoding, body, &decoding) else {
        return;
    };
    assert!(decoded.block.is_empty() || decoded.block.ends_with(b"\n"));
    assert_eq!(decoded.lines, feeds(&decoded.block));
    assert!(decoded.lines + decoded.rejected <= 1_000);
    assert!(decoded.block.split(|&byte| byte == b'\n').all(|line| line.len() <= 100));
    assert_eq!(decoded.first_problem.is_some(), decoded.rejected > 0);
}

fn feeds(block: &[u8]) -> u64 {
    block.iter().filter(|&&byte| byte == b'\n').count() as u64
}
