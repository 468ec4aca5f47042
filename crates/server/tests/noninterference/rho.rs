//! The tests' own model of the declared release: written from the policy's text, naive, sharing no code with `policy`.

mod back;
mod campaigns;
mod groups;
mod linked;
mod own;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use crate::script::{Back, Op, Report, Script, Via, WINDOW, Warn, value};

use back::Everything;
use groups::Groups;
pub use groups::Item;
use linked::{attack, distinct};
pub use linked::{hang_together, strictest};
use own::Own;
pub use own::OwnReport;

/// k + c of the defaults.
const K: usize = 4;
const COALITION: usize = 1;
const HOLD: usize = 3;
/// Firms that make a wave of a new campaign, and within how long.
const WAVE: usize = 3;
const WAVE_MILLIS: i64 = 6 * 60 * 60 * 1_000;
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
    /// Number of the token window: the same firm counts anew in the next.
    window: i64,
    /// The values that it came with, as texts.
    sent: Vec<String>,
    /// Since when each of its values waits by the present answer.
    asked: BTreeMap<usize, i64>,
    /// Values that members have because of it.
    told: BTreeSet<usize>,
    /// Those of them that are linked and counted, in the community run.
    open: BTreeSet<usize>,
    /// Whether any ever was.
    was_open: bool,
    /// Kinds of attack that it told when something of it was opened.
    attacks: BTreeSet<usize>,
    /// Labels of values that it told, which its campaign keeps.
    labels: BTreeSet<&'static str>,
}

