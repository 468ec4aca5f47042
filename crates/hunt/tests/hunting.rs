//! Hunts from end to end: what is found does not hang on how logs are packed, cut into parts or read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use hunt::{Found, Hunt, find, load};

fn hunted(list: &str, logs: &[PathBuf], change: impl FnOnce(&mut Hunt<'_>)) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    fs::write(&path, list).unwrap();
    let (index, notes, _) = load(&[path]).unwrap();
    let mut hunt = Hunt::new(&index, &notes);
    change(&mut hunt);
    hunt.run(&find(logs), &mut |_| {})
}

fn values(found: &Found) -> Vec<(String, u64)> {
    found.indicators.iter().map(|seen| (seen.entry.value.clone(), seen.mention.lines)).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_wide_and_plain_logs_give_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let text = "2024-05-01T00:00:00Z a evil.example\r\n2024-05-02T00:00:00Z b 45.9.148.7\nfine\n";
    let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(text.as_bytes()).unwrap();
    for (name, bytes) in [
        ("a.log", text.as_bytes().to_vec()),
        ("b.log.gz", gzip(text.as_bytes())),
        ("c.log.zst", zstd::encode_all(text.as_bytes(), 1).unwrap()),
        ("d.log.bz2", bzip2.finish().unwrap()),
        ("e.log", wide),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    fs::write(folder.path().join("f.gz"), &gzip(text.as_bytes())[..12]).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    let found = hunted("evil.example\n45.9.148.7\n", &[folder.path().to_owned(), PathBuf::from("/no/such")], |_| {});
    assert_eq!(values(&found), [("45.9.148.7".to_owned(), 5), ("evil.example".to_owned(), 5)]);
    assert_eq!(found.trouble.len(), 2, "{:?}", found.trouble);
    assert!(found.trouble.iter().any(|why| why.contains("f.gz") && why.contains("damaged or cut")));
    let first = found.indicators[0].mention.first.unwrap();
    assert_eq!(first, formats::parse_time("2024-05-02T00:00:00Z").unwrap().as_millis());
    let late = hunted("evil.example\n45.9.148.7\n", &[folder.path().join("a.log")], |hunt| hunt.since = Some(first));
    assert_eq!(values(&late), [("45.9.148.7".to_owned(), 1)]);
}

#[test]
fn parts_of_a_big_file_miss_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.log");
    let (mut text, mut lines) = (Vec::new(), 0);
    while text.len() < 40 << 20 {
        let host = if lines % 7 == 0 { "evil.example" } else { "good.example" };
        text.extend(format!("{lines} {host} {}\n", "x".repeat(lines % 300)).bytes());
        lines += 1;
    }
    fs::write(&path, &text).unwrap();
    let expect = lines.div_ceil(7) as u64;
    for threads in [1, 3] {
        let found = hunted("evil.example\n", std::slice::from_ref(&path), |hunt| hunt.threads = threads);
        assert_eq!((found.lines, found.bytes), (expect, text.len() as u64), "{threads} threads");
    }
}

#[test]
fn a_line_without_end_and_junk_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long");
    let mut text = vec![b'a'; 30 << 20];
    for at in [5, 9 << 20, (30 << 20) - 40] {
        text[at..at + 14].copy_from_slice(b" evil.example ");
    }
    fs::write(&path, &text).unwrap();
    let found = hunted("evil.example\n", &[path], |_| {});

    // Such a line is looked at in pieces, and each piece that holds the value counts.
    assert_eq!(values(&found), [("evil.example".to_owned(), 3)]);
    let junk: Vec<u8> = (0..4_000_000_u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
    let path = folder.path().join("junk");
    fs::write(&path, junk).unwrap();
    assert!(hunted("evil.example\n", &[path], |_| {}).trouble.is_empty());
}

#[test]
fn fields_that_make_a_url_are_put_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.log");
    let line = |uri| format!("{{\"ts\":1521911721.2,\"uid\":\"C1\",\"host\":\"evil.example\",\"uri\":\"{uri}\"}}\n");
    fs::write(&path, line("/x.sh") + &line("/y")).unwrap();
    let found = hunted("http://evil.example/x.sh\n", &[path], |_| {});
    assert_eq!(values(&found), [("http://evil.example/x.sh".to_owned(), 1)]);
}

