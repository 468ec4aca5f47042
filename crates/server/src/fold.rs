//! The fold: tails the journal, lets the gate and the desk take each entry in, and makes the release ticks.

mod asked;
mod erase;
mod holds;
mod keeper;
mod lanes;
mod outside;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use desk::{Desk, Facts, Sight};
use fusion::{Finding, Fusion};
use lanes::new_desk;
use model::{Clock, Observable, Timestamp};
use policy::planted::{self, Leak};
use register::Register;
use release::{Engine, EngineConfig};
use vault::audit::Audit;
use vault::{Body, Lead, NewEntry, Population, Seq, Vault};

use crate::hub::{self, BEAT_MILLIS, Hub, Start, event};
use crate::meters::Meters;
use crate::problem::Problem;
use crate::pump::beat;
use crate::returns::{Reads, ReturnError, Returns};
use crate::waiting::Waiting;
use crate::walled::{Making, Picture, Pictures, Seen};

/// Entries of one step.
const ENTRIES_PER_STEP: usize = 512;
/// How long a first frame for a new viewer of the wall serves others that come meanwhile.
const SNAPSHOT_MILLIS: i64 = 250;
/// Frames of one step; with more, viewers get a fresh snapshot instead.
const FRAMES_PER_STEP_MAX: usize = 128;
/// How often the register is asked how many members there are.
const POPULATION_MILLIS: i64 = 1_000;
/// How long folding goes on after the end was called.
const STOP_LIMIT: Duration = Duration::from_secs(3);
/// Which share of a step's time is rested after it while more entries wait.
const BACKLOG_REST_SHARE: u32 = 6;
/// After this long without an entry the state is noted for a later rebuild, if it is small enough for nobody to wait for it;
/// a larger one is noted at the end.
const NOTE_REST: Duration = Duration::from_secs(30);
/// Values and cases that a digest reads in about a twentieth of a second.
const NOTE_SIZE_MAX: usize = 100_000;
/// Rest between two steps.
const REST: Duration = Duration::from_millis(8);
/// Longest wait for an entry: ticks, lane counts and beats are due without any.
const WAIT: Duration = Duration::from_millis(20);

/// What the fold has made of the journal so far. Handlers reach the cell's views by a [`Sight`] only.
pub struct Fold {
    engine: Engine,
    desk: Desk,
    /// Place of the last frame that was published.
    place: u64,
}

impl Fold {
    fn fusion(&self) -> &Fusion {
        self.engine.fusion_all()
    }
}

/// The fold as handlers read it.
#[derive(Clone)]
pub struct SharedFold {
    fold: Arc<RwLock<Fold>>,
    folded: Arc<AtomicU64>,
    running: Arc<AtomicBool>,
    facts: Arc<Mutex<Facts>>,
    /// The first frame of the wall with its place and the time at which it was made.
    snapshot: Arc<Mutex<Option<(u64, Timestamp, Bytes)>>>,
    pictures: Arc<Pictures>,
    waiting: Waiting,
    audit: Arc<Audit>,
}

