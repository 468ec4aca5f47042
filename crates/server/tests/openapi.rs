//! `openapi.json` is what the code says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

/// `UPDATE_OPENAPI=1 cargo test -p fusioncell-server --test openapi` writes it anew.
#[test]
fn the_document_in_the_tree_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");
    let made = server::openapi_json();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == made,
        "openapi.json is stale: run `UPDATE_OPENAPI=1 cargo test -p fusioncell-server --test openapi`"
    );
}
