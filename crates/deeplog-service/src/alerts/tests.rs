//! Alerts from the findings to receivers that listen, fail, dawdle or must not be called.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use detection::Reason;
use sequence_windowing::SessionEnd;
use serde_json::Value;
use tempfile::TempDir;

use super::delivery::{Failure, Target};
use super::webhook::signature;
use super::*;
use crate::config::{MailConfig, MailTls, Secret, WebhookConfig};
use crate::{Change, Ended, Expected, RawLine, Reader, Seen, Store};

/// A store of findings.
struct Findings {
    store: Store,
    _folder: TempDir,
}

impl Findings {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: Store::open(folder.path(), 100_000).unwrap(),
            _folder: folder,
        }
    }

    fn add(&mut self, id: u64, template: &str) {
        self.store
            .append(&[Change::Found(Box::new(finding(id, template)))])
            .unwrap();
    }

    fn end(&mut self, version: u64, id: u64) {
        let ended = Box::new(Ended {
            score: 1.0,
            p_value: None,
            parts: Vec::new(),
            findings: 1,
            events: 4,
            end: SessionEnd::Idle,
        });
        self.store.append(&[Change::Ended { version, id, ended }]).unwrap();
    }

    fn reader(&self) -> Reader {
        self.store.reader()
    }

    fn mark(&self) -> u64 {
        self.reader().told().unwrap()
    }
}

fn news(finding: &FindingRecord) -> News {
    News {
        id: finding.id,
        version: finding.version,
        signature: Signature {
            source: finding.source.clone(),
            reason: finding.reason.name().into(),
            template: finding
                .seen
                .as_ref()
                .map(|seen| seen.template.clone())
                .unwrap_or_default(),
        },
        received: finding.received,
    }
}

fn finding(id: u64, template: &str) -> FindingRecord {
    FindingRecord {
        id,
        version: id,
        source: "web".into(),
        session: "blk_1\r\nBcc: all@example.org".into(),
        time: None,
        received: Timestamp(i64::try_from(id).unwrap() * 1_000_000),
        reason: Reason::UnseenKey,
        explanation: "a log key that never occurred".into(),
        position: Some(3),
        line: Some(7),
        seen: Some(Seen {
            key: "E9".into(),
            template: template.into(),
        }),
        expected: vec![Expected {
            key: "E1".into(),
            template: "served <*>".into(),
            probability: 0.925,
        }],
        rank: None,
        probability: None,
        detail: None,
        path: Vec::new(),
        lines: vec![RawLine {
            number: 7,
            text: "\u{1b}[31mred\u{202e}\r\n.\r\nDATA".into(),
            is_of_session: true,
        }],
        ended: None,
    }
}

/// A request as a server sees it: its head and its body.
struct Call {
    head: String,
    body: Vec<u8>,
}

/// A server that gives the answers one after the other, the last one for ever.
fn http_server(answers: &'static [&'static str]) -> (u16, Receiver<Call>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (calls, called) = channel();
    thread::spawn(move || {
        for (index, stream) in listener.incoming().enumerate() {
            let answer = answers[index.min(answers.len() - 1)];
            if one_call(stream.unwrap(), answer, &calls).is_none() {
                return;
            }
        }
    });
    (port, called)
}

fn one_call(mut stream: TcpStream, answer: &str, calls: &Sender<Call>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).ok()?;
    }
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length?];
    reader.read_exact(&mut body).ok()?;
    write!(
        stream,
        "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
    .ok()?;
    calls.send(Call { head, body }).ok()
}

fn hook(port: u16, allow_private: bool) -> WebhookConfig {
    WebhookConfig {
        url: Secret::new(format!("http://127.0.0.1:{port}/hook?key=hunter2")),
        host: "127.0.0.1".into(),
        secret: Secret::new("key"),
        allow_private,
    }
}

fn alerts(webhooks: Vec<WebhookConfig>) -> AlertConfig {
    AlertConfig {
        webhooks,
        link: Some("https://logs.example.org".into()),
        ..AlertConfig::default()
    }
}

