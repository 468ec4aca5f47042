//! The store of records: append-only, in one file, with the reads that wait for their epoch and how far the log has come.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use tlog::Hash;

use super::AuditError;
use crate::entry::Seq;
use crate::files;

/// The store refuses to change a record or to take one away; whoever has the file can, which is what the tree shows.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS record(leaf INTEGER PRIMARY KEY, entry INTEGER UNIQUE, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS waiting(id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS state(one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, epoch INTEGER NOT NULL, through INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS growth(first INTEGER PRIMARY KEY, chance BLOB NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS record_stays BEFORE UPDATE ON record BEGIN SELECT RAISE(ABORT, 'records are not changed'); END;
CREATE TRIGGER IF NOT EXISTS record_kept BEFORE DELETE ON record BEGIN SELECT RAISE(ABORT, 'records are not removed'); END;
";

/// How far the log has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Leaves.
    pub(super) size: u64,
    /// The last epoch that it grew at; `None` before the first.
    pub(super) epoch: Option<i64>,
    /// Every act of the journal up to here has its record.
    pub(super) through: Seq,
}

/// A record on its way to a leaf.
pub(super) struct Placed {
    pub(super) leaf: u64,
    pub(super) entry: Option<Seq>,
    pub(super) body: Vec<u8>,
}

/// One record as it is stored.
pub(super) struct Row {
    pub(super) leaf: u64,
    pub(super) entry: Option<Seq>,
    pub(super) body: Vec<u8>,
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Opens the store in a file, making it if it is absent.
pub(super) fn open(path: &Path) -> Result<Connection, AuditError> {
    files::private_file(path)?;
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "NORMAL"), ("secure_delete", "ON")] {
        connection.pragma_update(None, name, value)?;
    }
    made(connection)
}

/// A store that lives and dies with the process.
pub(super) fn in_memory() -> Result<Connection, AuditError> {
    made(Connection::open_in_memory()?)
}

fn made(connection: Connection) -> Result<Connection, AuditError> {
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

pub(super) fn state(connection: &Connection) -> Result<State, AuditError> {
    let row = connection.query_row("SELECT size, epoch, through FROM state", [], |row| {
        Ok(State { size: unsigned(row.get(0)?), epoch: Some(row.get(1)?), through: unsigned(row.get(2)?) })
    });
    Ok(row.optional()?.unwrap_or_default())
}

/// Notes a read. It is in the file, if not yet on the disk, when this returns: a process that is killed loses none.
pub(super) fn wait(connection: &Connection, body: &[u8]) -> Result<(), AuditError> {
    connection.prepare_cached("INSERT INTO waiting(body) VALUES (?1)")?.execute([body])?;
    Ok(())
}

/// Reads that wait.
pub(super) fn waiting(connection: &Connection) -> Result<u64, AuditError> {
    Ok(connection.query_row("SELECT count(*) FROM waiting", [], |row| row.get(0)).map(unsigned)?)
}

/// The first reads that wait, and the place of the last of them.
pub(super) fn first_waiting(connection: &Connection, max: usize) -> Result<(Vec<Vec<u8>>, i64), AuditError> {
    let mut statement = connection.prepare_cached("SELECT id, body FROM waiting ORDER BY id LIMIT ?1")?;
    let mut rows = statement.query([signed(max as u64)])?;
    let (mut bodies, mut last) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        bodies.push(row.get(1)?);
    }
    Ok((bodies, last))
}

/// What was drawn for each growth of a log: a row for each, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Chances(Vec<(u64, Hash)>);

impl Chances {
    pub(super) fn of(connection: &Connection) -> Result<Self, AuditError> {
        let mut statement = connection.prepare("SELECT first, chance FROM growth ORDER BY first")?;
        let rows = statement.query_map([], |row| Ok((unsigned(row.get(0)?), row.get(1)?)))?;
        Ok(Self(rows.collect::<Result<_, _>>()?))
    }

