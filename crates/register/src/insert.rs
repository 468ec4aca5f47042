//! New rows: organisations with their assets, and keys.

use model::{Entropy, OrganisationId, PersonId, Region, Timestamp};
use rusqlite::{Connection, params};

use crate::credentials::{self, Secret};
use crate::held::warn_text;
use crate::nouns::{Answers, NewOrganisation};
use crate::register::RegisterError;
use crate::scopes::Scopes;

/// Longest name and e-mail address.
pub(crate) const NAME_CHARS_MAX: usize = 200;

pub(crate) fn checked_name(name: &str) -> Result<String, RegisterError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(RegisterError::Refused(format!(
            "a name has 1 to {NAME_CHARS_MAX} characters and no control characters"
        )));
    }
    Ok(name.to_owned())
}

/// An e-mail address as it is stored.
pub(crate) fn checked_email(email: &str) -> Result<String, RegisterError> {
    let checked = email.trim().to_lowercase();
    if !checked.contains('@') || checked.chars().count() > NAME_CHARS_MAX || checked.chars().any(char::is_whitespace) {
        return Err(RegisterError::Refused(format!("{email:?} is no e-mail address")));
    }
    Ok(checked)
}

pub(crate) fn insert_organisation(
    connection: &Connection,
    entropy: &dyn Entropy,
    new: &NewOrganisation,
) -> Result<OrganisationId, RegisterError> {
    let name = checked_name(&new.name)?;
    let id = OrganisationId::from_bytes(entropy.bytes());
    let inserted = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO organisation(id, name, folded, sector, region, class) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            id.as_bytes(),
            name,
            name.to_lowercase(),
            new.sector.as_str(),
            new.region.map(Region::as_str),
            new.class.as_str()
        ])?;
    if inserted == 0 {
        return Err(RegisterError::Exists(name));
    }
    let mut asset =
        connection.prepare_cached("INSERT OR IGNORE INTO asset(organisation, kind, value) VALUES (?1, ?2, ?3)")?;
    for (kind, values) in
        [("domain", &new.assets.domains), ("range", &new.assets.ranges), ("brand", &new.assets.brands)]
    {
        for value in values {
            asset.execute(params![id.as_bytes(), kind, value.trim().to_lowercase()])?;
        }
    }
    Ok(id)
}

/// A key with every scope, as the command line and exercises make them.
pub(crate) fn insert_key(
    connection: &Connection,
    entropy: &dyn Entropy,
    organisation: OrganisationId,
    label: &str,
    answers: Answers,
    expires_at: Option<Timestamp>,
) -> Result<Secret, RegisterError> {
    let row = KeyRow { organisation, label, answers, expires_at, scopes: Scopes::ALL, made_by: None, day: None };
    insert_key_row(connection, entropy, &row)
}

/// A key to be stored.
pub(crate) struct KeyRow<'a> {
    pub(crate) organisation: OrganisationId,
    pub(crate) label: &'a str,
    pub(crate) answers: Answers,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) scopes: Scopes,
    pub(crate) made_by: Option<PersonId>,
    pub(crate) day: Option<i64>,
}

pub(crate) fn insert_key_row(
    connection: &Connection,
    entropy: &dyn Entropy,
    new: &KeyRow<'_>,
) -> Result<Secret, RegisterError> {
    let (key, prefix) = credentials::key(entropy);
    connection
        .prepare_cached(
            "INSERT INTO key(hash, prefix, organisation, label, warn, know, expires_at, scopes, made_by, created_day)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            credentials::digest(key.expose()),
            prefix,
            new.organisation.as_bytes(),
            new.label,
            warn_text(new.answers.warn),
            new.answers.know.as_str(),
            new.expires_at.map(Timestamp::as_millis),
            new.scopes.names(),
            new.made_by.map(|person| *person.as_bytes()),
            new.day
        ])?;
    Ok(key)
}
