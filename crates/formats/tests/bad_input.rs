//! Bad input is data: a clear problem that names line and field, and what stands beside it is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{Read, Write as _};

use formats::{Event, Format, ImportOptions, detect_format, import_bytes, import_reader};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Imports `bytes` and expects a problem at `line` and `field` whose reason contains `why`, and `values` values beside it.
fn check(bytes: &[u8], line: Option<u32>, field: &str, why: &str, values: usize) {
    let (drafts, problems) = import_bytes("file", bytes);
    let found = problems.iter().any(|p| p.line.map(|l| l.get()) == line && p.field == field && p.why.contains(why));
    assert!(found, "wanted line {line:?} field {field:?} why {why:?}, got {problems:?}");
    assert_eq!(drafts.iter().map(|d| d.indicators.len()).sum::<usize>(), values, "{drafts:?}");
}

#[test]
fn json() {
    check(
        b"{\"Event\": {\n\"info\": \"x\",\n\"Attribute\": [{\"type\": ]}}",
        Some(3),
        "Event.Attribute[0].type",
        "broken JSON",
        0,
    );
    check(b"{\"Event\": {\"info\": \"x\"", Some(1), "Event", "broken off", 0);
    check(b"{\"Event\": {\"info\": \"a\",\n \"info\": \"b\"}}", Some(2), "Event.info", "stands twice", 0);
    check(b"{\"Event\": {\"info\": \"\xff\xfe\"}}", Some(1), "Event.info", "invalid UTF-8", 0);
    check(
        format!("{{\"Event\": {}", "[".repeat(10_000)).as_bytes(),
        Some(1),
        &format!("Event{}", "[0]".repeat(63)),
        "nested more than 64",
        0,
    );
    check(b"{\"a\": 1, \"b\": 2}", Some(1), "", "neither a MISP event nor STIX: it is an object with \"a\", \"b\"", 0);
    check(b"[]", Some(1), "", "neither", 0);
    check(b"[1]", Some(1), "", "neither", 0);
}

#[test]
fn a_ja3s_is_refused_by_name_and_never_taken_for_another_hash() {
    let hash = "0123456789abcdef0123456789abcdef";
    let why = "a JA3S (a server's fingerprint) is no JA3";
    let misp = |kind: &str| {
        format!(
            r#"{{"Event": {{"info": "x", "Attribute": [{{"type": "{kind}", "value": "{hash}"}}, {{"type": "domain", "value": "evil.example"}}]}}}}"#
        )
    };
    for kind in ["ja3s", "JA3S", "ja3s-fingerprint-md5"] {
        check(misp(kind).as_bytes(), Some(1), "Event.Attribute[0].value", why, 1);
    }
    assert_eq!(import_bytes("file", misp("ja3-fingerprint-md5").as_bytes()).0[0].indicators.len(), 2);
    check(format!("type,value\nja3s,{hash}\ndomain,evil.example\n").as_bytes(), Some(2), "value", why, 1);
    check(format!("ja3s,domain\n{hash},evil.example\n").as_bytes(), Some(2), "ja3s", why, 1);
}

#[test]
fn wrong_types_lose_nothing_else() {
    check(
        br#"{"Event": {"info": 7, "date": [], "threat_level_id": {}, "Orgc": "x", "Tag": 5, "Attribute": [
            {"type": "domain", "value": 5}, 7, {"type": "domain", "value": "evil.example"}, {"type": "nonsense", "value": "x"},
            {"type": "md5", "value": "12"}]}}"#,
        Some(2),
        "Event.Attribute[0]",
        "has no text in value",
        1,
    );
    check(
        br#"{"Event": {"info": "x", "Attribute": {"a": 1}}}"#,
        Some(1),
        "Event.Attribute",
        "is an object, not an array",
        0,
    );
    check(br#"{"Event": 7}"#, Some(1), "Event", "not an object", 0);
    check(
        br#"{"Event": {"info": "x", "Attribute": [{"type": "md5", "value": "12"}]}}"#,
        Some(1),
        "Event.Attribute[0].value",
        "wrong number of digits",
        0,
    );
    check(
        br#"{"type": "bundle", "id": "bundle--1", "objects": {}}"#,
        Some(1),
        "objects",
        "is an object, not an array",
        0,
    );
    check(
        br#"{"type": "bundle", "id": "bundle--1", "objects": [5, {"type": "indicator", "id": "indicator--1", "pattern": "[domain-name:value = 'evil.example']"},
            {"type": "indicator", "id": "indicator--2"}, {"type": "domain-name", "id": "domain-name--1", "value": 9}]}"#,
        Some(2),
        "objects[3].value",
        "is a number, not a string",
        1,
    );
}

