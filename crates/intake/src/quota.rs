//! How much one principal may send: counted in memory, logged nowhere, and the wait told is the principal's own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::{OrganisationId, Timestamp};
use policy::planted::{self, Leak};

/// Buckets that all members share, for a planted leak.
const SHARDS: u8 = 4;

/// Principals whose buckets are kept; with more, the full ones go.
const BUCKETS_MAX: usize = 50_000;

/// A token bucket for each organisation, in reports.
pub struct Quota {
    burst: f64,
    per_second: f64,
    buckets: Mutex<HashMap<OrganisationId, (f64, Timestamp)>>,
}

impl Quota {
    /// 20,000 reports at once, then 2,000 a second: far above any firm's busiest hour, far below what would starve others.
    #[must_use]
    pub fn standard() -> Self {
        Self::new(20_000.0, 2_000.0)
    }

    /// A quota of `burst` reports and `per_second` from then on.
    #[must_use]
    pub fn new(burst: f64, per_second: f64) -> Self {
        Self { burst, per_second, buckets: Mutex::default() }
    }

    /// Takes `reports` from an organisation's bucket; if it is empty, the seconds to wait.
    ///
    /// # Errors
    /// The seconds after which it is worth trying again.
    pub fn take(&self, organisation: OrganisationId, reports: u32, now: Timestamp) -> Result<(), i64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            let (burst, per_second) = (self.burst, self.per_second);
            buckets.retain(|_, (left, at)| *left + now.millis_since(*at) as f64 / 1e3 * per_second < burst);
        }
        // In the build that plants leaks, several share a bucket: others' sending shows in one's own wait.
        let whose = if planted::is_on(Leak::SharedQuota) {
            OrganisationId::from_bytes([0xff; 16])
        } else if planted::is_on(Leak::ShardedQuota) {
            OrganisationId::from_bytes([organisation.as_bytes().iter().fold(0, |a, b| a ^ b) % SHARDS; 16])
        } else {
            organisation
        };
        let (left, at) = buckets.entry(whose).or_insert((self.burst, now));
        *left = (*left + now.millis_since(*at).max(0) as f64 / 1e3 * self.per_second).min(self.burst);
        *at = now;
        let wanted = f64::from(reports.max(1));
        if *left >= wanted {
            *left -= wanted;
            return Ok(());
        }
        Err(((wanted - *left) / self.per_second).ceil().max(1.0) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_bucket_and_it_fills_again() {
        let quota = Quota::new(2.0, 1.0);
        let (a, b) = (OrganisationId::from_bytes([1; 16]), OrganisationId::from_bytes([2; 16]));
        let at = Timestamp::from_millis;
        assert_eq!(quota.take(a, 2, at(0)), Ok(()));
        assert_eq!(quota.take(a, 1, at(0)), Err(1));
        assert_eq!(quota.take(b, 1, at(0)), Ok(()));
        assert_eq!(quota.take(a, 1, at(1_000)), Ok(()));
        assert_eq!(quota.take(a, 5, at(1_000)), Err(5));
    }
}
