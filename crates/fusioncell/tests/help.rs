//! Every command explains itself with examples and exit codes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{ok, run};

const COMMANDS: [&[&str]; 17] = [
    &["serve"],
    &["admin"],
    &["admin", "init"],
    &["admin", "organisation"],
    &["admin", "organisation", "add"],
    &["admin", "organisation", "list"],
    &["admin", "person"],
    &["admin", "person", "add"],
    &["admin", "key"],
    &["admin", "key", "add"],
    &["admin", "key", "revoke"],
    &["demo"],
    &["import"],
    &["journal"],
    &["journal", "verify"],
    &["journal", "rebuild"],
    &["journal", "export"],
];

#[test]
fn every_command_has_examples_and_exit_codes() {
    for words in COMMANDS {
        let mut words = words.to_vec();
        words.push("--help");
        let help = ok(&words);
        assert!(help.contains("Usage: fusioncell"), "{words:?}\n{help}");
        assert!(help.contains("Examples:\n  fusioncell "), "{words:?} has no examples\n{help}");
        assert!(help.contains("Exit codes:\n  0  done"), "{words:?} does not tell its exit codes\n{help}");
    }
    let help = ok(&["--help"]);
    for word in ["serve", "admin", "demo", "import", "journal", "openapi"] {
        assert!(help.contains(word), "{help}");
    }
}

#[test]
fn a_wrong_command_line_is_exit_code_two() {
    for words in
        [&["import"][..], &["journal", "verify"], &["serve", "--data-dir"], &["nothing"], &["demo", "--speed", "3"]]
    {
        assert_eq!(run(words).status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn openapi_is_printed_as_json() {
    let description: serde_json::Value = serde_json::from_str(&ok(&["openapi"])).unwrap();
    assert!(description["paths"].as_object().unwrap().len() > 10);
}
