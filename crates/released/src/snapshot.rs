//! The store at one moment: every question of one answer is asked of the same release tick.

use std::cmp::Ordering;

use model::{Observable, Timestamp};
use policy::{Audience, NounKind};
use rusqlite::{Connection, OptionalExtension as _, Params, params};

use crate::ReleasedError;
use crate::feed::{Feed, FeedPlace};
use crate::log::{self, LoggedBatch};
use crate::row::{Released, Row};
use crate::schema::{self, table};
use crate::views::{IndicatorView, hyphenated, parse_id};
use crate::writer::{About, BLOCK, WATCH};

/// Rows that one question gives at most.
const ROWS_MAX: usize = 1_000;
/// Batches of the release log that one question gives at most.
const BATCHES_MAX: usize = 1_000;
/// Merges that the look-up of an old campaign id follows.
const ALIASES_MAX: usize = 64;
const COLUMNS: &str = "id, tick, lookup, campaign, body, n";

/// A page of released objects, the latest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The objects, ordered by (release tick, id), the latest first.
    pub items: Vec<Released<Row>>,
    /// Opaque cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// One version of a campaign, as it was released.
pub type CampaignVersion = Released<Row>;

/// The store at one moment.
pub struct Snapshot<'c> {
    conn: &'c Connection,
}

impl<'c> Snapshot<'c> {
    pub(crate) const fn on(conn: &'c Connection) -> Self {
        Self { conn }
    }

