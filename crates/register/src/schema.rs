//! The register's tables, moved on by numbered steps.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::register::RegisterError;

const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// Changes that are kept for other processes to follow.
const CHANGES_KEPT: i64 = 100_000;

/// One statement list a version; a store is at version `user_version`. A step that was released is never edited.
///
/// Triggers note in `changed` what every process must read anew, so that no act can forget to tell the others.
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
ALTER TABLE organisation ADD COLUMN class TEXT NOT NULL DEFAULT 'member';
ALTER TABLE organisation ADD COLUMN status TEXT NOT NULL DEFAULT 'active';
UPDATE organisation SET status = 'suspended' WHERE suspended = 1;
ALTER TABLE organisation DROP COLUMN suspended;
CREATE INDEX organisation_by_name ON organisation(folded, id);

CREATE TABLE person_3(id BLOB PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, organisation BLOB, role TEXT NOT NULL,
  password TEXT, disabled INTEGER NOT NULL DEFAULT 0, closed INTEGER NOT NULL DEFAULT 0, vetting TEXT, vetted_until INTEGER,
  wall TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
INSERT INTO person_3(id, email, name, organisation, role, password, disabled)
  SELECT id, email, name, organisation, CASE role WHEN 'member' THEN 'reporter' ELSE role END, password, disabled FROM person;
DROP TABLE person;
ALTER TABLE person_3 RENAME TO person;
CREATE UNIQUE INDEX person_by_email ON person(email) WHERE closed = 0;
CREATE INDEX person_by_organisation ON person(organisation, email);
CREATE INDEX person_by_role ON person(role);
CREATE INDEX session_by_person ON session(person);
CREATE INDEX key_by_organisation ON key(organisation);

CREATE TABLE act(seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, person BLOB, actor TEXT NOT NULL, what TEXT NOT NULL,
  target TEXT NOT NULL, detail TEXT NOT NULL, chain BLOB NOT NULL);
CREATE TRIGGER act_is_kept BEFORE DELETE ON act BEGIN SELECT RAISE(ABORT, 'the trail of acts is kept'); END;
CREATE TRIGGER act_stands BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'the trail of acts stands'); END;
CREATE TABLE member_act(id BLOB PRIMARY KEY, organisation BLOB NOT NULL, day INTEGER NOT NULL, person BLOB, actor TEXT NOT NULL,
  what TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX member_act_by_day ON member_act(organisation, day, id);

CREATE TABLE changed(seq INTEGER PRIMARY KEY AUTOINCREMENT, noun TEXT NOT NULL, id BLOB NOT NULL);
CREATE TRIGGER organisation_made AFTER INSERT ON organisation BEGIN INSERT INTO changed(noun, id) VALUES ('organisation', NEW.id); END;
CREATE TRIGGER organisation_changed AFTER UPDATE ON organisation BEGIN INSERT INTO changed(noun, id) VALUES ('organisation', NEW.id); END;
CREATE TRIGGER organisation_gone AFTER DELETE ON organisation BEGIN INSERT INTO changed(noun, id) VALUES ('organisation', OLD.id); END;
CREATE TRIGGER asset_made AFTER INSERT ON asset BEGIN INSERT INTO changed(noun, id) VALUES ('organisation', NEW.organisation); END;
CREATE TRIGGER asset_gone AFTER DELETE ON asset BEGIN INSERT INTO changed(noun, id) VALUES ('organisation', OLD.organisation); END;
CREATE TRIGGER person_made AFTER INSERT ON person BEGIN INSERT INTO changed(noun, id) VALUES ('person', NEW.id); END;
CREATE TRIGGER person_changed AFTER UPDATE ON person BEGIN INSERT INTO changed(noun, id) VALUES ('person', NEW.id); END;
CREATE TRIGGER person_gone AFTER DELETE ON person BEGIN INSERT INTO changed(noun, id) VALUES ('person', OLD.id); END;
CREATE TRIGGER session_made AFTER INSERT ON session BEGIN INSERT INTO changed(noun, id) VALUES ('session', NEW.hash); END;
CREATE TRIGGER session_changed AFTER UPDATE ON session BEGIN INSERT INTO changed(noun, id) VALUES ('session', NEW.hash); END;
CREATE TRIGGER session_gone AFTER DELETE ON session BEGIN INSERT INTO changed(noun, id) VALUES ('session', OLD.hash); END;
CREATE TRIGGER key_made AFTER INSERT ON key BEGIN INSERT INTO changed(noun, id) VALUES ('key', NEW.hash); END;
CREATE TRIGGER key_changed AFTER UPDATE ON key BEGIN INSERT INTO changed(noun, id) VALUES ('key', NEW.hash); END;
CREATE TRIGGER key_gone AFTER DELETE ON key BEGIN INSERT INTO changed(noun, id) VALUES ('key', OLD.hash); END;
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
    // Who was away longer reads everything anew.
    let old = "DELETE FROM changed WHERE seq <= (SELECT max(seq) FROM changed) - ?1";
    connection.execute(old, [CHANGES_KEPT])?;
    Ok(connection)
}
