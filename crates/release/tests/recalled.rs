//! What a reporter recalls for good leaves both stores, and copies of them that are older.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{BLOCK, Bench, EPOCH, TICK, by, correction};
use model::{AttackKind, GroupId, Pap, Timestamp, Tlp, WhoMayBeWarned, WhoMayKnow};
use vault::Act;

fn consent(warn: WhoMayBeWarned) -> Act {
    Act::Consent { warn }
}

fn bytes_of(dir: &std::path::Path) -> Vec<u8> {
    let files = ["vault.db", "vault.db-wal", released::FILE, &format!("{}-wal", released::FILE)];
    files.iter().flat_map(|name| std::fs::read(dir.join(name)).unwrap_or_default()).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn what_is_recalled_is_gone_from_both_stores_and_the_chain_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let store = {
        let mut bench = Bench::at(&dir);
        bench.file(by(1, &["aa-customer.test", "shared.test"]));
        bench.file(by(2, &["shared.test", "zz-other.test"]));
        bench.tick_at(TICK);
        assert!(bench.act(0, correction(&["bb-customer.test"], &[])));
        assert!(bench.act(0, Act::Say { text: "our customer list, by mistake".into() }));
        bench.tick_at(2 * TICK);
        for text in ["aa-customer", "bb-customer"] {
            assert!(holds(&bytes_of(&dir), text), "members were never shown {text}");
        }
        let whole = bench.vault.report_of(bench.cases.borrow()[0].1).unwrap().unwrap().0;
        assert_eq!(whole.title, "secret title");
        assert!(bench.act(0, Act::Recall));
        let case = bench.cases.borrow()[0].1;
        assert_eq!(bench.vault.recalled(), [case]);
        bench.tick_at(3 * TICK);
        assert!(!bench.shown("aa-customer.test") && bench.shown("shared.test") && bench.shown("zz-other.test"));
        assert!(!bench.campaign_of("shared.test").unwrap().title.contains("customer"));
        let erased = bench.engine.erase(case).unwrap().unwrap();
        bench.vault.redact(case, &erased).unwrap();
        bench.fold();
        assert!(bench.vault.recalled().is_empty());
        assert!(!bench.act(0, Act::Recall), "it is recalled once");
        let report = bench.vault.report_of(case).unwrap().unwrap().0;
        assert!(report.title.is_empty() && report.items.is_empty() && report.narrative.is_empty());
        // What others told is as it was.
        assert!(bench.everything().contains("shared.test"));
        for text in ["aa-customer", "bb-customer", "customer list"] {
            for name in ["vault.db", "vault.db-wal", released::FILE, "released.db-wal"] {
                let bytes = std::fs::read(dir.join(name)).unwrap_or_default();
                assert!(!holds(&bytes, text), "{text} is still in {name}");
            }
        }
        bench.engine.released_digest().unwrap()
    };
    vault::verify(&dir, &vault::default_keys_dir(&dir)).unwrap();
    let mut bench = Bench::at(&dir);
    assert_eq!(bench.engine.released_digest().unwrap(), store);
    let replayed = bench.replayed();
    assert_eq!(replayed.released_digest().unwrap(), store, "a rebuild comes to the store that was emptied in place");
    bench.tick_at(4 * TICK);
    assert!(bench.shown("shared.test") && !bench.shown("aa-customer.test"));
}

