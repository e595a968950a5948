//! Which names the service goes by, so that no web page can reach it through somebody's browser: neither by pointing a name
//! of its own at this machine (DNS rebinding) nor by posting across.

use std::net::{IpAddr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

/// The names.
#[derive(Clone, Debug)]
pub(super) struct Names {
    listen: IpAddr,
    hosts: Vec<String>,
}

impl Names {
    pub(super) fn new(listen: SocketAddr, hosts: &[String]) -> Self {
        Self {
            listen: listen.ip(),
            hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
        }
    }

    /// Whether a request was made to one of them.
    pub(super) fn are_called(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(header::HOST).iter();
        let host = match (given.next(), given.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default(),
            _ => return false,
        };
        // Proxies are asked with the whole address in the request line; it must not say otherwise.
        self.include(host) && uri.host().is_none_or(|host| self.include(host))
    }

    /// Whether a request comes from one of our own pages, or from no page at all.
    pub(super) fn are_origin(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::ORIGIN).iter().all(|origin| {
            let origin: Option<Uri> = origin.to_str().ok().and_then(|origin| origin.parse().ok());
            origin.is_some_and(|origin| origin.host().is_some_and(|host| self.include(host)))
        })
    }

    fn include(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            Ok(address) => address.to_canonical().is_loopback() || address == self.listen,
            Err(_) => host == "localhost" || self.hosts.contains(&host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new("127.0.0.1:7070".parse().unwrap(), &["Logs.Example.org".into()])
    }

    #[test]
    fn only_own_names_are_called() {
        for (host, expected) in [
            ("localhost", true),
            ("LOCALHOST:7070", true),
            ("localhost.:7070", true),
            ("127.0.0.1:7070", true),
            ("127.9.9.9", true),
            ("[::1]:7070", true),
            ("logs.example.ORG:443", true),
            ("example.org", false),
            ("localhost.example.org", false),
            ("localhost@example.org", false),
            ("example.org@localhost", false),
            ("127.0.0.1.example.org", false),
            ("0.0.0.0", false),
            ("192.0.2.1", false),
            ("", false),
            ("a b", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(
                names().are_called(&Uri::from_static("/v1/findings"), &headers),
                expected,
                "{host}"
            );
        }
        let two = HeaderMap::from_iter(["localhost", "localhost"].map(|host| (header::HOST, host.parse().unwrap())));
        let mut twice = two.clone();
        twice.append(header::HOST, "localhost".parse().unwrap());
        assert!(!names().are_called(&Uri::from_static("/"), &twice));
        assert!(!names().are_called(&Uri::from_static("/"), &HeaderMap::new()));
        assert!(!names().are_called(&Uri::from_static("http://example.org/"), &two));
    }

    #[test]
    fn pages_of_other_places_are_foreign() {
        for (origin, expected) in [
            ("http://localhost:7070", true),
            ("https://logs.example.org", true),
            ("https://example.org", false),
            ("null", false),
            ("file://", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ORIGIN, origin.parse().unwrap())]);
            assert_eq!(names().are_origin(&headers), expected, "{origin}");
        }
        assert!(names().are_origin(&HeaderMap::new()));
    }
}
