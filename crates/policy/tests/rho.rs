//! ρ row by row, and its laws by property test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use model::{Kind, Marking, Observable, Pap, Timestamp, Tlp, WhoMayBeWarned, WhoMayKnow};
use policy::rho::{self, Band, Release, When};
use policy::{Answer, Assets, Params, scrub};
use proptest::prelude::*;

fn answer(warn: WhoMayBeWarned, tlp: Tlp, held: bool) -> Answer {
    Answer { warn, know: WhoMayKnow::Nobody, marking: Marking { tlp, pap: Pap::Clear }, held }
}

#[test]
fn values_are_released_as_the_table_says() {
    let check = |warn, tlp, held, expect| assert_eq!(rho::release(&answer(warn, tlp, held)), expect, "{warn:?} {tlp}");
    let group = WhoMayBeWarned::Group(uuid::Uuid::nil());
    for (warn, when) in [
        (WhoMayBeWarned::Now, When::NextTick),
        (WhoMayBeWarned::NextEpoch, When::NextEpoch),
        (WhoMayBeWarned::OnceThreeHaveIt, When::OnceThreeHaveIt),
    ] {
        for tlp in [Tlp::Clear, Tlp::Green, Tlp::Amber] {
            check(warn, tlp, false, Release::Members { when, community: true });
            check(warn, tlp, true, Release::Never);
        }
        check(warn, Tlp::AmberStrict, false, Release::Members { when, community: false });
        check(warn, Tlp::Red, false, Release::Never);
    }
    for tlp in Tlp::ALL {
        check(WhoMayBeWarned::CellOnly, tlp, false, Release::Never);
        check(group, tlp, false, Release::Never);
    }
}

#[test]
fn bands_begin_at_k_and_need_a_population() {
    let check = |distinct, population, expect: Option<&str>| {
        let shown = rho::band(distinct, population, &Params::DEFAULT).map(|band| band.text(&Params::DEFAULT));
        assert_eq!(shown.as_deref(), expect, "{distinct} of {population}");
    };
    check(3, 160, None);
    check(4, 160, Some("4+"));
    check(5, 160, Some("4+"));
    check(4, 5, None);
    check(4, 6, Some("4+"));
    check(9, 160, Some("4+"));
    check(10, 160, Some("10+"));
    check(10, 11, Some("4+"));
    check(10, 12, Some("10+"));
    check(25, 26, Some("10+"));
    check(25, 27, Some("25+"));
    check(160, 160, Some("25+"));
}

#[test]
fn places_need_k_members_and_ten_in_all() {
    let check = |distinct, population, expect| {
        assert_eq!(rho::place_is_marked(distinct, population, &Params::DEFAULT), expect, "{distinct} of {population}");
    };
    check(3, 100, false);
    check(4, 9, false);
    check(4, 10, true);
    check(10, 10, true);
}

#[test]
fn blocks_need_two_members_and_leave() {
    let check = |confirming, everyday, pap, expect| {
        assert_eq!(rho::blocked(confirming, everyday, pap, &Params::DEFAULT), expect);
    };
    check(1, false, Pap::Clear, false);
    check(2, false, Pap::Clear, true);
    check(2, false, Pap::Green, true);
    check(2, false, Pap::Amber, false);
    check(2, false, Pap::Red, false);
    check(9, true, Pap::Clear, false);
    assert!(rho::confirms_block(true, false, false, false));
    assert!(!rho::confirms_block(true, false, true, false));
    assert!(!rho::confirms_block(true, true, false, true));
    assert!(!rho::confirms_block(false, false, false, true));
}

#[test]
fn times_are_those_of_the_next_step() {
    let params = Params::EXERCISE;
    let at = |millis| Timestamp::from_millis(millis);
    assert_eq!(rho::tick_after(at(99), &params), at(100));
    assert_eq!(rho::tick_after(at(100), &params), at(200));
    assert_eq!(rho::epoch_after(at(19_999), &params), at(20_000));
    assert_eq!(rho::epoch_after(at(20_000), &params), at(40_000));
    assert_eq!(rho::epoch_from(at(20_000), &params), at(20_000));
    assert_eq!(rho::epoch_from(at(20_100), &params), at(40_000));
    assert_eq!(rho::block_minute_from(at(5_100), &params), at(10_000));
}

#[test]
fn names_are_public_only_by_wish() {
    assert_eq!(rho::public_name(WhoMayKnow::Everybody, Some("Acme")), Some("Acme"));
    assert_eq!(rho::public_name(WhoMayKnow::Cell, Some("Acme")), None);
    assert_eq!(rho::public_name(WhoMayKnow::Nobody, Some("Acme")), None);
    assert!(rho::counts_for_breadth(WhoMayKnow::Nobody, false));
    assert!(!rho::counts_for_breadth(WhoMayKnow::Everybody, false));
    assert!(!rho::counts_for_breadth(WhoMayKnow::Nobody, true));
}

