//! Invitations: links that work once, for a week, of which only a hash is kept.
//!
//! A link that was forged, used, withdrawn or is too old is answered in one way. Whoever was invited by somebody whose
//! account is closed by now is not let in on that account's word.

use model::{Entropy, InvitationId, OrganisationId, PersonId, Sector, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::credentials::{self, Secret, hex};
use crate::nouns::{Face, Secondment};
use crate::register::RegisterError;
use crate::rights::Role;
use crate::sessions::HOUR_MILLIS;

use super::letters::days_later;
use super::settings::JoiningSettings;
use super::{JoinError, Page, Place, terms};

/// How every invitation's token begins, so that leak scanners know it.
pub const INVITATION_PREFIX: &str = "fci_";
/// How every enrolment ticket begins.
pub const TICKET_PREFIX: &str = "fce_";
/// How long an enrolment ticket works.
const TICKET_MILLIS: i64 = 30 * 60_000;
/// Invitations that one organisation may have open at once, and the cell by itself for its people.
pub const INVITATIONS_OPEN_MAX: i64 = 200;
/// Invitations of a page.
const PAGE: usize = 50;

/// Lets its holder set a first way to sign in, once, within half an hour.
pub struct EnrolmentTicket(pub Secret);

/// What an invitation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationKind {
    /// An organisation is to join; whoever accepts becomes its first admin.
    Organisation,
    /// Somebody is to join an organisation's people.
    Person,
    /// Somebody is to join the cell.
    Cell,
    /// Somebody who has an account gets another way to sign in.
    Recovery,
}

impl InvitationKind {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Person => "person",
            Self::Cell => "cell",
            Self::Recovery => "recovery",
        }
    }

    fn from_name(name: &str) -> Result<Self, RegisterError> {
        let all = [Self::Organisation, Self::Person, Self::Cell, Self::Recovery];
        let found = all.into_iter().find(|kind| kind.as_str() == name);
        found.ok_or_else(|| RegisterError::Stored(format!("{name:?} is no kind of invitation")))
    }
}

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationState {
    /// Its link works.
    Open,
    /// It was used.
    Accepted,
    /// It was not used in time.
    Expired,
    /// It was taken back.
    Withdrawn,
}

impl InvitationState {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// An invitation to send.
#[derive(Clone, Debug)]
pub(crate) struct NewInvitation<'a> {
    pub kind: InvitationKind,
    /// The organisation; for a secondee the home organisation.
    pub organisation: Option<OrganisationId>,
    /// Whose way in is renewed.
    pub person: Option<PersonId>,
    pub role: Role,
    pub email: &'a str,
    pub name: &'a str,
    pub language: &'a str,
    pub secondment: Option<&'a Secondment>,
    /// Who sends it; nobody if it was the operator.
    pub by: Option<PersonId>,
}

/// An invitation as those see it who may send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// What it is for.
    pub kind: InvitationKind,
    /// The organisation that it is for.
    pub organisation: Option<OrganisationId>,
    /// The role that it gives.
    pub role: Role,
    /// To whom it was sent.
    pub email: String,
    /// The name of that person.
    pub name: String,
    /// The language to write in.
    pub language: String,
    /// Where it stands.
    pub state: InvitationState,
    /// When it was sent.
    pub made_at: Timestamp,
    /// Until when its link works.
    pub expires_at: Timestamp,
    pub(crate) person: Option<PersonId>,
    pub(crate) secondment: Option<Secondment>,
    pub(crate) by: Option<PersonId>,
}

const COLUMNS: &str = "id, kind, organisation, role, email, name, language, state, made_at, expires_at, person, vetting, vetting_until, wall, by";

