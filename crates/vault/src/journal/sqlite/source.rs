//! Who filed which case, beside the journal and sealed: for the way back, and for two leads together.

use std::path::Path;

use model::{CaseId, OrganisationId};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::connection::{connect, head_of, note_redactions, open_read_only, read_raw, signed, unsigned};
use crate::codec;
use crate::entry::{Body, Seq};
use crate::error::{JournalError, VaultError};
use crate::journal::{Filed, Source};
use crate::sealing::{OpeningKeys, SEALED_BYTES};

/// Entries that are read at once when the places of old sources are noted.
const ENTRIES_AT_ONCE: usize = 1024;

/// Writes the source of a report, and its epoch if that is not there yet.
pub(super) fn write(connection: &Connection, source: &Source, seq: Seq) -> Result<(), rusqlite::Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO source(case_id, way_back, seq, epoch, pairs, contact) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let pairs = source.pairs.as_ref();
    let (epoch, sealed) = pairs.map(|pairs| (pairs.epoch.id, pairs.sealed.as_slice())).unzip();
    let contact = pairs.map(|pairs| pairs.contact.as_slice());
    insert.execute(params![source.case.as_bytes(), source.way_back, signed(seq), epoch, sealed, contact])?;
    write_epoch(connection, source)
}

/// Writes the source of a report that is there, sealed to other leads than before. What was taken from it meanwhile stays away.
pub(super) fn write_again(connection: &Connection, source: &Source) -> Result<(), rusqlite::Error> {
    let Some(pairs) = &source.pairs else { return Ok(()) };
    let mut update = connection.prepare_cached(
        "UPDATE source SET epoch = ?2, pairs = ?3, contact = iif(contact IS NULL, NULL, ?4)
         WHERE case_id = ?1 AND pairs IS NOT NULL",
    )?;
    update.execute(params![source.case.as_bytes(), pairs.epoch.id, pairs.sealed, pairs.contact])?;
    // Also if there was no row to write: the epoch is taken for stored once this is committed.
    write_epoch(connection, source)
}

fn write_epoch(connection: &Connection, source: &Source) -> Result<(), rusqlite::Error> {
    // Until the first transaction that brings it is known to be on disk, each brings it.
    if let Some(epoch) = source.pairs.as_ref().map(|pairs| &pairs.epoch).filter(|epoch| !epoch.is_stored()) {
        let mut insert =
            connection.prepare_cached("INSERT OR IGNORE INTO epoch(id, lead, secret) VALUES (?1, ?2, ?3)")?;
        for (lead, secret) in &epoch.leads {
            insert.execute(params![epoch.id, lead.as_bytes(), secret])?;
        }
    }
    Ok(())
}

/// With the content of a recalled case goes how to reach whoever filed it; who that is stays, for the thread to be answered.
pub(super) fn forget_contact(connection: &Connection, body: &Body) -> Result<(), rusqlite::Error> {
    if let Some(case) = body.takes_content_out() {
        let mut update = connection.prepare_cached("UPDATE source SET contact = NULL WHERE case_id = ?1")?;
        update.execute([case.as_bytes()])?;
    }
    Ok(())
}

/// Makes room for how to reach whoever filed a case, in a file of an older version.
pub(super) fn note_contacts(connection: &Connection) -> Result<(), JournalError> {
    if !has_column(connection, "contact")? {
        connection.execute_batch("ALTER TABLE source ADD COLUMN contact BLOB")?;
    }
    Ok(())
}

/// No lead opens who filed a case any more. The way back to its reporter stays.
pub(super) fn close(connection: &Connection, case: CaseId) -> Result<(), rusqlite::Error> {
    let mut update =
        connection.prepare_cached("UPDATE source SET epoch = NULL, pairs = NULL, contact = NULL WHERE case_id = ?1")?;
    update.execute([case.as_bytes()]).map(drop)
}

/// Who filed a case, sealed, and where its report lies.
pub(super) fn filed(connection: &Connection, case: CaseId) -> Result<Option<Filed>, JournalError> {
    let mut statement = connection.prepare_cached("SELECT way_back, seq FROM source WHERE case_id = ?1")?;
    let found = statement.query_row([case.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.map(|(way_back, seq)| Filed { way_back, seq: unsigned(seq) }))
}

/// Who filed a case, sealed for pairs of leads.
pub(super) fn sealed(connection: &Connection, case: CaseId) -> Result<Option<OpeningKeys>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT epoch, pairs, contact FROM source WHERE case_id = ?1 AND epoch IS NOT NULL AND pairs IS NOT NULL",
    )?;
    let row = |row: &rusqlite::Row<'_>| {
        Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Option<Vec<u8>>>(2)?))
    };
    let Some((epoch, pairs, contact)) = statement.query_row([case.as_bytes()], row).optional()? else {
        return Ok(None);
    };
    let mut statement = connection.prepare_cached("SELECT lead, secret FROM epoch WHERE id = ?1")?;
    let leads = statement.query_map([epoch], |row| Ok((model::PersonId::from_bytes(row.get(0)?), row.get(1)?)))?;
    let keys = OpeningKeys::new(leads.collect::<Result<_, _>>()?, pairs, contact);
    let whole = || JournalError::io(format!("the sealed source of case {case} is not whole"));
    keys.ok_or_else(whole).map(Some)
}

