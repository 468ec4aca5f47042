//! The fold: tails the journal, lets the gate and the desk take each entry in, and makes the release ticks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use desk::Desk;
use fusion::Fusion;
use model::Timestamp;
use policy::Params;
use release::Engine;
use vault::{Body, Journal, Seq};

use crate::hub::{self, Hub, Start};
use crate::meters::Meters;
use crate::views::Beat;

/// Entries that are folded under one hold of the lock, so that the cell's pages are answered in between.
const ENTRIES_PER_STEP: usize = 512;
/// Frames of one step; with more, viewers get a fresh snapshot instead.
const FRAMES_PER_STEP_MAX: usize = 128;


/// What the fold has made of the journal so far.
pub struct Fold {
    /// The gate, with both runs of fusion.
    pub engine: Engine,
    /// The cell's views.
    pub desk: Desk,
    /// Place of the last frame that was published.
    place: u64,
}

impl Fold {
    /// The run of fusion over everything.
    #[must_use]
    pub fn fusion(&self) -> &Fusion {
        self.engine.fusion_all()
    }

    /// The wall as a first frame for a new viewer.
    pub(crate) fn snapshot(&self, now: Timestamp) -> Option<Start> {
        let wall = serde_json::to_string(&self.desk.wall(now, self.fusion())).ok()?;
        Some(Start { frames: vec![hub::event("snapshot", None, &wall)], place: self.place })
    }
}

/// The fold as handlers read it.
#[derive(Clone)]
pub struct SharedFold {
    fold: Arc<RwLock<Fold>>,
    folded: Arc<AtomicU64>,
    running: Arc<AtomicBool>,
}

impl SharedFold {
    /// For reading. A fold that panicked half-way is still the best answer there is; its thread has ended and health says so.
    #[must_use]
    pub fn read(&self) -> RwLockReadGuard<'_, Fold> {
        self.fold.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Fold> {
        self.fold.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last entry that was folded, and whether folding goes on.
    #[must_use]
    pub fn progress(&self) -> (Seq, bool) {
        (self.folded.load(Ordering::Acquire), self.running.load(Ordering::Acquire))
    }
}

/// Entries that the fold may lag behind before health says so.
pub const LAG_MAX: u64 = 20_000;

/// What went wrong with the fold: it stops, and the process with it, since members would see less and less.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The journal.
    #[error("journal: {0}")]
    Journal(#[from] vault::JournalError),
    /// The gate.
    #[error("release: {0}")]
    Release(String),
}

/// Drives the fold; steppable, so that tests need no thread.
pub struct Core {
    journal: Arc<dyn Journal>,
    shared: SharedFold,
    hub: Arc<Hub>,
    meters: Arc<Meters>,
    next: Seq,
    live_from: Seq,
    last_tick: Timestamp,
    last_beat: Timestamp,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stepped {
    /// Entries folded.
    pub entries: usize,
    /// Whether members were shown something.
    pub released: bool,
}
