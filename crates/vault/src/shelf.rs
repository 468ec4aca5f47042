//! Files that came with cases: sealed piece by piece under a key of each file's own, named by keyed hashes, whole or absent.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hmac;
use model::{CaseId, Entropy, FileId, SEALED_FILE_BYTES_MAX};

use crate::error::VaultError;
use crate::keys::{KeyError, Keys};
use crate::{files, hex};

/// Longest file; one that its sender's device sealed has a little more ([`SEALED_FILE_BYTES_MAX`]).
pub const FILE_BYTES_MAX: u64 = 25 << 20;
/// Files that come in at once, of everybody.
pub const FILES_COMING_MAX: usize = 32;
/// A sealed piece, as it lies on disk: all have this length, so that a file's length is told to that only.
const PIECE_BYTES: usize = 64 << 10;
/// Where a piece says how much of it is content.
const LENGTH_BYTES: usize = 4;
const CONTENT_BYTES: usize = PIECE_BYTES - MAX_TAG_LEN - LENGTH_BYTES;
/// Chance at the head of each file, of which its key is made: without it nothing of the file can be read.
const SALT_BYTES: usize = 32;
const COMING: &str = "coming-";

type Name = [u8; 32];

enum Home {
    Folder(PathBuf),
    Memory(Mutex<HashMap<Name, Vec<u8>>>),
}

struct ShelfKeys {
    names: hmac::Key,
    seals: hmac::Key,
}

/// See the module.
pub(crate) struct Shelf {
    home: Home,
    keys: OnceLock<ShelfKeys>,
    coming: AtomicUsize,
}

/// One file's place and key.
struct Place {
    name: Name,
    seal: LessSafeKey,
}

fn wrong(place: &Name, why: &str) -> VaultError {
    VaultError::Blob { name: hex::encode(place), why: why.to_owned() }
}

fn nonce(index: u64, last: bool) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    let number = index.to_le_bytes().into_iter().chain([u8::from(last)]);
    bytes.iter_mut().zip(number).for_each(|(to, from)| *to = from);
    Nonce::assume_unique_for_key(bytes)
}

