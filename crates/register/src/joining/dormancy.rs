//! Organisations that nobody signs in for: told beforehand, then able to read only, at last closed.
//!
//! Last use is kept per organisation and by day. Nobody is told more of it than that nobody has signed in for sixty days, and
//! that word moves with the daily round alone, so that it does not say when somebody came back.

use model::{OrganisationId, Timestamp};
use rusqlite::{Connection, params};

use crate::nouns::Status;
use crate::register::RegisterError;

use super::day_of;
use super::settings::JoiningSettings;

/// Days without sign-in that the cell is told of.
pub const QUIET_DAYS: i64 = 60;

/// What was told to an organisation beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notice {
    /// Nothing yet.
    None,
    /// That it becomes dormant.
    Dormant,
    /// That it is closed.
    Closing,
}

impl Notice {
    const fn number(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Dormant => 1,
            Self::Closing => 2,
        }
    }

    const fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Dormant,
            2 => Self::Closing,
            _ => Self::None,
        }
    }
}

/// What is known of an organisation's use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Which.
    pub organisation: OrganisationId,
    /// Its status.
    pub status: Status,
    /// The day of the last sign-in.
    pub day: i64,
    /// What it was told last.
    pub notice: Notice,
    /// On which day.
    pub notice_day: i64,
}

/// What the daily round does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Tells an organisation what happens on a day unless somebody signs in.
    Tell(OrganisationId, Notice, i64),
    /// It can only read from now on.
    Dormant(OrganisationId),
    /// Its membership ends.
    Left(OrganisationId),
}

/// What is due on the day of `now`. Nothing befalls an organisation that was not told of it `notice_days` before, however
/// long the round has not run.
#[must_use]
pub fn due(now: Timestamp, settings: &JoiningSettings, uses: &[Use]) -> Vec<Change> {
    let today = day_of(now);
    let mut changes = Vec::new();
    for held in uses {
        let told = |notice| held.notice == notice && held.notice_day >= held.day;
        let told_in_time = |notice| told(notice) && today - held.notice_day >= settings.notice_days;
        let quiet = today - held.day;
        match held.status {
            Status::Active if quiet >= settings.dormant_days && told_in_time(Notice::Dormant) => {
                changes.push(Change::Dormant(held.organisation));
            }
            Status::Active if quiet >= settings.dormant_days - settings.notice_days && !told(Notice::Dormant) => {
                let on = (held.day + settings.dormant_days).max(today + settings.notice_days);
                changes.push(Change::Tell(held.organisation, Notice::Dormant, on));
            }
            Status::Dormant if quiet >= settings.closed_days && told_in_time(Notice::Closing) => {
                changes.push(Change::Left(held.organisation));
            }
            Status::Dormant if quiet >= settings.closed_days - settings.notice_days && !told(Notice::Closing) => {
                let on = (held.day + settings.closed_days).max(today + settings.notice_days);
                changes.push(Change::Tell(held.organisation, Notice::Closing, on));
            }
            _ => {}
        }
    }
    changes
}

/// Notes that somebody of an organisation signed in: one write a day. True if the organisation was dormant and takes part
/// again.
pub(crate) fn used(
    transaction: &Connection,
    now: Timestamp,
    organisation: OrganisationId,
) -> Result<bool, RegisterError> {
    let today = day_of(now);
    transaction
        .prepare_cached(
            "INSERT INTO last_use(organisation, day) VALUES (?1, ?2)
             ON CONFLICT(organisation) DO UPDATE SET day = excluded.day, notice = 0, notice_day = NULL
             WHERE day <> excluded.day",
        )?
        .execute(params![organisation.as_bytes(), today])?;
    let woken = transaction
        .prepare_cached("UPDATE organisation SET status = 'active' WHERE id = ?1 AND status = 'dormant'")?
        .execute([organisation.as_bytes()])?;
    if woken == 1 {
        transaction.execute(
            "UPDATE last_use SET back_day = ?2 WHERE organisation = ?1",
            params![organisation.as_bytes(), today],
        )?;
    }
    Ok(woken == 1)
}

