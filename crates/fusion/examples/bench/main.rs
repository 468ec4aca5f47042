//! Measures fusion: how well it links, how fast it is, how much memory it takes. See docs/fusion.md.
//!
//! `cargo xtask bench fusion` runs it; `--learn` fits the weights from the first half of the labelled reports, `--walk` tells of
//! campaigns and mistakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod data;
mod learn;
mod linking;
mod pace;
mod scattered;
mod speed;
mod walk;
mod waves;

use std::path::PathBuf;

fn main() {
    let mut labels: Option<PathBuf> = None;
    let mut data = PathBuf::from(std::env::var("FUSIONCELL_TEST_DATA").unwrap_or_else(|_| "../shared/data".to_owned()));
    let mut what: Vec<String> = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--labels" => labels = args.next().map(PathBuf::from),
            "--data" => data = PathBuf::from(args.next().unwrap()),
            other => what.push(other.trim_start_matches("--").to_owned()),
        }
    }
    let labels = labels.unwrap_or_else(|| data.join("labels"));
    let has = |name: &str| what.iter().any(|what| what == name);
    if has("learn") {
        learn::run(&labels, &data);
        return;
    }
    if has("halves") {
        linking::halves(&labels, &data);
        return;
    }
    if has("tags") {
        scattered::run_tagged(&labels, &data);
        return;
    }
    if has("pace") {
        pace::run(&labels, &data);
        return;
    }
    if has("walk") {
        walk::run(&labels, &data);
        return;
    }
    let mut missed = 0;
    if what.is_empty() || has("all") || has("linking") {
        missed += linking::run(&labels, &data);
    }
    if what.is_empty() || has("all") || has("scattered") {
        missed += scattered::run(&labels, &data);
    }
    if has("all") || has("waves") {
        missed += waves::run(&labels, &data);
    }
    if has("all") || has("speed") {
        missed += speed::run(&data);
    }
    if missed > 0 {
        println!("{missed} targets missed");
        std::process::exit(1);
    }
}
