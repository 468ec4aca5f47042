//! Words that a member's device sealed to the cell: the cell reads them, and nobody and nothing else has them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::Request;
use common::{Answer, World, call};
use model::{Clock as _, Timestamp};
use serde_json::{Value, json};
use vault::{CellKey, Retention, TOKEN_WINDOW_MILLIS, seal_words};

const WORDS: &str = "the invoice clerk opened it\n\nContact: +44 20 7946 0000";

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap()).collect()
}

async fn at_portal(world: &World, method: &str, path: &str, cookie: &str, body: &Value) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("origin", "http://localhost")
        .header("content-type", "application/json")
        .header("cookie", cookie)
        .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) });
    call(&world.member, request.unwrap()).await
}

async fn told_key(world: &World, cookie: &str) -> CellKey {
    let draft = json!({ "title": "", "attack": "not-sure", "indicators": [] });
    let view = at_portal(world, "POST", "/api/v1/reports/preview", cookie, &draft).await.json();
    let key = &view["cell_key"];
    CellKey {
        number: u32::try_from(key["number"].as_u64().unwrap()).unwrap(),
        public: unhex(key["public"].as_str().unwrap()).try_into().unwrap(),
    }
}

fn report(narrative: &str, warn: &str) -> Value {
    json!({ "title": "A word for you", "narrative": narrative, "attack": "phishing", "indicators": [], "warn": warn,
            "know": "nobody", "tlp": "GREEN", "pap": "GREEN" })
}

#[tokio::test]
async fn the_cell_reads_what_was_sealed_and_nothing_has_it_in_plain() {
    let mut world = World::new();
    world.pass(2_000);
    let member = world.sign_in(&world.member, "ann@firm0.example").await;
    let key = told_key(&world, &member).await;
    let line = seal_words(&key, WORDS).unwrap().to_string();
    assert!(!line.contains("invoice"));

    // Whoever else is warned would be by words that the cell cannot be asked about: only for the cell.
    let refused = at_portal(&world, "POST", "/api/v1/reports", &member, &report(&line, "now")).await;
    assert_eq!(refused.status, 422);
    assert!(String::from_utf8_lossy(&refused.body).contains("only words of a report that is for the cell only"));
    let cut =
        at_portal(&world, "POST", "/api/v1/reports", &member, &report(&line[..line.len() - 1], "cell-only")).await;
    assert_eq!(cut.status, 422);
    assert!(String::from_utf8_lossy(&cut.body).contains("narrative"));

    // Words that nobody could ever open are told to whoever can still seal them anew.
    for number in [key.number + 1, key.number - 2] {
        let foreign = seal_words(&CellKey { number, ..key }, WORDS).unwrap().to_string();
        let refused = at_portal(&world, "POST", "/api/v1/reports", &member, &report(&foreign, "cell-only")).await;
        assert_eq!(refused.status, 422);
        let says = String::from_utf8_lossy(&refused.body).into_owned();
        assert!(says.contains(&format!("the cell has no key {number} to seal words to")), "{says}");
    }

    let sent = at_portal(&world, "POST", "/api/v1/reports", &member, &report(&line, "cell-only")).await;
    assert_eq!(sent.status, 201, "{}", String::from_utf8_lossy(&sent.body));
    let case = sent.json()["reference"].as_str().unwrap().to_owned();
    world.pass(500);
    let path = format!("/cell/v1/reports/{case}");
    let lead = world.sign_in(&world.cell, "kit@cell.example").await;
    let page = world.at_cell("GET", &path, &lead, Body::empty()).await.json();
    assert_eq!((page["narrative"].as_str().unwrap(), &page["words"]), (WORDS, &json!("opened")));
    // The firm's own copy, and the journal, have the line and not the words.
    let own = at_portal(&world, "GET", &format!("/api/v1/reports/{case}"), &member, &Value::Null).await.json();
    assert_eq!(own["narrative"], line);
    let mut export = Vec::new();
    vault::export(&**world.vault.journal(), &mut export).unwrap();
    let export = String::from_utf8(export).unwrap();
    assert!(export.contains(&line) && !export.contains("invoice clerk"));

    // A correction may be sealed too.
    let better = seal_words(&key, "it was the receptionist").unwrap().to_string();
    let correction = json!({ "title": "A word for you", "narrative": better, "attack": "phishing" });
    let done = at_portal(&world, "PUT", &format!("/api/v1/reports/{case}"), &member, &correction).await;
    assert_eq!(done.status, 200, "{}", String::from_utf8_lossy(&done.body));
    world.pass(500);
    let page = world.at_cell("GET", &path, &lead, Body::empty()).await.json();
    assert_eq!(page["narrative"], "it was the receptionist");

    for (number, status) in [(key.number - 2, 200), (key.number + 1, 422)] {
        let older = seal_words(&CellKey { number, ..key }, WORDS).unwrap().to_string();
        let correction = json!({ "title": "Another title", "narrative": older, "attack": "phishing" });
        let done = at_portal(&world, "PUT", &format!("/api/v1/reports/{case}"), &member, &correction).await;
        assert_eq!(done.status, status, "{number}");
    }
    let correction = json!({ "title": "A word for you", "narrative": better, "attack": "phishing" });
    assert_eq!(at_portal(&world, "PUT", &format!("/api/v1/reports/{case}"), &member, &correction).await.status, 200);

    // Once the key of their month is destroyed nobody reads them, and the page says so.
    let later = Timestamp::from_millis(world.clock.now().as_millis() + 9 * TOKEN_WINDOW_MILLIS);
    let gone = world.vault.destroy_old_keys(later, Retention::default()).unwrap();
    assert_eq!(gone.cell_keys, 2);
    let page = world.at_cell("GET", &path, &lead, Body::empty()).await.json();
    assert_eq!((&page["narrative"], &page["words"]), (&json!(""), &json!("gone")));
}
