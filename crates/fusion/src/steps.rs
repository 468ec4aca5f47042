//! Tables that grow in steps: no call ever copies more than one small part, however much the whole holds.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use crate::keys::PassThrough;

/// Parts of a table. At ten million entries a part holds ten thousand, and growing one takes well under a millisecond.
const PARTS: usize = 1024;
/// Elements of one block of a list.
const BLOCK: usize = 4096;

type Part<V> = HashMap<u64, V, BuildHasherDefault<PassThrough>>;

/// A map by 64-bit hash.
///
/// The keys must be spread evenly (they are keyed hashes): their middle bits choose the part, their low bits the place in it.
pub(crate) struct Table<V> {
    parts: Vec<Part<V>>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| Part::default()).collect() }
    }
}

/// The part of a key. The map itself uses the lowest and the highest bits.
const fn part(key: u64) -> usize {
    (key >> 40) as usize % PARTS
}

impl<V> Table<V> {
    pub(crate) fn get(&self, key: u64) -> Option<&V> {
        self.parts.get(part(key))?.get(&key)
    }

    pub(crate) fn insert(&mut self, key: u64, value: V) {
        if let Some(part) = self.parts.get_mut(part(key)) {
            part.insert(key, value);
        }
    }
}

/// A list that is only added to.
pub(crate) struct List<T> {
    blocks: Vec<Vec<T>>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { blocks: Vec::new() }
    }
}

impl<T> List<T> {
    /// Adds an element; gives its index.
    pub(crate) fn push(&mut self, value: T) -> u32 {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        if let Some(block) = self.blocks.last_mut() {
            block.push(value);
        }
        u32::try_from(self.len() - 1).unwrap_or(u32::MAX)
    }

    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.blocks.get(index as usize / BLOCK)?.get(index as usize % BLOCK)
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.blocks.get_mut(index as usize / BLOCK)?.get_mut(index as usize % BLOCK)
    }

    pub(crate) fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_keeps_what_was_put_in() {
        let mut table = Table::default();
        let key = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for n in 0..50_000 {
            table.insert(key(n), n);
        }
        assert_eq!((0..50_000).filter(|n| table.get(key(*n)) == Some(n)).count(), 50_000);
        assert_eq!(table.get(key(50_000)), None);
    }

    #[test]
    fn a_list_gives_each_element_its_number() {
        let mut list = List::default();
        assert!(list.is_empty());
        for n in 0..10_000_u32 {
            assert_eq!(list.push(n), n);
        }
        assert_eq!((list.get(9_999), list.get(10_000), list.len()), (Some(&9_999), None, 10_000));
        *list.get_mut(5_000).unwrap() = 1;
        assert_eq!(list.iter().filter(|n| **n == 1).count(), 2);
    }
}
