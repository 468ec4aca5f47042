//! Takes in the values of a report: each is taken apart, its features are looked up, and what other campaigns have of them is noted.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use model::{CaseId, Kind, Observable, ObservableKey, Timestamp};

use crate::budget::Budget;
use crate::engine::Fusion;
use crate::keys::PassThrough;
use crate::noise::NoiseVerdict;
use crate::parts::Parts;
use crate::posting::{AS_FEATURE, AS_HOST, AS_OWNED, AS_VALUE, ENTRIES_MAX, Entry, Posting, Standing};
use crate::rules::{self, Aspect, Context, OWNED, SAME_VALUE, TAG, URL_HOST};
use crate::slots::Spot;
use crate::tags::FIRST_PLACE;
use crate::weigh::{self, Asking, Counts};
use crate::{Event, Finding, Observation};

/// Values of one report that are taken in, in all: a few milliseconds of one step. Further ones link nothing, and
/// [`Fusion::why_left_out`] says so of each. What the ways in let through is less (decision 0133).
pub(crate) const VALUES_MAX: u16 = 2_048;
/// Values that are looked up together.
const AT_ONCE: usize = 64;

/// One value shares one feature with one campaign.
#[derive(Clone, Copy)]
pub(crate) struct Hit {
    /// The campaign's home, the value, the aspect and the rule: the order in which hits count.
    order: u64,
    pub(crate) case: u32,
    pub(crate) evidence: f32,
    /// Of the campaign only this case has the feature.
    pub(crate) single: bool,
}

impl Hit {
    pub(crate) const fn home(&self) -> u32 {
        (self.order >> 32) as u32
    }

    /// Which value of the report.
    pub(crate) const fn value(&self) -> usize {
        (self.order >> 16 & 0xffff) as usize
    }

    /// Whether it is of a value, and not of what the report says beside them.
    pub(crate) const fn is_of_value(&self) -> bool {
        self.value() < FIRST_PLACE as usize
    }

    pub(crate) const fn rule(&self) -> u8 {
        (self.order & 0xff) as u8
    }

    pub(crate) fn aspect(&self) -> Aspect {
        rules::aspect(self.rule())
    }

    pub(crate) const fn order(&self) -> (u64, u32) {
        (self.order, self.case)
    }
}

/// A feature of a value of a report.
#[derive(Clone, Copy)]
pub(crate) struct Feature {
    pub(crate) key: u64,
    pub(crate) rule: u8,
}

/// A value that was taken apart.
struct Ready {
    /// Where its features begin among those of all.
    features: usize,
    /// Keys of the names that say whether what lies there says anything: of the host, and of what its owner has.
    host: Option<u64>,
    owned: Option<u64>,
    /// Its name is one that an owner has below some suffix.
    has_owner: bool,
    /// Its name, or its owner's, is one that many visit.
    popular: bool,
}

/// Room for one report's values; kept from report to report.
#[derive(Default)]
pub(crate) struct Room {
    pub(crate) hits: Vec<Hit>,
    /// Keys of the tags that are new of the case.
    pub(crate) tags: Vec<u64>,
    features: Vec<Feature>,
    values: Vec<Ready>,
    found: Vec<(usize, Posting)>,
    homes: Vec<u32>,
    /// Features that this report shares with a campaign: by further values of it the same is said again.
    shared: HashSet<u64, BuildHasherDefault<PassThrough>>,
    /// Hosts, and values without one, of the values before: a name and a link on it are one place.
    places: HashSet<u64, BuildHasherDefault<PassThrough>>,
    pub(crate) budget: Budget,
}

/// One value of a report at its turn.
#[derive(Clone, Copy)]
struct Turn {
    case: u32,
    at: Timestamp,
    /// Which value of the report.
    value: u16,
    key: ObservableKey,
    kind: Kind,
    asking: Asking,
}

