//! Recovery codes: ten, shown once, each good once in place of a second factor.

use model::PersonId;
use rusqlite::{Connection, params};

use crate::audit::Actor;
use crate::credentials::{Secret, digest, hex};
use crate::people::find;
use crate::register::{Register, RegisterError};
use crate::totp::base32;

/// Codes of a set.
pub const RECOVERY_CODES: usize = 10;
/// Random bytes of a code: 120 bits, so that a quick hash may keep it (ASVS 5.0, 6.5.2 asks for 112): whoever stole the hashes
/// would try 2^116 for the first of ten.
const CODE_BYTES: usize = 15;
/// Letters between two dashes.
const GROUP: usize = 4;
/// Longest text that is looked at.
const TYPED_BYTES_MAX: usize = 64;

/// What is stored of a code: bound to its owner.
fn stored(person: PersonId, letters: &str) -> [u8; 32] {
    digest(&format!("recovery:{}:{letters}", hex(person.as_bytes())))
}

fn grouped(letters: &str) -> String {
    let groups = letters.as_bytes().chunks(GROUP).map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join("-")
}

/// A code as it is typed: case, dashes and blanks are all the same, and so are the digits that look like letters.
fn letters(typed: &str) -> Option<String> {
    if typed.len() > TYPED_BYTES_MAX {
        return None;
    }
    let kept = typed.chars().filter(|c| *c != '-' && !c.is_whitespace());
    let read = kept.map(|c| match c.to_ascii_uppercase() {
        '0' => 'O',
        '1' => 'I',
        '8' => 'B',
        other => other,
    });
    Some(read.collect())
}

impl Register {
    /// Makes ten new codes; those before them are void.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is nobody.
    pub fn new_recovery_codes(&self, by: &Actor, person: PersonId) -> Result<Vec<Secret>, RegisterError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        self.note(&transaction, by, "recovery-codes-made", &find(&transaction, person)?.email, "")?;
        transaction.execute("DELETE FROM recovery_code WHERE person = ?1", [person.as_bytes()])?;
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let letters = base32(&self.entropy.bytes::<CODE_BYTES>());
            transaction.execute(
                "INSERT INTO recovery_code(person, hash) VALUES (?1, ?2)",
                params![person.as_bytes(), stored(person, &letters)],
            )?;
            codes.push(Secret::new(grouped(&letters)));
        }
        transaction.commit()?;
        Ok(codes)
    }

    /// How many codes somebody still has.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be counted.
    pub fn recovery_codes_left(&self, person: PersonId) -> Result<u32, RegisterError> {
        Ok(self.connection().query_row(
            "SELECT COUNT(*) FROM recovery_code WHERE person = ?1",
            [person.as_bytes()],
            |row| row.get(0),
        )?)
    }

    /// Whether a code is one of somebody's: it is gone by that. One statement decides, so that of two who come with one
    /// code one gets in.
    pub(crate) fn use_recovery(connection: &Connection, person: PersonId, typed: &str) -> Result<bool, RegisterError> {
        let Some(letters) = letters(typed) else { return Ok(false) };
        let used = connection.execute(
            "DELETE FROM recovery_code WHERE person = ?1 AND hash = ?2",
            params![person.as_bytes(), stored(person, &letters)],
        )?;
        Ok(used == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_long_enough_for_a_quick_hash() {
        let letters = base32(&[0xA5; CODE_BYTES]);
        assert!(letters.len() * 5 >= 112, "ASVS 5.0, 6.5.2");
        assert_eq!(grouped(&letters).split('-').map(str::len).collect::<Vec<_>>(), [GROUP; 6]);
    }

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let shown = grouped("ABCDEFGHIJKLMNOP");
        assert_eq!(shown, "ABCD-EFGH-IJKL-MNOP");
        for typed in ["abcd-efgh-ijkl-mnop", "ABCDEFGHIJKLMNOP", " a8cd efgh 1jkl mn0p "] {
            assert_eq!(letters(typed).unwrap(), "ABCDEFGHIJKLMNOP");
        }
        assert_eq!(letters(&"A".repeat(65)), None);
    }
}
