//! What happens to a case after it came: only its reporter acts on it, consent only widens, and a restart forgets nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::{Arc, mpsc};

use common::{NOW, in_memory, open, submission};
use model::{
    AttackKind, CaseId, Kind, Observable, OrganisationId, PersonId, Severity, Sighting, Timestamp, WhoMayBeWarned,
};
use vault::{
    ACTS_PER_CASE_MAX, Act, Acted, Body, Change, Correction, Item, ItemOutcome, Party, VALUES_ADDED_PER_CASE_MAX, Vault,
};

fn act(vault: &Arc<Vault>, firm: u8, case: CaseId, act: Act) -> Acted {
    let (sender, receiver) = mpsc::channel();
    let organisation = OrganisationId::from_bytes([firm; 16]);
    let done = move |outcome: Result<Acted, _>| sender.send(outcome.unwrap()).unwrap();
    vault.act_then(organisation, case, act, Timestamp::from_millis(NOW), Box::new(done)).unwrap();
    receiver.recv().unwrap()
}

fn file(vault: &Arc<Vault>, firm: u8, warn: WhoMayBeWarned, values: &[&str]) -> CaseId {
    let mut filed = submission(firm, values);
    filed.report.warn = warn;
    vault.submit(vec![filed], false).unwrap()[0].case.unwrap()
}

fn say(text: &str) -> Act {
    Act::Say { text: text.to_owned() }
}

#[test]
fn nobody_but_its_reporter_acts_on_a_case_and_anothers_is_absent() {
    let vault = in_memory();
    let case = file(&vault, 1, WhoMayBeWarned::Now, &["a.test"]);
    let before = vault.journal().head();
    for what in [say("x"), Act::Withdraw, Act::Consent { warn: WhoMayBeWarned::Now }] {
        assert_eq!(act(&vault, 2, case, what.clone()), Acted::Absent);
        assert_eq!(act(&vault, 2, CaseId::from_bytes([9; 16]), what), Acted::Absent);
    }
    assert_eq!(vault.journal().head(), before, "an act on another's case was stored");
    assert_eq!(act(&vault, 1, case, say("hello")), Acted::Done);
    let entry = vault.journal().read(before.seq + 1, 1).unwrap().remove(0);
    let Body::Message(message) = &entry.body else { panic!("no message") };
    assert_eq!((message.case, &message.from, message.text.as_str()), (case, &Party::Reporter, "hello"));
}

#[test]
fn consent_only_widens_and_a_withdrawn_report_is_closed() {
    let vault = in_memory();
    let case = file(&vault, 1, WhoMayBeWarned::CellOnly, &["a.test"]);
    let consent = |warn| act(&vault, 1, case, Act::Consent { warn });
    assert_eq!(consent(WhoMayBeWarned::OnceThreeHaveIt), Acted::Done);
    assert!(matches!(consent(WhoMayBeWarned::CellOnly), Acted::Refused(_)));
    assert!(matches!(consent(WhoMayBeWarned::OnceThreeHaveIt), Acted::Refused(_)));
    assert_eq!(consent(WhoMayBeWarned::Now), Acted::Done);
    assert_eq!(act(&vault, 1, case, Act::Withdraw), Acted::Done);
    assert!(matches!(act(&vault, 1, case, Act::Withdraw), Acted::Refused(_)));
    assert!(matches!(consent(WhoMayBeWarned::Now), Acted::Refused(_)));
    // Its reporter may still say why.
    assert_eq!(act(&vault, 1, case, say("a mistake")), Acted::Done);
}

#[test]
fn what_was_withdrawn_may_be_sent_again_and_a_restart_knows_where_each_case_stands() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let case = file(&vault, 1, WhoMayBeWarned::CellOnly, &["a.test", "b.test"]);
    let kept = file(&vault, 1, WhoMayBeWarned::CellOnly, &["c.test"]);
    assert_eq!(act(&vault, 1, kept, Act::Consent { warn: WhoMayBeWarned::Now }), Acted::Done);
    assert_eq!(act(&vault, 1, case, Act::Withdraw), Acted::Done);
    let outcome = |vault: &Arc<Vault>, value| vault.submit(vec![submission(1, &[value])], true).unwrap()[0].items[0];
    assert_eq!(outcome(&vault, "a.test"), ItemOutcome::Accepted);
    assert_eq!(outcome(&vault, "c.test"), ItemOutcome::Duplicate);
    drop(vault);
    let vault = open(&dir).unwrap();
    assert!(matches!(act(&vault, 1, case, Act::Withdraw), Acted::Refused(_)));
    assert!(matches!(act(&vault, 1, kept, Act::Consent { warn: WhoMayBeWarned::Now }), Acted::Refused(_)));
    assert_eq!(outcome(&vault, "b.test"), ItemOutcome::Accepted);
    assert_eq!(outcome(&vault, "c.test"), ItemOutcome::Duplicate);
}

