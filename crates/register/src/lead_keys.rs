//! Keys of leads: only the public halves, to which the source of each case is sealed.
//!
//! A key that a lead enrolled *counts* only once others said that it is that lead's. Else one lead alone could invite a second, join in
//! their name, and open with two keys what takes two people.

use model::PersonId;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::audit::Actor;
use crate::credentials::{digest_bytes, hex};
use crate::people::find;
use crate::register::{Register, RegisterError};
use crate::rights::{Right, Role};
use crate::sessions::day;

/// Bytes of a public key.
pub const LEAD_KEY_BYTES: usize = 65;

/// Most leads with a key, those that wait and those of disabled accounts included: what is sealed of each case grows with the square of
/// their number.
pub const LEAD_KEYS_MAX: usize = 16;

/// Leads whose keys count that confirm a key, where the operator does not.
pub const LEAD_KEY_CONFIRMATIONS: usize = 2;

/// Hexadecimal digits of a fingerprint: enough that nobody makes a second key with it.
const FINGERPRINT_DIGITS: usize = 32;

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

/// A key that does not count yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingLeadKey {
    /// The key.
    pub key: LeadKey,
    /// Leads who said that it is this lead's, by name.
    pub said_by: Vec<(PersonId, String)>,
}

/// SHA-256 of a public key, its first 128 bits in hexadecimal digits: what leads compare by voice.
#[must_use]
pub fn lead_key_fingerprint(public: &[u8; LEAD_KEY_BYTES]) -> String {
    hex(&digest_bytes(public)).chars().take(FINGERPRINT_DIGITS).collect()
}

/// A fingerprint as somebody typed it, in groups and capitals as they like.
fn typed(fingerprint: &str) -> Result<String, RegisterError> {
    let digits: String = fingerprint.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    if digits.len() == FINGERPRINT_DIGITS && digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(digits);
    }
    Err(RegisterError::Refused(format!("fingerprint: {FINGERPRINT_DIGITS} digits from 0 to 9 and a to f are expected")))
}

fn conflict(why: &str) -> RegisterError {
    RegisterError::Conflict(why.to_owned())
}

