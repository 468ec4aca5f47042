//! The audit log on disk: its growth counts nothing, nothing of it can be changed unseen, and it survives being killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{CaseId, Clock, Entropy, PersonId, Timestamp};
use policy::Params;
use proptest::prelude::*;
use vault::audit::{Audit, AuditError, LEAVES_PER_EPOCH, Read, prove, verify};
use vault::{Body, GenesisIfNew, NewEntry, Vault, VaultConfig};

const EPOCH: i64 = 20_000;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1)
    }
}

struct Steps(AtomicU64);

impl Entropy for Steps {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = (self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9) >> 7) as u8;
        }
    }
}

/// Chance that never comes again, as a process that is started anew has.
fn seeded() -> Arc<Steps> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Arc::new(Steps(AtomicU64::new(NEXT.fetch_add(1, Ordering::Relaxed) * 1_000_003)))
}

fn at(epoch: i64) -> Timestamp {
    Timestamp::from_millis(epoch * EPOCH + 5)
}

fn case(n: u8) -> CaseId {
    CaseId::from_bytes([n; 16])
}

fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 16])
}

/// A log in a folder of its own, as a server has it.
struct Log {
    home: tempfile::TempDir,
    vault: Option<Vault>,
    audit: Option<Audit>,
}

impl Log {
    fn new() -> Self {
        let mut log = Self { home: tempfile::tempdir().unwrap(), vault: None, audit: None };
        log.open().unwrap();
        log
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("d")
    }

    fn keys(&self) -> PathBuf {
        self.home.path().join("d.keys")
    }

    fn open(&mut self) -> Result<(), AuditError> {
        self.close();
        let genesis = GenesisIfNew { partnership: "P".into(), exercise: true, params: Params::EXERCISE };
        let config = VaultConfig { dir: self.data(), keys_dir: None, genesis };
        let vault = Vault::open(config, Arc::new(Still), seeded()).unwrap();
        let audit = Audit::open(&vault, &self.data())?;
        let head = vault.journal().head().seq;
        for entry in vault.journal().read(1, usize::try_from(head).unwrap()).unwrap() {
            audit.note(&entry);
        }
        (self.vault, self.audit) = (Some(vault), Some(audit));
        Ok(())
    }

    fn close(&mut self) {
        self.audit = None;
        self.vault = None;
    }

    fn audit(&self) -> &Audit {
        self.audit.as_ref().unwrap()
    }

    fn act(&self, n: u8) {
        let journal = self.vault.as_ref().unwrap().journal();
        let body = Body::Claim { case: case(n), by: person(n), name: format!("Person {n}") };
        let seqs = journal.append(vec![NewEntry::new(at(0), body)]).unwrap();
        self.audit().note(&journal.read(seqs[0], 1).unwrap()[0]);
    }

    fn read(&self, n: u8) {
        self.audit().note_read(at(0), Some(person(1)), &Read::Case(case(n))).unwrap();
    }

    fn verify(&self) -> Result<vault::audit::AuditReport, AuditError> {
        verify(&self.data(), &self.keys(), None)
    }

    fn against(&self, note: &[u8]) -> Result<vault::audit::AuditReport, AuditError> {
        verify(&self.data(), &self.keys(), Some((Path::new("kept.txt"), note)))
    }

    fn checkpoint(&self) -> Vec<u8> {
        fs::read(self.data().join("audit/checkpoint")).unwrap()
    }

