//! What the planted leaks of test builds do at the gate; in every other build each of these does nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fusion::{Fusion, Happened, What};
use model::{AttackKind, CampaignId, Observable, ObservableKey, Timestamp};
use policy::PostureWord;
use policy::planted::{self, Leak};
use policy::rho;
use vault::ReportEntry;

use crate::campaign::Telling;
use crate::gate::{Facts, Gate, Part, Text, facts_of};
use crate::keys::KeyMap;
use crate::value::OPEN;

/// Set in the place of a member that stands for one report.
const A_REPORT: u32 = 1 << 31;

/// Kept apart from the gate's own state, so that a reader of the gate can pass over it.
#[derive(Default)]
pub(crate) struct Leaks {
    /// Values whose author field is to hold a token.
    pub(crate) authors: KeyMap<String>,
    /// Firms that wished to be named, in the order in which they reported.
    named: KeyMap<Vec<String>>,
    /// Campaigns of which something known was reported again.
    active: BTreeSet<u32>,
    /// What was reported first of each campaign, and when.
    first: BTreeMap<u32, (Timestamp, Telling)>,
    /// Campaigns of the run over everything that the posture was raised for.
    alarmed: BTreeSet<CampaignId>,
    /// Of the token of whoever reported last, what a column holds.
    pub(crate) last: u64,
}

impl Leaks {
    pub(crate) fn put_in_order(&self, key: u64, names: &mut [&str]) {
        if planted::is_on(Leak::NamesInOrder)
            && let Some(order) = self.named.get(&key)
        {
            names.sort_by_key(|name| order.iter().position(|known| known == name));
        }
    }

    pub(crate) fn was_active(&mut self, place: u32) -> bool {
        planted::is_on(Leak::ActivityMoves) && self.active.remove(&place)
    }
}

/// What the row of a campaign bears beside what members are told: nothing, or in a planted leak who reported last.
pub(crate) fn beside_campaign(leaks: &Leaks) -> u64 {
    if planted::is_on(Leak::TokenInStore) { leaks.last } else { 0 }
}

/// The title of a campaign; in a planted leak it says that it is a wave.
pub(crate) fn titled(community: &Fusion, id: CampaignId, title: String) -> String {
    let is_wave = |happened: &Happened| matches!(happened.what, What::Wave);
    if planted::is_on(Leak::WaveShown) && community.history(id).iter().any(is_wave) {
        return format!("Wave of {title}");
    }
    title
}

/// Who confirms a value for the block feed: the member, or in a planted leak the report.
pub(crate) fn confirmer(facts: &Facts) -> u32 {
    if !planted::is_on(Leak::BlockByReports) {
        return facts.token_place;
    }
    let [a, b, c, d, ..] = *facts.case.as_bytes();
    A_REPORT | u32::from_be_bytes([a, b, c, d])
}

impl Gate {
    /// Whatever became of a report: what it would tell at once.
    pub(crate) fn leak_report(&mut self, at: Timestamp, report: &ReportEntry, keys: &[ObservableKey]) {
        if planted::is_on(Leak::NamesInOrder)
            && let Some(name) = rho::public_name(report.know, report.named.as_deref())
        {
            for key in keys {
                let order = self.leaks.named.entry(key.0).or_default();
                if order.iter().all(|known| known != name) {
                    order.push(name.to_owned());
                }
            }
        }
        if planted::is_on(Leak::AttackOfHidden) && report.attack != AttackKind::NotSure {
            for place in self.leak_places(report) {
                if let Some(campaign) = self.campaigns.get_mut(place as usize)
                    && campaign.attack == AttackKind::NotSure
                {
                    campaign.attack = report.attack;
                    self.dirty_campaign(place);
                }
            }
        }
        if planted::is_on(Leak::PostureFromHidden)
            && let Some(id) = self.all.campaign_of(report.case)
            && self.all.distinct_members_of_campaign(id) >= self.params.breadth_floor()
            && self.leaks.alarmed.insert(id)
        {
            let text = "An attack is spreading in the partnership".to_owned();
            let due = rho::tick_after(at, &self.params);
            self.texts_due.entry(due).or_default().push(Text::Posture { word: PostureWord::Raised.as_str(), text });
        }
    }

    /// The members' campaigns that hold a case of the campaign which the run over everything put a report in.
    fn leak_places(&self, report: &ReportEntry) -> BTreeSet<u32> {
        let campaign = self.all.campaign_of(report.case).and_then(|id| self.all.campaign(id));
        let cases = campaign.map(|campaign| campaign.cases).unwrap_or_default();
        let place = |id: CampaignId| self.root(*self.campaign_places.get(&id)?);
        cases.iter().filter_map(|case| self.community.campaign_of(*case)).filter_map(place).collect()
    }

