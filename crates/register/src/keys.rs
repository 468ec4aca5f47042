//! Keys of members' machines: made, listed, revoked.

use model::{OrganisationId, PersonId, Timestamp};
use rusqlite::{Row, params};

use crate::credentials::{self, Secret};
use crate::insert::{KeyRow, checked_name, insert_key};
use crate::nouns::{Answers, KeyInfo};
use crate::register::{Register, RegisterError};
use crate::scopes::Scopes;
use crate::sessions::day;

/// Most keys of one organisation that are neither revoked nor ended.
const KEYS_EACH_MAX: u32 = 100;
/// Longest label, in characters.
const LABEL_CHARS_MAX: usize = 60;
/// Longest a key that people make for themselves is good for: a year and a day.
pub const KEY_DAYS_MAX: u32 = 366;

const INFO: &str = "SELECT prefix, organisation, label, expires_at, revoked, scopes, created_day, used_day FROM key";

fn info(row: &Row<'_>) -> rusqlite::Result<KeyInfo> {
    let expires_at: Option<i64> = row.get(3)?;
    let scopes: String = row.get(5)?;
    Ok(KeyInfo {
        prefix: row.get(0)?,
        organisation: OrganisationId::from_bytes(row.get(1)?),
        label: row.get(2)?,
        expires_at: expires_at.map(Timestamp::from_millis),
        revoked: row.get(4)?,
        scopes: Scopes::from_names(&scopes),
        created_day: row.get(6)?,
        used_day: row.get(7)?,
    })
}

/// A key that a person makes for an organisation's machine.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What it is for.
    pub label: String,
    /// The reporter's two answers that it carries.
    pub answers: Answers,
    /// What it is good for.
    pub scopes: Scopes,
    /// Days until it ends.
    pub days: u32,
}

impl Register {
    /// A key with every scope, as the command line makes them.
    pub(crate) fn whole_key<'a>(
        &self,
        organisation: OrganisationId,
        label: &'a str,
        answers: Answers,
        expires_at: Option<Timestamp>,
    ) -> KeyRow<'a> {
        let day = day(self.now());
        KeyRow { organisation, label, answers, expires_at, scopes: Scopes::ALL, made_by: None, day }
    }

    /// Makes a key for a person's own organisation, good for what is named and no more than the person may do; it is shown
    /// this once.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if the label or the days are none, nothing is named, or there are too many.
    pub fn make_key(&self, by: PersonId, new: &NewKey) -> Result<(Secret, KeyInfo), RegisterError> {
        let person = self.person(by)?;
        let organisation =
            person.organisation.ok_or_else(|| RegisterError::Refused("keys belong to member organisations".into()))?;
        let label = checked_name(&new.label)?;
        if label.chars().count() > LABEL_CHARS_MAX {
            return Err(RegisterError::Refused(format!("a label has 1 to {LABEL_CHARS_MAX} characters")));
        }
        if new.scopes.is_empty() {
            return Err(RegisterError::Refused("a key is good for something: name a scope".into()));
        }
        if new.days == 0 || new.days > KEY_DAYS_MAX {
            return Err(RegisterError::Refused(format!("a key ends after 1 to {KEY_DAYS_MAX} days")));
        }
        let now = self.now();
        let row = KeyRow {
            organisation,
            label: &label,
            answers: new.answers,
            expires_at: Some(now.plus_millis(i64::from(new.days) * 86_400_000)),
            scopes: new.scopes,
            made_by: Some(by),
            day: day(now),
        };
        let connection = self.connection();
        let held: u32 = connection.query_row(
            "SELECT COUNT(*) FROM key WHERE organisation = ?1 AND revoked = 0 AND (expires_at IS NULL OR expires_at > ?2)",
            params![organisation.as_bytes(), now.as_millis()],
            |row| row.get(0),
        )?;
        if held >= KEYS_EACH_MAX {
            return Err(RegisterError::Refused(format!("there are {KEYS_EACH_MAX} keys: revoke one first")));
        }
        let key = insert_key(&connection, &*self.entropy, &row)?;
        self.reload(&connection)?;
        let made =
            connection.query_row(&format!("{INFO} WHERE hash = ?1"), [credentials::digest(key.expose())], info)?;
        Ok((key, made))
    }

    /// An organisation's keys that are not revoked, the latest first.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn keys_of(&self, organisation: OrganisationId) -> Result<Vec<KeyInfo>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "{INFO} WHERE organisation = ?1 AND revoked = 0 ORDER BY created_day DESC, prefix"
        ))?;
        let rows = statement.query_map([organisation.as_bytes()], info)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Revokes one of an organisation's keys.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if the organisation has no such key.
    pub fn revoke_key_of(&self, organisation: OrganisationId, prefix: &str) -> Result<(), RegisterError> {
        let connection = self.connection();
        let revoked = connection.execute(
            "UPDATE key SET revoked = 1 WHERE prefix = ?1 AND organisation = ?2 AND revoked = 0",
            params![prefix, organisation.as_bytes()],
        )?;
        if revoked == 0 {
            return Err(RegisterError::Absent("key of this prefix".into()));
        }
        self.reload(&connection)
    }

    /// Makes a machine key of an organisation; it is shown this once.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is no such organisation.
    pub fn create_key(
        &self,
        organisation: OrganisationId,
        label: &str,
        answers: Answers,
        expires_at: Option<Timestamp>,
    ) -> Result<Secret, RegisterError> {
        if self.organisation(organisation).is_none() {
            return Err(RegisterError::Absent(format!("organisation {organisation}")));
        }
        let connection = self.connection();
        let key = insert_key(&connection, &*self.entropy, &self.whole_key(organisation, label, answers, expires_at))?;
        self.reload(&connection)?;
        Ok(key)
    }

    /// Revokes a key by the part of it that is shown.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none.
    pub fn revoke_key(&self, prefix: &str) -> Result<(), RegisterError> {
        let prefix = prefix.trim().trim_start_matches(credentials::KEY_PREFIX);
        let prefix = prefix.split('_').next().unwrap_or(prefix);
        let connection = self.connection();
        if connection.execute("UPDATE key SET revoked = 1 WHERE prefix = ?1", [prefix])? == 0 {
            return Err(RegisterError::Absent(format!("key {prefix:?}")));
        }
        self.reload(&connection)
    }

    /// Keys as an administrator sees them.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn keys(&self) -> Result<Vec<KeyInfo>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare(&format!("{INFO} ORDER BY prefix"))?;
        let rows = statement.query_map([], info)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes a key for each of these organisations, all or none, in order.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be stored.
    pub fn create_keys(
        &self,
        organisations: &[OrganisationId],
        label: &str,
        answers: Answers,
    ) -> Result<Vec<Secret>, RegisterError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let make =
            |id: &OrganisationId| insert_key(&transaction, &*self.entropy, &self.whole_key(*id, label, answers, None));
        let made = organisations.iter().map(make).collect::<Result<_, _>>()?;
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(made)
    }

    /// Removes every key of a label, revoked or not; gives their number.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be stored.
    pub fn remove_keys(&self, label: &str) -> Result<usize, RegisterError> {
        let connection = self.connection();
        let removed = connection.execute("DELETE FROM key WHERE label = ?1", [label])?;
        self.reload(&connection)?;
        Ok(removed)
    }
}
