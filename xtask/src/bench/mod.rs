//! Benchmarks: each drives the release binary from outside, as clients do, and prints medians of three runs.

mod acks;
mod client;
mod extract;
mod flow;
pub mod fusion;
mod hunt;
mod import;
mod latency;
mod light;
mod load;
mod memory;
mod rebuild;
mod register;
mod report;
mod seal;
mod server;
mod session_check;
mod signin;
mod timing;

use std::fs;

type Bench = fn(&fusion::Options) -> Result<(), String>;

/// Every benchmark by name.
const ALL: [(&str, Bench); 16] = [
    ("light", |_| light::run()),
    ("import", |_| import::run()),
    ("extract", |_| extract::run()),
    ("report", |_| report::run()),
    ("acks", |_| acks::run()),
    ("latency", |_| latency::run()),
    ("memory", |_| memory::run()),
    ("flow", |_| flow::run()),
    ("rebuild", |_| rebuild::run()),
    ("signin", |_| signin::run()),
    ("seal", |_| seal::run()),
    ("session-check", |_| session_check::run()),
    ("register", |_| register::run()),
    ("timing", |_| timing::run()),
    ("fusion", fusion::run),
    ("hunt", |_| hunt::run()),
];

/// Runs the named benchmarks, or all.
pub fn run(names: &[String], options: &fusion::Options) -> Result<(), String> {
    if let Some(unknown) = names.iter().find(|name| ALL.iter().all(|(known, _)| known != name)) {
        let known: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!("no benchmark is called {unknown:?}; there are {}", known.join(", ")));
    }
    println!("{}", machine());
    for (name, bench) in ALL {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            bench(options).map_err(|problem| format!("bench {name}: {problem}"))?;
        }
    }
    Ok(())
}

/// One line on the machine, so that figures can be read later.
pub fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or(0);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("machine: {cores} × {model}, {} GiB", kib / 1_048_576)
}

/// The middle value; zero if there are none.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The value below which `share` of all lie; zero if there are none.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = ((values.len().saturating_sub(1)) as f64 * share).round() as usize;
    values.get(index).copied().unwrap_or(0.0)
}
