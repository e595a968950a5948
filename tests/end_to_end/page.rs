//! The service's page in a real browser: what comes from a log is text there, and does nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Room, left_out};
use crate::samples::{job_lines, job_room, text};

/// What somebody might write who can write into the log: markup, orders to a terminal, and letters that run backwards.
const HOSTILE: &str = "2024-05-01 01:00:00 INFO worker: <script>document.title = 'taken'</script>\
    <img src=x onerror=\"document.title = 'taken'\"> \u{1b}]0;taken\u{7} \u{202e}gpj.exe for job_900\n";

/// The same as the page is to hold it: nothing but text, and each hidden character spelt out.
const SHOWN: &str = "&lt;script&gt;document.title = 'taken'&lt;/script&gt;\
    &lt;img src=x onerror=\"document.title = 'taken'\"&gt; \\u{1b}]0;taken\\u{7} \\u{202e}gpj.exe for job_900";

/// A running service, killed when it is dropped.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(room: &Room) -> Self {
        room.deeplog("train jobs.toml --out jobs.deeplog").ok();
        let call = "serve --model jobs.deeplog --state state --listen 127.0.0.1:0";
        let mut command = room.command(call.split(' '));
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.strip_prefix("listening at http://")?.to_owned()));
        // Somebody has to read the rest, or the service waits for that.
        std::thread::spawn(move || lines.count());
        let address = address.expect("it listens");
        Self { child, address }
    }

    fn ask(&self, what: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "{what} HTTP/1.0\r\nhost: {}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all((head + body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }

    /// The number of the first finding, once there is one.
    fn first_finding(&self) -> u64 {
        let begin = Instant::now();
        loop {
            let findings = self.ask("GET /v1/findings", "");
            if let Some(id) = findings["items"][0]["id"].as_u64() {
                return id;
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "{findings}");
            sleep(Duration::from_millis(20));
        }
    }

    /// The page as the browser has it once it has settled.
    fn page(&self, room: &Room, target: &str) -> String {
        let folder = room.path(&format!("browser-{}", target.len()));
        let output = Command::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .arg(format!("--user-data-dir={}", folder.display()))
            .args(["--virtual-time-budget=5000", "--dump-dom"])
            .arg(format!("http://{}/{target}", self.address))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the page's element with this id holds.
fn inside<'p>(page: &'p str, tag: &str, id: &str) -> &'p str {
    let begin = page
        .find(&format!("<{tag} id=\"{id}\""))
        .unwrap_or_else(|| panic!("no {id}: {page}"));
    let end = page[begin..].find(&format!("</{tag}>")).unwrap();
    &page[begin..begin + end]
}

#[track_caller]
fn is_ours(page: &str) {
    assert!(page.contains("<title>DeepLog</title>"), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "the page's own alone: {page}");
    assert!(!page.contains("<img"), "{page}");
    assert!(!page.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{page}");
}

#[test]
fn a_log_cannot_do_anything_to_the_page() {
    if Command::new("chromium").arg("--version").output().is_err() {
        left_out("a_log_cannot_do_anything_to_the_page", "needs chromium");
        return;
    }
    let room = job_room();
    let served = Served::start(&room);
    let log = text(&job_lines(4), "\n") + HOSTILE;
    assert_eq!(served.ask("POST /v1/ingest", &log)["rejected"], 0);
    let id = served.first_finding();

    let page = served.page(&room, "");
    is_ours(&page);
    let list = inside(&page, "ol", "items");
    assert_eq!(list.matches("<li>").count(), 1, "{list}");
    assert!(
        list.contains(&format!("href=\"#{id}\"")) && list.contains("job_900"),
        "{list}"
    );
    assert!(list.contains(SHOWN), "{list}");
    assert!(!inside(&page, "section", "detail").contains("job_900"), "{page}");

    // Where alerts lead to.
    let page = served.page(&room, &format!("#{id}"));
    is_ours(&page);
    let detail = inside(&page, "section", "detail");
    assert!(detail.contains("<h2>unseen key</h2>"), "{detail}");
    let (path, lines) = detail.split_once("Raw lines").unwrap();
    assert!(path.contains(SHOWN) && lines.contains(SHOWN), "{detail}");
}
