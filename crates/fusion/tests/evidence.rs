//! What is shared says more or less by how, when and how often it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{campaign, case, engine, file, file_at, take_back};
use fusion::Finding;

#[test]
fn what_several_values_share_by_one_thing_says_less_than_what_they_share_by_several() {
    let said = |earlier: &[&str], later: &[&str]| {
        let mut engine = engine();
        engine.note_considered();
        file(&mut engine, 0, 1, earlier);
        file(&mut engine, 1, 2, later);
        let network = fusion::rule_names().iter().position(|name| *name == "network").unwrap();
        engine.considered()[0].evidence[network]
    };
    let earlier = ["198.51.100.1", "203.0.113.1", "192.0.2.1"];
    let one_thing = said(&earlier, &["192.0.2.2", "192.0.2.3", "192.0.2.4"]);
    let three_things = said(&earlier, &["198.51.100.2", "203.0.113.2", "192.0.2.2"]);
    // The strongest one, times one and the logarithm of how much there is: of the first two, of the other three.
    let ratio = one_thing / three_things;
    assert!((0.7..0.82).contains(&ratio), "{one_thing} {three_things}");
}

#[test]
fn a_name_and_a_link_on_it_are_one_place() {
    let said = |rule: &str, earlier: &str, later: &[&str]| {
        let mut engine = engine();
        engine.note_considered();
        file(&mut engine, 0, 1, &[earlier, "http://velvet.org/gate-x/"]);
        let findings = file(&mut engine, 1, 2, later);
        let reasons = findings.iter().find_map(|finding| match finding {
            Finding::Joined { reasons, .. } => Some(reasons.iter().filter(|reason| reason.rule == rule).count()),
            _ => None,
        });
        let rule = fusion::rule_names().iter().position(|name| *name == rule).unwrap();
        (engine.considered()[0].evidence[rule], reasons.unwrap_or(0))
    };
    let cases = [
        ("shared-word", "quartz-lantern.net", "lantern-river.org"),
        ("network", "198.51.100.7", "198.51.100.77"),
        ("sub-domain", "portal-x.quartz.net", "portal-x.river.org"),
    ];
    for (rule, earlier, later) in cases {
        let (link, elsewhere) = (format!("http://{later}/gate-x/"), "http://pigeon.com/gate-x/");
        let once = said(rule, earlier, &[later, elsewhere]);
        let again = said(rule, earlier, &[later, &link]);
        assert!(once.0 > 3.0, "{rule} {once:?}");
        assert_eq!(again, (once.0, 1), "{rule}");
        assert_eq!(said(rule, earlier, &[&link, later]), again, "{rule}, the link first");
    }
    // What is asked for there is another matter: two paths on one host say more than one.
    let path = |later: &[&str]| said("url-path", "quartz.net", later).0;
    let both = path(&["http://river.org/gate-x/", "https://river.org/gate-x/"]);
    assert!(both > path(&["http://river.org/gate-x/", "https://river.org/other-y/"]), "{both}");
}

#[test]
fn that_a_campaign_is_young_says_less_the_more_reports_came_since_it_began() {
    let said = |others: usize| {
        let mut engine = engine();
        engine.note_considered();
        file_at(&mut engine, 0, others, 2, &["http://evil.test/xk7-panel/"]);
        for n in 0..others {
            file_at(&mut engine, 1, n, 1, &[&format!("quay{n}harbour.test")]);
        }
        file_at(&mut engine, 2, others + 1, 3, &["http://other.test/xk7-panel/"]);
        engine.considered().first().map_or(f32::NAN, |held| held.young)
    };
    let all = fusion::Weights::default().young;
    assert_eq!(said(0), all);
    assert_eq!(said(100), all);
    assert!((said(400) - (all - 4.0_f32.ln())).abs() < 1e-3);
    assert_eq!(said(9_998), 0.0);
}

#[test]
fn a_campaign_is_as_quiet_as_days_went_by_or_as_many_reports_came() {
    let days = |others: usize, minutes: usize| {
        let mut engine = engine();
        engine.note_considered();
        file_at(&mut engine, 0, others, 2, &["http://evil.test/xk7-panel/"]);
        file_at(&mut engine, 0, others + 1, 3, &["http://evil.test/xk7-panel/"]);
        for n in 0..others {
            file_at(&mut engine, 1, n, 1, &[&format!("quay{n}harbour.test")]);
        }
        file_at(&mut engine, minutes, others + 2, 4, &["http://other.test/xk7-panel/"]);
        engine.considered().first().map_or(f32::NAN, |held| held.days)
    };
    let day = 24 * 60;
    assert_eq!(days(0, 3 * day), 3.0);
    assert_eq!(days(10, 3 * day), 3.0);
    // Two hundred and forty reports within the hour are thirty days of eight.
    assert_eq!(days(240, 60), 30.0);
    assert_eq!(days(240, 50 * day), 50.0);
}

#[test]
fn a_campaign_of_one_is_bridged_easily_however_large_the_other_one_is() {
    let mut engine = engine();
    (0..30).for_each(|n| drop(file(&mut engine, n, 1, &["quartz.net"])));
    file(&mut engine, 30, 2, &["lantern.org"]);
    file(&mut engine, 31, 3, &["quartz.net", "lantern.org"]);
    assert_eq!(engine.campaign_of(case(30)), Some(campaign(0)));
}

#[test]
fn a_link_on_a_host_that_the_same_report_names_says_half() {
    let said = |beside: &str| {
        let mut engine = engine();
        engine.note_considered();
        file(&mut engine, 0, 1, &["quartz.test"]);
        file(&mut engine, 1, 2, &[beside, "http://quartz.test/a7"]);
        let host = fusion::rule_names().iter().position(|name| *name == "url-host").unwrap();
        engine.considered()[0].evidence[host]
    };
    let (alone, named) = (said("lantern.test"), said("quartz.test"));
    assert!(named < 0.6 * alone, "{named} {alone}");
}

#[test]
fn what_nobody_names_any_more_is_a_host_that_links_are_on() {
    let mut engine = engine();
    file(&mut engine, 1, 1, &["quartz.test", "http://quartz.test/a7"]);
    file(&mut engine, 2, 2, &["http://quartz.test/b8"]);
    take_back(&mut engine, 1, "quartz.test");
    file(&mut engine, 3, 3, &["quartz.test"]);
    let why: Vec<&str> = engine.explain(case(3)).iter().map(|(_, reason)| reason.rule).collect();
    assert_eq!(why, ["url-host"]);
}
