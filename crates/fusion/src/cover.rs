//! How much of a report its campaign usually shares, learned from the reports that joined one.
//!
//! In one partnership firms that are under one attack may see a third of the same values, in another a twentieth; a report that
//! shares one value of ten is most likely a stray one in the first, and of the attack in the second. So the shares are noted as reports
//! join, and what a report shares is held against them: the logarithm of how much likelier so few would be of a stray report than of one
//! that belongs there (two binomial distributions). It takes evidence away and never adds any.

/// Share of a report's values that a stray report may share: names seen on the same host, copied from a list, or plain noise.
const STRAY: f32 = 0.3;
/// The usual share before anything was learned, and for how many reports that counts: as a stray report's, so that nothing is taken away.
const FIRST: f32 = STRAY;
const FIRST_REPORTS: f32 = 20.0;
/// For how many reports of one size what was learned of all sizes counts.
const ALL_SIZES_REPORTS: f32 = 5.0;
/// Values of a report beyond which more say no more: they come in runs.
const VALUES_MAX: f32 = 12.0;
/// Most that is taken away, in nats.
const COVER_MAX: f32 = 4.0;
/// A usual share beyond this is none: some of a report is always its firm's own.
const USUAL_MAX: f32 = 0.9;
/// Reports of a campaign beyond which no more is learned of it: repeats, which anybody can send, teach nothing.
const TAUGHT_BY_MAX: u32 = 32;
/// Sizes that are told apart, each twice the one before.
const SIZES: usize = 12;
/// A whole share, as it is added up: integers, so that equal streams come to equal sums.
const WHOLE: u64 = 1 << 20;

/// Reports of about one size that joined a campaign.
#[derive(Clone, Copy, Debug, Default)]
struct Joined {
    reports: u64,
    shares: u64,
}

impl Joined {
    const fn add(&mut self, share: u64) {
        self.reports = self.reports.saturating_add(1);
        self.shares = self.shares.saturating_add(share);
    }

    /// The mean share, where `known` counts as that of `reports` more.
    fn mean(self, known: f32, reports: f32) -> f32 {
        let shares = self.shares as f32 / WHOLE as f32;
        known.mul_add(reports, shares) / (self.reports as f32 + reports)
    }
}

/// What was learned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cover {
    all: Joined,
    by_size: [Joined; SIZES],
}

fn size_of(values: u32) -> usize {
    (values.max(1).ilog2() as usize).min(SIZES - 1)
}

impl Cover {
    /// A report of so many values, of which `sharing` share something with it, joined a campaign of `size` reports.
    pub(crate) fn learn(&mut self, values: u32, sharing: u32, size: u32) {
        if size > TAUGHT_BY_MAX {
            return;
        }
        let share = u64::from(sharing.min(values)) * WHOLE / u64::from(values.max(1));
        self.all.add(share);
        if let Some(joined) = self.by_size.get_mut(size_of(values)) {
            joined.add(share);
        }
    }

    /// The share that is usual for a report of so many values.
    fn usual(&self, values: u32) -> f32 {
        let all = self.all.mean(FIRST, FIRST_REPORTS);
        let of_size = self.by_size.get(size_of(values)).copied().unwrap_or_default();
        of_size.mean(all, ALL_SIZES_REPORTS).clamp(STRAY, USUAL_MAX)
    }

    /// What it says that a report of so many values shares something by `sharing` of them, in nats: nothing, or less.
    pub(crate) fn says(&self, values: u32, sharing: u32) -> f32 {
        let (values_told, sharing) = (values.max(1) as f32, sharing.min(values) as f32);
        let usual = self.usual(values);
        let shared = sharing * (usual / STRAY).ln();
        let unshared = (values_told - sharing) * ((1.0 - usual) / (1.0 - STRAY)).ln();
        let runs = (VALUES_MAX / values_told).min(1.0);
        (runs * (shared + unshared)).clamp(-COVER_MAX, 0.0)
    }

    /// What was learned, as numbers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> {
        std::iter::once(&self.all).chain(&self.by_size).flat_map(|joined| [joined.reports, joined.shares])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taught(share: u32) -> Cover {
        let mut cover = Cover::default();
        (0..200).for_each(|_| cover.learn(10, share, 2));
        cover
    }

    #[test]
    fn where_much_is_shared_one_value_of_ten_is_a_stray_one_and_where_little_is_it_is_not() {
        assert!(taught(5).says(10, 1) < -2.0);
        assert_eq!(taught(5).says(10, 5), 0.0);
        assert!(taught(1).says(10, 1) > -0.1);
        // What is learned of one size tells of others until they are known.
        assert!(taught(5).says(40, 4) < -2.0);
    }

    #[test]
    fn nothing_is_added_and_no_more_than_a_limit_is_taken() {
        let mut cover = Cover::default();
        for share in 0..=10 {
            for values in [0, 1, 2, 5, 1_000, u32::MAX] {
                for sharing in [0, 1, values / 2, values] {
                    let says = cover.says(values, sharing);
                    assert!((-COVER_MAX..=0.0).contains(&says), "{sharing} of {values}: {says}");
                }
            }
            (0..50).for_each(|_| cover.learn(10, share, 2));
        }
    }

    #[test]
    fn repeats_in_one_campaign_teach_nothing_more() {
        let mut cover = taught(1);
        let before = cover.says(10, 1);
        (0..10_000).for_each(|_| cover.learn(10, 10, TAUGHT_BY_MAX + 1));
        assert_eq!(cover.says(10, 1), before);
    }
}
