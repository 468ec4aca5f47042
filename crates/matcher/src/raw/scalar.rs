//! Planes byte by byte: the fallback, and what the others are tested against.

use super::{ALNUM, HEX, HIGH, LOW, NAME, Planes, SPECIAL, WORD};

/// The classes of each byte.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which would tell")]
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = LOW[byte & 15] & HIGH[byte >> 4];
        byte += 1;
    }
    classes
};

/// The planes of 64 bytes.
pub(super) fn classify(block: &[u8; WORD]) -> Planes {
    let mut planes = Planes::default();
    for (at, &byte) in block.iter().enumerate() {
        let class = CLASSES.get(usize::from(byte)).copied().unwrap_or(0);
        let bit = |yes: bool| u64::from(yes) << at;
        planes.name |= bit(class & NAME != 0);
        planes.alnum |= bit(class & ALNUM != 0);
        planes.hex |= bit(class & HEX != 0);
        planes.special |= bit(class & SPECIAL != 0);
        planes.dot |= bit(byte == b'.');
        planes.colon |= bit(byte == b':');
        planes.high |= bit(byte >= 0x80);
        planes.zero |= bit(byte == 0);
    }
    planes
}
