//! An analyst's word on two reports: members' campaigns follow it at the next tick, for what they have.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Bench, EPOCH, TICK, advisory, by};
use model::{CampaignId, CaseId, PersonId, Tlp, WhoMayBeWarned};
use policy::NounKind;
use vault::Word;

fn case(bench: &Bench, n: usize) -> CaseId {
    bench.cases.borrow()[n].1
}

fn say(bench: &mut Bench, one: usize, other: usize, same: bool) {
    let what = Word::Related { other: case(bench, other), same, reason: "the hand is the same".to_owned() };
    let by = (PersonId::from_bytes([9; 16]), "Ana".to_owned());
    bench.vault.say_of(case(bench, one), by, what).unwrap().unwrap();
    bench.fold();
}

fn id(bench: &Bench, value: &str) -> String {
    bench.campaign_of(value).unwrap().id
}

#[test]
fn two_campaigns_are_one_for_members_too_and_two_again_by_the_next_word() {
    let mut bench = Bench::new();
    bench.file(by(1, &["quartz.test"]));
    bench.file(by(2, &["lantern.test"]).sector(Some("water")));
    bench.tick_at(TICK);
    let (left, right) = (id(&bench, "quartz.test"), id(&bench, "lantern.test"));
    assert_ne!(left, right);
    say(&mut bench, 1, 0, true);
    assert_ne!(id(&bench, "quartz.test"), id(&bench, "lantern.test"), "nothing changes before a tick");
    bench.tick_at(2 * TICK);
    let kept = id(&bench, "quartz.test");
    assert_eq!((kept.as_str(), kept.as_str()), (left.as_str(), id(&bench, "lantern.test").as_str()));
    assert_eq!(bench.campaign_of("quartz.test").unwrap().indicators, 2);
    bench.assert_replays();
    say(&mut bench, 0, 1, false);
    bench.tick_at(3 * TICK);
    assert_eq!((id(&bench, "quartz.test"), id(&bench, "lantern.test")), (left.clone(), right.clone()));
    for (value, other) in [("quartz.test", "lantern.test"), ("lantern.test", "quartz.test")] {
        let campaign = bench.campaign_of(value).unwrap();
        assert_eq!(campaign.indicators, 1);
        assert!(campaign.title.contains(value) && !campaign.title.contains(other), "{}", campaign.title);
    }
    let members = |id: &str| bench.reader.campaign_members(&released::parse_id(id).unwrap(), 10).unwrap().0.len();
    assert_eq!((members(&left), members(&right)), (1, 1));
    bench.assert_replays();
    // What comes later goes where it belongs, and not where it was said not to.
    bench.file(by(3, &["lantern.test"]));
    bench.file(by(4, &["quartz.test", "lantern.test"]));
    bench.tick_at(4 * TICK);
    assert_eq!((id(&bench, "quartz.test"), id(&bench, "lantern.test")), (left, right));
    bench.assert_replays();
}

#[test]
fn a_part_that_was_no_campaign_before_has_its_values_and_its_own_band() {
    let mut bench = Bench::new();
    for firm in 1..=4 {
        bench.file(by(firm, &["quartz.test"]));
    }
    bench.file(by(5, &["quartz.test", "lantern.test"]));
    for firm in 6..=9 {
        bench.file(by(firm, &["lantern.test"]));
    }
    bench.run_to(EPOCH);
    assert_eq!(id(&bench, "quartz.test"), id(&bench, "lantern.test"));
    assert_eq!(bench.band("quartz.test").as_deref(), Some("4+"));
    say(&mut bench, 0, 8, false);
    bench.run_to(EPOCH + TICK);
    assert_ne!(id(&bench, "quartz.test"), id(&bench, "lantern.test"));
    bench.run_to(2 * EPOCH);
    assert_eq!(bench.band("quartz.test").as_deref(), Some("4+"), "what was shown stays");
    assert_eq!(bench.band("lantern.test").as_deref(), Some("4+"), "four or five firms are in it");
    bench.assert_replays();
}

