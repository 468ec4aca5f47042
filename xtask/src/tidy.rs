//! Tidiness: the tree is held to its documents. Each failure says how to mend it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::run::root;

const LINES_MAX: usize = 500;
const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];

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

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files_below(&root().join("crates"), "rs", &mut found);
    files_below(&root().join("xtask"), "rs", &mut found);
    found.sort();
    assert!(found.len() > 30, "the tidy test does not see the sources");
    found
}

fn named(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Our own crates that a manifest names under `[dependencies]`.
fn own_dependencies(manifest: &str) -> BTreeSet<String> {
    let mut within = false;
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            within = line.trim() == "[dependencies]" || line.trim() == "[build-dependencies]";
        } else if within && let Some(rest) = line.strip_prefix("fusioncell-") {
            found.insert(rest.split(['.', ' ', '=']).next().unwrap_or_default().to_owned());
        }
    }
    found
}

/// The layer table of ARCHITECTURE.md: crate → crates that it may use.
fn layers() -> BTreeMap<String, BTreeSet<String>> {
    let text = read("ARCHITECTURE.md");
    let table = text.lines().skip_while(|line| !line.starts_with("| crate | may use |")).skip(2);
    table
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let name = cells[0].trim_matches('`').to_owned();
            let may = cells[1].split_whitespace().filter(|word| *word != "–").map(str::to_owned).collect();
            (name, may)
        })
        .collect()
}

