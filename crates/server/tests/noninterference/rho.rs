//! The tests' own model of the declared release: written from the policy's text, naive, sharing no code with `policy`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::script::{Op, Report, Script, Warn};

/// k + c of the defaults.
const K: usize = 4;
const COALITION: usize = 1;
const HOLD: usize = 3;
const BLOCK: usize = 2;
const SECTOR_FLOOR: usize = 10;
/// The exercise's epoch and block minute in milliseconds.
pub const EPOCH: i64 = 20_000;
const BLOCK_MINUTE: i64 = 5_000;

struct Filed {
    report: Report,
    at: i64,
    /// Values of it that members have, in the community run.
    open: BTreeSet<usize>,
}

/// What the release shows of a world, step by step.
pub struct Rho {
    firms: usize,
    sectors: usize,
    filed: Vec<Filed>,
    epoch: i64,
    block: i64,
    /// Values that members have, with the labels and names that they carry.
    shown: BTreeMap<usize, Shown>,
    bands: BTreeMap<usize, usize>,
    marks: BTreeMap<usize, BTreeSet<usize>>,
    blocked: BTreeSet<usize>,
}

#[derive(Default)]
struct Shown {
    /// The release tick at which members first had it.
    since: i64,
    labels: BTreeSet<&'static str>,
    names: BTreeSet<usize>,
}

fn groups(sets: &[(usize, BTreeSet<usize>)]) -> BTreeMap<usize, usize> {
    // report index → index of the oldest report of its campaign; repeated until nothing changes, since worlds are small.
    let mut root: BTreeMap<usize, usize> = sets.iter().map(|(index, _)| (*index, *index)).collect();
    loop {
        let mut changed = false;
        for (a, values) in sets {
            for (b, others) in sets {
                if values.intersection(others).next().is_some() {
                    let least = root[a].min(root[b]);
                    for index in [a, b] {
                        if root[index] != least {
                            root.insert(*index, least);
                            changed = true;
                        }
                    }
                }
            }
        }
        if !changed {
            return root;
        }
    }
}

/// The label of the oldest report of everything that each report hangs together with, whoever may see it.
pub fn hang_together(script: &Script) -> BTreeMap<usize, usize> {
    let sets: Vec<(usize, BTreeSet<usize>)> = script
        .ops
        .iter()
        .filter_map(|op| match op {
            Op::Report(report) => Some((report.label, report.values.iter().copied().collect())),
            Op::Wait(_) => None,
        })
        .collect();
    groups(&sets)
}

impl Rho {
    /// A world of firms in sectors (firm modulo sectors) at a time.
    pub fn new(firms: usize, sectors: usize, now: i64) -> Self {
        Self {
            firms,
            sectors,
            filed: Vec::new(),
            epoch: now / EPOCH,
            block: now / BLOCK_MINUTE,
            shown: BTreeMap::new(),
            bands: BTreeMap::new(),
            marks: BTreeMap::new(),
            blocked: BTreeSet::new(),
        }
    }

    /// A report comes in.
    pub fn file(&mut self, report: &Report, at: i64) {
        // By label, not by arrival: the order of two reports of one tick is none.
        let place = self.filed.partition_point(|filed| filed.report.label < report.label);
        self.filed.insert(place, Filed { report: report.clone(), at, open: BTreeSet::new() });
    }

    fn may_be_shown(report: &Report) -> bool {
        report.tlp != "RED" && !matches!(report.warn, Warn::CellOnly | Warn::UnknownGroup)
    }

    fn community(&self) -> Vec<(usize, BTreeSet<usize>)> {
        self.filed
            .iter()
            .enumerate()
            .filter(|(_, filed)| !filed.open.is_empty())
            .map(|(index, filed)| (index, filed.open.clone()))
            .collect()
    }

