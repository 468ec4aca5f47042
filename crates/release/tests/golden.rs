//! The golden journal through the gate: members get what its release entries hold, whatever this build would show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};

use common::{HandClock, Seeded, open_vault};
use model::{Entropy, Timestamp};
use release::{Engine, EngineConfig};
use released::Store;
use vault::{Body, Journal as _, NewEntry, Source, SqliteJournal, SqliteOptions, accept_head, codec, default_keys_dir};

/// An indicator as a release of version 1 holds it.
const SHOWN: &str = r#"{"type":"indicator","id":"00010203-0405-0607-0809-0a0b0c0d0e0f","kind":"domain","value":"evil.example","tlp":"GREEN","pap":"GREEN","released_at":"2025-11-24T16:00:00.700Z","watch_until":"2025-12-24T16:00:00.700Z","block":false,"campaign":null,"attributed_to":"Golden","common":null}"#;

#[test]
fn members_get_what_the_golden_journal_released() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vault/tests/golden/journal-v1.jsonl");
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    std::fs::create_dir(&dir).unwrap();
    let journal = SqliteJournal::open(&SqliteOptions::plain(dir.join("vault.db"))).unwrap();
    let mut released = Vec::new();
    for (line, n) in std::fs::read_to_string(golden).unwrap().lines().zip(0..) {
        let mut body = codec::decode(line.as_bytes()).unwrap();
        let source = match &body {
            Body::Report(report) => Some(Source::for_the_way_back(report.case, [n; 32])),
            _ => None,
        };
        if let Body::Release(batch) = &mut body {
            // The golden line has a body that is shorter than any that was ever released.
            SHOWN.clone_into(&mut batch.objects[0].body);
            released.push(batch.clone());
        }
        let at = Timestamp::from_millis(1_764_000_000_000 + 100 * i64::from(n));
        journal.append(vec![NewEntry { at, body, source, rewrites: Vec::new() }]).unwrap();
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
