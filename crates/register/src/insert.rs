//! New rows: organisations with their assets, and keys.

use model::{Entropy, OrganisationId, Region, Timestamp};
use rusqlite::{Connection, params};

use crate::credentials::{self, Secret};
use crate::held::warn_text;
use crate::nouns::{Answers, NewOrganisation};
use crate::register::RegisterError;

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

pub(crate) fn insert_key(
    connection: &Connection,
    entropy: &dyn Entropy,
    organisation: OrganisationId,
    label: &str,
    answers: Answers,
    expires_at: Option<Timestamp>,
) -> Result<Secret, RegisterError> {
    let (key, prefix) = credentials::key(entropy);
    connection
        .prepare_cached("INSERT INTO key(hash, prefix, organisation, label, warn, know, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            credentials::digest(key.expose()),
            prefix,
            organisation.as_bytes(),
            label,
            warn_text(answers.warn),
            answers.know.as_str(),
            expires_at.map(Timestamp::as_millis)
        ])?;
    Ok(key)
}
