//! What the gate knows about one campaign of the community run, and how two become one.

use model::{AttackKind, CampaignId, Marking, Observable, Region};
use policy::{Band, rho};

use crate::gate::{Facts, Gate};
use crate::queue::Dirty;
use crate::value::REPOINT;

/// Techniques that a campaign shows at most.
const TECHNIQUES_MAX: usize = 64;

/// The most telling value so far: rank, then normal form, so that the order of arrival does not matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Telling {
    pub(crate) rank: u8,
    pub(crate) value: Box<str>,
}

/// One campaign.
#[derive(Clone, Debug)]
pub(crate) struct Campaign {
    /// Its id in the community run: that of its oldest case.
    pub(crate) id: CampaignId,
    /// Its id for members.
    pub(crate) public: [u8; 16],
    /// Itself, or the campaign that it was merged into.
    pub(crate) parent: u32,
    pub(crate) since: i64,
    /// Hash of what was last released, without the time of the change; 0 before.
    pub(crate) shown: u64,
    pub(crate) queued: bool,
    pub(crate) marking: Marking,
    pub(crate) attack: AttackKind,
    pub(crate) techniques: Vec<String>,
    /// Keys of its open values; common values belong to none.
    pub(crate) keys: Vec<u64>,
    pub(crate) telling: Option<Telling>,
    pub(crate) band: Option<Band>,
    pub(crate) sectors: Vec<String>,
    pub(crate) regions: Vec<Region>,
}

impl Campaign {
    pub(crate) const fn new(id: CampaignId, public: [u8; 16], place: u32) -> Self {
        Self {
            id,
            public,
            parent: place,
            since: 0,
            shown: 0,
            queued: false,
            marking: Marking::OPEN,
            attack: AttackKind::NotSure,
            techniques: Vec::new(),
            keys: Vec::new(),
            telling: None,
            band: None,
            sectors: Vec::new(),
            regions: Vec::new(),
        }
    }

    pub(crate) fn indicators(&self) -> u32 {
        u32::try_from(self.keys.len()).unwrap_or(u32::MAX)
    }

    /// Takes in what a case says beside its values; true if that changed anything.
    pub(crate) fn learn(&mut self, facts: &Facts) -> bool {
        let marking = self.marking.join(facts.marking);
        let mut changed = marking != self.marking;
        self.marking = marking;
        let attack = rho::attack_of(self.attack, facts.attack);
        changed |= attack != self.attack;
        self.attack = attack;
        for technique in &facts.techniques {
            changed |= self.technique(technique);
        }
        changed
    }

    pub(crate) fn technique(&mut self, technique: &str) -> bool {
        match self.techniques.binary_search_by(|known| known.as_str().cmp(technique)) {
            Err(place) if self.techniques.len() < TECHNIQUES_MAX => {
                self.techniques.insert(place, technique.to_owned());
                true
            }
            _ => false,
        }
    }

    /// Takes in one more value.
    pub(crate) fn gain(&mut self, key: u64, observable: &Observable) {
        self.keys.push(key);
        let rank = rho::title_rank(observable.kind());
        let better = self.telling.as_ref().is_none_or(|known| (rank, observable.value()) < (known.rank, &*known.value));
        if better {
            self.telling = Some(Telling { rank, value: observable.value().into() });
        }
    }

    /// Loses a value.
    pub(crate) fn lose(&mut self, key: u64) {
        self.keys.retain(|held| *held != key);
    }

    fn absorb(&mut self, gone: &mut Self) {
        self.marking = self.marking.join(gone.marking);
        self.attack = rho::attack_of(self.attack, gone.attack);
        for technique in std::mem::take(&mut gone.techniques) {
            self.technique(&technique);
        }
        self.keys.append(&mut gone.keys);
        gone.keys.shrink_to_fit();
        self.telling = match (self.telling.take(), gone.telling.take()) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        // What was shown of a part holds for the whole: bands and marks never go down.
        self.band = rho::band_after(self.band, gone.band);
        for sector in std::mem::take(&mut gone.sectors) {
            self.mark_sector(sector);
        }
        for region in std::mem::take(&mut gone.regions) {
            self.mark_region(region);
        }
    }

