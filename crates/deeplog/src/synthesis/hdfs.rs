//! Simulated logs as files: the log and, beside it, its labels.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use log_synthesis::{HdfsConfig, HdfsSimulator};

use crate::error::{Error, Result};
use crate::observer::{Observer, ensure_wanted};
use crate::output::{create_folder, write_atomically};

/// A sink that counts what goes through it, and closes when nobody wants it any more.
struct Watched<'w> {
    out: &'w mut dyn Write,
    observer: &'w mut dyn Observer,
    bytes: u64,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.observer.is_cancelled() {
            return Err(io::ErrorKind::Other.into());
        }
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        self.observer.advance(self.bytes, "bytes");
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes `HDFS.log` and `labels.csv` (`BlockId,Label,Kind`) into a folder and gives their paths.
pub fn write(config: &HdfsConfig, folder: &Path, observer: &mut dyn Observer) -> Result<(PathBuf, PathBuf)> {
    create_folder(folder)?;
    let (log, labels) = (folder.join("HDFS.log"), folder.join("labels.csv"));
    let mut simulator =
        HdfsSimulator::new(config.clone()).map_err(|error| Error::config("synth", "synthetic", error.to_string()))?;
    observer.begin("simulating", None);
    let mut rows = String::from("BlockId,Label,Kind\n");
    let mut blocks = 0_u64;
    let mut lines = 0_u64;
    let written = write_atomically(&log, |out| {
        let mut out = Watched {
            out,
            observer,
            bytes: 0,
        };
        lines = simulator.write_to(&mut out, &mut |label| {
            let word = if label.anomalous { "Anomaly" } else { "Normal" };
            rows.push_str(&format!("blk_{},{word},{}\n", label.block, label.kind));
            blocks += 1;
        })?;
        Ok(())
    });
    ensure_wanted(observer)?;
    written?;
    write_atomically(&labels, |out| out.write_all(rows.as_bytes()))?;
    observer.end(&format!("{lines} lines of {blocks} blocks in {}", log.display()));
    Ok((log, labels))
}
