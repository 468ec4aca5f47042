//! When each answer of a reporter shows members something, and that it never does so sooner, or at all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{BLOCK, Bench, EPOCH, OPEN, TICK, advisory, by};
use model::{Marking, Pap, Tlp, WhoMayBeWarned, WhoMayKnow};
use policy::PostureWord;
use vault::Body;

#[test]
fn now_is_shown_at_the_next_tick_and_not_before() {
    let mut bench = Bench::new();
    bench.tick_at(30);
    bench.file(by(1, &["evil.test"]));
    assert!(bench.tick_at(99).is_none());
    assert!(!bench.shown("evil.test"));
    let batch = bench.tick_at(107).unwrap();
    assert_eq!(batch.tick.as_millis(), common::START + TICK);
    let view = bench.indicator("evil.test").unwrap();
    assert_eq!(view.released_at, released::rfc3339(batch.tick), "the tick's time, not the report's");
    assert_eq!((view.attributed_to.as_str(), view.block, view.common), ("Test partnership", false, None));
    assert_eq!(bench.campaign_of("evil.test").unwrap().band, None);
}

#[test]
fn a_report_on_the_tick_itself_waits_for_the_next_one() {
    let mut bench = Bench::new();
    bench.tick_at(100);
    bench.file(by(1, &["evil.test"]));
    assert!(bench.tick_at(199).is_none());
    assert!(bench.tick_at(200).is_some());
}

#[test]
fn next_epoch_is_not_shown_before_the_epoch() {
    let mut bench = Bench::new();
    bench.tick_at(50);
    bench.file(by(1, &["evil.test"]).warn(WhoMayBeWarned::NextEpoch));
    bench.run_to(EPOCH - 1);
    assert!(!bench.shown("evil.test"));
    assert_eq!(bench.everything(), "");
    bench.tick_at(EPOCH);
    assert!(bench.shown("evil.test"));
}

#[test]
fn once_three_have_it_opens_at_the_epoch_after_the_third_and_never_with_two() {
    let mut bench = Bench::new();
    let hold = |firm| by(firm, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt);
    bench.file(hold(1));
    bench.file(hold(2));
    bench.run_to(2 * EPOCH);
    assert!(!bench.shown("held.test"), "never with two");
    bench.tick_at(2 * EPOCH + 500);
    bench.file(hold(3));
    bench.run_to(3 * EPOCH - 1);
    assert!(!bench.shown("held.test"), "not at the moment of the third");
    bench.tick_at(3 * EPOCH);
    assert!(bench.shown("held.test"));
    assert_eq!(bench.band("held.test"), None, "three are below every band");
}

