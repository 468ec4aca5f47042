//! Values that grow when they are written: whatever members send, a tick fits its entry, and the gate opens again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Bench, Filed, START, TICK, by};
use model::{Kind, Observable, Sighting, Timestamp, Tlp};
use policy::NounKind;
use vault::codec::{RELEASE_BYTES_MAX, encode};
use vault::{Body, Item, NewEntry};

const REPORTS: usize = 10;
const VALUES: usize = 1_500;
const VALUE_BYTES: usize = 3_900;

/// Reports of values that are one sign over and over; the number makes each of them another one.
fn reports(sign: char, bytes: usize, count: usize) -> Vec<Filed> {
    let value = |n: usize| Item {
        sighting: Sighting::of(Observable::from_normal(
            Kind::UserAgent,
            format!("{n}{}", sign.to_string().repeat(bytes)),
        )),
        held: None,
        kept: None,
    };
    let values: Vec<Item> = (0..count).map(value).collect();
    let mut firm = 0;
    let report = |values: &[Item]| {
        firm += 1;
        Filed { values: values.to_vec(), ..by(firm, &[]) }
    };
    values.chunks(count / REPORTS).map(report).collect()
}

/// Lets ticks pass until nothing is in line; gives how many showed something, and how many values they showed.
fn drain(bench: &mut Bench, from: i64) -> (usize, usize) {
    let (mut ticks, mut shown) = (0, 0);
    let mut at = from;
    while let Some(batch) = bench.tick_at(at) {
        assert!(encode(&Body::Release(batch.clone())).unwrap().len() <= RELEASE_BYTES_MAX);
        shown += batch.objects.iter().filter(|object| object.kind == NounKind::Indicator).count();
        ticks += 1;
        at += TICK;
        assert!(ticks < 20, "the line never ends");
    }
    (ticks, shown)
}

fn fits_and_opens_again(sign: char, bytes: usize) {
    let mut bench = Bench::new();
    bench.file_all(reports(sign, bytes, VALUES));
    let (ticks, shown) = drain(&mut bench, TICK);
    assert_eq!(shown, VALUES);
    assert!(ticks > 1, "it was too little to need more than one tick");
    bench.assert_replays();
    bench.restart();
    assert!(bench.tick_at(100 * TICK).is_none());
}

#[test]
fn values_of_quotes_alone_fit() {
    fits_and_opens_again('"', VALUE_BYTES);
}

#[test]
fn values_of_backslashes_alone_fit() {
    fits_and_opens_again('\\', VALUE_BYTES);
}

#[test]
fn values_of_control_characters_alone_fit() {
    // An entry writes six bytes for each, so fewer of them fit a report.
    fits_and_opens_again('\u{1}', 2_000);
}

/// What an earlier version left behind: the tick is in the journal, its release was refused, every start makes it again.
#[test]
fn a_tick_whose_release_was_too_long_is_made_again_and_fits() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let mut bench = Bench::at(&dir);
    bench.append_reports(reports('"', VALUE_BYTES, VALUES));
    let tick = Timestamp::from_millis(START + TICK);
    bench.vault.journal().append(vec![NewEntry::new(tick, Body::Tick(tick))]).unwrap();
    bench.restart();
    let first = bench.reader.batches_after(Timestamp::from_millis(0), 10).unwrap();
    assert_eq!(first.iter().map(|batch| batch.tick).collect::<Vec<_>>(), [tick]);
    let already = first[0].objects.iter().filter(|row| row.body.contains("user-agent")).count();
    let (_, shown) = drain(&mut bench, 2 * TICK);
    assert_eq!(already + shown, VALUES);
    bench.assert_replays();
}

#[test]
fn a_text_of_the_cell_at_its_limit_joins_a_full_tick() {
    let mut bench = Bench::new();
    // Nearly full: the text comes last, and still joins.
    bench.file_all(reports('"', VALUE_BYTES, 600));
    let Body::Advisory(mut advisory) = common::advisory("title", Tlp::Green, None) else { panic!("no advisory") };
    advisory.summary = "\"".repeat(1024 * 1024 - 1024);
    bench.append(Body::Advisory(advisory));
    let (ticks, shown) = drain(&mut bench, TICK);
    assert_eq!((ticks, shown), (1, 600));
    bench.assert_replays();
}
