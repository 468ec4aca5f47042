//! The tests' own model of the declared release: written from the policy's text, naive, sharing no code with `policy`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use model::AttackKind;

use crate::script::{Op, Own, Report, Script, Via, WINDOW, Warn, host_of};

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

/// What links reports: their values, and the hosts of their URLs.
fn linked(values: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
    values.into_iter().flat_map(|value| [Some(value), host_of(value)]).flatten().collect()
}

/// The value that names a firm itself, which only that firm reports; in a path or query it is on a host that many name.
fn own_links(report: &Report) -> Vec<usize> {
    match report.own_name {
        Some(place @ (Own::Path | Own::Query)) => vec![1_000_000 + 10 * report.firm + place as usize, 2_000_000],
        Some(place) => vec![1_000_000 + 10 * report.firm + place as usize],
        None => Vec::new(),
    }
}

/// Distinct firms in the window that has most of them: never a sum over windows.
fn distinct(who: &BTreeSet<(usize, i64)>) -> usize {
    let mut by_window: BTreeMap<i64, usize> = BTreeMap::new();
    for (_, window) in who {
        *by_window.entry(*window).or_default() += 1;
    }
    by_window.into_values().max().unwrap_or(0)
}

/// Labels from open to strict.
const LABELS: [&str; 5] = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"];

fn strictness(label: &str) -> usize {
    LABELS.iter().position(|known| *known == label).unwrap_or(0)
}

/// The strictest of some labels.
pub fn strictest<'a>(labels: impl IntoIterator<Item = &'a &'static str>) -> &'static str {
    labels.into_iter().max_by_key(|label| strictness(label)).copied().unwrap_or("none")
}

/// The place of a kind of attack in their list; who is not sure tells none.
fn attack(told: &str) -> Option<usize> {
    AttackKind::ALL.iter().position(|kind| *kind != AttackKind::NotSure && kind.as_str() == told)
}

