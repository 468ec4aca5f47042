//! A process that ends at any place between tick and store: the next one comes to the same, and shows nothing twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::{Bench, EPOCH, TICK, by};
use model::{Timestamp, WhoMayBeWarned};
use release::{Engine, EngineConfig, ReleaseError};
use released::{Reader, Store};
use vault::{Body, Entry, NewEntry};

fn busy(bench: &mut Bench) {
    for firm in 1..=5 {
        bench.file(by(firm, &["evil.test", "more.test"]));
        bench.file(by(firm + 20, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt));
    }
    bench.run_to(EPOCH + 500);
    bench.file(by(7, &["late.test", "evil.test"]));
}

fn journal(bench: &Bench) -> Vec<Arc<Entry>> {
    bench.vault.journal().read(1, 100_000).unwrap()
}

fn releases(entries: &[Arc<Entry>]) -> Vec<Timestamp> {
    let shown = entries.iter().filter_map(|entry| match &entry.body {
        Body::Release(batch) if !batch.objects.is_empty() => Some(batch.tick),
        _ => None,
    });
    shown.collect()
}

fn assert_no_tick_twice(bench: &Bench, reader: &Reader) {
    let told = releases(&journal(bench));
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len(), "a tick was released twice");
    let logged: Vec<Timestamp> =
        reader.batches_after(Timestamp::from_millis(0), 10_000).unwrap().iter().map(|batch| batch.tick).collect();
    assert_eq!(logged, told, "the release log is the journal's releases");
}

#[test]
fn a_tick_without_its_release_is_made_again_by_the_next_process() {
    let mut live = Bench::new();
    busy(&mut live);
    live.tick_at(EPOCH + 600);

    let mut crashed = Bench::new();
    busy(&mut crashed);
    // The tick reaches the journal, then the process ends: neither release nor store.
    let tick = Timestamp::from_millis(common::START + EPOCH + 600);
    crashed.vault.journal().append(vec![NewEntry::new(tick, Body::Tick(tick))]).unwrap();
    let (writer, reader) = Store::in_memory().unwrap();
    let engine = Engine::open(&crashed.vault, writer, EngineConfig::default()).unwrap();
    assert_eq!(engine.digest(), live.engine.digest());
    assert_eq!(engine.released_digest().unwrap(), live.engine.released_digest().unwrap());
    assert_no_tick_twice(&crashed, &reader);
    assert_eq!(releases(&journal(&crashed)).last(), Some(&tick));
    // And a third process finds nothing left to do.
    crashed.engine = engine;
    crashed.assert_replays();
}

#[test]
fn what_came_between_the_tick_and_the_crash_waits_for_its_own_tick() {
    let mut bench = Bench::new();
    busy(&mut bench);
    let tick = Timestamp::from_millis(common::START + EPOCH + 600);
    bench.vault.journal().append(vec![NewEntry::new(tick, Body::Tick(tick))]).unwrap();
    bench.clock.0.store(tick.as_millis() + 10, std::sync::atomic::Ordering::SeqCst);
    bench.append_reports(vec![by(8, &["after.test"])]);
    let (writer, reader) = Store::in_memory().unwrap();
    let mut engine = Engine::open(&bench.vault, writer, EngineConfig::default()).unwrap();
    let shown = |reader: &Reader| {
        let batches = reader.batches_after(Timestamp::from_millis(0), 10_000).unwrap();
        batches.iter().flat_map(|batch| &batch.objects).any(|object| object.body.contains("after.test"))
    };
    assert!(!shown(&reader));
    let batch = engine.tick(tick.plus_millis(TICK)).unwrap().unwrap();
    assert_eq!(batch.tick, tick.plus_millis(TICK));
    assert!(shown(&reader));
    bench.engine = engine;
    bench.reader = reader;
    bench.assert_replays();
}

#[test]
fn a_release_that_did_not_reach_the_store_is_copied_and_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let mut bench = Bench::at(&dir);
    busy(&mut bench);
    let path = dir.join(released::FILE);
    let before = folder.path().join("before.db");
    // The store as it was before the last release, as a crash between journal and store leaves it.
    bench.engine = bench.replayed();
    std::fs::copy(&path, &before).unwrap();
    let mut engine = Engine::open(&bench.vault, Store::open(&path).unwrap().0, EngineConfig::default()).unwrap();
    assert!(engine.tick(Timestamp::from_millis(common::START + EPOCH + 600)).unwrap().is_some());
    let (whole, state) = (engine.released_digest().unwrap(), engine.digest());
    drop(engine);
    let entries = bench.vault.journal().head().seq;

    let (writer, reader) = Store::open(&before).unwrap();
    assert_ne!(writer.digest().unwrap(), whole);
    let engine = Engine::open(&bench.vault, writer, EngineConfig::default()).unwrap();
    assert_eq!((engine.released_digest().unwrap(), engine.digest()), (whole, state));
    assert_eq!(bench.vault.journal().head().seq, entries, "nothing is released anew");
    assert_no_tick_twice(&bench, &reader);
}

