//! The project's own commands: `cargo xtask demo`, `test`, `bench`, `openapi`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod bench;
mod demo;
mod fuzz;
mod journeys;
mod pages;
mod prove;
mod readme;
mod run;
mod tally;
#[cfg(test)]
mod tidy;
mod tiers;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, runs, checks and measures Fusion Cell.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    after_help = "Examples:\n  cargo xtask demo\n  cargo xtask test --fast\n  cargo xtask test\n  cargo xtask bench acks"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds pages and binary and runs `fusioncell demo`; what follows goes to the demo.
    Demo {
        /// Options of `fusioncell demo`, such as `--port 9000` or `--replay ../shared/data --speed 200`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Runs every check; with `--fast` only formatting, tidiness and unit tests.
    Test {
        /// The four-minute tier for daily work.
        #[arg(long)]
        fast: bool,
    },
    /// Measures; names pick single benchmarks, none means all. Results go to standard output.
    Bench {
        /// Names of benchmarks; an unknown one is refused with the list of them.
        names: Vec<String>,
        /// Labelled data that `fusion` is judged on: a folder with files named as in `data/labels`.
        #[arg(long)]
        labels: Option<std::path::PathBuf>,
        /// Also throughput, memory and replay of `fusion`.
        #[arg(long)]
        all: bool,
        /// Instead of measuring `fusion`, walks through three true campaigns and three mistakes of it.
        #[arg(long)]
        walk: bool,
    },
    /// Runs the long proofs, or those named, and writes `docs/proofs/NAME.md`; a further call goes on where one ended.
    Prove {
        /// `noninterference`, `kill`, `guesser`, `leaks`, `hunt`.
        names: Vec<String>,
        /// Seeds or rounds of each, or tens of reports for the guesser, or five thousands of lines for hunt; fewer than CI runs is a rehearsal, which takes no proof's place.
        /// Thirteen thousand seeds make about a hundred thousand pairs.
        #[arg(long, visible_aliases = ["seeds", "rounds"], default_value_t = 2_000)]
        amount: u64,
    },
    /// Writes `openapi.json` from the code, and the pages' client from that.
    Openapi,
    /// Asks the listeners of a demo what `openapi.json` describes, by schemathesis
    Fuzz,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo { options } => pages::build().and_then(|()| {
            let binary = run::build_binary("release")?;
            run::command(&binary).arg("demo").args(&options).go()
        }),
        Command::Test { fast } => tiers::test(fast),
        Command::Bench { names, labels, all, walk } => {
            bench::run(&names, &bench::fusion::Options { labels, all, walk })
        }
        Command::Prove { names, amount } => prove::run(&names, amount),
        Command::Openapi => tiers::write_openapi(),
        Command::Fuzz => tiers::asked(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}
