//! Erasing what was shown of a recalled report: superseded versions lose their body, as in the journal, and are overwritten.

use model::{GroupId, Timestamp};
use rusqlite::{Connection, params};

use crate::ReleasedError;
use crate::writer::Writer;

/// How often it is tried to write the log back, which may still hold what was erased; readers are short.
const TRUNCATE_TRIES: usize = 20;
const TRUNCATE_WAIT: std::time::Duration = std::time::Duration::from_millis(10);

impl Writer {
    /// Empties every version of the indicators under the look-up keys of `shown` that the readers named with them (every member,
    /// or a group) have no more, and of campaigns that name one of these texts (as they stand in JSON) in a version that is
    /// superseded; of both only what was shown after the first of `ticks` and until the second.
    ///
    /// # Errors
    /// [`ReleasedError`] if it cannot be written; nothing of it is, then.
    pub fn erase(
        &mut self,
        shown: &[(Option<GroupId>, u64)],
        texts: &[String],
        ticks: (Timestamp, Timestamp),
    ) -> Result<(), ReleasedError> {
        let (after, until) = (ticks.0.as_millis(), ticks.1.as_millis());
        let mut conn = self.lock();
        conn.pragma_update(None, "secure_delete", true)?;
        let transaction = conn.transaction()?;
        for (group, lookup) in shown {
            let lookup = lookup.cast_signed();
            match group {
                None => transaction
                    .prepare_cached(
                        "UPDATE indicators SET body = '', feed = 0, until = 0 WHERE lookup = ?1 AND live = 0
                           AND tick > ?2 AND tick <= ?3 AND NOT EXISTS
                           (SELECT 1 FROM indicators AS now
                              WHERE now.lookup = ?1 AND now.id = indicators.id AND now.live = 1)",
                    )?
                    .execute([lookup, after, until])?,
                Some(group) => transaction
                    .prepare_cached(
                        "UPDATE shared SET body = '', feed = 0, until = 0 WHERE lookup = ?1 AND audience = ?4 AND live = 0
                           AND tick > ?2 AND tick <= ?3 AND NOT EXISTS
                           (SELECT 1 FROM shared AS now WHERE now.lookup = ?1 AND now.audience = ?4
                              AND now.id = shared.id AND now.live = 1)",
                    )?
                    .execute(params![lookup, after, until, group.as_bytes()])?,
            };
        }
        for n in naming(&transaction, texts, (after, until))? {
            transaction.prepare_cached("UPDATE campaigns SET body = '' WHERE n = ?1")?.execute([n])?;
        }
        transaction.commit()?;
        conn.pragma_update(None, "secure_delete", false)?;
        for _ in 0..TRUNCATE_TRIES {
            let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            if busy == 0 {
                break;
            }
            std::thread::sleep(TRUNCATE_WAIT);
        }
        Ok(())
    }
}

/// Superseded versions of campaigns that name one of the texts.
fn naming(conn: &Connection, texts: &[String], (after, until): (i64, i64)) -> Result<Vec<i64>, ReleasedError> {
    let mut statement =
        conn.prepare("SELECT n, body FROM campaigns WHERE live = 0 AND tick > ?1 AND tick <= ?2 AND body <> ''")?;
    let mut rows = statement.query(params![after, until])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let body = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        if texts.iter().any(|text| body.contains(text.as_str())) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}
