//! SHA-256 over everything that the store says, in its logical order: equal stores have equal digests.

use aws_lc_rs::digest::{Context, SHA256};

use crate::ReleasedError;
use crate::schema::{self, table};
use crate::snapshot::Snapshot;

pub(crate) fn digest(at: &Snapshot<'_>) -> Result<[u8; 32], ReleasedError> {
    let mut context = Context::new(&SHA256);
    let mut field = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_le_bytes());
        context.update(bytes);
    };
    let mut meta = at.conn().prepare("SELECT key, value FROM meta ORDER BY key")?;
    let mut rows = meta.query([])?;
    while let Some(row) = rows.next()? {
        field(row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?);
        field(row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?);
    }
    let mut log = at.conn().prepare("SELECT tick, places FROM log ORDER BY tick")?;
    let mut rows = log.query([])?;
    while let Some(row) = rows.next()? {
        field(&row.get::<_, i64>(0)?.to_le_bytes());
        field(row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?);
    }
    for kind in schema::KINDS {
        let sql = format!(
            "SELECT n, tick, h, lookup, live, feed, until, camp, id, campaign, body FROM {} ORDER BY n",
            table(kind)
        );
        let mut table = at.conn().prepare(&sql)?;
        let mut rows = table.query([])?;
        field(kind.as_str().as_bytes());
        while let Some(row) = rows.next()? {
            for column in 0..7 {
                field(&row.get::<_, i64>(column)?.to_le_bytes());
            }
            field(&row.get::<_, Option<i64>>(7)?.map_or([0; 9], |camp| {
                let [a, b, c, d, e, f, g, h] = camp.to_le_bytes();
                [1, a, b, c, d, e, f, g, h]
            }));
            for column in 8..11 {
                field(row.get_ref(column)?.as_bytes_or_null().map_err(rusqlite::Error::from)?.unwrap_or_default());
            }
        }
    }
    crate::shared::digest(at, &mut field)?;
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Ok(bytes)
}
