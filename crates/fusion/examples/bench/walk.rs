//! Three true campaigns and three mistakes of the later half of the labelled reports, walked through: what the engine said as each
//! report arrived, by which evidence, and what the labels say. Which ones is decided by rules, not by hand.

mod pick;
mod tell;

use std::path::Path;
use std::sync::Arc;

use fusion::{Considered, Finding, Fusion, Reason};
use model::CampaignId;

use crate::data;

/// What the engine said as a report arrived.
pub struct Arrival {
    /// What it was held against, the likeliest first.
    pub considered: Vec<Held>,
    /// The place among these of the campaign that it joined.
    pub joined: Option<usize>,
    /// Campaigns that it made one with that.
    pub merged: usize,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
}

/// A campaign that a report was held against.
pub struct Held {
    pub what: Considered,
    /// Its reports as it stood.
    pub reports: Vec<usize>,
}

/// All that a walk needs.
pub struct Walked {
    pub reports: Vec<data::Report>,
    pub labels: Vec<String>,
    pub arrivals: Vec<Arrival>,
    pub engine: Fusion,
    pub half: usize,
}

impl Walked {
    pub fn label(&self, report: usize) -> &str {
        &self.labels[self.reports[report].campaign as usize]
    }

    pub fn is_same(&self, one: usize, other: usize) -> bool {
        self.reports[one].campaign == self.reports[other].campaign
    }

    /// The reports of a report's campaign at the end, in time order.
    pub fn campaign(&self, report: usize) -> Vec<usize> {
        cases(&self.engine, report)
    }
}

fn id(engine: &Fusion, report: usize) -> CampaignId {
    engine.campaign_of(data::id(report as u32)).unwrap()
}

fn cases(engine: &Fusion, report: usize) -> Vec<usize> {
    let campaign = engine.campaign(id(engine, report)).unwrap();
    campaign.cases.iter().map(|case| data::number(*case) as usize).collect()
}

/// Takes the reports in, one at a time. What the engine gets is the same as in the measurement: no labels.
fn walk(labels: &Path, data: &Path) -> Walked {
    let (reports, names) = data::reports_and_labels(labels);
    let mut engine = data::engine(&Arc::new(data::networks(data)), fusion::Weights::default());
    engine.note_considered();
    // Reports of each campaign as they stood before the report: asked for before they change.
    let mut arrivals = Vec::with_capacity(reports.len());
    let mut homes: Vec<Vec<usize>> = Vec::new();
    for (number, report) in reports.iter().enumerate() {
        let mut findings: Vec<Finding> = Vec::new();
        data::step(&mut engine, number as u32, report, &mut findings);
        let now = id(&engine, number);
        let considered: Vec<Held> = engine
            .considered()
            .iter()
            .map(|what| Held { what: *what, reports: homes[data::number(what.other) as usize].clone() })
            .collect();
        let is_in = findings.iter().any(|finding| matches!(finding, Finding::Joined { .. }));
        let joined = considered.iter().position(|held| is_in && engine.campaign_of(held.what.other) == Some(now));
        let merged = findings.iter().filter(|finding| matches!(finding, Finding::Merged { .. })).count();
        let reasons = engine.explain(data::id(number as u32)).into_iter().map(|(_, reason)| reason).collect();
        arrivals.push(Arrival { considered, joined, merged, reasons });
        homes.push(Vec::new());
        let parted = findings.iter().filter_map(|finding| match finding {
            Finding::Split { kept, parted } => Some([*kept, *parted]),
            _ => None,
        });
        for changed in parted.flatten().chain([now]) {
            let all: Vec<usize> =
                engine.campaign(changed).unwrap().cases.iter().map(|case| data::number(*case) as usize).collect();
            for case in &all {
                homes[*case].clone_from(&all);
            }
        }
    }
    let half = reports.len() / 2;
    Walked { reports, labels: names, arrivals, engine, half }
}

pub fn run(labels: &Path, data: &Path) {
    let walked = walk(labels, data);
    let trues = pick::campaigns(&walked);
    println!("Three true campaigns of the later half: all reports of one label, three or more.");
    for (why, reports) in trues {
        println!("\n## {why}\n");
        tell::campaign(&walked, &reports);
    }
    println!("\nThree mistakes of the later half.");
    for (why, mistake) in pick::mistakes(&walked) {
        println!("\n## {why}\n");
        tell::mistake(&walked, mistake);
    }
}
