//! Which question caught which planted leak, as a proof that the tests would see one.

use std::fmt::Write as _;

use super::State;
use crate::run::command;

/// What stands before each line of the harness that tells of a leak, and what parts the leak from what caught it.
const MARK: &str = "planted: ";
const PART: &str = " | ";
/// Leaks that there must be at least.
const LEAKS_LEAST: u64 = 40;

/// Each leak with what caught it.
fn caught(output: &str) -> Vec<(&str, &str)> {
    output.lines().filter_map(|line| line.split_once(MARK)?.1.split_once(PART)).collect()
}

/// Writes `leaks.md`; how many pairs are asked of each leak is the harness's own.
pub(super) fn prove(_amount: u64) -> Result<(), String> {
    let mut state = State::load("leaks")?;
    let output = command("cargo")
        .args(["test", "--locked", "--package", "fusioncell-server", "--features", "planted-leaks"])
        .args(["--test", "noninterference", "--test", "grades", "--", "--nocapture", "leak"])
        .output()?;
    let all = caught(&output);
    state.done = all.len() as u64;
    if let Some((leak, _)) = all.iter().find(|(_, by)| by.starts_with("MISSED")) {
        return Err(format!("nothing catches {leak:?}"));
    }
    let mut body = format!(
        "Each of {} leaks was planted by a switch of a test build, and seen: by the first question and seed that is named. The same\n\
         question finds nothing where no leak is planted. Those at rest are in `stolen-folder.md`.\n\n| leak | caught by |\n|---|---|\n",
        all.len()
    );
    for (leak, by) in all {
        let _ = writeln!(body, "| {leak} | {} |", by.replace('|', "\\|"));
    }
    body += "\nAgain by `cargo xtask prove leaks`.\n";
    state.write("leaks", LEAKS_LEAST, "Every planted leak is caught", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_caught_a_leak_is_found_among_what_a_runner_prints() {
        let output = "test x ... planted: a, b: c | swap, seed 3: GET /x\nnoise | more\nplanted: d | MISSED\nok\n";
        assert_eq!(caught(output), [("a, b: c", "swap, seed 3: GET /x"), ("d", "MISSED")]);
    }
}
