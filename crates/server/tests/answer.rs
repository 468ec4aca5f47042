//! What a reporter sees before and right after sending: the dry run, the findings, the answer, the receipt.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::Request;
use common::{Answer, World, call};
use intake::receipt::{PublicKey, SignedReceipt, sha256};
use model::OrganisationId;
use register::{Actor, NewGroup, OrganisationClass, Status, WhoMayAdd};
use serde_json::{Value, json};
use vault::{Body as Entry, Item};

const REPORT: &str = "/api/v1/reports";
const PREVIEW: &str = "/api/v1/reports/preview";

async fn as_person(world: &World, cookie: &str, path: &str, body: &Value) -> Answer {
    let request = Request::post(path)
        .header("host", "localhost")
        .header("origin", "http://localhost")
        .header("cookie", cookie)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    call(&world.member, request).await
}

fn draft(warn: &Value, tlp: &str, values: &[&str]) -> Value {
    let values: Vec<Value> = values.iter().map(|value| json!({ "value": value })).collect();
    json!({ "title": "mail", "attack": "phishing", "warn": warn, "know": "nobody", "tlp": tlp, "indicators": values })
}

fn firm(world: &World, n: usize) -> OrganisationId {
    world.register.organisation_named(&format!("Firm {n}")).unwrap().id
}

fn group(world: &World, firms: &[usize]) -> String {
    let new = NewGroup { name: "Ports".into(), purpose: "p".into(), ends_at: None, who_may_add: WhoMayAdd::Cell };
    let id = world.register.create_group(&Actor::operator(), &new).unwrap();
    for n in firms {
        world.register.join_group(&Actor::operator(), id, firm(world, *n), false).unwrap();
    }
    id.to_string()
}

/// What the journal holds of the last report.
fn stored(world: &World) -> Vec<Item> {
    let mut found = Vec::new();
    let mut at = 1;
    while let Some(entry) = world.vault.journal().read(at, 1).unwrap().pop() {
        if let Entry::Report(report) = &entry.body {
            found = report.items.clone();
        }
        at += 1;
    }
    found
}

#[tokio::test]
async fn the_dry_run_counts_whom_the_gate_would_reach() {
    let world = World::new();
    let cookie = world.sign_in(&world.member, "ann@firm0.example").await;
    let reach = async |body: &Value| {
        let answer = as_person(&world, &cookie, PREVIEW, body).await;
        assert_eq!(answer.status, 200, "{:?}", String::from_utf8_lossy(&answer.body));
        let reach = answer.json()["reach"].clone();
        (
            reach["when"].as_str().unwrap().to_owned(),
            reach["members"].as_u64().unwrap(),
            reach["alone"].as_bool().unwrap(),
        )
    };
    let told = |when: &str, members, alone| (when.to_owned(), members, alone);
    let now = json!("now");
    // The answers and the marking.
    assert_eq!(reach(&json!({})).await, told("unanswered", 0, false));
    assert_eq!(reach(&draft(&now, "GREEN", &["evil.test"])).await, told("now", 11, false));
    assert_eq!(reach(&draft(&json!("next-epoch"), "GREEN", &[])).await, told("next-epoch", 11, false));
    assert_eq!(reach(&draft(&json!("once-three"), "GREEN", &[])).await, told("once-three", 11, false));
    assert_eq!(reach(&draft(&json!("cell-only"), "GREEN", &["evil.test"])).await, told("never", 0, true));
    assert_eq!(reach(&draft(&now, "AMBER+STRICT", &["evil.test"])).await, told("now", 11, true));
    assert_eq!(reach(&draft(&now, "RED", &["evil.test"])).await, told("never", 0, true));
    // What is held.
    assert_eq!(reach(&draft(&now, "GREEN", &["vpn.firm0.example"])).await, told("never", 0, true));
    assert_eq!(reach(&draft(&now, "GREEN", &["vpn.firm0.example", "evil.test"])).await, told("now", 11, false));
    let mut decided = draft(&now, "GREEN", &["vpn.firm0.example"]);
    decided["findings"] = json!([{ "value": "vpn.firm0.example", "decision": "keep" }]);
    assert_eq!(reach(&decided).await, told("now", 11, false));
    // Who takes part: whoever is dormant reads on, who was suspended does not, and an observer never did.
    let operator = Actor::operator();
    world.register.set_status(&operator, firm(&world, 9), Status::Suspended).unwrap();
    assert_eq!(reach(&draft(&now, "GREEN", &[])).await, told("now", 10, false));
    let observer = register::NewOrganisation {
        name: "Police".into(),
        class: OrganisationClass::Observer,
        sector: model::Sector::Water,
        region: None,
        assets: policy::Assets::default(),
    };
    world.register.create_organisation(&operator, &observer).unwrap();
    assert_eq!(reach(&draft(&now, "GREEN", &[])).await, told("now", 10, false));
    // Groups.
    let ports = group(&world, &[0, 1, 2]);
    let to_group = draft(&json!({ "group": ports }), "AMBER", &["evil.test"]);
    assert_eq!(reach(&to_group).await, told("now", 2, true));
    world.register.join_group(&operator, ports.parse().unwrap(), firm(&world, 3), false).unwrap();
    assert_eq!(reach(&to_group).await, told("now", 3, true));
    world.register.leave_group(&operator, ports.parse().unwrap(), firm(&world, 1)).unwrap();
    assert_eq!(reach(&to_group).await, told("now", 2, true));
    let answer = as_person(&world, &cookie, PREVIEW, &to_group).await.json();
    assert_eq!(answer["reach"]["few"], true);
    assert!(answer["reach"]["text"].as_str().unwrap().contains("Only 2 other firms can see this; they may guess."));
    // A group that the asker is not in says no more than one that there is not.
    world.register.leave_group(&operator, ports.parse().unwrap(), firm(&world, 0)).unwrap();
    let foreign = as_person(&world, &cookie, PREVIEW, &to_group).await.body;
    let none = draft(&json!({ "group": "00000000-0000-4000-8000-0000000000ff" }), "AMBER", &["evil.test"]);
    assert_eq!(foreign, as_person(&world, &cookie, PREVIEW, &none).await.body);
}

