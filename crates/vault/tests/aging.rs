//! Content whose time is over: gone from the folder for whoever has the keys of today, kept as long as it is needed, and the same to
//! whoever reads it back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use common::{NOW, open, open_with, outside, submission};
use model::{CaseId, Kind, Observable, OrganisationId, PersonId, Technique, Timestamp, WhoMayBeWarned};
use policy::{Audience, NounKind, ReleaseBatch, ReleasedObject};
use vault::{
    Act, Acted, Body, CASES_AT_ONCE_MAX, Class, Due, FileBegun, FileTold, NewEntry, Retention, Vault, codec,
    default_keys_dir, hold_case, look_ages, verify,
};

const FIRM: u8 = 7;
const DAY: i64 = 86_400_000;
const RETENTION: Retention =
    Retention { token_keys_days: 90, cell_keys_days: 180, words_days: 365, values_days: 730, letters_days: 180 };

fn at(days: i64) -> Timestamp {
    Timestamp::from_millis(NOW + days * DAY)
}

fn firm() -> OrganisationId {
    OrganisationId::from_bytes([FIRM; 16])
}

/// A report of a value that members get and of one that the scrub holds.
fn file(vault: &Arc<Vault>, name: &str) -> CaseId {
    let (shown, held) = (format!("shown-{name}.test"), format!("held-{name}.test"));
    let mut report = submission(FIRM, &[&shown, &held]);
    report.report.items[1].held = Some("a name of yours".to_owned());
    report.report.title = format!("title of {name}");
    report.report.narrative = format!("words about {name}");
    report.report.tags = vec![format!("tag-{name}")];
    report.report.techniques = vec![Technique::parse("T1566").unwrap()];
    vault.submit(vec![report], false).unwrap()[0].case.unwrap()
}

fn act_at(vault: &Arc<Vault>, case: CaseId, act: Act, at: Timestamp) -> Acted {
    let (sender, receiver) = mpsc::channel();
    let done = move |outcome: Result<Acted, _>| sender.send(outcome.unwrap()).unwrap();
    vault.act_then(firm(), case, act, at, Box::new(done)).unwrap();
    receiver.recv().unwrap()
}

fn say(vault: &Arc<Vault>, case: CaseId, text: &str, days: i64) {
    assert_eq!(act_at(vault, case, Act::Say { text: text.to_owned() }, at(days)), Acted::Done);
}

fn attach(vault: &Arc<Vault>, case: CaseId, bytes: &[u8]) -> model::FileId {
    let FileBegun::Open(mut incoming) = vault.begin_file(case, Some(firm())).unwrap() else { panic!("no file") };
    incoming.write(bytes).unwrap();
    let id = incoming.id();
    let (sender, receiver) = mpsc::channel();
    let done = Box::new(move |outcome: Result<Acted, _>| sender.send(outcome.unwrap()).unwrap());
    let told = FileTold { name: "note.txt".to_owned(), kind: "text".to_owned(), notes: Vec::new() };
    vault.keep_file(incoming, told, (firm(), at(0)), None, done).unwrap();
    assert_eq!(receiver.recv().unwrap(), Acted::Done);
    id
}

fn correct(title: &str, added: &str) -> Act {
    let report = submission(FIRM, &[added]).report;
    let mut items = report.items;
    items[0].held = Some("yours".to_owned());
    Act::Correct(Box::new(vault::Correction {
        happened_at: None,
        attack: report.attack,
        severity: report.severity,
        ongoing: false,
        title: title.to_owned(),
        narrative: "corrected words".to_owned(),
        added: items,
        dropped: Vec::new(),
    }))
}

fn values(vault: &Vault, case: CaseId) -> Vec<String> {
    let items = vault.report_of(case).unwrap().unwrap().0.items;
    items.iter().map(|item| item.sighting.observable.value().to_owned()).collect()
}

/// Everything whose time is over goes.
fn run(vault: &Vault, days: i64) -> Vec<Due> {
    let due = vault.due(at(days), &RETENTION).unwrap();
    due.chunks(CASES_AT_ONCE_MAX).flat_map(|some| vault.age(some).unwrap().done).collect()
}

/// Every entry as it is read, in one text.
fn read(vault: &Vault) -> String {
    let mut text = String::new();
    let mut from = 1;
    loop {
        let entries = vault.journal().read(from, 100).unwrap();
        let Some(last) = entries.last() else { return text };
        from = last.seq + 1;
        for entry in &entries {
            text.push_str(&String::from_utf8(codec::encode(&entry.body).unwrap()).unwrap());
            text.push('\n');
        }
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() { all.extend(files_in(&entry.path())) } else { all.push(entry.path()) }
    }
    all
}

