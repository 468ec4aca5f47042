//! Somebody without an account who tells the cell of an attack: what brings them back to their own thread, and nothing else.

use aws_lc_rs::digest::{SHA256, digest};

/// Letters of a code: no digit that looks like a letter, and no U, so that no word comes of it (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code: 100 bits, which no guess finds.
const CODE_LETTERS: usize = 20;
/// Letters between two dashes.
const GROUP: usize = 5;
/// Longest text that is looked at.
const TYPED_BYTES_MAX: usize = 64;
/// The code that brings somebody back: shown once, and stored nowhere. No `Debug`, no `Serialize`.
pub struct WayBack([u8; CODE_LETTERS]);

impl WayBack {
    /// Made of a secret of at least 128 random bits.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        let hash = digest(&SHA256, secret.as_bytes());
        let mut letters = [b'0'; CODE_LETTERS];
        for (letter, byte) in letters.iter_mut().zip(hash.as_ref()) {
            *letter = LETTERS.get(usize::from(byte & 31)).copied().unwrap_or(b'0');
        }
        Self(letters)
    }

    /// As somebody typed it: case, dashes and blanks are all the same, and so are the letters that look like digits.
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        if text.len() > TYPED_BYTES_MAX {
            return None;
        }
        let kept = text.chars().filter(|c| *c != '-' && !c.is_whitespace());
        let read = kept.map(|c| match c.to_ascii_uppercase() {
            'O' => Some(b'0'),
            'I' | 'L' => Some(b'1'),
            other => u8::try_from(other).ok().filter(|byte| LETTERS.contains(byte)),
        });
        let letters: Vec<u8> = read.collect::<Option<_>>()?;
        Some(Self(letters.try_into().ok()?))
    }

    /// For the one who has it.
    #[must_use]
    pub fn expose(&self) -> String {
        let groups = self.0.chunks(GROUP).map(|group| String::from_utf8_lossy(group).into_owned());
        groups.collect::<Vec<_>>().join("-")
    }

    /// Its letters without dashes: of one length, for a keyed hash of them.
    #[must_use]
    pub const fn letters(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed_and_leads_to_one_thread() {
        let code = WayBack::new("a secret of the register");
        let shown = code.expose();
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [GROUP; 4]);
        for typed in
            [shown.clone(), shown.to_lowercase(), shown.replace('-', " "), shown.replace('0', "o").replace('1', "l")]
        {
            assert_eq!(WayBack::typed(&typed).unwrap().letters(), code.letters(), "{typed}");
        }
        assert_ne!(WayBack::new("another").letters(), code.letters());
        for wrong in [
            "",
            "AAAAA-AAAAA-AAAAA-AAAA",
            "AAAAA-AAAAA-AAAAA-AAAAAA",
            "AAAAA-AAAAA-AAAAA-AAAAÜ",
            "UUUUU-AAAAA-AAAAA-AAAAA",
        ] {
            assert!(WayBack::typed(wrong).is_none(), "{wrong}");
        }
        assert!(WayBack::typed(&"A".repeat(65)).is_none());
    }
}
