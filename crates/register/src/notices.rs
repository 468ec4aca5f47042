//! Mails that say that there is something new, and nothing else: who asked for them, and how they leave.

use model::{OrganisationId, PersonId, Timestamp};
use rusqlite::{OptionalExtension as _, params};

use crate::joining::letters;
use crate::joining::settings::JoiningSettings;
use crate::mail::{checked_address, queue_sealed};
use crate::register::{Register, RegisterError};

/// Somebody who asked to be told by mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Noticed {
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// The address.
    pub to: String,
}

impl Register {
    /// Whether somebody is told by mail that there is something new.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] for nobody.
    pub fn notices(&self, person: PersonId) -> Result<bool, RegisterError> {
        let sql = "SELECT notices FROM person WHERE id = ?1 AND closed = 0";
        let found = self.connection().query_row(sql, [person.as_bytes()], |row| row.get(0)).optional()?;
        found.ok_or_else(|| RegisterError::Absent("person".to_owned()))
    }

    /// Somebody of a member organisation chooses whether to be told by mail that there is something new.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] for nobody, and for people of the cell: what is new for them is on the wall.
    pub fn set_notices(&self, person: PersonId, on: bool) -> Result<(), RegisterError> {
        let sql = "UPDATE person SET notices = ?2 WHERE id = ?1 AND closed = 0 AND organisation IS NOT NULL";
        match self.connection().execute(sql, params![person.as_bytes(), on])? {
            0 => Err(RegisterError::Absent("person".to_owned())),
            _ => Ok(()),
        }
    }

    /// Whoever asked to be told and may sign in, by organisation.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn noticed(&self) -> Result<Vec<Noticed>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT person.organisation, email FROM person INDEXED BY person_with_notices
             JOIN organisation ON organisation.id = person.organisation
             WHERE notices = 1 AND person.closed = 0 AND person.disabled = 0 AND organisation.status IN ('active', 'dormant')
             ORDER BY person.organisation, person.id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Noticed { organisation: OrganisationId::from_bytes(row.get(0)?), to: row.get(1)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Queues the one mail that says that there is something new, for each address. Its rows tell nobody who has the store whom
    /// it goes to, are on no list, and end when the mail server has answered.
    ///
    /// # Errors
    /// [`RegisterError`] if too many mails wait, or the store cannot be written: then none is queued.
    pub fn queue_notices(&self, due: Timestamp, to: &[&str]) -> Result<(), RegisterError> {
        let key = self.outbox_key()?;
        let entropy = &*self.entropy;
        self.within(|transaction| {
            let settings = JoiningSettings::read(transaction)?;
            // An address that no mail can be sent to must not keep the others waiting.
            for to in to.iter().filter(|to| checked_address(to).is_ok()) {
                let mail = letters::something_new(to, &settings.member_url);
                queue_sealed(transaction, entropy, key, due, &mail, None)?;
            }
            Ok(())
        })
    }
}