    pub(crate) fn mark_sector(&mut self, sector: String) -> bool {
        let place = self.sectors.binary_search(&sector);
        if let Err(place) = place {
            self.sectors.insert(place, sector);
        }
        place.is_err()
    }

    pub(crate) fn mark_region(&mut self, region: Region) -> bool {
        let place = self.regions.binary_search(&region);
        if let Err(place) = place {
            self.regions.insert(place, region);
        }
        place.is_err()
    }
}

impl Gate {
    /// The campaign that a campaign is part of now.
    pub(crate) fn root(&self, mut place: u32) -> Option<u32> {
        loop {
            let parent = self.campaigns.get(place as usize)?.parent;
            if parent == place {
                return Some(place);
            }
            place = parent;
        }
    }

    /// As [`Gate::root`], making the way shorter for the next time.
    pub(crate) fn root_mut(&mut self, place: u32) -> Option<u32> {
        let root = self.root(place)?;
        let mut step = place;
        while step != root {
            let campaign = self.campaigns.get_mut(step as usize)?;
            step = std::mem::replace(&mut campaign.parent, root);
        }
        Some(root)
    }

    /// Place of a campaign of the community run, made if it is new.
    pub(crate) fn place_of(&mut self, id: CampaignId) -> u32 {
        if let Some(&place) = self.campaign_places.get(&id) {
            return place;
        }
        let place = u32::try_from(self.campaigns.len()).unwrap_or(u32::MAX);
        let public = self.vault.keys().release_id("campaign", &[id.as_bytes()]);
        self.campaigns.push(Campaign::new(id, public, place));
        self.campaign_places.insert(id, place);
        self.public_places.insert(public, place);
        place
    }

    /// The community run found that two campaigns are one.
    pub(crate) fn merge(&mut self, kept: CampaignId, alias: CampaignId) {
        let (kept, alias) = (self.place_of(kept), self.place_of(alias));
        let (Some(kept), Some(alias)) = (self.root_mut(kept), self.root_mut(alias)) else { return };
        if kept == alias {
            return;
        }
        self.repoint_texts(alias);
        for key in self.make_one(kept, alias) {
            if let Some(value) = self.values.get_mut(&key).filter(|value| value.shown != 0 && !value.is(REPOINT)) {
                value.set(REPOINT);
                self.repoint.push_back(key);
            }
        }
        if self.campaigns.get(alias as usize).is_some_and(|gone| gone.shown != 0) {
            self.dirty_campaign(alias);
        }
        self.dirty_campaign(kept);
    }

    /// Makes one campaign of two, without a word of it to anybody; gives the values that were the other one's.
    pub(crate) fn make_one(&mut self, kept: u32, alias: u32) -> Vec<u64> {
        let Some(gone) = self.campaigns.get_mut(alias as usize) else { return Vec::new() };
        gone.parent = kept;
        let mut parts = std::mem::replace(gone, Campaign { parent: kept, ..gone.clone_empty() });
        let keys = parts.keys.clone();
        if let Some(kept) = self.campaigns.get_mut(kept as usize) {
            kept.absorb(&mut parts);
        }
        if self.broad.remove(&alias) {
            self.broad.insert(kept);
        }
        keys
    }

    pub(crate) fn dirty_campaign(&mut self, place: u32) {
        if let Some(campaign) = self.campaigns.get_mut(place as usize).filter(|campaign| !campaign.queued) {
            campaign.queued = true;
            self.fresh.push(Dirty::Campaign(place));
        }
    }
}

impl Campaign {
    /// What stays of a campaign that became part of another: ids, and that it was shown.
    const fn clone_empty(&self) -> Self {
        let mut rest = Self::new(self.id, self.public, self.parent);
        rest.since = self.since;
        rest.shown = self.shown;
        rest.queued = self.queued;
        rest
    }
}
