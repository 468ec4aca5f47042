//! What a reporter changes after its report came: more may be warned, values are corrected, or all of it is taken back.
//!
//! A value that nobody else has told members leaves them at the next tick; one that others have told stays as it is, and
//! nothing shows that one of them took it back. Campaigns, bands and labels that were shown stay.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use fusion::Observation;
use model::{CaseId, GroupId, KeySeed, Marking, Observable, ObservableKey, Timestamp, WhoMayBeWarned};
use policy::planted::{self, Leak};
use policy::rho::{self, Release};
use policy::{Answer, Audience, NounKind, ReleasedObject};
use vault::{AgedEntry, AmendEntry, Change, Class, Item, Keys, ReportEntry};

use crate::ReleaseError;
use crate::campaign::Telling;
use crate::gate::{Facts, Gate, facts_of};
use crate::items::{Items, Received, without};
use crate::queue::Dirty;
use crate::value::{BLOCKED, Havers, NO_CAMPAIGN, OPEN, QUEUED, RENEW};

/// Values of a campaign that are looked at for a new title.
const RETOLD_VALUES_MAX: usize = 256;
/// Cases of one value that are looked at for its text, or for what is left of a member's.
const CASES_LOOKED_AT_MAX: usize = 8;

/// Cases whose reporters changed something.
#[derive(Default)]
pub(crate) struct Amended {
    /// Their reports as they stand now.
    pub(crate) reports: HashMap<CaseId, Box<ReportEntry>>,
    /// Values that such a case opened some other way than by its first answer: after a hold, or by a wider answer.
    pub(crate) opened: HashSet<(CaseId, u64)>,
    /// What such a case told a group before it was for everybody, by the value's key: only that can be taken back from the group.
    shared: HashMap<CaseId, HashMap<u64, (GroupId, Timestamp)>>,
    /// When values of such a case were told, where that was after its report.
    asked: HashMap<(CaseId, u64), Timestamp>,
    /// What such a case had told every member (`None`) or a group, and took back: only that may be emptied when it is recalled, and
    /// only for them, or what they have of values that others told would say that a case of which they were never shown anything is gone.
    told: HashMap<CaseId, BTreeSet<(u64, Option<GroupId>)>>,
    /// Changes that members have not been shown yet, by their ticks: the moment of one is nobody's to see.
    pub(crate) due: BTreeMap<Timestamp, Vec<Amendment>>,
}

/// A change, with the report as it was before and as it is after it.
pub(crate) struct Amendment {
    at: Timestamp,
    pub(crate) change: Change,
    before: Box<ReportEntry>,
    pub(crate) after: Box<ReportEntry>,
}

/// Values of items as the engine takes them.
fn observed(seed: KeySeed, items: &[Item]) -> Vec<Observation<'_>> {
    let values = items.iter().map(|item| &item.sighting.observable);
    values.map(|observable| Observation { key: observable.key(seed), observable }).collect()
}

impl Gate {
    /// Takes in a change that the reporter of a case made: the cell's run at once, what members have at the next tick.
    pub(crate) fn amend(&mut self, at: Timestamp, amend: &AmendEntry) -> Result<(), ReleaseError> {
        if matches!(&amend.change, Change::Recall { redacted } if !redacted.is_empty()) {
            // The same once more, now that the content is out of the journal.
            return Ok(());
        }
        let at = self.counts_at(at);
        let before = match self.amended.reports.get(&amend.case) {
            Some(report) => report.clone(),
            None => self.vault.report_at(amend.of)?.ok_or(ReleaseError::NoReport(amend.of))?,
        };
        let mut after = before.clone();
        after.amend(&amend.change);
        let all = matches!(amend.change, Change::Withdraw | Change::Recall { .. });
        let gone = if all { before.items.clone() } else { without(&before, &after) };
        let left = if all { &[][..] } else { &after.items };
        self.forget_in_all(before.case, &gone, left);
        if all {
            self.all.forget_tags(before.case);
        }
        let added = without(&after, &before);
        if !added.is_empty() {
            self.learn_late(at, &ReportEntry { items: added, ..(*after).clone() });
        }
        self.amended.reports.insert(amend.case, after.clone());
        let at_once = planted::is_on(Leak::WithdrawnAtOnce);
        let due = if at_once { at.floor_to(self.params.tick_millis) } else { rho::tick_after(at, &self.params) };
        let amendment = Amendment { at, change: amend.change.clone(), before, after };
        self.amended.due.entry(due).or_default().push(amendment);
        Ok(())
    }

