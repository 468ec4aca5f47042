//! The table of who sees what is a file that a lawyer reads: it changes only on purpose.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[test]
fn who_sees_what_is_as_agreed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/who-sees-what.txt");
    let now = policy::who_sees_what();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let agreed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(now == agreed, "who sees what has changed; if on purpose: UPDATE_GOLDEN=1 cargo test -p fusioncell-policy");
}
