//! The matcher against its slow reference over millions of lines, and under AddressSanitizer, as a proof.

use super::{State, before, told};
use crate::run::{command, target};

/// Lines for one of what is asked for: 2,000 make ten million.
const LINES_FOR_ONE: u64 = 5_000;
const LINES_LEAST: u64 = 10_000_000;
/// Lines of one call of the harness: what is lost if a run is killed.
const LINES_AT_ONCE: u64 = 1_000_000;
/// Tests that share the lines of a call.
const TESTS: u64 = 2;
/// Where the sanitizer's runtime is.
const SANITIZED: &str = "x86_64-unknown-linux-gnu";

fn harness(test: &str) -> crate::run::Run {
    command("cargo")
        .args([
            "test",
            "--release",
            "--locked",
            "--package",
            "fusioncell-matcher",
            "--test",
            "differential",
            "--",
            test,
        ])
        .arg("--nocapture")
}

/// Takes in the figures of random lines; each test prints its own.
fn take_in(state: &mut State, output: &str) -> Result<u64, String> {
    let mut lines = 0;
    for line in output.lines().filter_map(|line| Some(line.split_once("random: ")?.1)) {
        lines += before(line, " lines")?;
        state.add("hit".to_owned(), before(line, " with hits")?);
        state.add("pairs".to_owned(), before(line, " pairs of line")?);
    }
    if lines == 0 { Err("the harness printed no figures of random lines".to_owned()) } else { Ok(lines) }
}

/// Takes in the figures of real lines; `false` if there is no data to try.
fn take_in_real(state: &mut State, output: &str) -> Result<bool, String> {
    let Ok(line) = told(output, "real: ", " indicators") else { return Ok(false) };
    for (what, word) in [
        ("real indicators", " indicators"),
        ("real files", " files"),
        ("real bytes", " bytes"),
        ("real lines", " lines"),
        ("real hit", " with hits"),
        ("real pairs", " pairs"),
    ] {
        let number = before(line, word)?;
        state.add(what.to_owned(), number);
    }
    Ok(true)
}

/// Tests that passed under AddressSanitizer; `None` if this machine has no nightly toolchain.
fn sanitized() -> Result<Option<u64>, String> {
    if command("rustup").args(["run", "nightly", "rustc", "--version"]).output().is_err() {
        return Ok(None);
    }
    let output = command("rustup")
        .args(["run", "nightly", "cargo", "test", "--locked", "--package", "fusioncell-matcher", "--target", SANITIZED])
        // Examples in documentation are linked by another program, without the sanitizer's runtime.
        .args(["--lib", "--tests"])
        .env("RUSTFLAGS", "-Zsanitizer=address")
        .env("CARGO_TARGET_DIR", target().join("asan"))
        .output()?;
    let passed = output.lines().filter_map(|line| Some(line.split_once("test result: ok. ")?.1));
    passed.map(|line| before(line, " passed")).sum::<Result<u64, String>>().map(Some)
}

/// Writes `hunt.md`.
pub(super) fn prove(amount: u64) -> Result<(), String> {
    let lines = amount.saturating_mul(LINES_FOR_ONE);
    let mut state = State::load("hunt")?;
    while state.done < lines {
        let count = LINES_AT_ONCE.min(lines - state.done);
        let output = harness("random")
            .env("HUNT_LINES", count.div_ceil(TESTS).to_string())
            .env("HUNT_SEED", state.done.to_string())
            .output()?;
        state.done += take_in(&mut state, &output)?;
        state.save()?;
        println!("hunt: {} of {lines} lines", state.done);
    }
    if state.figure("real lines") == 0 {
        let output = harness("real").env("HUNT_REAL", "all").output()?;
        if !take_in_real(&mut state, &output)? {
            return Err("there is no data of real logs: FUSIONCELL_TEST_DATA names its folder".to_owned());
        }
        state.save()?;
    }
    if state.figure("sanitized") == 0
        && let Some(passed) = sanitized()?
    {
        state.add("sanitized".to_owned(), passed);
        state.save()?;
    }
    let sanitizer = match state.figure("sanitized") {
        0 => "AddressSanitizer was not run: the machine has no nightly toolchain.".to_owned(),
        passed => format!(
            "All {passed} tests of the matcher passed under AddressSanitizer, the one module with unsafe code included."
        ),
    };
    let body = format!(
        "`matcher` and `hunt-reference`, which share no line of code but follow the same rules (`docs/hunt.md`), were given the same\n\
         lines. On every line both found the same indicators: **0 missed, 0 invented**.\n\n\
         | lines | of them hit | pairs of line and indicator |\n|---|---|---|\n\
         | {} random ones, made to hurt | {} | {} |\n\
         | {} real ones ({} files, {} bytes) against {} indicators | {} | {} |\n\n\
         Random lines are made of values, their encodings, pieces of both and glue, so that most hit; half of them are looked at with\n\
         names, addresses and hashes alone, half with every kind. They go through every engine that the machine has. {sanitizer}\n\n\
         Again by `cargo xtask prove hunt --amount {}`.\n",
        state.done,
        state.figure("hit"),
        state.figure("pairs"),
        state.figure("real lines"),
        state.figure("real files"),
        state.figure("real bytes"),
        state.figure("real indicators"),
        state.figure("real hit"),
        state.figure("real pairs"),
        amount
    );
    state.write("hunt", LINES_LEAST, "The matcher finds what its reference finds, and nothing else", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_among_what_a_runner_prints() {
        let output = "test a ... random: 500028 lines, 268734 with hits, 608061 pairs of line and indicator, 0 missed, 0 invented ([Scalar, Avx2])\n\
            ok\nrandom: 500000 lines, 1 with hits, 2 pairs of line and indicator, 0 missed, 0 invented ([Scalar])\n";
        let mut state = State::at("/nowhere".into(), "abc".to_owned());
        assert_eq!(take_in(&mut state, output), Ok(1_000_028));
        assert_eq!((state.figure("hit"), state.figure("pairs")), (268_735, 608_063));
        assert!(take_in(&mut state, "ok").is_err());
        let real = "real: 20 indicators, 769 files, 71032778 bytes, 230215 lines, 12845 with hits, 14420 pairs, 0 missed, 0 invented";
        assert_eq!((take_in_real(&mut state, real), take_in_real(&mut state, "NOT TESTED")), (Ok(true), Ok(false)));
        assert_eq!((state.figure("real lines"), state.figure("real pairs")), (230_215, 14_420));
    }
}