    /// Content of a case went by its time. Members were never shown any of it, so nothing of what they have follows; the run over
    /// everything forgets the values that went, as a replay will not know them.
    pub(crate) fn aged(&mut self, aged: &AgedEntry) -> Result<(), ReleaseError> {
        let gone = self.vault.take_aged_values(aged.case);
        if let Some(report) = self.amended.reports.get_mut(&aged.case) {
            if aged.class != Class::Values {
                (report.title, report.narrative, report.tags) = (String::new(), String::new(), Vec::new());
            }
            report.items.retain(|item| !gone.contains(&item.sighting.observable));
        }
        if aged.class != Class::Values {
            self.all.forget_words(aged.case);
        }
        let left = self.report_now(aged.case)?.map(|report| report.items).unwrap_or_default();
        let seed = self.vault.key_seed();
        let gone: Vec<_> =
            gone.iter().map(|observable| Observation { key: observable.key(seed), observable }).collect();
        self.all.forget(aged.case, &gone, &observed(seed, &left));
        Ok(())
    }

    fn forget_in_all(&mut self, case: CaseId, gone: &[Item], left: &[Item]) {
        let seed = self.vault.key_seed();
        self.all.forget(case, &observed(seed, gone), &observed(seed, left));
    }

    /// The tick of a change has come: what members have follows it.
    pub(crate) fn amend_shown(&mut self, amendment: Amendment) -> Result<(), ReleaseError> {
        let Amendment { at, change, before, after } = amendment;
        match &change {
            Change::Consent { .. } => {
                // What waits by the narrower answer goes by the wider one instead; what is open stays so.
                let open: Vec<Item> = self.open_items(&before);
                if matches!(before.warn, WhoMayBeWarned::Group { .. }) {
                    let shared = self.shared_items(&before, &before.items).into_iter();
                    let shared = shared.map(|(group, as_of, key)| (key, (group, as_of))).collect();
                    self.amended.shared.insert(before.case, shared);
                }
                self.unwait(&before, &before.items);
                let mut rest = after.clone();
                let opened = Items::of(&open);
                rest.items.retain(|item| !opened.has(item));
                for item in &open {
                    let key = self.key_of(&item.sighting.observable);
                    self.amended.opened.insert((after.case, key));
                    if planted::is_on(Leak::ConsentMovesWatch) {
                        self.dirty_value(key, RENEW);
                    }
                }
                self.schedule_late(at, &rest);
            }
            Change::Correct(_) => {
                self.restate(&before, &after);
                self.take_back(at, &before, (&without(&before, &after), &after.items))?;
                let added = ReportEntry { items: without(&after, &before), ..(*after).clone() };
                self.schedule_late(at, &added);
            }
            Change::Recall { .. } if planted::is_on(Leak::RecalledStays) => {}
            Change::Withdraw | Change::Recall { .. } => {
                self.take_back(at, &before, (&before.items, &[]))?;
                self.community.forget_tags(before.case);
                // What a group had of it is taken back once.
                self.amended.shared.remove(&before.case);
            }
        }
        Ok(())
    }

    /// What of a report still waits goes out as it is corrected, not as it was first told, and is no repeat of what was told so.
    fn restate(&mut self, before: &ReportEntry, after: &ReportEntry) {
        let case = before.case;
        for part in self.pending.values_mut().flatten().filter(|part| part.facts.case == case) {
            part.facts = Arc::new(Facts { attack: after.attack, ..(*part.facts).clone() });
        }
        let open = after.items.iter().filter(|item| item.held.is_none());
        let names: Vec<u64> = open.map(|item| self.key_of(&item.sighting.observable)).collect();
        let mut likeness = None;
        for item in &before.items {
            let key = self.key_of(&item.sighting.observable);
            self.restate_held(key, case, after.attack, &mut |gate, facts| {
                *likeness.get_or_insert_with(|| gate.likeness(facts, names.clone()))
            });
        }
    }

    fn key_of(&self, observable: &Observable) -> u64 {
        observable.key(self.vault.key_seed()).0
    }

