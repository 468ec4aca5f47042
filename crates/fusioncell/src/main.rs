//! The one binary: reads the command line and hands it to the command.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod client;
mod commands;
mod demo;
mod failure;
mod logs;
mod networks;
mod noise;
mod outside;
mod store;
mod table;

use std::process::ExitCode;

/// A fold and its stores make and drop many small things on several threads: measured a tenth faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = commands::Cli::parse();
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                eprintln!("fusioncell: {message}");
            }
            failure.exit_code()
        }
    }
}
