//! Knows which values a submitter has sent before, without keeping who: "duplicate" means of the same submitter's own items.

use std::collections::{BTreeMap, HashSet};

use model::{MemberToken, ObservableKey};
use policy::planted::{self, Leak};

/// Token windows that are remembered: a submitter's token of an older window cannot come again.
const WINDOWS_MAX: usize = 2;

/// Stands for every submitter, for a planted leak.
const ANYBODY: MemberToken = MemberToken::from_bytes([0; 16]);

/// 64-bit mixes of token and value key of everything accepted, by token window.
#[derive(Default)]
pub(crate) struct OwnItems(BTreeMap<u32, HashSet<u64>>);

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
    pub(crate) fn note(&mut self, window: u32, token: MemberToken, key: ObservableKey) -> bool {
        let noted = self.0.entry(window).or_default();
        let new = noted.insert(mix(token, key));
        if planted::is_on(Leak::ImportKnowsOthers) {
            noted.insert(mix(ANYBODY, key));
        }
        self.forget();
        new
    }

    /// Whether a submitter has sent a value before.
    pub(crate) fn has(&self, window: u32, token: MemberToken, key: ObservableKey) -> bool {
        self.0.get(&window).is_some_and(|noted| noted.contains(&mix(token, key)))
    }

    /// A planted leak of test builds: whether anybody at all has sent a value before.
    pub(crate) fn leak_others(&self, window: u32, key: ObservableKey) -> bool {
        planted::is_on(Leak::ImportKnowsOthers) && self.has(window, ANYBODY, key)
    }

    /// Notes everything that another has noted.
    pub(crate) fn take_in(&mut self, other: Self) {
        for (window, noted) in other.0 {
            self.0.entry(window).or_default().extend(noted);
        }
        self.forget();
    }

    fn forget(&mut self) {
        while self.0.len() > WINDOWS_MAX {
            self.0.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_per_submitter_and_the_oldest_window_is_forgotten() {
        let (one, two) = (MemberToken::from_bytes([1; 16]), MemberToken::from_bytes([2; 16]));
        let key = ObservableKey(7);
        let mut own = OwnItems::default();
        assert!(own.note(10, one, key));
        assert!(!own.note(10, one, key));
        assert!(own.note(10, two, key));
        let mut batch = OwnItems::default();
        assert!(batch.note(11, one, key));
        own.take_in(batch);
        assert!(own.has(10, one, key) && own.has(11, one, key) && !own.has(11, two, key));
        assert!(own.note(12, one, key));
        assert!(!own.has(10, one, key) && own.has(11, one, key) && own.has(12, one, key));
    }
}
