//! Hunt: how fast logs are scanned for up to ten million indicators, and how fast `rg` and `grep` are at the same.

use crate::run::command;

/// Makes the logs, then prints the table.
pub fn run() -> Result<(), String> {
    command("cargo").args(["run", "--quiet", "--release", "-p", "fusioncell-hunt", "--example", "bench"]).go()
}
