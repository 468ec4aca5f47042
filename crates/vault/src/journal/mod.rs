//! The journal as a trait: append, read, wait; one conformance suite holds every backend to it.

pub mod memory;
pub mod sqlite;
mod tail;

use std::sync::Arc;
use std::time::Duration;

use model::{CaseId, Timestamp};

use crate::entry::{Body, Entry, Seq};
use crate::error::JournalError;
use crate::sealing::{Opened, OpeningKeys, Pairs, SEALED_BYTES};

/// Entries that may wait for the disk; more are refused with [`JournalError::Full`].
pub const QUEUE_ENTRIES_MAX: usize = 8192;
/// Stored bytes that may wait for the disk.
pub const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Runs once the batch is on disk, or failed.
pub type Done = Box<dyn FnOnce(Result<Vec<Seq>, JournalError>) + Send>;
/// Runs after each commit with the place of the last entry.
pub type Wake = Box<dyn Fn(Seq) + Send + Sync>;

/// Place and hash of the last entry; zero and zeroes if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Place.
    pub seq: Seq,
    /// Hash.
    pub hash: [u8; 32],
}

/// Who filed a case, sealed: stored with the entry in one transaction, but outside the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The case.
    pub case: CaseId,
    /// For the way back.
    pub(crate) way_back: [u8; SEALED_BYTES],
    /// For two leads together; `None` while there are not two.
    pub(crate) pairs: Option<Pairs>,
}

impl Source {
    /// One that is not sealed for leads.
    #[must_use]
    pub const fn for_the_way_back(case: CaseId, way_back: [u8; SEALED_BYTES]) -> Self {
        Self { case, way_back, pairs: None }
    }
}

/// Who filed a case, sealed for the way back, and where its report lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filed {
    /// For the way back.
    pub(crate) way_back: [u8; SEALED_BYTES],
    /// Place of its report.
    pub seq: Seq,
}

/// An entry to append.
#[derive(Clone, PartialEq)]
pub struct NewEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub body: Body,
    /// Who filed it, for a report; for an opening, the same sealed to the leads of today.
    pub source: Option<Source>,
    /// Entries whose content it takes out, with what is left of each; in the same transaction.
    pub rewrites: Vec<(Seq, Body)>,
}

impl NewEntry {
    /// An entry without a source.
    #[must_use]
    pub const fn new(at: Timestamp, body: Body) -> Self {
        Self { at, body, source: None, rewrites: Vec::new() }
    }
}

/// A row beside the journal: the sealed answer to a request that may come again. Nothing of it is part of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Keyed hash of whose request it is and of its key.
    pub(crate) key: [u8; 32],
    /// Keyed hash of the case that it is about.
    pub(crate) about: [u8; 32],
    /// The hour that it came in, of all hours.
    pub(crate) hour: i64,
    /// The answer, sealed.
    pub(crate) body: Vec<u8>,
}

/// An entry as it is stored, which may be sealed: [`Journal::open`] opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEntry {
    /// Place.
    pub seq: Seq,
    /// When, in milliseconds.
    pub at: Timestamp,
    /// Hash of it and all before it.
    pub hash: [u8; 32],
    /// Stored body.
    pub body: Vec<u8>,
    /// Whether its content was taken out: then a later entry names what is left of it, and its hash is that of what was there.
    pub redacted: bool,
}

/// An append-only, hash-chained sequence of entries.
pub trait Journal: Send + Sync {
    /// Queues entries that belong together: all of them are stored, or none. `done` runs after they are on disk.
    ///
    /// `done` runs on the journal's own thread: it must be quick, and must not wait for the journal.
    ///
    /// # Errors
    /// [`JournalError::Full`] if too much waits, [`JournalError::Codec`] if an entry is over its limit; `done` does not run then.
    fn append_then(&self, batch: Vec<NewEntry>, done: Done) -> Result<(), JournalError> {
        self.append_keeping(batch, Vec::new(), done)
    }

