//! What a reporter takes back, corrects or lets more know: members lose what it alone had told them, and nothing else shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{BLOCK, Bench, EPOCH, TICK, by, correction};
use model::{GroupId, Pap, Timestamp, Tlp, WhoMayBeWarned, WhoMayKnow};
use vault::Act;

fn consent(warn: WhoMayBeWarned) -> Act {
    Act::Consent { warn }
}

#[test]
fn what_one_report_told_leaves_members_at_the_next_tick() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test", "b.test"]));
    bench.tick_at(TICK);
    assert!(bench.shown("a.test") && bench.campaign_of("a.test").unwrap().title.contains("a.test"));
    assert!(bench.act(0, Act::Withdraw));
    assert!(bench.shown("a.test"), "nothing changes before a tick");
    let batch = bench.tick_at(2 * TICK).unwrap();
    assert!(batch.objects.iter().all(|object| object.body.is_empty()), "both values and their campaign are withdrawn");
    assert_eq!(batch.objects.len(), 3);
    assert!(!bench.shown("a.test") && !bench.shown("b.test"));
    bench.assert_replays();
    // Told again it is new.
    bench.file(by(2, &["a.test"]));
    bench.tick_at(3 * TICK);
    assert_eq!(
        bench.indicator("a.test").unwrap().released_at,
        released::rfc3339(Timestamp::from_millis(common::START + 3 * TICK))
    );
    bench.assert_replays();
}

#[test]
fn what_others_told_too_stays_and_nothing_shows_that_one_took_it_back() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]));
    bench.tick_at(TICK);
    bench.file(by(2, &["a.test"]));
    bench.tick_at(2 * TICK);
    let before = bench.indicator("a.test").unwrap();
    assert!(bench.act(0, Act::Withdraw));
    assert!(bench.tick_at(3 * TICK).is_none(), "members were told of it");
    assert_eq!(bench.indicator("a.test").unwrap(), before);
    bench.run_to(EPOCH + TICK);
    assert_eq!(bench.indicator("a.test").unwrap(), before);
    bench.assert_replays();
}

#[test]
fn the_title_of_a_campaign_does_not_name_what_was_taken_back() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test", "m.test"]));
    bench.file(by(2, &["m.test", "z.test"]));
    bench.tick_at(TICK);
    assert!(bench.campaign_of("m.test").unwrap().title.contains("a.test"));
    assert!(bench.act(0, Act::Withdraw));
    bench.tick_at(2 * TICK);
    let campaign = bench.campaign_of("m.test").unwrap();
    assert!(campaign.title.contains("m.test") && campaign.indicators == 2, "{campaign:?}");
    bench.assert_replays();
}

#[test]
fn what_waits_is_never_shown_and_a_hold_counts_those_who_stay() {
    let mut bench = Bench::new();
    bench.file(by(1, &["now.test"]));
    bench.file(by(2, &["epoch.test"]).warn(WhoMayBeWarned::NextEpoch));
    for firm in 3..=5 {
        bench.file(by(firm, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt));
    }
    for n in [0, 1, 4] {
        assert!(bench.act(n, Act::Withdraw));
    }
    bench.run_to(2 * EPOCH);
    for value in ["now.test", "epoch.test", "held.test"] {
        assert!(!bench.shown(value), "{value}");
    }
    assert!(!bench.everything().contains("test"));
    bench.file(by(6, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt));
    bench.run_to(3 * EPOCH);
    assert!(bench.shown("held.test"));
    bench.assert_replays();
}

#[test]
fn a_block_needs_two_who_stay() {
    let mut bench = Bench::new();
    // Both before the value is out, or the second would be an echo.
    bench.file_all(vec![by(1, &["a.test"]), by(2, &["a.test"])]);
    bench.run_to(BLOCK);
    assert!(bench.blocked("a.test"));
    assert!(bench.act(1, Act::Withdraw));
    bench.run_to(BLOCK + TICK);
    assert!(bench.blocked("a.test"), "it ends at a block minute, not at once");
    bench.run_to(2 * BLOCK);
    assert!(bench.shown("a.test") && !bench.blocked("a.test"));
    bench.assert_replays();
}

