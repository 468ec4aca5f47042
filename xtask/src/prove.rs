//! Long proofs: resumable, each writing `docs/proofs/NAME.md` with date, commit, machine and figures.

mod guesser;
mod hunt;
mod leaks;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::bench::machine;
use crate::run::{command, root, target};

/// Seeds of one call of the harness: what is lost if a run is killed.
const SEEDS_AT_ONCE: u64 = 100;
/// Seeds of which full pairs are run; beyond them, only light pairs, many more at once.
const FULL_SEEDS: u64 = 500;
const LIGHT_SEEDS_AT_ONCE: u64 = 1_000;
/// Rounds of one call of the kill test.
const ROUNDS_AT_ONCE: u64 = 50;
/// What CI runs of each; a run over fewer is a rehearsal and takes no proof's place.
const SEEDS_LEAST: u64 = 400;
const ROUNDS_LEAST: u64 = 200;
/// Least share of pairs, in percent, in which the declared release agrees, as CI demands it.
const KEPT_PERCENT_MIN: u64 = 30;
/// The kinds of pairs, as the harness names them: full ones ask every route at their end, light ones a random part.
const FULL_KINDS: [&str; 5] = ["swap", "presence", "arrival", "outside", "wall"];
const LIGHT_KINDS: [&str; 5] = ["light swap", "light presence", "light arrival", "light outside", "light wall"];

type Proof = fn(u64) -> Result<(), String>;

/// Every proof by name.
const ALL: [(&str, Proof); 5] = [
    ("noninterference", noninterference),
    ("kill", kill),
    ("guesser", guesser::prove),
    ("leaks", leaks::prove),
    ("hunt", hunt::prove),
];

/// Runs the named proofs, or all, up to `amount` seeds or rounds each; what an earlier call on the same commit proved counts.
pub fn run(names: &[String], amount: u64) -> Result<(), String> {
    if let Some(unknown) = names.iter().find(|name| ALL.iter().all(|(known, _)| known != name)) {
        return Err(format!("no proof is called {unknown:?}; there are noninterference, kill, guesser, leaks, hunt"));
    }
    for (name, proof) in ALL {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            proof(amount).map_err(|problem| format!("proof {name}: {problem}"))?;
        }
    }
    Ok(())
}

/// The code that is proven: the commit, and what of it is changed and not committed.
fn code() -> Result<String, String> {
    let commit = command("git").args(["rev-parse", "--short=12", "HEAD"]).output()?.trim().to_owned();
    let elsewhere = ["--", ".", ":!docs/proofs"];
    let mut changed = command("git").args(["status", "--porcelain"]).args(elsewhere).output()?;
    if changed.trim().is_empty() {
        return Ok(commit);
    }
    changed += &command("git").args(["diff", "HEAD"]).args(elsewhere).output()?;
    let mut hasher = DefaultHasher::new();
    changed.hash(&mut hasher);
    Ok(format!("{commit} with changes that are not committed ({:08x})", hasher.finish() >> 32))
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
        let state = Self::at(target().join("proofs").join(format!("{name}.json")), code()?);
        if state.done > 0 {
            println!("{name}: goes on after {}", state.done);
        }
        Ok(state)
    }

    /// What is kept at a path, as far as it is of this code.
    fn at(path: PathBuf, commit: String) -> Self {
        let kept: Option<Value> = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let kept = kept.filter(|kept| kept.get("commit").and_then(Value::as_str) == Some(&commit));
        let done = kept.as_ref().and_then(|kept| kept.get("done")?.as_u64()).unwrap_or(0);
        let figures = kept.as_ref().and_then(|kept| serde_json::from_value(kept.get("figures")?.clone()).ok());
        Self { path, commit, done, figures: figures.unwrap_or_default() }
    }

    /// Whoever is killed meanwhile leaves the state of before.
    fn save(&self) -> Result<(), String> {
        let text = json!({ "commit": self.commit, "done": self.done, "figures": self.figures }).to_string();
        let folder = self.path.parent().unwrap_or(&self.path);
        let beside = self.path.with_extension("new");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&beside, text))
            .and_then(|()| fs::rename(&beside, &self.path))
            .map_err(|error| format!("{}: {error}", self.path.display()))
    }

    fn figure(&self, name: &str) -> u64 {
        self.figures.get(name).copied().unwrap_or(0)
    }

    fn add(&mut self, name: String, number: u64) {
        *self.figures.entry(name).or_default() += number;
    }

    /// Writes the proof; one over fewer than `least` is a rehearsal and stays beside what cargo builds.
    fn write(&self, name: &str, least: u64, title: &str, body: &str) -> Result<(), String> {
        let date = command("date").args(["-u", "+%Y-%m-%d"]).output()?;
        let text = format!(
            "# {title}\n\n{} · commit {} · {}\n\n{body}",
            date.trim(),
            self.commit,
            machine().trim_start_matches("machine: ")
        );
        let rehearsal = self.done < least;
        let folder = if rehearsal { target().join("proofs") } else { root().join("docs/proofs") };
        let path = folder.join(format!("{name}.md"));
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let why = if rehearsal { format!(" (a rehearsal: a proof takes at least {least})") } else { String::new() };
        println!("{name}: {} written{why}", path.display());
        Ok(())
    }
}

