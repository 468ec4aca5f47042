//! Sponsorship: a member proposes a firm, the cell invites it or not.
//!
//! The cell knows who proposed whom. Whoever is not invited is not told so, and its sponsor is told no more than "not now".

use model::{Entropy, OrganisationId, PersonId, Region, Sector, SponsorshipId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::register::RegisterError;

use super::profile::SizeBand;
use super::settings::JoiningSettings;
use super::{Page, Place, day_of};

/// Longest reason, in characters.
pub const WHY_CHARS_MAX: usize = 1_000;
/// Sponsors of sponsors that are looked at: a chain that is longer than any partnership is old ends here.
const CHAIN_MAX: usize = 1_000;
/// Sponsorships of a page.
const PAGE: usize = 50;

/// A firm that a member proposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSponsorship {
    /// The firm's name.
    pub name: String,
    /// Its main sector.
    pub sector: Sector,
    /// Its region.
    pub region: Option<Region>,
    /// Its size.
    pub size: Option<SizeBand>,
    /// A domain of its own.
    pub domain: String,
    /// Name of the person to invite.
    pub contact: String,
    /// E-mail address of that person.
    pub email: String,
    /// Why it should join.
    pub why: String,
}

/// Where a sponsorship stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SponsorshipState {
    /// The cell has not decided.
    Pending,
    /// The firm is invited.
    Approved,
    /// It is not.
    Refused,
    /// The sponsor took it back.
    Withdrawn,
}

impl SponsorshipState {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What its sponsor is told.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "invited",
            Self::Refused => "not-now",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn from_name(name: &str) -> Result<Self, RegisterError> {
        let all = [Self::Pending, Self::Approved, Self::Refused, Self::Withdrawn];
        let found = all.into_iter().find(|state| state.as_str() == name);
        found.ok_or_else(|| RegisterError::Stored(format!("{name:?} is no state of a sponsorship")))
    }
}

/// A sponsorship as the cell sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sponsorship {
    /// Its id.
    pub id: SponsorshipId,
    /// Who proposes.
    pub sponsor: OrganisationId,
    /// What is proposed.
    pub firm: NewSponsorship,
    /// Where it stands.
    pub state: SponsorshipState,
    /// The day on which it was proposed.
    pub day: i64,
    /// The day on which it was decided.
    pub decided_day: Option<i64>,
    /// Why it was refused: for the cell alone.
    pub reason: Option<String>,
    /// The organisation that was invited.
    pub organisation: Option<OrganisationId>,
    /// The person who proposed.
    pub(crate) by: Option<PersonId>,
}

const COLUMNS: &str = "id, sponsor, name, sector, region, size, domain, contact, email, why, state, day, decided_day, reason, organisation, by";

fn read(row: &Row<'_>) -> Result<Sponsorship, RegisterError> {
    let (sector, region, size): (String, Option<String>, Option<String>) = (row.get(3)?, row.get(4)?, row.get(5)?);
    let (organisation, by): (Option<[u8; 16]>, Option<[u8; 16]>) = (row.get(14)?, row.get(15)?);
    let state: String = row.get(10)?;
    Ok(Sponsorship {
        id: SponsorshipId::from_bytes(row.get(0)?),
        sponsor: OrganisationId::from_bytes(row.get(1)?),
        firm: NewSponsorship {
            name: row.get(2)?,
            sector: sector.parse().map_err(RegisterError::Stored)?,
            region: region.map(|region| region.parse()).transpose().map_err(RegisterError::Stored)?,
            size: size.and_then(|size| size.parse().ok()),
            domain: row.get(6)?,
            contact: row.get(7)?,
            email: row.get(8)?,
            why: row.get(9)?,
        },
        state: SponsorshipState::from_name(&state)?,
        day: row.get(11)?,
        decided_day: row.get(12)?,
        reason: row.get(13)?,
        organisation: organisation.map(OrganisationId::from_bytes),
        by: by.map(PersonId::from_bytes),
    })
}

/// Every organisation by whose word, over however many steps, this one came in.
fn sponsors_of(connection: &Connection, organisation: OrganisationId) -> Result<Vec<OrganisationId>, RegisterError> {
    let mut chain = vec![organisation];
    let mut at = 0;
    let mut statement =
        connection.prepare_cached("SELECT sponsor FROM sponsorship WHERE organisation = ?1 AND state = 'approved'")?;
    while let Some(of) = chain.get(at).copied().filter(|_| chain.len() < CHAIN_MAX) {
        let mut rows = statement.query([of.as_bytes()])?;
        while let Some(row) = rows.next()? {
            let sponsor = OrganisationId::from_bytes(row.get(0)?);
            if !chain.contains(&sponsor) {
                chain.push(sponsor);
            }
        }
        at += 1;
    }
    Ok(chain)
}

/// Whether an organisation, whatever its status, bears this name or one of these domains.
fn is_it(connection: &Connection, id: OrganisationId, folded: &str, domains: [&str; 2]) -> Result<bool, RegisterError> {
    let [one, other] = domains;
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM organisation WHERE id = ?1 AND folded = ?2)
             OR EXISTS (SELECT 1 FROM asset WHERE organisation = ?1 AND kind = 'domain' AND value IN (?3, ?4))",
        )?
        .query_row(params![id.as_bytes(), folded, one, other], |row| row.get(0))?)
}

/// Checks a proposal and gives it in normal form.
pub(crate) fn normal(new: &NewSponsorship) -> Result<NewSponsorship, RegisterError> {
    let domain = crate::names::domain(&new.domain)
        .ok_or_else(|| RegisterError::Refused("domain is no domain name such as calder.example".into()))?;
    Ok(NewSponsorship {
        name: crate::names::name("name", &new.name)?,
        sector: new.sector,
        region: new.region,
        size: new.size,
        domain,
        contact: crate::names::name("contact", &new.contact)?,
        email: crate::names::address("email", &new.email)?,
        why: crate::names::lines("why", &new.why, WHY_CHARS_MAX)?,
    })
}

