//! Keys of members' machines: made, listed, revoked.

use model::{OrganisationId, Timestamp};
use rusqlite::{OptionalExtension as _, Row, params};

use crate::audit::{Actor, DAY_MILLIS};
use crate::credentials::{self, Secret};
use crate::insert::{KeyRow, checked_name, insert_key, insert_key_row};
use crate::nouns::{Answers, KeyInfo};
use crate::register::{Register, RegisterError};
use crate::rights::{Right, Role};
use crate::scopes::{Scope, Scopes};
use crate::sessions::{HOUR_MILLIS, day};

/// Keys are their organisation's: its admin keeps them, and whoever has the machine or leads the cell.
fn keeps_keys(by: &Actor, organisation: OrganisationId) -> Result<(), RegisterError> {
    match by.role {
        None => Ok(()),
        Some(Role::Lead) => by.needs(Right::ManageMembers),
        Some(_) if by.organisation != Some(organisation) => Err(RegisterError::Absent("key".to_owned())),
        Some(_) => by.needs(Right::ManageOwn),
    }
}

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

/// The right that a scope lends; nobody makes a key with one that is not theirs.
const fn lends(scope: Scope) -> Right {
    match scope {
        Scope::ReadReleased => Right::ReadReleased,
        Scope::Report | Scope::Import => Right::Report,
    }
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
    /// Makes a key for an organisation's machine, good for what is named and no more than its maker may do; it is shown this
    /// once.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if the label or the days are none, nothing is named, or there are too many;
    /// [`RegisterError::NoRight`] if the maker may not keep keys, or lacks what the key would be good for.
    pub fn make_key(
        &self,
        by: &Actor,
        organisation: OrganisationId,
        new: &NewKey,
    ) -> Result<(Secret, KeyInfo), RegisterError> {
        keeps_keys(by, organisation)?;
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
        new.scopes.iter().try_for_each(|scope| by.needs(lends(scope)))?;
        let now = self.now();
        let row = KeyRow {
            organisation,
            label: &label,
            answers: new.answers,
            // By the hour, and so by up to an hour earlier: the store has no minute at which somebody of a member was here.
            expires_at: Some(now.floor_to(HOUR_MILLIS).plus_millis(i64::from(new.days) * DAY_MILLIS)),
            scopes: new.scopes,
            made_by: by.person,
            day: Some(day(now)),
        };
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let held: u32 = transaction.query_row(
            "SELECT COUNT(*) FROM key WHERE organisation = ?1 AND revoked = 0 AND (expires_at IS NULL OR expires_at > ?2)",
            params![organisation.as_bytes(), now.as_millis()],
            |row| row.get(0),
        )?;
        if held >= KEYS_EACH_MAX {
            return Err(RegisterError::Refused(format!("there are {KEYS_EACH_MAX} keys: revoke one first")));
        }
        let key = insert_key_row(&transaction, &*self.entropy, &row)?;
        let hash = credentials::digest(key.expose());
        let made = transaction.query_row(&format!("{INFO} WHERE hash = ?1"), [hash], info)?;
        let detail = format!("{label}: {}", new.scopes.names());
        self.note(&transaction, by, "key-made", &made.prefix, &detail)?;
        transaction.commit()?;
        self.reload(&connection)?;
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

    /// Makes a machine key of an organisation; it is shown this once.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is no such organisation, or it is not the admin's own.
    pub fn create_key(
        &self,
        by: &Actor,
        organisation: OrganisationId,
        label: &str,
        answers: Answers,
        expires_at: Option<Timestamp>,
    ) -> Result<Secret, RegisterError> {
        keeps_keys(by, organisation)?;
        let held = self.organisation(organisation);
        let held = held.ok_or_else(|| RegisterError::Absent(format!("organisation {organisation}")))?;
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let key = insert_key(&transaction, &*self.entropy, organisation, label, answers, expires_at)?;
        self.note(&transaction, by, "key-made", &held.name, label)?;
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(key)
    }

    /// Revokes a key by the part of it that is shown.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none, or it is another organisation's.
    pub fn revoke_key(&self, by: &Actor, prefix: &str) -> Result<(), RegisterError> {
        let prefix = prefix.trim().trim_start_matches(credentials::KEY_PREFIX);
        let prefix = prefix.split('_').next().unwrap_or(prefix);
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let owner: Option<[u8; 16]> = transaction
            .query_row("SELECT organisation FROM key WHERE prefix = ?1", [prefix], |row| row.get(0))
            .optional()?;
        let absent = || RegisterError::Absent(format!("key {prefix:?}"));
        let owner = owner.map(OrganisationId::from_bytes).ok_or_else(absent)?;
        keeps_keys(by, owner)
            .map_err(|error| if matches!(error, RegisterError::Absent(_)) { absent() } else { error })?;
        transaction.execute("UPDATE key SET revoked = 1 WHERE prefix = ?1", [prefix])?;
        self.note(&transaction, by, "key-revoked", prefix, "")?;
        transaction.commit()?;
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
        let make = |id: &OrganisationId| insert_key(&transaction, &*self.entropy, *id, label, answers, None);
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
