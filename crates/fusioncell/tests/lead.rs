//! The command line as a lead's device, a key that only its owner reads and the share of one case; and the operator's word on a key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../model/tests/outside/mod.rs"]
mod outside;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use outside::Outside;
use register::{Actor, PasswordCost, Register, Role, lead_key_fingerprint};
use vault::LeadPublicKey;

fn run(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_fusioncell")).args(words).current_dir(folder).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_key_is_made_once_and_lies_where_nobody_else_reads() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = run(folder.path(), &["lead", "keygen", "--out", "lead.key"]);
    assert_eq!(code, Some(0), "{said}");
    let public = LeadPublicKey::parse(said.lines().next().unwrap()).unwrap();
    assert!(said.contains(&format!("fingerprint: {}", lead_key_fingerprint(public.as_bytes()))), "{said}");
    let file = folder.path().join("lead.key");
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0].len(), lines[1]), (2, 64, public.to_hex().as_str()));
    assert!(!said.contains(lines[0]), "the private half is printed");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (code, said) = run(folder.path(), &["lead", "keygen", "--out", "lead.key"]);
    assert_eq!((code, fs::read_to_string(&file).unwrap() == text), (Some(1), true), "{said}");
}

#[test]
fn what_gives_no_share_is_told() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["lead", "keygen", "--out", "lead.key"]);
    let case = "00000000-0000-4000-8000-00000000000f";
    let share = |key: &str, secret: &str| {
        run(folder.path(), &["lead", "share", "--key", key, "--case", case, "--secret", secret])
    };
    let sealed = "04".repeat(113);
    for (key, secret, code, words) in [
        ("lead.key", sealed.as_str(), 1, "not sealed to this key"),
        ("lead.key", "xyz", 2, "hexadecimal"),
        ("none.key", sealed.as_str(), 2, "none.key"),
    ] {
        let (got, said) = share(key, secret);
        assert!(got == Some(code) && said.contains(words), "{got:?} {said}");
    }
    fs::set_permissions(folder.path().join("lead.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, said) = share("lead.key", &sealed);
    assert!(code == Some(2) && said.contains("others may read it"), "{said}");
}

#[test]
fn the_operator_confirms_whose_a_key_is_by_what_the_lead_read_out() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let (code, said) = run(folder.path(), &["admin", "init", "--data-dir", data, "--email", "ada@cell.example"]);
    assert_eq!(code, Some(0), "{said}");
    let outside = Arc::new(Outside::default());
    let path = folder.path().join("data/register.db");
    let register = Register::open(&path, outside.clone(), outside, PasswordCost::CHEAP).unwrap();
    let ada = register.person_named("ada@cell.example").unwrap().id;
    let actor = Actor { person: Some(ada), role: Some(Role::Lead), ..Actor::operator() };
    register.set_lead_key(&actor, &[4; 65]).unwrap();
    let confirm = |email: &str, fingerprint: &str| {
        let words = ["lead", "confirm", "--data-dir", data, "--email", email, "--fingerprint", fingerprint];
        run(folder.path(), &words)
    };
    let (right, wrong) = (lead_key_fingerprint(&[4; 65]), lead_key_fingerprint(&[5; 65]));
    for (email, fingerprint, words) in [
        ("zoe@cell.example", right.as_str(), "there is no person"),
        ("ada@cell.example", wrong.as_str(), "another fingerprint"),
        ("ada@cell.example", "04", "32 digits"),
    ] {
        let (code, said) = confirm(email, fingerprint);
        assert!(code == Some(1) && said.contains(words) && !said.contains(&right), "{code:?} {said}");
    }
    assert!(register.lead_keys().unwrap().is_empty());
    let (code, said) = confirm("ada@cell.example", &format!("{} {}", &right[..8], right[8..].to_uppercase()));
    assert!(code == Some(0) && said.contains("confirmed"), "{code:?} {said}");
    assert_eq!(register.lead_keys().unwrap().len(), 1);
    let acts = register.acts(None).unwrap();
    assert!(acts[0].what == "lead-key-confirmed" && acts[0].actor == "operator", "{acts:?}");
    let (code, said) = confirm("ada@cell.example", &right);
    assert!(code == Some(1) && said.contains("counts already"), "{code:?} {said}");
}