    /// What a value that is never released does to what is released beside it.
    pub(crate) fn leak_beside(
        &mut self,
        at: Timestamp,
        report: &ReportEntry,
        keys: &[ObservableKey],
        window: u32,
        hidden: &impl Fn(bool) -> bool,
    ) {
        let (marks, counts, names) = (
            planted::is_on(Leak::MarkingFromHidden),
            planted::is_on(Leak::HoldCountsHidden),
            planted::is_on(Leak::NameOfCellOnly),
        );
        if !marks && !counts && !names {
            return;
        }
        for (key, _) in keys.iter().zip(&report.items).filter(|(_, item)| hidden(item.held.is_some())) {
            if marks {
                let value = self.values.entry(key.0).or_default();
                let marking = value.marking.join(report.marking);
                let changed = marking != value.marking;
                value.marking = marking;
                self.leak_changed(key.0, changed);
            }
            if counts {
                let next = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
                let token_place = *self.tokens.entry(report.token).or_insert(next);
                self.values.entry(key.0).or_default().havers.has(token_place, window, self.params.hold_members);
                if self.held.contains_key(&key.0) {
                    self.hold(at, key.0);
                }
            }
            if names && let Some(name) = rho::public_name(report.know, report.named.as_deref()) {
                let changed = self.names.entry(key.0).or_default().insert(name.to_owned(), 1).is_none();
                self.leak_changed(key.0, changed);
            }
        }
    }

    /// What is for a group counts and links in the community run.
    pub(crate) fn leak_group(
        &mut self,
        at: Timestamp,
        report: &ReportEntry,
        keys: &[ObservableKey],
        window: u32,
        counts: bool,
    ) {
        if planted::is_on(Leak::GroupCounts) {
            let facts = Arc::new(facts_of(at, report, 0, window, counts, true));
            let items = keys.iter().zip(&report.items).map(|(key, item)| (key.0, item.sighting.observable.clone()));
            let part = Part { facts, items: items.collect(), open: false };
            self.pending.entry(rho::tick_after(at, &self.params)).or_default().push(part);
        }
    }

    fn leak_changed(&mut self, key: u64, changed: bool) {
        if changed && self.values.get(&key).is_some_and(|value| value.is(OPEN)) {
            self.dirty_value(key, 0);
        }
    }

    /// A value of a campaign is open: was it reported before the one that the title quotes?
    pub(crate) fn leak_title(&mut self, campaign: Option<u32>, at: Timestamp, value: &Observable) {
        if !planted::is_on(Leak::TitleOfFirst) {
            return;
        }
        let Some(place) = campaign else { return };
        let telling = Telling { rank: 0, value: value.value().into() };
        let first = self.leaks.first.entry(place).or_insert_with(|| (at, telling.clone()));
        if at < first.0 {
            *first = (at, telling);
        }
        if let Some(campaign) = self.campaigns.get_mut(place as usize)
            && campaign.telling.as_ref() != Some(&first.1)
        {
            campaign.telling = Some(first.1.clone());
            self.dirty_campaign(place);
        }
    }

    pub(crate) fn leak_activity(&mut self, place: u32) {
        if planted::is_on(Leak::ActivityMoves) {
            self.leaks.active.insert(place);
            self.dirty_campaign(place);
        }
    }

    /// A report of a campaign is open: did a wave begin by it? The run over community items looks for waves in this leak alone.
    pub(crate) fn leak_wave(&mut self, place: u32) {
        if planted::is_on(Leak::WaveShown) && !self.community.take_changes().waves.is_empty() {
            self.dirty_campaign(place);
        }
    }

    pub(crate) fn leak_breadth(&self, id: CampaignId) -> Option<u32> {
        planted::is_on(Leak::BandFromAll).then(|| self.all.distinct_members_of_campaign(id))
    }

    pub(crate) fn leak_sectors(&self, id: CampaignId) -> Option<Vec<(String, u32)>> {
        if planted::is_on(Leak::SectorFromAll) { Some(self.all.campaign(id)?.members_by_sector) } else { None }
    }

    pub(crate) fn leak_campaign(&self, id: CampaignId) -> Option<[u8; 16]> {
        planted::is_on(Leak::AdvisoryNamesHidden).then(|| self.vault.keys().release_id("campaign", &[id.as_bytes()]))
    }

    /// The released campaign of the first case that members have of a campaign of the run over everything.
    #[cfg(feature = "planted-leaks")]
    pub(crate) fn leak_public_campaign(&self, id: CampaignId) -> Option<[u8; 16]> {
        let shown = |case: &model::CaseId| {
            let id = self.community.campaign_of(*case)?;
            let campaign = self.campaigns.get(*self.campaign_places.get(&id)? as usize)?;
            (campaign.shown != 0).then_some(campaign.public)
        };
        self.all.campaign(id)?.cases.iter().find_map(shown)
    }
}
