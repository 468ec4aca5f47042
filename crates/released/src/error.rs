//! What can go wrong with the released store.

use model::Timestamp;

/// What can go wrong with the released store. Nothing in it is lost for good: it can be rebuilt from the journal.
#[derive(Debug, thiserror::Error)]
pub enum ReleasedError {
    /// The database failed.
    #[error("released store: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A file could not be used.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// SQLite is older than the first version without known corruption of WAL files.
    #[error("sqlite {0} is too old: 3.51.3 or later is needed")]
    SqliteTooOld(String),
    /// The file was written by another version.
    #[error(
        "released store has version {found}, this program reads version {expected}: run `fusioncell journal rebuild`"
    )]
    Version {
        /// What the file says.
        found: i64,
        /// What this program reads.
        expected: i64,
    },
    /// A released object is not what its kind promises.
    #[error("released {kind} at tick {}: {why}", tick.as_millis())]
    Object {
        /// Which noun.
        kind: &'static str,
        /// At which tick.
        tick: Timestamp,
        /// What is wrong.
        why: String,
    },
    /// A stored row is not what was written.
    #[error("released store is damaged: {0}: run `fusioncell journal rebuild`")]
    Damaged(String),
}

impl ReleasedError {
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |error| Self::File { path: path.display().to_string(), error }
    }
}
