//! Files: small, opening with what they are, in lines that can be read, without names of hosts or machines.

use std::collections::BTreeSet;
use std::fs;

use super::{File, caught, files_below, none, pages, read, rust};
use crate::run::root;

const LINES_MAX: usize = 500;
const COLUMNS_MAX: usize = 160;
/// Written by a tool from `openapi.json`.
const GENERATED: [&str; 1] = ["ui/src/api/schema.d.ts"];

/// Lines before the first `#[cfg(test)] mod`.
fn lines_without_tests(text: &str) -> usize {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..end].lines().count()
}

fn check(files: &[File], long_files: &str) -> Vec<String> {
    let allowed: BTreeSet<&str> = long_files.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let mut wrong = Vec::new();
    for File { name, text } in files.iter().filter(|file| !GENERATED.contains(&file.name.as_str())) {
        let lines = lines_without_tests(text);
        let is_rust = name.ends_with(".rs");
        let is_test = name.contains("/tests/") || name.contains("/test/");
        if lines > LINES_MAX && !is_test && !allowed.contains(name.as_str()) {
            wrong.push(format!(
                "{name} has {lines} lines without tests: split it, or name it with a reason in xtask/long_files.txt"
            ));
        }
        if lines <= LINES_MAX && allowed.contains(name.as_str()) {
            wrong.push(format!("{name} is short again: remove it from xtask/long_files.txt"));
        }
        let opens = text.lines().find(|line| !line.starts_with("#!"));
        let sign = if is_rust { "//! " } else { "// " };
        if !opens.is_some_and(|line| line.starts_with(sign)) {
            wrong.push(format!("{name} does not open with a `{sign}` sentence that says what it is"));
        }
        let wide = text.lines().enumerate().filter(|(_, line)| line.chars().count() > COLUMNS_MAX);
        for (at, _) in wide.filter(|_| !is_rust) {
            wrong.push(format!("{name}:{} is wider than {COLUMNS_MAX} columns: run `npm run format` in ui/", at + 1));
        }
    }
    wrong
}

#[test]
fn are_small_open_with_one_sentence_and_can_be_read() {
    let files: Vec<File> = rust().into_iter().chain(pages()).collect();
    none(&check(&files, &read("xtask/long_files.txt")));
}

#[test]
fn a_file_that_is_long_wide_or_without_a_sentence_is_told() {
    let long = "// What it is.\n".repeat(501);
    caught(&check(&[File::made("ui/src/pages/X.tsx", &long)], ""), "501 lines");
    none(&check(&[File::made("ui/src/pages/X.tsx", &long)], "ui/src/pages/X.tsx a reason"));
    caught(&check(&[File::made("ui/src/a.ts", "// Short.\n")], "ui/src/a.ts a reason"), "short again");
    caught(&check(&[File::made("ui/src/a.ts", "import x from 'y'\n")], ""), "does not open with");
    caught(&check(&[File::made("crates/model/src/a.rs", "// Short.\n")], ""), "does not open with");
    caught(&check(&[File::made("ui/e2e/a.mjs", &format!("// What.\n{}", "x".repeat(161)))], ""), "ui/e2e/a.mjs:2");
    assert_eq!(lines_without_tests("a\nb\n#[cfg(test)]\nmod tests {\n}\n"), 2);
}

#[test]
fn crates_inherit_the_lints() {
    let inherits = |manifest: &str| manifest.contains("[lints]\nworkspace = true");
    assert!(!inherits("[package]\nname = \"x\"\n"), "the check is blind");
    for entry in fs::read_dir(root().join("crates")).unwrap().flatten() {
        assert!(
            inherits(&fs::read_to_string(entry.path().join("Cargo.toml")).unwrap()),
            "{} does not inherit the workspace's lints: add `[lints]` with `workspace = true`",
            entry.path().display()
        );
    }
}

/// Where unsafe code may be: one module.
const UNSAFE: &str = "crates/matcher/src/raw/";

fn unsafety(files: &[File]) -> Vec<String> {
    let word = concat!("unsafe", "_code");
    let wrong = files.iter().filter(|file| file.text.contains(word) && !file.name.starts_with(UNSAFE));
    wrong.map(|file| format!("{} speaks of `{word}`: unsafe code stays in {UNSAFE}", file.name)).collect()
}

#[test]
fn unsafe_blocks_stay_in_one_module_and_give_their_reasons() {
    none(&unsafety(&rust()));
    caught(&unsafety(&[File::made("crates/model/src/a.rs", concat!("#![allow(unsafe", "_code)]"))]), "stays in");
    for file in rust().iter().filter(|file| file.name.starts_with(UNSAFE)) {
        let lines: Vec<&str> = file.text.lines().collect();
        for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.contains("unsafe {")) {
            let reasoned = lines[at.saturating_sub(4)..at].iter().any(|line| line.contains("// SAFETY: "));
            assert!(reasoned, "{}:{} has no `// SAFETY:` above it: say why it is sound", file.name, at + 1);
        }
    }
}

fn hosts(files: &[File]) -> Vec<String> {
    let registries =
        [concat!("crates", ".io/"), concat!("registry.", "npmjs"), concat!("pypi", ".org"), concat!("/", "work/")];
    let named = |file: &File| registries.into_iter().find(|word| file.text.contains(*word));
    files
        .iter()
        .filter_map(|file| {
            named(file).map(|word| format!("{} names {word:?}: leave host names and machine paths out", file.name))
        })
        .collect()
}

#[test]
fn no_word_about_hosts_or_machines() {
    let mut paths = Vec::new();
    for extension in ["rs", "md", "toml", "ts", "tsx", "mjs", "json", "sh"] {
        files_below(&root(), extension, &mut paths);
    }
    let text = |path| fs::read_to_string(path).unwrap_or_default();
    let files: Vec<File> = paths.iter().map(|path| File::made(&path.display().to_string(), &text(path))).collect();
    none(&hosts(&files));
    caught(&hosts(&[File::made("README.md", concat!("see https://registry.", "npmjs.org"))]), "leave host names");
}
