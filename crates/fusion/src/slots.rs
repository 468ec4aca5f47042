//! The table of features: sixteen bytes each, and no step ever copies more than one small part.
//!
//! A part is an array in the order of its keys' lower halves, with gaps: a key stands where its lower half says or soon behind, so
//! that a look-up reads one or two lines of memory, also of a key that is not there. It grows by a fifth, not by half: few gaps,
//! little memory.

use crate::posting::Posting;

/// Parts of the table. At sixty million features one holds thirty thousand, and growing it takes well under a millisecond.
const PARTS: usize = 2_048;
/// Places of a part that holds nothing yet.
const ROOM_MIN: usize = 8;
/// Places behind the last one that a key may ask for, so that none has to look at the front again. Where they do not suffice there
/// are twice as many.
const TAIL_MIN: usize = 32;

#[derive(Clone, Copy)]
struct Slot {
    key: u64,
    posting: Posting,
}

const VACANT: Slot = Slot { key: 0, posting: Posting::VACANT };

#[derive(Default)]
struct Part {
    slots: Vec<Slot>,
    /// Places that keys ask for.
    room: usize,
    used: usize,
}

/// Where a feature is, until the table changes.
#[derive(Clone, Copy)]
pub(crate) struct Spot {
    part: usize,
    at: usize,
}

/// Features by key. The keys must be spread evenly (they are keyed hashes).
pub(crate) struct Slots {
    parts: Vec<Part>,
}

impl Default for Slots {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| Part::default()).collect() }
    }
}

const fn part(key: u64) -> usize {
    (key >> 40) as usize % PARTS
}

/// The order of keys in a part: by lower half, and of equal ones by the rest.
const fn order(key: u64) -> u64 {
    key.rotate_left(32)
}

impl Part {
    const fn place(&self, key: u64) -> usize {
        (((key & 0xffff_ffff) * self.room as u64) >> 32) as usize
    }

    /// Where a key is (`Ok`) or belongs (`Err`).
    fn find(&self, key: u64) -> Result<usize, usize> {
        let (start, wanted) = (self.place(key), order(key));
        let mut at = start;
        for slot in self.slots.get(start..).unwrap_or(&[]) {
            if slot.key == key && !slot.posting.is_vacant() {
                return Ok(at);
            }
            if slot.posting.is_vacant() || order(slot.key) > wanted {
                return Err(at);
            }
            at += 1;
        }
        Err(at)
    }

    /// Puts a new key at its place; the ones behind it move up to the next gap. Gives whether there was one.
    fn put(&mut self, at: usize, slot: Slot) -> bool {
        let Some(behind) = self.slots.get_mut(at..) else { return false };
        let Some(gap) = behind.iter().position(|slot| slot.posting.is_vacant()) else { return false };
        behind.copy_within(0..gap, 1);
        let Some(first) = behind.first_mut() else { return false };
        *first = slot;
        self.used += 1;
        true
    }

    fn grow(&mut self) {
        let before = std::mem::take(&mut self.slots);
        let room = (self.room + self.room / 5).max(ROOM_MIN);
        let mut tail = TAIL_MIN;
        loop {
            (self.room, self.used) = (room, 0);
            self.slots = Vec::with_capacity(room + tail);
            self.slots.resize(room + tail, VACANT);
            let mut next = 0;
            let mut fits = true;
            for slot in before.iter().filter(|slot| !slot.posting.is_vacant()) {
                let at = self.place(slot.key).max(next);
                match self.slots.get_mut(at) {
                    Some(place) => *place = *slot,
                    None => fits = false,
                }
                self.used += 1;
                next = at + 1;
            }
            // The next key needs a gap.
            if fits && next < self.slots.len() {
                return;
            }
            tail *= 2;
        }
    }
}

impl Slots {
    pub(crate) fn get(&self, key: u64) -> Option<&Posting> {
        let part = self.parts.get(part(key))?;
        let at = part.find(key).ok()?;
        part.slots.get(at).map(|slot| &slot.posting)
    }

    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut Posting> {
        let part = self.parts.get_mut(part(key))?;
        let at = part.find(key).ok()?;
        part.slots.get_mut(at).map(|slot| &mut slot.posting)
    }

