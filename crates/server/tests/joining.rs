//! Joining, organisations and people, through the very routers that `serve` binds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::StatusCode;
use common::{Answer, World, at_member, call};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;

async fn at_cell(world: &World, method: &str, path: &str, cookie: &str, body: Value) -> Answer {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    world.at_cell(method, path, cookie, body).await
}

fn token(answer: &Answer) -> String {
    let link = answer.json()["link"].as_str().unwrap_or_else(|| panic!("no link: {:?}", answer.json())).to_owned();
    link.split_once("/join#").unwrap().1.to_owned()
}

/// Goes the way of a link: looks, accepts, begins the session of the ticket, sets a password. Gives the cookie.
async fn join(world: &World, token: &str, name: &str) -> String {
    let look = at_member(world, "POST", "/api/v1/join/look", "", json!({ "token": token })).await;
    assert_eq!(look.status, 200, "{:?}", look.json());
    let version = look.json()["terms"]["version"].clone();
    let body = json!({ "token": token, "name": name, "terms": version });
    let joined = at_member(world, "POST", "/api/v1/join", "", body).await;
    assert_eq!(joined.status, 201, "{:?}", joined.json());
    let ticket = joined.json()["ticket"].clone();
    let session = at_member(world, "POST", "/api/v1/join/session", "", json!({ "ticket": ticket })).await;
    assert_eq!((session.status.as_u16(), session.json()["enrol"].as_bool()), (200, Some(true)));
    let cookie = session.cookie();
    // Nothing but a first way to sign in, before there is one.
    assert_eq!(at_member(world, "GET", "/api/v1/home", &cookie, Value::Null).await.status, 403);
    let again = at_member(world, "POST", "/api/v1/join/session", "", json!({ "ticket": ticket })).await;
    assert_eq!(again.status, 404, "a ticket works once");
    let set = at_member(world, "PUT", "/api/v1/me/password", &cookie, json!({ "password": common::PASSWORD })).await;
    assert_eq!(set.status, 204);
    set.cookie()
}

async fn invite(world: &World, lead: &str, name: &str, email: &str) -> (String, String) {
    let body = json!({ "name": name, "sectors": ["water", "energy"], "contact": "Ann Reed", "email": email });
    let made = at_cell(world, "POST", "/cell/v1/organisations", lead, body).await;
    assert_eq!(made.status, 201, "{:?}", made.json());
    (made.json()["organisation"].as_str().unwrap().to_owned(), token(&made))
}

fn report() -> Value {
    json!({ "title": "mail", "attack": "phishing", "tlp": "GREEN", "warn": "now", "know": "nobody",
            "indicators": [{ "value": "attack0.test" }] })
}

