//! The one way from a released row into an answer: its body, byte for byte.

use released::{Reader, Released, ReleasedError, Row};
use serde_json::value::RawValue;

/// What can go wrong with an answer.
#[derive(Debug, thiserror::Error)]
pub enum OutletError {
    /// The released store.
    #[error(transparent)]
    Store(#[from] ReleasedError),
    /// A released body is no JSON.
    #[error("released {kind} is no JSON: {error}")]
    Body {
        /// Which noun.
        kind: &'static str,
        /// What is wrong.
        error: serde_json::Error,
    },
}

/// A released row as members get it. Nothing but a row of the released store fits in here.
///
/// # Errors
/// [`OutletError::Body`] if what was released is no JSON.
pub fn render(row: Released<Row>) -> Result<Box<RawValue>, OutletError> {
    let row = row.into_inner();
    RawValue::from_string(row.body).map_err(|error| OutletError::Body { kind: row.kind.as_str(), error })
}

pub(crate) fn render_all(rows: Vec<Released<Row>>) -> Result<Vec<Box<RawValue>>, OutletError> {
    rows.into_iter().filter(|row| !row.is_withdrawn()).map(render).collect()
}

/// Whether the store is an exercise's, for the mark that each answer carries.
pub(crate) fn exercise(reader: &Reader) -> Result<bool, OutletError> {
    Ok(reader.about()?.is_some_and(|about| about.exercise))
}
