//! Measures durable acknowledgements a second: 64 submitters, each waiting for its acknowledgement before the next report of
//! five values; then how fast the journal reads back, and how fast its chain is verified.
//!
//! `bench_acks [DIR] [SECONDS] [SUBMITTERS]`; DIR must be on the disk that is to be measured.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::{
    AttackKind, Clock, Entropy, Kind, Marking, Observable, OrganisationId, Severity, Sighting, Timestamp,
    WhoMayBeWarned, WhoMayKnow,
};
use vault::{Body, GenesisIfNew, Item, ReportContent, Submission, Vault, VaultConfig};

const VALUES: u64 = 5;

struct Wall;
impl Clock for Wall {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

struct System;
impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) {
        let _ = aws_lc_rs::rand::fill(bytes);
    }
}

fn submission(number: u64) -> Submission {
    let [.., a, b, c] = number.to_be_bytes();
    let value = |at: u64| match at {
        0 => (Kind::Ipv4, format!("198.{a}.{b}.{c}")),
        1 => (Kind::Domain, format!("login-{number}.example")),
        2 => (Kind::Url, format!("https://login-{number}.example/session/{number:x}/verify")),
        3 => (Kind::Sha256, format!("{number:064x}")),
        _ => (Kind::Email, format!("billing-{number}@post.example")),
    };
    let items = (0..VALUES).map(value).map(|(kind, value)| Item {
        sighting: Sighting::of(Observable::from_normal(kind, value)),
        held: None,
        kept: None,
    });
    let mut organisation = [0; 16];
    organisation[0] = u8::try_from(number % 160).unwrap_or(0);
    Submission {
        organisation: OrganisationId::from_bytes(organisation),
        sector: Some("energy".to_owned()),
        region: None,
        received_at: Wall.now(),
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
            severity: Severity::Medium,
            ongoing: true,
            title: "Invoice mails with a link to a copied sign-in page".to_owned(),
            narrative: "Six people in accounts got the mail within an hour; one typed a password, since changed."
                .to_owned(),
            techniques: Vec::new(),
            tags: vec!["invoice".to_owned()],
            items: items.collect(),
        },
    }
}

fn open(dir: &Path) -> Result<Vault, vault::VaultError> {
    let genesis = GenesisIfNew { partnership: "bench".to_owned(), exercise: true, params: policy::Params::EXERCISE };
    Vault::open(
        VaultConfig { dir: dir.join("data"), keys_dir: Some(dir.join("keys")), genesis },
        Arc::new(Wall),
        Arc::new(System),
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().map_or_else(|| std::env::temp_dir().join("bench-acks"), PathBuf::from);
    let seconds: u64 = args.next().map_or(Ok(5), |text| text.parse())?;
    let submitters: usize = args.next().map_or(Ok(64), |text| text.parse())?;
    // Only what this program makes is removed.
    for made in ["data", "keys"] {
        let _ = std::fs::remove_dir_all(dir.join(made));
    }
    std::fs::create_dir_all(&dir)?;
    let vault = Arc::new(open(&dir)?);
    let (acks, number, gate) = (AtomicU64::new(0), AtomicU64::new(0), Barrier::new(submitters));
    let begun = Instant::now();
    let length = Duration::from_secs(seconds);
    std::thread::scope(|scope| {
        for _ in 0..submitters {
            scope.spawn(|| {
                gate.wait();
                while begun.elapsed() < length {
                    let next = number.fetch_add(1, Ordering::Relaxed);
                    match vault.submit(vec![submission(next)], false) {
                        Ok(_) => _ = acks.fetch_add(1, Ordering::Relaxed),
                        Err(error) => return eprintln!("{error}"),
                    }
                }
            });
        }
    });
    let took = begun.elapsed().as_secs_f64();
    let acks = acks.load(Ordering::Relaxed);
    println!("{submitters} submitters: {acks} durable acks in {took:.2} s: {:.0} a second", acks as f64 / took);
    drop(vault);

    let begun = Instant::now();
    let vault = open(&dir)?;
    println!("opened again in {:.2} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let (mut next, mut items) = (1, 0);
    loop {
        let entries = vault.journal().read(next, 1024)?;
        let Some(last) = entries.last() else { break };
        next = last.seq + 1;
        for entry in &entries {
            if let Body::Report(report) = &entry.body {
                items += report.items.len();
            }
        }
    }
    let took = begun.elapsed().as_secs_f64();
    println!(
        "read back {} entries, {items} values in {took:.2} s: {:.0} values a second",
        next - 1,
        items as f64 / took
    );
    drop(vault);

    let begun = Instant::now();
    let report = vault::verify(&dir.join("data"), &dir.join("keys"))?;
    let took = begun.elapsed().as_secs_f64();
    println!("verified {} entries in {took:.2} s: {:.0} a second", report.entries, report.entries as f64 / took);
    Ok(())
}
