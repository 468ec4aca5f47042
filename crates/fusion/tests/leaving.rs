//! A report that strayed into a campaign leaves it with the attack that it was the first of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;

use common::{campaign, case, engine, file, file_at, word};
use fusion::{Finding, Fusion};

#[test]
fn a_wave_stays_told_when_one_of_its_reports_leaves_by_itself() {
    let mut engine = engine();
    file_at(&mut engine, 0, 0, 1, &["quartz.net", "lantern.org", "pigeon.com", "saffron.net"]);
    file_at(&mut engine, 20, 1, 2, &["quartz.net", "lantern.org", "walnut.org"]);
    let stray = ["harbour.org", "meadow.com", "glacier.net", "turbine.org", "cobalt.com"];
    // All that it shares is a name under another ending.
    file_at(&mut engine, 40, 2, 3, &[&["pigeon.org"], &stray[..]].concat());
    assert!((0.0..2.5).contains(&engine.strength(case(2))), "{}", engine.strength(case(2)));
    let waves = engine.take_changes().waves;
    assert_eq!(waves.iter().map(|wave| wave.members).collect::<Vec<_>>(), [3]);
    let campaign = engine.campaign_of(case(0)).unwrap();
    let told = engine.brief(campaign).unwrap().wave;
    assert!(told.is_some());

    let findings = file_at(&mut engine, 60, 3, 4, &stray);
    assert!(findings.iter().any(|finding| matches!(finding, Finding::Split { .. })), "{findings:?}");
    assert_ne!(engine.campaign_of(case(2)), Some(campaign), "it left");
    assert_eq!(engine.brief(campaign).unwrap().wave, told);
    // Three firms again, within the same hours: the same wave, and nothing new.
    file_at(&mut engine, 80, 4, 5, &["quartz.net", "lantern.org"]);
    assert_eq!(engine.campaign_of(case(4)), Some(campaign));
    assert_eq!(engine.take_changes().waves.iter().filter(|wave| wave.campaign == campaign).count(), 0);
    assert_eq!(engine.brief(campaign).unwrap().wave, told);
}

const STRAY: [&str; 5] = ["harbour.org", "meadow.com", "glacier.net", "turbine.org", "cobalt.com"];

/// Two reports of one attack, and one that strayed to them by what it shares.
fn strayed(shared: &[&str]) -> Fusion {
    let mut engine = engine();
    file(&mut engine, 0, 1, &["quartz.net", "lantern.org", "pigeon.com", "saffron.net"]);
    file(&mut engine, 1, 2, &["quartz.net", "lantern.org", "walnut.org"]);
    file(&mut engine, 2, 3, &[shared, &STRAY[..], &["orchid.net", "velvet.org"][..]].concat());
    assert_eq!(engine.campaign_of(case(2)), Some(campaign(0)));
    engine
}

fn splits(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| matches!(finding, Finding::Split { .. }))
}

#[test]
fn a_report_that_came_on_strong_evidence_does_not_leave() {
    let mut engine = strayed(&["quartz.net", "lantern.org", "saffron.net"]);
    assert!(engine.strength(case(2)) >= 2.5, "{}", engine.strength(case(2)));
    assert!(!splits(&file(&mut engine, 3, 4, &STRAY)));
    assert_eq!(engine.campaign_of(case(2)), Some(campaign(0)));
}

#[test]
fn a_word_about_a_report_that_is_not_there_keeps_none_from_leaving() {
    let mut engine = strayed(&["quartz.net"]);
    word(&mut engine, 2, 77, true);
    assert!(splits(&file(&mut engine, 3, 4, &STRAY)));
}

#[test]
fn the_reasons_of_a_report_are_of_the_one_that_left_to_it_and_of_no_other() {
    let mut engine = strayed(&["quartz.net"]);
    assert!(splits(&file(&mut engine, 3, 4, &[&STRAY[..], &["walnut.org"]].concat())));
    let why = engine.explain(case(3));
    assert!(!why.is_empty() && why.iter().all(|(_, reason)| reason.other == case(2)), "{why:?}");
}

#[test]
fn a_word_holds_of_a_report_that_left_its_campaign() {
    let mut engine = strayed(&["quartz.net"]);
    file(&mut engine, 20, 5, &["brook.net", "cliff.org"]);
    word(&mut engine, 2, 20, false);
    assert!(splits(&file(&mut engine, 21, 4, &STRAY)));
    file(&mut engine, 22, 6, &[&STRAY[..], &["brook.net", "cliff.org"]].concat());
    assert_ne!(engine.campaign_of(case(2)), engine.campaign_of(case(20)));
}

#[test]
fn what_a_report_that_left_shares_with_its_campaign_leads_to_both() {
    let mut engine = strayed(&["quartz.net"]);
    // Whoever looks for the value puts together what the campaign has of it.
    file(&mut engine, 3, 6, &["quartz.net", "lantern.org"]);
    assert!(splits(&file(&mut engine, 4, 4, &STRAY)));
    engine.note_considered();
    file(&mut engine, 5, 5, &["quartz.net"]);
    let held: BTreeSet<_> = engine.considered().iter().map(|held| held.other).collect();
    assert_eq!(held, [case(0), case(2)].into());
}
