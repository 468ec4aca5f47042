//! How much is taken from people without an account: by network and in all, counted in bounded memory under keys that lead
//! back to no address.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};

use model::Timestamp;

/// Networks that are counted at once; while there are more, a further one waits.
const NETWORKS_MAX: usize = 10_000;
/// How often those that have all of theirs left are looked for.
const LOOK_MILLIS: i64 = 1_000;

/// Reports of one network: five at once, then one in five minutes.
const REPORTS: (f64, f64) = (5.0, 1.0 / 300.0);
/// Reports of all networks together: thirty at once, then one in five seconds. What the cell has not read is bounded besides.
const REPORTS_OF_ALL: (f64, f64) = (30.0, 0.2);
/// What anybody is told who has to wait with a report, in seconds.
const WAIT_SECS: i64 = 300;
/// Codes that are tried from one network: thirty at once, then one in five seconds.
const TRIES: (f64, f64) = (30.0, 0.2);

struct Held {
    left: HashMap<u64, (f64, Timestamp)>,
    looked: Timestamp,
}

/// Buckets by name.
struct Rates {
    burst: f64,
    per_second: f64,
    names: RandomState,
    held: Mutex<Held>,
}

impl Rates {
    fn new((burst, per_second): (f64, f64)) -> Self {
        let held = Held { left: HashMap::new(), looked: Timestamp::default() };
        Self { burst, per_second, names: RandomState::new(), held: Mutex::new(held) }
    }

    fn now(&self, (left, at): (f64, Timestamp), now: Timestamp) -> f64 {
        (left + now.millis_since(at).max(0) as f64 / 1e3 * self.per_second).min(self.burst)
    }

    /// Whether there is one to take.
    fn has(&self, name: &str, now: Timestamp) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.left.get(&self.names.hash_one(name)).is_none_or(|bucket| self.now(*bucket, now) >= 1.0)
    }

    /// Gives back one that was of no use.
    fn give_back(&self, name: &str) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((left, _)) = held.left.get_mut(&self.names.hash_one(name)) {
            *left = (*left + 1.0).min(self.burst);
        }
    }

    /// Takes one, or says how many seconds to wait.
    fn take(&self, name: &str, now: Timestamp) -> Result<(), i64> {
        let key = self.names.hash_one(name);
        let held = &mut *self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.left.contains_key(&key) && held.left.len() >= NETWORKS_MAX {
            if (0..LOOK_MILLIS).contains(&now.millis_since(held.looked)) {
                return Err(1);
            }
            held.looked = now;
            held.left.retain(|_, bucket| self.now(*bucket, now) < self.burst);
            if held.left.len() >= NETWORKS_MAX {
                return Err(1);
            }
        }
        let bucket = held.left.entry(key).or_insert((self.burst, now));
        let left = self.now(*bucket, now);
        let taken = left >= 1.0;
        *bucket = (if taken { left - 1.0 } else { left }, now);
        if taken { Ok(()) } else { Err(((1.0 - left) / self.per_second).ceil().max(1.0) as i64) }
    }
}

/// See the module.
pub(crate) struct Outsiders {
    reports: Rates,
    of_all: Rates,
    tries: Rates,
}

impl Default for Outsiders {
    fn default() -> Self {
        Self { reports: Rates::new(REPORTS), of_all: Rates::new(REPORTS_OF_ALL), tries: Rates::new(TRIES) }
    }
}

impl Outsiders {
    /// Takes one report, or says how many seconds to wait: always the same number, since what others have sent is nobody's to
    /// read from it. A network that has none left takes nothing from the others, nor they from it.
    pub(crate) fn take_report(&self, network: &str, now: Timestamp) -> Result<(), i64> {
        if !self.of_all.has("", now) {
            return Err(WAIT_SECS);
        }
        self.reports.take(network, now).and_then(|()| self.of_all.take("", now)).map_err(|_| WAIT_SECS)
    }

    /// A report that was taken could not be stored.
    pub(crate) fn give_back_report(&self, network: &str) {
        self.reports.give_back(network);
        self.of_all.give_back("");
    }

    /// Takes one try of a code, right or wrong, or says how many seconds to wait.
    pub(crate) fn take_try(&self, network: &str, now: Timestamp) -> Result<(), i64> {
        self.tries.take(network, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(i64) -> Timestamp = Timestamp::from_millis;

    #[test]
    fn each_network_has_its_own_and_all_together_are_bounded() {
        let outsiders = Outsiders::default();
        for _ in 0..5 {
            assert_eq!(outsiders.take_report("a", AT(0)), Ok(()));
        }
        for _ in 0..100 {
            assert_eq!(outsiders.take_report("a", AT(0)), Err(300));
        }
        let others = (0..100).filter(|n| outsiders.take_report(&format!("b{n}"), AT(0)).is_ok()).count();
        assert_eq!(others, 25, "what one network was refused took nothing from the others");
        assert_eq!(outsiders.take_report("a", AT(300_000)), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_those_who_are_counted_go_on() {
        let rates = Rates::new((2.0, 1.0));
        assert_eq!(rates.take("first", AT(5_000)), Ok(()));
        for n in 0..NETWORKS_MAX * 2 {
            let _ = rates.take(&n.to_string(), AT(5_000));
        }
        assert_eq!(rates.held.lock().unwrap().left.len(), NETWORKS_MAX);
        assert_eq!(rates.take("first", AT(5_000)), Ok(()));
        assert_eq!(rates.take("new", AT(5_500)), Err(1));
        assert_eq!(rates.take("new", AT(8_000)), Ok(()), "those that have all of theirs left are forgotten");
    }
}
