//! The desk as the cell's wall meets it: rows that age, merges, sources that fall silent, and nothing that pairs reports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use desk::{Desk, DeskConfig, Facts, Frame};
use fusion::{Config, Event, Finding, Fusion, Observation};
use model::{
    AttackKind, CampaignId, CaseId, KeySeed, Marking, MemberToken, Observable, PersonId, Severity, Sighting, Timestamp,
    WhoMayBeWarned, WhoMayKnow,
};
use serde_json::Value;
use vault::{Body, Item, Journal, MemoryJournal, NewEntry, ReportEntry};

const START: i64 = 1_790_000_000_000 / 60_000 * 60_000;
const MINUTE: i64 = 60_000;

struct World {
    journal: Arc<MemoryJournal>,
    fusion: Fusion,
    desk: Desk,
    facts: Facts,
    now: Timestamp,
    /// Tags of the reports that are sent from now on.
    tags: Vec<String>,
}

fn case(n: u8) -> CaseId {
    CaseId::from_bytes([n; 16])
}

fn campaign(n: u8) -> String {
    CampaignId::from_bytes([n; 16]).to_string()
}

impl World {
    fn new() -> Self {
        let journal = Arc::new(MemoryJournal::new());
        let key_seed = KeySeed([7; 16]);
        let lanes = vec![("energy".to_owned(), "Energy".to_owned()), ("water".to_owned(), "Water".to_owned())];
        let config =
            DeskConfig { journal: Arc::clone(&journal) as _, key_seed, lanes, slot_millis: 30_000, exercise: true };
        let now = Timestamp::from_millis(START);
        let fusion = Fusion::new(Config::new(true, key_seed));
        let mut world =
            Self { journal, fusion, desk: Desk::new(config), facts: Facts::default(), now, tags: Vec::new() };
        world.frames();
        world
    }

    fn append(&mut self, body: Body, findings: &[Finding]) {
        let seqs = self.journal.append(vec![NewEntry::new(self.now, body)]).unwrap();
        let entry = self.journal.read(seqs[0], 1).unwrap().remove(0);
        self.desk.advance(self.now);
        self.desk.apply(&entry, findings, true);
    }

    fn report(&mut self, n: u8, firm: u8, sector: &str, values: &[&str]) {
        self.send(n, firm, sector, values, false);
    }

    fn send(&mut self, n: u8, firm: u8, sector: &str, values: &[&str], own: bool) {
        let observables: Vec<Observable> = values.iter().map(|value| Observable::detect(value).unwrap()).collect();
        let seed = KeySeed([7; 16]);
        let observations: Vec<Observation<'_>> =
            observables.iter().map(|observable| Observation { key: observable.key(seed), observable }).collect();
        let token = MemberToken::from_bytes([firm; 16]);
        let event = Event {
            at: self.now,
            case: case(n),
            token,
            window: 1,
            sector: Some(sector),
            region: None,
            counts: !own,
            of_member: !own,
            observations: &observations,
            techniques: &[],
            tags: &self.tags.iter().map(String::as_str).collect::<Vec<_>>(),
        };
        let mut findings = Vec::new();
        self.fusion.step(&event, &mut findings);
        let item =
            |observable: &Observable| Item { sighting: Sighting::of(observable.clone()), held: None, kept: None };
        let entry = ReportEntry {
            case: case(n),
            token,
            sector: Some(sector.to_owned()),
            region: None,
            received_at: self.now,
            happened_at: None,
            warn: WhoMayBeWarned::Now,
            know: WhoMayKnow::Nobody,
            named: None,
            own,
            outside: false,
            grade: None,
            marking: Marking::default(),
            attack: AttackKind::Phishing,
            severity: Severity::Medium,
            ongoing: false,
            title: "mail".into(),
            narrative: String::new(),
            techniques: vec![],
            tags: self.tags.clone(),
            items: observables.iter().map(item).collect(),
        };
        self.append(Body::Report(Box::new(entry)), &findings);
    }

    fn pass(&mut self, millis: i64) -> Vec<(String, Value)> {
        self.now = self.now.plus_millis(millis);
        self.frames()
    }

