//! One suite that every journal backend passes: a backend adds one line, `conformance!(name, factory)`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use model::{
    AttackKind, CaseId, Clock, Entropy, Kind, Marking, MemberToken, Observable, Severity, Sighting, Timestamp,
    WhoMayBeWarned, WhoMayKnow,
};

use crate::codec::{self, INPUT_BYTES_MAX};
use crate::entry::{Body, Findings, Item, ReportEntry, Run};
use crate::error::JournalError;
use crate::journal::memory::MemoryJournal;
use crate::journal::sqlite::{SqliteJournal, SqliteOptions};
use crate::journal::{Head, Journal, NewEntry, QUEUE_ENTRIES_MAX, Source};
use crate::sealing::AtRest;
use crate::sealing::key_store::tests::Counting;

mod sources;

pub(crate) use sources::{
    a_sealed_source_comes_back_with_the_secrets_of_its_epoch, an_opening_brings_the_source_sealed_to_the_leads_of_then,
};

/// A clock that stands and bytes that are all the same.
pub(crate) struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1)
    }
}

impl Entropy for Still {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

pub(crate) fn report(n: u64, narrative: usize) -> NewEntry {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    let case = CaseId::from_bytes(id);
    let entry = ReportEntry {
        case,
        token: MemberToken::from_bytes([n as u8; 16]),
        sector: Some("energy".into()),
        region: None,
        received_at: Timestamp::from_millis(n as i64),
        happened_at: None,
        warn: WhoMayBeWarned::Now,
        know: WhoMayKnow::Nobody,
        named: None,
        own: false,
        outside: false,
        grade: None,
        marking: Marking::default(),
        attack: AttackKind::Phishing,
        severity: Severity::High,
        ongoing: false,
        title: format!("report {n}"),
        narrative: "x".repeat(narrative),
        techniques: Vec::new(),
        tags: Vec::new(),
        items: vec![Item {
            sighting: Sighting::of(Observable::from_normal(Kind::Domain, format!("d{n}.test"))),
            held: None,
            kept: None,
        }],
    };
    let source = Source { case, way_back: [n as u8; 32], pairs: None };
    NewEntry {
        at: Timestamp::from_millis(n as i64),
        body: Body::Report(Box::new(entry)),
        source: Some(source),
        rewrites: Vec::new(),
    }
}

/// Who is recorded to have filed a case.
fn source_of(journal: &dyn Journal, case: CaseId) -> Option<[u8; 32]> {
    journal.filed(case).unwrap().map(|filed| filed.way_back)
}

pub(crate) fn tick(n: i64) -> NewEntry {
    NewEntry::new(Timestamp::from_millis(n), Body::Tick(Timestamp::from_millis(n)))
}

pub(crate) fn begins_empty(journal: &dyn Journal) {
    assert_eq!(journal.head(), Head::default());
    assert!(journal.read(1, 10).unwrap().is_empty());
}

pub(crate) fn places_have_no_gap(journal: &dyn Journal) {
    assert_eq!(journal.append(vec![tick(1), tick(2)]).unwrap(), [1, 2]);
    assert_eq!(journal.append(vec![tick(3)]).unwrap(), [3]);
    assert_eq!(journal.head().seq, 3);
}

pub(crate) fn what_is_read_is_what_was_written(journal: &dyn Journal) {
    let written: Vec<NewEntry> = (0..5).map(|n| report(n, 10)).collect();
    journal.append(written.clone()).unwrap();
    for (read, wrote) in journal.read(1, 10).unwrap().iter().zip(&written) {
        assert!(read.body == wrote.body && read.at == wrote.at);
    }
    let raw = journal.read_raw(1, 10).unwrap();
    for (read, wrote) in raw.iter().zip(&written) {
        assert!(codec::decode(&journal.open(read).unwrap().plain).unwrap() == wrote.body);
    }
}

pub(crate) fn reading_resumes_anywhere(journal: &dyn Journal) {
    journal.append((1..=20).map(tick).collect()).unwrap();
    let seqs = |from, max| journal.read(from, max).unwrap().iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(seqs(18, 10), [18, 19, 20]);
    assert_eq!(seqs(5, 2), [5, 6]);
    assert!(seqs(21, 5).is_empty());
    assert_eq!(seqs(0, 1), [1]);
}

pub(crate) fn every_entry_can_be_read_however_large_those_beside_it(journal: &dyn Journal) {
    // Two of these are more than one read may hold.
    let large = |n| {
        NewEntry::new(Timestamp::from_millis(n), {
            Body::Findings(Findings { run: Run::All, items: vec!["x".repeat(6 * 1024 * 1024)] })
        })
    };
    for n in 1..=4 {
        journal.append(vec![large(n)]).unwrap();
    }
    for from in 1..=4 {
        let entries = journal.read(from, 100).unwrap();
        assert_eq!(entries.first().map(|entry| entry.seq), Some(from), "nothing was read at {from}");
    }
}

pub(crate) fn each_hash_follows_from_the_one_before(journal: &dyn Journal) {
    journal.append((1..=9).map(tick).collect()).unwrap();
    let mut hash = [0; 32];
    for entry in journal.read_raw(1, 100).unwrap() {
        hash = codec::chain(&hash, entry.seq, entry.at, &entry.body);
        assert_eq!(hash, entry.hash);
    }
    assert_eq!(journal.head().hash, hash);
}

pub(crate) fn an_entry_over_its_limit_is_refused_and_nothing_of_its_batch_is_stored(journal: &dyn Journal) {
    let error = journal.append(vec![tick(1), report(2, INPUT_BYTES_MAX)]).unwrap_err();
    assert!(matches!(error, JournalError::Codec(_)), "{error}");
    assert!(error.to_string().contains("report entry has"));
    assert_eq!(journal.head().seq, 0);
    journal.append(vec![tick(1)]).unwrap();
}

pub(crate) fn waiting_ends_when_something_comes(journal: &dyn Journal) {
    assert!(!journal.wait(0, Duration::from_millis(5)));
    journal.append(vec![tick(1)]).unwrap();
    assert!(journal.wait(0, Duration::from_secs(5)));
    assert!(!journal.wait(1, Duration::from_millis(5)));
}

pub(crate) fn a_waiting_reader_is_woken(journal: &dyn Journal) {
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let start = Instant::now();
            (journal.wait(0, Duration::from_secs(20)), start.elapsed())
        });
        std::thread::sleep(Duration::from_millis(20));
        journal.append(vec![tick(1)]).unwrap();
        let (came, after) = waiter.join().unwrap();
        assert!(came && after < Duration::from_secs(10));
    });
}

