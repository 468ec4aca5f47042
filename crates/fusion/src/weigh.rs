//! How much evidence says: likelihood ratios by rarity, added up by rule, with what size and time say.
//!
//! For a feature that `common` of a campaign's `size` reports have, and `elsewhere` of the other `total` reports, the evidence
//! is the logarithm of how much more often the campaign has it than others do (naive Bayes, smoothed by what is typical of
//! the rule). Evidence of one rule is damped, since values that share one thing tend to share it for one reason; rules add up,
//! each by a weight that was learned. What is on the list of a thousand unrelated reports is worth nothing by this arithmetic,
//! and no list needs to say so.

use crate::link::{CAME_AS_USUAL, REPORTS_A_DAY};
use crate::rules::{ALL, Aspect, OWNED, RULES, SAME_VALUE, URL_HOST, aspect};

/// Most that one feature may say, in nats.
const EVIDENCE_MAX: f32 = 9.0;
/// Most that a report's tags may say together: by their weight it stays below what a link needs, so that they never link alone.
const TOLD_MAX: f32 = 3.0;
/// Stands for reports of a campaign that were not seen yet.
const UNSEEN: f32 = 0.5;

/// How evidence is added up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// How far the evidence of each rule is trusted, in the order of [`crate::rule_names`].
    pub rules: [f32; RULES],
    /// Log-odds before anything is known.
    pub bias: f32,
    /// For each e-fold of days since the campaign was last seen, or of reports since.
    pub quiet: f32,
    /// Where the campaign began within [`crate::WAVE_MILLIS`], and shares a specific feature.
    pub young: f32,
    /// How far it is trusted that a report of a campaign shares as much of its values as is usual.
    pub cover: f32,
    /// Log-odds from which a report belongs to a campaign.
    pub join: f32,
    /// Log-odds from which a report that belongs to one campaign makes another one the same.
    pub merge: f32,
}

impl Default for Weights {
    fn default() -> Self {
        let rules = ALL.each_ref().map(|rule| rule.weight);
        Self { rules, bias: -1.1, quiet: -0.36, young: 2.2, cover: 0.68, join: 0.0, merge: 0.5 }
    }
}

impl Weights {
    /// Weights by which reports are of one campaign if they share a value or the host of a link, and else never: for whoever
    /// has to know what fusion will find, as a model in a test does.
    #[must_use]
    pub fn equal_values() -> Self {
        let mut rules = [0.0; RULES];
        for rule in [SAME_VALUE, URL_HOST] {
            if let Some(weight) = rules.get_mut(usize::from(rule)) {
                *weight = 1.0;
            }
        }
        Self { rules, bias: -0.001, quiet: 0.0, young: 0.0, cover: 0.0, join: 0.0, merge: -1_000.0 }
    }
}

/// For each e-fold of the smaller campaign's reports a merge needs this much more: one report shall not bridge two campaigns
/// that many others hold apart.
const MERGE_BY_SIZE: f32 = 1.0;
/// Reports beyond which a campaign is no harder to merge: repeats, which anybody can send, shall not shield it.
const MERGE_SIZE_MAX: u32 = 32;

impl Weights {
    /// Log-odds from which a report makes two campaigns one, of which the smaller has `size` reports.
    pub(crate) fn bridge(&self, size: u32) -> f32 {
        self.merge + MERGE_BY_SIZE * (size.clamp(1, MERGE_SIZE_MAX) as f32).ln()
    }
}

/// For each e-fold of a campaign's reports a pair of them is this much surer: what many reports confirmed holds together.
const PAIR_BY_SIZE: f32 = 0.3;

/// How sure a pair of reports of one campaign is: as the less sure of the two is of the campaign, and surer the more reports
/// it has. Log-odds in nats.
#[must_use]
pub fn pair_log_odds(one: f32, other: f32, size: usize) -> f32 {
    one.min(other) + PAIR_BY_SIZE * (size.max(1) as f32).ln()
}

/// The figures as text, for the rule set.
pub(crate) fn text() -> String {
    let Weights { bias, quiet, young, cover, join, merge, .. } = Weights::default();
    format!(
        "log-odds: bias {bias}, quiet {quiet}, young {young}, cover {cover}; join {join}, merge {merge}; again {AGAIN}; \
         as usual {CAME_AS_USUAL}; a day {REPORTS_A_DAY}; crowd {CROWD}\n"
    )
}

