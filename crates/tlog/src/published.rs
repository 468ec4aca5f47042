//! The published part of a log: a folder (or memory) with the checkpoint, the key and the tiles, by the very paths of the
//! specification, so that any web server could give them out as they lie.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::merkle::{Hash, over};
use crate::proof::Nodes;
use crate::tile::{Kind, TILE_WIDTH, Tile, entries_of, hashes_of};

/// Path of the signed head.
pub const CHECKPOINT: &str = "checkpoint";
/// Path of the log's public key.
pub const KEY: &str = "key";
/// Longest file that is read: a bundle of 256 entries of 254 bytes.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// What is wrong with what is published.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// It could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A tile is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// A tile is shorter or longer than it must be.
    #[error("{path} is truncated: it has {bytes} bytes, which do not make up {width} {what}")]
    Truncated {
        /// Which.
        path: String,
        /// Its length.
        bytes: usize,
        /// What it must hold.
        width: u16,
        /// Hashes or entries.
        what: &'static str,
    },
}

enum Home {
    Folder(PathBuf),
    Memory(Mutex<BTreeMap<String, Vec<u8>>>),
}

/// See the module. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Published(Arc<Home>);

impl Published {
    /// In a folder; nothing is made before something is written.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self(Arc::new(Home::Folder(folder)))
    }

    /// In memory, for tests and simulation.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Arc::new(Home::Memory(Mutex::default())))
    }

    fn told(&self, path: &str) -> String {
        match &*self.0 {
            Home::Folder(folder) => folder.join(path).display().to_string(),
            Home::Memory(_) => path.to_owned(),
        }
    }

    fn failed(&self, path: &str) -> impl Fn(io::Error) -> PublishedError {
        let path = self.told(path);
        move |error| PublishedError::File { path: path.clone(), error }
    }

    /// A file as it lies there; `None` if it is not there.
    ///
    /// # Errors
    /// [`PublishedError::File`]
    pub fn file(&self, path: &str) -> Result<Option<Vec<u8>>, PublishedError> {
        match &*self.0 {
            Home::Memory(files) => Ok(files.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()),
            Home::Folder(folder) => {
                let file = match File::open(folder.join(path)) {
                    Ok(file) => file,
                    Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                        return Ok(None);
                    }
                    Err(error) => return Err(self.failed(path)(error)),
                };
                let mut bytes = Vec::new();
                file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(self.failed(path))?;
                Ok(Some(bytes))
            }
        }
    }

    /// Writes a file, whole or not at all, and has it on disk.
    ///
    /// # Errors
    /// [`PublishedError::File`]
    pub fn write_file(&self, path: &str, bytes: &[u8]) -> Result<(), PublishedError> {
        match &*self.0 {
            Home::Memory(files) => {
                files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), bytes.to_vec());
                Ok(())
            }
            Home::Folder(folder) => write_whole(folder, &folder.join(path), bytes).map_err(self.failed(path)),
        }
    }

    /// Writes a tile, unless it lies there already. Once a tile is full, what there was of it before is taken away.
    ///
    /// # Errors
    /// [`PublishedError::File`]
    pub fn write(&self, tile: &Tile, bytes: &[u8]) -> Result<(), PublishedError> {
        let path = tile.path();
        if self.file(&path)?.is_none_or(|there| there != bytes) {
            self.write_file(&path, bytes)?;
        }
        if !tile.is_full() {
            return Ok(());
        }
        let partial = format!("{path}.p");
        match &*self.0 {
            Home::Memory(files) => {
                let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
                files.retain(|path, _| path.strip_prefix(&partial).is_none_or(|rest| !rest.starts_with('/')));
                Ok(())
            }
            Home::Folder(folder) => match fs::remove_dir_all(folder.join(&partial)) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed(&partial)(error)),
                _ => Ok(()),
            },
        }
    }

    /// The bytes of a tile: if it is partial and not there, the first of what took its place.
    ///
    /// # Errors
    /// [`PublishedError`] if there are none, or they are not as many as they must be.
    pub fn bytes(&self, tile: &Tile) -> Result<Vec<u8>, PublishedError> {
        let path = tile.path();
        let (bytes, width) = match self.file(&path)? {
            Some(bytes) => (bytes, tile.width),
            None if tile.is_full() => return Err(PublishedError::Missing(self.told(&path))),
            None => match self.file(&tile.full().path())? {
                Some(bytes) => (bytes, TILE_WIDTH as u16),
                None => return Err(PublishedError::Missing(self.told(&path))),
            },
        };
        let truncated = || self.truncated(&Tile { width, ..*tile }, &bytes);
        let length = match tile.kind {
            Kind::Hashes(_) => hashes_of(&bytes, width).map(|_| usize::from(tile.width) * 32),
            Kind::Entries => entries_of(&bytes, width)
                .map(|entries| entries.iter().take(usize::from(tile.width)).map(|entry| entry.len() + 2).sum()),
        };
        let length = length.ok_or_else(truncated)?;
        bytes.get(..length).map(<[u8]>::to_vec).ok_or_else(truncated)
    }

    /// The hashes of a tile.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn hashes(&self, tile: &Tile) -> Result<Vec<Hash>, PublishedError> {
        let bytes = self.bytes(tile)?;
        hashes_of(&bytes, tile.width).ok_or_else(|| self.truncated(tile, &bytes))
    }

    pub(crate) fn truncated(&self, tile: &Tile, bytes: &[u8]) -> PublishedError {
        let what = if tile.kind == Kind::Entries { "entries" } else { "hashes" };
        PublishedError::Truncated { path: self.told(&tile.path()), bytes: bytes.len(), width: tile.width, what }
    }

    /// The hashes of its tree at a size, for proofs.
    #[must_use]
    pub const fn tree(&self, size: u64) -> Tree<'_> {
        Tree { published: self, size }
    }
}

