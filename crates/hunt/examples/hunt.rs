//! The command alone, without the server: `cargo run --release -p fusioncell-hunt --example hunt -- -i LIST LOGS…`.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use hunt::cli::{HuntArgs, run};

#[derive(Parser)]
#[command(name = "hunt")]
struct Cli {
    #[command(flatten)]
    args: HuntArgs,
}

fn main() -> ExitCode {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    ExitCode::from(run(Cli::parse().args, now))
}
