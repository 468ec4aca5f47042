//! What comes a hundred or ten thousand times as fast, as in a replay of years within an hour: campaigns must not grow together by it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use fusion::{Finding, Weights};

use crate::{data, linking, waves};

/// How many times as fast as it came.
const TIMES: [i64; 3] = [1, 100, 10_000];
/// Rules of which is told how often they were the first reason.
const RULES_TOLD: usize = 6;

pub fn run(labels: &Path, data: &Path) {
    let networks = Arc::new(data::networks(data));
    for times in TIMES {
        let mut reports = waves::background(data);
        reports.iter_mut().for_each(|report| report.at /= times);
        stream(times, &reports, &networks);
    }
    for times in TIMES {
        let mut reports = data::reports(labels);
        reports.iter_mut().for_each(|report| report.at /= times);
        print!("labels {times} times as fast: ");
        linking::show(&linking::measure(&reports, &networks, Weights::default()));
    }
}

fn stream(times: i64, reports: &[data::Report], networks: &Arc<fusion::Networks>) {
    let mut engine = data::engine(networks, Weights::default());
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut findings = Vec::new();
    for (number, report) in reports.iter().enumerate() {
        findings.clear();
        data::step(&mut engine, number as u32, report, &mut findings);
        for finding in &findings {
            if let Finding::Joined { reasons, .. } = finding
                && let Some(reason) = reasons.first()
            {
                *first.entry(reason.rule).or_default() += 1;
            }
        }
    }
    let mut sizes: HashMap<_, usize> = HashMap::new();
    for number in 0..reports.len() {
        *sizes.entry(engine.campaign_of(data::id(number as u32)).unwrap()).or_default() += 1;
    }
    let beside: f64 = sizes.values().map(|size| (size * size) as f64).sum::<f64>() / reports.len() as f64;
    let alone = sizes.values().filter(|size| **size == 1).count();
    let mut largest: Vec<usize> = sizes.values().copied().collect();
    largest.sort_unstable_by(|a, b| b.cmp(a));
    largest.truncate(6);
    let mut rules: Vec<(usize, &str)> = first.into_iter().map(|(rule, times)| (times, rule)).collect();
    rules.sort_unstable_by(|a, b| b.cmp(a));
    let rules: Vec<String> = rules.iter().take(RULES_TOLD).map(|(times, rule)| format!("{rule} {times}")).collect();
    println!(
        "stream {times} times as fast: {} reports, {alone} alone; a report's campaign has {beside:.1} reports in the mean; largest {largest:?}; by {}",
        reports.len(),
        rules.join(", ")
    );
}
