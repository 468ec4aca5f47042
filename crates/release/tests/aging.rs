//! Content whose time is over: members are shown what they were shown, and a replay comes to the live state.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Bench, EPOCH, TICK, by, correction};
use model::WhoMayBeWarned;
use vault::{Act, CASES_AT_ONCE_MAX, Class, Retention};

const DAY: i64 = 86_400_000;

/// Everything whose time is over goes; gives how many.
fn run(bench: &mut Bench) -> usize {
    run_by(bench, &Retention::default())
}

fn run_by(bench: &mut Bench, retention: &Retention) -> usize {
    let due = bench.vault.due(bench.clock_now(), retention).unwrap();
    let gone: usize = due.chunks(CASES_AT_ONCE_MAX).map(|some| bench.vault.age(some).unwrap().done.len()).sum();
    bench.fold();
    gone
}

fn staged() -> Bench {
    let mut bench = Bench::new();
    bench.file(by(1, &["now.test", "both.test"]));
    bench.file(by(2, &["both.test"]));
    bench.file(by(3, &["scrub.test", "rest.test"]).scrubbed());
    bench.file(by(4, &["cell.test"]).warn(WhoMayBeWarned::CellOnly));
    bench.file(by(5, &["asked.test"]).warn(WhoMayBeWarned::CellOnly));
    for firm in 6..9 {
        bench.file(by(firm, &["three.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt));
    }
    bench.file(by(9, &["waits.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt));
    bench.file(by(10, &["letter.test"]).outside());
    bench.tick_at(TICK);
    assert!(bench.act(4, Act::Consent { warn: WhoMayBeWarned::Now }));
    assert!(bench.act(0, correction(&["later.test"], &["now.test"])));
    assert!(bench.act(1, Act::Withdraw));
    bench.run_to(2 * EPOCH);
    bench
}

#[test]
fn members_are_shown_the_very_same_and_a_replay_comes_to_the_live_state() {
    let mut bench = staged();
    let shown = ["both.test", "rest.test", "asked.test", "three.test", "later.test"];
    assert!(shown.iter().all(|value| bench.shown(value)));
    // The last tick of a watch is past: from here on only retention changes anything.
    bench.tick_at(360 * DAY);
    let (before, released) = (bench.everything(), bench.engine.released_digest().unwrap());
    bench.tick_at(370 * DAY);
    assert_eq!(before, bench.everything());
    let words = Retention { letters_days: 1000, ..Retention::default() };
    assert_eq!(run_by(&mut bench, &words), 9, "the words of nine reports");
    // Of words only tags count, and those are forgotten as a replay will not know them.
    bench.assert_replays();
    assert_eq!(run(&mut bench), 1, "a letter");
    bench.assert_replays();
    bench.tick_at(800 * DAY);
    assert!(run(&mut bench) > 0);
    bench.assert_replays();
    assert_eq!(bench.everything(), before);
    assert_eq!(bench.engine.released_digest().unwrap(), released, "what members have is as it was, byte for byte");
    let batch = bench.tick_at(800 * DAY + TICK);
    assert!(batch.is_none(), "members were told of it: {batch:?}");
    // What comes afterwards meets what was left: the values that members have are known by their reports.
    bench.file(by(11, &["both.test", "scrub.test"]));
    bench.tick_at(801 * DAY);
    bench.assert_replays();
    bench.restart();
    assert!(shown.iter().all(|value| bench.shown(value)));
}

#[test]
fn a_link_by_what_only_the_cell_had_ends_with_the_next_start_and_for_the_cell_alone() {
    let mut bench = Bench::new();
    bench.file(by(1, &["cell.test", "a.test"]).scrubbed());
    bench.file(by(2, &["cell.test", "b.test"]).scrubbed());
    bench.tick_at(TICK);
    let cases: Vec<_> = bench.cases.borrow().iter().map(|(_, case)| *case).collect();
    let campaigns = |bench: &Bench| {
        let all = bench.engine.fusion_all();
        cases.iter().map(|case| all.campaign_of(*case).unwrap()).collect::<Vec<_>>()
    };
    let linked = campaigns(&bench);
    assert_eq!(linked[0], linked[1]);
    bench.tick_at(800 * DAY);
    let before = bench.everything();
    assert_eq!(run(&mut bench), 4);
    assert_eq!(campaigns(&bench), linked, "what is on the cell's screens stays");
    bench.restart();
    let apart = campaigns(&bench);
    assert_ne!(apart[0], apart[1]);
    assert_eq!(bench.everything(), before);
    bench.assert_replays();
}

#[test]
fn what_a_reporter_takes_back_after_its_words_went_leaves_members() {
    let mut bench = staged();
    bench.tick_at(370 * DAY);
    run(&mut bench);
    assert!(bench.act(2, Act::Withdraw));
    bench.tick_at(370 * DAY + TICK);
    assert!(!bench.shown("rest.test") && bench.shown("three.test"));
    bench.assert_replays();
    bench.tick_at(1200 * DAY);
    let due = bench.vault.due(bench.clock_now(), &Retention::default()).unwrap();
    assert!(due.iter().any(|due| due.class == Class::Values));
    run(&mut bench);
    bench.assert_replays();
}