#[tokio::test]
async fn a_firm_joins_adds_people_and_sponsors_another() {
    let world = World::new();
    let lead = world.sign_in(&world.cell, "ada@cell.example").await;
    let (id, link) = invite(&world, &lead, "Calder <b>Water</b>", "ann@calder.example").await;
    let admin = join(&world, &link, "Ann <svg onload=alert(1)>").await;
    let own = at_member(&world, "GET", "/api/v1/organisation", &admin, Value::Null).await.json();
    assert_eq!(own["sectors"], json!(["water", "energy"]));
    assert_eq!((&own["name"], &own["read_only"]), (&json!("Calder <b>Water</b>"), &Value::Null));
    let edit =
        json!({ "region": "wales", "size": "50-249", "domains": ["Calder.Example"], "ranges": ["192.0.2.9/24"] });
    assert_eq!(at_member(&world, "PUT", "/api/v1/organisation", &admin, edit).await.status, 204);
    let bad = json!({ "domains": ["no domain"] });
    assert_eq!(at_member(&world, "PUT", "/api/v1/organisation", &admin, bad).await.status, 422);
    let own = at_member(&world, "GET", "/api/v1/organisation", &admin, Value::Null).await.json();
    assert_eq!((&own["domains"], &own["ranges"]), (&json!(["calder.example"]), &json!(["192.0.2.0/24"])));
    // People.
    let person = json!({ "name": "Bob", "email": "bob@calder.example", "role": "reporter" });
    let made = at_member(&world, "POST", "/api/v1/invitations", &admin, person).await;
    let bob = join(&world, &token(&made), "Bob").await;
    for name in ["a\u{202e}b", &"x".repeat(10_000), ""] {
        let person = json!({ "name": name, "email": "c@calder.example", "role": "reader" });
        assert_eq!(at_member(&world, "POST", "/api/v1/invitations", &admin, person).await.status, 422);
    }
    let person = json!({ "name": "Eve", "email": "eve@calder.example", "role": "lead" });
    assert_eq!(at_member(&world, "POST", "/api/v1/invitations", &admin, person).await.status, 403);
    for path in ["/api/v1/people", "/api/v1/invitations", "/api/v1/sponsorships", "/api/v1/acts"] {
        assert_eq!(at_member(&world, "GET", path, &admin, Value::Null).await.status, 200, "{path}");
        assert_eq!(at_member(&world, "GET", path, &bob, Value::Null).await.status, 403, "{path}");
    }
    let people = at_member(&world, "GET", "/api/v1/people", &admin, Value::Null).await.json();
    assert_eq!(people["items"].as_array().unwrap().len(), 2);
    // A colleague becomes a reader, at once; the only admin stays one.
    let id_of = |email: &str| {
        let items = people["items"].as_array().unwrap();
        items.iter().find(|one| one["email"] == email).unwrap()["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(at_member(&world, "POST", "/api/v1/reports", &bob, report()).await.status, 201);
    let path = format!("/api/v1/people/{}", id_of("bob@calder.example"));
    assert_eq!(at_member(&world, "PUT", &path, &admin, json!({ "role": "reader" })).await.status, 204);
    assert_eq!(at_member(&world, "POST", "/api/v1/reports", &bob, report()).await.status, 403);
    let own_path = format!("/api/v1/people/{}", id_of("ann@calder.example"));
    assert_eq!(at_member(&world, "PUT", &own_path, &admin, json!({ "role": "reader" })).await.status, 422);
    assert_eq!(at_member(&world, "DELETE", &own_path, &admin, Value::Null).await.status, 422);
    // Somebody of another firm, or nobody: the same bytes.
    let stranger = world.register.person_named("bob@firm1.example").unwrap().id.to_string();
    let [one, other] =
        [stranger.as_str(), "00000000-0000-4000-8000-0000000000ff"].map(|id| format!("/api/v1/people/{id}"));
    let one = at_member(&world, "DELETE", &one, &admin, Value::Null).await;
    let other = at_member(&world, "DELETE", &other, &admin, Value::Null).await;
    assert_eq!((one.status.as_u16(), &one.body), (404, &other.body));
    assert_eq!(at_member(&world, "DELETE", &path, &admin, Value::Null).await.status, 204);
    assert_eq!(at_member(&world, "GET", "/api/v1/session", &bob, Value::Null).await.status, 401);
    // Sponsorship.
    let firm = json!({ "name": "Aire Gas", "sector": "energy", "domain": "aire.example", "contact": "Sam",
                       "email": "sam@aire.example", "why": "They supply us." });
    let made = at_member(&world, "POST", "/api/v1/sponsorships", &admin, firm.clone()).await;
    assert_eq!(made.status, 201, "{:?}", made.json());
    let waiting = at_cell(&world, "GET", "/cell/v1/sponsorships", &lead, Value::Null).await.json();
    assert_eq!(waiting["items"][0]["sponsor"], "Calder <b>Water</b>");
    let path = format!("/cell/v1/sponsorships/{}/approve", waiting["items"][0]["id"].as_str().unwrap());
    let approved = at_cell(&world, "POST", &path, &lead, Value::Null).await;
    assert_eq!(approved.status, 201, "{:?}", approved.json());
    assert_eq!(at_cell(&world, "POST", &path, &lead, Value::Null).await.status, 404, "once");
    let told = at_member(&world, "GET", "/api/v1/sponsorships", &admin, Value::Null).await.json();
    assert_eq!(told["items"][0]["state"], "invited");
    join(&world, &token(&approved), "Sam").await;
    let mut second = firm;
    second["name"] = json!("Wharfe Oil");
    let made = at_member(&world, "POST", "/api/v1/sponsorships", &admin, second).await.json();
    let path = format!("/cell/v1/sponsorships/{}/refuse", made["id"].as_str().unwrap());
    assert_eq!(at_cell(&world, "POST", &path, &lead, json!({ "reason": "a secret reason" })).await.status, 204);
    let told = at_member(&world, "GET", "/api/v1/sponsorships", &admin, Value::Null).await;
    assert!(told.json().to_string().contains("not-now") && !told.json().to_string().contains("secret"));
    // The directory: names and sectors, nothing else.
    let directory = at_member(&world, "GET", "/api/v1/directory?q=a", &admin, Value::Null).await.json();
    let entry = directory["items"].as_array().unwrap().iter().find(|one| one["name"] == "Aire Gas").unwrap();
    assert_eq!(entry, &json!({ "name": "Aire Gas", "sectors": ["energy"] }));
    // Another way in, and the end.
    let person = id_of("ann@calder.example");
    let path = format!("/cell/v1/organisations/{id}/recovery");
    let refused = at_cell(&world, "POST", &path, &lead, json!({ "person": person })).await;
    assert_eq!(refused.status, 422, "a lead without a key: {:?}", refused.json());
    let [zoe, kim] = [world.enrolled("zoe").await.cookie, world.enrolled("kim").await.cookie];
    let asked = at_cell(&world, "POST", &path, &zoe, json!({ "person": person })).await;
    assert_eq!((asked.status, asked.json()["state"].as_str()), (StatusCode::ACCEPTED, Some("asked")));
    let page = at_cell(&world, "GET", &format!("/cell/v1/organisations/{id}"), &zoe, Value::Null).await.json();
    assert_eq!((&page["recovery"]["person"], &page["recovery"]["own"]), (&json!(person), &json!(true)));
    let link = at_cell(&world, "POST", &path, &kim, json!({ "person": person })).await;
    assert_eq!(link.status, 201, "{:?}", link.json());
    let again = join(&world, &token(&link), "Ann").await;
    assert_eq!(at_member(&world, "GET", "/api/v1/session", &admin, Value::Null).await.status, 401);
    let path = format!("/cell/v1/organisations/{id}/status");
    assert_eq!(at_cell(&world, "PUT", &path, &lead, json!({ "status": "suspended" })).await.status, 204);
    assert_eq!(at_member(&world, "GET", "/api/v1/session", &again, Value::Null).await.status, 401);
    let page = at_cell(&world, "GET", &format!("/cell/v1/organisations/{id}"), &lead, Value::Null).await.json();
    assert_eq!(page["row"]["status"], "suspended");
    assert_eq!(page["acts"], json!([]), "what its people did today is told tomorrow");
}

#[tokio::test]
async fn bad_links_are_alike_to_the_byte() {
    let world = World::new();
    let lead = world.sign_in(&world.cell, "ada@cell.example").await;
    let (_, used) = invite(&world, &lead, "Used", "a@used.example").await;
    join(&world, &used, "Ann").await;
    let (_, withdrawn) = invite(&world, &lead, "Withdrawn", "a@withdrawn.example").await;
    let all = at_cell(&world, "GET", "/cell/v1/invitations", &lead, Value::Null).await.json();
    let id = all["items"].as_array().unwrap().iter().find(|one| one["email"] == "a@withdrawn.example").unwrap();
    let path = format!("/cell/v1/invitations/{}", id["id"].as_str().unwrap());
    assert_eq!(at_cell(&world, "DELETE", &path, &lead, Value::Null).await.status, 204);
    let (_, old) = invite(&world, &lead, "Old", "a@old.example").await;
    world.clock.0.fetch_add(8 * DAY, Ordering::SeqCst);
    let forged = format!("fci_{}", "0".repeat(64));
    let mut answers = Vec::new();
    for token in [used.as_str(), &withdrawn, &old, &forged, "", "x"] {
        for (path, body) in [
            ("/api/v1/join/look", json!({ "token": token })),
            ("/api/v1/join", json!({ "token": token, "name": "Ann", "terms": 1 })),
            ("/api/v1/join/session", json!({ "ticket": token })),
        ] {
            let answer = at_member(&world, "POST", path, "", body).await;
            answers.push((answer.status.as_u16(), answer.body));
        }
    }
    assert_eq!(answers[0].0, 404);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn who_can_only_read_is_told_why_and_what_to_do() {
    let world = World::new();
    let lead = world.sign_in(&world.cell, "ada@cell.example").await;
    let (_, link) = invite(&world, &lead, "Calder Water", "ann@calder.example").await;
    join(&world, &link, "Ann").await;
    let rounds = |days: i64| {
        for _ in 0..days {
            world.clock.0.fetch_add(DAY, Ordering::SeqCst);
            world.register.daily_round().unwrap();
        }
    };
    rounds(95);
    // By key: firm 3 has only machines.
    let refused =
        call(&world.member, world.request("POST", "/api/v1/reports", 3, Body::from(report().to_string()))).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["type"].as_str()),
        (403, Some("urn:fusioncell:problem:read-only"))
    );
    assert!(refused.json()["detail"].as_str().unwrap().contains("dormant"));
    assert_eq!(call(&world.member, world.request("GET", "/api/v1/home", 3, Body::empty())).await.status, 200);
    // A person's sign-in wakes it.
    let ann = world.sign_in(&world.member, "ann@calder.example").await;
    assert_eq!(at_member(&world, "POST", "/api/v1/reports", &ann, report()).await.status, 201);
    let lead = world.sign_in(&world.cell, "ada@cell.example").await;
    let today = register::date(world.register.now().as_millis() / DAY);
    let published =
        at_cell(&world, "POST", "/cell/v1/terms", &lead, json!({ "text": "New.", "from_day": today })).await;
    assert_eq!((published.status.as_u16(), published.json()["version"].as_u64()), (201, Some(2)));
    rounds(31);
    let ann = world.sign_in(&world.member, "ann@calder.example").await;
    let refused = at_member(&world, "POST", "/api/v1/reports", &ann, report()).await;
    assert_eq!(refused.status, 403);
    assert!(refused.json()["detail"].as_str().unwrap().contains("terms"));
    for path in ["/api/v1/home", "/api/v1/people", "/api/v1/directory", "/api/v1/terms", "/api/v1/organisation"] {
        assert_eq!(at_member(&world, "GET", path, &ann, Value::Null).await.status, 200, "{path}");
    }
    let old = at_member(&world, "POST", "/api/v1/terms/accept", &ann, json!({ "version": 1 })).await;
    assert_eq!(old.status, 409);
    assert_eq!(at_member(&world, "POST", "/api/v1/terms/accept", &ann, json!({ "version": 2 })).await.status, 204);
    assert_eq!(at_member(&world, "POST", "/api/v1/reports", &ann, report()).await.status, 201);
}

#[tokio::test]
async fn the_cells_pages_are_for_those_who_have_the_right() {
    let world = World::new();
    let lead = world.sign_in(&world.cell, "ada@cell.example").await;
    let analyst = world.sign_in(&world.cell, "kit@cell.example").await;
    for path in [
        "/cell/v1/organisations",
        "/cell/v1/people",
        "/cell/v1/invitations",
        "/cell/v1/sponsorships",
        "/cell/v1/terms",
        "/cell/v1/acts",
        "/cell/v1/outbox",
        "/cell/v1/settings",
    ] {
        assert_eq!(at_cell(&world, "GET", path, &lead, Value::Null).await.status, 200, "{path}");
        assert_eq!(at_cell(&world, "GET", path, &analyst, Value::Null).await.status, 403, "{path}");
        assert_eq!(at_cell(&world, "GET", path, "", Value::Null).await.status, 401, "{path}");
    }
    let page =
        at_cell(&world, "GET", "/cell/v1/organisations?q=firm%201&status=active", &lead, Value::Null).await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 3, "1, 10 and 11");
    let set = |value: &str| at_cell(&world, "PUT", "/cell/v1/settings/dormant-days", &lead, json!({ "value": value }));
    assert_eq!(set("60").await.status, 204);
    assert_eq!(set("1").await.status, 422);
    let people = at_cell(&world, "GET", "/cell/v1/people", &lead, Value::Null).await.json();
    let own = people["items"].as_array().unwrap().iter().find(|one| one["role"] == "lead").unwrap();
    let path = format!("/cell/v1/people/{}", own["id"].as_str().unwrap());
    assert_eq!(at_cell(&world, "DELETE", &path, &lead, Value::Null).await.status, 422, "the last lead stays");
    let invited = json!({ "name": "Mo", "email": "mo@cell.example", "role": "analyst" });
    let made = at_cell(&world, "POST", "/cell/v1/invitations", &lead, invited).await;
    let link = token(&made);
    let at_members = at_member(&world, "POST", "/api/v1/join/look", "", json!({ "token": link })).await;
    assert_eq!(at_members.status, 404, "the cell's link is for the cell's listener");
    let joined = at_cell(&world, "POST", "/cell/v1/join", "", json!({ "token": link, "name": "Mo" })).await;
    assert_eq!(joined.status, 201, "{:?}", joined.json());
    // A machine key reads neither people nor organisation.
    for path in ["/api/v1/people", "/api/v1/organisation", "/api/v1/directory"] {
        assert_eq!(call(&world.member, world.request("GET", path, 0, Body::empty())).await.status, 403, "{path}");
    }
}
