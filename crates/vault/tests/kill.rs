//! Kill -9 under load: every acknowledged report is there exactly once, whenever the process dies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use vault::{default_keys_dir, verify};

/// The example beside this test's own binary: `target/PROFILE/examples/kill_writer`.
fn writer() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let path = profile.join("examples/kill_writer");
    assert!(path.is_file(), "{} is missing: `cargo test` builds examples", path.display());
    path
}

/// Reads all that a writer tells; the receiver hears of its first line.
fn read_on(mut out: ChildStdout) -> (JoinHandle<String>, Receiver<()>) {
    let (sender, first) = channel();
    let reading = std::thread::spawn(move || {
        let (mut text, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            match out.read(&mut piece).unwrap() {
                0 => break,
                read => text.extend_from_slice(&piece[..read]),
            }
            if text.contains(&b'\n') {
                let _ = sender.send(());
            }
        }
        String::from_utf8(text).unwrap()
    });
    (reading, first)
}

/// In two of three rounds the writer has written before its time runs, however busy the machine is; in the others it may be killed
/// while it still opens the journal.
fn wait_for(first: &Receiver<()>, round: u64) {
    if !round.is_multiple_of(3) {
        let _ = first.recv_timeout(Duration::from_secs(10));
    }
}

fn stored(dir: &Path) -> HashMap<String, u32> {
    let connection = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name IN ('journal', 'source')", [], |row| row.get(0))
        .unwrap();
    if tables < 2 {
        // Killed before there was a journal.
        return HashMap::new();
    }
    let mut lines = Vec::new();
    vault::export_folder(dir, &default_keys_dir(dir), &mut lines).unwrap();
    let mut titles = HashMap::new();
    for line in String::from_utf8(lines).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["entry"]["t"] == "report" {
            *titles.entry(line["entry"]["title"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    let sources: i64 = connection.query_row("SELECT count(*) FROM source", [], |row| row.get(0)).unwrap();
    assert_eq!(sources as usize, titles.len(), "a report without its source, or a source without its report");
    titles
}

#[test]
fn every_acknowledged_report_is_there_exactly_once() {
    let rounds: u64 = std::env::var("FUSIONCELL_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let writer = writer();
    let mut acknowledged_in_all = 0;
    let mut folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..rounds {
        // A fresh folder now and then keeps each check short; in between, a folder lives through many kills.
        if round % 20 == 0 {
            folder = tempfile::tempdir().unwrap();
            acknowledged.clear();
        }
        let dir = folder.path().join("data");
        let mut child = Command::new(&writer).arg(&dir).arg(round.to_string()).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let reading = std::thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        });
        // Die at another point each time: 10 to 50 ms after the start.
        let life = Duration::from_millis(10 + (round * 7) % 41);
        let start = Instant::now();
        while start.elapsed() < life {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let text = reading.join().unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        acknowledged.extend(whole.lines().map(str::to_owned));
        acknowledged_in_all += whole.lines().count();
        if !dir.join("vault.db").exists() {
            continue;
        }
        let titles = stored(&dir);
        for number in &acknowledged {
            assert_eq!(titles.get(number), Some(&1), "round {round}: report {number}");
        }
        assert!(titles.values().all(|count| *count == 1));
        if default_keys_dir(&dir).exists() {
            verify(&dir, &default_keys_dir(&dir)).unwrap();
        }
    }
    println!("{rounds} rounds, {acknowledged_in_all} acknowledged reports, none lost, none doubled");
    assert!(acknowledged_in_all as u64 > rounds, "the writer hardly wrote");
}

/// Whoever hears nothing sends the same again under the same key, as often as it takes: there is one report for each.
#[test]
fn a_report_that_is_sent_again_after_a_crash_is_there_once_and_has_its_first_reference() {
    let rounds: u64 = std::env::var("FUSIONCELL_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let writer = writer();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let mut told: HashMap<u64, String> = HashMap::new();
    let (mut from, mut again) = (0, 0);
    for round in 0..rounds {
        let mut child = Command::new(&writer);
        let child = child.arg(&dir).arg(u64::to_string(&from)).arg("keyed").stdout(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let out = child.stdout.take().unwrap();
        let (reading, first) = read_on(out);
        wait_for(&first, round);
        std::thread::sleep(Duration::from_millis(15 + (round * 7) % 41));
        child.kill().unwrap();
        child.wait().unwrap();
        let text = reading.join().unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let before = if dir.join("vault.db").exists() { stored(&dir) } else { HashMap::new() };
        assert!(before.values().all(|count| *count == 1), "round {round}: a report is there twice");
        for line in whole.lines() {
            let (number, case) = line.split_once(' ').unwrap();
            let first = told.entry(number.parse().unwrap()).or_insert_with(|| case.to_owned());
            assert_eq!(first, case, "round {round}: report {number} has another reference");
        }
        // What was stored and not told, and some of what was told, is sent again.
        again += before.len().saturating_sub(told.len());
        from = (told.len() as u64 / 4).saturating_sub(3);
    }
    println!("{rounds} rounds, {} reports, {again} of them stored and not acknowledged at a kill", told.len());
    assert!(told.len() as u64 > rounds, "the writer hardly wrote");
}

/// A file is whole and named by an entry, or it is not there: whatever a kill left half is gone after the next start.
#[test]
fn no_file_is_lost_and_none_is_half_there() {
    let rounds: u64 = std::env::var("FUSIONCELL_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let writer = writer();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let (mut kept, mut swept) = (0, 0);
    let lying = || std::fs::read_dir(dir.join("files")).map_or(0, Iterator::count);
    for round in 0..rounds {
        let mut child = Command::new(&writer);
        let mut child = child.arg(&dir).arg("0").arg("files").stdout(Stdio::piped()).spawn().unwrap();
        let out = child.stdout.take().unwrap();
        let (reading, first) = read_on(out);
        wait_for(&first, round);
        std::thread::sleep(Duration::from_millis(20 + (round * 7) % 61));
        child.kill().unwrap();
        child.wait().unwrap();
        let text = reading.join().unwrap();
        let told: Vec<&str> = text.rfind('\n').map_or("", |end| &text[..end]).lines().collect();
        let before = lying();
        let vault = common::open(&dir).unwrap();
        let mut named = Vec::new();
        vault
            .replay(1, |entry| {
                if let vault::Body::File(file) = &entry.body {
                    named.push((file.case, file.id, file.size));
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(lying(), named.len(), "round {round}: a file that no entry names");
        swept += before - named.len();
        for line in &told {
            let found = named.iter().any(|(case, id, _)| *line == format!("{case} {id}"));
            assert!(found, "round {round}: {line} of {} is not there, of {}", told.len(), named.len());
        }
        for (case, id, size) in named.iter().rev().take(12) {
            let pieces = vault.read_file(*case, *id, None).unwrap().unwrap();
            let bytes: usize = pieces.map(|piece| piece.unwrap().len()).sum();
            assert_eq!(bytes as u64, *size);
        }
        kept = named.len();
    }
    println!("{rounds} rounds, {kept} files, {swept} swept away after a kill");
    assert!(kept as u64 > rounds, "the writer hardly wrote");
}
