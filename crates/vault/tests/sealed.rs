//! Who filed a case lies sealed: a stolen folder names nobody, two leads open one case, and what an older file had in plain is gone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::path::Path;

use common::{NOW, open, submission};
use model::{CaseId, OrganisationId, PersonId, Timestamp};
use vault::{
    Body, Lead, LeadPrivateKey, OpenedSource, Opener, VaultError, accept_head, default_keys_dir, share_of, verify,
};

fn firm(n: u8) -> OrganisationId {
    OrganisationId::from_bytes([n; 16])
}

fn lead(n: u8) -> (LeadPrivateKey, Lead) {
    let (private, key) = LeadPrivateKey::generate().unwrap();
    (private, Lead { person: PersonId::from_bytes([n; 16]), key })
}

fn filed(vault: &std::sync::Arc<vault::Vault>, n: u8) -> CaseId {
    let mut report = submission(n, &[&format!("d{n}.test")]);
    report.contact = Some(format!("the phone of {n}"));
    vault.submit(vec![report], false).unwrap()[0].case.unwrap()
}

/// What two leads learn of the second firm's case.
fn opened_source() -> OpenedSource {
    OpenedSource { organisation: firm(2), contact: Some("the phone of 2".to_owned()) }
}

/// Every byte of every file of a folder.
fn bytes_of(dir: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(bytes_of(&path)) } else { all.extend(fs::read(path).unwrap()) }
    }
    all
}

fn holds(all: &[u8], what: &[u8]) -> bool {
    all.windows(what.len()).any(|window| window == what)
}

#[test]
fn two_leads_open_a_case_with_a_reason_and_one_opens_none() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let before = filed(&vault, 1);
    assert!(!vault.seals_sources() && vault.opening_keys(before).unwrap().is_none(), "no lead, no record");
    let ((ann, one), (bob, other)) = (lead(1), lead(2));
    vault.set_leads(vec![one]);
    assert!(!vault.seals_sources(), "one lead is nobody to seal to");
    vault.set_leads(vec![one, other]);
    let (case, next) = (filed(&vault, 2), filed(&vault, 3));
    assert!(vault.opening_keys(before).unwrap().is_none(), "later cases only");

    let keys = vault.opening_keys(case).unwrap().unwrap();
    let secret = |lead: &Lead| keys.leads.iter().find(|(person, _)| *person == lead.person).unwrap().1.clone();
    let share = |private: &LeadPrivateKey, lead: &Lead, of: CaseId| share_of(private, &secret(lead), of).unwrap();
    let opener = |lead: &Lead, share| Opener { person: lead.person, name: "n".into(), share };
    let head = vault.journal().head();
    for (of, shares) in [
        // One lead twice, and under the name of the other; shares of another case; the other lead's in one's own name.
        (case, [(one, share(&ann, &one, case)), (one, share(&ann, &one, case))]),
        (case, [(one, share(&ann, &one, case)), (other, share(&ann, &one, case))]),
        (case, [(one, share(&ann, &one, next)), (other, share(&bob, &other, next))]),
        (next, [(one, share(&ann, &one, case)), (other, share(&bob, &other, case))]),
        (case, [(other, share(&ann, &one, case)), (one, share(&bob, &other, case))]),
        (before, [(one, share(&ann, &one, before)), (other, share(&bob, &other, before))]),
        (CaseId::from_bytes([9; 16]), [(one, share(&ann, &one, case)), (other, share(&bob, &other, case))]),
    ] {
        let expected = (of == case && shares[0].0 == other).then(opened_source);
        let by = shares.map(|(lead, share)| opener(&lead, share));
        // The pair is symmetric: which of the two gave which share does not matter, for both are needed.
        assert_eq!(vault.open_source(of, by, "why".into()).unwrap(), expected);
    }
    let opened = vault.journal().read(head.seq + 1, 10).unwrap();
    assert_eq!(opened.len(), 1, "what opened nothing leaves no entry");
    let by = [opener(&other, share(&bob, &other, case)), opener(&one, share(&ann, &one, case))];
    assert_eq!(vault.open_source(case, by, "a court asks".into()).unwrap(), Some(opened_source()));
    let last = vault.journal().read(head.seq + 2, 1).unwrap();
    let Body::Opened(opened) = &last[0].body else { panic!("an opening is an entry") };
    assert_eq!((opened.case, opened.reason.as_str(), opened.by[0].0), (case, "a court asks", other.person));

    // With all files of both folders one lead opens nothing by the register of sources, once the epoch is over. The way back is another
    // thing: by `return.key` the server finds the firm of any case, to answer it, and so does whoever has both folders (docs/trust.md).
    vault.end_epoch(Timestamp::from_millis(NOW + 60_000));
    drop(vault);
    let mut all = [bytes_of(&dir), bytes_of(&default_keys_dir(&dir))].concat();
    for file in fs::read_dir(default_keys_dir(&dir)).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap_or_default();
        let digits =
            text.trim().as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        all.extend(digits.collect::<Option<Vec<u8>>>().unwrap_or_default());
    }
    verify(&dir, &default_keys_dir(&dir)).unwrap();
    let again = open(&dir).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    // Every 32 bytes that lie anywhere, taken for the share of the other lead; one that is right is found in the same way.
    let tried = |all: &[u8]| {
        all.windows(32).any(|window| {
            let by =
                [opener(&one, share(&ann, &one, case)), opener(&other, vault::Share::parse(&hex(window)).unwrap())];
            again.open_source(case, by, "why".into()).unwrap().is_some()
        })
    };
    let hers = share(&bob, &other, case).to_hex();
    let right: Vec<u8> = (0..32).map(|n| u8::from_str_radix(&hers[2 * n..2 * n + 2], 16).unwrap()).collect();
    assert!(tried(&[&[0; 7][..], &right].concat()), "the search finds what is there");
    assert!(!all.windows(32).any(|window| window == right), "the share of the other lead lies at rest");
    let keys_at_rest = bytes_of(&default_keys_dir(&dir)).len();
    let from = all.len() - keys_at_rest.min(all.len());
    assert!(!tried(&all[from..]), "a key at rest is the other lead's share");
    assert_eq!(again.opening_keys(case).unwrap().unwrap(), keys, "it is the same after a restart");
}

