//! The golden journal through the gate: members get what its release entries hold, whatever this build would show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};

use common::{HandClock, Seeded, open_vault};
use model::{Entropy, OrganisationId, Timestamp};
use release::{Engine, EngineConfig};
use released::Store;
use vault::{Body, Journal as _, NewEntry, Source, SqliteJournal, SqliteOptions, accept_head, codec, default_keys_dir};

#[test]
fn members_get_what_the_golden_journal_released() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vault/tests/golden/journal-v1.jsonl");
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    std::fs::create_dir(&dir).unwrap();
    let journal = SqliteJournal::open(&SqliteOptions { path: dir.join("vault.db") }).unwrap();
    let mut released = Vec::new();
    for (line, n) in std::fs::read_to_string(golden).unwrap().lines().zip(0..) {
        let body = codec::decode(line.as_bytes()).unwrap();
        let source = match &body {
            Body::Report(report) => {
                Some(Source { case: report.case, organisation: OrganisationId::from_bytes([n; 16]) })
            }
            Body::Release(batch) => {
                released.push(batch.clone());
                None
            }
            _ => None,
        };
        let at = Timestamp::from_millis(1_764_000_000_000 + 100 * i64::from(n));
        journal.append(vec![NewEntry { at, body, source }]).unwrap();
    }
    drop(journal);
    std::fs::DirBuilder::new().mode(0o700).create(default_keys_dir(&dir)).unwrap();
    let clock = Arc::new(HandClock(AtomicI64::new(1_764_000_010_000)));
    let entropy: Arc<dyn Entropy> = Arc::new(Seeded(AtomicU64::new(7)));
    accept_head(&dir, None, &*clock, &entropy).unwrap();

    let vault = Arc::new(open_vault(&dir, &clock));
    let open = || {
        let (writer, reader) = Store::in_memory().unwrap();
        (Engine::open(&vault, writer, EngineConfig::default()).unwrap(), reader)
    };
    let (engine, reader) = open();
    let batches = reader.batches_after(Timestamp::from_millis(0), 100).unwrap();
    assert_eq!((batches.len(), released.len()), (1, 1));
    assert_eq!(batches[0].tick, released[0].tick);
    let shown: Vec<_> = batches[0].objects.iter().map(|row| (row.kind, row.id, row.body.clone())).collect();
    let told: Vec<_> = released[0].objects.iter().map(|object| (object.kind, object.id, object.body.clone())).collect();
    assert_eq!(shown, told);
    let (again, _reader) = open();
    assert_eq!(engine.digest(), again.digest());
    assert_eq!(engine.released_digest().unwrap(), again.released_digest().unwrap());
}
