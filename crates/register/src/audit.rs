//! The trail of acts: who did what to whom, for the cell by the minute, for members by the day.
//!
//! When a member's people act says when they were there, so that trail keeps days, has no order within one, and is told to
//! the cell from the day after on. The cell's own acts are kept in order, each row with a hash over itself and the row
//! before; the store refuses to change or remove one.

use model::{Entropy, OrganisationId, PersonId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::credentials::digest_bytes;
use crate::nouns::Principal;
use crate::register::{Register, RegisterError};
use crate::rights::{Right, Rights, Role};

/// Milliseconds of a day.
pub(crate) const DAY_MILLIS: i64 = 86_400_000;
/// Acts of a page.
const PAGE: u32 = 100;
/// Longest detail of an act, in characters.
const DETAIL_CHARS_MAX: usize = 500;

/// Who does something to the register.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who, if it is somebody who signed in.
    pub person: Option<PersonId>,
    /// The name in the trail.
    pub name: String,
    /// The organisation, for people of one.
    pub organisation: Option<OrganisationId>,
    /// The role; `None` for whoever has the machine itself.
    pub role: Option<Role>,
    /// What it may do at this moment.
    pub rights: Rights,
}

impl Actor {
    /// Whoever runs commands on the machine: there is nothing that it could not do by other means.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            person: None,
            name: "operator".to_owned(),
            organisation: None,
            role: None,
            rights: Rights::of(Right::ALL),
        }
    }

    /// Whoever sent a request.
    #[must_use]
    pub fn of(principal: &Principal) -> Self {
        Self {
            person: principal.person,
            name: principal.name.clone(),
            organisation: principal.organisation.as_ref().map(|organisation| organisation.id),
            role: Some(principal.role),
            rights: principal.rights,
        }
    }

    /// Refuses whoever lacks a right.
    ///
    /// # Errors
    /// [`RegisterError::NoRight`]
    pub fn needs(&self, right: Right) -> Result<(), RegisterError> {
        if self.rights.has(right) { Ok(()) } else { Err(RegisterError::NoRight) }
    }

    /// Refuses whoever may not act on somebody of this role and organisation. Somebody of another organisation is absent.
    ///
    /// # Errors
    /// [`RegisterError::NoRight`], or [`RegisterError::Absent`] for people of other organisations.
    pub fn acts_on(&self, role: Role, organisation: Option<OrganisationId>) -> Result<(), RegisterError> {
        let Some(own) = self.role else { return Ok(()) };
        if own == Role::OrganisationAdmin && organisation != self.organisation {
            return Err(RegisterError::Absent("person".to_owned()));
        }
        let right = match own {
            Role::OrganisationAdmin => Right::ManageOwn,
            Role::Lead if organisation.is_some() => Right::ManageMembers,
            Role::Lead => Right::ManageCell,
            _ => Right::RunSystem,
        };
        self.needs(right)?;
        if own.administers().contains(&role) { Ok(()) } else { Err(RegisterError::NoRight) }
    }

    /// Whether its acts belong into the trail of a member organisation.
    fn of_member(&self) -> Option<OrganisationId> {
        self.organisation.filter(|_| self.role.is_some_and(|role| role.face() == crate::Face::Member))
    }
}

/// One act of the cell's trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Its place in the trail.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// What was done, as a word.
    pub what: String,
    /// To whom or what.
    pub target: String,
    /// More in words.
    pub detail: String,
}

/// One act of a member's people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberAct {
    /// The day, in days since 1970-01-01.
    pub day: i64,
    /// By whom.
    pub actor: String,
    /// What was done, as a word.
    pub what: String,
    /// To whom or what.
    pub target: String,
    /// More in words.
    pub detail: String,
}

fn link(before: &[u8], at: i64, fields: [&str; 4]) -> [u8; 32] {
    let mut bytes = before.to_vec();
    bytes.extend(at.to_be_bytes());
    for field in fields {
        bytes.extend((field.len() as u64).to_be_bytes());
        bytes.extend(field.as_bytes());
    }
    digest_bytes(&bytes)
}

