//! Time and chance of a world, and how time is stepped through.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{Clock, Entropy, Timestamp};

use super::{STRIDE, TICK, TICKS_AROUND};

pub struct Outside {
    pub now: AtomicI64,
    pub chance: AtomicU64,
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }
}

impl Entropy for Outside {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut z = self.chance.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (z >> 56) as u8;
        }
    }
}

/// The next moment to step to: never past `end`. `close` counts the ticks that are still stepped through one by one. Worlds whose
/// waits begin and end in the same ticks step in the same ticks, wherever in them that is: else one of two would miss a beat.
pub fn next_moment(now: i64, end: i64, close: &mut i64) -> i64 {
    let tick = (now / TICK + 1) * TICK;
    let last = end / TICK * TICK;
    let before = (now / STRIDE + 1) * STRIDE - 2 * TICK;
    *close -= 1;
    let near = *close > 0 || tick + 2 * TICK > last || now % STRIDE < 3 * TICK || now >= before;
    if near { tick.min(end) } else { before.min(end) }
}

/// How close time is looked at again after an operation.
pub const fn looked_at_closely() -> i64 {
    TICKS_AROUND
}
