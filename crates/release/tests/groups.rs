//! What a sharing group gets of a report: those who were in it then, once, and nobody else anything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Bench, EPOCH, Filed, START, TICK, by};
use model::{GroupId, Kind, Observable, Pap, Timestamp, Tlp, WhoMayBeWarned, WhoMayKnow};
use policy::Membership;
use released::IndicatorView;

const GROUP: GroupId = GroupId::from_bytes([7; 16]);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

/// A report for the group as it stood when its latest member had joined at `as_of`.
fn to(firm: u8, values: &[&str], as_of: i64) -> Filed {
    by(firm, values).warn(WhoMayBeWarned::Group { group: GROUP, as_of: Some(at(as_of)) })
}

/// What a member has that joined then: value, marking and time, in the order of its list.
fn has(bench: &Bench, joined: i64) -> Vec<(String, String, String)> {
    let of = Membership { group: GROUP, joined: at(joined) };
    let page = bench.reader.read(|at| at.shared_page(of, None, 100)).unwrap();
    let view = |row: &released::Released<released::Row>| {
        let view = row.view::<IndicatorView>().unwrap().into_inner();
        (view.value, view.tlp, view.released_at)
    };
    let items: Vec<_> = page.items.iter().map(view).collect();
    assert_eq!(bench.reader.read(|at| at.shared_count(of)).unwrap() as usize, items.len());
    for (value, ..) in &items {
        let observable = Observable::from_normal(Kind::Domain, value.as_str());
        assert!(bench.reader.read(|at| at.shared_value(of, &observable)).unwrap().is_some());
    }
    items
}

fn values(bench: &Bench, joined: i64) -> Vec<String> {
    has(bench, joined).into_iter().map(|(value, ..)| value).collect()
}

#[test]
fn a_group_gets_its_items_at_the_next_tick_and_members_see_nothing_of_it() {
    let mut bench = Bench::new();
    bench.file(by(1, &["left.test"]));
    bench.file(by(2, &["right.test"]));
    bench.run_to(EPOCH);
    let (before, head) = (bench.everything(), bench.reader.head_tick().unwrap());
    bench.file(to(3, &["left.test", "right.test", "only.test"], 5));
    let batch = bench.tick_at(EPOCH + TICK).unwrap();
    assert_eq!(batch.objects.len(), 3);
    let mut got = values(&bench, 1);
    got.sort();
    assert_eq!(got, ["left.test", "only.test", "right.test"]);
    bench.run_to(3 * EPOCH);
    assert_eq!(bench.everything(), before);
    assert_eq!(bench.reader.head_tick().unwrap(), head, "nor any sign of a tick");
    assert!(!bench.shown("only.test"));
    assert_eq!(bench.engine.fusion_community().len(), 2, "it links nothing that members see");
    bench.assert_replays();
}

#[test]
fn four_firms_of_a_group_make_no_band_no_block_and_open_no_hold() {
    let mut bench = Bench::new();
    bench.file(by(1, &["known.test"]));
    bench.file(by(2, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt));
    for firm in 3..10 {
        bench.file(to(firm, &["known.test", "held.test"], 5));
    }
    bench.run_to(3 * EPOCH);
    assert_eq!(bench.band("known.test"), None);
    assert!(!bench.blocked("known.test"));
    assert!(!bench.shown("held.test"));
    assert_eq!(values(&bench, 5).len(), 2, "each value once, whoever reported it and how often");
    bench.assert_replays();
}