/// The label of the oldest report of everything that each report hangs together with, whoever may see it.
pub fn hang_together(script: &Script) -> BTreeMap<usize, usize> {
    let sets: Vec<(usize, BTreeSet<usize>)> = script
        .ops
        .iter()
        .filter_map(|op| match op {
            Op::Report(report) => Some((
                report.label,
                linked(report.values.iter().copied()).into_iter().chain(own_links(report)).collect(),
            )),
            _ => None,
        })
        .collect();
    groups(&sets)
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
        }
    }

    /// Something is done.
    pub fn take(&mut self, op: &Op, now: i64) {
        match op {
            Op::Report(report) => self.file(report, now),
            Op::Advise { about, tlp } => self.text(format!("advice {tlp}"), *about, now),
            Op::Posture(word) => self.text(format!("posture {word}"), None, now),
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
        // By label, not by arrival: the order of two reports of one tick is none.
        let place = self.filed.partition_point(|filed| filed.report.label < report.label);
        self.filed.insert(place, Filed { report: report.clone(), at, window, open: BTreeSet::new() });
    }

    fn may_be_shown(report: &Report) -> bool {
        report.tlp != "RED" && !matches!(report.warn, Warn::CellOnly | Warn::UnknownGroup)
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
                    Warn::CellOnly | Warn::UnknownGroup => false,
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

    /// The campaigns that members see, each with the labels of its reports.
    fn public_campaigns(&self) -> Vec<(BTreeSet<usize>, Campaign)> {
        let mut all: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (label, root) in groups(&self.community()) {
            all.entry(root).or_default().insert(label);
        }
        let campaign = |reports: &BTreeSet<usize>| {
            let filed = || reports.iter().map(|label| self.of(*label));
            let values: BTreeSet<usize> = filed().flat_map(|filed| &filed.open).copied().collect();
            Campaign {
                label: strictest(values.iter().flat_map(|value| &self.shown[value].labels)),
                band: reports.iter().filter_map(|label| self.bands.get(label)).max().copied().unwrap_or(0),
                marks: self.marked(reports),
                attack: filed().filter_map(|filed| attack(filed.report.attack)).min(),
                techniques: filed().flat_map(|filed| &filed.report.techniques).copied().collect(),
                values,
            }
        };
        all.into_values().map(|reports| (reports.clone(), campaign(&reports))).collect()
    }

    /// What is marked of a campaign of these reports: all that any part of it was marked with.
    fn marked(&self, reports: &BTreeSet<usize>) -> BTreeSet<usize> {
        reports.iter().filter_map(|label| self.marks.get(label)).flatten().copied().collect()
    }

    /// Campaigns with the tick since which they are seen so.
    pub fn campaigns(&self) -> impl Iterator<Item = (&Campaign, i64)> {
        self.campaigns.iter().map(|(campaign, since)| (campaign, *since))
    }

    /// Values that members have.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        self.shown.iter().map(|(value, shown)| Value {
            value: *value,
            labels: shown.labels.clone(),
            paps: shown.paps.clone(),
            since: shown.since,
            names: shown.names.clone(),
            block: shown.pushed,
        })
    }

    /// Texts that members have, each with the values of the campaign that it is about.
    pub fn texts(&self) -> Vec<(&str, Option<BTreeSet<usize>>)> {
        let campaigns = self.public_campaigns();
        let values = |label: usize| {
            campaigns.iter().find(|(reports, _)| reports.contains(&label)).map(|(_, campaign)| campaign.values.clone())
        };
        self.told.iter().map(|(text, about)| (text.as_str(), about.and_then(values))).collect()
    }

    fn aggregates(&mut self) {
        let root = groups(&self.community());
        let mut firms: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        let mut reports: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (index, root) in &root {
            let Filed { report, window, .. } = self.of(*index);
            reports.entry(*root).or_default().insert(*index);
            if !report.named {
                firms.entry(*root).or_default().insert((report.firm, *window));
            }
        }
        for (root, firms) in firms {
            let by_sector = (0..self.sectors).any(|place| self.is_large(|firm| self.script.sector(firm) == place));
            // Marked by sectors or by regions, never by both.
            let places: Vec<(usize, Firms<'_>)> = if by_sector {
                (0..self.sectors).map(|at| (at, self.in_sector(at))).collect()
            } else {
                (0..self.script.regions).map(|at| (1_000 + at, self.in_region(at))).collect()
            };
            let now: Vec<usize> =
                places.iter().filter(|(_, place)| self.within(&firms, place)).map(|(place, _)| *place).collect();
            let marks = self.marked(&reports[&root]).into_iter().chain(now).collect::<BTreeSet<_>>();
            // A large place without a mark says that fewer than K of it were hit.
            let unmarked = places.iter().filter(|(at, place)| !marks.contains(at) && self.is_large(place));
            let room = unmarked.fold(self.firms, |room, (_, place)| {
                room.saturating_sub((0..self.firms).filter(|firm| place(*firm)).count() - (K - 1))
            });
            let count = distinct(&firms);
            let band = [25, 10, K].into_iter().find(|band| count >= *band && room > band + COALITION).unwrap_or(0);
            drop(places);
            self.marks.insert(root, marks);
            let held = self.bands.entry(root).or_insert(0);
            *held = band.max(*held);
        }
    }

    /// Whether a place may be named: K distinct firms in it, and enough in all.
    fn within(&self, firms: &BTreeSet<(usize, i64)>, place: impl Fn(usize) -> bool) -> bool {
        let within: BTreeSet<(usize, i64)> = firms.iter().filter(|(firm, _)| place(*firm)).copied().collect();
        distinct(&within) >= K && self.is_large(place)
    }

    /// Whether a place has firms enough for a mark.
    fn is_large(&self, place: impl Fn(usize) -> bool) -> bool {
        (0..self.firms).filter(|firm| place(*firm)).count() >= SECTOR_FLOOR.max(K + COALITION + 1)
    }

    fn in_sector(&self, sector: usize) -> Firms<'_> {
        Box::new(move |firm| self.script.sector(firm) == sector)
    }

    fn in_region(&self, region: usize) -> Firms<'_> {
        Box::new(move |firm| self.script.region(firm) == Some(region))
    }

    /// Where values soon stop to link, which report is the last that links depends on more than is modelled here: what is
    /// open in which order, and which reports are of one firm, must agree instead, and with them every count agrees.
    fn fine(&self, sets: &[(usize, BTreeSet<usize>)]) -> String {
        let root = groups(sets);
        let mut text = String::new();
        for (index, values) in sets {
            let Filed { report, window, .. } = self.of(*index);
            // The first report of the same component, firm and window stands for the firm.
            let same = root.iter().find(|(other, of)| {
                let other = self.of(**other);
                **of == root[index] && other.report.firm == report.firm && other.window == *window
            });
            let _ = writeln!(
                text,
                "report {} {values:?} as {:?} of {} {:?}",
                report.label,
                same.map(|(other, _)| other),
                self.script.sector(report.firm),
                self.script.region(report.firm),
            );
        }
        text
    }

    /// Everything that the declared release tells a member, as text.
    pub fn view(&self) -> String {
        let mut text = String::new();
        for (value, shown) in &self.shown {
            let _ = writeln!(
                text,
                "value {value} {:?} {:?} {:?} block {}",
                shown.labels,
                shown.said,
                shown.names,
                self.blocked.contains(value)
            );
        }
        let root = groups(&self.community());
        if self.script.common.is_some() {
            text += &self.fine(&self.community());
        }
        // Of reports that open at one moment any may be the one that the campaign's id is made from.
        let _ = writeln!(text, "reports that members' campaigns are made of {:?}", root);
        for (reports, Campaign { values, label, band, marks, .. }) in self.public_campaigns() {
            // A merge takes the widest band that one of its parts had shown, and the labels of all its values.
            let _ = writeln!(text, "campaign {:?} {values:?} {label} {band:?} {marks:?}", reports.first());
        }
        for (told, about) in &self.told {
            let _ = writeln!(text, "{told} about {about:?}");
        }
        text
    }

    /// What the cell may count exactly: every campaign of the run over all items, with its firms by sector.
    pub fn cell_view(&self) -> String {
        let sets = self.all_links();
        let root = groups(&sets);
        let mut firms: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        let mut by_value: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        let mut sectors = Vec::new();
        for (index, root) in &root {
            let Filed { report, window, .. } = self.of(*index);
            let who = (report.firm, *window);
            // A firm that is named does not count.
            if !report.named {
                firms.entry(*root).or_default().insert(who);
            }
            sectors.push(self.script.sector(report.firm));
            for value in report.values.iter().copied().chain(own_links(report)) {
                // A value of a named firm is there, but its firm does not count.
                let who = (!report.named).then_some(who);
                by_value.entry(value).or_default().extend(who);
            }
        }
        let counts: Vec<_> = firms.iter().map(|(root, firms)| (root, distinct(firms))).collect();
        let values: Vec<_> = by_value.iter().map(|(value, firms)| (value, distinct(firms))).collect();
        let fine = if self.script.common.is_some() { self.fine(&sets) } else { String::new() };
        format!("{counts:?} {values:?} {sectors:?} {fine}")
    }
}

