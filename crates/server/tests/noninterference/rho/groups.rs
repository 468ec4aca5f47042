//! What the declared release tells members of sharing groups: written from the policy's text, apart from everything else.
//!
//! A report for a group is for those who are in it at that moment, if its reporter is. Each of them has each of its values
//! once, with the strictest label and all the names of the reports that were for it; whoever leaves has nothing from then on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Rho, strictest};
use crate::script::{Back, GROUPS, Op, Report, Script, Warn};

/// Who is in a group, each with the number of its joining: whoever comes again is somebody new.
type Members = BTreeMap<usize, usize>;

/// A report for a group that took it.
struct Taken {
    report: Report,
    at: i64,
    group: usize,
    audience: Members,
    /// The values that it still tells.
    values: BTreeSet<usize>,
    /// The tick at which they were there.
    since: Option<i64>,
}

/// What a firm has of one value as long as anybody tells it: labels that were shown stay.
#[derive(Clone, Default)]
struct Had {
    labels: BTreeSet<&'static str>,
    paps: BTreeSet<&'static str>,
    names: BTreeSet<usize>,
    since: i64,
}

/// The groups of a world.
#[derive(Default)]
pub struct Groups {
    members: Vec<Members>,
    ended: BTreeSet<usize>,
    joinings: usize,
    taken: Vec<Taken>,
    /// By firm, group and value.
    had: BTreeMap<(usize, usize, usize), Had>,
    /// What any firm had at any time since it was last looked at.
    lately: BTreeSet<(usize, usize, usize)>,
    firms: usize,
    /// Whether anything has changed since it was last asked.
    changed: bool,
}

/// A value as a member of a group has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    pub group: usize,
    pub value: usize,
    pub label: &'static str,
    pub pap: &'static str,
    pub names: BTreeSet<usize>,
    pub since: i64,
}

impl Groups {
    pub fn new(script: &Script) -> Self {
        let mut groups = Self { members: vec![Members::new(); GROUPS], firms: script.firms, ..Self::default() };
        for group in 0..GROUPS {
            for firm in (0..script.firms).filter(|firm| script.begins_in(*firm, group)) {
                groups.join(group, firm);
            }
        }
        groups
    }

    fn join(&mut self, group: usize, firm: usize) {
        self.joinings += 1;
        self.members[group].entry(firm).or_insert(self.joinings);
        self.changed = true;
    }

    /// Whether a firm is in a group that goes on.
    fn is_in(&self, firm: usize, group: usize) -> bool {
        !self.ended.contains(&group) && self.members[group].contains_key(&firm)
    }

    pub fn act(&mut self, op: &Op) {
        match *op {
            Op::Join { group, firm } => self.join(group, firm),
            Op::Leave { group, firm } => {
                self.changed |= self.members[group].remove(&firm).is_some();
            }
            Op::End(group) => self.changed |= self.ended.insert(group),
            _ => {}
        }
        self.hand_out(i64::MIN);
    }

    /// A report is for a group: does the group take it?
    fn file(&mut self, report: &Report, group: usize, at: i64) {
        if !self.is_in(report.firm, group) {
            return;
        }
        let audience = self.members[group].clone();
        let values = report.values.iter().copied().collect();
        self.taken.push(Taken { report: report.clone(), at, group, audience, values, since: None });
        self.changed = true;
    }

    /// What a report told a group is taken back, or goes to everybody before the group had it.
    pub fn go_back(&mut self, label: usize, act: &Back) {
        for taken in self.taken.iter_mut().filter(|taken| taken.report.label == label) {
            self.changed = true;
            match act {
                Back::Withdraw | Back::Recall => taken.values.clear(),
                Back::Correct { drop, .. } => taken.values.retain(|value| !drop.contains(value)),
                Back::Consent(_) if taken.since.is_none() => taken.values.clear(),
                _ => {}
            }
        }
    }

