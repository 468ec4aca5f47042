//! Signing in: a password, then a second factor where there is one; one answer and equal work for every way of being wrong.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use model::{PersonId, Timestamp};
use rusqlite::{OptionalExtension as _, params};

use crate::audit::Actor;
use crate::credentials::{self, Secret, digest};
use crate::insert::NAME_CHARS_MAX;
use crate::nouns::{Face, Principal};
use crate::password::{self, PASSWORD_BYTES_MAX};
use crate::register::{Register, RegisterError, SignInError};
use crate::sessions::SessionKind;
use crate::throttle::Try;

/// How long a second factor is waited for.
pub const CHALLENGE_MILLIS: i64 = 5 * 60_000;
/// Wrong codes that one challenge bears.
const CHALLENGE_TRIES: u32 = 5;
/// Challenges that are open at once; the one that ends first gives way.
const CHALLENGES_MAX: usize = 10_000;

/// Who must have a passkey or an authenticator app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Demand {
    /// Nobody: an exercise.
    #[default]
    Nobody = 0,
    /// The people of the cell.
    Cell = 1,
    /// Everybody.
    Everybody = 2,
}

impl Demand {
    pub(crate) const fn from_u8(byte: u8) -> Self {
        match byte {
            0 => Self::Nobody,
            1 => Self::Cell,
            _ => Self::Everybody,
        }
    }

    /// Whether somebody of a listener must.
    #[must_use]
    pub const fn asks(self, face: Face) -> bool {
        match (self, face) {
            (Self::Nobody, _) | (Self::Cell, Face::Member) => false,
            (Self::Cell, Face::Cell) | (Self::Everybody, _) => true,
        }
    }
}

/// What else somebody has to sign in with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// A password.
    pub password: bool,
    /// An authenticator app.
    pub totp: bool,
    /// Passkeys.
    pub passkeys: u32,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
}

impl Factors {
    /// Whether there is more than a password.
    #[must_use]
    pub const fn has_second(self) -> bool {
        self.totp || self.passkeys > 0
    }
}

/// What is waited for after a right password.
pub struct SecondStep {
    /// Names the challenge: no session, and good for nothing but the second step of this sign-in.
    pub challenge: Secret,
    /// What it can be answered with.
    pub factors: Factors,
    /// When it ends.
    pub ends_at: Timestamp,
}

impl std::fmt::Debug for SecondStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondStep").field("factors", &self.factors).finish_non_exhaustive()
    }
}

