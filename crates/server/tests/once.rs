//! Requests under an `Idempotency-Key`: done once, answered byte for byte as the first time; nobody else's key is ours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::StatusCode;
use common::{Answer, World, call};
use serde_json::{Value, json};

const KEY: &str = "idempotency-key";

async fn ask(world: &World, firm: usize, method: &str, path: &str, key: &str, body: &Value) -> Answer {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let mut request = world.request(method, path, firm, body);
    request.headers_mut().insert(KEY, key.parse().unwrap());
    call(&world.member, request).await
}

fn report(value: &str) -> Value {
    let values = json!([{ "value": value }, { "value": "mail.firm0.example" }, { "value": "???" }]);
    json!({ "title": "Odd mail", "attack": "phishing", "warn": "now", "know": "nobody", "indicators": values })
}

fn same(first: &Answer, again: &Answer) {
    assert_eq!(first.status, again.status, "{again:?}");
    assert_eq!(first.body, again.body);
    assert_eq!(first.headers.get("content-type"), again.headers.get("content-type"));
}

fn is_problem(answer: &Answer, status: StatusCode, word: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.json()["detail"].as_str().unwrap().contains(word), "{answer:?}");
}

async fn count(world: &World, firm: usize) -> usize {
    let answer = call(&world.member, world.request("GET", "/api/v1/reports", firm, Body::empty())).await;
    answer.json()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_report_sent_again_is_answered_as_the_first_time_whatever_has_happened_since() {
    let mut world = World::new();
    let first = ask(&world, 0, "POST", "/api/v1/reports", "k-1", &report("attack.test")).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    assert!(first.json()["receipt"]["signature"].is_string());
    // Members know the value by now: a new report would be told so.
    ask(&world, 1, "POST", "/api/v1/reports", "k-1", &report("attack.test")).await;
    world.pass(5_000);
    same(&first, &ask(&world, 0, "POST", "/api/v1/reports", "k-1", &report("attack.test")).await);
    let anew = ask(&world, 0, "POST", "/api/v1/reports", "k-2", &report("attack.test")).await;
    assert!(anew.json()["reference"] != first.json()["reference"] && anew.json()["answer"] != first.json()["answer"]);
    world.pass(300);
    assert_eq!((count(&world, 0).await, count(&world, 1).await), (2, 1));
}

#[tokio::test]
async fn other_bytes_under_a_used_key_are_refused_and_another_firms_key_is_another() {
    let mut world = World::new();
    let first = ask(&world, 0, "POST", "/api/v1/reports", "k", &report("a.test")).await;
    let other = ask(&world, 0, "POST", "/api/v1/reports", "k", &report("b.test")).await;
    is_problem(&other, StatusCode::UNPROCESSABLE_ENTITY, "Idempotency-Key");
    let elsewhere = ask(&world, 0, "POST", "/api/v1/reports?lang=cy", "k", &report("a.test")).await;
    is_problem(&elsewhere, StatusCode::UNPROCESSABLE_ENTITY, "Idempotency-Key");
    let theirs = ask(&world, 1, "POST", "/api/v1/reports", "k", &report("a.test")).await;
    assert_eq!(theirs.status, StatusCode::CREATED);
    assert!(theirs.json()["reference"] != first.json()["reference"]);
    world.pass(300);
    assert_eq!((count(&world, 0).await, count(&world, 1).await), (1, 1));
    // The second firm does not come by the first one's answer, nor learns that there is one.
    let path = format!("/api/v1/reports/{}/messages", first.json()["reference"].as_str().unwrap());
    let say = json!({ "text": "hello" });
    assert_eq!(ask(&world, 0, "POST", &path, "say", &say).await.status, StatusCode::NO_CONTENT);
    is_problem(&ask(&world, 1, "POST", &path, "say", &say).await, StatusCode::NOT_FOUND, "nothing here");
}

#[tokio::test]
async fn a_key_is_one_of_visible_characters_and_a_refusal_is_not_kept() {
    let world = World::new();
    for key in ["", "a b", "caf\u{e9}", &"x".repeat(256)] {
        let mut request = world.request("POST", "/api/v1/reports", 0, Body::from(report("a.test").to_string()));
        request.headers_mut().insert(KEY, key.parse().unwrap());
        is_problem(&call(&world.member, request).await, StatusCode::UNPROCESSABLE_ENTITY, "Idempotency-Key");
    }
    let mut request = world.request("POST", "/api/v1/reports", 0, Body::from(report("a.test").to_string()));
    request.headers_mut().append(KEY, "a".parse().unwrap());
    request.headers_mut().append(KEY, "b".parse().unwrap());
    is_problem(&call(&world.member, request).await, StatusCode::UNPROCESSABLE_ENTITY, "Idempotency-Key");
    let long = "x".repeat(255);
    let mut wrong = report("a.test");
    wrong["attack"] = json!("magic");
    assert_eq!(ask(&world, 0, "POST", "/api/v1/reports", &long, &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Nothing was done under it: the corrected report may be sent with the same key.
    let answer = ask(&world, 0, "POST", "/api/v1/reports", &long, &report("a.test")).await;
    assert_eq!(answer.status, StatusCode::CREATED);
}

#[tokio::test]
async fn every_act_of_a_thread_is_done_once() {
    let mut world = World::new();
    let mut filed = report("a.test");
    filed["warn"] = json!("cell-only");
    let first = ask(&world, 0, "POST", "/api/v1/reports", "r", &filed).await;
    world.pass(300);
    let path = format!("/api/v1/reports/{}", first.json()["reference"].as_str().unwrap());
    let correction =
        json!({ "title": "t", "attack": "phishing", "add": [{ "value": "new.test" }, { "value": "???" }] });
    for (method, end, body) in [
        ("POST", "/messages", json!({ "text": "hello" })),
        ("POST", "/consent", json!({ "warn": "now" })),
        ("PUT", "", correction),
        ("DELETE", "", Value::Null),
        ("POST", "/recall", Value::Null),
    ] {
        let path = format!("{path}{end}");
        let head = world.vault.journal().head();
        let first = ask(&world, 0, method, &path, method_key(method, end), &body).await;
        assert!(first.status.is_success(), "{method} {end}: {first:?}");
        let after = world.vault.journal().head();
        assert_eq!(after.seq, head.seq + 1);
        same(&first, &ask(&world, 0, method, &path, method_key(method, end), &body).await);
        assert_eq!(world.vault.journal().head(), after, "{method} {end} was done twice");
    }
    // After the recall nothing of what its requests were answered is left, and none of them does anything.
    world.pass(1_000);
    let gone = ask(&world, 0, "POST", "/api/v1/reports", "r", &filed).await;
    is_problem(&gone, StatusCode::CONFLICT, "recalled");
    let recall = ask(&world, 0, "POST", &format!("{path}/recall"), method_key("POST", "/recall"), &Value::Null).await;
    assert_eq!(recall.status, StatusCode::NO_CONTENT);
    world.pass(300);
    assert_eq!(count(&world, 0).await, 1);
}

fn method_key(method: &str, end: &str) -> &'static str {
    format!("{method}{}", end.replace('/', "-")).leak()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_with_one_key_one_is_done() {
    let world = World::new();
    let sent = (0..20).map(|_| {
        let mut request = world.request("POST", "/api/v1/reports", 0, Body::from(report("a.test").to_string()));
        request.headers_mut().insert(KEY, "same".parse().unwrap());
        let router = world.member.clone();
        tokio::spawn(async move { call(&router, request).await })
    });
    let sent: Vec<_> = sent.collect();
    let mut references = std::collections::HashSet::new();
    for answer in sent {
        let answer = answer.await.unwrap();
        match answer.status {
            StatusCode::CREATED => drop(references.insert(answer.json()["reference"].to_string())),
            StatusCode::CONFLICT => is_problem(&answer, StatusCode::CONFLICT, "being answered"),
            other => panic!("{other}: {answer:?}"),
        }
    }
    assert_eq!(references.len(), 1);
    let filed = world.vault.journal().read(1, 1_000).unwrap();
    assert_eq!(filed.iter().filter(|entry| matches!(entry.body, vault::Body::Report(_))).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_sent_again_is_answered_as_the_first_time() {
    let world = World::new();
    let path = "/api/v1/import?name=list.csv&warn=now&know=nobody";
    let list = "type,value\ndomain,one.test\ndomain,two.test\ndomain,???\n";
    let send = |bytes: &'static str| {
        let mut request = world.request("POST", path, 0, Body::from(bytes));
        request.headers_mut().insert(KEY, "import-1".parse().unwrap());
        call(&world.member, request)
    };
    let first = send(list).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    assert!(first.json()["accepted"].as_u64().unwrap() > 0);
    let head = world.vault.journal().head();
    // Without the key its values would be told as duplicates.
    same(&first, &send(list).await);
    assert_eq!(world.vault.journal().head(), head);
    is_problem(&send("type,value\ndomain,three.test\n").await, StatusCode::UNPROCESSABLE_ENTITY, "Idempotency-Key");
}
