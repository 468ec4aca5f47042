//! What lies beside the journal: checkpoints in time, a missing one told, batches, blobs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::time::{Duration, Instant};

use common::{in_memory, open, submission};
use vault::{DataSet, ItemOutcome, default_keys_dir, verify};

#[test]
fn the_head_is_signed_while_the_vault_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    vault.submit(vec![submission(1, &["a.test"])], false).unwrap();
    let begun = Instant::now();
    // Another process may check a journal that is being written.
    while verify(&dir, &default_keys_dir(&dir)).unwrap().checkpoint.unwrap().0 < 2 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the head was never signed");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_missing_checkpoint_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    drop(open(&dir).unwrap());
    let keys = default_keys_dir(&dir);
    std::fs::remove_file(keys.join("checkpoint")).unwrap();
    let error = verify(&dir, &keys).unwrap_err();
    assert!(error.to_string().contains("has no checkpoint"), "{error}");
    let elsewhere = folder.path().join("elsewhere");
    assert!(verify(&dir, &elsewhere).is_err());
    assert!(!elsewhere.exists(), "a check makes no keys");
}

#[test]
fn what_was_queued_is_on_disk_when_the_vault_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    for n in 0..200 {
        let value = format!("d{n}.test");
        vault.submit_then(vec![submission(1, &[&value])], false, Box::new(|outcome| assert!(outcome.is_ok()))).unwrap();
    }
    drop(vault);
    let report = verify(&dir, &default_keys_dir(&dir)).unwrap();
    assert_eq!((report.entries, report.checkpoint.unwrap().0), (201, 201));
}

#[test]
fn a_batch_knows_its_own_duplicates() {
    use ItemOutcome::{Accepted, Duplicate};
    let vault = in_memory();
    let batch = vec![
        submission(1, &["a.test", "a.test", "b.test"]),
        submission(1, &["b.test"]),
        submission(2, &["b.test"]),
        submission(1, &["b.test", "c.test"]),
    ];
    let outcome = vault.submit(batch, true).unwrap();
    let items: Vec<_> = outcome.iter().map(|accepted| accepted.items.as_slice()).collect();
    let expected: [&[ItemOutcome]; 4] =
        [&[Accepted, Duplicate, Accepted], &[Duplicate], &[Accepted], &[Duplicate, Accepted]];
    assert_eq!(items, expected);
    let cases: Vec<bool> = outcome.iter().map(|accepted| accepted.case.is_some()).collect();
    assert_eq!(cases, [true, false, true, true]);
    assert_eq!(vault.journal().head().seq, 4);
}

#[test]
fn blobs_are_what_their_name_says() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let set = vault.put_blob("resolvers", "7", b"192.0.2.1\n").unwrap();
    assert_eq!(vault.put_blob("resolvers", "7", b"192.0.2.1\n").unwrap(), set);
    assert_eq!(vault.get_blob(&set).unwrap(), b"192.0.2.1\n");
    let absent = DataSet { sha256: [0; 32], ..set.clone() };
    assert!(vault.get_blob(&absent).unwrap_err().to_string().contains("absent"));
    let file = std::fs::read_dir(dir.join("blobs")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(file, b"192.0.2.2\n").unwrap();
    assert!(vault.get_blob(&set).unwrap_err().to_string().contains("not what its name says"));
}

#[test]
fn equal_inputs_give_equal_vaults() {
    let (one, two) = (in_memory(), in_memory());
    for vault in [&one, &two] {
        vault.submit(vec![submission(1, &["a.test"]), submission(2, &["a.test"])], false).unwrap();
    }
    assert_eq!(one.journal().head(), two.journal().head());
}
