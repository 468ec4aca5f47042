//! The register's tables, moved on by numbered steps.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::register::RegisterError;

const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// One statement list a version; a store is at version `user_version`.
const STEPS: &[&str] = &["
CREATE TABLE organisation(id BLOB PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, sector TEXT NOT NULL,
  region TEXT, suspended INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE asset(organisation BLOB NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(organisation, kind, value)) WITHOUT ROWID;
CREATE TABLE person(id BLOB PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, organisation BLOB, role TEXT NOT NULL,
  password TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE session(hash BLOB PRIMARY KEY, person BLOB NOT NULL, face TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE key(hash BLOB PRIMARY KEY, prefix TEXT NOT NULL UNIQUE, organisation BLOB NOT NULL, label TEXT NOT NULL,
  warn TEXT NOT NULL, know TEXT NOT NULL, expires_at INTEGER, revoked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
", "
ALTER TABLE person ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
", "
CREATE TABLE mail(id BLOB NOT NULL UNIQUE, recipient TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, kind TEXT NOT NULL,
  bulk INTEGER NOT NULL, day INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'queued', attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at INTEGER NOT NULL, message_id TEXT, trouble TEXT, unsure INTEGER NOT NULL DEFAULT 0);
CREATE INDEX mail_waiting ON mail(bulk, next_try_at) WHERE state IN ('queued', 'sending');
CREATE INDEX mail_day ON mail(day);
CREATE TABLE mail_load(waiting INTEGER NOT NULL);
INSERT INTO mail_load VALUES (0);
CREATE TRIGGER mail_in AFTER INSERT ON mail BEGIN
  UPDATE mail_load SET waiting = waiting + (NEW.state IN ('queued', 'sending'));
END;
CREATE TRIGGER mail_on AFTER UPDATE OF state ON mail BEGIN
  UPDATE mail_load SET waiting = waiting + (NEW.state IN ('queued', 'sending')) - (OLD.state IN ('queued', 'sending'));
END;
CREATE TRIGGER mail_out AFTER DELETE ON mail BEGIN
  UPDATE mail_load SET waiting = waiting - (OLD.state IN ('queued', 'sending'));
END;
"];

fn migrate(connection: &mut Connection) -> Result<(), RegisterError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let at: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let at = usize::try_from(at).unwrap_or(0);
    if at > STEPS.len() {
        return Err(RegisterError::Newer);
    }
    for step in STEPS.iter().skip(at) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", i64::try_from(STEPS.len()).unwrap_or(i64::MAX))?;
    Ok(transaction.commit()?)
}

/// Opens the store in a file, or in memory.
pub(crate) fn open(path: Option<&Path>) -> Result<Connection, RegisterError> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        return Err(RegisterError::SqliteTooOld(rusqlite::version()));
    }
    let mut connection = match path {
        Some(path) => Connection::open(path)?,
        None => Connection::open_in_memory()?,
    };
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    migrate(&mut connection)?;
    Ok(connection)
}
