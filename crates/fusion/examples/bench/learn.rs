//! Fits the weights of rules and context by logistic regression on what the engine itself met in the first half of the
//! labelled reports: each campaign that a report was held against counts by the reports in it that have the same label and
//! those that have not. Run again after the weights were changed, until they stay (the engine then meets its own campaigns).

#![allow(clippy::needless_range_loop, reason = "sums over rows and columns read best by their indexes")]

use std::path::Path;
use std::sync::Arc;

use fusion::{RULES, Weights};

use crate::{data, linking};

/// Rules, then: bias, quiet, cover, young.
const WIDE: usize = RULES + 4;

struct Row {
    x: [f64; WIDE],
    right: f64,
    wrong: f64,
}

pub fn run(labels: &Path, data: &Path) {
    let reports = data::reports(labels);
    let networks = Arc::new(data::networks(data));
    let rounds: usize = std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let mut weights = Weights::default();
    let mut rows: Vec<Row> = Vec::new();
    for round in 0..rounds {
        collect(&reports, &networks, weights, &mut rows);
        let fitted = fit(&rows);
        for (to, from) in weights.rules.iter_mut().zip(fitted) {
            *to = from as f32;
        }
        let [bias, quiet, cover, young] = [0, 1, 2, 3].map(|i| fitted[RULES + i] as f32);
        weights = Weights { bias, quiet, cover, young, ..weights };
        println!("round {round}: {} rows", rows.len());
        for (join, merge) in [(-0.5, 1.0), (0.0, 1.0), (0.5, 1.5), (1.0, 2.0)] {
            print!("join {join} merge {merge} ");
            linking::show(&linking::measure(&reports, &networks, Weights { join, merge, ..weights }));
        }
    }
    for (name, weight) in fusion::rule_names().iter().zip(weights.rules) {
        println!("{name}: {weight:.2}");
    }
    println!("{weights:?}");
}

fn collect(reports: &[data::Report], networks: &Arc<fusion::Networks>, weights: Weights, rows: &mut Vec<Row>) {
    let mut engine = data::engine(networks, weights);
    engine.note_considered();
    let half = reports.len() / 2;
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (number, report) in reports.iter().take(half).enumerate() {
        data::step(&mut engine, number as u32, report, &mut Vec::new());
        for considered in engine.considered() {
            // The report itself, and what it merged, may be in it by now: a case's own campaign as it stood is asked.
            let of = data::number(considered.other) as usize;
            let before: &[usize] = &members[home(&members, of)];
            let right = before.iter().filter(|other| reports[**other].campaign == report.campaign).count() as f64;
            let all = before.len() as f64;
            let mut x = [0.0; WIDE];
            for (x, evidence) in x.iter_mut().zip(considered.evidence) {
                *x = f64::from(evidence);
            }
            x[RULES] = 1.0;
            x[RULES + 1] = f64::from(considered.days).ln_1p();
            x[RULES + 2] = f64::from(considered.cover);
            x[RULES + 3] = f64::from(u8::from(considered.young > 0.0));
            let scale = all.max(1.0).sqrt();
            rows.push(Row { x, right: right / scale, wrong: (all - right) / scale });
        }
        let now = engine.campaign(engine.campaign_of(data::id(number as u32)).unwrap()).unwrap();
        members.push(Vec::new());
        let cases: Vec<usize> = now.cases.iter().map(|case| data::number(*case) as usize).collect();
        let oldest = cases[0];
        for case in &cases[1..] {
            members[*case] = vec![oldest];
        }
        members[oldest] = cases;
    }
}

/// The place that lists a case's campaign: that of the oldest case; others name that one alone.
fn home(members: &[Vec<usize>], case: usize) -> usize {
    match members[case][..] {
        [oldest] if oldest != case => home(members, oldest),
        _ => case,
    }
}

/// Newton's method with a small ridge; weights of rules stay at or above zero.
fn fit(rows: &[Row]) -> [f64; WIDE] {
    let mut w = [0.0; WIDE];
    let mut off = [false; WIDE];
    for _ in 0..40 {
        let mut g = [0.0; WIDE];
        let mut h = vec![[0.0; WIDE]; WIDE];
        for row in rows {
            let z: f64 = row.x.iter().zip(&w).map(|(x, w)| x * w).sum();
            let p = 1.0 / (1.0 + (-z).exp());
            let n = row.right + row.wrong;
            for i in 0..WIDE {
                g[i] += row.x[i] * (row.right - n * p);
                for j in 0..WIDE {
                    h[i][j] += row.x[i] * row.x[j] * n * p * (1.0 - p);
                }
            }
        }
        for i in 0..WIDE {
            g[i] -= w[i];
            h[i][i] += 1.0;
            if off[i] {
                g[i] = 0.0;
                for j in 0..WIDE {
                    h[i][j] = 0.0;
                    h[j][i] = 0.0;
                }
                h[i][i] = 1.0;
            }
        }
        let step = solve(h, g);
        for i in 0..WIDE {
            w[i] += step[i];
            if i < RULES && w[i] < 0.0 {
                w[i] = 0.0;
                off[i] = true;
            }
        }
    }
    w
}

fn solve(mut a: Vec<[f64; WIDE]>, mut b: [f64; WIDE]) -> [f64; WIDE] {
    for i in 0..WIDE {
        let pivot = (i..WIDE).max_by(|x, y| a[*x][i].abs().total_cmp(&a[*y][i].abs())).unwrap();
        a.swap(i, pivot);
        b.swap(i, pivot);
        for r in i + 1..WIDE {
            let f = a[r][i] / a[i][i];
            for c in i..WIDE {
                a[r][c] -= f * a[i][c];
            }
            b[r] -= f * b[i];
        }
    }
    for i in (0..WIDE).rev() {
        for c in i + 1..WIDE {
            b[i] -= a[i][c] * b[c];
        }
        b[i] /= a[i][i];
    }
    b
}