#[test]
fn layers_match_the_table() {
    let layers = layers();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(root().join("crates")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let uses = own_dependencies(&fs::read_to_string(entry.path().join("Cargo.toml")).unwrap());
        let Some(may) = layers.get(&name) else {
            wrong.push(format!("crate `{name}` has no row in ARCHITECTURE.md's table: add one"));
            continue;
        };
        for used in uses.difference(may) {
            wrong.push(format!("`{name}` uses `{used}`, which its row in ARCHITECTURE.md does not allow: remove the use, or change the design there and say why in docs/decisions/"));
        }
        seen.insert(name);
    }
    for name in layers.keys().filter(|name| *name != "xtask" && !seen.contains(*name)) {
        wrong.push(format!("ARCHITECTURE.md's table has `{name}`, but there is no such crate: remove the row"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_release_and_the_composition_open_both_stores() {
    for entry in fs::read_dir(root().join("crates")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let uses = own_dependencies(&fs::read_to_string(entry.path().join("Cargo.toml")).unwrap());
        let both = uses.contains("vault") && uses.contains("released");
        assert!(
            !both || ["release", "server", "fusioncell"].contains(&name.as_str()),
            "`{name}` opens the vault and the released store: only `release` may; `server` and the binary compose"
        );
    }
    // The vault's own root names its modules; everybody else would be passing the vault on.
    for path in sources().into_iter().filter(|path| !path.ends_with("crates/vault/src/lib.rs")) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains(concat!("pub use ", "vault")),
            "{} re-exports the vault: a member-side crate could reach it through you",
            named(&path)
        );
    }
}

/// Lines before the first `#[cfg(test)] mod`.
fn lines_without_tests(text: &str) -> usize {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..end].lines().count()
}

#[test]
fn files_are_small_and_open_with_one_sentence() {
    let allowed = read("xtask/long_files.txt");
    let allowed: BTreeSet<&str> = allowed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let mut wrong = Vec::new();
    for path in sources() {
        let name = named(&path);
        let text = fs::read_to_string(&path).unwrap();
        let lines = lines_without_tests(&text);
        let is_test = name.contains("/tests/");
        if lines > LINES_MAX && !is_test && !allowed.contains(name.as_str()) {
            wrong.push(format!(
                "{name} has {lines} lines without tests: split it, or name it with a reason in xtask/long_files.txt"
            ));
        }
        if lines <= LINES_MAX && allowed.contains(name.as_str()) {
            wrong.push(format!("{name} is short again: remove it from xtask/long_files.txt"));
        }
        let opens = text.lines().find(|line| !line.starts_with("#!"));
        if !opens.is_some_and(|line| line.starts_with("//! ")) {
            wrong.push(format!("{name} does not open with a `//!` sentence that says what it is"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_inherit_the_lints() {
    for entry in fs::read_dir(root().join("crates")).unwrap().flatten() {
        let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} does not inherit the workspace's lints: add `[lints]` with `workspace = true`",
            entry.path().display()
        );
    }
}

#[test]
fn no_word_about_hosts_or_machines() {
    let registries =
        [concat!("crates", ".io/"), concat!("registry.", "npmjs"), concat!("pypi", ".org"), concat!("/", "work/")];
    let mut all = Vec::new();
    for extension in ["rs", "md", "toml", "ts", "tsx", "mjs", "json", "sh"] {
        files_below(&root(), extension, &mut all);
    }
    for path in all {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for word in registries {
            assert!(!text.contains(word), "{} names {word:?}: leave host names and machine paths out", named(&path));
        }
    }
}

/// Words in back-quotes that look like paths of this tree.
fn paths_in(text: &str) -> Vec<String> {
    let known = ["crates/", "ui/", "docs/", "xtask/", ".ci/"];
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .filter(|word| known.iter().any(|start| word.starts_with(start)))
        .filter(|word| !word.contains(['*', ' ', '<', '…']) && !word.contains("/x.rs") && !word.contains("/X.tsx"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn paths_in_the_documents_exist() {
    let mut documents: Vec<PathBuf> = DOCUMENTS.iter().map(|name| root().join(name)).collect();
    files_below(&root().join("docs"), "md", &mut documents);
    let mut wrong = Vec::new();
    for document in documents {
        let text = fs::read_to_string(&document).unwrap_or_else(|error| panic!("{}: {error}", named(&document)));
        for path in paths_in(&text) {
            if !root().join(&path).exists() && !path.starts_with("ui/dist") && !path.starts_with("ui/node_modules") {
                wrong.push(format!("{} names `{path}`, which does not exist", named(&document)));
            }
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") {
                let from = document.parent().unwrap();
                if !from.join(target).exists() {
                    wrong.push(format!("{} links to {target}, which does not exist", named(&document)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn commands_in_the_documents_exist() {
    let mut documents: Vec<PathBuf> = DOCUMENTS.iter().map(|name| root().join(name)).collect();
    files_below(&root().join("docs"), "md", &mut documents);
    let ours = ["demo", "test", "bench", "prove", "openapi"];
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for rest in text.split("cargo xtask ").skip(1) {
            let word: String = rest.chars().take_while(|c| c.is_ascii_lowercase()).collect();
            assert!(
                ours.contains(&word.as_str()),
                "{} names `cargo xtask {word}`, which does not exist",
                named(&document)
            );
        }
    }
}

#[test]
fn routes_in_the_documents_exist() {
    let openapi: serde_json::Value = serde_json::from_str(&read("openapi.json")).unwrap();
    let paths = openapi["paths"].as_object().unwrap();
    let mut documents: Vec<PathBuf> = DOCUMENTS.iter().map(|name| root().join(name)).collect();
    files_below(&root().join("docs"), "md", &mut documents);
    let mut checked = 0;
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for (at, start) in ["/api/v1/", "/cell/v1/"].iter().flat_map(|start| text.match_indices(start)) {
            let rest = &text[at..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "/{}-_".contains(c))).unwrap_or(rest.len());
            let path = rest[..end].trim_end_matches('/');
            assert!(paths.contains_key(path), "{} names {path}, which is no route ({start})", named(&document));
            checked += 1;
        }
    }
    assert!(checked > 0, "no route is named anywhere: the check is blind");
}

#[test]
fn the_checks_see_what_they_guard() {
    let manifest = "[dependencies]\nfusioncell-model.workspace = true\nserde = \"1\"\n[dev-dependencies]\nfusioncell-vault.workspace = true\n";
    assert_eq!(own_dependencies(manifest), BTreeSet::from(["model".to_owned()]));
    assert!(!layers()["outlets"].contains("vault"), "outlets must never be allowed to open the vault");
    assert!(!layers()["intake"].contains("released"), "intake must never be allowed to read released items");
    assert_eq!(lines_without_tests("a\nb\n#[cfg(test)]\nmod tests {\n}\n"), 2);
    assert_eq!(paths_in("see `crates/model/src/lib.rs` and `no path`"), ["crates/model/src/lib.rs"]);
}
