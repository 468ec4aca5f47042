//! Tags and techniques beside values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{WORDS, campaign, case, digest, engine, file};
use fusion::Fusion;
use model::CaseId;

#[test]
fn a_tag_that_was_taken_back_says_nothing_and_a_technique_stays_when_words_go() {
    let tagged = |forget: fn(&mut Fusion, CaseId), tag: &str| {
        let mut engine = engine();
        file(&mut engine, 1, 1, &["45.77.1.1", tag]);
        forget(&mut engine, case(1));
        file(&mut engine, 2, 2, &["45.77.9.9", tag]);
        engine.campaign_of(case(2)) == Some(campaign(1))
    };
    assert!(tagged(|_, _| {}, "tag:asyncrat"));
    assert!(!tagged(|engine, case| engine.forget_words(case), "tag:asyncrat"));
    assert!(tagged(|engine, case| engine.forget_words(case), "technique:T1566"));
    assert!(!tagged(|engine, case| engine.forget_tags(case), "technique:T1566"));
}

#[test]
fn a_common_tag_stays_common_when_some_who_have_it_are_forgotten() {
    let weak = |forgotten: usize| {
        let mut engine = engine();
        for n in 1..=30 {
            file(&mut engine, n, 1, &[&format!("x{n}.test"), "tag:phishing"]);
        }
        for n in 31 - forgotten..=30 {
            engine.forget_tags(case(n));
        }
        file(&mut engine, 40, 1, &["45.77.1.1", "quartz.test", "tag:phishing"]);
        file(&mut engine, 41, 1, &["45.77.9.9", "lantern.test", "tag:phishing"]);
        engine.campaign_of(case(41)) == Some(campaign(40))
    };
    assert!(!weak(0));
    assert!(!weak(4), "the campaigns that were known are gone, and not that many have it");
    assert!(weak(30));
}

#[test]
fn a_tag_counts_once_for_a_case_and_its_reason_has_its_key() {
    let mut engine = engine();
    file(&mut engine, 1, 1, &["45.77.1.1", "tag:asyncrat"]);
    let before = digest(&engine);
    for _ in 0..3 {
        file(&mut engine, 1, 1, &["tag:#AsyncRAT"]);
    }
    assert_eq!(digest(&engine), before);
    file(&mut engine, 2, 2, &["45.77.9.9", "tag:AsyncRAT"]);
    let key = engine.tag_key("async-rat").unwrap();
    let why = engine.explain(case(2));
    assert!(why.iter().any(|(_, reason)| reason.rule == "shared-tag" && reason.key == key), "{why:?}");
    assert_eq!(engine.sentence_of_tag("#AsyncRAT"), "both speak of #AsyncRAT");
}

#[test]
fn a_tag_counts_once_however_often_it_is_written_and_the_ninth_not_at_all() {
    let said = |tags: &[&str]| {
        let mut engine = engine();
        engine.note_considered();
        (0..6).for_each(|n| drop(file(&mut engine, n, 1, &["tag:walnut", &format!("{}.test", WORDS[n])])));
        file(&mut engine, 6, 2, &[&["cobalt.test", "http://saffron.test/a7"], tags].concat());
        let saffron = engine.considered().iter().find(|held| held.other == case(5)).unwrap();
        *saffron.evidence.last().unwrap()
    };
    let once = said(&["tag:walnut"]);
    assert!(once > 0.0 && once < 3.0, "{once}");
    assert_eq!(said(&["tag:walnut", "tag:#Walnut"]), once);
    let nine: Vec<String> = (0..8).map(|n| format!("tag:other{n}")).chain(["tag:walnut".to_owned()]).collect();
    assert_eq!(said(&nine.iter().map(String::as_str).collect::<Vec<_>>()), 0.0);
}
