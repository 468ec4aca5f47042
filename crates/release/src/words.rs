//! What analysts say of campaigns: the cell's run takes it at once, the community run at the next tick, for the reports that it has.
//! What members were shown of a campaign that is split stays with the part that keeps its id.

use std::collections::HashSet;

use fusion::{Finding, Word};
use model::{CampaignId, CaseId, ObservableKey, Timestamp};
use policy::rho;
use vault::{Keys, WordEntry};

use crate::ReleaseError;
use crate::findings;
use crate::gate::{Gate, Text, facts_of};
use crate::value::REPOINT;

/// Reports of a part that are read for what it tells beside its values.
const REPORTS_READ_MAX: usize = 256;

impl Gate {
    /// Takes in an analyst's word; tells what the run over all items made of it.
    pub(crate) fn say(&mut self, at: Timestamp, entry: &WordEntry) -> Vec<Finding> {
        let vault::Word::Related { other, same, .. } = entry.what else { return Vec::new() };
        let at = self.counts_at(at);
        let word = Word { at, one: entry.case, other, same };
        let mut found = Vec::new();
        self.all.say(&word, &mut found);
        self.findings.extend(found.iter().map(findings::json));
        self.words_due.entry(rho::tick_after(at, &self.params)).or_default().push(word);
        found
    }

    /// The tick of some words has come.
    pub(crate) fn reach_words(
        &mut self,
        words: Vec<Word>,
        tick: Timestamp,
        due: Timestamp,
    ) -> Result<(), ReleaseError> {
        for word in words {
            let mut found = Vec::new();
            self.community.say(&Word { at: tick, ..word }, &mut found);
            self.community_findings.extend(found.iter().map(findings::json));
            self.follow(&found, tick, due)?;
        }
        Ok(())
    }

    /// What the community run found of campaigns becomes so for members.
    pub(crate) fn follow(&mut self, found: &[Finding], tick: Timestamp, due: Timestamp) -> Result<(), ReleaseError> {
        for finding in found {
            match finding {
                Finding::Merged { kept, alias, .. } => {
                    self.merge(*kept, *alias);
                    let place = self.place_of(*kept);
                    self.draw_if_broad(*kept, place, due);
                }
                Finding::Split { kept, parted } => self.split(*kept, *parted, tick, due)?,
                Finding::Joined { .. } | Finding::CampaignFormed { .. } | Finding::OverCommon { .. } => {}
            }
        }
        Ok(())
    }

    /// A campaign that has enough members for a band by a merge or a split has it at the epoch, without a further report.
    fn draw_if_broad(&mut self, id: CampaignId, place: u32, due: Timestamp) {
        if self.community.distinct_members_of_campaign(id) >= self.params.breadth_floor() {
            let place = self.root(place).unwrap_or(place);
            self.broad.insert(place);
            self.aggregates_due.entry(rho::epoch_from(due, &self.params)).or_default().insert(place);
        }
    }

    fn split(
        &mut self,
        kept: CampaignId,
        parted: CampaignId,
        tick: Timestamp,
        due: Timestamp,
    ) -> Result<(), ReleaseError> {
        let cases = |id| self.community.campaign(id).map(|campaign| campaign.cases).unwrap_or_default();
        let (of_kept, of_parted) = (cases(kept), cases(parted));
        let (kept, parted) = (self.place_of(kept), self.place_of(parted));
        // Ids of either part lead to that part from now on.
        for (cases, root) in [(&of_kept, kept), (&of_parted, parted)] {
            for case in cases {
                let place = self.campaign_places.get(&CampaignId::from_bytes(*case.as_bytes())).copied();
                if let Some(campaign) = place.and_then(|place| self.campaigns.get_mut(place as usize)) {
                    campaign.parent = root;
                }
            }
        }
        for root in [kept, parted] {
            if let Some(campaign) = self.campaigns.get_mut(root as usize) {
                campaign.parent = root;
            }
        }
        self.share_values(kept, parted, &of_parted.iter().copied().collect());
        self.tell_part(kept, parted, &of_parted, tick)?;
        for place in [kept, parted] {
            self.retell(place)?;
            self.dirty_campaign(place);
        }
        let id = self.campaigns.get(parted as usize).map(|campaign| campaign.id);
        if let Some(id) = id {
            self.draw_if_broad(id, parted, due);
        }
        self.tell_again(tick);
        Ok(())
    }

    /// A value goes with the first report that has it.
    fn share_values(&mut self, kept: u32, parted: u32, of_parted: &HashSet<CaseId>) {
        let Some(keys) = self.campaigns.get_mut(kept as usize).map(|campaign| std::mem::take(&mut campaign.keys))
        else {
            return;
        };
        for key in keys {
            let first = self.community.who_else(ObservableKey(key)).into_iter().next();
            let place = if first.is_some_and(|case| of_parted.contains(&case)) { parted } else { kept };
            if let Some(campaign) = self.campaigns.get_mut(place as usize) {
                campaign.keys.push(key);
            }
            let Some(value) = self.values.get_mut(&key) else { continue };
            value.campaign = place;
            if place == parted && value.shown != 0 && !value.is(REPOINT) {
                value.set(REPOINT);
                self.repoint.push_back(key);
            }
        }
    }

    /// What a part tells beside its values is what its reports say; its label is no looser than that of the whole was.
    fn tell_part(&mut self, kept: u32, parted: u32, cases: &[CaseId], tick: Timestamp) -> Result<(), ReleaseError> {
        let whole = self.campaigns.get(kept as usize).map(|campaign| campaign.marking);
        for case in cases.iter().take(REPORTS_READ_MAX) {
            let Some(report) = self.report_now(*case)? else { continue };
            let facts = facts_of(tick, &report, 0, Keys::window(report.received_at), false, true);
            if let Some(campaign) = self.campaigns.get_mut(parted as usize) {
                campaign.learn(&facts);
            }
        }
        if let Some((campaign, whole)) = self.campaigns.get_mut(parted as usize).zip(whole) {
            campaign.marking = campaign.marking.join(whole);
        }
        Ok(())
    }

    /// Texts of the cell point to the part that their report is in: a tick later, when members have it.
    fn tell_again(&mut self, tick: Timestamp) {
        let again: Vec<Text> = self
            .told_of
            .values()
            .filter(|told| {
                let now = told.entry.campaign.and_then(|campaign| {
                    let id = self.community.campaign_of(CaseId::from_bytes(*campaign.as_bytes()))?;
                    self.campaign_places.get(&id).copied()
                });
                now.is_some() && now != Some(told.place)
            })
            .map(|told| Text::Advisory(told.entry.clone()))
            .collect();
        if !again.is_empty() {
            self.texts_due.entry(rho::tick_after(tick, &self.params)).or_default().extend(again);
        }
    }
}
