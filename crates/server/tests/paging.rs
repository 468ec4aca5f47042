//! An ongoing report that nobody takes wakes the shift after five minutes and the leads after ten; whatever ends the wait ends that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use common::{PASSWORD, World, call};
use model::Clock as _;
use register::{Actor, Mail, NewPerson, Role, Secondment, Stage};
use serde_json::{Value, json};
use server::{Pager, Ways};

const MINUTE: i64 = 60_000;
const BOTH: Ways = Ways { mail: true, hook: true };

/// Mails and calls that have come since the last look.
#[derive(Debug, Default, PartialEq)]
struct Sent {
    mails: Vec<(String, String)>,
    calls: Vec<Value>,
}

impl Sent {
    fn to(&self) -> Vec<&str> {
        self.mails.iter().map(|mail| mail.0.as_str()).collect()
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

struct House {
    world: World,
    pager: Pager,
}

impl House {
    fn new() -> Self {
        let world = World::new();
        let pager = pager(&world);
        let mut house = Self { world, pager };
        house.after(0);
        house
    }

    /// Jumps, folds, wakes, and takes what is to be sent.
    fn after(&mut self, millis: i64) -> Sent {
        self.world.clock.0.fetch_add(millis, Ordering::SeqCst);
        self.world.pass(200);
        let now = self.world.clock.now();
        assert!(self.pager.step(now).unwrap());
        let mut sent = Sent::default();
        for Mail { id, to, text, subject, .. } in self.world.register.due_mail(now, 1_000, "cell.example").unwrap() {
            assert_eq!(subject, "EXERCISE: A report that is still going on waits");
            self.world.register.mail_sent(id).unwrap();
            sent.mails.push((to, text));
        }
        while let Some(hook) = self.world.register.due_hook(now).unwrap() {
            self.world.register.hook_over(&hook.id).unwrap();
            sent.calls.push(serde_json::from_str(&hook.body).unwrap());
        }
        sent
    }

    async fn report(&mut self, ongoing: bool) -> String {
        let report = json!({
            "title": "the secret title", "narrative": "secret words", "attack": "ransomware", "tlp": "GREEN",
            "ongoing": ongoing, "indicators": [{ "value": "evil.attack.test" }],
        });
        let answer = self.member("POST", "", &report).await;
        assert_eq!(answer.status, 201, "{:?}", String::from_utf8_lossy(&answer.body));
        self.world.pass(200);
        answer.json()["reference"].as_str().unwrap().to_owned()
    }

    async fn member(&self, method: &str, path: &str, body: &Value) -> common::Answer {
        let path = format!("/api/v1/reports{path}");
        call(&self.world.member, self.world.request(method, &path, 0, Body::from(body.to_string()))).await
    }

    async fn correct(&mut self, case: &str, ongoing: bool) {
        let correction = json!({ "title": "t", "attack": "ransomware", "ongoing": ongoing });
        assert_eq!(self.member("PUT", &format!("/{case}"), &correction).await.status, 200);
    }

    async fn cell(&self, path: &str, body: &Value) {
        let cookie = self.world.sign_in(&self.world.cell, "kit@cell.example").await;
        let answer = self.world.at_cell("POST", path, &cookie, Body::from(body.to_string())).await;
        assert!(answer.status.is_success(), "{:?}", String::from_utf8_lossy(&answer.body));
    }
}

fn pager(world: &World) -> Pager {
    Pager::new(Arc::clone(&world.register), world.core.shared().waiting(), BOTH, true)
}

#[tokio::test]
async fn the_shift_is_woken_after_five_minutes_and_the_leads_after_ten() {
    let mut house = House::new();
    // Somebody lent to the cell is woken for nothing: a wall may hide the case.
    let firm = house.world.register.organisation_named("Firm 3").unwrap().id;
    let secondment = Secondment {
        vetting: "SC".to_owned(),
        vetted_until: house.world.clock.now().plus_millis(1_000 * MINUTE),
        wall: vec![model::Sector::Energy],
    };
    let lent = NewPerson {
        email: "sal@firm3.example".to_owned(),
        name: "Sal".to_owned(),
        organisation: Some(firm),
        role: Role::Secondee,
        secondment: Some(secondment),
    };
    house.world.register.create_person(&Actor::operator(), &lent, PASSWORD).unwrap();

    let case = house.report(true).await;
    house.report(false).await;
    assert!(house.after(5 * MINUTE - 1_000).is_nothing(), "too early");
    let sent = house.after(1_000);
    assert_eq!(sent.to(), ["kit@cell.example"]);
    let link = format!("http://localhost:8461/triage/{case}");
    let text = "EXERCISE: A report that is still going on has waited 5 minutes, and nobody has taken it.";
    assert_eq!(sent.mails[0].1, format!("{text}\n\n{link}\n"));
    let mut call = sent.calls[0].clone();
    assert!(call.as_object_mut().unwrap().remove("timestamp").unwrap().as_str().unwrap().ends_with('Z'));
    let data = json!({ "stage": "shift", "minutes": 5, "case": case, "link": link, "exercise": true });
    assert_eq!(call, json!({ "type": "report.waiting", "data": data }), "it says nothing else");
    assert_eq!(sent.calls.len(), 1);
    assert!(house.after(4 * MINUTE).is_nothing(), "nobody is woken twice");
    let sent = house.after(MINUTE);
    assert_eq!((sent.to(), sent.calls[0]["data"]["stage"].as_str()), (vec!["ada@cell.example"], Some("leads")));
    assert!(house.after(600 * MINUTE).is_nothing());
}

#[tokio::test]
async fn whatever_ends_the_wait_in_time_wakes_nobody() {
    let mut house = House::new();
    for end in ["claim", "reply", "withdraw", "recall", "over"] {
        let case = house.report(true).await;
        assert!(house.after(4 * MINUTE).is_nothing());
        let nothing = Value::Null;
        match end {
            "claim" => house.cell(&format!("/cell/v1/reports/{case}/claim"), &nothing).await,
            "reply" => house.cell(&format!("/cell/v1/reports/{case}/messages"), &json!({ "text": "We see it" })).await,
            "withdraw" => assert_eq!(house.member("DELETE", &format!("/{case}"), &nothing).await.status, 204),
            "recall" => assert_eq!(house.member("POST", &format!("/{case}/recall"), &nothing).await.status, 204),
            _ => house.correct(&case, false).await,
        }
        assert!(house.after(20 * MINUTE).is_nothing(), "{end}");
        // One that somebody has read wakes nobody when it goes on after all; one that nobody has read does.
        if end == "claim" {
            house.correct(&case, true).await;
            assert!(house.after(20 * MINUTE).is_nothing());
        }
        if end == "over" {
            house.correct(&case, true).await;
            assert!(house.after(4 * MINUTE).is_nothing(), "five minutes from then on");
            assert_eq!(house.after(MINUTE).to(), ["kit@cell.example"]);
        }
    }
}

#[tokio::test]
async fn a_claim_takes_back_what_has_not_gone_out() {
    let mut house = House::new();
    let case = house.report(true).await;
    house.world.clock.0.fetch_add(6 * MINUTE, Ordering::SeqCst);
    house.world.pass(200);
    house.pager.step(house.world.clock.now()).unwrap();
    assert_eq!(house.world.register.mail_counts().unwrap().waiting, 1);
    // A call that is being made is not made again once it failed.
    let hook = house.world.register.due_hook(house.world.clock.now()).unwrap().unwrap();
    house.cell(&format!("/cell/v1/reports/{case}/claim"), &Value::Null).await;
    house.world.pass(200);
    house.pager.step(house.world.clock.now()).unwrap();
    house.world.register.hook_later(&hook.id, house.world.clock.now(), "late").unwrap();
    assert!(house.after(0).is_nothing());
    assert_eq!(house.world.register.mail_counts().unwrap().waiting, 0);
    assert!(house.world.register.pages_on_their_way().unwrap().is_empty());
}

#[tokio::test]
async fn a_restart_forgets_nobody_and_wakes_nobody_twice() {
    let mut house = House::new();
    house.report(true).await;
    assert_eq!(house.after(6 * MINUTE).to(), ["kit@cell.example"]);
    house.report(true).await;
    // Everything in memory is gone, and folded anew from the journal.
    let old = house.world.core.shared().waiting();
    assert_eq!(old.len(), 2);
    house.world.core = house.world.core_anew();
    house.pager = pager(&house.world);
    assert!(house.after(MINUTE).is_nothing(), "the shift was woken before");
    let sent = house.after(5 * MINUTE);
    assert_eq!((sent.to(), sent.calls.len()), (vec!["kit@cell.example", "ada@cell.example"], 2));
}

#[tokio::test]
async fn a_wave_wakes_the_shift_and_does_not_bury_it() {
    let mut house = House::new();
    for _ in 0..30 {
        house.report(true).await;
    }
    let first = house.after(6 * MINUTE);
    assert_eq!((first.mails.len(), first.calls.len()), (20, 20));
    assert!(house.after(1_000).is_nothing());
    assert_eq!(house.after(MINUTE).mails.len(), 10, "the others a minute later");
}

#[tokio::test]
async fn a_shift_of_nobody_is_the_leads_to_answer_for_and_then_the_wall_says_so() {
    let mut house = House::new();
    let by = Actor::operator();
    house.world.register.set_joining(&by, "page-shift", "night@cell.example, leads").unwrap();
    assert_eq!(house.world.register.woken(Stage::Shift).unwrap().to, ["night@cell.example", "ada@cell.example"]);
    house.world.register.set_joining(&by, "page-shift", "").unwrap();
    assert_eq!(house.world.register.woken(Stage::Shift).unwrap().to, ["ada@cell.example"]);
    house.world.register.set_joining(&by, "page-leads", "").unwrap();
    let nobody = Ways { mail: true, hook: false };
    let mut pager = Pager::new(Arc::clone(&house.world.register), house.world.core.shared().waiting(), nobody, true);
    house.report(true).await;
    house.world.clock.0.fetch_add(6 * MINUTE, Ordering::SeqCst);
    assert!(!pager.step(house.world.clock.now()).unwrap(), "nobody is woken");
    // As soon as there is somebody, they are.
    house.world.register.set_joining(&by, "page-shift", "analysts").unwrap();
    pager.step(house.world.clock.now().plus_millis(MINUTE)).unwrap();
    assert_eq!(house.world.register.mail_counts().unwrap().waiting, 1);
}
