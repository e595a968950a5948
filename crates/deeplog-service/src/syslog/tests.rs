use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::*;
use crate::entrance::Submission;
use crate::{Entrance, Entry, Origin, Receipt};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What a message becomes in both shapes.
fn shapes(message: &[u8]) -> (Message<'_>, String, String) {
    let parsed = parse(message);
    let write = |shape: Shape| {
        let mut block = Vec::new();
        let lines = shape.write(&parsed, &mut block);
        assert_eq!(lines, block.iter().filter(|&&byte| byte == b'\n').count() as u64);
        String::from_utf8(block).unwrap()
    };
    (parsed, write(Shape::Message), write(Shape::File))
}

#[test]
fn messages_of_both_standards() {
    use Standard::{Neither, Rfc3164, Rfc5424};
    let cases = [
        (
            "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed",
            Rfc5424,
            "'su root' failed\n",
            "2003-10-11T22:14:15.003Z mymachine.example.com su: 'su root' failed\n",
        ),
        (
            "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time.",
            Rfc5424,
            "%% It's time.\n",
            "2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc[8710]: %% It's time.\n",
        ),
        (
            r#"<165>1 2003-10-11T22:14:15.003Z host app - ID47 [a@1 b="3" c="x\]\"y] z"][d@1 e=""] An event"#,
            Rfc5424,
            "An event\n",
            "2003-10-11T22:14:15.003Z host app: An event\n",
        ),
        (r#"<0>1 - - - - - [a@1 b="c"]"#, Rfc5424, "\n", "- - \n"),
        ("<0>1 - - - - - -", Rfc5424, "\n", "- - \n"),
        ("<13>1 - - app 7 - - a\nb\n\0", Rfc5424, "a\nb\n", "- - app[7]: a\nb\n"),
        // As rsyslog sends on what a local program wrote, and what was indented before that.
        ("<13>1 - - app 7 - -  hello", Rfc5424, "hello\n", "- - app[7]: hello\n"),
        ("<13>1 - - app 7 - -     at", Rfc5424, "   at\n", "- - app[7]:    at\n"),
        // As rsyslog forwards by default.
        (
            "<86>Oct  1 22:14:15 web-1 sshd[4711]: Accepted publickey for root",
            Rfc3164,
            "Accepted publickey for root\n",
            "Oct  1 22:14:15 web-1 sshd[4711]: Accepted publickey for root\n",
        ),
        (
            "<86>2024-05-01T10:00:00.123456+02:00 web-1 sshd[4711]: Accepted: yes",
            Rfc3164,
            "Accepted: yes\n",
            "2024-05-01T10:00:00.123456+02:00 web-1 sshd[4711]: Accepted: yes\n",
        ),
        (
            "<4>Oct 11 22:14:15 web-1 kernel: [1.5] eth0: up",
            Rfc3164,
            "[1.5] eth0: up\n",
            "Oct 11 22:14:15 web-1 kernel: [1.5] eth0: up\n",
        ),
        // As programs write to /dev/log: without a host.
        (
            "<13>Oct 11 22:14:15 logger[1]: hello",
            Rfc3164,
            "hello\n",
            "Oct 11 22:14:15 logger[1]: hello\n",
        ),
        (
            "<13>Oct 11 22:14:15 logger: hello",
            Rfc3164,
            "hello\n",
            "Oct 11 22:14:15 logger: hello\n",
        ),
        (
            "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!",
            Rfc3164,
            "Use the BFG!\n",
            "Feb  5 17:32:18 10.0.0.99 Use the BFG!\n",
        ),
        (
            "Oct 11 22:14:15 web-1 app: no priority",
            Rfc3164,
            "no priority\n",
            "Oct 11 22:14:15 web-1 app: no priority\n",
        ),
        (
            "<13>Oct 11 22:14:15 web-1 app[x y]: odd",
            Rfc3164,
            "app[x y]: odd\n",
            "Oct 11 22:14:15 web-1 app[x y]: odd\n",
        ),
        ("<13>Oct 11 22:14:15 web-1", Rfc3164, "\n", "Oct 11 22:14:15 web-1\n"),
        ("<13>Oct 11 22:14:15", Rfc3164, "\n", "Oct 11 22:14:15\n"),
        ("<13>no stamp at all", Neither, "no stamp at all\n", "no stamp at all\n"),
        (
            "<192>Oct 11 22:14:15 h t: m",
            Neither,
            "<192>Oct 11 22:14:15 h t: m\n",
            "<192>Oct 11 22:14:15 h t: m\n",
        ),
        (
            "<13>1 2003-10-11 host app - - - m",
            Neither,
            "1 2003-10-11 host app - - - m\n",
            "1 2003-10-11 host app - - - m\n",
        ),
        (
            "<13>1 - h a - - [open m",
            Neither,
            "1 - h a - - [open m\n",
            "1 - h a - - [open m\n",
        ),
        ("<13>", Neither, "\n", "\n"),
        ("\0\n\0", Neither, "\n", "\n"),
        ("plain\r", Neither, "plain\r\n", "plain\r\n"),
    ];
    for (message, standard, content, file) in cases {
        let (parsed, as_message, as_file) = shapes(message.as_bytes());
        assert_eq!(
            (parsed.standard, &*as_message, &*as_file),
            (standard, content, file),
            "{message}"
        );
    }
}

#[test]
fn the_parts_of_a_message() {
    let old = parse(b"<86>Oct  1 22:14:15 web-1 sshd(pam)[47]: x");
    assert_eq!(old.priority, Some(86));
    let parts = [old.stamp, old.host, old.app, old.process].map(|part| text(part.unwrap()));
    assert_eq!(parts, ["Oct  1 22:14:15", "web-1", "sshd(pam)", "47"]);
    let new = parse(br#"<191>1 - web-1 app 8 id [a@1 b="]"] c"#);
    assert_eq!((new.priority, new.stamp), (Some(191), None));
    assert_eq!(new.data.map(text), Some(r#"[a@1 b="]"]"#));
}

/// All messages of a stream that comes in pieces of so many bytes.
fn frames(stream: &[u8], piece: usize, limit: usize) -> (Vec<Vec<u8>>, Option<TooLong>) {
    let (mut framer, mut found) = (Framer::new(limit), Vec::new());
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

#[test]
fn frames_of_both_kinds_follow_one_another() {
    let stream = b"8 <1>a\nb c<2>d\n\n<3>e\r\n\0<4>f\x00404 not found\n5 <5>gh\n12 <6>in 7 <7>j\n<8>k";
    let expected: [&[u8]; 9] = [
        b"<1>a\nb c",
        b"<2>d",
        b"<3>e\r",
        b"<4>f",
        b"404 not found",
        b"<5>gh",
        b"<6>in 7 <7>j",
        b"<8>k",
        b"",
    ];
    for piece in 1..stream.len() + 1 {
        let (found, error) = frames(stream, piece, 20);
        assert_eq!(
            (&found[..], error),
            (&expected.map(<[u8]>::to_vec)[..8], None),
            "pieces of {piece}"
        );
    }
}

#[test]
fn a_message_beyond_the_limit_is_found_before_it_is_kept() {
    let ok = [b"10 <1>4567890".to_vec(), vec![b'x'; 10], b"\n".to_vec()].concat();
    assert_eq!(frames(&ok, 3, 10), (vec![b"<1>4567890".to_vec(), vec![b'x'; 10]], None));
    for stream in [
        &b"11 <1>"[..],
        b"99999999999 <1>",
        b"4294967296 <1>",
        b"xxxxxxxxxxxxxx\n",
        b"xxxxxxxxxxx",
    ] {
        assert_eq!(frames(stream, 5, 10).1, Some(TooLong { limit: 10 }), "{}", text(stream));
    }
    assert_eq!(frames(b"9 <1>cut", 2, 10), (vec![b"<1>cut".to_vec()], None));
}

proptest! {
    #[test]
    fn any_messages_come_back_from_counted_frames(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..10),
        piece in 1_usize..50,
    ) {
        let messages: Vec<Vec<u8>> = messages.into_iter().map(|message| [&b"<1>"[..], &message].concat()).collect();
        let counted = |message: &Vec<u8>| [format!("{} ", message.len()).as_bytes(), message].concat();
        let stream: Vec<u8> = messages.iter().flat_map(counted).collect();
        prop_assert_eq!(frames(&stream, piece, 100), (messages, None));
    }

    #[test]
    fn no_byte_of_a_message_is_lost(message in prop::collection::vec(any::<u8>(), 0..200)) {
        let parsed = parse(&message);
        let end = message.iter().rposition(|byte| !matches!(byte, 0 | b'\n')).map_or(0, |end| end + 1);
        prop_assert!(message[..end].ends_with(parsed.body));
        prop_assert!(parsed.body.ends_with(parsed.content));
    }
}

/// An entrance that keeps what it is given, once it is open.
struct House {
    entrance: Entrance,
    kept: Arc<Mutex<Vec<u8>>>,
    gate: Arc<Mutex<()>>,
}

impl House {
    fn new(capacity: usize) -> Self {
        let (submissions, given) = channel();
        let (kept, gate) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(())));
        let (keep, wait) = (kept.clone(), gate.clone());
        thread::spawn(move || keep_all(&given, &keep, &wait));
        Self {
            entrance: Entrance::new(submissions, capacity),
            kept,
            gate,
        }
    }

    fn wait_for(&self, lines: usize) -> Vec<u8> {
        let begin = Instant::now();
        while self.kept.lock().unwrap().iter().filter(|&&byte| byte == b'\n').count() < lines {
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "only {:?}",
                text(&self.kept.lock().unwrap())
            );
            thread::sleep(Duration::from_millis(2));
        }
        self.kept.lock().unwrap().clone()
    }
}

fn keep_all(given: &Receiver<Submission>, kept: &Mutex<Vec<u8>>, gate: &Mutex<()>) {
    for submission in given {
        drop(gate.lock().unwrap());
        let Entry::Lines(batch) = &submission.entry else {
            panic!("{:?}", submission.entry)
        };
        assert_eq!((&*batch.source, &batch.origin), ("web", &Origin::Stream));
        kept.lock().unwrap().extend_from_slice(&batch.block);
        let receipt = Receipt {
            lines: 1,
            is_duplicate: false,
        };
        let _ = submission.reply.send(Ok(receipt));
    }
}

struct Listening {
    runtime: Runtime,
    task: tokio::task::JoinHandle<()>,
    stop: watch::Sender<bool>,
    counters: Arc<Counters>,
    port: u16,
}

impl Listening {
    fn tcp(house: &House, limits: TcpLimits) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, end) = watch::channel(false);
        let counters = Arc::new(Counters::default());
        let (entrance, count) = (house.entrance.clone(), counters.clone());
        let task = runtime.spawn(listen_tcp(
            listener,
            "web".into(),
            Shape::File,
            entrance,
            limits,
            count,
            end,
        ));
        Self {
            runtime,
            task,
            stop,
            counters,
            port,
        }
    }

    fn udp(house: &House) -> Self {
        let runtime = Runtime::new().unwrap();
        let socket = runtime.block_on(tokio::net::UdpSocket::bind("127.0.0.1:0")).unwrap();
        let port = socket.local_addr().unwrap().port();
        let (stop, end) = watch::channel(false);
        let counters = Arc::new(Counters::default());
        let (entrance, count) = (house.entrance.clone(), counters.clone());
        let task = runtime.spawn(listen_udp(socket, "web".into(), Shape::Message, entrance, count, end));
        Self {
            runtime,
            task,
            stop,
            counters,
            port,
        }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    fn end(self) {
        self.stop.send(true).unwrap();
        self.runtime.block_on(self.task).unwrap();
        assert_eq!(self.counters.connections.load(Relaxed), 0);
    }
}

