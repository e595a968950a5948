use crate::{LineFormat, MAX_RECORD_LINES, Piece, RecordJoiner};

/// What the lines of a log become: `line+lines message` for messages, `.` for blank lines, `-lines` for others; an open
/// line says nothing.
fn pieces(format: &str, log: &[u8]) -> Vec<String> {
    let mut joiner = RecordJoiner::new(LineFormat::compile(format).unwrap());
    let mut all = Vec::new();
    let mut counted = 0;
    let mut take = |piece: Piece<'_>| {
        let (lines, text) = match piece {
            Piece::Message(record) => {
                let content = String::from_utf8_lossy(record.header.content()).into_owned();
                (record.lines, format!("{}+{} {content}", record.line, record.lines))
            }
            Piece::Other { lines, .. } => (lines, format!("-{lines}")),
            Piece::Blank { .. } => (1, ".".into()),
            Piece::Open => return,
        };
        counted += lines;
        all.push(text);
    };
    let log = log.strip_suffix(b"\n").unwrap_or(log);
    let lines = log.split(|&byte| byte == b'\n');
    let total = lines.clone().count() as u64;
    for (number, line) in (1..).zip(lines) {
        take(joiner.push(number, line));
        if total > 1_000 {
            continue;
        }
        // Whatever is open survives being written down.
        let state = serde_json::to_string(joiner.state()).unwrap();
        joiner.restore(serde_json::from_str(&state).unwrap());
    }
    while let Some(piece) = joiner.finish() {
        take(piece);
    }
    assert_eq!(counted, total, "every line is counted once: {all:?}");
    all
}

#[test]
fn plain_lines_stay_alone() {
    assert_eq!(
        pieces("<Level> <Content>", b"x\nINFO a\n  b\n\nINFO c"),
        ["-1", "2+1 a", "-1", ".", "5+1 c"]
    );
    assert_eq!(
        pieces("json", b"{\"msg\":\"a\"}\nat x\n{\"msg\":\"b\"}"),
        ["1+1 a", "-1", "3+1 b"]
    );
}

#[test]
fn entries_of_the_journal_end_at_empty_lines() {
    let log = b"\nMESSAGE=a\nX=1\n\nMESSAGE\n\x0a\0\0\0\0\0\0\0b\n\n\nc\n\r\n78\nX=2\n\n\n_PID=1\n\nMESSAGE=last";
    assert_eq!(
        pieces("journald", log),
        [".", "2+3 a", "5+10 b", ".", "-2", "18+1 last"]
    );
    // A value that ends in a line feed, and then the one behind it, is no empty line.
    let log = b"MESSAGE\n\x02\0\0\0\0\0\0\0x\n\nX=1\n\nMESSAGE=y\n";
    assert_eq!(pieces("journald", log), ["1+5 x", "6+1 y"]);
}

#[test]
fn rows_end_outside_quotes_and_header_rows_may_come_again() {
    let log = b"time,message\n1,a\n\n2,\"b\n\n\"\"c\"\"\nd\"\nmessage,time\n\"e, f\",3\n4,5 \"g\"\n";
    assert_eq!(
        pieces("csv", log),
        ["-1", "2+1 a", ".", "4+4 b", "-1", "9+1 e, f", "10+1 4"]
    );
    // A quote within a cell opens nothing.
    assert_eq!(
        pieces("csv", b"message,x\n5\" disc,1\nb,2"),
        ["-1", "2+1 5\" disc", "3+1 b"]
    );
    assert_eq!(
        pieces("csv", b"message,x\n\"never closed,1\nb,2"),
        ["-1", "2+2 never closed,1"]
    );
}

