//! The engine against golden timelines and a naive model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{MINUTES, SEED, WORDS, campaign, case, digest, engine, file, file_at, key, read, take_back, ten_are_many};
use fusion::{Config, Event, Finding, Fusion, Observation};
use model::{CampaignId, MemberToken, Observable, Timestamp};
use proptest::prelude::*;

fn told(engine: &Fusion, finding: &Finding) -> String {
    let number = |bytes: &[u8; 16]| u64::from_be_bytes(bytes[..8].try_into().unwrap());
    let _ = engine;
    match finding {
        Finding::CampaignFormed { campaign, .. } => format!("campaign {} begins", number(campaign.as_bytes())),
        Finding::Joined { campaign, reasons, .. } => {
            let why: Vec<String> =
                reasons.iter().map(|r| format!("{} with {}", r.rule, number(r.other.as_bytes()))).collect();
            format!("joins {} ({})", number(campaign.as_bytes()), why.join(", "))
        }
        Finding::Merged { kept, alias, reasons } => {
            format!("{} takes in {} ({})", number(kept.as_bytes()), number(alias.as_bytes()), reasons[0].rule)
        }
        Finding::Split { kept, parted } => {
            format!("{} gives up {}", number(kept.as_bytes()), number(parted.as_bytes()))
        }
        Finding::OverCommon { why, .. } => format!("links nothing: {why}"),
    }
}

/// Each golden file: lines `firm: value value …`, or `firm after 10 minutes: value …`, and what must follow indented by `-> `.
#[test]
fn golden_timelines() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut engine = engine();
        let mut out = String::new();
        let (mut n, mut minutes) = (0, 0);
        for line in text.lines().filter(|line| !line.starts_with("-> ")) {
            out.push_str(line);
            out.push('\n');
            let Some((firm, values)) = line.split_once(": ").filter(|_| !line.starts_with('#')) else { continue };
            let (firm, later) = firm.strip_suffix(" minutes").map_or((firm, MINUTES), |firm| {
                let (firm, minutes) = firm.split_once(" after ").unwrap();
                (firm, minutes.parse().unwrap())
            });
            n += 1;
            minutes += later;
            let values: Vec<&str> = values.split_whitespace().collect();
            for finding in file_at(&mut engine, minutes, n, firm.parse().unwrap(), &values) {
                out.push_str("-> ");
                out.push_str(&told(&engine, &finding));
                out.push('\n');
            }
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &out).unwrap();
        }
        assert!(out == text || std::env::var_os("UPDATE_GOLDEN").is_some(), "{}:\n{out}", path.display());
    }
    for rule in fusion::rule_names() {
        let name = format!("{}.txt", rule.replace('-', "_"));
        assert!(folder.join(&name).is_file(), "the rule {rule} has no golden timeline {name}");
    }
}

#[test]
fn the_oldest_case_names_the_campaign_and_aliases_lead_to_it() {
    let mut engine = engine();
    file(&mut engine, 1, 1, &["a.test"]);
    file(&mut engine, 2, 2, &["b.test"]);
    file(&mut engine, 3, 3, &["b.test", "a.test"]);
    let found = engine.campaign(campaign(2)).unwrap();
    assert_eq!(found.id, campaign(1));
    assert_eq!(found.cases, [case(1), case(2), case(3)]);
    assert_eq!(found.aliases, [campaign(2)]);
    assert_eq!(found.members, 3);
    assert_eq!(found.values, 2);
    assert_eq!(found.first_by_sector.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["water", "energy"]);
    assert_eq!(engine.take_changes().campaigns, [campaign(1)]);
    assert!(engine.take_changes().campaigns.is_empty());
    let reasons = engine.explain(case(3));
    assert_eq!(engine.sentence(&reasons[0].1, &read("b.test"), []), "both name b.test");
}

#[test]
fn one_member_never_confirms_itself() {
    let mut engine = engine();
    for n in 1..6 {
        file(&mut engine, n, 9, &["a.test"]);
    }
    assert_eq!(engine.distinct_members_of_campaign(campaign(1)), 1);
    assert_eq!(engine.distinct_members(Observable::detect("a.test").unwrap().key(SEED)), 1);
}

