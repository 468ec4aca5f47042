//! What one member's repeats, echoes and hidden reports must not do to what others see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{BLOCK, Bench, EPOCH, Filed, TICK, advisory, by};
use fusion::{ListKind, NetworkSet, NoiseSet};
use model::{AttackKind, CampaignId, CaseId, Observable, Pap, Sighting, Tlp, WhoMayBeWarned};
use policy::NounKind;
use release::{EngineConfig, Everyday, NETWORK_SET, Sets};
use vault::{Body, Entry, Item, Run};

#[test]
fn one_members_repeats_change_no_link_and_no_feed() {
    let mut bench = Bench::with(EngineConfig { over_common_members: 5, ..EngineConfig::default() }).populated(10, 10);
    bench.file(by(1, &["v.test"]));
    bench.file(by(2, &["v.test"]));
    let fresh: Vec<String> = (0..300).map(|n| format!("fresh{n}.test")).collect();
    for (n, name) in fresh.iter().enumerate() {
        bench.file(by(9, &["v.test", name]));
        if n % 50 == 0 {
            bench.run_to(bench.now() + EPOCH);
        }
    }
    bench.run_to(bench.now() + 2 * EPOCH);
    let campaign = bench.campaign_of("v.test").unwrap();
    assert_eq!(campaign.indicators, 301, "every report of it hangs together, however many there are");
    let view = bench.indicator("v.test").unwrap();
    assert_eq!((view.block, view.common), (true, None));
}

#[test]
fn a_value_of_many_members_stops_linking_at_an_epoch_and_stays_on_the_feeds() {
    let mut bench = Bench::with(EngineConfig { over_common_members: 5, ..EngineConfig::default() }).populated(10, 10);
    for firm in 1..=4 {
        bench.file(by(firm, &["v.test"]));
    }
    bench.run_to(EPOCH);
    bench.file(by(5, &["v.test"]));
    bench.file(by(6, &["v.test", "before.test"]));
    bench.run_to(2 * EPOCH);
    assert_eq!(bench.campaign_of("before.test").unwrap().id, bench.campaign_of("v.test").unwrap().id);
    bench.file(by(7, &["v.test", "after.test"]));
    bench.run_to(2 * EPOCH + TICK);
    assert_ne!(bench.campaign_of("after.test").unwrap().id, bench.campaign_of("v.test").unwrap().id);
    let view = bench.indicator("v.test").unwrap();
    assert_eq!((view.block, view.common), (true, None));
    bench.assert_replays();
}

#[test]
fn a_value_that_many_members_name_is_on_no_list_that_members_are_told_of() {
    let mut bench = Bench::with(EngineConfig { over_common_members: 5, ..EngineConfig::default() }).populated(10, 10);
    for firm in 1..=8 {
        bench.file(by(firm, &["v.test"]).warn(WhoMayBeWarned::CellOnly));
    }
    bench.run_to(2 * EPOCH);
    let value = Observable::detect("v.test").unwrap();
    assert!(bench.engine.fusion_all().noise(&value).is_some(), "the cell is told");
    assert_eq!(bench.engine.everyday().why(&value), None);
}

#[test]
fn an_echo_confirms_no_block() {
    let mut bench = Bench::new();
    bench.file(by(1, &["echo.test", "both.test"]));
    bench.file(by(2, &["both.test"]));
    bench.tick_at(TICK);
    for firm in 3..8 {
        bench.file(by(firm, &["echo.test"]));
    }
    bench.run_to(3 * BLOCK);
    assert!(bench.blocked("both.test"));
    assert!(!bench.blocked("echo.test"), "they had it from us");
}

#[test]
fn nobody_outside_opens_a_hold_or_shows_anything_whatever_they_answer() {
    let mut bench = Bench::new();
    let hold = |firm| by(firm, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt);
    bench.file(hold(1));
    bench.file(hold(2));
    bench.file(hold(3).outside());
    bench.file(by(4, &["held.test", "only.test"]).outside());
    bench.run_to(2 * EPOCH);
    assert!(!bench.shown("held.test") && !bench.shown("only.test"));
    bench.file(hold(5));
    bench.run_to(3 * EPOCH);
    assert!(bench.shown("held.test") && !bench.shown("only.test"));
}

