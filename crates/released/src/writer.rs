//! The one writer: a tick's batch is one transaction, and only what is new or changed is a row.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use model::{KeySeed, Timestamp};
use policy::planted::{self, Leak};
use policy::{Audience, NounKind, ReleaseBatch, ReleasedObject};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Deserialize;

use crate::reader::Reader;
use crate::row::{Released, Row};
use crate::snapshot::Snapshot;
use crate::views::parse_rfc3339;
use crate::{ReleasedError, file, log, schema, shared};

/// What the member side needs to know about the partnership, since it has no way to the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Name of the partnership.
    pub partnership: String,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Key of the hash that makes look-up keys.
    pub key_seed: [u8; 16],
}

impl About {
    /// The seed as [`model::Observable::key`] takes it.
    #[must_use]
    pub const fn seed(&self) -> KeySeed {
        KeySeed(self.key_seed)
    }
}

/// Tells readers of this process that a tick was applied.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    pub(crate) head: Mutex<i64>,
    pub(crate) rung: Condvar,
}

/// Opens stores.
pub struct Store;

impl Store {
    /// Opens the store in a file, making it if absent.
    ///
    /// # Errors
    /// [`ReleasedError`] if the file cannot be used or has another version.
    pub fn open(path: &Path) -> Result<(Writer, Reader), ReleasedError> {
        let conn = Arc::new(Mutex::new(file::open_writer(path)?));
        let bell = Arc::new(Bell::default());
        let reader = Reader::on_file(path, Some(Arc::clone(&bell)));
        let checkpointer = Some(file::Checkpointer::start(path)?);
        Ok((Writer::with(conn, bell, checkpointer)?, reader))
    }

    /// A store that lives and dies with the process.
    ///
    /// # Errors
    /// [`ReleasedError`] if SQLite is too old.
    pub fn in_memory() -> Result<(Writer, Reader), ReleasedError> {
        let conn = Arc::new(Mutex::new(file::open_memory()?));
        let bell = Arc::new(Bell::default());
        let reader = Reader::on_memory(Arc::clone(&conn), Arc::clone(&bell));
        Ok((Writer::with(conn, bell, None)?, reader))
    }
}

/// The one writer of a store.
pub struct Writer {
    conn: Arc<Mutex<Connection>>,
    bell: Arc<Bell>,
    _checkpointer: Option<file::Checkpointer>,
}

/// What of an indicator's body the feeds need.
#[derive(Deserialize)]
struct Fed<'a> {
    #[serde(borrow)]
    watch_until: Option<&'a str>,
    block: bool,
    common: Option<serde::de::IgnoredAny>,
}

pub(crate) const WATCH: i64 = 1;
pub(crate) const BLOCK: i64 = 2;

/// Columns `feed` and `until` of an object.
pub(crate) fn feed_columns(tick: Timestamp, object: &ReleasedObject) -> Result<(i64, i64), ReleasedError> {
    if object.kind != NounKind::Indicator || object.body.is_empty() {
        return Ok((0, 0));
    }
    let wrong = |why: String| ReleasedError::Object { kind: object.kind.as_str(), tick, why };
    let fed: Fed<'_> = serde_json::from_str(&object.body).map_err(|error| wrong(error.to_string()))?;
    let until = match fed.watch_until {
        None => return Ok((0, 0)),
        Some(text) => parse_rfc3339(text).ok_or_else(|| wrong(format!("{text:?} is no time")))?,
    };
    // An everyday value is on no feed: to watch for it is to watch everybody.
    let watch = if fed.common.is_none() { WATCH } else { 0 };
    Ok((watch | if fed.block && watch != 0 { BLOCK } else { 0 }, until.as_millis()))
}

impl Writer {
    fn with(
        conn: Arc<Mutex<Connection>>,
        bell: Arc<Bell>,
        checkpointer: Option<file::Checkpointer>,
    ) -> Result<Self, ReleasedError> {
        let writer = Self { conn, bell, _checkpointer: checkpointer };
        let head = Snapshot::on(&writer.lock()).head_tick()?;
        writer.ring(head);
        Ok(writer)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.conn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self, head: Option<Timestamp>) {
        let mut held = self.bell.head.lock().unwrap_or_else(PoisonError::into_inner);
        *held = head.map_or(i64::MIN, Timestamp::as_millis);
        self.bell.rung.notify_all();
    }

    /// Applies a tick's batch in one transaction. A tick that is not after the last one is known already and changes nothing,
    /// nor does one that shows nothing; says whether anything was written.
    ///
    /// # Errors
    /// [`ReleasedError`] if it cannot be written; nothing of it is, then.
    pub fn apply(&mut self, batch: &ReleaseBatch) -> Result<bool, ReleasedError> {
        let nothing = batch.objects.is_empty() && !planted::is_on(Leak::EmptyTick);
        if nothing || self.head_tick()?.is_some_and(|head| batch.tick <= head) {
            return Ok(false);
        }
        let mut conn = self.lock();
        let transaction = conn.transaction()?;
        let mut written = log::Places::default();
        for object in &batch.objects {
            if object.audience == Audience::Members {
                put(&transaction, batch.tick, object)?;
                log::note(&mut written, object.kind, transaction.last_insert_rowid());
            } else {
                shared::put(&transaction, batch.tick, object)?;
            }
        }
        if is_for_members(batch) {
            transaction
                .prepare_cached("INSERT INTO log(tick, places) VALUES(?1, ?2)")?
                .execute(params![batch.tick.as_millis(), log::encode(&written)])?;
        }
        transaction.commit()?;
        drop(conn);
        // Who waits, waits for a tick that every member is told.
        if is_for_members(batch) {
            self.ring(Some(batch.tick));
        }
        Ok(true)
    }

