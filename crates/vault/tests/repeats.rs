//! Idempotency keys: one report for each, whoever asks again is told what was told first, and nothing at rest names anybody.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::{Arc, mpsc};

use common::{NOW, in_memory, open, submission};
use model::{CaseId, OrganisationId, Timestamp};
use vault::{Accepted, Act, Acted, Again, Correction, Item, Repeat, Vault};

fn repeat(firm: u8, key: &str, request: u8) -> Repeat {
    let organisation = OrganisationId::from_bytes([firm; 16]);
    let answer = format!("{{\"of\":\"secret-{key}.test\"}}");
    Repeat { organisation, key: key.to_owned(), request: [request; 32], status: 201, answer }
}

fn once(vault: &Arc<Vault>, firm: u8, value: &str, repeat: &Repeat) -> Result<Accepted, Again> {
    let (sender, receiver) = mpsc::channel();
    let done = move |outcome: Result<_, _>| sender.send(outcome.unwrap()).unwrap();
    vault.submit_once(submission(firm, &[value]), repeat, Box::new(done)).unwrap();
    receiver.recv().unwrap()
}

fn act(vault: &Arc<Vault>, case: CaseId, act: Act, repeat: &Repeat) -> Acted {
    let (sender, receiver) = mpsc::channel();
    let done = move |outcome: Result<Acted, _>| sender.send(outcome.unwrap()).unwrap();
    let at = Timestamp::from_millis(NOW);
    vault.act_once(repeat.organisation, case, act, at, Some(repeat), Box::new(done)).unwrap();
    receiver.recv().unwrap()
}

fn told(again: &Again) -> (&str, Option<CaseId>) {
    let Again::Done { status: 201, answer, accepted } = again else { panic!("{again:?}") };
    (answer, accepted.as_ref().and_then(|accepted| accepted.case))
}

#[test]
fn the_same_key_and_request_is_done_once_over_a_restart_and_another_request_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let key = repeat(1, "k", 1);
    assert_eq!(vault.asked_before(&key).unwrap(), None);
    let case = once(&vault, 1, "a.test", &key).unwrap().case.unwrap();
    let head = vault.journal().head();
    drop(vault);
    let vault = open(&dir).unwrap();
    let again = once(&vault, 1, "a.test", &key).unwrap_err();
    assert_eq!(told(&again), (key.answer.as_str(), Some(case)));
    assert_eq!(vault.asked_before(&key).unwrap().as_ref(), Some(&again));
    assert_eq!(once(&vault, 1, "b.test", &repeat(1, "k", 2)), Err(Again::Differs));
    assert_eq!(vault.journal().head(), head, "something was stored twice");
    // The same key of another organisation is another key.
    assert!(once(&vault, 2, "a.test", &repeat(2, "k", 1)).unwrap().case.unwrap() != case);
}

#[test]
fn nothing_at_rest_says_whose_key_or_which_case() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let case = once(&vault, 1, "a.test", &repeat(1, "visible-key", 1)).unwrap().case.unwrap();
    let text = [case.to_string().into_bytes(), case.as_bytes().to_vec(), vec![1; 16], b"visible-key".to_vec()];
    let connection = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?, row.get::<_, Vec<u8>>(3)?))
    };
    let (key, about, hour, body) = connection.query_row("SELECT key, about, hour, body FROM kept", [], row).unwrap();
    for secret in text.iter().map(Vec::as_slice).chain([&b"secret-"[..]]) {
        for column in [&key, &about, &body] {
            assert!(!column.windows(secret.len()).any(|part| part == secret), "{secret:?}");
        }
    }
    assert!(hour == NOW / 3_600_000 && body.len().is_power_of_two());
    // Whoever has the data without the keys cannot tell the row by trying.
    drop((connection, vault));
    let keys = vault::default_keys_dir(&dir);
    std::fs::remove_file(keys.join("repeats.key")).unwrap();
    assert_eq!(open(&dir).unwrap().asked_before(&repeat(1, "visible-key", 1)).unwrap(), None);
}

#[test]
fn a_row_that_was_moved_to_another_key_answers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    once(&vault, 1, "a.test", &repeat(1, "a", 1)).unwrap();
    once(&vault, 2, "b.test", &repeat(2, "b", 1)).unwrap();
    let connection = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
    let turn = "UPDATE kept SET body = (SELECT body FROM kept AS other WHERE other.key <> kept.key)
        WHERE key = (SELECT min(key) FROM kept)";
    assert_eq!(connection.execute(turn, []).unwrap(), 1);
    let found = [repeat(1, "a", 1), repeat(2, "b", 1)].map(|key| vault.asked_before(&key).unwrap().is_some());
    assert!(found[0] != found[1], "{found:?}");
}

