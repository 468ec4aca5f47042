//! The register as it is held in memory: every check is a look-up; another process's changes are seen within a second.

use std::collections::HashMap;
use std::sync::Arc;

use model::{OrganisationId, PersonId, Region, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::Assets;
use policy::planted::{self, Leak};
use rusqlite::Connection;

use crate::groups::Groups;
use crate::nouns::{Answers, Face, Organisation, Person, Populations, Principal, Role, Status};
use crate::register::RegisterError;

/// What a stored credential leads to.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) principal: Arc<Principal>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// Everything that checks need.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) organisations: HashMap<OrganisationId, Arc<Organisation>>,
    pub(crate) people: HashMap<PersonId, Person>,
    pub(crate) sessions: HashMap<[u8; 32], Held>,
    pub(crate) keys: HashMap<[u8; 32], Held>,
    pub(crate) populations: Populations,
    pub(crate) lanes: Vec<(String, String)>,
    pub(crate) groups: Groups,
}

/// Members that a sector must have to be shown to the cell by its name.
const SECTOR_SHOWN_MEMBERS: u32 = 10;
/// The declared group of sectors that are too small to be shown.
pub(crate) const OTHER_SECTORS: (&str, &str) = ("other", "Other sectors");

fn populations(organisations: &HashMap<OrganisationId, Arc<Organisation>>) -> Populations {
    let active = || organisations.values().filter(|organisation| organisation.status == Status::Active);
    let count = |matches: &dyn Fn(&Organisation) -> bool| {
        u32::try_from(active().filter(|held| matches(held)).count()).unwrap_or(u32::MAX)
    };
    let sector = |sector: &Sector| (*sector, count(&|held| held.sector == *sector));
    let region = |region: &Region| (*region, count(&|held| held.region == Some(*region)));
    Populations {
        members: count(&|_| true),
        sectors: Sector::ALL.iter().map(sector).filter(|(_, members)| *members > 0).collect(),
        regions: Region::ALL.iter().map(region).filter(|(_, members)| *members > 0).collect(),
    }
}

fn lanes(populations: &Populations) -> Vec<(String, String)> {
    let named = |members: u32| members >= SECTOR_SHOWN_MEMBERS || planted::is_on(Leak::SectorBelowFloor);
    let (shown, small): (Vec<_>, Vec<_>) = populations.sectors.iter().partition(|(_, members)| named(*members));
    let mut lanes: Vec<(String, String)> =
        shown.iter().map(|(sector, _)| (sector.as_str().to_owned(), sector.title().to_owned())).collect();
    if small.iter().map(|(_, members)| members).sum::<u32>() >= SECTOR_SHOWN_MEMBERS {
        lanes.push((OTHER_SECTORS.0.to_owned(), OTHER_SECTORS.1.to_owned()));
    }
    lanes
}

pub(crate) fn warn_text(warn: WhoMayBeWarned) -> String {
    match warn {
        WhoMayBeWarned::Now => "now".to_owned(),
        WhoMayBeWarned::NextEpoch => "next-epoch".to_owned(),
        WhoMayBeWarned::OnceThreeHaveIt => "once-three".to_owned(),
        // A key never carries a group: groups are chosen report by report.
        WhoMayBeWarned::CellOnly | WhoMayBeWarned::Group { .. } => "cell-only".to_owned(),
    }
}

fn answers(warn: &str, know: &str) -> Answers {
    let warn = match warn {
        "now" => WhoMayBeWarned::Now,
        "next-epoch" => WhoMayBeWarned::NextEpoch,
        "once-three" => WhoMayBeWarned::OnceThreeHaveIt,
        _ => WhoMayBeWarned::CellOnly,
    };
    Answers { warn, know: know.parse().unwrap_or(WhoMayKnow::Nobody) }
}

/// The principal of a session, unless the person is disabled or its organisation suspended.
pub(crate) fn of_person(person: &Person, organisation: Option<Arc<Organisation>>) -> Option<Principal> {
    if person.disabled {
        return None;
    }
    if organisation.as_ref().is_some_and(|organisation| organisation.status == Status::Suspended) {
        return None;
    }
    Some(Principal {
        face: person.role.face(),
        role: person.role,
        person: Some(person.id),
        name: person.name.clone(),
        organisation,
        answers: None,
    })
}

