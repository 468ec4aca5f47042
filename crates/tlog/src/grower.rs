//! Grows a tree entry by entry and gives the tiles as they come to be, with only the rightmost of each level in memory.

use crate::merkle::{Hash, empty_root, leaf_hash, node_hash, over};
use crate::published::{Published, PublishedError};
use crate::tile::{Kind, TILE_WIDTH, Tile, bundle, entries_of};

/// A tree that grows. It holds at most 255 hashes of each of its levels, and the entries of the last bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grower {
    size: u64,
    /// The hashes of the rightmost tile of each level that is not full.
    open: Vec<Vec<Hash>>,
    entries: Vec<Vec<u8>>,
}

impl Grower {
    /// A tree without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree of a size as its rightmost tiles say it; what they say is not checked.
    ///
    /// # Errors
    /// [`PublishedError`] if one of them is missing, or is not as long as it must be.
    pub fn resume(published: &Published, size: u64) -> Result<Self, PublishedError> {
        let mut grower = Self { size, ..Self::default() };
        for tile in Tile::partial_of(size) {
            match tile.kind {
                Kind::Entries => {
                    let bytes = published.bytes(&tile)?;
                    let entries = entries_of(&bytes, tile.width).ok_or_else(|| published.truncated(&tile, &bytes))?;
                    grower.entries = entries.into_iter().map(<[u8]>::to_vec).collect();
                }
                Kind::Hashes(level) => {
                    grower.open.resize(usize::from(level) + 1, Vec::new());
                    let hashes = published.hashes(&tile)?;
                    if let Some(open) = grower.open.last_mut() {
                        *open = hashes;
                    }
                }
            }
        }
        Ok(grower)
    }

    /// Entries in it.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds an entry; `filled` is given each tile that it fills.
    pub fn push(&mut self, entry: Vec<u8>, filled: &mut dyn FnMut(Tile, Vec<u8>)) {
        let mut hash = leaf_hash(&entry);
        self.entries.push(entry);
        self.size += 1;
        if self.size.is_multiple_of(TILE_WIDTH) {
            let tile = Tile { kind: Kind::Entries, index: self.size / TILE_WIDTH - 1, width: TILE_WIDTH as u16 };
            filled(tile, bundle(&self.entries));
            self.entries.clear();
        }
        let (mut count, mut level) = (self.size, 0_u8);
        loop {
            if self.open.len() <= usize::from(level) {
                self.open.push(Vec::new());
            }
            let Some(open) = self.open.get_mut(usize::from(level)) else { return };
            open.push(hash);
            if !count.is_multiple_of(TILE_WIDTH) {
                return;
            }
            count /= TILE_WIDTH;
            filled(Tile { kind: Kind::Hashes(level), index: count - 1, width: TILE_WIDTH as u16 }, open.concat());
            hash = over(open);
            open.clear();
            level += 1;
        }
    }

    /// The rightmost tiles that are not full, as they are now.
    #[must_use]
    pub fn partial(&self) -> Vec<(Tile, Vec<u8>)> {
        let bytes = |tile: &Tile| match tile.kind {
            Kind::Entries => bundle(&self.entries),
            Kind::Hashes(level) => self.open.get(usize::from(level)).map(|open| open.concat()).unwrap_or_default(),
        };
        Tile::partial_of(self.size).into_iter().map(|tile| (tile, bytes(&tile))).collect()
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        // The perfect subtrees that the tree is made of, the largest first.
        let mut peaks = Vec::new();
        for open in self.open.iter().rev() {
            let mut rest = open.as_slice();
            while !rest.is_empty() {
                let (peak, after) = rest.split_at(1 << rest.len().ilog2());
                peaks.push(over(peak));
                rest = after;
            }
        }
        peaks.into_iter().rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::tests::{ENTRIES, ROOTS, bytes, hash};

    #[test]
    fn the_reference_tree_grows_to_its_roots() {
        let mut grower = Grower::new();
        assert_eq!(grower.root(), empty_root());
        for (entry, root) in ENTRIES.iter().zip(ROOTS) {
            grower.push(bytes(entry), &mut |_, _| panic!("nothing is full"));
            assert_eq!(grower.root(), hash(root));
        }
        assert_eq!(grower.size(), 8);
    }

    #[test]
    fn it_goes_on_from_its_tiles_as_if_it_had_never_stopped() {
        let published = Published::in_memory();
        let mut whole = Grower::new();
        let mut leaves = Vec::new();
        for n in 0..70_000_u32 {
            whole.push(n.to_be_bytes().to_vec(), &mut |tile, bytes| published.write(&tile, &bytes).unwrap());
            leaves.push(leaf_hash(&n.to_be_bytes()));
            if [1, 255, 256, 257, 65_535, 65_536, 65_537, 69_999].contains(&n) {
                whole.partial().iter().for_each(|(tile, bytes)| published.write(tile, bytes).unwrap());
                assert_eq!(Grower::resume(&published, u64::from(n) + 1).unwrap(), trimmed(&whole), "at {n}");
                assert_eq!(whole.root(), over(&leaves), "at {n}");
            }
        }
        assert!(Grower::resume(&published, 70_001).is_err(), "of what was never published");
    }

    /// Levels above the highest tile that is not full hold nothing.
    fn trimmed(grower: &Grower) -> Grower {
        let mut grower = grower.clone();
        while grower.open.last().is_some_and(Vec::is_empty) {
            grower.open.pop();
        }
        grower
    }
}
