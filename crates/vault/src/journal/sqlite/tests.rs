//! What holds of this backend alone: full disks, durability, files closed to others, batches at fault.

use std::sync::mpsc::sync_channel;

use model::{Entropy, OrganisationId, PersonId};

use super::connection::{is_durable, unsigned};
use super::*;
use crate::conformance::{report, tick};
use crate::sealing::{Lead, LeadPrivateKey, SealState};

fn folder() -> (tempfile::TempDir, SqliteOptions) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    (folder, SqliteOptions::plain(path))
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
fn a_full_disk_leaves_no_report_half_sealed_and_its_epoch_comes_with_the_next() {
    let (_folder, options) = folder();
    let journal = SqliteJournal::limited(&options, Some(60)).unwrap();
    let (mut state, entropy) = (sealed_to_two(), Counting::default());
    let (mut epoch, mut stored, mut n) = (0, Vec::new(), 0);
    // Every third report begins an epoch, so that one of those that the disk refuses brings secrets.
    let refused = loop {
        n += 1;
        epoch += i64::from(n % 3 == 1);
        let entry = sealed(&mut state, epoch, n, 3_000, &entropy);
        let pairs = entry.source.clone().unwrap().pairs.unwrap();
        match journal.append(vec![entry]) {
            Ok(_) => stored.push((n, pairs)),
            Err(_) if !pairs.epoch.is_stored() => break n,
            Err(_) => {}
        }
        assert!(n < 1_000, "the disk never filled, or never at the beginning of an epoch");
    };
    let case = |n: u64| report(n, 0).source.unwrap().case;
    assert!(journal.filed(case(refused)).unwrap().is_none() && journal.sealed_source(case(refused)).unwrap().is_none());
    drop(journal);
    let again = SqliteJournal::open(&options).unwrap();
    let next = sealed(&mut state, epoch, 5_000, 3_000, &entropy);
    stored.push((5_000, next.source.clone().unwrap().pairs.unwrap()));
    again.append(vec![next]).unwrap();
    for (n, pairs) in stored {
        let keys = again.sealed_source(case(n)).unwrap().unwrap();
        assert_eq!((&keys.leads, &keys.sealed), (&pairs.epoch.leads, &pairs.sealed), "report {n}");
    }
}

fn sealed_to_two() -> SealState {
    let mut state = SealState::default();
    let lead = |n: u8| Lead { person: PersonId::from_bytes([n; 16]), key: LeadPrivateKey::generate().unwrap().1 };
    state.set_leads(vec![lead(1), lead(2)]);
    state
}

/// A report whose source is sealed in an epoch.
fn sealed(state: &mut SealState, epoch: i64, n: u64, bytes: usize, entropy: &Counting) -> NewEntry {
    let mut entry = report(n, bytes);
    let source = entry.source.as_mut().unwrap();
    source.pairs = state.seal(epoch, source.case, (OrganisationId::from_bytes([7; 16]), ""), entropy).unwrap();
    entry
}

#[derive(Default)]
struct Counting(std::sync::atomic::AtomicU8);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
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