#[test]
fn a_new_member_gets_nothing_older_and_an_old_one_nothing_twice() {
    let mut bench = Bench::new();
    bench.file(to(1, &["old.test"], 10));
    bench.run_to(TICK);
    assert_eq!(values(&bench, 10), ["old.test"]);
    assert_eq!(values(&bench, 11), [] as [String; 0], "who joined after the report is not in its audience");
    // Somebody joins at 500; the value is reported again, with a stricter label, by who knows of the new member.
    let first = has(&bench, 10);
    bench.run_to(10 * TICK);
    bench.file(to(2, &["old.test"], 500));
    bench.run_to(12 * TICK);
    assert_eq!(has(&bench, 10), first, "the old member's list does not tell that it was reported again");
    let late = has(&bench, 500);
    assert_eq!(late.len(), 1);
    assert_ne!(late[0].2, first[0].2, "the time is that of the report that was for the new member too");
    assert_eq!(values(&bench, 501), [] as [String; 0]);
    // A report as of the earlier group is not for the later member: its label does not show there.
    bench.file(to(3, &["old.test"], 10).marked(Tlp::AmberStrict, Pap::Green));
    bench.run_to(14 * TICK);
    assert_eq!(has(&bench, 10)[0].1, "AMBER+STRICT", "the strictest label of what is for them");
    assert_eq!(has(&bench, 500), late);
    bench.file(to(3, &["old.test"], 500).marked(Tlp::AmberStrict, Pap::Green));
    bench.run_to(16 * TICK);
    assert_eq!(has(&bench, 500)[0].1, "AMBER+STRICT");
    bench.assert_replays();
}

#[test]
fn what_is_red_scrubbed_or_for_an_unchecked_group_reaches_nobody() {
    let mut bench = Bench::new();
    bench.file(to(1, &["red.test"], 5).marked(Tlp::Red, Pap::Clear));
    bench.file(to(2, &["scrubbed.test", "clean.test"], 5).scrubbed());
    bench.file(by(3, &["unchecked.test"]).warn(WhoMayBeWarned::Group { group: GROUP, as_of: None }));
    bench.run_to(EPOCH);
    assert_eq!(values(&bench, 1), ["clean.test"]);
    assert_eq!(bench.everything(), "");
    let other = Membership { group: GroupId::from_bytes([8; 16]), joined: at(1) };
    assert_eq!(bench.reader.read(|at| at.shared_page(other, None, 10)).unwrap().items, []);
    bench.assert_replays();
}

#[test]
fn names_are_shown_to_the_group_where_everybody_may_know() {
    let mut bench = Bench::new();
    bench.file(to(4, &["named.test"], 5).know(WhoMayKnow::Everybody));
    bench.file(to(5, &["unnamed.test"], 5));
    bench.run_to(TICK);
    let of = Membership { group: GROUP, joined: at(1) };
    let mut authors: Vec<String> = bench
        .reader
        .read(|at| at.shared_page(of, None, 10))
        .unwrap()
        .items
        .iter()
        .map(|row| row.view::<IndicatorView>().unwrap().into_inner().attributed_to)
        .collect();
    authors.sort();
    assert_eq!(authors, ["Firm 4", "Test partnership"]);
}

