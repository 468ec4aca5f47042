//! Readers: connections of their own, so that answers never wait for the gate; also from another process.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use model::{Observable, Timestamp};
use policy::NounKind;
use rusqlite::Connection;

use crate::ReleasedError;
use crate::feed::{Feed, FeedPlace};
use crate::file::{self, Identity};
use crate::log::LoggedBatch;
use crate::row::{Released, Row};
use crate::snapshot::{CampaignVersion, Page, Snapshot};
use crate::views::IndicatorView;
use crate::writer::{About, Bell};

/// Connections that read at the same time.
const CONNECTIONS: usize = 4;
/// How often another process's file is looked at for a new tick.
const POLL: Duration = Duration::from_millis(20);
/// Values of a feed that are read at once.
const FEED_ROWS: usize = 500;

struct Open {
    conn: Connection,
    identity: Option<Identity>,
}

#[allow(clippy::large_enum_variant, reason = "there is one behind an Arc")]
enum Source {
    File { path: PathBuf, slots: [Mutex<Option<Open>>; CONNECTIONS], turn: AtomicUsize },
    Memory(Arc<Mutex<Connection>>),
}

/// Answers questions about what is released; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    source: Arc<Source>,
    bell: Option<Arc<Bell>>,
}

impl Reader {
    /// Reads a store that another process writes.
    ///
    /// # Errors
    /// [`ReleasedError`] if the file is absent or has another version.
    pub fn open(path: &Path) -> Result<Self, ReleasedError> {
        let reader = Self::on_file(path, None);
        reader.head_tick()?;
        Ok(reader)
    }

    pub(crate) fn on_file(path: &Path, bell: Option<Arc<Bell>>) -> Self {
        let slots = std::array::from_fn(|_| Mutex::new(None));
        Self { source: Arc::new(Source::File { path: path.to_owned(), slots, turn: AtomicUsize::new(0) }), bell }
    }

    pub(crate) fn on_memory(conn: Arc<Mutex<Connection>>, bell: Arc<Bell>) -> Self {
        Self { source: Arc::new(Source::Memory(conn)), bell: Some(bell) }
    }

    /// Asks several questions of the same moment.
    ///
    /// # Errors
    /// [`ReleasedError`] if the store cannot be read, or what `ask` returns.
    pub fn read<T>(&self, ask: impl FnOnce(&Snapshot<'_>) -> Result<T, ReleasedError>) -> Result<T, ReleasedError> {
        let (path, slots, turn) = match &*self.source {
            Source::Memory(conn) => return ask(&Snapshot::on(&conn.lock().unwrap_or_else(PoisonError::into_inner))),
            Source::File { path, slots, turn } => (path, slots, turn),
        };
        let free = slots.iter().find_map(|slot| match slot.try_lock() {
            Ok(open) => Some(open),
            Err(TryLockError::Poisoned(open)) => Some(open.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let mut slot = match free {
            Some(slot) => slot,
            None => {
                let turn = turn.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
                let slot = slots.get(turn).ok_or_else(|| ReleasedError::Damaged("no connection".to_owned()))?;
                slot.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        // A rebuild swaps the file: the old one would stay readable for ever, and never change.
        let identity = file::identity(path);
        if slot.as_ref().is_none_or(|open| open.identity != identity) {
            *slot = Some(Open { conn: file::open_reader(path)?, identity });
        }
        let Some(open) = slot.as_mut() else { return Err(ReleasedError::Damaged("no connection".to_owned())) };
        let transaction = open.conn.transaction()?;
        ask(&Snapshot::on(&transaction))
    }

    /// The last release tick; `None` if nothing was released yet.
    ///
    /// # Errors
    /// [`ReleasedError`] if the store cannot be read, as for every question.
    pub fn head_tick(&self) -> Result<Option<Timestamp>, ReleasedError> {
        self.read(|at| at.head_tick())
    }

    /// Waits until there is a tick after `after` (`None`: any); false if none came in time.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn wait_or_poll(&self, after: Option<Timestamp>, timeout: Duration) -> Result<bool, ReleasedError> {
        let deadline = Instant::now() + timeout;
        loop {
            if self.head_tick()? > after {
                return Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            match &self.bell {
                None => std::thread::sleep(left.min(POLL)),
                Some(bell) => {
                    let head = bell.head.lock().unwrap_or_else(PoisonError::into_inner);
                    if *head <= after.map_or(i64::MIN, Timestamp::as_millis) {
                        drop(bell.rung.wait_timeout(head, left).unwrap_or_else(PoisonError::into_inner));
                    }
                }
            }
        }
    }

    /// See [`Snapshot::about`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn about(&self) -> Result<Option<About>, ReleasedError> {
        self.read(|at| at.about())
    }

    /// See [`Snapshot::latest`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn latest(&self, kind: NounKind, limit: usize) -> Result<Vec<Released<Row>>, ReleasedError> {
        self.read(|at| at.latest(kind, limit))
    }

    /// See [`Snapshot::page`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn page(&self, kind: NounKind, cursor: Option<&str>, limit: usize) -> Result<Page, ReleasedError> {
        self.read(|at| at.page(kind, cursor, limit))
    }

    /// See [`Snapshot::by_id`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn by_id(&self, kind: NounKind, id: &[u8; 16]) -> Result<Option<Released<Row>>, ReleasedError> {
        self.read(|at| at.by_id(kind, id))
    }

    /// See [`Snapshot::campaign`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn campaign(&self, id: &[u8; 16]) -> Result<Option<Released<Row>>, ReleasedError> {
        self.read(|at| at.campaign(id))
    }

    /// See [`Snapshot::lookup`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn lookup(&self, key: u64) -> Result<Option<Released<Row>>, ReleasedError> {
        self.read(|at| at.lookup(key))
    }

