//! Data keys of what is sealed at rest, wrapped under a key that lies beside them and outside the data folder. To destroy one is to
//! erase what it sealed, wherever that was copied to.
//!
//! Keys are drawn and written by the block, before any of them is used: that a report waits for one disk and not for two comes of that.
//! A block that is used in part when the process ends is not gone on with.

use std::collections::{BTreeMap, VecDeque};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use model::Entropy;
use zeroize::Zeroizing;

use super::aead;
use crate::files;
use crate::keys::KeyError;

/// Keys of one block.
const BLOCK_KEYS: u32 = 256;
/// A wrapped key with nonce and tag, and what fills it up: no key lies across two sectors.
const SLOT_BYTES: usize = 64;
const WRAPPED_BYTES: usize = 60;
const BLOCK_BYTES: u64 = BLOCK_KEYS as u64 * SLOT_BYTES as u64;
/// Blocks that are held unwrapped: a replay reads one after another, and the newest is written from.
const BLOCKS_HELD: usize = 4;
/// How often another name is drawn for a block whose name is taken.
const NAMES_TRIED: usize = 16;
/// What the name of a block ends with.
pub(crate) const KEYS_END: &str = "keys";

type DataKey = Zeroizing<[u8; 32]>;

/// A block, unwrapped; `None` stands where a key was destroyed.
struct Block {
    id: u32,
    keys: Vec<Option<DataKey>>,
}

#[derive(Default)]
struct Held {
    blocks: VecDeque<Block>,
    /// The block that keys are taken from, and how many were.
    open: Option<(u32, u32)>,
}

/// See the module.
pub(crate) struct KeyStore {
    folder: PathBuf,
    master: [u8; 32],
    entropy: Arc<dyn Entropy>,
    held: Mutex<Held>,
}

const fn split(number: u64) -> Option<(u32, usize)> {
    let block = number / BLOCK_KEYS as u64;
    // The remainder is less than a thousand or so.
    if block > u32::MAX as u64 { None } else { Some((block as u32, (number % BLOCK_KEYS as u64) as usize)) }
}

fn about(number: u64) -> [u8; 24] {
    let mut label = *b"fusioncell key  ........";
    label.iter_mut().skip(16).zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    label
}

impl KeyStore {
    /// The store in a folder, which is made when the first key is.
    pub(crate) fn at(folder: PathBuf, master: [u8; 32], entropy: Arc<dyn Entropy>) -> Self {
        Self { folder, master, entropy, held: Mutex::default() }
    }

