//! The engine against golden timelines and a naive model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fusion::{Config, Event, Finding, Fusion, Networks, Observation};
use model::{CampaignId, CaseId, KeySeed, Kind, MemberToken, Observable, Timestamp};
use proptest::prelude::*;

const SEED: KeySeed = KeySeed([7; 16]);

fn case(n: usize) -> CaseId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
    CaseId::from_bytes(bytes)
}

fn campaign(n: usize) -> CampaignId {
    CampaignId::from_bytes(*case(n).as_bytes())
}

/// Minutes between two reports if nothing else is said: seven hours, so that no campaign is a young one by then.
const MINUTES: usize = 7 * 60;

fn file(engine: &mut Fusion, n: usize, firm: u8, values: &[&str]) -> Vec<Finding> {
    file_at(engine, n * MINUTES, n, firm, values)
}

fn file_at(engine: &mut Fusion, minutes: usize, n: usize, firm: u8, values: &[&str]) -> Vec<Finding> {
    let beside = |mark| values.iter().filter_map(move |value| value.strip_prefix(mark)).collect::<Vec<&str>>();
    let (techniques, tags) = (beside("technique:"), beside("tag:"));
    let is_value = |value: &&&str| !value.starts_with("technique:") && !value.starts_with("tag:");
    let observables: Vec<Observable> = values.iter().filter(is_value).map(|value| read(value)).collect();
    let observations: Vec<Observation<'_>> =
        observables.iter().map(|observable| Observation { key: observable.key(SEED), observable }).collect();
    let mut findings = Vec::new();
    let event = Event {
        at: Timestamp::from_millis(1_800_000_000_000 + minutes as i64 * 60_000),
        case: case(n),
        token: MemberToken::from_bytes([firm; 16]),
        window: 1,
        sector: Some(if firm.is_multiple_of(2) { "energy" } else { "water" }),
        region: None,
        counts: true,
        of_member: true,
        observations: &observations,
        techniques: &techniques,
        tags: &tags,
    };
    engine.step(&event, &mut findings);
    findings
}

/// A value as a golden file writes it: kinds that are not seen by a value's form stand before it, blanks are written `_`. What begins
/// with `tag:` or `technique:` is said beside the values.
fn read(value: &str) -> Observable {
    let of = |kind, text: &str| Observable::parse(kind, &text.replace('_', " ")).unwrap();
    match value.split_once(':') {
        Some(("file", name)) => Observable::parse(Kind::FileName, name).unwrap(),
        Some(("subject", subject)) => of(Kind::EmailSubject, subject),
        Some(("agent", agent)) => of(Kind::UserAgent, agent),
        _ => Observable::detect(value).unwrap(),
    }
}

/// Knows of one network: 45.9.148.0/23 is one operator's.
fn engine() -> Fusion {
    let networks = Networks::from_ranges([(0x2d09_9400, 0x2d09_95ff, 64_500)]);
    Fusion::new(Config { networks: Arc::new(networks), ..Config::new(true, SEED) })
}

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

fn key(value: &str) -> model::ObservableKey {
    Observable::detect(value).unwrap().key(SEED)
}

/// An engine in which ten members make a value over-common.
fn ten_are_many() -> Fusion {
    let mut engine = engine();
    engine.set_over_common(10);
    engine
}

#[test]
fn a_value_of_too_many_members_links_nothing_more_once_it_is_decided() {
    let mut engine = ten_are_many();
    for n in 1..=9 {
        file(&mut engine, n, n as u8, &["everywhere.test"]);
    }
    assert!(engine.take_crowded().is_empty());
    file(&mut engine, 10, 10, &["everywhere.test"]);
    file(&mut engine, 11, 11, &["everywhere.test"]);
    assert_eq!(engine.campaign_of(case(11)), Some(campaign(1)), "it links until that is decided");
    assert_eq!(engine.take_crowded(), [key("everywhere.test")]);
    assert!(matches!(engine.stop_linking(key("everywhere.test")), Some(Finding::OverCommon { .. })));
    assert_eq!(engine.stop_linking(key("everywhere.test")), None, "told once");
    file(&mut engine, 12, 12, &["everywhere.test"]);
    assert_eq!(engine.campaign_of(case(12)), Some(campaign(12)));
    let common: Vec<_> = engine.over_common().collect();
    assert_eq!((common.len(), common[0].seen), (1, 12));
    assert!(engine.noise(&Observable::detect("everywhere.test").unwrap()).is_some());
    assert!(engine.listed(&Observable::detect("everywhere.test").unwrap()).is_none());
}