#[test]
fn a_recall_of_what_members_were_never_shown_empties_nothing_that_they_have() {
    let mut bench = Bench::new();
    bench.file(by(1, &["aa.test"]));
    bench.file(by(2, &["aa.test"]));
    bench.tick_at(TICK);
    // A later version of the campaign: the earlier one, which names the value too, is what its history is told from.
    bench.file(by(3, &["aa.test", "bb.test"]));
    bench.file(by(4, &["aa.test"]).warn(WhoMayBeWarned::CellOnly));
    bench.file(by(5, &["aa.test"]).scrubbed());
    bench.tick_at(2 * TICK);
    let before = bench.engine.released_digest().unwrap();
    for n in [3, 4] {
        assert!(bench.act(n, Act::Recall));
        bench.tick_at(3 * TICK + n as i64 * TICK);
        let case = bench.cases.borrow()[n].1;
        let erased = bench.engine.erase(case).unwrap().unwrap();
        assert!(erased.shown.is_empty() && erased.texts.is_empty(), "{erased:?}");
        bench.vault.redact(case, &erased).unwrap();
        bench.fold();
        assert_eq!(bench.engine.released_digest().unwrap(), before);
    }
    assert_eq!(bench.replayed().released_digest().unwrap(), before);
    // What a case did tell is emptied, also where others told it too.
    assert!(bench.act(2, Act::Recall));
    bench.tick_at(9 * TICK);
    let erased = bench.engine.erase(bench.cases.borrow()[2].1).unwrap().unwrap();
    assert_eq!(erased.texts, ["aa.test", "bb.test"]);
}

#[test]
fn a_recall_of_what_a_group_alone_was_shown_empties_nothing_of_every_member() {
    let group = GroupId::from_bytes([7; 16]);
    let warn = WhoMayBeWarned::Group { group, as_of: Some(Timestamp::from_millis(common::START)) };
    let mut bench = Bench::new();
    bench.file(by(1, &["aa.test"]));
    bench.file(by(2, &["aa.test"]));
    bench.file(by(4, &["aa.test"]).warn(warn));
    bench.tick_at(TICK);
    // From here on the version of the campaign that names the value is its past, and its history is told from that.
    bench.file(by(3, &["aa.test", "bb.test"]));
    bench.tick_at(2 * TICK);
    let history = |bench: &Bench| {
        let campaign = bench.campaign_of("aa.test").unwrap();
        let id = released::parse_id(&campaign.id).unwrap();
        bench.reader.campaign_versions(&id, 10).unwrap()
    };
    let before = history(&bench);
    assert_eq!(before.len(), 2);
    assert!(bench.act(2, Act::Recall));
    bench.tick_at(3 * TICK);
    let case = bench.cases.borrow()[2].1;
    let erased = bench.engine.erase(case).unwrap().unwrap();
    assert!(erased.texts.is_empty() && erased.shown.iter().all(|(of, _)| *of == Some(group)), "{erased:?}");
    assert_eq!(erased.shown.len(), 1);
    bench.vault.redact(case, &erased).unwrap();
    bench.fold();
    assert_eq!(history(&bench), before);
    let digest = bench.engine.released_digest().unwrap();
    assert_eq!(bench.replayed().released_digest().unwrap(), digest);
}

#[test]
fn an_entry_that_lost_its_content_without_a_word_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    {
        let mut bench = Bench::at(&dir);
        bench.file(by(1, &["a.test"]));
        bench.file(by(2, &["b.test"]));
        bench.tick_at(TICK);
        assert!(bench.act(0, Act::Recall));
        bench.tick_at(2 * TICK);
        let case = bench.cases.borrow()[0].1;
        let erased = bench.engine.erase(case).unwrap().unwrap();
        bench.vault.redact(case, &erased).unwrap();
    }
    let keys = vault::default_keys_dir(&dir);
    vault::verify(&dir, &keys).unwrap();
    let sql = |text: &str| {
        let connection = rusqlite::Connection::open(dir.join("vault.db")).unwrap();
        connection.execute_batch(text).unwrap();
    };
    // What members were shown, said to have been taken out by hand.
    let release =
        "seq = (SELECT min(seq) FROM journal WHERE redacted = 0 AND CAST(body AS TEXT) LIKE '{\"t\":\"findings%')";
    sql(&format!("UPDATE journal SET redacted = 1 WHERE {release}"));
    let error = vault::verify(&dir, &keys).unwrap_err().to_string();
    assert!(error.contains("no later entry says"), "{error}");
    sql(&format!("UPDATE journal SET redacted = 0 WHERE {}", release.replace("redacted = 0", "redacted = 1")));
    vault::verify(&dir, &keys).unwrap();
    // What is left of one that names the recalled value, changed.
    sql("UPDATE journal SET body = CAST(substr(body, 1, length(body) - 1) || x'00' AS BLOB) WHERE redacted = 1");
    assert!(vault::verify(&dir, &keys).is_err());
}

