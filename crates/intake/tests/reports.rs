//! The body of a report: strict, capped, and refused by the name of the field, whatever comes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use intake::{
    ITEMS_MAX, NARRATIVE_CHARS_MAX, Outcome, Parsed, Reporter, TAG_CHARS_MAX, TAGS_MAX, TITLE_CHARS_MAX,
    VALUE_CHARS_MAX, parse_report,
};
use model::{AttackKind, Marking, Pap, Severity, Timestamp, Tlp, WhoMayBeWarned, WhoMayKnow};
use register::Answers;
use serde_json::{Value, json};
use vault::{Accepted, ItemOutcome};

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn parse(bytes: &[u8]) -> Result<Parsed, Vec<String>> {
    let reporter = Reporter::cell("Test partnership");
    parse_report(bytes, None, &reporter, true, NOW)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn body() -> Value {
    json!({ "title": "t", "attack": "phishing", "warn": "now", "know": "nobody", "indicators": [{ "value": "evil.test" }] })
}

fn with(field: &str, value: Value) -> Vec<u8> {
    let mut body = body();
    body[field] = value;
    body.to_string().into_bytes()
}

/// A body with one field changed is refused, and every one of `words` is told.
fn refused(field: &str, value: Value, words: &[&str]) {
    let problems = parse(&with(field, value)).expect_err(field).join("; ");
    for word in words {
        assert!(problems.contains(word), "{field}: {problems}");
    }
}

#[test]
fn a_plain_report_is_read_and_its_defaults_are_strict() {
    let parsed = parse(body().to_string().as_bytes()).unwrap();
    let report = &parsed.submission.report;
    assert_eq!((report.warn, report.know), (WhoMayBeWarned::Now, WhoMayKnow::Nobody));
    assert_eq!((report.attack, report.severity), (AttackKind::Phishing, Severity::Medium));
    assert_eq!(report.marking, Marking { tlp: Tlp::Amber, pap: Pap::Green });
    assert_eq!((parsed.submission.received_at, parsed.submission.named), (NOW, None));
    assert_eq!(parsed.items[0].outcome, Outcome::Accepted);
}

#[test]
fn nothing_is_chosen_for_a_person_and_a_key_brings_both_answers() {
    let bare = br#"{"title":"t","attack":"phishing","indicators":[]}"#;
    let problems = parse(bare).unwrap_err();
    assert_eq!(problems.len(), 2);
    assert!(
        problems[0].starts_with("warn: an answer is needed") && problems[1].starts_with("know: an answer is needed")
    );
    let key = Answers { warn: WhoMayBeWarned::NextEpoch, know: WhoMayKnow::Cell };
    let cell = Reporter::cell("Test partnership");
    let parsed = parse_report(bare, Some(key), &cell, true, NOW).unwrap();
    assert_eq!((parsed.submission.report.warn, parsed.submission.report.know), (key.warn, key.know));
    let own = parse_report(body().to_string().as_bytes(), Some(key), &cell, true, NOW).unwrap();
    assert_eq!(own.submission.report.warn, WhoMayBeWarned::Now, "what the report says goes before the key");
}

#[test]
fn unknown_fields_are_refused_by_name() {
    refused("reporter", json!("Acme"), &["unknown field `reporter`"]);
    refused("Title", json!("t"), &["unknown field `Title`"]);
    refused("indicators", json!([{ "value": "evil.test", "first_seen": "x" }]), &["unknown field `first_seen`"]);
    refused("warn", json!({ "group": "7f3c2f0a-7f6e-4a57-9f7a-0a52a8d1a001", "also": 1 }), &["warn"]);
    refused("warn", json!({ "groups": [] }), &["warn"]);
}

#[test]
fn wrong_words_are_refused_by_field() {
    refused("attack", json!("meteor"), &["attack: ", "meteor"]);
    refused("severity", json!("awful"), &["severity: ", "awful"]);
    refused("tlp", json!("mauve"), &["tlp: ", "mauve"]);
    refused("pap", json!("mauve"), &["pap: ", "mauve"]);
    refused("know", json!("Acme"), &["know: "]);
    refused("warn", json!("later"), &["warn: ", "later", "once-three"]);
    refused("warn", json!({ "group": "friends" }), &["warn: ", "friends", "UUID"]);
    refused("techniques", json!(["T1566", "T15"]), &["techniques[1]: ", "T15"]);
    refused("title", json!(" \t"), &["title: "]);
    refused("title", json!(7), &["title: invalid type"]);
    refused("indicators", json!({}), &["indicators: invalid type"]);
    refused("indicators", json!([{ "value": "evil.test" }, { "value": 7 }]), &["indicators[1].value: invalid type"]);
    refused("tags", json!(["x", null]), &["tags[1]: invalid type"]);
    refused("ongoing", json!("yes"), &["ongoing: invalid type"]);
}

#[test]
fn every_problem_is_told_at_once() {
    let bad = br#"{"title":"","attack":"x","tlp":"y","warn":"now","know":"nobody","indicators":[]}"#;
    let fields: Vec<String> =
        parse(bad).unwrap_err().iter().map(|problem| problem.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(fields, ["title", "attack", "tlp"]);
}

#[test]
fn texts_and_lists_have_limits_in_characters() {
    let check = |field: &str, max: usize| {
        assert!(parse(&with(field, json!("é".repeat(max)))).is_ok(), "{field} of {max}");
        refused(field, json!("é".repeat(max + 1)), &[&format!("{field}: more than {max} characters")]);
    };
    check("title", TITLE_CHARS_MAX);
    check("narrative", NARRATIVE_CHARS_MAX);
    assert!(parse(&with("tags", json!(vec!["x".repeat(TAG_CHARS_MAX); TAGS_MAX]))).is_ok());
    refused("tags", json!(vec!["x"; TAGS_MAX + 1]), &["tags: more than 50"]);
    refused("tags", json!(["x", "x".repeat(TAG_CHARS_MAX + 1)]), &["tags[1]: more than 100"]);
    assert!(parse(&with("techniques", json!(vec!["T1566"; TAGS_MAX]))).is_ok());
    refused("techniques", json!(vec!["T1566"; TAGS_MAX + 1]), &["techniques: more than 50"]);
}

#[test]
fn a_report_has_a_limit_of_values_and_each_value_of_bytes() {
    let values = |count: usize| -> Value { (0..count).map(|n| json!({ "value": format!("v{n}.test") })).collect() };
    assert_eq!(parse(&with("indicators", values(ITEMS_MAX))).unwrap().items.len(), ITEMS_MAX);
    refused("indicators", values(ITEMS_MAX + 1), &["indicators: more than 1000 values"]);
    let long = json!([{ "kind": "file-name", "value": "x".repeat(VALUE_CHARS_MAX + 1) }, { "value": "evil.test" }]);
    let parsed = parse(&with("indicators", long)).unwrap();
    assert_eq!(parsed.items[0].outcome, Outcome::Refused, "a value is refused by itself");
    assert!(parsed.items[0].why.as_ref().is_some_and(|why| why.contains("8192")));
    assert_eq!((parsed.items[1].outcome, parsed.submission.report.items.len()), (Outcome::Accepted, 1));
}

#[test]
fn values_that_cannot_be_read_are_refused_one_by_one() {
    let parsed = parse(&with(
        "indicators",
        json!([
            { "value": "evil[.]test" }, { "kind": "ipv4", "value": "999.1.1.1" }, { "kind": "colour", "value": "red" },
            { "value": "???" }, { "kind": "ipv4", "value": "192.0.2.1" },
        ]),
    ))
    .unwrap();
    let outcomes: Vec<_> = parsed.items.iter().map(|item| item.outcome).collect();
    use Outcome::{Accepted, Refused};
    assert_eq!(outcomes, [Accepted, Refused, Refused, Refused, Accepted]);
    assert!(parsed.items.iter().filter(|item| item.outcome == Refused).all(|item| item.why.is_some()));
    assert_eq!(parsed.items[0].observable.as_ref().unwrap().value(), "evil.test");
}

#[test]
fn a_value_that_has_lost_bytes_is_refused() {
    let values = json!([{ "kind": "file-name", "value": "b\u{fffd}d.exe" }, { "value": "evil.test" }]);
    let parsed = parse(&with("indicators", values)).unwrap();
    assert_eq!(parsed.items[0].outcome, Outcome::Refused);
    assert!(parsed.items[0].why.as_ref().unwrap().contains("U+FFFD"));
    assert_eq!(parsed.submission.report.items.len(), 1);
}

#[test]
fn a_report_that_no_entry_can_hold_is_refused_before_it_is_sent() {
    // Each of these bytes is written as two.
    let values: Vec<Value> =
        (0..520).map(|n| json!({ "kind": "mutex", "value": format!("{n}{}", "\\".repeat(4_000)) })).collect();
    let bytes = with("indicators", Value::Array(values));
    let problems = parse(&bytes).expect_err("too long").join("; ");
    assert!(problems.contains("report entry has") && problems.contains("send it in parts"), "{problems}");
}

#[test]
fn what_the_vault_says_falls_on_the_values_that_were_sent() {
    let values = json!([{ "value": "a.test" }, { "value": "???" }, { "value": "b.test" }, { "value": "c.test" }]);
    let mut parsed = parse(&with("indicators", values)).unwrap();
    let told = [ItemOutcome::Accepted, ItemOutcome::Duplicate, ItemOutcome::Accepted];
    parsed.settle(&Accepted { case: None, items: told.to_vec() });
    let outcomes: Vec<_> = parsed.items.iter().map(|item| item.outcome).collect();
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Refused, Outcome::Duplicate, Outcome::Accepted]);
}

