//! `[http]`: where the service listens, and how safely.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use deeplog::Fields;

/// Where the service listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// The address. Default 127.0.0.1:7070, which other machines do not reach.
    pub listen: SocketAddr,
    /// The certificate, where connections are encrypted.
    pub tls: Option<TlsConfig>,
    /// Whether an address that other machines reach may do without TLS, as behind a proxy that has it. Default: no.
    pub allow_plain: bool,
    /// Names by which clients may call the service, besides loopback's and the address itself.
    pub hosts: Vec<String>,
}

/// Files for TLS, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate with those that vouch for it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7070)),
            tls: None,
            allow_plain: false,
            hosts: Vec::new(),
        }
    }
}

pub(super) fn read(mut fields: Fields<'_>, folder: &Path) -> HttpConfig {
    let default = HttpConfig::default();
    let has_tls = fields.has("tls");
    let http = HttpConfig {
        listen: fields.or("listen", default.listen),
        tls: fields.optional_section("tls").and_then(|tls| read_tls(tls, folder)),
        allow_plain: fields.or("allow_plain", default.allow_plain),
        hosts: fields.or("hosts", default.hosts),
    };
    let is_private = http.listen.ip().is_loopback() || has_tls || http.allow_plain;
    fields.ensure(is_private, "listen", || {
        format!(
            "{} is reached by other machines, and without TLS they would send tokens and log lines for all to read; \
             give [http.tls], or allow_plain = true where a proxy in front of it does TLS",
            http.listen
        )
    });
    for host in &http.hosts {
        let is_name = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        fields.ensure(is_name, "hosts", || {
            format!("{host:?} is no host name; give it without scheme and port, like logs.example.org")
        });
    }
    fields.finish();
    http
}

fn read_tls(mut fields: Fields<'_>, folder: &Path) -> Option<TlsConfig> {
    let certificate: Option<PathBuf> = fields.required("certificate");
    let key: Option<PathBuf> = fields.required("key");
    fields.finish();
    Some(TlsConfig {
        certificate: folder.join(certificate?),
        key: folder.join(key?),
    })
}
