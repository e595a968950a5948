//! What container runtimes wrap around the lines of a program.

use super::keys::Keys;
use super::pairs::Syntax;
use super::syslog::is_iso;
use super::text::Text;

/// The program's message with what the runtime says about it.
#[derive(Debug, Clone)]
pub(super) enum Runtime {
    /// Docker's json-file driver: a JSON object a line, with `log`, `stream`, `time` and perhaps `attrs`.
    Docker(Keys),
    /// Kubernetes' container runtime interface: time, stream, tags and message, parted by one space each.
    Cri,
}

impl Runtime {
    pub(super) fn docker() -> Self {
        let fields = [("Content", "log"), ("Time", "time"), ("Stream", "stream")];
        Self::Docker(Keys::fixed(&fields, "Attributes"))
    }

    /// The runtime's own fields.
    pub(super) fn fields(&self) -> Vec<String> {
        match self {
            Self::Docker(keys) => keys.fields()[..keys.fields().len() - 1].to_vec(),
            Self::Cri => vec!["Time".to_owned(), "Stream".to_owned()],
        }
    }

    /// The values of its fields, and the message.
    pub(super) fn split<'l>(&self, line: &'l [u8], unescaped: &mut Vec<u8>) -> Option<(Vec<Text<'l>>, Text<'l>)> {
        match self {
            Self::Docker(keys) => {
                let (mut texts, whole) = Syntax::Json.split(keys, line, unescaped)?;
                texts.pop();
                Some((texts.into_vec(), whole))
            }
            Self::Cri => {
                let line = CriLine::read(line)?;
                Some((
                    vec![Text::Line(line.time), Text::Line(line.stream)],
                    Text::Line(line.message),
                ))
            }
        }
    }
}

/// A line of the container runtime interface, taken apart.
pub(super) struct CriLine<'l> {
    time: &'l [u8],
    pub(super) stream: &'l [u8],
    pub(super) is_partial: bool,
    pub(super) message: &'l [u8],
}

impl<'l> CriLine<'l> {
    pub(super) fn read(line: &'l [u8]) -> Option<Self> {
        let mut words = line.splitn(4, |&byte| byte == b' ');
        let (time, stream, tags) = (words.next()?, words.next()?, words.next()?);
        let is_partial = match tags.split(|&byte| byte == b':').next()? {
            b"P" => true,
            b"F" => false,
            _ => return None,
        };
        let is_stream = stream == b"stdout" || stream == b"stderr";
        (is_iso(time) && is_stream).then(|| Self {
            time,
            stream,
            is_partial,
            message: words.next().unwrap_or_default(),
        })
    }
}