impl Tables {
    /// Reads everything anew.
    pub(crate) fn load(connection: &Connection) -> Result<Self, RegisterError> {
        let mut tables = Self::default();
        let mut assets: HashMap<[u8; 16], Assets> = HashMap::new();
        let mut statement = connection.prepare_cached("SELECT organisation, kind, value FROM asset")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let held = assets.entry(row.get(0)?).or_default();
            let list = match row.get_ref(1)?.as_str().unwrap_or_default() {
                "domain" => &mut held.domains,
                "range" => &mut held.ranges,
                _ => &mut held.brands,
            };
            list.push(row.get(2)?);
        }
        let mut statement =
            connection.prepare_cached("SELECT id, name, sector, region, suspended FROM organisation")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let bytes: [u8; 16] = row.get(0)?;
            let id = OrganisationId::from_bytes(bytes);
            let sector: String = row.get(2)?;
            let region: Option<String> = row.get(3)?;
            let organisation = Organisation {
                id,
                name: row.get(1)?,
                sector: sector.parse().map_err(RegisterError::Stored)?,
                region: region.map(|region| region.parse()).transpose().map_err(RegisterError::Stored)?,
                status: if row.get(4)? { Status::Suspended } else { Status::Active },
                assets: assets.remove(&bytes).unwrap_or_default(),
            };
            tables.organisations.insert(id, Arc::new(organisation));
        }
        let mut statement =
            connection.prepare_cached("SELECT id, email, name, organisation, role, disabled FROM person")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = PersonId::from_bytes(row.get(0)?);
            let role: String = row.get(4)?;
            let organisation: Option<[u8; 16]> = row.get(3)?;
            let person = Person {
                id,
                email: row.get(1)?,
                name: row.get(2)?,
                organisation: organisation.map(OrganisationId::from_bytes),
                role: Role::from_name(&role).ok_or_else(|| RegisterError::Stored(format!("{role:?} is no role")))?,
                disabled: row.get(5)?,
            };
            tables.people.insert(id, person);
        }
        let mut statement = connection.prepare_cached("SELECT hash, person, face, expires_at FROM session")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(person) = tables.people.get(&PersonId::from_bytes(row.get(1)?)) else { continue };
            let organisation = person.organisation.and_then(|id| tables.organisations.get(&id).cloned());
            let Some(principal) = of_person(person, organisation) else { continue };
            let face = if row.get_ref(2)?.as_str().unwrap_or_default() == "cell" { Face::Cell } else { Face::Member };
            if face == principal.face {
                let held =
                    Held { principal: Arc::new(principal), expires_at: Some(Timestamp::from_millis(row.get(3)?)) };
                tables.sessions.insert(row.get(0)?, held);
            }
        }
        let mut statement = connection
            .prepare_cached("SELECT hash, organisation, warn, know, expires_at FROM key WHERE revoked = 0")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let organisation = tables.organisations.get(&OrganisationId::from_bytes(row.get(1)?));
            let Some(organisation) = organisation.filter(|held| held.status == Status::Active) else { continue };
            let principal = Principal {
                face: Face::Member,
                role: Role::Member,
                person: None,
                name: organisation.name.clone(),
                organisation: Some(Arc::clone(organisation)),
                answers: Some(answers(
                    row.get_ref(2)?.as_str().unwrap_or_default(),
                    row.get_ref(3)?.as_str().unwrap_or_default(),
                )),
            };
            let expires_at: Option<i64> = row.get(4)?;
            let held = Held { principal: Arc::new(principal), expires_at: expires_at.map(Timestamp::from_millis) };
            tables.keys.insert(row.get(0)?, held);
        }
        tables.populations = populations(&tables.organisations);
        tables.lanes = lanes(&tables.populations);
        tables.groups = Groups::load(connection)?;
        Ok(tables)
    }
}
