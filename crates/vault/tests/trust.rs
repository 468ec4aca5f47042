//! What the vault vouches for: checkpoints that are never signed anew, folders closed to others, sources that belong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{in_memory, open, open_with, outside, submission};
use model::Entropy;
use vault::codec::CodecError;
use vault::{JournalError, VaultError, accept_head, default_keys_dir, export_folder, verify};

/// Opens, files so many reports, and ends in order.
fn filled(dir: &Path, reports: u32) {
    let vault = open(dir).unwrap();
    for n in 0..reports {
        vault.submit(vec![submission(7, &[&format!("d{n}.test")])], false).unwrap();
    }
}

fn accept(dir: &Path) -> Result<vault::AcceptedHead, VaultError> {
    let entropy: Arc<dyn Entropy> = outside();
    accept_head(dir, None, &*outside(), &entropy)
}

fn sql(dir: &Path, text: &str) {
    rusqlite::Connection::open(dir.join("vault.db")).unwrap().execute_batch(text).unwrap();
}

#[test]
fn a_lost_checkpoint_is_signed_anew_by_nobody_but_who_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let keys = default_keys_dir(&dir);
    filled(&dir, 3);
    fs::remove_file(keys.join("checkpoint")).unwrap();
    for _ in 0..2 {
        assert!(matches!(open(&dir), Err(VaultError::NoCheckpoint { entries: 4, .. })));
        assert_eq!(export_folder(&dir, &keys, &mut Vec::new()).unwrap(), 4);
        assert!(matches!(verify(&dir, &keys), Err(VaultError::NoCheckpoint { entries: 4, .. })));
        assert!(!keys.join("checkpoint").exists());
    }
    let accepted = accept(&dir).unwrap();
    assert_eq!((accepted.entries, accepted.replaced), (4, false));
    assert_eq!(verify(&dir, &keys).unwrap().checkpoint.unwrap().0, 4);
    filled(&dir, 1);
}

#[test]
fn a_file_whose_maker_was_ended_at_once_is_an_empty_journal() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    fs::create_dir(&dir).unwrap();
    for text in ["", "PRAGMA user_version = 1", "CREATE TABLE journal(seq INTEGER PRIMARY KEY)"] {
        fs::remove_file(dir.join("vault.db")).ok();
        sql(&dir, text);
        assert_eq!(verify(&dir, &default_keys_dir(&dir)).unwrap().entries, 0, "{text}");
    }
    fs::remove_file(dir.join("vault.db")).unwrap();
    sql(&dir, "");
    filled(&dir, 1);
    assert_eq!(verify(&dir, &default_keys_dir(&dir)).unwrap().entries, 2);
}

#[test]
fn lost_keys_are_the_loss_of_what_they_sealed_and_nothing_is_made_in_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let keys = default_keys_dir(&dir);
    filled(&dir, 3);
    let away = folder.path().join("away");
    fs::rename(&keys, &away).unwrap();
    assert!(matches!(accept(&dir), Err(VaultError::KeysMissing { .. })));
    assert!(matches!(open(&dir), Err(VaultError::KeysMissing { .. })));
    fs::create_dir(&keys).unwrap();
    fs::set_permissions(&keys, Permissions::from_mode(0o700)).unwrap();
    for refused in [open(&dir).err(), accept(&dir).err(), export_folder(&dir, &keys, &mut Vec::new()).err()] {
        let told = refused.unwrap().to_string();
        assert!(told.contains("journal.key is missing"), "{told}");
    }
    assert!(!keys.join("journal.key").exists(), "a key was made that opens nothing");
    fs::remove_dir_all(&keys).unwrap();
    fs::rename(&away, &keys).unwrap();
    filled(&dir, 1);
    // One block of data keys alone is lost: its entries are named.
    for block in fs::read_dir(keys.join("content")).unwrap() {
        fs::remove_file(block.unwrap().path()).unwrap();
    }
    let told = [open(&dir).err().unwrap().to_string(), verify(&dir, &keys).unwrap_err().to_string()];
    assert!(told.iter().all(|told| told.contains("/content/") && told.contains("is missing")), "{told:?}");
}

#[test]
fn data_keys_that_others_may_read_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    filled(&dir, 1);
    let keys = default_keys_dir(&dir);
    let block = fs::read_dir(keys.join("content")).unwrap().next().unwrap().unwrap().path();
    for path in [&block, &keys.join("journal.key")] {
        fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
        let told = open(&dir).err().unwrap().to_string();
        assert!(told.contains("can be read by others"), "{told}");
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }
    drop(open(&dir).unwrap());
}

#[test]
fn an_older_copy_is_accepted_only_by_name_and_the_old_checkpoint_stays() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let keys = default_keys_dir(&dir);
    filled(&dir, 3);
    let copy = folder.path().join("copy.db");
    fs::copy(dir.join("vault.db"), &copy).unwrap();
    filled(&dir, 3);
    fs::copy(&copy, dir.join("vault.db")).unwrap();
    assert!(matches!(open(&dir), Err(VaultError::Checkpoint(_))));
    assert!(accept(&dir).unwrap().replaced);
    assert!(fs::read_to_string(keys.join("checkpoint.replaced")).unwrap().contains("\n7\n"));
    assert_eq!(verify(&dir, &keys).unwrap().entries, 4);
    // Without its journal the checkpoint still stands: nothing new takes the place of what is gone.
    fs::remove_file(dir.join("vault.db")).unwrap();
    assert!(matches!(open(&dir), Err(VaultError::Checkpoint(_))));
    assert!(matches!(open(&dir), Err(VaultError::Checkpoint(_))));
}

