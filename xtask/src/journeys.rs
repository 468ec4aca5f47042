//! Journeys in a real Chromium against a running demo; each planted fault must be caught by the check meant for it.

use std::ffi::OsString;
use std::time::Duration;

use crate::demo::Demo;
use crate::run::{Run, build_binary, command, find};

/// Generous: the journeys judge what is shown; `cargo xtask bench light` judges how soon.
const START_LIMIT: Duration = Duration::from_secs(120);
/// What the journeys exit with when a planted fault was caught by the check meant for it.
const CAUGHT: i32 = 3;
/// Faults that the journeys plant, and words of the check that must catch each. `ui/e2e/plants.mjs` plants them.
const PLANTS: [(&str, &str); 6] = [
    ("axe", "one clear answer"),
    ("csp", "one clear answer"),
    ("silent-stream", "wall becomes live"),
    ("outside", "one clear answer"),
    ("inline-style", "one clear answer"),
    ("missing-label", "one clear answer"),
];

/// Runs the journeys, then each planted fault.
pub fn run() -> Result<(), String> {
    let chromium = chromium()?;
    let demo = Demo::start(&build_binary("dev")?, START_LIMIT)?;
    let journeys = || -> Run {
        command("node").arg("e2e/run.mjs").within("ui").env("CHROMIUM", &chromium).env("SIGN_INS", demo.sign_ins())
    };
    journeys().hear()?;
    for (plant, check) in PLANTS {
        let (code, output) = journeys().env("PLANT", plant).code_and_output()?;
        judge(plant, check, code, &output)?;
        println!("planted fault `{plant}` is caught by the check meant for it");
    }
    demo.end()
}

/// A fault caught by accident is a check that nobody knows to be awake.
fn judge(plant: &str, check: &str, code: Option<i32>, output: &str) -> Result<(), String> {
    let line = output.lines().find(|line| line.starts_with("caught by: "));
    match (code, line) {
        (Some(CAUGHT), Some(line)) if line.contains(check) => Ok(()),
        (Some(0), _) => Err(format!("the journeys pass although the fault `{plant}` is planted: the check is blind")),
        _ => Err(format!("the fault `{plant}` is caught by accident, not by a check named {check:?}:\n{output}")),
    }
}

/// A Chromium on the search path; Debian's is installed if there is none and we may.
fn chromium() -> Result<OsString, String> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Ok(path);
    }
    let known = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find);
    if let Some(path) = known() {
        return Ok(path.into());
    }
    println!("chromium is missing: installing it");
    let installed = command("apt-get").args(["update", "-q"]).go().and_then(|()| {
        command("apt-get").args(["install", "-qy", "chromium"]).env("DEBIAN_FRONTEND", "noninteractive").go()
    });
    let advice = "install it by `apt-get install chromium`, or set CHROMIUM to a browser";
    installed.map_err(|problem| format!("{problem}; {advice}"))?;
    known().map(Into::into).ok_or_else(|| format!("chromium is installed but not on the search path; {advice}"))
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn only_the_check_meant_for_a_fault_counts() {
        judge("axe", "one clear", Some(3), "FAIL  x\ncaught by: one clear answer\n").unwrap();
        assert!(judge("axe", "one clear", Some(0), "").unwrap_err().contains("blind"));
        assert!(judge("axe", "one clear", Some(1), "a timeout").unwrap_err().contains("by accident"));
        assert!(judge("axe", "one clear", Some(3), "caught by: another").unwrap_err().contains("by accident"));
        assert!(judge("axe", "one clear", None, "").is_err());
    }
}
