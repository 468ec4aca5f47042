//! The command line as a lead's device: a key that only its owner reads, and the share of one case.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

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
    let public = LeadPublicKey::parse(&said).unwrap();
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