/// Counts behind one shared feature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    /// Reports of the campaign that have the feature.
    pub common: u32,
    /// Reports of the campaign.
    pub size: u32,
    /// Reports that have the feature, in all.
    pub having: u32,
    /// Reports in all.
    pub total: u32,
    /// Values of the report that asks: each of them might share it by chance.
    pub asking: Asking,
}

/// How much of its evidence a further value of a report brings by the very feature that an earlier one shared: links on one host, or names
/// below one zone, are likely to be there for one reason. Nothing if it is at the very host of an earlier one, and shares where that is.
pub(crate) const AGAIN: f32 = 0.5;

/// Reports up to which those of a campaign that have a feature do not count against it. A campaign that one common feature brought together
/// has nearly all reports that have it, so that elsewhere it looks rare, the more so the more come by it: a host of everybody's pages made
/// a campaign of a thousand reports. Those beyond so many count as if they were in no campaign. Who names the very same value does not.
const CROWD: u32 = 64;

/// Values are chosen alike within a report: of many, some are like somebody else's sooner than each for itself would be. An equal
/// value is no likeness.
const LIKENESS_BY_VALUES: f32 = 1.35;

/// How often chance has its way in a report of so many values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking {
    /// By an equal value.
    equal: f32,
    /// By what is only alike.
    alike: f32,
    /// Whether what is asked for is a name that many visit.
    popular: bool,
}

/// Of a popular name chance has its way twice as often: some report it because it lay beside the attack. On the labelled reports two
/// that share a popular owner (of a tenth of the top million) are of one campaign 160 times of 306, where others are 1,857 times of
/// 3,259: that is a factor of 1.2, of lists whose first ten thousand names had been taken out before.
const POPULAR: f32 = 2.0;

impl Asking {
    pub(crate) fn of(values: u32) -> Self {
        let equal = values.max(1) as f32;
        Self { equal, alike: equal.powf(LIKENESS_BY_VALUES), popular: false }
    }

    /// For a value whose name is popular, or not.
    pub(crate) const fn about(self, popular: bool) -> Self {
        Self { popular, ..self }
    }
}

/// What one shared feature says, in nats; never less than nothing.
pub(crate) fn evidence(rule: u8, counts: Counts) -> f32 {
    let typical = ALL.get(usize::from(rule)).map_or(1.0, |rule| rule.typical);
    let Counts { common, size, having, total, asking } = counts;
    let inside = common as f32 / (size as f32 + UNSEEN);
    let crowd = if rule == SAME_VALUE { 0 } else { having.saturating_sub(CROWD) };
    let others = having.saturating_sub(common).max(crowd);
    let elsewhere = (others as f32 + 1.0) / (total.saturating_sub(size) as f32 + typical);
    let times = if rule == SAME_VALUE { asking.equal } else { asking.alike };
    // A path on a popular host is as rare as any other.
    let popular = asking.popular && aspect(rule) == Aspect::Place;
    let chance = (elsewhere * times * if popular { POPULAR } else { 1.0 }).min(1.0);
    let most = if aspect(rule) == Aspect::Told { TOLD_MAX } else { EVIDENCE_MAX };
    // By mere likeness a crowd has even less in common.
    let times = if rule > OWNED { (having as f32 / CROWD as f32).max(1.0) } else { 1.0 };
    (inside / (chance * times)).ln().clamp(0.0, most)
}

/// Evidence for one campaign, by rule: the strongest, and all together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    best: [f32; RULES],
    all: [f32; RULES],
}

impl Default for Sum {
    fn default() -> Self {
        Self { best: [0.0; RULES], all: [0.0; RULES] }
    }
}

impl Sum {
    /// Adds what one value says under a rule.
    pub(crate) fn add(&mut self, rule: u8, evidence: f32) {
        let rule = usize::from(rule);
        if let (Some(best), Some(all)) = (self.best.get_mut(rule), self.all.get_mut(rule)) {
            *best = best.max(evidence);
            *all += evidence;
        }
    }

    /// The evidence of each rule: the strongest, and more by the logarithm of how much there is beside it. Values that share
    /// one thing tend to share it for one reason, so that a hundred of them are not a hundred times as sure.
    pub(crate) fn by_rule(&self) -> [f32; RULES] {
        let mut sums = [0.0; RULES];
        for (((sum, best), all), rule) in sums.iter_mut().zip(self.best).zip(self.all).zip(&ALL) {
            if best > 0.0 {
                *sum = best * (1.0 + (all / best).ln());
            }
            if rule.aspect == Aspect::Told {
                *sum = sum.min(TOLD_MAX);
            }
        }
        sums
    }

