//! The register: makes and checks, with every check answered from memory.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use model::{Clock, Entropy, OrganisationId, PersonId, Timestamp};
use rusqlite::{Connection, params};

use crate::credentials::{self, Secret};
use crate::held::{Held, OTHER_SECTORS, Tables};
use crate::insert::{checked_email, checked_name, insert_key, insert_organisation};
use crate::nouns::{
    Answers, Face, NewOrganisation, NewPerson, Organisation, Person, Populations, Principal, Role, Status,
};
use crate::password::{self, PasswordCost};
use crate::schema;
use crate::seal::SealKey;
use crate::signin::{Challenges, Demand, SecondStep};
use crate::throttle::Throttle;

/// How often another process's changes are looked for, at most.
const LOOK_MILLIS: i64 = 250;

/// What can go wrong with the register.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The database.
    #[error("register: {0}")]
    Store(#[from] rusqlite::Error),
    /// SQLite is older than 3.51.3.
    #[error("register: SQLite {0} is older than 3.51.3")]
    SqliteTooOld(&'static str),
    /// The store was made by a newer program.
    #[error("register: made by a newer program")]
    Newer,
    /// Something stored cannot be read.
    #[error("register: {0}")]
    Stored(String),
    /// A name or address is taken.
    #[error("{0:?} exists already")]
    Exists(String),
    /// Nothing of this name.
    #[error("there is no {0}")]
    Absent(String),
    /// Not to be accepted.
    #[error("{0}")]
    Refused(String),
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown address, wrong password, wrong listener: one answer for all.
    #[error("e-mail address or password is wrong")]
    Wrong,
    /// The password is right, and a second factor is wanted.
    #[error("a second factor is wanted")]
    Second(SecondStep),
    /// Too many failed tries.
    #[error("too many failed tries: wait {0} s")]
    Wait(i64),
    /// The register itself.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

/// See the crate.
pub struct Register {
    connection: Mutex<Connection>,
    tables: RwLock<Tables>,
    pub(crate) throttle: Mutex<Throttle>,
    pub(crate) challenges: Mutex<Challenges>,
    seal: OnceLock<SealKey>,
    demand: AtomicU8,
    looked_at: AtomicI64,
    data_version: AtomicI64,
    changes: AtomicU64,
    clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) cost: PasswordCost,
    /// Hash of a password that nobody has: an unknown address costs the same work.
    nobody: String,
}

impl Register {
    /// Opens the register in a file, making it if it is absent.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be opened.
    pub fn open(
        path: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        cost: PasswordCost,
    ) -> Result<Self, RegisterError> {
        Self::with(schema::open(Some(path))?, clock, entropy, cost)
    }

    /// A register that lives and dies with the process.
    ///
    /// # Errors
    /// [`RegisterError`] if the database cannot be made.
    pub fn in_memory(
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        cost: PasswordCost,
    ) -> Result<Self, RegisterError> {
        let register = Self::with(schema::open(None)?, clock, entropy, cost)?;
        // Nothing outlives the process, so neither need the key.
        if let Some(key) = SealKey::new(&credentials::digest(register.nobody())) {
            register.seal_with(key);
        }
        Ok(register)
    }

    fn with(
        connection: Connection,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        cost: PasswordCost,
    ) -> Result<Self, RegisterError> {
        let nobody = password::store(cost, &*entropy, "nobody has this")
            .ok_or_else(|| RegisterError::Refused("password cost is not possible".into()))?;
        let tables = Tables::load(&connection)?;
        let register = Self {
            connection: Mutex::new(connection),
            tables: RwLock::new(tables),
            throttle: Mutex::default(),
            challenges: Mutex::default(),
            seal: OnceLock::new(),
            demand: AtomicU8::new(0),
            looked_at: AtomicI64::new(clock.now().as_millis()),
            data_version: AtomicI64::new(0),
            changes: AtomicU64::new(0),
            clock,
            entropy,
            cost,
            nobody,
        };
        let version = register.version(&register.connection())?;
        register.data_version.store(version, Ordering::Relaxed);
        Ok(register)
    }

    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn version(&self, connection: &Connection) -> Result<i64, RegisterError> {
        Ok(connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// The tables, read anew if another process has changed them.
    pub(crate) fn tables(&self) -> RwLockReadGuard<'_, Tables> {
        let now = self.clock.now().as_millis();
        let looked = self.looked_at.load(Ordering::Relaxed);
        let due = now.saturating_sub(looked) >= LOOK_MILLIS;
        if due && self.looked_at.compare_exchange(looked, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            // What cannot be read now is looked for again; until then the last state stands.
            let _ = self.refresh();
        }
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the tables anew if another process has changed them; tells whether it had.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read; the next call tries again.
    pub fn refresh(&self) -> Result<bool, RegisterError> {
        let connection = self.connection();
        let version = self.version(&connection)?;
        if self.data_version.load(Ordering::Relaxed) == version {
            return Ok(false);
        }
        self.reload(&connection)?;
        // Only now: a change that could not be loaded, a revocation perhaps, must not count as seen.
        self.data_version.store(version, Ordering::Relaxed);
        Ok(true)
    }

    pub(crate) fn reload(&self, connection: &Connection) -> Result<(), RegisterError> {
        let mut tables = Tables::load(connection)?;
        let mut held = self.tables_mut();
        tables.keep_uses(&held);
        *held = tables;
        drop(held);
        self.changes.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// The time by the register's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How often the tables have changed, by this process or another: whoever holds something open on the strength of a
    /// credential asks anew when this moves.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// The principal of a credential that has not ended; the look counts as its use.
    pub(crate) fn valid(&self, held: Option<&Held>) -> Option<Arc<Principal>> {
        let (held, now) = (held?, self.clock.now());
        if !held.lives(now) {
            return None;
        }
        held.used.note(now);
        Some(Arc::clone(&held.principal))
    }

    /// The tables as they are, without looking for another process's changes.
    pub(crate) fn tables_now(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn tables_mut(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hold_session(&self, hash: [u8; 32], held: Held) {
        self.tables_mut().sessions.insert(hash, held);
    }

    pub(crate) fn rename_session(&self, old: &[u8; 32], hash: [u8; 32]) {
        let mut tables = self.tables_mut();
        if let Some(held) = tables.sessions.remove(old) {
            tables.sessions.insert(hash, held);
        }
        drop(tables);
        self.changes.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn drop_sessions(&self, gone: impl Fn(&[u8; 32], &Held) -> bool) {
        self.tables_mut().sessions.retain(|hash, held| !gone(hash, held));
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// Follows a change of who has which factors.
    pub(crate) fn factors_changed(&self, connection: &Connection) -> Result<(), RegisterError> {
        self.reload(connection)
    }

    /// Hands in the key under which second factors are sealed; only the first counts.
    pub fn seal_with(&self, key: SealKey) {
        // A second key would be a mistake of the caller, and the first has sealed things already.
        let _ = self.seal.set(key);
    }

    pub(crate) fn seal_key(&self) -> Result<&SealKey, RegisterError> {
        self.seal.get().ok_or_else(|| RegisterError::Refused("the key of the second factors is not at hand".into()))
    }

    pub(crate) fn set_demand(&self, demand: u8) {
        self.demand.store(demand, Ordering::Relaxed);
    }

    /// Who must have a second factor.
    #[must_use]
    pub fn demand(&self) -> Demand {
        Demand::from_u8(self.demand.load(Ordering::Relaxed))
    }

    pub(crate) fn nobody(&self) -> &str {
        &self.nobody
    }

    /// Whom a session token stands for at a listener.
    #[must_use]
    pub fn session(&self, face: Face, token: &str) -> Option<Arc<Principal>> {
        if !credentials::is_session(token) {
            return None;
        }
        let tables = self.tables();
        self.valid(tables.sessions.get(&credentials::digest(token))).filter(|principal| principal.face == face)
    }

    /// Whom a machine key stands for; keys work at the members' listener only.
    #[must_use]
    pub fn key(&self, text: &str) -> Option<Arc<Principal>> {
        if !credentials::is_key(text) {
            return None;
        }
        let tables = self.tables();
        self.valid(tables.keys.get(&credentials::digest(text)))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be stored.
    pub fn sign_out(&self, token: &str) -> Result<(), RegisterError> {
        let hash = credentials::digest(token);
        // From the database first, and with its lock held: tables that are read anew meanwhile cannot bring it back.
        let connection = self.connection();
        connection.execute("DELETE FROM session WHERE hash = ?1", [hash])?;
        self.tables_mut().sessions.remove(&hash);
        Ok(())
    }

    /// Makes organisations, all or none, each with a machine key; gives their ids and keys in order.
    ///
    /// # Errors
    /// [`RegisterError::Exists`] if a name is taken.
    pub fn create_members(
        &self,
        members: &[NewOrganisation],
        label: &str,
        answers: Answers,
    ) -> Result<Vec<(OrganisationId, Secret)>, RegisterError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let mut made = Vec::with_capacity(members.len());
        for member in members {
            let id = insert_organisation(&transaction, &*self.entropy, member)?;
            made.push((id, insert_key(&transaction, &*self.entropy, &self.whole_key(id, label, answers, None))?));
        }
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(made)
    }

    /// Makes an organisation.
    ///
    /// # Errors
    /// [`RegisterError::Exists`] if its name is taken.
    pub fn create_organisation(&self, new: &NewOrganisation) -> Result<OrganisationId, RegisterError> {
        let connection = self.connection();
        let id = insert_organisation(&connection, &*self.entropy, new)?;
        self.reload(&connection)?;
        Ok(id)
    }

    /// Suspends an organisation or lets it take part again; its sessions and keys follow at once.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none.
    pub fn set_status(&self, id: OrganisationId, status: Status) -> Result<(), RegisterError> {
        let connection = self.connection();
        let changed = connection.execute(
            "UPDATE organisation SET suspended = ?2 WHERE id = ?1",
            params![id.as_bytes(), status == Status::Suspended],
        )?;
        if changed == 0 {
            return Err(RegisterError::Absent(format!("organisation {id}")));
        }
        self.reload(&connection)
    }

    /// Makes somebody who can sign in.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if the password is too short, the address is none, or role and organisation do not fit.
    pub fn create_person(&self, new: &NewPerson, password: &str) -> Result<PersonId, RegisterError> {
        let (email, name) = (checked_email(&new.email)?, checked_name(&new.name)?);
        self.check_belonging(new)?;
        let stored = self.hashed(password)?;
        let id = PersonId::from_bytes(self.entropy.bytes());
        let connection = self.connection();
        let inserted = connection.execute(
            "INSERT OR IGNORE INTO person(id, email, name, organisation, role, password) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id.as_bytes(), email, name, new.organisation.map(|id| *id.as_bytes()), new.role.as_str(), stored],
        )?;
        if inserted == 0 {
            return Err(RegisterError::Exists(email));
        }
        self.reload(&connection)?;
        Ok(id)
    }

    /// Members belong to an organisation, people of the cell to none.
    pub(crate) fn check_belonging(&self, new: &NewPerson) -> Result<(), RegisterError> {
        match (new.role, new.organisation) {
            (Role::Member, None) => Err(RegisterError::Refused("a member belongs to an organisation".into())),
            (Role::Analyst | Role::Lead, Some(_)) => {
                Err(RegisterError::Refused("people of the cell belong to no member organisation".into()))
            }
            (Role::Member, Some(id)) if self.organisation(id).is_none() => {
                Err(RegisterError::Absent(format!("organisation {id}")))
            }
            _ => Ok(()),
        }
    }

    /// Makes the first cell lead; refused if there is one.
    ///
    /// # Errors
    /// As [`Register::create_person`].
    pub fn init_lead(&self, email: &str, name: &str, password: &str) -> Result<PersonId, RegisterError> {
        if self.tables().people.values().any(|person| person.role == Role::Lead) {
            return Err(RegisterError::Refused("there is a cell lead already".into()));
        }
        let new = NewPerson { email: email.to_owned(), name: name.to_owned(), organisation: None, role: Role::Lead };
        self.create_person(&new, password)
    }

    /// An organisation.
    #[must_use]
    pub fn organisation(&self, id: OrganisationId) -> Option<Arc<Organisation>> {
        self.tables().organisations.get(&id).cloned()
    }

    /// An organisation by its name, without regard to case.
    #[must_use]
    pub fn organisation_named(&self, name: &str) -> Option<Arc<Organisation>> {
        let folded = name.trim().to_lowercase();
        self.tables().organisations.values().find(|organisation| organisation.name.to_lowercase() == folded).cloned()
    }

    /// Every organisation by name.
    #[must_use]
    pub fn organisations(&self) -> Vec<Arc<Organisation>> {
        let mut all: Vec<_> = self.tables().organisations.values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Everybody by e-mail address.
    #[must_use]
    pub fn people(&self) -> Vec<Person> {
        let mut all: Vec<_> = self.tables().people.values().cloned().collect();
        all.sort_by(|a, b| a.email.cmp(&b.email));
        all
    }

    /// How many members there are, by sector and region.
    #[must_use]
    pub fn populations(&self) -> Populations {
        self.tables().populations.clone()
    }

    /// The lanes under which the cell sees sectors: those with ten members or more, and the rest as one declared group if
    /// that has ten.
    #[must_use]
    pub fn lanes(&self) -> Vec<(String, String)> {
        self.tables().lanes.clone()
    }

    /// The declared group that an organisation's sector appears under; `None` if it may not appear at all.
    #[must_use]
    pub fn sector_group(&self, organisation: &Organisation) -> Option<String> {
        let tables = self.tables();
        let has = |id: &str| tables.lanes.iter().any(|(lane, _)| lane == id);
        let own = organisation.sector.as_str();
        if has(own) { Some(own.to_owned()) } else { has(OTHER_SECTORS.0).then(|| OTHER_SECTORS.0.to_owned()) }
    }
}
