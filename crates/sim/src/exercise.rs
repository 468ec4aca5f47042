//! The schedule of an exercise: campaigns that spread between firms amid ordinary noise, for ever, in order of time.

use std::collections::BTreeMap;

use crate::campaign::{Pace, plan};
use crate::noise::ordinary;
use crate::partnership::Partnership;
use crate::random::Random;
use crate::report::Action;
use crate::scenarios::SCENARIOS;

/// When the campaigns of the warm start begin: the wall has something to tell within its first ten seconds.
const WARM_STARTS: [u64; 7] = [200, 700, 1_400, 2_200, 3_200, 24_000, 55_000];
/// Pace of the campaigns of the warm start.
const WARM: Pace = Pace { quick_firms: 7, quick_millis: 700, later_millis: 16_000 };
/// Pace of later campaigns.
const STEADY: Pace = Pace { quick_firms: 3, quick_millis: 4_000, later_millis: 18_000 };
/// Mean time between later campaigns.
const BETWEEN_CAMPAIGNS_MILLIS: u64 = 70_000;
/// Length of a "day" of the exercise, over which ordinary reports rise and fall.
const DAY_MILLIS: u64 = 24 * 60_000;
/// Mean time between ordinary reports: until when, and how long.
const ORDINARY: [(u64, u64); 3] = [(4_000, 90), (12_000, 220), (u64::MAX, 380)];

/// An endless schedule. The same seed gives the same actions.
pub struct Exercise {
    partnership: Partnership,
    random: Random,
    queue: BTreeMap<(u64, u64), Action>,
    queued: u64,
    next_ordinary: u64,
    next_campaign: u64,
    campaigns: usize,
    order: Vec<usize>,
}

impl Exercise {
    /// The exercise of a seed, among the members of [`Partnership::exercise`] of that seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut order: Vec<usize> = (0..SCENARIOS.len()).collect();
        random.shuffle(&mut order);
        Self {
            partnership: Partnership::exercise(seed),
            random,
            queue: BTreeMap::new(),
            queued: 0,
            next_ordinary: 50,
            next_campaign: WARM_STARTS.first().copied().unwrap_or(0),
            campaigns: 0,
            order,
        }
    }

    /// The members.
    #[must_use]
    pub const fn partnership(&self) -> &Partnership {
        &self.partnership
    }

    fn push(&mut self, action: Action) {
        self.queue.insert((action.at_millis, self.queued), action);
        self.queued += 1;
    }

    fn begin_campaign(&mut self) {
        let start = self.next_campaign;
        let scenario = self.order.get(self.campaigns % self.order.len().max(1)).and_then(|&index| SCENARIOS.get(index));
        let pace = if self.campaigns < WARM_STARTS.len() { WARM } else { STEADY };
        if let Some(scenario) = scenario {
            for action in plan(&mut self.random, &self.partnership, scenario, start, pace) {
                self.push(action);
            }
        }
        self.campaigns += 1;
        self.next_campaign = match WARM_STARTS.get(self.campaigns) {
            Some(&next) => next,
            None => start + self.random.around(BETWEEN_CAMPAIGNS_MILLIS).max(10_000),
        };
    }

    fn ordinary_report(&mut self) {
        let at_millis = self.next_ordinary;
        let (organisation, report) = ordinary(&mut self.random, &self.partnership);
        self.push(Action { at_millis, organisation, report });
        let mean = ORDINARY.iter().find(|(until, _)| at_millis < *until).map_or(400, |(_, mean)| *mean);
        // A day rises to noon and falls to midnight, by a third either way.
        let hour = at_millis % DAY_MILLIS;
        let from_noon = hour.abs_diff(DAY_MILLIS / 2);
        let mean = mean * 2 / 3 + mean * 2 * from_noon / (3 * DAY_MILLIS / 2);
        self.next_ordinary += self.random.around(mean).max(1);
    }
}

impl Iterator for Exercise {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        loop {
            let made_until = self.next_ordinary.min(self.next_campaign);
            if let Some(entry) = self.queue.first_entry()
                && entry.key().0 < made_until
            {
                return Some(entry.remove());
            }
            if self.next_campaign <= self.next_ordinary { self.begin_campaign() } else { self.ordinary_report() }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use model::{AttackKind, Kind, Timestamp};

    use super::*;

    const HOUR: u64 = 3_600_000;

    fn bytes(seed: u64, count: usize) -> String {
        Exercise::new(seed)
            .take(count)
            .map(|action| {
                format!(
                    "{} {} {}\n",
                    action.at_millis,
                    action.organisation,
                    action.report.to_json(Timestamp::from_millis(0))
                )
            })
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        assert_eq!(bytes(1, 3000), bytes(1, 3000));
        assert_ne!(bytes(1, 300), bytes(2, 300));
    }

