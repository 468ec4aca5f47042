//! ρ row by row, and its laws by property test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use model::{AttackKind, GroupId, Kind, Marking, Observable, Pap, Timestamp, Tlp, WhoMayBeWarned, WhoMayKnow};
use policy::rho::{self, Band, MarkedBy, Place, Release, When};
use policy::scrub::scrub;
use policy::{Answer, Assets, Audience, Lexicon, Membership, Params};
use proptest::prelude::*;

fn answer(warn: WhoMayBeWarned, tlp: Tlp, held: bool) -> Answer {
    Answer { warn, know: WhoMayKnow::Nobody, marking: Marking { tlp, pap: Pap::Clear }, held }
}

#[test]
fn values_are_released_as_the_table_says() {
    let check = |warn, tlp, held, expect| assert_eq!(rho::release(&answer(warn, tlp, held)), expect, "{warn:?} {tlp}");
    let (id, as_of) = (GroupId::from_bytes([7; 16]), Timestamp::from_millis(5));
    let unchecked = WhoMayBeWarned::Group { group: id, as_of: None };
    let group = WhoMayBeWarned::Group { group: id, as_of: Some(as_of) };
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
        check(unchecked, tlp, false, Release::Never);
        check(group, tlp, true, Release::Never);
        let reached = Release::Group { group: id, as_of };
        check(group, tlp, false, if tlp == Tlp::Red { Release::Never } else { reached });
    }
}

#[test]
fn a_group_is_matched_by_its_id_among_those_that_the_reporter_is_in() {
    let (own, other) = (GroupId::from_bytes([1; 16]), GroupId::from_bytes([2; 16]));
    let named = |group| WhoMayBeWarned::Group { group, as_of: None };
    let as_of = Timestamp::from_millis(9);
    let reached = WhoMayBeWarned::Group { group: own, as_of: Some(as_of) };
    assert_eq!(rho::addressed(named(own), [(own, as_of)]), reached);
    assert_eq!(rho::addressed(named(other), [(own, as_of)]), WhoMayBeWarned::CellOnly);
    assert_eq!(rho::addressed(named(own), []), WhoMayBeWarned::CellOnly);
    // Nobody is taken at his word about how the group stood.
    assert_eq!(rho::addressed(reached, []), WhoMayBeWarned::CellOnly);
    assert_eq!(rho::addressed(WhoMayBeWarned::Now, [(own, as_of)]), WhoMayBeWarned::Now);
}

