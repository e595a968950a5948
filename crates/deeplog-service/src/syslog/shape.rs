//! What of a message becomes lines.

use memchr::memchr_iter;

use super::message::{Message, Standard};

/// What of a message becomes lines; it should be what the model was trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// What the program wrote.
    Message,
    /// The line that rsyslog writes to a file: all of it behind the priority, and of RFC 5424
    /// `STAMP HOST APP[PROCESS]: CONTENT`.
    #[default]
    File,
}

impl Shape {
    /// Adds the lines of a message, each with its line feed, and says how many they are. A line feed in a message begins
    /// another line.
    pub fn write(self, message: &Message<'_>, block: &mut Vec<u8>) -> u64 {
        let text = match (self, message.standard) {
            (Self::Message, _) => message.content,
            (Self::File, Standard::Rfc5424) => {
                write_header(message, block);
                message.content
            }
            (Self::File, _) => message.body,
        };
        block.extend_from_slice(text);
        block.push(b'\n');
        1 + memchr_iter(b'\n', text).count() as u64
    }
}

fn write_header(message: &Message<'_>, block: &mut Vec<u8>) {
    for field in [message.stamp, message.host] {
        block.extend_from_slice(field.unwrap_or(b"-"));
        block.push(b' ');
    }
    if let Some(app) = message.app {
        block.extend_from_slice(app);
        if let Some(process) = message.process {
            block.push(b'[');
            block.extend_from_slice(process);
            block.push(b']');
        }
        block.extend_from_slice(b": ");
    }
}