#[test]
fn one_members_repeats_never_make_a_value_common() {
    let mut engine = ten_are_many();
    for n in 1..=9 {
        file(&mut engine, n, n as u8, &["v.test", "http://host.test/a"]);
    }
    for n in 10..400 {
        file(&mut engine, n, 9, &["v.test", &format!("http://host.test/{n}")]);
    }
    assert!(engine.take_crowded().is_empty());
    assert_eq!(engine.stop_linking(key("v.test")), None);
    assert_eq!(engine.campaign_of(case(399)), Some(campaign(1)));
    // Beyond the cases that are listed, members still count.
    file(&mut engine, 400, 10, &["v.test"]);
    assert_eq!(engine.take_crowded(), [key("v.test")]);
}

#[test]
fn many_urls_of_one_report_do_not_stop_their_host_from_linking() {
    let mut engine = ten_are_many();
    let urls: Vec<String> = (0..50).map(|n| format!("http://host.test/{n}")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    file(&mut engine, 1, 1, &urls);
    file(&mut engine, 2, 2, &["http://host.test/other"]);
    assert_eq!(engine.campaign_of(case(2)), Some(campaign(1)));
}

#[test]
fn an_over_common_host_links_by_no_rule() {
    let mut engine = ten_are_many();
    for n in 1..=10 {
        file(&mut engine, n, n as u8, &["host.test"]);
    }
    engine.stop_linking(key("host.test")).unwrap();
    file(&mut engine, 11, 11, &["http://host.test/a"]);
    file(&mut engine, 12, 12, &["http://host.test/b"]);
    assert_eq!(engine.campaign_of(case(11)), Some(campaign(11)), "not to the host's cases");
    assert_eq!(engine.campaign_of(case(12)), Some(campaign(12)), "nor to other URLs there");
    // A host that only URLs name.
    for n in 21..=30 {
        file(&mut engine, n, n as u8, &[&format!("http://only.test/{n}")]);
    }
    assert!(engine.take_crowded().contains(&key("only.test")));
    engine.stop_linking(key("only.test")).unwrap();
    file(&mut engine, 31, 31, &["http://only.test/31"]);
    file(&mut engine, 32, 32, &["only.test"]);
    assert_eq!(engine.campaign_of(case(31)), Some(campaign(31)));
    assert_eq!(engine.campaign_of(case(32)), Some(campaign(32)));
    assert!(engine.over_common().any(|common| common.example == case(21)));
}

#[test]
fn lists_act_on_values_that_were_there_before_them() {
    use fusion::{ListKind, NoiseLists};
    let mut engine = engine();
    file(&mut engine, 1, 1, &["later.test"]);
    let mut lists = NoiseLists::own(true);
    lists.add_list("late", ListKind::Hostname, ["later.test"]);
    engine.use_noise(Arc::new(lists));
    let found = file(&mut engine, 2, 2, &["later.test"]);
    assert!(found.iter().any(|finding| matches!(finding, Finding::OverCommon { .. })));
    assert_eq!(engine.campaign_of(case(2)), Some(campaign(2)), "no new links");
    assert!(engine.links_nothing(key("later.test")));
    engine.use_noise(Arc::new(NoiseLists::own(true)));
    file(&mut engine, 3, 3, &["later.test"]);
    assert_eq!(engine.campaign_of(case(3)), Some(campaign(1)), "a list that is gone holds nothing back");
}

fn digest(engine: &Fusion) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.digest(&mut |part| bytes.extend_from_slice(part));
    bytes
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

/// Words that share nothing.
const WORDS: [&str; 12] = [
    "quartz", "meadow", "lantern", "glacier", "pigeon", "saffron", "walnut", "turbine", "orchid", "velvet", "cobalt",
    "harbour",
];

#[test]
fn what_several_values_share_by_one_thing_says_less_than_what_they_share_by_several() {
    let said = |earlier: &[&str], later: &[&str]| {
        let mut engine = engine();
        engine.note_considered();
        file(&mut engine, 0, 1, earlier);
        file(&mut engine, 1, 2, later);
        let network = fusion::rule_names().iter().position(|name| *name == "network").unwrap();
        engine.considered()[0].evidence[network]
    };
    let earlier = ["198.51.100.1", "203.0.113.1", "192.0.2.1"];
    let one_thing = said(&earlier, &["192.0.2.2", "192.0.2.3", "192.0.2.4"]);
    let three_things = said(&earlier, &["198.51.100.2", "203.0.113.2", "192.0.2.2"]);
    // The strongest one, times one and the logarithm of how much there is: of the first two, of the other three.
    let ratio = one_thing / three_things;
    assert!((0.7..0.82).contains(&ratio), "{one_thing} {three_things}");
}

#[test]
fn a_name_and_a_link_on_it_are_one_place() {
    let said = |rule: &str, earlier: &str, later: &[&str]| {
        let mut engine = engine();
        engine.note_considered();
        file(&mut engine, 0, 1, &[earlier, "http://velvet.org/gate-x/"]);
        let findings = file(&mut engine, 1, 2, later);
        let reasons = findings.iter().find_map(|finding| match finding {
            Finding::Joined { reasons, .. } => Some(reasons.iter().filter(|reason| reason.rule == rule).count()),
            _ => None,
        });
        let rule = fusion::rule_names().iter().position(|name| *name == rule).unwrap();
        (engine.considered()[0].evidence[rule], reasons.unwrap_or(0))
    };
    let cases = [
        ("shared-word", "quartz-lantern.net", "lantern-river.org"),
        ("network", "198.51.100.7", "198.51.100.77"),
        ("sub-domain", "portal-x.quartz.net", "portal-x.river.org"),
    ];
    for (rule, earlier, later) in cases {
        let (link, elsewhere) = (format!("http://{later}/gate-x/"), "http://pigeon.com/gate-x/");
        let once = said(rule, earlier, &[later, elsewhere]);
        let again = said(rule, earlier, &[later, &link]);
        assert!(once.0 > 3.0, "{rule} {once:?}");
        assert_eq!(again, (once.0, 1), "{rule}");
        assert_eq!(said(rule, earlier, &[&link, later]), again, "{rule}, the link first");
    }
    // What is asked for there is another matter: two paths on one host say more than one.
    let path = |later: &[&str]| said("url-path", "quartz.net", later).0;
    let both = path(&["http://river.org/gate-x/", "https://river.org/gate-x/"]);
    assert!(both > path(&["http://river.org/gate-x/", "https://river.org/other-y/"]), "{both}");
}

#[test]
fn that_a_campaign_is_young_says_less_the_more_reports_came_since_it_began() {
    let said = |others: usize| {
        let mut engine = engine();
        engine.note_considered();
        file_at(&mut engine, 0, others, 2, &["http://evil.test/xk7-panel/"]);
        for n in 0..others {
            file_at(&mut engine, 1, n, 1, &[&format!("quay{n}harbour.test")]);
        }
        file_at(&mut engine, 2, others + 1, 3, &["http://other.test/xk7-panel/"]);
        engine.considered().first().map_or(f32::NAN, |held| held.young)
    };
    let all = fusion::Weights::default().young;
    assert_eq!(said(0), all);
    assert_eq!(said(100), all);
    assert!((said(400) - (all - 4.0_f32.ln())).abs() < 1e-3);
    assert_eq!(said(9_998), 0.0);
}

#[test]
fn a_campaign_is_as_quiet_as_days_went_by_or_as_many_reports_came() {
    let days = |others: usize, minutes: usize| {
        let mut engine = engine();
        engine.note_considered();
        file_at(&mut engine, 0, others, 2, &["http://evil.test/xk7-panel/"]);
        file_at(&mut engine, 0, others + 1, 3, &["http://evil.test/xk7-panel/"]);
        for n in 0..others {
            file_at(&mut engine, 1, n, 1, &[&format!("quay{n}harbour.test")]);
        }
        file_at(&mut engine, minutes, others + 2, 4, &["http://other.test/xk7-panel/"]);
        engine.considered().first().map_or(f32::NAN, |held| held.days)
    };
    let day = 24 * 60;
    assert_eq!(days(0, 3 * day), 3.0);
    assert_eq!(days(10, 3 * day), 3.0);
    // Two hundred and forty reports within the hour are thirty days of eight.
    assert_eq!(days(240, 60), 30.0);
    assert_eq!(days(240, 50 * day), 50.0);
}

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

fn word(engine: &mut Fusion, one: usize, other: usize, same: bool) {
    let at = Timestamp::from_millis(1_800_000_000_000);
    engine.say(&fusion::Word { at, one: case(one), other: case(other), same }, &mut Vec::new());
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

#[test]
fn a_campaign_of_one_is_bridged_easily_however_large_the_other_one_is() {
    let mut engine = engine();
    (0..30).for_each(|n| drop(file(&mut engine, n, 1, &["quartz.net"])));
    file(&mut engine, 30, 2, &["lantern.org"]);
    file(&mut engine, 31, 3, &["quartz.net", "lantern.org"]);
    assert_eq!(engine.campaign_of(case(30)), Some(campaign(0)));
}

#[test]
fn a_link_on_a_host_that_the_same_report_names_says_half() {
    let said = |beside: &str| {
        let mut engine = engine();
        engine.note_considered();
        file(&mut engine, 0, 1, &["quartz.test"]);
        file(&mut engine, 1, 2, &[beside, "http://quartz.test/a7"]);
        let host = fusion::rule_names().iter().position(|name| *name == "url-host").unwrap();
        engine.considered()[0].evidence[host]
    };
    let (alone, named) = (said("lantern.test"), said("quartz.test"));
    assert!(named < 0.6 * alone, "{named} {alone}");
}

#[test]
fn what_so_many_members_name_stays_stopped_when_lists_change() {
    let mut engine = ten_are_many();
    (1..=10).for_each(|n| drop(file(&mut engine, n, n as u8, &["everywhere.test"])));
    engine.stop_linking(key("everywhere.test")).unwrap();
    engine.use_noise(Arc::new(fusion::NoiseLists::own(true)));
    file(&mut engine, 11, 11, &["everywhere.test"]);
    assert_eq!(engine.campaign_of(case(11)), Some(campaign(11)));
    assert!(engine.links_nothing(key("everywhere.test")));
}

#[test]
fn names_below_an_owner_that_so_many_members_name_link_by_nothing_of_it() {
    let mut engine = ten_are_many();
    (1..=10).for_each(|n| drop(file(&mut engine, n, n as u8, &["everywhere.test"])));
    engine.stop_linking(key("everywhere.test")).unwrap();
    engine.note_considered();
    file(&mut engine, 11, 11, &["quay.everywhere.test"]);
    file(&mut engine, 12, 12, &["reef.everywhere.test"]);
    assert!(engine.considered().is_empty(), "{:?}", engine.considered());
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

fn take_back(engine: &mut Fusion, n: usize, value: &str) {
    let observable = read(value);
    engine.forget(case(n), &[Observation { key: observable.key(SEED), observable: &observable }], &[]);
}

#[test]
fn a_value_that_everybody_took_back_waits_for_no_decision() {
    let mut engine = engine();
    engine.set_over_common(2);
    (1..=2).for_each(|n| drop(file(&mut engine, n, n as u8, &["quartz.test"])));
    (1..=2).for_each(|n| take_back(&mut engine, n, "quartz.test"));
    assert!(engine.take_crowded().is_empty());
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
fn members_beyond_the_reports_that_are_listed_stay_counted_when_one_takes_a_value_back() {
    let mut engine = engine();
    (0..256).for_each(|n| drop(file(&mut engine, n, 1, &["quartz.test"])));
    (256..276).for_each(|n| drop(file(&mut engine, n, (n - 250) as u8, &["quartz.test"])));
    assert_eq!(engine.distinct_members(key("quartz.test")), 21);
    take_back(&mut engine, 0, "quartz.test");
    assert_eq!(engine.distinct_members(key("quartz.test")), 21);
}

#[test]
fn what_nobody_names_any_more_is_a_host_that_links_are_on() {
    let mut engine = engine();
    file(&mut engine, 1, 1, &["quartz.test", "http://quartz.test/a7"]);
    file(&mut engine, 2, 2, &["http://quartz.test/b8"]);
    take_back(&mut engine, 1, "quartz.test");
    file(&mut engine, 3, 3, &["quartz.test"]);
    let why: Vec<&str> = engine.explain(case(3)).iter().map(|(_, reason)| reason.rule).collect();
    assert_eq!(why, ["url-host"]);
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
