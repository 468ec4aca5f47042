//! The test tiers: `--fast` for daily work, everything for CI.

use std::fs;

use crate::run::{build_binary, command, fresh, has, root, step};
use crate::{fuzz, journeys, pages, readme, tally};

/// Kill -9 rounds of the full tier.
const KILL_ROUNDS: &str = "200";
/// The cargo-deny that the checks are written for.
const CARGO_DENY: &str = "0.20.2";

/// Runs the checks of a tier; the first failure ends it. The last line is what all runners counted.
pub fn test(fast: bool) -> Result<(), String> {
    let outcome = if fast { daily() } else { every() };
    tally::close(&outcome);
    outcome
}

fn daily() -> Result<(), String> {
    step("format", || command("cargo").args(["fmt", "--all", "--check"]).go())?;
    step("pages: install", pages::install)?;
    step("tidy and unit tests", || {
        command("cargo").args(["test", "--locked", "--no-fail-fast", "--workspace", "--lib", "--bins"]).hear()
    })?;
    step("pages: types, lint, unit tests", pages_tests)
}

fn pages_tests() -> Result<(), String> {
    command("npm").args(["run", "check"]).within("ui").go()?;
    command("npm").args(["run", "lint"]).within("ui").go()?;
    command("npm").arg("test").within("ui").hear()
}

fn every() -> Result<(), String> {
    step("format", || command("cargo").args(["fmt", "--all", "--check"]).go())?;
    step("pages: install", pages::install)?;
    step("pages: the client is what openapi.json gives", pages::client_is_fresh)?;
    step("pages: types, lint, unit tests, build", || {
        pages_tests()?;
        pages::build()
    })?;
    step("licences and bans", licences)?;
    step("lints", || {
        command("cargo").args(["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]).go()
    })?;
    step("tests", || {
        command("cargo")
            .args(["test", "--locked", "--no-fail-fast", "--workspace"])
            .env("FUSIONCELL_KILL_ROUNDS", KILL_ROUNDS)
            .hear()
    })?;
    step("planted leaks are caught", || {
        command("cargo")
            .args(["test", "--locked", "--package", "fusioncell-server", "--features", "planted-leaks"])
            // What needs no leak was tried in the step before.
            .args(["--test", "noninterference", "--test", "who_sees_what", "--test", "guesser", "--test", "grades"])
            .args(["--", "--nocapture", "leak"])
            .hear()
    })?;
    step("documentation", || {
        command("cargo")
            .args(["doc", "--locked", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "--deny warnings")
            .go()
    })?;
    step("openapi.json is fresh", || {
        let kept = fs::read_to_string(root().join("openapi.json")).map_err(|error| format!("openapi.json: {error}"))?;
        fresh("openapi.json", &kept, &openapi()?)
    })?;
    step("the README's commands run", readme::run)?;
    step("journeys in Chromium", journeys::run)?;
    asked()
}

/// Asks both listeners of a demo by schemathesis.
pub fn asked() -> Result<(), String> {
    step("the API answers as its document says", fuzz::run)
}

fn licences() -> Result<(), String> {
    if !has("cargo-deny") {
        println!("cargo-deny is missing: installing it");
        command("cargo").args(["install", "--locked", "--debug", "--version", CARGO_DENY, "cargo-deny"]).go()?;
    }
    command("cargo").args(["deny", "--all-features", "check", "licenses", "bans", "sources"]).go()
}

fn openapi() -> Result<String, String> {
    let binary = build_binary("dev")?;
    command(binary).arg("openapi").output()
}

/// Writes `openapi.json` from the code, and the pages' client from that.
pub fn write_openapi() -> Result<(), String> {
    fs::write(root().join("openapi.json"), openapi()?).map_err(|error| format!("openapi.json: {error}"))?;
    pages::write_client()
}