fn keys_of(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let content = default_keys_dir(dir).join("content");
    files_in(&content).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn put_back(files: &[(PathBuf, Vec<u8>)]) {
    files.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
}

/// Lays a copy of the data out with the keys of today, which vouch for more than it has.
fn restored(copy: &Path, to: &Path, keys: &Path) -> Arc<Vault> {
    vault::restore(copy, None, to, Some(keys.to_owned())).unwrap_err();
    vault::accept_head(to, Some(keys.to_owned()), &*outside(), &(outside() as _)).unwrap();
    open_with(to, Some(keys)).unwrap()
}

/// Members are shown a domain.
fn show(vault: &Vault, value: &str) {
    let observable = Observable::from_normal(Kind::Domain, value);
    let lookup = observable.key(vault.key_seed()).0;
    let body = format!(r#"{{"kind":"domain","value":"{value}"}}"#);
    let (audience, kind) = (Audience::Members, NounKind::Indicator);
    let object = ReleasedObject { audience, kind, id: [1; 16], lookup, campaign: None, body };
    let batch = ReleaseBatch { tick: at(0), objects: vec![object] };
    vault.journal().append(vec![NewEntry::new(at(0), Body::Release(batch))]).unwrap();
}

const GONE: [&str; 7] = ["title of a", "words about a", "tag-a", "a spoken word", "an answer", "corrected", "note.txt"];

#[test]
fn words_threads_and_files_go_after_a_year_and_values_that_only_the_cell_had_after_two() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let keys = default_keys_dir(&dir);
    let vault = open(&dir).unwrap();
    let case = file(&vault, "a");
    say(&vault, case, "a spoken word", 1);
    vault
        .say(case, (PersonId::from_bytes([3; 16]), "Kit".into()), "an answer".into(), false)
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(act_at(&vault, case, correct("corrected title", "later-held.test"), at(2)), Acted::Done);
    let id = attach(&vault, case, b"bytes of a file");
    assert!(run(&vault, 2 + 364).is_empty(), "the year is not over");
    assert_eq!(run(&vault, 2 + 365), [Due { case, class: Class::Words }]);
    let check = |vault: &Vault, kept: &[&str], gone: &[&str]| {
        let text = read(vault);
        assert!(kept.iter().all(|word| text.contains(word)), "{text}");
        let left: Vec<&&str> = gone.iter().filter(|word| text.contains(**word)).collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(vault.read_file(case, id, None).unwrap().is_none());
        assert_eq!(fs::read_dir(dir.join("files")).unwrap().count(), 0);
    };
    check(&vault, &["shown-a.test", "held-a.test", "later-held.test", "T1566"], &GONE);
    assert!(run(&vault, 2 + 729).is_empty(), "it goes once");
    let live = read(&vault);
    drop(vault);
    verify(&dir, &keys).unwrap();
    let vault = open(&dir).unwrap();
    assert_eq!(read(&vault), live, "whoever reads it back reads what whoever was there has");
    assert_eq!(run(&vault, 2 + 730), [Due { case, class: Class::Values }]);
    check(&vault, &["shown-a.test", "T1566"], &["held-a.test", "later-held.test"]);
    assert_eq!(values(&vault, case), ["shown-a.test"]);
    let names: Vec<String> =
        vault.take_aged_values(case).iter().map(|observable| observable.value().to_owned()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(vault.take_aged_values(case).is_empty(), "once");
    let live = read(&vault);
    drop(vault);
    verify(&dir, &keys).unwrap();
    let vault = open(&dir).unwrap();
    assert_eq!(read(&vault), live);
    assert!(run(&vault, 10_000).is_empty());
}

#[test]
fn what_is_said_later_keeps_a_case_and_has_a_time_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let (open_case, old, held) = (file(&vault, "open"), file(&vault, "old"), file(&vault, "held"));
    say(&vault, open_case, "still at it", 300);
    hold_case(&default_keys_dir(&dir), held, true).unwrap();
    assert_eq!(run(&vault, 400), [Due { case: old, class: Class::Words }]);
    let text = read(&vault);
    assert!(text.contains("still at it") && text.contains("words about open") && text.contains("words about held"));
    say(&vault, old, "it came again", 500);
    assert_eq!(run(&vault, 600), [], "the other is not a year old, and this one was spoken of");
    hold_case(&default_keys_dir(&dir), held, false).unwrap();
    let mut all = vec![(open_case, Class::Words), (old, Class::Words), (held, Class::Words)];
    all.sort_unstable();
    let gone: Vec<_> = run(&vault, 865).iter().map(|due| (due.case, due.class)).collect();
    assert_eq!(gone.iter().filter(|(_, class)| *class == Class::Words).copied().collect::<Vec<_>>(), all);
    assert!(!read(&vault).contains("it came again"));
    // What was recalled is gone already.
    let recalled = file(&vault, "recalled");
    act_at(&vault, recalled, Act::Recall, at(0));
    vault.redact(recalled, &vault.to_erase(recalled, |_| vec![None]).unwrap().unwrap()).unwrap();
    assert!(run(&vault, 10_000).iter().all(|due| due.case != recalled));
    drop(vault);
    verify(&dir, &default_keys_dir(&dir)).unwrap();
}

#[test]
fn a_letter_from_outside_goes_whole_and_sooner() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let mut letter = submission(FIRM, &["letter.test"]);
    letter.outside = true;
    letter.report.narrative = "from a stranger".to_owned();
    let case = vault.submit(vec![letter], false).unwrap()[0].case.unwrap();
    let report = file(&vault, "a");
    let looked = look_ages(&dir, &default_keys_dir(&dir), &RETENTION, at(150), 30).unwrap();
    assert_eq!((looked.cases, looked.due.len(), looked.ahead[&Class::Letters]), (2, 0, 1));
    assert_eq!(run(&vault, 180), [Due { case, class: Class::Letters }]);
    let text = read(&vault);
    assert!(!text.contains("stranger") && !text.contains("letter.test") && text.contains("words about a"));
    // A report whose values were all shown has nothing that goes after its words.
    let mut plain = submission(FIRM, &["plain.test"]);
    plain.report.narrative = "plain words".to_owned();
    let plain = vault.submit(vec![plain], false).unwrap()[0].case.unwrap();
    let mut words = [Due { case: report, class: Class::Words }, Due { case: plain, class: Class::Words }];
    words.sort_unstable();
    assert_eq!(run(&vault, 400), words);
    assert_eq!(run(&vault, 1000), [Due { case: report, class: Class::Values }]);
    let looked = look_ages(&dir, &default_keys_dir(&dir), &RETENTION, at(1000), 30).unwrap();
    let gone: Vec<u64> = Class::ALL
        .iter()
        .map(|class| looked.gone.iter().filter(|((_, of), _)| of == class).map(|(_, cases)| cases).sum())
        .collect();
    assert_eq!(gone, [2, 1, 1], "words, values, letters");
    assert!(looked.due.is_empty() && looked.ahead.is_empty());
}