#[test]
fn consent_lets_out_what_was_for_the_cell_and_what_was_held() {
    let mut bench = Bench::new();
    bench.file(by(1, &["cell.test"]).warn(WhoMayBeWarned::CellOnly));
    bench.file(by(2, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt));
    bench.file(by(3, &["strict.test"]).warn(WhoMayBeWarned::CellOnly).marked(Tlp::Red, Pap::Green));
    bench.file(by(4, &["scrub.test", "rest.test"]).warn(WhoMayBeWarned::CellOnly).scrubbed());
    bench.run_to(EPOCH);
    assert!(bench.everything().is_empty());
    for n in 0..4 {
        assert!(bench.act(n, consent(WhoMayBeWarned::Now)));
    }
    bench.tick_at(EPOCH + TICK);
    assert!(bench.shown("cell.test") && bench.shown("held.test") && bench.shown("rest.test"));
    assert!(!bench.shown("strict.test"), "RED stays with whom it names");
    assert!(!bench.shown("scrub.test"), "what the scrub holds is let out by nobody's general word");
    assert!(bench.act(0, Act::Withdraw) && bench.act(1, Act::Withdraw));
    bench.tick_at(EPOCH + 2 * TICK);
    assert!(!bench.shown("cell.test") && !bench.shown("held.test"));
    bench.assert_replays();
}

#[test]
fn a_correction_drops_and_adds_values() {
    let mut bench = Bench::new();
    bench.file(by(1, &["wrong.test", "right.test"]));
    bench.tick_at(TICK);
    assert!(bench.act(0, correction(&["new.test"], &["wrong.test"])));
    bench.tick_at(2 * TICK);
    assert!(!bench.shown("wrong.test") && bench.shown("right.test") && bench.shown("new.test"));
    assert_eq!(bench.campaign_of("new.test").unwrap().id, bench.campaign_of("right.test").unwrap().id);
    assert!(bench.act(0, correction(&["wrong.test"], &["new.test"])));
    bench.tick_at(3 * TICK);
    assert!(bench.shown("wrong.test") && !bench.shown("new.test"));
    assert!(bench.act(0, Act::Withdraw));
    bench.tick_at(4 * TICK);
    assert!(["wrong.test", "right.test", "new.test"].iter().all(|value| !bench.shown(value)));
    bench.assert_replays();
}

#[test]
fn a_name_goes_with_the_report_that_gave_it() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]).know(WhoMayKnow::Everybody));
    bench.file(by(2, &["a.test"]));
    bench.tick_at(TICK);
    assert_eq!(bench.indicator("a.test").unwrap().attributed_to, "Firm 1");
    assert!(bench.act(0, Act::Withdraw));
    bench.tick_at(2 * TICK);
    assert_eq!(bench.indicator("a.test").unwrap().attributed_to, "Test partnership");
    bench.assert_replays();
}

#[test]
fn a_group_loses_what_one_report_told_it() {
    let group = GroupId::from_bytes([7; 16]);
    let warn = WhoMayBeWarned::Group { group, as_of: Some(Timestamp::from_millis(common::START)) };
    let mut bench = Bench::new();
    bench.file(by(1, &["one.test", "both.test"]).warn(warn));
    bench.file(by(2, &["both.test"]).warn(warn));
    bench.tick_at(TICK);
    assert!(bench.act(0, Act::Withdraw));
    let batch = bench.tick_at(2 * TICK).unwrap();
    assert_eq!(batch.objects.len(), 1);
    assert!(batch.objects[0].body.is_empty() && batch.objects[0].audience.group() == Some(group));
    bench.assert_replays();
    bench.file(by(3, &["one.test"]).warn(warn));
    assert_eq!(bench.tick_at(3 * TICK).unwrap().objects.len(), 1);
    // A wider answer is for everybody; the withdrawal takes it from both.
    assert!(bench.act(2, consent(WhoMayBeWarned::Now)));
    bench.tick_at(4 * TICK);
    assert!(bench.shown("one.test"));
    assert!(bench.act(2, Act::Withdraw));
    let batch = bench.tick_at(5 * TICK).unwrap();
    assert_eq!(batch.objects.iter().filter(|object| object.audience.group() == Some(group)).count(), 1);
    assert!(!bench.shown("one.test"));
    bench.assert_replays();
}

