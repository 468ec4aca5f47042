//! Knows which values a submitter has sent before, without keeping who: "duplicate" means of the same submitter's own items.

use std::collections::HashSet;

use model::{KeySeed, MemberToken, Observable, ObservableKey};

/// 64-bit mixes of token and value key of everything accepted.
#[derive(Default)]
pub(crate) struct OwnItems(HashSet<u64>);

fn mix(token: MemberToken, key: ObservableKey) -> u64 {
    let mut low = [0; 8];
    for (to, from) in low.iter_mut().zip(token.as_bytes()) {
        *to = *from;
    }
    // Token and key are both keyed hashes; a multiplication spreads their sum over all bits.
    (u64::from_le_bytes(low) ^ key.0.rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl OwnItems {
    /// Notes a value of a submitter; true if it is new.
    pub(crate) fn note(&mut self, token: MemberToken, observable: &Observable, seed: KeySeed) -> bool {
        self.0.insert(mix(token, observable.key(seed)))
    }

    /// Whether a submitter has sent a value before.
    pub(crate) fn has(&self, token: MemberToken, observable: &Observable, seed: KeySeed) -> bool {
        self.0.contains(&mix(token, observable.key(seed)))
    }
}