#[test]
fn the_scrub_holds_what_could_name_the_reporter() {
    let assets = Assets {
        domains: vec!["acme.example".to_owned()],
        ranges: vec!["203.0.113.0/24".to_owned(), "2001:db8:1::/48".to_owned()],
        brands: vec!["Acme Power".to_owned(), "AP".to_owned()],
    };
    let check = |kind, value: &str, expect: bool| {
        let observable = Observable::parse(kind, value).unwrap();
        assert_eq!(scrub(&observable, &assets, true).is_some(), expect, "{value}");
    };
    for (value, held) in [
        ("10.1.2.3", true),
        ("172.16.0.1", true),
        ("192.168.1.1", true),
        ("127.0.0.1", true),
        ("169.254.1.1", true),
        ("100.64.0.1", true),
        ("203.0.113.9", true),
        ("198.51.100.7", false),
        ("8.8.8.8", false),
        ("198.18.0.1", false),
    ] {
        check(Kind::Ipv4, value, held);
    }
    for (value, held) in
        [("::1", true), ("fe80::1", true), ("fd00::1", true), ("2001:db8:1::5", true), ("2001:db8:2::5", false)]
    {
        check(Kind::Ipv6, value, held);
    }
    for (value, held) in
        [("203.0.113.128/25", true), ("203.0.112.0/22", true), ("10.0.0.0/8", true), ("198.51.100.0/24", false)]
    {
        check(Kind::Cidr, value, held);
    }
    for (value, held) in [
        ("acme.example", true),
        ("vpn.acme.example", true),
        ("notacme.example", false),
        ("printer.local", true),
        ("db.internal", true),
        ("nas.lan", true),
        ("login-acmepower.test", true),
        ("maple.test", false),
    ] {
        check(Kind::Domain, value, held);
    }
    check(Kind::Email, "jo@acme.example", true);
    check(Kind::Email, "jo@mail.acme.example", true);
    check(Kind::Email, "jo@attack.test", false);
    check(Kind::Url, "https://portal.acme.example/login", true);
    check(Kind::Url, "http://user@attack.test:8080/acme.example", false);
    check(Kind::Url, "http://10.0.0.1/a", true);
    check(Kind::EmailSubject, "Invoice for ACME-Power", true);
    check(Kind::EmailSubject, "Invoice", false);
    check(Kind::FilePath, "\\\\fileserver\\share\\a.exe", true);
    check(Kind::Sha256, &"ab".repeat(32), false);
    let benchmark = Observable::parse(Kind::Ipv4, "198.18.0.1").unwrap();
    assert!(scrub(&benchmark, &Assets::default(), false).is_some());
}

fn any_tlp() -> impl Strategy<Value = Tlp> {
    (0..Tlp::ALL.len()).prop_map(|index| Tlp::ALL[index])
}

proptest! {
    #[test]
    fn a_stricter_marking_never_shows_more(a in any_tlp(), b in any_tlp(), answer_index in 0..4_usize, held: bool) {
        let warn = [WhoMayBeWarned::Now, WhoMayBeWarned::NextEpoch, WhoMayBeWarned::OnceThreeHaveIt, WhoMayBeWarned::CellOnly][answer_index];
        let level = |tlp| match rho::release(&answer(warn, tlp, held)) {
            Release::Never => 0,
            Release::Members { community: false, .. } => 1,
            Release::Members { community: true, .. } => 2,
        };
        let (loose, strict) = if a <= b { (a, b) } else { (b, a) };
        prop_assert!(level(strict) <= level(loose));
    }

    #[test]
    fn bands_are_monotone_and_hide_k_members(distinct in 0_u32..200, population in 0_u32..200) {
        let params = Params::DEFAULT;
        let band = rho::band(distinct, population, &params);
        prop_assert!(band <= rho::band(distinct + 1, population, &params));
        prop_assert!(band <= rho::band(distinct, population + 1, &params));
        if let Some(band) = band {
            prop_assert!(distinct >= params.breadth_floor() && distinct >= band.floor(&params));
            prop_assert!(population > band.floor(&params) + params.coalition);
        }
        for shown in [None, Some(Band::Least), Some(Band::Ten), Some(Band::TwentyFive)] {
            prop_assert!(rho::band_after(shown, band) >= shown);
        }
    }

    #[test]
    fn nothing_is_due_before_its_step_ends(at in 0_i64..1_000_000_000) {
        let params = Params::DEFAULT;
        let at = Timestamp::from_millis(at);
        for (due, step) in [(rho::tick_after(at, &params), params.tick_millis), (rho::epoch_after(at, &params), params.epoch_millis)] {
            prop_assert!(due > at && due.millis_since(at) <= step && due.floor_to(step) == due);
        }
    }

    #[test]
    fn a_merge_is_as_strict_as_its_strictest(labels in prop::collection::vec((any_tlp(), 0..4_usize), 0..8)) {
        let markings: Vec<_> = labels.iter().map(|&(tlp, pap)| Marking { tlp, pap: Pap::ALL[pap] }).collect();
        let merged = rho::merged(markings.iter().copied());
        prop_assert!(markings.iter().all(|one| one.tlp <= merged.tlp && one.pap <= merged.pap));
    }
}
