//! Words that their writer's own device has sealed to the cell: one line of text, which stands where the words would.

use std::fmt;
use std::str::FromStr;

/// What the line begins with.
const MARK: &str = "fusioncell-sealed-words-1 ";
/// Longest sealed text in bytes: 20,000 characters of four bytes each, padded.
pub const SEALED_WORDS_BYTES_MAX: usize = 96 * 1024;
/// Shortest: what is encapsulated for P-256, and a tag (RFC 9180, sections 4.1 and 5.2).
pub const SEALED_WORDS_BYTES_MIN: usize = 65 + 16;

/// Words sealed to the cell's key of a number: HPKE in base mode (RFC 9180), DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedWords {
    /// Number of the key.
    pub key: u32,
    /// What is encapsulated, then the sealed text with its tag.
    pub sealed: Vec<u8>,
}

/// Why a line that begins like sealed words is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedWordsError {
    /// After the mark come a number and hexadecimal digits.
    #[error("sealed words are a number and hexadecimal digits")]
    Shape,
    /// Too short for anything to be sealed in it, or too long.
    #[error("sealed words have {SEALED_WORDS_BYTES_MIN} to {SEALED_WORDS_BYTES_MAX} bytes")]
    Length,
}

impl SealedWords {
    /// Whether a text is, or means to be, sealed words.
    #[must_use]
    pub fn is(text: &str) -> bool {
        text.starts_with(MARK)
    }
}

impl FromStr for SealedWords {
    type Err = SealedWordsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, digits) =
            text.strip_prefix(MARK).and_then(|rest| rest.trim_end().split_once(' ')).ok_or(SealedWordsError::Shape)?;
        if !(SEALED_WORDS_BYTES_MIN * 2..=SEALED_WORDS_BYTES_MAX * 2).contains(&digits.len()) {
            return Err(SealedWordsError::Length);
        }
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let pair = |pair: &[u8]| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        };
        let sealed: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(pair).collect();
        let key = key.parse().map_err(|_| SealedWordsError::Shape)?;
        Ok(Self { key, sealed: sealed.ok_or(SealedWordsError::Shape)? })
    }
}

impl fmt::Display for SealedWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}{} ", self.key)?;
        self.sealed.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

// What is sealed is nothing that a log is the better for.
impl fmt::Debug for SealedWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedWords({}, {} bytes)", self.key, self.sealed.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let words = SealedWords { key: 689, sealed: (0..200).collect() };
        let line = words.to_string();
        assert!(SealedWords::is(&line) && !SealedWords::is("we were phished"));
        assert_eq!(line.parse(), Ok(words));
        for (wrong, why) in [
            (line[..line.len() - 1].to_owned(), SealedWordsError::Shape),
            (
                line.to_uppercase().replacen("FUSIONCELL-SEALED-WORDS-1", "fusioncell-sealed-words-1", 1),
                SealedWordsError::Shape,
            ),
            (line.replacen("689", "x", 1), SealedWordsError::Shape),
            (line[..60].to_owned(), SealedWordsError::Length),
            (format!("{MARK}689"), SealedWordsError::Shape),
            (format!("{MARK}689 {}", "00".repeat(SEALED_WORDS_BYTES_MAX + 1)), SealedWordsError::Length),
        ] {
            assert_eq!(wrong.parse::<SealedWords>(), Err(why), "{}", &wrong[..wrong.len().min(80)]);
        }
    }
}