#[test]
fn one_member_three_times_is_one_and_hidden_reports_are_none() {
    let mut bench = Bench::new();
    let hold = |firm| by(firm, &["held.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt);
    for firm in [1, 1, 1, 2, 2] {
        bench.file(hold(firm));
    }
    bench.file(by(3, &["held.test"]).warn(WhoMayBeWarned::CellOnly));
    bench.file(by(4, &["held.test"]).marked(Tlp::Red, Pap::Clear));
    bench.file(hold(5).scrubbed());
    bench.run_to(2 * EPOCH);
    assert!(!bench.shown("held.test"));
    bench.file(hold(6));
    bench.run_to(3 * EPOCH);
    assert!(bench.shown("held.test"));
}

#[test]
fn a_report_that_may_be_shown_now_opens_no_hold_by_itself() {
    let mut bench = Bench::new();
    let hold = |firm, own: &'static str| by(firm, &["both.test", own]).warn(WhoMayBeWarned::OnceThreeHaveIt);
    bench.file(hold(1, "one.test"));
    bench.file(by(2, &["both.test"]));
    bench.run_to(2 * EPOCH);
    assert!(bench.shown("both.test"), "by the second's wish");
    assert_eq!(bench.campaign_of("both.test").unwrap().indicators, 1, "nothing of the held report came with it");
    assert!(!bench.shown("one.test"));
}

#[test]
fn what_is_for_the_cell_or_a_group_or_red_or_held_is_never_shown_and_shapes_nothing() {
    let mut bench = Bench::new();
    let group = "7f3c2f0a-7f6e-4a57-9f7a-0a52a8d1a001".parse().unwrap();
    let group = WhoMayBeWarned::Group { group, as_of: None };
    // Each links two values that members have: a link that leaked would make one campaign of them.
    bench.file(by(1, &["left.test"]));
    bench.file(by(2, &["right.test"]));
    bench.run_to(EPOCH);
    let before = bench.everything();
    let bridge = |firm| by(firm, &["hidden.test", "left.test", "right.test"]);
    bench.file(bridge(11).warn(WhoMayBeWarned::CellOnly));
    bench.file(bridge(12).warn(group));
    bench.file(bridge(13).marked(Tlp::Red, Pap::Clear));
    let mut scrubbed = bridge(14).scrubbed();
    for item in &mut scrubbed.values {
        item.held = Some("its own name".into());
    }
    bench.file(scrubbed);
    bench.run_to(4 * EPOCH);
    assert_eq!(bench.everything(), before);
    assert_eq!(bench.engine.fusion_all().len(), 6, "the cell has them all");
    assert_eq!(bench.engine.fusion_community().len(), 2);
}

#[test]
fn of_a_scrubbed_report_only_the_clean_values_are_shown() {
    let mut bench = Bench::new();
    bench.file(by(1, &["mail.firm1.test", "evil.test"]).scrubbed());
    bench.run_to(2 * EPOCH);
    assert!(bench.shown("evil.test"));
    assert!(!bench.shown("mail.firm1.test"));
    assert_eq!(bench.campaign_of("evil.test").unwrap().indicators, 1);
    assert!(!bench.everything().contains("firm1"));
}

#[test]
fn amber_strict_stands_alone() {
    let mut bench = Bench::new();
    bench.file(by(1, &["a.test"]));
    bench.file(by(2, &["b.test"]));
    for firm in 3..9 {
        bench.file(by(firm, &["a.test", "b.test", "strict.test"]).marked(Tlp::AmberStrict, Pap::Clear));
    }
    bench.run_to(2 * EPOCH);
    let strict = bench.indicator("strict.test").unwrap();
    assert_eq!((strict.campaign, strict.block, strict.tlp.as_str()), (None, false, "AMBER+STRICT"));
    let (a, b) = (bench.campaign_of("a.test").unwrap(), bench.campaign_of("b.test").unwrap());
    assert_ne!(a.id, b.id, "it links nothing");
    assert_eq!((a.band, b.band), (None, None), "and counts for nothing");
    assert_eq!(
        (a.tlp.as_str(), b.tlp.as_str()),
        ("AMBER+STRICT", "AMBER+STRICT"),
        "their titles name what is so marked"
    );
}

#[test]
fn a_merged_marking_is_the_strictest_of_each_label() {
    let mut bench = Bench::new();
    bench.file(by(1, &["evil.test"]).marked(Tlp::Clear, Pap::Clear));
    bench.tick_at(TICK);
    assert_eq!(bench.indicator("evil.test").unwrap().tlp, "CLEAR");
    bench.file(by(2, &["evil.test", "more.test"]).marked(Tlp::Amber, Pap::Clear));
    bench.file(by(3, &["evil.test"]).marked(Tlp::Green, Pap::Amber));
    bench.tick_at(2 * TICK);
    let view = bench.indicator("evil.test").unwrap();
    assert_eq!((view.tlp.as_str(), view.pap.as_str()), ("AMBER", "AMBER"));
    assert_eq!(bench.indicator("more.test").unwrap().pap, "CLEAR");
    assert_eq!(bench.campaign_of("evil.test").unwrap().tlp, "AMBER");
    assert_eq!(Marking::OPEN.join(OPEN), OPEN);
}

#[test]
fn a_firm_that_wishes_is_named_and_then_counts_for_no_band() {
    let mut bench = Bench::new();
    bench.file(by(1, &["evil.test"]).know(WhoMayKnow::Everybody));
    bench.file(by(2, &["other.test"]).know(WhoMayKnow::Cell));
    bench.file(by(3, &["other.test"]));
    bench.tick_at(TICK);
    assert_eq!(bench.indicator("evil.test").unwrap().attributed_to, "Firm 1");
    assert_eq!(bench.indicator("other.test").unwrap().attributed_to, "Test partnership");
    for firm in 4..8 {
        bench.file(by(firm, &["evil.test"]).know(WhoMayKnow::Everybody));
    }
    bench.run_to(2 * EPOCH);
    assert_eq!(bench.band("evil.test"), None, "named reports are public as they are");
    assert_eq!(
        bench.indicator("evil.test").unwrap().attributed_to,
        "Firm 1, Firm 4, Firm 5, Firm 6, Firm 7",
        "by name, not by arrival"
    );
    assert!(!bench.everything().contains("Firm 2"));
}

#[test]
fn a_block_takes_two_distinct_members_and_the_next_block_minute() {
    let mut bench = Bench::new();
    let file = |bench: &mut Bench, firm, value: &'static str| bench.file(by(firm, &[value]));
    bench.tick_at(TICK);
    for firm in [1, 1, 1] {
        file(&mut bench, firm, "one.test");
    }
    file(&mut bench, 1, "two.test");
    file(&mut bench, 2, "two.test");
    bench.file(by(9, &["one.test"]).own());
    bench.run_to(BLOCK - TICK);
    assert!(bench.shown("two.test") && !bench.blocked("two.test"), "not before the block minute");
    bench.tick_at(BLOCK);
    assert!(bench.blocked("two.test"));
    bench.run_to(4 * BLOCK);
    assert!(!bench.blocked("one.test"), "one member three times, and the cell itself, are one member");
}

#[test]
fn what_may_not_be_pushed_or_is_everyday_is_never_blocked() {
    let mut bench = Bench::new();
    for firm in [1, 2, 3] {
        bench.file(by(firm, &["quiet.test"]).marked(Tlp::Green, Pap::Amber));
        bench.file(by(firm, &["google.com"]));
    }
    bench.run_to(2 * EPOCH);
    assert!(bench.shown("quiet.test") && !bench.blocked("quiet.test"));
    assert!(bench.indicator("google.com").unwrap().common.is_some(), "listed");
    assert!(!bench.blocked("google.com"));
}

#[test]
fn a_text_of_the_cell_reaches_members_unless_it_is_red() {
    let mut bench = Bench::new();
    bench.append(advisory("patch now", Tlp::Amber, None));
    bench.append(advisory("for named persons", Tlp::Red, None));
    bench.append(Body::Posture {
        word: PostureWord::Raised,
        text: "first".into(),
        by: model::PersonId::from_bytes([9; 16]),
    });
    bench.append(Body::Posture {
        word: PostureWord::High,
        text: "second".into(),
        by: model::PersonId::from_bytes([9; 16]),
    });
    let batch = bench.tick_at(TICK).unwrap();
    assert_eq!(batch.objects.len(), 2, "one advisory, and of two postures the later");
    let all = bench.everything();
    assert!(all.contains("patch now") && all.contains("second"));
    assert!(!all.contains("named persons") && !all.contains("first"));
}

#[test]
fn nothing_that_a_reporter_wrote_or_is_reaches_members() {
    let mut bench = Bench::new();
    for firm in 1..8 {
        bench.file(by(firm, &["evil.test", "more.test"]));
    }
    bench.run_to(2 * EPOCH);
    let all = bench.everything();
    assert!(all.contains("evil.test"));
    for never in ["secret", "Firm ", "case", "token", "high"] {
        assert!(!all.contains(never), "{never}");
    }
    let mut cases = Vec::new();
    bench
        .vault
        .replay(1, |entry| {
            if let Body::Report(report) = &entry.body {
                cases.push(report.case.to_string());
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(cases.len(), 7);
    assert!(cases.iter().all(|case| !all.contains(case)), "pseudonyms are the cell's alone");
}

#[test]
fn a_name_for_the_cell_is_shown_to_nobody() {
    let mut bench = Bench::new();
    bench.file(by(1, &["v.test"]).know(WhoMayKnow::Cell));
    bench.run_to(TICK);
    assert_eq!(bench.indicator("v.test").unwrap().attributed_to, "Test partnership");
    assert!(!bench.everything().contains("Firm"));
}

#[test]
fn the_title_of_a_campaign_does_not_tell_which_value_came_first() {
    let mut bench = Bench::new();
    bench.file(by(1, &["z.test"]));
    bench.run_to(TICK);
    bench.file(by(2, &["z.test", "a.test"]));
    bench.run_to(2 * TICK);
    assert!(bench.campaign_of("z.test").unwrap().title.contains("a.test"));
    bench.assert_replays();
}

#[test]
fn an_everyday_value_without_any_label_is_shown_too() {
    let mut bench = Bench::new();
    bench.file(by(1, &["gmail.com"]).marked(Tlp::Clear, Pap::Clear));
    bench.run_to(TICK);
    assert!(bench.shown("gmail.com"));
    bench.assert_replays();
}

#[test]
fn a_report_that_is_stamped_before_a_tick_that_is_past_confirms_nothing() {
    let mut bench = Bench::new();
    bench.file(by(1, &["v.test"]));
    bench.run_to(10 * TICK);
    // Its sender's clock, or the queue, was late.
    bench.clock.0.store(common::START, std::sync::atomic::Ordering::SeqCst);
    bench.file(by(2, &["v.test"]));
    bench.run_to(2 * BLOCK);
    assert!(!bench.blocked("v.test"), "members had it by then");
    bench.assert_replays();
}
