//! The member's stream: each release tick as one object, and where a viewer that was away goes on.

use model::Timestamp;
use released::{LoggedBatch, Reader, rfc3339};

use crate::cursor::tick_of;
use crate::render::{OutletError, exercise, render_all};
use crate::views::MemberRelease;

/// Ticks that a viewer may have missed; with more it gets a fresh snapshot.
pub const RESUME_BATCHES_MAX: usize = 200;
/// Objects that a viewer may have missed.
const RESUME_OBJECTS_MAX: usize = 2_000;
/// Objects of one frame; a tick with more sends viewers to a fresh snapshot.
const FRAME_OBJECTS_MAX: usize = 1_000;

/// How a viewer that was away goes on.
#[derive(Debug)]
pub enum Resumed {
    /// With what it missed, which may be nothing; the tick is the last that it has then.
    From(Vec<(Timestamp, MemberRelease)>, Timestamp),
    /// With a fresh snapshot.
    Resync,
}

/// One tick for the stream; `None` if viewers need a fresh snapshot instead, since it is too large or takes something back.
fn of_batch(batch: LoggedBatch, exercise: bool) -> Result<(Timestamp, Option<MemberRelease>), OutletError> {
    let tick = batch.tick;
    let plain = batch.objects.len() <= FRAME_OBJECTS_MAX && batch.objects.iter().all(|row| !row.is_withdrawn());
    let release = plain.then(|| render_all(batch.objects)).transpose()?;
    Ok((tick, release.map(|objects| MemberRelease { tick: rfc3339(tick), objects, exercise })))
}

/// The ticks after `after`, at most `max`; see [`MemberRelease`]. A tick without a release calls for a snapshot.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn batches(
    reader: &Reader,
    after: Timestamp,
    max: usize,
) -> Result<Vec<(Timestamp, Option<MemberRelease>)>, OutletError> {
    let batches = reader.batches_after(after, max)?;
    if batches.is_empty() {
        return Ok(Vec::new());
    }
    let exercise = exercise(reader)?;
    batches.into_iter().map(|batch| of_batch(batch, exercise)).collect()
}

/// Where a new process begins to follow the release log: at its present end.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn since(reader: &Reader) -> Result<Timestamp, OutletError> {
    Ok(reader.head_tick()?.unwrap_or_default())
}

/// How a viewer with this `Last-Event-ID` goes on.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn resume(reader: &Reader, last_event_id: &str) -> Result<Resumed, OutletError> {
    let Some(tick) = tick_of(last_event_id) else { return Ok(Resumed::Resync) };
    let missed = reader.read(|at| {
        // A tick that the log does not hold is of another store, or of a log that was cut.
        if !at.has_tick(tick)? {
            return Ok(None);
        }
        Ok(Some(at.batches_after(tick, RESUME_BATCHES_MAX + 1)?))
    })?;
    let Some(missed) = missed else { return Ok(Resumed::Resync) };
    let objects: usize = missed.iter().map(|batch| batch.objects.len()).sum();
    if missed.len() > RESUME_BATCHES_MAX || objects > RESUME_OBJECTS_MAX {
        return Ok(Resumed::Resync);
    }
    let exercise = exercise(reader)?;
    let mut frames = Vec::with_capacity(missed.len());
    for batch in missed {
        let (at, Some(release)) = of_batch(batch, exercise)? else { return Ok(Resumed::Resync) };
        frames.push((at, release));
    }
    let last = frames.last().map_or(tick, |(at, _)| *at);
    Ok(Resumed::From(frames, last))
}