#[test]
fn pages_of_a_group_follow_one_another_by_tick_and_id() {
    let mut bench = Bench::new();
    for n in 0..5_u8 {
        let names: Vec<String> = (0..3).map(|m| format!("v{n}-{m}.test")).collect();
        bench.file(to(n + 1, &names.iter().map(String::as_str).collect::<Vec<_>>(), 5));
        bench.run_to(bench.now() + TICK);
    }
    let of = Membership { group: GROUP, joined: at(1) };
    for size in 1..=16 {
        let (mut all, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = bench.reader.read(|at| at.shared_page(of, cursor.as_deref(), size)).unwrap();
            all.extend(page.items.iter().map(|row| (row.tick, row.id)));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(all.len(), 15, "pages of {size}");
        assert!(all.is_sorted_by(|a, b| a > b));
    }
    assert!(bench.reader.read(|at| at.shared_page(of, Some("nonsense"), 3)).unwrap().items.is_empty());
    bench.assert_replays();
}

#[test]
fn a_watch_of_a_group_is_renewed_in_its_second_half_only() {
    let mut bench = Bench::new();
    let watch = policy::Params::EXERCISE.watch_millis;
    let until = |bench: &Bench| {
        let of = Membership { group: GROUP, joined: at(1) };
        let page = bench.reader.read(|at| at.shared_page(of, None, 10)).unwrap();
        page.items[0].view::<IndicatorView>().unwrap().watch_until.clone().unwrap()
    };
    bench.file(to(1, &["v.test"], 5));
    bench.run_to(TICK);
    let first = until(&bench);
    bench.tick_at(watch / 4);
    bench.file(to(2, &["v.test"], 5));
    bench.run_to(watch / 4 + 2 * EPOCH);
    assert_eq!(until(&bench), first);
    bench.tick_at(watch / 4 * 3);
    bench.file(to(2, &["v.test"], 5));
    bench.run_to(watch / 4 * 3 + 2 * EPOCH);
    assert!(until(&bench) > first);
    assert_eq!(values(&bench, 1).len(), 1);
    bench.assert_replays();
}

#[test]
fn a_flood_for_a_group_takes_no_place_of_members() {
    let mut bench = Bench::new();
    for part in 0..3_u8 {
        let names: Vec<String> = (0..2_500).map(|n| format!("v{part}-{n}.test")).collect();
        bench.file(to(part + 1, &names.iter().map(String::as_str).collect::<Vec<_>>(), 5));
    }
    bench.file(by(9, &["mine.test"]));
    bench.run_to(TICK);
    assert!(bench.shown("mine.test"));
    let of = Membership { group: GROUP, joined: at(1) };
    assert!(bench.reader.read(|at| at.shared_count(of)).unwrap() < 7_500, "one tick is bounded");
    bench.assert_replays();
    bench.run_to(5 * TICK);
    assert_eq!(bench.reader.read(|at| at.shared_count(of)).unwrap(), 7_500);
    bench.assert_replays();
}

#[test]
fn a_name_that_comes_later_is_shown_on_what_a_group_has() {
    let mut bench = Bench::new();
    bench.file(to(1, &["v.test"], 5));
    bench.run_to(TICK);
    bench.file(to(2, &["v.test"], 5).know(WhoMayKnow::Everybody));
    assert!(bench.tick_at(2 * TICK).unwrap().objects[0].body.contains("Firm 2"));
    bench.assert_replays();
}

#[test]
fn a_watch_of_a_group_that_has_ended_is_renewed_at_once() {
    let watch = policy::Params::EXERCISE.watch_millis;
    let mut bench = Bench::new();
    bench.file(to(1, &["v.test"], 5));
    bench.run_to(TICK);
    bench.tick_at(TICK + watch - 50);
    bench.file(to(2, &["v.test"], 5));
    let batch = bench.tick_at(TICK + watch).unwrap();
    assert!(batch.objects[0].body.contains(&released::rfc3339(at(TICK + 2 * watch))));
    bench.assert_replays();
}

#[test]
fn of_what_is_taken_back_a_group_loses_only_what_it_was_shown() {
    let mut bench = Bench::new();
    for part in 0..3_u8 {
        let names: Vec<String> = (0..2_000).map(|n| format!("v{part}-{n}.test")).collect();
        bench.file(to(part + 1, &names.iter().map(String::as_str).collect::<Vec<_>>(), 5));
    }
    let shown = bench.tick_at(TICK).unwrap().objects.len();
    assert!(shown < 6_000, "one tick is bounded");
    assert!(bench.tick_at(TICK).is_none(), "and there is one of it");
    for n in 0..3 {
        assert!(bench.act(n, vault::Act::Withdraw));
    }
    let mut gone = 0;
    for tick in 2..6 {
        gone += bench.tick_at(tick * TICK).map_or(0, |batch| batch.objects.len());
    }
    assert_eq!(gone, shown);
    bench.assert_replays();
}

#[test]
fn what_a_later_member_has_by_another_report_stays_when_the_first_is_taken_back() {
    let mut bench = Bench::new();
    bench.file(to(1, &["v.test"], 5));
    bench.run_to(TICK);
    bench.file(to(2, &["v.test"], 10));
    bench.run_to(2 * TICK);
    assert!(bench.act(0, vault::Act::Withdraw));
    bench.run_to(3 * TICK);
    for joined in [1, 8] {
        assert_eq!(values(&bench, joined), ["v.test"], "who joined at {joined}");
    }
    bench.assert_replays();
}
