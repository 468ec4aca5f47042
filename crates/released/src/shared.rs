//! What sharing groups have: rows of their own beside the members' tables, given only for a membership.
//!
//! Nothing of them is in the release log, in a feed, a list or the release tick that every member is told.

use model::{GroupId, Observable, Timestamp};
use policy::planted::{self, Leak};
use policy::{Audience, Membership, NounKind, ReleasedObject};
use rusqlite::{Connection, OptionalExtension as _, Params, params};

use crate::ReleasedError;
use crate::feed::FeedPlace;
use crate::row::{Released, Row};
use crate::schema;
use crate::snapshot::{Page, Snapshot, cursor_of, one_more, read_cursor, to_sql};
use crate::views::IndicatorView;
use crate::writer::{WATCH, feed_columns};

/// Rows that one question gives at most.
const ROWS_MAX: usize = 1_000;
/// Items that are counted; beyond that there are "that many and more".
pub const SHARED_COUNTED_MAX: u32 = 10_000;
/// Before nobody: no member has joined earlier than this.
const NEVER: i64 = i64::MIN;

const COLUMNS: &str = "audience, earlier, as_of, id, tick, lookup, body, n";
/// The rows of a group that a membership reaches: `?1` the group, `?2` when the member joined, `?3` the same unless a planted
/// leak asks for what is older. The same rule as [`policy::rho::reaches`].
const REACHED: &str = "audience = ?1 AND live = 1 AND earlier < ?2 AND as_of >= ?3";

pub(crate) fn create_table(conn: &Connection) -> Result<(), ReleasedError> {
    conn.execute_batch(
        "CREATE TABLE IF NOT EXISTS shared(n INTEGER PRIMARY KEY, tick INTEGER NOT NULL, audience BLOB NOT NULL,
           earlier INTEGER NOT NULL, as_of INTEGER NOT NULL, lookup INTEGER NOT NULL, live INTEGER NOT NULL,
           feed INTEGER NOT NULL, until INTEGER NOT NULL, id BLOB NOT NULL, body TEXT NOT NULL);",
    )?;
    Ok(())
}

pub(crate) fn create_indexes(conn: &Connection) -> Result<(), ReleasedError> {
    conn.execute_batch(
        "CREATE INDEX IF NOT EXISTS shared_of ON shared(audience, tick, id) WHERE live = 1;
         CREATE INDEX IF NOT EXISTS shared_lookup ON shared(lookup, audience) WHERE live = 1;",
    )?;
    Ok(())
}

/// Writes one version of a group's item; an earlier one is superseded.
pub(crate) fn put(conn: &Connection, tick: Timestamp, object: &ReleasedObject) -> Result<(), ReleasedError> {
    let Audience::Group { group, before, as_of } = object.audience else {
        let why = "it is for every member".to_owned();
        return Err(ReleasedError::Object { kind: object.kind.as_str(), tick, why });
    };
    if object.kind != NounKind::Indicator || object.lookup == 0 {
        let why = "a group gets values with their look-up key, and nothing else".to_owned();
        return Err(ReleasedError::Object { kind: object.kind.as_str(), tick, why });
    }
    let (feed, until) = feed_columns(tick, object)?;
    conn.prepare_cached("UPDATE shared SET live = 0 WHERE lookup = ?1 AND audience = ?2 AND id = ?3 AND live = 1")?
        .execute(params![object.lookup.cast_signed(), group.as_bytes(), object.id])?;
    conn.prepare_cached(
        "INSERT INTO shared(tick, audience, earlier, as_of, lookup, live, feed, until, id, body)
         VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        tick.as_millis(),
        group.as_bytes(),
        before.map_or(NEVER, Timestamp::as_millis),
        as_of.as_millis(),
        object.lookup.cast_signed(),
        !object.body.is_empty(),
        feed & WATCH,
        until,
        object.id,
        object.body,
    ])?;
    Ok(())
}

/// A place in what was released to groups, for whoever follows it: counts versions, so it never leaves this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedPlace(i64);

