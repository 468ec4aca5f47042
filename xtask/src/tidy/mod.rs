//! Tidiness: the tree is held to its documents. Each failure says how to mend it, and each check is shown a planted fault.

mod asvs;
mod documents;
mod files;
mod keys;
mod layers;

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::root;

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files_below(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if !["target", "node_modules", "dist", ".git", "golden", "fixtures"].iter().any(|skip| name == *skip) {
                files_below(&path, extension, found);
            }
        } else if path.extension().is_some_and(|ext| ext == extension) {
            found.push(path);
        }
    }
}

/// A file of the tree: its path from the root and its text.
struct File {
    name: String,
    text: String,
}

impl File {
    /// A file that a test makes up.
    fn made(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned() }
    }

    /// Whether it is a test, an example or a benchmark of its own, which ships with nothing.
    fn is_test(&self) -> bool {
        ["/tests/", "/examples/", "/test/", "/e2e/"].iter().any(|part| self.name.contains(part))
    }

    /// The lines that ship, numbered from 1: no comments, nothing from the first test module on.
    fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.text.find("#[cfg(test)]\nmod ").unwrap_or(self.text.len());
        let shipped = self.text.get(..end).unwrap_or_default();
        shipped.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| {
            let line = line.trim_start();
            !line.starts_with("//")
        })
    }
}

/// Every file below the given folders with one of the extensions, sorted by name.
fn tree(folders: &[&str], extensions: &[&str]) -> Vec<File> {
    let mut paths = Vec::new();
    for folder in folders {
        for extension in extensions {
            files_below(&root().join(folder), extension, &mut paths);
        }
    }
    paths.sort();
    paths
        .iter()
        .map(|path| File {
            name: path.strip_prefix(root()).unwrap_or(path).display().to_string(),
            text: fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        })
        .collect()
}

fn rust() -> Vec<File> {
    let found = tree(&["crates", "xtask"], &["rs"]);
    assert!(found.len() > 30, "the tidy test does not see the sources");
    found
}

fn pages() -> Vec<File> {
    let found = tree(&["ui"], &["ts", "tsx", "mjs"]);
    assert!(found.len() > 30, "the tidy test does not see the pages");
    found
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A planted fault must be told, in words that name it.
fn caught(wrong: &[String], by: &str) {
    assert!(wrong.iter().any(|line| line.contains(by)), "the planted fault is not told by {by:?}: {wrong:?}");
}