    fn frames(&mut self) -> Vec<(String, Value)> {
        self.facts.stepped_at = self.now;
        let frames = self.desk.frames(self.now, &self.fusion, &self.facts);
        frames
            .into_iter()
            .map(|Frame { event, data }| (event.to_owned(), serde_json::from_str(&data).unwrap()))
            .collect()
    }

    fn rows(&mut self, event: &str, millis: i64) -> Vec<Value> {
        self.pass(millis).into_iter().filter(|(name, _)| name == event).map(|(_, data)| data).collect()
    }

    fn silent(&self) -> Vec<String> {
        let wall = self.desk.wall(self.now, &self.fusion, &self.facts);
        wall.feeds.into_iter().filter(|row| row.silent).map(|row| row.id).collect()
    }
}

#[test]
fn a_title_says_how_many_values_there_are_now() {
    let mut world = World::new();
    for (n, firm) in [(1, 1), (2, 2), (3, 3)] {
        world.report(n, firm, "energy", &["evil.test"]);
    }
    assert_eq!(world.rows("campaign", 0).remove(0)["title"], "Phishing: evil.test");
    world.report(4, 4, "energy", &["evil.test", "worse.test", "worst.test"]);
    let row = world.rows("campaign", 0).remove(0);
    assert_eq!((&row["title"], &row["indicators"]), (&"Phishing: evil.test and 2 more".into(), &3.into()));
}

#[test]
fn a_row_is_sent_again_as_time_alone_changes_it() {
    let mut world = World::new();
    for (n, firm) in [(1, 1), (2, 2), (3, 3)] {
        world.report(n, firm, "energy", &["evil.test"]);
    }
    let row = world.rows("campaign", 0).remove(0);
    assert_eq!(
        (row["trend"].as_str(), row["firms"].as_u64(), row["delta"].as_u64()),
        (Some("spreading"), Some(3), Some(3))
    );
    assert_eq!(row["exercise"], true);
    assert!(world.rows("campaign", 9 * MINUTE).is_empty(), "nothing has changed");
    let row = world.rows("campaign", MINUTE + 1).remove(0);
    assert_eq!((row["trend"].as_str(), row["delta"].as_u64()), (Some("steady"), Some(0)));
    let row = world.rows("campaign", 5 * MINUTE).remove(0);
    assert_eq!(row["trend"], "cooling");
    assert!(world.rows("campaign", 60 * MINUTE).is_empty(), "a dead campaign rests");
}

#[test]
fn a_wave_stands_on_the_wall_for_six_hours_by_the_minute() {
    let mut world = World::new();
    world.now = world.now.plus_millis(MINUTE / 2);
    for (n, firm) in [(1, 1), (2, 1), (3, 2)] {
        world.report(n, firm, "energy", &["evil.test"]);
    }
    assert_eq!(world.rows("campaign", 0).remove(0)["wave"], Value::Null, "two firms are none");
    world.report(4, 3, "energy", &["evil.test"]);
    let row = world.rows("campaign", 0).remove(0);
    assert_eq!(row["wave"], "2026-09-21T14:13:00.000Z");
    // A firm more of the same wave is no other wave, and does not make it last longer.
    world.pass(5 * 60 * MINUTE);
    world.report(5, 4, "energy", &["evil.test"]);
    assert_eq!(world.rows("campaign", 0).remove(0)["wave"], row["wave"]);
    assert!(world.rows("campaign", 59 * MINUTE).iter().all(|later| later["wave"] == row["wave"]));
    assert_eq!(world.rows("campaign", MINUTE / 2 + 1).remove(0)["wave"], Value::Null);
}

