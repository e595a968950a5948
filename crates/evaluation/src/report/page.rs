//! What all HTML files have around their content.

use crate::escape;

const STYLE: &str = include_str!("style.css");

/// A script within a page.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// The text of it.
    pub text: &'static str,
    /// Its SHA-256 in Base64: no other script runs in the page.
    pub sha256: &'static str,
}

/// A whole HTML file around the content of its `<main>`: nothing is loaded from elsewhere, and nothing but `script` runs, so
/// what a hostile log smuggled in would stay text. It follows the reader's light or dark theme, prints, and reads on a
/// phone. `title` is escaped here, `style` is added to the house's own, `main` is HTML already.
#[must_use]
pub fn html_page(title: &str, style: &str, script: Option<Script>, main: &str) -> String {
    let title = escape(title);
    let (scripts, script) = script.map_or_else(Default::default, |Script { text, sha256 }| {
        let allowed = format!("; script-src 'sha256-{sha256}'");
        (allowed, format!("<script>{text}</script>\n"))
    });
    let policy = format!("default-src 'none'; style-src 'unsafe-inline'{scripts}; base-uri 'none'; form-action 'none'");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>\n{STYLE}{style}</style>\n</head>\n<body>\n<main>\n{main}</main>\n{script}</body>\n</html>\n"
    )
}
