//! Extraction against documents that a person has read: precision and recall of what is offered, each miss told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use formats::{Extracted, Mark, extract};
use model::{Kind, Observable};

/// What must be reached, in hundredths.
const GOAL: f64 = 0.97;

type Values = BTreeSet<(String, String)>;

struct Expected {
    path: String,
    values: Values,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

/// The expected values, each brought to its normal form; a document that has changed since it was read is refused.
fn expected(data: &Path) -> Vec<(Expected, Vec<u8>)> {
    let mut all: Vec<(Expected, Vec<u8>)> = Vec::new();
    for line in include_str!("extraction/expected.tsv").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        if fields[0] == "=" {
            let bytes = std::fs::read(data.join(fields[1])).unwrap_or_else(|error| panic!("{}: {error}", fields[1]));
            assert_eq!(hex(digest(&SHA256, &bytes).as_ref()), fields[2], "{} is not what was read", fields[1]);
            all.push((Expected { path: fields[1].to_owned(), values: Values::new() }, bytes));
            continue;
        }
        let (kind, value) = (fields[0], fields[1]);
        let value = match kind.parse::<Kind>() {
            Ok(kind) if !value.starts_with("sha256:") => Observable::parse(kind, value).unwrap().value().to_owned(),
            _ => value.to_owned(),
        };
        all.last_mut().unwrap().0.values.insert((kind.to_owned(), value));
    }
    all
}

fn offered(found: &Extracted) -> Values {
    let values = found.values.iter().filter(|found| found.mark == Mark::Offered).map(|found| {
        let (kind, value) = (found.observable.kind(), found.observable.value());
        let value = match kind {
            Kind::EmailSubject => format!("sha256:{}", hex(digest(&SHA256, value.as_bytes()).as_ref())),
            _ => value.to_owned(),
        };
        (kind.as_str().to_owned(), value)
    });
    values.chain(found.techniques.iter().map(|one| ("technique".to_owned(), one.as_str().to_owned()))).collect()
}

#[derive(Clone, Copy, Default)]
struct Count {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Count {
    fn precision(self) -> f64 {
        share(self.right, self.wrong)
    }
    fn recall(self) -> f64 {
        share(self.right, self.missed)
    }
}

fn share(right: u32, not: u32) -> f64 {
    if right + not == 0 { 1.0 } else { f64::from(right) / f64::from(right + not) }
}

/// Why a value that was expected is not offered, in the words of the rules.
fn why_missed(found: &Extracted, kind: &str, value: &str) -> String {
    let there =
        found.values.iter().find(|one| one.observable.kind().as_str() == kind && one.observable.value() == value);
    if let Some(one) = there {
        return format!("marked {}", one.mark.as_str());
    }
    let left = found.left_out.iter().find(|left| left.text.to_lowercase().contains(&value.to_lowercase()));
    left.map_or_else(|| "not seen".to_owned(), |left| format!("rule {}", left.rule.as_str()))
}

#[test]
fn precision_and_recall() {
    let Some(data) = common::data() else { return };
    let mut kinds: BTreeMap<String, Count> = BTreeMap::new();
    let (mut prose, mut mails, mut documents) = (Count::default(), Count::default(), 0);
    let mut misses = Vec::new();
    for (expected, bytes) in expected(&data) {
        documents += 1;
        let found = extract(&bytes, "");
        let offered = offered(&found);
        let part = if expected.path.ends_with(".eml") { &mut mails } else { &mut prose };
        for (kind, value) in offered.union(&expected.values) {
            let of_kind = kinds.entry(kind.clone()).or_default();
            match (
                offered.contains(&(kind.clone(), value.clone())),
                expected.values.contains(&(kind.clone(), value.clone())),
            ) {
                (true, true) => (of_kind.right, part.right) = (of_kind.right + 1, part.right + 1),
                (true, false) => {
                    (of_kind.wrong, part.wrong) = (of_kind.wrong + 1, part.wrong + 1);
                    misses.push(format!("{}: offered, not expected: {kind} {value}", expected.path));
                }
                _ => {
                    (of_kind.missed, part.missed) = (of_kind.missed + 1, part.missed + 1);
                    let why = why_missed(&found, kind, value);
                    misses.push(format!("{}: expected, not offered: {kind} {value} ({why})", expected.path));
                }
            }
        }
    }
    for miss in &misses {
        eprintln!("{miss}");
    }
    let line = |name: &str, count: Count| {
        eprintln!(
            "{name:18} precision {:.3} recall {:.3} ({} right, {} wrong, {} missed)",
            count.precision(),
            count.recall(),
            count.right,
            count.wrong,
            count.missed
        );
    };
    for (kind, count) in &kinds {
        line(kind, *count);
    }
    line("prose", prose);
    line("mails", mails);
    let all = Count {
        right: prose.right + mails.right,
        wrong: prose.wrong + mails.wrong,
        missed: prose.missed + mails.missed,
    };
    line(&format!("all {documents} documents"), all);
    assert!(documents >= 30);
    for (name, count) in [("prose", prose), ("mails", mails), ("all", all)] {
        assert!(
            count.precision() >= GOAL && count.recall() >= GOAL,
            "{name}: {:.3} {:.3}",
            count.precision(),
            count.recall()
        );
    }
}

#[test]
fn every_document_of_the_data_is_read_quickly() {
    let Some(data) = common::data() else { return };
    let mut slowest = (Duration::ZERO, String::new());
    let mut documents: BTreeMap<&str, u32> = BTreeMap::new();
    for folder in [
        "prose",
        "restricted-licence/phishing-mails",
        "restricted-licence/unit42-timely-reports",
        "telemetry",
        "openioc",
    ] {
        for path in common::files(&data.join(folder)) {
            let bytes = std::fs::read(&path).unwrap();
            let bytes = &bytes[..bytes.len().min(4 << 20)];
            let start = Instant::now();
            let found = extract(bytes, &path.to_string_lossy());
            let took = start.elapsed();
            *documents.entry(found.document.as_str()).or_default() += 1;
            assert!(found.values.len() <= formats::EXTRACT_VALUES_MAX);
            if took > slowest.0 {
                slowest = (took, path.display().to_string());
            }
            if path.extension().is_some_and(|ending| ending == "eml") {
                assert_eq!(found.document.as_str(), "mail", "{}", path.display());
                assert!(found.refused.is_none(), "{}: {:?}", path.display(), found.refused);
                assert!(!found.values.is_empty(), "{}", path.display());
            }
        }
    }
    eprintln!("{documents:?}, slowest {slowest:?}");
}
