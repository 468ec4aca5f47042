//! What analysts say of campaigns: routes, walls, and what every page tells of it afterwards, also after a restart.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::StatusCode;
use common::{Answer, World};
use serde_json::{Value, json};

const WHY: &str = "the kit is the same";

struct Stage {
    world: World,
    analyst: String,
}

impl Stage {
    async fn new() -> Self {
        let world = World::new();
        let analyst = world.sign_in(&world.cell, "kit@cell.example").await;
        Self { world, analyst }
    }

    async fn cell(&self, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.world.at_cell(method, path, &self.analyst, body).await
    }

    async fn file(&mut self, firm: usize, value: &str) -> String {
        let answer = self.world.report(firm, &[value]).await;
        self.world.pass(300);
        answer.json()["reference"].as_str().unwrap().to_owned()
    }

    async fn relate(&mut self, one: &str, other: &str, same: bool) -> StatusCode {
        let body = json!({ "other": other, "same": same, "reason": WHY });
        let status = self.cell("POST", &format!("/cell/v1/reports/{one}/related"), body).await.status;
        self.world.pass(300);
        status
    }

    async fn page(&self, id: &str) -> Value {
        let answer = self.cell("GET", &format!("/cell/v1/campaigns/{id}"), Value::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }
}

fn said(page: &Value) -> Vec<(bool, bool)> {
    let rows = page["words"].as_array().unwrap().iter();
    rows.map(|row| (row["same"].as_bool().unwrap(), row["overruled"].as_bool().unwrap())).collect()
}

fn happened(page: &Value) -> Vec<(String, u64)> {
    let rows = page["history"].as_array().unwrap().iter();
    rows.map(|row| (row["what"].as_str().unwrap().to_owned(), row["number"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn two_reports_are_one_attack_and_then_not_and_the_page_tells_who_said_so_and_why() {
    let mut stage = Stage::new().await;
    let one = stage.file(1, "quartz.attack.test").await;
    let other = stage.file(2, "lantern.threat.test").await;
    assert_ne!(stage.page(&one).await["campaign"]["id"], stage.page(&other).await["campaign"]["id"]);
    assert_eq!(stage.relate(&other, &one, true).await, StatusCode::NO_CONTENT);
    let page = stage.page(&other).await;
    assert_eq!((&page["campaign"]["id"], &page["campaign"]["firms"]), (&json!(one), &json!(2)));
    assert_eq!((said(&page), happened(&page)), (vec![(true, false)], vec![("merged".to_owned(), 1)]));
    assert_eq!((&page["words"][0]["by"], &page["words"][0]["reason"]), (&json!("kit"), &json!(WHY)));
    assert_eq!(stage.relate(&one, &other, false).await, StatusCode::NO_CONTENT);
    for (id, what) in [(&one, "parted"), (&other, "parted-from")] {
        let page = stage.page(id).await;
        assert_eq!(page["campaign"]["id"], json!(id), "each is what it was");
        assert_eq!(said(&page), [(true, true), (false, false)]);
        assert_eq!(happened(&page).last().unwrap().0, what);
    }
    // Whoever shares something with one of them is of that one's campaign.
    let third = stage.file(3, "lantern.threat.test").await;
    assert_eq!(stage.page(&third).await["campaign"]["id"], json!(other));
}

#[tokio::test]
async fn a_campaign_is_called_what_an_analyst_says_until_it_is_taken_back() {
    let mut stage = Stage::new().await;
    let one = stage.file(1, "quartz.attack.test").await;
    stage.file(2, "quartz.attack.test").await;
    let name = async |stage: &mut Stage, text: &str| {
        let status = stage.cell("PUT", &format!("/cell/v1/campaigns/{one}/name"), json!({ "name": text })).await.status;
        stage.world.pass(300);
        status
    };
    let before = stage.page(&one).await["campaign"]["title"].clone();
    assert_eq!(name(&mut stage, "  Silver   Heron ").await, StatusCode::NO_CONTENT);
    let page = stage.page(&one).await;
    assert_eq!((&page["campaign"]["title"], &page["name"]["by"]), (&json!("Silver Heron"), &json!("kit")));
    let wall = stage.cell("GET", "/cell/v1/wall", Value::Null).await.json();
    assert_eq!(wall["campaigns"][0]["title"], "Silver Heron");
    // Members have the gate's own title.
    let answer = stage.world.get("/api/v1/campaigns").await;
    assert!(!String::from_utf8(answer.body.to_vec()).unwrap().contains("Heron"));
    // It goes with its report: into what it is merged with.
    let other = stage.file(3, "lantern.threat.test").await;
    assert_eq!(stage.relate(&other, &one, true).await, StatusCode::NO_CONTENT);
    assert_eq!(stage.page(&other).await["name"]["text"], "Silver Heron");
    assert_eq!(name(&mut stage, "").await, StatusCode::NO_CONTENT);
    let page = stage.page(&one).await;
    // The title of before, with the value more that it has since.
    let title = format!("{} and 1 more", before.as_str().unwrap());
    assert_eq!((&page["name"], &page["campaign"]["title"]), (&Value::Null, &json!(title)));
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_by_name() {
    let mut stage = Stage::new().await;
    let one = stage.file(1, "quartz.attack.test").await;
    let other = stage.file(2, "lantern.threat.test").await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    let path = format!("/cell/v1/reports/{one}/related");
    for (body, status, word) in [
        (json!({ "other": one, "same": true, "reason": WHY }), StatusCode::UNPROCESSABLE_ENTITY, "other"),
        (json!({ "other": "x", "same": true, "reason": WHY }), StatusCode::UNPROCESSABLE_ENTITY, "other"),
        (json!({ "other": other, "same": true, "reason": "short" }), StatusCode::UNPROCESSABLE_ENTITY, "reason"),
        (json!({ "other": other, "same": "yes", "reason": WHY }), StatusCode::UNPROCESSABLE_ENTITY, "same"),
        (json!({ "other": nobody, "same": true, "reason": WHY }), StatusCode::NOT_FOUND, ""),
    ] {
        let answer = stage.cell("POST", &path, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert!(answer.json().to_string().contains(word), "{body}: {answer:?}");
    }
    let long = json!({ "name": "x".repeat(81) });
    let answer = stage.cell("PUT", &format!("/cell/v1/campaigns/{one}/name"), long).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = stage.cell("PUT", &format!("/cell/v1/campaigns/{nobody}/name"), json!({ "name": "x" })).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    // Nothing was said by any of that.
    assert!(said(&stage.page(&one).await).is_empty());
    // A member's key is nothing here, nor is a reader's right.
    let answer = stage.world.get(&path).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