#[test]
fn dates() {
    check(br#"{"Event": {"info": "x", "date": "9999-12-31", "Attribute": [{"type": "domain", "value": "evil.example", "timestamp": "-5"}]}}"#, Some(1), "Event.date", "not between 1990 and 2099", 1);
    check(b"{\"id\":\"1\",\"time\":\"0001-01-01T00:00:00Z\",\"reporter\":\"a\",\"indicators\":[[\"domain\",\"evil.example\"]]}\n", Some(1), "time", "not between", 1);
    check(b"time,type,value\nyesterday,domain,evil.example\n", Some(2), "time", "is no time", 1);
}

#[test]
fn lines() {
    let mut text = b"type,value\ndomain,evil.example\ndomain,".to_vec();
    text.extend(std::iter::repeat_n(b'a', 100 << 20));
    text.extend(b"\nipv4,192.0.2.1\nmd5,xyz\nmd5,\n");
    check(&text, Some(3), "", "longer than 1048576 bytes", 2);
    check(b"type,value\ndomain,evil.example\nmd5,xyz\n", Some(3), "value", "is no MD5", 1);
    check(b"type,value\ndomain,evil.example\ndomain,\"bad\nipv4,192.0.2.1\n", Some(3), "", "never closed", 2);
    check(b"type,value\ndomain,evil.example\ndomain,b\xff.example\n", Some(3), "", "invalid UTF-8", 1);
    check(b"{\"indicators\":[[\"domain\",\"evil.example\"]]}\n{\"indicators\":[[\"domain\"]]}\n{broken\n{\"indicators\":[[\"ip\",\"192.0.2.1\"]]}\n", Some(3), "", "broken JSON", 2);
    check(
        b"{\"indicators\":[[\"domain\",\"evil.example\"]]}\n{\"indicators\":[[\"domain\"]]}\n",
        Some(2),
        "indicators[0]",
        "no pair",
        1,
    );
}

#[test]
fn a_hundred_megabytes_in_one_line_of_json_are_refused() {
    let mut text = b"{\"Event\": {\"info\": \"".to_vec();
    text.extend(std::iter::repeat_n(b'a', 100 << 20));
    check(&text, None, "", "JSON document of more than", 0);
}

#[test]
fn packed() {
    let event = br#"{"Event": {"info": "x", "Attribute": [{"type": "domain", "value": "evil.example"}]}}"#;
    for packed in [gzip(event), zstd(event)] {
        let (drafts, problems) = import_bytes("x", &packed);
        assert_eq!((drafts.len(), problems.len()), (1, 0));
        check(&gzip(&packed), None, "", "packed twice", 0);
        check(&packed[..packed.len() - 5], None, "", "", 0);
    }
    let mut zeros = b"type,value\ndomain,evil.example\n".to_vec();
    zeros.extend(std::iter::repeat_n(b'\n', 64 << 20));
    for bomb in [gzip(&zeros), zstd(&zeros)] {
        assert!(bomb.len() < 1 << 17);
        let (_, problems) = import_bytes("bomb", &bomb);
        assert!(problems.iter().any(|p| p.why.contains("bomb")), "{problems:?}");
    }
}

#[test]
fn unknown_formats() {
    check(b"", None, "", "the file is empty", 0);
    check(b"PK\x03\x04\x00\x00", None, "", "ZIP", 0);
    check(b"<?xml version=\"1.0\"?><ioc/>", None, "", "XML", 0);
    check(b"\xff\xfeh\x00e\x00l\x00l\x00o\x00", None, "", "UTF-16", 0);
    check(&[7, 0, 1, 2, 3, 4, 5, 6, 8], None, "", "begins with the bytes 07 00 01", 0);

    check(b"just some words\nand more\n", None, "", "no indicator", 0);
    check(
        b"{\"event_type\":\"alert\"}\n{\"event_type\":\"dns\"}\n",
        None,
        "",
        "JSON lines, each an object with \"event_type\"",
        0,
    );
}

#[test]
fn text_padded_with_zeros_is_text() {
    let (drafts, problems) = import_bytes("x", b"it calls evil[.]example\0\0\0\0 today\n");
    assert_eq!((drafts.len(), problems.len()), (1, 0), "{problems:?}");
}

#[test]
fn problems_are_capped_and_counted() {
    let text = format!("type,value\n{}", "md5,xyz\n".repeat(5000));
    let mut told = 0;
    let summary = import_reader("x", &mut text.as_bytes(), &ImportOptions::default(), &mut |event| {
        told += u32::from(matches!(event, Event::Problem(_)))
    });
    assert_eq!((told, summary.problems), (1000, 5000));
}

#[test]
fn a_reader_that_fails_is_a_problem() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let mut problems = Vec::new();
    let mut reader = (&b"type,value\ndomain,evil.example\n"[..]).chain(Fails);
    let summary = import_reader("x", &mut reader, &ImportOptions::default(), &mut |event| {
        if let Event::Problem(problem) = event {
            problems.push(problem)
        }
    });
    assert!(problems.iter().any(|p| p.why.contains("disk is gone")), "{problems:?}");
    assert!(summary.problems > 0);
}