/// A second factor as it is typed.
#[derive(Clone, Copy)]
pub enum Second<'a> {
    /// A code of an authenticator app.
    Totp(&'a str),
    /// A recovery code.
    Recovery(&'a str),
}

#[derive(Clone)]
struct Challenge {
    person: PersonId,
    face: Face,
    account: String,
    password: String,
    ends_at: Timestamp,
    tries: u32,
}

/// Challenges that wait for their second factor.
#[derive(Default)]
pub(crate) struct Challenges(HashMap<[u8; 32], Challenge>);

impl Challenges {
    fn open(&mut self, hash: [u8; 32], challenge: Challenge, now: Timestamp) {
        self.0.retain(|_, held| held.ends_at > now);
        if self.0.len() >= CHALLENGES_MAX
            && let Some(first) = self.0.iter().min_by_key(|(_, held)| held.ends_at).map(|(hash, _)| *hash)
        {
            self.0.remove(&first);
        }
        self.0.insert(hash, challenge);
    }

    /// A challenge for one more try; its last one removes it.
    fn try_once(&mut self, hash: &[u8; 32], face: Face, now: Timestamp) -> Option<Challenge> {
        let held = self.0.get_mut(hash).filter(|held| held.face == face)?;
        held.tries += 1;
        let found = held.clone();
        if found.tries >= CHALLENGE_TRIES || found.ends_at <= now {
            self.0.remove(hash);
        }
        (found.ends_at > now).then_some(found)
    }
}

/// The account that an address means, however it is written: what is looked up is what is counted.
pub(crate) fn account_of(email: &str) -> String {
    email.trim().to_lowercase().chars().take(NAME_CHARS_MAX).collect()
}

impl Register {
    /// Who must have a second factor; nobody, unless told.
    pub fn demand_second_factor(&self, demand: Demand) {
        self.set_demand(demand as u8);
    }

    /// Whether somebody still has to enrol a second factor before anything else.
    #[must_use]
    pub fn must_enrol(&self, principal: &Principal) -> bool {
        let Some(person) = principal.person else { return false };
        let demanded = self.demand().asks(principal.face);
        // Whoever came by a ticket and has no factor at all sets one before anything else, whatever is demanded.
        self.tables().people.get(&person).is_none_or(|present| !present.any || (demanded && !present.second))
    }

    /// What somebody has to sign in with.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read.
    pub fn factors(&self, person: PersonId) -> Result<Factors, RegisterError> {
        let found = self.connection().query_row(
            "SELECT (SELECT password IS NOT NULL FROM person WHERE id = ?1),
                    EXISTS(SELECT 1 FROM totp WHERE person = ?1 AND confirmed = 1),
                    (SELECT COUNT(*) FROM passkey WHERE person = ?1),
                    (SELECT COUNT(*) FROM recovery_code WHERE person = ?1)",
            [person.as_bytes()],
            |row| {
                let password: Option<bool> = row.get(0)?;
                Ok(Factors {
                    password: password.unwrap_or_default(),
                    totp: row.get(1)?,
                    passkeys: row.get(2)?,
                    recovery_codes: row.get(3)?,
                })
            },
        );
        Ok(found?)
    }

    fn may_try(&self, attempt: &Try, now: Timestamp) -> Result<(), SignInError> {
        match self.throttle().wait(attempt, now) {
            0 => Ok(()),
            secs => Err(SignInError::Wait(secs)),
        }
    }

    /// The person of an account and the stored form of the password, if it is the right one. The work is the same for an
    /// account that nobody has.
    fn right_password(&self, account: &str, password: &str) -> Result<Option<(PersonId, String)>, RegisterError> {
        let stored: Option<([u8; 16], String)> = self
            .connection()
            .query_row(
                "SELECT id, password FROM person WHERE email = ?1 AND closed = 0 AND password IS NOT NULL",
                [account],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        // Somebody who is not there, or has no password, costs the same work.
        let hash = stored.as_ref().map_or(self.nobody(), |(_, hash)| hash);
        let right = password.len() <= PASSWORD_BYTES_MAX && password::check(hash, password);
        Ok(stored.filter(|_| right).map(|(id, hash)| (PersonId::from_bytes(id), hash)))
    }

    /// Signs somebody in by password: slow on purpose (Argon2), so call it where blocking is allowed.
    ///
    /// # Errors
    /// [`SignInError`]; one answer for every way of being wrong. [`SignInError::Second`] if the password was right and a
    /// second factor is wanted.
    pub fn sign_in(
        &self,
        face: Face,
        email: &str,
        password: &str,
        address: &str,
    ) -> Result<(Secret, Arc<Principal>), SignInError> {
        let (now, account) = (self.now(), account_of(email));
        let attempt = Try::new(face, &account, address);
        self.may_try(&attempt, now)?;
        let found = self.right_password(&account, password)?;
        // What another process has changed is seen before anything is granted.
        drop(self.tables());
        let known = match found {
            Some((person, stored)) => {
                let who = self.who_signs_in(&self.connection(), person, Some(&stored), face)?;
                who.map(|_| (person, stored))
            }
            None => None,
        };
        let Some((person, stored)) = known else {
            self.throttle().failed(&attempt, now);
            return Err(SignInError::Wrong);
        };
        let factors = self.factors(person)?;
        if factors.has_second() {
            let challenge = credentials::session(&*self.entropy);
            let ends_at = now.plus_millis(CHALLENGE_MILLIS);
            let waiting = Challenge { person, face, account, password: stored, ends_at, tries: 0 };
            // The throttle forgives nothing yet: half a sign-in is none.
            self.challenges().open(digest(challenge.expose()), waiting, now);
            return Err(SignInError::Second(SecondStep { challenge, factors, ends_at }));
        }
        let connection = self.connection();
        let begun = self.begin_session(&connection, person, face, SessionKind::Password, Some(&stored))?;
        drop(connection);
        self.judge(&attempt, now, begun)
    }

    fn judge<T>(&self, attempt: &Try, now: Timestamp, found: Option<T>) -> Result<T, SignInError> {
        let mut throttle = self.throttle();
        match found {
            Some(found) => {
                throttle.succeeded(attempt, now);
                Ok(found)
            }
            None => {
                throttle.failed(attempt, now);
                Err(SignInError::Wrong)
            }
        }
    }

    /// The second step of a sign-in.
    ///
    /// # Errors
    /// [`SignInError`]; one answer for a wrong code, one used before, and a challenge that has ended or never was.
    pub fn sign_in_second(
        &self,
        face: Face,
        challenge: &str,
        second: Second<'_>,
        address: &str,
    ) -> Result<(Secret, Arc<Principal>), SignInError> {
        let now = self.now();
        let hash = digest(challenge);
        let open = self.challenges().0.get(&hash).map(|held| held.account.clone());
        // A challenge that nobody was given counts against the network that makes it up.
        let account = open.unwrap_or_else(|| format!("\u{0}{address}"));
        let attempt = Try::new(face, &account, address);
        self.may_try(&attempt, now)?;
        let Some(held) = self.challenges().try_once(&hash, face, now) else {
            return self.judge(&attempt, now, None);
        };
        let connection = self.connection();
        let kind = match second {
            Second::Totp(code) => self.use_totp(&connection, held.person, code)?.then_some(SessionKind::Totp),
            Second::Recovery(code) => {
                Self::use_recovery(&connection, held.person, code)?.then_some(SessionKind::Recovery)
            }
        };
        let begun = match kind {
            Some(kind) => {
                self.challenges().0.remove(&hash);
                self.begin_session(&connection, held.person, face, kind, Some(&held.password))?
            }
            None => None,
        };
        drop(connection);
        self.judge(&attempt, now, begun)
    }

    /// Begins a session for whoever has just shown a passkey.
    ///
    /// # Errors
    /// [`SignInError::Wrong`] if the person may not sign in here.
    pub fn sign_in_passkey(
        &self,
        face: Face,
        person: PersonId,
        address: &str,
    ) -> Result<(Secret, Arc<Principal>), SignInError> {
        let now = self.now();
        drop(self.tables());
        let attempt = Try::new(face, &format!("\u{0}{address}"), address);
        let connection = self.connection();
        let begun = self.begin_session(&connection, person, face, SessionKind::Passkey, None)?;
        drop(connection);
        self.judge(&attempt, now, begun)
    }

    /// Whether a network may try a passkey. Passkeys cannot be guessed, so no account is slowed by those who try.
    ///
    /// # Errors
    /// [`SignInError::Wait`] if it has failed too often.
    pub fn may_try_passkey(&self, face: Face, address: &str) -> Result<(), SignInError> {
        self.may_try(&Try::new(face, &format!("\u{0}{address}"), address), self.now())
    }

    /// Counts a passkey that was refused against the network that sent it.
    pub fn passkey_failed(&self, face: Face, address: &str) {
        let attempt = Try::new(face, &format!("\u{0}{address}"), address);
        self.throttle().failed(&attempt, self.now());
    }

    /// Asks somebody who is signed in for a factor once more: the password, with a code where there is a second factor.
    ///
    /// # Errors
    /// As [`Register::sign_in`].
    pub fn confirm(
        &self,
        person: PersonId,
        token: &str,
        password: &str,
        code: Option<Second<'_>>,
        address: &str,
    ) -> Result<(), SignInError> {
        let now = self.now();
        let of = self.person(person)?;
        let attempt = Try::new(of.role.face(), &of.email, address);
        self.may_try(&attempt, now)?;
        let mut right = self.right_password(&of.email, password)?.is_some_and(|(found, _)| found == person);
        if right && self.factors(person)?.has_second() {
            let connection = self.connection();
            right = match code {
                Some(Second::Totp(code)) => self.use_totp(&connection, person, code)?,
                Some(Second::Recovery(code)) => Self::use_recovery(&connection, person, code)?,
                None => false,
            };
        }
        self.judge(&attempt, now, right.then_some(()))?;
        self.freshen(person, token);
        Ok(())
    }

    /// Gives somebody who is signed in another password, and ends the other sessions.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if it is too short or easily guessed.
    pub fn change_password(
        &self,
        by: &Actor,
        person: PersonId,
        token: &str,
        password: &str,
    ) -> Result<(), RegisterError> {
        let of = self.person(person)?;
        self.check_choice(&of, password)?;
        let stored = self.hashed(password)?;
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        transaction.execute("UPDATE person SET password = ?2 WHERE id = ?1", params![person.as_bytes(), stored])?;
        self.note(&transaction, by, "password-changed", &of.email, "")?;
        transaction.commit()?;
        drop(connection);
        self.challenges().0.retain(|_, held| held.person != person);
        self.end_other_sessions(person, token)?;
        Ok(())
    }
}

impl Register {
    pub(crate) fn throttle(&self) -> std::sync::MutexGuard<'_, crate::throttle::Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn challenges(&self) -> std::sync::MutexGuard<'_, Challenges> {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
