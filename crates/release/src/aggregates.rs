//! An epoch's aggregates: bands, sectors and regions of one campaign, which never go down.

use std::str::FromStr as _;

use model::Sector;
use policy::rho::{self, MarkedBy, Place};

use crate::campaign::Campaign;
use crate::gate::Gate;

impl Gate {
    /// Draws a campaign's aggregates from the community run as it stands.
    pub(crate) fn aggregate(&mut self, place: u32) {
        let Some(place) = self.root(place) else { return };
        let Some(id) = self.campaigns.get(place as usize).map(|campaign| campaign.id) else { return };
        let Some(seen) = self.community.campaign(id) else { return };
        let Some(campaign) = self.campaigns.get(place as usize) else { return };
        let breadth = self.leak_breadth(id).unwrap_or(seen.members);
        let by = self.marked_by(campaign);
        let (mut sectors, mut regions) = (Vec::new(), Vec::new());
        match by {
            MarkedBy::Sectors => sectors.extend(
                self.leak_sectors(id)
                    .unwrap_or(seen.members_by_sector)
                    .iter()
                    .filter(|(sector, members)| {
                        rho::place_is_marked(*members, self.population_of(sector), &self.params)
                    })
                    .map(|(sector, _)| sector.clone()),
            ),
            MarkedBy::Regions => regions.extend(
                seen.members_by_region
                    .iter()
                    .filter(|(region, members)| {
                        let known = self.population.regions.iter().find(|(known, _)| known == region);
                        rho::place_is_marked(*members, known.map_or(0, |(_, population)| *population), &self.params)
                    })
                    .map(|(region, _)| *region),
            ),
        }
        let Some(campaign) = self.campaigns.get_mut(place as usize) else { return };
        let mut changed = false;
        for sector in sectors {
            changed |= campaign.mark_sector(sector);
        }
        for region in regions {
            changed |= campaign.mark_region(region);
        }
        // The band comes after the marks: what has no mark beside it leaves less room for those who were hit.
        let places: Vec<Place> = match by {
            MarkedBy::Sectors => self
                .population
                .sectors
                .iter()
                .map(|(sector, population)| Place {
                    population: *population,
                    marked: campaign.sectors.iter().any(|marked| marked == sector.as_str()),
                })
                .collect(),
            MarkedBy::Regions => self
                .population
                .regions
                .iter()
                .map(|(region, population)| Place {
                    population: *population,
                    marked: campaign.regions.contains(region),
                })
                .collect(),
        };
        let room = rho::room(self.population.members, places, &self.params);
        let widest = rho::band_after(campaign.band, rho::band(breadth, room, &self.params));
        changed |= widest != campaign.band;
        campaign.band = widest;
        if changed {
            self.dirty_campaign(place);
        }
    }

    /// Which places a campaign is marked by: those that it has marks of already, so that it never has both.
    fn marked_by(&self, campaign: &Campaign) -> MarkedBy {
        match (campaign.sectors.is_empty(), campaign.regions.is_empty()) {
            (true, false) => MarkedBy::Regions,
            (false, _) => MarkedBy::Sectors,
            (true, true) => {
                rho::marked_by(self.population.sectors.iter().map(|(_, population)| *population), &self.params)
            }
        }
    }

    /// How many members a sector has; a declared group of sectors is no sector and is never named.
    fn population_of(&self, name: &str) -> u32 {
        let Ok(sector) = Sector::from_str(name) else { return 0 };
        self.population.sectors.iter().find(|(known, _)| *known == sector).map_or(0, |(_, population)| *population)
    }
}
