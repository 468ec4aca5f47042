//! The tests' own model of the declared release: written from the policy's text, naive, sharing no code with `policy`.

mod campaigns;
mod groups;
mod linked;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use crate::script::{Op, Report, Script, Via, WINDOW, Warn};

use groups::Groups;
pub use groups::Item;
use linked::{distinct, groups, linked, own_links};
pub use linked::{hang_together, strictest};

/// k + c of the defaults.
const K: usize = 4;
const COALITION: usize = 1;
const HOLD: usize = 3;
const BLOCK: usize = 2;
const SECTOR_FLOOR: usize = 10;
/// Fewer members make no value over-common, unless a script says so.
const OVER_COMMON: usize = 25;
/// Stands before the host of URLs, which is counted apart from the same host as a value.
const PIVOT: usize = 3_000_000;
/// The exercise's epoch and block minute in milliseconds.
pub const EPOCH: i64 = 20_000;
const BLOCK_MINUTE: i64 = 5_000;

struct Filed {
    report: Report,
    at: i64,
    /// Number of the token window: the same firm counts anew in the next.
    window: i64,
    /// Values of it that members have, in the community run.
    open: BTreeSet<usize>,
}

/// What the release shows of a world, step by step.
pub struct Rho {
    firms: usize,
    sectors: usize,
    script: Script,
    filed: Vec<Filed>,
    /// Reports that the cell's view has taken in.
    folded: BTreeSet<usize>,
    epoch: i64,
    block: i64,
    /// Values that members have, with the labels and names that they carry.
    shown: BTreeMap<usize, Shown>,
    bands: BTreeMap<usize, usize>,
    marks: BTreeMap<usize, BTreeSet<usize>>,
    blocked: BTreeSet<usize>,
    /// What each firm has sent, and under which strictest marking in each window: an import of nothing else makes no report.
    sent: BTreeMap<(usize, String), BTreeMap<i64, (usize, usize)>>,
    /// Texts that wait for their tick: when they came, and the oldest report of the campaign that they are about.
    texts: Vec<(i64, String, Option<usize>)>,
    told: Vec<(String, Option<usize>)>,
    /// Each campaign as members see it, with the tick since which they see it so.
    campaigns: BTreeMap<Campaign, i64>,
    groups: Groups,
}

/// Which firms are in a place.
type Firms<'a> = Box<dyn Fn(usize) -> bool + 'a>;

/// A campaign as members see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Campaign {
    pub values: BTreeSet<usize>,
    pub label: &'static str,
    pub band: usize,
    /// Sectors that are marked, and regions from 1,000 on.
    pub marks: BTreeSet<usize>,
    /// The first in the list of kinds that a report tells.
    pub attack: Option<usize>,
    pub techniques: BTreeSet<&'static str>,
}

/// A value as members see it.
#[derive(Debug)]
pub struct Value {
    pub value: usize,
    pub labels: BTreeSet<&'static str>,
    pub paps: BTreeSet<&'static str>,
    pub since: i64,
    pub names: BTreeSet<usize>,
    pub block: bool,
}

#[derive(Default)]
struct Shown {
    /// The release tick at which members first had it.
    since: i64,
    labels: BTreeSet<&'static str>,
    /// What else reports of it say that shows in its campaign or on the block feed.
    said: BTreeSet<String>,
    paps: BTreeSet<&'static str>,
    names: BTreeSet<usize>,
    /// Whether it is pushed to block feeds since the last block minute.
    pushed: bool,
}

impl Rho {
    /// A script's firms at a time.
    pub fn new(script: &Script, now: i64) -> Self {
        Self {
            firms: script.firms,
            sectors: script.sectors,
            script: script.clone(),
            filed: Vec::new(),
            folded: BTreeSet::new(),
            epoch: now / EPOCH,
            block: now / BLOCK_MINUTE,
            shown: BTreeMap::new(),
            bands: BTreeMap::new(),
            marks: BTreeMap::new(),
            blocked: BTreeSet::new(),
            sent: BTreeMap::new(),
            texts: Vec::new(),
            told: Vec::new(),
            campaigns: BTreeMap::new(),
            groups: Groups::new(script),
        }
    }

    /// Something is done.
    pub fn take(&mut self, op: &Op, now: i64) {
        match op {
            Op::Report(report) => self.file(report, now),
            Op::Advise { about, tlp } => self.text(format!("advice {tlp}"), *about, now),
            Op::Posture(word) => self.text(format!("posture {word}"), None, now),
            Op::Join { .. } | Op::Leave { .. } | Op::End(_) => self.groups.act(op),
            Op::Claim(_) | Op::Read(_) | Op::Wait(_) => {}
        }
    }

    /// The cell sends a text, perhaps about the campaign of a value.
    fn text(&mut self, text: String, about: Option<usize>, at: i64) {
        let about = about.and_then(|value| self.cell_campaign(value));
        self.texts.push((at, text, about));
    }

