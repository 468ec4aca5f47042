//! Mails that say that there is something new, and nothing else: who asked for them, and how they leave.

use model::{OrganisationId, PersonId, Timestamp};
use rusqlite::{OptionalExtension as _, params};

use crate::joining::letters;
use crate::joining::settings::JoiningSettings;
use crate::mail::{checked_address, queue_notice};
use crate::register::{Register, RegisterError};
use crate::rights::{Right, Role};

/// Somebody who asked to be told by mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Noticed {
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// The address.
    pub to: String,
    /// Whether they may read their organisation's own reports now; else they are told of what is new for all.
    pub reports: bool,
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
            "SELECT person.organisation, email, organisation.status = 'active', role FROM person INDEXED BY person_with_notices
             JOIN organisation ON organisation.id = person.organisation
             WHERE notices = 1 AND person.closed = 0 AND person.disabled = 0 AND organisation.status IN ('active', 'dormant')
             ORDER BY person.organisation, person.id",
        )?;
        let rows = statement.query_map([], |row| {
            let may = Role::from_name(row.get_ref(3)?.as_str()?).is_some_and(|role| role.rights().has(Right::Report));
            let reports = may && row.get::<_, bool>(2)?;
            Ok(Noticed { organisation: OrganisationId::from_bytes(row.get(0)?), to: row.get(1)?, reports })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Queues the one mail that says that there is something new: a row for each who asked, of whom only those get a mail for
    /// whom `has` holds; the others' rows are blank, and look the same. How many have news, and so who, is told by no row. Rows
    /// are on no list and end when they were looked at. Gives false where earlier ones still wait: then none is queued.
    ///
    /// # Errors
    /// [`RegisterError`] if too many mails wait, or the store cannot be written: then none is queued.
    pub fn queue_notices(&self, due: Timestamp, to: &[(&str, bool)]) -> Result<bool, RegisterError> {
        let key = self.outbox_key()?;
        let entropy = &*self.entropy;
        self.within(|transaction| {
            let waits = "SELECT EXISTS (SELECT 1 FROM mail WHERE kind = 'notice' AND recipient = '')";
            if transaction.query_row(waits, [], |row| row.get(0))? {
                return Ok(false);
            }
            let settings = JoiningSettings::read(transaction)?;
            for (to, has) in to {
                // An address that no mail can be sent to must not keep the others waiting.
                let to = checked_address(to).ok().filter(|_| *has);
                queue_notice(
                    transaction,
                    entropy,
                    key,
                    due,
                    to.map(|to| letters::something_new(to, &settings.member_url)),
                )?;
            }
            Ok(true)
        })
    }
}
