//! What fuzzing has led to, on every run of the tests: each file of `fuzz/corpus` through its target.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "clippy knows test functions, not their helpers"
)]

use std::fs;
use std::path::Path;

#[allow(
    unreachable_pub,
    reason = "the fuzz targets are another crate's, which calls them from outside"
)]
#[path = "../fuzz/src/lib.rs"]
mod targets;

/// The files of one target.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(folder).unwrap().map(|file| {
        let path = file.unwrap().path();
        (path.display().to_string(), fs::read(path).unwrap())
    });
    files.collect()
}

/// The name of a target, and what it does.
type Target = (&'static str, fn(&[u8]));

#[test]
fn what_was_found_holds() {
    let targets: [Target; 2] = [("syslog", targets::syslog), ("body", targets::body)];
    for (name, target) in targets {
        let files = corpus(name);
        assert!(!files.is_empty(), "{name}");
        for (file, data) in files {
            println!("{file}");
            target(&data);
        }
    }
}
