//! Prints how many cases a second the store opens: `cargo run --release -p fusioncell-own --example rate`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Instant;

use model::{CaseId, Entropy, OrganisationId, Timestamp};
use own::{Change, Note, OwnKey, Summary, Writer};

const ORGANISATIONS: u64 = 100;
const BATCH: u64 = 512;
const BATCHES: u64 = 200;

/// Good enough to measure with, and for nothing else.
struct Quick(RandomState, std::sync::atomic::AtomicU64);

impl Quick {
    fn next(&self) -> u64 {
        self.0.hash_one(self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}

impl Entropy for Quick {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.next().to_le_bytes();
            chunk.iter_mut().zip(number).for_each(|(byte, random)| *byte = random);
        }
    }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let entropy = Arc::new(Quick(RandomState::new(), Default::default()));
    let mut writer = Writer::in_file(&folder.path().join(own::FILE), OwnKey::new(&[1; 32]), entropy.clone()).unwrap();
    let body = "b".repeat(400);
    let started = Instant::now();
    let mut mark = Instant::now();
    for number in 0..BATCHES {
        let batch: Vec<Change> = (0..BATCH)
            .map(|_| Change::Open {
                organisation: OrganisationId::from_bytes(
                    u128::from(entropy.next() % ORGANISATIONS).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes(),
                ),
                case: CaseId::from_bytes((&*entropy as &dyn Entropy).bytes()),
                summary: Summary {
                    title: "Invoices that nobody ordered, with a link to a page of ours".into(),
                    attack: "phishing".into(),
                    status: "received".into(),
                    at: Timestamp::from_millis(1_750_000_000_000),
                },
                note: Note {
                    id: (&*entropy as &dyn Entropy).bytes(),
                    at: Timestamp::from_millis(1_750_000_000_000),
                    body: body.clone(),
                },
            })
            .collect();
        assert!(writer.apply(&batch, number + 1).unwrap().is_empty());
        if number % 50 == 49 {
            println!(
                "{:>7} opened, {:.0} a second",
                (number + 1) * BATCH,
                50.0 * BATCH as f64 / mark.elapsed().as_secs_f64()
            );
            mark = Instant::now();
        }
    }
    println!("{:.0} opens a second in all", (BATCH * BATCHES) as f64 / started.elapsed().as_secs_f64());
}
