//! A clock that stands until it is moved and chance that repeats itself, for the tests of every crate: they take this file in
//! by its path, so that no crate has to offer what only tests need.
#![allow(dead_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{Clock, Entropy, Timestamp};

/// Stands still at a moment; its bytes follow from its seed and are not secret, which no test needs.
#[derive(Default)]
pub struct Outside {
    /// The present moment in milliseconds.
    pub now: AtomicI64,
    chance: AtomicU64,
}

impl Outside {
    pub fn at(millis: i64, seed: u64) -> Arc<Self> {
        Arc::new(Self { now: AtomicI64::new(millis), chance: AtomicU64::new(seed) })
    }
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
