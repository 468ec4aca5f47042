//! Walls: read-only devices that are paired once, shown what their maker could see, and revoked by themselves.

use std::sync::Arc;

use model::{OrganisationId, PersonId};
use rusqlite::{OptionalExtension as _, params};

use crate::audit::Actor;
use crate::credentials::{self, Secret, digest, hex};
use crate::insert::checked_name;
use crate::nouns::{Face, Principal};
use crate::register::{Register, RegisterError};
use crate::rights::Right;
use crate::sessions::{HOUR_MILLIS, day, face_text};

/// How long a pairing code may be used, once.
pub const PAIRING_MILLIS: i64 = 10 * 60_000;
/// How long a wall stays paired.
pub const DEVICE_MILLIS: i64 = 365 * 86_400_000;
/// Walls of one member, or of the cell.
const DEVICES_MAX: u32 = 50;
/// Bytes of a device's public id.
const ID_BYTES: usize = 8;

/// A wall as those see it who may revoke it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What it is told apart by.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// Who made it.
    pub made_by: PersonId,
    /// Day it was made, in days since 1970.
    pub created_day: i64,
    /// Day it was last used.
    pub used_day: Option<i64>,
    /// Whether its pairing code was used.
    pub paired: bool,
    /// Day it ends.
    pub ends_day: i64,
}

/// A wall that was just made.
pub struct NewDevice {
    /// What it is told apart by.
    pub id: String,
    /// Used once, within ten minutes, at the screen itself.
    pub pairing: Secret,
}

/// Walls are made for those who read the same every day: a member's by its admin, the cell's by its analysts. A secondee
/// makes none, so that none shows more than the wall between sectors lets through.
fn keeps_walls(by: &Actor) -> Result<(), RegisterError> {
    by.needs(Right::PairWalls)
}

impl Register {
    /// Makes a wall for a person's own listener and organisation; it begins when its code is used.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if there are too many or the label is none.
    pub fn create_device(&self, by: &Actor, label: &str) -> Result<NewDevice, RegisterError> {
        let label = checked_name(label)?;
        let maker = self.person(by.person.ok_or(RegisterError::NoRight)?)?;
        keeps_walls(by)?;
        let now = self.now();
        let id: [u8; ID_BYTES] = self.entropy.bytes();
        let pairing = credentials::session(&*self.entropy);
        let face = maker.role.face();
        let organisation = maker.organisation.map(|id| *id.as_bytes());
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        // Codes that nobody used are no devices.
        transaction.execute(
            "DELETE FROM device WHERE (hash IS NULL AND pairing_ends <= ?1) OR expires_at <= ?1",
            [now.as_millis()],
        )?;
        let made = transaction.execute(
            "INSERT INTO device(id, face, label, maker, organisation, created_day, pairing, pairing_ends, expires_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
             WHERE (SELECT COUNT(*) FROM device WHERE face = ?2 AND organisation IS ?5) < ?10",
            params![
                id,
                face_text(face),
                label,
                maker.id.as_bytes(),
                organisation,
                day(now),
                digest(pairing.expose()),
                now.plus_millis(PAIRING_MILLIS).as_millis(),
                now.floor_to(HOUR_MILLIS).plus_millis(DEVICE_MILLIS).as_millis(),
                DEVICES_MAX
            ],
        )?;
        if made == 0 {
            return Err(RegisterError::Refused(format!("there are {DEVICES_MAX} walls: revoke one first")));
        }
        self.note(&transaction, by, "wall-made", &hex(&id), &label)?;
        transaction.commit()?;
        Ok(NewDevice { id: hex(&id), pairing })
    }

    /// Pairs the screen that shows a code: gives its token, this once. `None` for a code that was used, has ended, was made
    /// at the other listener, or never was.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be stored.
    pub fn pair_device(&self, face: Face, code: &str) -> Result<Option<Secret>, RegisterError> {
        let token = credentials::session(&*self.entropy);
        let connection = self.connection();
        let paired = connection.execute(
            "UPDATE device SET hash = ?1, pairing = NULL, pairing_ends = NULL
             WHERE pairing = ?2 AND pairing_ends > ?3 AND face = ?4",
            params![digest(token.expose()), digest(code), self.now().as_millis(), face_text(face)],
        )?;
        if paired == 0 {
            return Ok(None);
        }
        self.reload(&connection)?;
        Ok(Some(token))
    }

    /// The walls of a member, or of the cell.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn devices(&self, face: Face, organisation: Option<OrganisationId>) -> Result<Vec<DeviceInfo>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT id, label, maker, created_day, used_day, hash IS NOT NULL, expires_at FROM device
             WHERE face = ?1 AND organisation IS ?2 AND (hash IS NOT NULL OR pairing_ends > ?3) ORDER BY created_day, id",
        )?;
        let organisation = organisation.map(|id| *id.as_bytes());
        let rows = statement.query_map(params![face_text(face), organisation, self.now().as_millis()], |row| {
            let id: [u8; ID_BYTES] = row.get(0)?;
            Ok(DeviceInfo {
                id: hex(&id),
                label: row.get(1)?,
                made_by: PersonId::from_bytes(row.get(2)?),
                created_day: row.get(3)?,
                used_day: row.get(4)?,
                paired: row.get(5)?,
                ends_day: day(model::Timestamp::from_millis(row.get(6)?)),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Revokes a wall: it shows nothing more at once.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none of this id there.
    pub fn revoke_device(
        &self,
        by: &Actor,
        face: Face,
        organisation: Option<OrganisationId>,
        id: &str,
    ) -> Result<(), RegisterError> {
        keeps_walls(by)?;
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let found: Option<[u8; ID_BYTES]> = transaction
            .query_row(
                "SELECT id FROM device WHERE lower(hex(id)) = ?1 AND face = ?2 AND organisation IS ?3",
                params![id, face_text(face), organisation.map(|id| *id.as_bytes())],
                |row| row.get(0),
            )
            .optional()?;
        let found = found.ok_or_else(|| RegisterError::Absent("wall of this id".into()))?;
        transaction.execute("DELETE FROM device WHERE id = ?1", [found])?;
        self.note(&transaction, by, "wall-revoked", id, "")?;
        transaction.commit()?;
        self.reload(&connection)
    }

    /// What a wall's token stands for at a listener.
    #[must_use]
    pub fn device(&self, face: Face, token: &str) -> Option<Arc<Principal>> {
        if !credentials::is_session(token) {
            return None;
        }
        self.tables().device(&digest(token), face, self.now())
    }
}
