//! Codes of an authenticator app (RFC 6238: SHA-1, 30 s, six digits), each good for one sign-in.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use model::{PersonId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::audit::Actor;
use crate::credentials::Secret;
use crate::people::find;
use crate::register::{Register, RegisterError};
use crate::seal::SealKey;

/// Bytes of a secret: as long as the hash (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;
/// Milliseconds of a step.
const STEP_MILLIS: i64 = 30_000;
/// Steps before and after the present one whose codes are taken: clocks differ.
const STEPS_AROUND: i64 = 1;
const DIGITS: usize = 6;

/// A secret to be entered into an app: shown once.
pub struct TotpSecret {
    /// In base 32, for typing.
    pub base32: Secret,
    /// As `otpauth://` URI, for a QR code.
    pub uri: Secret,
}

/// RFC 4648 base 32 without padding.
pub(crate) fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letter = |chunk: &[u8], at: usize| {
        let bits = |byte: usize| chunk.get(byte).copied().map_or(0, u16::from);
        let pair = bits(at * 5 / 8) << 8 | bits(at * 5 / 8 + 1);
        LETTERS.get(usize::from(pair >> (11 - at * 5 % 8) & 31)).copied().map_or('A', char::from)
    };
    let letters = |chunk: &[u8]| (0..(chunk.len() * 8).div_ceil(5)).map(|at| letter(chunk, at)).collect::<String>();
    bytes.chunks(5).map(letters).collect()
}

fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn uri(issuer: &str, account: &str, secret: &str) -> String {
    let (issuer, account) = (percent(issuer), percent(account));
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
}

const fn step_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(STEP_MILLIS)
}

fn code(secret: &[u8], step: i64) -> [u8; DIGITS] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag.last().copied().unwrap_or(0) & 15);
    let word = tag.get(at..at + 4).unwrap_or_default().iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    let mut number = (word & 0x7fff_ffff) % 1_000_000;
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    digits
}

/// The step whose code this is; every step is looked at, whichever fits.
fn matching(secret: &[u8], typed: &str, now: Timestamp) -> Option<i64> {
    let typed: Vec<u8> = typed.bytes().filter(|byte| !byte.is_ascii_whitespace()).take(DIGITS + 1).collect();
    let now = step_of(now);
    let mut found = None;
    for step in now - STEPS_AROUND..=now + STEPS_AROUND {
        if verify_slices_are_equal(&code(secret, step), &typed).is_ok() {
            found = Some(step);
        }
    }
    found
}

fn owner(person: PersonId) -> Vec<u8> {
    [b"totp".as_slice(), person.as_bytes()].concat()
}

fn use_of(person: PersonId) -> Vec<u8> {
    [b"totp used".as_slice(), person.as_bytes()].concat()
}

/// The last step whose code was used.
fn last_used(key: &SealKey, person: PersonId, sealed: &[u8]) -> Result<i64, RegisterError> {
    let bytes = key.open(&use_of(person), sealed)?;
    let bytes = bytes.try_into().map_err(|_| RegisterError::Stored("the last use of an app is no step".into()))?;
    Ok(i64::from_be_bytes(bytes))
}

impl Register {
    /// Begins enrolment of an app: the secret counts once a first code confirms it, and until then can be made anew.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if the person has an app already, or if there is no key to seal it under.
    pub fn begin_totp(&self, person: PersonId, issuer: &str) -> Result<TotpSecret, RegisterError> {
        let email = self.person(person)?.email;
        let secret: [u8; SECRET_BYTES] = self.entropy.bytes();
        let sealed = self.seal_key()?.seal(&*self.entropy, &owner(person), &secret)?;
        let day = crate::sessions::day(self.now());
        let changed = self.connection().execute(
            "INSERT INTO totp(person, secret, confirmed, used, created_day) VALUES (?1, ?2, 0, NULL, ?3)
             ON CONFLICT(person) DO UPDATE SET secret = ?2, used = NULL, created_day = ?3 WHERE confirmed = 0",
            params![person.as_bytes(), sealed, day],
        )?;
        if changed == 0 {
            return Err(RegisterError::Refused("there is an authenticator app already: remove it first".into()));
        }
        let base32 = base32(&secret);
        Ok(TotpSecret { uri: Secret::new(uri(issuer, &email, &base32)), base32: Secret::new(base32) })
    }

