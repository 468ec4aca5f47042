//! Terms of membership: versions as data, who accepted which, and what happens to those who have not in time.

use model::{OrganisationId, PersonId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::register::RegisterError;

use super::day_of;
use super::settings::JoiningSettings;

/// The first version, which every partnership begins with.
const BUILT_IN: &str = include_str!("terms.md");
/// Longest text of terms, in characters.
pub const TERMS_CHARS_MAX: usize = 50_000;
/// How far ahead a version may be announced, in days.
const AHEAD_DAYS_MAX: i64 = 365;

/// One version of the terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its number: one more than the version before.
    pub version: u32,
    /// The text.
    pub text: String,
    /// The day from which it holds, in days since 1970-01-01.
    pub from_day: i64,
}

/// How an organisation stands to the terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsStanding {
    /// The version that is to be accepted: the latest that was announced.
    pub terms: Terms,
    /// The version that one of its admins accepted last; zero if none.
    pub accepted: u32,
    /// The last day on which it may report without accepting, if there is one.
    pub until_day: Option<i64>,
    /// Whether that day has passed: it can only read.
    pub overdue: bool,
}

fn built_in() -> Terms {
    Terms { version: 1, text: BUILT_IN.trim().to_owned(), from_day: 0 }
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Terms> {
    Ok(Terms { version: row.get(0)?, text: row.get(1)?, from_day: row.get(2)? })
}

/// The latest version that was announced: it is what is shown and accepted, also before it holds.
pub(crate) fn current(connection: &Connection) -> Result<Terms, RegisterError> {
    let latest = connection
        .prepare_cached("SELECT version, text, from_day FROM terms ORDER BY version DESC LIMIT 1")?
        .query_row([], row)
        .optional()?;
    Ok(latest.unwrap_or_else(built_in))
}

/// Every version, the latest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Terms>, RegisterError> {
    let mut statement = connection.prepare_cached("SELECT version, text, from_day FROM terms ORDER BY version DESC")?;
    let mut all = statement.query_map([], row)?.collect::<Result<Vec<_>, _>>()?;
    if !all.iter().any(|terms| terms.version == 1) {
        all.push(built_in());
    }
    Ok(all)
}

/// Publishes the next version.
pub(crate) fn publish(
    transaction: &Connection,
    now: Timestamp,
    text: &str,
    from_day: i64,
    by: Option<PersonId>,
) -> Result<Terms, RegisterError> {
    let text = crate::names::lines("text", text, TERMS_CHARS_MAX)?;
    let today = day_of(now);
    if from_day < today || from_day > today + AHEAD_DAYS_MAX {
        return Err(RegisterError::Refused(format!(
            "terms hold from a day between today and {AHEAD_DAYS_MAX} days on"
        )));
    }
    let before = current(transaction)?;
    if before.text == text {
        return Err(RegisterError::Refused("the text is that of the version before".into()));
    }
    let version = before.version.saturating_add(1);
    transaction.execute(
        "INSERT INTO terms(version, text, from_day, published_at, by) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![version, text, from_day, now.as_millis(), by.map(|id| *id.as_bytes())],
    )?;
    Ok(Terms { version, text, from_day })
}

/// The last day on which whoever has not accepted a version may report. The built-in one is asked for at joining only:
/// organisations that were made before there were terms are not shut out by an update of the program.
pub(crate) fn until_day(settings: &JoiningSettings, terms: &Terms) -> Option<i64> {
    (terms.version > 1).then(|| terms.from_day.saturating_add(settings.grace_days))
}

/// Whether an organisation that accepted `accepted` last may only read.
pub(crate) fn is_overdue(settings: &JoiningSettings, terms: &Terms, accepted: u32, now: Timestamp) -> bool {
    accepted < terms.version && until_day(settings, terms).is_some_and(|until| day_of(now) > until)
}

/// Notes that an organisation's admin has accepted a version.
pub(crate) fn accept(
    transaction: &Connection,
    now: Timestamp,
    organisation: OrganisationId,
    person: PersonId,
    version: u32,
) -> Result<(), RegisterError> {
    transaction.execute(
        "INSERT OR IGNORE INTO terms_acceptance(organisation, version, person, day) VALUES (?1, ?2, ?3, ?4)",
        params![organisation.as_bytes(), version, person.as_bytes(), day_of(now)],
    )?;
    transaction.execute(
        "UPDATE organisation SET terms = max(terms, ?2), overdue = 0 WHERE id = ?1",
        params![organisation.as_bytes(), version],
    )?;
    Ok(())
}

/// How an organisation stands.
pub(crate) fn standing(
    connection: &Connection,
    now: Timestamp,
    organisation: OrganisationId,
) -> Result<TermsStanding, RegisterError> {
    let settings = JoiningSettings::read(connection)?;
    let terms = current(connection)?;
    let accepted = connection
        .prepare_cached("SELECT terms FROM organisation WHERE id = ?1")?
        .query_row([organisation.as_bytes()], |row| row.get(0))?;
    let overdue = is_overdue(&settings, &terms, accepted, now);
    let until_day = if accepted < terms.version { until_day(&settings, &terms) } else { None };
    Ok(TermsStanding { terms, accepted, until_day, overdue })
}

/// Marks those as overdue whose time has passed, and no others; gives their number.
pub(crate) fn mark_overdue(transaction: &Connection, now: Timestamp) -> Result<usize, RegisterError> {
    let settings = JoiningSettings::read(transaction)?;
    let terms = current(transaction)?;
    let least = if is_overdue(&settings, &terms, 0, now) { terms.version } else { 0 };
    transaction.execute("UPDATE organisation SET overdue = 0 WHERE overdue = 1 AND terms >= ?1", [least])?;
    Ok(transaction.execute(
        "UPDATE organisation SET overdue = 1 WHERE overdue = 0 AND terms < ?1 AND class = 'member'
         AND status IN ('active', 'dormant')",
        [least],
    )?)
}

#[cfg(test)]
mod tests {
    use super::super::DAY_MILLIS;
    use super::*;

    const fn start_of(day: i64) -> Timestamp {
        Timestamp::from_millis(day * DAY_MILLIS)
    }

    #[test]
    fn only_versions_that_were_announced_shut_anybody_out_and_only_after_the_grace() {
        let settings = JoiningSettings::default();
        let at = |day: i64| start_of(day);
        assert!(!is_overdue(&settings, &built_in(), 0, at(90_000)));
        let second = Terms { version: 2, text: "x".into(), from_day: 100 };
        for (accepted, day, expect) in
            [(1, 99, false), (1, 130, false), (1, 131, true), (0, 131, true), (2, 999, false)]
        {
            assert_eq!(is_overdue(&settings, &second, accepted, at(day)), expect, "{accepted} {day}");
        }
    }

    #[test]
    fn a_version_is_published_ahead_and_never_twice() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE terms(version INTEGER PRIMARY KEY, text TEXT, from_day INTEGER, published_at INTEGER, by BLOB)")
            .unwrap();
        let now = start_of(100);
        assert_eq!(current(&connection).unwrap(), built_in());
        for (text, from) in [("new", 99), ("new", 600), ("", 101), (BUILT_IN, 101), ("a\u{202e}b", 101)] {
            assert!(publish(&connection, now, text, from, None).is_err(), "{text} {from}");
        }
        assert_eq!(publish(&connection, now, "new\ntext", 110, None).unwrap().version, 2);
        assert_eq!(publish(&connection, now, "newer", 110, None).unwrap().version, 3);
        assert_eq!(all(&connection).unwrap().len(), 3);
    }
}