#[test]
fn what_stands_alone_and_the_cells_own_open_no_hold() {
    let mut bench = Bench::new();
    let hold = |firm| by(firm, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt);
    bench.file(hold(1));
    bench.file(hold(2));
    bench.file(hold(3).marked(Tlp::AmberStrict, Pap::Clear));
    bench.file(hold(4).own());
    bench.run_to(2 * EPOCH);
    assert!(!bench.shown("held.test"));
    bench.file(hold(5));
    bench.run_to(3 * EPOCH);
    assert!(bench.shown("held.test"));
}

#[test]
fn a_hold_stays_closed_in_a_population_that_would_know_the_three() {
    let mut bench = Bench::new().populated(4, 4);
    for firm in 1..=3 {
        bench.file(by(firm, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt));
    }
    bench.run_to(2 * EPOCH);
    assert!(!bench.shown("held.test"));
    bench.populate(5, 5);
    bench.run_to(3 * EPOCH);
    assert!(bench.shown("held.test"), "and opens when there are more");
    bench.assert_replays();
}

#[test]
fn what_was_held_for_longer_than_a_watch_opens_no_more() {
    const DAY: i64 = 86_400_000;
    let hold = |firm, tlp| by(firm, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt).marked(tlp, Pap::Green);
    let check = |days: i64, expect: &str| {
        let mut bench = Bench::new();
        bench.file(hold(1, Tlp::Amber));
        bench.tick_at(days * DAY);
        for firm in 2..=4 {
            bench.file(hold(firm, Tlp::Green));
        }
        bench.tick_at(days * DAY + 2 * EPOCH);
        assert_eq!(bench.indicator("held.test").unwrap().tlp, expect, "after {days} days");
        bench.assert_replays();
    };
    check(1, "AMBER");
    check(91, "GREEN");
}

#[test]
fn a_stricter_label_ends_a_block_at_the_block_minute() {
    let mut bench = Bench::new();
    bench.file(by(1, &["v.test"]));
    bench.file(by(2, &["v.test"]));
    bench.run_to(BLOCK);
    assert!(bench.blocked("v.test"));
    bench.file(by(3, &["v.test"]).marked(Tlp::Green, Pap::Red));
    bench.run_to(2 * BLOCK - TICK);
    assert_eq!(bench.indicator("v.test").unwrap().pap, "RED");
    assert!(bench.blocked("v.test"), "not at the moment of the report");
    bench.tick_at(2 * BLOCK);
    assert!(!bench.blocked("v.test"));
    bench.assert_replays();
}

#[test]
fn a_list_that_comes_later_takes_values_off_the_feeds() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::at(&folder.path().join("data"));
    for firm in [1, 2] {
        bench.file(by(firm, &["listed.test", "other.test"]));
    }
    bench.run_to(BLOCK);
    assert!(bench.blocked("listed.test") && bench.blocked("other.test"));
    let everyday = bench.engine.everyday();
    let why = |everyday: &Everyday, value: &str| everyday.why(&Observable::detect(value).unwrap());
    assert_eq!((why(&everyday, "listed.test"), why(&everyday, "8.8.8.8").is_some()), (None, true));
    let mut set = NoiseSet::default();
    set.add("late", ListKind::Hostname, ["listed.test"]);
    set.add("top", ListKind::Popular, ["visited.test"]);
    let sets = Sets { noise: Some(set.text().into()), ..Sets::default() };
    release::use_sets(&bench.vault, &sets).unwrap();
    bench.fold();
    bench.run_to(BLOCK + 2 * TICK);
    let view = bench.indicator("listed.test").unwrap();
    assert!(!view.block && view.common.is_some());
    // Whoever answers members asks the same lists, at once, by replay, and where the lists are given without a journal.
    let given = Everyday::given(true, &sets).unwrap();
    for everyday in [everyday, bench.replayed().everyday(), given] {
        assert_eq!(why(&everyday, "listed.test"), view.common);
        assert!(why(&everyday, "below.visited.test").is_some() && why(&everyday, "8.8.8.8").is_some());
        assert_eq!(why(&everyday, "other.test"), None);
    }
    let bad = Sets { noise: Some("17.0.0.0/8".into()), ..Sets::default() };
    assert!(Everyday::given(true, &bad).is_err());
    assert!(bench.blocked("other.test"));
    bench.assert_replays();
}

