//! The member organisations of an exercise: invented names under .example in every sector and region.

use std::collections::BTreeSet;

use model::{Region, Sector};

use crate::random::Random;

/// Members of the exercise partnership.
pub const MEMBERS: usize = 160;

/// One member organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its invented name.
    pub name: String,
    /// Its domain, under .example.
    pub domain: String,
    /// Its sector.
    pub sector: Sector,
    /// Its region.
    pub region: Region,
}

/// A partnership and its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partnership {
    /// Its name.
    pub name: String,
    /// Its members; an action names one by its index.
    pub members: Vec<Member>,
}

/// How many members each sector has: never under ten, so that every sector may be shown.
const SECTORS: [(Sector, usize, [&str; 5]); 13] = [
    (Sector::Chemicals, 10, ["Chemicals", "Process Works", "Polymers", "Solvents", "Industrial Gases"]),
    (Sector::CivilNuclear, 10, ["Nuclear Services", "Fuel Works", "Reactor Services", "Decommissioning", "Isotopes"]),
    (Sector::Communications, 13, ["Telecom", "Broadband", "Exchange", "Fibre", "Mobile"]),
    (Sector::Defence, 11, ["Marine Systems", "Aerostructures", "Dockyard", "Armour Works", "Avionics"]),
    (
        Sector::EmergencyServices,
        11,
        ["Fire and Rescue", "Ambulance Trust", "Constabulary", "Coast Rescue", "Control Centre"],
    ),
    (Sector::Energy, 15, ["Power", "Grid", "Offshore Wind", "Gas Networks", "Energy Storage"]),
    (Sector::Finance, 15, ["Building Society", "Bank", "Assurance", "Payments", "Clearing"]),
    (Sector::Food, 12, ["Dairies", "Mills", "Cold Stores", "Provisions", "Fresh Produce"]),
    (
        Sector::Government,
        14,
        ["Borough Council", "County Council", "Licensing Agency", "Records Office", "Revenue Service"],
    ),
    (Sector::Health, 15, ["Hospitals Trust", "Infirmary", "Pathology", "Community Health", "Medicines Supply"]),
    (Sector::Space, 10, ["Orbital", "Ground Stations", "Satellite Data", "Launch Services", "Propulsion"]),
    (Sector::Transport, 13, ["Rail", "Ports", "Airport", "Freight", "Metro"]),
    (Sector::Water, 11, ["Water", "Reservoirs", "Drainage", "Water Treatment", "Catchment Services"]),
];

const PLACES: [&str; 40] = [
    "Aldermoor",
    "Brackwater",
    "Calderwick",
    "Dunmarrow",
    "Eskholt",
    "Farrowby",
    "Glenharrow",
    "Hawkswell",
    "Inverlarn",
    "Kelderby",
    "Lynmarsh",
    "Marrowdale",
    "Netherfold",
    "Oakhampton",
    "Penrowan",
    "Quernfold",
    "Rothwick",
    "Skelbeck",
    "Thornmere",
    "Ulverstow",
    "Venfield",
    "Wexcombe",
    "Yarrowby",
    "Ashgarth",
    "Birkholme",
    "Corvesdale",
    "Drumlarg",
    "Elmstow",
    "Fennick",
    "Garsmoor",
    "Hollinbeck",
    "Iverstow",
    "Kirkmarrow",
    "Llanferran",
    "Mossgarth",
    "Norsewick",
    "Ormsbeck",
    "Pellgrave",
    "Ravensett",
    "Strathlorne",
];

impl Partnership {
    /// The exercise partnership of a seed.
    #[must_use]
    pub fn exercise(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x7061_7274);
        let mut regions: Vec<Region> = Region::ALL.iter().copied().cycle().take(MEMBERS).collect();
        random.shuffle(&mut regions);
        let mut regions = regions.into_iter();
        let mut used = BTreeSet::new();
        let mut members = Vec::with_capacity(MEMBERS);
        for (sector, count, businesses) in SECTORS {
            let mut places = PLACES;
            random.shuffle(&mut places);
            let mut places = places.iter().cycle();
            let mut left = count;
            while left > 0 {
                let Some(place) = places.next() else { break };
                let name = format!("{place} {}", random.pick(&businesses));
                if !used.insert(name.clone()) {
                    continue;
                }
                let domain = format!("{}.example", name.to_ascii_lowercase().replace(' ', "-"));
                members.push(Member { name, domain, sector, region: regions.next().unwrap_or(Region::London) });
                left -= 1;
            }
        }
        Self { name: "Northgate Exercise Partnership".into(), members }
    }

    /// Indexes of the members of a sector.
    #[must_use]
    pub fn of_sector(&self, sector: Sector) -> Vec<usize> {
        self.members.iter().enumerate().filter(|(_, member)| member.sector == sector).map(|(index, _)| index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sector_and_region_is_large_enough_to_be_shown() {
        for seed in 0..20 {
            let partnership = Partnership::exercise(seed);
            assert_eq!(partnership.members.len(), MEMBERS);
            for &sector in Sector::ALL {
                assert!(partnership.of_sector(sector).len() >= 10, "{sector:?}");
            }
            for &region in Region::ALL {
                assert!(
                    partnership.members.iter().filter(|member| member.region == region).count() >= 10,
                    "{region:?}"
                );
            }
            let names: BTreeSet<_> = partnership.members.iter().map(|member| &member.domain).collect();
            assert_eq!(names.len(), MEMBERS);
            assert!(names.iter().all(|domain| domain.ends_with(".example") && !domain.contains(' ')));
        }
        assert_eq!(Partnership::exercise(3), Partnership::exercise(3));
        assert_ne!(Partnership::exercise(3), Partnership::exercise(4));
    }
}