/// Whether a case has a source, in a file of any version.
pub(crate) fn is_filed(connection: &Connection, case: CaseId) -> Result<bool, JournalError> {
    Ok(connection.prepare_cached("SELECT 1 FROM source WHERE case_id = ?1")?.exists([case.as_bytes()])?)
}

/// How many records the source table has.
pub(crate) fn sources(connection: &Connection) -> Result<u64, JournalError> {
    Ok(unsigned(connection.query_row("SELECT count(*) FROM source", [], |row| row.get(0))?))
}

/// How many entries a file has that may be absent.
pub(crate) fn entries_in(path: &Path) -> Result<Seq, JournalError> {
    if !path.exists() {
        return Ok(0);
    }
    let connection = open_read_only(path)?;
    if is_made(&connection)? { Ok(head_of(&connection)?.seq) } else { Ok(0) }
}

/// Whether a file has a journal at all, and be it empty.
pub(crate) fn is_made(connection: &Connection) -> Result<bool, JournalError> {
    let made = "SELECT count(*) = 2 FROM sqlite_schema WHERE name IN ('journal', 'source')";
    Ok(connection.query_row(made, [], |row| row.get(0))?)
}

/// Whether a file that may be absent has sources that are sealed already.
pub(crate) fn has_sealed(path: &Path) -> Result<bool, JournalError> {
    if !path.exists() {
        return Ok(false);
    }
    let connection = open_read_only(path)?;
    Ok(has_column(&connection, "way_back")? && connection.prepare("SELECT 1 FROM source LIMIT 1")?.exists([])?)
}

/// Refuses a file with entries that are sealed: their key is not there, and another would open none of them.
pub(crate) fn is_plain(path: &Path) -> Result<(), JournalError> {
    let connection = open_read_only(path)?;
    let mut statement = connection.prepare(
        "SELECT seq FROM journal WHERE instr(substr(body, 1, 64), CAST('\",\"sealed\":' AS BLOB)) > 0 ORDER BY seq LIMIT 1",
    )?;
    match statement.query_row([], |row| row.get(0)).optional()? {
        Some(seq) => Err(JournalError::Sealed { seq: unsigned(seq) }),
        None => Ok(()),
    }
}

fn has_column(connection: &Connection, column: &str) -> Result<bool, JournalError> {
    Ok(connection.prepare("SELECT 1 FROM pragma_table_info('source') WHERE name = ?1")?.exists([column])?)
}

/// Seals one source.
pub(crate) type Seal = Box<dyn Fn(CaseId, OrganisationId) -> Option<[u8; SEALED_BYTES]>>;

/// Seals the sources of a file of an older version, which had them in plain. What was there is overwritten.
pub(crate) fn seal_sources(path: &Path, seal: &dyn Fn() -> Result<Seal, VaultError>) -> Result<(), VaultError> {
    if !path.exists() {
        return Ok(());
    }
    let connection = connect(path)?;
    if !has_column(&connection, "organisation")? {
        return Ok(());
    }
    let seal = seal()?;
    Ok(rewrite(&connection, &*seal)?)
}

fn rewrite(
    connection: &Connection,
    seal: &dyn Fn(CaseId, OrganisationId) -> Option<[u8; SEALED_BYTES]>,
) -> Result<(), JournalError> {
    note_redactions(connection)?;
    let transaction = connection.unchecked_transaction()?;
    if !has_column(&transaction, "seq")? {
        place_sources(&transaction)?;
    }
    transaction.execute_batch(
        "CREATE TABLE sealed(case_id BLOB PRIMARY KEY, way_back BLOB NOT NULL, seq INTEGER NOT NULL, epoch BLOB, pairs BLOB,
           contact BLOB) WITHOUT ROWID",
    )?;
    {
        let mut read = transaction.prepare("SELECT case_id, organisation, seq FROM source")?;
        let mut write = transaction.prepare("INSERT INTO sealed(case_id, way_back, seq) VALUES (?1, ?2, ?3)")?;
        let mut rows = read.query([])?;
        while let Some(row) = rows.next()? {
            let (case, organisation) = (CaseId::from_bytes(row.get(0)?), OrganisationId::from_bytes(row.get(1)?));
            let way_back = seal(case, organisation).ok_or_else(|| JournalError::io("a source cannot be sealed"))?;
            write.execute(params![case.as_bytes(), way_back, row.get::<_, Option<i64>>(2)?.unwrap_or(0)])?;
        }
    }
    transaction.execute_batch("DROP TABLE source; ALTER TABLE sealed RENAME TO source")?;
    transaction.commit()?;
    // The old rows must not lie on in the log either.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Notes the place of each report beside its source, where a file of an older version has not.
fn place_sources(transaction: &Connection) -> Result<(), JournalError> {
    transaction.execute_batch("ALTER TABLE source ADD COLUMN seq INTEGER")?;
    let mut from = 1;
    loop {
        let entries = read_raw(transaction, from, ENTRIES_AT_ONCE)?;
        let Some(last) = entries.last() else { break };
        from = last.seq + 1;
        for entry in &entries {
            let corrupt = |error: codec::CodecError| JournalError::corrupt(entry.seq, error.to_string());
            if codec::type_of(&entry.body).map_err(corrupt)? == "report" {
                let case = codec::case_of(&entry.body).map_err(corrupt)?;
                let mut update = transaction.prepare_cached("UPDATE source SET seq = ?2 WHERE case_id = ?1")?;
                update.execute(params![case.as_bytes(), signed(entry.seq)])?;
            }
        }
    }
    Ok(())
}
