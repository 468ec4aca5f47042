//! What people do to an engine on purpose: work stays bounded, and so does what one of them brings about.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use fusion::{Config, Event, Finding, Fusion, Observation, Word};
use model::{CaseId, KeySeed, Kind, MemberToken, Observable, ObservableKey, Timestamp};

const SEED: KeySeed = KeySeed([7; 16]);
const NOW: i64 = 1_800_000_000_000;
/// Entries that a report of few values is held against, and each value of a large one.
const ENTRIES: u64 = 18;
const ENTRIES_PER_VALUE: u64 = 2;

fn case(n: u32) -> CaseId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    CaseId::from_bytes(bytes)
}

fn file_at(engine: &mut Fusion, at: i64, n: u32, firm: u8, values: &[Observable]) -> Vec<Finding> {
    let observations: Vec<Observation<'_>> =
        values.iter().map(|observable| Observation { key: observable.key(SEED), observable }).collect();
    let mut findings = Vec::new();
    let event = Event {
        at: Timestamp::from_millis(at),
        case: case(n),
        token: MemberToken::from_bytes([firm; 16]),
        window: 1,
        sector: None,
        region: None,
        counts: true,
        of_member: true,
        observations: &observations,
        techniques: &[],
        tags: &[],
    };
    engine.step(&event, &mut findings);
    findings
}

fn file(engine: &mut Fusion, n: u32, firm: u8, values: &[&str]) -> Vec<Finding> {
    let values: Vec<Observable> = values.iter().map(|value| Observable::detect(value).unwrap()).collect();
    file_at(engine, NOW + i64::from(n) * 60_000, n, firm, &values)
}

fn engine() -> Fusion {
    Fusion::new(Config::new(false, SEED))
}

fn key(value: &str) -> ObservableKey {
    Observable::detect(value).unwrap().key(SEED)
}

fn digest(engine: &Fusion) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.digest(&mut |part| bytes.extend_from_slice(part));
    bytes
}

#[test]
fn a_flood_of_values_costs_its_length_and_bridges_nothing() {
    let mut engine = engine();
    let one = ["quartz-alpha.net", "meadow-alpha.net", "lantern-alpha.net", "glacier-alpha.net", "pigeon-alpha.net"];
    let other = ["marble-omega.net", "harbour-omega.net", "saffron-omega.net", "thistle-omega.net", "walnut-omega.net"];
    for n in 0..6_u32 {
        // Two attacks of three reports each.
        file(&mut engine, n, n as u8, [&one, &other][n as usize % 2]);
    }
    assert_ne!(engine.campaign_of(case(0)), engine.campaign_of(case(1)));
    let mut flood: Vec<Observable> =
        (0..100_000).map(|n| Observable::from_normal(Kind::Domain, format!("k{n:x}.flood{n}.org"))).collect();
    flood[7] = Observable::detect("quartz-alpha.net").unwrap();
    flood[77] = Observable::detect("marble-omega.net").unwrap();
    let before = engine.entries_touched();
    file_at(&mut engine, NOW + 600_000, 100, 9, &flood);
    assert!(engine.entries_touched() - before <= ENTRIES_PER_VALUE * flood.len() as u64);
    let (one, other) = (engine.campaign_of(case(0)), engine.campaign_of(case(1)));
    assert_ne!(one, other, "it bridges nothing");
    assert_ne!(engine.campaign_of(case(100)), one);
    assert_ne!(engine.campaign_of(case(100)), other);
    assert_eq!(engine.distinct_members(key("quartz-alpha.net")), 4, "and counts as one");
}

