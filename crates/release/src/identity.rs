//! What members know stays so although what led to it is erased: a replay takes that from release entries.
//!
//! Of a report that is erased the journal knows no values any more. Were a start to make campaigns, labels and bands of what is left
//! alone, members would see by the next change that something was taken out. Where nothing is erased this changes nothing.

use model::{AttackKind, CampaignId, Marking, Region, Sector, Timestamp};
use policy::rho::{self, Band};
use released::{CampaignView, IndicatorView, parse_rfc3339};

use crate::ReleaseError;
use crate::gate::Gate;

/// What members were shown of a campaign.
pub(crate) struct Unplaced {
    /// Hash of what was shown last.
    pub(crate) shown: u64,
    pub(crate) view: CampaignView,
}

impl Gate {
    /// Members were shown a value with these labels: they are never loosened.
    pub(crate) fn keep_labels(&mut self, key: u64, body: &str) -> Result<(), ReleaseError> {
        let Some(value) = self.values.get_mut(&key) else { return Ok(()) };
        let Marking { tlp, pap } = value.marking;
        // As a view is written, and what is in a value is escaped: few have to be read whole.
        if body.contains(&format!(r#""tlp":"{}","pap":"{}""#, tlp.as_str(), pap.as_str())) {
            return Ok(());
        }
        let view: IndicatorView = serde_json::from_str(body)?;
        if let (Ok(tlp), Ok(pap)) = (view.tlp.parse(), view.pap.parse()) {
            value.marking = value.marking.join(Marking { tlp, pap });
        }
        Ok(())
    }

    /// Members were shown this of a campaign: bands, marks and labels never go down.
    pub(crate) fn keep_shown(&mut self, place: u32, view: CampaignView) {
        let band = Band::ALL.into_iter().find(|band| view.band.as_deref() == Some(&*band.text(&self.params)));
        let Some(campaign) = self.campaigns.get_mut(place as usize) else { return };
        if let Some(since) = parse_rfc3339(&view.released_at).filter(|_| campaign.since == 0) {
            campaign.since = since.as_millis();
        }
        campaign.band = rho::band_after(campaign.band, band);
        for title in view.sectors {
            let known = Sector::ALL.iter().find(|sector| sector.title() == title);
            campaign.mark_sector(known.map_or(title, |sector| sector.as_str().to_owned()));
        }
        for title in view.regions {
            if let Some(region) = Region::ALL.iter().find(|region| region.title() == title) {
                campaign.mark_region(*region);
            }
        }
        for technique in &view.techniques {
            campaign.technique(technique);
        }
        if let Some(attack) = AttackKind::ALL.iter().find(|attack| view.attack.as_deref() == Some(attack.title())) {
            campaign.attack = rho::attack_of(campaign.attack, *attack);
        }
        if let Ok(tlp) = view.tlp.parse() {
            campaign.marking = campaign.marking.join(Marking { tlp, ..campaign.marking });
        }
    }

    /// Members were shown a value in the campaign of an id.
    pub(crate) fn keep_public_id(&mut self, key: u64, public: [u8; 16], tick: Timestamp) {
        let Some(place) = self.values.get(&key).and_then(|value| self.root(value.campaign)) else {
            // By what is left it opens later.
            self.orphans.insert(key, public);
            return;
        };
        let Some(campaign) = self.campaigns.get_mut(place as usize).filter(|campaign| campaign.since == 0) else {
            return;
        };
        match self.public_places.get(&public).copied() {
            // The report that gave it its id is gone.
            None => {
                campaign.public = public;
                self.public_places.insert(public, place);
                if let Some(Unplaced { shown, view }) = self.unplaced.remove(&public) {
                    campaign.shown = shown;
                    self.keep_shown(place, view);
                }
            }
            // So is the one that made one campaign of two.
            Some(known) => self.reunite(known, place, tick),
        }
    }

    /// What opened at this tick by what is left was open before, in the campaign that members have it in, but for what the tick itself
    /// has shown.
    pub(crate) fn adopt(&mut self, tick: Timestamp, has_shown: &dyn Fn(u64) -> bool) {
        for key in std::mem::take(&mut self.adopted) {
            if let Some(public) = self.orphans.remove(&key).filter(|_| !has_shown(key)) {
                self.keep_public_id(key, public, tick);
            }
        }
    }

    /// Members were shown that a campaign became part of another one.
    pub(crate) fn keep_merged(&mut self, gone: [u8; 16], kept: [u8; 16], tick: Timestamp) {
        let places = (self.public_places.get(&kept).copied(), self.public_places.get(&gone).copied());
        let (Some(kept), Some(gone)) = places else { return };
        self.reunite(kept, gone, tick);
    }

    /// What is left of two campaigns that were one is one again, and is known as the first was. By rules that changed since it may well
    /// be two: then it stays so.
    fn reunite(&mut self, known: u32, place: u32, tick: Timestamp) {
        let (Some(known), Some(place)) = (self.root(known), self.root(place)) else { return };
        if known == place || !self.has_own_rules() {
            return;
        }
        let ids = [known, place].map(|place| self.campaigns.get(place as usize).map(|campaign| campaign.id));
        let [Some(one), Some(other)] = ids else { return };
        let Some((kept, _)) = self.community.reunite(one, other, tick) else { return };
        self.know_as(known, place, kept);
        let stays = self.campaign_places.get(&kept) == Some(&place);
        // Members have it so: nothing of it is new to them.
        self.make_one(if stays { place } else { known }, if stays { known } else { place });
    }

    /// Of two campaigns that become one the first is the one that members know, whichever is kept.
    fn know_as(&mut self, known: u32, place: u32, kept: CampaignId) {
        let [Some(first), Some(second)] = [known, place].map(|place| self.campaigns.get(place as usize)) else {
            return;
        };
        let (first, second) = ((first.public, first.since, first.shown), (second.public, second.since, 0));
        let (stays, goes) =
            if self.campaign_places.get(&kept) == Some(&place) { (place, known) } else { (known, place) };
        // That the other one is gone was shown, or it never was there.
        for (place, (public, since, shown)) in [(stays, first), (goes, second)] {
            if let Some(campaign) = self.campaigns.get_mut(place as usize) {
                (campaign.public, campaign.since, campaign.shown) = (public, since, shown);
                self.public_places.insert(public, place);
            }
        }
    }
}