    /// A growth from a leaf on.
    pub(super) fn push(&mut self, first: u64, chance: Hash) {
        self.0.push((first, chance));
    }

    /// What was drawn for the growth that a leaf is of; zeros for one that is of none, which no log has.
    pub(super) fn at(&self, leaf: u64) -> Hash {
        let after = self.0.partition_point(|(first, _)| *first <= leaf);
        after.checked_sub(1).and_then(|at| self.0.get(at)).map(|(_, chance)| *chance).unwrap_or_default()
    }
}

/// Adds records, grown from a leaf on by what was drawn, and moves on to a state, in one transaction that is on disk when this returns.
pub(super) fn add(
    connection: &mut Connection,
    (grown, placed): (Option<(u64, &Hash)>, &[Placed]),
    taken: i64,
    state: &State,
) -> Result<(), AuditError> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare_cached("INSERT INTO record(leaf, entry, body) VALUES (?1, ?2, ?3)")?;
        for Placed { leaf, entry, body } in placed {
            insert.execute(params![signed(*leaf), entry.map(signed), body])?;
        }
        if let Some((first, chance)) = grown {
            transaction.execute("INSERT INTO growth(first, chance) VALUES (?1, ?2)", params![signed(first), chance])?;
        }
        transaction.execute("DELETE FROM waiting WHERE id <= ?1", [taken])?;
        transaction.execute(
            "INSERT OR REPLACE INTO state(one, size, epoch, through) VALUES (1, ?1, ?2, ?3)",
            params![signed(state.size), state.epoch.unwrap_or(0), signed(state.through)],
        )?;
    }
    transaction.commit()?;
    // What is stored is stored: that the next is synced once too often harms nobody.
    let _ = connection.pragma_update(None, "synchronous", "NORMAL");
    Ok(())
}

/// Records from a leaf on.
pub(super) fn records(connection: &Connection, from: u64, max: usize) -> Result<Vec<Row>, AuditError> {
    let mut statement =
        connection.prepare_cached("SELECT leaf, entry, body FROM record WHERE leaf >= ?1 ORDER BY leaf LIMIT ?2")?;
    let rows = statement.query_map(params![signed(from), signed(max as u64)], |row| {
        let entry: Option<i64> = row.get(1)?;
        Ok(Row { leaf: unsigned(row.get(0)?), entry: entry.map(unsigned), body: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The record of a journal entry.
pub(super) fn of_entry(connection: &Connection, seq: Seq) -> Result<Option<Row>, AuditError> {
    let mut statement = connection.prepare_cached("SELECT leaf, entry, body FROM record WHERE entry = ?1")?;
    let row = statement
        .query_row([signed(seq)], |row| Ok(Row { leaf: unsigned(row.get(0)?), entry: Some(seq), body: row.get(2)? }));
    Ok(row.optional()?)
}

/// The record of a leaf.
pub(super) fn of_leaf(connection: &Connection, leaf: u64) -> Result<Option<Vec<u8>>, AuditError> {
    let mut statement = connection.prepare_cached("SELECT body FROM record WHERE leaf = ?1")?;
    Ok(statement.query_row([signed(leaf)], |row| row.get(0)).optional()?)
}

/// Records of acts.
pub(super) fn acts(connection: &Connection) -> Result<u64, AuditError> {
    let count = connection.query_row("SELECT count(*) FROM record WHERE entry IS NOT NULL", [], |row| row.get(0));
    Ok(count.map(unsigned)?)
}

/// A record that is of no leaf of a log of this size.
pub(super) fn beyond(connection: &Connection, size: u64) -> Result<Option<u64>, AuditError> {
    let mut statement = connection.prepare("SELECT leaf FROM record WHERE leaf < 0 OR leaf >= ?1 LIMIT 1")?;
    Ok(statement.query_row([signed(size)], |row| row.get(0)).optional()?.map(unsigned))
}
