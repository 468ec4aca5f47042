//! The vault from outside: checkpoints, verification, the golden journal, export.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;

use common::{NOW, open};
use model::{Timestamp, WhoMayBeWarned};
use vault::{
    Body, ItemOutcome, Journal as _, NewEntry, SqliteJournal, SqliteOptions, Submission, VaultError, codec,
    default_keys_dir, export, verify,
};

/// A report that names a firm which did not wish to be named.
fn submission(firm: u8, values: &[&str]) -> Submission {
    let report = common::submission(firm, values);
    Submission { sector: Some("energy".into()), named: Some("Never stored".into()), ..report }
}

#[test]
fn duplicates_are_of_the_same_submitter_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let first = vault.submit(vec![submission(1, &["a.test", "b.test"])], true).unwrap();
    assert_eq!(first[0].items, [ItemOutcome::Accepted, ItemOutcome::Accepted]);
    assert_eq!(vault.submit(vec![submission(2, &["a.test"])], true).unwrap()[0].items, [ItemOutcome::Accepted]);
    drop(vault);
    let vault = open(&dir).unwrap();
    let again =
        vault.submit(vec![submission(1, &["a.test", "b.test"]), submission(1, &["a.test", "c.test"])], true).unwrap();
    assert!(again[0].case.is_none());
    assert_eq!(again[1].items, [ItemOutcome::Duplicate, ItemOutcome::Accepted]);
    assert!(vault.submit(vec![submission(1, &["a.test"])], false).unwrap()[0].case.is_some());
}

#[test]
fn a_restart_recalls_this_window_and_the_one_before_with_their_markings() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let at = |windows: i64, value: &str| {
        let mut submission = submission(1, &[value]);
        submission.received_at = Timestamp::from_millis(NOW + windows * vault::TOKEN_WINDOW_MILLIS);
        submission
    };
    let old = [at(0, "oldest.test"), at(1, "older.test"), at(2, "now.test")];
    open(&dir).unwrap().submit(old.to_vec(), true).unwrap();
    let vault = open(&dir).unwrap();
    let mut stricter = at(2, "older.test");
    stricter.report.marking.tlp = model::Tlp::Red;
    let again = vec![at(2, "oldest.test"), at(2, "older.test"), at(2, "now.test"), stricter];
    let outcomes: Vec<_> = vault.submit(again, true).unwrap().into_iter().map(|report| report.items[0]).collect();
    use ItemOutcome::{Accepted, Duplicate};
    assert_eq!(outcomes, [Accepted, Duplicate, Duplicate, Accepted]);
}

#[test]
fn one_process_at_a_time_has_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let _vault = open(&dir).unwrap();
    assert!(matches!(open(&dir), Err(VaultError::InUse(_))));
}

#[test]
fn keys_must_be_there_and_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    drop(open(&dir).unwrap());
    let keys = default_keys_dir(&dir);
    std::fs::set_permissions(keys.join("release-id.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = open(&dir).err().unwrap();
    assert!(error.to_string().contains("can be read by others"), "{error}");
    std::fs::remove_dir_all(&keys).unwrap();
    assert!(matches!(open(&dir), Err(VaultError::KeysMissing { .. })));
}

fn filled(dir: &Path) {
    let vault = open(dir).unwrap();
    for n in 0..20 {
        vault.submit(vec![submission(n, &[&format!("d{n}.test")])], false).unwrap();
    }
}

#[test]
fn verify_accepts_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    filled(&dir);
    let report = verify(&dir, &default_keys_dir(&dir)).unwrap();
    assert_eq!((report.entries, report.types["report"]), (21, 20));
    assert_eq!(report.checkpoint.unwrap().0, 21);
}

#[test]
fn a_flipped_byte_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    filled(&dir);
    let connection = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
    let whole: Vec<u8> = connection.query_row("SELECT body FROM journal WHERE seq = 5", [], |row| row.get(0)).unwrap();
    for at in (0..whole.len()).step_by(37) {
        let mut flipped = whole.clone();
        flipped[at] ^= 4;
        connection.execute("UPDATE journal SET body = ?1 WHERE seq = 5", [&flipped]).unwrap();
        let error = verify(&dir, &default_keys_dir(&dir)).unwrap_err();
        assert!(error.to_string().starts_with("journal entry 5:"), "byte {at}: {error}");
    }
}

