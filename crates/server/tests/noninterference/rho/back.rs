//! What a reporter changes after its report came, in the model: written from the decisions, apart from everything else.
//!
//! A value leaves members at the tick after the last report that told them of it was taken back. Whatever hung together by it
//! still does, and bands, marks and labels that were shown stay; a value that is told again then is a new one.

use std::collections::{BTreeMap, BTreeSet};

use super::linked::{linked, merge, own_links};
use super::{Filed, Rho, Shown};
use crate::script::{Back, Op, Report};

/// The cell's run over everything: what each report holds now, and what was ever linked.
#[derive(Clone, Default)]
pub struct Everything {
    held: BTreeMap<usize, Report>,
    /// The oldest report that each hangs together with.
    pub roots: BTreeMap<usize, usize>,
}

impl Everything {
    /// An entry is taken in.
    pub fn take(&mut self, op: &Op) {
        match op {
            Op::Report(report) => {
                self.held.insert(report.label, report.clone());
            }
            Op::Back { label, act } => {
                if let Some(report) = self.held.get_mut(label) {
                    change(report, act);
                }
            }
            _ => return,
        }
        let links = self.links();
        merge(&mut self.roots, &links);
    }

    /// Whether it has taken a report in.
    pub fn has(&self, label: usize) -> bool {
        self.held.contains_key(&label)
    }

    /// What each report links by now.
    pub fn links(&self) -> Vec<(usize, BTreeSet<usize>)> {
        let of = |report: &Report| linked(report.values.iter().copied()).into_iter().chain(own_links(report)).collect();
        self.held.iter().map(|(label, report)| (*label, of(report))).collect()
    }

    /// The reports as they stand.
    pub fn reports(&self) -> impl Iterator<Item = (usize, &Report)> {
        self.held.iter().map(|(label, report)| (*label, report))
    }
}

/// A report as it stands after a change.
pub fn change(report: &mut Report, act: &Back) {
    match act {
        Back::Withdraw | Back::Recall => {
            report.values.clear();
            report.own_name = None;
        }
        Back::Consent(warn) => report.warn = *warn,
        Back::Correct { add, drop, attack } => {
            report.values.retain(|value| !drop.contains(value));
            report.values.extend(add);
            report.values.sort_unstable();
            report.values.dedup();
            report.attack = attack;
        }
        Back::Say | Back::Reply { .. } | Back::ReadThread | Back::Judge(_) | Back::Limit | Back::Open => {}
    }
}

impl Rho {
    /// Something is done with a report: it counts at the next tick, if it can be done at all.
    pub(super) fn go_back(&mut self, label: usize, act: &Back, at: i64) {
        // The cell answers only what it has been shown.
        if matches!(act, Back::Reply { .. } | Back::Open) && !self.everything.has(label) {
            return;
        }
        if !self.own.act(label, act) {
            return;
        }
        if matches!(act, Back::Withdraw | Back::Recall) {
            self.may_be_sent_again(label);
        }
        self.unfolded.push(Op::Back { label, act: act.clone() });
        self.acts.push((at, label, act.clone()));
    }

    /// What was taken back is new if its firm sends it once more.
    fn may_be_sent_again(&mut self, label: usize) {
        let Some(Filed { report, sent, window, .. }) = self.filed.iter().find(|filed| filed.report.label == label)
        else {
            return;
        };
        for value in sent {
            if let Some(windows) = self.sent.get_mut(&(report.firm, value.clone())) {
                windows.remove(window);
            }
        }
    }

    /// What was changed before a tick counts from it on.
    pub(super) fn changes(&mut self, now: i64) {
        let (due, later) = std::mem::take(&mut self.acts).into_iter().partition(|(at, ..)| *at < now);
        self.acts = later;
        for (at, label, act) in due {
            self.groups.go_back(label, &act);
            let Some(filed) = self.filed.iter_mut().find(|filed| filed.report.label == label) else { continue };
            change(&mut filed.report, &act);
            let kept: BTreeSet<usize> = filed.report.values.iter().copied().collect();
            filed.told.retain(|value| kept.contains(value));
            filed.open.retain(|value| kept.contains(value));
            filed.asked.retain(|value, _| kept.contains(value));
            match act {
                // What members have already stays as it was told; the rest waits by the new answer.
                Back::Consent(_) => {
                    let told = filed.told.clone();
                    filed.asked.extend(kept.into_iter().filter(|value| !told.contains(value)).map(|value| (value, at)));
                }
                Back::Correct { add, .. } => {
                    for value in add {
                        filed.asked.entry(value).or_insert(at);
                    }
                }
                _ => {}
            }
        }
    }

    /// Values that nobody tells any more are as if they were new, unless somebody tells them by this very tick.
    pub(super) fn untell(&mut self) {
        let told = self.told_values();
        for (value, shown) in &mut self.shown {
            if !told.contains(value) {
                *shown = Shown { since: shown.since, ..Shown::default() };
            }
        }
    }

    fn told_values(&self) -> BTreeSet<usize> {
        self.filed.iter().flat_map(|filed| filed.told.iter().copied()).collect()
    }

    /// What a tick leaves behind: values that are gone, names of those who still tell, and labels that campaigns keep.
    pub(super) fn settle(&mut self, now: i64) {
        let told = self.told_values();
        self.shown.retain(|value, _| told.contains(value));
        for (value, shown) in &mut self.shown {
            let named = self.filed.iter().filter(|filed| filed.report.named && filed.told.contains(value));
            shown.names = named.map(|filed| filed.report.firm).collect();
        }
        for filed in self.filed.iter_mut().filter(|filed| !filed.open.is_empty()) {
            filed.labels.extend(filed.open.iter().flat_map(|value| &self.shown[value].labels));
        }
        let sets = self.filed.iter().filter(|filed| filed.was_open);
        let sets: Vec<_> = sets.map(|filed| (filed.report.label, linked(filed.open.iter().copied()))).collect();
        merge(&mut self.roots, &sets);
        self.own.step(now);
    }
}
