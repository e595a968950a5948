//! Blocks of whole lines: what threads can be given to work on.

use std::io::BufRead;
use std::path::PathBuf;

use memchr::{memchr, memrchr};

use super::bytes::{MAX_LINE, open};
use crate::error::{Error, Result};

/// The lines of some files, one after the other, in blocks of about a mebibyte.
pub(crate) struct Blocks {
    files: std::vec::IntoIter<PathBuf>,
    open: Option<(PathBuf, Box<dyn BufRead>)>,
    /// The beginning of a line whose end has not been read.
    begun: Vec<u8>,
    /// Whether that line is too long, and the rest of it is dropped.
    overlong: bool,
    cut: u64,
}

impl Blocks {
    pub(crate) fn of(files: Vec<PathBuf>) -> Self {
        Self {
            files: files.into_iter(),
            open: None,
            begun: Vec::new(),
            overlong: false,
            cut: 0,
        }
    }

    /// Fills `block` with the next lines, each with its line feed; `false` after the last one.
    pub(crate) fn next_block(&mut self, block: &mut Vec<u8>) -> Result<bool> {
        block.clear();
        while block.is_empty() {
            let Some((path, reader)) = &mut self.open else {
                let Some(path) = self.files.next() else { return Ok(false) };
                let reader = open(&path)?;
                self.open = Some((path, reader));
                continue;
            };
            let read = reader.fill_buf().map_err(Error::io("read", path))?;
            let length = read.len();
            if length == 0 {
                self.open = None;
                self.end_file(block);
                continue;
            }
            let (mut rest, whole) = (read, memrchr(b'\n', read));
            if self.overlong
                && let Some(end) = memchr(b'\n', read)
            {
                (self.overlong, rest) = (false, &read[end..]);
            }
            if let Some(end) = whole.filter(|_| !self.overlong) {
                let lines = rest.len() - (length - end - 1);
                block.append(&mut self.begun);
                block.extend_from_slice(&rest[..lines]);
                rest = &rest[lines..];
            }
            if !self.overlong {
                self.begun.extend_from_slice(rest);
            }
            if self.begun.len() > MAX_LINE {
                self.begun.truncate(MAX_LINE);
                self.overlong = true;
                self.cut += 1;
            }
            reader.consume(length);
        }
        Ok(true)
    }

    /// Lines so far that were longer than [`MAX_LINE`].
    pub(crate) fn cut(&self) -> u64 {
        self.cut
    }

    /// The last line of a file may lack its end.
    fn end_file(&mut self, block: &mut Vec<u8>) {
        self.overlong = false;
        if !self.begun.is_empty() {
            block.append(&mut self.begun);
            block.push(b'\n');
        }
    }
}

/// The lines of a block without their ends (`\n` or `\r\n`).
pub(crate) fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        let end = memchr(b'\n', rest)?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::input::Lines;

    /// Every line of the blocks, and how many lines were cut.
    fn by_blocks(files: &[PathBuf]) -> (Vec<Vec<u8>>, u64) {
        let (mut found, mut block, mut blocks) = (Vec::new(), Vec::new(), Blocks::of(files.to_vec()));
        while blocks.next_block(&mut block).unwrap() {
            assert_eq!(block.last(), Some(&b'\n'));
            found.extend(lines(&block).map(<[u8]>::to_vec));
        }
        (found, blocks.cut())
    }

    #[test]
    fn blocks_hold_the_lines_that_are_read_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let long = [vec![b'x'; 3 << 20], b"\r\nend".to_vec()].concat();
        let overlong = [b"a\n".to_vec(), vec![b'y'; MAX_LINE + 5], b"\nb\r\n".to_vec(), vec![b'z'; MAX_LINE + 1]].concat();
        let many: Vec<u8> = (0..300_000).flat_map(|i| format!("line {i}\n").into_bytes()).collect();
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&many).unwrap();
        let texts: [&[u8]; 8] =
            [b"", b"\n\n", b"no end", &long, &overlong, &many, &packed.finish().unwrap(), b"\r\n\0\xff\n"];
        let files: Vec<PathBuf> = (0..texts.len()).map(|i| folder.path().join(i.to_string())).collect();
        for (file, text) in files.iter().zip(texts) {
            fs::write(file, text).unwrap();
        }
        let (mut expected, mut one_by_one) = (Vec::new(), Lines::of(files.clone()));
        while let Some((_, line)) = one_by_one.next_line().unwrap() {
            expected.push(line.to_vec());
        }
        let (found, cut) = by_blocks(&files);
        assert_eq!((found.len(), cut), (expected.len(), one_by_one.cut()));
        assert_eq!(cut, 2);
        assert!(found == expected);
    }
}
