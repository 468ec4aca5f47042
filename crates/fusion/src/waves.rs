//! Waves: one campaign hits several members within hours.

use std::collections::VecDeque;

use model::Timestamp;

use crate::cluster::Distinct;

/// Within how long members are hit that make a wave, in milliseconds: six hours. See decision 0123.
pub const SPAN_MILLIS: i64 = 6 * 60 * 60 * 1_000;
/// Members that make a wave.
pub(crate) const MEMBERS: u32 = 4;
/// Members that make one of a campaign that began within the span: an old one is met by chance sooner.
pub(crate) const MEMBERS_NEW: u32 = 3;
/// Members whose latest hit is kept: a wave of more is known to be one.
const KEPT_MAX: usize = 64;

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
}

impl Recent {
    pub(crate) fn push(&mut self, hit: Hit) {
        let same = |held: &Hit| (held.window, held.token) == (hit.window, hit.token);
        if let Some(place) = self.hits.iter().position(same) {
            if self.hits.get(place).is_some_and(|held| held.at >= hit.at) {
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
        other.hits.into_iter().for_each(|hit| self.push(hit));
        self.told = self.told.max(other.told);
        self.began = self.began.max(other.began);
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

    /// Members that were hit within the span before a time, and the earliest of their latest hits, if that is a wave which was not told yet.
    /// A wave that goes on is told once: another one begins after a span without any.
    pub(crate) fn wave(&mut self, at: Timestamp, first_seen: Timestamp) -> Option<(u32, Timestamp)> {
        let told = self.told.is_some_and(|told| at.millis_since(told) <= SPAN_MILLIS);
        let mut distinct = Distinct::default();
        let within = self.hits.iter().filter(|hit| at.millis_since(hit.at) <= SPAN_MILLIS);
        within.clone().for_each(|hit| distinct.add(hit.window, hit.token));
        let members = distinct.count();
        let new = at.millis_since(first_seen) <= SPAN_MILLIS;
        if members < if new { MEMBERS_NEW } else { MEMBERS } {
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
}
