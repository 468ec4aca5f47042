//! Walls as they are held in memory: each sees what its maker could.

use std::sync::Arc;

use model::{OrganisationId, PersonId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use super::{Tables, face};
use crate::nouns::{Face, Means, Principal};
use crate::register::RegisterError;
use crate::sessions::Use;

/// A wall that was paired.
pub(crate) struct HeldDevice {
    maker: PersonId,
    organisation: Option<OrganisationId>,
    face: Face,
    label: String,
    expires_at: Timestamp,
    pub(crate) used: Arc<Use>,
}

impl Tables {
    pub(super) fn read_device(&mut self, connection: &Connection, hash: [u8; 32]) -> Result<(), RegisterError> {
        let old = self.devices.remove(&hash);
        let used = old.as_ref().map(|old| Arc::clone(&old.used));
        if let Some(old) = old {
            self.let_go(old.maker);
        }
        let held = connection
            .prepare_cached(
                "SELECT maker, organisation, face, label, expires_at, used_day FROM device WHERE hash = ?1",
            )?
            .query_row([hash], |row| {
                let organisation: Option<[u8; 16]> = row.get(1)?;
                Ok(HeldDevice {
                    maker: PersonId::from_bytes(row.get(0)?),
                    organisation: organisation.map(OrganisationId::from_bytes),
                    face: face(row.get_ref(2)?.as_str().unwrap_or_default()),
                    label: row.get(3)?,
                    expires_at: Timestamp::from_millis(row.get(4)?),
                    used: used.unwrap_or(Arc::new(Use::of_day(row.get(5)?))),
                })
            })
            .optional()?;
        let Some(held) = held else { return Ok(()) };
        self.hold(connection, held.maker)?;
        self.devices.insert(hash, held);
        Ok(())
    }

    /// What a wall may show now: what its maker could read there, and nothing if the maker may sign in no more, or has moved
    /// to another organisation or side.
    pub(crate) fn device(&self, hash: &[u8; 32], at: Face, now: Timestamp) -> Option<Arc<Principal>> {
        let held = self.devices.get(hash).filter(|held| held.face == at && now < held.expires_at)?;
        let maker = self.people.get(&held.maker)?;
        let principal = maker.principal_at(now).filter(|principal| principal.face == held.face)?;
        if maker.person.organisation != held.organisation {
            return None;
        }
        held.used.note(now);
        Some(Arc::new(Principal {
            rights: principal.rights.reading(),
            person: None,
            name: held.label.clone(),
            means: Means::Device,
            ..Principal::clone(principal)
        }))
    }
}