    /// Time reaches `now`, a release tick.
    pub fn step(&mut self, now: i64) {
        let epoch = now / EPOCH > self.epoch;
        let boundary = now / EPOCH * EPOCH;
        // Who has a value, for holds: everybody whose report of it may reach members and be linked and counted.
        let mut having: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for filed in self.filed.iter().filter(|filed| Self::may_be_shown(&filed.report) && filed.at < boundary) {
            if filed.report.tlp == "AMBER+STRICT" {
                continue; // it stands alone, and opens nothing for others
            }
            for value in &filed.report.values {
                having.entry(*value).or_default().insert(filed.report.firm);
            }
        }
        for filed in &mut self.filed {
            if !Self::may_be_shown(&filed.report) {
                continue;
            }
            for value in &filed.report.values {
                let due = match filed.report.warn {
                    Warn::Now => filed.at < now,
                    Warn::NextEpoch => epoch && filed.at < boundary || filed.open.contains(value),
                    Warn::OnceThree => {
                        filed.open.contains(value)
                            || epoch
                                && filed.at < boundary
                                && self.firms > HOLD + COALITION
                                && having.get(value).is_some_and(|firms| firms.len() >= HOLD)
                    }
                    Warn::CellOnly | Warn::UnknownGroup => false,
                };
                if due {
                    let shown = self.shown.entry(*value).or_insert_with(|| Shown { since: now, ..Shown::default() });
                    shown.labels.insert(filed.report.tlp);
                    if filed.report.named {
                        shown.names.insert(filed.report.firm);
                    }
                    if filed.report.tlp != "AMBER+STRICT" {
                        filed.open.insert(*value);
                    }
                }
            }
        }
        if now / BLOCK_MINUTE > self.block {
            self.block = now / BLOCK_MINUTE;
            let mut firms: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
            for filed in &self.filed {
                // Nobody's record is known yet, so what was filed after the value was out is an echo and confirms nothing.
                for value in filed.open.iter().filter(|value| filed.at < self.shown[value].since) {
                    firms.entry(*value).or_default().insert(filed.report.firm);
                }
            }
            self.blocked.extend(firms.iter().filter(|(_, firms)| firms.len() >= BLOCK).map(|(value, _)| *value));
        }
        if epoch {
            self.epoch = now / EPOCH;
            self.aggregates();
        }
    }

    fn aggregates(&mut self) {
        let root = groups(&self.community());
        let mut firms: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (index, root) in &root {
            if !self.filed[*index].report.named {
                firms.entry(*root).or_default().insert(self.filed[*index].report.firm);
            }
        }
        for (root, firms) in firms {
            for sector in 0..self.sectors {
                let within = firms.iter().filter(|firm| *firm % self.sectors == sector).count();
                let population = (0..self.firms).filter(|firm| firm % self.sectors == sector).count();
                if within >= K && population >= SECTOR_FLOOR.max(K + COALITION + 1) {
                    self.marks.entry(root).or_default().insert(sector);
                }
            }
            // A large sector without a mark says that fewer than K of it were hit.
            let marks = self.marks.get(&root).cloned().unwrap_or_default();
            let mut room = self.firms;
            for sector in (0..self.sectors).filter(|sector| !marks.contains(sector)) {
                let population = (0..self.firms).filter(|firm| firm % self.sectors == sector).count();
                if population >= SECTOR_FLOOR.max(K + COALITION + 1) {
                    room -= population - (K - 1);
                }
            }
            let band =
                [25, 10, K].into_iter().find(|band| firms.len() >= *band && room > band + COALITION).unwrap_or(0);
            let held = self.bands.entry(root).or_insert(0);
            *held = band.max(*held);
        }
    }

    /// Everything that the declared release tells a member, as text.
    pub fn view(&self) -> String {
        let mut text = String::new();
        for (value, shown) in &self.shown {
            let _ = writeln!(
                text,
                "value {value} {:?} {:?} block {}",
                shown.labels,
                shown.names,
                self.blocked.contains(value)
            );
        }
        let root = groups(&self.community());
        let mut campaigns: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (index, root) in &root {
            campaigns.entry(*root).or_default().extend(&self.filed[*index].open);
        }
        for (root, values) in campaigns {
            // A merge takes the widest band that one of its parts had shown, and the labels of all its values.
            let labels: BTreeSet<_> = values.iter().flat_map(|value| &self.shown[value].labels).collect();
            let (band, marks) = (self.bands.get(&root), self.marks.get(&root));
            let _ = writeln!(text, "campaign {root} {values:?} {labels:?} {band:?} {marks:?}");
        }
        text
    }

    /// What the cell may count exactly: every campaign of the run over all items, with its firms by sector.
    pub fn cell_view(&self) -> String {
        // A value with its firm's own name is one more value, which only that firm reports.
        let own = |report: &Report| report.own_name.then_some(1_000_000 + report.firm);
        let sets: Vec<_> = self
            .filed
            .iter()
            .enumerate()
            .map(|(index, filed)| (index, filed.report.values.iter().copied().chain(own(&filed.report)).collect()))
            .collect();
        let root = groups(&sets);
        let mut firms: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut by_value: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut sectors = Vec::new();
        for (index, root) in &root {
            let report = &self.filed[*index].report;
            firms.entry(*root).or_default().insert(report.firm);
            sectors.push(report.firm % self.sectors);
            for value in &report.values {
                by_value.entry(*value).or_default().insert(report.firm);
            }
        }
        let counts: Vec<_> = firms.iter().map(|(root, firms)| (root, firms.len())).collect();
        let values: Vec<_> = by_value.iter().map(|(value, firms)| (value, firms.len())).collect();
        format!("{counts:?} {values:?} {sectors:?}")
    }
}
