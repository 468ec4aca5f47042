//! An unreleased record has no way into a member's answer: the compiler refuses it, and the manifest has no vault.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[test]
fn what_is_not_released_does_not_compile_into_an_answer() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_fail/released_row.rs");
    cases.compile_fail("tests/compile_fail/vault_entry.rs");
    cases.compile_fail("tests/compile_fail/vault_release.rs");
    cases.compile_fail("tests/compile_fail/forged.rs");
}

#[test]
fn the_manifest_has_no_way_to_the_vault() {
    let manifest = include_str!("../Cargo.toml");
    let dependencies = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    for word in ["vault", "intake", "fusion.", "desk", "fusioncell-release."] {
        assert!(!dependencies.contains(word), "outlets must not know {word}");
    }
    assert!(dependencies.contains("fusioncell-released"));
}