fn read(row: &Row<'_>, now: Timestamp) -> Result<Invitation, RegisterError> {
    let (kind, role, state): (String, String, String) = (row.get(1)?, row.get(3)?, row.get(7)?);
    let expires_at = Timestamp::from_millis(row.get(9)?);
    let state = match state.as_str() {
        "accepted" => InvitationState::Accepted,
        "withdrawn" => InvitationState::Withdrawn,
        "open" if now < expires_at => InvitationState::Open,
        _ => InvitationState::Expired,
    };
    let organisation: Option<[u8; 16]> = row.get(2)?;
    let person: Option<[u8; 16]> = row.get(10)?;
    let (vetting, until): (Option<String>, Option<i64>) = (row.get(11)?, row.get(12)?);
    let (wall, by): (Option<String>, Option<[u8; 16]>) = (row.get(13)?, row.get(14)?);
    let secondment = match (vetting, until) {
        (Some(vetting), Some(until)) => Some(Secondment {
            vetting,
            vetted_until: Timestamp::from_millis(until),
            wall: wall
                .unwrap_or_default()
                .split_terminator(',')
                .map(|sector| sector.parse().map_err(RegisterError::Stored))
                .collect::<Result<_, _>>()?,
        }),
        _ => None,
    };
    Ok(Invitation {
        id: InvitationId::from_bytes(row.get(0)?),
        kind: InvitationKind::from_name(&kind)?,
        organisation: organisation.map(OrganisationId::from_bytes),
        role: Role::from_name(&role).ok_or_else(|| RegisterError::Stored(format!("{role:?} is no role")))?,
        email: row.get(4)?,
        name: row.get(5)?,
        language: row.get(6)?,
        state,
        made_at: Timestamp::from_millis(row.get(8)?),
        expires_at,
        person: person.map(PersonId::from_bytes),
        secondment,
        by: by.map(PersonId::from_bytes),
    })
}

/// A wall as it is stored.
pub(crate) fn wall(sectors: &[Sector]) -> String {
    sectors.iter().map(|sector| sector.as_str()).collect::<Vec<_>>().join(",")
}

/// A token of 256 random bits behind a prefix.
fn token(prefix: &str, entropy: &dyn Entropy) -> Secret {
    Secret::new(format!("{prefix}{}", hex(&entropy.bytes::<32>())))
}

/// The hash of a token that has the right form: nothing else is looked up.
fn hash_of(prefix: &str, token: &str) -> Option<[u8; 32]> {
    let digits = token.strip_prefix(prefix)?;
    let good = digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    good.then(|| credentials::digest(token))
}

/// Makes an invitation; the token is known to nobody but whom it is sent to.
pub(crate) fn make(
    transaction: &Connection,
    entropy: &dyn Entropy,
    now: Timestamp,
    settings: &JoiningSettings,
    new: &NewInvitation<'_>,
) -> Result<(InvitationId, Secret), RegisterError> {
    let open: i64 = transaction
        .prepare_cached(
            "SELECT count(*) FROM invitation WHERE organisation IS ?1 AND state = 'open' AND expires_at > ?2",
        )?
        .query_row(params![new.organisation.map(|id| *id.as_bytes()), now.as_millis()], |row| row.get(0))?;
    if open >= INVITATIONS_OPEN_MAX {
        return Err(RegisterError::Refused(format!("{open} invitations are open already: withdraw some first")));
    }
    let email = crate::names::address("e-mail", new.email)?;
    let name = crate::names::name("name", new.name)?;
    let language = language(new.language)?;
    // One link for one purpose: an older one to the same address stops working.
    transaction
        .prepare_cached(
            "UPDATE invitation SET state = 'withdrawn', ended_at = ?3 WHERE organisation IS ?1 AND email = ?2
             AND kind = ?4 AND state = 'open'",
        )?
        .execute(params![
            new.organisation.map(|id| *id.as_bytes()),
            email,
            now.floor_to(HOUR_MILLIS).as_millis(),
            new.kind.as_str()
        ])?;
    let id = InvitationId::from_bytes(entropy.bytes());
    let token = token(INVITATION_PREFIX, entropy);
    transaction
        .prepare_cached(
            "INSERT INTO invitation(id, hash, kind, organisation, person, role, email, name, language, vetting,
             vetting_until, wall, by, state, made_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'open', ?14, ?15)",
        )?
        .execute(params![
            id.as_bytes(),
            credentials::digest(token.expose()),
            new.kind.as_str(),
            new.organisation.map(|id| *id.as_bytes()),
            new.person.map(|id| *id.as_bytes()),
            new.role.as_str(),
            email,
            name,
            language,
            new.secondment.map(|held| held.vetting.as_str()),
            new.secondment.map(|held| held.vetted_until.as_millis()),
            new.secondment.map(|held| wall(&held.wall)),
            new.by.map(|id| *id.as_bytes()),
            now.as_millis(),
            days_later(now, settings.invitation_days).as_millis(),
        ])?;
    Ok((id, token))
}

