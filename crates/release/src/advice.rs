//! Which released campaign a text of the cell is about: by the community run alone, so that what is held shapes no link.

use model::{AdvisoryId, CampaignId, CaseId, Timestamp};
use vault::AdvisoryEntry;

use crate::gate::{Gate, Text};
use crate::queue::Dirty;

/// A text that members have.
pub(crate) struct Told {
    pub(crate) entry: Box<AdvisoryEntry>,
    /// Release tick of its first version.
    pub(crate) since: Timestamp,
    /// The campaign that it was linked to, which may be part of another by now.
    pub(crate) place: u32,
}

impl Gate {
    /// The campaign that the cell means: a campaign bears the id of a case, and that very case's campaign in the community run
    /// is meant, whatever the run over all items holds together with it. None if members have nothing of that case.
    pub(crate) fn advised(&self, campaign: CampaignId) -> Option<u32> {
        let id = self.community.campaign_of(CaseId::from_bytes(*campaign.as_bytes()))?;
        let place = self.root(*self.campaign_places.get(&id)?)?;
        self.campaigns.get(place as usize).filter(|campaign| campaign.shown != 0).map(|_| place)
    }

    /// The release tick that a text bears: that of its first version.
    pub(crate) fn told_at(&self, id: AdvisoryId, tick: Timestamp) -> Timestamp {
        self.told_of.get(&id).map_or(tick, |told| told.since)
    }

    /// A text was released: one that is linked is released again when its campaign becomes part of another.
    pub(crate) fn note_told(&mut self, entry: Box<AdvisoryEntry>, tick: Timestamp) {
        let since = self.told_at(entry.id, tick);
        if let Some(place) = entry.campaign.and_then(|campaign| self.advised(campaign)) {
            self.told_of.insert(entry.id, Told { entry, since, place });
        }
    }

    /// A campaign becomes part of another: the texts about it point there from this tick on.
    pub(crate) fn repoint_texts(&mut self, gone: u32) {
        let again: Vec<Dirty> = self
            .told_of
            .values()
            .filter(|told| self.root(told.place) == Some(gone))
            .map(|told| Dirty::Text(Text::Advisory(told.entry.clone())))
            .collect();
        self.fresh.extend(again);
    }
}