    /// The run over everything takes values in that a correction brought.
    fn learn_late(&mut self, at: Timestamp, report: &ReportEntry) {
        let found = self.correlate(at, report);
        self.findings.extend(found.iter().map(crate::findings::json));
    }

    fn schedule_late(&mut self, at: Timestamp, report: &ReportEntry) {
        for item in &report.items {
            self.amended.asked.insert((report.case, self.key_of(&item.sighting.observable)), at);
        }
        let (keys, window, counts) = self.facts_to_count(report);
        self.schedule(at, report, &keys, window, counts);
    }

    /// Those values of a report that members have because of it.
    fn open_items(&self, report: &ReportEntry) -> Vec<Item> {
        let answer = |held| Answer { warn: report.warn, know: report.know, marking: report.marking, held };
        let by_answer = matches!(report.warn, WhoMayBeWarned::Now | WhoMayBeWarned::NextEpoch);
        let parts = self.pending.values().flatten().filter(|part| part.facts.case == report.case);
        let waiting: HashSet<u64> = parts.flat_map(|part| &part.items).map(|(key, _)| *key).collect();
        let open = report.items.iter().filter(|item| {
            let key = self.key_of(&item.sighting.observable);
            let reaches = matches!(rho::release(&answer(item.held.is_some())), Release::Members { .. });
            self.amended.opened.contains(&(report.case, key)) || by_answer && reaches && !waiting.contains(&key)
        });
        open.cloned().collect()
    }

    /// Those of these values that a group has because of the report.
    fn shared_items(&self, report: &ReportEntry, items: &[Item]) -> Vec<(GroupId, Timestamp, u64)> {
        let before = self.amended.shared.get(&report.case);
        let shared = items.iter().filter_map(|item| {
            let held = item.held.is_some();
            let key = self.key_of(&item.sighting.observable);
            if let Some(before) = before {
                return before.get(&key).filter(|_| !held).map(|(group, as_of)| (*group, *as_of, key));
            }
            match rho::release(&Answer { warn: report.warn, know: report.know, marking: report.marking, held }) {
                Release::Group { group, as_of } => {
                    (!self.circles.waits(report.case, key)).then_some((group, as_of, key))
                }
                _ => None,
            }
        });
        shared.collect()
    }

    /// Values of a case that wait for their time wait no more.
    fn unwait(&mut self, report: &ReportEntry, items: &[Item]) {
        let keys: HashSet<u64> = items.iter().map(|item| self.key_of(&item.sighting.observable)).collect();
        for parts in self.pending.values_mut() {
            for part in parts.iter_mut().filter(|part| part.facts.case == report.case) {
                part.items.retain(|(key, _)| !keys.contains(key));
            }
            parts.retain(|part| !part.items.is_empty());
        }
        self.pending.retain(|_, parts| !parts.is_empty());
        for key in &keys {
            if let Some(held) = self.held.get_mut(key) {
                held.retain_mut(|held| held.keeps_without(report.case));
                if held.is_empty() {
                    self.held.remove(key);
                }
            }
        }
        self.circles.unwait(report.case, &keys);
    }

    /// Whom a case had told a value that it took back: every member (`None`), a group.
    pub(crate) fn took_back_from(&self, case: CaseId, key: u64) -> Vec<Option<GroupId>> {
        if planted::is_on(Leak::RecallOfHidden) {
            return vec![None];
        }
        let told = self.amended.told.get(&case).into_iter().flatten().filter(|(of, _)| *of == key);
        let mut told: Vec<Option<GroupId>> = told.map(|(_, group)| *group).collect();
        if planted::is_on(Leak::RecallInGroup) && !told.is_empty() {
            told.push(None);
        }
        told
    }

