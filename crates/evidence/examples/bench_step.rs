//! Steps a million observations, half of them new, through the engine and prints the rate and the memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Instant;

use evidence::{Config, Event, Fusion, Observation};
use model::{CaseId, KeySeed, Kind, MemberToken, Observable, Timestamp};

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .map(|rest| rest.trim().trim_end_matches(" kB").trim().to_owned());
    kib.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn main() {
    let seed = KeySeed([3; 16]);
    let mut engine = Fusion::new(Config::new(false, seed));
    let mut state = 1_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let before = resident_bytes();
    let mut total = 0_u64;
    let mut spent = std::time::Duration::ZERO;
    let mut fresh = 0_u64;
    for report in 0..200_000_u64 {
        let observables: Vec<Observable> = (0..5)
            .map(|_| {
                let n = if next() % 2 == 0 {
                    fresh += 1;
                    fresh
                } else {
                    next() % (fresh + 1)
                };
                Observable::from_normal(Kind::Domain, format!("h{n}.bench.com"))
            })
            .collect();
        let observations: Vec<Observation<'_>> =
            observables.iter().map(|o| Observation { key: o.key(seed), observable: o }).collect();
        let mut id = [0; 16];
        id[..8].copy_from_slice(&report.to_le_bytes());
        let event = Event {
            at: Timestamp::from_millis(report as i64),
            case: CaseId::from_bytes(id),
            token: MemberToken::from_bytes([(report % 160) as u8; 16]),
            window: 1,
            sector: Some("energy"),
            region: None,
            counts: true,
            of_member: true,
            observations: &observations,
        };
        let start = Instant::now();
        engine.step(&event, &mut Vec::new());
        spent += start.elapsed();
        total += 5;
    }
    let bytes = resident_bytes() - before;
    println!("{:.0} observations/s, {} bytes an observation", total as f64 / spent.as_secs_f64(), bytes / total);
}
