//! Time passes: what is due by a tick is opened, in the order of its due times, and what follows from it is found.

use std::collections::BTreeMap;
use std::sync::Arc;

use fusion::{Event, Finding, Observation};
use model::{CaseId, Observable, ObservableKey, Timestamp};
use policy::planted::{self, Leak};
use policy::rho;

use crate::gate::{Facts, Gate, Part};
use crate::queue::Dirty;
use crate::value::{BLOCKED, COMMON, NO_CAMPAIGN, OPEN, QUEUED, RENEW};
use crate::{findings, leaks};

impl Gate {
    /// The earliest time at which something is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        [
            self.pending.keys().next(),
            self.holds_due.keys().next(),
            self.blocks_due.keys().next(),
            self.aggregates_due.keys().next(),
            self.common_due.keys().next(),
            self.renewals_due.keys().next(),
            self.texts_due.keys().next(),
        ]
        .into_iter()
        .flatten()
        .min()
        .copied()
    }

    /// Whether a tick at `tick` has anything to do.
    pub(crate) fn is_due(&self, tick: Timestamp) -> bool {
        self.next_due().is_some_and(|due| due <= tick)
            || !self.queue.is_empty()
            || !self.repoint.is_empty()
            || !self.fresh.is_empty()
            || !self.findings.is_empty()
    }

    /// Lets time reach `tick`. Whatever is due at one moment is taken in one fixed order: values, holds, blocks, then the
    /// aggregates over all of that, so that an epoch's aggregate holds what was open at the epoch and nothing later.
    pub(crate) fn reach(&mut self, tick: Timestamp) {
        self.last_tick = tick;
        while let Some(due) = self.next_due().filter(|due| *due <= tick) {
            if let Some(parts) = self.pending.remove(&due) {
                self.open_all(parts, tick, due);
            }
            if let Some(keys) = self.holds_due.remove(&due) {
                let parts = self.unhold(keys);
                self.open_all(parts, tick, due);
            }
            for key in self.blocks_due.remove(&due).unwrap_or_default() {
                self.block(key);
            }
            for key in self.common_due.remove(&due).unwrap_or_default() {
                self.common(key);
            }
            for key in self.renewals_due.remove(&due).unwrap_or_default() {
                self.dirty_value(key, RENEW);
            }
            for place in self.aggregates_due.remove(&due).unwrap_or_default() {
                self.aggregate(place);
            }
            for text in self.texts_due.remove(&due).unwrap_or_default() {
                self.fresh.push(Dirty::Text(text));
            }
        }
    }

    /// The reports whose held values open, each with those of its values.
    fn unhold(&mut self, keys: impl IntoIterator<Item = u64>) -> Vec<Part> {
        let mut parts: BTreeMap<CaseId, Part> = BTreeMap::new();
        for key in keys {
            for (facts, observable) in self.held.remove(&key).unwrap_or_default() {
                let part = parts.entry(facts.case).or_insert_with(|| Part { facts, items: Vec::new(), open: true });
                part.items.push((key, observable));
            }
        }
        parts.into_values().collect()
    }

    /// Opens what is due at one moment, by case id: those are random, so the order of arrival leaves no trace.
    fn open_all(&mut self, mut parts: Vec<Part>, tick: Timestamp, due: Timestamp) {
        if !planted::is_on(Leak::InsertOrder) {
            parts.sort_by_key(|part| part.facts.case);
        }
        for part in parts {
            let campaign = part.facts.community.then(|| self.relate(&part, tick, due));
            if part.open {
                for (key, observable) in part.items {
                    self.open(key, observable, &part.facts, campaign, tick, due);
                }
            }
        }
    }

    /// Lets the community run take a report's open values in; gives its campaign.
    fn relate(&mut self, part: &Part, tick: Timestamp, due: Timestamp) -> u32 {
        let facts = &part.facts;
        let observations: Vec<Observation<'_>> =
            part.items.iter().map(|(key, observable)| Observation { key: ObservableKey(*key), observable }).collect();
        let event = Event {
            at: tick,
            case: facts.case,
            token: facts.token,
            window: facts.window,
            sector: facts.sector.as_deref(),
            region: facts.region,
            counts: facts.counts,
            observations: &observations,
        };
        let mut found = Vec::new();
        self.community.step(&event, &mut found);
        for finding in &found {
            match finding {
                Finding::Merged { kept, alias, .. } => self.merge(*kept, *alias),
                Finding::OverCommon { key, .. } => {
                    // Whether that may be shown is asked at the epoch: the moment would tell of one report.
                    self.common_due.entry(rho::epoch_from(due, &self.params)).or_default().insert(key.0);
                }
                Finding::CampaignFormed { .. } | Finding::Joined { .. } => {}
            }
        }
        self.community_findings.extend(found.iter().map(findings::json));
        let id = self.community.campaign_of(facts.case).unwrap_or(model::CampaignId::from_bytes([0; 16]));
        let place = self.place_of(id);
        let place = self.root_mut(place).unwrap_or(place);
        if let Some(campaign) = self.campaigns.get_mut(place as usize)
            && part.open
            && campaign.learn(facts)
        {
            self.dirty_campaign(place);
        }
        if part.open {
            self.leak_activity(place);
        }
        let distinct = self.leak_breadth(id).unwrap_or_else(|| self.community.distinct_members_of_campaign(id));
        let broad = distinct >= self.params.breadth_floor();
        if facts.counts && (broad || planted::is_on(Leak::CountAtOne)) {
            self.broad.insert(place);
            self.aggregates_due.entry(rho::epoch_from(due, &self.params)).or_default().insert(place);
            if planted::is_on(Leak::BandAtOnce) {
                self.aggregate(place);
            }
        }
        place
    }

    /// One value of one report is open to members from this tick on.
    fn open(
        &mut self,
        key: u64,
        observable: Observable,
        facts: &Arc<Facts>,
        campaign: Option<u32>,
        tick: Timestamp,
        due: Timestamp,
    ) {
        self.leak_value(key, facts);
        let links = !self.community.links_nothing(ObservableKey(key));
        if self.values.get(&key).is_none_or(|value| !value.is(OPEN)) {
            let id = self.id_of(&observable, facts);
            self.values.entry(key).or_default().id = id;
        }
        let value = self.values.entry(key).or_default();
        let marking = value.marking.join(facts.marking);
        let mut changed = marking != value.marking || !value.is(OPEN);
        value.marking = marking;
        value.set(OPEN);
        let renew = value.since != 0 && rho::renews_watch(tick, Timestamp::from_millis(value.until), &self.params);
        let past = value.since != 0 && value.until <= tick.as_millis();
        if past || renew && planted::is_on(Leak::WatchMoves) {
            value.set(RENEW);
            changed = true;
        } else if renew {
            self.renewals_due.entry(rho::epoch_from(due, &self.params)).or_default().insert(key);
        }
        // Votes against values do not exist yet, so every member's record is clean.
        let after_release = value.since != 0 && facts.at.as_millis() >= value.since;
        if rho::confirms_block(facts.community, facts.own, after_release, true) {
            value.havers.confirms(leaks::confirmer(facts), facts.window, self.params.block_members);
            if !value.is(BLOCKED) && value.havers.confirming() >= self.params.block_members {
                let at_once = planted::is_on(Leak::BlockAtSecond);
                let minute = if at_once { due } else { rho::block_minute_from(due, &self.params) };
                self.blocks_due.entry(minute).or_default().insert(key);
            }
        }
        if let Some(place) = campaign.filter(|_| links && value.campaign == NO_CAMPAIGN) {
            value.campaign = place;
            changed = true;
            if let Some(campaign) = self.campaigns.get_mut(place as usize) {
                campaign.gain(key, &observable);
            }
            self.dirty_campaign(place);
        }
        self.leak_title(campaign.filter(|_| links), facts.at, &observable);
        if let Some(name) = &facts.named {
            changed |= self.names.entry(key).or_default().insert(name.clone());
        }
        if changed {
            self.texts.insert(key, observable);
            self.dirty_value(key, 0);
        }
    }

    fn id_of(&self, observable: &Observable, facts: &Facts) -> [u8; 16] {
        if planted::is_on(Leak::IdFromReporter) {
            let parts: [&[u8]; 2] = [observable.value().as_bytes(), facts.token.as_bytes()];
            return self.vault.keys().release_id("indicator", &parts);
        }
        self.indicator_id(observable)
    }

    fn leak_value(&mut self, key: u64, facts: &Facts) {
        let hex = || facts.token.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        if planted::is_on(Leak::AuthorIsToken) {
            self.leaks.authors.entry(key).or_insert_with(hex);
        }
        if planted::is_on(Leak::TimeNotRounded) {
            let value = self.values.entry(key).or_default();
            if value.since == 0 {
                value.since = facts.at.as_millis();
            }
        }
    }

    /// A block minute: is the value on the block feed from now on?
    fn block(&mut self, key: u64) {
        let everyday = self.community.links_nothing(ObservableKey(key));
        let Some(value) = self.values.get(&key) else { return };
        if !value.is(BLOCKED) && rho::blocked(value.havers.confirming(), everyday, value.marking.pap, &self.params) {
            self.dirty_value(key, BLOCKED);
        }
    }

    /// An epoch: may it be said that a value is over-common?
    fn common(&mut self, key: u64) {
        let members = self.community.distinct_members(ObservableKey(key));
        if rho::over_common_is_shown(members, &self.params) || planted::is_on(Leak::CommonByOne) {
            self.dirty_value(key, COMMON);
        }
    }

    pub(crate) fn dirty_value(&mut self, key: u64, flag: u8) {
        if let Some(value) = self.values.get_mut(&key) {
            value.set(flag);
            if !value.is(QUEUED) {
                value.set(QUEUED);
                self.fresh.push(Dirty::Value(key));
            }
        }
    }
}