/// Rewrites the chain from an entry on, consistently, as somebody with the data folder could.
fn rewrite(dir: &Path, from: i64) {
    let connection = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
    let mut hash: [u8; 32] =
        connection.query_row("SELECT hash FROM journal WHERE seq = ?1", [from - 1], |row| row.get(0)).unwrap();
    let mut statement = connection.prepare("SELECT seq, at, body FROM journal WHERE seq >= ?1 ORDER BY seq").unwrap();
    let rows: Vec<(i64, i64, Vec<u8>)> = statement
        .query_map([from], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (seq, at, body) in rows {
        let at = if seq == from { at + 1 } else { at };
        hash = codec::chain(&hash, seq as u64, Timestamp::from_millis(at), &body);
        connection
            .execute("UPDATE journal SET hash = ?2, at = ?3 WHERE seq = ?1", rusqlite::params![seq, hash, at])
            .unwrap();
    }
}

#[test]
fn a_consistently_rewritten_chain_is_caught_by_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    filled(&dir);
    rewrite(&dir, 5);
    let error = verify(&dir, &default_keys_dir(&dir)).unwrap_err();
    assert!(matches!(error, VaultError::Checkpoint(_)), "{error}");
    assert!(open(&dir).is_err(), "a rewritten journal must not be served");
}

#[test]
fn a_cut_journal_and_a_forged_checkpoint_are_caught() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    filled(&dir);
    let keys = default_keys_dir(&dir);
    rusqlite::Connection::open(dir.join("vault.db"))
        .unwrap()
        .execute("DELETE FROM journal WHERE seq > 15", [])
        .unwrap();
    let error = verify(&dir, &keys).unwrap_err();
    assert!(error.to_string().contains("was cut"), "{error}");
    let checkpoint = std::fs::read_to_string(keys.join("checkpoint")).unwrap();
    std::fs::write(keys.join("checkpoint"), checkpoint.replacen("\n21\n", "\n15\n", 1)).unwrap();
    let error = verify(&dir, &keys).unwrap_err();
    assert!(error.to_string().contains("signature"), "{error}");
}

#[test]
fn the_golden_journal_of_version_1_replays_for_ever() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journal-v1.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut types = std::collections::BTreeSet::new();
    for (index, line) in text.lines().enumerate() {
        let body = codec::decode(line.as_bytes()).unwrap_or_else(|error| panic!("line {}: {error}", index + 1));
        assert_eq!(String::from_utf8(codec::encode(&body).unwrap()).unwrap(), line, "line {}", index + 1);
        types.insert(body.type_name());
    }
    assert_eq!(types.len(), 16, "{types:?}: every type has a line");
}

#[test]
fn the_golden_lines_of_version_2_replay_for_ever() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journal-v2.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    for (index, line) in text.lines().enumerate() {
        let body = codec::decode(line.as_bytes()).unwrap_or_else(|error| panic!("line {}: {error}", index + 1));
        assert_eq!(String::from_utf8(codec::encode(&body).unwrap()).unwrap(), line, "line {}", index + 1);
        match body {
            Body::Report(report) => assert!(matches!(report.warn, WhoMayBeWarned::Group { as_of: Some(_), .. })),
            Body::Release(batch) => assert!(batch.objects.iter().any(|object| object.audience.group().is_some())),
            other => panic!("{other:?} has no second version"),
        }
    }
    assert_eq!(text.lines().count(), 2);
    // What an older program wrote of a group says of nobody that it had been checked.
    let old = text.lines().next().unwrap().replacen(r#""v":2"#, r#""v":1"#, 1);
    let Body::Report(report) = codec::decode(old.as_bytes()).unwrap() else { panic!("no report") };
    assert!(matches!(report.warn, WhoMayBeWarned::Group { as_of: None, .. }));
    let strange = text.lines().next().unwrap().replacen("group:00000000-0000-4000-8000-000000000007", "now", 1);
    assert!(codec::decode(strange.as_bytes()).is_err());
}

