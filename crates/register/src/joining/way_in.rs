//! Another way in for a firm whose administrator lost theirs. Whoever has it reads all that the firm ever reported, so it takes two of the
//! cell, as a source does: a lead asks and another one agrees, both of them leads to whom sources are sealed. Whoever runs the server gives
//! it at once.

use model::{OrganisationId, PersonId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::DAY_MILLIS;
use super::invitations::{InvitationKind, NewInvitation};
use super::members::{everybody_of, refused};
use super::{Delivery, Link, letters, organisation};
use crate::audit::Actor;
use crate::lead_keys::seals_to;
use crate::people::find;
use crate::register::{Register, RegisterError};
use crate::rights::{Right, Role};

/// How long another lead may agree: three days.
pub const RECOVERY_MILLIS: i64 = 3 * DAY_MILLIS;

/// Who gets another way in for an organisation.
#[derive(Clone, Debug)]
pub enum RecoveryFor {
    /// Somebody who has an account there.
    Known(PersonId),
    /// Somebody whom the firm has named, as a new admin.
    New {
        /// Name.
        name: String,
        /// E-mail address.
        email: String,
    },
}

/// What came of asking for another way in.
pub enum Recovery {
    /// It waits for another lead.
    Asked,
    /// The link.
    Sent(Link),
}

/// Another way in that waits for a second lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryAsked {
    /// The person, if somebody who has an account gets it.
    pub person: Option<PersonId>,
    /// Name of who gets it.
    pub name: String,
    /// The address to which it goes.
    pub email: String,
    /// Who asked.
    pub by: PersonId,
    /// Name of who asked.
    pub by_name: String,
    /// Until when another lead may agree.
    pub until: Timestamp,
}

/// Who gets it, as it is stored and written to.
#[derive(PartialEq, Eq)]
struct Whom {
    person: Option<PersonId>,
    name: String,
    email: String,
}

impl Register {
    /// Gives an organisation whose admin lost the way in another one, or asks for it: of two leads who ask for the same within
    /// [`RECOVERY_MILLIS`] the second agrees. Its people are told of both.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is no such organisation or person, [`RegisterError::Refused`] if the person is no
    /// admin, the organisation takes no part, or the lead has no key that counts.
    pub fn recover_organisation(
        &self,
        by: &Actor,
        id: OrganisationId,
        whom: &RecoveryFor,
        delivery: Delivery,
    ) -> Result<Recovery, RegisterError> {
        by.needs(Right::ManageMembers)?;
        let now = self.now();
        self.within(|transaction| {
            let (firm, status) = organisation(transaction, id)?;
            if !status.admits() {
                return Err(refused(status));
            }
            let whom = Whom::of(transaction, id, whom)?;
            if by.person.is_none() && by.role.is_some() {
                return Err(RegisterError::NoRight);
            }
            if let Some(lead) = by.person {
                // Of both: else a lead invites a second, asks in their name, and agrees in the own.
                if !seals_to(transaction, lead)? {
                    return Err(RegisterError::Refused(
                        "your key: two leads ask whose keys to open sources count, for this way in shows all that the firm reported; or \
                         whoever runs the server sends it"
                            .to_owned(),
                    ));
                }
                let asked = asked(transaction, id, now)?;
                let same = |asked: &RecoveryAsked| {
                    (asked.person, &asked.name, &asked.email) == (whom.person, &whom.name, &whom.email)
                };
                match asked.filter(same) {
                    Some(asked) if asked.by == lead => return Ok(Recovery::Asked),
                    Some(_) => {}
                    None => {
                        transaction.execute(
                            "INSERT OR REPLACE INTO recovery_asked(organisation, person, name, email, by, at)
                             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                            params![
                                id.as_bytes(),
                                whom.person.as_ref().map(PersonId::as_bytes),
                                whom.name,
                                whom.email,
                                lead.as_bytes(),
                                now.as_millis()
                            ],
                        )?;
                        for to in &everybody_of(transaction, id)? {
                            self.post(transaction, &letters::recovery_asked(to, &firm, &whom.name, &whom.email))?;
                        }
                        self.note(transaction, by, "organisation-recovery-asked", &firm, &whom.email)?;
                        return Ok(Recovery::Asked);
                    }
                }
            }
            transaction.execute("DELETE FROM recovery_asked WHERE organisation = ?1", [id.as_bytes()])?;
            let sent = NewInvitation {
                kind: InvitationKind::Recovery,
                organisation: Some(id),
                person: whom.person,
                role: Role::OrganisationAdmin,
                email: &whom.email,
                name: &whom.name,
                language: "en",
                secondment: None,
                by: by.person,
            };
            let link = self.send(transaction, &sent, delivery)?;
            for to in everybody_of(transaction, id)?.iter().filter(|to| **to != whom.email) {
                self.post(transaction, &letters::recovery_told(to, &firm, &whom.name))?;
            }
            self.note(transaction, by, "organisation-recovery", &firm, &whom.email)?;
            Ok(Recovery::Sent(link))
        })
    }