impl Snapshot<'_> {
    fn shared(&self, rest: &str, values: impl Params) -> Result<Vec<(Released<Row>, i64)>, ReleasedError> {
        let mut statement = self.conn().prepare_cached(&format!("SELECT {COLUMNS} FROM shared {rest}"))?;
        let rows = statement.query_map(values, |row| {
            let earlier: i64 = row.get(1)?;
            let audience = Audience::Group {
                group: GroupId::from_bytes(row.get(0)?),
                before: (earlier != NEVER).then(|| Timestamp::from_millis(earlier)),
                as_of: Timestamp::from_millis(row.get(2)?),
            };
            let row_of = Row {
                audience,
                kind: NounKind::Indicator,
                id: row.get(3)?,
                tick: Timestamp::from_millis(row.get(4)?),
                lookup: row.get::<_, i64>(5)?.cast_unsigned(),
                campaign: None,
                body: row.get(6)?,
            };
            Ok((Released::of_row(row_of), row.get(7)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A page of what a group's member has of it, the latest first. A cursor that was never given is that of an empty page.
    ///
    /// # Errors
    /// [`ReleasedError`] if the store cannot be read, as for every question.
    pub fn shared_page(&self, of: Membership, cursor: Option<&str>, limit: usize) -> Result<Page, ReleasedError> {
        let limit = limit.clamp(1, ROWS_MAX);
        let (tick, id) = match cursor.map(read_cursor) {
            None => (i64::MAX, [0xff; 16]),
            Some(Some(place)) => place,
            Some(None) => return Ok(Page { items: Vec::new(), next: None }),
        };
        let rest = format!(
            "INDEXED BY shared_of WHERE {REACHED} AND (tick, id) < (?4, ?5) ORDER BY tick DESC, id DESC LIMIT ?6"
        );
        let (group, joined) = (of.group.as_bytes(), of.joined.as_millis());
        let mut items = self.shared(&rest, params![group, joined, since(of), tick, id, one_more(limit)])?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|(row, _)| cursor_of(row));
        Ok(Page { items: items.into_iter().map(|(row, _)| row).collect(), next })
    }

    /// How many items a group's member has of it, up to [`SHARED_COUNTED_MAX`].
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn shared_count(&self, of: Membership) -> Result<u32, ReleasedError> {
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM shared INDEXED BY shared_of WHERE {REACHED} LIMIT ?4)");
        let values = params![of.group.as_bytes(), of.joined.as_millis(), since(of), SHARED_COUNTED_MAX];
        Ok(self.conn().prepare_cached(&sql)?.query_row(values, |row| row.get(0))?)
    }

    /// What a group's member has of a value; two values under one 64-bit key are told apart.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn shared_value(
        &self,
        of: Membership,
        observable: &Observable,
    ) -> Result<Option<Released<Row>>, ReleasedError> {
        let Some(about) = self.about()? else { return Ok(None) };
        let key = observable.key(about.seed()).0.cast_signed();
        let rest = format!("INDEXED BY shared_lookup WHERE lookup = ?4 AND {REACHED} ORDER BY n DESC LIMIT 1");
        let values = params![of.group.as_bytes(), of.joined.as_millis(), since(of), key];
        let Some((row, _)) = self.shared(&rest, values)?.into_iter().next() else { return Ok(None) };
        let view = row.view::<IndicatorView>()?;
        Ok((view.kind == observable.kind().as_str() && view.value == observable.value()).then_some(row))
    }

    /// Values to watch for that a group's member has of it, after a place, at most `max`; an empty list is the end.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn shared_feed(
        &self,
        of: Membership,
        now: Timestamp,
        after: FeedPlace,
        max: usize,
    ) -> Result<(Vec<Released<Row>>, FeedPlace), ReleasedError> {
        let rest = format!("WHERE {REACHED} AND n > ?4 AND feed & ?5 AND until > ?6 ORDER BY n LIMIT ?7");
        let values = params![
            of.group.as_bytes(),
            of.joined.as_millis(),
            since(of),
            after.0,
            WATCH,
            now.as_millis(),
            to_sql(max.clamp(1, ROWS_MAX))
        ];
        let rows = self.shared(&rest, values)?;
        let place = rows.last().map_or(after, |(_, n)| FeedPlace(*n));
        Ok((rows.into_iter().map(|(row, _)| row).collect(), place))
    }

    /// What was released to any group after a place, in the order of release, at most `max`, and the place that it reaches
    /// to: for the one that sends frames, each to those whom the row's audience names.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn shared_after(
        &self,
        place: SharedPlace,
        max: usize,
    ) -> Result<(Vec<Released<Row>>, SharedPlace), ReleasedError> {
        let rows = self.shared("WHERE n > ?1 ORDER BY n LIMIT ?2", params![place.0, to_sql(max.clamp(1, ROWS_MAX))])?;
        let place = rows.last().map_or(place, |(_, n)| SharedPlace(*n));
        Ok((rows.into_iter().map(|(row, _)| row).collect(), place))
    }

    /// The present end of what was released to groups.
    ///
    /// # Errors
    /// [`ReleasedError`]
    pub fn shared_end(&self) -> Result<SharedPlace, ReleasedError> {
        let end: Option<i64> =
            self.conn().prepare_cached("SELECT max(n) FROM shared")?.query_row([], |row| row.get(0))?;
        Ok(SharedPlace(end.unwrap_or_default()))
    }

    /// The last tick that showed something to a group.
    pub(crate) fn shared_tick(&self) -> Result<Option<Timestamp>, ReleasedError> {
        let sql = "SELECT tick FROM shared ORDER BY n DESC LIMIT 1";
        let tick: Option<i64> = self.conn().prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
        Ok(tick.map(Timestamp::from_millis))
    }
}

/// From when on a member is in the audience of a row.
fn since(of: Membership) -> i64 {
    if planted::is_on(Leak::OldItemsToNewMember) { i64::MIN } else { of.joined.as_millis() }
}

/// Whether a batch's tick is one that groups and members have already.
pub(crate) fn applied(at: &Snapshot<'_>) -> Result<Option<Timestamp>, ReleasedError> {
    Ok(at.head_tick()?.max(at.shared_tick()?))
}

/// Adds every row to the store's digest; a store of which no group has anything has the digest that it always had.
pub(crate) fn digest(at: &Snapshot<'_>, field: &mut dyn FnMut(&[u8])) -> Result<(), ReleasedError> {
    let sql = "SELECT n, tick, earlier, as_of, lookup, live, feed, until, audience, id, body FROM shared ORDER BY n";
    let mut table = at.conn().prepare(sql)?;
    let mut rows = table.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..8 {
            field(&row.get::<_, i64>(column)?.to_le_bytes());
        }
        for column in 8..11 {
            field(row.get_ref(column)?.as_bytes().map_err(rusqlite::Error::from)?);
        }
    }
    Ok(())
}

pub(crate) fn clear(conn: &Connection) -> Result<(), ReleasedError> {
    conn.execute("DELETE FROM shared", [])?;
    Ok(())
}

/// Brings a file of the layout before groups to this one: it gets the table, and keeps its rows.
pub(crate) fn migrate(conn: &Connection) -> Result<(), ReleasedError> {
    create_table(conn)?;
    conn.pragma_update(None, "user_version", schema::VERSION)?;
    Ok(())
}
