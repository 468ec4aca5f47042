//! A report's way in and its way out: to members in released form, to the cell with content and without its source.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::Request;
use common::{Events, World, call};
use serde_json::json;

fn stream(world: &World, last: Option<&str>) -> Request<Body> {
    let mut request = world.request("GET", "/api/v1/stream", 0, Body::empty());
    if let Some(last) = last {
        request.headers_mut().insert("last-event-id", last.parse().unwrap());
    }
    request
}

fn cell_stream(cookie: &str) -> Request<Body> {
    Request::get("/cell/v1/stream")
        .header("host", "cell.localhost")
        .header("cookie", cookie)
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn a_report_is_received_and_shown_at_the_next_tick() {
    let mut world = World::new();
    world.pass(1_000);
    let receipt = world.report(0, &["evil.test", "198.51.100.7", "no value at all"]).await;
    assert_eq!(receipt.status, 201);
    let receipt = receipt.json();
    assert_eq!(receipt["status"], "received");
    let results: Vec<_> =
        receipt["items"].as_array().unwrap().iter().map(|item| item["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["accepted", "accepted", "refused"]);
    assert_eq!(world.get("/api/v1/lookup?value=evil.test").await.json()["verdict"], "not-seen");
    world.pass(200);
    let found = world.get("/api/v1/lookup?value=hxxp%3A%2F%2Fnothing%5B.%5Dtest").await.json();
    assert_eq!((found["verdict"].as_str(), found["kind"].as_str()), (Some("not-seen"), Some("url")));
    let found = world.get("/api/v1/lookup?value=evil%5B.%5Dtest").await.json();
    assert_eq!((found["verdict"].as_str(), found["normal"].as_str()), (Some("watch"), Some("evil.test")));
    assert_eq!(found["indicator"]["attributed_to"], "Test partnership");
    let id = found["campaign"]["id"].as_str().unwrap();
    let page = world.get(&format!("/api/v1/campaigns/{id}")).await.json();
    assert_eq!(page["indicators"].as_array().unwrap().len(), 2);
    assert_eq!(page["timeline"][0]["indicators"], 2);
    let home = world.get("/api/v1/home").await.json();
    assert_eq!(home["latest"].as_array().unwrap().len(), 2);
    assert_eq!(home["campaigns"][0]["id"], id);
    let list = world.get("/api/v1/indicators?limit=1").await.json();
    let next = list["next"].as_str().unwrap();
    let rest = world.get(&format!("/api/v1/indicators?limit=1&cursor={next}")).await.json();
    assert_ne!(list["items"][0]["id"], rest["items"][0]["id"]);
    assert_eq!(rest["next"], json!(null));
    let watch = world.get("/api/v1/feeds/watch.txt").await;
    let mut lines: Vec<_> = std::str::from_utf8(&watch.body).unwrap().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["# EXERCISE", "198.51.100.7", "evil.test"]);
    assert_eq!(world.get("/api/v1/lookup?value=%20").await.json()["verdict"], "unreadable");
}

#[tokio::test]
async fn a_look_up_may_name_the_kind_and_needs_not() {
    const HASH: &str = "0123456789abcdef0123456789abcdef";
    let mut world = World::new();
    let cookie = world.sign_in(&world.cell, "kit@cell.example").await;
    let body = json!({
        "title": "malware", "attack": "malware", "tlp": "GREEN",
        "indicators": [{ "kind": "ja3", "value": HASH }, { "kind": "mutex", "value": "Quiet Lantern" }],
    });
    let filed = world.request("POST", "/api/v1/reports", 1, Body::from(body.to_string()));
    assert_eq!(call(&world.member, filed).await.status, 201);
    world.pass(300);
    for (query, kind, member, cell) in [
        (format!("value={HASH}"), json!("ja3"), "watch", "seen"),
        (format!("value={HASH}&kind=ja3"), json!("ja3"), "watch", "seen"),
        (format!("value={HASH}&kind=md5"), json!("md5"), "not-seen", "not-seen"),
        (format!("value={HASH}&kind=imphash"), json!("imphash"), "not-seen", "not-seen"),
        ("value=Quiet%20Lantern".to_owned(), json!("mutex"), "watch", "seen"),
        ("value=Quiet%20Lantern&kind=mutex".to_owned(), json!("mutex"), "watch", "seen"),
        ("value=Quiet%20Lamp&kind=mutex".to_owned(), json!("mutex"), "not-seen", "not-seen"),
        ("value=Quiet%20Lamp".to_owned(), json!(null), "unreadable", "unreadable"),
        ("value=Quiet%20Lantern&kind=ipv4".to_owned(), json!(null), "unreadable", "unreadable"),
    ] {
        let at_member = world.get(&format!("/api/v1/lookup?{query}")).await.json();
        let at_cell = world.at_cell("GET", &format!("/cell/v1/lookup?{query}"), &cookie, Body::empty()).await.json();
        assert_eq!((&at_member["verdict"], &at_member["kind"]), (&json!(member), &kind), "{query}: {at_member}");
        assert_eq!((&at_cell["verdict"], &at_cell["kind"]), (&json!(cell), &kind), "{query}: {at_cell}");
    }
    let wrong = world.get("/api/v1/lookup?value=x&kind=ja3s").await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["detail"]), (400, &json!("kind: \"ja3s\" is no kind of value")));
}

