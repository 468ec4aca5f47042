//! How far imported values may travel: labels, distributions and deletions of MISP, markings of STIX.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use formats::{Event, ImportOptions, import};
use model::{Marking, Pap, Tlp};

/// The values with the TLP that they come to under `default`, and whether they are left to the cell.
fn read(text: &str, default: Tlp) -> Vec<(String, Tlp, bool)> {
    let marking = Marking { tlp: default, pap: Pap::Green };
    let options = ImportOptions { marking, ..ImportOptions::default() };
    let mut got = Vec::new();
    import("x", text.as_bytes(), &options, &mut |event| {
        if let Event::Draft(draft) = event {
            let tlp = draft.marking.unwrap_or(marking).tlp;
            got.extend(
                draft.indicators.iter().map(|one| (one.sighting.observable.value().to_owned(), tlp, draft.cell_only)),
            );
        }
    });
    got.sort();
    got
}

fn check(text: &str, default: Tlp, expect: &[(&str, Tlp, bool)]) {
    let expect: Vec<_> = expect.iter().map(|&(value, tlp, held)| (value.to_owned(), tlp, held)).collect();
    assert_eq!(read(text, default), expect, "{text}");
}

fn event(head: &str, parts: &str) -> String {
    format!("{{\"Event\":{{\"info\":\"x\",{head}\"Attribute\":[{parts}]}}}}")
}

fn domain(value: &str, more: &str) -> String {
    format!("{{\"type\":\"domain\",{more}\"value\":\"{value}\"}}")
}

#[test]
fn distribution() {
    for (word, held) in [
        ("0", true),
        ("4", true),
        ("7", true),
        ("\"x\"", true),
        ("\"0\"", true),
        ("1", false),
        ("\"3\"", false),
        ("5", true),
        ("null", false),
    ] {
        let text = event(&format!("\"distribution\":{word},"), &domain("a.example", ""));
        check(&text, Tlp::Amber, &[("a.example", Tlp::Amber, held)]);
    }
    for (word, held) in [("\"0\"", true), ("4", true), ("5", false), ("\"5\"", false), ("2", false), ("[]", true)] {
        let own = domain("a.example", &format!("\"distribution\":{word},"));
        let text = event("\"distribution\":\"3\",", &format!("{own},{}", domain("b.example", "")));
        check(&text, Tlp::Amber, &[("a.example", Tlp::Amber, held), ("b.example", Tlp::Amber, false)]);
    }
    let object = |head: &str, tail: &str| {
        format!(
            "{{\"Event\":{{\"info\":\"x\",\"Object\":[{{\"name\":\"o\",{head}\"Attribute\":[{}]{tail}}}]}}}}",
            domain("a.example", "\"distribution\":\"5\",")
        )
    };
    check(&object("\"distribution\":\"0\",", ""), Tlp::Amber, &[("a.example", Tlp::Amber, true)]);
    check(&object("", ",\"distribution\":\"4\""), Tlp::Amber, &[("a.example", Tlp::Amber, true)]);
    check(&object("\"distribution\":\"5\",", ""), Tlp::Amber, &[("a.example", Tlp::Amber, false)]);
    // Bounds may stand behind what they bound.
    let text =
        format!("{{\"Event\":{{\"info\":\"x\",\"Attribute\":[{}],\"distribution\":\"0\"}}}}", domain("a.example", ""));
    check(&text, Tlp::Clear, &[("a.example", Tlp::Clear, true)]);
    // Bounds that cannot be read are the strictest.
    for head in ["\"distribution\":1,\"distribution\":3,", "\"Tag\":[{\"name\":\"tlp:clear\",\"name\":\"x\"}],"] {
        check(&event(head, &domain("a.example", "")), Tlp::Clear, &[("a.example", Tlp::Clear, true)]);
    }
}

#[test]
fn deleted_in_any_spelling() {
    for word in ["true", "1", "\"1\"", "\"true\"", "[true]"] {
        let gone = domain("a.example", &format!("\"deleted\":{word},"));
        check(
            &event("", &format!("{gone},{}", domain("b.example", "\"deleted\":\"0\","))),
            Tlp::Amber,
            &[("b.example", Tlp::Amber, false)],
        );
        let object = format!(
            "{{\"Event\":{{\"info\":\"x\",\"Object\":[{{\"name\":\"o\",\"Attribute\":[{}],\"deleted\":{word}}}]}}}}",
            domain("a.example", "")
        );
        check(&object, Tlp::Amber, &[]);
    }
}

#[test]
fn the_callers_marking_fills_the_gaps() {
    let pap_only = event("\"Tag\":[{\"name\":\"PAP:RED\"}],", &domain("a.example", ""));
    check(&pap_only, Tlp::Red, &[("a.example", Tlp::Red, false)]);
    check(&pap_only, Tlp::Green, &[("a.example", Tlp::Green, false)]);
    let of_attribute = event("", &domain("a.example", "\"Tag\":[{\"name\":\"tlp:green\"}],"));
    check(&of_attribute, Tlp::Red, &[("a.example", Tlp::Red, false)]);
    check(&of_attribute, Tlp::Clear, &[("a.example", Tlp::Green, false)]);
}

