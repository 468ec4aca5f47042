//! Files that a member's device sealed to the cell: the cell opens them, nobody and nothing else has them or their names, and what does
//! not open is told in words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::StatusCode;
use common::{Answer, World, call};
use model::{CaseId, Clock as _, Timestamp};
use serde_json::{Value, json};
use vault::{CellKey, Retention, TOKEN_WINDOW_MILLIS, seal_file, seal_words};

const MAIL: &[u8] = b"From: a@b.test\r\nSubject: x\r\nReceived: by c\r\n\r\nthe payroll is attached";
const NAME: &str = "payroll-of-firm.eml";

struct Stage {
    world: World,
    lead: String,
    key: CellKey,
}

impl Stage {
    async fn new() -> Self {
        let mut world = World::new();
        world.pass(2_000);
        let lead = world.sign_in(&world.cell, "ada@cell.example").await;
        let key = world.vault.keys().cell_key(world.clock.now()).unwrap();
        Self { world, lead, key }
    }

    async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        call(&self.world.member, self.world.request(method, path, 0, body.into())).await
    }

    async fn report(&mut self, warn: &str) -> String {
        let body = json!({ "title": "Mail", "attack": "phishing", "warn": warn, "know": "nobody", "indicators": [] });
        let answer = self.ask("POST", "/api/v1/reports", body.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        self.world.pass(300);
        answer.json()["reference"].as_str().unwrap().to_owned()
    }

    fn sealed(&self, reference: &str, content: &[u8]) -> Vec<u8> {
        let case: CaseId = reference.parse().unwrap();
        seal_file(&self.key, case, (NAME, "message/rfc822"), content).unwrap()
    }

    async fn add(&mut self, reference: &str, file: Vec<u8>) -> Answer {
        let answer = self.ask("POST", &format!("/api/v1/reports/{reference}/files"), file).await;
        self.world.pass(300);
        answer
    }

    async fn cell(&self, path: &str) -> Answer {
        self.world.at_cell("GET", &format!("/cell/v1/reports/{path}"), &self.lead, Body::empty()).await
    }

    async fn file(&self, reference: &str, place: usize) -> Value {
        self.cell(reference).await.json()["files"][place].clone()
    }
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn is_problem(answer: &Answer, status: StatusCode, word: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.json()["detail"].as_str().unwrap().contains(word), "{answer:?}");
}

#[tokio::test]
async fn the_cell_opens_what_was_sealed_and_its_name_is_nobody_elses() {
    let mut stage = Stage::new().await;
    let reference = stage.report("cell-only").await;
    let mail = MAIL.repeat(3_000);
    let sealed = stage.sealed(&reference, &mail);
    let added = stage.ask("POST", &format!("/api/v1/reports/{reference}/files?name={NAME}"), sealed.clone()).await;
    let file = id(&added);
    stage.world.pass(300);
    // To its reporter it is what was sent, and nothing tells what it was.
    let told = added.json();
    assert_eq!((&told["name"], &told["kind"], &told["notes"]), (&json!("sealed-file"), &json!("sealed"), &json!([])));
    let own = stage.ask("GET", &format!("/api/v1/reports/{reference}"), Body::empty()).await.json();
    assert_eq!((&own["files"][0]["name"], &own["files"][0]["kind"]), (&json!("sealed-file"), &json!("sealed")));
    let as_sent = stage.ask("GET", &format!("/api/v1/reports/{reference}/files/{file}"), Body::empty()).await;
    assert!(as_sent.body == sealed);
    // To the cell it is the mail.
    let page = stage.file(&reference, 0).await;
    assert_eq!((&page["name"], &page["kind"], &page["seal"]), (&json!(NAME), &json!("mail"), &json!("opened")));
    assert_eq!((&page["size"], &page["media"]), (&json!(mail.len()), &json!("message/rfc822")));
    assert_eq!(page["notes"], json!(["only its beginning was looked at"]));
    let got = stage.cell(&format!("{reference}/files/{file}")).await;
    assert_eq!(got.status, StatusCode::OK);
    assert!(got.body == mail);
    assert_eq!(got.headers["content-length"].to_str().unwrap(), mail.len().to_string());
    assert_eq!(got.headers["content-security-policy"], "sandbox; default-src 'none'");
    assert!(got.headers["content-disposition"].to_str().unwrap().contains(NAME));
    let mut journal = Vec::new();
    vault::export(&**stage.world.vault.journal(), &mut journal).unwrap();
    assert!(!String::from_utf8(journal).unwrap().contains("payroll"));
    // A name that deceives is made harmless here, too.
    let case = reference.parse().unwrap();
    let odd = seal_file(&stage.key, case, ("../../\u{202e}fdp.exe", "<b>"), b"MZ....").unwrap();
    stage.add(&reference, odd).await;
    let page = stage.file(&reference, 1).await;
    assert_eq!((&page["name"], &page["kind"]), (&json!("fdp.exe"), &json!("program")));
    // What comes with the key of a machine is not sealed by a device: it is kept as ever.
    let plain = stage.add(&reference, MAIL.to_vec()).await;
    assert_eq!(plain.json()["kind"], "mail");
    assert_eq!(stage.file(&reference, 2).await["seal"], "plain");
}

