//! Sources that were limited: whoever filed a certain case may send less for a while. It lies in memory alone, and is asked by nobody
//! but the vault when that source sends.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::{OrganisationId, Timestamp};

/// How long a source is limited.
pub const LIMITED_MILLIS: i64 = 24 * 3_600_000;
/// A limited source may send one report in so long a time. One goes at once: an attack can always be told.
pub const LIMITED_REPORT_MILLIS: i64 = 15 * 60_000;

struct Limit {
    until: Timestamp,
    /// From when on the next report may come.
    next: Timestamp,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Limits(Mutex<HashMap<OrganisationId, Limit>>);

/// Seconds until a moment, as a sender is told them: a wait that is true.
fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.millis_since(from).max(1).div_euclid(1_000) + i64::from(to.millis_since(from).max(1) % 1_000 != 0)
}

impl Limits {
    /// Limits a source from a moment on. One that is limited already is so for longer, and sends no more for it.
    pub(crate) fn limit(&self, source: OrganisationId, at: Timestamp) {
        let mut limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        limits.retain(|_, limit| at < limit.until);
        let until = at.plus_millis(LIMITED_MILLIS);
        let limit = limits.entry(source).or_insert(Limit { until, next: at });
        limit.until = limit.until.max(until);
    }

    /// Takes so many reports of a source at a moment, or gives the seconds to wait.
    ///
    /// # Errors
    /// The seconds after which it is worth trying again: several at once only when the limit is over.
    pub(crate) fn take(&self, source: OrganisationId, reports: usize, now: Timestamp) -> Result<(), i64> {
        let mut limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(limit) = limits.get_mut(&source).filter(|limit| now < limit.until) else { return Ok(()) };
        if reports > 1 {
            return Err(seconds(now, limit.until));
        }
        if now < limit.next {
            return Err(seconds(now, limit.next.min(limit.until)));
        }
        limit.next = now.plus_millis(LIMITED_REPORT_MILLIS);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limited_source_sends_one_report_at_a_time_for_a_day_and_others_are_as_before() {
        let limits = Limits::default();
        let (one, other) = (OrganisationId::from_bytes([1; 16]), OrganisationId::from_bytes([2; 16]));
        let at = Timestamp::from_millis;
        limits.limit(one, at(500));
        assert_eq!(limits.take(one, 1, at(500)), Ok(()), "an attack can always be told");
        assert_eq!(limits.take(one, 1, at(500)), Err(900));
        assert_eq!(limits.take(one, 1, at(899_600)), Err(1), "the wait is never told too short");
        assert_eq!(limits.take(one, 1, at(900_500)), Ok(()));
        assert_eq!(limits.take(one, 2, at(86_399_500)), Err(1), "several wait until the limit is over");
        for many in [1, 500] {
            assert_eq!(limits.take(other, many, at(600)), Ok(()));
        }
        // Limited once more, it is so for longer and sends no more for it.
        limits.limit(one, at(900_600));
        assert_eq!(limits.take(one, 1, at(900_600)), Err(900));
        assert_eq!(limits.take(one, 2, at(900_600)), Err(86_400));
        for _ in 0..3 {
            assert_eq!(limits.take(one, 300, at(900_600 + LIMITED_MILLIS)), Ok(()));
        }
    }
}
