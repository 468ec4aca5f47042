//! What sealing to five leads costs a report: the time of a submission to a vault in memory, with and without them.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement: it prints, and what fails ends it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use model::{
    AttackKind, Clock, Entropy, Kind, Marking, Observable, OrganisationId, PersonId, Severity, Sighting, Timestamp,
    WhoMayBeWarned, WhoMayKnow,
};
use vault::{GenesisIfNew, Item, Lead, LeadPrivateKey, ReportContent, Submission, Vault};

const REPORTS: u64 = 20_000;
const LEADS: u8 = 5;

struct Outside(AtomicU64);

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }
}

impl Entropy for Outside {
    fn fill(&self, bytes: &mut [u8]) {
        for eight in bytes.chunks_mut(8) {
            let n = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).to_le_bytes();
            eight.copy_from_slice(n.get(..eight.len()).unwrap_or_default());
        }
    }
}

fn submission(n: u64) -> Submission {
    Submission {
        organisation: OrganisationId::from_bytes([(n % 160) as u8; 16]),
        sector: None,
        region: None,
        received_at: Timestamp::from_millis(1_800_000_000_000),
        named: None,
        own: false,
        outside: false,
        contact: None,
        report: ReportContent {
            happened_at: None,
            warn: WhoMayBeWarned::Now,
            know: WhoMayKnow::Nobody,
            marking: Marking::default(),
            attack: AttackKind::Phishing,
            severity: Severity::High,
            ongoing: false,
            title: "t".into(),
            narrative: String::new(),
            techniques: vec![],
            tags: vec![],
            items: vec![Item {
                sighting: Sighting::of(Observable::from_normal(Kind::Domain, format!("d{n}.bench.com"))),
                held: None,
                kept: None,
            }],
        },
    }
}

fn micros(leads: u8) -> f64 {
    let outside = Arc::new(Outside(AtomicU64::new(1)));
    let genesis = GenesisIfNew { partnership: "Bench".into(), exercise: true, params: policy::Params::EXERCISE };
    let vault = Arc::new(Vault::in_memory(&genesis, outside.clone(), outside).unwrap());
    let lead = |n: u8| Lead { person: PersonId::from_bytes([n; 16]), key: LeadPrivateKey::generate().unwrap().1 };
    vault.set_leads((1..=leads).map(lead).collect());
    let reports: Vec<Submission> = (0..REPORTS).map(submission).collect();
    let start = Instant::now();
    for report in reports {
        vault.submit(vec![report], false).unwrap();
    }
    start.elapsed().as_secs_f64() * 1e6 / REPORTS as f64
}

fn main() {
    let (none, five) = (micros(0), micros(LEADS));
    println!("none {none:.1} us, leads {five:.1} us, sealing {:.1} us", five - none);
}
