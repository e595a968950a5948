//! A service that is started, asked, and ended in several ways.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{Answer, request};
use crate::harness::Room;

/// For whatever is only a matter of time.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `deeplog`, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    said: Arc<Mutex<String>>,
    address: Receiver<SocketAddr>,
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain: {what}");
        sleep(Duration::from_millis(5));
    }
}

/// `deeplog serve` in a room, with its state there.
pub(crate) fn serve(room: &Room, state: &str, more: &[&str]) -> Command {
    let model = super::model().to_str().unwrap();
    let args = ["serve", "--listen", "127.0.0.1:0", "--state", state, "--model", model];
    room.command(args.iter().chain(more))
}

impl Server {
    /// Starts it, and does not wait until it is ready.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let (sender, address) = channel();
        let heard = said.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some(address) = line.strip_prefix("listening at http://") {
                    let _ = sender.send(address.parse().unwrap());
                }
                *heard.lock().unwrap() += &(line + "\n");
            }
        });
        Self { child, said, address }
    }

    /// Starts it, and gives the address at which it listens.
    pub(crate) fn start(command: Command) -> (Self, SocketAddr) {
        let server = Self::spawn(command);
        let address = server.ready();
        (server, address)
    }

    /// The address, once it listens.
    #[track_caller]
    pub(crate) fn ready(&self) -> SocketAddr {
        let address = self.address.recv_timeout(PATIENCE);
        address.unwrap_or_else(|_| panic!("it does not listen: {}", self.said()))
    }

    /// What it said on standard error.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status();
        assert!(sent.unwrap().success());
    }

    /// Its exit code, when it has ended by itself.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let mut code = None;
        until("its end", || {
            code = self.child.try_wait().unwrap();
            code.is_some()
        });
        code.unwrap().code()
    }

    /// SIGTERM, and a good end.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        assert_eq!(self.ended(), Some(0), "{}", self.said());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
pub(crate) fn get(address: SocketAddr, target: &str) -> Answer {
    let answer = request(address, &format!("GET {target}"), &[], b"").unwrap();
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    answer
}

/// A number of `/metrics`, 0 where there is none.
pub(crate) fn metric(address: SocketAddr, name: &str) -> f64 {
    let answer = get(address, "/metrics");
    let line = answer
        .text()
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |number| number.parse().unwrap())
}

/// Waits until so many lines of a source are judged.
#[track_caller]
pub(crate) fn until_judged(address: SocketAddr, source: &str, lines: usize) {
    let name = format!("deeplog_lines_total{{source=\"{source}\"}}");
    let mut judged = 0;
    until(&format!("{lines} lines of {source}"), || {
        judged = metric(address, &name) as usize;
        assert!(judged <= lines, "{judged} of {lines} lines of {source} are judged");
        judged == lines
    });
}

/// All findings as the list shows them, the first one first.
pub(crate) fn listed(address: SocketAddr) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let mut page = get(address, &format!("/v1/findings?limit=500{cursor}")).json();
        let Value::Array(more) = page["items"].take() else {
            panic!("{page}")
        };
        items.extend(more);
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    items.reverse();
    items
}

/// Every finding with everything about it but its numbers and when it came, by source and in order.
pub(crate) fn findings(address: SocketAddr) -> BTreeMap<String, Vec<Value>> {
    let mut findings: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for item in listed(address) {
        let mut finding = get(address, &format!("/v1/findings/{}", item["id"])).json();
        let fields = finding.as_object_mut().unwrap();
        for field in ["id", "version", "received"] {
            assert!(fields.remove(field).is_some(), "{field}");
        }
        let source = fields["source"].as_str().unwrap().to_owned();
        findings.entry(source).or_default().push(finding);
    }
    findings
}
