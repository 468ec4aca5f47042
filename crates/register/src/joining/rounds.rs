//! The daily round: what is due by the calendar, done once a day by whichever process comes first.

use model::{OrganisationId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::audit::Actor;
use crate::register::{Register, RegisterError};

use super::dormancy::{self, Change, Notice};
use super::settings::JoiningSettings;
use super::{admins, day_of, letters, members, organisation, terms};

/// Invitations and decided sponsorships are kept this long.
const KEPT_DAYS: i64 = 730;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Organisations that were told what comes.
    pub told: u32,
    /// Organisations that became dormant.
    pub dormant: u32,
    /// Organisations whose membership ended.
    pub left: u32,
    /// Organisations that can only read until they accept the terms.
    pub overdue: usize,
}

fn platform() -> Actor {
    Actor { name: "platform".to_owned(), ..Actor::operator() }
}

impl Register {
    /// Does what is due today, unless it was done already.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be done: nothing of it then is.
    pub fn daily_round(&self) -> Result<Option<Round>, RegisterError> {
        let now = self.now();
        let today = day_of(now);
        // A look costs no write.
        if round_day(&self.connection())? >= Some(today) {
            return Ok(None);
        }
        self.within(|transaction| {
            if round_day(transaction)? >= Some(today) {
                return Ok(None);
            }
            transaction.execute(
                "INSERT INTO joining_setting(name, value) VALUES ('round-day', ?1)
                 ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                [today.to_string()],
            )?;
            let settings = JoiningSettings::read(transaction)?;
            let mut round = Round { overdue: terms::mark_overdue(transaction, now)?, ..Round::default() };
            for change in dormancy::due(now, &settings, &dormancy::uses(transaction, now)?) {
                self.carry_out(transaction, now, &settings, change, &mut round)?;
            }
            dormancy::mark_quiet(transaction, now)?;
            let before = now.as_millis().saturating_sub(KEPT_DAYS * super::DAY_MILLIS);
            transaction.execute("DELETE FROM invitation WHERE made_at < ?1 AND expires_at < ?1", [before])?;
            transaction.execute("DELETE FROM enrolment WHERE expires_at < ?1", [now.as_millis()])?;
            transaction.execute(
                "DELETE FROM sponsorship WHERE state IN ('refused', 'withdrawn') AND decided_day < ?1",
                params![today - KEPT_DAYS],
            )?;
            Ok(Some(round))
        })
    }

    fn carry_out(
        &self,
        transaction: &Connection,
        now: Timestamp,
        settings: &JoiningSettings,
        change: Change,
        round: &mut Round,
    ) -> Result<(), RegisterError> {
        let url = &settings.member_url;
        let (Change::Tell(id, ..) | Change::Dormant(id) | Change::Left(id)) = change;
        let (name, _) = organisation(transaction, id)?;
        let to = admins(transaction, id)?;
        let tell_all = |letter: &dyn Fn(&str) -> crate::NewMail| {
            // An address that no mail can be sent to must not keep others from being told.
            to.iter()
                .filter(|to| crate::mail::checked_address(to).is_ok())
                .try_for_each(|to| self.post(transaction, &letter(to)))
        };
        match change {
            Change::Tell(_, notice, on) => {
                dormancy::told(transaction, now, id, notice)?;
                round.told += 1;
                match notice {
                    Notice::Closing => tell_all(&|to| letters::closed_soon(to, &name, settings.closed_days, on, url)),
                    _ => tell_all(&|to| letters::dormant_soon(to, &name, settings.dormant_days, on, url)),
                }
            }
            Change::Dormant(_) => {
                set(transaction, id, "dormant")?;
                self.note(transaction, &platform(), "organisation-status", &name, "dormant")?;
                round.dormant += 1;
                tell_all(&|to| letters::now_dormant(to, &name, url))
            }
            Change::Left(_) => {
                members::shut(transaction, now, id)?;
                set(transaction, id, "left")?;
                self.note(transaction, &platform(), "organisation-status", &name, "left")?;
                round.left += 1;
                tell_all(&|to| letters::now_left(to, &name))
            }
        }
    }
}

fn round_day(connection: &Connection) -> Result<Option<i64>, RegisterError> {
    let value: Option<String> = connection
        .prepare_cached("SELECT value FROM joining_setting WHERE name = 'round-day'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(value.and_then(|value| value.parse().ok()))
}

fn set(transaction: &Connection, id: OrganisationId, status: &str) -> Result<(), RegisterError> {
    transaction.execute("UPDATE organisation SET status = ?2 WHERE id = ?1", params![id.as_bytes(), status])?;
    Ok(())
}
