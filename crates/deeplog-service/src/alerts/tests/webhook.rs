//! Calls that must not be made, and a server for those that may.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::super::delivery::{Failure, Target};
use super::super::webhook::Webhook;
use super::*;
use crate::config::{Secret, WebhookConfig};

/// A request as a server sees it: its head and its body.
pub(super) struct Call {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

/// A server that gives the answers one after the other, the last one for ever.
pub(super) fn http_server(answers: &'static [&'static str]) -> (u16, Receiver<Call>) {
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

pub(super) fn hook(port: u16, allow_private: bool) -> WebhookConfig {
    WebhookConfig {
        url: Secret::new(format!("http://127.0.0.1:{port}/hook?key=hunter2")),
        host: "127.0.0.1".into(),
        secret: Secret::new("key"),
        allow_private,
    }
}

#[test]
fn a_private_address_is_not_called_unless_that_is_allowed() {
    let (port, calls) = http_server(&["200 OK"]);
    let told = || Told::new(alert(1), None, None);
    let mut config = hook(port, false);
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0"] {
        config.url = Secret::new(format!("https://{host}:{port}/"));
        let refused = Webhook::new(&config).deliver(&told());
        assert!(
            matches!(&refused, Err(Failure::Ever(reason)) if reason.contains("no public address")),
            "{host}: {refused:?}"
        );
    }
    assert!(calls.try_recv().is_err());
    assert_eq!(Webhook::new(&hook(port, true)).deliver(&told()), Ok(()));
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
    let refused = Webhook::new(&hook(port, true)).deliver(&Told::new(alert(1), None, None));
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
        let failure = Webhook::new(&config).deliver(&Told::new(alert(1), None, None));
        assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
    }
}
