//! Import into a vault: every object is counted once, one bad report stops nothing, and a second time changes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../model/tests/outside/mod.rs"]
mod outside;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use formats::ImportOptions;
use intake::{ImportError, Importer, Reporter, SendError, Totals};
use model::{Marking, Pap, Tlp, WhoMayBeWarned, WhoMayKnow};
use outside::Outside;
use policy::Params;
use proptest::prelude::*;
use register::Answers;
use vault::{Body, GenesisIfNew, TOKEN_WINDOW_MILLIS, Vault};

/// The last moment of a token window.
const BORDER: i64 = 700 * TOKEN_WINDOW_MILLIS - 1;

struct World {
    outside: Arc<Outside>,
    vault: Arc<Vault>,
    options: ImportOptions,
}

impl World {
    fn new() -> Self {
        let outside = Outside::at(BORDER, 1);
        let genesis = GenesisIfNew { partnership: "Test".into(), exercise: true, params: Params::EXERCISE };
        let vault = Vault::in_memory(&genesis, Arc::clone(&outside) as _, Arc::clone(&outside) as _).unwrap();
        Self { outside, vault: Arc::new(vault), options: ImportOptions::default() }
    }

    fn import_under(&self, tlp: Tlp, bytes: &[u8]) -> Totals {
        let reporter = Reporter::cell("Test");
        let answers = Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Cell };
        let marking = Marking { tlp, pap: Pap::Green };
        let mut importer = Importer::new(&reporter, answers, marking, true, &*self.outside).with_options(self.options);
        let mut send = |chunk| self.vault.submit(chunk, true).map_err(|error| ImportError::Stopped(error.to_string()));
        importer.read("file", &mut &*bytes, &mut send).unwrap();
        importer.into_totals()
    }

    fn import(&self, bytes: &[u8]) -> Totals {
        self.import_under(Tlp::Amber, bytes)
    }

    fn reports(&self) -> usize {
        let entries = self.vault.journal().read(1, 100_000).unwrap();
        entries.iter().filter(|entry| matches!(entry.body, Body::Report(_))).count()
    }
}

fn counts(totals: &Totals) -> (u64, u64, u64) {
    (totals.accepted, totals.duplicates, totals.refused)
}

#[test]
fn long_values_and_narratives_become_reports_that_the_journal_takes() {
    let world = World::new();
    let mut text = "url\n".to_owned();
    for n in 0..1_000 {
        writeln!(text, "http://a{n}.bad-post.org/{}", "x".repeat(2_400)).unwrap();
    }
    let totals = world.import(text.as_bytes());
    assert_eq!(counts(&totals), (1_000, 0, 0), "{:?}", totals.problems);
    assert_eq!(counts(&world.import(text.as_bytes())), (0, 1_000, 0));
}

#[test]
fn one_report_that_is_too_long_is_refused_by_name_and_the_rest_goes_in() {
    let mut world = World::new();
    // More values in one report than is usual, each of which JSON writes in twice its length.
    let mut text = "{\"title\":\"First\",\"indicators\":[[\"domain\",\"one.bad-post.org\"]]}\n".to_owned();
    text.push_str("{\"title\":\"The long one\",\"indicators\":[");
    world.options.items_max = 100_000;
    let values: Vec<String> = (0..3_000).map(|n| format!("[\"filename\",\"{n}.exe\"]")).collect();
    text.push_str(&values.join(","));
    text.push_str("]}\n{\"title\":\"Last\",\"indicators\":[[\"domain\",\"two.bad-post.org\"]]}\n");
    let totals = world.import(text.as_bytes());
    assert_eq!(counts(&totals), (3_002, 0, 0), "what fits is taken: {:?}", totals.problems);

    // A sender that can never store one of them.
    let reporter = Reporter::cell("Test");
    let answers = Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Cell };
    let mut importer = Importer::new(&reporter, answers, Marking::default(), true, &*world.outside);
    let mut calls = 0;
    let mut send = |_| {
        calls += 1;
        Err(ImportError::from(SendError::Refused("report entry has 3 bytes, more than 2".to_owned())))
    };
    importer.read("file", &mut text.as_bytes(), &mut send).unwrap();
    let totals = importer.into_totals();
    assert_eq!(counts(&totals), (0, 0, 3_002));
    assert!(calls > 0 && totals.problems.iter().all(|problem| problem.why.contains("more than 2")), "{totals:?}");
    assert_eq!(ImportError::from(SendError::Busy), ImportError::Stopped("intake is busy".to_owned()));
}

