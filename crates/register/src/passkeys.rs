//! Passkeys as they are stored: the text of a credential belongs to whoever runs the ceremonies, and is opaque here.

use model::PersonId;
use rusqlite::{OptionalExtension as _, Row, params};

use crate::audit::Actor;
use crate::credentials::{digest_bytes, hex};
use crate::insert::checked_name;
use crate::nouns::Face;
use crate::people::find;
use crate::register::{Register, RegisterError};
use crate::sessions::{day, face_text};

/// Passkeys that one person may have.
pub const PASSKEYS_EACH_MAX: u32 = 10;
/// Longest stored text of a credential.
const STORED_BYTES_MAX: usize = 16 << 10;
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 60;

/// A passkey as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyInfo {
    /// What it is told apart by: eight bytes of the hash of its credential id.
    pub id: String,
    /// The owner's name for it.
    pub name: String,
    /// Day it was registered, in days since 1970.
    pub created_day: i64,
    /// Day it last signed its owner in.
    pub used_day: Option<i64>,
}

/// A credential to be checked.
#[derive(Clone, Debug)]
pub struct StoredPasskey {
    /// Whose it is.
    pub person: PersonId,
    /// The credential, as it was stored.
    pub stored: String,
}

fn id_of(credential: &[u8]) -> String {
    hex(digest_bytes(credential).get(..8).unwrap_or_default())
}

fn info(row: &Row<'_>) -> rusqlite::Result<PasskeyInfo> {
    let credential: Vec<u8> = row.get(0)?;
    Ok(PasskeyInfo { id: id_of(&credential), name: row.get(1)?, created_day: row.get(2)?, used_day: row.get(3)? })
}

impl Register {
    /// Adds a passkey, for one listener and one relying party.
    ///
    /// # Errors
    /// [`RegisterError::Exists`] if the credential is registered, by whomever; [`RegisterError::Refused`] if there are
    /// too many or the name is none.
    pub fn add_passkey(
        &self,
        by: &Actor,
        person: PersonId,
        (face, relying_party): (Face, &str),
        credential: &[u8],
        name: &str,
        stored: &str,
    ) -> Result<PasskeyInfo, RegisterError> {
        let name = checked_name(name)?;
        if name.chars().count() > NAME_CHARS_MAX || stored.len() > STORED_BYTES_MAX {
            return Err(RegisterError::Refused(format!("a passkey's name has 1 to {NAME_CHARS_MAX} characters")));
        }
        let today = day(self.now());
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let added = transaction.execute(
            "INSERT OR IGNORE INTO passkey(credential, person, face, rp, name, stored, created_day)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE (SELECT COUNT(*) FROM passkey WHERE person = ?2) < ?8",
            params![
                credential,
                person.as_bytes(),
                face_text(face),
                relying_party,
                name,
                stored,
                today,
                PASSKEYS_EACH_MAX
            ],
        )?;
        if added == 0 {
            let known: bool = transaction.query_row(
                "SELECT EXISTS(SELECT 1 FROM passkey WHERE credential = ?1)",
                [credential],
                |row| row.get(0),
            )?;
            return Err(if known {
                RegisterError::Refused("this passkey is registered already".into())
            } else {
                RegisterError::Refused(format!("nobody has more than {PASSKEYS_EACH_MAX} passkeys"))
            });
        }
        self.note(&transaction, by, "passkey-added", &find(&transaction, person)?.email, &name)?;
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(PasskeyInfo { id: id_of(credential), name, created_day: today, used_day: None })
    }

    /// Somebody's passkeys, the oldest first.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn passkeys(&self, person: PersonId) -> Result<Vec<PasskeyInfo>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT credential, name, created_day, used_day FROM passkey WHERE person = ?1 ORDER BY created_day, name",
        )?;
        let rows = statement.query_map([person.as_bytes()], info)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The credential ids of somebody's passkeys, so that an authenticator is not registered twice.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn passkey_credentials(&self, person: PersonId) -> Result<Vec<Vec<u8>>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached("SELECT credential FROM passkey WHERE person = ?1")?;
        let rows = statement.query_map([person.as_bytes()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A credential by its id, at the listener and for the relying party that it was registered for.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read.
    pub fn passkey(
        &self,
        face: Face,
        relying_party: &str,
        credential: &[u8],
    ) -> Result<Option<StoredPasskey>, RegisterError> {
        let found = self
            .connection()
            .query_row(
                "SELECT person, stored FROM passkey WHERE credential = ?1 AND face = ?2 AND rp = ?3",
                params![credential, face_text(face), relying_party],
                |row| Ok(StoredPasskey { person: PersonId::from_bytes(row.get(0)?), stored: row.get(1)? }),
            )
            .optional()?;
        Ok(found)
    }

    /// Notes that a passkey was used, with the counter that it has now; `false` if another use or its removal came first.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be stored.
    pub fn passkey_used(&self, credential: &[u8], was: &str, is: &str) -> Result<bool, RegisterError> {
        let changed = self.connection().execute(
            "UPDATE passkey SET stored = ?3, used_day = ?4 WHERE credential = ?1 AND stored = ?2",
            params![credential, was, is, day(self.now())],
        )?;
        Ok(changed == 1)
    }

    /// Removes one of somebody's passkeys.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if the person has no such passkey.
    pub fn remove_passkey(&self, by: &Actor, person: PersonId, id: &str) -> Result<(), RegisterError> {
        let credentials = self.passkey_credentials(person)?;
        let credential = credentials.into_iter().find(|credential| id_of(credential) == id);
        let absent = || RegisterError::Absent("passkey of this id".into());
        let credential = credential.ok_or_else(absent)?;
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let removed = transaction.execute(
            "DELETE FROM passkey WHERE credential = ?1 AND person = ?2",
            params![credential, person.as_bytes()],
        )?;
        if removed == 0 {
            return Err(absent());
        }
        self.note(&transaction, by, "passkey-removed", &find(&transaction, person)?.email, id)?;
        transaction.commit()?;
        self.reload(&connection)
    }
}
