//! Appends numbered reports for ever and prints the number of each once it is acknowledged; the kill test kills it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{
    AttackKind, Clock, Entropy, Kind, Marking, Observable, OrganisationId, Severity, Sighting, Timestamp,
    WhoMayBeWarned, WhoMayKnow,
};
use vault::{GenesisIfNew, Item, ReportContent, Submission, Vault, VaultConfig};

struct Outside(AtomicU64);

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }
}

impl Entropy for Outside {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut z = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            *byte = (z >> 33) as u8;
        }
    }
}

fn main() {
    let dir = std::env::args().nth(1).expect("a data folder");
    let start: u64 = std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(0);
    let outside = Arc::new(Outside(AtomicU64::new(start << 32)));
    let genesis = GenesisIfNew { partnership: "Kill".into(), exercise: true, params: policy::Params::EXERCISE };
    let vault = Arc::new(
        Vault::open(VaultConfig { dir: dir.into(), keys_dir: None, genesis }, outside.clone(), outside).unwrap(),
    );
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            let vault = &vault;
            scope.spawn(move || {
                for n in 0.. {
                    let number = start * 10_000_000 + writer * 1_000_000 + n;
                    let observable = Observable::from_normal(Kind::Domain, format!("n{number}.test"));
                    let submission = Submission {
                        organisation: OrganisationId::from_bytes([1; 16]),
                        sector: None,
                        region: None,
                        received_at: Timestamp::from_millis(1_800_000_000_000),
                        named: None,
                        own: false,
                        report: ReportContent {
                            happened_at: None,
                            warn: WhoMayBeWarned::Now,
                            know: WhoMayKnow::Nobody,
                            marking: Marking::default(),
                            attack: AttackKind::NotSure,
                            severity: Severity::Low,
                            ongoing: false,
                            title: number.to_string(),
                            narrative: String::new(),
                            techniques: vec![],
                            tags: vec![],
                            items: vec![Item { sighting: Sighting::of(observable), held: None }],
                        },
                    };
                    vault.submit(vec![submission], false).unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "{number}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}
