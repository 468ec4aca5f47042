//! What a reporter reads of its own reports, in the model: where each stands, and what happened in its thread.

use std::collections::BTreeMap;

use super::back::change;
use crate::script::{Back, Op, Report, Warn};

/// A report as its firm reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnReport {
    pub firm: usize,
    pub report: Report,
    pub state: &'static str,
    pub unread: bool,
    /// What happened in its thread: by whom, and what.
    pub thread: Vec<&'static str>,
    /// Epochs at which it is told that something came of it.
    outcomes: Vec<i64>,
}

/// All of them, by label.
#[derive(Default)]
pub struct Own(BTreeMap<usize, OwnReport>);

/// How far an answer reaches.
fn reach(warn: Warn) -> usize {
    match warn {
        Warn::CellOnly | Warn::UnknownGroup => 0,
        Warn::Group(_) => 1,
        Warn::OnceThree => 2,
        Warn::NextEpoch => 3,
        Warn::Now => 4,
    }
}

impl Own {
    pub fn file(&mut self, report: &Report) {
        let (firm, report) = (report.firm, report.clone());
        let own =
            OwnReport { firm, state: "received", unread: false, thread: Vec::new(), outcomes: Vec::new(), report };
        self.0.insert(own.report.label, own);
    }

    /// Somebody of the cell takes it.
    pub fn claim(&mut self, op: &Op) {
        if let Some(own) = op.about().and_then(|label| self.0.get_mut(&label))
            && own.state == "received"
        {
            own.state = "read";
        }
    }

    /// Something is done with it; false if it cannot be.
    pub fn act(&mut self, label: usize, act: &Back) -> bool {
        let Some(own) = self.0.get_mut(&label) else { return false };
        let closed = matches!(own.state, "withdrawn" | "recalled");
        let done = match act {
            Back::Consent(warn) => !closed && reach(*warn) > reach(own.report.warn),
            Back::Withdraw | Back::Correct { .. } => !closed,
            Back::Recall => own.state != "recalled",
            Back::Say | Back::Reply { .. } | Back::ReadThread | Back::Open => true,
            // Its reporter is told of neither.
            Back::Judge(_) | Back::Limit => false,
        };
        if !done {
            return false;
        }
        match act {
            Back::Withdraw => {
                own.state = "withdrawn";
                own.thread.push("reporter withdrawal");
            }
            Back::Recall => {
                own.state = "recalled";
                own.thread = vec!["reporter recall"];
                change(&mut own.report, act);
            }
            Back::Consent(_) => {
                own.thread.push("reporter consent");
                change(&mut own.report, act);
            }
            Back::Correct { .. } => {
                own.thread.push("reporter correction");
                change(&mut own.report, act);
            }
            Back::Say => own.thread.push("reporter message"),
            Back::Reply { asks } => {
                own.thread.push(if *asks { "cell asks" } else { "cell message" });
                own.unread = true;
                // Whoever answers has read it.
                if own.state == "received" {
                    own.state = "read";
                }
            }
            Back::ReadThread => own.unread = false,
            Back::Open => {
                own.thread.push("partnership opened");
                own.unread = true;
            }
            Back::Judge(_) | Back::Limit => {}
        }
        true
    }

    /// The words of all go by their time, and with them what its reporter has, but for what came of it.
    pub fn age(&mut self) {
        for own in self.0.values_mut().filter(|own| own.state != "recalled") {
            own.state = "aged";
            own.thread.retain(|row| *row == "partnership released");
            own.thread.push("partnership aged");
            own.report.values.clear();
            own.report.own_name = None;
        }
    }

    /// Something of it is released at a tick: its reporter is told at an epoch after that.
    pub fn came_of(&mut self, label: usize, epoch: i64) {
        if let Some(own) = self.0.get_mut(&label) {
            own.outcomes.push(epoch);
        }
    }

    pub fn step(&mut self, now: i64) {
        for own in self.0.values_mut() {
            let due = own.outcomes.iter().any(|epoch| *epoch <= now);
            own.outcomes.retain(|epoch| *epoch > now);
            if due && !own.thread.contains(&"partnership released") {
                own.thread.push("partnership released");
                own.unread = true;
            }
        }
    }

    /// The reports, each with its label.
    pub fn reports(&self) -> impl Iterator<Item = (usize, &OwnReport)> {
        self.0.iter().map(|(label, own)| (*label, own))
    }
}