fn held<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SharedFold {
    /// What this process knows of itself, for the wall's sources.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts { ended: !self.running.load(Ordering::Acquire), ..*held(&self.facts) }
    }

    /// Notes whether reports of member processes are taken at the socket.
    pub(crate) fn note_intake(&self, listens: bool) {
        held(&self.facts).intake = Some(listens);
    }

    /// Notes whether anybody would be woken.
    pub(crate) fn note_woken(&self, anybody: bool) {
        held(&self.facts).woken = Some(anybody);
    }

    /// Reports that are still going on and wait for somebody of the cell.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        self.waiting.clone()
    }

    /// The wall as a first frame for a new viewer: made once and shared while nothing has changed.
    pub(crate) fn snapshot(&self, now: Timestamp) -> Option<Start> {
        let facts = self.facts();
        // One at a time: of a thousand viewers that come at once, the first makes it and the others find it made.
        let mut kept = held(&self.snapshot);
        let fold = self.read();
        if let Some((place, made_at, bytes)) = kept.as_ref()
            && *place == fold.place
            && (0..SNAPSHOT_MILLIS).contains(&now.millis_since(*made_at))
        {
            return Some(Start { frames: vec![bytes.clone()], place: *place });
        }
        let (wall, place) = (fold.desk.wall(now, fold.fusion(), &facts), fold.place);
        drop(fold);
        let bytes = hub::event("snapshot", None, &serde_json::to_string(&wall).ok()?);
        *kept = Some((place, now, bytes.clone()));
        Some(Start { frames: vec![bytes], place })
    }

    /// Asks what a sight shows: the desk of the cell, or the one behind the sight's wall. It may wait for a store.
    pub(crate) fn see<T>(&self, sight: &Sight, now: Timestamp, ask: impl FnOnce(Seen<'_>) -> T) -> Result<T, Problem> {
        if !sight.is_whole() {
            return Ok(self.picture(sight, now)?.see(ask));
        }
        let fold = self.read();
        Ok(ask(Seen { desk: &fold.desk, fusion: fold.fusion() }))
    }

    /// The picture behind a sight's wall.
    pub(crate) fn picture(&self, sight: &Sight, now: Timestamp) -> Result<Arc<Picture>, Problem> {
        self.pictures.get(self, sight, now)
    }

    pub(crate) fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// Whether members have a value.
    pub(crate) fn is_released(&self, observable: &Observable) -> bool {
        self.read().engine.is_released(observable)
    }

    /// What planted leaks of test builds read.
    #[cfg(feature = "planted-leaks")]
    pub(crate) fn spied<T>(&self, ask: impl FnOnce(&Engine, &Desk, &Fusion) -> T) -> T {
        let fold = self.read();
        ask(&fold.engine, &fold.desk, fold.fusion())
    }

    /// For reading. A fold that panicked half-way is still the best answer there is; its thread has ended and health says so.
    fn read(&self) -> RwLockReadGuard<'_, Fold> {
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
    /// The vault.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// The gate.
    #[error(transparent)]
    Release(#[from] release::ReleaseError),
    /// The way back to reporters.
    #[error(transparent)]
    Return(#[from] ReturnError),
    /// Who the leads are.
    #[error(transparent)]
    Register(#[from] register::RegisterError),
}

/// What a fold is made of.
pub struct CoreParts {
    /// The vault.
    pub vault: Arc<Vault>,
    /// The store that members are answered from, for the gate to write.
    pub writer: released::Writer,
    /// Whose numbers are the populations that the policy hides members in.
    pub register: Arc<Register>,
    /// The cell's stream.
    pub hub: Arc<Hub>,
    /// Figures.
    pub meters: Arc<Meters>,
    /// Settings of the gate.
    pub engine: EngineConfig,
    /// Length of a slot of the wall's lanes.
    pub slot_millis: i64,
    /// Each organisation's own reports, for the way back to reporters.
    pub own: ::own::Writer,
    /// Threads that were read.
    pub reads: Reads,
    /// The audit log.
    pub audit: Arc<Audit>,
}

/// Drives the fold; steppable, so that tests need no thread.
pub struct Core {
    vault: Arc<Vault>,
    register: Arc<Register>,
    shared: SharedFold,
    hub: Arc<Hub>,
    meters: Arc<Meters>,
    next: Seq,
    lanes: Vec<(String, String)>,
    slot_millis: i64,
    population: Option<Population>,
    /// Those to whom sources are sealed.
    leads: Vec<Lead>,
    population_looked: Timestamp,
    last_beat: Timestamp,
    /// When something was folded last.
    folded_at: Instant,
    /// Place of the last entry of the state that was noted.
    noted: Seq,
    returns: Returns,
    /// Takes recalled content out of the journal, where that is long.
    erasing: Option<std::thread::JoinHandle<()>>,
    /// Content was taken out: a replay cannot come to this state any more.
    erased: bool,
    keeper: keeper::Keeper,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stepped {
    /// Entries folded.
    pub entries: usize,
    /// Whether members were shown something.
    pub released: bool,
}

/// Puts frames on the stream; too many at once become one call for a fresh snapshot.
pub(crate) fn publish(hub: &Hub, frames: Vec<desk::Frame>, place: &mut u64) {
    if hub.viewers() == 0 {
        *place += frames.len() as u64;
        return;
    }
    if frames.len() > FRAMES_PER_STEP_MAX {
        *place += 1;
        hub.recut(*place);
        return;
    }
    for frame in frames {
        *place += 1;
        hub.publish(event(frame.event, None, &frame.data), *place);
    }
}

impl Core {
    /// Replays the journal and stands ready at its end.
    ///
    /// # Errors
    /// [`CoreError`] if a store cannot be used.
    pub fn open(parts: CoreParts) -> Result<Self, CoreError> {
        let CoreParts { vault, writer, register, hub, meters, engine, slot_millis, own, reads, audit } = parts;
        let mut returns = Returns::open(Arc::clone(&vault), own, reads, Arc::clone(&register))?;
        let lanes = register.lanes();
        let config = engine.clone();
        let mut desk = new_desk(&vault, lanes.clone(), slot_millis);
        let (mut population, waiting) = (None, Waiting::default());
        let engine = Engine::open_with(&vault, writer, engine, &mut |entry, found, _| {
            if let Body::Population(told) = &entry.body {
                population = Some(told.clone());
            }
            desk.apply(entry, found, false);
            waiting.note(entry);
            audit.note(entry);
        })?;
        // The engine has taken in its own last release already; the desk gets the rest with the first step.
        let next = engine.applied() + 1;
        let making = Making { vault: Arc::clone(&vault), register: Arc::clone(&register), slot_millis, engine: config };
        let shared = SharedFold {
            pictures: Arc::new(Pictures::new(making)),
            fold: Arc::new(RwLock::new(Fold { engine, desk, place: 0 })),
            folded: Arc::new(AtomicU64::new(next - 1)),
            running: Arc::new(AtomicBool::new(true)),
            facts: Arc::default(),
            snapshot: Arc::default(),
            waiting,
            audit,
        };
        // Where the store of own reports lags, as after a crash, it is told what it missed.
        returns.step(next - 1, &[], vault.clock().now())?;
        keeper::tell_cell_key(&vault, &register, vault.clock().now())?;
        let keeper = keeper::Keeper::of(&vault);
        let last_beat = Timestamp::default();
        Ok(Self {
            vault,
            register,
            shared,
            hub,
            meters,
            next,
            lanes,
            slot_millis,
            population,
            leads: Vec::new(),
            population_looked: last_beat,
            last_beat,
            keeper,
            folded_at: Instant::now(),
            noted: 0,
            returns,
            erasing: None,
            erased: false,
        })
    }

    /// The fold as handlers read it.
    #[must_use]
    pub fn shared(&self) -> SharedFold {
        self.shared.clone()
    }

    /// Place of the next entry to fold.
    #[must_use]
    pub const fn next(&self) -> Seq {
        self.next
    }

    /// Folds what has come, makes the release tick of `now` if anything is due, and puts frames on the cell's stream.
    ///
    /// # Errors
    /// [`CoreError`] if a store failed: the fold must be opened anew then.
    pub fn step(&mut self, now: Timestamp) -> Result<Stepped, CoreError> {
        let start = Instant::now();
        self.count_members(now)?;
        let entries = self.vault.journal().read(self.next, ENTRIES_PER_STEP)?;
        let mut stepped = Stepped { entries: entries.len(), released: false };
        let shared = self.shared.clone();
        for piece in holds::holds(&entries) {
            let mut fold = shared.write();
            let Fold { engine, desk, .. } = &mut *fold;
            desk.advance(now);
            for entry in piece {
                let found = engine.apply(entry)?;
                desk.apply(entry, &found, true);
                shared.note(entry);
                self.next = entry.seq + 1;
            }
        }
        stepped.released = self.tick(&shared, now)?;
        let outcomes = shared.write().engine.take_outcomes(now);
        self.returns.step(self.next - 1, &outcomes, now)?;
        self.erase(&shared)?;
        let facts = self.look(&shared, now, entries.len());
        let mut leaked = Vec::new();
        {
            let mut fold = shared.write();
            let Fold { engine, desk, place } = &mut *fold;
            desk.advance(now);
            // The cell's views follow findings; the runs' own lists of changes would only grow.
            engine.take_changes();
            let frames = desk.frames(now, engine.fusion_all(), &facts);
            if planted::is_on(Leak::WalledFrames) {
                leaked.clone_from(&frames);
            }
            publish(&self.hub, frames, place);
        }
        // With the fold free again: a picture is never waited for by those who see everything.
        shared.pictures.step(self.next - 1, now, &facts, &leaked);
        self.shared.folded.store(self.next - 1, Ordering::Release);
        let second = now.floor_to(BEAT_MILLIS);
        if second > self.last_beat {
            self.last_beat = second;
            let bytes = beat(now, self.vault.genesis().exercise);
            self.hub.publish(bytes.clone(), 0);
            shared.pictures.beat(&bytes, now);
        }
        if stepped.entries > 0 {
            self.folded_at = Instant::now();
            self.vault.checkpoint(false)?;
            self.meters.entries.increment(stepped.entries as u64);
            self.meters.fold_seconds.record(start.elapsed().as_secs_f64());
        }
        self.meters.lag.set(self.vault.journal().head().seq.saturating_sub(self.next - 1) as f64);
        Ok(stepped)
    }

    /// Takes in what this gate itself has appended last, and what came with it; makes no further tick.
    fn settle(&mut self) -> Result<(), CoreError> {
        let entries = self.vault.journal().read(self.next, ENTRIES_PER_STEP)?;
        let mut fold = self.shared.write();
        for entry in &entries {
            let found = fold.engine.apply(entry)?;
            fold.desk.apply(entry, &found, true);
            self.shared.note(entry);
            self.next = entry.seq + 1;
        }
        Ok(())
    }

    /// Notes the state for `journal rebuild` to compare its replay with, if every entry is taken in: between a tick and its
    /// release entry the state is already that of after both. Nothing depends on the note, so a failure is only told.
    fn note_state(&mut self) {
        if self.erased {
            return;
        }
        let head = self.vault.journal().head();
        let digest = {
            let fold = self.shared.read();
            (fold.engine.applied() == head.seq && head.seq > self.noted).then(|| fold.engine.digest())
        };
        let Some(digest) = digest else { return };
        match self.vault.note_live_state(&head, &digest) {
            Ok(()) => self.noted = head.seq,
            Err(error) => tracing::warn!(%error, "the live state is not noted"),
        }
    }

    /// Makes the release tick. What waits for the disk is done while the cell's pages can read.
    fn tick(&self, shared: &SharedFold, now: Timestamp) -> Result<bool, CoreError> {
        let Some(noted) = shared.read().engine.note_tick(now)? else { return Ok(false) };
        let made = shared.write().engine.make_tick(noted)?;
        shared.read().engine.store_tick(&made)?;
        Ok(shared.write().engine.show_tick(made)?.is_some())
    }

    /// Steps until told to stop; then folds the rest and signs a checkpoint.
    ///
    /// # Errors
    /// As [`Core::step`].
    pub fn run(mut self, clock: &dyn Clock, stop: &AtomicBool) -> Result<(), CoreError> {
        let running = Arc::clone(&self.shared.running);
        let outcome = self.run_until(clock, stop);
        running.store(false, Ordering::Release);
        outcome
    }

    fn run_until(&mut self, clock: &dyn Clock, stop: &AtomicBool) -> Result<(), CoreError> {
        let mut stopping: Option<Instant> = None;
        loop {
            if stopping.is_none() && stop.load(Ordering::Acquire) {
                stopping = Some(Instant::now());
            }
            let began = Instant::now();
            let stepped = self.step(clock.now())?;
            let more = stepped.entries == ENTRIES_PER_STEP;
            // What is not folded by then is in the journal, and folded by the next process.
            if stopping.is_some_and(|since| !more || since.elapsed() >= STOP_LIMIT) {
                self.settle()?;
                self.note_state();
                self.vault.checkpoint(true)?;
                return Ok(());
            }
            if self.folded_at.elapsed() >= NOTE_REST && self.shared.read().engine.size() <= NOTE_SIZE_MAX {
                self.note_state();
            }
            if more {
                // Acknowledging comes first: a backlog leaves some of the processor to those who write.
                std::thread::sleep(began.elapsed() / BACKLOG_REST_SHARE);
                continue;
            }
            // A short rest lets entries gather; nothing is shown between ticks in any case.
            std::thread::sleep(REST);
            self.vault.journal().wait(self.next - 1, WAIT);
        }
    }
}