#[test]
fn an_act_is_done_once_and_one_that_is_refused_takes_no_key() {
    let vault = in_memory();
    let case = once(&vault, 1, "a.test", &repeat(1, "k", 1)).unwrap().case.unwrap();
    let say = |text: &str| Act::Say { text: text.to_owned() };
    let key = repeat(1, "say", 1);
    assert_eq!(act(&vault, case, say("hello"), &key), Acted::Done);
    let head = vault.journal().head();
    let Acted::Again(again) = act(&vault, case, say("hello"), &key) else { panic!("done twice") };
    assert_eq!(told(&again), (key.answer.as_str(), None));
    assert_eq!(vault.journal().head(), head);
    // Another's case is absent, and the key is still free.
    let other = repeat(2, "say", 1);
    assert_eq!(act(&vault, case, say("hello"), &other), Acted::Absent);
    assert_eq!(vault.asked_before(&other).unwrap(), None);
    assert_eq!(act(&vault, case, Act::Withdraw, &repeat(1, "w", 1)), Acted::Done);
    assert!(matches!(act(&vault, case, Act::Withdraw, &repeat(1, "w2", 1)), Acted::Refused(_)));
    assert_eq!(vault.asked_before(&repeat(1, "w2", 1)).unwrap(), None);
}

#[test]
fn a_recall_takes_the_answers_about_its_case_too_and_the_key_does_not_file_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let key = repeat(1, "k", 1);
    let case = once(&vault, 1, "customer.test", &key).unwrap().case.unwrap();
    let kept = once(&vault, 1, "other.test", &repeat(1, "o", 1)).unwrap().case.unwrap();
    let empty = Repeat { answer: String::new(), ..repeat(1, "recall", 1) };
    assert_eq!(act(&vault, case, Act::Recall, &empty), Acted::Done);
    let erased = vault.to_erase(case, |_| vec![None]).unwrap().unwrap();
    vault.redact(case, &erased).unwrap();
    assert_eq!(once(&vault, 1, "customer.test", &key), Err(Again::Gone));
    assert!(matches!(act(&vault, case, Act::Recall, &empty), Acted::Again(Again::Done { .. })));
    assert_eq!(told(&once(&vault, 1, "other.test", &repeat(1, "o", 1)).unwrap_err()).1, Some(kept));
}

#[test]
fn rows_of_a_day_before_go_and_their_keys_are_new() {
    use model::Clock as _;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let rows = || -> i64 {
        let connection = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
        connection.query_row("SELECT count(*) FROM kept", [], |row| row.get(0)).unwrap()
    };
    let vault = open(&dir).unwrap();
    for n in 0..3 {
        once(&vault, 1, &format!("{n}.test"), &repeat(1, &format!("k{n}"), 1)).unwrap();
    }
    drop(vault);
    let later = common::Outside::at(NOW + 26 * 3_600_000, 5 << 50);
    assert!(later.now() > Timestamp::from_millis(NOW));
    let config = vault::VaultConfig { dir: dir.clone(), keys_dir: None, genesis: common::genesis() };
    let vault = Arc::new(Vault::open(config, later.clone(), later).unwrap());
    assert_eq!((vault.asked_before(&repeat(1, "k0", 1)).unwrap(), rows()), (None, 3));
    once(&vault, 1, "new.test", &repeat(1, "k0", 1)).unwrap();
    assert!(rows() <= 2, "old rows stay");
}

#[test]
fn what_a_correction_was_answered_goes_with_its_case() {
    let vault = in_memory();
    let case = once(&vault, 1, "a.test", &repeat(1, "k", 1)).unwrap().case.unwrap();
    let correction = Correction {
        happened_at: None,
        attack: model::AttackKind::Phishing,
        severity: model::Severity::Low,
        ongoing: false,
        title: "t".to_owned(),
        narrative: String::new(),
        added: Vec::<Item>::new(),
        dropped: Vec::new(),
    };
    let key = repeat(1, "c", 1);
    assert_eq!(act(&vault, case, Act::Correct(Box::new(correction.clone())), &key), Acted::Done);
    assert_eq!(act(&vault, case, Act::Recall, &repeat(1, "r", 1)), Acted::Done);
    vault.redact(case, &vault.to_erase(case, |_| vec![None]).unwrap().unwrap()).unwrap();
    assert_eq!(act(&vault, case, Act::Correct(Box::new(correction)), &key), Acted::Again(Again::Gone));
}
