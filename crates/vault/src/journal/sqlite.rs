//! The journal in one SQLite file: one writer thread with group commit; acknowledged after the data is on disk.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use model::{CaseId, OrganisationId, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::tail::Tail;
use super::{Done, Head, Journal, NewEntry, QUEUE_BYTES_MAX, QUEUE_ENTRIES_MAX, RawEntry, Source, Wake};
use crate::codec;
use crate::entry::{Body, Entry, Seq};
use crate::error::JournalError;
use crate::files;

/// Entries of one transaction: keeps the pause of a commit short.
const COMMIT_ENTRIES_MAX: usize = 4096;
/// Stored bytes of one transaction, beyond which no further batch joins it.
const COMMIT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Stored bytes that one read brings into memory; one entry is always read, however long.
const READ_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The oldest SQLite that is safe for WAL with several connections: 3.51.3 fixed a corruption in WAL recovery.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS journal(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS source(case_id BLOB PRIMARY KEY, organisation BLOB NOT NULL) WITHOUT ROWID;
";

/// How the file is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The file.
    pub path: PathBuf,
}

struct Prepared {
    at: Timestamp,
    body: Body,
    bytes: Vec<u8>,
    source: Option<Source>,
}

struct Job {
    entries: Vec<Prepared>,
    bytes: usize,
    done: Done,
}

/// What waits for the writer.
#[derive(Default)]
struct Waiting {
    entries: AtomicUsize,
    bytes: AtomicUsize,
}

impl Waiting {
    /// Takes room for a batch. A batch that is larger than the queue may pass when nothing else waits.
    fn take(&self, entries: usize, bytes: usize) -> bool {
        let before = self.entries.fetch_add(entries, Ordering::AcqRel);
        let bytes_before = self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let full = before + entries > QUEUE_ENTRIES_MAX || bytes_before + bytes > QUEUE_BYTES_MAX;
        if before > 0 && entries > 0 && full {
            self.give_back(entries, bytes);
            return false;
        }
        true
    }