fn until(what: impl Fn() -> bool) {
    let begin = Instant::now();
    while !what() {
        assert!(begin.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn lines_over_tcp_arrive_in_order_and_the_last_ones_at_the_end() {
    let house = House::new(1 << 20);
    let listening = Listening::tcp(&house, TcpLimits::default());
    let mut client = listening.connect();
    let lines: Vec<String> = (0..30_000).map(|i| format!("Oct 11 22:14:15 h t: {i}\n")).collect();
    for (i, line) in lines.iter().enumerate() {
        let message = format!("<13>{}", line.trim_end());
        match i % 2 {
            0 => writeln!(client, "{message}").unwrap(),
            _ => write!(client, "{} {message}", message.len()).unwrap(),
        }
    }
    client.write_all(b"<13>cut").unwrap();
    assert_eq!(text(&house.wait_for(30_000)), lines.concat());
    drop(client);
    assert!(text(&house.wait_for(30_001)).ends_with("29999\ncut\n"));
    assert_eq!(listening.counters.messages.load(Relaxed), 30_001);
    assert_eq!(listening.counters.malformed.load(Relaxed), 1);
    listening.end();
}

#[test]
fn tcp_waits_while_no_more_may_wait_and_loses_nothing() {
    let house = House::new(4 << 10);
    let listening = Listening::tcp(&house, TcpLimits::default());
    let closed = house.gate.lock().unwrap();
    let mut clients: Vec<TcpStream> = (0..3).map(|_| listening.connect()).collect();
    for (i, client) in clients.iter_mut().enumerate() {
        (0..100).for_each(|line| writeln!(client, "<13>Oct 11 22:14:15 h t: {i} {line}").unwrap());
    }
    thread::sleep(Duration::from_millis(100));
    drop(closed);
    house.wait_for(300);
    assert_eq!(listening.counters.dropped.load(Relaxed), 0);
    listening.end();
}

#[test]
fn connections_too_many_too_idle_or_with_too_long_messages_are_closed() {
    let house = House::new(1 << 20);
    let limits = TcpLimits {
        message: 100,
        connections: 2,
        idle: Duration::from_millis(300),
    };
    let listening = Listening::tcp(&house, limits);
    let counters = &listening.counters;
    let mut long = listening.connect();
    let _idle = listening.connect();
    until(|| counters.connections.load(Relaxed) == 2);
    let _refused = listening.connect();
    until(|| counters.refused.load(Relaxed) == 1);
    long.write_all(&[b"<13>kept\n".to_vec(), vec![b'x'; 101]].concat())
        .unwrap();
    until(|| counters.overlong.load(Relaxed) == 1);
    assert_eq!(text(&house.wait_for(1)), "kept\n");
    until(|| counters.connections.load(Relaxed) == 0);
    listening.end();
}

#[test]
fn datagrams_are_messages_and_those_too_many_are_dropped_and_counted() {
    let house = House::new(1 << 20);
    let listening = Listening::udp(&house);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(("127.0.0.1", listening.port)).unwrap();
    client.send(b"<13>Oct 11 22:14:15 h t: one\ntwo\n\0").unwrap();
    assert_eq!(text(&house.wait_for(2)), "one\ntwo\n");
    let counters = listening.counters.clone();
    let closed = house.gate.lock().unwrap();
    let mut sent = 1;
    while counters.dropped.load(Relaxed) == 0 {
        client.send(&[b'x'; 20_000]).unwrap();
        sent += 1;
        until(|| counters.messages.load(Relaxed) == sent);
    }
    drop(closed);
    until(|| house.kept.lock().unwrap().len() > 20_000);
    listening.end();
    let dropped = counters.dropped.load(Relaxed);
    let kept = house.kept.lock().unwrap().iter().filter(|&&byte| byte == b'\n').count() as u64;
    assert_eq!(kept, 2 + (sent - 1 - dropped));
}

#[test]
fn what_a_client_wrote_before_the_end_is_taken_in() {
    let house = House::new(1 << 20);
    let listening = Listening::tcp(&house, TcpLimits::default());
    let mut client = listening.connect();
    client.write_all(b"<13>last\n").unwrap();
    until(|| listening.counters.messages.load(Relaxed) == 1);
    listening.end();
    assert_eq!(text(&house.wait_for(1)), "last\n");
}
