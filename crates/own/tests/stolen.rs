//! What the file tells somebody without the key: no id, word, time or order, and nothing of what was recalled.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use common::*;
use own::{Change, Writer};
use rusqlite::Connection;

type Row = ([u8; 16], [u8; 16], i64, Vec<u8>);

fn rows(path: &Path) -> Vec<Row> {
    let conn = Connection::open(path).unwrap();
    let mut statement =
        conn.prepare("SELECT scope, item, piece, sealed FROM rows ORDER BY scope, item, piece").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn holds(file: &[u8], what: &[u8]) -> bool {
    file.windows(what.len()).any(|window| window == what)
}

#[test]
fn no_id_word_or_time_stands_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(own::FILE);
    let mut writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
    for number in 0..60 {
        writer.apply(&[open(number % 3, number, "Wasserwerk"), add(number % 3, number, 1, true)], number + 1).unwrap();
    }
    writer.apply(&[erase(0, 0), read(1, 1)], 61).unwrap();
    let mut words: Vec<Vec<u8>> = ["title", "Wasserwerk", "phishing", "received", "recalled", "note 1"]
        .iter()
        .map(|word| word.as_bytes().to_vec())
        .collect();
    let ids = (0..3).map(|n| (*firm(n).as_bytes(), firm(n).to_string()));
    let ids = ids.chain((0..60).map(|n| (*case(n).as_bytes(), case(n).to_string())));
    for (bytes, text) in ids.chain((0..60).map(|n| (note(n * 1_000, "").id, String::from("no text")))) {
        words.extend([
            bytes.to_vec(),
            hex(&bytes).into_bytes(),
            hex(&bytes).to_uppercase().into_bytes(),
            text.into_bytes(),
        ]);
    }
    for at in (0..60).map(|n| at(n * 1_000).as_millis()) {
        words.extend([at.to_le_bytes().to_vec(), at.to_be_bytes().to_vec(), at.to_string().into_bytes()]);
        // As SQLite stores a whole number of this size.
        words.push(at.to_be_bytes()[2..].to_vec());
    }
    let look = |when: &str| {
        for end in ["", "-wal", "-shm"] {
            let file = std::fs::read(folder.path().join(format!("{}{end}", own::FILE))).unwrap();
            let found = words.iter().find(|word| holds(&file, word));
            assert!(found.is_none(), "{when}: {end:?} holds {:?}", found.map(|word| String::from_utf8_lossy(word)));
        }
    };
    look("with its log");
    assert!(writer.sweep().unwrap());
    look("written back");
}

#[test]
fn sealed_records_have_few_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(own::FILE);
    let mut writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
    for (n, length) in [0, 1, 150, 200, 300, 460, 600, 1_000, 2_345, 9_999, 100_000].into_iter().enumerate() {
        writer.apply(&[open(1, n as u64, &"b".repeat(length))], n as u64 + 1).unwrap();
    }
    writer.apply(&[erase(1, 9)], 99).unwrap();
    let mut records: BTreeMap<_, Vec<(i64, usize)>> = BTreeMap::new();
    for (scope, item, piece, sealed) in rows(&path) {
        assert!([256, 512].contains(&sealed.len()), "{}", sealed.len());
        records.entry((scope, item)).or_default().push((piece, sealed.len()));
    }
    for pieces in records.values() {
        assert!(pieces.iter().map(|piece| piece.0).eq(0..pieces.len() as i64));
        let size: usize = pieces.iter().map(|piece| piece.1).sum();
        assert!(size.is_power_of_two() && size >= 256, "{size}");
    }
}

#[test]
fn one_case_of_two_organisations_has_no_key_in_common() {
    let folder = tempfile::tempdir().unwrap();
    let keys = |of| {
        let path = folder.path().join(format!("{of}.db"));
        let mut writer = Writer::in_file(&path, key(), seeded(of)).unwrap();
        writer.apply(&[open(of, 1, "x")], 1).unwrap();
        rows(&path).into_iter().flat_map(|row| [row.0, row.1]).collect::<BTreeSet<_>>()
    };
    let (one, two) = (keys(1), keys(2));
    // What is the store's own: one scope, and two items.
    assert_eq!(one.intersection(&two).count(), 3);
    assert_eq!(one.len(), 3 + 2 + 2 + 3);
}

