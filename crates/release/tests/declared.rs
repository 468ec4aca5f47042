//! The gate against a naive model of the declared release, written from its text: over random scripts they show the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{BLOCK, Bench, EPOCH, START, TICK, by, correction};
use model::{AttackKind, Pap, Sector, Timestamp, Tlp, WhoMayBeWarned, WhoMayKnow};
use proptest::prelude::*;
use vault::{Act, Body, Population};

const VALUES: [&str; 7] = ["a.test", "b.test", "c.test", "d.test", "e.test", "f.test", "g.test"];
const K: usize = 4;
/// Members in all, and in each of two sectors; the rest are in none that is large.
const MEMBERS: usize = 26;
const IN_SECTOR: usize = 12;

/// What scripts draw from.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    firms: u8,
    values: usize,
}

const WIDE: Drawn = Drawn { firms: 14, values: VALUES.len() };
/// So few that most scripts have several reports of one firm on one value, and values that are told, taken back and told again.
const NARROW: Drawn = Drawn { firms: 5, values: 3 };

#[derive(Clone, Debug)]
struct Told {
    firm: u8,
    values: BTreeSet<usize>,
    warn: WhoMayBeWarned,
    named: bool,
    own: bool,
    tlp: Tlp,
    pap: Pap,
    attack: AttackKind,
}

#[derive(Clone, Debug)]
enum Step {
    File(Told),
    Pass(i64),
    /// The reporter of the last report but so many changes something about it.
    Change(usize, Change),
    /// The process ends and another one opens the same journal.
    Restart,
}

#[derive(Clone, Debug)]
enum Change {
    Withdraw,
    /// As a withdrawal, to members.
    Recall,
    /// Members may be warned earlier than before.
    Consent(WhoMayBeWarned),
    Correct {
        added: BTreeSet<usize>,
        dropped: BTreeSet<usize>,
        attack: AttackKind,
    },
}

fn attack() -> impl Strategy<Value = AttackKind> {
    prop_oneof![Just(AttackKind::NotSure), Just(AttackKind::Phishing), Just(AttackKind::Malware)]
}

fn told(drawn: Drawn) -> impl Strategy<Value = Told> {
    let warn = prop_oneof![
        5 => Just(WhoMayBeWarned::Now),
        2 => Just(WhoMayBeWarned::NextEpoch),
        3 => Just(WhoMayBeWarned::OnceThreeHaveIt),
        1 => Just(WhoMayBeWarned::CellOnly),
    ];
    let tlp = prop_oneof![
        4 => Just(Tlp::Green),
        1 => Just(Tlp::Clear),
        1 => Just(Tlp::Amber),
        1 => Just(Tlp::AmberStrict),
        1 => Just(Tlp::Red),
    ];
    let pap = prop_oneof![6 => Just(Pap::Green), 1 => Just(Pap::Amber)];
    let values = prop::collection::btree_set(0..drawn.values, 1..3);
    (1..=drawn.firms, values, warn, 0..10_u8, tlp, pap, attack()).prop_map(
        |(firm, values, warn, odd, tlp, pap, attack)| Told {
            // The cell is no member.
            firm: if odd == 1 { 99 } else { firm },
            values,
            warn,
            named: odd == 0,
            own: odd == 1,
            tlp,
            pap,
            attack,
        },
    )
}

fn change(drawn: Drawn) -> impl Strategy<Value = Change> {
    use WhoMayBeWarned::{NextEpoch, Now, OnceThreeHaveIt};
    let some = move || prop::collection::btree_set(0..drawn.values, 0..3);
    prop_oneof![
        3 => Just(Change::Withdraw),
        1 => Just(Change::Recall),
        3 => prop_oneof![3 => Just(Now), 1 => Just(NextEpoch), 1 => Just(OnceThreeHaveIt)].prop_map(Change::Consent),
        3 => (some(), some(), attack()).prop_map(|(added, dropped, attack)| Change::Correct { added, dropped, attack }),
    ]
}

fn step(drawn: Drawn) -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => told(drawn).prop_map(Step::File),
        4 => (prop_oneof![0..4_usize, 0..40_usize], change(drawn)).prop_map(|(which, change)| Step::Change(which, change)),
        3 => (1..300_i64).prop_map(Step::Pass),
        1 => (1..EPOCH).prop_map(Step::Pass),
        1 => Just(Step::Restart),
    ]
}

fn script() -> impl Strategy<Value = Vec<Step>> {
    let drawn = prop_oneof![1 => Just(WIDE), 2 => Just(NARROW)];
    drawn.prop_flat_map(|drawn| prop::collection::vec(step(drawn), 1..45))
}