/// The number that stands before a word in a line.
fn before(line: &str, word: &str) -> Result<u64, String> {
    let number = line.split(word).next().and_then(|text| text.rsplit([' ', ',']).next()?.parse().ok());
    number.ok_or_else(|| format!("no figure before {word:?} in {line:?}"))
}

/// What follows a mark in the first line that has it and a word: a runner may have written before it on its line. What light
/// pairs did is never taken for what full ones did.
fn told<'a>(output: &'a str, mark: &str, word: &str) -> Result<&'a str, String> {
    let found = output.lines().find_map(|line| {
        let (before, rest) = line.split_once(mark)?;
        (!before.ends_with("light ") && rest.contains(word)).then_some(rest)
    });
    found.ok_or_else(|| format!("the harness printed no line with {mark:?} and {word:?}"))
}

/// Takes in the figures that the harness printed of some kinds of pairs.
fn take_in(state: &mut State, output: &str, kinds: &[&str]) -> Result<(), String> {
    for kind in kinds {
        let line = told(output, &format!("{kind}: "), " pairs made")?;
        for (what, word) in [
            ("made", " pairs made"),
            ("kept", " kept"),
            ("cell", " of them compared for the cell"),
            ("answers", " answers compared"),
        ] {
            state.add(format!("{kind} {what}"), before(line, word)?);
        }
        let line = told(output, &format!("{kind}, besides: "), " compared for operators")?;
        state.add(format!("{kind} operators"), before(line, " compared for operators")?);
        state.add(format!("{kind} stores"), before(line, " with the pages of the members' store")?);
    }
    Ok(())
}

/// Takes in why what was hidden in pairs of presence is never released, full and light ones together.
fn take_in_reasons(state: &mut State, output: &str) -> Result<(), String> {
    for line in output.lines().filter_map(|line| Some(line.split_once("presence of ")?.1)) {
        let Some((why, figures)) = line.split_once(": ") else { continue };
        state.add(format!("hidden {why}"), before(figures, " kept")?);
    }
    Ok(())
}

/// Takes in how many scripts were played beside the model.
fn take_in_model(state: &mut State, output: &str) -> Result<(), String> {
    let line = told(output, "beside the model: ", " scripts")?;
    state.add("model scripts".to_owned(), before(line, " scripts")?);
    state.add("model played".to_owned(), before(line, " played")?);
    Ok(())
}

/// One call of the harness, over the seeds that follow those that are done.
fn harness(state: &mut State, count: u64) -> Result<(), String> {
    let full = state.done < FULL_SEEDS;
    let mut run = command("cargo")
        .args(["test", "--locked", "--package", "fusioncell-server", "--test", "noninterference"])
        .args(["--", "--nocapture"])
        .env("FUSIONCELL_FIRST_SEED", (state.done + 1).to_string())
        // Shares are judged over the whole, here.
        .env("FUSIONCELL_PART", "1");
    for pairs in ["SWAP_PAIRS", "PRESENCE_PAIRS", "ARRIVAL_PAIRS", "OUTSIDE_PAIRS", "WALL_PAIRS", "MODEL_SCRIPTS"] {
        run = run.env(&format!("FUSIONCELL_{pairs}"), if full { count } else { 0 }.to_string());
    }
    let output = run.env("FUSIONCELL_LIGHT_SEEDS", count.to_string()).output()?;
    if full {
        take_in(state, &output, &FULL_KINDS)?;
        take_in_model(state, &output)?;
    }
    take_in(state, &output, &LIGHT_KINDS)?;
    take_in_reasons(state, &output)
}