impl Fusion {
    /// Takes in the values of a case; `room.hits` has then what they share with campaigns.
    pub(crate) fn take_values(&mut self, case: u32, event: &Event<'_>, room: &mut Room, findings: &mut Vec<Finding>) {
        let asking = Asking::of(u32::try_from(event.observations.len()).unwrap_or(u32::MAX));
        // Beyond them nothing is so much as taken apart: a step costs no more, however much one report names.
        let most = usize::from(VALUES_MAX).min(event.observations.len());
        let (observations, beyond) = event.observations.split_at(most);
        if !beyond.is_empty() {
            self.left_out.insert(case);
        }
        room.shared.clear();
        room.places.clear();
        for (round, observations) in (0..).step_by(AT_ONCE).zip(observations.chunks(AT_ONCE)) {
            room.features.clear();
            room.values.clear();
            for observation in observations {
                self.make_ready(observation.observable, observation.key, room);
            }
            std::hint::black_box(self.warm(observations, room));
            self.allow(asking, observations.len(), room);
            for (index, observation) in observations.iter().enumerate() {
                let value = u16::try_from(round + index).unwrap_or(VALUES_MAX);
                let (key, kind) = (observation.key, observation.observable.kind());
                let turn = Turn { case, at: event.at, value, key, kind, asking };
                self.take(turn, observation.observable, index, room, findings);
            }
        }
    }

    /// A case has a value no more.
    pub(crate) fn make_room(&mut self, case: u32) {
        if let Some(held) = self.cases.get_mut(case) {
            held.taken = held.taken.saturating_sub(1);
        }
    }

    /// Whether a case may have one more value, in however many events they come.
    fn has_room(&mut self, case: u32) -> bool {
        let Some(held) = self.cases.get_mut(case).filter(|held| held.taken < VALUES_MAX) else { return false };
        held.taken += 1;
        true
    }

    /// Whether values that a report names were not taken in, because it had named so many before: they link nothing, and no later
    /// report is linked by them to this one.
    #[must_use]
    pub fn leaves_out(&self, case: CaseId) -> bool {
        self.index_of(case).is_some_and(|case| self.left_out.contains(&case))
    }

    /// Why a value that a report names was not taken in, in words; `None` if it was, or if another report brought it.
    #[must_use]
    pub fn why_left_out(&self, case: CaseId, key: ObservableKey) -> Option<String> {
        let known = self.postings.get(key.0).is_some_and(|posting| posting.seen(&self.store) > 0);
        (!known && self.leaves_out(case))
            .then(|| format!("its report names more than {VALUES_MAX} values, and only the first {VALUES_MAX} link"))
    }