#[test]
fn what_is_taken_back_within_a_tick_leaves_members_at_the_next_whenever_the_gate_looks() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test", "b.test"]));
    bench.tick_at(TICK);
    bench.clock.0.store(common::START + 5 * TICK + 20, std::sync::atomic::Ordering::SeqCst);
    assert!(bench.act(0, Act::Withdraw));
    // The tick of this moment was not made before: it is not the one that shows it.
    bench.tick_at(5 * TICK + 30);
    assert!(bench.shown("a.test"), "the moment within the tick shows");
    // Told again by the same tick it was there all the time.
    bench.file(by(2, &["b.test"]));
    let since = bench.indicator("b.test").unwrap().released_at;
    bench.tick_at(6 * TICK);
    assert!(!bench.shown("a.test"));
    assert_eq!(bench.indicator("b.test").unwrap().released_at, since);
    bench.assert_replays();
}

#[test]
fn a_value_that_a_correction_drops_and_adds_stays() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]));
    bench.tick_at(TICK);
    assert!(bench.act(0, correction(&["a.test"], &["a.test"])));
    bench.tick_at(2 * TICK);
    assert!(bench.shown("a.test"));
    bench.assert_replays();
}

#[test]
fn what_waits_goes_out_as_it_was_corrected() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]).warn(WhoMayBeWarned::NextEpoch));
    for firm in 2..5 {
        bench.file(by(firm, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt));
    }
    for n in 0..4 {
        assert!(bench.act(n, correction(&[], &[])));
    }
    bench.run_to(EPOCH);
    for value in ["a.test", "held.test"] {
        assert_eq!(bench.campaign_of(value).unwrap().attack.as_deref(), Some(model::AttackKind::Malware.title()));
    }
    bench.assert_replays();
}

#[test]
fn a_repeat_that_waits_stays_when_the_other_is_taken_back() {
    for taken_back in 0..2 {
        let mut bench = Bench::new();
        let held = |firm| by(firm, &["a.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt);
        bench.file(held(1));
        bench.file(held(1));
        assert!(bench.act(taken_back, Act::Withdraw));
        bench.file(held(2));
        bench.file(held(3));
        bench.run_to(EPOCH);
        assert!(bench.shown("a.test"), "one of two equal reports still waits");
        bench.assert_replays();
        // And of two that opened one is enough.
        bench.file(held(4));
        bench.file(held(4));
        bench.run_to(2 * EPOCH);
        for n in [1 - taken_back, 2, 3, 4] {
            assert!(bench.act(n, Act::Withdraw));
        }
        bench.tick_at(2 * EPOCH + TICK);
        assert!(bench.shown("a.test"));
        assert!(bench.act(5, Act::Withdraw));
        bench.tick_at(2 * EPOCH + 2 * TICK);
        assert!(!bench.shown("a.test"));
        bench.assert_replays();
    }
}

#[test]
fn a_repeat_that_waits_is_as_old_as_itself_once_the_first_is_taken_back() {
    use WhoMayBeWarned::{Now, OnceThreeHaveIt};
    let mut bench = Bench::eager();
    bench.file(by(1, &["a.test"]).warn(Now));
    bench.file(by(3, &["a.test"]).warn(OnceThreeHaveIt));
    bench.run_to(TICK);
    assert!(bench.shown("a.test"));
    // The firm files the same again within the tick in which it takes the first back: members have the value by now.
    bench.act(1, Act::Withdraw);
    bench.file(by(3, &["a.test"]).warn(OnceThreeHaveIt));
    bench.file(by(2, &["a.test"]).warn(Now));
    bench.run_to(2 * EPOCH);
    assert!(!bench.blocked("a.test"), "one firm told it before members had it; the others may have read it");
    bench.assert_replays();
}

#[test]
fn a_wider_answer_after_the_release_confirms_nothing_when_the_first_is_taken_back() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]).warn(WhoMayBeWarned::CellOnly));
    bench.file_all(vec![by(1, &["a.test"]), by(2, &["a.test"])]);
    bench.run_to(BLOCK);
    assert!(bench.blocked("a.test"));
    assert!(bench.act(0, consent(WhoMayBeWarned::Now)));
    bench.run_to(BLOCK + TICK);
    assert!(bench.act(1, Act::Withdraw));
    bench.run_to(2 * BLOCK);
    assert!(bench.shown("a.test") && !bench.blocked("a.test"), "what is told after the release is an echo");
    bench.assert_replays();
}

