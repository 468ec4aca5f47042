//! Rebuilding: a fresh file is loaded in bulk, gets its indexes, and takes the old one's place in one step.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use policy::{Audience, NounKind, ReleaseBatch};
use rusqlite::{Connection, params};

use crate::writer::{About, feed_columns, is_for_members, statements, write_about};
use crate::{ReleasedError, log, schema, shared};

/// A transaction holds at most about this many objects.
const OBJECTS_PER_TRANSACTION: usize = 50_000;
const CACHE_KIB: i64 = 64 * 1024;

/// What a rebuild did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Batches that were loaded.
    pub batches: u64,
    /// Objects in them.
    pub objects: u64,
}

/// Loads a fresh store from release batches in their order and swaps it in for the one at `path`. No writer may have it
/// open; readers go on with the old file until the swap and then take the new one.
///
/// # Errors
/// [`ReleasedError`] if it cannot be written, or what `batches` brings; the old store is left as it was, then.
pub fn rebuild<E: From<ReleasedError>>(
    path: &Path,
    about: &About,
    batches: impl Iterator<Item = Result<ReleaseBatch, E>>,
) -> Result<Rebuilt, E> {
    let fresh = beside(path, ".new");
    let outcome = load(&fresh, about, batches);
    match outcome {
        Ok(rebuilt) => {
            swap(&fresh, path)?;
            Ok(rebuilt)
        }
        Err(error) => {
            remove(&fresh)?;
            Err(error)
        }
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<(), ReleasedError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let file = beside(path, suffix);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(ReleasedError::file(&file)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn load<E: From<ReleasedError>>(
    fresh: &Path,
    about: &About,
    batches: impl Iterator<Item = Result<ReleaseBatch, E>>,
) -> Result<Rebuilt, E> {
    let mut conn = begin(fresh)?;
    write_about(&conn, about)?;
    let mut rebuilt = Rebuilt::default();
    let mut newest: HashMap<(NounKind, [u8; 16]), i64> = HashMap::new();
    let mut places: HashMap<NounKind, i64> = HashMap::new();
    let mut head = None;
    let mut pending = Vec::new();
    let mut waiting = 0;
    for batch in batches {
        let batch = batch?;
        if batch.objects.is_empty() || head.is_some_and(|head| batch.tick <= head) {
            continue;
        }
        head = Some(batch.tick);
        waiting += batch.objects.len();
        rebuilt.batches += 1;
        rebuilt.objects += batch.objects.len() as u64;
        pending.push(batch);
        if waiting >= OBJECTS_PER_TRANSACTION {
            write(&mut conn, &pending, &mut newest, &mut places)?;
            pending.clear();
            waiting = 0;
        }
    }
    write(&mut conn, &pending, &mut newest, &mut places)?;
    finish(conn, fresh)?;
    Ok(rebuilt)
}

fn begin(fresh: &Path) -> Result<Connection, ReleasedError> {
    schema::check_sqlite()?;
    remove(fresh)?;
    let conn = Connection::open(fresh)?;
    // Nothing of a half-loaded file is ever used, so nothing needs to be safe before the end.
    conn.pragma_update(None, "journal_mode", "OFF")?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    schema::create_tables(&conn)?;
    // What groups have is little and superseded by its key: it needs its index while it is loaded.
    shared::create_indexes(&conn)?;
    Ok(conn)
}

fn write(
    conn: &mut Connection,
    batches: &[ReleaseBatch],
    newest: &mut HashMap<(NounKind, [u8; 16]), i64>,
    places: &mut HashMap<NounKind, i64>,
) -> Result<(), ReleasedError> {
    let transaction = conn.transaction()?;
    for batch in batches {
        let mut written = log::Places::default();
        for object in &batch.objects {
            if object.audience != Audience::Members {
                shared::put(&transaction, batch.tick, object)?;
                continue;
            }
            let (feed, until) = feed_columns(batch.tick, object)?;
            let place = places.entry(object.kind).or_insert(0);
            *place += 1;
            log::note(&mut written, object.kind, *place);
            // By place, not by hash: the file has no index yet.
            if let Some(before) = newest.insert((object.kind, object.id), *place) {
                let sql = format!("UPDATE {} SET live = 0 WHERE n = ?1", schema::table(object.kind));
                transaction.prepare_cached(&sql)?.execute([before])?;
            }
            transaction.prepare_cached(statements(object.kind).insert)?.execute(params![
                batch.tick.as_millis(),
                schema::hash(&object.id),
                object.lookup.cast_signed(),
                object.campaign.as_ref().map(schema::hash),
                !object.body.is_empty(),
                feed,
                until,
                object.id,
                object.campaign,
                object.body,
            ])?;
        }
        if is_for_members(batch) {
            transaction
                .prepare_cached("INSERT INTO log(tick, places) VALUES(?1, ?2)")?
                .execute(params![batch.tick.as_millis(), log::encode(&written)])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn finish(conn: Connection, fresh: &Path) -> Result<(), ReleasedError> {
    schema::create_indexes(&conn)?;
    // As a writer will want it: a change of mode later would need every reader to let go.
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.close().map_err(|(_, error)| error)?;
    let file = std::fs::File::open(fresh).map_err(ReleasedError::file(fresh))?;
    file.sync_all().map_err(ReleasedError::file(fresh))
}

fn swap(fresh: &Path, path: &Path) -> Result<(), ReleasedError> {
    if path.exists() {
        // The old WAL must hold nothing when the file changes under it: its pages would be read into the new one.
        let emptied = Connection::open(path).and_then(|old| {
            old.pragma_update(None, "busy_timeout", 5_000)?;
            old.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        });
        if emptied.is_err() {
            // Not a readable store any more: nothing in it is worth keeping.
            remove(path)?;
        }
    }
    std::fs::rename(fresh, path).map_err(ReleasedError::file(path))?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let file = std::fs::File::open(folder).map_err(ReleasedError::file(folder))?;
        file.sync_all().map_err(ReleasedError::file(folder))?;
    }
    Ok(())
}