pub(crate) fn wakes_run_after_the_entry_can_be_read(journal: &dyn Journal) {
    let seen = Arc::new(AtomicU64::new(0));
    let noted = Arc::clone(&seen);
    journal.on_append(Box::new(move |seq| noted.store(seq, Ordering::SeqCst)));
    journal.append(vec![tick(1), tick(2)]).unwrap();
    assert_eq!(seen.load(Ordering::SeqCst), 2);
}

pub(crate) fn many_writers_lose_and_double_nothing(journal: &dyn Journal) {
    std::thread::scope(|scope| {
        for writer in 0..8 {
            scope.spawn(move || {
                for n in 0..50 {
                    journal.append(vec![report(writer * 1_000 + n, 0)]).unwrap();
                }
            });
        }
    });
    let entries = journal.read(1, 1_000).unwrap();
    assert_eq!(entries.len(), 400);
    let mut cases: Vec<_> = entries
        .iter()
        .filter_map(|entry| if let Body::Report(report) = &entry.body { Some(report.case) } else { None })
        .collect();
    cases.sort_unstable();
    cases.dedup();
    assert_eq!(cases.len(), 400);
}

pub(crate) fn batches_are_whole_and_in_order(journal: &dyn Journal) {
    std::thread::scope(|scope| {
        for writer in 0..4_i64 {
            scope.spawn(move || {
                for n in 0..20 {
                    let base = writer * 10_000 + n * 10;
                    let seqs = journal.append((0..3).map(|step| tick(base + step)).collect()).unwrap();
                    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1));
                }
            });
        }
    });
    let entries = journal.read(1, 1_000).unwrap();
    for chunk in entries.chunks(3) {
        assert!(chunk[0].at.as_millis() % 10 == 0 && chunk[2].at.as_millis() == chunk[0].at.as_millis() + 2);
    }
}

