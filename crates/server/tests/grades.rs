//! What the cell feeds back to the source of a case, at the listeners: letters, verdicts and limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::Request;
use model::{CaseId, Clock as _, Sector, Timestamp};
use register::{Actor, NewOrganisation, NewPerson, OrganisationClass, Role, Secondment};
use serde_json::{Value, json};
use vault::{NewEntry, TOKEN_WINDOW_MILLIS};

use common::{Answer, PASSWORD, World, answers, call};

const ANALYST: &str = "kit@cell.example";
const LEAD: &str = "ada@cell.example";
const SECONDEE: &str = "sal@cell.example";
const MEMBER: &str = "bob@firm1.example";
const WHY: &str = "It sends the same noise again and again";

/// Twelve firms of energy, as many more as a test needs, and a secondee of a firm of water.
struct Stage {
    world: World,
    values: u32,
}

impl Stage {
    fn new(more: u32) -> Self {
        let mut world = World::new();
        let firm = |n: u32, sector: Sector| NewOrganisation {
            name: format!("More {n}"),
            class: OrganisationClass::Member,
            sector,
            region: None,
            assets: policy::Assets::default(),
        };
        let mut firms: Vec<_> = (0..more).map(|n| firm(n, Sector::Energy)).collect();
        firms.push(firm(more, Sector::Water));
        let made = world.register.create_members(&firms, "test", answers()).unwrap();
        world.keys.extend(made.iter().map(|(_, key)| key.expose().to_owned()));
        let secondment = Secondment {
            vetting: "SC".into(),
            vetted_until: Timestamp::from_millis(i64::MAX),
            wall: vec![Sector::Water],
        };
        let person = NewPerson {
            email: SECONDEE.into(),
            name: "sal".into(),
            organisation: made.last().map(|(id, _)| *id),
            role: Role::Secondee,
            secondment: Some(secondment),
        };
        world.register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
        world.pass(1_500);
        Self { world, values: 0 }
    }

    async fn send(&mut self, firm: usize) -> Answer {
        self.values += 1;
        let value = format!("v{}.attack.test", self.values);
        self.world.report(firm, &[&value]).await
    }

    async fn file(&mut self, firm: usize) -> String {
        let receipt = self.send(firm).await;
        assert_eq!(receipt.status, 201, "{}", String::from_utf8_lossy(&receipt.body));
        self.world.pass(200);
        receipt.json()["reference"].as_str().unwrap().to_owned()
    }

    async fn cookie(&self, email: &str) -> String {
        self.world.sign_in(&self.world.cell, email).await
    }

    async fn ask(&self, cookie: &str, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.world.at_cell(method, &format!("/cell/v1/reports/{path}"), cookie, body).await
    }

    async fn judge(&self, cookie: &str, case: &str, verdict: &str) -> Answer {
        self.ask(cookie, "PUT", &format!("{case}/verdict"), json!({ "verdict": verdict })).await
    }

    async fn limit(&self, cookie: &str, case: &str) -> Answer {
        self.ask(cookie, "POST", &format!("{case}/limit"), json!({ "reason": WHY })).await
    }

    async fn page(&self, cookie: &str, case: &str) -> Value {
        let page = self.ask(cookie, "GET", case, Value::Null).await;
        assert_eq!(page.status, 200);
        page.json()
    }

    /// Five cases of a firm that are all confirmed; gives the first.
    async fn record(&mut self, firm: usize) -> String {
        let cookie = self.cookie(ANALYST).await;
        let mut cases = Vec::new();
        for _ in 0..5 {
            cases.push(self.file(firm).await);
        }
        for case in &cases {
            assert_eq!(self.judge(&cookie, case, "confirmed").await.status, 204);
        }
        self.world.pass(200);
        cases.remove(0)
    }

    /// The next window of thirty days begins.
    fn next_window(&mut self) {
        self.world.clock.0.fetch_add(TOKEN_WINDOW_MILLIS, Ordering::SeqCst);
        self.world.pass(1_500);
    }
}