    /// As [`Journal::append_then`], with rows to keep beside the entries in the same transaction; rows of a day before go.
    ///
    /// # Errors
    /// As [`Journal::append_then`].
    fn append_keeping(&self, batch: Vec<NewEntry>, kept: Vec<Kept>, done: Done) -> Result<(), JournalError>;

    /// The kept row of a key.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    fn kept(&self, key: &[u8; 32]) -> Result<Option<Kept>, JournalError>;

    /// The kept rows about one case.
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read.
    fn kept_about(&self, about: &[u8; 32]) -> Result<Vec<Kept>, JournalError>;

    /// The kept row after that of a key, in the order of keys; the first for none.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    fn kept_after(&self, key: Option<&[u8; 32]>) -> Result<Option<Kept>, JournalError>;

    /// Entries from a place on, at most `max`, without a gap; empty if there are none yet.
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read.
    fn read(&self, from: Seq, max: usize) -> Result<Vec<Arc<Entry>>, JournalError>;

    /// As [`Journal::read`], in stored form.
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read.
    fn read_raw(&self, from: Seq, max: usize) -> Result<Vec<RawEntry>, JournalError>;

    /// What an entry as it is stored says, in the plain form that [`crate::codec::decode`] reads.
    ///
    /// # Errors
    /// [`JournalError`] if a key of it is missing, or it is not what was sealed.
    fn open(&self, raw: &RawEntry) -> Result<Opened, JournalError> {
        Ok(Opened { plain: raw.body.clone(), erased: raw.redacted })
    }

    /// Destroys the keys of entries whose content was taken out, if a crash came between that and the entry which says so.
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read or destroyed.
    fn erase(&self, seqs: &[Seq]) -> Result<(), JournalError> {
        let _ = seqs;
        Ok(())
    }

    /// Destroys keys of contents by their numbers, if a crash came between that and the entry which says so.
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be destroyed.
    fn destroy(&self, keys: &[u64]) -> Result<(), JournalError> {
        let _ = keys;
        Ok(())
    }

    /// Has an entry whose content was taken out read as this, until it is named as taken out again or the journal is closed.
    fn say_again(&self, seq: Seq, body: Body) {
        let _ = (seq, body);
    }

    /// Waits until there is an entry after `after`; false if none came in time.
    fn wait(&self, after: Seq, timeout: Duration) -> bool;

    /// The last entry's place and hash.
    fn head(&self) -> Head;

    /// Has `wake` run after each commit.
    fn on_append(&self, wake: Wake);

    /// Entries that wait for the disk.
    fn waiting(&self) -> usize {
        0
    }

    /// Waits until everything that was queued before is on disk, or failed.
    ///
    /// # Errors
    /// [`JournalError::Closed`] if the journal is closed.
    fn flush(&self) -> Result<(), JournalError> {
        Ok(())
    }

    /// Who filed a case, sealed, and where its report lies.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    fn filed(&self, case: CaseId) -> Result<Option<Filed>, JournalError>;

    /// Who filed a case, sealed for pairs of leads; `None` if there is no such case, or there were not two leads when it came.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read, or is not whole.
    fn sealed_source(&self, case: CaseId) -> Result<Option<OpeningKeys>, JournalError>;

    /// Appends and waits until the entries are on disk.
    ///
    /// # Errors
    /// As [`Journal::append_then`], and what happened on the way to the disk.
    fn append(&self, batch: Vec<NewEntry>) -> Result<Vec<Seq>, JournalError> {
        self.append_kept(batch, Vec::new())
    }

    /// As [`Journal::append`], with rows to keep.
    ///
    /// # Errors
    /// As [`Journal::append`].
    fn append_kept(&self, batch: Vec<NewEntry>, kept: Vec<Kept>) -> Result<Vec<Seq>, JournalError> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.append_keeping(
            batch,
            kept,
            Box::new(move |outcome| {
                // The receiver is waiting below; if it is gone, nobody wants to know.
                let _ = sender.send(outcome);
            }),
        )?;
        receiver.recv().map_err(|_| JournalError::Closed)?
    }
}
