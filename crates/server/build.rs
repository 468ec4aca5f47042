//! Makes an empty pages folder where the pages have not been built, so that Rust builds without Node.

use std::path::Path;

fn main() {
    let dist = Path::new("../../ui/dist");
    // A failure shows itself in the embedding that follows, with the folder's name.
    let _ = std::fs::create_dir_all(dist);
    if std::fs::read_dir(dist).is_ok_and(|mut files| files.next().is_none()) {
        let _ = std::fs::write(dist.join(".keep"), "");
    }
    println!("cargo::rerun-if-changed=../../ui/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