    fn sql(&self, text: &str) {
        rusqlite::Connection::open(self.data().join("audit.db")).unwrap().execute_batch(text).unwrap();
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

/// Paths and lengths of what is published.
fn shape(log: &Log) -> Vec<(PathBuf, u64)> {
    let home = log.data().join("audit");
    let told = |path: PathBuf| {
        let length = fs::metadata(&path).unwrap().len();
        (path.strip_prefix(&home).unwrap().to_owned(), length)
    };
    files(&home).into_iter().map(told).collect()
}

#[test]
fn nothing_and_two_hundred_acts_and_reads_make_a_log_of_one_shape() {
    let (quiet, busy) = (Log::new(), Log::new());
    for epoch in 1..=6 {
        for log in [&quiet, &busy] {
            log.audit().step(at(epoch)).unwrap();
        }
        if epoch == 2 {
            (0..100).for_each(|n| busy.act(n));
            (0..100).for_each(|n| busy.read(n));
        }
        assert_eq!(shape(&quiet), shape(&busy), "at epoch {epoch}");
    }
    let (quiet, busy) = (quiet.verify().unwrap(), busy.verify().unwrap());
    assert_eq!((quiet.size, busy.size), (5 * LEAVES_PER_EPOCH, 5 * LEAVES_PER_EPOCH));
    assert_eq!((quiet.acts, quiet.reads, quiet.padding), (0, 0, quiet.size));
    // Of two hundred, sixty-four fit into an epoch: the rest waited.
    assert_eq!((busy.acts, busy.reads, busy.waiting), (100, 100, 0));
    assert_ne!(quiet.root, busy.root);
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// The leaves of the bundle that was published last.
fn leaves(log: &Log, size: u64) -> Vec<[u8; 32]> {
    let bytes = fs::read(log.data().join(format!("audit/tile/entries/000.p/{size}"))).unwrap();
    bytes.chunks(34).map(|leaf| leaf[2..].try_into().unwrap()).collect()
}

#[test]
fn no_leaf_is_like_another_nor_like_itself_after_an_older_copy_was_brought_back() {
    let mut log = Log::new();
    log.audit().step(at(1)).unwrap();
    log.audit().step(at(2)).unwrap();
    log.close();
    let copy = log.home.path().join("copy");
    copied(&log.data(), &copy.join("d"));
    copied(&log.keys(), &copy.join("d.keys"));
    log.open().unwrap();
    log.read(1);
    log.audit().step(at(3)).unwrap();
    let first = leaves(&log, 128);
    log.close();
    fs::remove_dir_all(log.data()).unwrap();
    fs::remove_dir_all(log.keys()).unwrap();
    copied(&copy.join("d"), &log.data());
    copied(&copy.join("d.keys"), &log.keys());
    log.open().unwrap();
    log.audit().step(at(3)).unwrap();
    log.verify().unwrap();
    let again = leaves(&log, 128);
    assert_eq!(first[..64], again[..64]);
    assert!(first.iter().zip(&again).skip(64).all(|(one, two)| one != two), "padding shows as what is the same");
    let mut all: Vec<&[u8; 32]> = first.iter().chain(&again[64..]).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 192, "two leaves are one");
    let plain: [u8; 32] = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"pad").as_ref().try_into().unwrap();
    assert!(!all.contains(&&plain), "padding is not salted");
}

#[test]
fn what_does_not_fit_waits_for_the_next_epoch_and_outlives_the_process() {
    let mut log = Log::new();
    log.audit().step(at(1)).unwrap();
    (0..70).for_each(|n| log.act(n));
    (0..10).for_each(|n| log.read(n));
    (0..10).for_each(|n| log.read(n));
    log.audit().step(at(2)).unwrap();
    let report = log.verify().unwrap();
    assert_eq!((report.size, report.acts, report.reads, report.waiting), (64, 64, 0, 16));
    log.open().unwrap();
    log.audit().step(at(3)).unwrap();
    let report = log.verify().unwrap();
    assert_eq!((report.size, report.acts, report.reads, report.waiting), (128, 70, 10, 0));
    assert!(!log.audit().step(at(3)).unwrap(), "nothing more within the epoch");
    // A clock that goes back makes nothing; a rest of a day and more is jumped over.
    assert!(!log.audit().step(at(1)).unwrap());
    log.audit().step(at(10_000)).unwrap();
    assert_eq!(log.verify().unwrap().size, 128 + 96 * LEAVES_PER_EPOCH);
}

#[test]
fn a_record_is_proved_alone_and_names_what_was_done() {
    let log = Log::new();
    log.audit().step(at(1)).unwrap();
    log.act(7);
    log.audit().note_read(at(1), Some(person(2)), &Read::LookUp("evil.test".into())).unwrap();
    log.audit().step(at(2)).unwrap();
    let all: Vec<_> = (0..64).map(|index| prove(&log.data(), &log.keys(), index).unwrap()).collect();
    let records: Vec<String> =
        all.iter().filter_map(|proved| proved.record.clone()).map(|bytes| String::from_utf8(bytes).unwrap()).collect();
    assert_eq!(records.len(), 2);
    let claim = records.iter().find(|record| record.contains("\"claim\"")).unwrap();
    assert!(claim.contains(&case(7).to_string()) && claim.contains(&person(7).to_string()), "{claim}");
    assert!(!claim.contains("Person 7"), "{claim}");
    let look_up = records.iter().find(|record| record.contains("\"look-up\"")).unwrap();
    assert!(!look_up.contains("evil"), "{look_up}");
    // Whoever is shown one needs nothing else than the key.
    let proved = all.iter().find(|proved| proved.record.as_deref() == Some(claim.as_bytes())).unwrap();
    let key = tlog::Verifier::read(&proved.key).unwrap();
    let head = tlog::Checkpoint::read(proved.checkpoint.as_bytes(), &key).unwrap();
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &[proved.salt.as_slice(), claim.as_bytes()].concat());
    tlog::verify_inclusion(digest.as_ref(), proved.index, head.size, &head.root, &proved.path).unwrap();
    assert!(tlog::verify_inclusion(&[0; 32], proved.index, head.size, &head.root, &proved.path).is_err());
    assert!(matches!(prove(&log.data(), &log.keys(), 64), Err(AuditError::NoLeaf { index: 64, size: 64 })));
    // What is published holds neither record nor salt.
    for path in files(&log.data().join("audit")) {
        let bytes = fs::read(&path).unwrap();
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(!holds(b"claim") && !holds(&proved.salt) && !holds(case(7).as_bytes()), "{}", path.display());
    }
}