/// Spearman's rank correlation of a sequence of distinct numbers with its own order.
fn correlation(sequence: &[usize]) -> f64 {
    let mut sorted = sequence.to_vec();
    sorted.sort_unstable();
    let n = sequence.len() as f64;
    let ranks = sequence.iter().map(|number| sorted.binary_search(number).unwrap() as f64);
    let squares: f64 = ranks.enumerate().map(|(at, rank)| (rank - at as f64).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

#[test]
fn neither_the_tree_nor_the_file_is_in_the_order_of_writing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(own::FILE);
    let mut writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
    let body = "b".repeat(3_000);
    let mut known: BTreeSet<_> = rows(&path).into_iter().map(|row| (row.0, row.1)).collect();
    let mut written = Vec::new();
    for number in 0..250 {
        writer.apply(&[open(1, number, &body)], number + 1).unwrap();
        let new: Vec<Row> = rows(&path).into_iter().filter(|row| known.insert((row.0, row.1))).collect();
        // The new thread is the one scope with two new records: a slip and a note.
        let mut threads = new.iter().map(|row| row.0);
        let thread = threads.find(|scope| new.iter().filter(|row| row.0 == *scope).count() == 2);
        written.push(thread.unwrap());
    }
    assert!(writer.rearrange_daily().unwrap());
    let mut sorted = written.clone();
    sorted.sort_unstable();
    let in_tree: Vec<usize> = written.iter().map(|scope| sorted.binary_search(scope).unwrap()).collect();
    let neighbours = in_tree.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
    assert!(neighbours < 10, "{neighbours} of 249 neighbours in time are neighbours in the tree");
    assert!(correlation(&in_tree).abs() < 0.2, "{}", correlation(&in_tree));
    // Where the last piece of each note lies in the file.
    let file = std::fs::read(&path).unwrap();
    let all = rows(&path);
    let in_file: Vec<usize> = written
        .iter()
        .map(|scope| {
            let row = all.iter().rev().find(|row| row.0 == *scope && row.2 == 7).unwrap();
            file.windows(64).position(|window| window == &row.3[..64]).unwrap()
        })
        .collect();
    assert!(correlation(&in_file).abs() < 0.2, "{}", correlation(&in_file));
    let apart: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM dbstat WHERE pagetype = 'overflow'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(apart, 0, "pages that SQLite takes in the order of writing");
}

#[test]
fn a_recall_leaves_nothing_in_the_file_or_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(own::FILE);
    let mut writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
    writer.apply(&[open(1, 1, &"b".repeat(5_000)), open(1, 2, "x")], 1).unwrap();
    writer.sweep().unwrap();
    let before = rows(&path);
    writer.apply(&[erase(1, 1)], 2).unwrap();
    // The sweeper empties the log by itself.
    let started = Instant::now();
    let log = folder.path().join(format!("{}-wal", own::FILE));
    while std::fs::metadata(&log).unwrap().len() > 0 {
        assert!(started.elapsed() < Duration::from_secs(10), "the log is not emptied");
        std::thread::sleep(Duration::from_millis(50));
    }
    let kept: BTreeSet<Vec<u8>> = rows(&path).into_iter().map(|row| row.3).collect();
    let file = std::fs::read(&path).unwrap();
    let gone: Vec<&Row> = before.iter().filter(|row| !kept.contains(&row.3)).collect();
    assert!(gone.len() >= 16 + 2, "{}", gone.len());
    for row in gone {
        assert!(!row.3.chunks(64).any(|part| holds(&file, part)), "a removed piece is still in the file");
    }
}

/// The layout of version 1, byte for byte: a change of it needs a new version.
#[test]
fn the_layout_is_golden() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(own::FILE);
    let mut writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
    let close = Change::Summarise { organisation: firm(1), case: case(1), summary: summary("Rechnung") };
    writer.apply(&[open(1, 1, "{}"), add(1, 1, 1, true), close, open(1, 2, &"b".repeat(300))], 1).unwrap();
    let conn = Connection::open(&path).unwrap();
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let table: String = conn.query_row("SELECT sql FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    let mut text = format!("layout {version}\n{table}\n");
    for (scope, item, piece, sealed) in rows(&path) {
        writeln!(text, "{} {} {piece} {}", hex(&scope), hex(&item), hex(&sealed)).unwrap();
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/layout-1.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    assert!(std::fs::read_to_string(&golden).unwrap() == text, "the layout is another: give it a new version");
}
