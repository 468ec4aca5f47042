//! Points in time, in whole milliseconds: always an argument, never read from a clock here.

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest time that is accepted from outside: 1990-01-01T00:00:00Z.
    pub const EARLIEST_ACCEPTED: Self = Self(631_152_000_000);
    /// The latest time that is accepted from outside: 2100-01-01T00:00:00Z.
    pub const LATEST_ACCEPTED: Self = Self(4_102_444_800_000);

    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The start of the step of `step_millis` that this time lies in. A step of zero leaves the time as it is.
    #[must_use]
    pub const fn floor_to(self, step_millis: i64) -> Self {
        if step_millis <= 0 { self } else { Self(self.0.div_euclid(step_millis) * step_millis) }
    }

    /// This time moved by `millis` (saturating).
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this time; negative if `earlier` is later (saturating).
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whether a time from outside lies in the range that the platform accepts.
    #[must_use]
    pub const fn is_plausible(self) -> bool {
        self.0 >= Self::EARLIEST_ACCEPTED.0 && self.0 < Self::LATEST_ACCEPTED.0
    }
}
