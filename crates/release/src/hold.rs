//! Values that wait for three members: kept once for a member and a report's content, and not for ever.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use model::{AttackKind, CaseId, Observable, Timestamp};
use policy::planted::{self, Leak};
use policy::rho;

use crate::gate::{Facts, Gate, Part};

/// Different reports of one value by one member that are kept; a further one waits for nothing.
const HELD_BY_MEMBER_MAX: usize = 8;

/// Repeats of one report that are known by their cases, so that they can be taken back; further ones wait for nothing.
const REPEATS_MAX: usize = 32;

/// A value of one report that waits.
pub(crate) struct Held {
    /// Named by the least of its cases and timed by the earliest of them, as if each had been kept alone.
    pub(crate) facts: Arc<Facts>,
    pub(crate) observable: Observable,
    /// It is dropped if it has not opened by then: as long after its report as a watch lasts.
    pub(crate) until: Timestamp,
    /// Cases of the same member that say the same, and when each said it: it waits as long as one of them is not taken back.
    repeats: Vec<(CaseId, Timestamp)>,
}

impl Held {
    fn new(facts: Arc<Facts>, observable: Observable, until: Timestamp) -> Self {
        let repeats = vec![(facts.case, facts.at)];
        Self { facts, observable, until, repeats }
    }

    /// Whether a case waits by it, and since when.
    fn since(&self, case: CaseId) -> Option<Timestamp> {
        self.repeats.iter().find(|(repeat, _)| *repeat == case).map(|(_, at)| *at)
    }

    /// One more case says the same. Of too many the greatest go, but for the earliest: it names and times nothing.
    fn repeat(&mut self, case: CaseId, at: Timestamp) {
        self.repeats.push((case, at));
        if self.repeats.len() > REPEATS_MAX {
            let earliest = self.repeats.iter().map(|(_, at)| *at).min();
            let spare = self.repeats.iter().filter(|(_, at)| Some(*at) > earliest).map(|(case, _)| *case).max();
            let spare = spare.unwrap_or(case);
            self.repeats.retain(|(repeat, _)| *repeat != spare);
        }
        self.restate();
    }

    /// A case is taken back; true if another one still waits.
    pub(crate) fn keeps_without(&mut self, case: CaseId) -> bool {
        self.repeats.retain(|(repeat, _)| *repeat != case);
        self.restate();
        !self.repeats.is_empty()
    }

    fn restate(&mut self) {
        let Some(case) = self.repeats.iter().map(|(case, _)| *case).min() else { return };
        let Some(at) = self.repeats.iter().map(|(_, at)| *at).min() else { return };
        if (case, at) != (self.facts.case, self.facts.at) {
            self.facts = Arc::new(Facts { case, at, ..(*self.facts).clone() });
        }
    }
}

impl Gate {
    /// Hash of what a report says and carries: two reports of a member that are equal in it show the same.
    pub(crate) fn likeness(&self, facts: &Facts, mut keys: Vec<u64>) -> u64 {
        keys.sort_unstable();
        self.hasher.hash_one((
            keys,
            (facts.token_place, facts.window, facts.counts, facts.own, facts.community),
            (facts.marking.tlp.as_str(), facts.marking.pap.as_str(), facts.attack.as_str()),
            (facts.sector.as_deref(), facts.region.map(|region| region.as_str())),
            (&facts.techniques, facts.named.as_deref()),
        ))
    }

    /// Keeps a value of a report until it opens. A repeat of the same report adds nothing but time.
    pub(crate) fn keep_held(&mut self, key: u64, observable: &Observable, facts: &Arc<Facts>) {
        let until = facts.at.plus_millis(self.params.watch_millis);
        let held = self.held.entry(key).or_default();
        let same = |known: &Held| (known.facts.token_place, known.facts.window) == (facts.token_place, facts.window);
        if let Some(known) = held.iter_mut().find(|known| known.facts.likeness == facts.likeness && same(known)) {
            // What opens must be named and timed as if both had been kept, or ids would tell that one member filed twice.
            known.until = known.until.max(until);
            known.repeat(facts.case, facts.at);
        } else if held.iter().filter(|known| same(known)).count() < HELD_BY_MEMBER_MAX {
            held.push(Held::new(Arc::clone(facts), observable.clone(), until));
        } else {
            return;
        }
        self.held_ends.entry(rho::epoch_after(until, &self.params)).or_default().insert(key);
    }

    /// A report that waits says something else of the attack by now: a value of it waits by itself from now on, and is a repeat of
    /// nothing that says what it said. `likeness` is that of what it says now.
    pub(crate) fn restate_held(
        &mut self,
        key: u64,
        case: CaseId,
        attack: AttackKind,
        likeness: &mut dyn FnMut(&Self, &Facts) -> u64,
    ) {
        let waiting = self.held.get(&key).map(Vec::as_slice).unwrap_or_default();
        let found = waiting.iter().enumerate().find_map(|(place, held)| Some((place, held, held.since(case)?)));
        let Some((place, known, at)) = found else { return };
        let mut facts = Facts { case, at, attack, ..(*known.facts).clone() };
        facts.likeness = likeness(self, &facts);
        let held = Held::new(Arc::new(facts), known.observable.clone(), known.until);
        let Some(waiting) = self.held.get_mut(&key) else { return };
        if waiting.get_mut(place).is_some_and(|known| !known.keeps_without(case)) {
            waiting.remove(place);
        }
        waiting.push(held);
    }

    /// A held value opens at the next epoch if enough members have it.
    pub(crate) fn hold(&mut self, at: Timestamp, key: u64) {
        if self.hold_opens(key) {
            let due = if planted::is_on(Leak::HoldAtThird) {
                rho::tick_after(at, &self.params)
            } else {
                rho::epoch_after(at, &self.params)
            };
            self.holds_due.entry(due).or_default().insert(key);
        }
    }

    /// Whether enough members have a value now, among as many as there are now.
    pub(crate) fn hold_opens(&self, key: u64) -> bool {
        let members = self.values.get(&key).map_or(0, |value| value.havers.members());
        rho::hold_opens(members, self.population.members, &self.params)
    }

    /// The reports whose held values open, each with those of its values.
    pub(crate) fn unhold(&mut self, keys: impl IntoIterator<Item = u64>, due: Timestamp) -> Vec<Part> {
        // What a correction added is younger than the rest of its report.
        let mut parts: BTreeMap<(CaseId, Timestamp), Part> = BTreeMap::new();
        for key in keys {
            for Held { facts, observable, until, repeats } in self.held.remove(&key).unwrap_or_default() {
                if until <= due {
                    continue;
                }
                // Each of them tells it from now on, so that members have it until the last of them is taken back.
                for (case, at) in repeats {
                    let facts = || Arc::new(Facts { case, at, ..(*facts).clone() });
                    let told = parts.entry((case, at));
                    let part = told.or_insert_with(|| Part { facts: facts(), items: Vec::new(), open: true });
                    part.items.push((key, observable.clone()));
                }
            }
        }
        parts.into_values().collect()
    }

    /// Drops what was held too long. Nothing is due for it: it shows nothing.
    pub(crate) fn forget_held(&mut self, tick: Timestamp) {
        while let Some(ended) = self.held_ends.first_entry().filter(|ended| *ended.key() <= tick) {
            for key in ended.remove() {
                if let Some(held) = self.held.get_mut(&key) {
                    held.retain(|held| held.until > tick);
                    if held.is_empty() {
                        self.held.remove(&key);
                    }
                }
            }
        }
    }
}
