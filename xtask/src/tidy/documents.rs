//! Documents: every path, link, command and route that they name exists.

use std::collections::BTreeSet;

use super::{File, caught, none, read, tree};
use crate::run::root;

const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];
const COMMANDS: [&str; 5] = ["demo", "test", "bench", "prove", "openapi"];

fn documents() -> Vec<File> {
    let named = DOCUMENTS.iter().map(|name| File::made(name, &read(name)));
    named.chain(tree(&["docs"], &["md"])).collect()
}

/// Words in back-quotes that look like paths of this tree.
fn paths_in(text: &str) -> Vec<String> {
    let known = ["crates/", "ui/", "docs/", "xtask/", ".ci/"];
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .filter(|word| known.iter().any(|start| word.starts_with(start)))
        .filter(|word| !word.contains(['*', ' ', '<', '…']))
        .map(str::to_owned)
        .collect()
}

/// What must be there for a path to be right: of a file yet to be written (`x.rs`, `X.tsx`), its folder.
fn must_exist(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, "x.rs" | "X.tsx")) => folder,
        _ => path,
    }
}

fn missing(document: &File) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in paths_in(&document.text) {
        let built = path.starts_with("ui/dist") || path.starts_with("ui/node_modules");
        if !built && !root().join(must_exist(&path)).exists() {
            wrong.push(format!("{} names `{path}`, but `{}` does not exist", document.name, must_exist(&path)));
        }
    }
    for link in document.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let target = link.split('#').next().unwrap_or_default();
        let from = root().join(&document.name);
        if !target.is_empty() && !target.contains("://") && !from.parent().unwrap().join(target).exists() {
            wrong.push(format!("{} links to {target}, which does not exist", document.name));
        }
    }
    wrong
}

#[test]
fn name_paths_that_exist() {
    for document in documents() {
        none(&missing(&document));
    }
    assert_eq!(paths_in("see `crates/model/src/lib.rs` and `no path`"), ["crates/model/src/lib.rs"]);
    caught(&missing(&File::made("README.md", "see `ui/src/nowhere/X.tsx`")), "`ui/src/nowhere` does not exist");
    caught(&missing(&File::made("README.md", "see `crates/model/src/nothing.rs`")), "does not exist");
    caught(&missing(&File::made("README.md", "[x](docs/nothing.md)")), "links to docs/nothing.md");
}

fn unknown_commands(document: &File) -> Vec<String> {
    let words = document.text.split("cargo xtask ").skip(1);
    words
        .map(|rest| rest.chars().take_while(char::is_ascii_lowercase).collect::<String>())
        .filter(|word| !COMMANDS.contains(&word.as_str()))
        .map(|word| format!("{} names `cargo xtask {word}`, which does not exist", document.name))
        .collect()
}

#[test]
fn name_commands_that_exist() {
    for document in documents() {
        none(&unknown_commands(&document));
    }
    caught(&unknown_commands(&File::made("README.md", "run `cargo xtask fly`")), "`cargo xtask fly`");
}

/// Whether a path is a route, or one with an id in the place of each of its parameters, as a proof names what was asked.
fn is_route(path: &str, paths: &BTreeSet<String>) -> bool {
    let is_id = |part: &str| part.len() == 36 && part.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let fits = |part: &str, of: &str| part == of || of.starts_with('{') && is_id(part);
    let asked = |route: &String| {
        route.split('/').count() == path.split('/').count()
            && path.split('/').zip(route.split('/')).all(|(a, b)| fits(a, b))
    };
    paths.contains(path) || paths.iter().any(asked)
}

fn unknown_routes(document: &File, paths: &BTreeSet<String>) -> (usize, Vec<String>) {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (at, _) in ["/api/v1/", "/cell/v1/"].iter().flat_map(|start| document.text.match_indices(start)) {
        let rest = &document.text[at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "/{}-_.".contains(c))).unwrap_or(rest.len());
        let path = rest[..end].trim_end_matches(['/', '.']);
        seen += 1;
        if !is_route(path, paths) {
            wrong.push(format!("{} names {path}, which is no route", document.name));
        }
    }
    (seen, wrong)
}

#[test]
fn name_routes_that_exist() {
    let openapi: serde_json::Value = serde_json::from_str(&read("openapi.json")).unwrap();
    let paths: BTreeSet<String> = openapi["paths"].as_object().unwrap().keys().cloned().collect();
    let mut seen = 0;
    for document in documents() {
        let (here, wrong) = unknown_routes(&document, &paths);
        seen += here;
        none(&wrong);
    }
    assert!(seen > 0, "no route is named anywhere: the check is blind");
    caught(&unknown_routes(&File::made("README.md", "POST /api/v1/nothing"), &paths).1, "/api/v1/nothing");
    let asked = "GET /api/v1/reports/00000000-0000-4000-8000-000000000001 and /api/v1/reports/mine";
    assert_eq!(unknown_routes(&File::made("README.md", asked), &paths).1.len(), 1);
}
