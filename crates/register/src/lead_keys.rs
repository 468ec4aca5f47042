//! Keys of leads: only the public halves, to which the source of each case is sealed.

use model::PersonId;
use rusqlite::params;

use crate::audit::Actor;
use crate::people::find;
use crate::register::{Register, RegisterError};
use crate::rights::{Right, Role};
use crate::sessions::day;

/// Bytes of a public key.
pub const LEAD_KEY_BYTES: usize = 65;

/// Most leads with a key: what is sealed of each case grows with the square of their number.
pub const LEAD_KEYS_MAX: usize = 16;

/// A lead who can open sources together with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadKey {
    /// Who.
    pub person: PersonId,
    /// The name that the cell's screens show.
    pub name: String,
    /// The public half.
    pub public: [u8; LEAD_KEY_BYTES],
    /// The day on which it was enrolled, in days since 1970.
    pub day: i64,
}

impl Register {
    /// The keys of those who are leads now and may sign in, by name.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn lead_keys(&self) -> Result<Vec<LeadKey>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT person, person.name, public, day FROM lead_key JOIN person ON person.id = lead_key.person
             WHERE role = ?1 AND disabled = 0 AND closed = 0 ORDER BY person.name, person",
        )?;
        let rows = statement.query_map([Role::Lead.as_str()], |row| {
            let person = PersonId::from_bytes(row.get(0)?);
            Ok(LeadKey { person, name: row.get(1)?, public: row.get(2)?, day: row.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A lead enrols the public half of a key of their own, in place of one that they had.
    ///
    /// # Errors
    /// [`RegisterError::NoRight`] for whoever is no lead; [`RegisterError::Refused`] if [`LEAD_KEYS_MAX`] others have one.
    pub fn set_lead_key(&self, by: &Actor, public: &[u8; LEAD_KEY_BYTES]) -> Result<(), RegisterError> {
        by.needs(Right::OpenSources)?;
        let person = by.person.ok_or(RegisterError::NoRight)?;
        let today = day(self.now());
        self.within(|transaction| {
            let email = find(transaction, person)?.email;
            let others: u32 = transaction.query_row(
                "SELECT count(*) FROM lead_key JOIN person ON person.id = lead_key.person
                 WHERE role = ?1 AND disabled = 0 AND closed = 0 AND person <> ?2",
                params![Role::Lead.as_str(), person.as_bytes()],
                |row| row.get(0),
            )?;
            if others as usize >= LEAD_KEYS_MAX {
                let why = format!("public: {LEAD_KEYS_MAX} leads have a key already, and sources are sealed to no more: one has to give it up first");
                return Err(RegisterError::Refused(why));
            }
            transaction.execute(
                "INSERT INTO lead_key(person, public, day) VALUES (?1, ?2, ?3)
                 ON CONFLICT(person) DO UPDATE SET public = ?2, day = ?3",
                params![person.as_bytes(), public, today],
            )?;
            self.note(transaction, by, "lead-key-enrolled", &email, "")
        })
    }

    /// Notes in the trail that a lead asked for, or did, the opening of a source; why is in the journal.
    ///
    /// # Errors
    /// [`RegisterError::NoRight`] for whoever is no lead.
    pub fn note_opening(&self, by: &Actor, what: &str, case: &str) -> Result<(), RegisterError> {
        by.needs(Right::OpenSources)?;
        self.within(|transaction| self.note(transaction, by, what, case, ""))
    }

    /// A lead takes the own key away: cases that come from now on are not sealed to it.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none.
    pub fn remove_lead_key(&self, by: &Actor) -> Result<(), RegisterError> {
        by.needs(Right::OpenSources)?;
        let person = by.person.ok_or(RegisterError::NoRight)?;
        self.within(|transaction| {
            let email = find(transaction, person)?.email;
            if transaction.execute("DELETE FROM lead_key WHERE person = ?1", [person.as_bytes()])? == 0 {
                return Err(RegisterError::Absent("key".to_owned()));
            }
            self.note(transaction, by, "lead-key-removed", &email, "")
        })
    }
}
