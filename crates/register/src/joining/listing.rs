//! Pages of organisations and people: each is one look along an index, however many there are.

use model::{OrganisationId, Region, Sector};
use rusqlite::{Row, params};

use crate::held::{PERSON_COLUMNS, person};
use crate::nouns::{OrganisationClass, Person, Status};
use crate::register::{Register, RegisterError};

use super::day_of;
use super::profile::SizeBand;

/// Rows of a page.
pub const PAGE_ROWS: usize = 50;
/// Longest text to search for, in characters.
const QUERY_CHARS_MAX: usize = 100;

/// An organisation as the cell's list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationRow {
    /// Its id.
    pub id: OrganisationId,
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: OrganisationClass,
    /// Its main sector.
    pub sector: Sector,
    /// Its region.
    pub region: Option<Region>,
    /// Its size.
    pub size: Option<SizeBand>,
    /// Its status, as of the beginning of the day where it came back from being dormant.
    pub status: Status,
    /// Nobody has signed in for sixty days: all that is told of its use.
    pub quiet: bool,
    /// Accounts that are not closed.
    pub people: u32,
    /// The version of the terms that it accepted last.
    pub terms: u32,
    /// Whether it can only read because it did not accept the latest in time.
    pub overdue: bool,
}

/// An organisation as the directory shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryRow {
    /// Its name.
    pub name: String,
    /// Its sectors, the main one first.
    pub sectors: Vec<Sector>,
}

/// What the cell's list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct OrganisationQuery {
    /// Part of the name.
    pub text: String,
    /// A status.
    pub status: Option<Status>,
    /// The name that the page before ended with, folded.
    pub after: Option<String>,
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase().chars().take(QUERY_CHARS_MAX).collect()
}

/// A page and where it ended: `rows` were read with one more than fits.
fn page<T, P>(mut rows: Vec<T>, place: impl Fn(&T) -> P) -> (Vec<T>, Option<P>) {
    let more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    let last = rows.last().filter(|_| more).map(place);
    (rows, last)
}

const LIMIT: i64 = PAGE_ROWS as i64 + 1;

const ORGANISATION: &str = "SELECT o.id, o.name, o.class, o.sector, o.region, o.size,
  CASE WHEN o.status = 'active' AND u.back_day = ?1 THEN 'dormant' ELSE o.status END AS shown, coalesce(u.quiet, 0),
  (SELECT count(*) FROM person AS p WHERE p.organisation = o.id AND p.closed = 0 AND p.role <> 'seconded-analyst'),
  o.terms, o.overdue
  FROM organisation AS o LEFT JOIN last_use AS u ON u.organisation = o.id";

fn organisation_row(row: &Row<'_>) -> Result<OrganisationRow, RegisterError> {
    let (class, sector, status): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(6)?);
    let (region, size): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
    let stored = |what: &str| RegisterError::Stored(format!("{what:?} is no class or status"));
    Ok(OrganisationRow {
        id: OrganisationId::from_bytes(row.get(0)?),
        name: row.get(1)?,
        class: OrganisationClass::from_name(&class).ok_or_else(|| stored(&class))?,
        sector: sector.parse().map_err(RegisterError::Stored)?,
        region: region.map(|region| region.parse()).transpose().map_err(RegisterError::Stored)?,
        size: size.and_then(|size| size.parse().ok()),
        status: Status::from_name(&status).ok_or_else(|| stored(&status))?,
        quiet: row.get(7)?,
        people: row.get(8)?,
        terms: row.get(9)?,
        overdue: row.get(10)?,
    })
}

impl Register {
    /// A page of organisations by name, and where it ended.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn organisation_page(
        &self,
        query: &OrganisationQuery,
    ) -> Result<(Vec<OrganisationRow>, Option<String>), RegisterError> {
        let today = day_of(self.now());
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "{ORGANISATION} WHERE o.folded > ?2 AND (?3 = '' OR instr(o.folded, ?3) > 0) AND (?4 IS NULL OR shown = ?4)
             ORDER BY o.folded LIMIT ?5"
        ))?;
        let after = query.after.as_deref().unwrap_or_default();
        let status = query.status.map(Status::as_str);
        let mut found = statement.query(params![today, after, folded(&query.text), status, LIMIT])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.push(organisation_row(row)?);
        }
        Ok(page(rows, |row| row.name.to_lowercase()))
    }

    /// One organisation as the cell sees it.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none.
    pub fn organisation_row(&self, id: OrganisationId) -> Result<OrganisationRow, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!("{ORGANISATION} WHERE o.id = ?2"))?;
        let mut rows = statement.query(params![day_of(self.now()), id.as_bytes()])?;
        let row = rows.next()?.ok_or_else(|| RegisterError::Absent("organisation".to_owned()))?;
        organisation_row(row)
    }

    /// A page of the directory: members and observers, active and dormant alike.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn directory_page(
        &self,
        text: &str,
        after: Option<&str>,
    ) -> Result<(Vec<DirectoryRow>, Option<String>), RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT name, sector, (SELECT group_concat(value) FROM asset WHERE organisation = o.id AND kind = 'sector')
             FROM organisation AS o WHERE folded > ?1 AND status IN ('active', 'dormant')
             AND (?2 = '' OR instr(folded, ?2) > 0) ORDER BY folded LIMIT ?3",
        )?;
        let mut found = statement.query(params![after.unwrap_or_default(), folded(text), LIMIT])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let (main, further): (String, Option<String>) = (row.get(1)?, row.get(2)?);
            let further = further.unwrap_or_default();
            let all = std::iter::once(main.as_str()).chain(further.split_terminator(','));
            let sectors = all.map(|sector| sector.parse().map_err(RegisterError::Stored));
            rows.push(DirectoryRow { name: row.get(0)?, sectors: sectors.collect::<Result<_, _>>()? });
        }
        Ok(page(rows, |row| row.name.to_lowercase()))
    }

    /// A page of an organisation's people by address; secondees are the cell's people.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn people_page(
        &self,
        organisation: OrganisationId,
        after: Option<&str>,
    ) -> Result<(Vec<Person>, Option<String>), RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {PERSON_COLUMNS} FROM person WHERE organisation = ?1 AND email > ?2 AND closed = 0
             AND role <> 'seconded-analyst' ORDER BY email LIMIT ?3"
        ))?;
        let mut found = statement.query(params![organisation.as_bytes(), after.unwrap_or_default(), LIMIT])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.push(person(row)?);
        }
        Ok(page(rows, |person| person.email.clone()))
    }

    /// A page of the cell's people by address.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn cell_people_page(&self, after: Option<&str>) -> Result<(Vec<Person>, Option<String>), RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {PERSON_COLUMNS} FROM person WHERE role IN ('analyst', 'seconded-analyst', 'lead', 'administrator')
             AND closed = 0 AND email > ?1 ORDER BY email LIMIT ?2"
        ))?;
        let mut found = statement.query(params![after.unwrap_or_default(), LIMIT])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.push(person(row)?);
        }
        Ok(page(rows, |person| person.email.clone()))
    }
}
