//! The release policy's parameters with their defaults.

/// Parameters of the release policy; times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// k: how many other members an aggregate must hide one member among.
    pub others: u32,
    /// c: size of the coalition that the policy withstands.
    pub coalition: u32,
    /// Length of a release tick.
    pub tick_millis: i64,
    /// Length of a block minute: when block feeds change.
    pub block_millis: i64,
    /// Length of a context epoch: when bands, sectors, holds and notices change.
    pub epoch_millis: i64,
    /// How many distinct members open a hold.
    pub hold_members: u32,
    /// How many distinct members put a value on the block feed.
    pub block_members: u32,
    /// Smallest population of a sector that may be named.
    pub sector_floor: u32,
    /// How long an indicator stays on the watch feed after its last release, by default.
    pub watch_millis: i64,
}

impl Params {
    /// The defaults of the release policy: k = 3, c = 1, tick 100 ms, block minute 60 s, epoch 15 min.
    pub const DEFAULT: Self = Self {
        others: 3,
        coalition: 1,
        tick_millis: 100,
        block_millis: 60_000,
        epoch_millis: 15 * 60_000,
        hold_members: 3,
        block_members: 2,
        sector_floor: 10,
        watch_millis: 90 * 86_400_000,
    };

    /// An exercise's parameters: as the defaults, with an epoch of 20 s and a block minute of 5 s.
    pub const EXERCISE: Self = Self { epoch_millis: 20_000, block_millis: 5_000, ..Self::DEFAULT };

    /// K = k + c: the smallest number of distinct members that a band or sector mark stands for.
    #[must_use]
    pub const fn breadth_floor(&self) -> u32 {
        self.others + self.coalition
    }

    /// The smallest population in which a sector or region may be named: max(10, K + c + 1).
    #[must_use]
    pub const fn population_floor(&self) -> u32 {
        let least = self.breadth_floor() + self.coalition + 1;
        if least > self.sector_floor { least } else { self.sector_floor }
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::DEFAULT
    }
}