#[test]
fn a_report_like_one_before_its_correction_is_another_than_the_corrected_one() {
    let mut bench = Bench::new();
    let held = |firm| by(firm, &["a.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt).attack(model::AttackKind::NotSure);
    bench.file(held(1).attack(model::AttackKind::Phishing));
    assert!(bench.act(0, correction(&[], &[])));
    bench.tick_at(TICK);
    bench.file(held(1).attack(model::AttackKind::Phishing));
    bench.file_all(vec![held(2), held(3)]);
    bench.run_to(EPOCH);
    let told = bench.campaign_of("a.test").unwrap().attack;
    assert_eq!(told.as_deref(), Some(model::AttackKind::Phishing.title()), "the second one was not corrected");
    bench.assert_replays();
}

#[test]
fn what_an_organisation_tells_as_the_cell_does_not_stand_for_what_it_takes_back_as_a_member() {
    use WhoMayBeWarned::{Now, OnceThreeHaveIt};
    for own in [Now, OnceThreeHaveIt] {
        let mut bench = Bench::new();
        bench.file_all(vec![by(1, &["a.test"]), by(2, &["a.test"]), by(1, &["a.test"]).own().warn(own)]);
        bench.file(by(3, &["held.test"]).warn(OnceThreeHaveIt));
        bench.file_all(vec![by(1, &["held.test"]).warn(OnceThreeHaveIt), by(1, &["held.test"]).own().warn(own)]);
        bench.run_to(BLOCK);
        assert!(bench.blocked("a.test"));
        assert!(bench.act(0, Act::Withdraw) && bench.act(4, Act::Withdraw));
        bench.run_to(2 * BLOCK);
        assert!(bench.shown("a.test") && !bench.blocked("a.test"), "one member is left that confirms it");
        bench.file(by(4, &["held.test"]).warn(OnceThreeHaveIt));
        bench.run_to(EPOCH);
        let held = bench.indicator("held.test").map(|view| view.released_at);
        bench.file(by(6, &["held.test"]).warn(OnceThreeHaveIt));
        bench.run_to(2 * EPOCH);
        assert_eq!(held.is_none(), own == OnceThreeHaveIt, "two members have it by the first epoch");
        assert!(bench.shown("held.test"));
        bench.assert_replays();
    }
}

#[test]
fn a_value_that_a_correction_adds_to_what_waits_is_as_old_as_the_correction() {
    // Both open at one epoch; neither may lend the other its age, whichever comes first.
    for (held, added) in [("a.test", "b.test"), ("b.test", "a.test")] {
        let mut bench = Bench::eager();
        bench.file(by(1, &[held]).warn(WhoMayBeWarned::OnceThreeHaveIt));
        bench.file(by(2, &[added]));
        bench.tick_at(TICK);
        assert!(bench.act(0, correction(&[added], &[])));
        bench.file_all(vec![by(2, &[held]), by(3, &[held, added])]);
        bench.run_to(2 * EPOCH);
        assert!(bench.blocked(held), "three told it before members had it");
        assert!(bench.shown(added) && !bench.blocked(added), "one firm told it before members had it");
        bench.assert_replays();
    }
}

#[test]
fn a_group_loses_it_once_and_a_name_with_it() {
    let group = GroupId::from_bytes([7; 16]);
    let warn = WhoMayBeWarned::Group { group, as_of: Some(Timestamp::from_millis(common::START)) };
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]).warn(warn).know(WhoMayKnow::Everybody));
    bench.file(by(2, &["a.test"]).warn(warn));
    let batch = bench.tick_at(TICK).unwrap();
    assert!(batch.objects[0].body.contains("Firm 1"));
    assert!(bench.act(0, consent(WhoMayBeWarned::Now)));
    bench.tick_at(2 * TICK);
    assert!(bench.act(0, Act::Withdraw));
    let of_group = |batch: policy::ReleaseBatch| {
        let objects = batch.objects.into_iter().filter(|object| object.audience.group() == Some(group));
        objects.map(|object| object.body).collect::<Vec<_>>()
    };
    let told = of_group(bench.tick_at(3 * TICK).unwrap());
    assert!(told.len() == 1 && told[0].contains("a.test") && !told[0].contains("Firm 1"), "{told:?}");
    // Taken back once more, for good: the other's is still there.
    assert!(bench.act(0, Act::Recall));
    assert!(bench.tick_at(4 * TICK).is_none_or(|batch| of_group(batch).is_empty()));
    bench.assert_replays();
}