    /// A key that was not used before, and its number. It is on disk.
    ///
    /// # Errors
    /// [`KeyError`] if no further block can be written.
    pub(crate) fn next(&self) -> Result<(u64, DataKey), KeyError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.open.is_none_or(|(_, used)| used >= BLOCK_KEYS) {
            let id = self.make(&mut held)?;
            held.open = Some((id, 0));
        }
        let Some((id, used)) = held.open else { return Err(KeyError::File("no block of keys is open".into())) };
        held.open = Some((id, used + 1));
        let number = u64::from(id) * u64::from(BLOCK_KEYS) + u64::from(used);
        let key = self.find(&mut held, number)?;
        key.map(|key| (number, key)).ok_or_else(|| KeyError::File("a new key is destroyed".into()))
    }

    /// The key of a number; `None` once it was destroyed.
    ///
    /// # Errors
    /// [`KeyError`] if its block is missing, open to others, or of another wrapping key.
    pub(crate) fn get(&self, number: u64) -> Result<Option<DataKey>, KeyError> {
        self.find(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner), number)
    }

    /// Destroys keys, and has that on disk; gives those that could not be. One that was destroyed before stays so, and one whose block is
    /// not there is nobody's any more. A block is synced once for all of its keys.
    pub(crate) fn destroy(&self, numbers: &[u64]) -> Vec<u64> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut blocks: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for number in numbers {
            if let Some((id, _)) = split(*number) {
                blocks.entry(id).or_default().push(*number);
            }
        }
        let failed = blocks.into_iter().filter(|(id, numbers)| self.destroy_in(&mut held, *id, numbers).is_err());
        failed.flat_map(|(_, numbers)| numbers).collect()
    }

    fn destroy_in(&self, held: &mut Held, id: u32, numbers: &[u64]) -> Result<(), KeyError> {
        let mut there = Vec::with_capacity(numbers.len());
        for number in numbers {
            match self.find(held, *number) {
                Ok(None) | Err(KeyError::Missing(_)) => {}
                Ok(Some(_)) | Err(KeyError::Wrapped(_)) => there.extend(split(*number)),
                Err(error) => return Err(error),
            }
        }
        if there.is_empty() {
            return Ok(());
        }
        let path = self.place(id);
        let file = OpenOptions::new().write(true).open(&path).map_err(files::at(&path))?;
        held.blocks.retain(|block| block.id != id);
        for (_, slot) in there {
            file.write_all_at(&[0; SLOT_BYTES], slot as u64 * SLOT_BYTES as u64).map_err(files::at(&path))?;
        }
        file.sync_data().map_err(files::at(&path))?;
        Ok(())
    }

    /// Draws a block, has it on disk, and holds it. Its name is drawn too: a folder of keys that is older than the data cannot come
    /// to use a number again.
    fn make(&self, held: &mut Held) -> Result<u32, KeyError> {
        for _ in 0..NAMES_TRIED {
            let id = u32::from_be_bytes(self.entropy.bytes());
            if self.read(id)?.is_some() {
                continue;
            }
            let mut bytes = Vec::with_capacity(usize::try_from(BLOCK_BYTES).unwrap_or_default());
            for slot in 0..u64::from(BLOCK_KEYS) {
                let number = u64::from(id) * u64::from(BLOCK_KEYS) + slot;
                let key = Zeroizing::new(self.entropy.bytes::<32>());
                let wrapped = aead::seal(&self.master, &about(number), &*key, &*self.entropy);
                let wrapped = wrapped.filter(|wrapped| wrapped.len() == WRAPPED_BYTES);
                bytes.extend(wrapped.ok_or_else(|| KeyError::File("no cipher to wrap a key with".into()))?);
                bytes.extend([0; SLOT_BYTES - WRAPPED_BYTES]);
            }
            files::private_folder(&self.folder)?;
            files::write_whole(&self.place(id), &bytes)?;
            self.hold(held, id)?;
            return Ok(id);
        }
        Err(KeyError::File("every name drawn for a block of keys is taken".into()))
    }

    fn find(&self, held: &mut Held, number: u64) -> Result<Option<DataKey>, KeyError> {
        let Some((id, slot)) = split(number) else {
            return Err(KeyError::File(format!("no key has the number {number}").into()));
        };
        if !held.blocks.iter().any(|block| block.id == id) {
            self.hold(held, id)?;
        }
        let block = held.blocks.iter().find(|block| block.id == id);
        Ok(block.and_then(|block| block.keys.get(slot)).cloned().flatten())
    }

    fn hold(&self, held: &mut Held, id: u32) -> Result<(), KeyError> {
        let name = || self.place(id);
        let bytes = self.read(id)?.ok_or_else(|| KeyError::Missing(name()))?;
        let mut keys = Vec::with_capacity(BLOCK_KEYS as usize);
        for (slot, bytes) in (0_u64..).zip(bytes.chunks_exact(SLOT_BYTES)) {
            let wrapped = bytes.get(..WRAPPED_BYTES).unwrap_or_default();
            if wrapped.iter().all(|byte| *byte == 0) {
                keys.push(None);
                continue;
            }
            let number = u64::from(id) * u64::from(BLOCK_KEYS) + slot;
            let key = aead::open(&self.master, &about(number), wrapped).and_then(|key| key.try_into().ok());
            let key: [u8; 32] = key.ok_or_else(|| KeyError::Wrapped(name()))?;
            keys.push(Some(Zeroizing::new(key)));
        }
        if keys.len() != BLOCK_KEYS as usize {
            return Err(KeyError::Wrapped(name()));
        }
        if held.blocks.len() >= BLOCKS_HELD {
            held.blocks.pop_front();
        }
        held.blocks.push_back(Block { id, keys });
        Ok(())
    }

    fn read(&self, id: u32) -> Result<Option<Vec<u8>>, KeyError> {
        let path = self.place(id);
        let bytes = files::read_capped(&path, BLOCK_BYTES + 1)?;
        if bytes.is_some() && files::open_to_others(&path)? {
            return Err(KeyError::OpenToOthers { path, mode: "600" });
        }
        Ok(bytes)
    }

    fn place(&self, id: u32) -> PathBuf {
        self.folder.join(format!("{id:08x}.{KEYS_END}"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Bytes that never come again.
    #[derive(Default)]
    pub(crate) struct Counting(AtomicU64);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(4) {
                let number = self.0.fetch_add(1, Ordering::Relaxed) as u32;
                chunk.copy_from_slice(&number.wrapping_mul(0x9E37_79B1).to_be_bytes()[..chunk.len()]);
            }
        }
    }

    fn store(folder: &Path, master: u8, chance: u64) -> KeyStore {
        KeyStore::at(folder.join("content"), [master; 32], Arc::new(Counting(AtomicU64::new(chance))))
    }

    #[test]
    fn a_key_is_there_until_it_is_destroyed_and_then_for_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let keys = store(folder.path(), 1, 1);
        let made: Vec<_> = (0..3000).map(|_| keys.next().unwrap()).collect();
        let mut numbers: Vec<u64> = made.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), made.len());
        assert_eq!(std::fs::read_dir(folder.path().join("content")).unwrap().count(), 12);
        let (gone, other) = (made[1500].0, made[1501].clone());
        assert!(keys.destroy(&[gone, gone]).is_empty());
        for keys in [&keys, &store(folder.path(), 1, 1 << 30)] {
            assert!(keys.get(gone).unwrap().is_none());
            assert!(keys.get(other.0).unwrap().unwrap() == other.1);
            assert!(
                made.iter().all(|(number, key)| *number == gone || keys.get(*number).unwrap().as_ref() == Some(key))
            );
        }
        let again = store(folder.path(), 1, 1 << 30);
        assert!(!numbers.contains(&again.next().unwrap().0), "a number was given twice");
    }

    #[test]
    fn what_is_missing_open_to_others_or_of_another_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (number, _) = store(folder.path(), 1, 1).next().unwrap();
        let path = std::fs::read_dir(folder.path().join("content")).unwrap().next().unwrap().unwrap().path();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(store(folder.path(), 2, 1).get(number), Err(KeyError::Wrapped(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(store(folder.path(), 1, 1).get(number), Err(KeyError::OpenToOthers { .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(matches!(store(folder.path(), 1, 1).get(number), Err(KeyError::Wrapped(_))));
        // A slot that was moved to another's place is no key there.
        let mut moved = whole.clone();
        moved.copy_within(64..128, 0);
        std::fs::write(&path, &moved).unwrap();
        assert!(matches!(store(folder.path(), 1, 1).get(number), Err(KeyError::Wrapped(_))));
        std::fs::remove_file(&path).unwrap();
        let error = store(folder.path(), 1, 1).get(number).unwrap_err();
        assert!(error.to_string().contains(".keys"), "{error}");
    }
}