    fn give_back(&self, entries: usize, bytes: usize) {
        self.entries.fetch_sub(entries, Ordering::AcqRel);
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// The journal.
pub struct SqliteJournal {
    queue: Mutex<Option<Sender<Job>>>,
    waiting: Arc<Waiting>,
    tail: Arc<Tail>,
    reader: Mutex<Connection>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What a connection that writes must do, and the answer of one that does. A commit is on disk when it returns only in
/// this mode; a page that is not what it says is an error and not data.
const PRAGMAS: [(&str, &str, &str); 6] = [
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("fullfsync", "ON", "1"),
    ("checkpoint_fullfsync", "ON", "1"),
    ("cell_size_check", "ON", "1"),
    ("wal_autocheckpoint", "8000", "8000"),
];

fn new_enough() -> Result<(), JournalError> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        return Err(JournalError::io(format!("SQLite {} is older than 3.51.3", rusqlite::version())));
    }
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, JournalError> {
    new_enough()?;
    // SQLite gives the files beside it the mode of this one; those of an older version are closed as well.
    files::private_file(path).map_err(JournalError::io)?;
    for end in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(end);
        let beside = PathBuf::from(beside);
        if beside.exists() {
            files::close_to_others(&beside).map_err(JournalError::io)?;
        }
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    for (name, value, _) in PRAGMAS {
        connection.pragma_update(None, name, value)?;
    }
    is_durable(&connection)?;
    Ok(connection)
}

/// SQLite takes an unknown or impossible setting without a word, so what holds is asked for.
fn is_durable(connection: &Connection) -> Result<(), JournalError> {
    for (name, _, expected) in PRAGMAS {
        let holds = connection.pragma_query_value(None, name, |row| {
            Ok(match row.get(0)? {
                Value::Text(text) => text,
                Value::Integer(number) => number.to_string(),
                other => format!("{other:?}"),
            })
        })?;
        if holds != expected {
            return Err(JournalError::io(format!("SQLite has {name} {holds}, where {expected} is needed")));
        }
    }
    Ok(())
}

pub(crate) fn open_read_only(path: &Path) -> Result<Connection, JournalError> {
    new_enough()?;
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    Ok(connection)
}

fn head_of(connection: &Connection) -> Result<Head, JournalError> {
    let mut statement = connection.prepare("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(Head::default()) };
    Ok(Head { seq: unsigned(row.get(0)?), hash: row.get(1)? })
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Stored entries from a place on.
pub(crate) fn read_raw(connection: &Connection, from: Seq, max: usize) -> Result<Vec<RawEntry>, JournalError> {
    let mut statement =
        connection.prepare_cached("SELECT seq, at, hash, body FROM journal WHERE seq >= ?1 ORDER BY seq LIMIT ?2")?;
    let mut rows = statement.query(params![signed(from), signed(max as u64)])?;
    let mut entries = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let body: Vec<u8> = row.get(3)?;
        bytes += body.len();
        if bytes > READ_BYTES_MAX && !entries.is_empty() {
            break;
        }
        entries.push(RawEntry {
            seq: unsigned(row.get(0)?),
            at: Timestamp::from_millis(row.get(1)?),
            hash: row.get(2)?,
            body,
        });
    }
    Ok(entries)
}

/// Who is recorded to have filed a case.
pub(crate) fn source(connection: &Connection, case: CaseId) -> Result<Option<OrganisationId>, JournalError> {
    let mut statement = connection.prepare_cached("SELECT organisation FROM source WHERE case_id = ?1")?;
    let found = statement.query_row([case.as_bytes()], |row| row.get(0)).optional()?;
    Ok(found.map(OrganisationId::from_bytes))
}

/// How many records the source table has.
pub(crate) fn sources(connection: &Connection) -> Result<u64, JournalError> {
    Ok(unsigned(connection.query_row("SELECT count(*) FROM source", [], |row| row.get(0))?))
}

/// The entry if it is the one after `previous` and its hash follows from its bytes.
pub(crate) fn follows(previous: &Head, raw: &RawEntry) -> Result<Head, JournalError> {
    let seq = previous.seq + 1;
    if raw.seq != seq {
        return Err(JournalError::corrupt(seq, "it is missing"));
    }
    let hash = codec::chain(&previous.hash, seq, raw.at, &raw.body);
    if hash != raw.hash {
        return Err(JournalError::corrupt(seq, "its hash does not follow from its bytes and the entry before"));
    }
    Ok(Head { seq, hash })
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
        if let Some(pages) = pages_max {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        let head = head_of(&connection)?;
        let reader = open_read_only(&options.path)?;
        let tail = Arc::new(Tail::at(head));
        let waiting = Arc::new(Waiting::default());
        let (queue, jobs) = channel();
        let writer = {
            let (tail, waiting) = (Arc::clone(&tail), Arc::clone(&waiting));
            std::thread::Builder::new()
                .name("journal".into())
                .spawn(move || write(connection, &jobs, &tail, &waiting, head))
                .map_err(JournalError::io)?
        };
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            waiting,
            tail,
            reader: Mutex::new(reader),
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

fn write(mut connection: Connection, jobs: &Receiver<Job>, tail: &Tail, waiting: &Waiting, mut head: Head) {
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
            Ok(now) => head = publish(tail, group, head, now),
            // One batch is at fault: the others must not suffer for it.
            Err(error) if group.len() > 1 && is_constraint(&error) => {
                for job in group {
                    match commit(&mut connection, std::slice::from_ref(&job), head) {
                        Ok(now) => head = publish(tail, vec![job], head, now),
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

/// Makes committed entries readable and tells those who wait for them.
fn publish(tail: &Tail, group: Vec<Job>, before: Head, now: Head) -> Head {
    let mut seq = before.seq;
    let mut dones = Vec::with_capacity(group.len());
    let mut fresh = Vec::new();
    for job in group {
        let mut seqs = Vec::with_capacity(job.entries.len());
        for entry in job.entries {
            seq += 1;
            seqs.push(seq);
            fresh.push((Arc::new(Entry { seq, at: entry.at, body: entry.body }), entry.bytes.len()));
        }
        dones.push((job.done, seqs));
    }
    if !fresh.is_empty() {
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

/// One transaction for everything that waited; on any error nothing of it is stored.
fn commit(connection: &mut Connection, group: &[Job], mut head: Head) -> Result<Head, rusqlite::Error> {
    if group.iter().all(|job| job.entries.is_empty()) {
        return Ok(head);
    }
    let transaction = connection.transaction()?;
    {
        let mut insert =
            transaction.prepare_cached("INSERT INTO journal(seq, at, hash, body) VALUES (?1, ?2, ?3, ?4)")?;
        let mut source = transaction.prepare_cached("INSERT INTO source(case_id, organisation) VALUES (?1, ?2)")?;
        for entry in group.iter().flat_map(|job| &job.entries) {
            let seq = head.seq + 1;
            head = Head { seq, hash: codec::chain(&head.hash, seq, entry.at, &entry.bytes) };
            insert.execute(params![signed(seq), entry.at.as_millis(), head.hash, entry.bytes])?;
            if let Some(known) = entry.source {
                source.execute(params![known.case.as_bytes(), known.organisation.as_bytes()])?;
            }
        }
    }
    transaction.commit()?;
    Ok(head)
}

impl Journal for SqliteJournal {
    fn append_then(&self, batch: Vec<NewEntry>, done: Done) -> Result<(), JournalError> {
        // Encoding happens here, on the caller's thread, so that the one writer only hashes and inserts.
        let entries = batch
            .into_iter()
            .map(|entry| {
                Ok(Prepared {
                    at: entry.at,
                    bytes: codec::encode(&entry.body)?,
                    body: entry.body,
                    source: entry.source,
                })
            })
            .collect::<Result<Vec<_>, JournalError>>()?;
        let bytes = entries.iter().map(|entry| entry.bytes.len()).sum();
        let count = entries.len();
        if !self.waiting.take(count, bytes) {
            return Err(JournalError::Full);
        }
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = queue.as_ref().is_some_and(|queue| queue.send(Job { entries, bytes, done }).is_ok());
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
        raw.map(|raw| {
            head = follows(&head, &raw)?;
            let body = codec::decode(&raw.body).map_err(|error| JournalError::corrupt(raw.seq, error.to_string()))?;
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

    fn wait(&self, after: Seq, timeout: Duration) -> bool {
        self.tail.wait(after, timeout)
    }

    fn head(&self) -> Head {
        self.tail.head()
    }

    fn on_append(&self, wake: Wake) {
        self.tail.on_append(wake);
    }

    #[cfg(test)]
    fn source_of(&self, case: CaseId) -> Option<OrganisationId> {
        source(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), case).unwrap()
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
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::conformance::{report, tick};

    fn folder() -> (tempfile::TempDir, SqliteOptions) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.db");
        (folder, SqliteOptions { path })
    }

    fn count(options: &SqliteOptions, table: &str) -> u64 {
        let connection = open_read_only(&options.path).unwrap();
        let count = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        unsigned(count)
    }

    #[test]
    fn a_full_disk_is_an_error_to_the_caller_and_leaves_nothing_half_written() {
        let (_folder, options) = folder();
        let journal = SqliteJournal::limited(&options, Some(40)).unwrap();
        let mut stored = 0;
        let error = loop {
            match journal.append((0..3).map(|step| report(stored + step, 3_000)).collect()) {
                Ok(seqs) => stored += seqs.len() as u64,
                Err(error) => break error,
            }
            assert!(stored < 1_000, "the disk never filled");
        };
        assert!(matches!(error, JournalError::Io(_)) && error.to_string().contains("full"), "{error}");
        assert_eq!((count(&options, "journal"), count(&options, "source")), (stored, stored));
        assert_eq!(journal.head().seq, stored);
        // What still fits is still taken, and the chain goes on from where it was.
        assert_eq!(journal.append(vec![tick(1)]).unwrap(), [stored + 1]);
        drop(journal);
        let again = SqliteJournal::open(&options).unwrap();
        assert_eq!(again.append(vec![report(9_999, 3_000)]).unwrap(), [stored + 2]);
        assert_eq!(again.read(1, 10_000).unwrap().len() as u64, stored + 2);
    }

    #[test]
    fn a_connection_that_does_not_sync_is_not_written_to() {
        let (_folder, options) = folder();
        is_durable(&connect(&options.path).unwrap()).unwrap();
        for (name, value) in [("synchronous", "NORMAL"), ("synchronous", "OFF"), ("journal_mode", "DELETE")] {
            let connection = connect(&options.path).unwrap();
            connection.pragma_update(None, name, value).unwrap();
            let error = is_durable(&connection).unwrap_err().to_string();
            assert!(error.contains(&format!("SQLite has {name}")), "{error}");
        }
        assert!(is_durable(&Connection::open_in_memory().unwrap()).is_err());
    }

    #[test]
    fn nothing_is_acknowledged_before_another_connection_can_read_it() {
        let (_folder, options) = folder();
        let journal = SqliteJournal::open(&options).unwrap();
        let (told, ends) = sync_channel(32);
        for n in 0..32 {
            let (told, path) = (told.clone(), options.path.clone());
            let done = move |outcome: Result<Vec<Seq>, JournalError>| {
                let seq = *outcome.unwrap().last().unwrap();
                let head = head_of(&open_read_only(&path).unwrap()).unwrap();
                told.send((seq, head.seq)).unwrap();
            };
            journal.append_then(vec![report(n, 0)], Box::new(done)).unwrap();
        }
        for _ in 0..32 {
            let (seq, stored) = ends.recv_timeout(Duration::from_secs(10)).unwrap();
            assert!(stored >= seq, "entry {seq} was acknowledged when the file ended at {stored}");
        }
    }

    #[test]
    fn the_file_and_those_beside_it_are_closed_to_others() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, options) = folder();
        std::fs::write(&options.path, b"").unwrap();
        std::fs::set_permissions(&options.path, std::fs::Permissions::from_mode(0o664)).unwrap();
        let journal = SqliteJournal::open(&options).unwrap();
        journal.append(vec![tick(1)]).unwrap();
        for end in ["db", "db-wal", "db-shm"] {
            let mode = std::fs::metadata(options.path.with_extension(end)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{end}");
        }
    }

    #[test]
    fn what_ends_in_order_leaves_one_whole_file() {
        let (_folder, options) = folder();
        let journal = SqliteJournal::open(&options).unwrap();
        journal.append(vec![report(1, 0)]).unwrap();
        drop(journal);
        let log = options.path.with_extension("db-wal");
        assert_eq!(std::fs::metadata(&log).map_or(0, |log| log.len()), 0, "the log holds what the file should");
        assert_eq!(count(&options, "journal"), 1);
    }

    #[test]
    fn a_batch_at_fault_fails_alone() {
        let (_folder, options) = folder();
        let journal = SqliteJournal::open(&options).unwrap();
        journal.append(vec![report(1, 0)]).unwrap();
        // The writer is held back, so that the next three batches become one transaction.
        let (hold, held) = sync_channel::<()>(0);
        journal.append_then(vec![tick(1)], Box::new(move |_| held.recv().unwrap())).unwrap();
        let (told, outcomes) = sync_channel(3);
        for batch in [vec![report(2, 0)], vec![tick(2), report(1, 0)], vec![report(3, 0)]] {
            let told = told.clone();
            journal.append_then(batch, Box::new(move |outcome| told.send(outcome).unwrap())).unwrap();
        }
        hold.send(()).unwrap();
        assert_eq!(outcomes.recv().unwrap().unwrap(), [3]);
        assert!(matches!(outcomes.recv().unwrap(), Err(JournalError::Io(_))));
        assert_eq!(outcomes.recv().unwrap().unwrap(), [4]);
        assert_eq!(count(&options, "journal"), 4);
    }

    #[test]
    fn a_callback_may_drop_the_last_reference_and_flush() {
        let (_folder, options) = folder();
        let journal = Arc::new(SqliteJournal::open(&options).unwrap());
        let held = Arc::clone(&journal);
        let (go, gone) = sync_channel::<()>(0);
        let (told, ended) = sync_channel(1);
        journal
            .append_then(
                vec![tick(1)],
                Box::new(move |_| {
                    gone.recv().unwrap();
                    held.flush().unwrap();
                    drop(held);
                    told.send(()).unwrap();
                }),
            )
            .unwrap();
        drop(journal);
        go.send(()).unwrap();
        ended.recv_timeout(Duration::from_secs(10)).unwrap();
    }

    #[test]
    fn a_flush_ends_when_all_before_it_is_stored() {
        let (_folder, options) = folder();
        let journal = SqliteJournal::open(&options).unwrap();
        for n in 0..50 {
            journal.append_then(vec![report(n, 0)], Box::new(|_| {})).unwrap();
        }
        journal.flush().unwrap();
        assert_eq!((journal.head().seq, count(&options, "source")), (50, 50));
        journal.close();
        assert!(matches!(journal.append(vec![tick(1)]), Err(JournalError::Closed)));
    }

    #[test]
    fn long_entries_fill_the_queue_by_their_bytes() {
        let (_folder, options) = folder();
        let journal = SqliteJournal::open(&options).unwrap();
        let (hold, held) = sync_channel::<()>(0);
        let (told, begun) = sync_channel(1);
        let wait = move |_| {
            told.send(()).unwrap();
            held.recv().unwrap();
        };
        journal.append_then(vec![tick(1)], Box::new(wait)).unwrap();
        begun.recv().unwrap();
        let mut taken = 0;
        let error = loop {
            match journal.append_then(vec![report(taken, 1024 * 1024)], Box::new(|_| {})) {
                Ok(()) => taken += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, JournalError::Full), "{error}");
        assert!((60..=64).contains(&taken), "{taken} entries of a mebibyte waited");
        hold.send(()).unwrap();
        journal.flush().unwrap();
        assert_eq!(journal.head().seq, taken + 1);
        // One read brings a bounded number of bytes, and never skips one.
        drop(journal);
        let journal = SqliteJournal::open(&options).unwrap();
        let first = journal.read(2, 1_000).unwrap();
        assert!((2..16).contains(&first.len()), "{} entries of a mebibyte in one read", first.len());
    }

    #[test]
    fn an_entry_changed_on_disk_is_not_read() {
        let (_folder, options) = folder();
        let journal = SqliteJournal::open(&options).unwrap();
        journal.append((1..=9).map(tick).collect()).unwrap();
        drop(journal);
        let connection = Connection::open(&options.path).unwrap();
        connection.execute("UPDATE journal SET at = 77 WHERE seq = 5", []).unwrap();
        let journal = SqliteJournal::open(&options).unwrap();
        for (from, max) in [(1, 100), (5, 1)] {
            let error = journal.read(from, max).unwrap_err().to_string();
            assert!(error.starts_with("journal entry 5: its hash"), "{error}");
        }
        assert_eq!(journal.read(1, 4).unwrap().len(), 4);
        connection.execute("DELETE FROM journal WHERE seq = 3", []).unwrap();
        assert_eq!(journal.read(2, 9).unwrap_err().to_string(), "journal entry 3: it is missing");
        assert_eq!(journal.read(4, 1).unwrap_err().to_string(), "journal entry 3: it is missing");
    }
}