#[tokio::test]
async fn a_value_on_a_list_is_told_everyday_and_a_hidden_report_of_it_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::at(folder.path());
    let mut set = fusion::NoiseSet::default();
    set.add("sign-in hosts", fusion::ListKind::Hostname, ["sign-in.test", "named.test"]);
    let sets = release::Sets { noise: Some(set.text().into()), ..release::Sets::default() };
    let queries = ["8.8.8.8", "10.0.0.1", "gmail.com", "co.jp", "d41d8cd98f00b204e9800998ecf8427e", "a.sign-in.test"];
    let mut before = Vec::new();
    for query in queries {
        before.push(world.get(&format!("/api/v1/lookup?value={query}")).await.json()["verdict"].clone());
    }
    assert_eq!(json!(before), json!(["everyday", "everyday", "everyday", "everyday", "everyday", "not-seen"]));
    // From the entry on, without a restart.
    release::use_sets(&world.vault, &sets).unwrap();
    world.pass(200);
    let mut quiet = Vec::new();
    for query in queries {
        let answer = world.get(&format!("/api/v1/lookup?value={query}")).await;
        let told = answer.json();
        assert_eq!((&told["verdict"], &told["indicator"]), (&json!("everyday"), &json!(null)), "{told}");
        assert_eq!(told["normal"], query);
        let meaning = told["meaning"].as_str().unwrap();
        assert!(meaning.starts_with("No released report names it, and it is an everyday value ("), "{meaning}");
        quiet.push(answer.body);
    }
    assert!(String::from_utf8_lossy(&quiet[5]).contains("on the list of sign-in hosts"));
    let other = world.get("/api/v1/lookup?value=evil.test").await.body;
    // Reports that members see nothing of, whosever they are, change no byte.
    let values: Vec<_> = queries.iter().chain(&["evil.test"]).map(|value| json!({ "value": value })).collect();
    for firm in 0..6 {
        let body = json!({
            "title": "mail", "attack": "phishing", "warn": "cell-only", "know": "nobody", "tlp": "GREEN",
            "indicators": values,
        });
        let filed = world.request("POST", "/api/v1/reports", firm, Body::from(body.to_string()));
        assert_eq!(call(&world.member, filed).await.status, 201);
    }
    world.pass(25_000);
    for (query, quiet) in queries.into_iter().zip(quiet) {
        assert_eq!(world.get(&format!("/api/v1/lookup?value={query}")).await.body, quiet, "{query}");
    }
    assert_eq!(world.get("/api/v1/lookup?value=evil.test").await.body, other);
    // What is released says what it said before.
    assert_eq!(world.report(1, &["named.test"]).await.status, 201);
    world.pass(200);
    let told = world.get("/api/v1/lookup?value=named.test").await.json();
    assert!(told["meaning"].as_str().unwrap().starts_with("It was named in an attack"), "{told}");
    assert!(told["indicator"].is_object());
}

#[tokio::test]
async fn a_file_comes_in_and_a_second_time_changes_nothing() {
    let mut world = World::new();
    let file = "value\nbad.test\nworse.test\n";
    let path = "/api/v1/import?name=list.csv&warn=now&know=nobody&tlp=GREEN";
    for (reports, accepted, duplicates) in [(1, 2, 0), (0, 0, 2)] {
        let answer = call(&world.member, world.request("POST", path, 2, Body::from(file))).await;
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        let told = answer.json();
        assert_eq!(
            (&told["reports"], &told["accepted"], &told["duplicates"]),
            (&json!(reports), &json!(accepted), &json!(duplicates)),
            "{told}"
        );
    }
    world.pass(200);
    assert_eq!(world.get("/api/v1/lookup?value=worse.test").await.json()["verdict"], "watch");
    let refused = call(&world.member, world.request("POST", "/api/v1/import?warn=perhaps", 2, Body::from(file))).await;
    assert_eq!(refused.status, 422);
}