#[test]
fn a_merge_tells_viewers_which_campaign_is_gone() {
    let mut world = World::new();
    for (n, firm, value) in [(1, 1, "a.test"), (2, 2, "a.test"), (3, 3, "b.test"), (4, 4, "b.test")] {
        world.report(n, firm, "energy", &[value]);
    }
    assert_eq!(world.rows("campaign", 0).len(), 2);
    world.append(Body::Claim { case: case(4), by: PersonId::from_bytes([9; 16]), name: "Kit".into() }, &[]);
    assert_eq!(world.rows("campaign", 1_000).remove(0)["owner"], "Kit", "a claim shows at once");
    world.report(5, 5, "energy", &["a.test", "b.test"]);
    let frames = world.pass(1_000);
    let gone: Vec<&Value> = frames.iter().filter(|(event, _)| event == "campaign-gone").map(|(_, data)| data).collect();
    assert_eq!(gone.len(), 1, "{frames:?}");
    assert_eq!((gone[0]["id"].as_str(), gone[0]["into"].as_str()), (Some(&*campaign(3)), Some(&*campaign(1))));
    let rows: Vec<&Value> = frames.iter().filter(|(event, _)| event == "campaign").map(|(_, data)| data).collect();
    assert_eq!((rows.len(), rows[0]["id"].as_str(), rows[0]["firms"].as_u64()), (1, Some(&*campaign(1)), Some(5)));
    assert_eq!(rows[0]["owner"], "Kit", "whoever worked on either works on both");
    let wall = world.desk.wall(world.now, &world.fusion, &world.facts);
    assert_eq!(wall.campaigns.len(), 1);
    // The ghost does not come back as time passes.
    for minutes in [11, 16, 60] {
        assert!(world.rows("campaign", minutes * MINUTE).iter().all(|row| row["id"] == *campaign(1)));
    }
}

#[test]
fn each_source_can_be_silent() {
    let mut world = World::new();
    world.report(1, 1, "energy", &["evil.test"]);
    world.send(2, 9, "energy", &["feed.test"], true);
    world.frames();
    world.facts.intake = Some(true);
    assert_eq!(world.silent(), Vec::<String>::new());
    let check = |world: &World, facts: Facts, expect: &[&str]| {
        let wall = world.desk.wall(world.now, &world.fusion, &facts);
        let silent: Vec<&str> = wall.feeds.iter().filter(|row| row.silent).map(|row| row.id.as_str()).collect();
        assert_eq!(silent, expect, "{facts:?}");
    };
    let (good, long_ago) = (world.facts, Some(world.now.plus_millis(-60_000)));
    check(&world, Facts { waiting_since: long_ago, ..good }, &["journal"]);
    check(&world, Facts { waiting_since: Some(world.now), ..good }, &[]);
    check(&world, Facts { overdue_since: long_ago, ..good }, &["gate"]);
    check(&world, Facts { behind: 1_000_000, ..good }, &["fusion"]);
    check(&world, Facts { ended: true, ..good }, &["fusion", "gate"]);
    check(&world, Facts { stepped_at: long_ago.unwrap(), ..good }, &["fusion", "gate"]);
    check(&world, Facts { intake: Some(false), ..good }, &["intake"]);
    let journal = world.desk.wall(world.now, &world.fusion, &good).feeds.into_iter().find(|row| row.id == "journal");
    let at = journal.unwrap().at;
    world.pass(11 * MINUTE);
    assert_eq!(world.silent(), ["members"]);
    let later = world.desk.wall(world.now, &world.fusion, &world.facts).feeds;
    assert_eq!(later.into_iter().find(|row| row.id == "journal").unwrap().at, at, "the last entry, not the present");
    world.pass(27 * 60 * MINUTE);
    assert_eq!(world.silent(), ["members", "feeds"]);
}

#[test]
fn nothing_says_that_two_reports_are_one_firms() {
    let mut world = World::new();
    world.report(1, 1, "energy", &["one.test"]);
    world.report(2, 1, "energy", &["one.test"]);
    world.report(3, 1, "energy", &["two.test"]);
    world.report(4, 2, "energy", &["two.test"]);
    world.frames();
    let look = |world: &World, value: &str| {
        serde_json::to_value(world.desk.lookup(value, None, world.now, &world.fusion, |_| false)).unwrap()
    };
    let (same, different) = (look(&world, "one.test"), look(&world, "two.test"));
    assert_eq!(same["meaning"], "Named in 2 reports of up to 2 firms.");
    for field in ["reports", "firms", "firms_at_most", "meaning", "first", "last"] {
        assert_eq!(same[field], different[field], "{field}");
    }
    let page = |world: &World, n: u8| {
        let plan = world.desk.page_plan(CampaignId::from_bytes([n; 16]), &world.fusion).unwrap();
        let page = world.desk.page(plan.read(&*world.journal), world.now, &world.fusion).unwrap();
        serde_json::to_value(page).unwrap()
    };
    let (same, different) = (page(&world, 1), page(&world, 3));
    for field in ["firms", "firms_at_most", "delta", "trend"] {
        assert_eq!(same["campaign"][field], different["campaign"][field], "{field}");
    }
    let wall = world.desk.wall(world.now, &world.fusion, &world.facts);
    assert_eq!(wall.campaigns.len(), 2, "both are on the wall, or neither");
}