#[test]
fn an_event_without_values_is_told() {
    let event = |attributes: &str| {
        format!("{{\"Event\":{{\"info\":\"Talk\",\"uuid\":\"x\",\"Attribute\":[{attributes}]}}}}").into_bytes()
    };
    let world = World::new();
    let empty = world.import(&event(r#"{"type":"comment","value":"words"}"#));
    assert_eq!(counts(&empty), (0, 0, 1));
    assert!(empty.problems[0].why.contains("\"Talk\" holds no value"), "{empty:?}");
    let bad = world.import(&event(r#"{"type":"md5","value":"12"}"#));
    assert_eq!(counts(&bad), (0, 0, 1), "the value is counted, not the report once more");
    assert_eq!(bad.problems.len(), 2);
}

#[test]
fn a_broken_file_is_told_apart_from_bad_objects() {
    let world = World::new();
    let broken = world.import(b"{\"Event\": {");
    assert_eq!(
        (counts(&broken), broken.unread.len(), broken.problems.len()),
        ((0, 0, 1), 1, 1),
        "the event that broke off had no value yet"
    );
    assert!(broken.unread[0].why.contains("broken off"), "{broken:?}");
    assert!(world.import(b"type,value\nmd5,xyz\n").unread.is_empty());
}

#[test]
fn a_file_that_comes_again_is_known_across_the_border_of_a_window() {
    let world = World::new();
    let file = b"type,value\ndomain,one.bad-post.org\ndomain,two.bad-post.org\n";
    assert_eq!(counts(&world.import(file)), (2, 0, 0));
    for days in [0, 1, 29] {
        world.outside.now.store(BORDER + 1 + days * 86_400_000, Ordering::Relaxed);
        assert_eq!(counts(&world.import(file)), (0, 2, 0), "{days} days later");
    }
    assert_eq!(world.reports(), 1);
}

#[test]
fn a_stricter_marking_is_no_duplicate() {
    let world = World::new();
    let file = b"type,value\ndomain,one.bad-post.org\n";
    assert_eq!(counts(&world.import_under(Tlp::Green, file)), (1, 0, 0));
    assert_eq!(counts(&world.import_under(Tlp::Red, file)), (1, 0, 0), "it must reach the merge");
    assert_eq!(counts(&world.import_under(Tlp::Red, file)), (0, 1, 0));
    assert_eq!(counts(&world.import_under(Tlp::Green, file)), (0, 1, 0), "a looser one changes nothing");
    world.outside.now.store(BORDER + 1, Ordering::Relaxed);
    assert_eq!(counts(&world.import_under(Tlp::Amber, file)), (0, 1, 0));
    assert_eq!(world.reports(), 2);
}

fn row() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..12_u8).prop_map(|n| format!("domain,d{n}.bad-post.org,note")),
        (0..4_u8).prop_map(|n| format!("ipv4,45.77.12.{n},\"over\ntwo lines\"")),
        (0..4_u8).prop_map(|n| format!("filename,{n}.exe,5\" disk")),
        (0..3_u8).prop_map(|n| format!("hash,{},", format!("a{n}").repeat(16))),
        Just("hash,12,".to_owned()),
        Just("md5,xyz,".to_owned()),
        Just("comment,words,".to_owned()),
        Just("colour,red,".to_owned()),
        Just("domain,,".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn accepted_duplicates_and_refused_are_all_rows(
        rows in prop::collection::vec(row(), 1..120),
        items_max in 1_usize..40,
        times in 1_u64..3,
    ) {
        let mut world = World::new();
        world.options.items_max = items_max;
        // The first row shows what the columns are, whatever follows.
        let text = format!("type,value,comment\n{}\n", rows.join("\n"));
        for _ in 0..times {
            let totals = world.import(text.as_bytes());
            let (accepted, duplicates, refused) = counts(&totals);
            prop_assert_eq!(accepted + duplicates + refused, rows.len() as u64, "{:?}", totals);
        }
    }
}
