//! What can go wrong at the gate: it stops then, since members would see less and less.

use model::Timestamp;

/// What can go wrong at the gate.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] vault::JournalError),
    /// The released store.
    #[error(transparent)]
    Released(#[from] released::ReleasedError),
    /// An object could not be written as JSON.
    #[error("released object cannot be rendered: {0}")]
    Render(#[from] serde_json::Error),
    /// Entries were given out of order.
    #[error("journal entry {got} came where {expected} was expected")]
    Gap {
        /// Place of the entry that came.
        got: u64,
        /// Place that should have come.
        expected: u64,
    },
    /// The released store shows what the journal does not hold, as after an older journal was restored.
    #[error("released store is at tick {}, after the journal's last release: run `fusioncell journal rebuild`", .0.as_millis())]
    Ahead(Timestamp),
    /// A data set that the journal names.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// A change names a report that is not where it should be.
    #[error("journal entry {0} is no report, but a change of one names it")]
    NoReport(u64),
    /// A data set that is there, but cannot be read.
    #[error("data set {name:?}, version {version:?}: {why}")]
    DataSet {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// What is wrong.
        why: String,
    },
    /// Somebody else makes release ticks in this journal.
    #[error("journal entry {0} is a release tick of another gate")]
    OtherGate(u64),
}
