//! The register as it is held in memory: every check is a look-up, and what changed is read anew row by row, another
//! process's changes within a second.

mod answers;
mod devices;
mod sessions;

use answers::answers;
pub(crate) use answers::warn_text;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{OrganisationId, PersonId, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::Assets;
use rusqlite::{Connection, Row};

use crate::groups::Groups;
use crate::lanes::{lanes, populations};
use crate::nouns::{
    Answers, Face, Means, Organisation, OrganisationClass, Person, Populations, Principal, Secondment, Status,
};
use crate::register::RegisterError;
use crate::rights::{Right, Rights, Role};
use crate::scopes::{Scope, Scopes};
use crate::sessions::Use;

/// Changes that are read one by one; beyond that everything is read anew.
const CHANGES_MAX: i64 = 20_000;

/// Somebody with a session or a wall.
pub(crate) struct Present {
    pub(crate) person: Person,
    /// What their sessions stand for; `None` while they may not sign in.
    pub(crate) principal: Option<Arc<Principal>>,
    /// Whether there is a passkey or an authenticator app.
    pub(crate) second: bool,
    /// Whether there is a password or a passkey.
    pub(crate) any: bool,
    /// Sessions and walls that hold this entry.
    sessions: usize,
}

impl Present {
    /// What a session of theirs stands for at a time: a secondee's ends with the vetting.
    pub(crate) fn principal_at(&self, now: Timestamp) -> Option<&Arc<Principal>> {
        let vetted = self.person.secondment.as_ref().is_none_or(|held| now < held.vetted_until);
        self.principal.as_ref().filter(|_| vetted)
    }
}

/// A machine key that was not revoked.
pub(crate) struct HeldKey {
    organisation: OrganisationId,
    answers: Answers,
    scopes: Scopes,
    pub(crate) used: Arc<Use>,
    pub(crate) expires_at: Option<Timestamp>,
    /// What it stands for; `None` while the organisation takes no part.
    pub(crate) principal: Option<Arc<Principal>>,
}

/// Everything that checks need: every organisation, but only those people who have a session.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) organisations: HashMap<OrganisationId, Arc<Organisation>>,
    pub(crate) by_name: HashMap<String, OrganisationId>,
    pub(crate) people: HashMap<PersonId, Present>,
    people_of: HashMap<OrganisationId, HashSet<PersonId>>,
    pub(crate) sessions: HashMap<[u8; 32], sessions::HeldSession>,
    pub(crate) devices: HashMap<[u8; 32], devices::HeldDevice>,
    pub(crate) keys: HashMap<[u8; 32], HeldKey>,
    keys_of: HashMap<OrganisationId, HashSet<[u8; 32]>>,
    pub(crate) populations: Populations,
    pub(crate) lanes: Vec<(String, String)>,
    pub(crate) groups: Groups,
    /// The last change that is in here.
    seen: i64,
}

/// What an organisation's status, how it stands to the terms, and what is only proposed as its own leave of rights.
fn left_by(organisation: &Organisation, rights: Rights) -> Rights {
    match organisation.status {
        Status::Active if !organisation.overdue && organisation.proposed => rights.without(Right::Report),
        Status::Active if !organisation.overdue => rights,
        Status::Active | Status::Dormant => rights.reading(),
        Status::Invited | Status::Suspended | Status::Left => Rights::NONE,
    }
}

/// What a person's sessions stand for; `None` if the person may not sign in.
pub(crate) fn of_person(person: &Person, organisation: Option<Arc<Organisation>>) -> Option<Principal> {
    if person.disabled {
        return None;
    }
    let mut rights = person.role.rights();
    if person.role.face() == Face::Member {
        let held = organisation.as_ref()?;
        if !held.status.admits() {
            return None;
        }
        rights = left_by(held, rights);
    }
    // A secondee without vetting or wall is nobody: better no access than too much.
    // One whose home takes no part any more is lent by nobody.
    let lent = person.secondment.is_some() && organisation.as_ref().is_some_and(|home| home.status.admits());
    if person.role == Role::Secondee && !lent {
        return None;
    }
    Some(Principal {
        face: person.role.face(),
        role: person.role,
        rights,
        wall: person.secondment.as_ref().map(|held| held.wall.clone()).unwrap_or_default().into(),
        person: Some(person.id),
        name: person.name.clone(),
        organisation,
        answers: None,
        means: Means::Session,
    })
}

