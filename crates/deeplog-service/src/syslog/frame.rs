//! Where messages end on a TCP connection: RFC 6587.

use std::ops::Range;

use memchr::memchr2;

/// Finds the messages in a stream of bytes.
///
/// Each may be preceded by its length (`57 <34>…`) or ended by a line feed or a NUL; which of them is told for every message
/// anew.
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the next message begins.
    begin: usize,
    /// Up to where no end was found.
    searched: usize,
    limit: usize,
}

/// A message is longer than it may be, so that it is not known where the next one begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of more than {limit} bytes came")]
pub struct TooLong {
    /// What it may have.
    pub limit: usize,
}

/// What is known of the next message.
enum Next {
    Whole { message: Range<usize>, end: usize },
    Begun { message: usize },
    TooLong,
}

impl Framer {
    /// Messages of at most so many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            begin: 0,
            searched: 0,
            limit,
        }
    }

    /// Adds what came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.begin > 0 {
            self.buffer.drain(..self.begin);
            self.searched = self.searched.saturating_sub(self.begin);
            self.begin = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message; none until more comes.
    ///
    /// # Errors
    /// It is too long. Nothing can be read behind it.
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, TooLong> {
        loop {
            match self.next() {
                Next::Whole { message, end } => {
                    self.begin = end;
                    if !message.is_empty() {
                        return Ok(Some(&self.buffer[message]));
                    }
                }
                Next::Begun { .. } => return Ok(None),
                Next::TooLong => return Err(TooLong { limit: self.limit }),
            }
        }
    }

    /// What came of a message whose end did not come, when nothing more will.
    pub fn finish(&mut self) -> Option<&[u8]> {
        let Next::Begun { message } = self.next() else {
            return None;
        };
        self.begin = self.buffer.len();
        Some(&self.buffer[message..]).filter(|message| !message.is_empty())
    }

    fn next(&mut self) -> Next {
        let rest = &self.buffer[self.begin..];
        if let Some((digits, length)) = counted(rest) {
            let message = self.begin + digits + 1;
            return match message.checked_add(length) {
                _ if length > self.limit => Next::TooLong,
                Some(end) if end <= self.buffer.len() => Next::Whole {
                    message: message..end,
                    end,
                },
                _ => Next::Begun { message },
            };
        }
        let from = self.searched.max(self.begin);
        let end = memchr2(b'\n', b'\0', &self.buffer[from..]).map(|end| from + end);
        self.searched = end.unwrap_or(self.buffer.len());
        match end {
            _ if self.searched - self.begin > self.limit => Next::TooLong,
            Some(end) => Next::Whole {
                message: self.begin..end,
                end: end + 1,
            },
            None => Next::Begun { message: self.begin },
        }
    }
}

/// Digits and value of a length before a message. A line may begin with a number, so that the priority must follow.
fn counted(rest: &[u8]) -> Option<(usize, usize)> {
    let digits = rest.iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=10).contains(&digits) || rest[0] == b'0' || !rest[digits..].starts_with(b" <") {
        return None;
    }
    let length = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    Some((digits, length))
}
