//! Sessions: begun, listed, renewed, ended; idle and absolute ends; and when what was last used, by day.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::{PersonId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::audit::DAY_MILLIS;
use crate::credentials::{self, Secret, digest, hex};
use crate::joining::dormancy;
use crate::nouns::{Face, Principal};
use crate::register::{Register, RegisterError};

/// Longest a session lasts, whatever is done with it.
pub const SESSION_MILLIS: i64 = 12 * 3_600_000;
/// How long a session lasts without a request and without an open stream.
pub const SESSION_IDLE_MILLIS: i64 = 2 * 3_600_000;
/// How long a factor counts as just shown: longer ago, it is asked for again before factors or keys are changed.
pub const FRESH_MILLIS: i64 = 10 * 60_000;
/// Sessions of one person; the oldest ends when one more begins.
const SESSIONS_EACH_MAX: u32 = 20;
const MINUTE_MILLIS: i64 = 60_000;
/// How far the use of a session that is stored may lag behind the use that is held.
const USE_LAG_MILLIS: i64 = 10 * 60_000;

/// Days since 1970.
pub(crate) const fn day(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(DAY_MILLIS)
}

pub(crate) const fn face_text(face: Face) -> &'static str {
    match face {
        Face::Member => "member",
        Face::Cell => "cell",
    }
}

/// When a credential was last used, in memory; stored from time to time.
#[derive(Debug, Default)]
pub(crate) struct Use {
    at: AtomicI64,
    noted: AtomicI64,
}

impl Use {
    pub(crate) const fn stored(at: i64) -> Self {
        Self { at: AtomicI64::new(at), noted: AtomicI64::new(at) }
    }

    /// Last used on a day, or never.
    pub(crate) fn of_day(day: Option<i64>) -> Self {
        Self::stored(day.map_or(0, |day| day * DAY_MILLIS))
    }

    pub(crate) fn at(&self) -> i64 {
        self.at.load(Ordering::Relaxed)
    }

    pub(crate) fn note(&self, now: Timestamp) {
        self.at.fetch_max(now.as_millis(), Ordering::Relaxed);
    }

    /// The time to be stored, if it lies far enough from what is.
    fn due(&self, lag: i64) -> Option<i64> {
        let (at, noted) = (self.at(), self.noted.load(Ordering::Relaxed));
        (at - noted >= lag).then(|| {
            self.noted.store(at, Ordering::Relaxed);
            at
        })
    }

    fn day_due(&self) -> Option<i64> {
        let (at, noted) = (self.at(), self.noted.load(Ordering::Relaxed));
        (at.div_euclid(DAY_MILLIS) > noted.div_euclid(DAY_MILLIS)).then(|| {
            self.noted.store(at, Ordering::Relaxed);
            at.div_euclid(DAY_MILLIS)
        })
    }
}

/// How somebody signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// By password alone.
    Password,
    /// By password and a code of an app.
    Totp,
    /// By password and a recovery code.
    Recovery,
    /// By passkey.
    Passkey,
    /// By the ticket of an invitation, to set a first factor.
    Enrolment,
}

impl SessionKind {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::Recovery => "recovery-code",
            Self::Passkey => "passkey",
            Self::Enrolment => "enrolment",
        }
    }
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// What it is told apart by: eight bytes of the hash of its token.
    pub id: String,
    /// Day it began, in days since 1970.
    pub created_day: i64,
    /// How it began.
    pub kind: String,
    /// Whether it is the one that asks.
    pub this: bool,
}

fn id_of(hash: &[u8; 32]) -> String {
    hex(hash.get(..8).unwrap_or_default())
}

fn due(uses: impl Iterator<Item = ([u8; 32], Option<i64>)>) -> Vec<([u8; 32], i64)> {
    uses.filter_map(|(hash, at)| Some((hash, at?))).collect()
}

/// The minute of a moment: nobody who has the store reads from it when exactly somebody was here.
const fn minute(millis: i64) -> i64 {
    millis.div_euclid(MINUTE_MILLIS) * MINUTE_MILLIS
}

