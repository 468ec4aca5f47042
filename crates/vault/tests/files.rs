//! Files of cases: durable before they are named, nobody's but the case's, gone with a recall, and nothing half after a crash.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;
use std::sync::{Arc, mpsc};

use common::{NOW, in_memory, open, submission};
use model::{CaseId, FileId, OrganisationId, PersonId, Timestamp};
use vault::{Act, Acted, Again, Body, FILES_PER_CASE_MAX, FileBegun, FileTold, Incoming, Repeat, Vault};

const FIRM: OrganisationId = OrganisationId::from_bytes([1; 16]);
const OTHER: OrganisationId = OrganisationId::from_bytes([2; 16]);

fn file(vault: &Arc<Vault>) -> CaseId {
    vault.submit(vec![submission(1, &["a.test"])], false).unwrap()[0].case.unwrap()
}

fn told(name: &str) -> FileTold {
    FileTold { name: name.to_owned(), kind: "text".to_owned(), notes: Vec::new() }
}

fn begin(vault: &Vault, case: CaseId) -> Box<Incoming> {
    match vault.begin_file(case, Some(FIRM)).unwrap() {
        FileBegun::Open(incoming) => incoming,
        FileBegun::Refused(why) => panic!("{why}"),
        FileBegun::Absent => panic!("absent"),
        FileBegun::Busy => panic!("busy"),
    }
}

fn keep(vault: &Arc<Vault>, incoming: Box<Incoming>, repeat: Option<&Repeat>) -> Acted {
    let (sender, receiver) = mpsc::channel();
    let at = Timestamp::from_millis(NOW);
    let done = Box::new(move |outcome: Result<Acted, _>| sender.send(outcome.unwrap()).unwrap());
    vault.keep_file(incoming, told("mail.eml"), (FIRM, at), repeat, done).unwrap();
    receiver.recv().unwrap()
}

fn add(vault: &Arc<Vault>, case: CaseId, bytes: &[u8]) -> FileId {
    let mut incoming = begin(vault, case);
    incoming.write(bytes).unwrap();
    let id = incoming.id();
    assert_eq!(keep(vault, incoming, None), Acted::Done);
    id
}

fn read(vault: &Vault, case: CaseId, id: FileId, of: Option<OrganisationId>) -> Option<Vec<u8>> {
    let pieces = vault.read_file(case, id, of).unwrap()?;
    Some(pieces.map(Result::unwrap).collect::<Vec<_>>().concat())
}

fn act(vault: &Arc<Vault>, case: CaseId, act: Act) -> Acted {
    let (sender, receiver) = mpsc::channel();
    let done = move |outcome: Result<Acted, _>| sender.send(outcome.unwrap()).unwrap();
    vault.act_then(FIRM, case, act, Timestamp::from_millis(NOW), Box::new(done)).unwrap();
    receiver.recv().unwrap()
}

fn lying(dir: &Path) -> usize {
    std::fs::read_dir(dir.join("files")).map_or(0, Iterator::count)
}

#[test]
fn a_file_is_its_cases_and_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let (case, other) = (file(&vault), file(&vault));
    let id = add(&vault, case, b"From: somebody");
    let entry = vault.journal().read(vault.journal().head().seq, 1).unwrap().remove(0);
    let Body::File(entry) = &entry.body else { panic!("no file") };
    assert_eq!((entry.id, entry.case, entry.size, entry.name.as_str()), (id, case, 14, "mail.eml"));
    for of in [Some(FIRM), None] {
        assert_eq!(read(&vault, case, id, of).unwrap(), b"From: somebody");
        assert_eq!(read(&vault, other, id, of), None, "by another case");
    }
    assert_eq!(read(&vault, case, id, Some(OTHER)), None);
    assert!(matches!(vault.begin_file(case, Some(OTHER)).unwrap(), FileBegun::Absent));
    assert!(matches!(vault.begin_file(CaseId::from_bytes([9; 16]), None).unwrap(), FileBegun::Absent));
    drop(vault);
    let vault = open(&dir).unwrap();
    assert_eq!(read(&vault, case, id, Some(FIRM)).unwrap(), b"From: somebody");
    // Neither name, case, firm nor content lies there in plain.
    for file in std::fs::read_dir(dir.join("files")).unwrap() {
        let path = file.unwrap().path();
        let (name, bytes) = (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap());
        assert!(!name.contains(&case.to_string()) && !bytes.windows(8).any(|part| part == b"somebody"));
    }
}