/// The pairs of worlds that must look alike, over more seeds than CI has time for.
fn noninterference(seeds: u64) -> Result<(), String> {
    let mut state = State::load("noninterference")?;
    while state.done < seeds {
        let (end, at_once) =
            if state.done < FULL_SEEDS { (FULL_SEEDS, SEEDS_AT_ONCE) } else { (seeds, LIGHT_SEEDS_AT_ONCE) };
        let count = at_once.min(end.min(seeds) - state.done);
        harness(&mut state, count)?;
        state.done += count;
        state.save()?;
        println!("noninterference: {} of {seeds} seeds", state.done);
    }
    let mut body = String::from(
        "Pairs of worlds through the routers that `serve` binds: another firm files one report (swap), a report that is never\n\
         released is replaced by nothing (presence), reports arrive in another order or at another moment of their release tick\n\
         (arrival), somebody who is no member tells the cell (outside), a report behind a secondee's wall is another (wall). Every\n\
         byte that other observers get was equal. Kept are the pairs in which the declared release agrees. Light pairs share one\n\
         of their worlds with up to nine others and ask at the end a random part of what full pairs ask.\n\n\
         | pair | made | kept | compared for the cell too | for operators | pages of the members' store | answers compared |\n|---|---|---|---|---|---|---|\n",
    );
    let (mut made, mut all_kept) = (0, 0);
    for kind in FULL_KINDS.iter().chain(&LIGHT_KINDS) {
        let figure = |what: &str| state.figure(&format!("{kind} {what}"));
        let percent = figure("kept") * 100 / figure("made").max(1);
        if percent < KEPT_PERCENT_MIN && state.done >= SEEDS_LEAST {
            return Err(format!(
                "{kind}: only {percent} % of the pairs are kept, where {KEPT_PERCENT_MIN} % are needed"
            ));
        }
        (made, all_kept) = (made + figure("made"), all_kept + figure("kept"));
        let _ = writeln!(
            body,
            "| {kind} | {} | {} ({percent} %) | {} | {} | {} | {} |",
            figure("made"),
            figure("kept"),
            figure("cell"),
            figure("operators"),
            figure("stores"),
            figure("answers")
        );
    }
    let _ = writeln!(body, "| all | {made} | {all_kept} ({} %) | | | | |", all_kept * 100 / made.max(1));
    body += "\nPairs of presence that were kept, by why the report is never released:\n\n";
    for (why, kept) in state.figures.iter().filter_map(|(name, kept)| Some((name.strip_prefix("hidden ")?, kept))) {
        let _ = writeln!(body, "- {why}: {kept}");
    }
    let _ = writeln!(
        body,
        "\nBeside the pairs, {} of {} worlds were played to their end and gave members what the policy's own words declare, and\n\
         nothing else.\n\nSeeds 1 to {}, full pairs of the first {}; again by `cargo xtask prove noninterference --seeds {}`.",
        state.figure("model played"),
        state.figure("model scripts"),
        state.done,
        state.done.min(FULL_SEEDS),
        state.done
    );
    state.write("noninterference", SEEDS_LEAST, "Nobody can tell who reported: pairs of worlds", &body)
}

