//! Watch and block feeds a piece at a time: one value a line as plain text, or a table with marking, since and until.

use model::Timestamp;
use released::{Feed, FeedPlace, IndicatorView, Reader};

use crate::render::OutletError;

/// Values of one piece.
pub(crate) const PIECE: usize = 500;
/// First line of a feed in an exercise: whoever loads it sees what it is.
pub(crate) const EXERCISE: &str = "# EXERCISE\n";
/// Names of the columns of a table.
const COLUMNS: &str = "value,kind,tlp,pap,since,until\n";

/// How a feed is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Lines,
    Table,
}

/// A feed under one of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedFile {
    feed: Feed,
    form: Form,
}

impl FeedFile {
    /// The media type that it is served as.
    #[must_use]
    pub const fn media(self) -> &'static str {
        match self.form {
            Form::Lines => "text/plain; charset=utf-8",
            Form::Table => "text/csv; charset=utf-8; header=present",
        }
    }
}

/// The feed of a file name.
#[must_use]
pub fn feed_named(name: &str) -> Option<FeedFile> {
    let (feed, form) = match name {
        "watch.txt" => (Feed::Watch, Form::Lines),
        "watch.csv" => (Feed::Watch, Form::Table),
        "block.txt" => (Feed::Block, Form::Lines),
        _ => return None,
    };
    Some(FeedFile { feed, form })
}

/// What a feed begins with, before its values.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn feed_head(reader: &Reader, file: FeedFile) -> Result<String, OutletError> {
    let mut text = String::new();
    if crate::render::exercise(reader)? {
        text.push_str(EXERCISE);
    }
    if file.form == Form::Table {
        text.push_str(COLUMNS);
    }
    Ok(text)
}

/// A field of a table (RFC 4180). What a spreadsheet would take for a formula is quoted like any text; values keep their bytes.
fn push_field(text: &mut String, field: &str) {
    if field.contains([',', '"', '\n', '\r']) {
        text.push('"');
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(field);
    }
}

/// The lines after a place, and where to go on; `None` at the end.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn feed_piece(
    reader: &Reader,
    file: FeedFile,
    now: Timestamp,
    after: FeedPlace,
) -> Result<Option<(String, FeedPlace)>, OutletError> {
    let (rows, place) = reader.feed(file.feed, now, after, PIECE)?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut text = String::new();
    for row in rows {
        let view = row.view::<IndicatorView>()?;
        match file.form {
            // A value with a line break in it would be two values to whoever reads the feed.
            Form::Lines if view.value.contains(['\n', '\r']) => continue,
            Form::Lines => text.push_str(&view.value),
            Form::Table => {
                let until = view.watch_until.as_deref().unwrap_or_default();
                let fields = [&*view.value, &*view.kind, &*view.tlp, &*view.pap, &*view.released_at, until];
                for (index, field) in fields.into_iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    push_field(&mut text, field);
                }
            }
        }
        text.push('\n');
    }
    Ok(Some((text, place)))
}