const CLEAR: &str = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487";
const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
const OWN: &str = "marking-definition--00000000-0000-4000-8000-000000000001";

fn bundle(objects: &[String]) -> String {
    format!("{{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{}]}}", objects.join(","))
}

fn object(kind: &str, number: usize, more: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"id\":\"{kind}--{number}\",\"name\":\"n{number}\"{more}}}")
}

fn name(number: usize, refs: &str) -> String {
    object("domain-name", number, &format!(",\"value\":\"e{number}.example\"{refs}"))
}

fn refs(id: &str) -> String {
    format!(",\"object_marking_refs\":[\"{id}\"]")
}

#[test]
fn a_malware_object_marks_nothing_but_itself() {
    for kind in ["malware", "tool", "campaign", "threat-actor"] {
        let text = bundle(&[object(kind, 1, &refs(CLEAR)), name(2, "")]);
        check(&text, Tlp::Red, &[("e2.example", Tlp::Red, false)]);
        check(&text, Tlp::Amber, &[("e2.example", Tlp::Amber, false)]);
    }
    // What a strict one says is read for the draft, so the draft is as strict.
    check(&bundle(&[object("malware", 1, &refs(RED)), name(2, "")]), Tlp::Clear, &[("e2.example", Tlp::Red, false)]);
}

#[test]
fn a_report_marks_what_it_names() {
    let report = object("report", 1, &format!(",\"object_refs\":[\"domain-name--2\"]{}", refs(CLEAR)));
    check(&bundle(&[report.clone(), name(2, "")]), Tlp::Red, &[("e2.example", Tlp::Clear, false)]);
    check(
        &bundle(&[report, name(2, ""), name(3, "")]),
        Tlp::Red,
        &[("e2.example", Tlp::Red, false), ("e3.example", Tlp::Red, false)],
    );
}

#[test]
fn markings_that_nobody_knows_leave_a_value_to_the_cell() {
    let granular =
        |id: &str| format!(",\"granular_markings\":[{{\"marking_ref\":\"{id}\",\"selectors\":[\"value\"]}}]");
    for held in [
        refs(OWN),
        granular(OWN),
        ",\"object_marking_refs\":5".into(),
        ",\"object_marking_refs\":[5]".into(),
        ",\"granular_markings\":[{}]".into(),
        format!("{}{}", refs(CLEAR), granular(OWN)),
    ] {
        let text = bundle(&[name(1, &held), name(2, "")]);
        check(&text, Tlp::Clear, &[("e1.example", Tlp::Red, true), ("e2.example", Tlp::Clear, false)]);
    }
    check(&bundle(&[name(1, &granular(RED))]), Tlp::Clear, &[("e1.example", Tlp::Red, false)]);
    check(
        &bundle(&[name(1, ",\"granular_markings\":[{\"lang\":\"en\",\"selectors\":[\"value\"]}]")]),
        Tlp::Clear,
        &[("e1.example", Tlp::Clear, false)],
    );
    let defined = |body: &str| format!("{{\"type\":\"marking-definition\",\"id\":\"{OWN}\",{body}}}");
    for (body, tlp, held) in [
        (
            "\"definition_type\":\"statement\",\"definition\":{\"statement\":\"Copyright 2025 Example\"}",
            Tlp::Clear,
            false,
        ),
        ("\"definition_type\":\"statement\",\"definition\":{\"statement\":\"Not for others\"}", Tlp::Red, true),
        ("\"definition_type\":\"iep\",\"definition\":{}", Tlp::Red, true),
        ("\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"green\"}", Tlp::Green, false),
        ("\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"mauve\"}", Tlp::Red, false),
        // A definition that cannot be read is none.
        ("\"x\":1,\"x\":2", Tlp::Red, true),
    ] {
        check(&bundle(&[name(1, &refs(OWN)), defined(body)]), Tlp::Clear, &[("e1.example", tlp, held)]);
    }
    // A report that nobody may read in full keeps what it names.
    let report = object("report", 1, &format!(",\"object_refs\":[\"domain-name--2\"]{}", refs(OWN)));
    check(&bundle(&[report, name(2, &refs(CLEAR))]), Tlp::Clear, &[("e2.example", Tlp::Red, true)]);
    // One that cannot be read may have been strict.
    let broken = object("report", 1, ",\"name\":\"again\"");
    check(
        &bundle(&[broken, name(2, ""), name(3, &refs(CLEAR))]),
        Tlp::Clear,
        &[("e2.example", Tlp::Red, true), ("e3.example", Tlp::Clear, false)],
    );
}