#[test]
fn a_store_ahead_of_its_journal_is_refused() {
    let mut ahead = Bench::new();
    busy(&mut ahead);
    ahead.tick_at(EPOCH + 600);
    let (mut writer, _reader) = Store::in_memory().unwrap();
    for entry in journal(&ahead) {
        if let Body::Release(batch) = &entry.body {
            writer.apply(batch).unwrap();
        }
    }
    let mut behind = Bench::new();
    behind.file(by(1, &["evil.test"]));
    behind.tick_at(TICK);
    let refused = Engine::open(&behind.vault, writer, EngineConfig::default());
    assert!(matches!(refused, Err(ReleaseError::Ahead(_))));
}

#[test]
fn entries_come_in_order_and_from_one_gate() {
    let mut bench = Bench::new();
    bench.append_reports(vec![by(1, &["a.test"]), by(2, &["b.test"])]);
    let entries = journal(&bench);
    assert!(matches!(bench.engine.apply(&entries[entries.len() - 1]), Err(ReleaseError::Gap { .. })));
    let mut bench = Bench::new();
    let now = Timestamp::from_millis(common::START);
    bench.vault.journal().append(vec![NewEntry::new(now, Body::Tick(now))]).unwrap();
    let entries = journal(&bench);
    assert!(matches!(bench.engine.apply(entries.last().unwrap()), Err(ReleaseError::OtherGate(_))));
}

#[test]
fn what_was_appended_before_the_tick_belongs_to_it() {
    let mut bench = Bench::new();
    bench.append_reports(vec![by(1, &["early.test"])]);
    bench.clock.0.store(common::START + TICK, std::sync::atomic::Ordering::SeqCst);
    // The engine has not been told of the report: it finds it on its way to the tick.
    bench.file(by(2, &["told.test"]));
    bench.append_reports(vec![by(3, &["untold.test"])]);
    let batch = bench.engine.tick(Timestamp::from_millis(common::START + 2 * TICK)).unwrap().unwrap();
    for value in ["early.test", "told.test", "untold.test"] {
        assert!(batch.objects.iter().any(|object| object.body.contains(value)), "{value}");
    }
    bench.fold();
    bench.assert_replays();
}

#[test]
fn a_rebuild_comes_to_the_same_store_and_state() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let mut bench = Bench::at(&dir);
    busy(&mut bench);
    bench.run_to(3 * EPOCH);
    let (state, store) = (bench.engine.digest(), bench.engine.released_digest().unwrap());
    let batches = bench.reader.batches_after(Timestamp::from_millis(0), 10_000).unwrap();
    let vault = Arc::clone(&bench.vault);
    drop(bench);
    let rebuilt = release::rebuild(&vault, &dir, EngineConfig::default(), &mut |_| {}).unwrap();
    assert_eq!(rebuilt.released_before, Some(store));
    assert_eq!((rebuilt.released, rebuilt.state), (store, state));
    assert_eq!((rebuilt.reports, rebuilt.observations), (11, 17));
    let reader = Reader::open(&dir.join(released::FILE)).unwrap();
    assert_eq!(reader.batches_after(Timestamp::from_millis(0), 10_000).unwrap(), batches);
    // A server was killed before it had copied what it had released: that store is behind, not wrong.
    let path = dir.join(released::FILE);
    let about = Reader::open(&path).unwrap().about().unwrap().unwrap();
    std::fs::remove_file(&path).unwrap();
    let (mut behind, _) = Store::open(&path).unwrap();
    behind.set_about(&about).unwrap();
    let entries = vault.journal().read(1, 10_000).unwrap();
    let released = entries.iter().filter_map(|entry| match &entry.body {
        Body::Release(batch) if !batch.objects.is_empty() => Some(batch),
        _ => None,
    });
    let released: Vec<_> = released.collect();
    for batch in &released[..released.len() - 1] {
        behind.apply(batch).unwrap();
    }
    assert_ne!(behind.digest().unwrap(), store);
    drop(behind);
    let rebuilt = release::rebuild(&vault, &dir, EngineConfig::default(), &mut |_| {}).unwrap();
    assert_eq!((rebuilt.released_before, rebuilt.released), (Some(store), store));
    // From nothing, as well.
    std::fs::remove_file(dir.join(released::FILE)).unwrap();
    let rebuilt = release::rebuild(&vault, &dir, EngineConfig::default(), &mut |_| {}).unwrap();
    assert_eq!((rebuilt.released_before, rebuilt.released, rebuilt.state), (None, store, state));
    // A live engine goes on with what was rebuilt.
    let engine =
        Engine::open(&vault, Store::open(&dir.join(released::FILE)).unwrap().0, EngineConfig::default()).unwrap();
    assert_eq!((engine.released_digest().unwrap(), engine.digest()), (store, state));
}