    /// Members lose what this report alone has told them of these values; `left` are those that it still names.
    fn take_back(
        &mut self,
        at: Timestamp,
        report: &ReportEntry,
        (items, left): (&[Item], &[Item]),
    ) -> Result<(), ReleaseError> {
        if planted::is_on(Leak::WithdrawnStays) {
            return Ok(());
        }
        let mut lost = BTreeSet::new();
        let open = self.open_items(report);
        let shared = self.shared_items(report, items);
        self.unwait(report, items);
        let (opened, going) = (Items::of(&open), Items::of(items));
        let told = open.iter().filter(|item| going.has(item));
        let told = told.map(|item| (self.key_of(&item.sighting.observable), None));
        let told: Vec<_> = told.chain(shared.iter().map(|(group, _, key)| (*key, Some(*group)))).collect();
        if !told.is_empty() {
            self.amended.told.entry(report.case).or_default().extend(told);
        }
        let window = Keys::window(report.received_at);
        let counts = rho::counts_for_breadth(report.know, !report.is_members());
        let community = matches!(
            rho::release(&Answer {
                warn: WhoMayBeWarned::Now,
                know: report.know,
                marking: report.marking,
                held: false
            }),
            Release::Members { community: true, .. }
        );
        let next = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        let token_place = self.tokens.get(&report.token).copied().unwrap_or(next);
        let facts = facts_of(at, report, token_place, window, counts, community);
        let seed = self.vault.key_seed();
        self.community.forget(report.case, &observed(seed, items), &observed(seed, left));
        let mut received = Received::new();
        for item in items {
            let key = self.key_of(&item.sighting.observable);
            if opened.has(item) {
                self.close(key, &facts, &mut lost);
            }
            self.amended.opened.remove(&(report.case, key));
            self.amended.asked.remove(&(report.case, key));
            if planted::is_on(Leak::WithdrawnHolds) {
                continue;
            }
            if planted::is_on(Leak::WithdrawnTombstone) && !opened.has(item) {
                self.fresh.push(Dirty::Tombstone(self.indicator_id(&item.sighting.observable), key));
            }
            self.unhave(at, key, &facts, &mut received)?;
        }
        for (group, as_of, key) in shared {
            if let Some(before) = self.amended.shared.get_mut(&report.case) {
                before.remove(&key);
            }
            self.circles.close(group, as_of, key, facts.named.as_deref());
        }
        lost.into_iter().try_for_each(|place| self.retell(place))
    }

    /// One report less tells members a value.
    fn close(&mut self, key: u64, facts: &Facts, lost: &mut BTreeSet<u32>) {
        if let Some(name) = &facts.named
            && let Some(names) = self.names.get_mut(&key)
            && let Some(times) = names.get_mut(name)
        {
            *times = times.saturating_sub(1);
            if *times == 0 {
                names.remove(name);
            }
            if names.is_empty() {
                self.names.remove(&key);
            }
            self.dirty_value(key, 0);
        }
        let Some(value) = self.values.get_mut(&key) else { return };
        // So many reports that they are not counted: it stays.
        if value.opens == u16::MAX {
            return;
        }
        value.opens = value.opens.saturating_sub(1);
        if value.opens == 0 {
            value.clear(OPEN);
            value.clear(BLOCKED);
            value.clear(RENEW);
            value.marking = Marking::OPEN;
            self.dirty_value(key, 0);
        } else if planted::is_on(Leak::WithdrawnShows) {
            self.dirty_value(key, RENEW);
        }
        // What is left of it may stand alone: then it is in no campaign.
        if self.community.seen(ObservableKey(key)) == 0 {
            self.leave_campaign(key, lost);
        }
    }

    fn leave_campaign(&mut self, key: u64, lost: &mut BTreeSet<u32>) {
        let Some(value) = self.values.get_mut(&key) else { return };
        let place = std::mem::replace(&mut value.campaign, NO_CAMPAIGN);
        let Some(place) = self.root_mut(place) else { return };
        if let Some(campaign) = self.campaigns.get_mut(place as usize) {
            campaign.lose(key);
            lost.insert(place);
            self.dirty_campaign(place);
            self.dirty_value(key, 0);
        }
    }

