//! The page with the findings, which the binary serves itself: nothing of it comes from another host.

/// The page.
pub(crate) const INDEX: &str = include_str!("index.html");
/// How it looks.
pub(crate) const STYLE: &str = include_str!("style.css");
/// What it does. All that comes from logs is shown by `textContent` alone.
pub(crate) const SCRIPT: &str = include_str!("script.js");
