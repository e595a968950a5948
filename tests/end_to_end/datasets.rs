//! The script that fetches datasets, against a server of its own.

use std::process::Command;

use crate::harness::{finish, left_out, repository};

#[test]
fn fetch_datasets_passes_its_own_tests() {
    let mut command = Command::new("python3");
    command
        .current_dir(repository())
        .args(["-c", "import sys, tomllib; assert sys.version_info >= (3, 11)"]);
    if !command.output().is_ok_and(|output| output.status.success()) {
        left_out("fetch_datasets_passes_its_own_tests", "needs python3 of 3.11 or later");
        return;
    }
    let mut tests = Command::new("python3");
    let outcome = finish(
        tests
            .current_dir(repository())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg("tests/fetch_datasets.py"),
    )
    .ok();
    let count = outcome
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse::<u32>().ok());
    assert!(count.is_some_and(|count| count > 20), "{}", outcome.stderr);
}