#[tokio::test]
async fn the_dry_run_tells_what_could_name_its_reporter_and_stores_nothing() {
    let mut world = World::new();
    world.pass(500);
    let cookie = world.sign_in(&world.member, "ann@firm0.example").await;
    let before = world.vault.journal().head();
    let body = json!({
        "title": "Mail to firm0.example", "narrative": "opened on \\\\FILES01\\x by 10.0.0.7", "tags": ["firm 0"],
        "indicators": [{ "value": "http://evil.test/?u=firm0.example" }, { "value": "10.1.2.3" }, { "value": "??" }],
    });
    let told = as_person(&world, &cookie, PREVIEW, &body).await.json();
    let found: Vec<(&str, &str, bool)> = told["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["field"].as_str().unwrap(), it["cause"].as_str().unwrap(), it["holds"].as_bool().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("title", "own-domain", false),
            ("narrative", "machine", false),
            ("narrative", "internal-address", false),
            ("tags", "brand", false),
            ("indicators", "own-domain", true),
            ("indicators", "internal-address", true),
        ]
    );
    assert_eq!(told["findings"][4]["general"], "http://evil.test/");
    assert_eq!(told["findings"][4]["may"], json!(["untick", "generalise", "keep"]));
    assert_eq!(told["findings"][5]["may"], json!(["untick", "keep"]));
    let results: Vec<_> = told["values"].as_array().unwrap().iter().map(|it| it["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["held", "held", "refused"]);
    let missing: Vec<_> = told["problems"].as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect();
    assert_eq!(missing, ["attack", "warn", "know"]);
    assert_eq!(world.vault.journal().head(), before);
    assert_eq!(as_person(&world, &cookie, PREVIEW, &json!([])).await.status, 422);
    assert_eq!(as_person(&world, &cookie, PREVIEW, &json!({ "reporter": "x" })).await.status, 422);
}

#[tokio::test]
async fn the_dry_run_says_nothing_of_others_reports() {
    let mut quiet = World::new();
    let mut busy = World::new();
    assert_eq!(busy.report(3, &["evil.test"]).await.status, 201);
    assert_eq!(busy.report(4, &["evil.test"]).await.status, 201);
    let mut seen = Vec::new();
    for world in [&mut quiet, &mut busy] {
        world.pass(1_000);
        let body = draft(&json!("once-three"), "GREEN", &["evil.test", "firm0.example"]).to_string();
        seen.push(call(&world.member, world.request("POST", PREVIEW, 0, Body::from(body))).await.body);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_finding_holds_its_value_until_a_person_decides() {
    let world = World::new();
    let cookie = world.sign_in(&world.member, "ann@firm0.example").await;
    let values = ["http://evil.test/?u=firm0.example", "mail.firm0.example", "10.1.2.3", "firm0.example", "plain.test"];
    let mut body = draft(&json!("now"), "GREEN", &values);
    let told = as_person(&world, &cookie, PREVIEW, &body).await.json();
    let id = told["findings"][0]["id"].as_str().unwrap();
    body["findings"] = json!([
        { "id": id, "decision": "generalise" },
        { "value": "mail.firm0.example", "decision": "keep" },
        { "value": "10.1.2.3", "decision": "untick" },
        { "id": "of no finding", "decision": "keep" },
    ]);
    let answer = as_person(&world, &cookie, REPORT, &body).await;
    assert_eq!(answer.status, 201, "{:?}", String::from_utf8_lossy(&answer.body));
    let answer = answer.json();
    let results: Vec<_> = answer["items"].as_array().unwrap().iter().map(|it| it["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["accepted", "accepted", "left-out", "accepted", "accepted"]);
    assert!(answer["items"][3]["held"].as_str().unwrap().contains("firm0.example"));
    let items = stored(&world);
    let told: Vec<(&str, bool, bool)> =
        items.iter().map(|item| (item.sighting.observable.value(), item.held.is_some(), item.kept.is_some())).collect();
    assert_eq!(
        told,
        [
            ("http://evil.test/", false, false),
            ("mail.firm0.example", false, true),
            ("firm0.example", true, false),
            ("plain.test", false, false),
        ]
    );
    // A key decides nothing: what it flags is held, and the report goes in.
    body["findings"] = json!([{ "value": "mail.firm0.example", "decision": "keep" }]);
    let answer = call(&world.member, world.request("POST", REPORT, 0, Body::from(body.to_string()))).await;
    assert_eq!(answer.status, 201);
    let items = stored(&world);
    assert_eq!(items.iter().filter(|item| item.held.is_some()).count(), 4);
    assert!(items.iter().all(|item| item.kept.is_none()));
    for bad in [
        json!([{ "decision": "keep" }]),
        json!([{ "id": "a", "value": "b", "decision": "keep" }]),
        json!([{ "id": "a", "decision": "shout" }]),
    ] {
        body["findings"] = bad;
        assert_eq!(as_person(&world, &cookie, REPORT, &body).await.status, 422);
    }
}

#[tokio::test]
async fn what_was_kept_is_released_and_what_was_held_is_not() {
    let mut world = World::new();
    let cookie = world.sign_in(&world.member, "ann@firm0.example").await;
    let mut body = draft(&json!("now"), "GREEN", &["mail.firm0.example", "vpn.firm0.example"]);
    body["findings"] = json!([{ "value": "mail.firm0.example", "decision": "keep" }]);
    assert_eq!(as_person(&world, &cookie, REPORT, &body).await.status, 201);
    world.pass(500);
    let verdict =
        async |value: &str| world.get(&format!("/api/v1/lookup?value={value}")).await.json()["verdict"].clone();
    assert_eq!(verdict("mail.firm0.example").await, "watch");
    assert_eq!(verdict("vpn.firm0.example").await, "not-seen");
}

#[tokio::test]
async fn a_reporter_is_answered_at_once_from_what_was_released_before() {
    let mut world = World::new();
    let operator = Actor::operator();
    assert_eq!(world.report(2, &["known.test"]).await.status, 201);
    let body = draft(&json!("cell-only"), "GREEN", &["hidden.test"]).to_string();
    assert_eq!(call(&world.member, world.request("POST", REPORT, 2, Body::from(body))).await.status, 201);
    // Not released yet: the answer is that of the tick before.
    let early = world.report(1, &["known.test"]).await.json()["answer"].clone();
    assert_eq!((early["values"][0]["verdict"].as_str(), early["known"].as_u64()), (Some("not-seen"), Some(0)));
    world.pass(500);
    let told = world.report(0, &["known.test", "hidden.test", "new.test"]).await.json()["answer"].clone();
    let verdicts: Vec<_> =
        told["values"].as_array().unwrap().iter().map(|it| it["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["watch", "not-seen", "not-seen"]);
    assert_eq!(told["text"], "1 of your 3 values were known to members before.");
    assert_eq!(told["title"], "Phishing");
    assert!(told["steps"].as_array().unwrap().len() >= 3);
    assert_eq!((&told["phone"], &told["mail"]), (&Value::Null, &Value::Null));
    assert!(!told["call"].as_str().unwrap().is_empty());
    world.register.set_joining(&operator, "cell-phone", "+44 20 7946 0000").unwrap();
    world.pass(1_100);
    assert_eq!(world.get("/face").await.json()["phone"], "+44 20 7946 0000", "before any report as well");
    for &attack in model::AttackKind::ALL {
        for ongoing in [true, false] {
            let body =
                json!({ "title": "t", "attack": attack.as_str(), "ongoing": ongoing, "indicators": [] }).to_string();
            let answer = call(&world.member, world.request("POST", REPORT, 0, Body::from(body))).await.json();
            let told = &answer["answer"];
            assert!(told["call"].as_str().unwrap().contains("+44 20 7946 0000"));
            assert_eq!(told["call"].as_str().unwrap().contains("now"), ongoing);
            assert!(!told["steps"].as_array().unwrap().is_empty() && !told["text"].as_str().unwrap().is_empty());
        }
    }
    // An everyday value that nobody reported is told as one, and known to nobody.
    let told = world.report(0, &["8.8.8.8", "known.test", "gmail.com", "unheard.test"]).await.json()["answer"].clone();
    let verdicts: Vec<_> =
        told["values"].as_array().unwrap().iter().map(|it| it["verdict"].as_str().unwrap()).collect();
    assert_eq!((verdicts, told["known"].as_u64()), (vec!["everyday", "watch", "everyday", "not-seen"], Some(1)));
    assert_eq!(
        told["text"],
        "1 of your 4 values were known to members before. 2 of the others are everyday values: blocking them would hit \
         ordinary traffic."
    );
    assert!(told["values"][0]["meaning"].as_str().unwrap().contains("public DNS resolvers"));
    world.pass(500);
    let again = world.report(3, &["8.8.8.8"]).await.json()["answer"].clone();
    assert_eq!((again["values"][0]["verdict"].as_str(), again["known"].as_u64()), (Some("everyday"), Some(1)));
    assert_eq!(again["text"], "Your value was known to members before.");
    // Never more than a hundred values are looked up.
    let many: Vec<String> = (0..150).map(|n| format!("v{n}.test")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(world.report(0, &many).await.json()["answer"]["looked_up"], 100);
}

#[tokio::test]
async fn a_receipt_has_one_form_and_proves_what_was_sent() {
    let mut world = World::new();
    let pem = world.get("/api/v1/receipt-key").await;
    assert_eq!((pem.status.as_u16(), pem.header("content-type")), (200, "application/x-pem-file"));
    let key = PublicKey::of_pem(&pem.body).unwrap();
    let mut receipts = Vec::new();
    for (warn, tlp, values) in [
        ("now", "GREEN", vec!["evil.test"]),
        ("now", "GREEN", vec!["evil.test"]),
        ("cell-only", "RED", vec![]),
        ("now", "GREEN", vec!["firm0.example", "10.0.0.1"]),
    ] {
        let body = draft(&json!(warn), tlp, &values).to_string();
        let answer = call(&world.member, world.request("POST", REPORT, 0, Body::from(body.clone()))).await;
        let receipt = SignedReceipt::read(&answer.body).unwrap();
        receipt.verify(&key).unwrap();
        assert_eq!(receipt.report_sha256, sha256(body.as_bytes()));
        assert_eq!(receipt.reference, answer.json()["reference"].as_str().unwrap());
        assert!(receipt.received_at.ends_with("00Z"), "{}", receipt.received_at);
        receipts.push(answer.json()["receipt"].clone());
        world.pass(337);
    }
    let shape = |receipt: &Value| {
        let fields: Vec<String> = receipt.as_object().unwrap().keys().cloned().collect();
        (fields, receipt.to_string().len())
    };
    assert!(receipts.iter().all(|receipt| shape(receipt) == shape(&receipts[0])));
    // Replayed on another reference.
    let mut replayed = receipts[0].clone();
    replayed["reference"] = receipts[1]["reference"].clone();
    let replayed = SignedReceipt::read(replayed.to_string().as_bytes()).unwrap();
    assert!(replayed.verify(&key).is_err());
}
