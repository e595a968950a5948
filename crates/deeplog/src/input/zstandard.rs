//! Zstandard streams: any number of frames, each held to its checksum.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Decompresses what `source` holds. Damage of any kind is [`io::ErrorKind::InvalidData`].
pub(super) struct Zstandard<R> {
    source: R,
    frame: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> Zstandard<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            frame: FrameDecoder::new(),
            in_frame: false,
        }
    }

    /// Begins the next frame; one that holds no data is passed over.
    fn begin(&mut self) -> io::Result<()> {
        match self.frame.init(&mut self.source) {
            Ok(()) => self.in_frame = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let length = u64::from(length);
                if io::copy(&mut (&mut self.source).take(length), &mut io::sink())? < length {
                    return Err(damaged());
                }
            }
            Err(error @ FrameDecoderError::WindowSizeTooBig { .. }) => {
                return Err(io::Error::new(io::ErrorKind::Unsupported, error));
            }
            Err(_) => return Err(damaged()),
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.in_frame = false;
        match (
            self.frame.get_checksum_from_data(),
            self.frame.get_calculated_checksum(),
        ) {
            (Some(written), Some(found)) if written != found => Err(damaged()),
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Zstandard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame {
                if self.source.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                self.begin()?;
                continue;
            }
            let read = self.frame.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if self.frame.is_finished() {
                self.end()?;
            } else {
                let blocks = BlockDecodingStrategy::UptoBlocks(1);
                self.frame
                    .decode_blocks(&mut self.source, blocks)
                    .map_err(|_| damaged())?;
            }
        }
    }
}

fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the zstandard stream is damaged or cut short",
    )
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn frame(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        Zstandard::new(bytes).read_to_end(&mut text).map(|_| text)
    }

    #[test]
    fn frames_follow_one_another_and_frames_without_data_are_passed_over() {
        let skipped = [&0x184D_2A53_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), b"abc"].concat();
        let whole = [frame(b"one\n"), skipped.clone(), frame(b""), frame(b"two\n")].concat();
        assert_eq!(read(&whole).unwrap(), b"one\ntwo\n");
        assert_eq!(read(&skipped).unwrap(), b"");
        assert!(read(&skipped[..9]).is_err(), "a frame without data that is cut short");
    }

    #[test]
    fn a_stream_cut_anywhere_or_with_a_wrong_checksum_is_damaged() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(|i| (i * i).to_le_bytes()).collect();
        let whole = frame(&text);
        assert_eq!(read(&whole).unwrap(), text);
        for length in (1..whole.len()).step_by(997).chain([whole.len() - 1]) {
            let error = read(&whole[..length]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{length}");
        }
        let mut turned = whole.clone();
        *turned.last_mut().unwrap() ^= 1;
        assert!(read(&turned).is_err(), "the last four bytes are the checksum");
    }
}