#[tokio::test]
async fn what_is_no_sealed_file_is_refused_with_words() {
    let mut stage = Stage::new().await;
    let (reference, open) = (stage.report("cell-only").await, stage.report("now").await);
    let file = stage.sealed(&reference, MAIL);
    let cut = file[..file.len() - 60].to_vec();
    for (bytes, word) in [
        (b"fusioncell-sealed-file-1 x\n".to_vec(), "number of the cell's key"),
        (file[..60].to_vec(), "cut off"),
        ([&file[..29], &[0; 65 + 16]].concat(), "cut off"),
    ] {
        is_problem(&stage.add(&reference, bytes).await, StatusCode::UNPROCESSABLE_ENTITY, word);
    }
    let line = String::from_utf8(file[..29].to_vec()).unwrap();
    for number in [stage.key.number + 1, stage.key.number - 2, 7] {
        let other = line.replace(&stage.key.number.to_string(), &number.to_string());
        let other = [other.as_bytes(), &file[29..]].concat();
        is_problem(&stage.add(&reference, other).await, StatusCode::UNPROCESSABLE_ENTITY, "ask for its key again");
    }
    // Whoever else is warned gets what the cell writes of it: that must not end with a key.
    let sealed = stage.sealed(&open, MAIL);
    is_problem(
        &stage.add(&open, sealed).await,
        StatusCode::CONFLICT,
        "only files of a report that is for the cell only",
    );
    let path = format!("/cell/v1/reports/{reference}/files");
    let of_cell = stage.world.at_cell("POST", &path, &stage.lead, Body::from(file.clone())).await;
    is_problem(&of_cell, StatusCode::UNPROCESSABLE_ENTITY, "not sealed to the cell");
    let own = stage.ask("GET", &format!("/api/v1/reports/{reference}"), Body::empty()).await.json();
    assert_eq!(own["files"], json!([]));

    // What only the key can tell is told to whoever of the cell takes it: cut off, changed, or sealed for another report.
    let mut changed = file.clone();
    *changed.last_mut().unwrap() ^= 1;
    for (place, bytes) in [cut, changed, stage.sealed(&open, MAIL)].into_iter().enumerate() {
        let file = id(&stage.add(&reference, bytes).await);
        let page = stage.file(&reference, place).await;
        assert_eq!((&page["seal"], &page["name"]), (&json!("broken"), &json!("sealed-file")), "{page}");
        let got = stage.cell(&format!("{reference}/files/{file}")).await;
        is_problem(&got, StatusCode::CONFLICT, "cut off or changed, or sealed for another report");
    }
    // One that breaks in its midst is told before its first byte is given out.
    let long = stage.sealed(&reference, &MAIL.repeat(3_000));
    let late = id(&stage.add(&reference, long[..29 + 65 + 2 * (65_536 + 16)].to_vec()).await);
    assert_eq!(stage.file(&reference, 3).await["seal"], "opened");
    is_problem(&stage.cell(&format!("{reference}/files/{late}")).await, StatusCode::CONFLICT, "cut off");
}

#[tokio::test]
async fn nobody_opens_a_file_once_the_key_of_its_month_is_destroyed() {
    let mut stage = Stage::new().await;
    let reference = stage.report("cell-only").await;
    let sealed = stage.sealed(&reference, MAIL);
    let file = id(&stage.add(&reference, sealed).await);
    assert_eq!(stage.file(&reference, 0).await["seal"], "opened");
    let later = Timestamp::from_millis(stage.world.clock.now().as_millis() + 9 * TOKEN_WINDOW_MILLIS);
    stage.world.vault.destroy_old_keys(later, Retention::default()).unwrap();
    let page = stage.file(&reference, 0).await;
    assert_eq!(
        (&page["seal"], &page["name"], &page["kind"]),
        (&json!("gone"), &json!("sealed-file"), &json!("sealed"))
    );
    is_problem(&stage.cell(&format!("{reference}/files/{file}")).await, StatusCode::CONFLICT, "destroyed");
}

#[tokio::test]
async fn a_correction_is_sealed_only_where_the_report_is_for_the_cell_only() {
    let mut stage = Stage::new().await;
    let (reference, open) = (stage.report("cell-only").await, stage.report("now").await);
    let line = |words: &str| seal_words(&stage.key, words).unwrap().to_string();
    let (one, two) = (line("it was the receptionist"), line("it was the clerk"));
    let correct = async |stage: &Stage, reference: &str, narrative: &str| {
        let body = json!({ "title": "Mail", "narrative": narrative, "attack": "phishing" });
        stage.ask("PUT", &format!("/api/v1/reports/{reference}"), body.to_string()).await
    };
    let words = "only words of a report that is for the cell only";
    is_problem(&correct(&stage, &open, &one).await, StatusCode::CONFLICT, words);
    assert_eq!(correct(&stage, &open, "it was the receptionist").await.status, StatusCode::OK);
    assert_eq!(correct(&stage, &reference, &one).await.status, StatusCode::OK);
    // Once more may be warned they stay as they are, and no others are sealed.
    let consent = stage.ask("POST", &format!("/api/v1/reports/{reference}/consent"), r#"{"warn":"now"}"#).await;
    assert_eq!(consent.status, StatusCode::NO_CONTENT);
    stage.world.pass(300);
    assert_eq!(correct(&stage, &reference, &one).await.status, StatusCode::OK);
    is_problem(&correct(&stage, &reference, &two).await, StatusCode::CONFLICT, words);
    let sealed = stage.sealed(&reference, MAIL);
    is_problem(&stage.add(&reference, sealed).await, StatusCode::CONFLICT, "only files");
    stage.world.pass(300);
    assert_eq!(stage.cell(&reference).await.json()["narrative"], "it was the receptionist");
}