#[test]
fn a_compiled_list_keeps_what_was_known() {
    let folder = tempfile::tempdir().unwrap();
    let stix = folder.path().join("s.json");
    fs::write(&stix, r#"{"type":"bundle","id":"bundle--1","objects":[{"type":"indicator","id":"indicator--1","name":"Op X","pattern":"[domain-name:value = 'evil.example']","pattern_type":"stix","valid_from":"2024-01-01T00:00:00Z","valid_until":"2024-02-01T00:00:00Z"}]}"#).unwrap();
    let (index, _, _) = load(&[stix]).unwrap();
    let compiled = folder.path().join("s.fci");
    index.save(&compiled).unwrap();
    let (index, notes, _) = load(&[compiled]).unwrap();
    let log = folder.path().join("log");
    fs::write(&log, "evil.example\n").unwrap();
    let mut hunt = Hunt::new(&index, &notes);
    let found = hunt.run(&find(std::slice::from_ref(&log)), &mut |_| {});
    assert_eq!(notes.get(found.indicators[0].notes[0]).campaign, "Op X");
    hunt.as_of = Some(formats::parse_time("2024-03-01").unwrap().as_millis());
    assert!(hunt.run(&find(&[log]), &mut |_| {}).indicators.is_empty());
}

fn command() -> Option<PathBuf> {
    // Examples are built beside the tests, in the folder above theirs.
    let here = std::env::current_exe().ok()?;
    let path = here.parent().and_then(Path::parent)?.join("examples/hunt");
    path.exists().then_some(path)
}

#[test]
fn exit_codes_and_what_stands_on_standard_output() {
    let Some(command) = command() else {
        eprintln!("NOT TESTED: the example `hunt` is not built");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let (list, hit, clean) =
        (write("list", "evil.example\n"), write("hit", "evil.example\n"), write("clean", "fine\n"));
    let run = |more: &[&std::ffi::OsStr]| {
        let output = Command::new(&command).arg("-i").arg(&list).args(more).stdin(Stdio::null()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(&["--json".as_ref(), hit.as_ref()]);
    assert_eq!((code, text.lines().count()), (0, 1));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["value"], "evil.example");
    assert_eq!(run(&["--json".as_ref(), clean.as_ref()]), (1, String::new()));
    assert_eq!(run(&[hit.as_ref(), "/no/such".as_ref()]).0, 2);
    let bundle: serde_json::Value = serde_json::from_str(&run(&["--sightings".as_ref(), hit.as_ref()]).1).unwrap();
    assert_eq!(bundle["objects"].as_array().unwrap().len(), 2);
    assert_eq!(run(&["--csv".as_ref(), hit.as_ref()]).1.lines().count(), 2);
}

#[test]
fn a_file_is_followed_through_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let (list, log) = (folder.path().join("list"), folder.path().join("log"));
    fs::write(&list, "evil.example\n").unwrap();
    fs::write(&log, "evil.example before\n").unwrap();
    let (index, notes, _) = load(&[list]).unwrap();
    let (stop, told) = (AtomicBool::new(false), std::sync::Mutex::new(Vec::new()));
    let each = |_, sample: &hunt::Sample| told.lock().unwrap().push(sample.line.clone());
    let hunt = Hunt::new(&index, &notes).telling(&each);
    let logs = [log.clone()];
    std::thread::scope(|scope| {
        let follower = scope.spawn(|| hunt.follow(&logs, &|| stop.load(Ordering::Relaxed)));
        let wait = || std::thread::sleep(std::time::Duration::from_millis(900));
        wait();
        let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
        file.write_all(b"one evil.exam").unwrap();
        wait();
        file.write_all(b"ple\n").unwrap();
        fs::rename(&log, folder.path().join("log.1")).unwrap();
        file.write_all(b"two evil.example\n").unwrap();
        fs::write(&log, "three evil.example\n").unwrap();
        wait();
        fs::write(&log, "4 evil.example\n").unwrap();
        wait();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(follower.join().unwrap(), Vec::<String>::new());
    });
    assert_eq!(*told.lock().unwrap(), ["one evil.example", "two evil.example", "three evil.example", "4 evil.example"]);
}
