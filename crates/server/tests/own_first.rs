//! What an invitation calls a firm's own is a proposal: nobody of the firm reports until its administrator has said what is, so that no
//! lead learns by a range of their choice which cases are that firm's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use common::{World, at_member};
use serde_json::{Value, json};

/// An invited firm with this as its own, joined by its administrator, whose cookie it gives.
async fn joined(world: &World, domains: Value, ranges: Value) -> String {
    let lead = world.sign_in(&world.cell, "ada@cell.example").await;
    let body = json!({ "name": "Calder Water", "sectors": ["water"], "contact": "Ann", "email": "ann@calder.example",
        "domains": domains });
    let made = world.at_cell("POST", "/cell/v1/organisations", &lead, Body::from(body.to_string())).await;
    assert_eq!(made.status, 201, "{:?}", made.json());
    // What the invitation has no field for, the lead adds before the firm has joined.
    let path = format!("/cell/v1/organisations/{}", made.json()["organisation"].as_str().unwrap());
    let body = json!({ "name": "Calder Water", "sectors": ["water"], "domains": domains, "ranges": ranges });
    assert_eq!(world.at_cell("PUT", &path, &lead, Body::from(body.to_string())).await.status, 204);
    let link = made.json()["link"].as_str().unwrap().to_owned();
    let token = link.split_once("/join#").unwrap().1;
    let look = at_member(world, "POST", "/api/v1/join/look", "", json!({ "token": token })).await;
    let body = json!({ "token": token, "name": "Ann", "terms": look.json()["terms"]["version"] });
    let ticket = at_member(world, "POST", "/api/v1/join", "", body).await.json()["ticket"].clone();
    let cookie = at_member(world, "POST", "/api/v1/join/session", "", json!({ "ticket": ticket })).await.cookie();
    let set = at_member(world, "PUT", "/api/v1/me/password", &cookie, json!({ "password": common::PASSWORD })).await;
    assert_eq!(set.status, 204);
    set.cookie()
}

fn report() -> Value {
    json!({ "title": "mail", "attack": "phishing", "tlp": "GREEN", "warn": "now", "know": "nobody",
            "indicators": [{ "value": "45.66.77.88" }, { "value": "vpn.calder.example" }] })
}

#[tokio::test]
async fn what_an_invitation_calls_a_firms_own_marks_no_case_until_the_firm_has_said_so() {
    let world = World::new();
    let ann = joined(&world, json!(["calder.example"]), json!(["45.0.0.0/8"])).await;
    let organisation = at_member(&world, "GET", "/api/v1/organisation", &ann, Value::Null).await.json();
    assert_eq!((&organisation["proposed"], &organisation["ranges"]), (&json!(true), &json!(["45.0.0.0/8"])));
    // Refused with what to do about it, whatever would take something in; nothing is kept aside.
    for (method, path) in [("POST", "/api/v1/reports"), ("POST", "/api/v1/reports/preview")] {
        let refused = at_member(&world, method, path, &ann, report()).await;
        let told = refused.json();
        assert_eq!(
            (refused.status.as_u16(), &told["type"]),
            (403, &json!("urn:fusioncell:problem:own-first")),
            "{path}"
        );
        assert!(told["detail"].as_str().unwrap().contains("page of the organisation"), "{told}");
    }
    assert_eq!(at_member(&world, "GET", "/api/v1/home", &ann, Value::Null).await.status, 200, "and the rest works");
    // The range is struck out, the domain is theirs.
    let mine = json!({ "region": "wales", "domains": ["calder.example"] });
    assert_eq!(at_member(&world, "PUT", "/api/v1/organisation", &ann, mine).await.status, 204);
    let organisation = at_member(&world, "GET", "/api/v1/organisation", &ann, Value::Null).await.json();
    assert_eq!((&organisation["proposed"], &organisation["ranges"]), (&json!(false), &json!([])));
    let answer = at_member(&world, "POST", "/api/v1/reports", &ann, report()).await;
    assert_eq!(answer.status, 201, "{:?}", answer.json());
    let items = answer.json()["items"].clone();
    assert!(items[0]["held"].is_null(), "what a lead called theirs marks nothing: {items}");
    assert!(items[1]["held"].is_string(), "what names them is hidden: {items}");
}

#[tokio::test]
async fn a_firm_that_was_invited_with_nothing_of_its_own_reports_at_once() {
    let world = World::new();
    let ann = joined(&world, json!([]), json!([])).await;
    let organisation = at_member(&world, "GET", "/api/v1/organisation", &ann, Value::Null).await.json();
    assert_eq!(organisation["proposed"], json!(false));
    assert_eq!(at_member(&world, "POST", "/api/v1/reports", &ann, report()).await.status, 201);
}
