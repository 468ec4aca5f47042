//! Sessions: begun, listed, renewed, ended; idle and absolute ends; and when what was last used, by day.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::{PersonId, Timestamp};
use rusqlite::{Connection, params};

use crate::audit::DAY_MILLIS;
use crate::credentials::{self, Secret, digest, hex};
use crate::held::Tables;
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
const SESSIONS_EACH_MAX: usize = 20;
const MINUTE_MILLIS: i64 = 60_000;
pub(crate) const HOUR_MILLIS: i64 = 3_600_000;
/// How far what is stored of a session's use may lag behind what is held, beside the rest of the hour.
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

    /// The number of the hour, day or whatever `unit` it was last used in, if that is not stored yet.
    fn due(&self, unit: i64) -> Option<i64> {
        let (at, noted) = (self.at(), self.noted.load(Ordering::Relaxed));
        (at.div_euclid(unit) > noted.div_euclid(unit)).then(|| {
            self.noted.store(at, Ordering::Relaxed);
            at.div_euclid(unit)
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

/// The hour of a moment: nobody who has the store reads from it when exactly somebody was here.
pub(crate) const fn hour(millis: i64) -> i64 {
    millis.div_euclid(HOUR_MILLIS) * HOUR_MILLIS
}

/// Whether a moment lies less than ten minutes back; a clock that was set back by less than a minute does no harm.
fn is_fresh(shown_at: Option<i64>, now: Timestamp) -> bool {
    shown_at.is_some_and(|at| (-MINUTE_MILLIS..FRESH_MILLIS).contains(&now.as_millis().saturating_sub(at)))
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
        // Rounded down, all of it: after a restart, when nobody knows more than the store, a session ends by up to an hour
        // earlier, and never later, than twelve hours, and two idle ones, allow.
        let at = hour(now.as_millis());
        // Only what has ended by the exact times too, which another process may hold.
        let ended = now.as_millis().saturating_sub(HOUR_MILLIS);
        let idle_since = ended.saturating_sub(SESSION_IDLE_MILLIS + USE_LAG_MILLIS);
        connection
            .prepare_cached("DELETE FROM session WHERE expires_at <= ?1 OR used_at <= ?2")?
            .execute(params![ended, idle_since])?;
        for (oldest, ..) in self.sessions_of(connection, person)?.into_iter().skip(SESSIONS_EACH_MAX - 1) {
            connection.prepare_cached("DELETE FROM session WHERE hash = ?1")?.execute([oldest])?;
        }
        connection
            .prepare_cached(
                "INSERT INTO session(hash, person, face, kind, created_at, used_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)",
            )?
            .execute(params![hash, person.as_bytes(), face_text(face), kind.as_str(), at, at + SESSION_MILLIS,])?;
        if let Some(organisation) = principal.organisation.as_ref().filter(|_| face == Face::Member) {
            dormancy::used(connection, now, organisation.id)?;
        }
        self.reload(connection)?;
        if let Some(held) = self.tables_now().sessions.get(&hash) {
            held.shown.begin(now, kind == SessionKind::Passkey);
            held.used.note(now);
        }
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
        let known = |tables: &Tables, hash: &[u8; 32]| {
            tables.sessions.get(hash).map(|held| (Arc::clone(&held.shown), Arc::clone(&held.used)))
        };
        let before = known(&self.tables_now(), &old);
        if connection.execute("UPDATE session SET hash = ?2 WHERE hash = ?1", params![old, hash])? == 0 {
            return Err(RegisterError::Absent("session".into()));
        }
        self.reload(&connection)?;
        if let (Some((shown, used)), Some(after)) = (before, known(&self.tables_now(), &hash)) {
            after.0.take_over(&shown);
            after.1.note(Timestamp::from_millis(used.at()));
        }
        Ok(fresh)
    }

    /// Whether a session's owner has shown a factor within the last ten minutes, to this process: after a restart nothing is
    /// fresh.
    #[must_use]
    pub fn is_fresh(&self, token: &str) -> bool {
        let tables = self.tables_now();
        is_fresh(tables.sessions.get(&digest(token)).and_then(|held| held.shown.factor()), self.now())
    }

    /// Whether a session's owner has shown a passkey in it within the last ten minutes, to this process.
    #[must_use]
    pub fn is_fresh_by_passkey(&self, token: &str) -> bool {
        let tables = self.tables_now();
        is_fresh(tables.sessions.get(&digest(token)).and_then(|held| held.shown.passkey()), self.now())
    }

    /// Notes that a session's owner has just shown a passkey.
    pub fn freshen_by_passkey(&self, person: PersonId, token: &str) {
        self.show(person, token, true);
    }

    /// Notes that a session's owner has just shown a factor.
    pub fn freshen(&self, person: PersonId, token: &str) {
        self.show(person, token, false);
    }

    fn show(&self, person: PersonId, token: &str, passkey: bool) {
        if let Some(held) = self.tables_now().sessions.get(&digest(token)).filter(|held| held.person == person) {
            held.shown.show(self.now(), passkey);
        }
    }

    /// Hash, hour of the beginning and kind of somebody's sessions, the latest first: by the exact time where it is known.
    fn sessions_of(
        &self,
        connection: &Connection,
        person: PersonId,
    ) -> Result<Vec<([u8; 32], i64, String)>, RegisterError> {
        let mut statement =
            connection.prepare_cached("SELECT hash, created_at, kind FROM session WHERE person = ?1")?;
        let rows = statement.query_map([person.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut rows = rows.collect::<Result<Vec<([u8; 32], i64, String)>, _>>()?;
        let tables = self.tables_now();
        rows.sort_by_key(|(hash, at, _)| {
            let begun = tables.sessions.get(hash).and_then(|held| held.shown.begun());
            (std::cmp::Reverse(begun.unwrap_or(*at)), *hash)
        });
        Ok(rows)
    }

    /// Somebody's sessions, the latest first.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn sessions(&self, person: PersonId, this: &str) -> Result<Vec<SessionInfo>, RegisterError> {
        let (this, now) = (digest(this), self.now());
        let listed = self.sessions_of(&self.connection(), person)?;
        let tables = self.tables_now();
        let goes_on = |hash: &[u8; 32]| tables.sessions.get(hash).is_some_and(|held| held.ends_at() > now);
        Ok(listed
            .into_iter()
            .filter(|(hash, ..)| goes_on(hash))
            .map(|(hash, at, kind)| SessionInfo {
                id: id_of(&hash),
                created_day: day(Timestamp::from_millis(at)),
                kind,
                this: hash == this,
            })
            .collect())
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

    /// Stores when sessions, keys and walls were last used: sessions by the hour, the others by day; and forgets the changes
    /// that every process has long followed. No route waits for it.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be stored.
    pub fn note_uses(&self) -> Result<(), RegisterError> {
        let (sessions, keys, devices, seen) = {
            let tables = self.tables_now();
            let sessions = tables.sessions.iter().map(|(hash, held)| (*hash, held.used.due(HOUR_MILLIS)));
            let keys = tables.keys.iter().map(|(hash, held)| (*hash, held.used.due(DAY_MILLIS)));
            let devices = tables.devices.iter().map(|(hash, held)| (*hash, held.used.due(DAY_MILLIS)));
            (due(sessions), due(keys), due(devices), tables.seen())
        };
        // What was followed when this was last called; who has not by now reads everything anew.
        let followed = self.followed.swap(seen, Ordering::Relaxed);
        let forgotten = self.forgotten.swap(followed, Ordering::Relaxed);
        if sessions.is_empty() && keys.is_empty() && devices.is_empty() && followed == forgotten {
            return Ok(());
        }
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        for (statement, list) in [
            ("UPDATE session SET used_at = max(used_at, ?2 * 3600000) WHERE hash = ?1", sessions),
            ("UPDATE key SET used_day = ?2 WHERE hash = ?1", keys),
            ("UPDATE device SET used_day = ?2 WHERE hash = ?1", devices),
        ] {
            let mut statement = transaction.prepare_cached(statement)?;
            for (hash, at) in list {
                statement.execute(params![hash, at])?;
            }
        }
        // Their order would say between which acts of the trail, each with its time, a session began. The last one stays: by
        // its number later ones are known to be later.
        transaction
            .prepare_cached("DELETE FROM changed WHERE seq <= ?1 AND seq < (SELECT max(seq) FROM changed)")?
            .execute([followed])?;
        Ok(transaction.commit()?)
    }
}