/// Keys of those who are leads now and may sign in, by name: those that count, or those that wait.
fn keys(connection: &Connection, count: bool) -> Result<Vec<LeadKey>, RegisterError> {
    let mut statement = connection.prepare_cached(
        "SELECT person, person.name, public, day FROM lead_key JOIN person ON person.id = lead_key.person
         WHERE role = ?1 AND disabled = 0 AND closed = 0 AND (counts_since IS NOT NULL) = ?2 ORDER BY person.name, person",
    )?;
    let rows = statement.query_map(params![Role::Lead.as_str(), count], |row| {
        let person = PersonId::from_bytes(row.get(0)?);
        Ok(LeadKey { person, name: row.get(1)?, public: row.get(2)?, day: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Who said of a key that it is this lead's, and has a key that counts.
fn said_by(connection: &Connection, of: PersonId) -> Result<Vec<(PersonId, String)>, RegisterError> {
    let mut statement = connection.prepare_cached(
        "SELECT by_person, person.name FROM lead_key_said AS said JOIN person ON person.id = said.by_person
         JOIN lead_key AS own ON own.person = said.by_person
         WHERE said.person = ?1 AND role = ?2 AND disabled = 0 AND closed = 0 AND own.counts_since IS NOT NULL
         ORDER BY person.name, by_person",
    )?;
    let rows = statement.query_map(params![of.as_bytes(), Role::Lead.as_str()], |row| {
        Ok((PersonId::from_bytes(row.get(0)?), row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes that a lead says so; whether it was the last that was wanted.
fn say(transaction: &Connection, lead: PersonId, of: PersonId, today: i64) -> Result<bool, RegisterError> {
    if lead == of {
        return Err(conflict("your own key is for two other leads to confirm, or for whoever runs the server"));
    }
    // Whoever made the account would vouch for a lead that nobody else has met.
    let invited: bool = transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM invitation WHERE person = ?1 AND by = ?2)",
        params![of.as_bytes(), lead.as_bytes()],
        |row| row.get(0),
    )?;
    if invited {
        return Err(conflict("you invited this lead: others confirm the key, or whoever runs the server"));
    }
    if keys(transaction, true)?.iter().all(|key| key.person != lead) {
        return Err(conflict("a lead whose own key does not count yet confirms nobody's"));
    }
    transaction.execute(
        "INSERT INTO lead_key_said(person, by_person, day) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![of.as_bytes(), lead.as_bytes(), today],
    )?;
    Ok(said_by(transaction, of)?.len() >= LEAD_KEY_CONFIRMATIONS)
}

/// Whether sources are sealed to a person now.
pub(crate) fn seals_to(connection: &Connection, person: PersonId) -> Result<bool, RegisterError> {
    Ok(connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM lead_key JOIN person ON person.id = lead_key.person
         WHERE person = ?1 AND role = ?2 AND disabled = 0 AND closed = 0 AND counts_since IS NOT NULL)",
        params![person.as_bytes(), Role::Lead.as_str()],
        |row| row.get(0),
    )?)
}

impl Register {
    /// The keys that count, of those who are leads now and may sign in, by name: to these sources are sealed.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn lead_keys(&self) -> Result<Vec<LeadKey>, RegisterError> {
        keys(&self.connection(), true)
    }

    /// The keys that wait to be confirmed, of those who are leads now and may sign in, by name: nothing is sealed to them.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn waiting_lead_keys(&self) -> Result<Vec<WaitingLeadKey>, RegisterError> {
        let connection = self.connection();
        let waiting = keys(&connection, false)?.into_iter();
        waiting.map(|key| Ok(WaitingLeadKey { said_by: said_by(&connection, key.person)?, key })).collect()
    }

    /// A lead enrols the public half of a key of their own, in place of one that they had. It counts once it is confirmed.
    ///
    /// # Errors
    /// [`RegisterError::NoRight`] for whoever is no lead; [`RegisterError::Refused`] if [`LEAD_KEYS_MAX`] others have one.
    pub fn set_lead_key(&self, by: &Actor, public: &[u8; LEAD_KEY_BYTES]) -> Result<(), RegisterError> {
        by.needs(Right::OpenSources)?;
        let person = by.person.ok_or(RegisterError::NoRight)?;
        let today = day(self.now());
        self.within(|transaction| {
            let email = find(transaction, person)?.email;
            // Of disabled accounts as well: once they are enabled again they are sealed to, and the vault leaves out whoever is too many.
            let others: u32 = transaction.query_row(
                "SELECT count(*) FROM lead_key WHERE person <> ?1",
                [person.as_bytes()],
                |row| row.get(0),
            )?;
            if others as usize >= LEAD_KEYS_MAX {
                let why = format!("public: {LEAD_KEYS_MAX} leads have a key already, and sources are sealed to no more: one has to give it up first");
                return Err(RegisterError::Refused(why));
            }
            let changed = transaction.execute(
                "INSERT INTO lead_key(person, public, day) VALUES (?1, ?2, ?3)
                 ON CONFLICT(person) DO UPDATE SET public = ?2, day = ?3 WHERE lead_key.public <> ?2",
                params![person.as_bytes(), public, today],
            )?;
            // The same key once more is as it was before.
            if changed == 0 { Ok(()) } else { self.note(transaction, by, "lead-key-enrolled", &email, "") }
        })
    }

    /// Somebody says that a key is that lead's, by the fingerprint that they heard from the lead. Of whoever runs the server one word is
    /// enough, else it takes [`LEAD_KEY_CONFIRMATIONS`] other leads whose keys count. Gives whether it counts from now on.
    ///
    /// # Errors
    /// [`RegisterError::NoRight`] for whoever is neither, [`RegisterError::Absent`] if there is no such key, [`RegisterError::Refused`] if the
    /// fingerprint is none, [`RegisterError::Conflict`] if it is another key's, the key counts already, or the sender's own does not.
    pub fn confirm_lead_key(&self, by: &Actor, person: PersonId, fingerprint: &str) -> Result<bool, RegisterError> {
        by.needs(Right::OpenSources)?;
        let (today, heard) = (day(self.now()), typed(fingerprint)?);
        self.within(|transaction| {
            let email = find(transaction, person)?.email;
            let held: Option<([u8; LEAD_KEY_BYTES], Option<i64>)> = transaction
                .query_row("SELECT public, counts_since FROM lead_key WHERE person = ?1", [person.as_bytes()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let (public, counts_since) = held.ok_or_else(|| RegisterError::Absent("key".to_owned()))?;
            if lead_key_fingerprint(&public) != heard {
                return Err(conflict(
                    "the key that waits under this name has another fingerprint: compare it once more, and if it differs again, \
                     somebody else enrolled it",
                ));
            }
            if counts_since.is_some() {
                return Err(conflict("this key counts already"));
            }
            let counts = match (by.person, by.role) {
                (None, None) => true,
                (Some(lead), _) => say(transaction, lead, person, today)?,
                (None, Some(_)) => return Err(RegisterError::NoRight),
            };
            if counts {
                transaction.execute(
                    "UPDATE lead_key SET counts_since = ?2 WHERE person = ?1",
                    params![person.as_bytes(), today],
                )?;
                transaction.execute("DELETE FROM lead_key_said WHERE person = ?1", [person.as_bytes()])?;
            }
            let detail = format!("{heard}, {}", if counts { "counts from now on" } else { "one more is wanted" });
            self.note(transaction, by, "lead-key-confirmed", &email, &detail)?;
            Ok(counts)
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
