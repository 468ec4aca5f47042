//! The layer table of ARCHITECTURE.md against what cargo itself says that each crate depends on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{caught, none, read, rust};
use crate::run::command;

type Layers = BTreeMap<String, BTreeSet<String>>;

/// Crate → crates that it may use, as a document's table has it.
fn table(text: &str) -> Layers {
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

/// Crate → our own crates that it links, whatever they are called there and on whatever target; tests may use more.
fn links(metadata: &Value) -> Layers {
    let short = |name: &str| name.strip_prefix("fusioncell-").unwrap_or(name).to_owned();
    let packages = metadata["packages"].as_array().expect("cargo metadata names packages");
    let own: BTreeSet<String> = packages.iter().map(|package| short(package["name"].as_str().unwrap())).collect();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap();
            let linked = dependencies
                .iter()
                .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
                .map(|dependency| short(dependency["name"].as_str().unwrap()))
                .filter(|name| own.contains(name))
                .collect();
            (short(package["name"].as_str().unwrap()), linked)
        })
        .collect()
}

fn check(layers: &Layers, links: &Layers) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, uses) in links {
        let Some(may) = layers.get(name) else {
            wrong.push(format!("crate `{name}` has no row in ARCHITECTURE.md's table: add one"));
            continue;
        };
        for used in uses.difference(may) {
            wrong.push(format!(
                "`{name}` uses `{used}`, which its row in ARCHITECTURE.md does not allow: remove the use, or change the \
                 design there and say why in docs/decisions/"
            ));
        }
        let both = uses.contains("vault") && uses.contains("released");
        if both && !["release", "server", "fusioncell"].contains(&name.as_str()) {
            wrong.push(format!(
                "`{name}` links the vault and the released store: only `release` may; `server` and the binary compose"
            ));
        }
    }
    for name in layers.keys().filter(|name| !links.contains_key(*name)) {
        wrong.push(format!("ARCHITECTURE.md's table has `{name}`, but there is no such crate: remove the row"));
    }
    wrong
}

fn real() -> (Layers, Layers) {
    let metadata =
        command(env!("CARGO")).args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).output().unwrap();
    (table(&read("ARCHITECTURE.md")), links(&serde_json::from_str(&metadata).unwrap()))
}

#[test]
fn match_the_table() {
    let (layers, links) = real();
    assert!(links["release"].contains("vault"), "cargo metadata tells no dependencies: the check is blind");
    none(&check(&layers, &links));
}

#[test]
fn keep_what_the_design_forbids() {
    let layers = real().0;
    assert!(!layers["outlets"].contains("vault"), "outlets must never be allowed to open the vault");
    assert!(!layers["intake"].contains("released"), "intake must never be allowed to read released items");
    assert!(!layers["desk"].contains("released"), "the desk must never be allowed to read released items");
}

#[test]
fn a_renamed_or_targeted_dependency_is_seen() {
    let layers = table("| crate | may use | x |\n|---|---|---|\n| `vault` | – | |\n| `outlets` | – | |\n");
    let with = |dependency: Value| {
        let metadata = json!({"packages": [
            {"name": "fusioncell-vault", "dependencies": []},
            {"name": "fusioncell-outlets", "dependencies": [dependency]},
        ]});
        check(&layers, &links(&metadata))
    };
    let renamed = json!({"name": "fusioncell-vault", "rename": "harmless", "kind": null, "target": "cfg(unix)"});
    caught(&with(renamed), "`outlets` uses `vault`");
    caught(&with(json!({"name": "fusioncell-vault", "kind": "build"})), "`outlets` uses `vault`");
    none(&with(json!({"name": "fusioncell-vault", "kind": "dev"})));
    caught(&check(&layers, &Layers::new()), "there is no such crate");
    caught(&check(&Layers::new(), &Layers::from([("new".into(), BTreeSet::new())])), "has no row");
    let both = Layers::from([("desk".into(), BTreeSet::from(["vault".into(), "released".into()]))]);
    caught(&check(&both, &both), "links the vault and the released store");
}

#[test]
fn nobody_passes_the_vault_on() {
    // The vault's own root names its modules.
    for file in rust().iter().filter(|file| file.name != "crates/vault/src/lib.rs") {
        let passes = file.shipped().any(|(_, line)| line.contains(concat!("pub use ", "vault")));
        assert!(!passes, "{} re-exports the vault: a member-side crate could reach it through you", file.name);
    }
}