    /// Time reaches a tick; gives the labels of reports that were told at it.
    pub fn step(&mut self, now: i64) -> Vec<usize> {
        let mut told = Vec::new();
        for taken in self.taken.iter_mut().filter(|taken| taken.at < now && taken.since.is_none()) {
            taken.since = Some(now);
            self.changed = true;
            if taken.report.tlp != "RED" && !taken.values.is_empty() {
                told.push(taken.report.label);
            }
        }
        self.hand_out(now);
        told
    }

    /// Each firm has what is told it at this tick.
    fn hand_out(&mut self, now: i64) {
        let before = std::mem::take(&mut self.had);
        for taken in self.taken.iter().filter(|taken| taken.since.is_some() && taken.report.tlp != "RED") {
            for firm in 0..self.firms {
                // Whoever has left, or whose group has ended, has nothing; whoever comes again is somebody new.
                let place = self.members[taken.group].get(&firm);
                if place.is_none() || taken.audience.get(&firm) != place {
                    continue;
                }
                for value in &taken.values {
                    let key = (firm, taken.group, *value);
                    let had = self.had.entry(key).or_insert_with(|| {
                        let earlier = before.get(&key).cloned().unwrap_or(Had { since: now, ..Had::default() });
                        Had { names: BTreeSet::new(), ..earlier }
                    });
                    had.labels.insert(taken.report.tlp);
                    had.paps.insert(taken.report.pap);
                    had.names.extend(taken.report.named.then_some(taken.report.firm));
                    self.lately.insert(key);
                }
            }
        }
    }

    fn items(&self, firm: usize) -> Vec<Item> {
        let of = self.had.iter().filter(|((of, group, _), _)| *of == firm && self.is_in(firm, *group));
        let item = |((_, group, value), had): (&(usize, usize, usize), &Had)| Item {
            group: *group,
            value: *value,
            label: strictest(&had.labels),
            pap: had.paps.iter().max_by_key(|pap| strict_pap(pap)).copied().unwrap_or("none"),
            names: had.names.clone(),
            since: had.since,
        };
        of.map(item).collect()
    }
}

fn strict_pap(pap: &str) -> usize {
    ["CLEAR", "GREEN", "AMBER", "RED"].iter().position(|known| *known == pap).unwrap_or(0)
}

impl Rho {
    /// A report is for a group.
    pub(super) fn for_group(&mut self, report: &Report, at: i64) {
        if let Warn::Group(group) = report.warn {
            self.groups.file(report, group, at);
        }
    }

    /// Whether a firm is in a group.
    pub fn is_in(&self, firm: usize, group: usize) -> bool {
        self.groups.is_in(firm, group)
    }

    /// What firms have was looked at.
    pub fn looked(&mut self) {
        self.groups.lately.clear();
    }

    /// Values that a firm had of a group at any time since the last look.
    pub fn lately_of(&self, firm: usize) -> impl Iterator<Item = (usize, usize)> {
        self.groups.lately.iter().filter(move |(of, ..)| *of == firm).map(|(_, group, value)| (*group, *value))
    }

    /// What a firm has of the groups that it is in.
    pub fn items_of(&self, firm: usize) -> Vec<Item> {
        self.groups.items(firm)
    }

    /// Whether what any group has may have changed since this was last asked.
    pub fn groups_changed(&mut self) -> bool {
        std::mem::take(&mut self.groups.changed)
    }

    /// Everything that a firm learns as a member of groups: who is in them, and what they have.
    pub fn group_view(&self, firm: usize) -> String {
        let mut text = String::new();
        for group in (0..GROUPS).filter(|group| self.is_in(firm, *group)) {
            let _ = writeln!(text, "group {group} {:?}", self.groups.members[group]);
        }
        for item in self.items_of(firm) {
            let _ = writeln!(text, "{item:?}");
        }
        text
    }

    /// Which reports were taken by a group: the cell sees whom a report was for, and an operator how much becomes due.
    pub fn taken_view(&self) -> String {
        let taken = self.groups.taken.iter().map(|taken| (taken.report.label, taken.group));
        format!("{:?}", taken.collect::<Vec<_>>())
    }
}
