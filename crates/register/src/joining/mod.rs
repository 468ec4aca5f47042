//! How firms and people join, stay and leave: invitations, sponsorship, terms, dormancy, a way back for who lost a key.

pub(crate) mod csv;
pub(crate) mod dormancy;
pub(crate) mod invitations;
pub(crate) mod letters;
pub(crate) mod onboarding;
pub(crate) mod profile;
pub(crate) mod settings;
pub(crate) mod sponsorship;
pub(crate) mod terms;

use crate::register::RegisterError;

/// Tables of this module.
pub(crate) const STEP: &str = "
CREATE TABLE joining_setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE invitation(id BLOB PRIMARY KEY, hash BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, organisation BLOB, person BLOB,
  role TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL, language TEXT NOT NULL, home BLOB, vetting TEXT,
  vetting_until INTEGER, by BLOB, state TEXT NOT NULL, made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  ended_at INTEGER) WITHOUT ROWID;
CREATE INDEX invitation_of_organisation ON invitation(organisation, made_at, id);
CREATE INDEX invitation_by_time ON invitation(made_at, id);
CREATE INDEX invitation_by_sender ON invitation(by, state);
CREATE TABLE enrolment(hash BLOB PRIMARY KEY, person BLOB NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX enrolment_of_person ON enrolment(person);
CREATE TABLE sponsorship(id BLOB PRIMARY KEY, sponsor BLOB NOT NULL, by BLOB, name TEXT NOT NULL, folded TEXT NOT NULL,
  sector TEXT NOT NULL, region TEXT, size TEXT, domain TEXT NOT NULL, contact TEXT NOT NULL, email TEXT NOT NULL,
  why TEXT NOT NULL, state TEXT NOT NULL, made_at INTEGER NOT NULL, decided_at INTEGER, decided_by BLOB, reason TEXT,
  organisation BLOB) WITHOUT ROWID;
CREATE INDEX sponsorship_by_sponsor ON sponsorship(sponsor, state);
CREATE INDEX sponsorship_by_time ON sponsorship(state, made_at, id);
CREATE INDEX sponsorship_of_organisation ON sponsorship(organisation);
CREATE TABLE terms(version INTEGER PRIMARY KEY, text TEXT NOT NULL, from_day INTEGER NOT NULL, published_at INTEGER NOT NULL,
  by BLOB);
CREATE TABLE terms_acceptance(organisation BLOB NOT NULL, version INTEGER NOT NULL, person BLOB NOT NULL, day INTEGER NOT NULL,
  PRIMARY KEY(organisation, version, person)) WITHOUT ROWID;
CREATE TABLE last_use(organisation BLOB PRIMARY KEY, day INTEGER NOT NULL, notice INTEGER NOT NULL DEFAULT 0, notice_day INTEGER,
  quiet INTEGER NOT NULL DEFAULT 0, back_day INTEGER) WITHOUT ROWID;
CREATE TABLE closed_account(person BLOB PRIMARY KEY, email TEXT NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID;
";

/// Milliseconds of a day.
pub(crate) const DAY_MILLIS: i64 = 86_400_000;

/// The day of a time, counted from 1970-01-01: what is kept by day is kept as this.
pub(crate) const fn day_of(now: model::Timestamp) -> i64 {
    now.as_millis().div_euclid(DAY_MILLIS)
}

/// Why nobody joined.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Forged, expired, used, withdrawn, of another listener: one answer for all.
    #[error("this link does not work: it was used, withdrawn, is too old, or never was one")]
    Gone,
    /// The terms moved on since the page was shown.
    #[error("the terms are version {0} by now: read them, then accept that version")]
    Terms(u32),
    /// The register itself, or a field that it refuses.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

impl From<rusqlite::Error> for JoinError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Register(error.into())
    }
}
