//! Where a vault lies on disk: its data folder, closed to others and locked, and its keys folder outside of it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Clock, Entropy};

use crate::audit;
use crate::checkpoint;
use crate::entry::Seq;
use crate::error::VaultError;
use crate::files;
use crate::journal::Journal as _;
use crate::journal::sqlite::{self, SqliteJournal, SqliteOptions};
use crate::keys::{Keys, RETURN_KEY, default_keys_dir};
use crate::sealing::at_rest::JOURNAL_KEY;
use crate::sealing::{AtRest, WayBack};
use crate::verify::{self, FILE};

/// An opened place; nothing of it has been checked yet.
pub(crate) struct Place {
    /// Held as long as it is open: one process has the data folder open.
    pub(crate) lock: File,
    pub(crate) journal: SqliteJournal,
    pub(crate) keys: Keys,
    /// The key of the ways back, if there are sources that it sealed and it is not there.
    pub(crate) lost: Option<PathBuf>,
}

impl Place {
    /// Opens the folders and what is in them, making them if they are absent.
    pub(crate) fn open(dir: &Path, keys_dir: Option<PathBuf>, entropy: &Arc<dyn Entropy>) -> Result<Self, VaultError> {
        files::private_folder(dir)?;
        files::close_to_others(dir)?;
        let keys_dir = keys_dir.unwrap_or_else(|| default_keys_dir(dir));
        if files::lies_in(&keys_dir, dir)? {
            return Err(VaultError::KeysInside { keys_dir, data_dir: dir.to_owned() });
        }
        let lock = locked(dir)?;
        let path = dir.join(FILE);
        let entries = sqlite::entries_in(&path)?;
        if entries > 0 && !keys_dir.exists() {
            return Err(VaultError::KeysMissing { keys_dir, entries });
        }
        let keys = Keys::open(&keys_dir, Arc::clone(entropy))?;
        let lost = !keys_dir.join(RETURN_KEY).exists() && sqlite::has_sealed(&path)?;
        let lost = lost.then(|| keys_dir.join(RETURN_KEY));
        if entries > 0 && !keys_dir.join(JOURNAL_KEY).exists() {
            sqlite::is_plain(&path)?;
        }
        let at_rest = AtRest::of(&keys)?.map(Arc::new);
        let journal = SqliteJournal::open(&SqliteOptions { path, at_rest })?;
        Ok(Self { lock, journal, keys, lost })
    }

    /// Seals what an older version had in plain. Only once the keys are known to be those of this journal: with the keys of
    /// another, nobody could ever be answered.
    pub(crate) fn seal_sources(dir: &Path, keys: &Keys) -> Result<(), VaultError> {
        sqlite::seal_sources(&dir.join(FILE), &|| {
            let way_back = WayBack::new(&keys.secret(RETURN_KEY)?);
            Ok(Box::new(move |case, organisation| way_back.seal(case, organisation)))
        })
    }
}

pub(crate) fn locked(dir: &Path) -> Result<File, VaultError> {
    let path = dir.join("lock");
    files::private_file(&path)?;
    let lock = OpenOptions::new().write(true).open(&path).map_err(files::at(&path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(VaultError::InUse(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(files::at(&path)(error)),
    }
}

/// A head that somebody took responsibility for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedHead {
    /// Number of entries.
    pub entries: Seq,
    /// Hash of the last.
    pub head: [u8; 32],
    /// Whether there was a checkpoint before, which lies beside the new one as `checkpoint.replaced` now.
    pub replaced: bool,
}

/// Signs the head of a journal that no checkpoint vouches for, because somebody knows it to be the right one: after the
/// checkpoint or the keys were lost, or after an older journal was restored. The chain is checked first, and the source
/// table against it. Nothing else ever signs such a head.
///
/// # Errors
/// [`VaultError`] if the journal is in use, absent or damaged, or its keys folder is missing.
pub fn accept_head(
    data_dir: &Path,
    keys_dir: Option<PathBuf>,
    clock: &dyn Clock,
    entropy: &Arc<dyn Entropy>,
) -> Result<AcceptedHead, VaultError> {
    let path = data_dir.join(FILE);
    std::fs::metadata(&path).map_err(files::at(&path))?;
    let Place { lock: _lock, journal, keys, lost: _ } = Place::open(data_dir, keys_dir, entropy)?;
    verify::chain(&path, AtRest::of(&keys)?.as_ref(), keys.folder().unwrap_or(data_dir))?;
    // Whoever accepts the journal accepts that its reporters are not answered any more, if their key is lost.
    keys.secret(RETURN_KEY)?;
    Place::seal_sources(data_dir, &keys)?;
    let replaced = checkpoint::set_aside(&keys)?;
    audit::set_aside(data_dir, &keys, journal.head().seq, clock.now())?;
    let head = checkpoint::sign(&keys, &journal, clock)?;
    Ok(AcceptedHead { entries: head.seq, head: head.hash, replaced })
}
