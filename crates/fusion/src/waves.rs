//! Waves: one campaign hits several members within hours.

use std::collections::VecDeque;

use model::Timestamp;

use crate::cluster::Distinct;

/// Within how long members are hit that make a wave, in milliseconds: six hours. See decision 0123.
pub const SPAN_MILLIS: i64 = 6 * 60 * 60 * 1_000;
/// Fewest members that make a wave.
pub(crate) const MEMBERS: u32 = 4;
/// Members that make one of a campaign that began within the span: an old one is met by chance sooner.
pub(crate) const MEMBERS_NEW: u32 = 3;
/// By how much a wave is more than chance brings: so many standard deviations (of a Poisson distribution), and members.
const DEVIATIONS: f32 = 4.0;
const MEMBERS_MORE: f32 = 2.0;
/// A campaign's pace is taken over no less than this, in milliseconds: a week. Of a day nothing is known yet.
const PACE_MILLIS_MIN: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Members whose latest hit is kept: a wave of more is known to be one.
const KEPT_MAX: usize = 64;

/// Whether two times are no further apart than a wave lasts.
pub(crate) fn is_within(one: Timestamp, other: Timestamp) -> bool {
    one.millis_since(other).abs() <= SPAN_MILLIS
}

/// A report of a campaign, as waves see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub(crate) at: Timestamp,
    pub(crate) window: u32,
    pub(crate) token: u32,
}

/// The latest hit of each member, in the order of their times: whoever sends a thousand reports pushes nobody out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recent {
    hits: VecDeque<Hit>,
    /// When the campaign was last found to be one wave, if it was.
    told: Option<Timestamp>,
    /// When the last wave was found first: that alone is told.
    began: Option<Timestamp>,
    /// Hits in all; those of one member within the span, one after the other, are one.
    bouts: u32,
    /// Those of them that came within the span after another member's: what a member meets alone, however often, is none.
    beside: u32,
}

impl Recent {
    pub(crate) fn push(&mut self, hit: Hit) {
        let same = |held: &Hit| (held.window, held.token) == (hit.window, hit.token);
        let known = self.hits.iter().position(same).and_then(|place| Some((place, self.hits.get(place)?.at)));
        let anew = known.is_none_or(|(_, last)| !is_within(last, hit.at));
        if anew {
            let beside = self.hits.iter().any(|held| !same(held) && is_within(held.at, hit.at));
            self.bouts = self.bouts.saturating_add(1);
            self.beside = self.beside.saturating_add(u32::from(beside));
        }
        if let Some((place, last)) = known {
            if last >= hit.at {
                return;
            }
            self.hits.remove(place);
        }
        let place = self.hits.partition_point(|held| *held <= hit);
        self.hits.insert(place, hit);
        self.trim();
    }

    /// The token of the latest hit, or 0: read so that its line of memory is at hand.
    pub(crate) fn latest(&self) -> usize {
        self.hits.back().map_or(0, |hit| hit.token as usize)
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        // Those that are kept count as they come in: who is in both parts counts once.
        let kept = u32::try_from(other.hits.len()).unwrap_or(u32::MAX);
        self.bouts = self.bouts.saturating_add(other.bouts.saturating_sub(kept));
        self.beside = self.beside.saturating_add(other.beside.saturating_sub(kept));
        other.hits.into_iter().for_each(|hit| self.push(hit));
        self.told = self.told.max(other.told);
        self.began = self.began.max(other.began);
    }

    /// A hit never was. Of its member's other ones the last is known, and whether one was within the span; so is whether another
    /// member's was.
    pub(crate) fn remove(&mut self, hit: Hit, last: Option<Timestamp>, near: bool, beside: bool) {
        if !near {
            self.bouts = self.bouts.saturating_sub(1);
            self.beside = self.beside.saturating_sub(u32::from(beside));
        }
        let Some(place) = self.hits.iter().position(|held| *held == hit) else { return };
        self.hits.remove(place);
        if let Some(at) = last {
            let hit = Hit { at, ..hit };
            let place = self.hits.partition_point(|held| *held <= hit);
            self.hits.insert(place, hit);
            self.trim();
        }
    }

