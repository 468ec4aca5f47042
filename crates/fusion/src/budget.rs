//! How many entries of postings a report is held against: about two a value, whatever is known by then.
//!
//! The more reports there are the more campaigns have each feature, and the more work a report would make. So its values have a
//! number of entries in common, which go to the features that can say most; what is left out is what is least rare. A value alone
//! asks for all that it has: few have more than that. See decision 0132.

use crate::posting::ENTRIES_MAX;
use crate::rules::RULES;
use crate::weigh::{self, Counts};

/// Entries that a report of few values is held against.
const ENTRIES_MIN: usize = 18;
/// Entries for each five values of a larger one.
const ENTRIES_PER_FIVE: usize = 9;

/// A feature that somebody has.
struct Wanted {
    /// Which feature of the values.
    place: usize,
    entries: u32,
    rule: u8,
    counts: Counts,
    /// About what it says, by the weight of its rule.
    says: f32,
}

/// Shares out entries among the features of a few values; kept from report to report.
#[derive(Default)]
pub(crate) struct Budget {
    values: usize,
    wanted: Vec<Wanted>,
    /// How many entries of a feature may be asked, by its place.
    allowed: Vec<u8>,
}

impl Budget {
    /// For so many values with so many features in all, the values themselves among them; they come first.
    pub(crate) fn begin(&mut self, values: usize, features: usize) {
        self.values = values;
        self.wanted.clear();
        self.allowed.clear();
        self.allowed.resize(features, 0);
    }

    /// A feature has so many entries; `counts` are those of a campaign that has as much of it as any.
    pub(crate) fn want(&mut self, place: usize, entries: u32, rule: u8, counts: Counts) {
        self.wanted.push(Wanted { place, entries, rule, counts, says: 0.0 });
    }

    /// Decides which entries are asked.
    pub(crate) fn share_out(&mut self, weights: &[f32; RULES]) {
        let mut left = (self.values * ENTRIES_PER_FIVE / 5).max(ENTRIES_MIN);
        let all: usize = self.wanted.iter().map(|wanted| wanted.entries as usize).sum();
        if all > left {
            for wanted in &mut self.wanted {
                let weight = weights.get(usize::from(wanted.rule)).unwrap_or(&0.0);
                wanted.says = weight * weigh::evidence(wanted.rule, wanted.counts);
            }
            self.wanted.sort_unstable_by(|a, b| b.says.total_cmp(&a.says).then(a.place.cmp(&b.place)));
        }
        for wanted in &self.wanted {
            let may = left.min(wanted.entries as usize).min(ENTRIES_MAX);
            left -= may;
            if let Some(allowed) = self.allowed.get_mut(wanted.place) {
                *allowed = u8::try_from(may).unwrap_or(u8::MAX);
            }
        }
    }

    /// Where the features begin that are no values.
    pub(crate) const fn values(&self) -> usize {
        self.values
    }

    /// Entries that may be asked of a feature.
    pub(crate) fn of(&self, place: usize) -> usize {
        self.allowed.get(place).map_or(0, |allowed| usize::from(*allowed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::SAME_VALUE;
    use crate::weigh::{Asking, Weights};

    fn shared_out(values: usize, having: &[(u32, u32)]) -> Vec<usize> {
        let mut budget = Budget::default();
        budget.begin(values, having.len());
        for (place, (having, entries)) in having.iter().enumerate() {
            let counts = Counts { common: 1, size: 1, having: *having, total: 10_000, asking: Asking::of(3) };
            budget.want(place, *entries, SAME_VALUE, counts);
        }
        budget.share_out(&Weights::default().rules);
        (0..having.len()).map(|place| budget.of(place)).collect()
    }

    #[test]
    fn what_few_values_have_is_asked_whole() {
        assert_eq!(shared_out(1, &[(900, 4), (2, 2), (5, 3), (800, 4), (9, 4)]), [4, 2, 3, 4, 4]);
        assert_eq!(shared_out(1, &[(900, 4), (2, 2), (5, 3), (800, 4), (9, 4), (700, 3)]), [2, 2, 3, 4, 4, 3]);
    }

    #[test]
    fn of_much_the_rarest_is_asked_and_no_more_the_more_there_is() {
        for values in [1, 10, 30, 64] {
            for each in [10, 50] {
                let having: Vec<(u32, u32)> =
                    (0..values * each).map(|n| (1 + n as u32 % 97, 1 + n as u32 % 4)).collect();
                let asked = shared_out(values, &having);
                let sum: usize = asked.iter().sum();
                assert!(sum <= (values * 9 / 5).max(18));
                let rarest_left_out =
                    having.iter().zip(&asked).filter(|(of, asked)| **asked < of.1 as usize).map(|(of, _)| of.0).min();
                let commonest = having.iter().zip(&asked).filter(|(_, asked)| **asked > 0).map(|(of, _)| of.0).max();
                assert!(rarest_left_out >= commonest, "{rarest_left_out:?} {commonest:?}");
            }
        }
    }

    #[test]
    fn what_nobody_has_is_not_asked() {
        let mut budget = Budget::default();
        budget.begin(2, 5);
        budget.share_out(&Weights::default().rules);
        assert_eq!((budget.of(0), budget.of(4), budget.of(9), budget.values()), (0, 0, 0, 2));
    }
}
