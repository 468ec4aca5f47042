//! Fusion: how well it links labelled reports and scattered campaigns, how fast it is, how much memory it takes.

use std::path::PathBuf;

use crate::run::command;

/// What to measure beside the labelled data.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A folder with files named as those of the labelled data; none takes those of the test data.
    pub labels: Option<PathBuf>,
    /// Also throughput, memory and replay.
    pub all: bool,
    /// Instead, three true campaigns and three mistakes, walked through.
    pub walk: bool,
}

/// Prints the tables; a missed target is an error.
pub fn run(options: &Options) -> Result<(), String> {
    let words = ["run", "--quiet", "--release", "-p", "fusioncell-fusion", "--example", "bench", "--"];
    let mut bench = command("cargo").args(words);
    if let Some(labels) = &options.labels {
        bench = bench.arg("--labels").arg(labels);
    }
    if options.walk {
        bench = bench.arg("--walk");
    }
    if options.all {
        bench = bench.arg("--all");
    }
    bench.go()
}
