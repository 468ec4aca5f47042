//! The register as it is held in memory: every check is a look-up; another process's changes are seen within a second.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{OrganisationId, PersonId, Region, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::Assets;
use policy::planted::{self, Leak};
use rusqlite::Connection;

use crate::nouns::{Answers, Face, Means, Organisation, Person, Populations, Principal, Role, Status};
use crate::register::RegisterError;
use crate::scopes::Scopes;
use crate::sessions::{SESSION_IDLE_MILLIS, Use, face_text};

/// What a stored credential leads to.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) principal: Arc<Principal>,
    pub(crate) expires_at: Option<Timestamp>,
    /// When it was last used; a session ends when that lies too far back.
    pub(crate) used: Arc<Use>,
}

impl Held {
    /// A session that begins, or was stored.
    pub(crate) fn session(principal: Arc<Principal>, expires_at: Timestamp, used_at: i64) -> Self {
        Self { principal, expires_at: Some(expires_at), used: Arc::new(Use::stored(used_at)) }
    }

    /// Whether it has neither ended nor, being a session, lain idle too long.
    pub(crate) fn lives(&self, now: Timestamp) -> bool {
        let idle = self.principal.means == Means::Session && now.as_millis() - self.used.at() >= SESSION_IDLE_MILLIS;
        !idle && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Everything that checks need.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) organisations: HashMap<OrganisationId, Arc<Organisation>>,
    pub(crate) people: HashMap<PersonId, Person>,
    pub(crate) sessions: HashMap<[u8; 32], Held>,
    pub(crate) keys: HashMap<[u8; 32], Held>,
    pub(crate) devices: HashMap<[u8; 32], Held>,
    /// Who has a second factor.
    pub(crate) second: HashSet<PersonId>,
    pub(crate) populations: Populations,
    pub(crate) lanes: Vec<(String, String)>,
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
        WhoMayBeWarned::CellOnly | WhoMayBeWarned::Group(_) => "cell-only".to_owned(),
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
        means: Means::Session,
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
        let mut statement = connection.prepare_cached("SELECT hash, person, face, expires_at, used_at FROM session")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(person) = tables.people.get(&PersonId::from_bytes(row.get(1)?)) else { continue };
            let organisation = person.organisation.and_then(|id| tables.organisations.get(&id).cloned());
            let Some(principal) = of_person(person, organisation) else { continue };
            let face = if row.get_ref(2)?.as_str().unwrap_or_default() == "cell" { Face::Cell } else { Face::Member };
            if face == principal.face {
                let held = Held::session(Arc::new(principal), Timestamp::from_millis(row.get(3)?), row.get(4)?);
                tables.sessions.insert(row.get(0)?, held);
            }
        }
        let mut statement = connection.prepare_cached(
            "SELECT hash, organisation, warn, know, expires_at, scopes, used_day FROM key WHERE revoked = 0",
        )?;
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
                means: Means::Key(Scopes::from_names(row.get_ref(5)?.as_str().unwrap_or_default())),
            };
            let expires_at: Option<i64> = row.get(4)?;
            let held = Held {
                principal: Arc::new(principal),
                expires_at: expires_at.map(Timestamp::from_millis),
                used: Arc::new(Use::of_day(row.get(6)?)),
            };
            tables.keys.insert(row.get(0)?, held);
        }
        tables.load_devices(connection)?;
        let mut statement = connection
            .prepare_cached("SELECT person FROM totp WHERE confirmed = 1 UNION SELECT person FROM passkey")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            tables.second.insert(PersonId::from_bytes(row.get(0)?));
        }
        tables.populations = populations(&tables.organisations);
        tables.lanes = lanes(&tables.populations);
        Ok(tables)
    }

    /// Walls, each with what its maker may see now: nothing, if the maker may not sign in any more.
    fn load_devices(&mut self, connection: &Connection) -> Result<(), RegisterError> {
        let mut statement = connection.prepare_cached(
            "SELECT hash, maker, organisation, face, label, expires_at, used_day FROM device WHERE hash IS NOT NULL",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let organisation: Option<[u8; 16]> = row.get(2)?;
            let maker = self.people.get(&PersonId::from_bytes(row.get(1)?));
            // A maker who has moved to another firm, or side, left the walls behind.
            let same = |person: &&Person| {
                person.organisation == organisation.map(OrganisationId::from_bytes)
                    && face_text(person.role.face())
                        == row.get_ref(3).ok().and_then(|face| face.as_str().ok()).unwrap_or_default()
            };
            let Some(maker) = maker.filter(same) else { continue };
            let organisation = maker.organisation.and_then(|id| self.organisations.get(&id).cloned());
            let Some(principal) = of_person(maker, organisation) else { continue };
            let principal = Principal { person: None, name: row.get(4)?, means: Means::Device, ..principal };
            let held = Held {
                principal: Arc::new(principal),
                expires_at: Some(Timestamp::from_millis(row.get(5)?)),
                used: Arc::new(Use::of_day(row.get(6)?)),
            };
            self.devices.insert(row.get(0)?, held);
        }
        Ok(())
    }

    /// Takes over from the tables before when credentials were last used: what is stored lags behind.
    pub(crate) fn keep_uses(&mut self, before: &Self) {
        for (now, before) in [
            (&mut self.sessions, &before.sessions),
            (&mut self.keys, &before.keys),
            (&mut self.devices, &before.devices),
        ] {
            for (hash, held) in now {
                if let Some(before) = before.get(hash) {
                    held.used = Arc::clone(&before.used);
                }
            }
        }
    }
}