const WHILE: Duration = Duration::from_secs(60);

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} did not happen");
}

fn header<'c>(call: &'c Call, name: &str) -> &'c str {
    let line = call.head.lines().find(|line| line.to_lowercase().starts_with(name));
    line.unwrap().split_once(": ").unwrap().1
}

#[test]
fn a_webhook_is_called_once_a_matter_and_its_call_is_signed() {
    let (port, calls) = http_server(&["500 Broken", "204 Fine"]);
    let mut findings = Findings::new();
    (1..=5).for_each(|id| findings.add(id, "disk <*> failed"));
    let counters = Arc::<AlertCounters>::default();
    let alerting = start(&alerts(vec![hook(port, true)]), findings.reader(), counters.clone()).unwrap();
    let failed = calls.recv_timeout(WHILE).unwrap();
    let call = calls.recv_timeout(WHILE).unwrap();
    assert_eq!(header(&failed, "x-deeplog-alert"), header(&call, "x-deeplog-alert"));
    assert_eq!(header(&call, "x-deeplog-alert"), "new-1");
    let time: u64 = header(&call, "x-deeplog-signature")[2..]
        .split_once(',')
        .unwrap()
        .0
        .parse()
        .unwrap();
    assert_eq!(
        header(&call, "x-deeplog-signature"),
        signature(&Secret::new("key"), time, &call.body)
    );
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    for (at, expected) in [
        ("/id", "new-1"),
        ("/kind", "new"),
        ("/text", "web: unseen_key (1)"),
        ("/signature/template", "disk <*> failed"),
        ("/first", "1970-01-01T00:00:01.000000Z"),
        ("/finding/session", "blk_1\r\nBcc: all@example.org"),
        ("/finding/expected/0/template", "served <*>"),
        ("/link", "https://logs.example.org/#finding=1"),
    ] {
        assert_eq!(
            body.pointer(at).and_then(Value::as_str),
            Some(expected),
            "{at} of {body}"
        );
    }
    assert_eq!(body["count"], 1);
    // The first is told, and the others are still counted: the mark stays before them.
    wait_for("the mark", || findings.mark() == 1);
    drop(alerting);
    assert_eq!(findings.mark(), 1);
    assert_eq!(
        (
            counters.delivered.load(Ordering::Relaxed),
            counters.failed.load(Ordering::Relaxed)
        ),
        (1, 1)
    );
}

#[test]
fn after_a_restart_what_was_not_told_is_told() {
    let (port, calls) = http_server(&["200 OK"]);
    let mut findings = Findings::new();
    ["a", "a", "b"]
        .iter()
        .zip(1..)
        .for_each(|(template, id)| findings.add(id, template));
    let config = alerts(vec![hook(port, true)]);
    let told = |alerting: Alerting, count: usize| -> Vec<String> {
        let calls = (0..count).map(|_| calls.recv_timeout(WHILE).unwrap());
        let ids = calls.map(|call| header(&call, "x-deeplog-alert").to_owned()).collect();
        drop(alerting);
        ids
    };
    let first = start(&config, findings.reader(), Arc::default()).unwrap();
    assert_eq!(told(first, 2), ["new-1", "new-3"]);
    assert_eq!(findings.mark(), 1);
    // An old finding whose session has ended is no news.
    findings.end(4, 1);
    let second = start(&config, findings.reader(), Arc::default()).unwrap();
    assert_eq!(told(second, 2), ["new-2", "new-3"]);
    assert_eq!(findings.mark(), 4);
}

#[test]
fn with_nobody_to_tell_the_mark_moves_all_the_same() {
    let mut findings = Findings::new();
    let all: Vec<Change> = (1..=1_201)
        .map(|id| Change::Found(Box::new(finding(id, "a"))))
        .collect();
    findings.store.append(&all).unwrap();
    let alerting = start(&AlertConfig::default(), findings.reader(), Arc::default()).unwrap();
    wait_for("the mark", || findings.mark() == 1_201);
    drop(alerting);
}