/// What is known of the use of every member that takes part. Those without a day count from today on.
pub(crate) fn uses(transaction: &Connection, now: Timestamp) -> Result<Vec<Use>, RegisterError> {
    transaction.execute(
        "INSERT OR IGNORE INTO last_use(organisation, day)
         SELECT id, ?1 FROM organisation WHERE status IN ('active', 'dormant')",
        [day_of(now)],
    )?;
    let mut statement = transaction.prepare_cached(
        "SELECT o.id, o.status, u.day, u.notice, u.notice_day FROM organisation AS o JOIN last_use AS u ON u.organisation = o.id
         WHERE o.status IN ('active', 'dormant')",
    )?;
    let mut rows = statement.query([])?;
    let mut uses = Vec::new();
    while let Some(row) = rows.next()? {
        let status: String = row.get(1)?;
        uses.push(Use {
            organisation: OrganisationId::from_bytes(row.get(0)?),
            status: Status::from_name(&status)
                .ok_or_else(|| RegisterError::Stored(format!("{status:?} is no status")))?,
            day: row.get(2)?,
            notice: Notice::from_number(row.get(3)?),
            notice_day: row.get::<_, Option<i64>>(4)?.unwrap_or(i64::MIN),
        });
    }
    Ok(uses)
}

/// Notes what an organisation was told.
pub(crate) fn told(
    transaction: &Connection,
    now: Timestamp,
    organisation: OrganisationId,
    notice: Notice,
) -> Result<(), RegisterError> {
    transaction.execute(
        "UPDATE last_use SET notice = ?2, notice_day = ?3 WHERE organisation = ?1",
        params![organisation.as_bytes(), notice.number(), day_of(now)],
    )?;
    Ok(())
}

/// Brings the one word that the cell sees up to the day.
pub(crate) fn mark_quiet(transaction: &Connection, now: Timestamp) -> Result<(), RegisterError> {
    let since = day_of(now) - QUIET_DAYS;
    transaction.execute("UPDATE last_use SET quiet = (day <= ?1) WHERE quiet <> (day <= ?1)", [since])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::DAY_MILLIS;
    use super::*;

    const ONE: OrganisationId = OrganisationId::from_bytes([1; 16]);

    /// Runs the round every day (or only on those days) and tells what happened when.
    fn rounds(days: impl Iterator<Item = i64>) -> Vec<(i64, &'static str)> {
        let settings = JoiningSettings::default();
        let mut held =
            Use { organisation: ONE, status: Status::Active, day: 0, notice: Notice::None, notice_day: i64::MIN };
        let mut seen = Vec::new();
        for day in days {
            for change in due(Timestamp::from_millis(day * DAY_MILLIS), &settings, std::slice::from_ref(&held)) {
                match change {
                    Change::Tell(_, notice, on) => {
                        assert!(on >= day + settings.notice_days);
                        (held.notice, held.notice_day) = (notice, day);
                        seen.push((day, "told"));
                    }
                    Change::Dormant(_) => {
                        held.status = Status::Dormant;
                        seen.push((day, "dormant"));
                    }
                    Change::Left(_) => {
                        held.status = Status::Left;
                        seen.push((day, "left"));
                    }
                }
            }
        }
        seen
    }

    #[test]
    fn told_dormant_told_left() {
        assert_eq!(rounds(0..400), [(76, "told"), (90, "dormant"), (166, "told"), (180, "left")]);
    }

    #[test]
    fn nobody_is_shut_out_without_notice_however_long_the_server_was_off() {
        assert_eq!(
            rounds([0, 300].into_iter().chain(301..400)),
            [(300, "told"), (314, "dormant"), (315, "told"), (329, "left")]
        );
    }

    #[test]
    fn others_are_left_alone() {
        let settings = JoiningSettings::default();
        let now = Timestamp::from_millis(1_000 * DAY_MILLIS);
        for status in [Status::Invited, Status::Suspended, Status::Left] {
            let held = Use { organisation: ONE, status, day: 0, notice: Notice::Closing, notice_day: 1 };
            assert!(due(now, &settings, &[held]).is_empty());
        }
        // What was told before the last sign-in counts for nothing.
        let held =
            Use { organisation: ONE, status: Status::Active, day: 900, notice: Notice::Dormant, notice_day: 800 };
        assert!(matches!(due(now, &settings, &[held])[..], [Change::Tell(_, Notice::Dormant, _)]));
    }
}