/// What the release shows of a world, step by step.
pub struct Rho {
    firms: usize,
    sectors: usize,
    script: Script,
    filed: Vec<Filed>,
    /// The oldest report of the campaign of members that each is in: what was linked stays so.
    roots: BTreeMap<usize, usize>,
    /// The cell's run as it has been shown, and what it has still to take in.
    everything: Everything,
    unfolded: Vec<Op>,
    /// What reporters changed and members have not been shown.
    acts: Vec<(i64, usize, Back)>,
    own: Own,
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
    campaigns: Vec<(BTreeSet<usize>, Campaign, i64)>,
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

impl Campaign {
    /// What of it is written on it: of its values the one that its title quotes, and how many there are.
    fn face(&self) -> impl PartialEq {
        let title = self.values.iter().map(|number| title_rank(&value(*number))).min();
        let marks = (self.band, self.marks.clone(), self.attack, self.techniques.clone());
        (title, self.values.len(), self.label, marks)
    }
}

/// How telling a value is, in a title.
pub fn title_rank(text: &str) -> (usize, String) {
    let rank = match text {
        url if url.contains("://") => 1,
        address if address.starts_with(|first: char| first.is_ascii_digit()) => 4,
        _ => 0,
    };
    (rank, text.to_owned())
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
            roots: BTreeMap::new(),
            everything: Everything::default(),
            unfolded: Vec::new(),
            acts: Vec::new(),
            own: Own::default(),
            epoch: now / EPOCH,
            block: now / BLOCK_MINUTE,
            shown: BTreeMap::new(),
            bands: BTreeMap::new(),
            marks: BTreeMap::new(),
            blocked: BTreeSet::new(),
            sent: BTreeMap::new(),
            texts: Vec::new(),
            told: Vec::new(),
            campaigns: Vec::new(),
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
            Op::Claim(label) if self.everything.has(*label) => self.own.claim(op),
            Op::Back { label, act } => self.go_back(*label, act, now),
            // Only where no model says what links.
            Op::Relate { .. } => {}
            Op::Age => self.own.age(),
            Op::Claim(_) | Op::Read(_) | Op::Tell(_) | Op::Wait(_) => {}
        }
    }

    /// The cell sends a text, perhaps about the campaign of a value.
    fn text(&mut self, text: String, about: Option<usize>, at: i64) {
        let about = about.and_then(|value| self.cell_campaign(value));
        self.texts.push((at, text, about));
    }

    /// The oldest report of the campaign that the cell finds by a value, of what it has been shown by now.
    fn cell_campaign(&self, value: usize) -> Option<usize> {
        let (first, _) = self.everything.reports().find(|(_, report)| report.values.contains(&value))?;
        self.everything.roots.get(&first).copied()
    }

    /// The report of a label.
    fn of(&self, label: usize) -> &Filed {
        &self.filed[self.filed.partition_point(|filed| filed.report.label < label)]
    }

    /// A report comes in.
    fn file(&mut self, report: &Report, at: i64) {
        let window = at.div_euclid(WINDOW);
        let own = report.own_name.map(|place| place.text(report.firm));
        let values: Vec<String> = report.values.iter().map(usize::to_string).chain(own).collect();
        let mut new = false;
        for value in values.clone() {
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
        self.own.file(report);
        self.unfolded.push(Op::Report(report.clone()));
        // By label, not by arrival: the order of two reports of one tick is none.
        let place = self.filed.partition_point(|filed| filed.report.label < report.label);
        let filed = Filed {
            report: report.clone(),
            window,
            sent: values,
            asked: report.values.iter().map(|value| (*value, at)).collect(),
            told: BTreeSet::new(),
            open: BTreeSet::new(),
            was_open: false,
            attacks: BTreeSet::new(),
            labels: BTreeSet::new(),
        };
        self.filed.insert(place, filed);
    }

    fn may_be_shown(report: &Report) -> bool {
        report.tlp != "RED" && !matches!(report.warn, Warn::CellOnly | Warn::UnknownGroup | Warn::Group(_))
    }

    /// Time reaches `now`, a release tick.
    pub fn step(&mut self, now: i64) {
        let epoch = now / EPOCH > self.epoch;
        let boundary = now / EPOCH * EPOCH;
        for op in std::mem::take(&mut self.unfolded) {
            self.everything.take(&op);
        }
        self.changes(now);
        for label in self.groups.step(now) {
            self.own.came_of(label, (now / EPOCH + 1) * EPOCH);
        }
        self.untell();
        self.open(now, epoch.then_some(boundary));
        self.settle(now);
        if now / BLOCK_MINUTE > self.block {
            self.block = now / BLOCK_MINUTE;
            let mut firms: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
            for filed in &self.filed {
                // Nobody's record is known yet, so what was told after the value was out is an echo and confirms nothing.
                for value in filed.open.iter().filter(|value| filed.asked[value] < self.shown[value].since) {
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
                let about = about.and_then(|oldest| self.roots.get(&oldest).copied());
                let about =
                    about.filter(|root| self.public_campaigns().iter().any(|(reports, _)| reports.contains(root)));
                self.told.push((text, about));
            } else {
                self.texts.push((at, text, about));
            }
        }
        let before = std::mem::take(&mut self.campaigns);
        let of_now = self.public_campaigns().into_iter().map(|(reports, campaign)| {
            let same = before
                .iter()
                .find(|(parts, earlier, _)| !parts.is_disjoint(&reports) && earlier.face() == campaign.face());
            let since = same.map_or(now, |(.., since)| *since);
            (reports, campaign, since)
        });
        self.campaigns = of_now.collect();
    }

    /// Opens what is due; `boundary` is the epoch that has come, if one has.
    fn open(&mut self, now: i64, boundary: Option<i64>) {
        // Who has a value, for holds: everybody whose report of it may reach members and be linked and counted.
        let mut having: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        for filed in self.filed.iter().filter(|filed| Self::may_be_shown(&filed.report)) {
            if filed.report.tlp == "AMBER+STRICT" {
                continue; // it stands alone, and opens nothing for others
            }
            for (value, _) in filed.asked.iter().filter(|(_, at)| boundary.is_some_and(|boundary| **at < boundary)) {
                having.entry(*value).or_default().insert((filed.report.firm, filed.window));
            }
        }
        for filed in self.filed.iter_mut().filter(|filed| Self::may_be_shown(&filed.report)) {
            let mut came_of = false;
            for (value, at) in filed.asked.iter().filter(|(value, _)| !filed.told.contains(value)).collect::<Vec<_>>() {
                let by_now = boundary.is_some_and(|boundary| *at < boundary);
                let due = match filed.report.warn {
                    Warn::Now => *at < now,
                    Warn::NextEpoch => by_now,
                    Warn::OnceThree => {
                        by_now
                            && self.firms > HOLD + COALITION
                            && having.get(value).is_some_and(|firms| distinct(firms) >= HOLD)
                    }
                    Warn::CellOnly | Warn::UnknownGroup | Warn::Group(_) => false,
                };
                if !due {
                    continue;
                }
                came_of = true;
                let shown = self.shown.entry(*value).or_insert_with(|| Shown { since: now, ..Shown::default() });
                shown.labels.insert(filed.report.tlp);
                let Report { attack: told, techniques, pap, .. } = &filed.report;
                shown.said.insert(format!("{told} {techniques:?} {pap}"));
                shown.paps.insert(*pap);
                filed.told.insert(*value);
                if filed.report.tlp != "AMBER+STRICT" {
                    filed.open.insert(*value);
                    filed.was_open = true;
                    filed.attacks.extend(attack(told));
                }
            }
            if came_of {
                self.own.came_of(filed.report.label, (now / EPOCH + 1) * EPOCH);
            }
        }
    }

    /// What firms read of their own reports.
    pub fn own_reports(&self) -> impl Iterator<Item = (usize, &OwnReport)> {
        self.own.reports()
    }
}
