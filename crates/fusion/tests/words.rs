//! Analysts' words: reports that are the same attack, or not, whatever the evidence says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use fusion::{Config, Event, Finding, Fusion, Observation, What, Word};
use model::{CampaignId, CaseId, KeySeed, MemberToken, Observable, Timestamp};
use proptest::prelude::*;

const SEED: KeySeed = KeySeed([7; 16]);

fn case(n: u8) -> CaseId {
    CaseId::from_bytes([n; 16])
}

fn campaign(n: u8) -> CampaignId {
    CampaignId::from_bytes([n; 16])
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + minutes * 60_000)
}

fn file_at(engine: &mut Fusion, minutes: i64, n: u8, values: &[&str]) -> Vec<Finding> {
    let observables: Vec<Observable> = values.iter().map(|value| Observable::detect(value).unwrap()).collect();
    let observations: Vec<Observation<'_>> =
        observables.iter().map(|observable| Observation { key: observable.key(SEED), observable }).collect();
    let event = Event {
        at: at(minutes),
        case: case(n),
        token: MemberToken::from_bytes([n; 16]),
        window: 1,
        sector: Some("energy"),
        region: None,
        counts: true,
        of_member: true,
        observations: &observations,
        techniques: &[],
        tags: &[],
    };
    let mut findings = Vec::new();
    engine.step(&event, &mut findings);
    findings
}

fn file(engine: &mut Fusion, n: u8, values: &[&str]) -> Vec<Finding> {
    file_at(engine, i64::from(n), n, values)
}

fn say(engine: &mut Fusion, minutes: i64, one: u8, other: u8, same: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    engine.say(&Word { at: at(minutes), one: case(one), other: case(other), same }, &mut findings);
    findings
}

fn engine() -> Fusion {
    Fusion::new(Config::new(false, SEED))
}

fn of(engine: &Fusion, n: u8) -> CampaignId {
    engine.campaign_of(case(n)).unwrap()
}

#[test]
fn two_campaigns_that_share_nothing_are_one_by_a_word() {
    let mut engine = engine();
    file(&mut engine, 1, &["quartz.net"]);
    file(&mut engine, 2, &["lantern.org"]);
    assert_ne!(of(&engine, 1), of(&engine, 2));
    let found = say(&mut engine, 10, 2, 1, true);
    assert!(
        matches!(&found[..], [Finding::Merged { kept, alias, .. }] if (*kept, *alias) == (campaign(1), campaign(2)))
    );
    assert_eq!((of(&engine, 1), of(&engine, 2)), (campaign(1), campaign(1)));
    let whole = engine.campaign(campaign(2)).unwrap();
    assert_eq!((whole.id, whole.members, whole.aliases), (campaign(1), 2, vec![campaign(2)]));
    // Who shares something with either is in it.
    file(&mut engine, 3, &["lantern.org"]);
    assert_eq!(of(&engine, 3), campaign(1));
    assert_eq!(
        engine.history(campaign(3)).iter().map(|it| (it.what, it.by)).collect::<Vec<_>>(),
        // The three firms of it were hit within minutes.
        [(What::Merged, Some(0)), (What::Wave, None)]
    );
    let said = engine.sentence(&engine.explain(case(2))[0].1, &Observable::detect("a.test").unwrap(), []);
    assert_eq!(said, "an analyst says that both are of one attack");
}

#[test]
fn a_campaign_is_two_by_a_word_and_new_reports_find_the_part_that_they_share_with() {
    let mut engine = engine();
    file(&mut engine, 1, &["quartz.net"]);
    file(&mut engine, 2, &["quartz.net", "lantern.org"]);
    file(&mut engine, 3, &["lantern.org"]);
    assert_eq!(of(&engine, 3), campaign(1));
    let found = say(&mut engine, 10, 1, 3, false);
    assert_eq!(of(&engine, 1), campaign(1));
    assert!(matches!(&found[..], [Finding::Split { kept, .. }] if *kept == campaign(1)));
    assert_ne!(of(&engine, 3), campaign(1));
    // Whichever side the middle one is on, the rest follows what it shares.
    file(&mut engine, 4, &["quartz.net"]);
    file(&mut engine, 5, &["lantern.org"]);
    let (left, right) = (of(&engine, 1), of(&engine, 3));
    assert_eq!((of(&engine, 4), of(&engine, 5)), (left, right));
    let members = |id| engine.campaign(id).unwrap().members;
    assert_eq!(members(left) + members(right), 5);
    // What bridges them is in one of them, and they stay two.
    file(&mut engine, 6, &["quartz.net", "lantern.org"]);
    assert_ne!(of(&engine, 1), of(&engine, 3));
    assert!(engine.history(right).iter().any(|it| it.what == What::PartedFrom && it.other == left));
    assert!(engine.history(left).iter().any(|it| it.what == What::Parted && it.other == right));
}

