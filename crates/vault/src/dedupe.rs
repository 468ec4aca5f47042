//! Knows which values a submitter has sent before, without keeping who: "duplicate" means of the same submitter's own items.

use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};

use model::{Marking, MemberToken, ObservableKey};
use policy::planted::{self, Leak};

/// Token windows that are remembered: what a submitter sent in an older one counts as new.
pub(crate) const WINDOWS_MAX: usize = 2;
/// Stands for every submitter, for a planted leak.
const ANYBODY: MemberToken = MemberToken::from_bytes([0; 16]);
/// Bits of a noted value that hold its marking.
const MARKING_BITS: u64 = 0x1f;

/// A mix of token and value key, and in its lowest bits the strictest marking that the value came with.
#[derive(Clone, Copy)]
struct Noted(u64);

impl Noted {
    fn new(token: MemberToken, key: ObservableKey, marking: Marking) -> Self {
        let mut low = [0; 8];
        for (to, from) in low.iter_mut().zip(token.as_bytes()) {
            *to = *from;
        }
        // Token and key are both keyed hashes; a multiplication spreads their sum over all bits.
        let mix = (u64::from_le_bytes(low) ^ key.0.rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self((mix & !MARKING_BITS) | ((marking.tlp as u64) << 2) | marking.pap as u64)
    }

    const fn mix(self) -> u64 {
        self.0 & !MARKING_BITS
    }

    /// The stricter of both in each half of the marking.
    fn join(self, other: Self) -> Self {
        let half = |bits: u64| (self.0 & bits).max(other.0 & bits);
        Self(self.mix() | half(0b1_1100) | half(0b11))
    }
}

impl PartialEq for Noted {
    fn eq(&self, other: &Self) -> bool {
        self.mix() == other.mix()
    }
}

impl Eq for Noted {}

impl Hash for Noted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.mix().hash(state);
    }
}

/// Everything accepted, by token window.
#[derive(Default)]
pub(crate) struct OwnItems(BTreeMap<u32, HashSet<Noted>>);

impl OwnItems {
    /// Notes a value of a submitter; true if it is new, or stricter than before: a merge takes the strictest.
    pub(crate) fn note(&mut self, window: u32, token: MemberToken, key: ObservableKey, marking: Marking) -> bool {
        let new = self.enter(window, Noted::new(token, key, marking));
        if planted::is_on(Leak::ImportKnowsOthers) {
            self.enter(window, Noted::new(ANYBODY, key, marking));
        }
        self.forget();
        new
    }

    fn enter(&mut self, window: u32, noted: Noted) -> bool {
        let window = self.0.entry(window).or_default();
        let joined = window.get(&noted).map_or(noted, |earlier| earlier.join(noted));
        window.replace(joined).is_none_or(|earlier| earlier.0 != joined.0)
    }

    /// Whether a submitter has sent a value before, under a marking at least as strict.
    pub(crate) fn has(&self, window: u32, token: MemberToken, key: ObservableKey, marking: Marking) -> bool {
        let noted = Noted::new(token, key, marking);
        let earlier = self.0.get(&window).and_then(|window| window.get(&noted));
        earlier.is_some_and(|earlier| earlier.join(noted).0 == earlier.0)
    }

    /// Forgets that a submitter has sent a value: it took it back, and may send it again.
    pub(crate) fn take_back(&mut self, window: u32, token: MemberToken, key: ObservableKey) {
        if let Some(window) = self.0.get_mut(&window) {
            window.remove(&Noted::new(token, key, Marking::OPEN));
        }
    }

    /// The windows of which anything is remembered.
    pub(crate) fn windows(&self) -> Vec<u32> {
        self.0.keys().copied().collect()
    }

    /// A planted leak of test builds: whether anybody at all has sent a value before.
    pub(crate) fn leak_others(&self, window: u32, key: ObservableKey, marking: Marking) -> bool {
        planted::is_on(Leak::ImportKnowsOthers) && self.has(window, ANYBODY, key, marking)
    }

    /// Notes everything that another has noted.
    pub(crate) fn take_in(&mut self, other: Self) {
        for (window, all) in other.0 {
            for noted in all {
                self.enter(window, noted);
            }
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
    use model::{Pap, Tlp};

    use super::*;

    const USUAL: Marking = Marking { tlp: Tlp::Amber, pap: Pap::Green };

    #[test]
    fn a_value_is_known_per_submitter_and_the_oldest_window_is_forgotten() {
        let (one, two) = (MemberToken::from_bytes([1; 16]), MemberToken::from_bytes([2; 16]));
        let key = ObservableKey(7);
        let mut own = OwnItems::default();
        assert!(own.note(10, one, key, USUAL));
        assert!(!own.note(10, one, key, USUAL));
        assert!(own.note(10, two, key, USUAL));
        let mut batch = OwnItems::default();
        assert!(batch.note(11, one, key, USUAL));
        own.take_in(batch);
        let has = |own: &OwnItems, window, token| own.has(window, token, key, USUAL);
        assert!(has(&own, 10, one) && has(&own, 11, one) && !has(&own, 11, two));
        assert!(own.note(12, one, key, USUAL));
        assert!(!has(&own, 10, one) && has(&own, 11, one) && has(&own, 12, one));
        assert_eq!(own.windows(), [11, 12]);
    }

    #[test]
    fn a_stricter_marking_is_new_and_a_looser_one_is_not() {
        let (token, key) = (MemberToken::from_bytes([1; 16]), ObservableKey(7));
        let mut own = OwnItems::default();
        assert!(own.note(10, token, key, USUAL));
        let mut seen = USUAL;
        for tlp in Tlp::ALL {
            for pap in [Pap::Clear, Pap::Green, Pap::Amber, Pap::Red] {
                let marking = Marking { tlp, pap };
                let stricter = seen.join(marking) != seen;
                assert_eq!(own.has(10, token, key, marking), !stricter, "{marking:?} after {seen:?}");
                assert_eq!(own.note(10, token, key, marking), stricter, "{marking:?} after {seen:?}");
                seen = seen.join(marking);
            }
        }
    }
}
