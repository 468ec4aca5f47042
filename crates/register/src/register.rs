//! The register: makes and checks, with every check answered from memory.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use model::{Clock, Entropy, OrganisationId, PersonId, Timestamp};
use rusqlite::{Connection, params};

use crate::credentials;
use crate::held::{PERSON_COLUMNS, Tables, of_person, person};
use crate::joining::Delivery;
use crate::lanes::{group_of, is_counted};
use crate::nouns::{Face, Organisation, Populations, Principal};
use crate::password::{self, PasswordCost};
use crate::schema;
use crate::seal::SealKey;
use crate::sessions::SESSION_IDLE_MILLIS;
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
    /// It does not go with what is there.
    #[error("{0}")]
    Conflict(String),
    /// Whoever asks may not do this.
    #[error("your role may not do this")]
    NoRight,
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
    outbox: OnceLock<SealKey>,
    demand: AtomicU8,
    by_mail: AtomicBool,
    looked_at: AtomicI64,
    data_version: AtomicI64,
    changes: AtomicU64,
    /// The last change that was followed when uses were last noted.
    pub(crate) followed: AtomicI64,
    /// The last change that was removed, since every process has followed it.
    pub(crate) forgotten: AtomicI64,
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
        register.seal_in_memory();
        Ok(register)
    }

    /// A register in memory that begins as another in memory stands, with its people and sessions: what many houses of one
    /// kind begin with is made once.
    ///
    /// # Errors
    /// [`RegisterError`] if the database cannot be copied.
    pub fn copied(&self, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, RegisterError> {
        let connection = schema::copy(&self.connection())?;
        let copy = Self::beside(connection, clock, entropy, self.cost, self.nobody.clone())?;
        copy.tables_now().remember(&self.tables_now());
        copy.seal_in_memory();
        copy.demand.store(self.demand.load(Ordering::Relaxed), Ordering::Relaxed);
        copy.by_mail.store(self.by_mail.load(Ordering::Relaxed), Ordering::Relaxed);
        Ok(copy)
    }

    /// Nothing outlives the process, so neither need the keys.
    fn seal_in_memory(&self) {
        if let Some(key) = SealKey::new(&credentials::digest(self.nobody())) {
            self.seal_with(key);
        }
        if let Some(key) = SealKey::new(&credentials::digest("outbox")) {
            self.seal_outbox_with(key);
        }
    }

    fn with(
        connection: Connection,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        cost: PasswordCost,
    ) -> Result<Self, RegisterError> {
        let nobody = password::store(cost, &*entropy, "nobody has this")
            .ok_or_else(|| RegisterError::Refused("password cost is not possible".into()))?;
        Self::beside(connection, clock, entropy, cost, nobody)
    }

    fn beside(
        connection: Connection,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        cost: PasswordCost,
        nobody: String,
    ) -> Result<Self, RegisterError> {
        let tables = Tables::load(&connection)?;
        let register = Self {
            connection: Mutex::new(connection),
            tables: RwLock::new(tables),
            throttle: Mutex::default(),
            challenges: Mutex::default(),
            seal: OnceLock::new(),
            outbox: OnceLock::new(),
            demand: AtomicU8::new(0),
            by_mail: AtomicBool::new(false),
            looked_at: AtomicI64::new(clock.now().as_millis()),
            data_version: AtomicI64::new(0),
            changes: AtomicU64::new(0),
            followed: AtomicI64::new(0),
            forgotten: AtomicI64::new(0),
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
        // Only now: a change that could not be read must not count as seen.
        self.data_version.store(version, Ordering::Relaxed);
        Ok(true)
    }

    /// Takes over what has changed in the store.
    pub(crate) fn reload(&self, connection: &Connection) -> Result<(), RegisterError> {
        let news = self.tables.write().unwrap_or_else(PoisonError::into_inner).catch_up(connection)?;
        if news {
            self.changes.fetch_add(1, Ordering::Release);
        }
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

    /// The tables as they are, without looking for another process's changes.
    pub(crate) fn tables_now(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands in the key under which second factors are sealed; only the first counts.
    pub fn seal_with(&self, key: SealKey) {
        // A second key would be a mistake of the caller, and the first has sealed things already.
        let _ = self.seal.set(key);
    }

    pub(crate) fn seal_key(&self) -> Result<&SealKey, RegisterError> {
        self.seal.get().ok_or_else(|| RegisterError::Refused("the key of the second factors is not at hand".into()))
    }

    /// Hands in the key under which addresses and texts of the outbox are sealed; only the first counts. It is the cell's
    /// process alone that has it.
    pub fn seal_outbox_with(&self, key: SealKey) {
        let _ = self.outbox.set(key);
    }

    pub(crate) fn outbox_key(&self) -> Result<&SealKey, RegisterError> {
        self.outbox.get().ok_or_else(|| RegisterError::Refused("the key of the outbox is not at hand".into()))
    }

    /// Says that links are mailed, which whoever sends the outbox's mails does; without, they are handed over.
    pub fn deliver_by_mail(&self) {
        self.by_mail.store(true, Ordering::Relaxed);
    }

    /// How links reach whom they are for.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        if self.by_mail.load(Ordering::Relaxed) { Delivery::Mail } else { Delivery::HandOver }
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

    /// Whom a factor that was right just now signs in; if it was a password, only while it is still the same.
    pub(crate) fn who_signs_in(
        &self,
        connection: &Connection,
        id: PersonId,
        hash: Option<&str>,
        face: Face,
    ) -> Result<Option<Principal>, RegisterError> {
        let sql = format!(
            "SELECT {PERSON_COLUMNS} FROM person WHERE id = ?1 AND (?2 IS NULL OR password = ?2) AND closed = 0"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![id.as_bytes(), hash])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let person = person(row)?;
        let now = self.clock.now();
        let vetted = person.secondment.as_ref().is_none_or(|held| now < held.vetted_until);
        // What another process has just changed counts as well.
        self.reload(connection)?;
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let organisation = person.organisation.and_then(|id| tables.organisations.get(&id).cloned());
        Ok(of_person(&person, organisation).filter(|principal| vetted && principal.face == face))
    }

    /// Whom a session token stands for at a listener.
    #[must_use]
    pub fn session(&self, face: Face, token: &str) -> Option<Arc<Principal>> {
        if !credentials::is_session(token) {
            return None;
        }
        let now = self.clock.now();
        let tables = self.tables();
        let held = tables.sessions.get(&credentials::digest(token))?;
        let idle = now.as_millis().saturating_sub(held.used.at()) >= SESSION_IDLE_MILLIS;
        if held.face != face || held.ends_at() <= now || idle {
            return None;
        }
        let principal = tables.people.get(&held.person)?.principal_at(now)?;
        // The look counts as use: of a request, or of a stream that is still open.
        held.used.note(now);
        Some(Arc::clone(principal)).filter(|principal| principal.face == face)
    }

    /// Whom a machine key stands for; keys work at the members' listener only.
    #[must_use]
    pub fn key(&self, text: &str) -> Option<Arc<Principal>> {
        if !credentials::is_key(text) {
            return None;
        }
        let tables = self.tables();
        let held = tables.keys.get(&credentials::digest(text))?;
        let now = self.clock.now();
        let ended = held.expires_at.is_some_and(|end| end <= now);
        held.used.note(now);
        held.principal.clone().filter(|_| !ended)
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
        self.reload(&connection)
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
        let tables = self.tables();
        tables.by_name.get(&folded).and_then(|id| tables.organisations.get(id)).cloned()
    }

    /// Every organisation by name.
    #[must_use]
    pub fn organisations(&self) -> Vec<Arc<Organisation>> {
        let mut all: Vec<_> = self.tables().organisations.values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// How many members there are, by sector and region.
    #[must_use]
    pub fn populations(&self) -> Populations {
        self.tables().populations.clone()
    }

    /// The members by whom [`Register::populations`] are counted, each with the declared group that its cases appear under; in the order
    /// of their ids.
    #[must_use]
    pub fn members_by_group(&self) -> Vec<(OrganisationId, Option<String>)> {
        let tables = self.tables();
        let counted = tables.organisations.values().filter(|held| is_counted(held));
        let mut all: Vec<_> = counted.map(|held| (held.id, group_of(held.sector, &tables.lanes))).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all
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
        group_of(organisation.sector, &self.tables().lanes)
    }
}