/// A language tag such as `en` or `cy`, in lower case.
pub(crate) fn language(text: &str) -> Result<String, RegisterError> {
    let text = text.trim().to_ascii_lowercase();
    if text.is_empty() {
        return Ok("en".to_owned());
    }
    let mut parts = text.split('-');
    let first = parts
        .next()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase()));
    let rest = parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if first && rest && text.len() <= 20 {
        Ok(text)
    } else {
        Err(RegisterError::Refused("language is no tag such as en or cy".into()))
    }
}

/// One invitation by its id.
pub(crate) fn find(
    connection: &Connection,
    now: Timestamp,
    id: InvitationId,
) -> Result<Option<Invitation>, RegisterError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM invitation WHERE id = ?1"))?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(|row| read(row, now)).transpose()
}

/// An open invitation by its token, at the listener where its role signs in.
pub(crate) fn open(
    connection: &Connection,
    now: Timestamp,
    face: Face,
    token: &str,
) -> Result<Option<Invitation>, RegisterError> {
    let Some(hash) = hash_of(INVITATION_PREFIX, token) else { return Ok(None) };
    // The sender still has an account, and the organisation has not been shut out meanwhile.
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM invitation AS i WHERE hash = ?1 AND state = 'open' AND expires_at > ?2
         AND (i.by IS NULL OR EXISTS (SELECT 1 FROM person WHERE person.id = i.by AND disabled = 0))
         AND (i.organisation IS NULL OR EXISTS (SELECT 1 FROM organisation WHERE organisation.id = i.organisation
              AND (status = 'active' OR (i.kind = 'organisation' AND status = 'invited')
                   OR (i.kind = 'recovery' AND status = 'dormant'))))"
    ))?;
    let mut rows = statement.query(params![hash, now.as_millis()])?;
    let found = rows.next()?.map(|row| read(row, now)).transpose()?;
    Ok(found.filter(|invitation| invitation.role.face() == face))
}

/// Uses an invitation up: true for exactly one of those who try.
pub(crate) fn spend(transaction: &Connection, now: Timestamp, id: InvitationId) -> Result<bool, RegisterError> {
    let changed = transaction
        .prepare_cached("UPDATE invitation SET state = 'accepted', ended_at = ?2 WHERE id = ?1 AND state = 'open'")?
        .execute(params![id.as_bytes(), now.floor_to(HOUR_MILLIS).as_millis()])?;
    Ok(changed == 1)
}

/// Takes an invitation back; false if it is no longer open.
pub(crate) fn withdraw(transaction: &Connection, now: Timestamp, id: InvitationId) -> Result<bool, RegisterError> {
    let changed = transaction
        .prepare_cached("UPDATE invitation SET state = 'withdrawn', ended_at = ?2 WHERE id = ?1 AND state = 'open'")?
        .execute(params![id.as_bytes(), now.floor_to(HOUR_MILLIS).as_millis()])?;
    Ok(changed == 1)
}

/// Takes back what somebody has sent: whoever loses a right leaves no links that use it.
pub(crate) fn withdraw_of(transaction: &Connection, now: Timestamp, by: PersonId) -> Result<usize, RegisterError> {
    Ok(transaction
        .prepare_cached("UPDATE invitation SET state = 'withdrawn', ended_at = ?2 WHERE by = ?1 AND state = 'open'")?
        .execute(params![by.as_bytes(), now.floor_to(HOUR_MILLIS).as_millis()])?)
}

