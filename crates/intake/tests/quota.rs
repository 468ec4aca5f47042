//! Quotas: each principal's own, with a wait that is true and tells nothing of others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use intake::Quota;
use model::{OrganisationId, Timestamp};

fn firm(n: u32) -> OrganisationId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&n.to_le_bytes());
    OrganisationId::from_bytes(bytes)
}

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn whoever_waits_as_told_gets_through_and_not_before() {
    for (burst, per_second, reports) in [(10.0, 2.0, 1), (10.0, 0.5, 7), (1.0, 1.0, 1)] {
        let quota = Quota::new(burst, per_second);
        while quota.take(firm(1), reports, at(0)).is_ok() {}
        let wait = quota.take(firm(1), reports, at(0)).unwrap_err();
        assert!(wait >= 1, "a wait of no second is none");
        assert!(quota.take(firm(1), reports, at(wait * 1_000 - 1_000)).is_err(), "{wait} s was too long a wait");
        assert_eq!(quota.take(firm(1), reports, at(wait * 1_000)), Ok(()), "{wait} s was too short a wait");
    }
}

#[test]
fn what_others_send_changes_nobodys_answers() {
    let alone = Quota::new(5.0, 1.0);
    let crowded = Quota::new(5.0, 1.0);
    for step in 0..200_i64 {
        for other in 2..20 {
            let _ = crowded.take(firm(other), 3, at(step * 100));
        }
        let reports = u32::try_from(step % 3 + 1).unwrap();
        assert_eq!(alone.take(firm(1), reports, at(step * 100)), crowded.take(firm(1), reports, at(step * 100)));
    }
}

#[test]
fn a_refusal_costs_nothing_and_a_clock_that_goes_back_gives_nothing() {
    let quota = Quota::new(2.0, 1.0);
    assert_eq!(quota.take(firm(1), 2, at(10_000)), Ok(()));
    for _ in 0..50 {
        assert_eq!(quota.take(firm(1), 1, at(10_000)), Err(1));
    }
    assert_eq!(quota.take(firm(1), 1, at(0)), Err(1));
    assert_eq!(quota.take(firm(1), 1, at(11_000)), Ok(()), "an hour that was lived once is counted once at most");
}

#[test]
fn a_crowd_of_principals_takes_nobodys_debt_away() {
    let quota = Quota::new(2.0, 1.0);
    assert_eq!(quota.take(firm(1), 2, at(0)), Ok(()));
    for other in 2..50_010 {
        assert_eq!(quota.take(firm(other), 1, at(0)), Ok(()));
    }
    assert_eq!(quota.take(firm(1), 1, at(0)), Err(1));
}
