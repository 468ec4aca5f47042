//! Hunt: how fast logs are scanned for up to ten million indicators, and how fast `rg` and `grep` are at the same.

use crate::run::{command, target};

/// Makes the logs, then prints the tables. `HUNT_BENCH_BYTES` makes it shorter.
pub fn run() -> Result<(), String> {
    command("cargo").args(["build", "--release", "--locked", "--package", "fusioncell-hunt", "--examples"]).go()?;
    command(target().join("release/examples/hunt_bench")).go()
}
