//! HTTP as far as these tests need it: a connection for each request.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines
            .find_map(|line| {
                line.split_once(": ")
                    .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            })
            .map(|(_, value)| value)
    }

    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Sends a request and waits for the whole answer. HTTP/1.0, whose answers end where the connection does.
pub(crate) fn request(address: SocketAddr, what: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
    let mut stream = send(address, what, headers, body)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let body = bytes.split_off(end.ok_or(io::ErrorKind::UnexpectedEof)? + 4);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let answer = Answer {
        status: status.ok_or(io::ErrorKind::InvalidData)?,
        head,
        body,
    };
    let length = answer.header("content-length").and_then(|length| length.parse().ok());
    if length.is_some_and(|length: usize| length != answer.body.len()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}

/// Sends a request whose answer is read by somebody else, or nobody.
pub(crate) fn send(address: SocketAddr, what: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut request = format!(
        "{what} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    stream.write_all(&[request.as_bytes(), body].concat())?;
    Ok(stream)
}

/// Pushes lines, under a name where one is given.
pub(crate) fn push(address: SocketAddr, source: &str, key: Option<&str>, lines: &[u8]) -> io::Result<Answer> {
    let mut headers = vec![("content-type", "text/plain")];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    request(address, &format!("POST /v1/ingest?source={source}"), &headers, lines)
}

/// A stream of events.
pub(crate) struct Events {
    stream: BufReader<TcpStream>,
    line: Vec<u8>,
    id: Option<u64>,
    data: Option<Value>,
}

impl Events {
    /// Follows the findings behind a change.
    pub(crate) fn follow(address: SocketAddr, query: &str, after: u64) -> io::Result<Self> {
        let after = after.to_string();
        let stream = send(
            address,
            &format!("GET /v1/events{query}"),
            &[("last-event-id", &after)],
            b"",
        )?;
        stream.set_read_timeout(Some(Duration::from_millis(50)))?;
        Ok(Self {
            stream: BufReader::new(stream),
            line: Vec::new(),
            id: None,
            data: None,
        })
    }

    /// The next event with its id; `None` where none came for a moment.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Value)>> {
        loop {
            match self.stream.read_until(b'\n', &mut self.line) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) if self.line.ends_with(b"\n") => {}
                Ok(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
            let line = std::mem::take(&mut self.line);
            let line = std::str::from_utf8(&line).unwrap().trim_end();
            match line.split_once(": ") {
                Some(("id", id)) => self.id = Some(id.parse().unwrap()),
                Some(("data", data)) => self.data = Some(serde_json::from_str(data).unwrap()),
                _ => {}
            }
            if line.is_empty()
                && let (Some(id), Some(data)) = (self.id.take(), self.data.take())
            {
                return Ok(Some((id, data)));
            }
        }
    }
}