    /// The way in that waits for a second lead, if one does.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read.
    pub fn recovery_asked(&self, id: OrganisationId) -> Result<Option<RecoveryAsked>, RegisterError> {
        asked(&self.connection(), id, self.now())
    }

    /// A lead takes back what a lead asked for: nobody can agree to it any more.
    ///
    /// # Errors
    /// [`RegisterError::NoRight`] for whoever is no lead, [`RegisterError::Absent`] if nothing waits.
    pub fn drop_recovery(&self, by: &Actor, id: OrganisationId) -> Result<(), RegisterError> {
        by.needs(Right::ManageMembers)?;
        self.within(|transaction| {
            let (firm, _) = organisation(transaction, id)?;
            if transaction.execute("DELETE FROM recovery_asked WHERE organisation = ?1", [id.as_bytes()])? == 0 {
                return Err(RegisterError::Absent("recovery".to_owned()));
            }
            self.note(transaction, by, "organisation-recovery-dropped", &firm, "")
        })
    }
}

impl Whom {
    fn of(transaction: &Connection, id: OrganisationId, whom: &RecoveryFor) -> Result<Self, RegisterError> {
        let (person, name, email) = match whom {
            RecoveryFor::Known(person) => {
                let found = find(transaction, *person)?;
                if found.organisation != Some(id) || found.role != Role::OrganisationAdmin || found.disabled {
                    return Err(RegisterError::Absent("administrator".to_owned()));
                }
                (Some(*person), found.name, found.email)
            }
            RecoveryFor::New { name, email } => (None, crate::names::name("name", name)?, email.clone()),
        };
        Ok(Self { person, name, email: crate::names::address("e-mail", &email)? })
    }
}

fn asked(connection: &Connection, id: OrganisationId, now: Timestamp) -> Result<Option<RecoveryAsked>, RegisterError> {
    let mut statement = connection.prepare_cached(
        "SELECT recovery_asked.person, recovery_asked.name, recovery_asked.email, by, person.name, at
         FROM recovery_asked JOIN person ON person.id = by JOIN lead_key ON lead_key.person = by
         WHERE counts_since IS NOT NULL AND recovery_asked.organisation = ?1 AND at > ?2
         AND person.role = ?3 AND person.disabled = 0 AND person.closed = 0",
    )?;
    let from = now.as_millis().saturating_sub(RECOVERY_MILLIS);
    let row = statement.query_row(params![id.as_bytes(), from, Role::Lead.as_str()], |row| {
        let person: Option<[u8; 16]> = row.get(0)?;
        let at: i64 = row.get(5)?;
        Ok(RecoveryAsked {
            person: person.map(PersonId::from_bytes),
            name: row.get(1)?,
            email: row.get(2)?,
            by: PersonId::from_bytes(row.get(3)?),
            by_name: row.get(4)?,
            until: Timestamp::from_millis(at.saturating_add(RECOVERY_MILLIS)),
        })
    });
    Ok(row.optional()?)
}