impl Register {
    /// A random token, for what is named once and kept in memory.
    #[must_use]
    pub fn token(&self) -> Secret {
        credentials::session(&*self.entropy)
    }

    /// Begins a session under the connection's lock, so that no change comes between the look and the session: somebody
    /// who was disabled, or whose password was changed, while a factor was checked is refused.
    pub(crate) fn begin_session(
        &self,
        connection: &Connection,
        person: PersonId,
        face: Face,
        kind: SessionKind,
        password: Option<&str>,
    ) -> Result<Option<(Secret, Arc<Principal>)>, RegisterError> {
        let now = self.now();
        let principal = self.who_signs_in(connection, person, password, face)?;
        let Some(principal) = principal.map(Arc::new) else { return Ok(None) };
        let token = credentials::session(&*self.entropy);
        let hash = digest(token.expose());
        let at = minute(now.as_millis());
        let expires_at = at + SESSION_MILLIS;
        let idle_since = at - SESSION_IDLE_MILLIS - USE_LAG_MILLIS;
        connection
            .prepare_cached("DELETE FROM session WHERE expires_at <= ?1 OR used_at <= ?2")?
            .execute(params![at, idle_since])?;
        connection
            .prepare_cached(
                "DELETE FROM session WHERE person = ?1 AND hash NOT IN
                 (SELECT hash FROM session WHERE person = ?1 ORDER BY created_at DESC LIMIT ?2)",
            )?
            .execute(params![person.as_bytes(), SESSIONS_EACH_MAX - 1])?;
        connection
            .prepare_cached(
                "INSERT INTO session(hash, person, face, kind, created_at, fresh_at, used_at, expires_at, passkey_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5, ?6, ?7)",
            )?
            .execute(params![
                hash,
                person.as_bytes(),
                face_text(face),
                kind.as_str(),
                at,
                expires_at,
                (kind == SessionKind::Passkey).then_some(at)
            ])?;
        if let Some(organisation) = principal.organisation.as_ref().filter(|_| face == Face::Member) {
            dormancy::used(connection, now, organisation.id)?;
        }
        self.reload(connection)?;
        // As the tables have it by now: a dormant organisation takes part again by this very sign-in.
        let held = self.tables_now().people.get(&person).and_then(|held| held.principal_at(now).cloned());
        Ok(Some((token, held.unwrap_or(principal))))
    }

    /// Gives a session another token, at a change of what it may do; the old one is worth nothing from then on.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is no such session.
    pub fn renew_session(&self, token: &str) -> Result<Secret, RegisterError> {
        let (old, fresh) = (digest(token), credentials::session(&*self.entropy));
        let hash = digest(fresh.expose());
        let connection = self.connection();
        if connection.execute("UPDATE session SET hash = ?2 WHERE hash = ?1", params![old, hash])? == 0 {
            return Err(RegisterError::Absent("session".into()));
        }
        self.reload(&connection)?;
        Ok(fresh)
    }

    /// Whether a session's owner has shown a factor within the last ten minutes.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read.
    pub fn is_fresh(&self, token: &str) -> Result<bool, RegisterError> {
        let fresh_at: Option<i64> = self
            .connection()
            .query_row("SELECT fresh_at FROM session WHERE hash = ?1", [digest(token)], |row| row.get(0))
            .optional()?;
        Ok(fresh_at.is_some_and(|at| (-MINUTE_MILLIS..FRESH_MILLIS).contains(&(self.now().as_millis() - at))))
    }

    /// Whether a session's owner has shown a passkey in it within the last ten minutes.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read.
    pub fn is_fresh_by_passkey(&self, token: &str) -> Result<bool, RegisterError> {
        let shown_at: Option<Option<i64>> = self
            .connection()
            .query_row("SELECT passkey_at FROM session WHERE hash = ?1", [digest(token)], |row| row.get(0))
            .optional()?;
        Ok(shown_at.flatten().is_some_and(|at| (-MINUTE_MILLIS..FRESH_MILLIS).contains(&(self.now().as_millis() - at))))
    }