#[test]
fn a_merge_is_undone_and_both_ids_are_what_they_were() {
    let mut engine = engine();
    file(&mut engine, 1, &["quartz.net"]);
    file(&mut engine, 2, &["quartz.net"]);
    file(&mut engine, 3, &["lantern.org"]);
    file(&mut engine, 4, &["lantern.org"]);
    say(&mut engine, 10, 4, 2, true);
    assert_eq!(of(&engine, 3), campaign(1));
    say(&mut engine, 11, 4, 2, false);
    assert_eq!((of(&engine, 2), of(&engine, 4)), (campaign(1), campaign(3)));
    let parted = engine.campaign(campaign(3)).unwrap();
    assert_eq!((parted.cases, parted.aliases), (vec![case(3), case(4)], vec![]));
    assert!(engine.campaign(campaign(1)).unwrap().aliases.is_empty());
    // The first word is kept, and shown as overruled.
    let said = engine.said(campaign(1));
    assert_eq!(
        said.iter().map(|said| (said.word.same, said.overruled_by)).collect::<Vec<_>>(),
        [(true, Some(1)), (false, None)]
    );
    // Once more the other way: the latest word counts.
    say(&mut engine, 12, 1, 3, true);
    assert_eq!(of(&engine, 4), campaign(1));
    assert_eq!(engine.said(campaign(1))[1].overruled_by, Some(2));
}

#[test]
fn a_word_outlives_merges_and_acts_on_whatever_its_reports_are_part_of() {
    let mut engine = engine();
    file(&mut engine, 1, &["quartz.net"]);
    file(&mut engine, 2, &["lantern.org"]);
    say(&mut engine, 3, 1, 2, false);
    file(&mut engine, 4, &["pigeon.com"]);
    say(&mut engine, 5, 4, 2, true);
    // 4 is of one attack with 2 now, and so not with 1.
    file(&mut engine, 6, &["pigeon.com", "quartz.net"]);
    assert_ne!(of(&engine, 1), of(&engine, 4));
    assert_eq!(of(&engine, 2), of(&engine, 4));
}

#[test]
fn a_word_of_a_report_that_comes_later_waits_for_it() {
    let mut engine = engine();
    file(&mut engine, 1, &["quartz.net"]);
    assert!(say(&mut engine, 2, 1, 9, false).is_empty());
    assert!(say(&mut engine, 2, 1, 8, true).is_empty());
    file(&mut engine, 9, &["quartz.net"]);
    assert_ne!(of(&engine, 9), of(&engine, 1), "kept apart from the start");
    file(&mut engine, 8, &["lantern.org"]);
    assert_eq!(of(&engine, 8), of(&engine, 1));
}

#[test]
fn what_two_words_tie_together_is_cut_where_only_evidence_holds_it() {
    let mut engine = engine();
    for n in 1..=4 {
        file(&mut engine, n, &["quartz.net", "velvet.org", "saffron.com"]);
    }
    say(&mut engine, 10, 1, 3, true);
    say(&mut engine, 11, 2, 4, true);
    say(&mut engine, 12, 1, 2, false);
    assert_eq!(of(&engine, 1), of(&engine, 3));
    assert_eq!(of(&engine, 2), of(&engine, 4));
    assert_ne!(of(&engine, 1), of(&engine, 2));
    assert!(engine.said(of(&engine, 1)).iter().all(|said| said.overruled_by.is_none()));
}

#[test]
fn a_campaign_that_was_quiet_for_long_comes_back() {
    let mut engine = engine();
    let values = ["quartz.net", "velvet.org", "saffron.com"];
    file(&mut engine, 1, &values);
    file(&mut engine, 2, &values);
    file_at(&mut engine, 60 * 24 * 50, 3, &values);
    assert_eq!(of(&engine, 3), campaign(1));
    let history = engine.history(campaign(1));
    assert_eq!(history.iter().map(|it| (it.what, it.reports)).collect::<Vec<_>>(), [(What::Revived, 49)]);
}

#[test]
fn a_word_of_one_report_with_itself_says_nothing() {
    let mut engine = engine();
    file(&mut engine, 1, &["quartz.net"]);
    assert!(say(&mut engine, 2, 1, 1, false).is_empty());
    assert!(engine.said(campaign(1)).is_empty());
}

fn digest(engine: &Fusion) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.digest(&mut |piece| bytes.extend_from_slice(piece));
    bytes
}

const VALUES: [&str; 6] = ["quartz.net", "lantern.org", "pigeon.com", "saffron.net", "walnut.org", "velvet.com"];

