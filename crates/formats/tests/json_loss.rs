//! A fault inside JSON costs the element that it stands in, and nothing that stands beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::HashSet;

use formats::{Problem, import_bytes};
use model::Draft;

const ELEMENTS: usize = 100;

fn values(drafts: &[Draft]) -> HashSet<String> {
    drafts.iter().flat_map(|draft| &draft.indicators).map(|one| one.sighting.observable.value().to_owned()).collect()
}

/// Documents of every JSON format, one element a line, and how the field of element 40 begins.
fn documents() -> Vec<(&'static str, String, String, Vec<String>)> {
    let lines = |element: &dyn Fn(usize) -> String| (0..ELEMENTS).map(element).collect::<Vec<_>>();
    let build = |head: &str, elements: &[String], tail: &str| format!("{head}\n{}\n{tail}", elements.join(",\n"));
    let attributes = lines(&|n| {
        format!(
            "{{\"uuid\":\"{n}\",\"type\":\"domain\",\"comment\":\"about {n}\",\"value\":\"evil{n}.example\",\"Tag\":[{{\"name\":\"t\"}}]}}"
        )
    });
    let objects = lines(&|n| {
        format!(
            "{{\"name\":\"file\",\"comment\":\"about {n}\",\"Attribute\":[{{\"type\":\"domain\",\"value\":\"evil{n}.example\"}}]}}"
        )
    });
    let stix = lines(&|n| {
        format!(
            "{{\"type\":\"domain-name\",\"id\":\"domain-name--{n}\",\"comment\":\"about {n}\",\"value\":\"evil{n}.example\"}}"
        )
    });
    let pairs = lines(&|n| format!("[\"domain\",\"evil{n}.example\"]"));
    vec![
        (
            "attributes",
            build("{\"Event\":{\"info\":\"x\",\"Tag\":[],\"distribution\":\"3\",\"Attribute\":[", &attributes, "]}}"),
            "Event.Attribute[40]".into(),
            attributes,
        ),
        (
            "objects",
            build("{\"Event\":{\"info\":\"x\",\"Tag\":[],\"distribution\":\"3\",\"Object\":[", &objects, "]}}"),
            "Event.Object[40]".into(),
            objects,
        ),
        (
            "bundle",
            build("{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[", &stix, "]}"),
            "objects[40]".into(),
            stix,
        ),
        ("report", build("{\"id\":\"1\",\"indicators\":[", &pairs, "]}"), "indicators[40]".into(), pairs),
    ]
}

fn check(name: &str, text: &[u8], field: &str, problems_at: &[Problem], got: &HashSet<String>, what: &str) {
    let lost: Vec<usize> = (0..ELEMENTS).filter(|n| !got.contains(&format!("evil{n}.example"))).collect();
    assert!(lost.is_empty() || lost == [40], "{name}: {what}: lost {lost:?} {problems_at:?}");
    assert!(
        lost.is_empty()
            || problems_at.iter().any(|p| p.line.is_some_and(|line| line.get() == 42) && p.field.starts_with(field)),
        "{name}: {what}: {problems_at:?}\n{}",
        String::from_utf8_lossy(text)
    );
}

#[test]
fn a_bad_byte_a_doubled_key_or_deep_nesting_cost_one_element() {
    for (name, text, field, elements) in documents() {
        let element = &elements[40];
        let mut bad: Vec<(&str, Vec<u8>)> = Vec::new();
        let mut byte = element.clone().into_bytes();
        let at = element.find("evil").unwrap();
        byte[at] = 0xff;
        bad.push(("a bad byte", byte));
        if name != "report" {
            let comment = element.find("\"comment\":\"about").unwrap();
            let mut byte = element.clone().into_bytes();
            byte[comment + 12] = 0xff;
            bad.push(("a bad byte in a comment", byte));
            bad.push(("a doubled key", element.replacen('{', "{\"value\":\"a\",\"value\":\"b\",", 1).into_bytes()));
            let deep = format!("{{\"x\":{}{},", "[".repeat(10_000), "]".repeat(10_000));
            bad.push(("deep nesting", element.replacen('{', &deep, 1).into_bytes()));
            let dense = format!("{{\"x\":[{}1],", "1,".repeat(50_000));
            bad.push(("many small values", element.replacen('{', &dense, 1).into_bytes()));
        }
        for (what, bad) in bad {
            let (before, after) = text.split_once(element.as_str()).unwrap();
            let bytes = [before.as_bytes(), &bad, after.as_bytes()].concat();
            let (drafts, problems) = import_bytes("x", &bytes);
            // What the reader passes over without building it may be anything.
            let got = values(&drafts);
            check(name, &bad, &field, &problems, &got, what);
            assert!(drafts.iter().all(|draft| !draft.cell_only), "{name}: {what}");
        }
    }
}

