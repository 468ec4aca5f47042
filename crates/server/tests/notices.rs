//! Whoever asked for it is told by mail that there is something new: at an epoch, in one form, once, and nobody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::Request;
use common::{Answer, World, call};
use model::Clock as _;
use register::Actor;
use serde_json::{Value, json};

/// An epoch of an exercise.
const EPOCH: i64 = 20_000;

struct Stage {
    world: World,
    lead: String,
    /// Ann of firm 0, Bob of firm 1.
    cookies: [String; 2],
}

impl Stage {
    async fn new() -> Self {
        Self::with(true).await
    }

    async fn with(mails: bool) -> Self {
        let mut world = World::new();
        if mails {
            world.register.deliver_by_mail();
        }
        let ann = world.sign_in(&world.member, "ann@firm0.example").await;
        let bob = world.sign_in(&world.member, "bob@firm1.example").await;
        let lead = world.sign_in(&world.cell, "ada@cell.example").await;
        // To the middle of an epoch.
        let now = world.clock.now().as_millis();
        world.pass(EPOCH - now.rem_euclid(EPOCH) + EPOCH / 2);
        Self { world, lead, cookies: [ann, bob] }
    }

    async fn ask(&self, who: usize, method: &str, path: &str, body: &Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("origin", "http://localhost")
            .header("content-type", "application/json")
            .header("cookie", &self.cookies[who]);
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        call(&self.world.member, request.body(body).unwrap()).await
    }

    async fn wants(&self, who: usize, mail: bool) {
        let answer = self.ask(who, "PUT", "/api/v1/me/notices", &json!({ "mail": mail })).await;
        assert_eq!(answer.status, 204);
        assert_eq!(self.ask(who, "GET", "/api/v1/me", &Value::Null).await.json()["notices"], mail);
    }

    async fn report(&mut self, firm: usize) -> String {
        let answer = self.world.report(firm, &["evil.attack.test"]).await;
        self.world.pass(200);
        answer.json()["reference"].as_str().unwrap().to_owned()
    }

    async fn reply(&mut self, case: &str, text: &str) {
        let path = format!("/cell/v1/reports/{case}/messages");
        let body = Body::from(json!({ "text": text }).to_string());
        assert!(self.world.at_cell("POST", &path, &self.lead, body).await.status.is_success());
        self.world.pass(200);
    }

    /// Lets time pass, and takes what the mail server is handed.
    fn after(&mut self, millis: i64) -> Vec<(String, String, String)> {
        self.world.pass(millis);
        let mut sent = Vec::new();
        for mail in self.world.register.due_mail(self.world.clock.now(), 1_000, "cell.example").unwrap() {
            self.world.register.mail_sent(mail.id).unwrap();
            sent.push((mail.to, mail.subject, mail.text));
        }
        sent
    }
}

fn to(mails: &[(String, String, String)]) -> Vec<&str> {
    mails.iter().map(|mail| mail.0.as_str()).collect()
}

#[tokio::test]
async fn a_reply_is_told_at_the_epoch_to_those_of_its_firm_who_asked() {
    let mut stage = Stage::new().await;
    let case = stage.report(0).await;
    stage.reply(&case, "secret words of the cell").await;
    assert!(stage.after(2 * EPOCH).is_empty(), "nobody has asked");

    stage.wants(0, true).await;
    stage.wants(1, true).await;
    let mails = stage.after(EPOCH);
    assert_eq!(to(&mails), ["ann@firm0.example"], "what is new and unread is told to whoever asks later");
    let (_, subject, text) = &mails[0];
    assert_eq!(subject, "Something new for you");
    assert!(text.contains("http://localhost:8460") && !text.contains("secret") && !text.contains(&case), "{text}");
    assert!(stage.after(3 * EPOCH).is_empty(), "nobody is told twice");

    stage.reply(&case, "one more").await;
    let early = stage.after(EPOCH / 4);
    assert!(early.is_empty(), "not before the epoch: {early:?}");
    let again = stage.after(EPOCH);
    assert_eq!(again[0], mails[0], "one form for all");
    assert_eq!(again.len(), 1);

    // Read before the epoch: there is nothing to tell.
    stage.reply(&case, "and more").await;
    assert_eq!(stage.ask(0, "POST", &format!("/api/v1/reports/{case}/read"), &Value::Null).await.status, 204);
    assert!(stage.after(EPOCH).is_empty());

    stage.reply(&case, "the last").await;
    stage.wants(0, false).await;
    assert!(stage.after(2 * EPOCH).is_empty(), "whoever stops it gets none");
}