fn of_key(organisation: Option<&Arc<Organisation>>, answers: Answers, scopes: Scopes) -> Option<Arc<Principal>> {
    let organisation = organisation.filter(|held| held.status.admits())?;
    let mut rights = Vec::new();
    if scopes.has(Scope::ReadReleased) {
        rights.extend([Right::ReadReleased, Right::ReadGroups, Right::ReadAdvisories]);
    }
    if scopes.has(Scope::Report) || scopes.has(Scope::Import) {
        rights.push(Right::Report);
    }
    let rights = Rights::of(&rights);
    Some(Arc::new(Principal {
        face: Face::Member,
        role: Role::Reporter,
        rights: left_by(organisation, rights),
        wall: Arc::default(),
        person: None,
        name: organisation.name.clone(),
        organisation: Some(Arc::clone(organisation)),
        answers: Some(answers),
        means: Means::Key(scopes),
    }))
}

/// Columns of a person, as [`person`] reads them.
pub(crate) const PERSON_COLUMNS: &str = "id, email, name, organisation, role, disabled, vetting, vetted_until, wall";

/// Reads a row of [`PERSON_COLUMNS`].
pub(crate) fn person(row: &Row<'_>) -> Result<Person, RegisterError> {
    let role: String = row.get(4)?;
    let role = Role::from_name(&role).ok_or_else(|| RegisterError::Stored(format!("{role:?} is no role")))?;
    let organisation: Option<[u8; 16]> = row.get(3)?;
    let (vetting, until): (Option<String>, Option<i64>) = (row.get(6)?, row.get(7)?);
    let secondment = match (vetting, until) {
        (Some(vetting), Some(until)) => Some(Secondment {
            vetting,
            vetted_until: Timestamp::from_millis(until),
            wall: row
                .get_ref(8)?
                .as_str()
                .unwrap_or_default()
                .split_terminator(',')
                .map(|sector| sector.parse().map_err(RegisterError::Stored))
                .collect::<Result<_, _>>()?,
        }),
        _ => None,
    };
    Ok(Person {
        id: PersonId::from_bytes(row.get(0)?),
        email: row.get(1)?,
        name: row.get(2)?,
        organisation: organisation.map(OrganisationId::from_bytes),
        role,
        disabled: row.get(5)?,
        secondment,
    })
}

fn assets(connection: &Connection, id: [u8; 16]) -> Result<Assets, RegisterError> {
    let mut held = Assets::default();
    let mut statement = connection.prepare_cached("SELECT kind, value FROM asset WHERE organisation = ?1")?;
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        match row.get_ref(0)?.as_str().unwrap_or_default() {
            "domain" => held.domains.push(row.get(1)?),
            "range" => held.ranges.push(row.get(1)?),
            "brand" => held.brands.push(row.get(1)?),
            // Kinds of a newer program say nothing to this one.
            _ => {}
        }
    }
    Ok(held)
}

const ORGANISATION_COLUMNS: &str = "id, name, class, sector, region, status, overdue, own_confirmed";

fn organisation(connection: &Connection, row: &Row<'_>) -> Result<Organisation, RegisterError> {
    let bytes: [u8; 16] = row.get(0)?;
    let (class, sector, status): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(5)?);
    let region: Option<String> = row.get(4)?;
    let stored = |what: &str| RegisterError::Stored(format!("{what:?} is no class or status"));
    let held = assets(connection, bytes)?;
    Ok(Organisation {
        id: OrganisationId::from_bytes(bytes),
        name: row.get(1)?,
        class: OrganisationClass::from_name(&class).ok_or_else(|| stored(&class))?,
        sector: sector.parse().map_err(RegisterError::Stored)?,
        region: region.map(|region| region.parse()).transpose().map_err(RegisterError::Stored)?,
        status: Status::from_name(&status).ok_or_else(|| stored(&status))?,
        overdue: row.get(6)?,
        proposed: !row.get::<_, bool>(7)? && held != Assets::default(),
        assets: held,
    })
}

fn face(text: &str) -> Face {
    if text == "cell" { Face::Cell } else { Face::Member }
}