#[test]
fn any_one_byte_changed_costs_one_element() {
    for (name, text, field, elements) in documents() {
        let (before, _) = text.split_once(elements[40].as_str()).unwrap();
        for at in before.len()..before.len() + elements[40].len() {
            for with in [b'"', b'{', b'}', b'[', b']', b',', b':', b'\\', b'\n', b'x', 0xff] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] = with;
                let (drafts, problems) = import_bytes("x", &bytes);
                let what = format!("byte {} is {:?}", at - before.len(), char::from(with));
                let got = values(&drafts);
                let lost: Vec<usize> = (0..ELEMENTS).filter(|n| !got.contains(&format!("evil{n}.example"))).collect();
                assert!(lost.is_empty() || lost == [40], "{name}: {what}: lost {lost:?} {problems:?}");
                let _ = &field;
            }
        }
    }
}

#[test]
fn a_document_that_breaks_off_keeps_what_stood_before_for_the_cell() {
    for (name, text, field, elements) in documents() {
        let cut = text.find(elements[40].as_str()).unwrap() + 20;
        let (drafts, problems) = import_bytes("x", &text.as_bytes()[..cut]);
        assert_eq!(values(&drafts).len(), 40, "{name}");
        let told = problems.iter().any(|p| p.field.starts_with(&field) && p.line.is_some_and(|line| line.get() == 42));
        assert!(told, "{name}: {problems:?}");
        // The labels of this event had been read; a report that marks the rest of a bundle may have been cut off.
        assert_eq!(drafts.iter().any(|draft| draft.cell_only), name == "bundle", "{name}");
    }
}

#[test]
fn a_lost_bracket_never_carries_values_into_another_event() {
    let event = |n: usize, tlp: &str| {
        format!(
            "{{\"Event\":{{\"info\":\"e{n}\",\"Tag\":[{{\"name\":\"tlp:{tlp}\"}}],\"Attribute\":[{{\"type\":\"domain\",\"value\":\"evil{n}.example\"}}]}}}}"
        )
    };
    let text = format!("{{\"response\":[{},{}]}}", event(1, "clear"), event(2, "red"));
    let end = text.find("},{\"Event\"").unwrap();
    for at in 0..end {
        for with in ["", "\"", "{", "}", "[", "]", "x"] {
            let mut bad = text.clone();
            bad.replace_range(at..=at, with);
            let (drafts, _) = import_bytes("x", bad.as_bytes());
            for draft in drafts {
                let red = draft.marking.is_some_and(|marking| marking.tlp == model::Tlp::Red);
                let secret = draft.indicators.iter().any(|one| one.sighting.observable.value() == "evil2.example");
                assert!(!secret || red || draft.cell_only, "{bad}");
            }
        }
    }
}

#[test]
fn documents_behind_each_other_are_all_read() {
    let big = format!(
        "{{\"id\":\"1\",\"indicators\":[[\"domain\",\"evil.example\"]],\"x\":\"{}\"}}\n{{\"id\":\"2\",\"indicators\":[[\"domain\",\"evil.test\"]]}}\n",
        "a".repeat(100 << 10)
    );
    let (drafts, problems) = import_bytes("x", big.as_bytes());
    assert_eq!((values(&drafts).len(), problems), (2, vec![]));
    assert_eq!(drafts[1].origin.line.map(|line| line.get()), Some(2));
    let longer = big.replacen("\"x\":\"", &format!("\"x\":\"{}", "b".repeat(2 << 20)), 1);
    let (drafts, problems) = import_bytes("x", longer.as_bytes());
    assert_eq!(values(&drafts).len(), 1);
    assert!(problems[0].why.contains("longer than") && problems[0].line.is_some(), "{problems:?}");
    let pretty = "{\n\"id\":\"1\",\n\"indicators\":[[\"domain\",\"evil.example\"]]\n}\n{\n\"id\":\"2\",\n\"indicators\":[[\"domain\",\"evil.test\"]]}";
    let (drafts, problems) = import_bytes("x", pretty.as_bytes());
    assert_eq!((values(&drafts).len(), problems), (2, vec![]));
}
