//! The one writer: a batch is one transaction, together with the place in the journal up to which it was delivered.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Entropy;
use rusqlite::{Connection, TransactionBehavior};

use crate::batch::Batch;
use crate::change::{Change, Refused};
use crate::key::OwnKey;
use crate::reader::Reader;
use crate::{OwnError, file, schema};

/// Changes of one batch.
pub const BATCH_CHANGES_MAX: usize = 4_096;

/// Bytes of a file that is rearranged when it is opened, which takes a second at most.
const REARRANGE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes of a file that is rearranged once a day while the server runs: some seconds at most, in which nobody is told anything.
const DAILY_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The one writer of a store; it lives in the vault's process.
pub struct Writer {
    conn: Arc<Mutex<Connection>>,
    key: Arc<OwnKey>,
    entropy: Arc<dyn Entropy>,
    home: Option<(PathBuf, file::Sweeper)>,
}

impl Writer {
    /// Opens the store in a file, making it if absent, and rearranges it as [`Self::rearrange`] does if it is small.
    ///
    /// # Errors
    /// [`OwnError`] if the file cannot be used, has another layout, or is sealed with another key.
    pub fn in_file(path: &Path, key: OwnKey, entropy: Arc<dyn Entropy>) -> Result<Self, OwnError> {
        let conn = file::open_writer(path, &key, &*entropy)?;
        let small = std::fs::metadata(path).map_err(OwnError::file(path))?.len() <= REARRANGE_BYTES_MAX;
        if small {
            conn.execute_batch("VACUUM")?;
        }
        let home = Some((path.to_owned(), file::Sweeper::start(path)?));
        Ok(Self { conn: Arc::new(Mutex::new(conn)), key: Arc::new(key), entropy, home })
    }

    /// A store that lives and dies with the process.
    ///
    /// # Errors
    /// [`OwnError`] if SQLite is too old.
    pub fn in_memory(key: OwnKey, entropy: Arc<dyn Entropy>) -> Result<Self, OwnError> {
        let conn = Arc::new(Mutex::new(file::open_memory(&key, &*entropy)?));
        Ok(Self { conn, key: Arc::new(key), entropy, home: None })
    }

    /// A reader of the same store. Of a file it reads beside the writer, in memory it takes turns with it.
    #[must_use]
    pub fn reader(&self) -> Reader {
        match &self.home {
            Some((path, _)) => Reader::on_file(path, Arc::clone(&self.key)),
            None => Reader::on_memory(Arc::clone(&self.conn), Arc::clone(&self.key)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.conn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the changes in one transaction, in their order, and notes the place in the journal up to which they were
    /// delivered. What is refused is said and left out. After a crash the store may be some batches behind: who delivers
    /// starts after [`Self::progress`].
    ///
    /// # Errors
    /// [`OwnError`] if nothing of it could be written, or `progress` lies before the stored place.
    pub fn apply(&mut self, batch: &[Change], progress: u64) -> Result<Vec<Refused>, OwnError> {
        if batch.len() > BATCH_CHANGES_MAX {
            return Err(OwnError::BatchTooLong { changes: batch.len(), max: BATCH_CHANGES_MAX });
        }
        let mut conn = self.lock();
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let stored = schema::progress(&transaction, &self.key)?;
        if progress < stored {
            return Err(OwnError::Backwards { stored, given: progress });
        }
        let refused = Batch::new(&transaction, &self.key, &*self.entropy).apply(batch)?;
        if progress != stored {
            schema::put_progress(&transaction, &self.key, &*self.entropy, progress)?;
        }
        transaction.commit()?;
        Ok(refused)
    }

    /// The place in the journal up to which was delivered; 0 at first.
    ///
    /// # Errors
    /// [`OwnError`] if the store cannot be read.
    pub fn progress(&self) -> Result<u64, OwnError> {
        schema::progress(&self.lock(), &self.key)
    }

    /// Writes everything into the file itself and empties the log beside it, which happens anyway within a second; false if
    /// a reader is in the way.
    ///
    /// # Errors
    /// [`OwnError`] if it cannot be written.
    pub fn sweep(&self) -> Result<bool, OwnError> {
        if self.home.is_some() { file::sweep(&self.lock()) } else { Ok(true) }
    }

    /// Lays the file out anew in the order of its hashes, and empties the log; false if a reader is in the way of that.
    ///
    /// The tree takes pages for large records as they come, so that pages tell some of the order since the last time. To be
    /// done once a day: the writer stands still meanwhile, readers do not.
    ///
    /// # Errors
    /// [`OwnError`] if it cannot be written.
    pub fn rearrange(&mut self) -> Result<bool, OwnError> {
        self.lock().execute_batch("VACUUM")?;
        self.sweep()
    }

    /// Rearranges a file that is not too large for it; to be called once a day. False if it is too large, has no file, or a
    /// reader is in the way.
    ///
    /// # Errors
    /// [`OwnError`] if it cannot be written.
    pub fn rearrange_daily(&mut self) -> Result<bool, OwnError> {
        let Some((path, _)) = &self.home else { return Ok(false) };
        let size = std::fs::metadata(path).map_err(OwnError::file(path))?.len();
        if size > DAILY_BYTES_MAX { Ok(false) } else { self.rearrange() }
    }

    /// Empties the store; it is to be delivered again from the journal's start.
    ///
    /// # Errors
    /// [`OwnError`] if it cannot be written.
    pub fn clear(&mut self) -> Result<(), OwnError> {
        let mut conn = self.lock();
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM rows", [])?;
        schema::begin(&transaction, &self.key, &*self.entropy)?;
        transaction.commit()?;
        Ok(())
    }
}