    /// The oldest report of the campaign that the cell finds by a value, of what it has been shown by now.
    fn cell_campaign(&self, value: usize) -> Option<usize> {
        let folded = |label: &usize| self.folded.contains(label);
        let sets: Vec<_> = self.all_links().into_iter().filter(|(label, _)| folded(label)).collect();
        let of = self.filed.iter().filter(|filed| folded(&filed.report.label));
        let first = of.into_iter().find(|filed| filed.report.values.contains(&value))?.report.label;
        groups(&sets).get(&first).copied()
    }

    fn all_links(&self) -> Vec<(usize, BTreeSet<usize>)> {
        let of = |filed: &Filed| {
            linked(filed.report.values.iter().copied()).into_iter().chain(own_links(&filed.report)).collect()
        };
        self.filed.iter().map(|filed| (filed.report.label, of(filed))).collect()
    }

    /// The report of a label.
    fn of(&self, label: usize) -> &Filed {
        &self.filed[self.filed.partition_point(|filed| filed.report.label < label)]
    }

    /// A report comes in.
    fn file(&mut self, report: &Report, at: i64) {
        let window = at.div_euclid(WINDOW);
        let own = report.own_name.map(|place| place.text(report.firm));
        let values = report.values.iter().map(usize::to_string).chain(own);
        let mut new = false;
        for value in values {
            let (tlp, pap) = report.strictness();
            let sent = self.sent.entry((report.firm, value)).or_default();
            new |= !sent.values().any(|earlier| earlier.0 >= tlp && earlier.1 >= pap);
            let held = sent.entry(window).or_default();
            *held = (held.0.max(tlp), held.1.max(pap));
        }
        if report.via != Via::Form && !new {
            return;
        }
        self.for_group(report, at);
        // By label, not by arrival: the order of two reports of one tick is none.
        let place = self.filed.partition_point(|filed| filed.report.label < report.label);
        self.filed.insert(place, Filed { report: report.clone(), at, window, open: BTreeSet::new() });
    }

    fn may_be_shown(report: &Report) -> bool {
        report.tlp != "RED" && !matches!(report.warn, Warn::CellOnly | Warn::UnknownGroup | Warn::Group(_))
    }

    fn community(&self) -> Vec<(usize, BTreeSet<usize>)> {
        self.filed
            .iter()
            .filter(|filed| !filed.open.is_empty())
            .map(|filed| (filed.report.label, linked(filed.open.iter().copied())))
            .collect()
    }

    /// Time reaches `now`, a release tick.
    pub fn step(&mut self, now: i64) {
        self.groups.step(now);
        let epoch = now / EPOCH > self.epoch;
        let boundary = now / EPOCH * EPOCH;
        self.folded = self.filed.iter().map(|filed| filed.report.label).collect();
        // Who has a value, for holds: everybody whose report of it may reach members and be linked and counted.
        let mut having: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        for filed in self.filed.iter().filter(|filed| Self::may_be_shown(&filed.report) && filed.at < boundary) {
            if filed.report.tlp == "AMBER+STRICT" {
                continue; // it stands alone, and opens nothing for others
            }
            for value in &filed.report.values {
                having.entry(*value).or_default().insert((filed.report.firm, filed.window));
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
                                && having.get(value).is_some_and(|firms| distinct(firms) >= HOLD)
                    }
                    Warn::CellOnly | Warn::UnknownGroup | Warn::Group(_) => false,
                };
                if due {
                    let shown = self.shown.entry(*value).or_insert_with(|| Shown { since: now, ..Shown::default() });
                    shown.labels.insert(filed.report.tlp);
                    let Report { attack, techniques, pap, .. } = &filed.report;
                    shown.said.insert(format!("{attack} {techniques:?} {pap}"));
                    shown.paps.insert(*pap);
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
            let mut firms: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
            for filed in &self.filed {
                // Nobody's record is known yet, so what was filed after the value was out is an echo and confirms nothing.
                for value in filed.open.iter().filter(|value| filed.at < self.shown[value].since) {
                    firms.entry(*value).or_default().insert((filed.report.firm, filed.window));
                }
            }
            for (value, shown) in &mut self.shown {
                let confirmed = firms.get(value).is_some_and(|firms| distinct(firms) >= BLOCK);
                shown.pushed = confirmed && shown.paps.iter().all(|pap| matches!(*pap, "CLEAR" | "GREEN"));
            }
            self.blocked.extend(firms.iter().filter(|(_, firms)| distinct(firms) >= BLOCK).map(|(value, _)| *value));
        }
        if epoch {
            self.epoch = now / EPOCH;
            self.aggregates();
        }
        for (at, text, about) in std::mem::take(&mut self.texts) {
            if at < now {
                // Members are pointed to the campaign that they know that very report in.
                let about = about.and_then(|oldest| groups(&self.community()).get(&oldest).copied());
                self.told.push((text, about));
            } else {
                self.texts.push((at, text, about));
            }
        }
        let before = std::mem::take(&mut self.campaigns);
        let of_now = self.public_campaigns().into_iter().map(|(_, campaign)| {
            let since = before.get(&campaign).copied().unwrap_or(now);
            (campaign, since)
        });
        self.campaigns = of_now.collect();
    }
}
