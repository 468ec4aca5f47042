//! `fusioncell demo`: an exercise, or a replay of real data, that enters as members' reports do.

use std::path::PathBuf;

use clap::Args;

use crate::demo::{self, Plan};
use crate::failure::Failure;

/// Run an exercise, or a replay of real data, on this machine.
///
/// A partnership of 160 member organisations over 13 sectors, marked EXERCISE on every screen: several campaigns spread
/// between firms amid ordinary noise. Everything enters by the HTTP routes and keys that members use. Ends with Ctrl-C.
#[derive(Args)]
#[command(after_help = help!("  fusioncell demo
  fusioncell demo --port 9000 --seed 7
  fusioncell demo --replay ../shared/data --speed 200     # real attack data; times shifted to now
  fusioncell demo --data-dir D                            # keeps the data"))]
pub struct DemoArgs {
    /// Port of the member portal; the cell has the next one. 0 takes free ones
    #[arg(long, value_name = "PORT", default_value_t = 8460)]
    port: u16,
    /// Seed of the exercise: the same seed sends the same reports
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Replay the data of this folder instead of an exercise; each author becomes a member
    #[arg(long, value_name = "DIR")]
    replay: Option<PathBuf>,
    /// Values a second of a replay
    #[arg(long, value_name = "ITEMS_PER_S", default_value_t = 100.0, requires = "replay")]
    speed: f64,
    /// Folder of the data, kept at the end [default: a temporary folder, removed at the end]
    #[arg(long, value_name = "D")]
    data_dir: Option<PathBuf>,
    /// Write the addresses and sign-ins to this file, as JSON, once there is something to see
    #[arg(long, value_name = "FILE")]
    sign_ins: Option<PathBuf>,
    /// Run without intake: every report is refused and the wall stays empty (a test that nothing enters by another way)
    #[arg(long)]
    no_intake: bool,
}

/// Runs it.
pub fn run(args: DemoArgs) -> Result<(), Failure> {
    demo::run(Plan {
        port: args.port,
        seed: args.seed,
        replay: args.replay.map(|folder| (folder, args.speed)),
        data_dir: args.data_dir,
        sign_ins: args.sign_ins,
        no_intake: args.no_intake,
    })
}
