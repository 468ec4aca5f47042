//! A vault as tests open it, and a report as they file it.
#![allow(dead_code, clippy::unwrap_used)]

#[path = "../../../model/tests/outside/mod.rs"]
mod outside;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{
    AttackKind, Kind, Marking, Observable, OrganisationId, Severity, Sighting, Timestamp, WhoMayBeWarned, WhoMayKnow,
};
use vault::{GenesisIfNew, Item, ReportContent, Submission, Vault, VaultConfig, VaultError};

pub use outside::Outside;

/// The present moment of every test here.
pub const NOW: i64 = 1_800_000_000_000;

/// A clock and chance of its own: two vaults of one test never draw the same bytes.
pub fn outside() -> Arc<Outside> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Outside::at(NOW, NEXT.fetch_add(1, Ordering::Relaxed) << 40)
}

pub fn genesis() -> GenesisIfNew {
    GenesisIfNew { partnership: "Test".into(), exercise: true, params: policy::Params::EXERCISE }
}

pub fn open_with(dir: &Path, keys_dir: Option<&Path>) -> Result<Arc<Vault>, VaultError> {
    let config = VaultConfig { dir: dir.to_owned(), keys_dir: keys_dir.map(Path::to_owned), genesis: genesis() };
    Vault::open(config, outside(), outside()).map(Arc::new)
}

pub fn open(dir: &Path) -> Result<Arc<Vault>, VaultError> {
    open_with(dir, None)
}

/// Each is the same as the one before.
pub fn in_memory() -> Arc<Vault> {
    let outside = Outside::at(NOW, 1);
    Arc::new(Vault::in_memory(&genesis(), outside.clone(), outside).unwrap())
}

/// A report of a firm with these domains in it.
pub fn submission(firm: u8, values: &[&str]) -> Submission {
    let item = |value: &&str| Item {
        sighting: Sighting::of(Observable::from_normal(Kind::Domain, *value)),
        held: None,
        kept: None,
    };
    Submission {
        organisation: OrganisationId::from_bytes([firm; 16]),
        sector: None,
        region: None,
        received_at: Timestamp::from_millis(NOW),
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
            items: values.iter().map(item).collect(),
        },
    }
}
