//! Seeded chance, and short ways to say a change.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{CaseId, Entropy, OrganisationId, Timestamp};
use own::{Change, Note, OwnKey, Summary};

pub struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = mix(self.0.fetch_add(1, Ordering::Relaxed)).to_le_bytes();
            chunk.iter_mut().zip(number).for_each(|(byte, random)| *byte = random);
        }
    }
}

pub fn seeded(seed: u64) -> Arc<dyn Entropy> {
    Arc::new(Seeded(AtomicU64::new(seed << 32)))
}

/// SplitMix64.
pub fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn id(kind: u64, number: u64) -> [u8; 16] {
    let (a, b) = (mix(kind << 48 | number), mix(kind << 48 | 1 << 40 | number));
    ((u128::from(a) << 64) | u128::from(b)).to_le_bytes()
}

pub fn key() -> OwnKey {
    OwnKey::new(&[7; 32])
}

pub fn firm(number: u64) -> OrganisationId {
    OrganisationId::from_bytes(id(1, number))
}

pub fn case(number: u64) -> CaseId {
    CaseId::from_bytes(id(2, number))
}

pub fn at(number: u64) -> Timestamp {
    Timestamp::from_millis(1_750_000_000_000 + number as i64)
}

pub fn note(number: u64, body: &str) -> Note {
    Note { id: id(3, number), at: at(number), body: body.to_owned() }
}

pub fn summary(title: &str) -> Summary {
    Summary { title: title.to_owned(), attack: "phishing".into(), status: "received".into(), at: at(5) }
}

pub fn open(of: u64, number: u64, body: &str) -> Change {
    let summary = summary(&format!("title {number}"));
    Change::Open { organisation: firm(of), case: case(number), summary, note: note(number * 1_000, body) }
}

pub fn add(of: u64, number: u64, n: u64, unread: bool) -> Change {
    let note = note(number * 1_000 + n, &format!("note {n}"));
    Change::Note { organisation: firm(of), case: case(number), note, unread, mail: n != 5 }
}

pub fn read(of: u64, number: u64) -> Change {
    Change::Read { organisation: firm(of), case: case(number) }
}

pub fn erase(of: u64, number: u64) -> Change {
    let note = note(number * 1_000 + 999, "recalled");
    Change::Erase { organisation: firm(of), case: case(number), summary: summary("a name that stays"), note }
}
