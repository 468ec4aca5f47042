//! How many members there are, and under which lanes the cell sees their sectors.

use std::collections::HashMap;
use std::sync::Arc;

use model::{OrganisationId, Region, Sector};
use policy::planted::{self, Leak};

use crate::nouns::{Organisation, OrganisationClass, Populations, Status};

/// Members that a sector must have to be shown to the cell by its name.
const SECTOR_SHOWN_MEMBERS: u32 = 10;
/// The declared group of sectors that are too small to be shown.
const OTHER_SECTORS: (&str, &str) = ("other", "Other sectors");

/// Whether an organisation is one of those that the partnership hides a reporter among.
pub(crate) fn is_counted(organisation: &Organisation) -> bool {
    organisation.status == Status::Active && organisation.class == OrganisationClass::Member
}

/// The declared group that a sector appears under.
pub(crate) fn group_of(sector: Sector, lanes: &[(String, String)]) -> Option<String> {
    let has = |id: &str| lanes.iter().any(|(lane, _)| lane == id);
    let own = sector.as_str();
    if has(own) { Some(own.to_owned()) } else { has(OTHER_SECTORS.0).then(|| OTHER_SECTORS.0.to_owned()) }
}

pub(crate) fn populations(organisations: &HashMap<OrganisationId, Arc<Organisation>>) -> Populations {
    let mut members = 0_u32;
    let (mut sectors, mut regions) = (HashMap::<Sector, u32>::new(), HashMap::<Region, u32>::new());
    for held in organisations.values() {
        if is_counted(held) {
            members += 1;
            *sectors.entry(held.sector).or_default() += 1;
            if let Some(region) = held.region {
                *regions.entry(region).or_default() += 1;
            }
        }
    }
    Populations {
        members,
        sectors: Sector::ALL.iter().filter_map(|sector| Some((*sector, *sectors.get(sector)?))).collect(),
        regions: Region::ALL.iter().filter_map(|region| Some((*region, *regions.get(region)?))).collect(),
    }
}

pub(crate) fn lanes(populations: &Populations) -> Vec<(String, String)> {
    let named = |members: u32| members >= SECTOR_SHOWN_MEMBERS || planted::is_on(Leak::SectorBelowFloor);
    let (shown, small): (Vec<_>, Vec<_>) = populations.sectors.iter().partition(|(_, members)| named(*members));
    let mut lanes: Vec<(String, String)> =
        shown.iter().map(|(sector, _)| (sector.as_str().to_owned(), sector.title().to_owned())).collect();
    if small.iter().map(|(_, members)| members).sum::<u32>() >= SECTOR_SHOWN_MEMBERS {
        lanes.push((OTHER_SECTORS.0.to_owned(), OTHER_SECTORS.1.to_owned()));
    }
    lanes
}