/// Where fewer than ten bear a letter, no page tells who of the others is one of those few.
async fn few() -> Result<(), String> {
    let mut stage = Stage::new(0);
    stage.record(1).await;
    stage.next_window();
    let cookie = stage.cookie(ANALYST).await;
    for firm in [1, 2, 3] {
        let case = stage.file(firm).await;
        let grade = stage.page(&cookie, &case).await["grade"].clone();
        if !grade.is_null() {
            return Err(format!("of twelve firms one has a record, and a case of firm {firm} has {grade}"));
        }
    }
    Ok(())
}

/// Where ten bear each letter, pages tell it: of cases that come from then on, and of no older one.
async fn many() -> Result<(), String> {
    let mut stage = Stage::new(10);
    let mut old = String::new();
    for firm in 0..10 {
        old = stage.record(firm).await;
    }
    let cookie = stage.cookie(ANALYST).await;
    let before = stage.page(&cookie, &old).await;
    assert_eq!((&before["grade"], &before["judged"]), (&json!("F"), &json!("confirmed")));
    stage.next_window();
    let cookie = stage.cookie(ANALYST).await;
    for (firm, letter) in [(0, "B"), (9, "B"), (11, "F"), (15, "F")] {
        let case = stage.file(firm).await;
        assert_eq!(stage.page(&cookie, &case).await["grade"], letter, "firm {firm}");
        let (secondee, member) = (stage.cookie(SECONDEE).await, stage.world.keys[firm].clone());
        assert_eq!(stage.page(&secondee, &case).await["grade"], Value::Null, "a secondee is told a letter");
        let own = Request::get(format!("/api/v1/reports/{case}"))
            .header("host", "localhost")
            .header("authorization", format!("Bearer {member}"))
            .body(Body::empty());
        let own = call(&stage.world.member, own.unwrap()).await;
        assert!(!String::from_utf8_lossy(&own.body).contains("grade"), "a member is told a letter");
    }
    let after = stage.page(&cookie, &old).await;
    // What the case is of may grow by later ones; its letter may not change.
    if (&after["grade"], &after["judged"]) != (&before["grade"], &before["judged"]) {
        return Err(format!("an older case had {}, and has {} now", before["grade"], after["grade"]));
    }
    Ok(())
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[tokio::test]
async fn a_letter_is_told_where_ten_bear_it_and_whoever_is_told_none_is_one_of_ten() {
    few().await.unwrap();
    many().await.unwrap();
}

#[cfg(feature = "planted-leaks")]
#[tokio::test]
#[allow(clippy::await_holding_lock, reason = "one thread asks")]
async fn every_leak_of_a_letter_is_caught() {
    use policy::planted::{self, Leak};
    for leak in Leak::OF_GRADES {
        planted::set(*leak);
        let caught = match few().await {
            Ok(()) => many().await.err(),
            Err(why) => Some(why),
        };
        planted::clear();
        println!("planted: {} | {}", leak.as_str(), caught.as_deref().unwrap_or("MISSED"));
        assert!(caught.is_some(), "{leak:?} was missed");
    }
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[tokio::test]
async fn a_verdict_is_the_cells_stands_in_the_thread_and_is_told_to_no_member() {
    let mut stage = Stage::new(0);
    let case = stage.file(1).await;
    let (analyst, secondee) = (stage.cookie(ANALYST).await, stage.cookie(SECONDEE).await);
    assert_eq!(stage.page(&analyst, &case).await["judged"], "open");
    assert_eq!(stage.judge(&secondee, &case, "false").await.status, 403, "it would tell on a rival");
    for (verdict, status) in [("good", 422), ("", 422), ("false", 204), ("false", 204)] {
        assert_eq!(stage.judge(&analyst, &case, verdict).await.status, status, "{verdict}");
        stage.world.pass(200);
    }
    let none = CaseId::from_bytes([9; 16]).to_string();
    assert_eq!(stage.judge(&analyst, &none, "false").await.status, 404);
    let page = stage.page(&analyst, &case).await;
    assert_eq!(
        (&page["judged"], page["thread"].as_array().unwrap().len()),
        (&json!("false"), 1),
        "said twice, kept once"
    );
    assert_eq!((&page["thread"][0]["kind"], &page["thread"][0]["name"]), (&json!("verdict"), &json!("kit")));
    let member = stage.world.sign_in(&stage.world.member, MEMBER).await;
    let own = Request::get(format!("/api/v1/reports/{case}")).header("host", "localhost").header("cookie", member);
    let own = call(&stage.world.member, own.body(Body::empty()).unwrap()).await.json();
    assert_eq!(own["thread"], json!([]), "its reporter is told of a verdict");
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[tokio::test]
async fn a_limited_source_waits_nobody_else_does_and_whoever_limits_learns_that_it_is_done() {
    let mut stage = Stage::new(0);
    let (case, others) = (stage.file(1).await, stage.file(2).await);
    // A case whose source is not there, as of a journal whose key of ways back was lost.
    let id: CaseId = case.parse().unwrap();
    let mut report = stage.world.vault.report_of(id).unwrap().unwrap().0;
    report.case = CaseId::from_bytes([0x4d; 16]);
    let without = report.case.to_string();
    let entry = NewEntry::new(stage.world.clock.now(), vault::Body::Report(report));
    stage.world.vault.journal().append(vec![entry]).unwrap();
    stage.world.pass(200);
    let (analyst, lead) = (stage.cookie(ANALYST).await, stage.cookie(LEAD).await);
    assert_eq!(stage.limit(&analyst, &case).await.status, 403, "a lead's to do");
    let short = stage.ask(&lead, "POST", &format!("{case}/limit"), json!({ "reason": "noise" })).await;
    assert_eq!(short.status, 422);
    let none = CaseId::from_bytes([9; 16]).to_string();
    assert_eq!(stage.limit(&lead, &none).await.status, 404);
    let [with, without] = [stage.limit(&lead, &case).await, stage.limit(&lead, &without).await];
    assert_eq!(with.status, 204);
    assert_eq!((with.status, &with.headers, &with.body), (without.status, &without.headers, &without.body));
    stage.world.pass(200);
    // One report goes at once, as an attack can always be told.
    stage.file(1).await;
    let slow = stage.send(1).await;
    assert_eq!((slow.status.as_u16(), slow.header("retry-after")), (429, "900"));
    let said = String::from_utf8_lossy(&slow.body).into_owned();
    assert!(!said.contains("limit") && !said.contains(WHY), "{said}");
    let import =
        stage.world.request("POST", "/api/v1/import?warn=now&know=nobody&tlp=GREEN", 1, Body::from("w.attack.test\n"));
    let import = call(&stage.world.member, import).await;
    assert_eq!(import.status, 429, "{}", String::from_utf8_lossy(&import.body));
    for firm in [2, 0, 2, 3] {
        stage.file(firm).await;
    }
    // It may still answer the cell.
    let say =
        stage.world.request("POST", &format!("/api/v1/reports/{case}/messages"), 1, Body::from(r#"{"text":"why?"}"#));
    assert_eq!(call(&stage.world.member, say).await.status.as_u16() / 100, 2);
    // The cell reads that it was done, by whom and why; the reporter reads nothing of it, and no figure has it.
    let page = stage.page(&lead, &case).await;
    let row = &page["thread"][0];
    assert_eq!((&row["kind"], &row["name"], &row["text"]), (&json!("limited"), &json!("ada"), &json!(WHY)));
    let own = stage.world.request("GET", &format!("/api/v1/reports/{case}"), 1, Body::empty());
    let own = call(&stage.world.member, own).await;
    assert!(!String::from_utf8_lossy(&own.body).contains(WHY));
    assert_eq!(stage.page(&lead, &others).await["thread"], json!([]), "another case tells of it");
    // That somebody used the route is a figure, as of every route; of whom it was about there is none.
    let figures = stage.world.meters.render();
    let told: Vec<&str> =
        figures.lines().filter(|line| line.contains("limit") && !line.contains("route=\"limit_source\"")).collect();
    assert!(told.is_empty(), "{told:?}");
    stage.world.clock.0.fetch_add(15 * 60_000, Ordering::SeqCst);
    stage.file(1).await;
    assert_eq!(stage.send(1).await.status, 429);
    stage.world.clock.0.fetch_add(24 * 3_600_000, Ordering::SeqCst);
    for _ in 0..3 {
        stage.file(1).await;
    }
}