impl Shelf {
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { home: Home::Folder(folder), keys: OnceLock::new(), coming: AtomicUsize::new(0) }
    }

    pub(crate) fn in_memory() -> Self {
        Self { home: Home::Memory(Mutex::default()), keys: OnceLock::new(), coming: AtomicUsize::new(0) }
    }

    fn keys(&self, keys: &Keys) -> Result<&ShelfKeys, KeyError> {
        if let Some(known) = self.keys.get() {
            return Ok(known);
        }
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &keys.secret("files.key")?);
        let of = |label: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&secret, label).as_ref());
        Ok(self.keys.get_or_init(|| ShelfKeys { names: of(b"names"), seals: of(b"seals") }))
    }

    fn name(&self, keys: &Keys, case: CaseId, id: FileId) -> Result<Name, KeyError> {
        let mut context = hmac::Context::with_key(&self.keys(keys)?.names);
        context.update(case.as_bytes());
        context.update(id.as_bytes());
        Ok(context.sign().as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// No two files share a key, so that the pieces of one may be counted instead of drawn.
    fn place(&self, keys: &Keys, name: Name, salt: &[u8; SALT_BYTES]) -> Result<Place, VaultError> {
        let mut context = hmac::Context::with_key(&self.keys(keys)?.seals);
        context.update(&name);
        context.update(salt);
        let key = UnboundKey::new(&AES_256_GCM, context.sign().as_ref()).map_err(|_| wrong(&name, "it has no key"))?;
        Ok(Place { name, seal: LessSafeKey::new(key) })
    }

    /// Takes out what no case names: files that were on their way when the process ended.
    pub(crate) fn sweep(&self, keys: &Keys, named: impl Iterator<Item = (CaseId, FileId)>) -> Result<(), VaultError> {
        let Home::Folder(folder) = &self.home else { return Ok(()) };
        let found = match fs::read_dir(folder) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(files::at(folder)(error)),
        };
        let mut known = HashSet::new();
        for (case, id) in named {
            known.insert(hex::encode(&self.name(keys, case, id)?));
        }
        for file in found {
            let path = file.map_err(files::at(folder))?.path();
            let stays = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| known.contains(name));
            if !stays {
                destroy(&path)?;
            }
        }
        Ok(())
    }

    /// Begins a file; `None` if too many are coming already.
    pub(crate) fn begin(
        self: &Arc<Self>,
        keys: &Keys,
        entropy: &dyn Entropy,
        case: CaseId,
    ) -> Result<Option<Incoming>, VaultError> {
        if self.coming.fetch_add(1, Ordering::AcqRel) >= FILES_COMING_MAX {
            self.coming.fetch_sub(1, Ordering::AcqRel);
            return Ok(None);
        }
        let turn = Coming(Arc::clone(self));
        let id = FileId::from_bytes(entropy.bytes());
        let salt: [u8; SALT_BYTES] = entropy.bytes();
        let place = self.place(keys, self.name(keys, case, id)?, &salt)?;
        let mut sink = match &self.home {
            Home::Memory(_) => Sink::Memory(Vec::new()),
            Home::Folder(folder) => {
                files::private_folder(folder)?;
                let path = folder.join(format!("{COMING}{}", hex::encode(&place.name)));
                let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
                Sink::File { file: file.map_err(files::at(&path))?, path, to: folder.join(hex::encode(&place.name)) }
            }
        };
        sink.write(&salt)?;
        let (buffer, sha256) = (Vec::with_capacity(CONTENT_BYTES), Context::new(&SHA256));
        Ok(Some(Incoming { turn, case, id, place, sink, buffer, index: 0, bytes: 0, sha256, kept: false }))
    }

    /// The sealed bytes of a file, piece by piece; `None` if it is not there.
    pub(crate) fn open(
        self: &Arc<Self>,
        keys: &Keys,
        case: CaseId,
        id: FileId,
    ) -> Result<Option<Outgoing>, VaultError> {
        let name = self.name(keys, case, id)?;
        let (mut source, length) = match &self.home {
            Home::Memory(held) => {
                let held = held.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(bytes) = held.get(&name) else { return Ok(None) };
                (Source::Memory(bytes.clone(), 0), bytes.len() as u64)
            }
            Home::Folder(folder) => {
                let path = folder.join(hex::encode(&name));
                let file = match File::open(&path) {
                    Ok(file) => file,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(files::at(&path)(error)),
                };
                let length = file.metadata().map_err(files::at(&path))?.len();
                (Source::File(file, path), length)
            }
        };
        let mut salt = [0; SALT_BYTES];
        source.read(&mut salt)?;
        let place = self.place(keys, name, &salt)?;
        let pieces = length.saturating_sub(SALT_BYTES as u64) / PIECE_BYTES as u64;
        Ok(Some(Outgoing { place, source, index: 0, pieces }))
    }

    /// Takes a file away so that nothing of it can be read again; absent is well.
    pub(crate) fn destroy(&self, keys: &Keys, case: CaseId, id: FileId) -> Result<(), VaultError> {
        let name = self.name(keys, case, id)?;
        match &self.home {
            Home::Memory(held) => drop(held.lock().unwrap_or_else(PoisonError::into_inner).remove(&name)),
            Home::Folder(folder) => {
                let path = folder.join(hex::encode(&name));
                if path.exists() {
                    destroy(&path)?;
                    files::sync_folder(folder)?;
                }
            }
        }
        Ok(())
    }
}

/// Overwrites what a file's key is made of, then takes the file away: what a disk keeps of the rest is noise.
fn destroy(path: &Path) -> Result<(), VaultError> {
    let mut file = OpenOptions::new().write(true).open(path).map_err(files::at(path))?;
    let wiped = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&[0; SALT_BYTES]));
    wiped.and_then(|()| file.sync_all()).map_err(files::at(path))?;
    fs::remove_file(path).map_err(files::at(path))
}

struct Coming(Arc<Shelf>);

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.coming.fetch_sub(1, Ordering::AcqRel);
    }
}

enum Sink {
    File { file: File, path: PathBuf, to: PathBuf },
    Memory(Vec<u8>),
}

impl Sink {
    fn write(&mut self, bytes: &[u8]) -> Result<(), VaultError> {
        match self {
            Self::File { file, path, .. } => file.write_all(bytes).map_err(files::at(path)),
            Self::Memory(held) => {
                held.extend_from_slice(bytes);
                Ok(())
            }
        }
    }
}

/// A file on its way in. What was not kept is gone when this is dropped.
pub struct Incoming {
    turn: Coming,
    case: CaseId,
    id: FileId,
    place: Place,
    sink: Sink,
    buffer: Vec<u8>,
    index: u64,
    bytes: u64,
    sha256: Context,
    kept: bool,
}

impl Incoming {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> FileId {
        self.id
    }