/// The tree of a size, as its tiles say it.
pub struct Tree<'a> {
    published: &'a Published,
    size: u64,
}

impl Nodes for Tree<'_> {
    type Error = PublishedError;

    fn perfect(&self, start: u64, height: u8) -> Result<Hash, PublishedError> {
        let level = height / 8;
        // Of the hashes of this level: where the subtree begins, and how many it spans.
        let (first, count) = (start >> (8 * level), 1_u64 << (height % 8));
        let index = first / TILE_WIDTH;
        let there = (self.size >> (8 * level)).saturating_sub(index * TILE_WIDTH).min(TILE_WIDTH) as u16;
        let tile = Tile { kind: Kind::Hashes(level), index, width: there };
        let hashes = self.published.hashes(&tile)?;
        let from = (first % TILE_WIDTH) as usize;
        let spanned = hashes.get(from..from + count as usize);
        spanned.map(over).ok_or_else(|| self.published.truncated(&tile, &hashes.concat()))
    }
}

fn write_whole(home: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(home);
    // Folders that are made are on disk before what lies in them.
    let absent: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for folder in absent.into_iter().filter_map(Path::parent) {
        File::open(folder)?.sync_all()?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grower::Grower;
    use crate::proof::{consistency, inclusion, root, verify_consistency, verify_inclusion};

    fn grow(published: &Published, grower: &mut Grower, to: u64) {
        while grower.size() < to {
            let entry = grower.size().to_be_bytes().to_vec();
            grower.push(entry, &mut |tile, bytes| published.write(&tile, &bytes).unwrap());
        }
        grower.partial().iter().for_each(|(tile, bytes)| published.write(tile, bytes).unwrap());
    }

    #[test]
    fn proofs_come_from_tiles_and_partial_ones_go_when_they_are_full() {
        let folder = tempfile::tempdir().unwrap();
        for published in [Published::in_memory(), Published::at(folder.path().join("audit"))] {
            let mut grower = Grower::new();
            let mut heads = Vec::new();
            for size in [1, 64, 200, 256, 320, 530, 600] {
                grow(&published, &mut grower, size);
                heads.push((size, grower.root()));
            }
            let (size, head) = (grower.size(), grower.root());
            let tree = published.tree(size);
            assert_eq!(root(&tree, size).unwrap(), head);
            for (old, told) in &heads {
                assert_eq!(root(&tree, *old).unwrap(), *told);
                let proof = consistency(&tree, *old, size).unwrap();
                verify_consistency((*old, told), (size, &head), &proof).unwrap();
            }
            for index in [0, 255, 256, 599] {
                let proof = inclusion(&tree, index, size).unwrap();
                verify_inclusion(&index.to_be_bytes(), index, size, &head, &proof).unwrap();
            }
            assert!(published.file("tile/0/000.p/64").unwrap().is_none());
            assert!(published.file("tile/0/002.p/18").unwrap().is_some(), "a checkpoint was signed over it");
            let early = Tile { kind: Kind::Hashes(0), index: 0, width: 64 };
            assert_eq!(published.bytes(&early).unwrap().len(), 64 * 32, "the full tile stands in");
            let entries = Tile { kind: Kind::Entries, ..early };
            assert_eq!(published.bytes(&entries).unwrap().len(), 64 * 10);
        }
    }

    #[test]
    fn what_is_missing_or_cut_is_named() {
        let published = Published::in_memory();
        grow(&published, &mut Grower::new(), 300);
        published.write_file("tile/0/001.p/44", &[0; 100]).unwrap();
        let tile = Tile { kind: Kind::Hashes(0), index: 1, width: 44 };
        let told = published.bytes(&tile).unwrap_err().to_string();
        assert_eq!(told, "tile/0/001.p/44 is truncated: it has 100 bytes, which do not make up 44 hashes");
        let none = Tile { kind: Kind::Entries, index: 9, width: 256 };
        assert_eq!(published.bytes(&none).unwrap_err().to_string(), "tile/entries/009 is missing");
        assert!(published.tree(300).perfect(256, 3).is_err());
    }
}