fn copied(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &place)
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// Reports of every kind, a copy of the data, recalls, and then the copy with the keys of today.
#[test]
fn an_older_copy_with_the_keys_of_today_takes_back_from_everybody_what_was_recalled_since() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, older) = (folder.path().join("one/data"), folder.path().join("two/data"));
    let group = GroupId::from_bytes([7; 16]);
    let warn = WhoMayBeWarned::Group { group, as_of: Some(Timestamp::from_millis(common::START)) };
    let recalled = {
        let mut bench = Bench::at(&dir);
        bench.file(by(1, &["plain.test", "shared.test"]));
        bench.file(by(2, &["shared.test", "kept.test"]));
        bench.file(by(3, &["grouped.test"]).warn(warn));
        bench.file(by(4, &["grouped.test", "later.test"]).warn(warn));
        // What nobody was shown, of values that others told members.
        bench.file(by(5, &["plain.test", "kept.test"]).warn(WhoMayBeWarned::CellOnly));
        bench.tick_at(TICK);
        assert!(bench.act(0, correction(&["added.test"], &[])));
        assert!(bench.act(3, consent(WhoMayBeWarned::Now)));
        bench.run_to(2 * BLOCK);
        assert!(bench.shown("plain.test") && bench.shown("added.test") && bench.shown("later.test"));
        vault::backup(&dir, None, &older, &folder.path().join("keys-of-then")).unwrap();
        for n in [0, 2, 3, 4] {
            assert!(bench.act(n, Act::Recall));
        }
        bench.run_to(3 * BLOCK);
        let recalled = bench.vault.recalled();
        assert_eq!(recalled.len(), 4);
        for case in &recalled {
            let erased = bench.engine.erase(*case).unwrap().unwrap();
            bench.vault.redact(*case, &erased).unwrap();
        }
        bench.fold();
        recalled
    };
    copied(&vault::default_keys_dir(&dir), &vault::default_keys_dir(&older));
    let list = std::fs::read_to_string(vault::default_keys_dir(&older).join("erased")).unwrap();
    assert!(recalled.iter().all(|case| list.contains(&case.to_string())));
    let chance: std::sync::Arc<dyn model::Entropy> = common::seeded();
    vault::accept_head(&older, None, &common::HandClock((common::START + 4 * BLOCK).into()), &chance).unwrap();
    vault::verify(&older, &vault::default_keys_dir(&older)).unwrap();
    // Opened and ended once before anything could be taken back.
    drop(Bench::at(&older));
    let mut bench = Bench::at(&older);
    assert_eq!(bench.vault.recalled(), recalled);
    bench.run_to(5 * BLOCK);
    for (value, there) in [
        ("plain.test", false),
        ("added.test", false),
        ("later.test", false),
        ("grouped.test", false),
        ("shared.test", true),
        ("kept.test", true),
    ] {
        assert_eq!(bench.shown(value), there, "{value}");
    }
    for case in &recalled {
        let erased = bench.engine.erase(*case).unwrap().unwrap();
        bench.vault.redact(*case, &erased).unwrap();
    }
    bench.fold();
    assert!(bench.vault.recalled().is_empty());
    for value in ["plain.test", "added.test", "later.test", "grouped.test"] {
        for name in [released::FILE, "released.db-wal"] {
            let bytes = std::fs::read(older.join(name)).unwrap_or_default();
            assert!(!holds(&bytes, value), "{value} is still in {name}");
        }
    }
    let store = bench.engine.released_digest().unwrap();
    assert_eq!(bench.replayed().released_digest().unwrap(), store);
}

