//! The journal: everything that came in and everything that was decided, append-only, hash-chained, acknowledged after
//! it is on disk; with the keys, the checkpoint and the sources that lie beside it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod acts;
mod aged;
mod ages;
pub mod audit;
mod backup;
mod blobs;
mod checkpoint;
pub mod codec;
#[cfg(test)]
mod conformance;
mod dedupe;
mod entry;
mod erased;
mod error;
mod export;
mod files;
mod grade;
mod hex;
mod journal;
mod keys;
mod leaks;
mod live;
mod master;
mod place;
mod sealing;
mod shelf;
mod vault;
mod verify;

pub use acts::{
    AgedEntry, AmendEntry, Change, Class, Correction, Feedback, FeedbackEntry, FileEntry, MessageEntry, OpenedEntry,
    Party, Redacted, Verdict, Word, WordEntry,
};
pub use aged::{held_cases, hold_case};
pub use ages::{Looked, has_case, look_ages};
pub use backup::{Copied, backup, restore};
pub use blobs::BLOB_BYTES_MAX;
pub use entry::{
    AdvisoryEntry, Body, DataSet, Entry, Findings, Genesis, Item, Population, ReportContent, ReportEntry, Run, Seq,
    Submission,
};
pub use error::{JournalError, VaultError};
pub use export::{export, export_folder};
pub use grade::{BEARERS_MIN, Grade, NoGrade, OUTCOMES_MIN};
pub use journal::memory::MemoryJournal;
pub use journal::sqlite::{SqliteJournal, SqliteOptions};
pub use journal::{Done, Filed, Head, Journal, Kept, NewEntry, QUEUE_ENTRIES_MAX, RawEntry, Source, Wake};
pub use keys::{KeyError, Keys, TOKEN_WINDOW_MILLIS, default_keys_dir, own_key};
pub use live::LiveState;
pub use master::{MasterSource, wrap_keys};
pub use place::{AcceptedHead, accept_head};
pub use sealing::grades::Bearer;
pub use sealing::limits::{LIMITED_MILLIS, LIMITED_REPORT_MILLIS};
pub use sealing::{
    CONTACT_BYTES_MAX, Lead, LeadKeyError, LeadPrivateKey, LeadPublicKey, OpenedSource, OpeningKeys, SHARE_BYTES,
    Share, share_of,
};
pub use sealing::{CellKey, WORDS_INFO, Words, seal_words};
pub use sealing::{FILE_INFO, SealedFault, SealedOutgoing, SealedTold, seal_file};
pub use shelf::{FILE_BYTES_MAX, FILES_COMING_MAX, Incoming, Outgoing};
pub use vault::filing::{FILES_PER_CASE_MAX, FileBegun, FileTold};
pub use vault::redact::Erased;
pub use vault::repeats::{Again, REPEAT_HOURS, REPEAT_KEY_CHARS_MAX, REPEATS_PER_ORGANISATION_MAX, Repeat};
pub use vault::retention::{Destroyed, Retention};
pub use vault::sources::{Opener, REASON_CHARS_MAX};
pub use vault::words::CAMPAIGN_NAME_CHARS_MAX;
pub use vault::{
    ACTS_PER_CASE_MAX, Accepted, Act, ActDone, Acted, CASES_AT_ONCE_MAX, Due, GenesisIfNew, Gone, ItemOutcome,
    MESSAGE_CHARS_MAX, VALUES_ADDED_PER_CASE_MAX, Vault, VaultConfig,
};
pub use verify::{Report, verify};
