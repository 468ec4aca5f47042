//! What waits until three have it: each report as if it were kept alone, as long as it may wait, and no longer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{BLOCK, Bench, EPOCH, Filed, TICK, by, correction};
use model::{AttackKind, Pap, Tlp, WhoMayBeWarned};
use vault::Act;

const DAY: i64 = 86_400_000;
const WATCH: i64 = policy::Params::EXERCISE.watch_millis;

fn held(firm: u8) -> Filed {
    by(firm, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt)
}

fn amber(firm: u8) -> Filed {
    held(firm).marked(Tlp::Amber, Pap::Green)
}

/// Three more firms have it; the label that members see once it is open.
fn label(bench: &mut Bench) -> String {
    for firm in 101..104 {
        bench.file(held(firm));
    }
    bench.run_to((bench.now() / EPOCH + 1) * EPOCH);
    bench.assert_replays();
    bench.indicator("held.test").unwrap().tlp
}

#[test]
fn a_repeat_waits_as_long_as_if_it_were_the_first() {
    let mut bench = Bench::new();
    bench.file(amber(1));
    bench.tick_at(10 * DAY);
    bench.file(amber(1));
    bench.tick_at(95 * DAY);
    assert_eq!(label(&mut bench), "AMBER");
}

#[test]
fn a_wait_ends_at_its_very_moment_and_another_firms_goes_on() {
    let mut bench = Bench::new();
    bench.file(amber(1));
    bench.tick_at(WATCH - TICK);
    assert_eq!(label(&mut bench), "GREEN", "it had ended at the epoch at which the others open");
    let mut bench = Bench::new();
    bench.file(held(1));
    bench.tick_at(50 * DAY);
    bench.file(amber(2));
    bench.tick_at(91 * DAY);
    assert_eq!(label(&mut bench), "AMBER");
}

#[test]
fn a_members_second_report_with_another_label_is_no_repeat() {
    let mut bench = Bench::new();
    bench.file(held(1));
    bench.file(amber(1));
    assert_eq!(label(&mut bench), "AMBER");
}

#[test]
fn every_member_of_many_has_a_place() {
    let mut bench = Bench::new();
    for firm in 1..10 {
        bench.file(held(firm));
    }
    bench.file(amber(10));
    assert_eq!(label(&mut bench), "AMBER");
}

#[test]
fn what_repeats_a_report_as_it_was_before_its_correction_waits_as_it_says() {
    let mut bench = Bench::new();
    bench.file(held(1).attack(AttackKind::Phishing));
    assert!(bench.act(0, correction(&[], &[])));
    bench.run_to(TICK);
    bench.file(held(1).attack(AttackKind::Phishing));
    bench.file(held(2).attack(AttackKind::NotSure));
    bench.file(held(3).attack(AttackKind::NotSure));
    bench.run_to(EPOCH);
    let attack = bench.campaign_of("held.test").unwrap().attack;
    assert_eq!(
        attack.as_deref(),
        Some(AttackKind::Phishing.title()),
        "the first in the list of kinds, whoever was first"
    );
    bench.assert_replays();
}

#[test]
fn a_hold_stays_closed_if_members_have_become_too_few_by_the_epoch() {
    let mut bench = Bench::new();
    for firm in 1..4 {
        bench.file(held(firm));
    }
    bench.run_to(TICK);
    bench.populate(4, 4);
    bench.run_to(2 * EPOCH);
    assert!(!bench.shown("held.test"));
    bench.populate(160, 20);
    bench.run_to(3 * EPOCH);
    assert!(bench.shown("held.test"));
    bench.assert_replays();
}

#[test]
fn the_earliest_of_very_many_repeats_is_what_confirms() {
    let mut bench = Bench::eager();
    bench.file(held(1));
    bench.run_to(TICK);
    bench.file(by(2, &["held.test"]));
    bench.run_to(2 * TICK);
    assert!(bench.shown("held.test"));
    for _ in 0..400 {
        bench.file(held(1));
    }
    bench.file(held(3));
    bench.run_to(EPOCH + BLOCK);
    assert!(bench.blocked("held.test"), "two told it before members had it");
    bench.assert_replays();
}

#[test]
fn a_member_counts_by_its_other_report_that_waits_for_the_epoch() {
    let mut bench = Bench::new();
    bench.file(by(1, &["held.test"]));
    bench.run_to(TICK);
    bench.file(by(1, &["held.test"]).warn(WhoMayBeWarned::NextEpoch));
    assert!(bench.act(0, Act::Withdraw));
    bench.run_to(2 * TICK);
    assert!(!bench.shown("held.test"));
    bench.file(held(2));
    bench.file(amber(3));
    bench.run_to(EPOCH);
    assert_eq!(bench.indicator("held.test").unwrap().tlp, "AMBER");
    bench.assert_replays();
}
