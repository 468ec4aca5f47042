//! Keys of members' machines: made, listed, revoked.

use model::{OrganisationId, Timestamp};
use rusqlite::OptionalExtension as _;

use crate::audit::Actor;
use crate::credentials::{self, Secret};
use crate::insert::insert_key;
use crate::nouns::{Answers, KeyInfo};
use crate::register::{Register, RegisterError};
use crate::rights::{Right, Role};

/// Keys are their organisation's: its admin keeps them, and whoever has the machine or leads the cell.
fn keeps_keys(by: &Actor, organisation: OrganisationId) -> Result<(), RegisterError> {
    match by.role {
        None => Ok(()),
        Some(Role::Lead) => by.needs(Right::ManageMembers),
        Some(_) if by.organisation != Some(organisation) => Err(RegisterError::Absent("key".to_owned())),
        Some(_) => by.needs(Right::ManageOwn),
    }
}

impl Register {
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
        let mut statement =
            connection.prepare("SELECT prefix, organisation, label, expires_at, revoked FROM key ORDER BY prefix")?;
        let rows = statement.query_map([], |row| {
            let expires_at: Option<i64> = row.get(3)?;
            Ok(KeyInfo {
                prefix: row.get(0)?,
                organisation: OrganisationId::from_bytes(row.get(1)?),
                label: row.get(2)?,
                expires_at: expires_at.map(Timestamp::from_millis),
                revoked: row.get(4)?,
            })
        })?;
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