#[tokio::test]
async fn an_advisory_is_told_to_everybody_who_asked_by_the_same_mail() {
    let mut stage = Stage::new().await;
    stage.wants(0, true).await;
    stage.wants(1, true).await;
    let case = stage.report(0).await;
    stage.reply(&case, "hello").await;
    let of_thread = stage.after(EPOCH).remove(0);
    let advisory = json!({ "title": "t", "summary": "s", "actions": ["a"], "severity": "high", "tlp": "GREEN" });
    let body = Body::from(advisory.to_string());
    assert_eq!(stage.world.at_cell("POST", "/cell/v1/advisories", &stage.lead, body).await.status, 201);
    let mails = stage.after(EPOCH);
    let mut all = to(&mails);
    all.sort_unstable();
    assert_eq!(all, ["ann@firm0.example", "bob@firm1.example"]);
    assert!(mails.iter().all(|mail| (&mail.1, &mail.2) == (&of_thread.1, &of_thread.2)), "it tells of a thread");
    assert!(stage.after(2 * EPOCH).is_empty());
}

#[tokio::test]
async fn an_operator_sees_no_number_and_no_address_and_a_full_queue_loses_nothing() {
    let mut stage = Stage::new().await;
    stage.wants(0, true).await;
    let case = stage.report(0).await;
    stage.reply(&case, "hello").await;
    stage.world.pass(EPOCH);
    let register = stage.world.register.clone();
    assert_eq!(register.mail_counts().unwrap(), register::MailCounts::default());
    assert!(register.mail_status(10).unwrap().is_empty());
    // The mail server refuses it: nothing is left of that either.
    let mail = register.due_mail(stage.world.clock.now(), 10, "cell.example").unwrap().remove(0);
    register.mail_failed(mail.id, "recipient 550").unwrap();
    assert!(register.mail_status(10).unwrap().is_empty());
    assert_eq!(register.mail_counts().unwrap(), register::MailCounts::default());
    assert!(stage.after(EPOCH).is_empty());

    // An account that ended, and people of the cell, are told nothing.
    let mine = Body::from(r#"{"mail":true}"#);
    assert_eq!(stage.world.at_cell("PUT", "/cell/v1/me/notices", &stage.lead, mine).await.status, 404);
    let me = stage.world.at_cell("GET", "/cell/v1/me", &stage.lead, Body::empty()).await.json();
    assert_eq!(me.get("notices"), Some(&Value::Null));
    stage.reply(&case, "again").await;
    let ann = register.noticed().unwrap().remove(0);
    register.set_status(&Actor::operator(), ann.organisation, register::Status::Suspended).unwrap();
    assert!(stage.after(2 * EPOCH).is_empty());
    register.set_status(&Actor::operator(), ann.organisation, register::Status::Active).unwrap();
    assert_eq!(to(&stage.after(EPOCH)), ["ann@firm0.example"]);
}

#[tokio::test]
async fn where_no_mail_leaves_none_is_queued_and_bad_choices_are_told() {
    let mut stage = Stage::with(false).await;
    stage.wants(0, true).await;
    let case = stage.report(0).await;
    stage.reply(&case, "hello").await;
    assert!(stage.after(2 * EPOCH).is_empty());
    for bad in [json!({ "mail": "yes" }), json!({}), json!({ "mail": true, "to": "x@y.example" })] {
        let answer = stage.ask(0, "PUT", "/api/v1/me/notices", &bad).await;
        assert_eq!(answer.status, 422, "{bad} {:?}", String::from_utf8_lossy(&answer.body));
    }
    assert_eq!(stage.ask(0, "GET", "/api/v1/me", &Value::Null).await.json()["notices"], true);
    let by_key = stage.world.request("PUT", "/api/v1/me/notices", 0, Body::from(r#"{"mail":false}"#));
    assert_eq!(call(&stage.world.member, by_key).await.status, 403, "a key is nobody who reads mail");
}
