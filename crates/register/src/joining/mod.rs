//! How firms and people join, stay and leave: invitations, sponsorship, terms, dormancy, a way back for who lost a key.

pub(crate) mod csv;
mod decisions;
pub(crate) mod dormancy;
pub(crate) mod invitations;
pub(crate) mod join;
pub(crate) mod letters;
pub(crate) mod listing;
pub(crate) mod many;
pub(crate) mod members;
pub(crate) mod onboarding;
mod own;
pub(crate) mod profile;
pub(crate) mod rounds;
pub(crate) mod settings;
pub(crate) mod sponsorship;
pub(crate) mod terms;
pub(crate) mod way_in;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use crate::credentials::Secret;
use crate::mail::{self, NewMail};
use crate::register::{Register, RegisterError};

/// A place in a list: after the row of this time or day, and id.
pub type Place = (i64, [u8; 16]);

/// A page of a list, and where it ended if there is more.
pub type Page<T> = (Vec<T>, Option<Place>);

/// Milliseconds of a day.
pub(crate) const DAY_MILLIS: i64 = 86_400_000;

/// The day of a time, counted from 1970-01-01: what is kept by day is kept as this.
pub(crate) const fn day_of(now: model::Timestamp) -> i64 {
    now.as_millis().div_euclid(DAY_MILLIS)
}

/// Why nobody joined.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Forged, expired, used, withdrawn, of another listener: one answer for all.
    #[error("this link does not work: it was used, withdrawn, is too old, or never was one")]
    Gone,
    /// The terms moved on since the page was shown.
    #[error("the terms are version {0} by now: read them, then accept that version")]
    Terms(u32),
    /// The register itself, or a field that it refuses.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

impl From<rusqlite::Error> for JoinError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Register(error.into())
    }
}

/// How a link reaches whom it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By mail, from the outbox.
    Mail,
    /// By whoever sends the invitation, who is given the link once: where no mail server is set up. Nothing that opens
    /// anything then lies in the outbox.
    HandOver,
}

/// A link as it is given to whoever must hand it over; `None` if it goes by mail.
pub type Link = Option<Secret>;

impl Register {
    /// Does something within one transaction, whole or not at all, and takes over what it changed.
    pub(crate) fn within<T, E: From<RegisterError> + From<rusqlite::Error>>(
        &self,
        act: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = act(&transaction)?;
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(done)
    }

    /// Queues a mail within the transaction of the act that it tells of.
    fn post(&self, transaction: &Connection, mail: &NewMail) -> Result<(), RegisterError> {
        mail::queue(transaction, &*self.entropy, self.now(), mail)
    }

    /// Sends a link on its way.
    fn deliver(
        &self,
        transaction: &Connection,
        delivery: Delivery,
        link: String,
        letter: impl FnOnce(&str) -> NewMail,
    ) -> Result<Link, RegisterError> {
        match delivery {
            Delivery::HandOver => Ok(Some(Secret::new(link))),
            Delivery::Mail => {
                self.post(transaction, &letter(&link))?;
                Ok(None)
            }
        }
    }
}

/// An organisation's name and status, as they are stored now.
fn organisation(connection: &Connection, id: model::OrganisationId) -> Result<(String, crate::Status), RegisterError> {
    let found: Option<(String, String)> = connection
        .prepare_cached("SELECT name, status FROM organisation WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (name, status) = found.ok_or_else(|| RegisterError::Absent("organisation".to_owned()))?;
    let status =
        crate::Status::from_name(&status).ok_or_else(|| RegisterError::Stored(format!("{status:?} is no status")))?;
    Ok((name, status))
}

/// Addresses of an organisation's admins who can sign in; of all its people if it has none.
fn admins(connection: &Connection, id: model::OrganisationId) -> Result<Vec<String>, RegisterError> {
    let mut statement = connection.prepare_cached(
        "SELECT email, role = 'organisation-admin' FROM person WHERE organisation = ?1 AND closed = 0 AND disabled = 0
         AND role IN ('reader', 'reporter', 'organisation-admin', 'observer') ORDER BY email LIMIT 500",
    )?;
    let rows = statement.query_map([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let all: Vec<(String, bool)> = rows.collect::<Result<_, _>>()?;
    let any = all.iter().any(|(_, admin)| *admin);
    Ok(all.into_iter().filter(|(_, admin)| *admin || !any).map(|(email, _)| email).collect())
}