    /// See [`Snapshot::lookup_value`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn lookup_value(&self, observable: &Observable) -> Result<Option<Released<Row>>, ReleasedError> {
        self.read(|at| at.lookup_value(observable))
    }

    /// See [`Snapshot::campaign_members`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn campaign_members(
        &self,
        campaign: &[u8; 16],
        limit: usize,
    ) -> Result<(Vec<Released<Row>>, bool), ReleasedError> {
        self.read(|at| at.campaign_members(campaign, limit))
    }

    /// See [`Snapshot::campaign_versions`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn campaign_versions(&self, campaign: &[u8; 16], limit: usize) -> Result<Vec<CampaignVersion>, ReleasedError> {
        self.read(|at| at.campaign_versions(campaign, limit))
    }

    /// See [`Snapshot::batches_after`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn batches_after(&self, tick: Timestamp, max: usize) -> Result<Vec<LoggedBatch>, ReleasedError> {
        self.read(|at| at.batches_after(tick, max))
    }

    /// See [`Snapshot::has_tick`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn has_tick(&self, tick: Timestamp) -> Result<bool, ReleasedError> {
        self.read(|at| at.has_tick(tick))
    }

    /// See [`Snapshot::feed`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn feed(
        &self,
        feed: Feed,
        now: Timestamp,
        after: FeedPlace,
        max: usize,
    ) -> Result<(Vec<Released<Row>>, FeedPlace), ReleasedError> {
        self.read(|at| at.feed(feed, now, after, max))
    }

    /// Gives each value of a feed to `each`, a bounded piece at a time and without holding anything up in between, until it
    /// says stop. A value that changes meanwhile may come twice.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn each_value(
        &self,
        feed: Feed,
        now: Timestamp,
        mut each: impl FnMut(Released<IndicatorView>) -> bool,
    ) -> Result<(), ReleasedError> {
        let mut place = FeedPlace::START;
        loop {
            let (rows, next) = self.feed(feed, now, place, FEED_ROWS)?;
            if rows.is_empty() {
                return Ok(());
            }
            place = next;
            for row in rows {
                if !each(row.view()?) {
                    return Ok(());
                }
            }
        }
    }

    /// The store's pages as a file has them, freed ones too: whoever copies two stores with equal pages cannot tell which is which.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn pages(&self) -> Result<Vec<u8>, ReleasedError> {
        let whole = |conn: &mut Connection| Ok(conn.serialize(rusqlite::MAIN_DB)?.to_vec());
        match &*self.source {
            Source::Memory(conn) => whole(&mut conn.lock().unwrap_or_else(PoisonError::into_inner)),
            Source::File { path, .. } => whole(&mut file::open_reader(path)?),
        }
    }

    /// See [`Snapshot::digest`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn digest(&self) -> Result<[u8; 32], ReleasedError> {
        self.read(|at| at.digest())
    }
}