#[test]
fn windows_are_never_added_up() {
    let mut engine = engine();
    let observable = Observable::detect("a.test").unwrap();
    let observations = [Observation { key: observable.key(SEED), observable: &observable }];
    for (n, window, firm) in [(1, 1, 1), (2, 1, 2), (3, 2, 101), (4, 2, 102), (5, 2, 103)] {
        let event = Event {
            at: Timestamp::from_millis(n),
            case: case(n as usize),
            token: MemberToken::from_bytes([firm; 16]),
            window,
            sector: None,
            region: None,
            counts: true,
            of_member: true,
            observations: &observations,
            techniques: &[],
            tags: &[],
        };
        engine.step(&event, &mut Vec::new());
    }
    assert_eq!(engine.distinct_members_of_campaign(campaign(1)), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn equals_its_own_replay_and_every_case_is_in_one_campaign_with_what_it_was_linked_to(
        timeline in prop::collection::vec((0_u8..6, prop::collection::btree_set(0_usize..12, 1..4)), 1..40)
    ) {
        let mut live = engine();
        let mut replay = engine();
        let mut firms: BTreeMap<CampaignId, BTreeSet<u8>> = BTreeMap::new();
        for (n, (firm, values)) in timeline.iter().enumerate() {
            let texts: Vec<String> = values.iter().map(|value| format!("{}.test", WORDS[*value])).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let first = file(&mut live, n, *firm, &texts);
            prop_assert_eq!(&first, &file(&mut replay, n, *firm, &texts));
            // Whoever shares a whole value with an earlier report of a few values is linked to it, or to one that has it too; what a
            // third of all reports have says less, and so does what few of its campaign have.
            let known = values.iter().zip(&texts).any(|(value, text)| {
                let seen = live.seen(key(text)) as usize;
                let has = |other: &usize| timeline[*other].1.contains(value);
                let many_have = |other: usize| {
                    let cases = live.campaign(live.campaign_of(case(other)).unwrap()).unwrap().cases;
                    let having = (0..n).filter(|other| has(other) && cases.contains(&case(*other))).count();
                    having * 3 >= cases.len()
                };
                seen > 1 && (seen <= 3 || seen * 3 <= n) && (0..n).filter(has).any(many_have)
            });
            let joined = first.iter().any(|finding| matches!(finding, Finding::Joined { .. }));
            prop_assert!(joined || !known);
        }
        prop_assert_eq!(digest(&live), digest(&replay));
        for (n, (firm, _)) in timeline.iter().enumerate() {
            firms.entry(live.campaign_of(case(n)).unwrap()).or_default().insert(*firm);
        }
        for n in 0..timeline.len() {
            let id = live.campaign_of(case(n)).unwrap();
            let found = live.campaign(campaign(n)).unwrap();
            prop_assert_eq!(found.id, id);
            prop_assert_eq!(found.members as usize, firms[&id].len());
            prop_assert!(found.cases.contains(&case(n)));
            prop_assert!(found.cases.windows(2).all(|pair| pair[0] < pair[1]));
            for (_, reason) in live.explain(case(n)) {
                prop_assert!(found.cases.contains(&reason.other), "what links them is in one campaign");
            }
        }
    }
}

proptest! {
    /// Members see which reports are of one campaign: were that to depend on who sent them, it would tell who did.
    #[test]
    fn who_sent_a_report_never_matters_to_what_it_is_linked_with(
        timeline in prop::collection::vec(
            (0_u8..4, 0_u8..4, any::<bool>(), prop::collection::vec(0_usize..35, 1..6)),
            1..50,
        ),
    ) {
        let (mut one, mut other) = (engine(), engine());
        for (n, (firm, another, late, values)) in timeline.iter().enumerate() {
            // Or further values of an earlier report, which is where it is already.
            let n = if *late { n / 2 } else { n };
            let texts: Vec<String> = values.iter().map(|value| likeness(*value)).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            prop_assert_eq!(file(&mut one, n, *firm, &texts), file(&mut other, n, *another, &texts));
        }
        for n in 0..timeline.len() {
            prop_assert_eq!(one.campaign_of(case(n)), other.campaign_of(case(n)));
            prop_assert_eq!(one.explain(case(n)), other.explain(case(n)));
            prop_assert_eq!(one.strength(case(n)), other.strength(case(n)));
        }
    }
}

#[test]
fn a_report_that_does_not_count_is_no_member_alone_or_beside_others() {
    let mut engine = engine();
    let observable = read("quartz.test");
    let observations = [Observation { key: key("quartz.test"), observable: &observable }];
    for (n, counts) in [(1, false), (2, false), (3, true)] {
        let event = Event {
            at: Timestamp::from_millis(n),
            case: case(n as usize),
            token: MemberToken::from_bytes([n as u8; 16]),
            window: 1,
            sector: None,
            region: None,
            counts,
            of_member: false,
            observations: &observations,
            techniques: &[],
            tags: &[],
        };
        engine.step(&event, &mut Vec::new());
        let members = u32::from(counts);
        assert_eq!(engine.distinct_members_of_campaign(campaign(1)), members, "{n}");
        assert_eq!(engine.brief(campaign(1)).unwrap().members, members, "{n}");
        assert_eq!(engine.distinct_members(key("quartz.test")), members, "{n}");
    }
}

/// Values that are alike in ways that rules know.
fn likeness(n: usize) -> String {
    let word = WORDS[n % 5];
    match n / 5 {
        0 => format!("{word}.test"),
        1 => format!("mail.{word}.test"),
        2 => format!("https://{word}.example.test/gate/{n}.php?id=1"),
        3 => format!("{word}{n}.test"),
        4 => format!("198.51.100.{n}"),
        5 if n % 5 < 2 => format!("tag:{word}"),
        5 if n % 5 < 3 => format!("technique:T156{n}"),
        _ => format!("https://{}.test/{word}/load.php", WORDS[11]),
    }
}

#[test]
fn votes_count_up_to_eight_and_an_old_sighting_makes_nothing_older() {
    use fusion::{Opinion, Told};
    let mut engine = engine();
    file(&mut engine, 10, 1, &["quartz.test"]);
    let at = |minutes: usize| Timestamp::from_millis(1_800_000_000_000 + minutes as i64 * 60_000);
    let tell = |engine: &mut Fusion, firm: u8, opinion| {
        let token = MemberToken::from_bytes([firm; 16]);
        engine.tell(&Told { at: at(0), key: key("quartz.test"), token, window: 1, opinion });
    };
    let now = at(20 * MINUTES);
    let score = |engine: &Fusion| engine.score(key("quartz.test"), now);
    let before = score(&engine);
    tell(&mut engine, 1, Opinion::Sighted);
    assert_eq!(score(&engine), before);
    (20..28).for_each(|firm| tell(&mut engine, firm, Opinion::Harmless));
    let eight = score(&engine);
    assert!((eight * 256.0 - before).abs() < 1e-4);
    tell(&mut engine, 28, Opinion::Harmless);
    assert_eq!(score(&engine), eight);
    // A report that is dated back makes nothing older either.
    let mut engine = self::engine();
    file_at(&mut engine, 90_000, 1, 1, &["quartz.test"]);
    let before = engine.score(key("quartz.test"), at(100_000));
    file_at(&mut engine, 0, 2, 1, &["quartz.test"]);
    assert!(engine.score(key("quartz.test"), at(100_000)) >= before);
}

#[test]
fn what_a_report_takes_back_leaves_room_for_another_value() {
    let mut engine = engine();
    let values: Vec<String> = (0..2_048).map(|n| format!("quay{n}.test")).collect();
    file(&mut engine, 1, 1, &values.iter().map(String::as_str).collect::<Vec<_>>());
    take_back(&mut engine, 1, "quay7.test");
    file(&mut engine, 1, 1, &["lantern.test"]);
    assert!(!engine.leaves_out(case(1)));
    assert_eq!(engine.seen(key("lantern.test")), 1);
}

#[test]
fn the_digest_shows_what_was_told_left_out_and_waits_to_be_stopped() {
    let values: Vec<String> = (0..2_049).map(|n| format!("quay{n}.test")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let of = |values: &[&str]| {
        let mut engine = engine();
        file(&mut engine, 1, 1, values);
        engine
    };
    assert_ne!(digest(&of(&values)), digest(&of(&values[..2_048])));
    let mut told = of(&values[..1]);
    let (at, token) = (Timestamp::from_millis(0), MemberToken::from_bytes([1; 16]));
    told.tell(&fusion::Told { at, key: key("quay0.test"), token, window: 1, opinion: fusion::Opinion::Sighted });
    assert_ne!(digest(&told), digest(&of(&values[..1])));
    let mut crowded = ten_are_many();
    (1..=10).for_each(|n| drop(file(&mut crowded, n, n as u8, &["everywhere.test"])));
    let before = digest(&crowded);
    crowded.take_crowded();
    assert_ne!(digest(&crowded), before);
}

#[test]
fn a_run_that_looks_for_no_waves_tells_of_none() {
    let mut engine = Fusion::new(Config { waves: false, ..Config::new(true, SEED) });
    (0..9).for_each(|n| drop(file_at(&mut engine, n, n, n as u8, &["quartz.test", "lantern.test"])));
    assert!(engine.take_changes().waves.is_empty());
    assert_eq!(engine.brief(campaign(0)).unwrap().wave, None);
    assert!(engine.history(campaign(0)).is_empty());
}