#[test]
fn parts_of_a_containers_messages_are_joined_by_stream() {
    let cri = |stream: &str, tag: &str, text: &str| format!("2024-01-02T03:04:05Z {stream} {tag} {text}\n");
    let log = [
        cri("stdout", "P", "one "),
        cri("stderr", "P", "two "),
        cri("stdout", "F", "more"),
        cri("stdout", "F", "alone"),
        "no container's line\n".to_owned(),
        cri("stderr", "P", "goes "),
        cri("stderr", "F", "on"),
        cri("stdout", "P", "unended"),
    ];
    assert_eq!(
        pieces("cri", log.concat().as_bytes()),
        ["1+2 one more", "4+1 alone", "-1", "2+3 two goes on", "8+1 unended"]
    );
    let docker = |text: &str| format!("{{\"log\":\"{text}\",\"stream\":\"stdout\",\"time\":\"t\"}}\n");
    let part = "x".repeat(16 * 1024);
    let log = [
        docker("short, no end"),
        docker(&part),
        docker(&part),
        docker("end\\n"),
        docker("b\\n"),
    ];
    assert_eq!(
        pieces("docker", log.concat().as_bytes()),
        [
            "1+1 short, no end".to_owned(),
            format!("2+3 {part}{part}end"),
            "5+1 b".to_owned()
        ]
    );
}

#[test]
fn stack_traces_join_the_line_before_where_there_are_no_headers() {
    let log = "\tat first.line(X.java:1)
started
java.io.IOException: gone
\tat a.B.c(B.java:7)
\t... 12 more
Caused by: x.Y: z
    at a.B.d(B.java:9)
at the end
Traceback (most recent call last):
  File \"x.py\", line 3, in f
    raise ValueError(x)
ValueError: 7
  indented
... 12 more or less
stopped";
    let expected = [
        "1+1 at first.line(X.java:1)",
        "2+1 started",
        "3+1 java.io.IOException: gone",
        "-1",
        "-1",
        "-1",
        "-1",
        "8+1 at the end",
        "-1",
        "-1",
        "-1",
        "-1",
        "13+1 indented",
        "14+1 ... 12 more or less",
        "15+1 stopped",
    ];
    assert_eq!(pieces("<Content>", log.as_bytes()), expected);
    let cri: Vec<String> = log
        .lines()
        .map(|line| format!("2024-01-02T03:04:05Z stderr F {line}"))
        .collect();
    assert_eq!(pieces("cri", cri.join("\n").as_bytes()), expected);
    // Where there are headers, they tell.
    assert_eq!(pieces("<A> <Content>", b"a b\n  at c"), ["1+1 b", "2+1 c"]);
}

#[test]
fn what_never_ends_is_cut_and_counted() {
    for (format, first, more) in [
        ("csv", "message,x\n\"open\n".to_owned(), "y\n".to_owned()),
        (
            "cri",
            "2024-01-02T03:04:05Z stdout P open\n".to_owned(),
            "2024-01-02T03:04:05Z stdout P y\n".to_owned(),
        ),
    ] {
        let count = MAX_RECORD_LINES as usize + 10;
        let log = first + &more.repeat(count);
        let mut joiner = RecordJoiner::new(LineFormat::compile(format).unwrap());
        let mut lengths = Vec::new();
        for (number, line) in (1..).zip(log.lines()) {
            if let Piece::Message(record) = joiner.push(number, line.as_bytes()) {
                lengths.push(record.lines);
            }
        }
        assert_eq!((joiner.cut(), lengths[0]), (1, MAX_RECORD_LINES + 1), "{format}");
    }
    // An entry that is too long keeps its beginning, and its end is found.
    let long = format!("MESSAGE=a\nX={}\nY=1\n\nMESSAGE=b\n\n", "x".repeat(2 << 20));
    assert_eq!(pieces("journald", long.as_bytes()), ["1+4 a", "5+2 b"]);
    let big = [
        &b"MESSAGE=a\nX\n"[..],
        &(1_u64 << 20).to_le_bytes(),
        &[b'\n'; 1 << 20],
        b"\nMESSAGE=c\n\nMESSAGE=b\n\n",
    ]
    .concat();
    assert_eq!(pieces("journald", &big).last().unwrap().split_once(' ').unwrap().1, "b");
}