#[test]
fn a_group_loses_nothing_that_a_report_told_everybody_alone() {
    let group = GroupId::from_bytes([7; 16]);
    let warn = WhoMayBeWarned::Group { group, as_of: Some(Timestamp::from_millis(common::START)) };
    let of_group = |batch: Option<policy::ReleaseBatch>| {
        let objects = batch.map(|batch| batch.objects).unwrap_or_default().into_iter();
        objects.filter(|object| object.audience.group() == Some(group)).count()
    };
    let mut bench = Bench::new();
    bench.file(by(1, &["first.test", "late.test"]).warn(warn));
    bench.file(by(2, &["own.test"]).warn(warn));
    assert_eq!(of_group(bench.tick_at(TICK)), 3);
    // Let out to everybody before the group has it, and added after the group had the rest.
    bench.file(by(3, &["first.test"]).warn(warn));
    assert!(bench.act(2, consent(WhoMayBeWarned::Now)) && bench.act(1, consent(WhoMayBeWarned::Now)));
    assert_eq!(of_group(bench.tick_at(2 * TICK)), 0);
    assert!(bench.act(1, correction(&["late.test"], &[])));
    bench.tick_at(3 * TICK);
    assert!(bench.shown("first.test") && bench.shown("late.test") && bench.shown("own.test"));
    // Dropped and told again, it is for everybody alone too, and the group loses it once.
    assert!(bench.act(1, correction(&[], &["own.test"])));
    assert_eq!(of_group(bench.tick_at(4 * TICK)), 1);
    assert!(bench.act(1, correction(&["own.test"], &[])));
    bench.file(by(4, &["own.test"]).warn(warn));
    assert_eq!(of_group(bench.tick_at(5 * TICK)), 1);
    assert!(bench.act(1, Act::Withdraw) && bench.act(2, Act::Withdraw));
    assert_eq!(of_group(bench.tick_at(6 * TICK)), 0, "others have told the group all that it has");
    assert!(["first.test", "late.test", "own.test"].iter().all(|value| !bench.shown(value)));
    bench.assert_replays();
    assert!(bench.act(0, Act::Withdraw) && bench.act(3, Act::Withdraw));
    assert_eq!(of_group(bench.tick_at(7 * TICK)), 3);
    bench.assert_replays();
}

#[test]
fn what_a_wider_answer_let_out_is_open_once() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]).warn(WhoMayBeWarned::NextEpoch));
    assert!(bench.act(0, consent(WhoMayBeWarned::Now)));
    bench.run_to(EPOCH + TICK);
    assert!(bench.shown("a.test"));
    assert!(bench.act(0, Act::Withdraw));
    bench.run_to(EPOCH + 2 * TICK);
    assert!(!bench.shown("a.test"));
    bench.assert_replays();
}