/// Invitations of an organisation, or those that the cell sends (of organisations and of its own people), the latest first.
pub(crate) fn list(
    connection: &Connection,
    now: Timestamp,
    organisation: Option<OrganisationId>,
    before: Option<Place>,
) -> Result<Page<Invitation>, RegisterError> {
    let (at, id) = before.unwrap_or((i64::MAX, [0xFF; 16]));
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let page = "(made_at, id) < (?2, ?3) ORDER BY made_at DESC, id DESC LIMIT ?4";
    let mut statement = match organisation {
        // What the cell sent about the organisation is the cell's business, and the other way round.
        Some(_) => connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM invitation WHERE organisation = ?1 AND kind = 'person' AND {page}"
        ))?,
        None => connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM invitation WHERE ?1 IS NULL AND kind <> 'person' AND {page}"
        ))?,
    };
    let mut rows = statement.query(params![organisation.map(|id| *id.as_bytes()), at, id, limit])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(read(row, now)?);
    }
    let more = items.len() > PAGE;
    items.truncate(PAGE);
    let last = items.last().filter(|_| more).map(|last| (last.made_at.as_millis(), *last.id.as_bytes()));
    Ok((items, last))
}

/// Makes the ticket with which somebody sets the first way to sign in; older ones of the same person stop working.
pub(crate) fn ticket(
    transaction: &Connection,
    entropy: &dyn Entropy,
    now: Timestamp,
    person: PersonId,
) -> Result<EnrolmentTicket, RegisterError> {
    transaction.execute(
        "DELETE FROM enrolment WHERE person = ?1 OR expires_at <= ?2",
        params![person.as_bytes(), now.as_millis()],
    )?;
    let token = token(TICKET_PREFIX, entropy);
    transaction.execute(
        "INSERT INTO enrolment(hash, person, expires_at) VALUES (?1, ?2, ?3)",
        params![credentials::digest(token.expose()), person.as_bytes(), now.plus_millis(TICKET_MILLIS).as_millis()],
    )?;
    Ok(EnrolmentTicket(token))
}

/// Whose ticket it is, if it still works.
pub(crate) fn ticket_of(
    connection: &Connection,
    now: Timestamp,
    ticket: &str,
) -> Result<Option<PersonId>, RegisterError> {
    let Some(hash) = hash_of(TICKET_PREFIX, ticket) else { return Ok(None) };
    let found: Option<[u8; 16]> = connection
        .prepare_cached(
            "SELECT person FROM enrolment WHERE hash = ?1 AND expires_at > ?2
             AND EXISTS (SELECT 1 FROM person WHERE person.id = enrolment.person AND disabled = 0)",
        )?
        .query_row(params![hash, now.as_millis()], |row| row.get(0))
        .optional()?;
    Ok(found.map(PersonId::from_bytes))
}

/// Uses a ticket up; gives whose it was, once.
pub(crate) fn spend_ticket(
    transaction: &Connection,
    now: Timestamp,
    ticket: &str,
) -> Result<Option<PersonId>, RegisterError> {
    let Some(person) = ticket_of(transaction, now, ticket)? else { return Ok(None) };
    let gone = transaction.execute("DELETE FROM enrolment WHERE hash = ?1", [credentials::digest(ticket)])?;
    Ok((gone == 1).then_some(person))
}

/// What the page of a link shows before anybody accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// What the invitation is for.
    pub kind: InvitationKind,
    /// The organisation's name.
    pub organisation: Option<String>,
    /// The role.
    pub role: Role,
    /// The address that it was sent to.
    pub email: String,
    /// The name as the sender wrote it.
    pub name: String,
    /// Until when the link works.
    pub expires_at: Timestamp,
    /// The terms that hold.
    pub terms: terms::Terms,
}

/// Looks at a link without using it.
pub(crate) fn look(connection: &Connection, now: Timestamp, face: Face, token: &str) -> Result<Invited, JoinError> {
    let found = open(connection, now, face, token)?.ok_or(JoinError::Gone)?;
    let organisation = match found.organisation {
        Some(id) => connection
            .query_row("SELECT name FROM organisation WHERE id = ?1", [id.as_bytes()], |row| row.get(0))
            .optional()?,
        None => None,
    };
    Ok(Invited {
        kind: found.kind,
        organisation,
        role: found.role,
        email: found.email,
        name: found.name,
        expires_at: found.expires_at,
        terms: terms::current(connection)?,
    })
}