impl Tables {
    /// Reads everything anew.
    pub(crate) fn load(connection: &Connection) -> Result<Self, RegisterError> {
        // The number first: what changes while we read is read once more.
        let last = "SELECT coalesce(max(seq), 0) FROM changed";
        let mut tables = Self { seen: connection.query_row(last, [], |row| row.get(0))?, ..Self::default() };
        let mut statement = connection.prepare(&format!("SELECT {ORGANISATION_COLUMNS} FROM organisation"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            tables.put_organisation(organisation(connection, row)?);
        }
        for (noun, sql) in [
            ("session", "SELECT hash FROM session"),
            ("device", "SELECT hash FROM device WHERE hash IS NOT NULL"),
            ("key", "SELECT hash FROM key WHERE revoked = 0"),
        ] {
            let mut statement = connection.prepare(sql)?;
            let hashes = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<[u8; 32]>, _>>()?;
            for hash in hashes {
                match noun {
                    "session" => tables.read_session(connection, hash)?,
                    "device" => tables.read_device(connection, hash)?,
                    _ => tables.read_key(connection, hash)?,
                }
            }
        }
        tables.groups = Groups::load(connection)?;
        tables.count();
        Ok(tables)
    }

    /// Reads anew what has changed since; tells whether anything but a new session has.
    pub(crate) fn catch_up(&mut self, connection: &Connection) -> Result<bool, RegisterError> {
        let (first, last): (i64, i64) = connection
            .prepare_cached("SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM changed")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if last == self.seen {
            return Ok(false);
        }
        if first > self.seen.saturating_add(1) || last.saturating_sub(self.seen) > CHANGES_MAX {
            let before = std::mem::replace(self, Self::load(connection)?);
            self.keep_uses(&before);
            return Ok(true);
        }
        let (mut organisations, mut people) = (HashSet::new(), HashSet::new());
        let (mut sessions, mut keys, mut devices) = (HashSet::new(), HashSet::new(), HashSet::new());
        let mut groups = HashSet::new();
        let mut statement =
            connection.prepare_cached("SELECT seq, noun, id FROM changed WHERE seq > ?1 ORDER BY seq")?;
        let mut rows = statement.query([self.seen])?;
        let mut seen = self.seen;
        while let Some(row) = rows.next()? {
            seen = row.get(0)?;
            match row.get_ref(1)?.as_str().unwrap_or_default() {
                "organisation" => drop(organisations.insert(row.get::<_, [u8; 16]>(2)?)),
                "person" => drop(people.insert(row.get::<_, [u8; 16]>(2)?)),
                "session" => drop(sessions.insert(row.get::<_, [u8; 32]>(2)?)),
                "group" => drop(groups.insert(row.get::<_, [u8; 16]>(2)?)),
                "key" => drop(keys.insert(row.get::<_, [u8; 32]>(2)?)),
                "device" => drop(devices.insert(row.get::<_, [u8; 32]>(2)?)),
                // Nouns of a newer program say nothing to this one.
                _ => {}
            }
        }
        drop(rows);
        let mut news = !(organisations.is_empty() && people.is_empty() && keys.is_empty());
        news |= !(devices.is_empty() && groups.is_empty());
        let counted = !organisations.is_empty();
        for id in organisations {
            self.read_organisation(connection, id)?;
        }
        for id in people {
            self.read_person(connection, PersonId::from_bytes(id))?;
        }
        for hash in sessions {
            self.read_session(connection, hash)?;
            news |= !self.sessions.contains_key(&hash);
        }
        for hash in keys {
            self.read_key(connection, hash)?;
        }
        for id in groups {
            self.groups.read(connection, id)?;
        }
        for hash in devices {
            self.read_device(connection, hash)?;
        }
        if counted {
            self.count();
        }
        // Only now: a change that could not be read, a revocation perhaps, must not count as seen.
        self.seen = seen;
        Ok(news)
    }

    fn count(&mut self) {
        self.populations = populations(&self.organisations);
        self.lanes = lanes(&self.populations);
    }

    fn put_organisation(&mut self, organisation: Organisation) {
        let id = organisation.id;
        let folded = organisation.name.to_lowercase();
        if let Some(before) = self.organisations.get(&id).map(|before| before.name.to_lowercase())
            // Another may have taken the name meanwhile.
            && self.by_name.get(&before) == Some(&id)
        {
            self.by_name.remove(&before);
        }
        self.by_name.insert(folded, id);
        self.organisations.insert(id, Arc::new(organisation));
    }

    fn read_organisation(&mut self, connection: &Connection, id: [u8; 16]) -> Result<(), RegisterError> {
        let sql = format!("SELECT {ORGANISATION_COLUMNS} FROM organisation WHERE id = ?1");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([id])?;
        let id = OrganisationId::from_bytes(id);
        if let Some(row) = rows.next()? {
            self.put_organisation(organisation(connection, row)?);
        } else if let Some(gone) = self.organisations.remove(&id) {
            self.by_name.remove(&gone.name.to_lowercase());
        }
        let held = self.organisations.get(&id);
        for person in self.people_of.get(&id).into_iter().flatten() {
            if let Some(present) = self.people.get_mut(person) {
                present.principal = of_person(&present.person, held.cloned()).map(Arc::new);
            }
        }
        for hash in self.keys_of.get(&id).into_iter().flatten() {
            if let Some(key) = self.keys.get_mut(hash) {
                key.principal = of_key(held, key.answers, key.scopes);
            }
        }
        Ok(())
    }

    /// Reads somebody anew who has a session; others are read when they get one.
    fn read_person(&mut self, connection: &Connection, id: PersonId) -> Result<(), RegisterError> {
        let Some(sessions) = self.people.get(&id).map(|present| present.sessions) else { return Ok(()) };
        self.forget(id);
        self.put_person(connection, id, sessions)
    }

    fn put_person(&mut self, connection: &Connection, id: PersonId, sessions: usize) -> Result<(), RegisterError> {
        let sql = format!("SELECT {PERSON_COLUMNS} FROM person WHERE id = ?1 AND closed = 0");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([id.as_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(()) };
        let person = person(row)?;
        let organisation = person.organisation.and_then(|id| self.organisations.get(&id).cloned());
        if let Some(organisation) = person.organisation {
            self.people_of.entry(organisation).or_default().insert(id);
        }
        let principal = of_person(&person, organisation).map(Arc::new);
        let (second, any) = connection
            .prepare_cached(
                "SELECT EXISTS(SELECT 1 FROM totp WHERE person = ?1 AND confirmed = 1)
                 OR EXISTS(SELECT 1 FROM passkey WHERE person = ?1),
                 EXISTS(SELECT 1 FROM person WHERE id = ?1 AND password IS NOT NULL)
                 OR EXISTS(SELECT 1 FROM passkey WHERE person = ?1)",
            )?
            .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.people.insert(id, Present { person, principal, second, any, sessions });
        Ok(())
    }

    fn forget(&mut self, id: PersonId) {
        let Some(gone) = self.people.remove(&id) else { return };
        if let Some(organisation) = gone.person.organisation
            && let Some(people) = self.people_of.get_mut(&organisation)
        {
            people.remove(&id);
            if people.is_empty() {
                self.people_of.remove(&organisation);
            }
        }
    }

    /// One session or wall more of somebody.
    pub(super) fn hold(&mut self, connection: &Connection, person: PersonId) -> Result<(), RegisterError> {
        match self.people.get_mut(&person) {
            Some(present) => {
                present.sessions += 1;
                Ok(())
            }
            None => self.put_person(connection, person, 1),
        }
    }

    /// One session or wall less.
    pub(super) fn let_go(&mut self, person: PersonId) {
        if let Some(present) = self.people.get_mut(&person) {
            present.sessions = present.sessions.saturating_sub(1);
            if present.sessions == 0 {
                self.forget(person);
            }
        }
    }

    fn read_key(&mut self, connection: &Connection, hash: [u8; 32]) -> Result<(), RegisterError> {
        let mut used = None;
        if let Some(old) = self.keys.remove(&hash) {
            used = Some(old.used);
            if let Some(keys) = self.keys_of.get_mut(&old.organisation) {
                keys.remove(&hash);
                if keys.is_empty() {
                    self.keys_of.remove(&old.organisation);
                }
            }
        }
        let sql =
            "SELECT organisation, warn, know, expires_at, scopes, used_day FROM key WHERE hash = ?1 AND revoked = 0";
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([hash])?;
        let Some(row) = rows.next()? else { return Ok(()) };
        let organisation = OrganisationId::from_bytes(row.get(0)?);
        let expires_at: Option<i64> = row.get(3)?;
        let answers =
            answers(row.get_ref(1)?.as_str().unwrap_or_default(), row.get_ref(2)?.as_str().unwrap_or_default());
        let scopes = Scopes::from_names(row.get_ref(4)?.as_str().unwrap_or_default());
        let principal = of_key(self.organisations.get(&organisation), answers, scopes);
        let expires_at = expires_at.map(Timestamp::from_millis);
        let used = used.unwrap_or(Arc::new(Use::of_day(row.get(5)?)));
        self.keys.insert(hash, HeldKey { organisation, answers, scopes, used, expires_at, principal });
        self.keys_of.entry(organisation).or_default().insert(hash);
        Ok(())
    }

    /// The number of the last change that is in here.
    pub(crate) const fn seen(&self) -> i64 {
        self.seen
    }
}