#[test]
fn a_reason_names_what_both_reports_have_and_a_tag_is_told_as_written() {
    let mut world = World::new();
    world.tags = vec!["AsyncRAT".to_owned()];
    world.report(1, 1, "energy", &["45.77.1.1", "https://quartz.test/gate/load.php"]);
    world.tags = vec!["#asyncrat".to_owned()];
    world.report(2, 2, "energy", &["https://lantern.test/gate/load.php"]);
    let plan = world.desk.page_plan(CampaignId::from_bytes([1; 16]), &world.fusion).unwrap();
    let page = world.desk.page(plan.read(&*world.journal), world.now, &world.fusion).unwrap();
    let mut told: Vec<&str> = page.reasons.iter().map(|row| row.text.as_str()).collect();
    told.sort_unstable();
    let path = "https://lantern.test/gate/load.php has the path /gate/load.php, as https://quartz.test/gate/load.php in the \
                other report has";
    assert_eq!(told, ["both speak of #asyncrat", path]);
}

#[test]
fn an_import_leaves_no_run_in_order_or_time() {
    let mut world = World::new();
    // One firm's import of four, their pseudonyms in no order, between two others'.
    for (n, firm) in [(60, 8), (40, 1), (10, 1), (30, 1), (20, 1), (50, 9)] {
        world.now = world.now.plus_millis(7);
        world.report(n, firm, "energy", &["evil.test"]);
    }
    let plan = world.desk.page_plan(CampaignId::from_bytes([60; 16]), &world.fusion).unwrap();
    let page = world.desk.page(plan.read(&*world.journal), world.now, &world.fusion).unwrap();
    let ids: Vec<String> = [10, 20, 30, 40, 50, 60].map(|n| case(n).to_string()).to_vec();
    assert_eq!(page.reports.iter().map(|row| row.case.clone()).collect::<Vec<_>>(), ids);
    let whole = |at: &str| at.ends_with(":00.000Z");
    assert!(page.reports.iter().all(|row| whole(&row.at)) && page.timeline.iter().all(|row| whole(&row.at)));
    assert!(page.reasons.iter().all(|row| whole(&row.at) && row.from > row.to));
    let frames = world.frames();
    let live: Vec<&str> =
        frames.iter().filter(|(event, _)| event == "report").map(|(_, row)| row["case"].as_str().unwrap()).collect();
    assert_eq!(live, ids);
    let wall = world.desk.wall(world.now, &world.fusion, &world.facts);
    assert_eq!(wall.reports.iter().map(|row| row.case.clone()).collect::<Vec<_>>(), ids);
    assert!(wall.reports.iter().all(|row| whole(&row.at)));
    let hits: Vec<_> = wall.campaigns.iter().flat_map(|row| &row.hits).collect();
    assert!(!hits.is_empty() && hits.iter().all(|hit| whole(&hit.at)), "{hits:?}");
    let heard = &wall.feeds;
    let moved = |row: &&desk::SourceRow| ["members", "intake", "journal"].contains(&row.id.as_str());
    assert!(heard.iter().filter(moved).filter_map(|row| row.at.as_deref()).all(whole), "{heard:?}");
}

#[test]
fn a_search_through_everyday_values_stops_and_says_where() {
    let mut world = World::new();
    let plan = world.desk.noise(None, &world.fusion);
    assert_eq!(plan.read(&*world.journal, "x", 50), (vec![], None));
    world.fusion.set_over_common(200);
    for n in 0..=201_u8 {
        world.report(n, n, "energy", &["common.test"]);
    }
    for key in world.fusion.take_crowded() {
        world.fusion.stop_linking(key);
    }
    let found = world.desk.noise(None, &world.fusion).read(&*world.journal, "COMMON", 50);
    assert_eq!((found.0.len(), found.1), (1, None));
    assert_eq!(world.desk.noise(None, &world.fusion).read(&*world.journal, "other", 50), (vec![], None));
    assert_eq!(world.desk.noise(None, &world.fusion).read(&*world.journal, "", 0).1, Some(0));
}
