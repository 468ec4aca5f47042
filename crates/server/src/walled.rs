//! Pictures behind a wall: one a secondee, folded from what the wall lets through, each with a stream of its own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::body::Bytes;
use desk::{Desk, Facts, Sight, Walled, WalledConfig, WalledError};
use fusion::Fusion;
use model::{PersonId, Timestamp};
use register::Register;
use release::EngineConfig;
use vault::{Seq, Vault};

use crate::fold::{SharedFold, publish};
use crate::hub::{self, Hub, Start};
use crate::problem::Problem;
use crate::session::Who;

/// Pictures that are held at once: each takes the memory of one more run of fusion.
const PICTURES_MAX: usize = 16;
/// A picture that nobody has asked for or watched for this long is dropped; it is folded anew when it is asked for.
const IDLE_MILLIS: i64 = 3_600_000;

impl Who {
    /// What may be read of the cell's cases.
    pub(crate) fn sight(&self) -> Sight {
        Sight::of(&self.principal)
    }
}

/// What somebody may see of the fold. There is no other way to a desk than by way of a sight.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) desk: &'a Desk,
    pub(crate) fusion: &'a Fusion,
}

/// What pictures are made of.
pub(crate) struct Making {
    pub(crate) vault: Arc<Vault>,
    pub(crate) register: Arc<Register>,
    pub(crate) slot_millis: i64,
    pub(crate) engine: EngineConfig,
}

/// One secondee's picture.
pub(crate) struct Picture {
    sight: Sight,
    held: RwLock<(Walled, u64)>,
    pub(crate) hub: Arc<Hub>,
    used_at: AtomicI64,
}

/// All of them.
pub(crate) struct Pictures {
    making: Making,
    held: Mutex<HashMap<PersonId, Arc<Picture>>>,
    /// One is made at a time.
    workshop: Mutex<()>,
}

impl Picture {
    pub(crate) fn see<T>(&self, ask: impl FnOnce(Seen<'_>) -> T) -> T {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        ask(Seen { desk: held.0.desk(), fusion: held.0.fusion() })
    }

    /// The wall as a first frame.
    pub(crate) fn snapshot(&self, now: Timestamp, facts: &Facts) -> Option<Start> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let wall = held.0.desk().wall(now, held.0.fusion(), facts);
        let bytes = hub::event("snapshot", None, &serde_json::to_string(&wall).ok()?);
        Some(Start { frames: vec![bytes], place: held.1 })
    }

    /// Takes in the journal up to an entry and sends what came of it; false if the picture must be made anew.
    fn step(&self, last: Seq, now: Timestamp, facts: &Facts, leaked: &[desk::Frame]) -> Result<bool, WalledError> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let (walled, place) = &mut *held;
        walled.advance(now);
        walled.catch_up(last, true)?;
        if walled.is_outdated() {
            return Ok(false);
        }
        let frames = [walled.frames(now, facts), leaked.to_vec()].concat();
        publish(&self.hub, frames, place);
        Ok(true)
    }
}

