//! Every importer is fed real files with bits flipped, cut short and spliced: it may complain, it must not fall over.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;

use formats::{import_bytes, parse_plain_list, parse_warning_list, unpack};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const SEED_BYTES_MAX: usize = 60_000;

#[derive(Clone, Debug)]
enum Change {
    Flip(proptest::sample::Index, u8),
    Cut(proptest::sample::Index),
    Splice(proptest::sample::Index, proptest::sample::Index, proptest::sample::Index),
    Insert(proptest::sample::Index, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<proptest::sample::Index>;
    prop_oneof![
        6 => (index(), any::<u8>()).prop_map(|(at, bits)| Change::Flip(at, bits)),
        1 => index().prop_map(Change::Cut),
        2 => (index(), index(), index()).prop_map(|(a, b, c)| Change::Splice(a, b, c)),
        2 => (index(), prop_oneof![
            proptest::collection::vec(any::<u8>(), 1..8),
            proptest::sample::select(vec!["\"", "{", "[", "]", "}", ",", "\n", "\t", "'", "\\", "\u{feff}", "é", "hxxp://", "[.]", "|"]).prop_map(|s| s.as_bytes().to_vec()),
        ]).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
    ]
}

fn mutate(mut bytes: Vec<u8>, other: &[u8], changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        match change {
            Change::Flip(at, bits) => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
            Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Change::Splice(at, from, len) => {
                if other.is_empty() {
                    continue;
                }
                let from = from.index(other.len());
                let len = len.index(2000).min(other.len() - from);
                let at = at.index(bytes.len());
                bytes.splice(at..at, other[from..from + len].iter().copied());
            }
            Change::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
        }
    }
    bytes
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for path in common::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")) {
        seeds.push(std::fs::read(path).unwrap());
    }
    if let Some(dir) = common::data() {
        for folder in ["misp", "stix", "stream", "labels", "prose", "noise"] {
            for (index, path) in common::files(&dir.join(folder)).into_iter().enumerate() {
                if index % 7 != 0 && folder != "stream" && folder != "labels" {
                    continue;
                }
                let raw = std::fs::read(path).unwrap();
                // Packed ones are tried as they are and unpacked, or the mutations would only ever meet the unpacker.
                let mut plain = unpack(&raw, 64 << 20).unwrap();
                plain.truncate(SEED_BYTES_MAX);
                if raw.len() <= SEED_BYTES_MAX && raw != plain {
                    seeds.push(raw);
                }
                seeds.push(plain);
            }
        }
    }
    seeds
}

#[test]
fn mutated_files_never_panic() {
    let seeds = seeds();
    assert!(!seeds.is_empty());
    let mut runner =
        TestRunner::new(Config { cases: 800, failure_persistence: None, max_shrink_iters: 50, ..Config::default() });
    let count = seeds.len();
    let strategy = (0..count, 0..count, proptest::collection::vec(change(), 1..8));
    runner
        .run(&strategy, |(one, two, changes)| {
            let bytes = mutate(seeds[one].clone(), &seeds[two], &changes);
            let (drafts, _) = import_bytes("mutated", &bytes);
            for draft in &drafts {
                prop_assert!(draft.indicators.len() <= formats::DRAFT_ITEMS_MAX);
                for indicator in &draft.indicators {
                    let value = &indicator.sighting.observable;
                    prop_assert_eq!(model::Observable::parse(value.kind(), value.value()).ok(), Some(value.clone()));
                }
            }
            let _ = parse_warning_list(&bytes);
            let _ = parse_plain_list("mutated", &bytes);
            let _ = formats::detect_format(&bytes);
            Ok(())
        })
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        let _ = import_bytes("noise", &bytes);
        let _ = import_bytes("noise", text.as_bytes());
        let _ = formats::extract(text.as_bytes(), "");
        let _ = formats::parse_time(&text);
        let mut packed = vec![0x1f, 0x8b, 8, 0];
        packed.extend(&bytes);
        let _ = import_bytes("noise", &packed);
        let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd];
        packed.extend(&bytes);
        let _ = import_bytes("noise", &packed);
    }
}

/// A bad byte in one value of a real file costs the values of its element, which are two at most (`domain|ip` and the like).
#[test]
fn a_bad_byte_in_a_real_file_costs_one_element() {
    let Some(dir) = common::data() else { return };
    let values = |bytes: &[u8]| -> std::collections::HashSet<String> {
        let (drafts, _) = import_bytes("x", bytes);
        drafts
            .iter()
            .flat_map(|draft| &draft.indicators)
            .map(|one| one.sighting.observable.value().to_owned())
            .collect()
    };
    let mut tried = 0;
    for path in
        common::files(&dir.join("misp")).into_iter().filter(|path| path.extension().is_some_and(|e| e == "json"))
    {
        let whole = std::fs::read(&path).unwrap();
        let before = values(&whole);
        if whole.len() > 10 * SEED_BYTES_MAX || before.len() < 3 {
            continue;
        }
        let text = String::from_utf8_lossy(&whole);
        for (at, key) in text.match_indices("\"value\"").step_by(7).take(20) {
            let quote = at + key.len() + text[at + key.len()..].find('"').unwrap();
            let mut bytes = whole.clone();
            if bytes.get(quote + 1).is_none_or(|&byte| byte == b'"') {
                continue;
            }
            bytes[quote + 1] = 0xff;
            let after = values(&bytes);
            let lost: Vec<_> = before.difference(&after).collect();
            assert!(lost.len() <= 2, "{} at {quote}: lost {lost:?}", path.display());
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}