#[test]
fn what_two_have_opened_is_sealed_to_the_leads_of_that_day() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let ((ann, one), (bob, other), (cy, new)) = (lead(1), lead(2), lead(3));
    vault.set_leads(vec![one, other]);
    let (case, kept) = (filed(&vault, 2), filed(&vault, 3));
    vault.set_leads(vec![other, new]);
    let opens = |vault: &vault::Vault, by: [(&LeadPrivateKey, &Lead); 2]| {
        let keys = vault.opening_keys(case).unwrap().unwrap();
        let opener = |(private, lead): (&LeadPrivateKey, &Lead)| {
            let (_, secret) = keys.leads.iter().find(|(person, _)| *person == lead.person)?;
            Some(Opener { person: lead.person, name: "n".into(), share: share_of(private, secret, case).ok()? })
        };
        let [Some(first), Some(second)] = by.map(opener) else { return None };
        vault.open_source(case, [first, second], "why".into()).unwrap()
    };
    assert_eq!(opens(&vault, [(&bob, &other), (&cy, &new)]), None, "the new lead came after the case");
    assert_eq!(opens(&vault, [(&ann, &one), (&bob, &other)]), Some(opened_source()));
    assert_eq!(opens(&vault, [(&ann, &one), (&bob, &other)]), None, "who is no lead any more is sealed nothing");
    let before = vault.opening_keys(case).unwrap();
    assert_eq!(opens(&vault, [(&bob, &other), (&cy, &new)]), Some(opened_source()));
    assert_eq!(vault.opening_keys(case).unwrap(), before, "once in an epoch: its keys are used for a case once");
    let old = vault.opening_keys(kept).unwrap().unwrap();
    assert!(old.leads.iter().all(|(person, _)| *person != new.person), "other cases are as they were");
    drop(vault);
    verify(&dir, &default_keys_dir(&dir)).unwrap();
    let again = open(&dir).unwrap();
    assert_eq!(opens(&again, [(&cy, &new), (&bob, &other)]), Some(opened_source()));
}

#[test]
fn a_source_that_was_put_in_the_place_of_anothers_opens_for_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let ((ann, one), (bob, other)) = (lead(1), lead(2));
    vault.set_leads(vec![one, other]);
    let cases = [filed(&vault, 2), filed(&vault, 3)];
    drop(vault);
    let db = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
    let row = |case: CaseId| -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let sql = "SELECT pairs, contact, way_back FROM source WHERE case_id = ?1";
        db.query_row(sql, [case.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    };
    let rows = cases.map(row);
    for (case, (pairs, contact, way_back)) in cases.iter().rev().zip(&rows) {
        let sql = "UPDATE source SET pairs = ?2, contact = ?3, way_back = ?4 WHERE case_id = ?1";
        db.execute(sql, rusqlite::params![case.as_bytes(), pairs, contact, way_back]).unwrap();
    }
    drop(db);
    let vault = open(&dir).unwrap();
    for case in cases {
        let keys = vault.opening_keys(case).unwrap().unwrap();
        let opener = |private: &LeadPrivateKey, lead: &Lead| {
            let (_, secret) = keys.leads.iter().find(|(person, _)| *person == lead.person).unwrap();
            Opener { person: lead.person, name: "n".into(), share: share_of(private, secret, case).unwrap() }
        };
        let head = vault.journal().head();
        assert_eq!(vault.open_source(case, [opener(&ann, &one), opener(&bob, &other)], "why".into()).unwrap(), None);
        assert_eq!(vault.journal().head(), head, "what opened nothing leaves no entry");
        vault.return_to(case, |_| panic!("a reply for one firm is delivered to nobody else")).unwrap();
    }
}

