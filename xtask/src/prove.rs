//! Long proofs: resumable, each writing `docs/proofs/NAME.md` with date, commit, machine and figures.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::bench::machine;
use crate::run::{command, root, target};

/// Seeds of one call of the harness.
const SEEDS_AT_ONCE: u64 = 400;
/// Rounds of one call of the kill test.
const ROUNDS_AT_ONCE: u64 = 200;

type Proof = fn(u64) -> Result<(), String>;

/// Every proof by name.
const ALL: [(&str, Proof); 2] = [("noninterference", noninterference), ("kill", kill)];

/// Runs the named proofs, or all, up to `amount` seeds or rounds each; what an earlier call on the same commit proved counts.
pub fn run(names: &[String], amount: u64) -> Result<(), String> {
    if let Some(unknown) = names.iter().find(|name| ALL.iter().all(|(known, _)| known != name)) {
        return Err(format!("no proof is called {unknown:?}; there are noninterference, kill"));
    }
    for (name, proof) in ALL {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            proof(amount).map_err(|problem| format!("proof {name}: {problem}"))?;
        }
    }
    Ok(())
}

/// What is proven so far, kept beside what cargo builds.
struct State {
    path: PathBuf,
    commit: String,
    done: u64,
    figures: BTreeMap<String, u64>,
}

impl State {
    fn load(name: &str) -> Result<Self, String> {
        let commit = command("git").args(["rev-parse", "--short=12", "HEAD"]).output()?.trim().to_owned();
        let path = target().join("proofs").join(format!("{name}.json"));
        let kept: Option<Value> = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let kept = kept.filter(|kept| kept.get("commit").and_then(Value::as_str) == Some(&commit));
        let done = kept.as_ref().and_then(|kept| kept.get("done")?.as_u64()).unwrap_or(0);
        let figures = kept.as_ref().and_then(|kept| serde_json::from_value(kept.get("figures")?.clone()).ok());
        Ok(Self { path, commit, done, figures: figures.unwrap_or_default() })
    }

    fn save(&self) -> Result<(), String> {
        let text = json!({ "commit": self.commit, "done": self.done, "figures": self.figures }).to_string();
        let folder = self.path.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&self.path, text))
            .map_err(|error| format!("{}: {error}", self.path.display()))
    }

    fn figure(&self, name: &str) -> u64 {
        self.figures.get(name).copied().unwrap_or(0)
    }

    fn write(&self, name: &str, title: &str, body: &str) -> Result<(), String> {
        self.save()?;
        let date = command("date").args(["-u", "+%Y-%m-%d"]).output()?;
        let text = format!(
            "# {title}\n\n{} · commit {} · {}\n\n{body}",
            date.trim(),
            self.commit,
            machine().trim_start_matches("machine: ")
        );
        let path = root().join("docs/proofs").join(format!("{name}.md"));
        fs::create_dir_all(root().join("docs/proofs"))
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// The pairs of worlds that must look alike, over more seeds than CI has time for.
fn noninterference(seeds: u64) -> Result<(), String> {
    let mut state = State::load("noninterference")?;
    while state.done < seeds {
        let count = SEEDS_AT_ONCE.min(seeds - state.done).max(400).to_string();
        let output = command("cargo")
            .args([
                "test",
                "--locked",
                "--package",
                "fusioncell-server",
                "--test",
                "noninterference",
                "--",
                "--nocapture",
            ])
            .env("FUSIONCELL_FIRST_SEED", (state.done + 1).to_string())
            .env("FUSIONCELL_SWAP_PAIRS", &count)
            .env("FUSIONCELL_PRESENCE_PAIRS", &count)
            .env("FUSIONCELL_ARRIVAL_PAIRS", &count)
            .env("FUSIONCELL_MODEL_SCRIPTS", &count)
            .output()?;
        for kind in ["swap", "presence", "arrival"] {
            let line = output.lines().find(|line| line.starts_with(&format!("{kind}: ")));
            let line = line.ok_or_else(|| format!("the harness printed no line for {kind}"))?;
            for (what, before) in [
                ("made", " pairs made"),
                ("kept", " kept"),
                ("cell", " of them compared for the cell"),
                ("answers", " answers compared"),
            ] {
                let number =
                    line.split(before).next().and_then(|text| text.rsplit([' ', ',']).next()?.parse::<u64>().ok());
                let number = number.ok_or_else(|| format!("no figure before {before:?} in {line:?}"))?;
                *state.figures.entry(format!("{kind} {what}")).or_default() += number;
            }
        }
        state.done += count.parse::<u64>().unwrap_or(SEEDS_AT_ONCE);
        state.save()?;
        println!("noninterference: {} of {seeds} seeds", state.done);
    }
    let mut body = String::from(
        "Pairs of worlds through the routers that `serve` binds: another firm files one report (swap), a report that is never\n\
         released is replaced by nothing (presence), reports arrive in another order or at another moment of their release tick\n\
         (arrival). Every byte that other observers get was equal. Kept are the pairs in which the declared release agrees.\n\n\
         | pair | made | kept | compared for the cell too | answers compared |\n|---|---|---|---|---|\n",
    );
    for kind in ["swap", "presence", "arrival"] {
        let figure = |what: &str| state.figure(&format!("{kind} {what}"));
        body += &format!(
            "| {kind} | {} | {} ({} %) | {} | {} |\n",
            figure("made"),
            figure("kept"),
            figure("kept") * 100 / figure("made").max(1),
            figure("cell"),
            figure("answers")
        );
    }
    body += &format!("\nSeeds 1 to {}; again by `cargo xtask prove noninterference`.\n", state.done);
    state.write("noninterference", "Nobody can tell who reported: pairs of worlds", &body)
}

/// Kill -9 under load, over more rounds than CI has time for.
fn kill(rounds: u64) -> Result<(), String> {
    let mut state = State::load("kill")?;
    while state.done < rounds {
        let count = ROUNDS_AT_ONCE.min(rounds - state.done);
        let output = command("cargo")
            .args(["test", "--locked", "--package", "fusioncell-vault", "--test", "kill", "--", "--nocapture"])
            .env("FUSIONCELL_KILL_ROUNDS", count.to_string())
            .output()?;
        let line = output.lines().find(|line| line.contains(" acknowledged reports"));
        let number = line.and_then(|line| line.split(" acknowledged").next()?.rsplit(' ').next()?.parse::<u64>().ok());
        let number = number.ok_or("the test printed no number of acknowledged reports")?;
        *state.figures.entry("acknowledged".to_owned()).or_default() += number;
        state.done += count;
        state.save()?;
        println!("kill: {} of {rounds} rounds", state.done);
    }
    let body = format!(
        "{} rounds: a process that appends reports from several threads is killed (SIGKILL) at a random moment; the journal is\n\
         opened again. Each of the {} acknowledged reports was there exactly once, the chain was whole, and it matched the signed checkpoint.\n\n\
         Again by `cargo xtask prove kill`.\n",
        state.done,
        state.figure("acknowledged")
    );
    state.write("kill", "What was acknowledged survives kill -9", &body)
}
