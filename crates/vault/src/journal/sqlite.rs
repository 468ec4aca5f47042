//! The journal in one SQLite file: one writer thread with group commit; acknowledged after the data is on disk.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use model::Timestamp;
use rusqlite::{Connection, OpenFlags, params};

use super::tail::Tail;
use super::{Done, Head, Journal, NewEntry, QUEUE_ENTRIES_MAX, RawEntry, Source, Wake};
use crate::codec;
use crate::entry::{Body, Entry, Seq};
use crate::error::JournalError;

/// Entries of one transaction: keeps the pause of a commit short.
const COMMIT_ENTRIES_MAX: usize = 4096;
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
    done: Done,
}

/// The journal.
pub struct SqliteJournal {
    queue: Mutex<Option<Sender<Job>>>,
    waiting: Arc<AtomicUsize>,
    tail: Arc<Tail>,
    reader: Mutex<Connection>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

fn connect(path: &Path) -> Result<Connection, JournalError> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        return Err(JournalError::io(format!("SQLite {} is older than 3.51.3", rusqlite::version())));
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    Ok(connection)
}

pub(crate) fn open_read_only(path: &Path) -> Result<Connection, JournalError> {
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
    let rows = statement.query_map(params![signed(from), signed(max as u64)], |row| {
        Ok(RawEntry {
            seq: unsigned(row.get(0)?),
            at: Timestamp::from_millis(row.get(1)?),
            hash: row.get(2)?,
            body: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl SqliteJournal {
    /// Opens the file, making it if it is absent.
    ///
    /// # Errors
    /// [`JournalError::Io`] if it cannot be opened or SQLite is too old.
    pub fn open(options: &SqliteOptions) -> Result<Self, JournalError> {
        let connection = connect(&options.path)?;
        connection.execute_batch(SCHEMA)?;
        let head = head_of(&connection)?;
        let reader = open_read_only(&options.path)?;
        let tail = Arc::new(Tail::at(head));
        let waiting = Arc::new(AtomicUsize::new(0));
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
        if let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A writer that panicked has told its callers by dropping them.
            let _ = writer.join();
        }
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        self.close();
    }
}

fn write(mut connection: Connection, jobs: &Receiver<Job>, tail: &Tail, waiting: &AtomicUsize, mut head: Head) {
    while let Ok(first) = jobs.recv() {
        let mut count = first.entries.len();
        let mut group = vec![first];
        while count < COMMIT_ENTRIES_MAX {
            let Ok(job) = jobs.try_recv() else { break };
            count += job.entries.len();
            group.push(job);
        }
        let outcome = commit(&mut connection, &group, head);
        waiting.fetch_sub(count, Ordering::AcqRel);
        match outcome {
            Ok(now) => {
                let mut seq = head.seq;
                let mut dones = Vec::with_capacity(group.len());
                let mut fresh = Vec::with_capacity(count);
                for job in group {
                    let mut seqs = Vec::with_capacity(job.entries.len());
                    for entry in job.entries {
                        seq += 1;
                        seqs.push(seq);
                        fresh.push((Arc::new(Entry { seq, at: entry.at, body: entry.body }), entry.bytes.len()));
                    }
                    dones.push((job.done, seqs));
                }
                head = now;
                tail.push(fresh, head);
                for (done, seqs) in dones {
                    done(Ok(seqs));
                }
            }
            Err(error) => {
                for job in group {
                    (job.done)(Err(error.clone()));
                }
            }
        }
    }
}

/// One transaction for everything that waited; on any error nothing of it is stored.
fn commit(connection: &mut Connection, group: &[Job], mut head: Head) -> Result<Head, JournalError> {
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
        let count = entries.len();
        // A batch that is larger than the queue may pass when nothing else waits.
        let before = self.waiting.fetch_add(count, Ordering::AcqRel);
        if before > 0 && before + count > QUEUE_ENTRIES_MAX {
            self.waiting.fetch_sub(count, Ordering::AcqRel);
            return Err(JournalError::Full);
        }
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = queue.as_ref().is_some_and(|queue| queue.send(Job { entries, done }).is_ok());
        if sent {
            Ok(())
        } else {
            self.waiting.fetch_sub(count, Ordering::AcqRel);
            Err(JournalError::Closed)
        }
    }

    fn read(&self, from: Seq, max: usize) -> Result<Vec<Arc<Entry>>, JournalError> {
        let from = from.max(1);
        if let Some(entries) = self.tail.read(from, max) {
            return Ok(entries);
        }
        let raw = self.read_raw(from, max)?;
        raw.into_iter()
            .map(|raw| {
                let body =
                    codec::decode(&raw.body).map_err(|error| JournalError::corrupt(raw.seq, error.to_string()))?;
                Ok(Arc::new(Entry { seq: raw.seq, at: raw.at, body }))
            })
            .collect()
    }

    fn read_raw(&self, from: Seq, max: usize) -> Result<Vec<RawEntry>, JournalError> {
        read_raw(&self.reader.lock().unwrap_or_else(PoisonError::into_inner), from.max(1), max)
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

    fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }
}
