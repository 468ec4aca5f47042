//! What lies on disk: sealed, erased by destroying keys, and the same to whoever reads it back as to whoever was there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use aws_lc_rs::digest::{Context, SHA256};
use common::{NOW, open, outside, submission};
use model::{CaseId, FileId, OrganisationId, Timestamp, WhoMayBeWarned};
use proptest::prelude::*;
use vault::{Act, Acted, FileBegun, FileTold, SealedFault, Vault, codec, default_keys_dir, seal_file, verify};

const FIRM: u8 = 7;

fn file(vault: &Arc<Vault>, value: &str) -> CaseId {
    let mut report = submission(FIRM, &[value]);
    report.report.title = format!("title of {value}");
    report.report.narrative = format!("words about {value}");
    vault.submit(vec![report], false).unwrap()[0].case.unwrap()
}

fn file_for(vault: &Arc<Vault>, value: &str, warn: WhoMayBeWarned) -> CaseId {
    let mut report = submission(FIRM, &[value]);
    report.report.warn = warn;
    vault.submit(vec![report], false).unwrap()[0].case.unwrap()
}

/// Adds a file to a case.
fn attach(vault: &Arc<Vault>, case: CaseId, name: &str, kind: &str, bytes: &[u8]) -> FileId {
    let firm = OrganisationId::from_bytes([FIRM; 16]);
    let FileBegun::Open(mut incoming) = vault.begin_file(case, Some(firm)).unwrap() else { panic!("not taken") };
    incoming.write(bytes).unwrap();
    let (id, (sender, receiver)) = (incoming.id(), mpsc::channel());
    let told = FileTold { name: name.to_owned(), kind: kind.to_owned(), notes: Vec::new() };
    let done = Box::new(move |outcome: Result<Acted, _>| sender.send(outcome.unwrap()).unwrap());
    vault.keep_file(incoming, told, (firm, Timestamp::from_millis(NOW)), None, done).unwrap();
    assert_eq!(receiver.recv().unwrap(), Acted::Done);
    id
}

fn act(vault: &Arc<Vault>, case: CaseId, act: Act) -> Acted {
    let (sender, receiver) = mpsc::channel();
    let done = move |outcome: Result<Acted, _>| sender.send(outcome.unwrap()).unwrap();
    let firm = OrganisationId::from_bytes([FIRM; 16]);
    vault.act_then(firm, case, act, Timestamp::from_millis(NOW), Box::new(done)).unwrap();
    receiver.recv().unwrap()
}

fn say(vault: &Arc<Vault>, case: CaseId, text: &str) -> Acted {
    act(vault, case, Act::Say { text: text.to_owned() })
}

fn recall(vault: &Arc<Vault>, case: CaseId) {
    act(vault, case, Act::Recall);
    let erased = vault.to_erase(case, |_| vec![None]).unwrap().unwrap();
    vault.redact(case, &erased).unwrap();
}

/// A hash of every entry as it is read.
fn state(vault: &Vault) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    let mut from = 1;
    loop {
        let entries = vault.journal().read(from, 100).unwrap();
        let Some(last) = entries.last() else { break };
        from = last.seq + 1;
        for entry in &entries {
            context.update(&codec::encode(&entry.body).unwrap());
        }
    }
    context.finish().as_ref().to_vec()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() { all.extend(files_in(&entry.path())) } else { all.push(entry.path()) }
    }
    all
}

fn holds(folder: &Path, what: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| fs::read(path).unwrap().windows(what.len()).any(|window| window == what.as_bytes());
    files_in(folder).into_iter().filter(holds).collect()
}

#[test]
fn the_data_folder_has_no_word_of_a_report_or_its_thread() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let case = file(&vault, "secret-value.test");
    assert_eq!(say(&vault, case, "a spoken word"), Acted::Done);
    attach(&vault, case, "payroll.eml", "text", b"an attached word");
    // One that the reporter's device sealed, and one that was not: neither is there.
    let key = vault.keys().cell_key(Timestamp::from_millis(NOW)).unwrap();
    let only = file_for(&vault, "second-value.test", WhoMayBeWarned::CellOnly);
    let sealed = seal_file(&key, only, ("sealed-name.eml", "text/sealed-type"), b"a sealed word").unwrap();
    let id = attach(&vault, only, "sealed-file", "sealed", &sealed);
    let words = [
        "secret-value",
        "title of",
        "words about",
        "a spoken word",
        "payroll",
        "an attached word",
        "sealed-name",
        "sealed-type",
        "a sealed word",
    ];
    for word in words {
        assert_eq!(holds(&dir, word), Vec::<PathBuf>::new(), "{word}, while it is open");
    }
    drop(vault);
    for word in words {
        assert_eq!(holds(&dir, word), Vec::<PathBuf>::new(), "{word}");
    }
    // With the keys of files and of the journal, but without the cell's of that month, there is the sealed file and no word of it.
    for path in files_in(&default_keys_dir(&dir)) {
        if path.file_name().unwrap().to_str().unwrap().starts_with("cell-") {
            fs::remove_file(path).unwrap();
        }
    }
    let again = open(&dir).unwrap();
    let lying: Vec<u8> = again.read_file(only, id, None).unwrap().unwrap().flat_map(Result::unwrap).collect();
    assert!(lying == sealed && matches!(again.open_sealed(only, id), Err(SealedFault::Gone)));
    drop(again);
    let again = open(&dir).unwrap();
    assert_eq!(again.report_of(case).unwrap().unwrap().0.narrative, "words about secret-value.test");
}

