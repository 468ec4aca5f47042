//! Bursts: fresh reports of several members that share too little for a link, within hours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use fusion::{Config, Event, Fusion, Observation, Wave, What};
use model::{CampaignId, CaseId, KeySeed, MemberToken, Observable, Timestamp};

const SEED: KeySeed = KeySeed([7; 16]);
const HOUR: i64 = 60;

fn case(n: u16) -> CaseId {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&n.to_be_bytes());
    CaseId::from_bytes(bytes)
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + minutes * 60_000)
}

fn engine() -> Fusion {
    Fusion::new(Config::new(false, SEED))
}

fn file(engine: &mut Fusion, minutes: i64, n: u16, firm: u8, value: &str) -> Vec<Wave> {
    let observable = Observable::detect(value).unwrap();
    let observations = [Observation { key: observable.key(SEED), observable: &observable }];
    let event = Event {
        at: at(minutes),
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
    engine.step(&event, &mut Vec::new());
    engine.take_changes().waves
}

/// Addresses in one wide network and in no small one: too little for a link.
fn address(n: u16) -> String {
    format!("45.9.{n}.7")
}

fn waves(reports: &[(i64, u8)]) -> Vec<(usize, u32)> {
    let mut engine = engine();
    let told = (0_u16..).zip(reports).map(|(n, (minutes, firm))| file(&mut engine, *minutes, n, *firm, &address(n)));
    let told: Vec<(usize, u32)> =
        told.enumerate().flat_map(|(n, waves)| waves.into_iter().map(move |wave| (n, wave.members))).collect();
    for n in 0..reports.len() as u16 {
        assert_eq!(engine.campaign_of(case(n)), Some(CampaignId::from_bytes(*case(n).as_bytes())), "nothing is linked");
    }
    told
}

#[test]
fn three_firms_whose_new_reports_share_a_little_are_a_wave_and_no_campaign() {
    assert_eq!(waves(&[(0, 1), (10, 2)]), []);
    assert_eq!(waves(&[(0, 1), (10, 2), (5 * HOUR, 3)]), [(2, 3)]);
}

#[test]
fn one_firm_makes_none_and_neither_do_reports_that_are_far_apart() {
    assert_eq!(waves(&[(0, 1), (10, 2), (20, 2), (30, 1)]), []);
    assert_eq!(waves(&[(0, 1), (4 * HOUR, 2), (7 * HOUR, 3), (12 * HOUR, 4)]), []);
}

#[test]
fn a_burst_is_told_once_on_the_pages_of_all_that_is_of_it() {
    assert_eq!(waves(&[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]), [(2, 3)]);
    let mut engine = engine();
    let told: Vec<Wave> = (0..3).flat_map(|n| file(&mut engine, i64::from(n), n, n as u8, &address(n))).collect();
    let first = engine.campaign_of(case(0)).unwrap();
    assert_eq!(told, [Wave { campaign: first, members: 3, since: at(0) }]);
    for n in 0..3 {
        let own = engine.campaign_of(case(n)).unwrap();
        let history = engine.history(own);
        assert_eq!(history.len(), 1);
        assert_eq!(
            (history[0].what, history[0].other, history[0].reports, history[0].at),
            (What::Wave, first, 3, at(2))
        );
        assert_eq!(engine.brief(own).unwrap().wave, (n == 0).then_some(at(2)), "one of them is marked");
        assert_eq!(engine.brief(own).unwrap().cases, 1);
    }
    // What later becomes a campaign of its own was told of.
    let more: Vec<Wave> = (3..7).flat_map(|n| file(&mut engine, i64::from(n), n, n as u8, &address(0))).collect();
    assert_eq!(more, []);
}

#[test]
fn what_began_earlier_is_no_part_of_a_burst() {
    let mut engine = engine();
    assert_eq!(file(&mut engine, 0, 0, 1, &address(0)), []);
    // The first is hit once more, by the same value, hours later.
    assert_eq!(file(&mut engine, 8 * HOUR, 1, 2, &address(0)), []);
    assert_eq!(engine.campaign_of(case(0)), engine.campaign_of(case(1)));
    assert_eq!(file(&mut engine, 8 * HOUR, 2, 3, &address(2)), []);
    assert_eq!(file(&mut engine, 8 * HOUR, 3, 4, &address(3)), []);
}

#[test]
fn one_firm_that_floods_hides_no_burst_and_makes_none() {
    let mut engine = engine();
    file(&mut engine, 0, 0, 1, &address(0));
    file(&mut engine, 1, 1, 2, &address(1));
    for n in 2..2_000_u16 {
        assert_eq!(file(&mut engine, 2, n, 9, &format!("x{n}-{}.flood{n}.org", n % 7)), [], "{n}");
    }
    assert_eq!(file(&mut engine, 3, 2_000, 3, &address(200)).len(), 1);
}

#[test]
fn a_run_without_waves_has_no_bursts() {
    let mut config = Config::new(false, SEED);
    config.waves = false;
    let mut engine = Fusion::new(config);
    assert!((0..9).all(|n| file(&mut engine, i64::from(n), n, n as u8, &address(n)).is_empty()));
    assert!(engine.history(engine.campaign_of(case(0)).unwrap()).is_empty());
}