/// Proposes a firm.
pub(crate) fn propose(
    transaction: &Connection,
    entropy: &dyn Entropy,
    now: Timestamp,
    settings: &JoiningSettings,
    sponsor: OrganisationId,
    by: Option<PersonId>,
    new: &NewSponsorship,
) -> Result<SponsorshipId, RegisterError> {
    let new = normal(new)?;
    let takes_part: bool = transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM organisation WHERE id = ?1 AND status = 'active' AND class = 'member' AND overdue = 0)",
        [sponsor.as_bytes()],
        |row| row.get(0),
    )?;
    if !takes_part {
        return Err(RegisterError::Refused("only an active member can propose a firm".into()));
    }
    let open: i64 = transaction.query_row(
        "SELECT count(*) FROM sponsorship WHERE sponsor = ?1 AND state = 'pending'",
        [sponsor.as_bytes()],
        |row| row.get(0),
    )?;
    if open >= settings.sponsorships_max {
        return Err(RegisterError::Refused(format!(
            "{open} of your proposals wait for the cell, and no more than {} may",
            settings.sponsorships_max
        )));
    }
    let folded = new.name.to_lowercase();
    let mail_domain = new.email.rsplit('@').next().unwrap_or_default();
    for one in sponsors_of(transaction, sponsor)? {
        if is_it(transaction, one, &folded, [&new.domain, mail_domain])? {
            let why = if one == sponsor {
                "an organisation cannot propose itself"
            } else {
                "an organisation cannot propose one by whose word it came in"
            };
            return Err(RegisterError::Refused(why.into()));
        }
    }
    // Only what the directory shows is told: an invited or suspended firm of that name is the cell's affair.
    let listed: bool = transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM organisation WHERE folded = ?1 AND status IN ('active', 'dormant'))",
        [&folded],
        |row| row.get(0),
    )?;
    if listed {
        return Err(RegisterError::Exists(new.name));
    }
    let twice: bool = transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM sponsorship WHERE sponsor = ?1 AND state = 'pending' AND folded = ?2)",
        params![sponsor.as_bytes(), folded],
        |row| row.get(0),
    )?;
    if twice {
        return Err(RegisterError::Refused("you have proposed this firm already".into()));
    }
    let id = SponsorshipId::from_bytes(entropy.bytes());
    transaction.execute(
        "INSERT INTO sponsorship(id, sponsor, by, name, folded, sector, region, size, domain, contact, email, why, state, day)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'pending', ?13)",
        params![
            id.as_bytes(),
            sponsor.as_bytes(),
            by.map(|id| *id.as_bytes()),
            new.name,
            folded,
            new.sector.as_str(),
            new.region.map(Region::as_str),
            new.size.map(SizeBand::as_str),
            new.domain,
            new.contact,
            new.email,
            new.why,
            day_of(now),
        ],
    )?;
    Ok(id)
}

/// One by its id.
pub(crate) fn find(connection: &Connection, id: SponsorshipId) -> Result<Option<Sponsorship>, RegisterError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM sponsorship WHERE id = ?1"))?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(read).transpose()
}

/// Decides one that is pending; false if it is not (any more).
pub(crate) fn decide(
    transaction: &Connection,
    now: Timestamp,
    id: SponsorshipId,
    state: SponsorshipState,
    by: Option<PersonId>,
    reason: Option<&str>,
    organisation: Option<OrganisationId>,
) -> Result<bool, RegisterError> {
    let changed = transaction.execute(
        "UPDATE sponsorship SET state = ?2, decided_day = ?3, decided_by = ?4, reason = ?5, organisation = ?6
         WHERE id = ?1 AND state = 'pending'",
        params![
            id.as_bytes(),
            state.as_str(),
            day_of(now),
            by.map(|id| *id.as_bytes()),
            reason,
            organisation.map(|id| *id.as_bytes())
        ],
    )?;
    Ok(changed == 1)
}

/// Who proposed an organisation that was invited, if somebody did.
pub(crate) fn sponsor_of(
    connection: &Connection,
    organisation: OrganisationId,
) -> Result<Option<OrganisationId>, RegisterError> {
    let found: Option<[u8; 16]> = connection
        .prepare_cached(
            "SELECT sponsor FROM sponsorship WHERE organisation = ?1 AND state = 'approved' ORDER BY decided_day DESC, id LIMIT 1",
        )?
        .query_row([organisation.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(found.map(OrganisationId::from_bytes))
}

/// Sponsorships of one member, or of all, the latest day first.
pub(crate) fn list(
    connection: &Connection,
    sponsor: Option<OrganisationId>,
    before: Option<Place>,
) -> Result<Page<Sponsorship>, RegisterError> {
    let (day, id) = before.unwrap_or((i64::MAX, [0xFF; 16]));
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let page = "(day, id) < (?2, ?3) ORDER BY day DESC, id DESC LIMIT ?4";
    let which = if sponsor.is_some() { "sponsor = ?1" } else { "?1 IS NULL" };
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM sponsorship WHERE {which} AND {page}"))?;
    let mut rows = statement.query(params![sponsor.map(|id| *id.as_bytes()), day, id, limit])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(read(row)?);
    }
    let more = items.len() > PAGE;
    items.truncate(PAGE);
    let last = items.last().filter(|_| more).map(|last| (last.day, *last.id.as_bytes()));
    Ok((items, last))
}
