//! Reads the labelled data and drives the engine.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use fusion::{Config, Event, Finding, Fusion, Networks, Observation, Weights};
use model::{CaseId, KeySeed, MemberToken, Observable, Timestamp};

pub const SEED: KeySeed = KeySeed(*b"fusion bench key");

pub struct Report {
    pub at: i64,
    pub campaign: u32,
    pub member: u32,
    pub values: Vec<Observable>,
    /// Tags; the labelled reports have none.
    pub tags: Vec<String>,
}

pub fn gunzip(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut out).unwrap();
    out
}

/// Gives each name its number.
#[derive(Default)]
pub struct Names(HashMap<String, u32>);

impl Names {
    pub fn number(&mut self, name: &str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(name.to_owned()).or_insert(next)
    }

    /// The names in order of their numbers.
    fn names(self) -> Vec<String> {
        let mut names: Vec<(u32, String)> = self.0.into_iter().map(|(name, number)| (number, name)).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }
}

/// The labelled reports in time order. `campaign` is kept for judging and goes nowhere near the engine.
pub fn reports(labels: &Path) -> Vec<Report> {
    reports_and_labels(labels).0
}

/// As [`reports`], with the label that each number of a campaign stands for.
pub fn reports_and_labels(labels: &Path) -> (Vec<Report>, Vec<String>) {
    let (mut campaigns, mut members) = (Names::default(), Names::default());
    let text = gunzip(&labels.join("reports.jsonl.gz"));
    let mut reports: Vec<Report> = Vec::new();
    for line in BufReader::new(&text[..]).lines() {
        let row: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let at: jiff::Timestamp = row["time"].as_str().unwrap().parse().unwrap();
        let values = row["indicators"].as_array().unwrap().iter();
        let values = values.filter_map(|pair| observable(pair[0].as_str()?, pair[1].as_str()?)).collect();
        reports.push(Report {
            at: at.as_millisecond(),
            campaign: campaigns.number(row["campaign"].as_str().unwrap()),
            member: members.number(row["reporter"].as_str().unwrap()),
            values,
            tags: Vec::new(),
        });
    }
    reports.sort_by_key(|report| report.at);
    (reports, campaigns.names())
}

pub fn observable(kind: &str, value: &str) -> Option<Observable> {
    let kind = model::Kind::ALL.iter().find(|known| known.as_str() == kind)?;
    Observable::parse(*kind, value).ok()
}

/// The table of networks, if it is there.
pub fn networks(data: &Path) -> Networks {
    let path = data.join("geo/ip-location-db-asn/asn-ipv4.csv.zst");
    let output = Command::new("zstd").arg("-dc").arg(&path).output();
    let Ok(output) = output.map_err(|error| eprintln!("no networks: {error}")) else { return Networks::default() };
    let number = |text: &str| text.parse::<std::net::Ipv4Addr>().map(u32::from).ok();
    Networks::from_ranges(String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| {
        let mut parts = line.split(',');
        Some((number(parts.next()?)?, number(parts.next()?)?, parts.next()?.parse().ok()?))
    }))
}

pub fn engine(networks: &Arc<Networks>, weights: Weights) -> Fusion {
    let mut config = Config::new(false, SEED);
    config.networks = networks.clone();
    config.weights = weights;
    Fusion::new(config)
}

pub fn id(number: u32) -> CaseId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    CaseId::from_bytes(bytes)
}

pub fn number(id: CaseId) -> u32 {
    u32::from_be_bytes(id.as_bytes()[..4].try_into().unwrap())
}

pub fn step(engine: &mut Fusion, number: u32, report: &Report, findings: &mut Vec<Finding>) {
    let observations: Vec<Observation<'_>> =
        report.values.iter().map(|observable| Observation { key: observable.key(SEED), observable }).collect();
    let tags: Vec<&str> = report.tags.iter().map(String::as_str).collect();
    let mut token = [0; 16];
    token[..4].copy_from_slice(&report.member.to_be_bytes());
    let event = Event {
        at: Timestamp::from_millis(report.at),
        case: id(number),
        token: MemberToken::from_bytes(token),
        window: u32::try_from(report.at / 2_592_000_000).unwrap_or(0),
        sector: None,
        region: None,
        counts: true,
        of_member: true,
        observations: &observations,
        techniques: &[],
        tags: &tags,
    };
    engine.step(&event, findings);
}

/// SplitMix64: the same run for the same seed.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn sample<T: Clone>(&mut self, of: &[T], n: usize) -> Vec<T> {
        let mut places: Vec<usize> = (0..of.len()).collect();
        for at in 0..n {
            let other = at + self.below((of.len() - at) as u64) as usize;
            places.swap(at, other);
        }
        places[..n].iter().map(|place| of[*place].clone()).collect()
    }
}