/// How far an answer reaches: a later one may only let more be warned.
const fn reach(warn: WhoMayBeWarned) -> u8 {
    match warn {
        WhoMayBeWarned::Now => 3,
        WhoMayBeWarned::NextEpoch => 2,
        WhoMayBeWarned::OnceThreeHaveIt => 1,
        _ => 0,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gone {
    No,
    Withdrawn,
    ForGood,
}

struct Known {
    /// The report as it stands.
    told: Told,
    /// When each of its values was told: with the report, by a wider answer if members did not have it of this report by then, or by
    /// the correction that added it.
    asked: BTreeMap<usize, i64>,
    /// The first answer as it was last given, and whether the report was taken back: what its reporter may still do.
    answer: WhoMayBeWarned,
    gone: Gone,
    /// Values of it that members have.
    told_open: BTreeSet<usize>,
    /// Those of them that are linked and counted.
    open: BTreeSet<usize>,
    /// Reports of one group are one campaign; what was linked stays so.
    group: usize,
    /// What it said of the attack when it opened something.
    attacks: BTreeSet<AttackKind>,
    /// The strictest label of what it opened.
    tlp: Option<Tlp>,
    /// What was shown of its campaign.
    band: usize,
    marks: BTreeSet<usize>,
}

#[derive(Clone, Default)]
struct Shown {
    since: i64,
    tlp: Option<Tlp>,
    pap: Option<Pap>,
    names: BTreeSet<String>,
    blocked: bool,
}

#[derive(Default)]
struct Model {
    known: Vec<Known>,
    /// Changes that count from the next tick on: when, of which report, what.
    changes: Vec<(i64, usize, Change)>,
    shown: BTreeMap<usize, Shown>,
}

impl Change {
    fn act(&self) -> Act {
        let names = |values: &BTreeSet<usize>| values.iter().map(|value| VALUES[*value]).collect::<Vec<_>>();
        match self {
            Self::Withdraw => Act::Withdraw,
            Self::Recall => Act::Recall,
            Self::Consent(warn) => Act::Consent { warn: *warn },
            Self::Correct { added, dropped, attack } => {
                let Act::Correct(mut correct) = correction(&names(added), &names(dropped)) else { unreachable!() };
                correct.attack = *attack;
                Act::Correct(correct)
            }
        }
    }
}

impl Model {
    /// A reporter changes something; says whether that can be done.
    fn change(&mut self, now: i64, index: usize, change: Change) -> bool {
        let Known { gone, answer, .. } = &mut self.known[index];
        match &change {
            _ if *gone == Gone::ForGood => return false,
            Change::Recall => *gone = Gone::ForGood,
            _ if *gone == Gone::Withdrawn => return false,
            Change::Withdraw => *gone = Gone::Withdrawn,
            Change::Consent(wider) if reach(*wider) <= reach(*answer) => return false,
            Change::Consent(wider) => *answer = *wider,
            Change::Correct { .. } => {}
        }
        self.changes.push((now, index, change));
        true
    }

    fn groups(&self) -> Vec<BTreeSet<usize>> {
        let mut groups: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (index, known) in self.known.iter().enumerate().filter(|(_, known)| known.tlp.is_some()) {
            groups.entry(known.group).or_default().insert(index);
        }
        groups.into_values().collect()
    }

    /// A report opens a value that is linked: it is of one group with every report that has it open.
    fn link(&mut self, index: usize, value: usize) {
        let mine = self.known[index].group;
        let with: Vec<usize> =
            self.known.iter().filter(|known| known.open.contains(&value)).map(|known| known.group).collect();
        for known in self.known.iter_mut().filter(|known| with.contains(&known.group)) {
            known.group = mine;
        }
        self.known[index].open.insert(value);
    }

    /// What a reporter changed before this tick counts from it on.
    fn take_changes(&mut self, now: i64) {
        let (due, later) = std::mem::take(&mut self.changes).into_iter().partition(|(at, ..)| *at < now);
        self.changes = later;
        for (at, index, change) in due {
            let Known { told, asked, told_open, open, .. } = &mut self.known[index];
            match change {
                Change::Withdraw | Change::Recall => told.values.clear(),
                Change::Consent(warn) => {
                    told.warn = warn;
                    asked.extend(told.values.difference(told_open).map(|value| (*value, at)));
                }
                Change::Correct { added, dropped, attack } => {
                    told.attack = attack;
                    let before = told.values.clone();
                    told.values.retain(|value| !dropped.contains(value));
                    told.values.extend(&added);
                    asked.extend(told.values.difference(&before).map(|value| (*value, at)));
                }
            }
            for had in [told_open, open] {
                had.retain(|value| told.values.contains(value));
            }
            asked.retain(|value, _| told.values.contains(value));
        }
    }

    /// A release tick.
    fn step(&mut self, now: i64) {
        let epoch = now % EPOCH == 0;
        self.take_changes(now);
        let mut having: BTreeMap<usize, BTreeSet<u8>> = BTreeMap::new();
        // What nobody tells any more is gone at the tick, unless somebody tells it again by then: nothing shows, then.
        let told: BTreeSet<usize> = self.known.iter().flat_map(|known| known.told_open.iter().copied()).collect();
        for (value, shown) in &mut self.shown {
            if !told.contains(value) {
                *shown = Shown { since: shown.since, ..Shown::default() };
            }
            let named = self.known.iter().filter(|known| known.told.named && known.told_open.contains(value));
            shown.names = named.map(|known| format!("Firm {}", known.told.firm)).collect();
        }
        for known in &self.known {
            let Told { tlp, warn, own, firm, .. } = known.told;
            if warn != WhoMayBeWarned::CellOnly && !own && !matches!(tlp, Tlp::Red | Tlp::AmberStrict) {
                for (value, _) in known.asked.iter().filter(|(_, at)| **at < now) {
                    having.entry(*value).or_default().insert(firm);
                }
            }
        }
        for index in 0..self.known.len() {
            let known = &self.known[index];
            if known.told.tlp == Tlp::Red {
                continue;
            }
            for (value, at) in known.asked.clone().iter().filter(|(_, at)| **at < now) {
                let known = &mut self.known[index];
                let due = match known.told.warn {
                    WhoMayBeWarned::Now => true,
                    WhoMayBeWarned::NextEpoch => epoch || at / EPOCH < now / EPOCH,
                    WhoMayBeWarned::OnceThreeHaveIt => epoch && having.get(value).is_some_and(|firms| firms.len() >= 3),
                    _ => false,
                };
                if due && known.told_open.insert(*value) {
                    let shown = self.shown.entry(*value).or_insert_with(|| Shown { since: now, ..Shown::default() });
                    shown.tlp = shown.tlp.max(Some(known.told.tlp));
                    shown.pap = shown.pap.max(Some(known.told.pap));
                    if known.told.named {
                        shown.names.insert(format!("Firm {}", known.told.firm));
                    }
                    if known.told.tlp != Tlp::AmberStrict {
                        known.tlp = known.tlp.max(Some(known.told.tlp));
                        known.attacks.insert(known.told.attack);
                        self.link(index, *value);
                    }
                }
            }
        }
        let told: BTreeSet<usize> = self.known.iter().flat_map(|known| known.told_open.iter().copied()).collect();
        self.shown.retain(|value, _| told.contains(value));
        for known in self.known.iter_mut() {
            let labels = known.open.iter().filter_map(|value| self.shown.get(value)?.tlp);
            known.tlp = labels.chain(known.tlp).max();
        }
        if now % BLOCK == 0 {
            for (value, shown) in &mut self.shown {
                let confirms =
                    |known: &&Known| known.open.contains(value) && !known.told.own && known.asked[value] < shown.since;
                let firms: BTreeSet<u8> = self.known.iter().filter(confirms).map(|known| known.told.firm).collect();
                shown.blocked = firms.len() >= 2 && shown.pap <= Some(Pap::Green);
            }
        }
        if epoch {
            self.aggregates();
        }
    }

    fn aggregates(&mut self) {
        for group in self.groups() {
            let firms: BTreeSet<u8> = group
                .iter()
                .map(|index| &self.known[*index].told)
                .filter(|told| !told.own && !told.named)
                .map(|told| told.firm)
                .collect();
            let mut marks: BTreeSet<usize> =
                group.iter().flat_map(|index| self.known[*index].marks.iter().copied()).collect();
            for sector in 0..2 {
                if firms.iter().filter(|firm| usize::from(**firm) % 2 == sector).count() >= K {
                    marks.insert(sector);
                }
            }
            let room = MEMBERS - (2 - marks.len()) * (IN_SECTOR - (K - 1));
            let band = [25, 10, K].into_iter().find(|band| firms.len() >= *band && room >= band + 2).unwrap_or(0);
            let before = group.iter().map(|index| self.known[*index].band).max().unwrap_or(0);
            for index in group {
                self.known[index].band = band.max(before);
                self.known[index].marks.clone_from(&marks);
            }
        }
    }

    fn check(&self, bench: &Bench) {
        let mut ids: BTreeSet<String> = BTreeSet::new();
        let groups = self.groups();
        for (value, name) in VALUES.iter().enumerate() {
            let Some(shown) = self.shown.get(&value) else {
                assert!(!bench.shown(name), "{name} is shown");
                continue;
            };
            let view = bench.indicator(name).unwrap_or_else(|| panic!("{name} is not shown"));
            let names: Vec<&str> = shown.names.iter().map(String::as_str).collect();
            let by = if names.is_empty() { "Test partnership".to_owned() } else { names.join(", ") };
            let since = released::rfc3339(Timestamp::from_millis(START + shown.since));
            assert_eq!(
                (view.tlp.as_str(), view.pap.as_str(), view.block, view.attributed_to, view.released_at),
                (shown.tlp.unwrap().as_str(), shown.pap.unwrap().as_str(), shown.blocked, by, since),
                "{name}"
            );
            let linked = self.known.iter().any(|known| known.open.contains(&value));
            assert_eq!(view.campaign.is_some(), linked, "{name} is in a campaign");
        }
        for group in &groups {
            let values: BTreeSet<usize> =
                group.iter().flat_map(|index| self.known[*index].open.iter().copied()).collect();
            if values.is_empty() {
                continue;
            }
            let seen: BTreeSet<String> =
                values.iter().map(|value| bench.indicator(VALUES[*value]).unwrap().campaign.unwrap()).collect();
            assert_eq!(seen.len(), 1, "one campaign");
            assert!(ids.insert(seen.first().unwrap().clone()), "and no other has its id");
            let view = bench.campaign_of(VALUES[*values.first().unwrap()]).unwrap();
            let band = group.iter().map(|index| self.known[*index].band).max().unwrap();
            let marks: BTreeSet<usize> = group.iter().flat_map(|index| self.known[*index].marks.clone()).collect();
            let sectors: Vec<&str> = [(1, "Energy"), (0, "Water")]
                .into_iter()
                .filter(|(sector, _)| marks.contains(sector))
                .map(|(_, name)| name)
                .collect();
            let ever = group.iter().filter_map(|index| self.known[*index].tlp);
            let tlp = values.iter().map(|value| self.shown[value].tlp.unwrap()).chain(ever).max().unwrap();
            let attack = group.iter().flat_map(|index| &self.known[*index].attacks).min().copied().unwrap();
            let attack = (attack != AttackKind::NotSure).then(|| attack.title().to_owned());
            assert_eq!(
                (view.indicators as usize, view.band, view.sectors, view.tlp.as_str(), view.attack),
                (
                    values.len(),
                    (band > 0).then(|| format!("{band}+")),
                    sectors.into_iter().map(str::to_owned).collect(),
                    tlp.as_str(),
                    attack
                )
            );
            // The first of its values, of one kind as they all are here; never one that was taken back.
            for (value, name) in VALUES.iter().enumerate() {
                let first = values.first() == Some(&value);
                assert_eq!(view.title.contains(name), first, "{} of {values:?}", view.title);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: common::cases(150), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_gate_shows_what_is_declared(steps in script()) {
        let mut bench = Bench::eager();
        bench.append(Body::Population(Population {
            members: MEMBERS as u32,
            sectors: vec![(Sector::Energy, IN_SECTOR as u32), (Sector::Water, IN_SECTOR as u32)],
            regions: Vec::new(),
        }));
        let mut model = Model::default();
        let mut now = 0;
        for step in steps.into_iter().chain([Step::Pass(2 * EPOCH)]) {
            match step {
                Step::File(told) => {
                    let names: Vec<&str> = told.values.iter().map(|value| VALUES[*value]).collect();
                    let mut filed = by(told.firm, &names)
                        .warn(told.warn)
                        .know(if told.named { WhoMayKnow::Everybody } else { WhoMayKnow::Nobody })
                        .marked(told.tlp, told.pap)
                        .attack(told.attack)
                        .sector(Some(if told.firm % 2 == 1 { "energy" } else { "water" }));
                    filed.own = told.own;
                    bench.file(filed);
                    let group = model.known.len();
                    model.known.push(Known {
                        asked: told.values.iter().map(|value| (*value, now)).collect(),
                        answer: told.warn,
                        told,
                        gone: Gone::No,
                        told_open: BTreeSet::new(),
                        open: BTreeSet::new(),
                        group,
                        attacks: BTreeSet::new(),
                        tlp: None,
                        band: 0,
                        marks: BTreeSet::new(),
                    });
                }
                Step::Change(back, change) => {
                    let Some(index) = model.known.len().checked_sub(back + 1) else { continue };
                    let done = bench.act(index, change.act());
                    prop_assert_eq!(done, model.change(now, index, change));
                }
                Step::Restart => {
                    bench.restart();
                    model.check(&bench);
                }
                Step::Pass(millis) => {
                    for tick in now / TICK + 1..=(now + millis) / TICK {
                        bench.tick_at(tick * TICK);
                        model.step(tick * TICK);
                    }
                    now += millis;
                    bench.clock.0.store(common::START + now, std::sync::atomic::Ordering::SeqCst);
                    model.check(&bench);
                }
            }
        }
    }
}
