//! Who would read what is released, counted for whoever asks before sending, and who works for an organisation.

use std::collections::HashSet;

use model::{GroupId, OrganisationId, Sector, Timestamp};
use policy::scrub::COLLEAGUES_MAX;
use policy::{Audience, Colleague, Membership, rho};
use rusqlite::params;

use crate::nouns::{Organisation, OrganisationClass};
use crate::register::{Register, RegisterError};

/// Organisations that would read something, beside the one that asks. It tells no more than the directory of members does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readers {
    /// How many.
    pub organisations: u32,
    /// In how many sectors.
    pub sectors: u32,
}

impl Readers {
    fn of<'a>(organisations: impl Iterator<Item = &'a Organisation>) -> Self {
        let (mut readers, mut sectors) = (Self::default(), HashSet::<Sector>::new());
        for organisation in organisations {
            readers.organisations += 1;
            sectors.insert(organisation.sector);
        }
        readers.sectors = u32::try_from(sectors.len()).unwrap_or(u32::MAX);
        readers
    }
}

impl Register {
    /// The members beside one organisation that may read what all members may: those that are dormant read, observers do not.
    #[must_use]
    pub fn other_readers(&self, but: OrganisationId) -> Readers {
        let tables = self.tables();
        let all = tables.organisations.values().map(|held| &**held);
        Readers::of(
            all.filter(|held| held.id != but && held.status.admits() && held.class == OrganisationClass::Member),
        )
    }

    /// The organisations beside one that would read what is reported to a group as it stands, observers among them.
    #[must_use]
    pub fn other_readers_of_group(&self, but: OrganisationId, group: GroupId, as_of: Timestamp) -> Readers {
        let Some(held) = self.group_of(but, group) else { return Readers::default() };
        let audience = Audience::Group { group, before: None, as_of };
        let reached = held.members.iter().filter(|member| {
            member.organisation != but && rho::reaches(Membership { group, joined: member.joined_at }, &audience)
        });
        let tables = self.tables();
        Readers::of(
            reached
                .filter_map(|member| tables.organisations.get(&member.organisation))
                .map(|held| &**held)
                .filter(|held| held.status.admits()),
        )
    }

    /// The people of an organisation as the scrub looks for them, up to its limit.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn colleagues(&self, organisation: OrganisationId) -> Result<Vec<Colleague>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT name, email FROM person WHERE organisation = ?1 AND closed = 0 ORDER BY email LIMIT ?2",
        )?;
        let limit = i64::try_from(COLLEAGUES_MAX).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![organisation.as_bytes(), limit], |row| {
            let (name, email): (String, String) = (row.get(0)?, row.get(1)?);
            let mailbox = email.split('@').next().unwrap_or_default().to_owned();
            Ok(Colleague { name, mailbox })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