    #[test]
    fn the_schedule_is_in_order_lively_at_first_and_steady_later() {
        let actions: Vec<Action> = Exercise::new(5).take_while(|action| action.at_millis < HOUR).collect();
        assert!(actions.is_sorted_by_key(|action| action.at_millis));
        let between = |from: u64, to: u64| actions.iter().filter(|a| (from..to).contains(&a.at_millis)).count();
        assert!(between(0, 8_000) > 80, "{}", between(0, 8_000));
        let steady = between(HOUR / 2, HOUR) as f64 / 1800.0;
        assert!((1.5..8.0).contains(&steady), "{steady} reports/s");
        let organisations: BTreeSet<usize> = actions.iter().map(|action| action.organisation).collect();
        assert_eq!(organisations.len(), Exercise::new(5).partnership().members.len());
        for what in ["now", "next-epoch", "once-three", "cell-only"] {
            assert!(actions.iter().any(|action| action.report.warn == what), "{what}");
        }
        for what in ["nobody", "cell", "everybody"] {
            assert!(actions.iter().any(|action| action.report.know == what), "{what}");
        }
    }

    #[test]
    fn only_reserved_names_and_addresses_appear() {
        let reserved = |host: &str| host.ends_with(".example") || host.ends_with(".test");
        for action in Exercise::new(9).take(20_000) {
            assert!(!action.report.indicators.is_empty());
            for (kind, value) in &action.report.indicators {
                let fine = match kind {
                    Kind::Domain => reserved(value),
                    Kind::Url => reserved(value.trim_start_matches("https://").split('/').next().unwrap()),
                    Kind::Email => reserved(value.split('@').nth(1).unwrap()),
                    Kind::Ipv4 => {
                        let address: std::net::Ipv4Addr = value.parse().unwrap();
                        let [a, b, ..] = address.octets();
                        address.is_documentation() || a == 198 && (b == 18 || b == 19)
                    }
                    Kind::Ipv6 => value.parse::<std::net::Ipv6Addr>().unwrap().segments()[..2] == [0x2001, 0xdb8],
                    Kind::Sha256 => value.len() == 64,
                    Kind::Md5 | Kind::Ja3 => value.len() == 32,
                    Kind::EmailSubject | Kind::FileName | Kind::Mutex | Kind::UserAgent => true,
                    other => panic!("{other:?}"),
                };
                assert!(fine, "{kind:?} {value}");
            }
        }
    }

    #[test]
    fn campaigns_spread_to_four_firms_and_more_within_ten_seconds_and_begin_for_ever() {
        // Firms that share a value, as fusion would see them, without the everyday values.
        let firms_of = |until: u64| {
            let mut firms: BTreeMap<String, (BTreeSet<usize>, AttackKind)> = BTreeMap::new();
            for action in Exercise::new(11).take_while(|action| action.at_millis < until) {
                for (_, value) in &action.report.indicators {
                    if crate::values::EVERYDAY.iter().all(|(_, everyday)| everyday != value) {
                        firms
                            .entry(value.clone())
                            .or_insert_with(|| (BTreeSet::new(), action.report.attack))
                            .0
                            .insert(action.organisation);
                    }
                }
            }
            firms
        };
        let early: BTreeSet<AttackKind> =
            firms_of(10_000).values().filter(|(firms, _)| firms.len() >= 3).map(|(_, attack)| *attack).collect();
        assert!(early.len() >= 3, "{early:?}");
        let later = firms_of(HOUR);
        assert!(later.values().all(|(firms, _)| firms.len() <= 15));
        let wide = later.values().filter(|(firms, _)| firms.len() >= 4).count();
        assert!(wide > 100, "{wide}");
    }

    #[test]
    fn every_campaign_has_four_to_fifteen_firms_in_several_sectors() {
        let partnership = Partnership::exercise(1);
        let mut random = Random::new(1);
        for scenario in SCENARIOS.iter().cycle().take(90) {
            let actions = plan(&mut random, &partnership, scenario, 0, STEADY);
            let firms: BTreeSet<usize> = actions.iter().map(|action| action.organisation).collect();
            assert!((4..=15).contains(&firms.len()), "{}", firms.len());
            let sectors: BTreeSet<_> = firms.iter().map(|&firm| partnership.members[firm].sector).collect();
            assert!(sectors.len() >= 2 || firms.len() <= 5, "{sectors:?}");
        }
    }
}
