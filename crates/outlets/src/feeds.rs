//! Watch and block feeds as plain text: one value a line, a piece at a time.

use model::Timestamp;
use released::{Feed, FeedPlace, IndicatorView, Reader};

use crate::render::OutletError;

/// Values of one piece.
const PIECE: usize = 500;

/// The feed of a file name.
#[must_use]
pub fn feed_named(name: &str) -> Option<Feed> {
    match name {
        "watch.txt" => Some(Feed::Watch),
        "block.txt" => Some(Feed::Block),
        _ => None,
    }
}

/// The lines after a place, and where to go on; `None` at the end.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn feed_piece(
    reader: &Reader,
    feed: Feed,
    now: Timestamp,
    after: FeedPlace,
) -> Result<Option<(String, FeedPlace)>, OutletError> {
    let (rows, place) = reader.feed(feed, now, after, PIECE)?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut text = String::new();
    for row in rows {
        let view = row.view::<IndicatorView>()?;
        // A value with a line break in it would be two values to whoever reads the feed.
        if !view.value.contains(['\n', '\r']) {
            text.push_str(&view.value);
            text.push('\n');
        }
    }
    Ok(Some((text, place)))
}