    /// The last tick that was applied, whether members or a group were shown something.
    ///
    /// # Errors
    /// [`ReleasedError`] if the store cannot be read.
    pub fn head_tick(&self) -> Result<Option<Timestamp>, ReleasedError> {
        shared::applied(&Snapshot::on(&self.lock()))
    }

    /// Notes what the member side needs to know about the partnership.
    ///
    /// # Errors
    /// [`ReleasedError`] if it cannot be written.
    pub fn set_about(&mut self, about: &About) -> Result<(), ReleasedError> {
        write_about(&self.lock(), about)
    }

    /// The released indicator under a look-up key.
    ///
    /// # Errors
    /// [`ReleasedError`] if the store cannot be read.
    pub fn lookup(&self, key: u64) -> Result<Option<Released<Row>>, ReleasedError> {
        Snapshot::on(&self.lock()).lookup(key)
    }

    /// Empties the store.
    ///
    /// # Errors
    /// [`ReleasedError`] if it cannot be written.
    pub fn clear(&mut self) -> Result<(), ReleasedError> {
        let mut conn = self.lock();
        let transaction = conn.transaction()?;
        for kind in schema::KINDS {
            transaction.execute(&format!("DELETE FROM {}", schema::table(kind)), [])?;
        }
        transaction.execute("DELETE FROM log", [])?;
        shared::clear(&transaction)?;
        transaction.commit()?;
        drop(conn);
        self.ring(None);
        Ok(())
    }

    /// SHA-256 over everything in the store, in its logical order.
    ///
    /// # Errors
    /// [`ReleasedError`] if it cannot be read.
    pub fn digest(&self) -> Result<[u8; 32], ReleasedError> {
        Snapshot::on(&self.lock()).digest()
    }
}

/// Whether a tick is one for the release log: what a group alone is shown moves nothing that everybody is told.
pub(crate) fn is_for_members(batch: &ReleaseBatch) -> bool {
    let for_groups = batch.objects.iter().filter(|object| object.audience != Audience::Members).count();
    for_groups < batch.objects.len() || batch.objects.is_empty() || planted::is_on(Leak::GroupMovesTick)
}

pub(crate) fn write_about(conn: &Connection, about: &About) -> Result<(), ReleasedError> {
    let mut put = conn.prepare_cached("INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)")?;
    put.execute(params!["partnership", about.partnership.as_bytes()])?;
    put.execute(params!["exercise", [u8::from(about.exercise)]])?;
    put.execute(params!["key-seed", about.key_seed])?;
    Ok(())
}

fn put(conn: &Connection, tick: Timestamp, object: &ReleasedObject) -> Result<(), ReleasedError> {
    let (feed, until) = feed_columns(tick, object)?;
    let statements = statements(object.kind);
    if object.kind == NounKind::Indicator && object.lookup == 0 {
        let why = "an indicator without its look-up key".to_owned();
        return Err(ReleasedError::Object { kind: object.kind.as_str(), tick, why });
    }
    let hash = schema::hash(&object.id);
    let under = if object.kind == NounKind::Indicator { object.lookup.cast_signed() } else { hash };
    // The newest version stands last under its hash, so that a much-changed object is found as fast as any other.
    let before: Option<(i64, bool)> = conn
        .prepare_cached(statements.newest)?
        .query_row(params![under, object.id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((n, true)) = before {
        conn.prepare_cached(statements.supersede)?.execute([n])?;
    }
    conn.prepare_cached(statements.insert)?.execute(params![
        tick.as_millis(),
        hash,
        object.lookup.cast_signed(),
        object.campaign.as_ref().map(schema::hash),
        !object.body.is_empty(),
        feed,
        until,
        object.id,
        object.campaign,
        object.body,
    ])?;
    Ok(())
}

/// The statements of one table, as constants so that the cache finds them.
pub(crate) struct Statements {
    newest: &'static str,
    supersede: &'static str,
    pub(crate) insert: &'static str,
}

macro_rules! statements {
    ($table:literal, $under:literal) => {
        Statements {
            newest: concat!("SELECT n, live FROM ", $table, " WHERE ", $under, " = ?1 AND id = ?2 ORDER BY n DESC LIMIT 1"),
            supersede: concat!("UPDATE ", $table, " SET live = 0 WHERE n = ?1"),
            insert: concat!(
                "INSERT INTO ",
                $table,
                "(tick, h, lookup, camp, live, feed, until, id, campaign, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
            ),
        }
    };
}

pub(crate) const fn statements(kind: NounKind) -> Statements {
    match kind {
        NounKind::Indicator => statements!("indicators", "lookup"),
        NounKind::Campaign => statements!("campaigns", "h"),
        NounKind::Advisory => statements!("advisories", "h"),
        NounKind::Posture => statements!("postures", "h"),
    }
}
