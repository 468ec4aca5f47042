//! That something of a report was released is told to its reporter: at the next epoch, once, and to members alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Bench, EPOCH, START, TICK, by};
use model::{CaseId, GroupId, Timestamp, WhoMayBeWarned};

fn outcomes(bench: &mut Bench, millis: i64) -> Vec<CaseId> {
    bench.engine.take_outcomes(Timestamp::from_millis(START + millis))
}

#[test]
fn an_outcome_is_told_at_its_epoch_once_and_none_of_the_cells_own() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test", "b.test"]));
    bench.file(by(99, &["own.test"]).own());
    bench.run_to(TICK);
    assert!(outcomes(&mut bench, EPOCH - 1).is_empty());
    // What is released in the next epoch does not push it out.
    bench.run_to(EPOCH);
    bench.file(by(2, &["c.test"]));
    bench.run_to(EPOCH + TICK);
    let first = bench.cases.borrow()[0].1;
    assert_eq!(outcomes(&mut bench, EPOCH), [first]);
    assert!(outcomes(&mut bench, EPOCH + TICK).is_empty());
    let third = bench.cases.borrow()[2].1;
    assert_eq!(outcomes(&mut bench, 2 * EPOCH), [third]);
}

#[test]
fn an_outcome_is_told_of_what_a_group_has_and_once_for_all_of_one_epoch() {
    let mut bench = Bench::new();
    let group =
        WhoMayBeWarned::Group { group: GroupId::from_bytes([7; 16]), as_of: Some(Timestamp::from_millis(START)) };
    bench.file(by(1, &["a.test"]).warn(group));
    bench.run_to(TICK);
    assert!(bench.act(0, common::correction(&["b.test"], &[])));
    bench.run_to(2 * TICK);
    let case = bench.cases.borrow()[0].1;
    assert_eq!(outcomes(&mut bench, EPOCH), [case]);
}
