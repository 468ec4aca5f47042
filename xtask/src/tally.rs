//! The runners' own closing lines: heard while a tier runs, told again at its end, and added up.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the runners have said so far.
#[derive(Default)]
struct Tally {
    lines: Vec<String>,
    passed: u64,
    failed: u64,
}

static TALLY: Mutex<Tally> = Mutex::new(Tally { lines: Vec::new(), passed: 0, failed: 0 });

fn tally() -> MutexGuard<'static, Tally> {
    TALLY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A line without the escape sequences that colour it; some runners colour even what goes into a pipe.
fn without_colour(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

/// Passed and failed of a closing line of cargo's tests, of vitest, or of the journeys.
fn closing(line: &str) -> Option<(u64, u64)> {
    let plain = without_colour(line);
    let line = plain.trim();
    let ours = line.split_once(" passed, ").is_some_and(|(n, rest)| {
        n.bytes().all(|c| c.is_ascii_digit()) && rest.trim_end_matches(" failed").bytes().all(|c| c.is_ascii_digit())
    });
    if !(line.starts_with("test result: ") || line.starts_with("Tests  ") || ours) {
        return None;
    }
    let before = |word: &str| {
        let (head, _) = line.split_once(word)?;
        head.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    Some((before(" passed").unwrap_or(0), before(" failed").unwrap_or(0)))
}

/// Listens to a line that a runner printed.
pub fn hear(line: &str) {
    if let Some((passed, failed)) = closing(line).filter(|(passed, failed)| passed + failed > 0) {
        let mut tally = tally();
        tally.lines.push(without_colour(line).trim().to_owned());
        tally.passed += passed;
        tally.failed += failed;
    }
}

/// Prints every closing line again and, last of all, their sum. A failure that no runner counted counts as one.
pub fn close(outcome: &Result<(), String>) {
    let tally = tally();
    println!("── the runners' own closing lines");
    for line in &tally.lines {
        println!("{line}");
    }
    if let Err(problem) = outcome {
        println!("── FAILED: {problem}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed.max(u64::from(outcome.is_err())));
}

#[cfg(test)]
mod tests {
    use super::closing;

    #[test]
    fn closing_lines_of_each_runner_are_read() {
        let cargo = "test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(closing(cargo), Some((12, 1)));
        assert_eq!(closing("      Tests  145 passed (145)"), Some((145, 0)));
        let coloured = "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m146 passed\u{1b}[39m\u{1b}[22m\u{1b}[90m (146)\u{1b}[39m";
        assert_eq!(closing(coloured), Some((146, 0)));
        assert_eq!(closing("      Tests  1 failed | 125 passed (126)"), Some((125, 1)));
        assert_eq!(closing("94 passed, 2 failed"), Some((94, 2)));
        assert_eq!(closing(" Test Files  5 passed (5)"), None);
        assert_eq!(closing("it passed, they failed"), None);
    }
}