    pub(crate) const fn case(&self) -> CaseId {
        self.case
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`VaultError`] if they cannot be written, or are more than a file may have.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), VaultError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > SEALED_FILE_BYTES_MAX {
            return Err(wrong(&self.place.name, "it is too long"));
        }
        self.sha256.update(bytes);
        while !bytes.is_empty() {
            if self.buffer.len() == CONTENT_BYTES {
                self.seal(false)?;
            }
            let room = CONTENT_BYTES - self.buffer.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn seal(&mut self, last: bool) -> Result<(), VaultError> {
        let length = u32::try_from(self.buffer.len()).unwrap_or(u32::MAX);
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        piece.extend_from_slice(&length.to_le_bytes());
        piece.append(&mut self.buffer);
        piece.resize(PIECE_BYTES - MAX_TAG_LEN, 0);
        let aad = Aad::from(self.place.name);
        self.place
            .seal
            .seal_in_place_append_tag(nonce(self.index, last), aad, &mut piece)
            .map_err(|_| wrong(&self.place.name, "it cannot be sealed"))?;
        self.index += 1;
        self.sink.write(&piece)
    }

    /// Makes the file durable under its name, and gives its SHA-256. It stays only if [`Incoming::keep`] follows.
    pub(crate) fn settle(&mut self) -> Result<[u8; 32], VaultError> {
        self.seal(true)?;
        match &mut self.sink {
            Sink::Memory(held) => {
                if let Home::Memory(all) = &self.turn.0.home {
                    let held = std::mem::take(held);
                    all.lock().unwrap_or_else(PoisonError::into_inner).insert(self.place.name, held);
                }
            }
            Sink::File { file, path, to } => {
                // When it came is told by the journal alone, and there by no name.
                let untimed = file.set_modified(SystemTime::UNIX_EPOCH);
                untimed.and_then(|()| file.sync_all()).map_err(files::at(path))?;
                fs::rename(&*path, &*to).map_err(files::at(path))?;
                path.clone_from(to);
                files::sync_folder(to.parent().unwrap_or(to))?;
            }
        }
        Ok(self.sha256.clone().finish().as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// The journal names it.
    pub(crate) const fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // What cannot be taken away now is swept away at the next start.
        match &self.sink {
            Sink::File { path, .. } => drop(destroy(path)),
            Sink::Memory(_) => {
                if let Home::Memory(all) = &self.turn.0.home {
                    all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.place.name);
                }
            }
        }
    }
}

enum Source {
    File(File, PathBuf),
    Memory(Vec<u8>, usize),
}

impl Source {
    fn read(&mut self, into: &mut [u8]) -> Result<(), VaultError> {
        match self {
            Self::File(file, path) => file.read_exact(into).map_err(files::at(path)),
            Self::Memory(held, at) => {
                let from = held.get(*at..*at + into.len());
                into.copy_from_slice(from.ok_or_else(|| wrong(&[0; 32], "it is cut off"))?);
                *at += into.len();
                Ok(())
            }
        }
    }
}

/// A file on its way out, piece by piece. One that was altered, cut off or put together of others gives an error instead.
pub struct Outgoing {
    place: Place,
    source: Source,
    index: u64,
    pieces: u64,
}

impl Outgoing {
    fn piece(&mut self) -> Result<Vec<u8>, VaultError> {
        let mut piece = vec![0; PIECE_BYTES];
        self.source.read(&mut piece)?;
        let last = self.index + 1 == self.pieces;
        let altered = || wrong(&self.place.name, "it is not what was written");
        let aad = Aad::from(self.place.name);
        let opened = self.place.seal.open_in_place(nonce(self.index, last), aad, &mut piece);
        let (length, content) =
            opened.map_err(|_| altered())?.split_first_chunk::<LENGTH_BYTES>().ok_or_else(altered)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let content = content.get(..length).ok_or_else(altered)?.to_vec();
        self.index += 1;
        Ok(content)
    }
}

impl Iterator for Outgoing {
    type Item = Result<Vec<u8>, VaultError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.pieces {
            return None;
        }
        let piece = self.piece();
        if piece.is_err() {
            self.pieces = 0;
        }
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::Still;

    const CASE: CaseId = CaseId::from_bytes([3; 16]);

    fn filled(shelf: &Arc<Shelf>, keys: &Keys, content: &[u8]) -> FileId {
        let mut coming = shelf.begin(keys, &Chance(1.into()), CASE).unwrap().unwrap();
        for piece in content.chunks(10_000) {
            coming.write(piece).unwrap();
        }
        coming.settle().unwrap();
        coming.keep();
        coming.id()
    }

    struct Chance(std::sync::atomic::AtomicU8);

    impl Entropy for Chance {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn read(shelf: &Arc<Shelf>, keys: &Keys, id: FileId) -> Result<Vec<u8>, VaultError> {
        let pieces = shelf.open(keys, CASE, id)?.unwrap();
        Ok(pieces.collect::<Result<Vec<_>, _>>()?.concat())
    }