impl Rho {
    /// What becomes due, and when: an operator may see how much there is, so only where this agrees must figures agree.
    pub fn operator_view(&self) -> String {
        let mut having: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        let mut open: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        for filed in &self.filed {
            let who = (filed.report.firm, filed.window);
            for value in filed.report.values.iter().filter(|_| Self::may_be_shown(&filed.report)) {
                having.entry(*value).or_default().insert(who);
            }
            for value in &filed.open {
                open.entry(*value).or_default().insert(who);
            }
        }
        let mut broad: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        for (label, root) in groups(&self.community()) {
            let filed = self.of(label);
            if !filed.report.named {
                broad.entry(root).or_default().insert((filed.report.firm, filed.window));
            }
        }
        let enough = |of: BTreeMap<usize, BTreeSet<(usize, i64)>>, least| {
            of.into_iter().filter(|(_, firms)| distinct(firms) >= least).map(|(what, _)| what).collect::<Vec<_>>()
        };
        // The cell's own run notes what too many members name, directly or by a URL on it.
        let mut naming: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        for filed in self.filed.iter().filter(|filed| !filed.report.named) {
            let hosts = filed.report.values.iter().filter_map(|value| Some(PIVOT + host_of(*value)?));
            for value in filed.report.values.iter().copied().chain(hosts).chain(own_links(&filed.report)) {
                naming.entry(value).or_default().insert((filed.report.firm, filed.window));
            }
        }
        let crowd = self.script.common.map_or(OVER_COMMON, |limit| limit as usize).max(self.firms.div_ceil(2)).max(K);
        format!(
            "{} {:?} {:?} {:?} {:?}",
            self.filed.len(),
            enough(having, HOLD),
            enough(open, BLOCK),
            enough(broad, K),
            enough(naming, crowd)
        )
    }
}