/// What the n-th report told goes from both stores, once members have lost it.
fn erase(bench: &mut Bench, n: usize) {
    let case = bench.cases.borrow()[n].1;
    let erased = bench.engine.erase(case).unwrap().unwrap();
    bench.vault.redact(case, &erased).unwrap();
    bench.fold();
}

/// A label of the cell's own waits for three members. With what one of them told erased, a start finds only two by then, and the
/// label later: members had it all the same. Nor is the campaign another one, if it is the oldest report that was erased.
#[test]
fn a_start_after_an_erasure_shows_no_campaign_again_that_members_have_as_it_is() {
    let warn = WhoMayBeWarned::OnceThreeHaveIt;
    for recalled in 0..3 {
        let mut bench = Bench::new();
        bench.file_all([2, 1, 3].map(|firm| by(firm, &["c.test"])).into());
        bench.file(by(9, &["c.test"]).own().warn(warn).marked(Tlp::AmberStrict, Pap::Green));
        bench.run_to(EPOCH);
        assert_eq!(bench.campaign_of("c.test").unwrap().tlp, "AMBER+STRICT");
        bench.file(by(4, &["c.test"]).know(WhoMayKnow::Everybody));
        assert!(bench.act(recalled, Act::Recall));
        bench.run_to(2 * EPOCH + TICK);
        erase(&mut bench, recalled);
        bench.restart();
        let shown = bench.everything();
        bench.run_to(4 * EPOCH);
        assert_eq!(bench.everything(), shown, "{recalled}");
    }
}

/// What waited for three opened by a report that is erased now; by what is left it opens later, and is what members have had since.
#[test]
fn a_value_stays_in_its_campaign_though_a_start_finds_it_opened_later() {
    let held = |firm| by(firm, &["a.test"]).warn(WhoMayBeWarned::OnceThreeHaveIt);
    let mut bench = Bench::new();
    bench.file_all(vec![by(1, &["a.test"]), held(2), held(3)]);
    bench.tick_at(EPOCH);
    let campaign = bench.campaign_of("a.test").unwrap().id;
    assert!(bench.act(0, Act::Recall));
    bench.run_to(EPOCH + TICK);
    bench.file(held(4));
    bench.run_to(2 * EPOCH + TICK);
    erase(&mut bench, 0);
    bench.restart();
    let shown = bench.everything();
    bench.run_to(4 * EPOCH);
    assert_eq!(bench.everything(), shown);
    bench.file(by(5, &["a.test"]).know(WhoMayKnow::Everybody));
    bench.run_to(6 * EPOCH);
    assert_eq!(bench.indicator("a.test").unwrap().attributed_to, "Firm 5");
    assert_eq!(bench.campaign_of("a.test").unwrap().id, campaign);
}

/// Live, what one report made one stays one when it is taken back; a start knows no more why.
#[test]
fn campaigns_that_an_erased_report_made_one_stay_one_for_members_after_a_start() {
    // All at one tick, or first as two that members have, in either order of the two.
    for (apart, first) in [(false, "d.test"), (true, "d.test"), (true, "f.test")] {
        let mut bench = Bench::eager();
        let second = if first == "d.test" { "f.test" } else { "d.test" };
        for (firm, value) in [(1, first), (2, second)] {
            bench.file(by(firm, &[value]));
            if apart {
                bench.run_to(bench.now() + TICK);
            }
        }
        assert_eq!(bench.shown("d.test"), apart);
        bench.file(by(3, &["d.test", "f.test"]));
        bench.run_to(EPOCH);
        let campaign = bench.campaign_of("d.test").unwrap().id;
        assert_eq!(bench.campaign_of("f.test").unwrap().id, campaign);
        assert!(bench.act(2, Act::Recall));
        bench.run_to(EPOCH + 2 * TICK);
        erase(&mut bench, 2);
        bench.restart();
        let shown = bench.everything();
        bench.run_to(3 * EPOCH);
        assert_eq!(bench.everything(), shown, "{apart}");
        for (firm, value) in [(4, "f.test"), (5, "d.test")] {
            bench.file(by(firm, &[value]).know(WhoMayKnow::Everybody));
            bench.run_to(bench.now() + EPOCH);
            let view = bench.indicator(value).unwrap();
            assert_eq!(view.attributed_to, format!("Firm {firm}"));
            assert_eq!(bench.campaign_of(value).unwrap().id, campaign, "{value} {apart}");
        }
        bench.assert_replays();
    }
}