#[test]
fn the_cell_answers_a_case_that_there_is_and_a_thread_has_an_end() {
    let vault = in_memory();
    let case = file(&vault, 1, WhoMayBeWarned::Now, &["a.test"]);
    let who = || (PersonId::from_bytes([5; 16]), "R. Okafor".to_owned());
    assert!(vault.say(CaseId::from_bytes([9; 16]), who(), "?".into(), false).unwrap().is_none());
    let id = vault.say(case, who(), "May others be warned?".into(), true).unwrap().unwrap().unwrap();
    let last = vault.journal().read(vault.journal().head().seq, 1).unwrap().remove(0);
    let Body::Message(message) = &last.body else { panic!("no message") };
    assert!(
        message.id == id && message.asks && matches!(&message.from, Party::Cell { name, .. } if name == "R. Okafor")
    );
    for _ in 1..ACTS_PER_CASE_MAX {
        assert_eq!(act(&vault, 1, case, say("more")), Acted::Done);
    }
    assert!(matches!(act(&vault, 1, case, say("more")), Acted::Refused(_)));
    assert!(vault.say(case, who(), "?".into(), false).unwrap().unwrap().is_err());
}

#[test]
fn corrections_of_one_case_add_no_more_values_than_a_report_has() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let case = file(&vault, 1, WhoMayBeWarned::Now, &["a.test"]);
    let correct = |vault: &Arc<Vault>, from: usize, add: usize, drop: usize| {
        let name = |n: usize| Observable::from_normal(Kind::Domain, format!("added{n}.test"));
        let added = (from..from + add).map(|n| Item { sighting: Sighting::of(name(n)), held: None, kept: None });
        let correction = Correction {
            happened_at: None,
            attack: AttackKind::Phishing,
            severity: Severity::High,
            ongoing: false,
            title: "t".into(),
            narrative: String::new(),
            added: added.collect(),
            dropped: (0..drop).map(name).collect(),
        };
        act(vault, 1, case, Act::Correct(Box::new(correction)))
    };
    let half = VALUES_ADDED_PER_CASE_MAX / 2;
    assert_eq!(correct(&vault, 0, half, 0), Acted::Done);
    // What is dropped again was work all the same.
    assert_eq!(correct(&vault, half, half, half), Acted::Done);
    assert!(matches!(correct(&vault, 9_000, 1, 0), Acted::Refused(why) if why.contains("1,000 values")));
    assert_eq!(correct(&vault, 0, 0, 1), Acted::Done, "a correction that adds nothing is taken");
    drop(vault);
    let vault = open(&dir).unwrap();
    assert!(matches!(correct(&vault, 9_000, 1, 0), Acted::Refused(_)), "a restart counts them too");
    let report = vault.report_of(case).unwrap().unwrap().0;
    assert_eq!(report.items.len(), 1, "as it came");
    let mut now = report.clone();
    for entry in vault.journal().read(1, 100).unwrap() {
        if let Body::Amend(amend) = &entry.body {
            now.amend(&amend.change);
        }
    }
    let values: Vec<&str> = now.items.iter().map(|item| item.sighting.observable.value()).collect();
    assert_eq!((values.len(), values[0], values[1]), (1 + half, "a.test", format!("added{half}.test").as_str()));
}

#[test]
fn the_way_back_leads_to_the_reporter() {
    let vault = in_memory();
    let case = file(&vault, 3, WhoMayBeWarned::Now, &["a.test"]);
    let mut told = None;
    vault.return_to(case, |organisation| told = Some(organisation)).unwrap();
    assert_eq!(told, Some(OrganisationId::from_bytes([3; 16])));
    vault.return_to(CaseId::from_bytes([9; 16]), |_| panic!("there is no such case")).unwrap();
}

#[test]
fn a_file_from_before_there_were_threads_learns_where_its_reports_lie() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let case = file(&vault, 1, WhoMayBeWarned::Now, &["a.test"]);
    drop(vault);
    let connection = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE plain(case_id BLOB PRIMARY KEY, organisation BLOB NOT NULL) WITHOUT ROWID;
             INSERT INTO plain SELECT case_id, zeroblob(16) FROM source;
             DROP TABLE source; ALTER TABLE plain RENAME TO source;",
        )
        .unwrap();
    let firm = OrganisationId::from_bytes([1; 16]);
    connection.execute("UPDATE source SET organisation = ?1", [firm.as_bytes()]).unwrap();
    drop(connection);
    let vault = open(&dir).unwrap();
    assert_eq!(act(&vault, 1, case, Act::Withdraw), Acted::Done);
    let last = vault.journal().read(vault.journal().head().seq, 1).unwrap().remove(0);
    let Body::Amend(amend) = &last.body else { panic!("no change") };
    assert_eq!((amend.of, &amend.change), (2, &Change::Withdraw));
    assert_eq!(vault.report_of(case).unwrap().unwrap().0.case, case);
}