#[test]
fn while_the_keys_folder_takes_no_key_no_report_is_taken_and_none_is_half_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    vault.set_leads(vec![lead(1).1, lead(2).1]);
    let content = default_keys_dir(&dir).join("content");
    fs::remove_dir_all(&content).ok();
    // Nobody can write below a file, not even the superuser whom permissions do not hold.
    fs::write(&content, "").unwrap();
    let head = vault.journal().head();
    let refused = vault.submit(vec![submission(2, &["d2.test"])], false).err().unwrap().to_string();
    assert!(refused.contains("content"), "it names what cannot be written: {refused}");
    assert_eq!(vault.journal().head(), head);
    let db = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
    let sources: i64 = db.query_row("SELECT count(*) FROM source", [], |row| row.get(0)).unwrap();
    assert_eq!(sources, 0, "no source without its report");
    fs::remove_file(&content).unwrap();
    let case = filed(&vault, 2);
    assert!(vault.opening_keys(case).unwrap().is_some());
    drop(vault);
    verify(&dir, &default_keys_dir(&dir)).unwrap();
}

#[test]
fn a_stolen_folder_names_no_firm() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    vault.set_leads(vec![lead(1).1, lead(2).1]);
    let cases: Vec<CaseId> = (200..230).map(|n| filed(&vault, n)).collect();
    let check = |all: &[u8]| {
        for n in 200..230 {
            assert!(!holds(all, firm(n).as_bytes()) && !holds(all, firm(n).to_string().as_bytes()), "{n}");
        }
        assert!(!holds(all, b"the phone"));
        assert!(cases.iter().all(|case| holds(all, case.as_bytes())), "the records are there");
    };
    // While it is served, and after it ended in order.
    check(&bytes_of(&dir));
    drop(vault);
    check(&bytes_of(&dir));
}

#[test]
fn what_an_older_file_had_in_plain_is_sealed_and_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let cases: Vec<CaseId> = (200..210).map(|n| filed(&vault, n)).collect();
    drop(vault);
    let connection = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE plain(case_id BLOB PRIMARY KEY, organisation BLOB NOT NULL) WITHOUT ROWID;
             DROP TABLE source; ALTER TABLE plain RENAME TO source; DROP TABLE epoch;",
        )
        .unwrap();
    for (case, n) in cases.iter().zip(200..) {
        let firm = firm(n);
        let row = rusqlite::params![case.as_bytes(), firm.as_bytes()];
        connection.execute("INSERT INTO source VALUES (?1, ?2)", row).unwrap();
    }
    drop(connection);
    assert!(holds(&bytes_of(&dir), firm(205).as_bytes()));
    verify(&dir, &default_keys_dir(&dir)).unwrap();

    let vault = open(&dir).unwrap();
    for (case, n) in cases.iter().zip(200..) {
        let mut found = None;
        vault.return_to(*case, |organisation| found = Some(organisation)).unwrap();
        assert_eq!(found, Some(firm(n)));
    }
    let all = bytes_of(&dir);
    assert!((200..210).all(|n| !holds(&all, firm(n).as_bytes())), "the old rows are overwritten, in the log too");
    // A file of an older version has no place for how to reach them: it is made.
    vault.set_leads(vec![lead(1).1, lead(2).1]);
    let case = filed(&vault, 211);
    assert!(vault.opening_keys(case).unwrap().is_some());
    drop(vault);
    verify(&dir, &default_keys_dir(&dir)).unwrap();
}

#[test]
fn a_lost_return_key_is_made_anew_by_nobody_but_who_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let keys = default_keys_dir(&dir);
    let vault = open(&dir).unwrap();
    let old = filed(&vault, 1);
    drop(vault);
    fs::remove_file(keys.join("return.key")).unwrap();
    for _ in 0..2 {
        assert!(matches!(open(&dir), Err(VaultError::ReturnKey(path)) if path == keys.join("return.key")));
        assert!(!keys.join("return.key").exists());
    }
    let entropy: std::sync::Arc<dyn model::Entropy> = common::outside();
    accept_head(&dir, None, &*common::outside(), &entropy).unwrap();
    let vault = open(&dir).unwrap();
    let new = filed(&vault, 2);
    let mut told = Vec::new();
    for case in [old, new] {
        vault.return_to(case, |organisation| told.push(organisation)).unwrap();
    }
    assert_eq!(told, [firm(2)], "the way back of the older case is lost");
}