#[test]
fn a_table_of_operators_acts_from_its_entry_on_in_both_runs_and_replay_uses_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::at(&folder.path().join("data"));
    let address =
        |value: &str| Item { sighting: Sighting::of(Observable::detect(value).unwrap()), held: None, kept: None };
    let report = |firm: u8, lure: &str, addresses: &[&str]| {
        let mut filed = by(firm, &[lure]);
        filed.values.extend(addresses.iter().map(|value| address(value)));
        filed
    };
    let table = |system: u32| {
        let range = |first: &str, last: &str| (first.parse().unwrap(), last.parse().unwrap(), system);
        let v6 = range("2a01:4f8::", "2a01:4ff:ffff:ffff:ffff:ffff:ffff:ffff");
        let set = NetworkSet::of_ranges([range("45.9.0.0", "45.12.255.255"), v6]);
        Sets { networks: Some(set.text().into()), ..Sets::default() }
    };
    let told = |bench: &Bench, run: Run| {
        let mut told = 0;
        let count = |entry: &Entry| {
            if let Body::Findings(found) = &entry.body
                && found.run == run
            {
                told += found.items.iter().filter(|item| item.contains("network-operator")).count();
            }
            Ok(())
        };
        bench.vault.replay(1, count).unwrap();
        told
    };
    let file = |bench: &mut Bench, lure: &str, addresses: [&[&str]; 2]| {
        bench.file(report(1, lure, addresses[0]));
        bench.run_to(bench.now() + TICK);
        bench.file(report(2, lure, addresses[1]));
        bench.run_to(bench.now() + TICK);
        (told(bench, Run::All), told(bench, Run::Community))
    };
    // In different /16 and /32, so that nothing but the operator is common to them beside the lure.
    assert_eq!(file(&mut bench, "first.test", [&["45.9.148.3"], &["45.11.9.9"]]), (0, 0), "no table yet");
    release::use_sets(&bench.vault, &table(64_500)).unwrap();
    release::use_sets(&bench.vault, &table(64_500)).unwrap();
    bench.fold();
    assert_eq!(file(&mut bench, "second.test", [&["45.10.148.3"], &["45.12.9.9"]]), (1, 1));
    assert_eq!(file(&mut bench, "third.test", [&["2a01:4f8:1::1"], &["2a01:4f9:2::2"]]), (2, 2), "IPv6 too");
    bench.assert_replays();
    // Another table: what is linked stays, and the old number is no feature of what comes.
    release::use_sets(&bench.vault, &table(64_501)).unwrap();
    release::use_sets(&bench.vault, &Sets::default()).unwrap();
    bench.fold();
    assert_eq!(file(&mut bench, "fourth.test", [&["45.9.77.1"], &["45.10.88.1"]]), (3, 3));
    bench.assert_replays();
    let mut sets = 0;
    let count = |entry: &Entry| {
        sets += usize::from(matches!(&entry.body, Body::DataSet(set) if set.name == NETWORK_SET));
        Ok(())
    };
    bench.vault.replay(1, count).unwrap();
    assert_eq!(sets, 2, "each table is noted once");
    let bad = Sets { networks: Some("1.0.0.0,1.0.0.9,7".into()), ..Sets::default() };
    let why = release::use_sets(&bench.vault, &bad).unwrap_err().to_string();
    assert!(why.contains("network operators") && why.contains("line 1"), "{why}");
}

#[test]
fn the_kind_of_attack_does_not_tell_who_was_first() {
    let check = |kinds: [AttackKind; 3]| {
        let mut bench = Bench::new();
        for (firm, kind) in (1..).zip(kinds) {
            bench.file(by(firm, &["v.test"]).attack(kind));
            bench.run_to(bench.now() + TICK);
        }
        bench.campaign_of("v.test").unwrap().attack
    };
    let [a, b, c] = [AttackKind::Malware, AttackKind::Phishing, AttackKind::NotSure];
    for kinds in [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
        assert_eq!(check(kinds).as_deref(), Some("Phishing"), "{kinds:?}");
    }
}

/// The case of the last report in the journal.
fn last_case(bench: &Bench) -> CampaignId {
    let mut last = CaseId::from_bytes([0; 16]);
    bench
        .vault
        .replay(1, |entry| {
            if let Body::Report(report) = &entry.body {
                last = report.case;
            }
            Ok(())
        })
        .unwrap();
    CampaignId::from_bytes(*last.as_bytes())
}