    /// Reads the lines of memory that these values' look-ups need.
    fn warm(&self, observations: &[Observation<'_>], room: &mut Room) -> u64 {
        let Room { features, found, homes, .. } = room;
        let keys = || observations.iter().map(|of| of.key.0).chain(features.iter().map(|of| of.key));
        let sum = self.postings.warm(keys());
        found.clear();
        let places = (0..).zip(keys());
        found.extend(places.filter_map(|(place, key)| Some((place, *self.postings.get(key)?))));
        sum ^ u64::from(self.store.warm(found, &self.places, homes))
    }

    /// Decides how many entries of each feature these values may be held against; campaigns that became one are one entry by then.
    fn allow(&mut self, asking: Asking, values: usize, room: &mut Room) {
        let Room { features, found, budget, .. } = room;
        let total = u32::try_from(self.cases.len()).unwrap_or(u32::MAX);
        budget.begin(values, values + features.len());
        for (place, posting) in found.iter() {
            let feature = place.checked_sub(values).and_then(|at| features.get(at));
            let stopped = posting.standing() != Standing::Links && posting.lists() == self.lists;
            if feature.is_none() && stopped {
                continue;
            }
            posting.put_in_order(&mut self.store, &self.places);
            let (having, entries) = (posting.having(&self.store), posting.campaigns(&self.store));
            let each = (having / entries.max(1)).max(1);
            let counts = Counts { common: each, size: each, having, total, asking };
            budget.want(*place, entries, feature.map_or(SAME_VALUE, |feature| feature.rule), counts);
        }
        budget.share_out(&self.config.weights.rules);
    }

    /// Takes a value apart. No table of what was seen is asked yet.
    fn make_ready(&self, observable: &Observable, key: ObservableKey, room: &mut Room) {
        let parts = Parts::of(observable, &self.config.zones);
        let kind = observable.kind();
        let seed = self.config.key_seed;
        let name = |name: &str| ObservableKey::of(Kind::Domain, name, seed).0;
        let host = match parts.host {
            Some(_) if kind == Kind::Domain => Some(key.0),
            Some(host) => Some(name(host)),
            None => parts.address.filter(|_| kind == Kind::Url).map(|address| rules::address_key(address, seed)),
        };
        let owned = match (parts.owned, parts.host) {
            (None, _) => None,
            (owned, whole) if owned == whole => host,
            (Some(owned), _) => Some(name(owned)),
        };
        let noise = &self.config.noise;
        let everyday_owned =
            parts.owned.is_some_and(|owned| parts.host != Some(owned) && noise.is_everyday_owned(owned));
        let everyday_host = match (parts.host, kind) {
            // Of a domain that is everyday itself nothing is asked any more.
            (_, Kind::Domain) => false,
            (Some(host), _) if parts.owned.is_some() => noise.is_everyday_owned(host),
            (Some(host), _) => noise.is_everyday_host(host),
            (None, Kind::Url) => parts.address.is_some_and(|address| noise.is_everyday_address(address)),
            (None, _) => false,
        };
        let features = room.features.len();
        let context = Context { networks: &self.config.networks };
        let keys = rules::Keys { host, owned, seed };
        rules::features(&parts, &context, keys, &mut |rule, feature| {
            // A name that everybody uses, or below which everybody has names, is no feature of what lies there.
            if rules::aspect(rule) == Aspect::Place && (everyday_host || (everyday_owned && rule != URL_HOST)) {
                return;
            }
            room.features.push(Feature { key: feature, rule });
        });
        let has_owner = parts.owned.is_some();
        let popular = [parts.host, parts.owned].into_iter().flatten().any(|name| noise.is_popular(name));
        room.values.push(Ready { features, host, owned, has_owner, popular });
    }

    /// The features of one value by the lists in use.
    pub(crate) fn features_of<'a>(&self, observation: &Observation<'_>, room: &'a mut Room) -> &'a [Feature] {
        room.features.clear();
        room.values.clear();
        self.make_ready(observation.observable, observation.key, room);
        &room.features
    }

    fn take(
        &mut self,
        turn: Turn,
        observable: &Observable,
        index: usize,
        room: &mut Room,
        findings: &mut Vec<Finding>,
    ) {
        let Turn { case, key, kind, asking, .. } = turn;
        let popular = room.values.get(index).is_some_and(|ready| ready.popular);
        // The whole of a link is no name.
        let whole = Turn { asking: asking.about(popular && kind != Kind::Url), ..turn };
        let turn = Turn { asking: asking.about(popular), ..turn };
        let known = self.postings.get(key.0).copied();
        if known.is_some_and(|posting| posting.has(case, AS_VALUE, &self.store)) {
            return;
        }
        if !self.has_room(case) {
            self.left_out.insert(case);
            return;
        }
        let has_owner = room.values.get(index).is_some_and(|ready| ready.has_owner);
        let standing = self.standing_of(known, key, observable, has_owner, findings);
        let first = known.is_none_or(|posting| posting.seen(&self.store) == 0);
        let looks = standing == Standing::Links;
        let Room { budget, hits, shared, places, .. } = room;
        let most = |place| if looks { budget.of(place) } else { 0 };
        let before = hits.len();
        let spot = self.meet(whole, key.0, SAME_VALUE, AS_VALUE, most(index), hits);
        if hits.len() > before {
            shared.insert(key.0);
        }
        if let Some(posting) = self.postings.at(spot) {
            posting.name(kind, standing, self.lists);
            posting.touch(turn.at, &mut self.store, &self.cases);
            let posting = *posting;
            self.note_crowd(key, posting);
        }
        if first && standing == Standing::Links {
            self.count_value(case);
        }
        if standing == Standing::Noise {
            return;
        }
        let Some(ready) = room.values.get(index) else { return };
        let again = if places.insert(ready.host.unwrap_or(key.0)) { weigh::AGAIN } else { 0.0 };
        // As a name that everybody uses is none, one that so many came by is no feature of what lies there.
        let host_says = ready.host.is_none_or(|host| self.says(host));
        let owned_says = ready.owned.is_none_or(|owned| self.says(owned));
        let end = room.values.get(index + 1).map_or(room.features.len(), |next| next.features);
        let all = budget.values() + ready.features..;
        let features = room.features.get(ready.features..end).unwrap_or(&[]);
        for (place, Feature { key: feature, rule }) in all.zip(features.iter().copied()) {
            let role = match rule {
                URL_HOST => AS_HOST,
                OWNED => AS_OWNED,
                _ => AS_FEATURE,
            };
            let of_place = rules::aspect(rule) == Aspect::Place;
            if (of_place && !host_says) || (of_place && rule != URL_HOST && !owned_says) || feature == key.0 {
                continue;
            }
            let before = hits.len();
            let spot = self.meet(turn, feature, rule, role, most(place), hits);
            if hits.len() > before && !shared.insert(feature) {
                let times = if of_place { again } else { weigh::AGAIN };
                hits.iter_mut().skip(before).for_each(|hit| hit.evidence *= times);
            }
            if role != AS_FEATURE
                && let Some(posting) = self.postings.at(spot).copied()
            {
                self.note_crowd(ObservableKey(feature), posting);
            }
        }
    }

    /// A case has a tag: as [`Self::meet`].
    pub(crate) fn meet_tag(&mut self, case: u32, place: u16, tag: u64, asking: Asking, hits: &mut Vec<Hit>) {
        let (key, kind) = (ObservableKey(tag), Kind::Domain);
        let turn = Turn { case, at: Timestamp::from_millis(0), value: place, key, kind, asking };
        if let Some(posting) = self.postings.get(tag) {
            posting.put_in_order(&mut self.store, &self.places);
        }
        self.meet(turn, tag, TAG, AS_FEATURE, ENTRIES_MAX, hits);
    }

    /// Where a value stands by the lists in use; what is new of that is told.
    fn standing_of(
        &mut self,
        known: Option<Posting>,
        key: ObservableKey,
        observable: &Observable,
        has_owner: bool,
        findings: &mut Vec<Finding>,
    ) -> Standing {
        let before = known.map(Posting::standing);
        if let (Some(before), Some(posting)) = (before, known)
            && posting.lists() == self.lists
        {
            return before;
        }
        match (self.config.noise.verdict(observable, has_owner), before) {
            (None, Some(Standing::OverCommon)) => Standing::OverCommon,
            (None, _) => Standing::Links,
            (Some(_), Some(Standing::Noise)) => Standing::Noise,
            (Some(NoiseVerdict { why, .. }), _) => {
                self.common.push((key, why.clone()));
                findings.push(Finding::OverCommon { key, why });
                Standing::Noise
            }
        }
    }

    /// Whether a name says anything of what lies there: not if so many came by it that it tells nothing.
    fn says(&self, name: u64) -> bool {
        self.postings
            .get(name)
            .is_none_or(|posting| posting.standing() == Standing::Links && !posting.crowded_out(&self.store))
    }

    /// A case has a feature: notes the campaigns that have it too, as far as so many entries tell, and that the case has it. Gives
    /// where it is.
    fn meet(&mut self, turn: Turn, feature: u64, rule: u8, role: u8, most: usize, hits: &mut Vec<Hit>) -> Spot {
        let Turn { case, value, kind, asking, .. } = turn;
        let (store, places) = (&mut self.store, &self.places);
        let (spot, known) = self.postings.enter(feature, Posting::of(case, role, kind, self.lists));
        let Some(posting) = self.postings.at(spot).filter(|_| known) else { return spot };
        if role != AS_FEATURE && posting.has(case, role, store) {
            return spot;
        }
        let mut room = [Entry::default()];
        let entries = posting.entries(store, &mut room);
        let crowded_out = posting.crowded_out(store);
        // Who names a value that stopped linking links nothing by it, and neither does who came by it.
        let by_place = matches!(role, AS_HOST | AS_OWNED);
        let stopped = by_place && (posting.standing() == Standing::OverCommon || crowded_out);
        if most > 0 && !stopped {
            let (having, mine) = (posting.having(store), places.home(case));
            let total = u32::try_from(self.cases.len()).unwrap_or(u32::MAX);
            let entries = entries.get(..most).unwrap_or(entries);
            self.touched = self.touched.wrapping_add(entries.len() as u64);
            for entry in entries {
                let theirs = places.home(entry.case);
                let roles = if crowded_out { entry.roles & AS_VALUE } else { entry.roles };
                if theirs == mine || roles == 0 {
                    continue;
                }
                let rule = met(rule, roles);
                let size = places.size(theirs);
                let counts = Counts { common: u32::from(entry.count).min(size), size, having, total, asking };
                let evidence = weigh::evidence(rule, counts);
                if evidence > 0.0 {
                    let aspect = rules::aspect(rule) as u64;
                    let order = u64::from(theirs) << 32 | u64::from(value) << 16 | aspect << 8 | u64::from(rule);
                    hits.push(Hit { order, case: entry.case, evidence, single: entry.count == 1 });
                }
            }
        }
        posting.add(case, role, store, &self.cases, places);
        spot
    }
}

/// The rule by which a report that has a feature in one role meets reports that have it in others.
fn met(rule: u8, roles: u8) -> u8 {
    if rule != SAME_VALUE || roles & AS_VALUE != 0 {
        return rule;
    }
    if roles & AS_HOST != 0 { URL_HOST } else { OWNED }
}
