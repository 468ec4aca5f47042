//! Time passes: what is due by a tick is opened, in the order of its due times, and what follows from it is found.

use std::sync::Arc;

use fusion::{Event, Observation};
use model::{CaseId, Observable, ObservableKey, Timestamp};
use policy::planted::{self, Leak};
use policy::rho;

use crate::ReleaseError;
use crate::findings;

use crate::gate::{Facts, Gate, Part};
use crate::leaks;
use crate::queue::Dirty;
use crate::value::{BLOCKED, NO_CAMPAIGN, OPEN, QUEUED, RENEW};

/// Epochs after which an outcome has been told, or never will be: a start tells those of the last ones once more.
const OUTCOMES_KEPT_EPOCHS: i64 = 3;

impl Gate {
    /// The earliest time at which something is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let keys = [
            self.pending.keys().next(),
            self.holds_due.keys().next(),
            self.blocks_due.keys().next(),
            self.aggregates_due.keys().next(),
            self.common_due.keys().next(),
            self.renewals_due.keys().next(),
            self.texts_due.keys().next(),
        ];
        let changes = [self.amended.due.keys().next(), self.words_due.keys().next()];
        keys.into_iter().chain(changes).flatten().copied().chain(self.circles.next_due()).min()
    }

    /// Something of a report is released: its reporter is told so at the next epoch.
    pub(crate) fn came_of(&mut self, case: CaseId, due: Timestamp) {
        let at_once = planted::is_on(Leak::OutcomeAtOnce);
        let told = if at_once { due } else { rho::epoch_after(due, &self.params) };
        self.outcomes_due.entry(told).or_default().push(case);
        // Of a replay nothing is kept that was told long ago.
        while let Some(entry) = self.outcomes_due.first_entry() {
            if due.millis_since(*entry.key()) < OUTCOMES_KEPT_EPOCHS * self.params.epoch_millis {
                break;
            }
            entry.remove();
        }
    }

    /// Whether something that changed waits to be shown.
    pub(crate) fn is_in_line(&self) -> bool {
        !self.queue.is_empty()
            || !self.fresh.is_empty()
            || self.circles.is_waiting()
            || !self.repoint.is_empty()
            || !self.amended.due.is_empty()
            || !self.words_due.is_empty()
    }

    /// Whether a tick at `tick` has anything to do.
    pub(crate) fn is_due(&self, tick: Timestamp) -> bool {
        self.next_due().is_some_and(|due| due <= tick)
            || !self.queue.is_empty()
            || self.circles.is_waiting()
            || !self.repoint.is_empty()
            || !self.fresh.is_empty()
            || !self.findings.is_empty()
    }

    /// Lets time reach `tick`. Whatever is due at one moment is taken in one fixed order: changes, values, holds, blocks, then the
    /// aggregates over all of that, so that an epoch's aggregate holds what was open at the epoch and nothing later.
    ///
    /// # Errors
    /// [`ReleaseError`] if a report that was changed cannot be read.
    pub(crate) fn reach(&mut self, tick: Timestamp) -> Result<(), ReleaseError> {
        self.last_tick = tick;
        while let Some(due) = self.next_due().filter(|due| *due <= tick) {
            for amendment in self.amended.due.remove(&due).unwrap_or_default() {
                self.amend_shown(amendment)?;
            }
            if let Some(words) = self.words_due.remove(&due) {
                self.reach_words(words, tick, due)?;
            }
            if let Some(parts) = self.pending.remove(&due) {
                self.open_all(parts, tick, due)?;
            }
            if let Some(keys) = self.holds_due.remove(&due) {
                // Members may have become so few since that they hide nobody.
                let keys: Vec<u64> = keys.into_iter().filter(|key| self.hold_opens(*key)).collect();
                let parts = self.unhold(keys, due);
                for part in &parts {
                    let case = part.facts.case;
                    self.amended.opened.extend(part.items.iter().map(|(key, _)| (case, *key)));
                }
                self.open_all(parts, tick, due)?;
            }
            for key in self.blocks_due.remove(&due).unwrap_or_default() {
                self.block(key);
            }
            for key in self.common_due.remove(&due).unwrap_or_default() {
                self.stop_linking(key);
            }
            for key in self.renewals_due.remove(&due).unwrap_or_default() {
                // It may be renewed already, or taken back and told anew: a report of before tells nothing of that watch.
                let renews = self.values.get(&key).is_some_and(|value| {
                    value.is(OPEN) && rho::renews_watch(tick, Timestamp::from_millis(value.until), &self.params)
                });
                if renews {
                    self.dirty_value(key, RENEW);
                }
            }
            for place in self.aggregates_due.remove(&due).unwrap_or_default() {
                self.aggregate(place);
            }
            self.open_shared(due, tick);
            for text in self.texts_due.remove(&due).unwrap_or_default() {
                self.fresh.push(Dirty::Text(text));
            }
        }
        self.forget_held(tick);
        Ok(())
    }

    /// Opens what is due at one moment, by case id: those are random, so the order of arrival leaves no trace.
    fn open_all(&mut self, mut parts: Vec<Part>, tick: Timestamp, due: Timestamp) -> Result<(), ReleaseError> {
        if !planted::is_on(Leak::InsertOrder) {
            parts.sort_by_key(|part| part.facts.case);
        }
        for part in parts {
            let campaign = if part.facts.community { Some(self.relate(&part, tick, due)?) } else { None };
            if part.open {
                if !part.facts.own && !part.items.is_empty() {
                    self.came_of(part.facts.case, due);
                }
                for (key, observable) in part.items {
                    self.open(key, observable, &part.facts, campaign, tick, due);
                    if self.orphans.contains_key(&key) {
                        self.adopted.push(key);
                    }
                }
            }
        }
        Ok(())
    }

    /// Lets the community run take a report's open values in; gives its campaign.
    fn relate(&mut self, part: &Part, tick: Timestamp, due: Timestamp) -> Result<u32, ReleaseError> {
        let facts = &part.facts;
        let observations: Vec<Observation<'_>> =
            part.items.iter().map(|(key, observable)| Observation { key: ObservableKey(*key), observable }).collect();
        // Members are shown techniques, and never what the reporter tags: that is for the cell's run alone.
        let techniques: Vec<&str> = facts.techniques.iter().map(String::as_str).collect();
        let event = Event {
            at: tick,
            case: facts.case,
            token: facts.token,
            window: facts.window,
            sector: facts.sector.as_deref(),
            region: facts.region,
            counts: facts.counts,
            of_member: !facts.own,
            observations: &observations,
            techniques: &techniques,
            tags: &[],
        };
        let mut found = Vec::new();
        self.community.step(&event, &mut found);
        self.follow(&found, tick, due)?;
        let crowded = self.community.take_crowded();
        if !crowded.is_empty() {
            // They link on until the epoch: the moment would tell of one report.
            let due = rho::epoch_from(due, &self.params);
            self.common_due.entry(due).or_default().extend(crowded.into_iter().map(|key| key.0));
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
            self.leak_wave(place);
        }
        let distinct = self.leak_breadth(id).unwrap_or_else(|| self.community.distinct_members_of_campaign(id));
        let broad = distinct >= self.params.breadth_floor();
        // Also when a report that does not count has made one campaign of two.
        if broad || facts.counts && planted::is_on(Leak::CountAtOne) {
            self.broad.insert(place);
            self.aggregates_due.entry(rho::epoch_from(due, &self.params)).or_default().insert(place);
            if planted::is_on(Leak::BandAtOnce) {
                self.aggregate(place);
            }
        }
        Ok(place)
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
        value.opens = value.opens.saturating_add(1);
        let renew = value.since != 0 && rho::renews_watch(tick, Timestamp::from_millis(value.until), &self.params);
        let past = value.since != 0 && value.until <= tick.as_millis();
        if past || renew && planted::is_on(Leak::WatchMoves) {
            value.set(RENEW);
            changed = true;
        } else if renew {
            self.renewals_due.entry(rho::epoch_from(due, &self.params)).or_default().insert(key);
        }
        if value.is(BLOCKED) && changed {
            // A stricter label may end the push, at a block minute like all that a block feed shows.
            self.blocks_due.entry(rho::block_minute_from(due, &self.params)).or_default().insert(key);
        }
        // Nobody's record is known yet, so an echo confirms nothing.
        let (after_release, clean_record) = (value.since != 0 && facts.at.as_millis() >= value.since, false);
        if rho::confirms_block(facts.community, facts.own, after_release, clean_record) {
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
            let times = self.names.entry(key).or_default().entry(name.clone()).or_default();
            *times = times.saturating_add(1);
            changed |= *times == 1;
        }
        if changed {
            self.texts.insert(key, observable);
            self.dirty_value(key, 0);
            self.mark_campaign(key);
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
        if planted::is_on(Leak::TokenInStore) {
            let [a, b, c, d, e, f, g, h, ..] = *facts.token.as_bytes();
            self.leaks.last = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        }
        if planted::is_on(Leak::TimeNotRounded) {
            let value = self.values.entry(key).or_default();
            if value.since == 0 {
                value.since = facts.at.as_millis();
            }
        }
    }

    /// A block minute: is the value to be blocked from now on? Whether it is an everyday value is asked when it is shown.
    fn block(&mut self, key: u64) {
        let Some(value) = self.values.get_mut(&key) else { return };
        let blocked = rho::blocked(value.havers.confirming(), false, value.marking.pap, &self.params);
        if blocked != value.is(BLOCKED) {
            value.clear(BLOCKED);
            self.dirty_value(key, if blocked { BLOCKED } else { 0 });
        }
    }

    /// An epoch: a value that too many members hold links nothing from now on. No feed changes for that.
    fn stop_linking(&mut self, key: u64) {
        let found = self.community.stop_linking(ObservableKey(key));
        self.community_findings.extend(found.iter().map(findings::json));
    }

    /// A value's marking is that of its campaign too, whose title may name it.
    fn mark_campaign(&mut self, key: u64) {
        let Some((place, marking)) = self.values.get(&key).map(|value| (value.campaign, value.marking)) else { return };
        let Some(place) = self.root_mut(place) else { return };
        let Some(campaign) = self.campaigns.get_mut(place as usize) else { return };
        let joined = campaign.marking.join(marking);
        if joined != campaign.marking {
            campaign.marking = joined;
            self.dirty_campaign(place);
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
