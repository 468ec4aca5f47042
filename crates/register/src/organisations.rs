//! Acts on organisations: made, suspended, let in again.

use model::OrganisationId;
use rusqlite::params;

use crate::audit::{self, Actor};
use crate::credentials::Secret;
use crate::insert::{insert_key, insert_organisation};
use crate::nouns::{Answers, NewOrganisation, Status};
use crate::register::{Register, RegisterError};
use crate::rights::Right;

impl Register {
    /// Makes organisations, all or none, each with a machine key; gives their ids and keys in order. Whoever has the machine
    /// does this, for an exercise.
    ///
    /// # Errors
    /// [`RegisterError::Exists`] if a name is taken.
    pub fn create_members(
        &self,
        members: &[NewOrganisation],
        label: &str,
        answers: Answers,
    ) -> Result<Vec<(OrganisationId, Secret)>, RegisterError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let mut made = Vec::with_capacity(members.len());
        for member in members {
            let id = insert_organisation(&transaction, &*self.entropy, member)?;
            made.push((id, insert_key(&transaction, &*self.entropy, id, label, answers, None)?));
        }
        let count = format!("{} organisations", made.len());
        self.note(&transaction, &Actor::operator(), "organisations-made", label, &count)?;
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(made)
    }

    /// Makes an organisation.
    ///
    /// # Errors
    /// [`RegisterError::Exists`] if its name is taken, [`RegisterError::NoRight`] for whoever does not manage members.
    pub fn create_organisation(&self, by: &Actor, new: &NewOrganisation) -> Result<OrganisationId, RegisterError> {
        by.needs(Right::ManageMembers)?;
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let id = insert_organisation(&transaction, &*self.entropy, new)?;
        self.note(&transaction, by, "organisation-made", &new.name, "")?;
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(id)
    }

    /// Gives an organisation another status; its sessions, streams and keys follow at once.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none, [`RegisterError::NoRight`] for whoever does not manage members.
    pub fn set_status(&self, by: &Actor, id: OrganisationId, status: Status) -> Result<(), RegisterError> {
        by.needs(Right::ManageMembers)?;
        let name = self.organisation(id).ok_or_else(|| RegisterError::Absent(format!("organisation {id}")))?;
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let sql = "UPDATE organisation SET status = ?2 WHERE id = ?1";
        if transaction.execute(sql, params![id.as_bytes(), status.as_str()])? == 0 {
            return Err(RegisterError::Absent(format!("organisation {id}")));
        }
        self.note(&transaction, by, "organisation-status", &name.name, status.as_str())?;
        transaction.commit()?;
        self.reload(&connection)
    }

    /// Notes an act within the transaction that does it.
    pub(crate) fn note(
        &self,
        transaction: &rusqlite::Connection,
        by: &Actor,
        what: &str,
        target: &str,
        detail: &str,
    ) -> Result<(), RegisterError> {
        audit::note(transaction, &*self.entropy, self.now(), by, what, target, detail)
    }
}