#[test]
fn each_way_to_change_the_past_is_told_in_its_own_words() {
    let mut log = Log::new();
    log.audit().step(at(1)).unwrap();
    let empty = log.checkpoint();
    (0..5).for_each(|n| log.act(n));
    log.audit().step(at(2)).unwrap();
    let early = log.checkpoint();
    let saved: Vec<(PathBuf, Vec<u8>)> = files(log.home.path())
        .into_iter()
        .filter(|path| !path.to_string_lossy().ends_with("-shm"))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    (5..9).for_each(|n| log.act(n));
    log.audit().step(at(7)).unwrap();
    log.close();
    let told = |log: &Log, note: &[u8]| log.against(note).unwrap_err().to_string();
    assert_eq!(log.against(&early).unwrap().kept, Some(64));
    assert_eq!(log.against(&empty).unwrap().kept, Some(0));
    let late = log.checkpoint();
    // A kept checkpoint that was changed, or is of another log.
    let forged = String::from_utf8(early.clone()).unwrap().replacen("\n64\n", "\n65\n", 1);
    assert!(told(&log, forged.as_bytes()).contains("checkpoint kept.txt: its signature"));
    let other = Log::new();
    fs::write(other.keys().join("audit-sign.key"), "ab".repeat(32)).unwrap();
    let other_told = verify(&other.data(), &other.keys(), None).unwrap_err().to_string();
    assert!(other_told.contains("of the log"), "{other_told}");
    // A tile that is cut, one that is gone, one that says something else.
    let tile = log.data().join("audit/tile/0/000");
    let whole = fs::read(&tile).unwrap();
    fs::write(&tile, &whole[..100]).unwrap();
    let why = told(&log, &early);
    assert!(why.contains("tile/0/000 is truncated: it has 100 bytes"), "{why}");
    fs::remove_file(&tile).unwrap();
    assert!(told(&log, &early).contains("tile/0/000 is missing"));
    let mut changed = whole.clone();
    changed[32 * 9] ^= 1;
    fs::write(&tile, &changed).unwrap();
    let why = told(&log, &early);
    assert!(why.contains("audit/tile/0/000 is not what the records make: leaf 9 is another"), "{why}");
    fs::write(&tile, &whole).unwrap();
    // The published head is an older one.
    fs::write(log.data().join("audit/checkpoint"), &early).unwrap();
    let why = told(&log, &late);
    assert!(why.contains("rolled back:") && why.contains("says 64 leaves") && why.contains("says 384"), "{why}");
    fs::write(log.data().join("audit/checkpoint"), &late).unwrap();
    assert!(log.verify().is_ok());
    // A record was changed; then its act in the journal was taken for another.
    log.sql("DROP TRIGGER record_stays; UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'claim', 'pass') AS BLOB) WHERE entry IS NOT NULL AND leaf < 64;");
    assert!(log.verify().unwrap_err().to_string().contains("is another"));
    // A key that others can read, and one that is gone.
    let key = log.keys().join("audit-salt.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(log.verify().unwrap_err().to_string().contains("can be read by others: set mode 600"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(&key, log.keys().join("away")).unwrap();
    let why = log.verify().unwrap_err().to_string();
    assert!(why.contains("audit-salt.key is missing: the audit log has 384 leaves"), "{why}");
    assert!(matches!(log.open(), Err(AuditError::KeyMissing { .. })), "nor does a server go on with another");
    log.close();
    fs::rename(log.keys().join("away"), &key).unwrap();
    // Everything, keys too, is as it was before: consistent in itself, and yet the member knows better.
    for path in files(log.home.path()) {
        fs::remove_file(path).unwrap();
    }
    saved.iter().for_each(|(path, bytes)| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    });
    log.verify().unwrap();
    let why = told(&log, &late);
    assert!(why.contains("says 64 leaves, kept.txt says 384"), "{why}");
    // It goes on from there with other acts: as long as before, and another log.
    log.open().unwrap();
    (20..30).for_each(|n| log.act(n));
    log.audit().step(at(8)).unwrap();
    log.verify().unwrap();
    let why = told(&log, &late);
    assert!(why.contains("rewritten: the first 384 leaves are not those that kept.txt was signed over"), "{why}");
}