/// Notes an act within the transaction that does it.
pub(crate) fn note(
    transaction: &Connection,
    entropy: &dyn Entropy,
    now: Timestamp,
    actor: &Actor,
    what: &str,
    target: &str,
    detail: &str,
) -> Result<(), RegisterError> {
    let detail: String = detail.chars().take(DETAIL_CHARS_MAX).collect();
    let person = actor.person.map(|id| *id.as_bytes());
    if let Some(organisation) = actor.of_member() {
        transaction
            .prepare_cached("INSERT INTO member_act(id, organisation, day, person, actor, what, target, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
            .execute(params![
                entropy.bytes::<16>(),
                organisation.as_bytes(),
                now.as_millis().div_euclid(DAY_MILLIS),
                person,
                actor.name,
                what,
                target,
                detail
            ])?;
        return Ok(());
    }
    let before: Option<[u8; 32]> = transaction
        .prepare_cached("SELECT chain FROM act ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let at = now.as_millis();
    let chain = link(&before.unwrap_or_default(), at, [&actor.name, what, target, &detail]);
    transaction
        .prepare_cached(
            "INSERT INTO act(at, person, actor, what, target, detail, chain) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![at, person, actor.name, what, target, detail, chain])?;
    Ok(())
}

impl Register {
    /// Acts of the cell and of operators, the latest first, below `before` if given.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn acts(&self, before: Option<i64>) -> Result<Vec<Act>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT seq, at, actor, what, target, detail FROM act WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
        )?;
        let rows = statement.query_map(params![before.unwrap_or(i64::MAX), PAGE], |row| {
            Ok(Act {
                seq: row.get(0)?,
                at: Timestamp::from_millis(row.get(1)?),
                actor: row.get(2)?,
                what: row.get(3)?,
                target: row.get(4)?,
                detail: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Acts of an organisation's own people, the latest day first, at most a page. The organisation itself sees them up to
    /// now, the cell (`for_cell`) up to yesterday.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn member_acts(&self, organisation: OrganisationId, for_cell: bool) -> Result<Vec<MemberAct>, RegisterError> {
        let today = self.now().as_millis().div_euclid(DAY_MILLIS);
        let until = if for_cell { today } else { today.saturating_add(1) };
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT day, actor, what, target, detail FROM member_act WHERE organisation = ?1 AND day < ?2 ORDER BY day DESC, id LIMIT ?3",
        )?;
        let rows = statement.query_map(params![organisation.as_bytes(), until, PAGE], |row| {
            Ok(MemberAct {
                day: row.get(0)?,
                actor: row.get(1)?,
                what: row.get(2)?,
                target: row.get(3)?,
                detail: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Checks the chain of the cell's trail; gives the number of acts.
    ///
    /// # Errors
    /// [`RegisterError::Stored`] at the first act that does not follow from the one before.
    pub fn verify_acts(&self) -> Result<u64, RegisterError> {
        let connection = self.connection();
        let mut statement =
            connection.prepare("SELECT seq, at, actor, what, target, detail, chain FROM act ORDER BY seq")?;
        let mut rows = statement.query([])?;
        let (mut before, mut count) = ([0; 32], 0);
        while let Some(row) = rows.next()? {
            let text = |at: usize| row.get::<_, String>(at);
            // The first row follows from nothing.
            let from: &[u8] = &before;
            let expect = link(from, row.get(1)?, [&text(2)?, &text(3)?, &text(4)?, &text(5)?]);
            let stored: [u8; 32] = row.get(6)?;
            if stored != expect {
                return Err(RegisterError::Stored(format!("act {}: the chain is broken", row.get::<_, i64>(0)?)));
            }
            before = stored;
            count += 1;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(role: Role, organisation: Option<u8>) -> Actor {
        Actor {
            person: None,
            name: "x".to_owned(),
            organisation: organisation.map(|byte| OrganisationId::from_bytes([byte; 16])),
            role: Some(role),
            rights: role.rights(),
        }
    }

    #[test]
    fn an_admin_acts_within_the_own_organisation_and_sees_nobody_elsewhere() {
        let admin = actor(Role::OrganisationAdmin, Some(1));
        let of = |byte: u8| Some(OrganisationId::from_bytes([byte; 16]));
        assert!(admin.acts_on(Role::Reporter, of(1)).is_ok());
        assert!(matches!(admin.acts_on(Role::Reporter, of(2)), Err(RegisterError::Absent(_))));
        assert!(matches!(admin.acts_on(Role::Lead, None), Err(RegisterError::Absent(_))));
        assert!(matches!(actor(Role::Reporter, Some(1)).acts_on(Role::Reader, of(1)), Err(RegisterError::NoRight)));
        assert!(matches!(actor(Role::Administrator, None).acts_on(Role::Lead, None), Err(RegisterError::NoRight)));
        assert!(matches!(actor(Role::Analyst, None).acts_on(Role::Analyst, None), Err(RegisterError::NoRight)));
        assert!(actor(Role::Lead, None).acts_on(Role::OrganisationAdmin, of(2)).is_ok());
        assert!(Actor::operator().acts_on(Role::Lead, None).is_ok());
    }

    #[test]
    fn who_may_only_read_acts_on_nobody() {
        let mut admin = actor(Role::OrganisationAdmin, Some(1));
        admin.rights = admin.rights.reading();
        assert!(matches!(admin.acts_on(Role::Reader, admin.organisation), Err(RegisterError::NoRight)));
    }
}
