//! Files of a report: kept as they came, given back as a download, nobody's but the case's, refused with words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::StatusCode;
use common::{Answer, World, call};
use serde_json::{Value, json};

const NOWHERE: &str = "00000000-0000-4000-8000-0000000000ff";

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

    /// Files a report and gives its path.
    async fn report(&mut self, firm: usize) -> String {
        let body = json!({ "title": "Mail", "attack": "phishing", "warn": "cell-only", "know": "nobody",
            "indicators": [{ "value": "attack.test" }] });
        let answer = self.ask(firm, "POST", "/api/v1/reports", Body::from(body.to_string())).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        self.world.pass(300);
        answer.json()["reference"].as_str().unwrap().to_owned()
    }

    async fn ask(&self, firm: usize, method: &str, path: &str, body: Body) -> Answer {
        call(&self.world.member, self.world.request(method, path, firm, body)).await
    }

    async fn add(&mut self, firm: usize, reference: &str, name: &str, bytes: impl Into<Body>) -> Answer {
        let path = format!("/api/v1/reports/{reference}/files?name={name}");
        let answer = self.ask(firm, "POST", &path, bytes.into()).await;
        self.world.pass(300);
        answer
    }

    async fn get(&self, firm: usize, reference: &str, id: &str) -> Answer {
        self.ask(firm, "GET", &format!("/api/v1/reports/{reference}/files/{id}"), Body::empty()).await
    }

    async fn cell(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.world.at_cell(method, &format!("/cell/v1/reports/{path}"), &self.lead, body.into()).await
    }

    async fn files(&self, firm: usize, reference: &str) -> Value {
        self.ask(firm, "GET", &format!("/api/v1/reports/{reference}"), Body::empty()).await.json()["files"].clone()
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
async fn a_file_is_read_by_its_firm_and_the_cell_and_is_only_a_download() {
    let mut stage = Stage::new().await;
    let reference = stage.report(0).await;
    let mail = b"From: a@b.test\r\nSubject: x\r\nReceived: by c\r\n\r\n<script>alert(1)</script>".repeat(4_000);
    let made = stage.add(0, &reference, "bad%20mail.eml", mail.clone()).await;
    let file = id(&made);
    let told = made.json();
    assert_eq!((told["name"].as_str(), told["kind"].as_str()), (Some("bad mail.eml"), Some("mail")));
    assert_eq!((told["size"].as_u64(), told["exercise"].as_bool()), (Some(mail.len() as u64), Some(true)));
    let listed = stage.files(0, &reference).await;
    assert_eq!((listed[0]["id"].as_str(), listed[0]["by"].as_str()), (Some(file.as_str()), Some("you")));
    assert_eq!(listed[0]["sha256"], told["sha256"]);
    let page = stage.cell("GET", &reference, Body::empty()).await.json();
    assert_eq!((page["files"][0]["id"].as_str(), page["files"][0]["by"].as_str()), (Some(&*file), Some("reporter")));
    assert!(!page.to_string().contains("irm 0"));
    let path = format!("{reference}/files/{file}");
    for answer in [stage.get(0, &reference, &file).await, stage.cell("GET", &path, Body::empty()).await] {
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body == mail);
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/octet-stream");
        assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-disposition").starts_with("attachment; "));
        assert_eq!(header("cache-control"), "no-store");
    }
    let added = stage.cell("POST", &format!("{reference}/files?name=notes.txt"), "what we found").await;
    let of_cell = id(&added);
    stage.world.pass(300);
    let listed = stage.files(0, &reference).await;
    assert_eq!((listed[1]["by"].as_str(), listed[1]["kind"].as_str()), (Some("cell"), Some("text")));
    assert!(!listed.to_string().contains("ada"), "the reporter reads 'the cell', nobody's name");
    assert_eq!(stage.get(0, &reference, &of_cell).await.body, b"what we found");
    let list = stage.ask(0, "GET", "/api/v1/reports", Body::empty()).await.json();
    assert_eq!(list["unread"], 1);
}

