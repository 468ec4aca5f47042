//! A report and what comes after it: the thread with the cell, consent, correction, withdrawal, recall; nobody's but its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::StatusCode;
use common::{Answer, World, call};
use serde_json::{Value, json};

struct Stage {
    world: World,
    lead: String,
}

impl Stage {
    async fn new() -> Self {
        let world = World::new();
        let lead = world.sign_in(&world.cell, "ada@cell.example").await;
        Self { world, lead }
    }

    async fn ask(&self, firm: usize, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        call(&self.world.member, self.world.request(method, path, firm, body)).await
    }

    async fn cell(&self, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.world.at_cell(method, path, &self.lead, body).await
    }

    /// Files a report and gives its reference.
    async fn file(&mut self, firm: usize, warn: &str, values: &[&str]) -> String {
        let values: Vec<Value> = values.iter().map(|value| json!({ "value": value })).collect();
        let body = json!({
            "title": "Odd mail", "narrative": "It came at noon.", "attack": "phishing", "warn": warn, "know": "nobody",
            "tlp": "GREEN", "indicators": values,
        });
        let answer = self.ask(firm, "POST", "/api/v1/reports", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        self.world.pass(300);
        answer.json()["reference"].as_str().unwrap().to_owned()
    }

    async fn own(&self, firm: usize, reference: &str) -> Value {
        let answer = self.ask(firm, "GET", &format!("/api/v1/reports/{reference}"), Value::Null).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.json()
    }

    async fn is_shown(&self, value: &str) -> bool {
        let answer = self.ask(5, "GET", &format!("/api/v1/lookup?value={value}"), Value::Null).await;
        answer.json()["verdict"] != "not-seen"
    }
}

fn kinds(report: &Value) -> Vec<String> {
    let rows = report["thread"].as_array().unwrap().iter();
    rows.map(|row| format!("{} {}", row["from"].as_str().unwrap(), row["kind"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn not_yet_read_ends_with_a_claim_or_an_answer_and_for_its_reporter_alone() {
    for by in ["claim", "messages"] {
        let mut stage = Stage::new().await;
        let reference = stage.file(0, "cell-only", &["attack.test"]).await;
        let other = stage.file(0, "cell-only", &["other.test"]).await;
        let told = |own: &Value| (own["read"].as_bool().unwrap(), own["state"].as_str().unwrap().to_owned());
        assert_eq!(told(&stage.own(0, &reference).await), (false, "received".to_owned()));
        let body = if by == "claim" { Value::Null } else { json!({ "text": "We see it" }) };
        let answer = stage.cell("POST", &format!("/cell/v1/reports/{reference}/{by}"), body).await;
        assert!(answer.status.is_success());
        stage.world.pass(100);
        assert_eq!(told(&stage.own(0, &reference).await), (true, "read".to_owned()), "{by}");
        assert_eq!(told(&stage.own(0, &other).await), (false, "received".to_owned()), "{by}");
        let said = json!({ "text": "Thanks" });
        stage.ask(0, "POST", &format!("/api/v1/reports/{other}/messages"), said).await;
        stage.world.pass(100);
        assert!(!stage.own(0, &other).await["read"].as_bool().unwrap(), "what its reporter says is read by nobody yet");
        stage.ask(0, "DELETE", &format!("/api/v1/reports/{reference}"), Value::Null).await;
        stage.world.pass(300);
        assert_eq!(told(&stage.own(0, &reference).await), (true, "withdrawn".to_owned()), "{by}");
    }
}

#[tokio::test]
async fn a_reporter_and_the_cell_talk_and_neither_page_names_the_firm() {
    let mut stage = Stage::new().await;
    let reference = stage.file(0, "cell-only", &["attack.test"]).await;
    let own = stage.own(0, &reference).await;
    assert_eq!((own["title"].as_str(), own["state"].as_str()), (Some("Odd mail"), Some("received")));
    assert_eq!(own["values"][0]["value"], "attack.test");

    let path = format!("/cell/v1/reports/{reference}");
    let asked = json!({ "text": "May others be warned?", "asks": true });
    assert_eq!(stage.cell("POST", &format!("{path}/claim"), Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.cell("POST", &format!("{path}/messages"), asked).await.status, StatusCode::CREATED);
    stage.world.pass(300);
    let list = stage.ask(0, "GET", "/api/v1/reports", Value::Null).await.json();
    assert_eq!((list["unread"].as_u64(), list["items"][0]["unread"].as_bool()), (Some(1), Some(true)));
    assert_eq!(list["items"][0]["state"], "read");
    let own = stage.own(0, &reference).await;
    assert_eq!(kinds(&own), ["cell read", "cell message"]);
    assert_eq!(own["thread"][1]["asks"], true);
    assert!(!own.to_string().contains("ada"), "the reporter reads 'the cell', nobody's name");

    let read = stage.ask(0, "POST", &format!("/api/v1/reports/{reference}/read"), Value::Null).await;
    assert_eq!(read.status, StatusCode::NO_CONTENT);
    stage.world.pass(100);
    assert_eq!(stage.ask(0, "GET", "/api/v1/reports", Value::Null).await.json()["unread"], 0);

    let said = json!({ "text": "Yes, do." });
    let answer = stage.ask(0, "POST", &format!("/api/v1/reports/{reference}/messages"), said).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let consent = stage.ask(0, "POST", &format!("/api/v1/reports/{reference}/consent"), json!({ "warn": "now" })).await;
    assert_eq!(consent.status, StatusCode::NO_CONTENT);
    assert!(!stage.is_shown("attack.test").await);
    stage.world.pass(300);
    assert!(stage.is_shown("attack.test").await);
    let page = stage.cell("GET", &path, Value::Null).await.json();
    let rows: Vec<&str> = page["thread"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(rows, ["message", "message", "consent"]);
    assert_eq!((page["warn"].as_str(), page["title"].as_str()), (Some("now"), Some("Odd mail")));
    assert!(!page.to_string().contains("irm 0") && !page.to_string().contains("firm0"), "{page}");
    // What came of it is told at the next epoch, to its reporter.
    assert!(!stage.own(0, &reference).await["released"].as_bool().unwrap());
    stage.world.pass(20_000);
    let own = stage.own(0, &reference).await;
    let value = &own["values"][0];
    assert!(value["released_at"].is_string() && value["verdict"] == "watch", "{value}");
    assert!(own["released"].as_bool().unwrap() && kinds(&own).last().unwrap() == "partnership released");
}

#[tokio::test]
async fn anothers_report_is_absent_like_one_that_never_was() {
    let mut stage = Stage::new().await;
    let reference = stage.file(0, "now", &["attack.test"]).await;
    let nowhere = "00000000-0000-4000-8000-0000000000ff";
    for (method, end, body) in [
        ("GET", "", Value::Null),
        ("PUT", "", json!({ "title": "t", "attack": "phishing" })),
        ("DELETE", "", Value::Null),
        ("POST", "/recall", Value::Null),
        ("POST", "/read", Value::Null),
        ("POST", "/messages", json!({ "text": "x" })),
        ("POST", "/consent", json!({ "warn": "now" })),
    ] {
        let of = |id: &str| format!("/api/v1/reports/{id}{end}");
        let hidden = stage.ask(1, method, &of(&reference), body.clone()).await;
        let absent = stage.ask(1, method, &of(nowhere), body).await;
        assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{method} {end}");
        assert_eq!((hidden.status, hidden.body), (absent.status, absent.body), "{method} {end}");
    }
    stage.world.pass(300);
    assert!(stage.is_shown("attack.test").await);
    assert_eq!(stage.ask(1, "GET", "/api/v1/reports", Value::Null).await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_correction_changes_what_each_side_reads() {
    let mut stage = Stage::new().await;
    let reference = stage.file(0, "now", &["wrong.test", "right.test"]).await;
    assert!(stage.is_shown("wrong.test").await);
    let path = format!("/api/v1/reports/{reference}");
    let body = json!({
        "title": "Odd mail, corrected", "narrative": "At one.", "attack": "malware", "severity": "low",
        "add": [{ "value": "new[.]test" }, { "value": "mail.firm0.example" }, { "value": "???" }],
        "drop": [{ "value": "wrong.test" }],
    });
    let answer = stage.ask(0, "PUT", &path, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let results: Vec<String> =
        answer.json()["items"].as_array().unwrap().iter().map(|item| item["result"].to_string()).collect();
    assert_eq!(results, ["\"accepted\"", "\"accepted\"", "\"refused\"", "\"accepted\""]);
    stage.world.pass(300);
    assert!(
        !stage.is_shown("wrong.test").await && stage.is_shown("right.test").await && stage.is_shown("new.test").await
    );
    assert!(!stage.is_shown("mail.firm0.example").await, "what names the firm is held");
    let own = stage.own(0, &reference).await;
    assert_eq!((own["title"].as_str(), own["attack"].as_str()), (Some("Odd mail, corrected"), Some("malware")));
    let values: Vec<&str> =
        own["values"].as_array().unwrap().iter().map(|value| value["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["right.test", "new.test", "mail.firm0.example"]);
    let page = stage.cell("GET", &format!("/cell/v1/reports/{reference}"), Value::Null).await.json();
    assert_eq!((page["title"].as_str(), page["values"].as_array().unwrap().len()), (Some("Odd mail, corrected"), 3));
    assert!(page["thread"][0]["text"].as_str().unwrap().contains("wrong.test"));
    for (body, word) in [
        (json!({ "title": "", "attack": "phishing" }), "title"),
        (json!({ "title": "t", "attack": "magic" }), "attack"),
        (json!({ "title": "t", "attack": "fraud", "extra": 1 }), "extra"),
        (json!([]), "array"),
    ] {
        let answer = stage.ask(0, "PUT", &path, body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.json()["detail"].as_str().unwrap().contains(word), "{:?}", answer.json());
    }
}

#[tokio::test]
async fn what_is_withdrawn_leaves_members_and_stays_with_the_cell() {
    let mut stage = Stage::new().await;
    let reference = stage.file(0, "now", &["mine.test", "both.test"]).await;
    stage.file(1, "now", &["both.test"]).await;
    let path = format!("/api/v1/reports/{reference}");
    assert_eq!(stage.ask(0, "DELETE", &path, Value::Null).await.status, StatusCode::NO_CONTENT);
    stage.world.pass(300);
    assert!(!stage.is_shown("mine.test").await && stage.is_shown("both.test").await);
    let own = stage.own(0, &reference).await;
    assert_eq!(
        (own["state"].as_str(), kinds(&own).as_slice()),
        (Some("withdrawn"), &["reporter withdrawal".to_owned()][..])
    );
    let page = stage.cell("GET", &format!("/cell/v1/reports/{reference}"), Value::Null).await.json();
    assert_eq!((page["state"].as_str(), page["title"].as_str()), (Some("withdrawn"), Some("Odd mail")));
    let again = stage.ask(0, "DELETE", &path, Value::Null).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.json()["detail"].as_str().unwrap().contains("withdrawn"));
    // Its reporter may say why, and the cell may answer.
    let said = stage.ask(0, "POST", &format!("{path}/messages"), json!({ "text": "a false alarm" })).await;
    assert_eq!(said.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_is_recalled_is_gone_within_ten_seconds_everywhere() {
    let mut stage = Stage::new().await;
    let reference = stage.file(0, "now", &["customer-list.test", "both.test"]).await;
    stage.file(1, "now", &["both.test"]).await;
    let path = format!("/api/v1/reports/{reference}");
    let text = json!({ "text": "the list names Jane Doe" });
    assert_eq!(stage.ask(0, "POST", &format!("{path}/messages"), text).await.status, StatusCode::NO_CONTENT);
    stage.world.pass(300);
    assert!(stage.is_shown("customer-list.test").await);
    assert_eq!(stage.ask(0, "POST", &format!("{path}/recall"), Value::Null).await.status, StatusCode::NO_CONTENT);
    stage.world.pass(1_000);
    assert!(!stage.is_shown("customer-list.test").await && stage.is_shown("both.test").await);
    let watch = stage.ask(5, "GET", "/api/v1/feeds/watch.txt", Value::Null).await;
    let watch = String::from_utf8(watch.body).unwrap();
    assert!(watch.contains("both.test") && !watch.contains("customer-list"));
    let own = stage.own(0, &reference).await;
    assert_eq!(
        (own["state"].as_str(), kinds(&own).as_slice()),
        (Some("recalled"), &["reporter recall".to_owned()][..])
    );
    assert!(!own.to_string().contains("customer") && !own.to_string().contains("Jane") && own["title"] == "");
    let mut told = String::new();
    for path in [
        format!("/cell/v1/reports/{reference}"),
        format!("/cell/v1/campaigns/{reference}"),
        "/cell/v1/wall".to_owned(),
        "/cell/v1/campaigns".to_owned(),
        "/cell/v1/lookup?value=customer-list.test".to_owned(),
    ] {
        told.push_str(&String::from_utf8(stage.cell("GET", &path, Value::Null).await.body).unwrap());
    }
    let told = told.replace(r#""query":"customer-list.test""#, "").replace(r#""normal":"customer-list.test""#, "");
    assert!(!told.contains("customer-list") && !told.contains("Jane") && !told.contains("Odd mail: "), "{told}");
    let mut journal = Vec::new();
    vault::export(&**stage.world.vault.journal(), &mut journal).unwrap();
    let journal = String::from_utf8(journal).unwrap();
    assert!(!journal.contains("customer-list") && !journal.contains("Jane") && journal.contains("both.test"));
    assert_eq!(stage.ask(0, "POST", &format!("{path}/recall"), Value::Null).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_message_says_something_and_not_too_much() {
    let mut stage = Stage::new().await;
    let reference = stage.file(0, "now", &["attack.test"]).await;
    let path = format!("/api/v1/reports/{reference}/messages");
    for text in ["", "   ", &"x".repeat(10_001)] {
        let answer = stage.ask(0, "POST", &path, json!({ "text": text })).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.json()["detail"].as_str().unwrap().starts_with("text: "));
        let answer =
            stage.cell("POST", &format!("/cell/v1/reports/{reference}/messages"), json!({ "text": text })).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let hostile = "<svg onload=alert(1)> \u{202e}gpj.exe";
    assert_eq!(stage.ask(0, "POST", &path, json!({ "text": hostile })).await.status, StatusCode::NO_CONTENT);
    stage.world.pass(300);
    assert_eq!(stage.own(0, &reference).await["thread"][0]["text"], hostile);
}