    #[test]
    fn a_file_comes_out_as_it_went_in_and_lies_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::in_memory(Arc::new(Still)).unwrap();
        for length in [1, CONTENT_BYTES - 1, CONTENT_BYTES, CONTENT_BYTES + 1, 3 * CONTENT_BYTES, 300_000] {
            let content: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            for shelf in [Shelf::in_memory(), Shelf::at(folder.path().join(length.to_string()))] {
                let shelf = Arc::new(shelf);
                let id = filled(&shelf, &keys, &content);
                assert!(read(&shelf, &keys, id).unwrap() == content, "{length}");
                assert!(shelf.open(&keys, CaseId::from_bytes([4; 16]), id).unwrap().is_none());
            }
            let file = fs::read_dir(folder.path().join(length.to_string())).unwrap().next().unwrap().unwrap();
            let stored = fs::read(file.path()).unwrap();
            assert_eq!((stored.len() - SALT_BYTES) % PIECE_BYTES, 0);
            let part: Vec<u8> = content.iter().copied().take(16).collect();
            assert!(length < 16 || !stored.windows(16).any(|window| window == part));
            assert_eq!(file.metadata().unwrap().modified().unwrap(), SystemTime::UNIX_EPOCH);
            let name = file.file_name().into_string().unwrap();
            assert!(name.len() == 64 && !name.contains("0303030303"), "{name}");
        }
    }

    #[test]
    fn what_was_altered_cut_off_or_moved_is_not_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::in_memory(Arc::new(Still)).unwrap();
        let shelf = Arc::new(Shelf::at(folder.path().to_owned()));
        let content = vec![5; 3 * CONTENT_BYTES - 7];
        let id = filled(&shelf, &keys, &content);
        let path = folder.path().join(hex::encode(&shelf.name(&keys, CASE, id).unwrap()));
        let whole = fs::read(&path).unwrap();
        let second = SALT_BYTES + PIECE_BYTES;
        let mut bent = whole.clone();
        bent[second + 9] ^= 1;
        let mut turned = whole.clone();
        turned[SALT_BYTES..SALT_BYTES + 2 * PIECE_BYTES].rotate_left(PIECE_BYTES);
        let cut = whole[..second + PIECE_BYTES].to_vec();
        let unsalted = [vec![0; SALT_BYTES], whole[SALT_BYTES..].to_vec()].concat();
        for bytes in [bent, turned, cut, unsalted] {
            fs::write(&path, bytes).unwrap();
            assert!(read(&shelf, &keys, id).is_err());
        }
        fs::write(&path, whole).unwrap();
        assert!(read(&shelf, &keys, id).unwrap() == content);
        shelf.destroy(&keys, CASE, id).unwrap();
        assert!(shelf.open(&keys, CASE, id).unwrap().is_none() && !path.exists());
    }

    #[test]
    fn what_is_given_up_or_too_long_leaves_nothing_and_a_start_sweeps() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::in_memory(Arc::new(Still)).unwrap();
        let shelf = Arc::new(Shelf::at(folder.path().to_owned()));
        let count = || fs::read_dir(folder.path()).unwrap().count();
        let mut coming = shelf.begin(&keys, &Chance(9.into()), CASE).unwrap().unwrap();
        coming.write(&[1; 100_000]).unwrap();
        assert_eq!(count(), 1);
        drop(coming);
        assert_eq!(count(), 0);
        let mut coming = shelf.begin(&keys, &Chance(9.into()), CASE).unwrap().unwrap();
        assert!((0..27).any(|_| coming.write(&vec![1; 1 << 20]).is_err()));
        drop(coming);
        let kept = filled(&shelf, &keys, b"kept");
        fs::write(folder.path().join("coming-abc"), b"half").unwrap();
        fs::write(folder.path().join("ff".repeat(32)), vec![0; 99]).unwrap();
        shelf.sweep(&keys, [(CASE, kept)].into_iter()).unwrap();
        assert_eq!(count(), 1);
        assert_eq!(read(&shelf, &keys, kept).unwrap(), b"kept");
    }

    #[test]
    fn only_so_many_come_at_once() {
        let keys = Keys::in_memory(Arc::new(Still)).unwrap();
        let shelf = Arc::new(Shelf::in_memory());
        let chance = Chance(0.into());
        let begin = || shelf.begin(&keys, &chance, CASE).unwrap();
        let coming: Vec<_> = (0..FILES_COMING_MAX).map(|_| begin().unwrap()).collect();
        assert!(begin().is_none());
        drop(coming);
        assert!(begin().is_some());
    }
}