    /// Notes that a session's owner has just shown a passkey.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be stored.
    pub fn freshen_by_passkey(&self, person: PersonId, token: &str) -> Result<(), RegisterError> {
        self.connection().execute(
            "UPDATE session SET fresh_at = ?3, passkey_at = ?3 WHERE hash = ?1 AND person = ?2",
            params![digest(token), person.as_bytes(), minute(self.now().as_millis())],
        )?;
        Ok(())
    }

    /// Notes that a session's owner has just shown a factor.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be stored.
    pub fn freshen(&self, person: PersonId, token: &str) -> Result<(), RegisterError> {
        self.connection().execute(
            "UPDATE session SET fresh_at = ?3 WHERE hash = ?1 AND person = ?2",
            params![digest(token), person.as_bytes(), minute(self.now().as_millis())],
        )?;
        Ok(())
    }

    /// Somebody's sessions, the latest first.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn sessions(&self, person: PersonId, this: &str) -> Result<Vec<SessionInfo>, RegisterError> {
        let this = digest(this);
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT hash, created_at, kind FROM session WHERE person = ?1 AND expires_at > ?2 ORDER BY created_at DESC, hash",
        )?;
        let rows = statement.query_map(params![person.as_bytes(), self.now().as_millis()], |row| {
            let hash: [u8; 32] = row.get(0)?;
            Ok(SessionInfo {
                id: id_of(&hash),
                created_day: day(Timestamp::from_millis(row.get(1)?)),
                kind: row.get(2)?,
                this: hash == this,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Ends one of somebody's sessions.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if the person has no such session.
    pub fn end_session(&self, person: PersonId, id: &str) -> Result<(), RegisterError> {
        let connection = self.connection();
        let found: Option<[u8; 32]> = {
            let mut statement = connection.prepare_cached("SELECT hash FROM session WHERE person = ?1")?;
            let mut hashes = statement.query_map([person.as_bytes()], |row| row.get::<_, [u8; 32]>(0))?;
            hashes.find_map(|hash| hash.ok().filter(|hash| id_of(hash) == id))
        };
        let hash = found.ok_or_else(|| RegisterError::Absent("session of this id".into()))?;
        connection.execute("DELETE FROM session WHERE hash = ?1", [hash])?;
        self.reload(&connection)
    }

    /// Ends every session of a person but this one; gives their number.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be stored.
    pub fn end_other_sessions(&self, person: PersonId, this: &str) -> Result<usize, RegisterError> {
        let this = digest(this);
        let connection = self.connection();
        let ended = connection
            .execute("DELETE FROM session WHERE person = ?1 AND hash <> ?2", params![person.as_bytes(), this])?;
        self.reload(&connection)?;
        Ok(ended)
    }

    /// Stores when sessions, keys and walls were last used: sessions to ten minutes, the others by day. No route waits for
    /// it.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be stored.
    pub fn note_uses(&self) -> Result<(), RegisterError> {
        let (sessions, keys, devices) = {
            let tables = self.tables_now();
            let sessions =
                tables.sessions.iter().map(|(hash, held)| (*hash, held.used.due(USE_LAG_MILLIS).map(minute)));
            let keys = tables.keys.iter().map(|(hash, held)| (*hash, held.used.day_due()));
            let devices = tables.devices.iter().map(|(hash, held)| (*hash, held.used.day_due()));
            (due(sessions), due(keys), due(devices))
        };
        if sessions.is_empty() && keys.is_empty() && devices.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        for (statement, list) in [
            ("UPDATE session SET used_at = max(used_at, ?2) WHERE hash = ?1", sessions),
            ("UPDATE key SET used_day = ?2 WHERE hash = ?1", keys),
            ("UPDATE device SET used_day = ?2 WHERE hash = ?1", devices),
        ] {
            let mut statement = transaction.prepare_cached(statement)?;
            for (hash, at) in list {
                statement.execute(params![hash, at])?;
            }
        }
        Ok(transaction.commit()?)
    }
}