#[test]
fn a_million_values_in_one_report_cost_no_more_than_the_first_two_thousand_and_the_rest_say_so() {
    let taken = 2_048;
    // Hashes are alike in nothing.
    let flood: Vec<Observable> = (1..=1_000_000_u64)
        .map(|n| Observable::from_normal(Kind::Sha256, format!("{:064x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))))
        .collect();
    let of = |n: usize| flood[n].key(SEED);
    let mut engine = engine();
    file_at(&mut engine, NOW, 1, 1, &flood);
    assert_eq!([of(0), of(taken - 1), of(taken)].map(|key| engine.seen(key)), [1, 1, 0]);
    assert!(engine.leaves_out(case(1)));
    assert_eq!(engine.why_left_out(case(1), of(taken - 1)), None);
    let why = engine.why_left_out(case(1), of(taken)).unwrap();
    assert_eq!(why, "its report names more than 2048 values, and only the first 2048 link");
    // The same in many events, as corrections add values: the report has its limit, not the event.
    let mut by_pieces = self::engine();
    for piece in flood[..10_000].chunks(300) {
        file_at(&mut by_pieces, NOW, 1, 1, piece);
    }
    assert_eq!(digest(&by_pieces), digest(&engine));
    // To name all of it once more changes nothing.
    file_at(&mut engine, NOW, 1, 1, &flood);
    assert_eq!(digest(&by_pieces), digest(&engine));
    // What is beyond links nothing, and is taken in of whoever names it within the limit.
    file_at(&mut engine, NOW + 1, 2, 2, &flood[taken..taken + 20]);
    assert_ne!(engine.campaign_of(case(2)), engine.campaign_of(case(1)));
    assert!(!engine.leaves_out(case(2)));
    file_at(&mut engine, NOW + 2, 3, 3, &flood[taken..taken + 20]);
    assert_eq!(engine.campaign_of(case(3)), engine.campaign_of(case(2)));
    file_at(&mut engine, NOW + 3, 4, 4, &flood[..20]);
    assert_eq!(engine.campaign_of(case(4)), engine.campaign_of(case(1)), "the first ones link as ever");
}

#[test]
fn everyday_values_link_nobody_however_many_name_them() {
    let mut engine = engine();
    let everyday = ["8.8.8.8", "d41d8cd98f00b204e9800998ecf8427e", "co.jp", "http://8.8.8.8/"];
    for n in 0..50 {
        file(&mut engine, n, n as u8, &everyday);
    }
    let campaigns: std::collections::BTreeSet<_> = (0..50).filter_map(|n| engine.campaign_of(case(n))).collect();
    assert_eq!(campaigns.len(), 50);
    assert!(everyday.iter().all(|value| engine.links_nothing(key(value))));
    assert_eq!(engine.over_common().count(), everyday.len(), "each is listed, once");
    // Nor does what lies at such an address, by its host.
    file(&mut engine, 60, 60, &["http://8.8.8.8/one/gate.php"]);
    file(&mut engine, 61, 61, &["http://8.8.8.8/two/load.exe"]);
    assert_ne!(engine.campaign_of(case(60)), engine.campaign_of(case(61)));
}

#[test]
fn a_rivals_domain_named_again_and_again_is_one_firms_word() {
    let mut engine = engine();
    for n in 0..500 {
        file(&mut engine, n, 9, &["rival-works.com"]);
    }
    assert_eq!(engine.distinct_members(key("rival-works.com")), 1);
    assert_eq!(engine.distinct_members_of_campaign(engine.campaign_of(case(0)).unwrap()), 1);
    assert!(engine.score(key("rival-works.com"), Timestamp::from_millis(NOW + 500 * 60_000)) <= 0.5);
}

#[test]
fn a_report_made_to_bridge_two_campaigns_does_not_and_a_word_holds_against_all_of_them() {
    let mut engine = engine();
    let values = |of: &str| -> Vec<String> {
        ["quartz", "meadow", "lantern", "glacier", "pigeon"].iter().map(|word| format!("{word}{of}.net")).collect()
    };
    let (left, right) = (values("river"), values("castle"));
    for n in 0..20 {
        let of = if n % 2 == 0 { &left } else { &right };
        file(&mut engine, n, n as u8, &of.iter().map(String::as_str).collect::<Vec<_>>());
    }
    assert_ne!(engine.campaign_of(case(0)), engine.campaign_of(case(1)));
    file(&mut engine, 30, 30, &[&left[0], &right[0], "stray-one.org", "other-two.org", "third-way.org"]);
    assert_ne!(engine.campaign_of(case(0)), engine.campaign_of(case(1)), "a value of each is not enough");
    let word = Word { at: Timestamp::from_millis(NOW + 40 * 60_000), one: case(0), other: case(1), same: false };
    engine.say(&word, &mut Vec::new());
    let all: Vec<&str> = left.iter().chain(&right).map(String::as_str).collect();
    for n in 50..80 {
        file(&mut engine, n, 31, &all);
        assert_ne!(engine.campaign_of(case(0)), engine.campaign_of(case(1)), "an analyst said so");
    }
}

#[test]
fn times_that_are_years_off_break_nothing() {
    let run = || {
        let mut engine = engine();
        let values: Vec<Observable> =
            ["quartz-shop.net", "203.0.114.9"].iter().map(|value| Observable::detect(value).unwrap()).collect();
        let times = [NOW, 0, NOW * 3, -NOW, i64::MAX / 2, i64::MIN / 2, NOW + 1];
        for (n, at) in (0..).zip(times) {
            file_at(&mut engine, at, n, n as u8, &values);
        }
        engine
    };
    let engine = run();
    assert_eq!(digest(&engine), digest(&run()));
    for now in [0, NOW, NOW * 4, -NOW] {
        let score = engine.score(key("quartz-shop.net"), Timestamp::from_millis(now));
        assert!((0.0..=1.0).contains(&score), "{score} at {now}");
    }
    assert_eq!(engine.campaign_of(case(6)), engine.campaign_of(case(0)), "what is true at the right time is found");
}

#[test]
fn the_same_report_ten_thousand_times_costs_as_much_each_time_and_counts_once() {
    let mut engine = engine();
    let values = ["quartz-shop.net", "http://lantern.org/gate/7.php?id=1", "45.9.148.3"];
    file(&mut engine, 1, 1, &values);
    let once = digest(&engine);
    for _ in 0..10_000 {
        assert!(file_at_once(&mut engine, &values).is_empty());
    }
    assert_eq!(digest(&engine), once, "a report that is known already changes nothing");
    for n in 2..10_002 {
        let before = engine.entries_touched();
        file(&mut engine, n, 1, &values);
        assert!(engine.entries_touched() - before <= ENTRIES, "report {n}");
    }
    let campaign = engine.campaign_of(case(1)).unwrap();
    assert_eq!((engine.brief(campaign).unwrap().cases, engine.distinct_members_of_campaign(campaign)), (10_001, 1));
    assert_eq!(engine.who_else(key("quartz-shop.net")).len(), 256);
    assert_eq!(engine.distinct_members(key("quartz-shop.net")), 1);
}

/// The first report once more.
fn file_at_once(engine: &mut Fusion, values: &[&str]) -> Vec<Finding> {
    file(engine, 1, 1, values)
}

#[test]
fn names_below_one_registration_cost_no_more_the_more_they_are() {
    let mut engine = engine();
    for n in 0..5_000 {
        let before = engine.entries_touched();
        file(&mut engine, n, (n % 3) as u8, &[&format!("x{n}.crowded-place.com")]);
        assert!(engine.entries_touched() - before <= ENTRIES, "report {n}");
    }
    assert_eq!(engine.distinct_members(key("crowded-place.com")), 0, "nobody named it");
}
