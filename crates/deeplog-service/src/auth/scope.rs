//! What a request may do.

use axum::http::Method;
use serde::{Deserialize, Serialize};

/// What a request needs, and what a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Anybody may: health, and the page without any finding on it. No token has this.
    #[serde(skip)]
    Public,
    /// Look at everything, and have lines judged that leave no trace.
    Read,
    /// Send lines.
    Ingest,
    /// Everything.
    Admin,
}

impl Scope {
    /// The name used in files: lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Read => "read",
            Self::Ingest => "ingest",
            Self::Admin => "admin",
        }
    }
}

/// What is there for anybody.
const PUBLIC: [&str; 6] = ["/", "/style.css", "/script.js", "/openapi.json", "/health", "/ready"];

/// What a request of this method for this path needs.
#[must_use]
pub fn scope_of(method: &Method, path: &str) -> Scope {
    let looks = matches!(*method, Method::GET | Method::HEAD);
    match path {
        _ if looks && PUBLIC.contains(&path) => Scope::Public,
        _ if looks => Scope::Read,
        "/v1/ingest" if *method == Method::POST => Scope::Ingest,
        "/v1/detect" if *method == Method::POST => Scope::Read,
        _ => Scope::Admin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_shows_nothing_is_public() {
        for (method, path, scope) in [
            (Method::GET, "/", Scope::Public),
            (Method::HEAD, "/health", Scope::Public),
            (Method::GET, "/ready", Scope::Public),
            (Method::GET, "/openapi.json", Scope::Public),
            (Method::GET, "/metrics", Scope::Read),
            (Method::GET, "/v1/findings", Scope::Read),
            (Method::GET, "/v1/ingest", Scope::Read),
            (Method::GET, "//", Scope::Read),
            (Method::GET, "/health/", Scope::Read),
            (Method::POST, "/v1/ingest", Scope::Ingest),
            (Method::POST, "/v1/detect", Scope::Read),
            (Method::POST, "/", Scope::Admin),
            (Method::POST, "/v1/ingest/", Scope::Admin),
            (Method::DELETE, "/v1/findings/1", Scope::Admin),
            (Method::OPTIONS, "/health", Scope::Admin),
        ] {
            assert_eq!(scope_of(&method, path), scope, "{method} {path}");
        }
    }
}
