//! The register's tables, moved on by numbered steps.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::register::RegisterError;

/// Has a copy take all pages in one step.
const ALL_PAGES: i32 = -1;
const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// How long another process's transaction is waited for.
pub(crate) const BUSY: Duration = Duration::from_secs(10);
/// Changes that are kept for other processes to follow.
const CHANGES_KEPT: i64 = 100_000;

/// One statement list a version; a store is at version `user_version`. A step that was released is never edited.
///
/// Triggers note in `changed` what every process must read anew, so that no act can forget to tell the others.
const STEPS: &[&str] = &[
    include_str!("schema/01-first.sql"),
    include_str!("schema/02-disabled-people.sql"),
    include_str!("schema/03-rights-and-acts.sql"),
    include_str!("schema/04-mail.sql"),
    include_str!("schema/05-sign-in.sql"),
    include_str!("schema/06-joining.sql"),
    include_str!("schema/07-sharing-groups.sql"),
    include_str!("schema/08-paging.sql"),
    include_str!("schema/09-letters.sql"),
    include_str!("schema/10-notices.sql"),
    include_str!("schema/11-lead-keys.sql"),
    include_str!("schema/12-cell-key.sql"),
    include_str!("schema/13-confirmed-lead-keys.sql"),
    include_str!("schema/14-recovery-asked.sql"),
    include_str!("schema/15-hours-of-sessions.sql"),
    include_str!("schema/16-own-is-confirmed.sql"),
];

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

fn settle(connection: &Connection) -> Result<(), RegisterError> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is deleted is gone from the file: mails that were sent held single-use links.
    connection.pragma_update(None, "secure_delete", "ON")?;
    Ok(())
}

/// A store in memory with everything that another holds.
pub(crate) fn copy(from: &Connection) -> Result<Connection, RegisterError> {
    let mut connection = Connection::open_in_memory()?;
    Backup::new(from, &mut connection)?.step(ALL_PAGES)?;
    settle(&connection)?;
    Ok(connection)
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
    settle(&connection)?;
    migrate(&mut connection)?;
    // Who was away longer reads everything anew.
    let old = "DELETE FROM changed WHERE seq <= (SELECT max(seq) FROM changed) - ?1";
    connection.execute(old, [CHANGES_KEPT])?;
    Ok(connection)
}