#[test]
fn a_private_address_is_not_called_unless_that_is_allowed() {
    let (port, calls) = http_server(&["200 OK"]);
    let told = || Told::new(alert(1), None, None);
    let mut config = hook(port, false);
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0"] {
        config.url = Secret::new(format!("https://{host}:{port}/"));
        let refused = webhook::Webhook::new(&config).deliver(&told());
        assert!(
            matches!(&refused, Err(Failure::Ever(reason)) if reason.contains("no public address")),
            "{host}: {refused:?}"
        );
    }
    assert!(calls.try_recv().is_err());
    assert_eq!(webhook::Webhook::new(&hook(port, true)).deliver(&told()), Ok(()));
    assert_eq!(
        calls.recv_timeout(WHILE).unwrap().head.lines().next(),
        Some("POST /hook?key=hunter2 HTTP/1.1")
    );
}

#[test]
fn redirects_are_not_followed() {
    let (elsewhere, calls) = http_server(&["200 OK"]);
    let answer = format!("307 Elsewhere\r\nlocation: http://127.0.0.1:{elsewhere}/");
    let (port, _first) = http_server(vec![&*answer.leak()].leak());
    let refused = webhook::Webhook::new(&hook(port, true)).deliver(&Told::new(alert(1), None, None));
    assert!(
        matches!(&refused, Err(Failure::Ever(reason)) if reason.contains("307")),
        "{refused:?}"
    );
    assert!(calls.try_recv().is_err());
}

#[test]
fn what_a_webhook_says_of_its_failures_holds_no_secret() {
    let (port, _) = http_server(&["200 OK"]);
    for url in [
        format!("http://127.0.0.1:{port}/hunter2"),
        "http://127.0.0.1:1/hunter2".into(),
        "http://hunter2\u{0}/".into(),
    ] {
        let mut config = hook(port, true);
        config.url = Secret::new(url);
        let failure = webhook::Webhook::new(&config).deliver(&Told::new(alert(1), None, None));
        assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
    }
}

fn alert(id: u64) -> Alert {
    let mut grouping = Grouping::new(Duration::from_secs(1), 100);
    grouping.take(&news(&finding(id, "a")), Instant::now()).unwrap()
}

/// A receiver that counts, and does as it is told.
struct Counting {
    tried: Arc<AtomicU64>,
    answer: fn() -> Result<(), Failure>,
}

impl Target for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn deliver(&self, _: &Told) -> Result<(), Failure> {
        self.tried.fetch_add(1, Ordering::SeqCst);
        (self.answer)()
    }
}

type Answer = fn() -> Result<(), Failure>;

const HASTY: Patience = Patience {
    tries: 3,
    first: Duration::from_millis(1),
    longest: Duration::from_millis(2),
};

/// Receivers with these answers, and how often each was tried.
fn receivers(answers: &[Answer], counters: &Arc<AlertCounters>, stop: &Arc<Stop>) -> (Receivers, Vec<Arc<AtomicU64>>) {
    let tried: Vec<Arc<AtomicU64>> = answers.iter().map(|_| Arc::default()).collect();
    let target = |(answer, tried): (&Answer, &Arc<AtomicU64>)| -> Box<dyn Target> {
        Box::new(Counting {
            tried: tried.clone(),
            answer: *answer,
        })
    };
    let targets = answers.iter().zip(&tried).map(target).collect();
    (Receivers::with(targets, HASTY, counters, stop).unwrap(), tried)
}

#[test]
fn a_receiver_that_hangs_holds_up_nobody() {
    let (counters, stop) = (Arc::<AlertCounters>::default(), Arc::<Stop>::default());
    let hangs: Answer = || {
        thread::sleep(Duration::from_secs(3_600));
        Ok(())
    };
    let (receivers, tried) = receivers(&[hangs, || Ok(())], &counters, &stop);
    for id in 1..=1_000 {
        // As fast as the quick one takes them, or its queue would overflow too.
        wait_for("the alert before", || tried[1].load(Ordering::SeqCst) == id - 1);
        receivers.tell(Told::new(alert(id), None, None));
    }
    wait_for("all alerts", || tried[1].load(Ordering::SeqCst) == 1_000);
    // One hangs, 256 wait, and the others are counted.
    assert_eq!(counters.dropped.load(Ordering::Relaxed), 1_000 - 1 - 256);
    assert_eq!(receivers.oldest(), Some(1));
}