    /// A wave that was told of a whole stays told of a part in which enough of the members are.
    pub(crate) fn keep_told(&mut self, whole: &Self) {
        let Some(told) = whole.told else { return };
        let within = self.hits.iter().filter(|hit| is_within(hit.at, told)).count();
        if within >= MEMBERS_NEW as usize {
            (self.told, self.began) = (whole.told, whole.began);
        }
    }

    /// When the last wave was found, if one was.
    pub(crate) const fn began(&self) -> Option<Timestamp> {
        self.began
    }

    fn trim(&mut self) {
        let Some(last) = self.hits.back().map(|hit| hit.at) else { return };
        let old = self.hits.partition_point(|hit| last.millis_since(hit.at) > SPAN_MILLIS);
        let over = self.hits.len().saturating_sub(KEPT_MAX);
        self.hits.drain(..old.max(over));
    }

    /// How many members within the span are more than chance brings to a campaign that was met at such a pace before these.
    fn more_than_chance(&self, members: u32, at: Timestamp, first_seen: Timestamp) -> u32 {
        let age = at.millis_since(first_seen).max(PACE_MILLIS_MIN);
        let spans = SPAN_MILLIS as f32 / age as f32;
        let all = self.bouts.saturating_sub(members) as f32 * spans;
        // Of hits that come by chance at a pace of p in a span, p (1 - exp(-p)) come after another one within it: no more than p squared. Whoever
        // hits in every span makes the first of the two large, and the second only where others hit as well.
        let beside = self.beside.saturating_sub(members) as f32 * spans;
        let usual = all.min(beside.sqrt().max(beside));
        MEMBERS.max((usual + DEVIATIONS * usual.sqrt() + MEMBERS_MORE).ceil() as u32)
    }

