//! Follows the release log and puts each tick on the members' stream, built once for everybody; what sharing groups are
//! shown goes to their members alone.
//!
//! It reads the released store alone, in one process with the gate or in another.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use model::Timestamp;
use outlets::{OutletError, of_tick};
use released::{Reader, SharedPlace, rfc3339};

use crate::hub::{BEAT_MILLIS, Hub, Start, event};
use crate::meters::Meters;
use crate::views::Beat;

/// Ticks that are read at once.
const BATCHES_PER_STEP: usize = 64;

/// A beat: the time at whole seconds, and nothing else.
pub(crate) fn beat(now: Timestamp, exercise: bool) -> Bytes {
    let at = rfc3339(now.floor_to(BEAT_MILLIS));
    event("beat", None, &serde_json::to_string(&Beat { at, exercise }).unwrap_or_default())
}

/// The first page as a frame, kept until the next tick: a thousand viewers that come at once read the store once.
pub struct Snapshots {
    reader: Reader,
    kept: Mutex<Option<(Timestamp, Bytes)>>,
}

impl Snapshots {
    /// Of one store.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self { reader, kept: Mutex::default() }
    }

    /// The present first page with the place that it reaches to.
    ///
    /// # Errors
    /// [`OutletError`] if the store cannot be read.
    pub fn get(&self, now: Timestamp) -> Result<Start, OutletError> {
        let head = self.reader.head_tick()?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(head), Some((tick, bytes))) = (head, kept.as_ref())
            && head == *tick
        {
            return Ok(Start { frames: vec![bytes.clone()], place: place(head) });
        }
        let (home, head) = outlets::home(&self.reader, now)?;
        let head = head.unwrap_or_default();
        let bytes = event("snapshot", Some(&of_tick(head)), &serde_json::to_string(&home).unwrap_or_default());
        *kept = Some((head, bytes.clone()));
        Ok(Start { frames: vec![bytes], place: place(head) })
    }
}

/// The place of a release tick in the stream.
pub(crate) fn place(tick: Timestamp) -> u64 {
    u64::try_from(tick.as_millis()).unwrap_or(0)
}

/// Drives the members' stream; steppable, so that tests need no thread.
pub struct Pump {
    reader: Reader,
    hub: Arc<Hub>,
    meters: Arc<Meters>,
    last: Timestamp,
    last_shared: SharedPlace,
    last_beat: Timestamp,
    exercise: bool,
}

impl Pump {
    /// Follows a store from its present end.
    ///
    /// # Errors
    /// [`OutletError`] if the store cannot be read.
    pub fn new(reader: Reader, hub: Arc<Hub>, meters: Arc<Meters>) -> Result<Self, OutletError> {
        let last = outlets::since(&reader)?;
        let exercise = reader.about()?.is_some_and(|about| about.exercise);
        let last_shared = outlets::groups_since(&reader)?;
        Ok(Self { reader, hub, meters, last, last_shared, last_beat: Timestamp::default(), exercise })
    }

    /// The last tick that went out.
    #[must_use]
    pub const fn last(&self) -> Timestamp {
        self.last
    }

    /// Sends what is new and, on each whole second, a beat.
    ///
    /// # Errors
    /// [`OutletError`] if the store cannot be read.
    pub fn step(&mut self, now: Timestamp) -> Result<usize, OutletError> {
        let batches = outlets::batches(&self.reader, self.last, BATCHES_PER_STEP)?;
        let count = batches.len();
        for (tick, release) in batches {
            self.meters.batches.increment(1);
            match release {
                Some(release) => {
                    self.meters.objects.increment(release.objects.len() as u64);
                    let data = serde_json::to_string(&release).unwrap_or_default();
                    self.hub.publish(event("release", Some(&of_tick(tick)), &data), place(tick));
                }
                None => self.hub.recut(place(tick)),
            }
            self.last = tick;
        }
        let (releases, place) = outlets::group_releases(&self.reader, self.last_shared)?;
        for (audience, release) in releases {
            let frame = event("group", None, &serde_json::to_string(&release).unwrap_or_default());
            if policy::planted::is_on(policy::planted::Leak::FramesToEverybody) {
                self.hub.publish(frame, 0);
            } else {
                self.hub.publish_to(audience, frame);
            }
        }
        self.last_shared = place;
        let second = now.floor_to(BEAT_MILLIS);
        if second > self.last_beat {
            self.last_beat = second;
            self.hub.publish(beat(now, self.exercise), 0);
        }
        Ok(count)
    }
}
