//! A secondee's wall: nothing of a case behind it on any route, a case passed across it, and streams that end with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::Request;
use model::{PersonId, Sector, Timestamp};
use register::{Actor, NewOrganisation, NewPerson, OrganisationClass, Role, Secondment};
use serde_json::{Value, json};
use server::{Face, routes};

use common::{Answer, Events, PASSWORD, START, World, answers, call};

const NO_ID: &str = "00000000-0000-4000-8000-0000000000ff";
const SECONDEE: &str = "sal@cell.example";
/// What only the walled case holds.
const MARKERS: [&str; 3] = ["only-walled.test", "Kingfisher", "ransomware"];

/// Twelve firms of energy and twelve of water; a secondee of a water firm, whose vetting ends in an hour.
struct Stage {
    world: World,
    water: Vec<String>,
    secondee: PersonId,
}

impl Stage {
    fn new() -> Self {
        let mut world = World::new();
        let firm = |n: u32| NewOrganisation {
            name: format!("Water {n}"),
            class: OrganisationClass::Member,
            sector: Sector::Water,
            region: None,
            assets: policy::Assets::default(),
        };
        let made = world.register.create_members(&(0..12).map(firm).collect::<Vec<_>>(), "test", answers()).unwrap();
        let person = NewPerson {
            email: SECONDEE.into(),
            name: "sal".into(),
            organisation: Some(made[0].0),
            role: Role::Secondee,
            secondment: Some(Secondment {
                vetting: "SC".into(),
                vetted_until: Timestamp::from_millis(START + 3_600_000),
                wall: vec![Sector::Water],
            }),
        };
        let secondee = world.register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
        world.pass(2_000);
        let water = made.iter().map(|(_, key)| key.expose().to_owned()).collect();
        Self { world, water, secondee }
    }

    async fn secondee(&self) -> String {
        self.world.sign_in(&self.world.cell, SECONDEE).await
    }

    async fn lead(&self) -> String {
        self.world.sign_in(&self.world.cell, "ada@cell.example").await
    }

    async fn file(&self, key: &str, title: &str, attack: &str, values: &[&str]) -> String {
        let indicators: Vec<Value> = values.iter().map(|value| json!({ "value": value })).collect();
        let body = json!({
            "title": title, "attack": attack, "severity": "critical", "tlp": "GREEN", "warn": "cell-only",
            "indicators": indicators,
        });
        let request = Request::post("/api/v1/reports")
            .header("host", "localhost")
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = call(&self.world.member, request).await;
        assert_eq!(answer.status, 201, "{}", text(&answer));
        answer.json()["reference"].as_str().unwrap().to_owned()
    }

    async fn open(&self, firm: usize, values: &[&str]) -> String {
        self.file(&self.world.keys[firm].clone(), "mail", "phishing", values).await
    }

    async fn walled(&self, firm: usize, values: &[&str]) -> String {
        self.file(&self.water[firm].clone(), "Kingfisher", "ransomware", values).await
    }

    /// A water firm does something with a report of its own.
    async fn reporter(&self, firm: usize, method: &str, path: &str, body: Value) {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {}", self.water[firm]))
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let answer = call(&self.world.member, request).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", text(&answer));
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.world.at_cell("GET", path, cookie, Body::empty()).await
    }