    /// Members that were hit within the span before a time, and the earliest of their latest hits, if that is a wave which was not told yet.
    /// A wave that goes on is told once: another one begins after a span without any.
    pub(crate) fn wave(&mut self, at: Timestamp, first_seen: Timestamp) -> Option<(u32, Timestamp)> {
        let told = self.told.is_some_and(|told| at.millis_since(told) <= SPAN_MILLIS);
        let mut distinct = Distinct::default();
        let within = self.hits.iter().filter(|hit| at.millis_since(hit.at) <= SPAN_MILLIS);
        within.clone().for_each(|hit| distinct.add(hit.window, hit.token));
        let members = distinct.count();
        let new = at.millis_since(first_seen) <= SPAN_MILLIS;
        if members < if new { MEMBERS_NEW } else { self.more_than_chance(members, at, first_seen) } {
            return None;
        }
        let first = within.map(|hit| hit.at).next()?;
        self.told = Some(at);
        if told {
            return None;
        }
        self.began = Some(at);
        Some((members, first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * 60 * 1_000;

    fn told(hits: &[(i64, u32)], first_seen: i64) -> Vec<Option<u32>> {
        let mut recent = Recent::default();
        let at = |hours: i64| Timestamp::from_millis(hours * HOUR);
        hits.iter()
            .map(|(hours, token)| {
                recent.push(Hit { at: at(*hours), window: 1, token: *token });
                recent.wave(at(*hours), at(first_seen)).map(|(members, _)| members)
            })
            .collect()
    }

    #[test]
    fn a_new_campaign_needs_three_members_and_an_old_one_four() {
        assert_eq!(told(&[(0, 1), (1, 2), (2, 3)], 0), [None, None, Some(3)]);
        assert_eq!(told(&[(100, 1), (101, 2), (102, 3), (103, 4)], 0), [None, None, None, Some(4)]);
    }

    #[test]
    fn a_campaign_that_everybody_meets_needs_more_than_it_meets_within_six_hours_anyway() {
        // A member every hour for a month, forty of them in turn: six within the span.
        let month: Vec<(i64, u32)> = (0..720).map(|hour| (hour, hour as u32 % 40)).collect();
        let begun = told(&month, 0);
        assert_eq!(begun.iter().flatten().count(), 1, "as it began");
        let burst = |n: u32| {
            let hits: Vec<(i64, u32)> = month.iter().copied().chain((0..n).map(|n| (725, 100 + n))).collect();
            told(&hits, 0).into_iter().skip(month.len()).flatten().next()
        };
        assert_eq!(burst(12), None);
        // It meets six anyway; that, four times the root of it and two more are eighteen.
        assert_eq!(burst(25), Some(18));
        // After a quiet month four are a wave again.
        let later = |n: u32| (0..n).map(|n| (2_000, 100 + n));
        let quiet: Vec<(i64, u32)> = month.iter().copied().take(20).chain(later(4)).collect();
        assert_eq!(told(&quiet, 0).last(), Some(&Some(4)));
    }

    #[test]
    fn one_member_that_floods_makes_no_campaign_look_as_if_everybody_met_it() {
        let flood = std::iter::repeat_n((100, 3), 1_000);
        let hits: Vec<(i64, u32)> = [(0, 1)].into_iter().chain(flood).chain([(101, 4), (101, 5), (101, 6)]).collect();
        assert_eq!(told(&hits, 0).last(), Some(&Some(4)));
    }

    #[test]
    fn one_member_that_reports_without_end_hides_no_wave_of_others() {
        let month = (0..=720).step_by(6).map(|hour| (hour, 3));
        let burst = |n: u32| {
            let hits: Vec<(i64, u32)> = [(0, 1)].into_iter().chain(month.clone()).collect();
            let hits: Vec<_> = hits.into_iter().chain((0..n).map(|n| (721, 100 + n))).collect();
            told(&hits, 0).last().copied().flatten()
        };
        // Its own hit is one of the four.
        assert_eq!((burst(2), burst(3)), (None, Some(4)));
    }

    #[test]
    fn one_member_makes_none_and_neither_do_hits_that_are_far_apart() {
        assert_eq!(told(&[(0, 1); 100], 0), [None; 100]);
        assert_eq!(told(&[(0, 1), (7, 2), (14, 3), (21, 4), (28, 5)], 0), [None; 5]);
    }

    #[test]
    fn one_member_that_floods_a_campaign_hides_no_wave() {
        let flood = std::iter::repeat_n((1, 3), 2 * KEPT_MAX);
        let hits: Vec<(i64, u32)> = [(0, 1), (1, 3)].into_iter().chain(flood).chain([(2, 2)]).collect();
        assert_eq!(told(&hits, 0).last(), Some(&Some(3)));
    }

    #[test]
    fn a_wave_is_told_once_and_another_one_when_it_was_over() {
        let hits = [(0, 1), (0, 2), (0, 3), (1, 4), (5, 5), (30, 1), (30, 2), (30, 3), (31, 4)];
        let once = [None, None, Some(3), None, None, None, None, None, Some(4)];
        assert_eq!(told(&hits, 0), once);
        let mut recent = Recent::default();
        for (hours, token) in hits {
            let at = Timestamp::from_millis(hours * HOUR);
            recent.push(Hit { at, window: 1, token });
            recent.wave(at, Timestamp::from_millis(0));
            let began = if hours < 31 { Some(0).filter(|_| token > 2 || hours > 0) } else { Some(31) };
            assert_eq!(recent.began(), began.map(|hours| Timestamp::from_millis(hours * HOUR)), "{hours} {token}");
        }
    }

    #[test]
    fn a_hit_that_is_taken_out_is_as_one_that_never_was() {
        let hit = |hours: i64, token| Hit { at: Timestamp::from_millis(hours * HOUR), window: 1, token };
        let hits = [hit(0, 1), hit(7, 2), hit(9, 1), hit(26, 3), hit(27, 1), hit(28, 2), hit(31, 1)];
        let of = |hits: &[Hit]| {
            let mut recent = Recent::default();
            hits.iter().for_each(|hit| recent.push(*hit));
            recent
        };
        for (place, gone) in hits.iter().enumerate().skip(1) {
            let rest: Vec<Hit> = hits.iter().copied().filter(|hit| hit != gone).collect();
            let is_near = |hit: &&Hit| is_within(hit.at, gone.at);
            let (of_member, of_others): (Vec<Hit>, Vec<Hit>) = rest.iter().partition(|hit| hit.token == gone.token);
            let last = of_member.iter().map(|hit| hit.at).max();
            let mut left = of(&hits);
            left.remove(
                *gone,
                last,
                of_member.iter().any(|hit| is_near(&hit)),
                of_others.iter().any(|hit| is_near(&hit)),
            );
            let never = of(&rest);
            let known = |of: &Recent| {
                let at = of.hits.back().map_or(0, |hit| hit.at.as_millis());
                let within: Vec<Hit> =
                    of.hits.iter().copied().filter(|hit| at - hit.at.as_millis() < SPAN_MILLIS).collect();
                (within, of.bouts)
            };
            assert_eq!(known(&left), known(&never), "{place}");
            assert!(left.beside.abs_diff(never.beside) <= 1, "{place}");
        }
    }

    #[test]
    fn a_wave_stays_told_of_a_part_with_three_of_its_members_and_of_no_smaller_one() {
        let at = Timestamp::from_millis(HOUR);
        let of = |tokens: std::ops::Range<u32>| {
            let mut recent = Recent::default();
            tokens.for_each(|token| recent.push(Hit { at, window: 1, token }));
            recent
        };
        let mut whole = of(0..5);
        assert_eq!(whole.wave(at, at), Some((5, at)));
        let (mut three, mut two) = (of(0..3), of(3..5));
        three.keep_told(&whole);
        two.keep_told(&whole);
        assert_eq!((three.began(), two.began()), (Some(at), None));
        assert_eq!(three.wave(at, at), None, "it is not told again");
    }

    #[test]
    fn the_parts_of_a_campaign_count_together_once_they_are_one() {
        let at = Timestamp::from_millis(HOUR);
        let hit = |token| Hit { at, window: 1, token };
        let (mut one, mut other) = (Recent::default(), Recent::default());
        [1, 2].into_iter().for_each(|token| one.push(hit(token)));
        [2, 3].into_iter().for_each(|token| other.push(hit(token)));
        assert_eq!(one.wave(at, at), None);
        one.absorb(other);
        assert_eq!(one.wave(at, at), Some((3, at)));
    }

    #[test]
    fn one_member_that_reports_every_seven_hours_hides_no_wave_of_others() {
        let month = (0..=103).map(|n| (n * 7, 3));
        let hits: Vec<(i64, u32)> = month.chain((0..3).map(|n| (722, 100 + n))).collect();
        assert_eq!(told(&hits, 0).last(), Some(&Some(4)));
    }

    #[test]
    fn a_wave_that_a_smaller_campaign_was_is_not_told_again_of_the_larger() {
        let at = Timestamp::from_millis(HOUR);
        let (mut small, mut large) = (Recent::default(), Recent::default());
        (0..3).for_each(|token| small.push(Hit { at, window: 1, token }));
        (3..9).for_each(|token| large.push(Hit { at, window: 1, token }));
        assert_eq!(small.wave(at, at), Some((3, at)));
        large.absorb(small);
        assert_eq!((large.wave(at, at), large.began()), (None, Some(at)));
    }

    #[test]
    fn however_many_members_are_hit_few_are_kept() {
        let mut recent = Recent::default();
        (0..1_000).for_each(|token| recent.push(Hit { at: Timestamp::from_millis(HOUR), window: 1, token }));
        assert_eq!(recent.hits.len(), KEPT_MAX);
    }
}
