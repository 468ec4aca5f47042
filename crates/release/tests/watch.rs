//! How long a value is watched: members are told when that ends, and its end moves by no more than is declared.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Bench, EPOCH, TICK, by};
use model::{Pap, Tlp};
use vault::Act;

const WATCH: i64 = policy::Params::EXERCISE.watch_millis;

fn until(bench: &Bench) -> String {
    bench.indicator("a.test").unwrap().watch_until.unwrap()
}

fn at(millis: i64) -> String {
    released::rfc3339(model::Timestamp::from_millis(common::START + millis))
}

#[test]
fn a_report_in_the_second_half_renews_a_watch_at_the_epoch_and_a_later_label_does_not() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]));
    bench.run_to(TICK);
    assert_eq!(until(&bench), at(TICK + WATCH));
    // The first half, to its last moment.
    let half = WATCH / 2;
    bench.tick_at(half);
    bench.file(by(2, &["a.test"]));
    bench.run_to(half + TICK);
    bench.run_to(half + EPOCH + TICK);
    assert_eq!(until(&bench), at(TICK + WATCH));
    let late = WATCH / 4 * 3 / EPOCH * EPOCH;
    bench.tick_at(late);
    bench.file(by(3, &["a.test"]));
    bench.tick_at(late + TICK);
    assert_eq!(until(&bench), at(TICK + WATCH), "the moment of the report does not show");
    bench.tick_at(late + EPOCH);
    let renewed = at(late + EPOCH + WATCH);
    assert_eq!(until(&bench), renewed);
    bench.file(by(4, &["a.test"]).marked(Tlp::Amber, Pap::Green));
    bench.run_to(late + 3 * EPOCH);
    assert_eq!((bench.indicator("a.test").unwrap().tlp.as_str(), until(&bench)), ("AMBER", renewed));
    bench.assert_replays();
}

#[test]
fn a_watch_that_has_ended_is_renewed_at_once_and_only_once() {
    for late in [0, 5 * TICK] {
        let mut bench = Bench::new();
        bench.run_to(TICK);
        bench.file(by(1, &["a.test"]));
        bench.run_to(2 * TICK);
        let end = 2 * TICK + WATCH;
        assert_eq!(until(&bench), at(end));
        // The last report of its second half waits for the epoch, which comes after the end.
        bench.tick_at(end - TICK - 50);
        bench.file(by(2, &["a.test"]));
        bench.tick_at(end - TICK);
        assert_eq!(until(&bench), at(end));
        bench.tick_at(end + late - 50);
        bench.file(by(3, &["a.test"]));
        bench.tick_at(end + late);
        assert_eq!(until(&bench), at(end + late + WATCH));
        bench.run_to(end + 2 * EPOCH);
        assert_eq!(until(&bench), at(end + late + WATCH));
        bench.assert_replays();
    }
}

#[test]
fn a_report_that_was_taken_back_moves_no_watch_of_what_is_told_anew() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]));
    bench.run_to(TICK);
    let late = WATCH / 4 * 3 / EPOCH * EPOCH;
    bench.tick_at(late + TICK);
    bench.file(by(2, &["a.test"]));
    bench.tick_at(late + 2 * TICK);
    assert!(bench.act(0, Act::Withdraw) && bench.act(1, Act::Withdraw));
    bench.tick_at(late + 3 * TICK);
    assert!(!bench.shown("a.test"));
    bench.file(by(3, &["a.test"]));
    bench.tick_at(late + 4 * TICK);
    bench.run_to(late + 2 * EPOCH);
    assert_eq!(until(&bench), at(late + 4 * TICK + WATCH));
    bench.assert_replays();
}