#[test]
fn one_batch_is_bounded_and_its_order_is_that_of_random_names() {
    let vault = common::in_memory();
    let cases: Vec<CaseId> = (0..CASES_AT_ONCE_MAX + 5).map(|n| file(&vault, &n.to_string())).collect();
    let due = vault.due(at(365), &RETENTION).unwrap();
    assert_eq!(due.len(), cases.len());
    assert!(due.is_sorted() && due.iter().map(|due| due.case).ne(cases.iter().copied()), "not in the order they came");
    let before = vault.journal().head().seq;
    assert_eq!(vault.age(&due).unwrap().done.len(), CASES_AT_ONCE_MAX);
    assert_eq!(vault.journal().head().seq - before, CASES_AT_ONCE_MAX as u64);
    assert_eq!(vault.due(at(365), &RETENTION).unwrap().len(), 5, "the rest is for the next");
}

#[test]
fn keys_that_a_crash_left_are_destroyed_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let case = file(&vault, "a");
    say(&vault, case, "a spoken word", 0);
    let before = keys_of(&dir);
    assert_eq!(run(&vault, 365).len(), 1);
    let live = read(&vault);
    drop(vault);
    // As if the process had been killed after the entry was on disk, and before its keys were destroyed.
    let after = keys_of(&dir);
    assert_ne!(before, after);
    let with_new: Vec<_> =
        after.iter().filter(|(path, _)| before.iter().any(|(known, _)| known == path)).cloned().collect();
    // Of the keys that were there before, those destroyed come back; those that were drawn since stay.
    put_back(&before);
    let vault = open(&dir).unwrap();
    assert_eq!(read(&vault), live);
    drop(vault);
    for (path, bytes) in with_new {
        assert_eq!(fs::read(&path).unwrap(), bytes, "the same keys are destroyed again, and no other");
    }
}

