//! Building the pages: installs the packages when the lock file changed, then builds; the typed client is held to `openapi.json`.

use std::fs;

use crate::run::{command, fresh, has, root};

/// The least Node.js that the pages' tools run on.
const NODE_MIN: (u32, u32) = (20, 19);
const CLIENT: &str = "ui/src/api/schema.d.ts";

/// Installs the packages of `ui/package-lock.json` if they are not those installed.
pub fn install() -> Result<(), String> {
    if !has("npm") || !has("node") {
        return Err(missing("Node.js is missing"));
    }
    let version = command("node").arg("--version").output()?;
    if !new_enough(&version) {
        return Err(missing(&format!("Node.js {} is too old", version.trim())));
    }
    let lock =
        fs::read(root().join("ui/package-lock.json")).map_err(|error| format!("ui/package-lock.json: {error}"))?;
    let stamp = root().join("ui/node_modules/.installed-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let install = || command("npm").args(["ci", "--no-audit", "--no-fund"]).within("ui").go();
    install().or_else(|problem| {
        println!("{problem}: trying once more");
        install()
    })?;
    fs::write(&stamp, lock).map_err(|error| format!("{}: {error}", stamp.display()))
}

fn missing(what: &str) -> String {
    let (major, minor) = NODE_MIN;
    format!("{what}: install Node.js {major}.{minor} or later (Debian 13: `apt-get install -qy nodejs npm`)")
}

fn new_enough(version: &str) -> bool {
    let mut numbers = version.trim().trim_start_matches('v').split('.').map_while(|part| part.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= NODE_MIN
}

/// Builds the pages into `ui/dist`.
pub fn build() -> Result<(), String> {
    install()?;
    command("npm").args(["run", "build"]).within("ui").go()
}

/// Writes the typed client from `openapi.json`.
pub fn write_client() -> Result<(), String> {
    install()?;
    command("npm").args(["run", "gen"]).within("ui").go()
}

/// Fails unless the typed client is what `openapi.json` gives.
pub fn client_is_fresh() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let made = folder.path().join("schema.d.ts");
    command("npx")
        .args(["--no-install", "openapi-typescript", "../openapi.json", "-o"])
        .arg(&made)
        .within("ui")
        .go()?;
    let made = fs::read_to_string(&made).map_err(|error| format!("{}: {error}", made.display()))?;
    let kept = fs::read_to_string(root().join(CLIENT)).map_err(|error| format!("{CLIENT}: {error}"))?;
    fresh(CLIENT, &kept, &made)
}

#[cfg(test)]
mod tests {
    use super::new_enough;

    #[test]
    fn an_old_node_is_told() {
        for (version, enough) in [
            ("v20.19.0\n", true),
            ("v20.20.2", true),
            ("v22.1.0", true),
            ("v20.18.3", false),
            ("v18.19.0", false),
            ("nonsense", false),
        ] {
            assert_eq!(new_enough(version), enough, "{version}");
        }
    }
}
