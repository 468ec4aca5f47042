//! What reports say beside their values: tags count for the cell alone, techniques for members as well, and neither links alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Bench, EPOCH, Filed, TICK, by};
use model::WhoMayBeWarned;
use vault::{Act, Retention};

const ONE: &str = "saffronbank.net";
/// Later than a campaign is young, when less would be enough.
const LATER: i64 = 7 * 60 * 60 * 1_000;
/// Alike in one name of three: too little to be linked by that.
const OTHER: [&str; 3] = ["saffronbank.org", "lantern.com", "walnut.net"];

/// Whether the two are one campaign, for the cell and for members.
fn linked(bench: &Bench) -> (bool, bool) {
    let cases: Vec<_> = bench.cases.borrow().iter().map(|(_, case)| *case).collect();
    let campaign = |n: usize| bench.engine.fusion_all().campaign_of(cases[n]).unwrap();
    let members = |value: &str| bench.campaign_of(value).unwrap().id;
    (campaign(0) == campaign(1), members(ONE) == members(OTHER[0]))
}

fn both(with: impl Fn(Filed) -> Filed) -> Bench {
    let mut bench = Bench::new();
    bench.file(with(by(1, &[ONE]).tag("one-tag")));
    bench.tick_at(TICK);
    bench.tick_at(LATER);
    bench.file(with(by(2, &OTHER).tag("other-tag")));
    bench.tick_at(LATER + TICK);
    bench
}

#[test]
fn a_tag_links_for_the_cell_a_technique_for_members_too_and_nothing_without() {
    assert_eq!(linked(&both(|filed| filed)), (false, false));
    assert_eq!(linked(&both(|filed| filed.tag("asyncrat"))), (true, false), "members are never shown tags");
    assert_eq!(linked(&both(|filed| filed.technique("T1566.002"))), (true, true));
}

#[test]
fn the_technique_of_a_report_that_is_held_links_nothing_for_members() {
    let mut bench = Bench::new();
    bench.file(by(1, &[ONE]).technique("T1566.002").warn(WhoMayBeWarned::CellOnly));
    bench.file(by(3, &[ONE]).tag("one-tag"));
    bench.tick_at(TICK);
    bench.tick_at(LATER);
    bench.file(by(2, &OTHER).technique("T1566.002"));
    bench.tick_at(LATER + TICK);
    assert_ne!(bench.campaign_of(ONE).unwrap().id, bench.campaign_of(OTHER[0]).unwrap().id);
    bench.assert_replays();
}

#[test]
fn tags_and_techniques_go_with_the_report_and_a_replay_comes_to_the_live_state() {
    let mut bench = both(|filed| filed.tag("asyncrat").technique("T1566.002"));
    assert!(bench.act(0, Act::Withdraw));
    bench.run_to(2 * EPOCH);
    bench.assert_replays();
    bench.file(by(3, &["saffronbank.com", "turbine.org", "orchid.net"]).technique("T1566.002"));
    bench.tick_at(3 * EPOCH);
    bench.assert_replays();
}

#[test]
fn tags_go_with_the_words_of_a_report() {
    let mut bench = Bench::new();
    bench.file(by(1, &[ONE]).tag("asyncrat"));
    bench.tick_at(TICK);
    bench.tick_at(400 * 86_400_000);
    let due = bench.vault.due(bench.clock_now(), &Retention::default()).unwrap();
    assert_eq!(bench.vault.age(&due).unwrap().done.len(), 1);
    bench.fold();
    bench.assert_replays();
    bench.file(by(2, &OTHER).tag("asyncrat"));
    bench.tick_at(400 * 86_400_000 + TICK);
    assert_eq!(linked(&bench), (false, false));
}