    /// A member has a value no more, unless by another of its reports; `received` keeps when those came, each being read once.
    fn unhave(&mut self, at: Timestamp, key: u64, facts: &Facts, received: &mut Received) -> Result<(), ReleaseError> {
        let (place, window) = (facts.token_place, facts.window);
        let of_member = |known: &Facts| {
            (known.token_place, known.window) == (place, window) && rho::counts_for_hold(known.community, known.own)
        };
        let waits = self.held.get(&key).into_iter().flatten().any(|held| of_member(&held.facts))
            || self
                .pending
                .values()
                .flatten()
                .any(|part| of_member(&part.facts) && part.items.iter().any(|(waiting, _)| *waiting == key));
        let open = self.community.cases_of_member(ObservableKey(key), facts.token, window);
        let since = self.values.get(&key).map_or(0, |value| value.since);
        // More than are looked at: some of them may well be a member's.
        let (mut has, mut confirms) = (open.len() > CASES_LOOKED_AT_MAX, false);
        for case in open.iter().take(CASES_LOOKED_AT_MAX) {
            // Those that are left and were filed before members had the value; an echo confirms nothing.
            let came = match received.entry(*case) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(place) => {
                    let report = self.report_now(*case)?.filter(|report| report.is_members());
                    *place.insert(report.map(|report| report.received_at))
                }
            };
            has |= came.is_some();
            let asked = self.amended.asked.get(&(*case, key)).copied();
            confirms |= came.is_some_and(|came| since == 0 || asked.unwrap_or(came).as_millis() < since);
        }
        let Some(value) = self.values.get_mut(&key) else { return Ok(()) };
        if !confirms {
            value.havers.unconfirm(place, window);
        }
        if !has && !waits {
            value.havers.lose(place, window);
        }
        let (confirming, blocked) = (value.havers.confirming(), value.is(BLOCKED));
        if blocked && confirming < self.params.block_members {
            self.blocks_due
                .entry(rho::block_minute_from(rho::tick_after(at, &self.params), &self.params))
                .or_default()
                .insert(key);
        }
        if !self.hold_opens(key) {
            for keys in self.holds_due.values_mut() {
                keys.remove(&key);
            }
            self.holds_due.retain(|_, keys| !keys.is_empty());
        }
        // Nothing is known of a value that nobody has and that members do not have.
        let gone = self.values.get(&key).is_some_and(|value| {
            value.opens == 0 && value.shown == 0 && matches!(value.havers, Havers::None) && value.flags == 0
        });
        if gone {
            self.values.remove(&key);
        }
        Ok(())
    }

    /// A case's report as it stands now.
    pub(crate) fn report_now(&self, case: CaseId) -> Result<Option<Box<ReportEntry>>, ReleaseError> {
        if let Some(report) = self.amended.reports.get(&case) {
            return Ok(Some(report.clone()));
        }
        Ok(self.vault.report_of(case)?.map(|(report, _)| report))
    }

    /// A value that is no longer open leaves those who have it.
    pub(crate) fn withdrawn(&mut self, key: u64, id: [u8; 16]) -> Option<ReleasedObject> {
        self.texts.remove(&key);
        let value = self.values.get_mut(&key)?;
        value.clear(QUEUED);
        value.clear(RENEW);
        let had = value.shown != 0;
        (value.shown, value.since, value.until) = (0, 0, 0);
        if matches!(value.havers, Havers::None) && value.flags == 0 {
            self.values.remove(&key);
        }
        let (audience, kind) = (Audience::Members, NounKind::Indicator);
        had.then(|| ReleasedObject { audience, kind, id, lookup: key, campaign: None, body: String::new() })
    }

    /// The most telling value that a campaign still has, after it lost one: its title must not name what was taken back. The
    /// journal tells the texts of its values, so that replay comes to the same.
    pub(crate) fn retell(&mut self, place: u32) -> Result<(), ReleaseError> {
        let Some(campaign) = self.campaigns.get(place as usize) else { return Ok(()) };
        let keys: Vec<u64> = campaign.keys.iter().copied().take(RETOLD_VALUES_MAX).collect();
        let mut reports: HashMap<CaseId, Box<ReportEntry>> = HashMap::new();
        let mut best: Option<Telling> = None;
        for key in keys {
            for case in self.community.who_else(ObservableKey(key)).into_iter().take(CASES_LOOKED_AT_MAX) {
                if let Entry::Vacant(place) = reports.entry(case) {
                    let Some(report) = self.report_now(case)? else { continue };
                    place.insert(report);
                }
                let items = reports.get(&case).into_iter().flat_map(|report| &report.items);
                let found =
                    items.map(|item| &item.sighting.observable).find(|observable| self.key_of(observable) == key);
                let Some(observable) = found else { continue };
                let telling = Telling { rank: rho::title_rank(observable.kind()), value: observable.value().into() };
                best = Some(match best {
                    Some(known) => known.min(telling),
                    None => telling,
                });
                break;
            }
        }
        if let Some(campaign) = self.campaigns.get_mut(place as usize) {
            campaign.telling = best;
        }
        Ok(())
    }
}
