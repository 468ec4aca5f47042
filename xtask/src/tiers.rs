//! The test tiers: `--fast` for daily work, everything for CI.

use std::fs;

use crate::run::{build_binary, command, has, root, step};
use crate::{journeys, pages};

/// Kill -9 rounds of the full tier.
const KILL_ROUNDS: &str = "200";

/// Runs the checks of a tier; the first failure ends it.
pub fn test(fast: bool) -> Result<(), String> {
    step("format", || command("cargo").args(["fmt", "--all", "--check"]).go())?;
    step("pages: install", pages::install)?;
    if fast {
        step("tidy and unit tests", || {
            command("cargo").args(["test", "--locked", "--workspace", "--lib", "--bins"]).go()
        })?;
        return step("pages: unit tests", || command("npm").arg("test").within("ui").go());
    }
    step("pages: types, lint, unit tests, build", || {
        command("npm").args(["run", "check"]).within("ui").go()?;
        command("npm").args(["run", "lint"]).within("ui").go()?;
        command("npm").arg("test").within("ui").go()?;
        pages::build()
    })?;
    step("licences and bans", licences)?;
    step("lints", || {
        command("cargo").args(["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]).go()
    })?;
    step("tests", || {
        command("cargo").args(["test", "--locked", "--workspace"]).env("FUSIONCELL_KILL_ROUNDS", KILL_ROUNDS).go()
    })?;
    step("planted leaks are caught", || {
        command("cargo")
            .args(["test", "--locked", "--package", "fusioncell-server", "--features", "planted-leaks"])
            .args(["--test", "noninterference", "--", "--nocapture"])
            .go()
    })?;
    step("documentation", || {
        command("cargo")
            .args(["doc", "--locked", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "--deny warnings")
            .go()
    })?;
    step("openapi.json is fresh", || {
        let fresh = openapi()?;
        let kept = fs::read_to_string(root().join("openapi.json")).map_err(|error| format!("openapi.json: {error}"))?;
        if fresh.trim() == kept.trim() {
            Ok(())
        } else {
            Err("run `cargo xtask openapi` and commit openapi.json".into())
        }
    })?;
    step("journeys in Chromium", journeys::run)
}

fn licences() -> Result<(), String> {
    if !has("cargo-deny") {
        println!("cargo-deny is missing: installing it");
        command("cargo").args(["install", "--locked", "--debug", "cargo-deny"]).go()?;
    }
    command("cargo").args(["deny", "--all-features", "check", "licenses", "bans", "sources"]).go()
}

fn openapi() -> Result<String, String> {
    let binary = build_binary("dev")?;
    command(binary).arg("openapi").output()
}

/// Writes `openapi.json` from the code.
pub fn write_openapi() -> Result<(), String> {
    fs::write(root().join("openapi.json"), openapi()?).map_err(|error| format!("openapi.json: {error}"))
}