/// A large batch ends with objects that turned out unchanged: replay must not take them for the rest of a full one.
#[test]
fn a_large_batch_leaves_nothing_in_line_by_replay() {
    let mut bench = Bench::new();
    let names: Vec<String> = (0..600).map(|n| format!("v{n}.test")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    bench.file(by(1, &names));
    for firm in 2..40 {
        // Campaigns of everyday values alone are in line, and show nothing.
        bench.file(by(firm, &["google.com"]));
    }
    assert!(bench.tick_at(TICK).unwrap().objects.len() > 600);
    bench.assert_replays();
}

#[test]
fn more_than_a_tick_holds_is_shown_by_the_next_ones_and_replays() {
    let mut bench = Bench::new();
    for firm in 0..25 {
        let names: Vec<String> = (0..900).map(|n| format!("v{n}.firm{firm}.test")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        bench.file(by(firm, &names));
    }
    let mut shown = 0;
    let mut ticks = 0;
    while shown < 25 * 901 && ticks < 20 {
        ticks += 1;
        shown += bench.tick_at(ticks * TICK).map_or(0, |batch| batch.objects.len());
        if ticks == 1 {
            bench.assert_replays();
        }
    }
    assert_eq!(shown, 25 * 901);
    assert!(ticks > 1, "a tick is bounded");
    bench.assert_replays();
}

/// What both runs found, as the journal tells it.
fn found(bench: &Bench) -> Vec<String> {
    let entries = journal(bench);
    let found = entries.iter().filter_map(|entry| match &entry.body {
        Body::Findings(found) => Some(found.items.iter().map(|item| format!("{:?} {item}", found.run))),
        _ => None,
    });
    found.flatten().collect()
}

#[test]
fn every_finding_is_noted_once_across_starts_and_what_comes_between_a_ticks_steps() {
    let run = |starts: bool| {
        let mut bench = Bench::new();
        bench.file(by(1, &["a.test"]));
        bench.file(by(2, &["a.test"]));
        bench.clock.0.store(common::START + TICK, std::sync::atomic::Ordering::SeqCst);
        let noted = bench.engine.note_tick(bench.clock_now()).unwrap().unwrap();
        // A report that comes while the tick is written belongs to the next one.
        bench.append_reports(vec![by(3, &["b.test"])]);
        let made = bench.engine.make_tick(noted).unwrap();
        bench.engine.store_tick(&made).unwrap();
        bench.engine.show_tick(made).unwrap();
        bench.fold();
        if starts {
            bench.restart();
        }
        bench.file(by(4, &["a.test", "b.test"]));
        bench.run_to(2 * TICK);
        if starts {
            bench.restart();
        }
        bench.file(by(5, &["c.test"]));
        bench.run_to(3 * TICK);
        bench.assert_replays();
        found(&bench)
    };
    let (without, with) = (run(false), run(true));
    assert_eq!(without.iter().collect::<BTreeSet<_>>().len(), without.len());
    assert!(without.iter().any(|found| found.contains("merged") && found.contains("\"reasons\":[{")), "{without:?}");
    assert_eq!(with, without);
}

#[test]
fn what_a_tick_took_in_by_itself_is_found_for_the_cell_all_the_same() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]));
    bench.append_reports(vec![by(2, &["a.test"])]);
    let untold = journal(&bench).pop().unwrap();
    bench.engine.tick(Timestamp::from_millis(common::START + TICK)).unwrap();
    assert!(!bench.engine.apply(&untold).unwrap().is_empty());
}

#[test]
fn a_rebuild_says_whether_the_live_state_was_another() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let mut bench = Bench::at(&dir);
    busy(&mut bench);
    bench.run_to(3 * EPOCH);
    let (state, head) = (bench.engine.digest(), bench.vault.journal().head());
    let vault = Arc::clone(&bench.vault);
    drop(bench);
    for (noted, same) in [(state, true), ([7; 32], false)] {
        vault.note_live_state(&head, &noted).unwrap();
        let rebuilt = release::rebuild(&vault, &dir, EngineConfig::default(), &mut |_| {}).unwrap();
        assert_eq!(rebuilt.live, Some((head.seq, same)));
    }
}
