//! Planes byte by byte: the fallback, and what the others are tested against.

use super::{ABOVE_NOT_ALNUM, ABOVE_NOT_DIGIT, ABOVE_NOT_HEX, ABOVE_NOT_NAME, HIGH, LOW, Rare, WORD, Word};

/// The classes of each byte.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which would tell")]
const CLASSES: [i8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = (LOW[byte & 15] & HIGH[byte >> 4]) as i8;
        byte += 1;
    }
    classes
};

/// The planes of 64 bytes.
pub(super) fn classify(block: &[u8; WORD]) -> (Word, Rare) {
    let (mut word, mut rare) = (Word::default(), Rare::default());
    for (at, &byte) in block.iter().enumerate() {
        let class = CLASSES.get(usize::from(byte)).copied().unwrap_or(0);
        let bit = |yes: bool| u64::from(yes) << at;
        word.name |= bit(class > ABOVE_NOT_NAME);
        word.alnum |= bit(class > ABOVE_NOT_ALNUM);
        word.digit |= bit(class > ABOVE_NOT_DIGIT);
        word.hex |= bit(class > ABOVE_NOT_HEX);
        word.special |= bit(class < 0 || class & 1 == 1);
        word.dot |= bit(byte == b'.');
        word.colon |= bit(byte == b':');
        rare.high |= byte >= 0x80;
        rare.zero |= byte == 0;
    }
    (word, rare)
}

/// Which of 64 bytes are 0x80 and above.
pub(super) fn high(block: &[u8; WORD]) -> u64 {
    block.iter().enumerate().fold(0, |all, (at, &byte)| all | u64::from(byte >> 7) << at)
}