    /// Log-odds that a report belongs to a campaign that was last seen `days` ago, where it says so much that it is `young`, and what it
    /// shares `cover`s it so well.
    pub(crate) fn log_odds(&self, weights: &Weights, days: f32, young: f32, cover: f32) -> f32 {
        let time = weights.quiet * days.max(0.0).ln_1p() + young;
        let context = weights.bias + time + weights.cover * cover;
        self.by_rule().iter().zip(&weights.rules).fold(context, |sum, (evidence, weight)| sum + weight * evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::TAG;

    fn of(common: u32, size: u32, having: u32, total: u32) -> f32 {
        evidence(SAME_VALUE, Counts { common, size, having, total, asking: Asking::of(1) })
    }

    #[test]
    fn rare_says_much_and_what_everybody_has_says_nothing() {
        assert!(of(1, 1, 1, 10_000) > 6.0);
        assert!(of(1, 1, 5_000, 10_000) < 1.0);
        assert!(of(9, 10, 9, 10_000) > of(1, 10, 9, 10_000));
        assert_eq!(of(1, 100, 10_000, 10_000), 0.0);
        // Before anything was seen a value is taken to be as rare as its kind is.
        assert!(of(1, 1, 1, 1) > 6.0);
    }

    #[test]
    fn what_a_crowd_came_by_says_nothing_however_few_others_have_it() {
        let of = |rule, having| {
            let counts = Counts { common: having, size: having, having, total: 50_000, asking: Asking::of(2) };
            evidence(rule, counts)
        };
        let zone = u8::try_from(ALL.iter().position(|rule| rule.name == "shared-zone").unwrap()).unwrap();
        // A campaign that has all of it: up to sixty-four reports each of them makes it surer, beyond them less so.
        assert!(of(zone, CROWD) > 8.0, "{}", of(zone, CROWD));
        assert!(of(zone, 300) < of(zone, 150) && of(zone, 150) < of(zone, CROWD));
        assert!(of(zone, 1_000) < 1.0, "{}", of(zone, 1_000));
        assert!(of(URL_HOST, 1_000) < of(URL_HOST, CROWD) - 3.0);
        assert_eq!(of(SAME_VALUE, 1_000), of(SAME_VALUE, CROWD));
    }

    #[test]
    fn a_popular_name_says_less_and_not_nothing_and_a_path_on_it_as_much_as_any() {
        let of = |rule, popular| {
            let asking = Asking::of(3).about(popular);
            evidence(rule, Counts { common: 1, size: 2, having: 1, total: 1_000, asking })
        };
        let less = of(SAME_VALUE, false) - of(SAME_VALUE, true);
        assert!((less - POPULAR.ln()).abs() < 1e-3 && of(SAME_VALUE, true) > 4.0, "{less}");
        let path = u8::try_from(ALL.iter().position(|rule| rule.name == "url-path").unwrap()).unwrap();
        assert_eq!(of(path, false), of(path, true));
    }

    #[test]
    fn tags_alone_never_link_however_rare_and_many_they_are() {
        let weights = Weights::default();
        let told = evidence(TAG, Counts { common: 1, size: 1, having: 1, total: 1_000_000, asking: Asking::of(1) });
        let mut sum = Sum::default();
        (0..8).for_each(|_| sum.add(TAG, told));
        assert!(told > 2.9 && sum.log_odds(&weights, 0.0, 0.0, 0.0) < weights.join);
        assert_eq!(evidence(TAG, Counts { common: 3, size: 9, having: 500, total: 1_000, asking: Asking::of(1) }), 0.0);
    }

    #[test]
    fn more_of_one_rule_says_more_but_ever_less() {
        let sum = |n: usize| {
            let mut sum = Sum::default();
            (0..n).for_each(|_| sum.add(SAME_VALUE, 4.0));
            sum.by_rule()[usize::from(SAME_VALUE)]
        };
        assert_eq!(sum(1), 4.0);
        assert!(sum(2) > 1.5 * sum(1) && sum(2) < 2.0 * sum(1));
        assert!(sum(1_000) < 8.0 * sum(1));
    }

    #[test]
    fn beyond_a_number_of_reports_a_campaign_is_no_harder_to_merge() {
        let weights = Weights::default();
        assert!(weights.bridge(MERGE_SIZE_MAX) > weights.bridge(MERGE_SIZE_MAX - 1));
        assert_eq!(weights.bridge(MERGE_SIZE_MAX), weights.bridge(100_000));
    }
}