#[test]
fn a_delivery_is_given_up_in_the_end() {
    let (counters, stop) = (Arc::<AlertCounters>::default(), Arc::<Stop>::default());
    let answers: [Answer; 2] = [
        || Err(Failure::Now("busy".into())),
        || Err(Failure::Ever("gone".into())),
    ];
    let (mut receivers, tried) = receivers(&answers, &counters, &stop);
    receivers.tell(Told::new(alert(1), None, None));
    wait_for("the end", || receivers.oldest().is_none());
    assert_eq!(
        tried
            .iter()
            .map(|tried| tried.load(Ordering::SeqCst))
            .collect::<Vec<_>>(),
        [3, 1]
    );
    assert_eq!(counters.given_up.load(Ordering::Relaxed), 2);
    assert_eq!(counters.failed.load(Ordering::Relaxed), 2);
    stop.now();
    receivers.join();
}

/// A mail server that takes everything. What it was told, line by line.
fn mail_server() -> (u16, Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (letters, sent) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            letters.send(one_letter(stream.unwrap()).unwrap()).unwrap();
        }
    });
    (port, sent)
}

fn one_letter(mut stream: TcpStream) -> std::io::Result<Vec<String>> {
    let mut said = Vec::new();
    let mut is_data = false;
    stream.write_all(b"220 mail.example.org\r\n")?;
    for line in BufReader::new(stream.try_clone()?).split(b'\n') {
        let line = String::from_utf8(line?).unwrap();
        let line = line.strip_suffix('\r').expect("a line ends with CR LF").to_owned();
        let answer: &[u8] = match &*line {
            "." if is_data => {
                is_data = false;
                b"250 kept\r\n"
            }
            _ if is_data => b"",
            "DATA" => {
                is_data = true;
                b"354 go on\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n")?;
                break;
            }
            _ => b"250 fine\r\n",
        };
        stream.write_all(answer)?;
        said.push(line);
    }
    Ok(said)
}

#[test]
fn mail_is_sent_and_the_log_does_not_write_its_head() {
    let (port, letters) = mail_server();
    let mail = MailConfig {
        host: "127.0.0.1".into(),
        port,
        tls: MailTls::None,
        credentials: None,
        from: "DeepLog <deeplog@example.org>".parse().unwrap(),
        to: vec!["ops@example.org".parse().unwrap(), "boss@example.org".parse().unwrap()],
    };
    let mut findings = Findings::new();
    findings.add(1, "disk \u{202e}<*>\r\nBcc: all@example.org");
    let config = AlertConfig {
        mail: Some(mail),
        ..alerts(Vec::new())
    };
    let alerting = start(&config, findings.reader(), Arc::default()).unwrap();
    let said = letters.recv_timeout(WHILE).unwrap();
    let to: Vec<&String> = said.iter().filter(|line| line.starts_with("RCPT")).collect();
    assert_eq!(to, ["RCPT TO:<ops@example.org>", "RCPT TO:<boss@example.org>"]);
    let data = said.iter().position(|line| line == "DATA").unwrap();
    let blank = data + said[data..].iter().position(String::is_empty).unwrap();
    let head = &said[data + 1..blank];
    for line in [
        "Subject: [deeplog] web: unseen_key (1)",
        "Message-ID: <new-1.deeplog@example.org>",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(head.iter().any(|other| other == line), "{line} is not in {head:#?}");
    }
    assert!(
        !said.iter().any(|line| line.to_lowercase().starts_with("bcc")),
        "{said:#?}"
    );
    let text = said[blank..].join("\n");
    for part in [
        "Reason       unseen_key",
        "served <*>",
        "92.5%",
        "https://logs.example.org/#finding",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains('\u{202e}'),
        "{text:?}"
    );
    wait_for("the mark", || findings.mark() == 1);
    drop(alerting);
}
