//! Building the pages: installs the packages when the lock file changed, then builds.

use std::fs;

use crate::run::{command, has, root};

/// Installs the packages of `ui/package-lock.json` if they are not those installed.
pub fn install() -> Result<(), String> {
    if !has("npm") {
        return Err("npm is missing: install Node.js 20 or later (Debian: apt-get install nodejs npm)".into());
    }
    let lock =
        fs::read(root().join("ui/package-lock.json")).map_err(|error| format!("ui/package-lock.json: {error}"))?;
    let stamp = root().join("ui/node_modules/.installed-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    command("npm").args(["ci", "--no-audit", "--no-fund"]).within("ui").go()?;
    fs::write(&stamp, lock).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Builds the pages into `ui/dist`.
pub fn build() -> Result<(), String> {
    install()?;
    command("npm").args(["run", "build"]).within("ui").go()
}