/// Kill -9 under load, over more rounds than CI has time for.
fn kill(rounds: u64) -> Result<(), String> {
    let mut state = State::load("kill")?;
    // A single test builds no examples: that is the process which is killed.
    command("cargo").args(["build", "--locked", "--package", "fusioncell-vault", "--example", "kill_writer"]).go()?;
    while state.done < rounds {
        let count = ROUNDS_AT_ONCE.min(rounds - state.done);
        let output = command("cargo")
            .args(["test", "--locked", "--package", "fusioncell-vault", "--test", "kill", "--", "--nocapture"])
            .env("FUSIONCELL_KILL_ROUNDS", count.to_string())
            .output()?;
        let line = told(&output, " rounds, ", " acknowledged reports")?;
        state.add("acknowledged".to_owned(), before(line, " acknowledged")?);
        state.done += count;
        state.save()?;
        println!("kill: {} of {rounds} rounds", state.done);
    }
    let body = format!(
        "{} rounds: a process that appends reports from several threads is killed (SIGKILL) at a random moment; the journal is\n\
         opened again. Each of the {} acknowledged reports was there exactly once, the chain was whole, and it matched the signed checkpoint.\n\n\
         Again by `cargo xtask prove kill --rounds {}`.\n",
        state.done,
        state.figure("acknowledged"),
        state.done
    );
    state.write("kill", ROUNDS_LEAST, "What was acknowledged survives kill -9", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As libtest prints it, with one thread and with several.
    const OUTPUT: &str = "
test no_byte_differs ... swap: 90 pairs made, 50 kept (55 %), 21 of them compared for the cell too, 12345 answers compared
swap, besides: 1 pairs abandoned since a firm had sent too much, 17 compared for operators, 9 with the journal's export, 7 with the pages of the members' store, 5 mailboxes with mail
light swap: 900 pairs made, 700 kept (77 %), 300 of them compared for the cell too, 5000 answers compared
light swap, besides: 3 pairs abandoned since a firm had sent too much, 400 compared for operators, 90 with the journal's export, 7 with the pages of the members' store, 5 mailboxes with mail
presence: 70 pairs made, 40 kept (57 %), 0 of them compared for the cell too, 999 answers compared
presence, besides: 0 pairs abandoned since a firm had sent too much, 0 compared for operators, 0 with the journal's export, 7 with the pages of the members' store, 5 mailboxes with mail
presence of RED: 8 made, 6 kept
presence of a hold: 5 made, 2 kept
light presence of RED: 10 made, 10 kept
arrival: 60 pairs made, 33 kept (55 %), 0 of them compared for the cell too, 888 answers compared
arrival, besides: 0 pairs abandoned since a firm had sent too much, 33 compared for operators, 0 with the journal's export, 7 with the pages of the members' store, 5 mailboxes with mail
beside the model: 88 scripts, 80 played to their end
";
    const KINDS: [&str; 4] = ["swap", "presence", "arrival", "light swap"];

    #[test]
    fn a_killed_proof_goes_on_where_it_was_and_only_with_the_same_code() {
        let folder = std::env::temp_dir().join(format!("fusioncell-prove-{}", std::process::id()));
        let path = folder.join("noninterference.json");
        let mut state = State::at(path.clone(), "abc".to_owned());
        assert_eq!((state.done, state.figures.len()), (0, 0));
        for done in [100, 200] {
            take_in(&mut state, OUTPUT, &KINDS).unwrap();
            take_in_model(&mut state, OUTPUT).unwrap();
            take_in_reasons(&mut state, OUTPUT).unwrap();
            state.done = done;
            state.save().unwrap();
        }
        // What the third call would have come to is lost with it.
        take_in(&mut state, OUTPUT, &KINDS).unwrap();
        let again = State::at(path.clone(), "abc".to_owned());
        assert_eq!((again.done, again.figure("swap made"), again.figure("arrival answers")), (200, 180, 1_776));
        assert_eq!((again.figure("light swap made"), again.figure("light swap operators")), (1_800, 800));
        assert_eq!((again.figure("hidden RED"), again.figure("hidden a hold")), (32, 4));
        assert_eq!((again.figure("swap stores"), again.figure("light swap stores")), (14, 14));
        assert_eq!((again.figure("swap operators"), again.figure("model played")), (34, 160));
        assert_eq!(State::at(path, "abd".to_owned()).done, 0);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn figures_that_are_not_there_are_an_error() {
        let mut state = State::at(PathBuf::from("nowhere.json"), String::new());
        for missing in ["arrival: 60", "operators", "members' store", "beside the model", " kept (57"] {
            let less: Vec<&str> = OUTPUT.lines().filter(|line| !line.contains(missing)).collect();
            let taken = take_in(&mut state, &less.join("\n"), &KINDS);
            assert!(taken.and_then(|()| take_in_model(&mut state, &less.join("\n"))).is_err(), "{missing}");
        }
    }
}