    /// Ends enrolment with a first right code; `false` if it is wrong or nothing was begun.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be stored.
    pub fn confirm_totp(&self, by: &Actor, person: PersonId, typed: &str) -> Result<bool, RegisterError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let confirmed = self.totp_step(&transaction, person, typed, false)?.is_some();
        if confirmed {
            self.note(&transaction, by, "totp-added", &find(&transaction, person)?.email, "")?;
        }
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(confirmed)
    }

    /// Removes the app; whether there was one.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be stored.
    pub fn remove_totp(&self, by: &Actor, person: PersonId) -> Result<bool, RegisterError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let removed = transaction.execute("DELETE FROM totp WHERE person = ?1", [person.as_bytes()])? > 0;
        if removed {
            self.note(&transaction, by, "totp-removed", &find(&transaction, person)?.email, "")?;
        }
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(removed)
    }

    /// Whether a code is right and was not used: it, and every older one, is used up by that.
    pub(crate) fn use_totp(
        &self,
        connection: &Connection,
        person: PersonId,
        typed: &str,
    ) -> Result<bool, RegisterError> {
        Ok(self.totp_step(connection, person, typed, true)?.is_some())
    }

    fn totp_step(
        &self,
        connection: &Connection,
        person: PersonId,
        typed: &str,
        confirmed: bool,
    ) -> Result<Option<i64>, RegisterError> {
        let row: Option<(Vec<u8>, Option<Vec<u8>>)> = connection
            .query_row(
                "SELECT secret, used FROM totp WHERE person = ?1 AND confirmed = ?2",
                params![person.as_bytes(), confirmed],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let Some((sealed, before)) = row else { return Ok(None) };
        let key = self.seal_key()?;
        let secret = key.open(&owner(person), &sealed)?;
        let Some(step) = matching(&secret, typed, self.now()) else { return Ok(None) };
        let last = before.as_ref().map(|before| last_used(key, person, before)).transpose()?;
        if last.is_some_and(|last| step <= last) {
            return Ok(None);
        }
        // A step is a half minute: in plain it would say when somebody signed in.
        let after = key.seal(&*self.entropy, &use_of(person), &step.to_be_bytes())?;
        // One statement of the database decides, so that of two who come with one code, in two processes even, one gets in.
        let used = connection.execute(
            "UPDATE totp SET confirmed = 1, used = ?2
             WHERE person = ?1 AND used IS ?5 AND confirmed = ?3 AND secret = ?4",
            params![person.as_bytes(), after, confirmed, sealed, before],
        )?;
        Ok((used == 1).then_some(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, SHA-1; the last six of the eight digits printed there.
        let secret = b"12345678901234567890";
        for (secs, expect) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = Timestamp::from_millis(secs * 1_000);
            assert_eq!(code(secret, step_of(at)), *expect.as_bytes(), "{secs}");
            assert_eq!(matching(secret, expect, at), Some(step_of(at)));
            assert_eq!(matching(secret, expect, at.plus_millis(STEP_MILLIS)), Some(step_of(at)), "one step late");
            assert_eq!(matching(secret, expect, at.plus_millis(2 * STEP_MILLIS)), None, "two steps late");
        }
    }

    #[test]
    fn only_six_digits_are_a_code() {
        let at = Timestamp::from_millis(59_000);
        for typed in ["", "28708", "2870820", "287083", "28708２", "287082287082"] {
            assert_eq!(matching(b"12345678901234567890", typed, at), None, "{typed}");
        }
        assert!(matching(b"12345678901234567890", " 287 082 ", at).is_some());
    }

    #[test]
    fn base_32_is_that_of_rfc_4648() {
        for (text, expect) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), expect);
        }
        assert_eq!(
            uri("A & B", "ann@x.example", "MY"),
            "otpauth://totp/A%20%26%20B:ann%40x.example?secret=MY&issuer=A%20%26%20B&algorithm=SHA1&digits=6&period=30"
        );
    }
}