pub(crate) fn old_and_new_entries_read_alike(journal: &dyn Journal) {
    for n in 0..20 {
        journal.append((0..1_000).map(|step| tick(n * 1_000 + step)).collect()).unwrap();
    }
    // The oldest have left the tail in memory; places stay contiguous across the border.
    let mut next = 1;
    while next <= 20_000 {
        let entries = journal.read(next, 700).unwrap();
        for entry in entries {
            assert_eq!(entry.seq, next);
            assert_eq!(entry.at.as_millis() + 1, next as i64);
            next += 1;
        }
    }
}

pub(crate) fn an_empty_batch_changes_nothing(journal: &dyn Journal) {
    assert!(journal.append(Vec::new()).unwrap().is_empty());
    assert_eq!(journal.head().seq, 0);
}

pub(crate) fn a_large_batch_passes_an_empty_queue(journal: &dyn Journal) {
    let seqs = journal.append((0..QUEUE_ENTRIES_MAX as i64 + 10).map(tick).collect()).unwrap();
    assert_eq!(seqs.len(), QUEUE_ENTRIES_MAX + 10);
}

pub(crate) fn equal_inputs_give_equal_chains(journal: &dyn Journal) {
    journal.append((1..=5).map(|n| report(n, 3)).collect()).unwrap();
    let other = crate::journal::memory::MemoryJournal::new();
    other.append((1..=5).map(|n| report(n, 3)).collect()).unwrap();
    assert_eq!(journal.head(), other.head());
}

pub(crate) fn every_report_keeps_its_source(journal: &dyn Journal) {
    journal.append(vec![tick(1), report(1, 0), report(2, 0)]).unwrap();
    journal.append(vec![report(3, 0)]).unwrap();
    for n in 1..=3 {
        let NewEntry { source: Some(source), .. } = report(n, 0) else { panic!("no source") };
        assert_eq!(source_of(journal, source.case), Some(source.way_back), "source of report {n}");
    }
    assert_eq!(source_of(journal, CaseId::from_bytes([0xee; 16])), None);
}

pub(crate) fn a_refused_batch_leaves_no_source(journal: &dyn Journal) {
    journal.append(vec![report(1, 0), report(2, INPUT_BYTES_MAX)]).unwrap_err();
    let NewEntry { source: Some(source), .. } = report(1, 0) else { panic!("no source") };
    assert_eq!(source_of(journal, source.case), None);
}

/// A backend may have no queue; one that has refuses what is over its end, and loses nothing of what it took.
pub(crate) fn a_full_queue_refuses_and_loses_nothing(journal: &dyn Journal) {
    const BATCH: u64 = 500;
    let stored = Arc::new(AtomicU64::new(0));
    let (mut taken, mut refused) = (Vec::new(), None);
    for n in 0..60 {
        let batch: Vec<NewEntry> = (0..BATCH).map(|step| report(n * BATCH + step, 200)).collect();
        let stored = Arc::clone(&stored);
        let done = move |outcome: Result<Vec<_>, _>| {
            stored.fetch_add(outcome.unwrap().len() as u64, Ordering::SeqCst);
        };
        match journal.append_then(batch, Box::new(done)) {
            Ok(()) => taken.push(n),
            Err(error) => {
                assert!(matches!(error, JournalError::Full), "{error}");
                refused = Some(n);
                break;
            }
        }
    }
    journal.flush().unwrap();
    let count = taken.len() as u64 * BATCH;
    assert_eq!((stored.load(Ordering::SeqCst), journal.head().seq, journal.waiting()), (count, count, 0));
    let source = |n: u64| source_of(journal, report(n * BATCH, 0).source.unwrap().case);
    assert!(taken.iter().all(|n| source(*n).is_some()));
    assert!(refused.is_none_or(|n| source(n).is_none()));
    journal.append(vec![tick(1)]).unwrap();
}

pub(crate) fn a_reopened_journal_goes_on_where_it_was<J: Journal>(journal: J, reopen: impl Fn(J) -> J) {
    journal.append(vec![tick(1), report(2, 10), tick(3)]).unwrap();
    let (head, raw) = (journal.head(), journal.read_raw(1, 10).unwrap());
    let journal = reopen(journal);
    assert_eq!(journal.head(), head);
    assert_eq!(journal.read_raw(1, 10).unwrap(), raw);
    let NewEntry { source: Some(source), body, .. } = report(2, 10) else { panic!("no source") };
    assert_eq!(source_of(&journal, source.case), Some(source.way_back));
    assert!(journal.read(2, 1).unwrap()[0].body == body);
    assert_eq!(journal.append(vec![tick(4)]).unwrap(), [4]);
    let journal = reopen(journal);
    assert_eq!((journal.head().seq, journal.read(1, 10).unwrap().len()), (4, 4));
}

