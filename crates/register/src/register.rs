//! The register: makes and checks, with every check answered from memory.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use model::{Clock, Entropy, OrganisationId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::credentials::{self, Secret};
use crate::held::{OTHER_SECTORS, PERSON_COLUMNS, Tables, of_person, person};
use crate::insert::NAME_CHARS_MAX;
use crate::joining::dormancy;
use crate::nouns::{Face, Organisation, Populations, Principal};
use crate::password::{self, PASSWORD_BYTES_MAX, PasswordCost};
use crate::schema;
use crate::throttle::{Throttle, Try};

/// How long a session lasts.
const SESSION_MILLIS: i64 = 12 * 3_600_000;
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
    throttle: Mutex<Throttle>,
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
        Self::with(schema::open(None)?, clock, entropy, cost)
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
    fn tables(&self) -> RwLockReadGuard<'_, Tables> {
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

    /// Signs somebody in: slow on purpose (Argon2), so call it where blocking is allowed.
    ///
    /// # Errors
    /// [`SignInError`]; one answer for every way of being wrong.
    pub fn sign_in(
        &self,
        face: Face,
        email: &str,
        password: &str,
        address: &str,
    ) -> Result<(Secret, Arc<Principal>), SignInError> {
        let now = self.clock.now();
        let account = email.trim().to_lowercase();
        let account: String = account.chars().take(NAME_CHARS_MAX).collect();
        let attempt = Try::new(face, &account, address);
        let wait = self.throttle.lock().unwrap_or_else(PoisonError::into_inner).wait(&attempt, now);
        if wait > 0 {
            return Err(SignInError::Wait(wait));
        }
        let stored: Option<([u8; 16], String)> = self
            .connection()
            .query_row(
                "SELECT id, password FROM person WHERE email = ?1 AND closed = 0 AND password IS NOT NULL",
                [&account],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(RegisterError::from)?;
        let hash = stored.as_ref().map_or(self.nobody.as_str(), |(_, hash)| hash);
        let right = password.len() <= PASSWORD_BYTES_MAX && password::check(hash, password);
        drop(self.tables());
        let connection = self.connection();
        let principal = match stored.filter(|_| right) {
            // Under the connection's lock no change comes between this look and the session: a password that was
            // changed or a person who was disabled while we hashed is refused.
            Some((id, hash)) => self.who_signs_in(&connection, id, &hash, face)?,
            None => None,
        };
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(principal) = principal else {
            throttle.failed(&attempt, now);
            return Err(SignInError::Wrong);
        };
        throttle.succeeded(&attempt, now);
        drop(throttle);
        let token = credentials::session(&*self.entropy);
        let expires_at = now.plus_millis(SESSION_MILLIS);
        let hash = credentials::digest(token.expose());
        let face_text = if face == Face::Cell { "cell" } else { "member" };
        let person = principal.person.map(|id| *id.as_bytes()).unwrap_or_default();
        connection
            .execute("DELETE FROM session WHERE expires_at < ?1", [now.as_millis()])
            .and_then(|_| {
                connection.execute(
                    "INSERT INTO session(hash, person, face, expires_at) VALUES (?1, ?2, ?3, ?4)",
                    params![hash, person, face_text, expires_at.as_millis()],
                )
            })
            .map_err(RegisterError::from)?;
        if let Some(organisation) = principal.organisation.as_ref().filter(|_| face == Face::Member) {
            dormancy::used(&connection, now, organisation.id)?;
        }
        self.reload(&connection)?;
        // As the tables have it by now: a dormant organisation takes part again by this very sign-in.
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let held = principal.person.and_then(|id| tables.people.get(&id)?.principal_at(now).cloned());
        Ok((token, held.unwrap_or_else(|| Arc::new(principal))))
    }

    /// Whom a password that was right just now signs in, if it still is.
    fn who_signs_in(
        &self,
        connection: &Connection,
        id: [u8; 16],
        hash: &str,
        face: Face,
    ) -> Result<Option<Principal>, RegisterError> {
        let sql = format!("SELECT {PERSON_COLUMNS} FROM person WHERE id = ?1 AND password = ?2 AND closed = 0");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![id, hash])?;
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
        if held.face != face || held.expires_at <= now {
            return None;
        }
        let principal = tables.people.get(&held.person)?.principal_at(now)?;
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
        let ended = held.expires_at.is_some_and(|end| end <= self.clock.now());
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