#[test]
fn a_recall_destroys_keys_and_the_chain_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let (keys, copy) = (default_keys_dir(&dir), folder.path().join("copy"));
    let vault = open(&dir).unwrap();
    let (gone, kept) = (file(&vault, "gone.test"), file(&vault, "kept.test"));
    say(&vault, gone, "a word that goes");
    vault.journal().flush().unwrap();
    vault::backup(&dir, None, &copy, &folder.path().join("copied-keys")).unwrap();
    let before = vault.journal().read_raw(1, 100).unwrap();
    recall(&vault, gone);
    let after = vault.journal().read_raw(1, before.len()).unwrap();
    assert!(before == after, "a row was rewritten");
    assert_eq!(vault.report_of(gone).unwrap().unwrap().0.title, "");
    assert_eq!(vault.report_of(kept).unwrap().unwrap().0.title, "title of kept.test");
    drop(vault);
    verify(&dir, &keys).unwrap();
    // The copy of before, with the keys of today: what was recalled is not in it for anybody.
    let restored = folder.path().join("restored");
    vault::restore(&copy, None, &restored, Some(keys.clone())).unwrap_err();
    vault::accept_head(&restored, Some(keys.clone()), &*outside(), &(outside() as _)).unwrap();
    let vault = common::open_with(&restored, Some(&keys)).unwrap();
    assert_eq!(vault.report_of(gone).unwrap().unwrap().0.narrative, "");
    assert_eq!(vault.report_of(kept).unwrap().unwrap().0.narrative, "words about kept.test");
    assert_eq!(vault.recalled(), [gone]);
}

#[test]
fn keys_that_a_crash_left_are_destroyed_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let content = default_keys_dir(&dir).join("content");
    let vault = open(&dir).unwrap();
    let case = file(&vault, "gone.test");
    let before: Vec<(PathBuf, Vec<u8>)> =
        files_in(&content).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    recall(&vault, case);
    drop(vault);
    // As if the process had been killed after the entry was on disk, and before its key was destroyed.
    for (path, bytes) in &before {
        assert!(fs::read(path).unwrap() != *bytes, "no key was destroyed");
        fs::write(path, bytes).unwrap();
    }
    let vault = open(&dir).unwrap();
    assert_eq!(vault.report_of(case).unwrap().unwrap().0.narrative, "");
    assert!(before.iter().all(|(path, bytes)| fs::read(path).unwrap() != *bytes), "the key is there again");
}

#[test]
fn a_key_that_was_destroyed_without_a_word_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let keys = default_keys_dir(&dir);
    let vault = open(&dir).unwrap();
    file(&vault, "gone.test");
    drop(vault);
    for path in files_in(&keys.join("content")) {
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, vec![0; bytes.len()]).unwrap();
    }
    let told = verify(&dir, &keys).unwrap_err().to_string();
    assert!(told.contains("entry 2") && told.contains("taken out"), "{told}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Live and replayed state agree after any erasures.
    #[test]
    fn whoever_reads_it_back_reads_what_whoever_was_there_has(
        acts in proptest::collection::vec((0_u8..4, any::<proptest::sample::Index>()), 1..24),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("data");
        let vault = open(&dir).unwrap();
        let (mut cases, mut gone) = (Vec::new(), BTreeSet::new());
        for (n, (what, which)) in acts.iter().enumerate() {
            match what {
                0 | 1 => cases.push(file(&vault, &format!("d{n}.test"))),
                _ if cases.is_empty() => {}
                2 => drop(say(&vault, *which.get(&cases), &format!("word {n}"))),
                _ => {
                    let case = *which.get(&cases);
                    if gone.insert(case) {
                        recall(&vault, case);
                    }
                }
            }
        }
        let live = state(&vault);
        drop(vault);
        verify(&dir, &default_keys_dir(&dir)).unwrap();
        let again = open(&dir).unwrap();
        prop_assert_eq!(state(&again), live);
        for case in &cases {
            prop_assert_eq!(again.report_of(*case).unwrap().unwrap().0.title.is_empty(), gone.contains(case));
        }
    }
}
