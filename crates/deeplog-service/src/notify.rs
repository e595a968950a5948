//! Tells systemd how the service is: the protocol of `sd_notify(3)`, datagrams to the socket named in `NOTIFY_SOCKET`.

use std::ffi::OsStr;
use std::io;

/// What systemd is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The service takes requests.
    Ready,
    /// It reads its configuration again; [`State::Ready`] follows.
    Reloading,
    /// It ends.
    Stopping,
}

impl State {
    fn message(self) -> &'static [u8] {
        match self {
            Self::Ready => b"READY=1",
            Self::Reloading => b"RELOADING=1",
            Self::Stopping => b"STOPPING=1",
        }
    }
}

/// Tells systemd, where it is there and asked for it. A failure is only logged: the service works without.
pub fn notify(state: State) {
    if let Some(socket) = std::env::var_os("NOTIFY_SOCKET")
        && let Err(error) = send(&socket, state.message())
    {
        tracing::warn!(%error, ?state, "systemd could not be told");
    }
}

#[cfg(unix)]
fn send(socket: &OsStr, message: &[u8]) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let address = match socket.as_bytes() {
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(message, &address)?;
    Ok(())
}

#[cfg(not(unix))]
fn send(_: &OsStr, _: &[u8]) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    use super::*;

    fn received(listener: &UnixDatagram, name: &str) -> String {
        send(OsStr::new(name), State::Ready.message()).unwrap();
        let mut message = [0; 64];
        let length = listener.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    }

    #[test]
    fn both_kinds_of_sockets_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        assert_eq!(received(&listener, path.to_str().unwrap()), "READY=1");
        let name = format!("deeplog-test-{}", std::process::id());
        let listener = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        assert_eq!(received(&listener, &format!("@{name}")), "READY=1");
        assert!(send(OsStr::new("/nowhere/at/all"), b"READY=1").is_err());
    }
}