#[tokio::test]
async fn anothers_file_is_absent_like_one_that_never_was() {
    let mut stage = Stage::new().await;
    let (mine, also_mine) = (stage.report(0).await, stage.report(0).await);
    let theirs = stage.report(1).await;
    let file = id(&stage.add(0, &mine, "a.txt", "secret").await);
    let absent = stage.get(1, NOWHERE, NOWHERE).await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
    for (firm, reference, id) in [
        (1, &*mine, &*file),
        (1, &*theirs, &*file),
        (0, &*also_mine, &*file),
        (0, &*mine, NOWHERE),
        (0, "x", "y"),
        (0, &*mine, "..%2f..%2fvault.db"),
    ] {
        let answer = stage.get(firm, reference, id).await;
        assert_eq!((answer.status, &answer.body), (absent.status, &absent.body), "{firm} {reference} {id}");
    }
    let hidden = stage.add(1, &mine, "a.txt", "x").await;
    let nowhere = stage.add(1, NOWHERE, "a.txt", "x").await;
    assert_eq!((hidden.status, &hidden.body), (nowhere.status, &nowhere.body));
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let cell = stage.cell("GET", &format!("{also_mine}/files/{file}"), Body::empty()).await;
    assert_eq!(cell.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.cell("POST", &format!("{NOWHERE}/files"), "x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.files(1, &theirs).await, json!([]));
}

#[tokio::test]
async fn what_is_too_large_empty_or_too_many_is_refused_with_words() {
    let mut stage = Stage::new().await;
    let reference = stage.report(0).await;
    is_problem(&stage.add(0, &reference, "a", Body::empty()).await, StatusCode::UNPROCESSABLE_ENTITY, "empty");
    // Declared, and not: a stream is cut off once it is too long.
    let piece = vec![7_u8; 1 << 20];
    let large = vec![7_u8; (25 << 20) + 1];
    let mut request = stage.world.request("POST", &format!("/api/v1/reports/{reference}/files"), 0, Body::from("x"));
    request.headers_mut().insert("content-length", large.len().into());
    is_problem(&call(&stage.world.member, request).await, StatusCode::PAYLOAD_TOO_LARGE, "26214400");
    let pieces = (0..26).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
    let stream = Body::from_stream(futures_util::stream::iter(pieces));
    is_problem(&stage.add(0, &reference, "a", stream).await, StatusCode::PAYLOAD_TOO_LARGE, "larger");
    let broken = [Ok(vec![1_u8; 100_000]), Err(std::io::Error::other("gone"))];
    let broken = Body::from_stream(futures_util::stream::iter(broken));
    is_problem(&stage.add(0, &reference, "a", broken).await, StatusCode::BAD_REQUEST, "broke off");
    assert_eq!(stage.files(0, &reference).await, json!([]));
    let whole = stage.add(0, &reference, "a", large[..25 << 20].to_vec()).await;
    assert_eq!(stage.get(0, &reference, &id(&whole)).await.body.len(), 25 << 20);
    for n in 1..20 {
        id(&stage.add(0, &reference, "a", n.to_string()).await);
    }
    is_problem(&stage.add(0, &reference, "a", "x").await, StatusCode::CONFLICT, "20 files");
    assert_eq!(stage.files(0, &reference).await.as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn names_and_contents_that_deceive_are_made_harmless() {
    let mut stage = Stage::new().await;
    let reference = stage.report(0).await;
    let path_trick = stage.add(0, &reference, "..%2F..%2F%00etc%2Fpass%E2%80%AEdwp.exe", "MZ\u{0}\u{1}").await;
    assert_eq!(path_trick.json()["name"], "passdwp.exe");
    assert_eq!(path_trick.json()["kind"], "program");
    let long = stage.add(0, &reference, &"x".repeat(10_000), "x").await;
    is_problem(&long, StatusCode::UNPROCESSABLE_ENTITY, "name: more than 255");
    let unnamed = stage.ask(0, "POST", &format!("/api/v1/reports/{reference}/files"), Body::from("x")).await;
    assert_eq!(unnamed.json()["name"], "file");
    for (bytes, kind, word) in [
        (&b"GIF89a<script>alert(1)</script>"[..], "image", "download"),
        (b"<svg onload=alert(1)>", "document", "download"),
        (b"\x1f\x8b\x08bomb", "archive", "not opened"),
    ] {
        let answer = stage.add(0, &reference, "a.bin", bytes.to_vec()).await.json();
        assert_eq!(answer["kind"], kind);
        assert!(answer["notes"].to_string().contains(word), "{answer}");
    }
    let wrong = stage.ask(0, "POST", &format!("/api/v1/reports/{reference}/files?title=x"), Body::from("x")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_recall_takes_the_files_and_a_withdrawal_leaves_them_to_the_cell() {
    let mut stage = Stage::new().await;
    let (recalled, withdrawn) = (stage.report(0).await, stage.report(0).await);
    let gone = id(&stage.add(0, &recalled, "customers-of-jane.csv", "Jane Doe").await);
    let kept = id(&stage.add(0, &withdrawn, "mail.eml", "From: x").await);
    let path = |reference: &str| format!("/api/v1/reports/{reference}");
    let answer = stage.ask(0, "POST", &format!("{}/recall", path(&recalled)), Body::empty()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.ask(0, "DELETE", &path(&withdrawn), Body::empty()).await.status, StatusCode::NO_CONTENT);
    stage.world.pass(1_000);
    let cell = |reference: &str, id: &str| format!("{reference}/files/{id}");
    assert_eq!(stage.get(0, &recalled, &gone).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.cell("GET", &cell(&recalled, &gone), Body::empty()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.cell("GET", &recalled, Body::empty()).await.json()["files"], json!([]));
    assert_eq!(stage.files(0, &recalled).await, json!([]));
    let mut journal = Vec::new();
    vault::export(&**stage.world.vault.journal(), &mut journal).unwrap();
    assert!(!String::from_utf8(journal).unwrap().contains("jane"));
    assert_eq!(stage.cell("GET", &cell(&withdrawn, &kept), Body::empty()).await.body, b"From: x");
    assert_eq!(stage.get(0, &withdrawn, &kept).await.body, b"From: x");
    is_problem(&stage.add(0, &withdrawn, "a", "x").await, StatusCode::CONFLICT, "withdrawn");
}

#[tokio::test]
async fn a_file_sent_again_under_its_key_is_there_once() {
    let mut stage = Stage::new().await;
    let reference = stage.report(0).await;
    let send = |reference: &str, key: &'static str, bytes: String| {
        let path = format!("/api/v1/reports/{reference}/files?name=a.txt");
        let mut request = stage.world.request("POST", &path, 0, Body::from(bytes));
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        call(&stage.world.member, request)
    };
    let first = send(&reference, "k", "same".to_owned()).await;
    id(&first);
    let again = send(&reference, "k", "same".to_owned()).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    is_problem(&send(&reference, "k", "other".to_owned()).await, StatusCode::UNPROCESSABLE_ENTITY, "Idempotency-Key");
    for n in 1..20 {
        send(&reference, format!("k{n}").leak(), n.to_string()).await;
    }
    // Also once the case takes no more.
    let full = send(&reference, "k", "same".to_owned()).await;
    assert_eq!((first.status, &first.body), (full.status, &full.body));
    is_problem(&send(&reference, "new", "x".to_owned()).await, StatusCode::CONFLICT, "20 files");
    stage.world.pass(300);
    assert_eq!(stage.files(0, &reference).await.as_array().unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_imported_as_it_lies_there() {
    let stage = Stage::new().await;
    let mail = include_str!("../../formats/tests/golden/mail.eml");
    let path = "/api/v1/import?name=bad.eml&warn=now&know=nobody";
    let answer = stage.ask(0, "POST", path, Body::from(mail)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(answer.json()["reports"], 1);
    assert!(answer.json()["accepted"].as_u64().unwrap() >= 4, "{:?}", answer.json());
}