    pub(crate) const fn conn(&self) -> &'c Connection {
        self.conn
    }

    fn rows(
        &self,
        kind: NounKind,
        rest: &str,
        values: impl Params,
    ) -> Result<Vec<(Released<Row>, i64)>, ReleasedError> {
        let mut statement = self.conn.prepare_cached(&format!("SELECT {COLUMNS} FROM {} {rest}", table(kind)))?;
        let rows = statement.query_map(values, |row| {
            Ok((
                Released::of_row(Row {
                    audience: Audience::Members,
                    kind,
                    id: row.get(0)?,
                    tick: Timestamp::from_millis(row.get(1)?),
                    lookup: row.get::<_, i64>(2)?.cast_unsigned(),
                    campaign: row.get(3)?,
                    body: row.get(4)?,
                }),
                row.get(5)?,
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn first(&self, kind: NounKind, rest: &str, values: impl Params) -> Result<Option<Released<Row>>, ReleasedError> {
        Ok(self.rows(kind, rest, values)?.into_iter().next().map(|(row, _)| row))
    }

    /// The last release tick; `None` if nothing was released yet.
    ///
    /// # Errors
    /// [`ReleasedError`] if the store cannot be read, as for every question.
    pub fn head_tick(&self) -> Result<Option<Timestamp>, ReleasedError> {
        let head: Option<i64> =
            self.conn.prepare_cached("SELECT max(tick) FROM log")?.query_row([], |row| row.get(0))?;
        Ok(head.map(Timestamp::from_millis))
    }

    /// What the member side knows about the partnership; `None` before the gate has first opened the store.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn about(&self) -> Result<Option<About>, ReleasedError> {
        let mut statement = self.conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        let mut get = |key: &str| statement.query_row([key], |row| row.get::<_, Vec<u8>>(0)).optional();
        let (Some(partnership), Some(exercise), Some(seed)) = (get("partnership")?, get("exercise")?, get("key-seed")?)
        else {
            return Ok(None);
        };
        let damaged = || ReleasedError::Damaged("what it says about the partnership cannot be read".to_owned());
        Ok(Some(About {
            partnership: String::from_utf8(partnership).map_err(|_| damaged())?,
            exercise: exercise == [1],
            key_seed: seed.try_into().map_err(|_| damaged())?,
        }))
    }

    /// The latest objects of a noun.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn latest(&self, kind: NounKind, limit: usize) -> Result<Vec<Released<Row>>, ReleasedError> {
        Ok(self.page(kind, None, limit)?.items)
    }

    /// A page of the objects of a noun, the latest first. A cursor that was never given is that of an empty page.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn page(&self, kind: NounKind, cursor: Option<&str>, limit: usize) -> Result<Page, ReleasedError> {
        let limit = limit.clamp(1, ROWS_MAX);
        let before = match cursor {
            None => i64::MAX,
            Some(cursor) => match self.place_of(kind, cursor)? {
                Some(place) => place,
                None => return Ok(Page { items: Vec::new(), next: None }),
            },
        };
        let index = format!("INDEXED BY {}_live WHERE live = 1 AND n < ?1 ORDER BY n DESC LIMIT ?2", table(kind));
        let mut items = self.rows(kind, &index, params![before, one_more(limit)])?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|(row, _)| cursor_of(row));
        Ok(Page { items: items.into_iter().map(|(row, _)| row).collect(), next })
    }

    /// Where a cursor points: the row of its id and tick, superseded or not. The rows of a tick are ordered by id.
    fn place_of(&self, kind: NounKind, cursor: &str) -> Result<Option<i64>, ReleasedError> {
        let Some((tick, id)) = read_cursor(cursor) else { return Ok(None) };
        let Some(places) = self.places(Timestamp::from_millis(tick))? else { return Ok(None) };
        let at = schema::KINDS.iter().position(|known| *known == kind);
        let Some((mut low, count)) = at.and_then(|at| places.get(at)).copied() else { return Ok(None) };
        let mut high = low + count;
        let sql = format!("SELECT id FROM {} WHERE n = ?1", table(kind));
        let mut statement = self.conn.prepare_cached(&sql)?;
        while low < high {
            let middle = low + (high - low) / 2;
            let found: [u8; 16] = statement.query_row([middle], |row| row.get(0))?;
            match found.cmp(&id) {
                Ordering::Equal => return Ok(Some(middle)),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    fn places(&self, tick: Timestamp) -> Result<Option<log::Places>, ReleasedError> {
        let bytes: Option<Vec<u8>> = self
            .conn
            .prepare_cached("SELECT places FROM log WHERE tick = ?1")?
            .query_row([tick.as_millis()], |row| row.get(0))
            .optional()?;
        bytes.map(|bytes| log::decode(tick, &bytes)).transpose()
    }

    /// The present version of a campaign, an advisory or the posture. Indicators are found by [`Self::lookup`].
    ///
    /// # Errors
    /// [`ReleasedError`], also for an indicator.
    pub fn by_id(&self, kind: NounKind, id: &[u8; 16]) -> Result<Option<Released<Row>>, ReleasedError> {
        if kind == NounKind::Indicator {
            return Err(ReleasedError::Damaged("indicators are found by look-up key, not by id".to_owned()));
        }
        let newest =
            self.first(kind, "WHERE h = ?1 AND id = ?2 ORDER BY n DESC LIMIT 1", params![schema::hash(id), id])?;
        Ok(newest.filter(|row| !row.is_withdrawn()))
    }

    /// The present version of a campaign under its own id or that of one that became part of it. Everybody gets the same.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn campaign(&self, id: &[u8; 16]) -> Result<Option<Released<Row>>, ReleasedError> {
        let mut id = *id;
        for _ in 0..ALIASES_MAX {
            let newest = self.first(
                NounKind::Campaign,
                "WHERE h = ?1 AND id = ?2 ORDER BY n DESC LIMIT 1",
                params![schema::hash(&id), id],
            )?;
            let Some(newest) = newest else { return Ok(None) };
            if !newest.is_withdrawn() {
                return Ok(Some(newest));
            }
            let Some(kept) = newest.campaign else { return Ok(None) };
            id = kept;
        }
        Ok(None)
    }

    /// The released indicator under a look-up key.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn lookup(&self, key: u64) -> Result<Option<Released<Row>>, ReleasedError> {
        // Only a live row: two values may share a key, and one of them may be withdrawn.
        let rest = "WHERE lookup = ?1 AND live = 1 ORDER BY n DESC LIMIT 1";
        self.first(NounKind::Indicator, rest, params![key.cast_signed()])
    }

    /// The released indicator of a value; two values under one 64-bit key are told apart.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn lookup_value(&self, observable: &Observable) -> Result<Option<Released<Row>>, ReleasedError> {
        let Some(about) = self.about()? else { return Ok(None) };
        let Some(row) = self.lookup(observable.key(about.seed()).0)? else { return Ok(None) };
        let view = row.view::<IndicatorView>()?;
        Ok(view.indicator().is_some_and(|found| found.observable == *observable).then_some(row))
    }

    /// The indicators of a campaign, the latest first, and whether there are more.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn campaign_members(
        &self,
        campaign: &[u8; 16],
        limit: usize,
    ) -> Result<(Vec<Released<Row>>, bool), ReleasedError> {
        let limit = limit.clamp(1, ROWS_MAX);
        let rest = "INDEXED BY indicators_camp WHERE camp = ?1 AND campaign = ?2 AND live = 1 ORDER BY n DESC LIMIT ?3";
        let values = params![schema::hash(campaign), campaign, one_more(limit)];
        let mut items = self.rows(NounKind::Indicator, rest, values)?;
        let more = items.len() > limit;
        items.truncate(limit);
        Ok((items.into_iter().map(|(row, _)| row).collect(), more))
    }

    /// The versions of a campaign that were released, the latest first.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn campaign_versions(&self, campaign: &[u8; 16], limit: usize) -> Result<Vec<CampaignVersion>, ReleasedError> {
        let rest = "WHERE h = ?1 AND id = ?2 ORDER BY n DESC LIMIT ?3";
        let values = params![schema::hash(campaign), campaign, to_sql(limit.clamp(1, ROWS_MAX))];
        Ok(self.rows(NounKind::Campaign, rest, values)?.into_iter().map(|(row, _)| row).collect())
    }

    /// Values of a feed after a place, at most `max`, and the place to go on from; an empty list is the end.
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
        let bit = match feed {
            Feed::Watch => WATCH,
            Feed::Block => BLOCK,
        };
        let rest =
            "INDEXED BY indicators_live WHERE live = 1 AND n > ?1 AND feed & ?2 AND until > ?3 ORDER BY n LIMIT ?4";
        let values = params![after.0, bit, now.as_millis(), to_sql(max.clamp(1, ROWS_MAX))];
        let rows = self.rows(NounKind::Indicator, rest, values)?;
        let place = rows.last().map_or(after, |(_, n)| FeedPlace(*n));
        Ok((rows.into_iter().map(|(row, _)| row).collect(), place))
    }

    /// Batches of the release log after a tick, oldest first.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn batches_after(&self, tick: Timestamp, max: usize) -> Result<Vec<LoggedBatch>, ReleasedError> {
        let mut statement =
            self.conn.prepare_cached("SELECT tick, places FROM log WHERE tick > ?1 ORDER BY tick LIMIT ?2")?;
        let mut rows = statement.query(params![tick.as_millis(), to_sql(max.clamp(1, BATCHES_MAX))])?;
        let mut batches = Vec::new();
        while let Some(row) = rows.next()? {
            let tick = Timestamp::from_millis(row.get(0)?);
            let bytes: Vec<u8> = row.get(1)?;
            let mut objects = Vec::new();
            for (kind, (first, count)) in schema::KINDS.into_iter().zip(log::decode(tick, &bytes)?) {
                if count > 0 {
                    let rows = self.rows(kind, "WHERE n >= ?1 AND n < ?2 ORDER BY n", params![first, first + count])?;
                    objects.extend(rows.into_iter().map(|(row, _)| row));
                }
            }
            batches.push(LoggedBatch { tick, objects });
        }
        Ok(batches)
    }

    /// Whether the release log holds a tick: only then can a stream resume after it.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn has_tick(&self, tick: Timestamp) -> Result<bool, ReleasedError> {
        let found: Option<i64> = self
            .conn
            .prepare_cached("SELECT tick FROM log WHERE tick = ?1")?
            .query_row([tick.as_millis()], |row| row.get(0))
            .optional()?;
        Ok(found.is_some())
    }

    /// SHA-256 over everything in the store, in its logical order.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn digest(&self) -> Result<[u8; 32], ReleasedError> {
        crate::digest::digest(self)
    }
}

pub(crate) fn to_sql(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(crate) fn one_more(limit: usize) -> i64 {
    to_sql(limit.saturating_add(1))
}

/// Tick and id of the last row of a page; both are released, so the cursor tells nothing else.
pub(crate) fn cursor_of(row: &Row) -> String {
    format!("{:x}.{}", row.tick.as_millis(), hyphenated(&row.id))
}

pub(crate) fn read_cursor(cursor: &str) -> Option<(i64, [u8; 16])> {
    let (tick, id) = cursor.split_once('.')?;
    Some((i64::from_str_radix(tick, 16).ok()?, parse_id(id)?))
}
