//! The journal in one SQLite file: one writer thread with group commit; acknowledged after the data is on disk.

mod connection;
mod kept;
mod source;
mod waiting;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use model::{CaseId, Timestamp};
use rusqlite::{Connection, params};

use super::tail::Tail;
use super::{Done, Filed, Head, Journal, Kept, NewEntry, RawEntry, Source, Wake};
use crate::codec;
use crate::entry::{Body, Entry, Seq};
use crate::error::JournalError;
use crate::sealing::at_rest::key_of;
use crate::sealing::{AtRest, Opened, OpeningKeys};
use crate::vault::redact::left_of;

use connection::{connect, head_of, note_redactions, signed};
pub(crate) use connection::{follows, open_read_only, read_raw};
pub(crate) use source::{entries_in, has_sealed, is_filed, is_made, is_plain, seal_sources, sources};
use waiting::Waiting;

/// Entries of one transaction: keeps the pause of a commit short.
const COMMIT_ENTRIES_MAX: usize = 4096;
/// Stored bytes of one transaction, beyond which no further batch joins it.
const COMMIT_BYTES_MAX: usize = 16 * 1024 * 1024;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS journal(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL,
  redacted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS source(case_id BLOB PRIMARY KEY, way_back BLOB NOT NULL, seq INTEGER NOT NULL, epoch BLOB, pairs BLOB,
  contact BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS epoch(id BLOB, lead BLOB, secret BLOB NOT NULL, PRIMARY KEY(id, lead)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept(key BLOB PRIMARY KEY, about BLOB NOT NULL, hour INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_about ON kept(about);
CREATE INDEX IF NOT EXISTS kept_hour ON kept(hour);
";

/// How the file is opened.
#[derive(Clone)]
pub struct SqliteOptions {
    /// The file.
    pub(crate) path: PathBuf,
    /// What entries are sealed with; without it they lie in plain.
    pub(crate) at_rest: Option<Arc<AtRest>>,
}

impl SqliteOptions {
    /// A file whose entries lie in plain.
    #[must_use]
    pub const fn plain(path: PathBuf) -> Self {
        Self { path, at_rest: None }
    }
}

struct Prepared {
    at: Timestamp,
    body: Body,
    bytes: Vec<u8>,
    source: Option<Source>,
    rewrites: Vec<(Seq, Body, Vec<u8>)>,
}

struct Job {
    entries: Vec<Prepared>,
    kept: Vec<Kept>,
    bytes: usize,
    done: Done,
}

/// Entries that are read as something else than what is left of them.
type SaidAgain = Mutex<HashMap<Seq, Body>>;

/// The journal.
pub struct SqliteJournal {
    queue: Mutex<Option<Sender<Job>>>,
    waiting: Arc<Waiting>,
    tail: Arc<Tail>,
    reader: Mutex<Connection>,
    at_rest: Option<Arc<AtRest>>,
    said_again: Arc<SaidAgain>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteJournal {
    /// Opens the file, making it if it is absent.
    ///
    /// # Errors
    /// [`JournalError::Io`] if it cannot be opened or SQLite is too old.
    pub fn open(options: &SqliteOptions) -> Result<Self, JournalError> {
        Self::limited(options, None)
    }

    /// As [`SqliteJournal::open`], with a limit of its own to the file's pages: how a test fills the disk.
    pub(crate) fn limited(options: &SqliteOptions, pages_max: Option<u32>) -> Result<Self, JournalError> {
        let connection = connect(&options.path)?;
        connection.execute_batch(SCHEMA)?;
        note_redactions(&connection)?;
        source::note_contacts(&connection)?;
        if let Some(pages) = pages_max {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        let head = head_of(&connection)?;
        let reader = open_read_only(&options.path)?;
        let tail = Arc::new(Tail::at(head));
        let waiting = Arc::new(Waiting::default());
        let said_again = Arc::new(SaidAgain::default());
        let (queue, jobs) = channel();
        let writer = {
            let said_again = Arc::clone(&said_again);
            let (tail, waiting, at_rest) = (Arc::clone(&tail), Arc::clone(&waiting), options.at_rest.clone());
            std::thread::Builder::new()
                .name("journal".into())
                .spawn(move || write(connection, &jobs, &tail, &waiting, (at_rest.as_deref(), &said_again), head))
                .map_err(JournalError::io)?
        };
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            waiting,
            tail,
            reader: Mutex::new(reader),
            at_rest: options.at_rest.clone(),
            said_again,
            writer: Mutex::new(Some(writer)),
        })
    }

    /// Writes what waits and ends; later appends are refused.
    pub fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A callback may hold the last reference: then this is the writer's own thread, which ends by itself.
        if let Some(writer) = writer.filter(|writer| writer.thread().id() != std::thread::current().id()) {
            // A writer that panicked has told its callers by dropping them.
            let _ = writer.join();
        }
    }

    /// What is left of an entry, as it is stored in its place.
    fn stored_left(&self, seq: Seq, left: &Body) -> Result<Vec<u8>, JournalError> {
        let Some(at_rest) = &self.at_rest else { return Ok(codec::encode(left)?) };
        // It is opened by the time of the entry whose place it takes.
        let raw = self.read_raw(seq, 1)?.into_iter().next().filter(|raw| raw.seq == seq);
        let at = raw.ok_or_else(|| JournalError::corrupt(seq, "it is missing"))?.at;
        // What has something in it that may be taken out later gets a key of its own, as when it came.
        let whole = left_of(left).is_none_or(|rest| rest == *left);
        if whole { at_rest.seal_left(at, left) } else { at_rest.seal(at, left) }
    }

    fn is_writer(&self) -> bool {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().is_some_and(|writer| writer.thread().id() == std::thread::current().id())
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        self.close();
    }
}

fn write(
    mut connection: Connection,
    jobs: &Receiver<Job>,
    tail: &Tail,
    waiting: &Waiting,
    (at_rest, said_again): (Option<&AtRest>, &SaidAgain),
    mut head: Head,
) {
    let mut undestroyed = Vec::new();
    while let Ok(first) = jobs.recv() {
        let (mut count, mut bytes) = (first.entries.len(), first.bytes);
        let mut group = vec![first];
        while count < COMMIT_ENTRIES_MAX && bytes < COMMIT_BYTES_MAX {
            let Ok(job) = jobs.try_recv() else { break };
            count += job.entries.len();
            bytes += job.bytes;
            group.push(job);
        }
        waiting.give_back(count, bytes);
        match commit(&mut connection, &group, head) {
            Ok((now, erased)) => {
                destroy(at_rest, &mut undestroyed, erased);
                let redacts = group.iter().flat_map(|job| &job.entries).any(|entry| !entry.rewrites.is_empty());
                if redacts {
                    // What was taken out must not lie on in the log; a reader in the midst of it lets the next one do it.
                    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
                }
                head = publish((tail, said_again), group, head, now);
            }
            // One batch is at fault: the others must not suffer for it.
            Err(error) if group.len() > 1 && is_constraint(&error) => {
                for job in group {
                    match commit(&mut connection, std::slice::from_ref(&job), head) {
                        Ok((now, erased)) => {
                            destroy(at_rest, &mut undestroyed, erased);
                            head = publish((tail, said_again), vec![job], head, now);
                        }
                        Err(error) => (job.done)(Err(error.into())),
                    }
                }
            }
            Err(error) => {
                let error = JournalError::from(error);
                for job in group {
                    (job.done)(Err(error.clone()));
                }
                // After a failed commit the file must still end where memory says, or every later entry would break the
                // chain: then nothing more is taken until the journal is opened again.
                if !head_of(&connection).is_ok_and(|stored| stored == head) {
                    return refuse(jobs, waiting, &error);
                }
            }
        }
    }
    // The reader, which closes last, may not write: so what ends in order leaves one whole file, and a log that is left
    // behind was a crash. If it fails nothing is lost, for the log is read at the next start.
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
}

/// What an entry as it is stored says.
pub(crate) fn opened(at_rest: Option<&AtRest>, raw: &RawEntry) -> Result<Opened, JournalError> {
    let named = |error: JournalError| match error {
        JournalError::Codec(error) => JournalError::corrupt(raw.seq, error.to_string()),
        other => other,
    };
    let opened = match at_rest {
        Some(at_rest) => at_rest.open(raw.at, &raw.body).map_err(named)?,
        None if codec::sealed::is_sealed(&raw.body) => return Err(JournalError::Sealed { seq: raw.seq }),
        None => None,
    };
    Ok(match opened {
        Some(opened) => Opened { erased: opened.erased || raw.redacted, ..opened },
        None => Opened { plain: raw.body.clone(), erased: raw.redacted },
    })
}

/// Makes committed entries readable and tells those who wait for them.
fn publish((tail, said_again): (&Tail, &SaidAgain), group: Vec<Job>, before: Head, now: Head) -> Head {
    let mut seq = before.seq;
    let mut dones = Vec::with_capacity(group.len());
    let mut fresh = Vec::new();
    let mut rewritten = Vec::new();
    for job in group {
        let mut seqs = Vec::with_capacity(job.entries.len());
        for entry in job.entries {
            if let Some(pairs) = entry.source.and_then(|source| source.pairs) {
                pairs.epoch.is_stored_now();
            }
            rewritten.extend(entry.rewrites.into_iter().map(|(seq, left, _)| (seq, left)));
            seq += 1;
            seqs.push(seq);
            fresh.push((Arc::new(Entry { seq, at: entry.at, body: entry.body }), entry.bytes.len()));
        }
        dones.push((job.done, seqs));
    }
    if !fresh.is_empty() {
        if !rewritten.is_empty() {
            let mut said_again = said_again.lock().unwrap_or_else(PoisonError::into_inner);
            rewritten.iter().for_each(|(seq, _)| drop(said_again.remove(seq)));
        }
        tail.replace(&rewritten);
        tail.push(fresh, now);
    }
    for (done, seqs) in dones {
        done(Ok(seqs));
    }
    now
}

fn refuse(jobs: &Receiver<Job>, waiting: &Waiting, error: &JournalError) {
    while let Ok(job) = jobs.recv() {
        waiting.give_back(job.entries.len(), job.bytes);
        (job.done)(Err(error.clone()));
    }
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

/// Destroys the keys of what was taken out. What fails is tried again with each commit and at the next start: the entry that says so is
/// on disk.
fn destroy(at_rest: Option<&AtRest>, waiting: &mut Vec<u64>, erased: Vec<u64>) {
    waiting.extend(erased);
    if let Some(at_rest) = at_rest.filter(|_| !waiting.is_empty()) {
        *waiting = at_rest.destroy(waiting);
    }
}

/// One transaction for everything that waited; on any error nothing of it is stored. Gives the numbers of the keys whose content goes.
fn commit(connection: &mut Connection, group: &[Job], mut head: Head) -> Result<(Head, Vec<u64>), rusqlite::Error> {
    let mut erased = Vec::new();
    if group.iter().all(|job| job.entries.is_empty() && job.kept.is_empty()) {
        return Ok((head, erased));
    }
    let transaction = connection.transaction()?;
    {
        let mut insert =
            transaction.prepare_cached("INSERT INTO journal(seq, at, hash, body) VALUES (?1, ?2, ?3, ?4)")?;
        let mut stored = transaction.prepare_cached("SELECT body FROM journal WHERE seq = ?1")?;
        let mut rewrite = transaction.prepare_cached("UPDATE journal SET body = ?2, redacted = 1 WHERE seq = ?1")?;
        for entry in group.iter().flat_map(|job| &job.entries) {
            for (seq, _, left) in &entry.rewrites {
                let body: Vec<u8> = stored.query_row([signed(*seq)], |row| row.get(0))?;
                // With its key goes all of it but what is left: its bytes stay, and the chain as it was. Where more is left than that,
                // it is written anew under another key.
                let key = key_of(&body).ok().flatten();
                erased.extend(key);
                if key.is_none() || key_of(left).ok().flatten().is_some() {
                    rewrite.execute(params![signed(*seq), left])?;
                }
            }
            if let Body::Aged(aged) = &entry.body
                && aged.class.has_words()
            {
                source::close(&transaction, aged.case)?;
            }
            let seq = head.seq + 1;
            head = Head { seq, hash: codec::chain(&head.hash, seq, entry.at, &entry.bytes) };
            insert.execute(params![signed(seq), entry.at.as_millis(), head.hash, entry.bytes])?;
            match &entry.source {
                Some(known) if matches!(entry.body, Body::Opened(_)) => source::write_again(&transaction, known)?,
                Some(known) => source::write(&transaction, known, seq)?,
                None => {}
            }
            source::forget_contact(&transaction, &entry.body)?;
        }
    }
    kept::write(&transaction, group.iter().flat_map(|job| &job.kept))?;
    transaction.commit()?;
    Ok((head, erased))
}

impl Journal for SqliteJournal {
    fn append_keeping(&self, batch: Vec<NewEntry>, kept: Vec<Kept>, done: Done) -> Result<(), JournalError> {
        // Encoding happens here, on the caller's thread, so that the one writer only hashes and inserts.
        let entries = batch
            .into_iter()
            .map(|entry| {
                let rewrites = entry.rewrites.into_iter().map(|(seq, left)| {
                    let bytes = self.stored_left(seq, &left)?;
                    Ok((seq, left, bytes))
                });
                Ok(Prepared {
                    rewrites: rewrites.collect::<Result<_, JournalError>>()?,
                    at: entry.at,
                    bytes: match &self.at_rest {
                        Some(at_rest) => at_rest.seal(entry.at, &entry.body)?,
                        None => codec::encode(&entry.body)?,
                    },
                    body: entry.body,
                    source: entry.source,
                })
            })
            .collect::<Result<Vec<_>, JournalError>>()?;
        let bytes = entries.iter().map(|entry| entry.bytes.len()).chain(kept.iter().map(|row| row.body.len())).sum();
        let count = entries.len();
        if !self.waiting.take(count, bytes) {
            return Err(JournalError::Full);
        }
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = queue.as_ref().is_some_and(|queue| queue.send(Job { entries, kept, bytes, done }).is_ok());
        if sent {
            Ok(())
        } else {
            self.waiting.give_back(count, bytes);
            Err(JournalError::Closed)
        }
    }

    fn read(&self, from: Seq, max: usize) -> Result<Vec<Arc<Entry>>, JournalError> {
        let from = from.max(1);
        if let Some(entries) = self.tail.read(from, max) {
            return Ok(entries);
        }
        // What comes from disk is checked against the hash before it, which is read apart: an entry may be as large as a
        // whole read, and must not take the place of the one that was asked for.
        let mut head = Head::default();
        if from > 1 {
            let before = self.read_raw(from - 1, 1)?.into_iter().next().filter(|before| before.seq == from - 1);
            let before = before.ok_or_else(|| JournalError::corrupt(from - 1, "it is missing"))?;
            head = Head { seq: before.seq, hash: before.hash };
        }
        let raw = self.read_raw(from, max)?.into_iter();
        let said_again = self.said_again.lock().unwrap_or_else(PoisonError::into_inner);
        raw.map(|raw| {
            head = follows(&head, &raw)?;
            if let Some(body) = said_again.get(&raw.seq) {
                return Ok(Arc::new(Entry { seq: raw.seq, at: raw.at, body: body.clone() }));
            }
            let plain = self.open(&raw)?.plain;
            let body = codec::decode(&plain).map_err(|error| JournalError::corrupt(raw.seq, error.to_string()))?;
            Ok(Arc::new(Entry { seq: raw.seq, at: raw.at, body }))
        })
        .collect()
    }

    fn read_raw(&self, from: Seq, max: usize) -> Result<Vec<RawEntry>, JournalError> {
        let from = from.max(1);
        // What is committed but not announced yet is not there yet.
        let there = (self.tail.head().seq + 1).saturating_sub(from);
        let max = max.min(usize::try_from(there).unwrap_or(usize::MAX));
        read_raw(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), from, max)
    }

    fn open(&self, raw: &RawEntry) -> Result<Opened, JournalError> {
        opened(self.at_rest.as_deref(), raw)
    }

    fn say_again(&self, seq: Seq, body: Body) {
        self.said_again.lock().unwrap_or_else(PoisonError::into_inner).insert(seq, body);
    }

    fn erase(&self, seqs: &[Seq]) -> Result<(), JournalError> {
        let mut keys = Vec::new();
        for seq in seqs {
            if let Some(raw) = self.read_raw(*seq, 1)?.into_iter().next().filter(|raw| raw.seq == *seq) {
                keys.extend(key_of(&raw.body)?);
            }
        }
        self.destroy(&keys)
    }

    fn destroy(&self, keys: &[u64]) -> Result<(), JournalError> {
        if self.at_rest.as_ref().is_none_or(|at_rest| at_rest.destroy(keys).is_empty()) {
            return Ok(());
        }
        Err(JournalError::io("keys of what was taken out cannot be destroyed: the keys folder cannot be written"))
    }

    fn wait(&self, after: Seq, timeout: Duration) -> bool {
        self.tail.wait(after, timeout)
    }

    fn head(&self) -> Head {
        self.tail.head()
    }

    fn on_append(&self, wake: Wake) {
        self.tail.on_append(wake);
    }

    fn filed(&self, case: CaseId) -> Result<Option<Filed>, JournalError> {
        source::filed(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), case)
    }

    fn sealed_source(&self, case: CaseId) -> Result<Option<OpeningKeys>, JournalError> {
        source::sealed(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), case)
    }

    fn kept(&self, key: &[u8; 32]) -> Result<Option<Kept>, JournalError> {
        kept::of_key(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), key)
    }

    fn kept_about(&self, about: &[u8; 32]) -> Result<Vec<Kept>, JournalError> {
        kept::about(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), about)
    }

    fn kept_after(&self, key: Option<&[u8; 32]>) -> Result<Option<Kept>, JournalError> {
        kept::after(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), key)
    }

    fn waiting(&self) -> usize {
        self.waiting.entries.load(Ordering::Acquire)
    }

    fn flush(&self) -> Result<(), JournalError> {
        // A callback that flushes runs on the writer's own thread, which cannot wait for itself.
        if self.is_writer() {
            return Ok(());
        }
        self.append(Vec::new()).map(|_| ())
    }
}

#[cfg(test)]
mod tests;
