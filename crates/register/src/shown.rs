//! When a session began and when a factor was shown in it, to the millisecond: held in memory alone.
//!
//! The store has the hour of a session, so that whoever takes it and the journal joins no session with a report by time.
//! What only exact times can answer is asked here; after a restart nobody knows, so nothing is fresh.

use std::sync::atomic::{AtomicI64, Ordering};

use model::Timestamp;

/// Before every moment: it was not shown, or nobody remembers.
const NEVER: i64 = i64::MIN;

/// Moments of one session, in milliseconds since 1970.
#[derive(Debug)]
pub(crate) struct Shown {
    begun: AtomicI64,
    factor: AtomicI64,
    passkey: AtomicI64,
}

impl Default for Shown {
    fn default() -> Self {
        Self { begun: AtomicI64::new(NEVER), factor: AtomicI64::new(NEVER), passkey: AtomicI64::new(NEVER) }
    }
}

fn known(held: &AtomicI64) -> Option<i64> {
    Some(held.load(Ordering::Relaxed)).filter(|at| *at != NEVER)
}

impl Shown {
    /// When the session began, if that was in this process.
    pub(crate) fn begun(&self) -> Option<i64> {
        known(&self.begun)
    }

    /// When any factor was last shown.
    pub(crate) fn factor(&self) -> Option<i64> {
        known(&self.factor)
    }

    /// When a passkey was last shown.
    pub(crate) fn passkey(&self) -> Option<i64> {
        known(&self.passkey)
    }

    /// The session begins with a factor.
    pub(crate) fn begin(&self, now: Timestamp, by_passkey: bool) {
        self.begun.store(now.as_millis(), Ordering::Relaxed);
        self.show(now, by_passkey);
    }

    /// A factor is shown once more.
    pub(crate) fn show(&self, now: Timestamp, passkey: bool) {
        self.factor.store(now.as_millis(), Ordering::Relaxed);
        if passkey {
            self.passkey.store(now.as_millis(), Ordering::Relaxed);
        }
    }

    /// Knows what another knows: of the session under its token before, or of the register that this one is a copy of.
    pub(crate) fn take_over(&self, other: &Self) {
        for (to, from) in [(&self.begun, &other.begun), (&self.factor, &other.factor), (&self.passkey, &other.passkey)]
        {
            to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}