#[test]
fn labels_bands_and_marks_that_were_shown_stay_after_a_start_though_the_report_they_came_from_is_erased() {
    let mut bench = Bench::new().populated(160, 20);
    bench.file(by(1, &["a.test"]).marked(Tlp::Amber, Pap::Amber).attack(AttackKind::Ransomware).technique("T1486"));
    for firm in 2..=4 {
        bench.file(by(firm, &["a.test"]).attack(AttackKind::NotSure));
    }
    bench.run_to(EPOCH);
    let before = bench.campaign_of("a.test").unwrap();
    assert_eq!((before.band.as_deref(), &before.sectors[..]), (Some("4+"), &["Energy".to_owned()][..]));
    assert!(bench.act(0, Act::Recall));
    bench.run_to(EPOCH + 2 * TICK);
    erase(&mut bench, 0);
    bench.restart();
    bench.file(by(5, &["a.test", "b.test"]).know(WhoMayKnow::Everybody).attack(AttackKind::NotSure));
    bench.run_to(3 * EPOCH);
    let (value, after) = (bench.indicator("a.test").unwrap(), bench.campaign_of("a.test").unwrap());
    assert_eq!((value.attributed_to.as_str(), value.tlp.as_str(), value.pap.as_str()), ("Firm 5", "AMBER", "AMBER"));
    assert_eq!(after.indicators, 2);
    assert_eq!(
        (after.band, after.sectors, after.tlp, after.attack, after.techniques),
        (before.band, before.sectors, before.tlp, before.attack, before.techniques)
    );
    bench.assert_replays();
}

#[test]
fn what_was_taken_back_and_told_anew_within_a_tick_stays_in_its_new_campaign_after_a_start() {
    let mut bench = Bench::eager();
    let later = |firm| by(firm, &["f.test"]).warn(WhoMayBeWarned::NextEpoch);
    bench.file_all(vec![by(1, &["e.test", "f.test"]).own(), later(2), later(3), by(4, &["e.test"])]);
    bench.run_to(TICK);
    assert!(bench.act(0, Act::Recall));
    // Nothing looks until the next epoch: what was taken back goes and comes at one tick.
    bench.tick_at(EPOCH);
    let campaigns = |bench: &Bench| ["e.test", "f.test"].map(|value| bench.campaign_of(value).unwrap().id);
    let before = campaigns(&bench);
    assert_ne!(before[0], before[1]);
    erase(&mut bench, 0);
    bench.restart();
    bench.file_all(["e.test", "f.test"].map(|value| by(5, &[value]).know(WhoMayKnow::Everybody)).into());
    bench.run_to(3 * EPOCH);
    assert_eq!(bench.indicator("f.test").unwrap().attributed_to, "Firm 5");
    assert_eq!(campaigns(&bench), before);
}

#[test]
fn nothing_is_emptied_before_members_lost_it_or_of_what_they_are_told_later() {
    let mut bench = Bench::new();
    bench.file(by(1, &["customer.test"]));
    bench.tick_at(TICK);
    assert!(bench.act(0, Act::Recall));
    let case = bench.cases.borrow()[0].1;
    bench.tick_at(2 * TICK - 1);
    assert!(bench.engine.erase(case).unwrap().is_none(), "its withdrawal is still to be shown");
    bench.tick_at(2 * TICK);
    let erased = bench.engine.erase(case).unwrap().unwrap();
    assert_eq!(erased.ticks.1.as_millis(), common::START + 2 * TICK);
}