#[test]
fn an_act_that_was_taken_out_of_journal_or_log_is_missed() {
    let mut log = Log::new();
    log.audit().step(at(1)).unwrap();
    (0..3).for_each(|n| log.act(n));
    log.audit().step(at(2)).unwrap();
    log.close();
    let (data, keys) = (log.data(), log.keys());
    let told = || verify(&data, &keys, None).unwrap_err().to_string();
    let journal = data.join("vault.db");
    let saved = fs::read(&journal).unwrap();
    let on = |text: &str| rusqlite::Connection::open(&journal).unwrap().execute_batch(text).unwrap();
    on("DROP TRIGGER IF EXISTS journal_stays; DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)");
    assert!(
        told().contains("rolled back: the log was made when the journal had 4 entries, and now it has 3"),
        "{}",
        told()
    );
    fs::write(&journal, saved).unwrap();
    verify(&data, &keys, None).unwrap();
}

#[test]
fn whatever_of_publishing_was_left_undone_is_done_at_the_next_start() {
    let mut log = Log::new();
    log.audit().step(at(1)).unwrap();
    for epoch in 2..8 {
        log.act(epoch as u8);
        log.audit().step(at(epoch)).unwrap();
    }
    log.close();
    let whole: Vec<(PathBuf, Vec<u8>)> =
        files(&log.data().join("audit")).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    for (path, bytes) in &whole {
        for cut in [0, bytes.len() / 2] {
            if path.ends_with("checkpoint") || path.ends_with("key") {
                fs::remove_file(path).unwrap();
            } else {
                fs::write(path, &bytes[..cut]).unwrap();
            }
            // A killed process leaves the head behind as well: it is the last that is written.
            let _ = fs::remove_file(log.data().join("audit/checkpoint"));
            log.open().unwrap();
            log.close();
            assert_eq!(fs::read(path).unwrap(), *bytes, "{}", path.display());
            log.verify().unwrap();
        }
    }
    fs::remove_dir_all(log.data().join("audit")).unwrap();
    log.open().unwrap();
    log.verify().unwrap();
    // Records that do not make what was signed are never signed anew.
    log.close();
    log.sql("DROP TRIGGER record_stays; UPDATE record SET body = x'78' WHERE leaf = (SELECT min(leaf) FROM record)");
    fs::remove_dir_all(log.data().join("audit")).unwrap();
    assert!(matches!(log.open(), Err(AuditError::Rewritten { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_earlier_head_is_gone_on_from_and_any_flipped_bit_is_found(
        steps in proptest::collection::vec((0_u8..90, 0_u8..90, 1_i64..4), 1..6),
        which in any::<usize>(), at_byte in any::<usize>(), bit in 0_u8..8,
    ) {
        let mut log = Log::new();
        let mut epoch = 1;
        log.audit().step(at(epoch)).unwrap();
        let mut heads = vec![log.checkpoint()];
        for (acts, reads, rest) in &steps {
            (0..*acts).for_each(|n| log.act(n));
            (0..*reads).for_each(|n| log.read(n));
            epoch += rest;
            log.audit().step(at(epoch)).unwrap();
            heads.push(log.checkpoint());
        }
        log.close();
        for head in &heads {
            prop_assert!(log.against(head).is_ok());
        }
        let published = files(&log.data().join("audit"));
        let published: Vec<&PathBuf> = published.iter().filter(|path| !path.ends_with("audit/key")).collect();
        let size = log.verify().unwrap().size;
        let path = published[which % published.len()];
        let mut bytes = fs::read(path).unwrap();
        // Partial tiles of earlier heads are not what the present head needs; the full ones and the rightmost are.
        let needed = path.ends_with("checkpoint")
            || !path.parent().unwrap().to_string_lossy().ends_with(".p")
            || tlog::Tile::partial_of(size).iter().any(|tile| path.ends_with(tile.path()));
        let at_byte = at_byte % bytes.len();
        bytes[at_byte] ^= 1 << bit;
        fs::write(path, bytes).unwrap();
        prop_assert_eq!(log.verify().is_err(), needed, "{} at {}", path.display(), at_byte);
    }
}
