//! What an administrator does to people who sign in: disable, enable, a new password, an end to their sessions.

use model::PersonId;
use rusqlite::{Connection, params};

use crate::insert::checked_email;
use crate::nouns::{NewPerson, Person};
use crate::password::{self, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use crate::register::{Register, RegisterError};

fn end_sessions(connection: &Connection, person: PersonId) -> Result<usize, RegisterError> {
    Ok(connection.execute("DELETE FROM session WHERE person = ?1", [person.as_bytes()])?)
}

impl Register {
    /// The stored form of a new password.
    pub(crate) fn hashed(&self, password: &str) -> Result<String, RegisterError> {
        if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
            return Err(RegisterError::Refused(format!(
                "a password has {PASSWORD_CHARS_MIN} to {PASSWORD_BYTES_MAX} characters"
            )));
        }
        password::store(self.cost, &*self.entropy, password)
            .ok_or_else(|| RegisterError::Refused("the password cannot be hashed".into()))
    }

    /// Somebody by e-mail address, whatever its spelling.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is nobody.
    pub fn person_named(&self, email: &str) -> Result<Person, RegisterError> {
        let email = checked_email(email)?;
        let found = self.people().into_iter().find(|person| person.email == email);
        found.ok_or_else(|| RegisterError::Absent(format!("person {email:?}")))
    }

    /// Lets somebody sign in no more, and ends every session; or lets them sign in again.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is nobody.
    pub fn set_disabled(&self, person: PersonId, disabled: bool) -> Result<(), RegisterError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let changed = transaction
            .execute("UPDATE person SET disabled = ?2 WHERE id = ?1", params![person.as_bytes(), disabled])?;
        if changed == 0 {
            return Err(RegisterError::Absent(format!("person {person}")));
        }
        if disabled {
            end_sessions(&transaction, person)?;
        }
        transaction.commit()?;
        self.reload(&connection)
    }

    /// Gives somebody another password and ends every session that the old one began.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if it is too short, [`RegisterError::Absent`] if there is nobody.
    pub fn set_password(&self, person: PersonId, password: &str) -> Result<(), RegisterError> {
        let stored = self.hashed(password)?;
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let changed =
            transaction.execute("UPDATE person SET password = ?2 WHERE id = ?1", params![person.as_bytes(), stored])?;
        if changed == 0 {
            return Err(RegisterError::Absent(format!("person {person}")));
        }
        end_sessions(&transaction, person)?;
        transaction.commit()?;
        self.reload(&connection)
    }

    /// Ends every session of a person; gives their number.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be stored.
    pub fn end_sessions(&self, person: PersonId) -> Result<usize, RegisterError> {
        let connection = self.connection();
        let ended = end_sessions(&connection, person)?;
        self.reload(&connection)?;
        Ok(ended)
    }

    /// Makes somebody as described, be the address new or known: a known one gets the new name, organisation, role and
    /// password, may sign in again, and loses its sessions.
    ///
    /// # Errors
    /// As [`Register::create_person`].
    pub fn put_person(&self, new: &NewPerson, password: &str) -> Result<PersonId, RegisterError> {
        let Ok(known) = self.person_named(&new.email) else { return self.create_person(new, password) };
        self.check_belonging(new)?;
        let (name, stored) = (crate::insert::checked_name(&new.name)?, self.hashed(password)?);
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        transaction.execute(
            "UPDATE person SET name = ?2, organisation = ?3, role = ?4, password = ?5, disabled = 0 WHERE id = ?1",
            params![known.id.as_bytes(), name, new.organisation.map(|id| *id.as_bytes()), new.role.as_str(), stored],
        )?;
        end_sessions(&transaction, known.id)?;
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(known.id)
    }
}