#[test]
fn the_golden_lines_of_version_3_replay_for_ever() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journal-v3.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    for (index, line) in text.lines().enumerate() {
        let body = codec::decode(line.as_bytes()).unwrap_or_else(|error| panic!("line {}: {error}", index + 1));
        assert_eq!(String::from_utf8(codec::encode(&body).unwrap()).unwrap(), line, "line {}", index + 1);
        let Body::Report(report) = body else { panic!("only reports have a third version") };
        assert!(report.items.iter().any(|item| item.kept.is_some()));
    }
    assert_eq!(text.lines().count(), 2);
    let strange = text.lines().next().unwrap().replacen(r#""item":1"#, r#""item":9"#, 1);
    assert!(codec::decode(strange.as_bytes()).is_err());
}

#[test]
fn the_golden_line_of_version_4_replays_for_ever() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journal-v4.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.trim_end();
    let body = codec::decode(line.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(codec::encode(&body).unwrap()).unwrap(), line);
    let Body::Report(report) = body else { panic!("only reports have a fourth version") };
    assert!(report.outside && !report.is_members() && report.warn == WhoMayBeWarned::CellOnly);
    // Nobody outside warns members, whatever a journal says.
    for (from, to) in [(r#""cell-only""#, r#""now""#), (r#""know":"cell""#, r#""know":"cell","own":true"#)] {
        assert!(codec::decode(line.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
    // Not even by a change that the journal holds.
    let mut consented = report.clone();
    consented.amend(&vault::Change::Consent { warn: WhoMayBeWarned::Now });
    assert!(consented == report);
}

/// The hashes were worked out by another program from the description of the chain: it can never change unseen.
#[test]
fn the_chain_of_the_golden_journal_is_what_it_always_was() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bodies = std::fs::read_to_string(golden.join("journal-v1.jsonl")).unwrap();
    let hashes = std::fs::read_to_string(golden.join("journal-v1.chain")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let stored = SqliteJournal::open(&SqliteOptions::plain(path)).unwrap();
    let (mut previous, mut lines) = ([0; 32], 0);
    for (index, (body, expected)) in bodies.lines().zip(hashes.lines()).enumerate() {
        let at = Timestamp::from_millis(1_764_000_000_000 + 100 * index as i64);
        previous = codec::chain(&previous, index as u64 + 1, at, body.as_bytes());
        let hex = |hash: [u8; 32]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(previous), expected, "line {}", index + 1);
        stored.append(vec![NewEntry::new(at, codec::decode(body.as_bytes()).unwrap())]).unwrap();
        assert_eq!(hex(stored.head().hash), expected, "line {} as it is stored", index + 1);
        lines += 1;
    }
    assert_eq!((lines, bodies.lines().count(), hashes.lines().count()), (23, 23, 23));
}

#[test]
fn an_unknown_type_or_version_is_named() {
    for (stored, told) in [
        (r#"{"t":"report","v":9}"#, "type \"report\" version 9 is not known"),
        (r#"{"t":"mystery","v":1}"#, "type \"mystery\" version 1 is not known"),
        (r#"{"t":"tick","v":1}"#, "missing field `at`"),
        ("[]", "invalid"),
        (r#"{"t":"claim","v":1,"case":"x","by":"y","name":"z"}"#, "field case: \"x\" is not known"),
    ] {
        let error = codec::decode(stored.as_bytes()).err().unwrap().to_string();
        assert!(error.contains(told), "{stored}: {error}");
    }
}

#[test]
fn the_export_shows_no_token_and_no_source() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    vault.submit(vec![submission(7, &["a.test"])], false).unwrap();
    let mut out = Vec::new();
    assert_eq!(export(&**vault.journal(), &mut out).unwrap(), 2);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 2);
    let entry = vault.journal().read(2, 1).unwrap();
    let Body::Report(report) = &entry[0].body else { panic!("no report") };
    let token: String = report.token.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!text.contains(&token) && !text.contains("Never stored") && !text.contains(&"07".repeat(16)));
    assert!(text.contains("a.test"));
}