#[test]
fn many_values_become_several_drafts() {
    let text: String = (0..2500).map(|n| format!("evil{n}.example\n")).collect();
    let (drafts, problems) = import_bytes("list.txt", text.as_bytes());
    assert_eq!((drafts.len(), problems.len()), (3, 0));
    assert!(drafts.iter().all(|d| d.title == "list.txt" && d.indicators.len() <= 1000));
}

#[test]
fn formats_are_recognised_by_content() {
    let cases: &[(&[u8], Option<Format>)] = &[
        (b"{\"Event\":{\"info\":\"x\"}}", Some(Format::Misp)),
        (b" {\"response\":[{\"Event\":{", Some(Format::Misp)),
        (b"{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[]}", Some(Format::Stix)),
        (b"{\"type\": \"bundle\", \"objects\": [{\"ty", Some(Format::Stix)),
        (
            b"{\"00000000-0000-4000-8000-000000000000\":{\"info\":\"x\",\"timestamp\":\"1\",\"Orgc\":{}}}",
            Some(Format::MispManifest),
        ),
        (b"{\"indicators\":[]}\n{\"indicators\":[]}\n", Some(Format::ReportLines)),
        (b"ipv4\t192.0.2.1\n", Some(Format::Table)),
        (b"# Title\n\nsee evil[.]example\n", Some(Format::Prose)),
        (b"PK\x03\x04", None),
        (b"", None),
    ];
    for (head, expect) in cases {
        assert_eq!(detect_format(head), *expect, "{}", String::from_utf8_lossy(head));
    }
}

fn values(bytes: &[u8]) -> Vec<String> {
    let (drafts, _) = import_bytes("file", bytes);
    drafts.iter().flat_map(|d| &d.indicators).map(|one| one.sighting.observable.value().to_owned()).collect()
}

#[test]
fn a_stray_quote_swallows_no_rows() {
    let five = |first: &str, last: &str| {
        let mut text = "type,value,comment\n".to_owned();
        for n in 1..=5 {
            let comment = match n {
                1 => first,
                5 => last,
                _ => "plain",
            };
            text.push_str(&format!("domain,d{n}.bad-post.example,{comment}\n"));
        }
        assert_eq!(values(text.as_bytes()).len(), 5, "{text}");
    };
    five("5\" disk", "7\" disk");
    five("5\" disk", "plain");
    five("\"5 inch", "7\" disk");
    five("\"5 inch", "plain");
    five("\"5\"\" disk\"", "\"7\"\" disk\"");
    five("\"over\ntwo lines\"", "\"over\n\"\"three\"\"\nlines\" ");
}

#[test]
fn a_draft_is_cut_by_the_bytes_that_its_values_take() {
    let long = |n: usize| format!("http://a{n}.bad-post.example/{}\n", "x".repeat(2_400));
    let text: String = std::iter::once("url\n".to_owned()).chain((0..1_000).map(long)).collect();
    let (drafts, problems) = import_bytes("urls.csv", text.as_bytes());
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(drafts.iter().map(|draft| draft.indicators.len()).sum::<usize>(), 1_000);
    for draft in &drafts {
        let bytes: usize =
            draft.indicators.iter().map(|one| formats::json_bytes(one.sighting.observable.value())).sum();
        assert!(bytes <= 1 << 20, "{bytes}");
    }
    // What JSON writes as two or six bytes counts as such.
    assert_eq!(formats::json_bytes("a\"\\\u{1}é"), 1 + 2 + 2 + 6 + 2);
}

