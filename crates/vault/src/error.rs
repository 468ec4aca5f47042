//! What can go wrong with the journal and the vault around it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::codec::CodecError;
use crate::entry::Seq;
use crate::keys::KeyError;

/// What can go wrong with the journal. Cheap to clone: one failed write answers many callers.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// The queue before the disk is full: slow down and try again.
    #[error("journal queue is full")]
    Full,
    /// The journal is shutting down.
    #[error("journal is closed")]
    Closed,
    /// The disk or the database failed; nothing of the batch was written.
    #[error("journal could not be written or read: {0}")]
    Io(Arc<str>),
    /// An entry could not be encoded or decoded. From an append it says that this batch can never be stored, and nothing
    /// about the store: the next batch may pass.
    #[error("journal entry: {0}")]
    Codec(#[from] CodecError),
    /// What is stored is not what was written.
    #[error("journal entry {seq}: {why}")]
    Corrupt {
        /// The first bad entry.
        seq: Seq,
        /// What is wrong with it.
        why: Arc<str>,
    },
    /// An entry is sealed, and the key of the journal is not there.
    #[error(
        "journal entry {seq} is sealed, and journal.key is missing from the keys folder: restore it; without it nothing of the journal can be read"
    )]
    Sealed {
        /// The entry.
        seq: Seq,
    },
    /// A key could not be read or made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl JournalError {
    pub(crate) fn io(error: impl std::fmt::Display) -> Self {
        Self::Io(error.to_string().into())
    }

    pub(crate) fn corrupt(seq: Seq, why: impl Into<Arc<str>>) -> Self {
        Self::Corrupt { seq, why: why.into() }
    }
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self::io(error)
    }
}

/// What can go wrong when a vault is opened or its files are used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The note of the live state cannot be read.
    #[error("{}: {why}; remove it to rebuild without comparing with the live state", .path.display())]
    LiveState {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another process has the data folder open.
    #[error("data folder {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A file or folder could not be used.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A place that something is to be copied to has something in it.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A backup that was ended before it was whole.
    #[error("{} is no backup: it was ended before it was whole", .0.display())]
    Unfinished(PathBuf),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The keys of a journal that has entries are gone.
    #[error(
        "journal has {entries} entries, but its keys folder {} is missing: restore it; nothing that its keys sealed can be read without them",
        keys_dir.display()
    )]
    KeysMissing {
        /// Where the keys should be.
        keys_dir: PathBuf,
        /// How many entries the journal has.
        entries: Seq,
    },
    /// The keys folder lies in the data folder, where whoever copies the data has the keys as well.
    #[error(
        "keys folder {} lies in the data folder {}: move it out, and name its new place if it is not the default one",
        keys_dir.display(), data_dir.display()
    )]
    KeysInside {
        /// Where the keys should not be.
        keys_dir: PathBuf,
        /// The data folder.
        data_dir: PathBuf,
    },
    /// Nothing vouches for the journal: its checkpoint was lost, or taken away.
    #[error(
        "journal has {entries} entries, but its keys folder {} has no checkpoint to compare them with: restore it, or run `fusioncell journal accept-head` if you know that this is the right journal",
        keys_dir.display()
    )]
    NoCheckpoint {
        /// Where the checkpoint should be.
        keys_dir: PathBuf,
        /// How many entries the journal has.
        entries: Seq,
    },
    /// The key that ways back were sealed with is not there.
    #[error("{} is missing: without it no reporter of an older case can be answered; restore it, or, if it is lost for good, say `fusioncell journal accept-head`", .0.display())]
    ReturnKey(PathBuf),
    /// There is no randomness or cipher: nothing is taken in that cannot be sealed.
    #[error("the source of a report cannot be sealed")]
    Unsealed,
    /// The source was limited, and has sent what it may for now.
    #[error("no more is taken for {0} seconds")]
    Slow(i64),
    /// The source table does not belong to the journal.
    #[error("source table has {stored} records for {reports} reports: some belong to no report")]
    Sources {
        /// Records in the table.
        stored: u64,
        /// Reports in the journal.
        reports: u64,
    },
    /// The journal is not the one that was signed.
    #[error("journal does not match its checkpoint: {0}")]
    Checkpoint(String),
    /// The audit log could not be set aside.
    #[error("audit log: {0}")]
    Audit(String),
    /// The journal's first entry is not a genesis.
    #[error("journal does not begin with a genesis entry")]
    NoGenesis,
    /// A blob is too large, absent or not what its name says.
    #[error("blob {name}: {why}")]
    Blob {
        /// Hash in hexadecimal.
        name: String,
        /// What is wrong.
        why: String,
    },
}
