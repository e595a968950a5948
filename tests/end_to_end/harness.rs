//! Calls of the binary in a folder of their own.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A working directory that goes with its test.
pub(crate) struct Room(TempDir);

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary, with nothing of this machine's settings.
pub(crate) fn deeplog(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deeplog"));
    command.current_dir(folder).stdin(Stdio::null());
    for name in [
        "DEEPLOG_DATA",
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "RAYON_NUM_THREADS",
        "TERM",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

/// The repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Says that a test was left out, past the test runner, which hides what passing tests print.
pub(crate) fn left_out(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "left out: {test} {why}");
}

/// The real data, or a plain word that a test is left out.
pub(crate) fn data(test: &str) -> Option<PathBuf> {
    let data = std::env::var_os("DEEPLOG_DATA").filter(|path| !path.is_empty());
    if data.is_none() {
        left_out(test, "needs DEEPLOG_DATA");
    }
    data.map(|path| PathBuf::from(path).canonicalize().expect("DEEPLOG_DATA is a folder"))
}

impl Room {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Everything below a folder of the room, sorted; hidden and temporary files too.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        files_below(&self.path(folder))
    }

    /// A call that is not running yet.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = deeplog(self.0.path());
        command.args(args);
        command
    }

    /// A call.
    pub(crate) fn call(&self, args: &[&str]) -> Outcome {
        finish(&mut self.command(args))
    }

    /// A call, its arguments parted by spaces.
    pub(crate) fn deeplog(&self, line: &str) -> Outcome {
        finish(&mut self.command(line.split_whitespace()))
    }

    /// A call that is fed from standard input.
    pub(crate) fn feed(&self, line: &str, input: &[u8]) -> Outcome {
        let mut command = self.command(line.split_whitespace());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A call that fails before it reads closes the pipe; what it says is what the test looks at.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Outcome {
    /// It ended well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.ended(0)
    }

    /// It ended with this code.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// It failed with this code, one error that holds these facts, and a hint; and printed no results.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, facts: &[&str]) -> Self {
        let outcome = self.ended(code);
        let said = &outcome.stderr;
        assert_eq!(outcome.stdout, "", "a failed call gives no results");
        assert_eq!(said.matches("error:").count(), 1, "one error: {said}");
        let error = said.split_once("error:").unwrap().1;
        let (fact, hint) = error.split_once("hint: ").unwrap_or_else(|| panic!("no hint: {said}"));
        for wanted in facts {
            assert!(fact.contains(wanted), "{wanted:?} is not in {fact:?}");
        }
        assert!(hint.trim().len() > 10, "an empty hint: {said}");
        assert!(!said.contains("panicked"), "{said}");
        outcome
    }
}

/// Everything below a folder, sorted; an empty list where it does not exist.
pub(crate) fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned()),
            }
        }
    }
    files.sort();
    files
}