#[test]
fn what_follows_the_signed_entry_must_follow_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let keys = default_keys_dir(&dir);
    filled(&dir, 3);
    let signed = fs::read(keys.join("checkpoint")).unwrap();
    filled(&dir, 5);
    // As a crash leaves it: entries after the last checkpoint. That opens.
    fs::write(keys.join("checkpoint"), &signed).unwrap();
    drop(open(&dir).unwrap());
    let whole = fs::read(dir.join("vault.db")).unwrap();
    for (change, told) in [
        ("UPDATE journal SET at = at + 1 WHERE seq = 7", "journal entry 7: its hash"),
        ("DELETE FROM journal WHERE seq = 7", "journal entry 7: it is missing"),
        ("UPDATE journal SET hash = zeroblob(32) WHERE seq = 9", "journal entry 9: its hash"),
    ] {
        fs::write(dir.join("vault.db"), &whole).unwrap();
        fs::write(keys.join("checkpoint"), &signed).unwrap();
        sql(&dir, change);
        let error = open(&dir).err().unwrap().to_string();
        assert!(error.starts_with(told), "{change}: {error}");
        assert_eq!(fs::read(keys.join("checkpoint")).unwrap(), signed, "{change}: it was signed");
        assert!(accept(&dir).is_err(), "{change}: a damaged chain was accepted");
    }
}

#[test]
fn two_threads_that_sign_leave_a_whole_checkpoint_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let path = default_keys_dir(&dir).join("checkpoint");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let signers: Vec<_> =
            (0..3).map(|_| scope.spawn(|| (0..60).for_each(|_| vault.checkpoint(true).unwrap()))).collect();
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 5);
            }
        });
        let ended: Vec<_> = signers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok));
    });
}

#[test]
fn a_data_folder_that_was_open_to_others_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("lock"), b"").unwrap();
    fs::create_dir(dir.join("blobs")).unwrap();
    for (path, mode) in [(dir.clone(), 0o755), (dir.join("lock"), 0o644), (dir.join("blobs"), 0o755)] {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let vault = open(&dir).unwrap();
    vault.use_data_set("list", "1", b"192.0.2.1\n").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&dir.join("blobs"))), (0o700, 0o700));
    for file in fs::read_dir(&dir).unwrap().chain(fs::read_dir(dir.join("blobs")).unwrap()) {
        let path = file.unwrap().path();
        assert!(path.is_dir() || mode(&path) == 0o600, "{} {:o}", path.display(), mode(&path));
    }
}

#[test]
fn keys_never_lie_in_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    fs::create_dir(&dir).unwrap();
    symlink(&dir, folder.path().join("link")).unwrap();
    symlink(dir.join("hidden"), folder.path().join("dangling")).unwrap();
    for inside in ["data", "data/keys", "data/a/b", "link/keys", "link", "elsewhere/../data/keys", "link/../data/k"] {
        let error = open_with(&dir, Some(&folder.path().join(inside))).err().unwrap();
        assert!(matches!(error, VaultError::KeysInside { .. }), "{inside}: {error}");
    }
    assert!(open_with(&folder.path().join("link"), Some(&dir.join("keys"))).is_err());
    assert!(open_with(&dir, Some(&folder.path().join("dangling"))).is_err());
    assert_eq!(fs::read_dir(&dir).unwrap().filter(|file| file.as_ref().unwrap().path().is_dir()).count(), 0);
    open_with(&dir, Some(&folder.path().join("data-keys"))).unwrap();
}

#[test]
fn each_report_has_one_source_and_each_source_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let keys = default_keys_dir(&dir);
    filled(&dir, 3);
    verify(&dir, &keys).unwrap();
    sql(&dir, "INSERT INTO source(case_id, way_back, seq) VALUES (zeroblob(16), zeroblob(16), 1)");
    let error = verify(&dir, &keys).unwrap_err();
    assert!(matches!(error, VaultError::Sources { stored: 4, reports: 3 }), "{error}");
    sql(&dir, "DELETE FROM source WHERE case_id <> zeroblob(16) AND case_id = (SELECT max(case_id) FROM source)");
    let error = verify(&dir, &keys).unwrap_err().to_string();
    assert!(error.ends_with("no source is recorded for its case"), "{error}");
}

#[test]
fn a_report_that_is_too_long_is_told_from_a_store_that_fails() {
    let vault = in_memory();
    let mut long = submission(7, &["a.test"]);
    long.report.narrative = "\"".repeat(1024 * 1024);
    let error = vault.submit(vec![submission(7, &["b.test"]), long], false).unwrap_err();
    assert!(
        matches!(&error, VaultError::Journal(JournalError::Codec(CodecError::TooLong { kind: "report", .. }))),
        "{error}"
    );
    assert_eq!(vault.journal().head().seq, 1, "nothing of the batch is stored");
    vault.submit(vec![submission(7, &["b.test"])], false).unwrap();
}
