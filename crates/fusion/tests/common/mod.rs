//! An engine that is fed by hand.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use fusion::{Config, Event, Finding, Fusion, Networks, Observation};
use model::{CampaignId, CaseId, KeySeed, Kind, MemberToken, Observable, Timestamp};

pub const SEED: KeySeed = KeySeed([7; 16]);

pub fn case(n: usize) -> CaseId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
    CaseId::from_bytes(bytes)
}

pub fn campaign(n: usize) -> CampaignId {
    CampaignId::from_bytes(*case(n).as_bytes())
}

/// Minutes between two reports if nothing else is said: seven hours, so that no campaign is a young one by then.
pub const MINUTES: usize = 7 * 60;

pub fn file(engine: &mut Fusion, n: usize, firm: u8, values: &[&str]) -> Vec<Finding> {
    file_at(engine, n * MINUTES, n, firm, values)
}

pub fn file_at(engine: &mut Fusion, minutes: usize, n: usize, firm: u8, values: &[&str]) -> Vec<Finding> {
    let beside = |mark| values.iter().filter_map(move |value| value.strip_prefix(mark)).collect::<Vec<&str>>();
    let (techniques, tags) = (beside("technique:"), beside("tag:"));
    let is_value = |value: &&&str| !value.starts_with("technique:") && !value.starts_with("tag:");
    let observables: Vec<Observable> = values.iter().filter(is_value).map(|value| read(value)).collect();
    let observations: Vec<Observation<'_>> =
        observables.iter().map(|observable| Observation { key: observable.key(SEED), observable }).collect();
    let mut findings = Vec::new();
    let event = Event {
        at: Timestamp::from_millis(1_800_000_000_000 + minutes as i64 * 60_000),
        case: case(n),
        token: MemberToken::from_bytes([firm; 16]),
        window: 1,
        sector: Some(if firm.is_multiple_of(2) { "energy" } else { "water" }),
        region: None,
        counts: true,
        of_member: true,
        observations: &observations,
        techniques: &techniques,
        tags: &tags,
    };
    engine.step(&event, &mut findings);
    findings
}

/// A value as a golden file writes it: kinds that are not seen by a value's form stand before it, blanks are written `_`. What begins
/// with `tag:` or `technique:` is said beside the values.
pub fn read(value: &str) -> Observable {
    let of = |kind, text: &str| Observable::parse(kind, &text.replace('_', " ")).unwrap();
    match value.split_once(':') {
        Some(("file", name)) => Observable::parse(Kind::FileName, name).unwrap(),
        Some(("subject", subject)) => of(Kind::EmailSubject, subject),
        Some(("agent", agent)) => of(Kind::UserAgent, agent),
        _ => Observable::detect(value).unwrap(),
    }
}

/// Knows of one network: 45.9.148.0/23 is one operator's.
pub fn engine() -> Fusion {
    let networks = Networks::from_ranges([(0x2d09_9400, 0x2d09_95ff, 64_500)]);
    Fusion::new(Config { networks: Arc::new(networks), ..Config::new(true, SEED) })
}

pub fn key(value: &str) -> model::ObservableKey {
    Observable::detect(value).unwrap().key(SEED)
}

/// An engine in which ten members make a value over-common.
pub fn ten_are_many() -> Fusion {
    let mut engine = engine();
    engine.set_over_common(10);
    engine
}

pub fn digest(engine: &Fusion) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.digest(&mut |part| bytes.extend_from_slice(part));
    bytes
}

/// Words that share nothing.
pub const WORDS: [&str; 12] = [
    "quartz", "meadow", "lantern", "glacier", "pigeon", "saffron", "walnut", "turbine", "orchid", "velvet", "cobalt",
    "harbour",
];

pub fn take_back(engine: &mut Fusion, n: usize, value: &str) {
    let observable = read(value);
    engine.forget(case(n), &[Observation { key: observable.key(SEED), observable: &observable }], &[]);
}

pub fn word(engine: &mut Fusion, one: usize, other: usize, same: bool) {
    let at = Timestamp::from_millis(1_800_000_000_000);
    engine.say(&fusion::Word { at, one: case(one), other: case(other), same }, &mut Vec::new());
}
