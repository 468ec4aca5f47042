//! A file that its sender's own device has sealed to the cell: a line that says to which key, then what was sealed, in pieces.

use crate::ids::CaseId;

/// What the line begins with; behind it stands the number of the key.
const MARK: &[u8] = b"fusioncell-sealed-file-1 ";
/// Longest line: the mark, ten digits and the line's end.
const LINE_BYTES_MAX: usize = MARK.len() + 11;
/// What is encapsulated for P-256 (RFC 9180, section 4.1).
pub const ENCAPSULATED_BYTES: usize = 65;
/// The tag behind each piece.
const TAG_BYTES: usize = 16;
/// Plain bytes of a piece; the last may have fewer.
pub const SEALED_FILE_PIECE_BYTES: usize = 64 << 10;
/// A piece as it is sealed.
pub const SEALED_PIECE_BYTES: usize = SEALED_FILE_PIECE_BYTES + TAG_BYTES;
/// Longest sealed file: one of 25 MiB with its head, its tags and what hides its length.
pub const SEALED_FILE_BYTES_MAX: u64 = 26 << 20;

/// The head of a sealed file: HPKE in base mode (RFC 9180), DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedFile {
    /// Number of the cell's key.
    pub key: u32,
    /// Bytes of the line; behind them stands what is encapsulated, then the pieces.
    pub line: usize,
}

/// Why a file that begins like a sealed one is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedFileError {
    /// After the mark come a number and the line's end.
    #[error("a sealed file begins with a line that ends in the number of the cell's key")]
    Line,
    /// No number of whole pieces with their tags makes this length.
    #[error("a sealed file has what is encapsulated and then whole pieces: this one was cut off")]
    Length,
}

impl SealedFile {
    /// What such a file is, in a word.
    pub const KIND: &'static str = "sealed";

    /// Whether a file is, or means to be, a sealed one.
    #[must_use]
    pub fn is(head: &[u8]) -> bool {
        head.starts_with(MARK)
    }

    /// Reads the line at the head of a file.
    ///
    /// # Errors
    /// [`SealedFileError::Line`].
    pub fn parse(head: &[u8]) -> Result<Self, SealedFileError> {
        let rest = head.strip_prefix(MARK).ok_or(SealedFileError::Line)?;
        let end = rest.iter().take(LINE_BYTES_MAX - MARK.len()).position(|byte| *byte == b'\n');
        let digits = end.and_then(|end| rest.get(..end)).ok_or(SealedFileError::Line)?;
        let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let key = text.and_then(|text| text.parse().ok()).ok_or(SealedFileError::Line)?;
        Ok(Self { key, line: MARK.len() + digits.len() + 1 })
    }

    /// The line of a file that is sealed to a key.
    #[must_use]
    pub fn line_of(key: u32) -> Vec<u8> {
        [MARK, key.to_string().as_bytes(), b"\n"].concat()
    }

    /// Whether a file of this length can be one: something is sealed, and every piece has its tag.
    ///
    /// # Errors
    /// [`SealedFileError::Length`].
    pub fn fits(&self, bytes: u64) -> Result<(), SealedFileError> {
        let before = (self.line + ENCAPSULATED_BYTES) as u64;
        let sealed = bytes.checked_sub(before).ok_or(SealedFileError::Length)?;
        let last = sealed % SEALED_PIECE_BYTES as u64;
        let whole = sealed > 0 && (last == 0 || last > TAG_BYTES as u64) && bytes <= SEALED_FILE_BYTES_MAX;
        whole.then_some(()).ok_or(SealedFileError::Length)
    }

    /// What a piece is bound to: its report, and whether it is the last. Which one it is HPKE counts itself.
    #[must_use]
    pub fn bound_to(case: CaseId, last: bool) -> String {
        format!("{case} {}", if last { "last" } else { "more" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_read_as_it_was_written() {
        let line = SealedFile::line_of(689);
        assert_eq!(line, b"fusioncell-sealed-file-1 689\n");
        let file = [&line[..], b"whatever\nfollows"].concat();
        assert_eq!(SealedFile::parse(&file), Ok(SealedFile { key: 689, line: 29 }));
        assert_eq!(SealedFile::parse(&SealedFile::line_of(u32::MAX)).unwrap().key, u32::MAX);
        assert!(SealedFile::is(&file) && !SealedFile::is(b"fusioncell-sealed-words-1 689"));
        for wrong in [
            &b"fusioncell-sealed-file-1 "[..],
            b"fusioncell-sealed-file-1 689",
            b"fusioncell-sealed-file-1 \n",
            b"fusioncell-sealed-file-1 +5\n",
            b"fusioncell-sealed-file-1 -5\n",
            b"fusioncell-sealed-file-1 6 9\n",
            b"fusioncell-sealed-file-1 4294967296\n",
            b"fusioncell-sealed-file-1 00000000000000000689\n",
            b"fusioncell-sealed-file-1 \xff\n",
            b"a picture",
            b"",
        ] {
            assert_eq!(SealedFile::parse(wrong), Err(SealedFileError::Line), "{:?}", String::from_utf8_lossy(wrong));
        }
    }

    #[test]
    fn a_length_is_whole_pieces_or_it_was_cut_off() {
        let file = SealedFile { key: 1, line: 27 };
        let (before, piece) = (27 + 65, SEALED_PIECE_BYTES as u64);
        for good in [before + 17, before + piece, before + piece + 17, before + 100 * piece] {
            assert_eq!(file.fits(good), Ok(()), "{good}");
        }
        for bad in [0, before - 1, before, before + 16, before + piece + 16, SEALED_FILE_BYTES_MAX + 1, u64::MAX] {
            assert_eq!(file.fits(bad), Err(SealedFileError::Length), "{bad}");
        }
    }
}