fn filed(bench: &mut Bench, filed: Filed) -> CampaignId {
    bench.file(filed);
    last_case(bench)
}

#[test]
fn a_text_is_linked_to_the_campaign_of_the_case_that_it_names_and_to_nothing_held() {
    let mut bench = Bench::new();
    filed(&mut bench, by(1, &["one.test"]));
    let two = filed(&mut bench, by(2, &["two.test"]));
    let hidden = filed(&mut bench, by(3, &["one.test", "two.test"]).warn(WhoMayBeWarned::CellOnly));
    bench.run_to(TICK);
    bench.append(advisory("about two", Tlp::Green, Some(two)));
    bench.append(advisory("about what is hidden", Tlp::Green, Some(hidden)));
    bench.run_to(2 * TICK);
    let campaign = |bench: &Bench, text: &str| {
        let row = bench.reader.by_id(NounKind::Advisory, &[text.len() as u8; 16]).unwrap().unwrap();
        row.view::<released::AdvisoryView>().unwrap().campaign.clone()
    };
    assert_eq!(campaign(&bench, "about two"), Some(bench.campaign_of("two.test").unwrap().id));
    assert_eq!(campaign(&bench, "about what is hidden"), None);
    // A released report makes one campaign of two: the text goes with it.
    let row = |bench: &Bench| bench.reader.by_id(NounKind::Advisory, &["about two".len() as u8; 16]).unwrap().unwrap();
    let before = row(&bench).view::<released::AdvisoryView>().unwrap().released_at.clone();
    bench.file(by(4, &["one.test", "two.test"]));
    bench.run_to(4 * TICK);
    let kept = bench.campaign_of("one.test").unwrap().id;
    assert_eq!(bench.campaign_of("two.test").unwrap().id, kept);
    assert_eq!(campaign(&bench, "about two"), Some(kept));
    assert_eq!(row(&bench).view::<released::AdvisoryView>().unwrap().released_at, before, "it is no new text");
    bench.assert_replays();
}

#[test]
fn reports_under_other_rules_are_told_of() {
    let mut bench = Bench::new();
    bench.file(by(1, &["v.test"]));
    assert_eq!(bench.engine.other_rules(), 0);
    bench.vault.use_rule_set("fusion rules", "0", b"rules of long ago").unwrap();
    bench.fold();
    bench.file(by(2, &["v.test"]));
    assert_eq!(bench.engine.other_rules(), 1);
    release::use_sets(&bench.vault, &Sets::default()).unwrap();
    bench.fold();
    bench.file(by(3, &["v.test"]));
    bench.run_to(TICK);
    assert_eq!(bench.engine.other_rules(), 1);
    bench.assert_replays();
}

#[test]
fn a_text_names_no_campaign_that_members_have_lost() {
    let mut bench = Bench::new();
    let one = filed(&mut bench, by(1, &["one.test"]));
    bench.run_to(TICK);
    assert!(bench.act(0, vault::Act::Withdraw));
    bench.run_to(2 * TICK);
    bench.append(advisory("about one", Tlp::Green, Some(one)));
    bench.run_to(3 * TICK);
    let row = bench.reader.by_id(NounKind::Advisory, &["about one".len() as u8; 16]).unwrap().unwrap();
    assert_eq!(row.view::<released::AdvisoryView>().unwrap().campaign, None);
    bench.assert_replays();
}

#[test]
fn a_list_that_comes_later_is_told_to_groups_too_and_only_of_what_is_on_it() {
    let group = model::GroupId::from_bytes([7; 16]);
    let as_of = Some(model::Timestamp::from_millis(common::START));
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::at(&folder.path().join("data"));
    bench.file(by(1, &["listed.test", "other.test"]).warn(WhoMayBeWarned::Group { group, as_of }));
    bench.run_to(TICK);
    let mut set = NoiseSet::default();
    set.add("late", ListKind::Hostname, ["listed.test"]);
    release::use_sets(&bench.vault, &Sets { noise: Some(set.text().into()), ..Sets::default() }).unwrap();
    bench.fold();
    let batch = bench.tick_at(2 * TICK).unwrap();
    assert_eq!(batch.objects.len(), 1);
    assert!(batch.objects[0].body.contains("listed.test"));
    bench.assert_replays();
}
