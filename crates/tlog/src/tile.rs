//! Tiles: which part of the tree lies where (C2SP tlog-tiles).

use crate::merkle::Hash;

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// Longest entry that a bundle can hold.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;
/// Longest path of a tile: level, seven elements of a place in 64 bits, and a width.
pub const PATH_BYTES_MAX: usize = 64;
/// Highest level that the specification knows; a tree of 64 bits has eight.
const LEVEL_MAX: u8 = 63;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Hashes of a level: 0 are leaves, each further level has the roots of full tiles of the one below.
    Hashes(u8),
    /// Entries themselves, each behind its length.
    Entries,
}

/// The place of a tile, and how much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// What it holds.
    pub kind: Kind,
    /// Its place within the level.
    pub index: u64,
    /// Hashes or entries in it: 1 to 256.
    pub width: u16,
}

impl Tile {
    /// Whether nothing can be added to it.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width as u64 == TILE_WIDTH
    }

    /// The same place, full.
    #[must_use]
    pub const fn full(&self) -> Self {
        Self { width: TILE_WIDTH as u16, ..*self }
    }

    /// Its path, such as `tile/0/x001/067.p/8`.
    #[must_use]
    pub fn path(&self) -> String {
        let kind = match self.kind {
            Kind::Hashes(level) => level.to_string(),
            Kind::Entries => "entries".to_owned(),
        };
        let mut place = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            place = format!("x{:03}/{place}", rest % 1000);
            rest /= 1000;
        }
        let width = if self.is_full() { String::new() } else { format!(".p/{}", self.width) };
        format!("tile/{kind}/{place}{width}")
    }

    /// The tile of a path; `None` for whatever is not the one path of a tile.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        if path.len() > PATH_BYTES_MAX {
            return None;
        }
        let (kind, place) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => Kind::Entries,
            level => Kind::Hashes(level.parse().ok().filter(|level| *level <= LEVEL_MAX)?),
        };
        let (place, width) = match place.split_once(".p/") {
            Some((place, width)) => (place, width.parse().ok().filter(|width| (1..256).contains(width))?),
            None => (place, TILE_WIDTH as u16),
        };
        let mut index = 0_u64;
        for element in place.split('/') {
            let digits = element.trim_start_matches('x');
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let tile = Self { kind, index, width };
        // Each place has one path: zeroes, signs and crosses that do not belong make another.
        (tile.path() == path).then_some(tile)
    }

    /// The rightmost tiles of a tree of a size that are not full: a bundle and those of each level, the lowest first.
    #[must_use]
    pub fn partial_of(size: u64) -> Vec<Self> {
        let mut tiles = Vec::new();
        let (mut hashes, mut level) = (size, 0);
        while hashes > 0 {
            let (index, width) = (hashes / TILE_WIDTH, (hashes % TILE_WIDTH) as u16);
            if width > 0 {
                if level == 0 {
                    tiles.push(Self { kind: Kind::Entries, index, width });
                }
                tiles.push(Self { kind: Kind::Hashes(level), index, width });
            }
            hashes = index;
            level += 1;
        }
        tiles
    }
}

/// The bytes of a bundle: each entry behind its length in two bytes, big-endian. An entry beyond [`ENTRY_BYTES_MAX`] is cut,
/// which its hash would show.
#[must_use]
pub fn bundle(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry.iter().take(usize::from(length)));
    }
    bytes
}

/// The entries of a bundle of this width; `None` if it has more, or fewer, or breaks off.
#[must_use]
pub fn entries_of(mut bytes: &[u8], width: u16) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bytes = rest;
        if entries.len() > usize::from(width) {
            return None;
        }
    }
    (bytes.is_empty() && entries.len() == usize::from(width)).then_some(entries)
}

/// The hashes of a tile of this width; `None` if its length is another.
pub(crate) fn hashes_of(bytes: &[u8], width: u16) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() == usize::from(width)).then(|| hashes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |kind, index, width| Tile { kind, index, width }.path();
        assert_eq!(path(Kind::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(Kind::Hashes(1), 273, 17), "tile/1/273.p/17");
        assert_eq!(path(Kind::Entries, 0, 256), "tile/entries/000");
        for index in [0, 1, 999, 1000, 1_000_000, 70_000, u64::MAX] {
            for (kind, width) in [(Kind::Entries, 256), (Kind::Hashes(0), 1), (Kind::Hashes(63), 255)] {
                let tile = Tile { kind, index, width };
                assert_eq!(Tile::of_path(&tile.path()), Some(tile));
            }
        }
    }

    #[test]
    fn what_is_no_path_is_none() {
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/1",
            "tile/00/001",
            "tile/64/001",
            "tile/-1/001",
            "tile/0/+01",
            "tile/0/x000/001",
            "tile/0/001/001",
            "tile/0/x001",
            "tile/0/xx01/001",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/08",
            "tile/0/001.p/8.p/8",
            "tile/0/../../checkpoint",
            "tile/entries/x999/x999/x999/x999/x999/x999/x999/999",
            "/tile/0/001",
            "tile/0/٠٠١",
        ] {
            assert_eq!(Tile::of_path(path), None, "{path}");
        }
    }

    #[test]
    fn a_tree_of_seventy_thousand_has_the_tiles_of_the_specifications_example() {
        let tiles = Tile::partial_of(70_000);
        let paths: Vec<String> = tiles.iter().map(Tile::path).collect();
        assert_eq!(paths, ["tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        let paths: Vec<String> = Tile::partial_of(256).iter().map(Tile::path).collect();
        assert_eq!(paths, ["tile/1/000.p/1"]);
        assert!(Tile::partial_of(0).is_empty());
    }

    #[test]
    fn a_bundle_that_breaks_off_or_goes_on_is_refused() {
        let bytes = bundle(&[b"one".to_vec(), Vec::new(), b"three".to_vec()]);
        assert_eq!(bytes, b"\0\x03one\0\0\0\x05three");
        assert_eq!(entries_of(&bytes, 3).unwrap(), [b"one".as_slice(), b"", b"three"]);
        assert!(entries_of(&bytes, 2).is_none() && entries_of(&bytes, 4).is_none());
        assert!((0..bytes.len()).all(|cut| entries_of(&bytes[..cut], 3).is_none()));
        assert!(
            hashes_of(&[1; 64], 2).is_some() && hashes_of(&[1; 63], 2).is_none() && hashes_of(&[1; 96], 2).is_none()
        );
    }
}