    /// Puts a posting in if its key has none yet; gives where it is, and whether one was there.
    pub(crate) fn enter(&mut self, key: u64, posting: Posting) -> (Spot, bool) {
        let number = part(key);
        let Some(part) = self.parts.get_mut(number) else { return (Spot { part: number, at: usize::MAX }, false) };
        let mut at = match part.find(key) {
            Ok(at) => return (Spot { part: number, at }, true),
            Err(at) => at,
        };
        // Full to five sixths: beyond it look-ups would grow long.
        if (part.used + 1) * 6 > part.room * 5 {
            part.grow();
            at = part.find(key).unwrap_or_else(|at| at);
        }
        while !part.put(at, Slot { key, posting }) {
            part.grow();
            at = part.find(key).unwrap_or_else(|at| at);
        }
        (Spot { part: number, at }, false)
    }

    /// What is at a place that [`Self::enter`] gave. It holds until another key is entered or removed.
    pub(crate) fn at(&mut self, spot: Spot) -> Option<&mut Posting> {
        self.parts.get_mut(spot.part)?.slots.get_mut(spot.at).map(|slot| &mut slot.posting)
    }

    pub(crate) fn remove(&mut self, key: u64) {
        let Some(part) = self.parts.get_mut(part(key)) else { return };
        let Ok(mut at) = part.find(key) else { return };
        part.used -= 1;
        // What stands behind its place only because this one stood before it moves down.
        loop {
            let next = part.slots.get(at + 1).copied().unwrap_or(VACANT);
            let moves = !next.posting.is_vacant() && part.place(next.key) <= at;
            if let Some(slot) = part.slots.get_mut(at) {
                *slot = if moves { next } else { VACANT };
            }
            if !moves {
                return;
            }
            at += 1;
        }
    }

    /// Reads the lines of memory where these keys are or would be. Look-ups that follow find them close by: a processor waits for
    /// many lines at once no longer than for one.
    pub(crate) fn warm(&self, keys: impl Iterator<Item = u64>) -> u64 {
        keys.fold(0, |sum, key| {
            let found = self.parts.get(part(key)).and_then(|part| part.slots.get(part.place(key)));
            sum ^ found.map_or(0, |slot| slot.key)
        })
    }

    /// All postings with their keys, in an order that tells nothing.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Posting)> {
        let slots = self.parts.iter().flat_map(|part| &part.slots);
        slots.filter(|slot| !slot.posting.is_vacant()).map(|slot| (slot.key, &slot.posting))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::Kind;

    use super::*;
    use crate::posting::AS_FEATURE;

    fn key(n: u64) -> u64 {
        let mixed = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }

    #[test]
    fn it_answers_as_a_map_does_whatever_is_put_in_and_taken_out() {
        let (mut slots, mut map) = (Slots::default(), BTreeMap::new());
        for n in 0..200_000_u64 {
            let posting = Posting::of(n as u32, AS_FEATURE, Kind::Domain, 0);
            // Every seventh key comes again, every fifth goes later.
            let key = key(n - n % 7 / 6);
            let (spot, known) = slots.enter(key, posting);
            assert_eq!(known, map.contains_key(&key));
            assert_eq!(slots.at(spot).unwrap().first_case(), *map.get(&key).unwrap_or(&(n as u32)));
            map.entry(key).or_insert(n as u32);
            if n % 5 == 4 {
                let gone = self::key(n / 2);
                slots.remove(gone);
                map.remove(&gone);
            }
        }
        assert_eq!(slots.iter().count(), map.len());
        for n in 0..200_010 {
            assert_eq!(slots.get(key(n)).map(|posting| posting.first_case()), map.get(&key(n)).copied(), "{n}");
        }
        let all: BTreeMap<u64, u32> = slots.iter().map(|(key, posting)| (key, posting.first_case())).collect();
        assert_eq!(all, map);
    }

    #[test]
    fn keys_that_all_ask_for_one_place_are_found_all_the_same() {
        let mut slots = Slots::default();
        let key = |n: u64| 0xffff_ffff | n << 32;
        for n in 0..300 {
            assert!(!slots.enter(key(n), Posting::of(n as u32, AS_FEATURE, Kind::Url, 0)).1);
        }
        assert!((0..300).all(|n| slots.get(key(n)).is_some_and(|posting| posting.first_case() == n as u32)));
        (0..300).for_each(|n| slots.remove(key(n)));
        assert_eq!(slots.iter().count(), 0);
    }
}