proptest! {
    /// Whatever is reported and said: words in force hold, campaigns are a partition with consistent figures, and a replay
    /// comes to the same.
    #[test]
    fn words_in_force_hold_and_replay_comes_to_the_same(
        steps in prop::collection::vec((any::<bool>(), 1_u8..14, 1_u8..14, any::<bool>(), prop::collection::vec(0_usize..6, 1..4)), 1..60),
    ) {
        let run = |engine: &mut Fusion| {
            let mut next = 1;
            for (n, (report, one, other, same, values)) in steps.iter().enumerate() {
                if *report && next < 14 {
                    let values: Vec<&str> = values.iter().map(|value| VALUES[*value]).collect();
                    file_at(engine, n as i64, next, &values);
                    next += 1;
                } else {
                    say(engine, n as i64, *one, *other, *same);
                }
            }
            next
        };
        let (mut live, mut again) = (engine(), engine());
        let next = run(&mut live);
        run(&mut again);
        prop_assert_eq!(digest(&live), digest(&again));
        let mut placed = 0;
        for n in 1..next {
            let id = of(&live, n);
            let whole = live.campaign(id).unwrap();
            prop_assert!(whole.cases.contains(&case(n)));
            prop_assert_eq!(CaseId::from_bytes(*id.as_bytes()), whole.cases[0]);
            placed += usize::from(whole.cases[0] == case(n)) * whole.cases.len();
            prop_assert_eq!(whole.members as usize, whole.cases.len());
            prop_assert!(whole.aliases.iter().all(|alias| live.campaign(*alias).unwrap().id == id), "aliases lead home");
            for said in live.said(id).iter().filter(|said| said.overruled_by.is_none()) {
                let homes = (live.campaign_of(said.word.one), live.campaign_of(said.word.other));
                if let (Some(one), Some(other)) = homes {
                    prop_assert_eq!(one == other, said.word.same, "{:?}", said);
                }
            }
        }
        prop_assert_eq!(placed, usize::from(next - 1));
    }
}

proptest! {
    /// What is said of reports that a run does not have changes nothing in it: members' campaigns would tell of them.
    #[test]
    fn a_word_of_an_unknown_report_changes_nothing(
        steps in prop::collection::vec((0_u8..3, 1_u8..20, 1_u8..20, any::<bool>(), prop::collection::vec(0_usize..6, 1..4)), 1..60),
    ) {
        let (mut with, mut without) = (engine(), engine());
        let mut next = 1;
        for (n, (what, one, other, same, values)) in steps.iter().enumerate() {
            let values: Vec<&str> = values.iter().map(|value| VALUES[*value]).collect();
            match what {
                0 if next < 20 => {
                    prop_assert_eq!(file_at(&mut with, n as i64, next, &values), file_at(&mut without, n as i64, next, &values));
                    next += 1;
                }
                1 => {
                    prop_assert_eq!(say(&mut with, n as i64, *one, *other, *same), say(&mut without, n as i64, *one, *other, *same));
                }
                // One that never comes.
                _ => prop_assert!(say(&mut with, n as i64, *one, 200 + other, *same).is_empty()),
            }
        }
        for n in 1..next {
            prop_assert_eq!(of(&with, n), of(&without, n));
            prop_assert_eq!(with.explain(case(n)), without.explain(case(n)));
        }
    }
}

/// Reports of seven hours' distance, so that no campaign is a young one by then.
fn file_apart(engine: &mut Fusion, n: u8, values: &[&str]) -> Vec<Finding> {
    file_at(engine, i64::from(n) * 7 * 60, n, values)
}

#[test]
fn all_ids_that_a_campaign_had_lead_to_what_it_is_part_of_now() {
    let mut engine = engine();
    (1..=3).for_each(|n| drop(file(&mut engine, n, &["quartz.net"])));
    file(&mut engine, 4, &["lantern.org"]);
    file(&mut engine, 5, &["saffron.com"]);
    say(&mut engine, 10, 4, 5, true);
    say(&mut engine, 11, 1, 4, true);
    let whole = engine.campaign(campaign(1)).unwrap();
    assert_eq!(whole.aliases.iter().collect::<std::collections::BTreeSet<_>>(), [&campaign(4), &campaign(5)].into());
}

#[test]
fn a_value_that_one_report_names_and_another_has_links_on_is_a_value_once_both_are_of_one_campaign() {
    for splits in [false, true] {
        let mut engine = engine();
        say(&mut engine, 0, 1, 2, false);
        file_apart(&mut engine, 1, &["https://quartz.net/a7", "velvet.org"]);
        file_apart(&mut engine, 2, &["quartz.net"]);
        say(&mut engine, 900, 1, 2, true);
        if splits {
            // Entries are put in order, not only together, after another report was parted from the same campaign.
            file_apart(&mut engine, 3, &["velvet.org"]);
            say(&mut engine, 1_300, 1, 3, false);
            assert_ne!(of(&engine, 1), of(&engine, 3));
        }
        assert_eq!(of(&engine, 1), of(&engine, 2));
        file_apart(&mut engine, 9, &["quartz.net"]);
        let why: Vec<&str> = engine.explain(case(9)).iter().map(|(_, reason)| reason.rule).collect();
        assert_eq!(why, ["same-value"], "{splits}");
    }
}