    async fn stream(&self, cookie: &str) -> Events {
        let request = Request::get("/cell/v1/stream")
            .header("host", "cell.localhost")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", cookie)
            .body(Body::empty())
            .unwrap();
        Events::open(&self.world.cell, request).await
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// A text without the moment at which it was asked for, which is also that up to which correlation has come.
fn without_now(text: &str) -> String {
    let marks = [r#""now":""#, r#""name":"Fusion","at":""#];
    marks.iter().fold(text.to_owned(), |text, mark| {
        let mut parts = text.split(mark);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |kept, part| kept + part.split_once('"').map_or("", |(_, rest)| rest))
    })
}

fn of(list: &Value, name: &str) -> Vec<String> {
    let rows = list.as_array().unwrap().iter();
    rows.filter_map(|row| row[name].as_str().map(str::to_owned)).collect()
}

/// Every answer to a GET of the cell's listener but the stream, pages and files left out.
async fn walk(stage: &Stage, cookie: &str, campaigns: &[String]) -> String {
    let pages = |base: &str| campaigns.iter().map(|id| format!("{base}{id}")).collect::<Vec<_>>();
    let mut all = String::new();
    for route in routes() {
        let api = route.path.starts_with("/cell/v1/") && route.path != "/cell/v1/stream";
        if route.face != Face::Cell || route.method != "GET" || !api {
            continue;
        }
        let paths: Vec<String> = match route.path {
            "/cell/v1/campaigns/{id}" => pages("/cell/v1/campaigns/"),
            "/cell/v1/reports/{case}" => pages("/cell/v1/reports/"),
            "/cell/v1/lookup" => ["shared.test", "link.test", "http://shared.test/x"]
                .map(|value| format!("{}?value={value}", route.path))
                .into(),
            path => vec![path.replace("{id}", NO_ID).replace("{prefix}", NO_ID)],
        };
        for path in paths {
            let answer = stage.get(&path, cookie).await;
            all.push_str(&format!("{path} {}\n{}\n", answer.status, text(&answer)));
        }
    }
    all
}

#[tokio::test]
async fn no_route_shows_a_secondee_anything_of_a_walled_case() {
    let mut stage = Stage::new();
    // Two campaigns that only a walled case makes one, and a value that walled and open cases share.
    let mut cases = Vec::new();
    for (firm, value) in [(1, "shared.test"), (2, "shared.test"), (3, "link.test"), (4, "link.test")] {
        cases.push(stage.open(firm, &[value]).await);
        stage.world.pass(100);
    }
    let hidden = stage.walled(1, &["shared.test", "link.test", "only-walled.test"]).await;
    stage.world.pass(1_000);
    let (lead, secondee) = (stage.lead().await, stage.secondee().await);
    let everything = [&cases[..], std::slice::from_ref(&hidden)].concat();

    let markers: Vec<&str> = MARKERS.into_iter().chain([hidden.as_str()]).collect();
    let whole = walk(&stage, &lead, &everything).await;
    for marker in &markers {
        assert!(whole.to_lowercase().contains(&marker.to_lowercase()), "the lead sees {marker}");
    }
    let behind = walk(&stage, &secondee, &everything[..4]).await;
    for marker in &markers {
        assert!(!behind.to_lowercase().contains(&marker.to_lowercase()), "{marker} came through the wall: {behind}");
    }

    let wall = stage.get("/cell/v1/wall", &secondee).await.json();
    assert_eq!(of(&wall["reports"], "case").len(), 4);
    let lanes: Vec<(&str, bool)> = wall["sectors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lane| (lane["id"].as_str().unwrap(), lane["walled"].as_bool().unwrap()))
        .collect();
    assert_eq!(lanes, [("energy", false), ("water", true)]);
    assert!(wall["history"][1].as_array().unwrap().iter().all(Value::is_null), "nothing is counted behind the wall");
    assert!(wall["history"][0].as_array().unwrap().iter().any(|slot| slot.as_u64().is_some_and(|count| count > 0)));

    let campaigns = stage.get("/cell/v1/campaigns", &secondee).await.json();
    assert_eq!(campaigns["items"].as_array().unwrap().len(), 2, "what only a walled case links stays apart");
    for row in campaigns["items"].as_array().unwrap() {
        assert_eq!((row["firms"].as_u64(), row["indicators"].as_u64()), (Some(2), Some(1)), "{row}");
        assert_eq!(row["sectors"], json!(["Energy"]));
    }
    assert_eq!(stage.get("/cell/v1/campaigns", &lead).await.json()["items"].as_array().unwrap().len(), 1);

    let absent = stage.get(&format!("/cell/v1/lookup?value={}", "never-seen.test"), &secondee).await;
    let walled = stage.get(&format!("/cell/v1/lookup?value={}", "only-walled.test"), &secondee).await;
    assert_eq!(text(&walled).replace("only-walled", "never-seen"), text(&absent));
    assert_eq!(stage.get("/cell/v1/lookup?value=shared.test", &secondee).await.json()["reports"], 2);
    assert_eq!(stage.get("/cell/v1/lookup?value=shared.test", &lead).await.json()["reports"], 3);

    // Absent and walled are one answer, whatever is asked.
    for (method, path) in [
        ("GET", "/cell/v1/campaigns/{case}"),
        ("GET", "/cell/v1/reports/{case}"),
        ("POST", "/cell/v1/reports/{case}/claim"),
        ("POST", "/cell/v1/reports/{case}/pass"),
    ] {
        let of = |id: &str| path.replace("{case}", id);
        let one = stage.world.at_cell(method, &of(&hidden), &secondee, Body::empty()).await;
        let two = stage.world.at_cell(method, &of(NO_ID), &secondee, Body::empty()).await;
        assert_eq!((one.status, text(&one)), (two.status, text(&two)), "{method} {path}");
        assert!(one.status.as_u16() >= 400);
    }
    let path = format!("/cell/v1/reports/{}/claim", cases[0]);
    let taken = stage.world.at_cell("POST", &path, &secondee, Body::empty()).await;
    assert_eq!(taken.status, 204, "what is not walled is acted on");
    let body = json!({ "title": "t", "summary": "s", "actions": [], "severity": "high", "tlp": "GREEN" }).to_string();
    let advised = stage.world.at_cell("POST", "/cell/v1/advisories", &secondee, Body::from(body)).await;
    assert_eq!(advised.status, 403, "a secondee writes to no rival in the cell's name");
}

#[tokio::test]
async fn a_case_is_passed_across_the_wall_and_taken_back() {
    let mut stage = Stage::new();
    let case = stage.open(1, &["shared.test"]).await;
    let hidden = stage.walled(1, &["shared.test", "only-walled.test"]).await;
    let other = stage.walled(2, &["other-walled.test"]).await;
    stage.world.pass(300);
    let (lead, secondee) = (stage.lead().await, stage.secondee().await);
    let mut watched = stage.stream(&secondee).await;
    assert_eq!(watched.next_of("snapshot").await.1["reports"].as_array().unwrap().len(), 1);
    let mut staff = stage.stream(&lead).await;
    staff.next_of("snapshot").await;

    let listed = stage.get("/cell/v1/secondees", &lead).await.json();
    assert_eq!(of(&listed["items"], "id"), [stage.secondee.to_string()]);
    assert_eq!(listed["items"][0]["walled"], json!(["Water"]));
    assert_eq!(stage.get("/cell/v1/secondees", &secondee).await.status, 403);

    let path = format!("/cell/v1/reports/{hidden}/pass");
    let to = |id: &str| Body::from(json!({ "to": id }).to_string());
    assert_eq!(stage.world.at_cell("POST", &path, &secondee, to(&stage.secondee.to_string())).await.status, 403);
    assert_eq!(stage.world.at_cell("POST", &path, &lead, to(NO_ID)).await.status, 422);
    let absent = stage.world.at_cell("POST", &format!("/cell/v1/reports/{NO_ID}/pass"), &lead, to(NO_ID)).await;
    assert_eq!(absent.status, 404);
    let given = stage.world.at_cell("POST", &path, &lead, to(&stage.secondee.to_string())).await;
    assert_eq!(given.status, 204, "{}", text(&given));
    stage.world.pass(300);

    let (_, told) = staff.next_of("pass").await;
    assert_eq!((told["case"].as_str(), &told["passed_to"]), (Some(hidden.as_str()), &json!(["sal"])));
    let (_, row) = watched.next_of("report").await;
    assert_eq!((row["case"].as_str(), &row["passed_to"]), (Some(hidden.as_str()), &json!(["sal"])));
    let rows = stage.get("/cell/v1/wall", &lead).await.json()["reports"].clone();
    let row = rows.as_array().unwrap().iter().find(|row| row["case"] == hidden.as_str()).unwrap().clone();
    assert_eq!(row["passed_to"], json!(["sal"]));
    let seen = |list: &Value| of(&list["reports"], "case");
    let wall = stage.get("/cell/v1/wall", &secondee).await.json();
    assert!(seen(&wall).contains(&hidden) && !seen(&wall).contains(&other));
    assert_eq!(stage.get("/cell/v1/lookup?value=only-walled.test", &secondee).await.json()["verdict"], "seen");
    let page = stage.get(&format!("/cell/v1/campaigns/{case}"), &secondee).await.json();
    assert_eq!(page["reports"].as_array().unwrap().len(), 2);

    let back = format!("{path}/{}", stage.secondee);
    assert_eq!(stage.world.at_cell("DELETE", &back, &secondee, Body::empty()).await.status, 403);
    assert_eq!(stage.world.at_cell("DELETE", &back, &lead, Body::empty()).await.status, 204);
    stage.world.pass(300);
    // The stream ends, and what is asked next is a picture that never held the case.
    while watched.next().await.is_some() {}
    let wall = stage.get("/cell/v1/wall", &secondee).await;
    assert_eq!(seen(&wall.json()), [case]);
    assert_eq!(stage.get("/cell/v1/lookup?value=only-walled.test", &secondee).await.json()["verdict"], "not-seen");
    assert_eq!(stage.world.at_cell("DELETE", &back, &lead, Body::empty()).await.status, 404);
}

#[tokio::test]
async fn a_thread_behind_the_wall_is_seen_from_the_pass_on_and_until_it_is_taken_back() {
    let mut stage = Stage::new();
    let open = stage.open(1, &["shared.test"]).await;
    let hidden = stage.walled(1, &["shared.test", "only-walled.test"]).await;
    let other = stage.walled(2, &["other-walled.test"]).await;
    stage.world.pass(300);
    let (lead, secondee) = (stage.lead().await, stage.secondee().await);
    let mut watched = stage.stream(&secondee).await;
    watched.next_of("snapshot").await;
    let mut staff = stage.stream(&lead).await;
    staff.next_of("snapshot").await;
    let wall_before = without_now(&text(&stage.get("/cell/v1/wall", &secondee).await));

    for (case, firm, words) in [(&hidden, 1, "Osprey says"), (&other, 2, "Petrel says")] {
        stage.reporter(firm, "POST", &format!("/api/v1/reports/{case}/messages"), json!({ "text": words })).await;
    }
    let asked = json!({ "text": "Heron asks", "asks": true }).to_string();
    let path = format!("/cell/v1/reports/{hidden}");
    let said = stage.world.at_cell("POST", &format!("{path}/messages"), &lead, Body::from(asked.clone())).await;
    assert_eq!(said.status, 201, "{}", text(&said));
    let change =
        json!({ "title": "Kingfisher again", "attack": "ransomware", "add": [{ "value": "late-walled.test" }] });
    stage.reporter(1, "PUT", &format!("/api/v1/reports/{hidden}"), change).await;
    stage.world.pass(300);
    assert_eq!(staff.next_of("thread").await.1["case"], hidden.as_str());
    let path = format!("{path}/files?name=curlew.txt");
    let added = stage.world.at_cell("POST", &path, &lead, Body::from("Osprey's file")).await;
    assert_eq!(added.status, 201, "{}", text(&added));
    let end_of_file = format!("/files/{}", added.json()["id"].as_str().unwrap());
    let path = format!("/cell/v1/reports/{hidden}");
    stage.world.pass(300);
    // Nothing of it: no page, no answer to a reply, no time, no frame.
    assert_eq!(without_now(&text(&stage.get("/cell/v1/wall", &secondee).await)), wall_before);
    for (method, end) in [("GET", ""), ("POST", "/messages"), ("POST", "/files?name=a"), ("GET", end_of_file.as_str())]
    {
        let ask = async |id: &str| {
            let path = format!("/cell/v1/reports/{id}{end}");
            let answer = stage.world.at_cell(method, &path, &secondee, Body::from(asked.clone())).await;
            (answer.status, text(&answer))
        };
        assert_eq!(ask(&hidden).await, ask(NO_ID).await, "{method} {end}");
    }
    let seen_by = async |stage: &Stage| {
        let mut all = text(&stage.get(&path, &secondee).await);
        all += &walk(stage, &secondee, &[open.clone(), hidden.clone(), other.clone()]).await;
        without_now(&all)
    };
    let behind = seen_by(&stage).await;
    let words = ["Osprey", "curlew", "Petrel", "Heron", "Kingfisher", "late-walled"];
    assert!(words.iter().all(|word| !behind.contains(word)), "{behind}");

    let to = json!({ "to": stage.secondee.to_string() }).to_string();
    assert_eq!(stage.world.at_cell("POST", &format!("{path}/pass"), &lead, Body::from(to)).await.status, 204);
    stage.world.pass(300);
    // The first frames that the stream carries are those of the pass.
    let (event, _, data) = watched.next().await.unwrap();
    assert!(event != "thread" || data["case"] == hidden.as_str(), "{event} {data}");
    let page = stage.get(&path, &secondee).await.json();
    let kinds = of(&page["thread"], "kind");
    assert_eq!(kinds, ["message", "message", "correction"], "{page}");
    assert_eq!(page["title"], "Kingfisher again");
    let passed = seen_by(&stage).await;
    assert!(!passed.contains("Petrel") && !passed.contains("other-walled"), "{passed}");
    assert_eq!(stage.get("/cell/v1/lookup?value=late-walled.test", &secondee).await.json()["verdict"], "seen");
    stage.reporter(1, "POST", &format!("/api/v1/reports/{hidden}/messages"), json!({ "text": "Osprey again" })).await;
    stage.reporter(2, "POST", &format!("/api/v1/reports/{other}/messages"), json!({ "text": "Petrel again" })).await;
    stage.world.pass(300);
    assert_eq!(of(&stage.get(&path, &secondee).await.json()["thread"], "kind").len(), 4);

    let back = format!("{path}/pass/{}", stage.secondee);
    assert_eq!(stage.world.at_cell("DELETE", &back, &lead, Body::empty()).await.status, 204);
    stage.world.pass(300);
    while let Some((event, _, data)) = watched.next().await {
        assert!(!data.to_string().contains(&other), "{event} {data}");
    }
    let again = seen_by(&stage).await;
    assert!(words.iter().all(|word| !again.contains(word)), "{again}");
    assert_eq!(stage.get(&path, &secondee).await.status, 404);
    // What is withdrawn behind the wall is nothing to see either.
    let before = without_now(&text(&stage.get("/cell/v1/wall", &secondee).await));
    stage.reporter(1, "DELETE", &format!("/api/v1/reports/{hidden}"), Value::Null).await;
    stage.reporter(2, "POST", &format!("/api/v1/reports/{other}/recall"), Value::Null).await;
    stage.world.pass(300);
    assert_eq!(without_now(&text(&stage.get("/cell/v1/wall", &secondee).await)), before);
    let after = seen_by(&stage).await;
    assert!(words.iter().all(|word| !after.contains(word)), "{after}");
}

#[tokio::test]
async fn a_stream_carries_nothing_of_walled_cases_and_ends_with_the_vetting() {
    let mut stage = Stage::new();
    let secondee = stage.secondee().await;
    let lead = stage.lead().await;
    let mut watched = stage.stream(&secondee).await;
    watched.next_of("snapshot").await;
    let hidden = stage.walled(1, &["only-walled.test"]).await;
    stage.walled(2, &["only-walled.test"]).await;
    stage.world.pass(300);
    let claimed = stage.world.at_cell("POST", &format!("/cell/v1/reports/{hidden}/claim"), &lead, Body::empty()).await;
    assert_eq!(claimed.status, 204);
    stage.world.pass(300);
    let open = stage.open(1, &["open.test"]).await;
    stage.world.pass(1_000);
    loop {
        let (event, _, data) = watched.next().await.unwrap();
        assert!(!["campaign", "campaign-gone", "claim", "pass"].contains(&event.as_str()), "{event} {data}");
        if event == "report" {
            assert_eq!(data["case"], open.as_str());
            break;
        }
        if event == "tick" {
            assert_eq!(data["c"][1], 0, "{data}");
        }
    }
    // The vetting ends while the stream is open: the next beat finds nobody.
    stage.world.clock.0.store(START + 3_600_000, Ordering::SeqCst);
    stage.world.pass(1_000);
    while watched.next().await.is_some() {}
    assert_eq!(stage.get("/cell/v1/wall", &secondee).await.status, 401);
}

#[tokio::test]
async fn a_wall_holds_after_a_restart_and_whatever_the_sector_is_called() {
    let mut stage = Stage::new();
    let open = stage.open(1, &["open.test"]).await;
    stage.walled(1, &["only-walled.test"]).await;
    stage.world.pass(300);
    let secondee = stage.secondee().await;
    let before = stage.get("/cell/v1/wall", &secondee).await.json();
    assert_eq!(of(&before["reports"], "case"), std::slice::from_ref(&open));
    // Firms of water leave until the sector is too small to be named: its old cases stay walled, and so do those that come
    // without a name.
    for firm in stage.world.register.organisations().iter().filter(|firm| firm.sector == Sector::Water).skip(1).take(4)
    {
        stage.world.register.set_status(&Actor::operator(), firm.id, register::Status::Suspended).unwrap();
    }
    stage.world.pass(2_000);
    stage.walled(5, &["late-walled.test"]).await;
    stage.world.pass(300);
    let after = stage.get("/cell/v1/wall", &secondee).await.json();
    assert_eq!(of(&after["reports"], "case"), [open]);
    let lead = stage.lead().await;
    assert_eq!(stage.get("/cell/v1/wall", &lead).await.json()["reports"].as_array().unwrap().len(), 3);
}