#[test]
fn text_that_begins_with_a_bracket_is_text() {
    for note in ["[TLP:GREEN] Weekly note", "[2026-03-01] seen", "[1] of it", "[\"x\"] of it", "{draft} seen", "[x]"] {
        let text = format!("{note}: panel[.]bad-route[.]example\n");
        assert_eq!(values(text.as_bytes()), ["panel.bad-route.example"], "{note}");
    }
    check(b"{'Event': {}}", None, "", "begins as JSON does", 0);
    check(b"[{\"Event\": {}} oops", Some(1), "", "broken JSON", 0);
}

#[test]
fn lines_of_json_are_lines_however_long_the_first_is() {
    let report = |values: usize| {
        let values: Vec<String> = (0..values).map(|n| format!("[\"domain\",\"d{n}.bad-post.example\"]")).collect();
        format!("{{\"id\":\"1\",\"reporter\":\"a\",\"indicators\":[{}]}}\n", values.join(","))
    };
    for first in [1, 1_600, 1_700, 20_000] {
        assert_eq!(values(format!("{}{}", report(first), report(2)).as_bytes()).len(), first + 2, "{first}");
    }
    let edge = |bytes: usize| {
        let line = "{\"id\":\"1\",\"indicators\":[[\"domain\",\"a.bad-post.example\"]]}";
        format!("{line}{}\n{line}\n", " ".repeat(bytes - line.len()))
    };
    for bytes in (65_530..65_540).chain([131_071, 131_072]) {
        assert_eq!(values(edge(bytes).as_bytes()).len(), 2, "{bytes}");
    }
}

#[test]
fn what_lost_bytes_on_the_way_is_refused() {
    check(b"type,value\nfilename,b\xffd.exe\nfilename,good.exe\n", Some(2), "value", "U+FFFD", 1);
}

#[test]
fn a_hash_is_known_by_its_length() {
    let text = format!("type,value\nhash,{}\nhash,{}\nhash,12\n", "a1".repeat(16), "b2".repeat(32));
    check(text.as_bytes(), Some(4), "value", "2 digits", 2);
    assert_eq!(values(format!("domain,hash\nevil.example,{}\n", "a1".repeat(20)).as_bytes()).len(), 2);
    check(b"type,value\nsha384,12\ndomain,evil.example\n", Some(2), "value", "\"sha384\" is not read", 1);
}

/// Reads to the end, and whether the file is told to be broken.
fn is_broken(bytes: &[u8]) -> bool {
    let mut last = None;
    let summary = import_reader("x", &mut &*bytes, &ImportOptions::default(), &mut |event| {
        if let Event::Problem(problem) = event {
            last = Some(problem.why);
        }
    });
    assert!(!summary.broken || last.is_some());
    summary.broken
}

#[test]
fn a_file_that_is_not_read_to_its_end_is_broken_and_one_with_bad_objects_is_not() {
    let event = br#"{"Event": {"info": "x", "Attribute": [{"type": "domain", "value": "evil.example"}]}}"#;
    let packed = gzip(event);
    for broken in
        [&packed[..packed.len() - 9], b"PK\x03\x04", b"", b"{\"Event\": {", b"{\"a\": 1}", &gzip(&packed), b"{'a': 1}"]
    {
        assert!(is_broken(broken), "{}", String::from_utf8_lossy(broken));
    }
    let long = format!("type,value\n{}", "domain,evil.example\n".repeat(100_000));
    let cut = gzip(long.as_bytes());
    assert!(is_broken(&cut[..cut.len() / 2]), "a table that breaks off");
    for whole in
        [&packed[..], event, b"type,value\nmd5,xyz\n", b"nothing in it\n", b"{\"indicators\":[[\"domain\"]]}\n"]
    {
        assert!(!is_broken(whole), "{}", String::from_utf8_lossy(whole));
    }
}

#[test]
fn every_row_is_counted_once() {
    let text =
        "type,value\ndomain,evil.example\ndomain,evil.example\nmd5,xyz\ncomment,x\ndomain,\nurl,http://a.example/\n";
    let summary = import_reader("x", &mut text.as_bytes(), &ImportOptions::default(), &mut |_| {});
    assert_eq!((summary.indicators, summary.repeated, summary.refused), (2, 1, 3), "{summary:?}");
}
