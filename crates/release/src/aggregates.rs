//! An epoch's aggregates: bands, sectors and regions of one campaign, which never go down.

use std::str::FromStr as _;

use model::Sector;
use policy::rho;

use crate::gate::Gate;

impl Gate {
    /// Draws a campaign's aggregates from the community run as it stands.
    pub(crate) fn aggregate(&mut self, place: u32) {
        let Some(place) = self.root(place) else { return };
        let Some(id) = self.campaigns.get(place as usize).map(|campaign| campaign.id) else { return };
        let Some(seen) = self.community.campaign(id) else { return };
        let members = self.leak_breadth(id).unwrap_or(seen.members);
        let band = rho::band(members, self.population.members, &self.params);
        let sectors: Vec<String> = self
            .leak_sectors(id)
            .unwrap_or(seen.members_by_sector)
            .iter()
            .filter(|(sector, members)| rho::place_is_marked(*members, self.population_of(sector), &self.params))
            .map(|(sector, _)| sector.clone())
            .collect();
        let regions: Vec<_> = seen
            .members_by_region
            .iter()
            .filter(|(region, members)| {
                let known = self.population.regions.iter().find(|(known, _)| known == region);
                rho::place_is_marked(*members, known.map_or(0, |(_, population)| *population), &self.params)
            })
            .map(|(region, _)| *region)
            .collect();
        let Some(campaign) = self.campaigns.get_mut(place as usize) else { return };
        let widest = rho::band_after(campaign.band, band);
        let mut changed = widest != campaign.band;
        campaign.band = widest;
        for sector in sectors {
            changed |= campaign.mark_sector(sector);
        }
        for region in regions {
            changed |= campaign.mark_region(region);
        }
        if changed {
            self.dirty_campaign(place);
        }
    }

    /// How many members a sector has; a declared group of sectors is no sector and is never named.
    fn population_of(&self, name: &str) -> u32 {
        let Ok(sector) = Sector::from_str(name) else { return 0 };
        self.population.sectors.iter().find(|(known, _)| *known == sector).map_or(0, |(_, population)| *population)
    }
}
