//! Appends numbered reports for ever and prints the number of each once it is acknowledged; the kill tests kill it. With
//! `keyed`, each is sent under a key of its own, and its case is printed too; with `files`, files come with them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::io::Write as _;
use std::sync::{Arc, mpsc};

use common::{NOW, Outside, genesis, submission};
use model::{OrganisationId, Timestamp};
use vault::{Acted, Again, FileBegun, FileTold, Repeat, Vault, VaultConfig};

/// The case that a report came to, this time or the first.
fn once(vault: &Arc<Vault>, numbered: vault::Submission) -> String {
    let (sender, receiver) = mpsc::channel();
    let key = numbered.report.title.clone();
    let organisation = OrganisationId::from_bytes([1; 16]);
    let repeat = Repeat { organisation, key, request: [1; 32], status: 201, answer: "{}".to_owned() };
    vault.submit_once(numbered, &repeat, Box::new(move |outcome| sender.send(outcome).unwrap())).unwrap();
    match receiver.recv().unwrap().unwrap() {
        Ok(accepted) | Err(Again::Done { accepted: Some(accepted), .. }) => accepted.case.unwrap().to_string(),
        Err(other) => panic!("{other:?}"),
    }
}

/// Files without end, ten to a case, of several pieces each; prints the case and id of each that is kept.
fn files(vault: &Arc<Vault>) {
    let organisation = OrganisationId::from_bytes([1; 16]);
    for n in 0_u8.. {
        let case = vault.submit(vec![submission(1, &["a.test"])], false).unwrap()[0].case.unwrap();
        for _ in 0..10 {
            let FileBegun::Open(mut incoming) = vault.begin_file(case, Some(organisation)).unwrap() else {
                panic!("not begun")
            };
            for _ in 0..4 {
                incoming.write(&[n; 40_000]).unwrap();
            }
            let told = FileTold { name: n.to_string(), kind: "other".to_owned(), notes: Vec::new() };
            let (sender, receiver) = mpsc::channel();
            let done = move |outcome: Result<Acted, _>| sender.send(outcome.unwrap()).unwrap();
            let (id, at) = (incoming.id(), Timestamp::from_millis(NOW));
            vault.keep_file(incoming, told, (organisation, at), None, Box::new(done)).unwrap();
            assert_eq!(receiver.recv().unwrap(), Acted::Done);
            println!("{case} {id}");
        }
    }
}

fn main() {
    let dir = std::env::args().nth(1).expect("a data folder");
    let start: u64 = std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(0);
    let mode = std::env::args().nth(3);
    let keyed = mode.is_some();
    let chance = if keyed { u64::from(std::process::id()) } else { start + 1 };
    let outside = Outside::at(NOW, chance << 32);
    let config = VaultConfig { dir: dir.into(), keys_dir: None, genesis: genesis() };
    let vault = Arc::new(Vault::open(config, outside.clone(), outside).unwrap());
    if mode.as_deref() == Some("files") {
        return files(&vault);
    }
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            let vault = &vault;
            scope.spawn(move || {
                for n in 0.. {
                    let number =
                        if keyed { 4 * (start + n) + writer } else { start * 10_000_000 + writer * 1_000_000 + n };
                    let mut numbered = submission(1, &[&format!("n{number}.test")]);
                    numbered.report.title = number.to_string();
                    let told = if keyed {
                        format!("{number} {}", once(vault, numbered))
                    } else {
                        vault.submit(vec![numbered], false).unwrap();
                        number.to_string()
                    };
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "{told}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}
