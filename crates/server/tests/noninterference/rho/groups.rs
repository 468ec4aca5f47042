//! What the declared release tells members of sharing groups: written from the policy's text, apart from everything else.
//!
//! A report for a group is for those who are in it at that moment, if its reporter is. Each of them has each of its values
//! once, with the strictest label and all the names of the reports that were for it; whoever leaves has nothing from then on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Rho, strictest};
use crate::script::{GROUPS, Op, Report, Script, Warn};

/// Who is in a group, each with the number of its joining: whoever comes again is somebody new.
type Members = BTreeMap<usize, usize>;

/// A report for a group that took it.
struct Taken {
    report: Report,
    at: i64,
    group: usize,
    audience: Members,
    /// The tick at which its values were there.
    since: Option<i64>,
}

/// The groups of a world.
#[derive(Default)]
pub struct Groups {
    members: Vec<Members>,
    ended: BTreeSet<usize>,
    joinings: usize,
    taken: Vec<Taken>,
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
        let mut groups = Self { members: vec![Members::new(); GROUPS], ..Self::default() };
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
    }

    /// A report is for a group: does the group take it?
    fn file(&mut self, report: &Report, group: usize, at: i64) {
        if !self.is_in(report.firm, group) {
            return;
        }
        let audience = self.members[group].clone();
        self.taken.push(Taken { report: report.clone(), at, group, audience, since: None });
        self.changed = true;
    }

    pub fn step(&mut self, now: i64) {
        for taken in self.taken.iter_mut().filter(|taken| taken.at < now && taken.since.is_none()) {
            taken.since = Some(now);
            self.changed = true;
        }
    }

    fn items(&self, firm: usize) -> Vec<Item> {
        let mut items: BTreeMap<(usize, usize), Vec<(&Taken, i64)>> = BTreeMap::new();
        for taken in &self.taken {
            let Some(since) = taken.since.filter(|_| taken.report.tlp != "RED") else { continue };
            let place = self.members[taken.group].get(&firm).filter(|_| !self.ended.contains(&taken.group));
            if place.is_some() && taken.audience.get(&firm) == place {
                for value in &taken.report.values {
                    items.entry((taken.group, *value)).or_default().push((taken, since));
                }
            }
        }
        let item = |((group, value), of): ((usize, usize), Vec<(&Taken, i64)>)| Item {
            group,
            value,
            label: strictest(of.iter().map(|(taken, _)| &taken.report.tlp)),
            pap: of.iter().map(|(taken, _)| taken.report.pap).max_by_key(|pap| strict_pap(pap)).unwrap_or("none"),
            names: of.iter().filter(|(taken, _)| taken.report.named).map(|(taken, _)| taken.report.firm).collect(),
            since: of.iter().map(|(_, since)| *since).min().unwrap_or(0),
        };
        items.into_iter().map(item).collect()
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