#[test]
fn a_recall_destroys_files_and_a_withdrawal_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let (case, kept) = (file(&vault), file(&vault));
    let (id, of_kept) = (add(&vault, case, b"customers"), add(&vault, kept, b"mine"));
    assert_eq!(act(&vault, kept, Act::Withdraw), Acted::Done);
    assert_eq!(act(&vault, case, Act::Recall), Acted::Done);
    let waiting = begin_refused(&vault, case);
    assert!(waiting.contains("withdrawn"));
    vault.redact(case, &vault.to_erase(case, |_| vec![None]).unwrap().unwrap()).unwrap();
    assert_eq!((lying(&dir), read(&vault, case, id, None)), (1, None));
    assert_eq!(read(&vault, kept, of_kept, None).unwrap(), b"mine");
    let entries = vault.journal().read(1, 100).unwrap();
    let left = entries.iter().find_map(|entry| match &entry.body {
        Body::File(file) if file.id == id => Some(file.clone()),
        _ => None,
    });
    let left = left.unwrap();
    assert_eq!((left.name.as_str(), left.size, left.sha256), ("", 0, [0; 32]));
    drop((entries, vault));
    // A crash between the recall and its end begins it anew; one after it finds nothing to do.
    let vault = open(&dir).unwrap();
    assert_eq!((lying(&dir), read(&vault, case, id, None)), (1, None));
    vault::verify(&dir, &vault::default_keys_dir(&dir)).unwrap();
}

fn begin_refused(vault: &Vault, case: CaseId) -> &'static str {
    match vault.begin_file(case, Some(FIRM)).unwrap() {
        FileBegun::Refused(why) => why,
        _ => panic!("not refused"),
    }
}

#[test]
fn a_case_takes_so_many_files_also_if_they_come_at_once() {
    let vault = in_memory();
    let case = file(&vault);
    let mut coming: Vec<_> = (0..=FILES_PER_CASE_MAX).map(|_| begin(&vault, case)).collect();
    for incoming in &mut coming {
        incoming.write(b"x").unwrap();
    }
    let outcomes: Vec<Acted> = coming.into_iter().map(|incoming| keep(&vault, incoming, None)).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Acted::Done).count(), FILES_PER_CASE_MAX);
    assert!(matches!(outcomes.last(), Some(Acted::Refused(_))));
    assert!(begin_refused(&vault, case).contains("20 files"));
}

#[test]
fn a_file_sent_again_under_its_key_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let vault = open(&dir).unwrap();
    let case = file(&vault);
    let repeat = Repeat {
        organisation: FIRM,
        key: "k".to_owned(),
        request: [1; 32],
        status: 201,
        answer: "{\"id\":1}".to_owned(),
    };
    for round in 0..3 {
        let mut incoming = begin(&vault, case);
        incoming.write(b"same").unwrap();
        let acted = keep(&vault, incoming, Some(&repeat));
        assert_eq!(matches!(acted, Acted::Again(Again::Done { .. })), round > 0, "{acted:?}");
        assert_eq!(lying(&dir), 1);
    }
}

#[test]
fn the_cell_adds_files_too() {
    let vault = in_memory();
    let case = file(&vault);
    let FileBegun::Open(mut incoming) = vault.begin_file(case, None).unwrap() else { panic!("not begun") };
    incoming.write(b"analysis").unwrap();
    let by = (PersonId::from_bytes([4; 16]), "R. Okafor".to_owned());
    let file = vault.add_file(incoming, told("notes.txt"), by).unwrap().unwrap();
    assert_eq!(read(&vault, case, file.id, Some(FIRM)).unwrap(), b"analysis");
    assert_eq!(act(&vault, case, Act::Withdraw), Acted::Done);
    assert!(matches!(vault.begin_file(case, None).unwrap(), FileBegun::Refused(_)));
}