macro_rules! conformance {
    ($name:ident, $factory:expr, $reopen:expr) => {
        mod $name {
            macro_rules! case {
                ($case:ident) => {
                    #[test]
                    fn $case() {
                        let (journal, _keep) = $factory();
                        $crate::conformance::$case(&journal);
                    }
                };
            }
            case!(begins_empty);
            case!(places_have_no_gap);
            case!(what_is_read_is_what_was_written);
            case!(reading_resumes_anywhere);
            case!(every_entry_can_be_read_however_large_those_beside_it);
            case!(each_hash_follows_from_the_one_before);
            case!(an_entry_over_its_limit_is_refused_and_nothing_of_its_batch_is_stored);
            case!(waiting_ends_when_something_comes);
            case!(a_waiting_reader_is_woken);
            case!(wakes_run_after_the_entry_can_be_read);
            case!(many_writers_lose_and_double_nothing);
            case!(batches_are_whole_and_in_order);
            case!(old_and_new_entries_read_alike);
            case!(an_empty_batch_changes_nothing);
            case!(a_large_batch_passes_an_empty_queue);
            case!(every_report_keeps_its_source);
            case!(a_sealed_source_comes_back_with_the_secrets_of_its_epoch);
            case!(an_opening_brings_the_source_sealed_to_the_leads_of_then);
            case!(a_refused_batch_leaves_no_source);
            case!(a_full_queue_refuses_and_loses_nothing);

            #[test]
            fn a_reopened_journal_goes_on_where_it_was() {
                let (journal, keep) = $factory();
                $crate::conformance::a_reopened_journal_goes_on_where_it_was(journal, |journal| {
                    $reopen(journal, &keep)
                });
            }
        }
    };
}

fn at(folder: &tempfile::TempDir) -> SqliteJournal {
    SqliteJournal::open(&SqliteOptions::plain(folder.path().join("vault.db"))).unwrap()
}

fn sqlite() -> (SqliteJournal, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (at(&folder), folder)
}

fn sqlite_again(journal: SqliteJournal, folder: &tempfile::TempDir) -> SqliteJournal {
    drop(journal);
    at(folder)
}

fn sealed_at(folder: &tempfile::TempDir) -> SqliteJournal {
    let chance = Arc::new(Counting::default());
    let at_rest = Some(Arc::new(AtRest::in_folder(folder.path(), chance)));
    SqliteJournal::open(&SqliteOptions { at_rest, ..SqliteOptions::plain(folder.path().join("vault.db")) }).unwrap()
}

fn sealed() -> (SqliteJournal, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (sealed_at(&folder), folder)
}

fn sealed_again(journal: SqliteJournal, folder: &tempfile::TempDir) -> SqliteJournal {
    drop(journal);
    sealed_at(folder)
}

fn memory() -> (MemoryJournal, ()) {
    (MemoryJournal::new(), ())
}

/// What lives and dies with the process cannot be reopened.
fn memory_again(journal: MemoryJournal, (): &()) -> MemoryJournal {
    journal
}

/// Not so a sealed one: chance is in what it stores.
#[test]
fn a_plain_journal_of_equal_inputs_has_an_equal_chain() {
    equal_inputs_give_equal_chains(&memory().0);
    let (journal, _folder) = sqlite();
    equal_inputs_give_equal_chains(&journal);
}

conformance!(memory, super::memory, super::memory_again);
conformance!(sqlite, super::sqlite, super::sqlite_again);
conformance!(sealed, super::sealed, super::sealed_again);

#[test]
fn the_queue_before_the_disk_has_an_end() {
    let (journal, _folder) = sqlite();
    let refused = (0..200).any(|n| {
        let batch: Vec<NewEntry> = (0..500).map(|step| report(n * 500 + step, 200)).collect();
        matches!(journal.append_then(batch, Box::new(|_| {})), Err(JournalError::Full))
    });
    assert!(refused, "the queue has no end");
}
