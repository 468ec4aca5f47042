//! What mails say, for as long as they wait: kept apart, so that nothing of it is left in the file.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::register::{Register, RegisterError};

/// Bytes of letters that are laid out anew at a time; where more wait, the mail server is away, and it is done when it is back.
const LETTERS_BYTES_MAX: i64 = 32 << 20;

/// Puts in what the mail queued last says.
pub(super) fn put(
    transaction: &Connection,
    subject: &str,
    text: &str,
    sealed: Option<&[u8]>,
) -> Result<(), RegisterError> {
    let insert = "INSERT INTO letter(mail, subject, text, sealed) VALUES (?1, ?2, ?3, ?4)";
    transaction.prepare_cached(insert)?.execute(params![transaction.last_insert_rowid(), subject, text, sealed])?;
    Ok(())
}

impl Register {
    /// Lays out anew what waiting mails say; true once nothing of a mail that was sent is left in the file or its log.
    ///
    /// What is deleted is overwritten at once (`secure_delete`), but `SQLite` moves rows within and between pages, and the
    /// room that they leave there keeps its bytes until it is used again. A table that is emptied whole has its pages wiped.
    ///
    /// # Errors
    /// [`RegisterError`] if the store cannot be written.
    pub fn forget_letters(&self) -> Result<bool, RegisterError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let bytes = "SELECT coalesce(sum(length(subject) + length(text) + coalesce(length(sealed), 0)), 0) FROM letter";
        if transaction.query_row(bytes, [], |row| row.get::<_, i64>(0))? > LETTERS_BYTES_MAX {
            return Ok(false);
        }
        let letters: Vec<(i64, String, String, Option<Vec<u8>>)> = {
            let mut all = transaction.prepare_cached("SELECT mail, subject, text, sealed FROM letter ORDER BY mail")?;
            let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        // Without a condition: with one, rows go one by one and pages are not wiped.
        transaction.execute("DELETE FROM letter", [])?;
        for (mail, subject, text, sealed) in letters {
            let insert = "INSERT INTO letter(mail, subject, text, sealed) VALUES (?1, ?2, ?3, ?4)";
            transaction.prepare_cached(insert)?.execute(params![mail, subject, text, sealed])?;
        }
        transaction.commit()?;
        // The log holds the pages as they were. Who reads just now is not waited for: everybody waits for this connection.
        connection.busy_timeout(std::time::Duration::ZERO)?;
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        connection.busy_timeout(crate::schema::BUSY)?;
        match busy {
            Ok(busy) => Ok(busy == 0),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