#[test]
fn an_item_reaches_who_was_in_the_group_when_it_was_reported_and_each_of_them_once() {
    let at = Timestamp::from_millis;
    let group = GroupId::from_bytes([1; 16]);
    let item = |before: Option<i64>, as_of| Audience::Group { group, before: before.map(at), as_of: at(as_of) };
    let (first, second) = (item(None, 10), item(Some(10), 20));
    for (joined, sees) in
        [(1, [true, false]), (10, [true, false]), (11, [false, true]), (20, [false, true]), (21, [false; 2])]
    {
        let membership = Membership { group, joined: at(joined) };
        assert_eq!([&first, &second].map(|item| rho::reaches(membership, item)), sees, "joined at {joined}");
    }
    let elsewhere = Membership { group: GroupId::from_bytes([2; 16]), joined: at(1) };
    assert!(!rho::reaches(elsewhere, &first));
    assert!(rho::reaches(elsewhere, &Audience::Members));
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
    let own = Lexicon::of(&assets);
    let check = |kind, value: &str, expect: bool| {
        let observable = Observable::parse(kind, value).unwrap();
        assert_eq!(scrub(&observable, &own, true).is_some(), expect, "{value}");
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
    check(Kind::Url, "http://user@attack.test:8080/acme.example", true);
    check(Kind::Url, "http://user@attack.test:8080/notes", false);
    check(Kind::Url, "http://10.0.0.1/a", true);
    check(Kind::EmailSubject, "Invoice for ACME-Power", true);
    check(Kind::EmailSubject, "Invoice", false);
    check(Kind::FilePath, "\\\\fileserver\\share\\a.exe", true);
    check(Kind::Sha256, &"ab".repeat(32), false);
    let benchmark = Observable::parse(Kind::Ipv4, "198.18.0.1").unwrap();
    assert!(scrub(&benchmark, &Lexicon::default(), false).is_some());
}

#[test]
fn the_scrub_finds_the_reporters_name_wherever_a_text_hides_it() {
    let assets = Assets {
        domains: vec!["acme.example".to_owned()],
        ranges: vec!["203.0.113.0/24".to_owned()],
        brands: vec!["BT".to_owned(), "EDF".to_owned(), "Northgrid".to_owned(), "x".to_owned()],
    };
    let own = Lexicon::of(&assets);
    let check = |kind, value: &str, expect: bool| {
        let observable = Observable::parse(kind, value).unwrap();
        assert_eq!(scrub(&observable, &own, true).is_some(), expect, "{value}");
    };
    for (url, held) in [
        ("http://evil.test/?e=jo@acme.example", true),
        ("http://evil.test/?e=jo%40acme%2Eexample", true),
        ("http://evil.test/?e=jo%2540acme%252Eexample", true),
        ("http://evil.test/#am9AYWNtZS5leGFtcGxl", true),
        ("http://evil.test/?e=JO@ACME.EXAMPLE", true),
        ("http://acme.example.evil.test/", true),
        ("http://acme-example.evil.test/a", true),
        ("http://acme.example@evil.test/", true),
        ("http://evil.test/?ip=203.0.113.9", true),
        ("http://evil.test/?ip=198.51.100.9", false),
        ("http://evil.test/north%2Dgrid/", true),
        ("http://evil.test/bt/login", true),
        ("http://bt-login.evil.test/", true),
        ("http://evil.test/subtle/obtain", false),
        ("http://evil.test/x/", false),
        ("http://evil.test/100%/a", false),
    ] {
        check(Kind::Url, url, held);
    }
    for (name, held) in [
        ("acme.example.evil.test", true),
        ("www-acme-example.evil.test", true),
        ("notacme.example", false),
        ("edf.evil.test", true),
        ("my-edf.test", true),
        ("wedford.test", false),
    ] {
        check(Kind::Domain, name, held);
    }
    check(Kind::Email, "jo=acme.example@evil.test", true);
    check(Kind::Email, "jo@acme.example.evil.test", true);
    check(Kind::Email, "edf@evil.test", true);
    check(Kind::Email, "jo@evil.test", false);
    check(Kind::EmailSubject, "Your BT bill", true);
    check(Kind::EmailSubject, "A subtle bill", false);
    check(Kind::FileName, "edf_invoice.pdf", true);
    check(Kind::Account, "acme.example\\jo", true);
}

#[test]
fn a_hold_needs_three_in_a_population_that_hides_them() {
    let check = |members, population, expect| {
        assert_eq!(rho::hold_opens(members, population, &Params::DEFAULT), expect, "{members} of {population}");
    };
    check(2, 160, false);
    check(3, 160, true);
    check(3, 5, true);
    check(3, 4, false);
    check(4, 4, false);
    assert!(rho::counts_for_hold(true, false));
    assert!(!rho::counts_for_hold(false, false));
    assert!(!rho::counts_for_hold(true, true));
}

#[test]
fn a_value_is_over_common_by_members_and_never_below_the_widest_band() {
    let check = |population, expect| {
        assert_eq!(rho::over_common_members(population, rho::OVER_COMMON_LEAST, &Params::DEFAULT), expect);
    };
    check(0, None);
    check(26, None);
    check(27, Some(25));
    check(50, Some(25));
    check(51, Some(26));
    check(160, Some(80));
}

#[test]
fn the_kind_of_attack_is_the_same_in_every_order() {
    for &a in AttackKind::ALL {
        assert_eq!(rho::attack_of(a, a), a);
        assert_eq!(rho::attack_of(a, AttackKind::NotSure), a);
        for &b in AttackKind::ALL {
            assert_eq!(rho::attack_of(a, b), rho::attack_of(b, a));
            for &c in AttackKind::ALL {
                assert_eq!(rho::attack_of(rho::attack_of(a, b), c), rho::attack_of(a, rho::attack_of(b, c)));
            }
        }
    }
    assert_eq!(rho::attack_of(AttackKind::Scanning, AttackKind::Phishing), AttackKind::Phishing);
}

#[test]
fn the_unmarked_leave_room_or_there_is_no_band() {
    let params = Params::DEFAULT;
    let room = |population, places: &[(u32, bool)]| {
        rho::room(population, places.iter().map(|&(population, marked)| Place { population, marked }), &params)
    };
    assert_eq!(room(12, &[(1, false), (11, false)]), 4, "at most three of the eleven");
    assert_eq!(room(12, &[(1, false), (11, true)]), 12);
    assert_eq!(room(12, &[(6, false), (6, false)]), 12, "small ones are never marked and say nothing");
    assert_eq!(rho::marked_by([11, 1], &params), MarkedBy::Sectors);
    assert_eq!(rho::marked_by([9, 9], &params), MarkedBy::Regions);
}

fn any_tlp() -> impl Strategy<Value = Tlp> {
    (0..Tlp::ALL.len()).prop_map(|index| Tlp::ALL[index])
}

proptest! {
    #[test]
    fn a_stricter_marking_never_shows_more(a in any_tlp(), b in any_tlp(), answer_index in 0..4_usize, held: bool) {
        let warn = [WhoMayBeWarned::Now, WhoMayBeWarned::NextEpoch, WhoMayBeWarned::OnceThreeHaveIt, WhoMayBeWarned::CellOnly][answer_index];
        let level = |tlp| match rho::release(&answer(warn, tlp, held)) {
            Release::Never | Release::Group { .. } => 0,
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
