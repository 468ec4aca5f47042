//! The audit log: what the cell did and what it read, as a transparency log that members can hold it to.
//!
//! Acts come from the journal, reads from whoever answers the cell; both are *records* in a store of their own. Published are
//! salted hashes of them, as leaves of a Merkle tree, and the signed head of that tree. At each context epoch the log grows by
//! [`LEAVES_PER_EPOCH`] leaves, whatever was done: what no record fills is padding that nobody can tell from one
//! (decision 0112).

mod keys;
mod log;
mod record;
mod replaced;
mod store;
mod verify;

use std::path::PathBuf;

use tlog::{NoteError, PublishedError};

use crate::entry::Seq;
use crate::error::{JournalError, VaultError};
use crate::keys::KeyError;

pub use log::Audit;
pub use record::Read;
pub(crate) use replaced::set_aside;
pub use verify::{AuditReport, Proved, prove, verify};

/// Leaves by which the log grows at each context epoch. 256 is a multiple of it, so that a tile is full every fourth epoch.
pub const LEAVES_PER_EPOCH: u64 = 64;
/// Epochs that are made up for after the log stood still; a longer rest is jumped over.
pub const EPOCHS_CAUGHT_UP_MAX: i64 = 96;
/// Reads that may wait for their epoch. With more, nothing is shown to the cell that would have to be recorded.
pub const WAITING_MAX: u64 = 1_000_000;

/// Folder of the data folder with what is published.
pub const FOLDER: &str = "audit";
/// Name of the store of records in the data folder.
pub(crate) const FILE: &str = "audit.db";

/// What can be wrong with the audit log.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// There is none.
    #[error("{}: there is no audit log; a server makes it when it starts", .0.display())]
    NoLog(PathBuf),
    /// The store of records failed.
    #[error("records of the audit log: {0}")]
    Store(#[from] rusqlite::Error),
    /// The journal failed or is damaged.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file could not be used.
    #[error(transparent)]
    File(VaultError),
    /// A key that others can read, or that is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key is not there.
    #[error("{} is missing: the audit log has {leaves} leaves that were made with it; restore it from a copy of the keys", path.display())]
    KeyMissing {
        /// Where it should be.
        path: PathBuf,
        /// How many leaves there are.
        leaves: u64,
    },
    /// Reads wait, and the log takes no more.
    #[error("{WAITING_MAX} reads wait for the audit log")]
    Full,
    /// A checkpoint cannot be taken.
    #[error("checkpoint {name}: {why}")]
    Checkpoint {
        /// Where it lies.
        name: String,
        /// Why.
        why: NoteError,
    },
    /// There is no checkpoint where there must be one.
    #[error("{0} is missing")]
    NoCheckpoint(String),
    /// The log is shorter than it was.
    #[error("rolled back: {what} says {says} leaves, {kept} says {had}")]
    RolledBack {
        /// What tells of the shorter log.
        what: String,
        /// Its leaves.
        says: u64,
        /// What tells of the longer one.
        kept: String,
        /// Its leaves.
        had: u64,
    },
    /// The past is another than it was.
    #[error("rewritten: the first {size} leaves are not those that {name} was signed over")]
    Rewritten {
        /// Leaves at that time.
        size: u64,
        /// The checkpoint that says so.
        name: String,
    },
    /// What is published is damaged.
    #[error(transparent)]
    Published(#[from] PublishedError),
    /// A tile has another leaf than its record makes, or a hash that does not follow from its leaves.
    #[error("{path} is not what the records make: {why}")]
    Tile {
        /// Which.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A record does not fit the journal.
    #[error("record {index}: {why}")]
    Record {
        /// Its leaf.
        index: u64,
        /// What is wrong.
        why: String,
    },
    /// An entry of the journal does not fit the log.
    #[error("journal entry {seq} ({kind}): {why}")]
    Entry {
        /// Its place.
        seq: Seq,
        /// What it is.
        kind: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// The journal is an earlier one than the log was made of.
    #[error("rolled back: the log was made when the journal had {had} entries, and now it has {entries}")]
    JournalBefore {
        /// Entries that there are.
        entries: Seq,
        /// Entries that there were.
        had: Seq,
    },
    /// There is no such leaf.
    #[error("there is no leaf {index}: the log has {size}")]
    NoLeaf {
        /// Which was asked for.
        index: u64,
        /// How many there are.
        size: u64,
    },
}

impl AuditError {
    /// Whether it tells of damage, and not of something that is not there or could not be read.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::NoCheckpoint(_)
            | Self::Checkpoint { .. }
            | Self::RolledBack { .. }
            | Self::Rewritten { .. }
            | Self::Tile { .. }
            | Self::Record { .. }
            | Self::JournalBefore { .. }
            | Self::Entry { .. } => true,
            Self::Journal(error) => matches!(error, JournalError::Corrupt { .. } | JournalError::Codec(_)),
            Self::Published(error) => !matches!(error, PublishedError::File { .. }),
            Self::Store(error) => {
                let told = error.to_string();
                told.contains("malformed") || told.contains("not a database")
            }
            _ => false,
        }
    }
}

impl From<VaultError> for AuditError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Key(error) => Self::Key(error),
            VaultError::Journal(error) => Self::Journal(error),
            other => Self::File(other),
        }
    }
}
