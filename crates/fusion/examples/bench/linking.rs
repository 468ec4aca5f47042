//! Report linking: pairs of reports that the engine puts into one campaign when the later one arrives.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use fusion::Finding;

use crate::data;

/// One pair of reports in one campaign.
pub struct Said {
    pub log_odds: f32,
    pub right: bool,
}

pub struct Outcome {
    pub said: Vec<Said>,
    pub exact: (u32, u32),
    pub largest: Vec<usize>,
}

/// Runs all reports; counts pairs whose later report lies in the later half.
pub fn measure(reports: &[data::Report], networks: &Arc<fusion::Networks>, weights: fusion::Weights) -> Outcome {
    let mut engine = data::engine(networks, weights);
    let half = reports.len() / 2;
    let mut said = Vec::new();
    let mut holders: HashMap<&model::Observable, Vec<usize>> = HashMap::new();
    let mut exact = (0, 0);
    for (number, report) in reports.iter().enumerate() {
        let mut known: std::collections::BTreeSet<usize> = std::collections::BTreeSet::new();
        for value in &report.values {
            let held = holders.entry(value).or_default();
            known.extend(held.iter().filter(|held| **held != number));
            held.push(number);
        }
        if number >= half {
            for other in known {
                if reports[other].campaign == report.campaign { exact.0 += 1 } else { exact.1 += 1 }
            }
        }
        let mut findings: Vec<Finding> = Vec::new();
        data::step(&mut engine, number as u32, report, &mut findings);
        if number < half
            || !findings.iter().any(|finding| matches!(finding, Finding::Joined { .. } | Finding::Merged { .. }))
        {
            continue;
        }
        let campaign = engine.campaign(engine.campaign_of(data::id(number as u32)).unwrap()).unwrap();
        let mine = engine.strength(data::id(number as u32));
        let size = campaign.cases.len();
        for case in campaign.cases {
            let other = data::number(case) as usize;
            if other != number {
                let log_odds = fusion::pair_log_odds(mine, engine.strength(case), size);
                said.push(Said { log_odds, right: reports[other].campaign == report.campaign });
            }
        }
    }
    let mut sizes: HashMap<_, usize> = HashMap::new();
    for number in 0..reports.len() {
        *sizes.entry(engine.campaign_of(data::id(number as u32)).unwrap()).or_default() += 1;
    }
    let mut largest: Vec<usize> = sizes.into_values().collect();
    largest.sort_unstable_by(|a, b| b.cmp(a));
    largest.truncate(6);
    Outcome { said, exact, largest }
}

/// True pairs at each precision, as multiples of exact matching's.
pub fn curve(outcome: &Outcome, precisions: &[f32]) -> Vec<f32> {
    let mut said: Vec<&Said> = outcome.said.iter().collect();
    said.sort_by(|a, b| b.log_odds.total_cmp(&a.log_odds));
    precisions
        .iter()
        .map(|precision| {
            let (mut right, mut wrong, mut best) = (0, 0, 0);
            for said in &said {
                if said.right {
                    right += 1
                } else {
                    wrong += 1
                }
                if right as f32 >= precision * (right + wrong) as f32 {
                    best = best.max(right);
                }
            }
            best as f32 / outcome.exact.0.max(1) as f32
        })
        .collect()
}

/// Splits of the labels into halves that [`halves`] measures.
const SPLITS: u64 = 6;

/// Whether a label is in the first half of a split: by a hash of its name, so that each split is another one.
fn in_first_half(label: &str, split: u64) -> bool {
    let hashed = label.bytes().fold(split, |hash, byte| data::Random(hash ^ u64::from(byte)).next());
    hashed & 1 == 0
}

/// The same for halves of the labels, each as if the other were not known: what rests on a single large campaign, or was tuned to one,
/// shows there.
pub fn halves(labels: &Path, data: &Path) {
    let networks = Arc::new(data::networks(data));
    let (mut logs, mut missed) = ([0.0; 2], [0; 2]);
    for (split, first) in (0..SPLITS).flat_map(|split| [(split, true), (split, false)]) {
        let (reports, names) = data::reports_and_labels(labels);
        let half: Vec<data::Report> = reports
            .into_iter()
            .filter(|report| in_first_half(&names[report.campaign as usize], split) == first)
            .collect();
        let outcome = measure(&half, &networks, fusion::Weights::default());
        print!("split {split}, {} half: ", if first { "first" } else { "second" });
        show(&outcome);
        for (at, (times, least)) in curve(&outcome, &[0.5, 0.75]).into_iter().zip([5.0, 1.5]).enumerate() {
            logs[at] += f64::from(times.max(0.1)).ln() / (2 * SPLITS) as f64;
            missed[at] += u32::from(times < least);
        }
    }
    for (((at, wanted), log), missed) in [(0.5, 5.0), (0.75, 1.5)].into_iter().zip(logs).zip(missed) {
        println!(
            "halves: {:.1}x at precision {at} (geometric mean; below 0.1x as 0.1x), less than the wanted {wanted}x in {missed} of {}",
            log.exp(),
            2 * SPLITS
        );
    }
}

pub fn run(labels: &Path, data: &Path) -> u32 {
    let reports = data::reports(labels);
    let networks = Arc::new(data::networks(data));
    let outcome = measure(&reports, &networks, fusion::Weights::default());
    show(&outcome);
    let own = outcome.exact.0 as f32 / (outcome.exact.0 + outcome.exact.1).max(1) as f32;
    let missed: Vec<String> = [(own, 5.0), (0.75, 1.5)]
        .into_iter()
        .zip(curve(&outcome, &[own, 0.75]))
        .filter(|((_, wanted), times)| times < wanted)
        .map(|((precision, wanted), times)| format!("{times:.2}x at precision {precision:.3}, wanted {wanted}x"))
        .collect();
    missed.iter().for_each(|missed| println!("linking: missed: {missed}"));
    u32::try_from(missed.len()).unwrap()
}

pub fn show(outcome: &Outcome) {
    let right = outcome.said.iter().filter(|said| said.right).count();
    let wrong = outcome.said.len() - right;
    let (exact_right, exact_wrong) = outcome.exact;
    println!(
        "linking: {right} true pairs, precision {:.3}; exact matching {exact_right}, {:.3}; {:.1}x; largest {:?}",
        right as f32 / (right + wrong).max(1) as f32,
        exact_right as f32 / (exact_right + exact_wrong).max(1) as f32,
        right as f32 / exact_right.max(1) as f32,
        outcome.largest
    );
    let at = [0.5, 0.53, 0.6, 0.7, 0.75, 0.8, 0.9];
    let curve: Vec<String> =
        at.iter().zip(curve(outcome, &at)).map(|(at, times)| format!("{at}: {times:.2}x")).collect();
    println!("  true pairs beside exact matching's at precision {}", curve.join(", "));
}