impl Pictures {
    pub(crate) fn new(making: Making) -> Self {
        Self { making, held: Mutex::default(), workshop: Mutex::default() }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<PersonId, Arc<Picture>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<(PersonId, Arc<Picture>)> {
        self.held().iter().map(|(person, picture)| (*person, Arc::clone(picture))).collect()
    }

    /// The picture of a sight; made now if there is none. Somebody whose wall has moved gets a new one, and the old one's
    /// streams end.
    pub(crate) fn get(&self, fold: &SharedFold, sight: &Sight, now: Timestamp) -> Result<Arc<Picture>, Problem> {
        let Some(person) = sight.person() else { return Err(Problem::internal()) };
        if let Some(known) = self.known(person, sight, now) {
            return Ok(known);
        }
        let _alone = self.workshop.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have made it while we waited.
        if let Some(known) = self.known(person, sight, now) {
            return Ok(known);
        }
        self.drop_one(person);
        if self.held().len() >= PICTURES_MAX {
            return Err(Problem::busy("too many secondees watch at once"));
        }
        let made = self.make(fold, person, sight, now).map_err(|error| {
            tracing::error!(%error, "a secondee's picture could not be made");
            Problem::internal()
        })?;
        let made = Arc::new(made);
        self.held().insert(person, Arc::clone(&made));
        Ok(made)
    }

    fn known(&self, person: PersonId, sight: &Sight, now: Timestamp) -> Option<Arc<Picture>> {
        let held = self.held();
        let known = held.get(&person).filter(|known| known.sight == *sight)?;
        known.used_at.store(now.as_millis(), Ordering::Relaxed);
        Some(Arc::clone(known))
    }

    fn make(&self, fold: &SharedFold, person: PersonId, sight: &Sight, now: Timestamp) -> Result<Picture, WalledError> {
        let Making { vault, register, slot_millis, engine } = &self.making;
        let passed = fold.passed_to(person);
        let last = passed.1;
        let mut walled = Walled::new(WalledConfig {
            vault: Arc::clone(vault),
            sight: sight.clone(),
            passed,
            lanes: register.lanes(),
            slot_millis: *slot_millis,
            over_common_members: engine.over_common_members,
            weights: engine.weights,
            noise_set: release::NOISE_SET,
            network_set: release::NETWORK_SET,
        });
        walled.catch_up(last, false)?;
        // The first frames only bring the campaigns of the past onto the wall.
        walled.frames(now, &fold.facts());
        let used_at = AtomicI64::new(now.as_millis());
        Ok(Picture { sight: sight.clone(), held: RwLock::new((walled, 0)), hub: Arc::default(), used_at })
    }

    /// Makes room: whose wall has moved, and beyond the limit the one that was not asked for for longest.
    fn drop_one(&self, person: PersonId) {
        self.forget(person);
        let mut all = self.all();
        if all.len() < PICTURES_MAX {
            return;
        }
        all.retain(|(_, picture)| picture.hub.viewers() == 0);
        let oldest = all.into_iter().min_by_key(|(_, picture)| picture.used_at.load(Ordering::Relaxed));
        if let Some((person, _)) = oldest {
            self.forget(person);
        }
    }

    fn forget(&self, person: PersonId) {
        if let Some(gone) = self.held().remove(&person) {
            gone.hub.close();
        }
    }

    /// Folds every picture up to an entry.
    pub(crate) fn step(&self, last: Seq, now: Timestamp, facts: &Facts, leaked: &[desk::Frame]) {
        for (person, picture) in self.all() {
            match picture.step(last, now, facts, leaked) {
                Ok(true) => {}
                Ok(false) => self.forget(person),
                Err(error) => {
                    tracing::error!(%error, "a secondee's picture could not be folded");
                    self.forget(person);
                }
            }
        }
    }

    /// A beat for every stream; what nobody looks at is dropped.
    pub(crate) fn beat(&self, bytes: &Bytes, now: Timestamp) {
        for (person, picture) in self.all() {
            picture.hub.publish(bytes.clone(), 0);
            let used = Timestamp::from_millis(picture.used_at.load(Ordering::Relaxed));
            if picture.hub.viewers() == 0 && now.millis_since(used) > IDLE_MILLIS {
                self.forget(person);
            }
        }
    }

    /// Makes every viewer check at once whether it may still watch.
    pub(crate) fn pulse(&self) {
        for (_, picture) in self.all() {
            picture.hub.pulse();
        }
    }

    /// How many watch.
    pub(crate) fn viewers(&self) -> usize {
        self.all().iter().map(|(_, picture)| picture.hub.viewers()).sum()
    }

    /// Ends every stream; pictures are made anew when they are asked for.
    pub(crate) fn close(&self) {
        for (person, _) in self.all() {
            self.forget(person);
        }
    }
}
