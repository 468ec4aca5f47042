//! Values that link nothing: on lists, or named by so many members.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::{campaign, case, engine, file, key, take_back, ten_are_many};
use fusion::Finding;
use model::Observable;

#[test]
fn a_value_of_too_many_members_links_nothing_more_once_it_is_decided() {
    let mut engine = ten_are_many();
    for n in 1..=9 {
        file(&mut engine, n, n as u8, &["everywhere.test"]);
    }
    assert!(engine.take_crowded().is_empty());
    file(&mut engine, 10, 10, &["everywhere.test"]);
    file(&mut engine, 11, 11, &["everywhere.test"]);
    assert_eq!(engine.campaign_of(case(11)), Some(campaign(1)), "it links until that is decided");
    assert_eq!(engine.take_crowded(), [key("everywhere.test")]);
    assert!(matches!(engine.stop_linking(key("everywhere.test")), Some(Finding::OverCommon { .. })));
    assert_eq!(engine.stop_linking(key("everywhere.test")), None, "told once");
    file(&mut engine, 12, 12, &["everywhere.test"]);
    assert_eq!(engine.campaign_of(case(12)), Some(campaign(12)));
    let common: Vec<_> = engine.over_common().collect();
    assert_eq!((common.len(), common[0].seen), (1, 12));
    assert!(engine.noise(&Observable::detect("everywhere.test").unwrap()).is_some());
    assert!(engine.listed(&Observable::detect("everywhere.test").unwrap()).is_none());
}

#[test]
fn one_members_repeats_never_make_a_value_common() {
    let mut engine = ten_are_many();
    for n in 1..=9 {
        file(&mut engine, n, n as u8, &["v.test", "http://host.test/a"]);
    }
    for n in 10..400 {
        file(&mut engine, n, 9, &["v.test", &format!("http://host.test/{n}")]);
    }
    assert!(engine.take_crowded().is_empty());
    assert_eq!(engine.stop_linking(key("v.test")), None);
    assert_eq!(engine.campaign_of(case(399)), Some(campaign(1)));
    // Beyond the cases that are listed, members still count.
    file(&mut engine, 400, 10, &["v.test"]);
    assert_eq!(engine.take_crowded(), [key("v.test")]);
}

#[test]
fn many_urls_of_one_report_do_not_stop_their_host_from_linking() {
    let mut engine = ten_are_many();
    let urls: Vec<String> = (0..50).map(|n| format!("http://host.test/{n}")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    file(&mut engine, 1, 1, &urls);
    file(&mut engine, 2, 2, &["http://host.test/other"]);
    assert_eq!(engine.campaign_of(case(2)), Some(campaign(1)));
}

#[test]
fn an_over_common_host_links_by_no_rule() {
    let mut engine = ten_are_many();
    for n in 1..=10 {
        file(&mut engine, n, n as u8, &["host.test"]);
    }
    engine.stop_linking(key("host.test")).unwrap();
    file(&mut engine, 11, 11, &["http://host.test/a"]);
    file(&mut engine, 12, 12, &["http://host.test/b"]);
    assert_eq!(engine.campaign_of(case(11)), Some(campaign(11)), "not to the host's cases");
    assert_eq!(engine.campaign_of(case(12)), Some(campaign(12)), "nor to other URLs there");
    // A host that only URLs name.
    for n in 21..=30 {
        file(&mut engine, n, n as u8, &[&format!("http://only.test/{n}")]);
    }
    assert!(engine.take_crowded().contains(&key("only.test")));
    engine.stop_linking(key("only.test")).unwrap();
    file(&mut engine, 31, 31, &["http://only.test/31"]);
    file(&mut engine, 32, 32, &["only.test"]);
    assert_eq!(engine.campaign_of(case(31)), Some(campaign(31)));
    assert_eq!(engine.campaign_of(case(32)), Some(campaign(32)));
    assert!(engine.over_common().any(|common| common.example == case(21)));
}

#[test]
fn lists_act_on_values_that_were_there_before_them() {
    use fusion::{ListKind, NoiseLists};
    let mut engine = engine();
    file(&mut engine, 1, 1, &["later.test"]);
    let mut lists = NoiseLists::own(true);
    lists.add_list("late", ListKind::Hostname, ["later.test"]);
    engine.use_noise(Arc::new(lists));
    let found = file(&mut engine, 2, 2, &["later.test"]);
    assert!(found.iter().any(|finding| matches!(finding, Finding::OverCommon { .. })));
    assert_eq!(engine.campaign_of(case(2)), Some(campaign(2)), "no new links");
    assert!(engine.links_nothing(key("later.test")));
    engine.use_noise(Arc::new(NoiseLists::own(true)));
    file(&mut engine, 3, 3, &["later.test"]);
    assert_eq!(engine.campaign_of(case(3)), Some(campaign(1)), "a list that is gone holds nothing back");
}

#[test]
fn what_so_many_members_name_stays_stopped_when_lists_change() {
    let mut engine = ten_are_many();
    (1..=10).for_each(|n| drop(file(&mut engine, n, n as u8, &["everywhere.test"])));
    engine.stop_linking(key("everywhere.test")).unwrap();
    engine.use_noise(Arc::new(fusion::NoiseLists::own(true)));
    file(&mut engine, 11, 11, &["everywhere.test"]);
    assert_eq!(engine.campaign_of(case(11)), Some(campaign(11)));
    assert!(engine.links_nothing(key("everywhere.test")));
}

#[test]
fn names_below_an_owner_that_so_many_members_name_link_by_nothing_of_it() {
    let mut engine = ten_are_many();
    (1..=10).for_each(|n| drop(file(&mut engine, n, n as u8, &["everywhere.test"])));
    engine.stop_linking(key("everywhere.test")).unwrap();
    engine.note_considered();
    file(&mut engine, 11, 11, &["quay.everywhere.test"]);
    file(&mut engine, 12, 12, &["reef.everywhere.test"]);
    assert!(engine.considered().is_empty(), "{:?}", engine.considered());
}

#[test]
fn a_value_that_everybody_took_back_waits_for_no_decision() {
    let mut engine = engine();
    engine.set_over_common(2);
    (1..=2).for_each(|n| drop(file(&mut engine, n, n as u8, &["quartz.test"])));
    (1..=2).for_each(|n| take_back(&mut engine, n, "quartz.test"));
    assert!(engine.take_crowded().is_empty());
}

#[test]
fn members_beyond_the_reports_that_are_listed_stay_counted_when_one_takes_a_value_back() {
    let mut engine = engine();
    (0..256).for_each(|n| drop(file(&mut engine, n, 1, &["quartz.test"])));
    (256..276).for_each(|n| drop(file(&mut engine, n, (n - 250) as u8, &["quartz.test"])));
    assert_eq!(engine.distinct_members(key("quartz.test")), 21);
    take_back(&mut engine, 0, "quartz.test");
    assert_eq!(engine.distinct_members(key("quartz.test")), 21);
}

#[test]
fn everyday_values_are_none_of_the_values_of_a_campaign() {
    let mut engine = engine();
    file(&mut engine, 1, 1, &["8.8.8.8", "quartz.net"]);
    assert_eq!(engine.campaign(campaign(1)).unwrap().values, 1);
    file(&mut engine, 2, 2, &["8.8.8.8", "quartz.net", "lantern.org"]);
    assert_eq!(engine.campaign(campaign(1)).unwrap().values, 2);
    take_back(&mut engine, 2, "8.8.8.8");
    take_back(&mut engine, 1, "8.8.8.8");
    assert_eq!(engine.campaign(campaign(1)).unwrap().values, 2);
}