#[test]
fn a_crash_before_the_entry_is_made_up_for_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let (keys, copy) = (default_keys_dir(&dir), folder.path().join("copy"));
    let vault = open(&dir).unwrap();
    let case = file(&vault, "a");
    vault.journal().flush().unwrap();
    vault::backup(&dir, None, &copy, &folder.path().join("copied-keys")).unwrap();
    let before = keys_of(&dir);
    run(&vault, 730);
    drop(vault);
    // The list beside the keys names it, and neither the entry nor a destroyed key is there.
    put_back(&before);
    let vault = restored(&copy, &folder.path().join("restored"), &keys);
    let text = read(&vault);
    assert!(!text.contains("words about a") && !text.contains("held-a"), "{text}");
    assert_eq!(values(&vault, case), ["shown-a.test"]);
    drop(vault);
    verify(&folder.path().join("restored"), &keys).unwrap();
}

#[test]
fn an_older_copy_loses_it_before_anybody_is_served_and_goes_on_showing_what_members_have() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let (keys, copy, place) = (default_keys_dir(&dir), folder.path().join("copy"), folder.path().join("restored"));
    let vault = open(&dir).unwrap();
    let (aged, young) = (file(&vault, "a"), file(&vault, "young"));
    say(&vault, aged, "a spoken word", 0);
    say(&vault, young, "not long ago", 700);
    show(&vault, "shown-a.test");
    vault.journal().flush().unwrap();
    vault::backup(&dir, None, &copy, &folder.path().join("copied-keys")).unwrap();
    assert_eq!(run(&vault, 730).len(), 2, "words and values");
    drop(vault);
    verify(&dir, &keys).unwrap();
    let vault = restored(&copy, &place, &keys);
    // Neither its words nor what only the cell had; what members were shown of it is said by its report, with what went beside it.
    let report = vault.report_of(aged).unwrap().unwrap().0;
    assert_eq!((report.title.as_str(), report.narrative.as_str()), ("", ""));
    assert_eq!((values(&vault, aged), report.warn), (vec!["shown-a.test".to_owned()], WhoMayBeWarned::Now));
    assert_eq!(report.techniques, [Technique::parse("T1566").unwrap()]);
    assert_eq!(vault.report_of(young).unwrap().unwrap().0.narrative, "words about young");
    let live = read(&vault);
    assert!(!live.contains("a spoken word") && live.contains("not long ago"));
    let head = vault.journal().head().seq;
    drop(vault);
    verify(&place, &keys).unwrap();
    // And so it stays, without being taken out once more.
    let vault = open_with(&place, Some(&keys)).unwrap();
    assert_eq!((read(&vault), vault.journal().head().seq), (live, head));
}

#[test]
fn a_recall_of_what_is_aged_takes_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let case = file(&vault, "a");
    run(&vault, 365);
    assert_eq!(act_at(&vault, case, Act::Recall, at(366)), Acted::Done);
    vault.redact(case, &vault.to_erase(case, |_| vec![None]).unwrap().unwrap()).unwrap();
    assert!(values(&vault, case).is_empty());
    let live = read(&vault);
    assert!(!live.contains("shown-a") && !live.contains("held-a"));
    drop(vault);
    verify(&dir, &default_keys_dir(&dir)).unwrap();
    assert_eq!(read(&open(&dir).unwrap()), live);
}

#[test]
fn an_entry_that_was_changed_without_a_word_is_still_found() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let case = file(&vault, "a");
    run(&vault, 365);
    assert!(vault.report_of(case).unwrap().is_some());
    drop(vault);
    for (path, bytes) in keys_of(&dir) {
        fs::write(&path, vec![0; bytes.len()]).unwrap();
    }
    // The key of what was left is destroyed too, and no entry says so; the list names the case, as for a copy of before.
    let told = verify(&dir, &default_keys_dir(&dir));
    fs::remove_file(default_keys_dir(&dir).join("aged")).unwrap();
    let without_the_list = verify(&dir, &default_keys_dir(&dir)).unwrap_err().to_string();
    assert!(told.is_ok() && without_the_list.contains("taken out"), "{without_the_list}");
}

#[test]
fn a_note_of_the_live_state_outlives_words_that_fusion_does_not_count_by() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&folder.path().join("data")).unwrap();
    let mut plain = submission(FIRM, &["plain.test"]);
    plain.report.tags = Vec::new();
    vault.submit(vec![plain], false).unwrap();
    let note = || vault.note_live_state(&vault.journal().head(), &[5; 32]).unwrap();
    let due = || vault.due(at(366), &RETENTION).unwrap();
    note();
    let went = vault.age(&due()).unwrap();
    assert_eq!((went.done.len(), went.counted), (1, false));
    assert!(vault.live_state().unwrap().is_some(), "a replay comes to the same");
    file(&vault, "tagged");
    note();
    let went = vault.age(&due()).unwrap();
    assert_eq!((went.done.len(), went.counted), (1, true));
    assert_eq!(vault.live_state().unwrap(), None);
}
