//! What can go wrong with the store of own reports.

/// What can go wrong with the store of own reports. Nothing in it is lost for good: it can be made anew from the journal.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// The database failed.
    #[error("store of own reports: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A file could not be used.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// There is no store to read yet.
    #[error("{0}: there is no store of own reports yet")]
    Absent(String),
    /// SQLite is older than the first version without known corruption of WAL files.
    #[error("sqlite {0} is too old: 3.51.3 or later is needed")]
    SqliteTooOld(String),
    /// The file was written by another version.
    #[error("store of own reports has layout {found}, this program reads layout {expected}")]
    Version {
        /// What the file says.
        found: i64,
        /// What this program reads.
        expected: i64,
    },
    /// The file was written with another key.
    #[error(
        "store of own reports is sealed with another key: put that key back, or remove the store to make it anew from \
         the journal"
    )]
    OtherKey,
    /// A stored record is not what was written.
    #[error("store of own reports is damaged: {0} does not open")]
    Damaged(&'static str),
    /// The cipher is not there, or a record is too long for it.
    #[error("store of own reports: {0} cannot be sealed")]
    Seal(&'static str),
    /// More changes at once than one transaction takes.
    #[error("{changes} changes are too many for one batch: at most {max}")]
    BatchTooLong {
        /// How many were given.
        changes: usize,
        /// How many are taken.
        max: usize,
    },
    /// The journal is behind what was delivered from it: it is another journal, or an older copy.
    #[error("store of own reports was delivered up to {stored} of the journal, not {given}: clear it to deliver again")]
    Backwards {
        /// The place that is stored.
        stored: u64,
        /// The place that was given.
        given: u64,
    },
}

impl OwnError {
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |error| Self::File { path: path.display().to_string(), error }
    }
}
