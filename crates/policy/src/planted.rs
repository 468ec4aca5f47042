//! Deliberate leaks, each a run-time switch of one test build: a test that misses one is too weak.

macro_rules! leaks {
    ($($(#[$doc:meta])* $name:ident => $text:literal;)*) => {
        /// A deliberate leak.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Leak { $($(#[$doc])* #[doc = $text] $name,)* }

        impl Leak {
            /// Every leak.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What it does, for a person.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

leaks!(
    InsertOrder => "objects of a tick in the order of arrival";
    CountAtOne => "breadth shown from one member on";
    HeldMerges => "a held report links campaigns that members see";
    AuthorIsToken => "the author field holds the reporter's token";
    TimeNotRounded => "times are those of arrival, not of the release tick";
    Tombstone => "something never released is shown as withdrawn";
    BandAtOnce => "bands change at the report, not at the epoch";
    HoldAtThird => "a hold opens at the report of the third member";
    SectorBelowFloor => "a sector is named whatever its population";
    WatchMoves => "each further report moves the end of the watch";
    IdFromReporter => "ids are made with the reporter's token";
    EtagFromVersion => "an ETag counts versions";
    LookupOnVault => "a look-up asks the vault";
    SharedQuota => "all principals share one quota";
    ForbiddenForHidden => "403 for what is hidden, 404 for what is absent";
    VaryingReceipt => "a receipt tells whether others saw it";
);

#[cfg(feature = "planted-leaks")]
mod switch {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Leak;

    static ON: AtomicU64 = AtomicU64::new(0);

    const fn bit(leak: Leak) -> u64 {
        1 << leak as u64
    }

    /// Whether a leak is switched on.
    #[must_use]
    pub fn is_on(leak: Leak) -> bool {
        ON.load(Ordering::SeqCst) & bit(leak) != 0
    }

    /// Switches one leak on and all others off.
    pub fn set(leak: Leak) {
        ON.store(bit(leak), Ordering::SeqCst);
    }

    /// Switches every leak off.
    pub fn clear() {
        ON.store(0, Ordering::SeqCst);
    }
}

#[cfg(feature = "planted-leaks")]
pub use switch::{clear, is_on, set};

/// Whether a leak is switched on: never in this build.
#[cfg(not(feature = "planted-leaks"))]
#[must_use]
pub const fn is_on(_leak: Leak) -> bool {
    false
}
