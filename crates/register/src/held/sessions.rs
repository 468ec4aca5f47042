//! Sessions as they are held in memory, and what of them and of keys is kept when everything is read anew.

use std::sync::Arc;

use model::{PersonId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use super::{Tables, face};
use crate::nouns::Face;
use crate::register::RegisterError;
use crate::sessions::{SESSION_MILLIS, Use};
use crate::shown::Shown;

/// A session that has not ended.
pub(crate) struct HeldSession {
    pub(crate) person: PersonId,
    pub(crate) face: Face,
    /// As it is stored: rounded down to the hour.
    expires_at: Timestamp,
    /// When it was last used: it ends when that lies too far back.
    pub(crate) used: Arc<Use>,
    /// What nobody but this process knows of it.
    pub(crate) shown: Arc<Shown>,
}

impl HeldSession {
    /// When it ends however much it is used: twelve hours after it began, or after that hour if nobody knows more.
    pub(crate) fn ends_at(&self) -> Timestamp {
        self.shown.begun().map_or(self.expires_at, |begun| Timestamp::from_millis(begun).plus_millis(SESSION_MILLIS))
    }
}

impl Tables {
    pub(super) fn read_session(&mut self, connection: &Connection, hash: [u8; 32]) -> Result<(), RegisterError> {
        let old = self.sessions.remove(&hash);
        let (used, shown) = old.as_ref().map(|old| (Arc::clone(&old.used), Arc::clone(&old.shown))).unzip();
        if let Some(old) = old {
            self.let_go(old.person);
        }
        let held = connection
            .prepare_cached("SELECT person, face, expires_at, used_at FROM session WHERE hash = ?1")?
            .query_row([hash], |row| {
                Ok(HeldSession {
                    person: PersonId::from_bytes(row.get(0)?),
                    face: face(row.get_ref(1)?.as_str().unwrap_or_default()),
                    expires_at: Timestamp::from_millis(row.get(2)?),
                    used: used.unwrap_or(Arc::new(Use::stored(row.get(3)?))),
                    shown: shown.unwrap_or_default(),
                })
            })
            .optional()?;
        let Some(held) = held else { return Ok(()) };
        self.hold(connection, held.person)?;
        self.sessions.insert(hash, held);
        Ok(())
    }

    /// Knows of sessions what another's memory does, from here on apart from it.
    pub(crate) fn remember(&self, other: &Self) {
        for (hash, held) in &self.sessions {
            if let Some(other) = other.sessions.get(hash) {
                held.shown.take_over(&other.shown);
                held.used.note(Timestamp::from_millis(other.used.at()));
            }
        }
    }

    /// Takes over when credentials were last used: what is stored lags behind.
    pub(super) fn keep_uses(&mut self, before: &Self) {
        for (hash, held) in &mut self.sessions {
            if let Some(before) = before.sessions.get(hash) {
                held.used = Arc::clone(&before.used);
                held.shown = Arc::clone(&before.shown);
            }
        }
        for (hash, held) in &mut self.keys {
            if let Some(before) = before.keys.get(hash) {
                held.used = Arc::clone(&before.used);
            }
        }
    }
}
