//! Content whose time is over goes from the cell's pages and its reporter's own; what other members are answered does not change by a
//! byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::StatusCode;
use common::{World, call};
use model::Clock as _;
use serde_json::{Value, json};
use vault::Class;

const DAY: i64 = 86_400_000;

async fn ask(world: &World, firm: usize, method: &str, path: &str, body: Value) -> common::Answer {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    call(&world.member, world.request(method, path, firm, body)).await
}

async fn file(world: &mut World, firm: usize, warn: &str, value: &str) -> String {
    let body = json!({
        "title": "Odd mail", "narrative": "It came at noon.", "attack": "phishing", "warn": warn, "know": "nobody",
        "tlp": "GREEN", "indicators": [{ "value": value }],
    });
    let answer = ask(world, firm, "POST", "/api/v1/reports", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    world.pass(300);
    answer.json()["reference"].as_str().unwrap().to_owned()
}

/// What a member gets.
async fn seen(world: &World, firm: usize) -> Vec<(StatusCode, Vec<u8>)> {
    let mut all = Vec::new();
    for path in [
        "/api/v1/home",
        "/api/v1/indicators",
        "/api/v1/campaigns",
        "/api/v1/advisories",
        "/api/v1/feeds/watch.csv",
        "/api/v1/lookup?value=shown.test",
        "/api/v1/lookup?value=for-the-cell.test",
        "/api/v1/reports",
    ] {
        let answer = ask(world, firm, "GET", path, Value::Null).await;
        all.push((answer.status, answer.body.to_vec()));
    }
    all
}

#[tokio::test]
async fn other_members_get_the_same_bytes_and_its_reporter_and_the_cell_read_it_no_more() {
    let mut world = World::new();
    let shown = file(&mut world, 0, "now", "shown.test").await;
    let hidden = file(&mut world, 1, "cell-only", "for-the-cell.test").await;
    let said = json!({ "text": "It came again" });
    let path = format!("/api/v1/reports/{shown}/messages");
    assert!(ask(&world, 0, "POST", &path, said).await.status.is_success());
    world.pass(1_000);
    for (days, gone) in [(370, vec![Class::Words; 2]), (800, vec![Class::Values])] {
        let to = common::START + days * DAY;
        world.clock.0.store(to, Ordering::SeqCst);
        world.pass(100);
        let now = world.clock.now();
        let before = seen(&world, 5).await;
        assert!(before.iter().all(|(status, _)| *status == StatusCode::OK), "{before:?}");
        let own = ask(&world, 0, "GET", &format!("/api/v1/reports/{shown}"), Value::Null).await;
        let mut due: Vec<Class> = world.core.retain(now).unwrap().iter().map(|due| due.class).collect();
        due.sort_unstable();
        assert_eq!(due, gone, "after {days} days");
        // At the same moment, so that nothing but retention can be what differs.
        while world.core.step(now).unwrap().entries > 0 {}
        world.pump.step(now).unwrap();
        assert!(seen(&world, 5).await == before, "after {days} days another member was answered otherwise");
        assert_eq!(own.status, StatusCode::OK);
    }
    // That something was released is true for good: it stays, and no start tells it once more.
    for (firm, reference, left) in [(0, &shown, &["released", "aged"][..]), (1, &hidden, &["aged"])] {
        let own = ask(&world, firm, "GET", &format!("/api/v1/reports/{reference}"), Value::Null).await;
        let text = String::from_utf8(own.body.to_vec()).unwrap();
        assert!(
            !["Odd mail", "at noon", "came again", "for-the-cell"].iter().any(|word| text.contains(word)),
            "{text}"
        );
        let own: Value = serde_json::from_str(&text).unwrap();
        let kinds: Vec<&str> =
            own["thread"].as_array().unwrap().iter().filter_map(|row| row["kind"].as_str()).collect();
        assert_eq!((own["state"].as_str(), kinds.as_slice()), (Some("aged"), left));
        let lead = world.sign_in(&world.cell, "ada@cell.example").await;
        let page = world.at_cell("GET", &format!("/cell/v1/reports/{reference}"), &lead, Body::empty()).await;
        let page: Value = page.json();
        assert_eq!((page["state"].as_str(), page["title"].as_str()), (Some("aged"), Some("")), "{page}");
        assert!(!page.to_string().contains("noon") && !page.to_string().contains("again"));
    }
    // Its reporter may still speak of it, and take it back.
    let path = format!("/api/v1/reports/{shown}");
    let said = json!({ "text": "Once more" });
    assert!(ask(&world, 0, "POST", &format!("{path}/messages"), said).await.status.is_success());
    assert!(ask(&world, 0, "DELETE", &path, Value::Null).await.status.is_success());
    world.pass(300);
    let answer = ask(&world, 5, "GET", "/api/v1/lookup?value=shown.test", Value::Null).await;
    assert_eq!(answer.json()["verdict"], "not-seen");
}