#[test]
fn of_many_campaigns_with_one_value_the_one_with_most_reports_is_found() {
    let mut engine = engine();
    for one in 1..=6 {
        (one + 1..=6).for_each(|other| drop(say(&mut engine, 0, one, other, false)));
    }
    file_apart(&mut engine, 1, &["quartz.net", "velvet.org"]);
    file_apart(&mut engine, 7, &["quartz.net", "velvet.org"]);
    file_apart(&mut engine, 8, &["quartz.net", "velvet.org"]);
    (2..=6).for_each(|n| drop(file_apart(&mut engine, n, &["quartz.net"])));
    file_apart(&mut engine, 9, &["quartz.net"]);
    assert_eq!(of(&engine, 9), campaign(1));
}

#[test]
fn a_wave_stays_told_of_the_part_with_its_firms_when_a_word_parts_the_campaign() {
    let mut engine = engine();
    (1..=5).for_each(|n| drop(file(&mut engine, n, &["quartz.net", "velvet.org"])));
    let told = engine.brief(campaign(1)).unwrap().wave;
    assert!(told.is_some());
    engine.take_changes();
    say(&mut engine, 10, 1, 5, false);
    assert_ne!(of(&engine, 1), of(&engine, 5));
    let waves: Vec<_> = [1, 5].map(|n| engine.brief(of(&engine, n)).unwrap()).into();
    for part in waves {
        assert_eq!(part.wave, told.filter(|_| part.members >= 3));
    }
    file(&mut engine, 11, &["quartz.net", "velvet.org"]);
    assert!(engine.take_changes().waves.is_empty(), "not told again");
}

#[test]
fn a_merge_tells_how_many_reports_the_younger_campaign_had() {
    let reports = |older: u8| {
        let mut engine = engine();
        (1..=older).for_each(|n| drop(file(&mut engine, n, &["quartz.net"])));
        (11..=12).for_each(|n| drop(file(&mut engine, n, &["lantern.org"])));
        say(&mut engine, 20, 1, 11, true);
        engine.history(campaign(1)).iter().find(|it| it.what == What::Merged).unwrap().reports
    };
    assert_eq!([reports(1), reports(2), reports(3)], [2; 3]);
}

#[test]
fn a_word_that_makes_three_firms_one_attack_within_hours_tells_of_a_wave() {
    for (said_after, waves) in [(60, 1), (7 * 60, 0)] {
        let mut engine = engine();
        file_at(&mut engine, 0, 1, &["quartz.net"]);
        file_at(&mut engine, 10, 2, &["quartz.net"]);
        file_at(&mut engine, 20, 3, &["lantern.org"]);
        assert!(engine.take_changes().waves.is_empty());
        say(&mut engine, said_after, 3, 1, true);
        let told: Vec<_> = engine.take_changes().waves.iter().map(|wave| (wave.campaign, wave.members)).collect();
        assert_eq!(told, [(campaign(1), 3)][..waves], "said after {said_after} minutes");
        let happened: Vec<What> = engine.history(campaign(1)).iter().map(|it| it.what).collect();
        assert_eq!(happened, [What::Merged, What::Wave][..=waves]);
        // It goes on: the same wave.
        file_at(&mut engine, said_after + 1, 4, &["lantern.org"]);
        assert!(engine.take_changes().waves.is_empty());
    }
}

#[test]
fn values_that_come_later_and_make_one_campaign_of_two_tell_of_a_wave() {
    let mut engine = engine();
    file_at(&mut engine, 0, 1, &["quartz.net"]);
    file_at(&mut engine, 10, 2, &["quartz.net"]);
    file_at(&mut engine, 20, 3, &["lantern.org"]);
    file_at(&mut engine, 30, 3, &["harbour.org"]);
    assert!(engine.take_changes().waves.is_empty(), "further values alone bring nobody");
    file_at(&mut engine, 40, 3, &["quartz.net"]);
    assert_eq!(of(&engine, 3), campaign(1));
    assert_eq!(engine.take_changes().waves.iter().map(|wave| wave.members).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_report_that_is_kept_apart_from_the_likeliest_campaign_still_joins_another_one() {
    let mut engine = engine();
    file(&mut engine, 1, &["quartz.net", "velvet.org"]);
    file(&mut engine, 2, &["lantern.org"]);
    say(&mut engine, 3, 5, 1, false);
    file(&mut engine, 5, &["quartz.net", "velvet.org", "lantern.org"]);
    assert_eq!(of(&engine, 5), campaign(2));
    assert_eq!(of(&engine, 1), campaign(1));
}
