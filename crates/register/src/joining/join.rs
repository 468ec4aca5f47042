//! Accepting an invitation, and the ticket that sets the first way to sign in.

use std::sync::Arc;

use model::{OrganisationId, PersonId};
use rusqlite::{Connection, params};

use crate::audit::Actor;
use crate::credentials::Secret;
use crate::nouns::{Face, NewPerson, Principal};
use crate::people::find;
use crate::register::{Register, RegisterError};
use crate::rights::Role;
use crate::sessions::SessionKind;

use super::invitations::{self, EnrolmentTicket, Invitation, InvitationKind, Invited};
use super::{JoinError, dormancy, terms};

/// What became of an invitation that was accepted.
pub struct Joined {
    /// Who joined.
    pub person: PersonId,
    /// The organisation, for people of one.
    pub organisation: Option<OrganisationId>,
    /// Sets the first way to sign in.
    pub ticket: EnrolmentTicket,
}

/// Removes everything that signs somebody in: another way in replaces it.
pub(crate) fn forget_factors(transaction: &Connection, person: PersonId) -> Result<(), RegisterError> {
    for sql in [
        "UPDATE person SET password = NULL WHERE id = ?1",
        "DELETE FROM passkey WHERE person = ?1",
        "DELETE FROM totp WHERE person = ?1",
        "DELETE FROM recovery_code WHERE person = ?1",
    ] {
        transaction.execute(sql, [person.as_bytes()])?;
    }
    crate::people::end_sessions(transaction, person)?;
    Ok(())
}

impl Register {
    /// What a link shows before anybody accepts.
    ///
    /// # Errors
    /// [`JoinError::Gone`] for every link that does not work, and why is not told.
    pub fn invited(&self, face: Face, token: &str) -> Result<Invited, JoinError> {
        invitations::look(&self.connection(), self.now(), face, token)
    }

    /// Accepts an invitation: makes the account, or opens a known one to a new way to sign in.
    ///
    /// # Errors
    /// [`JoinError::Gone`] for every link that does not work; [`JoinError::Terms`] if another version of the terms holds than
    /// the one that was shown; [`RegisterError::Exists`] if the address has an account.
    pub fn join(&self, face: Face, token: &str, name: &str, terms_version: Option<u32>) -> Result<Joined, JoinError> {
        let name = crate::names::name("name", name)?;
        let now = self.now();
        self.within(|transaction| {
            let found = invitations::open(transaction, now, face, token)?.ok_or(JoinError::Gone)?;
            let terms = terms::current(transaction)?;
            if face == Face::Member && found.person.is_none() && terms_version != Some(terms.version) {
                return Err(JoinError::Terms(terms.version));
            }
            if !invitations::spend(transaction, now, found.id)? {
                return Err(JoinError::Gone);
            }
            let person = match found.person {
                Some(person) => {
                    forget_factors(transaction, person)?;
                    person
                }
                None => self.account_of(transaction, &found, &name)?,
            };
            let actor = Actor {
                person: Some(person),
                name,
                organisation: found.organisation,
                role: Some(found.role),
                rights: found.role.rights(),
            };
            if let Some(organisation) = found.organisation.filter(|_| face == Face::Member) {
                if found.kind == InvitationKind::Organisation {
                    let sql = "UPDATE organisation SET status = 'active' WHERE id = ?1 AND status = 'invited'";
                    if transaction.execute(sql, [organisation.as_bytes()])? == 0 {
                        return Err(JoinError::Gone);
                    }
                    self.note(transaction, &actor, "organisation-joined", &found.email, "")?;
                }
                if found.role == Role::OrganisationAdmin && found.person.is_none() {
                    terms::accept(transaction, now, organisation, person, terms.version)?;
                }
                dormancy::used(transaction, now, organisation)?;
            }
            let what = if found.person.is_some() { "way-in-renewed" } else { "person-joined" };
            self.note(transaction, &actor, what, &found.email, found.role.as_str())?;
            let ticket = invitations::ticket(transaction, &*self.entropy, now, person)?;
            Ok(Joined { person, organisation: found.organisation, ticket })
        })
    }

    /// A new account without any way to sign in.
    fn account_of(&self, transaction: &Connection, found: &Invitation, name: &str) -> Result<PersonId, RegisterError> {
        let new = NewPerson {
            email: found.email.clone(),
            name: name.to_owned(),
            organisation: found.organisation,
            role: found.role,
            secondment: found.secondment.clone(),
        };
        let person = self.insert_person(transaction, &new, None)?;
        transaction.execute(
            "UPDATE invitation SET person = ?2 WHERE id = ?1",
            params![found.id.as_bytes(), person.as_bytes()],
        )?;
        Ok(person)
    }

    /// Whose enrolment ticket it is, if it still works: for the steps before the first factor is stored.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be read.
    pub fn enrolling(&self, ticket: &str) -> Result<Option<PersonId>, RegisterError> {
        invitations::ticket_of(&self.connection(), self.now(), ticket)
    }

    /// Uses an enrolment ticket up and begins a session in which a first factor is set: until then it opens nothing else.
    ///
    /// # Errors
    /// [`JoinError::Gone`] if the ticket does not work.
    pub fn enrol(&self, face: Face, ticket: &str) -> Result<(Secret, Arc<Principal>), JoinError> {
        self.within(|transaction| {
            let person = invitations::spend_ticket(transaction, self.now(), ticket)?.ok_or(JoinError::Gone)?;
            let begun = self.begin_session(transaction, person, face, SessionKind::Enrolment, None)?;
            begun.ok_or(JoinError::Gone)
        })
    }

    /// Sets a first password by an enrolment ticket, which is used up.
    ///
    /// # Errors
    /// [`JoinError::Gone`] if the ticket does not work, [`RegisterError::Refused`] if the password is too short or easily guessed; the
    /// ticket is good for another, then.
    pub fn enrol_password(&self, ticket: &str, password: &str) -> Result<PersonId, JoinError> {
        let stored = self.hashed(password)?;
        self.within(|transaction| {
            let person = invitations::spend_ticket(transaction, self.now(), ticket)?.ok_or(JoinError::Gone)?;
            self.check_choice(&find(transaction, person)?, password)?;
            transaction.execute("UPDATE person SET password = ?2 WHERE id = ?1", params![person.as_bytes(), stored])?;
            Ok(person)
        })
    }
}