#[tokio::test]
async fn a_file_that_can_never_be_read_is_the_senders_to_mend() {
    let world = World::new();
    let path = "/api/v1/import?name=x&warn=now&know=nobody";
    for (file, why) in [(&b"{\"Event\": {"[..], "broken off"), (b"PK\x03\x04", "ZIP"), (b"", "the file is empty")] {
        let answer = call(&world.member, world.request("POST", path, 2, Body::from(file))).await;
        assert_eq!(answer.status, 422, "{}", String::from_utf8_lossy(&answer.body));
        assert!(answer.json()["detail"].as_str().unwrap().contains(why), "{}", answer.json());
    }
}

#[tokio::test]
async fn a_members_stream_resumes_where_it_broke_off() {
    let mut world = World::new();
    world.pass(1_000);
    let mut events = Events::open(&world.member, stream(&world, None)).await;
    let (name, _, home) = events.next().await.unwrap();
    assert_eq!((name.as_str(), home["latest"].as_array().unwrap().len()), ("snapshot", 0));
    world.report(1, &["one.test"]).await;
    world.pass(200);
    let (first, release) = events.next_of("release").await;
    assert_eq!(release["objects"][0]["value"], "one.test");
    drop(events);
    assert_eq!(world.member_hub.viewers(), 0);
    world.report(2, &["two.test"]).await;
    world.pass(200);
    world.report(3, &["three.test"]).await;
    world.pass(200);

    let mut again = Events::open(&world.member, stream(&world, Some(&first))).await;
    for value in ["two.test", "three.test"] {
        let (_, release) = again.next_of("release").await;
        assert_eq!(release["objects"][0]["value"], value);
    }
    world.report(4, &["four.test"]).await;
    world.pass(200);
    assert_eq!(again.next_of("release").await.1["objects"][0]["value"], "four.test");
    world.pass(1_000);
    assert!(again.next_of("beat").await.1["at"].as_str().unwrap().ends_with(".000Z"));

    for strange in ["nonsense", "AAAAAAAAAAA"] {
        let mut events = Events::open(&world.member, stream(&world, Some(strange))).await;
        assert_eq!(events.next().await.unwrap().0, "resync");
        let (name, _, home) = events.next().await.unwrap();
        assert_eq!((name.as_str(), home["latest"].as_array().unwrap().len()), ("snapshot", 4));
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let mut world = World::new();
    let cookie = world.sign_in(&world.member, "ann@firm0.example").await;
    let request = Request::get("/api/v1/stream")
        .header("host", "localhost")
        .header("cookie", &cookie)
        .body(Body::empty())
        .unwrap();
    let mut events = Events::open(&world.member, request).await;
    assert_eq!(events.next().await.unwrap().0, "snapshot");
    let out = Request::delete("/api/v1/session")
        .header("host", "localhost")
        .header("origin", "http://localhost")
        .header("cookie", &cookie);
    call(&world.member, out.body(Body::empty()).unwrap()).await;
    assert!(events.next().await.is_none());

    let mut by_key = Events::open(&world.member, stream(&world, None)).await;
    assert_eq!(by_key.next().await.unwrap().0, "snapshot");
    world.register.revoke_key(&register::Actor::operator(), &world.keys[0]).unwrap();
    world.pass(1_100);
    assert!(by_key.next().await.is_none());
}

#[tokio::test]
async fn the_cell_sees_content_and_acts_on_it() {
    let mut world = World::new();
    world.pass(1_000);
    let analyst = world.sign_in(&world.cell, "kit@cell.example").await;
    let lead = world.sign_in(&world.cell, "ada@cell.example").await;
    let mut wall = Events::open(&world.cell, cell_stream(&analyst)).await;
    let (name, _, snapshot) = wall.next().await.unwrap();
    assert_eq!((name.as_str(), snapshot["exercise"].as_bool()), ("snapshot", Some(true)));
    world.report(0, &["evil.test"]).await;
    world.report(1, &["evil.test", "198.51.100.7"]).await;
    world.pass(300);
    let (_, report) = wall.next_of("report").await;
    let case = report["case"].as_str().unwrap().to_owned();
    assert_eq!(wall.next_of("tick").await.1["c"], json!([3]));
    let text = String::from_utf8(world.at_cell("GET", "/cell/v1/wall", &analyst, Body::empty()).await.body).unwrap();
    assert!(!text.contains("Firm"), "{text}");
    let campaigns = world.at_cell("GET", "/cell/v1/campaigns", &analyst, Body::empty()).await.json();
    assert_eq!(campaigns["items"][0]["firms"], 2);
    let id = campaigns["items"][0]["id"].as_str().unwrap().to_owned();
    let page = world.at_cell("GET", &format!("/cell/v1/campaigns/{id}"), &analyst, Body::empty()).await.json();
    assert_eq!(page["reports"].as_array().unwrap().len(), 2);
    let known = world.at_cell("GET", "/cell/v1/lookup?value=evil.test", &analyst, Body::empty()).await.json();
    assert_eq!((&known["verdict"], &known["firms"], &known["released"]), (&json!("seen"), &json!(2), &json!(true)));

    let claim = format!("/cell/v1/reports/{case}/claim");
    assert_eq!(world.at_cell("POST", &claim, &analyst, Body::empty()).await.status, 204);
    assert_eq!(world.at_cell("POST", &claim, &analyst, Body::empty()).await.status, 204);
    assert_eq!(world.at_cell("POST", &claim, &lead, Body::empty()).await.status, 409);
    world.pass(200);
    assert_eq!(wall.next_of("claim").await.1, json!({ "case": case, "owner": "kit", "exercise": true }));
    assert_eq!(world.at_cell("POST", &claim, &lead, Body::empty()).await.status, 409);

    let advisory = json!({ "title": "Mail wave", "summary": "Mails with a link.", "actions": ["Block it"], "severity": "high", "tlp": "GREEN", "campaign": id });
    let made = world.at_cell("POST", "/cell/v1/advisories", &analyst, Body::from(advisory.to_string())).await;
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let red = json!({ "title": "a", "summary": "b", "actions": [], "severity": "high", "tlp": "RED" });
    assert_eq!(world.at_cell("POST", "/cell/v1/advisories", &analyst, Body::from(red.to_string())).await.status, 422);
    let posture = json!({ "word": "raised", "text": "Mails in energy" }).to_string();
    assert_eq!(world.at_cell("PUT", "/cell/v1/posture", &lead, Body::from(posture)).await.status, 204);
    world.pass(300);
    assert_eq!(wall.next_of("posture").await.1["word"], "raised");
    let home = world.get("/api/v1/home").await.json();
    assert_eq!((&home["posture"]["word"], &home["advisories"][0]["title"]), (&json!("raised"), &json!("Mail wave")));
    let read = format!("/api/v1/advisories/{}/read", home["advisories"][0]["id"].as_str().unwrap());
    assert_eq!(call(&world.member, world.request("POST", &read, 5, Body::empty())).await.status, 204);
    world.pass(300);
    assert_eq!(world.at_cell("GET", "/cell/v1/wall", &analyst, Body::empty()).await.json()["alerts"][0]["read"], 1);
    let other = "/api/v1/advisories/00000000-0000-4000-8000-000000000000/read";
    assert_eq!(call(&world.member, world.request("POST", other, 5, Body::empty())).await.status, 404);
}

#[tokio::test]
async fn a_sector_that_may_be_named_appears_on_the_running_wall() {
    let mut world = World::new();
    world.pass(1_000);
    let analyst = world.sign_in(&world.cell, "kit@cell.example").await;
    world.report(0, &["evil.test"]).await;
    world.report(1, &["evil.test"]).await;
    world.pass(300);
    let firms: Vec<register::NewOrganisation> = (0..10)
        .map(|n| register::NewOrganisation {
            name: format!("Water {n}"),
            class: register::OrganisationClass::Member,
            sector: model::Sector::Water,
            region: None,
            assets: policy::Assets::default(),
        })
        .collect();
    let mut wall = Events::open(&world.cell, cell_stream(&analyst)).await;
    assert_eq!(wall.next().await.unwrap().2["sectors"].as_array().unwrap().len(), 1);
    world.register.create_members(&firms, "more", common::answers()).unwrap();
    world.pass(1_200);
    let (_, snapshot) = wall.next_of("snapshot").await;
    assert_eq!(snapshot["sectors"].as_array().unwrap().len(), 2);
    assert_eq!(snapshot["campaigns"][0]["firms"], 2);
    assert_eq!(snapshot["reports"].as_array().unwrap().len(), 2);
}
