//! Mail, to a server that writes down what it is told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::*;
use crate::config::{MailConfig, MailTls};

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
        "https://logs.example.org/#1",
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
