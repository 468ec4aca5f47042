//! The trained guesser as a proof: what other members see of reports, and what a thief of the data folder has of them.

use std::fmt::Write as _;

use super::State;
use crate::run::command;

/// Reports for one of what is asked for, and what CI runs.
const REPORTS_FOR_ONE: u64 = 10;
const REPORTS_LEAST: u64 = 20_000;
/// What stands before each line of the harness that belongs to a transcript.
const MARK: &str = "guesser: ";
/// The parts of the harness's transcript, by the words that begin them.
const MEMBERS: &str = "what other members see";
const FOLDER: &str = "the data folder";
const BACKUP: &str = "a backup";

/// The lines of a transcript.
fn transcript(output: &str) -> Vec<&str> {
    output.lines().filter_map(|line| Some(line.split_once(MARK)?.1)).collect()
}

fn harness(reports: u64, features: &[&str]) -> Result<String, String> {
    command("cargo")
        .args(["test", "--locked", "--package", "fusioncell-server", "--test", "guesser"])
        .args(features)
        .args(["--", "--nocapture", "--test-threads", "1"])
        .env("FUSIONCELL_GUESSES", reports.to_string())
        .output()
}

/// Writes `guesser.md` and `stolen-folder.md`.
pub(super) fn prove(amount: u64) -> Result<(), String> {
    let mut state = State::load("guesser")?;
    state.done = amount.saturating_mul(REPORTS_FOR_ONE);
    let honest = harness(state.done, &[])?;
    let leaks = harness(state.done, &["--features", "planted-leaks"])?;
    let (honest, leaks) = (transcript(&honest), transcript(&leaks));
    let stolen = |line: &&&str| line.starts_with(FOLDER) || line.starts_with(BACKUP);
    let first = honest.iter().position(|line| stolen(&line)).ok_or("the harness printed no thief's transcript")?;
    let members: Vec<&str> = honest.iter().copied().filter(|line| line.starts_with(MEMBERS)).collect();
    let split = leaks.iter().position(|line| line.starts_with("at rest: ")).unwrap_or(leaks.len());
    if members.is_empty() || split == 0 || split == leaks.len() {
        return Err("the harness printed no figures of members, or none of planted leaks".to_owned());
    }
    let again = format!("Again by `cargo xtask prove guesser --seeds {amount}`. How it is done: decision 0113.\n");
    let list = |title: &str, lines: &[&str]| {
        let mut text = format!("{title}\n\n");
        for line in lines {
            let _ = writeln!(text, "- {line}");
        }
        text + "\n"
    };
    let body = list(
        "Reports of twelve firms, each as likely as any other. Each is guessed before the truth is shown:",
        &members,
    ) + &list(
        "The same guesser where a leak is planted, on fewer reports:",
        leaks.get(..split).unwrap_or_default(),
    ) + &again;
    state.write("guesser", REPORTS_LEAST, "Another member cannot guess who reported", &body)?;
    let thief = honest.get(first..).unwrap_or_default();
    let thief: Vec<&str> = thief.iter().copied().filter(|line| !line.starts_with(MEMBERS)).collect();
    let body =
        list(
            "What a thief tried who has the folder, the source code and no key, and is told who sent other cases:",
            &thief,
        ) + &list("The same thief where a leak is planted, on fewer reports:", leaks.get(split..).unwrap_or_default())
            + &again;
    state.write("stolen-folder", REPORTS_LEAST, "A stolen data folder links no report to a firm", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_is_found_among_what_a_runner_prints() {
        let output = "test x ... guesser: one\nnoise\nguesser: two\nok\n";
        assert_eq!(transcript(output), ["one", "two"]);
    }
}