#[test]
fn a_group_loses_what_was_let_out_in_two_steps_and_never_has_what_was_taken_back_first() {
    let group = GroupId::from_bytes([7; 16]);
    let warn = WhoMayBeWarned::Group { group, as_of: Some(Timestamp::from_millis(common::START)) };
    let of_group = |batch: Option<policy::ReleaseBatch>| {
        let objects = batch.map(|batch| batch.objects).unwrap_or_default().into_iter();
        objects.filter(|object| object.audience.group() == Some(group)).map(|object| object.body).collect::<Vec<_>>()
    };
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]).warn(warn));
    assert_eq!(of_group(bench.tick_at(TICK)).len(), 1);
    assert!(bench.act(0, consent(WhoMayBeWarned::NextEpoch)));
    bench.tick_at(2 * TICK);
    assert!(bench.act(0, consent(WhoMayBeWarned::Now)));
    bench.tick_at(3 * TICK);
    // Another one takes the same back before anybody has it.
    bench.file(by(2, &["a.test", "b.test"]).warn(warn));
    assert!(bench.act(1, Act::Withdraw));
    assert!(of_group(bench.tick_at(4 * TICK)).is_empty());
    assert!(bench.act(0, Act::Withdraw));
    assert_eq!(of_group(bench.tick_at(5 * TICK)), [""]);
    assert!(!bench.shown("a.test"));
    bench.assert_replays();
}

#[test]
fn a_name_stays_by_the_firms_other_report() {
    let mut bench = Bench::new();
    for _ in 0..2 {
        bench.file(by(1, &["a.test"]).know(WhoMayKnow::Everybody));
    }
    bench.tick_at(TICK);
    assert!(bench.act(0, Act::Withdraw));
    bench.tick_at(2 * TICK);
    assert_eq!(bench.indicator("a.test").unwrap().attributed_to, "Firm 1");
    bench.assert_replays();
}

#[test]
fn what_was_blocked_and_taken_back_is_not_blocked_when_one_tells_it_anew() {
    let mut bench = Bench::new();
    bench.file_all(vec![by(1, &["a.test"]), by(2, &["a.test"])]);
    bench.run_to(BLOCK);
    assert!(bench.blocked("a.test"));
    assert!(bench.act(0, Act::Withdraw) && bench.act(1, Act::Withdraw));
    bench.run_to(BLOCK + TICK);
    bench.file(by(3, &["a.test"]));
    bench.run_to(BLOCK + 2 * TICK);
    assert!(bench.shown("a.test") && !bench.blocked("a.test"));
    bench.assert_replays();
}

#[test]
fn a_campaign_is_titled_by_the_most_telling_of_what_is_left() {
    let mut bench = Bench::new();
    bench.file(by(1, &["c.test"]));
    bench.run_to(TICK);
    bench.file(by(2, &["c.test", "b.test"]));
    bench.run_to(2 * TICK);
    bench.file(by(3, &["c.test", "a.test"]));
    bench.run_to(3 * TICK);
    let title = |bench: &Bench| bench.campaign_of("c.test").unwrap().title;
    assert!(title(&bench).contains("a.test"), "whichever was opened first");
    assert!(bench.act(2, Act::Withdraw));
    bench.run_to(4 * TICK);
    assert!(title(&bench).contains("b.test"));
    bench.assert_replays();
}

#[test]
fn what_a_report_still_names_links_on_after_a_correction_drops_the_rest() {
    let mut bench = Bench::new();
    bench.file(by(1, &["x.evil-owner.test", "y.evil-owner.test"]));
    bench.tick_at(TICK);
    assert!(bench.act(0, correction(&[], &["y.evil-owner.test"])));
    bench.tick_at(2 * TICK);
    bench.file(by(2, &["z.evil-owner.test"]));
    bench.tick_at(3 * TICK);
    let id = |value: &str| bench.campaign_of(value).unwrap().id;
    assert_eq!(id("x.evil-owner.test"), id("z.evil-owner.test"));
    bench.assert_replays();
}