#[test]
fn a_word_of_a_report_that_members_do_not_have_changes_nothing_for_them() {
    let run = |word: Option<bool>| {
        let mut bench = Bench::new();
        bench.file(by(1, &["quartz.test"]));
        bench.file(by(2, &["lantern.test"]));
        bench.file(by(3, &["quartz.test", "lantern.test"]).warn(WhoMayBeWarned::CellOnly));
        bench.tick_at(TICK);
        if let Some(same) = word {
            say(&mut bench, 2, 0, same);
            say(&mut bench, 2, 1, same);
        }
        bench.file(by(4, &["quartz.test"]));
        bench.run_to(2 * EPOCH);
        bench.assert_replays();
        (
            bench.everything(),
            bench.engine.fusion_all().campaign_of(case(&bench, 1))
                == bench.engine.fusion_all().campaign_of(case(&bench, 0)),
        )
    };
    let (nothing, _) = run(None);
    let (one, together) = run(Some(true));
    let (other, _) = run(Some(false));
    assert!(together, "the cell sees them as one");
    assert_eq!(nothing, one);
    assert_eq!(nothing, other);
}

#[test]
fn a_text_of_the_cell_follows_the_report_that_it_is_about() {
    let mut bench = Bench::new();
    bench.file(by(1, &["quartz.test"]));
    bench.file(by(2, &["lantern.test"]));
    bench.tick_at(TICK);
    let right = id(&bench, "lantern.test");
    let about = CampaignId::from_bytes(*case(&bench, 1).as_bytes());
    bench.append(advisory("watch out", Tlp::Green, Some(about)));
    bench.tick_at(2 * TICK);
    let told = |bench: &Bench| {
        let text = bench.everything();
        let at = text.rfind("watch out").unwrap();
        let rest = &text[at..];
        let at = rest.find("\"campaign\":").unwrap();
        rest[at + 11..at + 49].trim_matches('"').to_owned()
    };
    assert_eq!(told(&bench), right);
    say(&mut bench, 1, 0, true);
    bench.tick_at(3 * TICK);
    assert_eq!(told(&bench), id(&bench, "quartz.test"));
    say(&mut bench, 1, 0, false);
    bench.run_to(6 * TICK);
    assert_eq!(told(&bench), right);
    assert!(bench.reader.by_id(NounKind::Campaign, &released::parse_id(&right).unwrap()).unwrap().is_some());
    bench.assert_replays();
}

#[test]
fn a_campaign_that_a_word_makes_of_two_has_its_band_at_the_next_epoch() {
    let mut bench = Bench::new();
    for firm in 1..=2 {
        bench.file(by(firm, &["quartz.test"]));
        bench.file(by(firm + 10, &["lantern.test"]));
    }
    bench.run_to(EPOCH);
    assert_eq!(bench.band("quartz.test"), None);
    say(&mut bench, 1, 0, true);
    bench.run_to(2 * EPOCH);
    assert_eq!(id(&bench, "quartz.test"), id(&bench, "lantern.test"));
    assert_eq!(bench.band("quartz.test").as_deref(), Some("4+"));
    bench.assert_replays();
}

#[test]
fn a_part_tells_what_its_reports_say_under_the_label_of_the_whole_and_no_other_text_comes_again() {
    let mut bench = Bench::new();
    bench.file(by(1, &["quartz.test"]).marked(Tlp::Amber, model::Pap::Green));
    bench.file(by(2, &["quartz.test", "lantern.test"]));
    bench.file(by(3, &["lantern.test"]).attack(model::AttackKind::Malware).technique("T1566"));
    bench.tick_at(TICK);
    assert_eq!(id(&bench, "quartz.test"), id(&bench, "lantern.test"));
    let about = CampaignId::from_bytes(*case(&bench, 0).as_bytes());
    bench.append(advisory("watch out", Tlp::Green, Some(about)));
    bench.tick_at(2 * TICK);
    say(&mut bench, 0, 2, false);
    bench.run_to(5 * TICK);
    assert_ne!(id(&bench, "quartz.test"), id(&bench, "lantern.test"));
    for value in ["quartz.test", "lantern.test"] {
        let campaign = bench.campaign_of(value).unwrap();
        assert_eq!(campaign.tlp, "AMBER", "{value}: a label never goes down");
        assert!(campaign.attack.is_some(), "{value}");
    }
    let parts = ["quartz.test", "lantern.test"].map(|value| bench.campaign_of(value).unwrap());
    assert!(parts.iter().any(|part| part.techniques == ["T1566"]), "{parts:?}");
    let text = bench.reader.batches_after(model::Timestamp::from_millis(0), 100).unwrap();
    let told = text.iter().flat_map(|batch| &batch.objects).filter(|object| object.kind == NounKind::Advisory);
    assert_eq!(told.count(), 1, "its campaign is where it was");
    bench.assert_replays();
}