#[test]
fn a_field_that_comes_twice_is_refused() {
    let twice = br#"{"title":"t","title":"u","attack":"phishing","warn":"now","know":"nobody","indicators":[]}"#;
    assert!(parse(twice).unwrap_err()[0].contains("duplicate field `title`"));
    let answers =
        br#"{"title":"t","attack":"phishing","warn":"cell-only","know":"nobody","warn":"now","indicators":[]}"#;
    assert!(parse(answers).unwrap_err()[0].contains("duplicate field `warn`"));
    let value = br#"{"title":"t","attack":"phishing","warn":"now","know":"nobody","indicators":[{"value":"a.test","value":"b.test"}]}"#;
    assert!(parse(value).unwrap_err()[0].contains("duplicate field `value`"));
}

#[test]
fn bytes_that_are_no_report_are_refused_and_nothing_breaks() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000)).into_bytes();
    let mut invalid = body().to_string().into_bytes();
    let place = invalid.iter().position(|byte| *byte == b't').unwrap();
    invalid[place] = 0xff;
    let surrogate = br#"{"title":"\ud800","attack":"phishing","warn":"now","know":"nobody","indicators":[]}"#.to_vec();
    let nested = format!(r#"{{"title":"t","warn":{}"#, "[".repeat(100_000)).into_bytes();
    let groups = format!(r#"{{"title":"t","warn":{}"#, r#"{"group":"#.repeat(100_000)).into_bytes();
    let mut trailing = body().to_string().into_bytes();
    trailing.extend_from_slice(b" {}");
    let all = [
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        nested,
        groups,
        invalid,
        surrogate,
        trailing,
    ];
    for bytes in all {
        assert!(!parse(&bytes).expect_err("no report").is_empty());
    }
}

#[test]
fn absurd_dates_are_refused_by_field() {
    for date in [
        "0000-00-00T00:00:00Z",
        "1889-01-01T00:00:00Z",
        "2100-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "yesterday",
        "",
        "-1",
        "99999999999999999999",
        "NaN",
        "+262143-01-01T00:00:00Z",
    ] {
        refused("happened_at", json!(date), &["happened_at: "]);
    }
    let parsed = parse(&with("happened_at", json!("2026-02-28T23:59:59Z"))).unwrap();
    assert_eq!(parsed.submission.report.happened_at, Some(Timestamp::from_millis(1_772_323_199_000)));
}

#[test]
fn an_answer_may_be_written_with_escapes() {
    let escaped = br#"{"title":"t","attack":"phishing","warn":"\u006eow","know":"nobody","indicators":[]}"#;
    assert_eq!(parse(escaped).unwrap().submission.report.warn, WhoMayBeWarned::Now);
}

#[test]
fn a_group_is_one_that_the_reporter_is_in_and_every_other_is_nobody() {
    use std::sync::Arc;
    struct Outside;
    impl model::Clock for Outside {
        fn now(&self) -> Timestamp {
            NOW
        }
    }
    impl model::Entropy for Outside {
        fn fill(&self, bytes: &mut [u8]) {
            static NEXT: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(1);
            bytes.fill(NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }
    let cost = register::PasswordCost::CHEAP;
    let register = register::Register::in_memory(Arc::new(Outside), Arc::new(Outside), cost).unwrap();
    let by = register::Actor::operator();
    let new = |name: &str| register::NewOrganisation {
        name: name.into(),
        class: register::OrganisationClass::Member,
        sector: model::Sector::Energy,
        region: None,
        assets: policy::Assets::default(),
    };
    let [own, other] = ["Own", "Other"].map(|name| register.create_organisation(&by, &new(name)).unwrap());
    let group = |name: &str, ends_at| {
        let new = register::NewGroup {
            name: name.into(),
            purpose: "p".into(),
            ends_at,
            who_may_add: register::WhoMayAdd::Cell,
        };
        register.create_group(&by, &new).unwrap()
    };
    let (mine, foreign, ended) = (group("Mine", None), group("Foreign", None), group("Ended", Some(NOW)));
    let empty = group("Empty", None);
    for (group, organisation) in [(mine, own), (foreign, other), (ended, own)] {
        register.join_group(&by, group, organisation, false).unwrap();
    }
    let organisation = register.organisation(own).unwrap();
    let reporter = Reporter::member(&organisation, &register);
    let parsed =
        |group: &str| parse_report(&with("warn", json!({ "group": group })), None, &reporter, true, NOW).unwrap();
    let as_of = register.group(mine).unwrap().last_joined;
    let reached = parsed(&mine.to_string());
    assert_eq!(reached.submission.report.warn, WhoMayBeWarned::Group { group: mine, as_of: Some(as_of) });
    for group in [foreign, ended, empty, model::GroupId::from_bytes([0xEE; 16])] {
        let nobody = parsed(&group.to_string());
        assert_eq!(nobody.submission.report.warn, WhoMayBeWarned::CellOnly);
        assert_eq!(nobody.items, reached.items, "what the receipt is made of is the same");
    }
    register.leave_group(&by, mine, own).unwrap();
    let left = reporter.in_its_groups(&register);
    let body = with("warn", json!({ "group": mine.to_string() }));
    let parsed = parse_report(&body, None, &left, true, NOW).unwrap();
    assert_eq!(parsed.submission.report.warn, WhoMayBeWarned::CellOnly);
    assert!(parse(&with("warn", json!({ "group": "Ports" }))).unwrap_err()[0].contains("is no UUID of a group"));
}
