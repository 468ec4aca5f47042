//! Random scripts: whatever happens in whatever order, replay comes to the live state and to the live store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Bench, EPOCH, Filed, TICK, advisory, by, correction};
use model::{Pap, PersonId, Region, Tlp, WhoMayBeWarned, WhoMayKnow};
use policy::PostureWord;
use proptest::prelude::*;
use vault::{Act, Body};

const VALUES: [&str; 8] = ["a.test", "b.test", "c.test", "d.test", "e.test", "google.com", "f.test", "g.test"];

#[derive(Clone, Debug)]
enum Step {
    File(Vec<Filed>),
    /// Appended, but the gate is told only with the next step.
    Unseen(Filed),
    Pass(i64),
    Members(u32),
    Advise(Tlp),
    Posture(bool),
    /// The process ends and another one opens the same journal.
    Restart,
    /// The reporter of one of the reports so far changes something about it.
    Act(usize, Change),
    /// What was recalled goes from both stores.
    Erase,
}

#[derive(Clone, Debug)]
enum Change {
    Withdraw,
    Recall,
    Consent(WhoMayBeWarned),
    Correct { dropped: usize, added: usize },
}

fn filed() -> impl Strategy<Value = Filed> {
    let warn = prop_oneof![
        4 => Just(WhoMayBeWarned::Now),
        2 => Just(WhoMayBeWarned::NextEpoch),
        3 => Just(WhoMayBeWarned::OnceThreeHaveIt),
        1 => Just(WhoMayBeWarned::CellOnly),
    ];
    let know = prop_oneof![5 => Just(WhoMayKnow::Nobody), 1 => Just(WhoMayKnow::Everybody)];
    let tlp = prop_oneof![
        4 => Just(Tlp::Green),
        1 => Just(Tlp::Clear),
        1 => Just(Tlp::Amber),
        1 => Just(Tlp::AmberStrict),
        1 => Just(Tlp::Red),
    ];
    let values = prop::collection::btree_set(0..VALUES.len(), 1..4);
    let place =
        prop_oneof![Just((Some("energy"), None)), Just((Some("water"), Some(Region::Wales))), Just((None, None))];
    (1..13_u8, warn, know, tlp, values, place, 0..10_u8).prop_map(|(firm, warn, know, tlp, values, place, odd)| {
        let values: Vec<&str> = values.into_iter().map(|value| VALUES[value]).collect();
        let mut filed = by(firm, &values).warn(warn).know(know).marked(tlp, Pap::Green).sector(place.0);
        filed.region = place.1;
        match odd {
            0 => filed.scrubbed(),
            1 => filed.own(),
            _ => filed,
        }
    })
}

fn change() -> impl Strategy<Value = Change> {
    let warn =
        prop_oneof![Just(WhoMayBeWarned::Now), Just(WhoMayBeWarned::NextEpoch), Just(WhoMayBeWarned::OnceThreeHaveIt),];
    prop_oneof![
        3 => Just(Change::Withdraw),
        2 => warn.prop_map(Change::Consent),
        2 => (0..VALUES.len(), 0..VALUES.len()).prop_map(|(dropped, added)| Change::Correct { dropped, added }),
    ]
}

fn recalling() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => step(),
        2 => any::<usize>().prop_map(|which| Step::Act(which, Change::Recall)),
        1 => Just(Step::Erase),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(filed(), 1..4).prop_map(Step::File),
        1 => filed().prop_map(Step::Unseen),
        4 => (1..2 * TICK).prop_map(Step::Pass),
        2 => (1..EPOCH + 1_000).prop_map(Step::Pass),
        1 => (3..30_u32).prop_map(Step::Members),
        1 => prop_oneof![Just(Tlp::Green), Just(Tlp::Red)].prop_map(Step::Advise),
        1 => any::<bool>().prop_map(Step::Posture),
        1 => Just(Step::Restart),
        3 => (any::<usize>(), change()).prop_map(|(which, change)| Step::Act(which, change)),
    ]
}

fn play(bench: &mut Bench, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::File(filed) => bench.file_all(filed),
            Step::Unseen(filed) => bench.append_reports(vec![filed]),
            Step::Pass(millis) => {
                let at = bench.now() + millis;
                bench.tick_at(at);
            }
            Step::Members(members) => bench.populate(members, members.min(12)),
            Step::Advise(tlp) => bench.append(advisory("text", tlp, None)),
            Step::Posture(high) => {
                let word = if high { PostureWord::High } else { PostureWord::Normal };
                bench.append(Body::Posture { word, text: "text".into(), by: PersonId::from_bytes([9; 16]) });
            }
            Step::Restart => bench.restart(),
            Step::Erase => erase(bench),
            Step::Act(which, change) => {
                let cases = bench.cases.borrow().len();
                if cases == 0 {
                    continue;
                }
                let act = match change {
                    Change::Withdraw => Act::Withdraw,
                    Change::Recall => Act::Recall,
                    Change::Consent(warn) => Act::Consent { warn },
                    Change::Correct { dropped, added } => correction(&[VALUES[added]], &[VALUES[dropped]]),
                };
                bench.act(which % cases, act);
            }
        }
    }
    bench.fold();
}

/// What was recalled goes from both stores, as far as members have lost it.
fn erase(bench: &mut Bench) {
    for case in bench.vault.recalled() {
        if let Some(erased) = bench.engine.erase(case).unwrap() {
            bench.vault.redact(case, &erased).unwrap();
        }
    }
    bench.fold();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replay_comes_to_the_live_state_and_store(steps in prop::collection::vec(step(), 1..40)) {
        let mut bench = Bench::with(release::EngineConfig { over_common_members: 6, ..release::EngineConfig::default() });
        play(&mut bench, steps);
        bench.assert_replays();
        let end = bench.now();
        bench.run_to((end / EPOCH + 1) * EPOCH - EPOCH % TICK);
        bench.assert_replays();
        prop_assert!(!bench.everything().contains("secret"));
    }

    /// Whoever starts anew after something was recalled and erased has shown what was shown, and shows nothing else for it. Reports are
    /// linked by equal values, however many members have them: by what is left, rarity and stop-values may be others.
    #[test]
    fn a_start_after_erasures_comes_to_the_store_of_before(steps in prop::collection::vec(recalling(), 1..40)) {
        let mut bench = Bench::eager();
        play(&mut bench, steps);
        let end = (bench.now() / EPOCH + 1) * EPOCH;
        bench.run_to(end + 2 * EPOCH);
        erase(&mut bench);
        let live = bench.everything();
        let digest = bench.engine.released_digest().unwrap();
        bench.restart();
        prop_assert_eq!(bench.everything(), live, "another store by replay");
        prop_assert_eq!(bench.engine.released_digest().unwrap(), digest);
        let shown = bench.everything();
        bench.run_to(end + 4 * EPOCH);
        prop_assert_eq!(bench.everything(), shown, "a start changes what members have");
    }
}
