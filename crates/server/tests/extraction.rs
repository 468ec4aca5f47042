//! What is pasted or dropped is read into values over HTTP, and nothing of it stays.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use common::{World, call};
use serde_json::Value;

const PATH: &str = "/api/v1/extract";

async fn send(world: &World, firm: usize, media: &str, body: impl Into<Body>) -> common::Answer {
    let mut request = world.request("POST", PATH, firm, body.into());
    request.headers_mut().insert("content-type", media.parse().unwrap());
    call(&world.member, request).await
}

fn value<'v>(answer: &'v Value, value: &str) -> &'v Value {
    let values = answer["values"].as_array().unwrap();
    values.iter().find(|one| one["value"] == value).unwrap_or_else(|| panic!("{value}: {answer:#}"))
}

#[tokio::test]
async fn values_are_told_with_where_they_stood_and_what_speaks_against_them() {
    let world = World::new();
    let text = "It calls evil[.]attack[.]test from 10.1.2.3\nsee https://vendor.com/blog, mail ann@firm0[.]example";
    let answer = send(&world, 0, "text/plain; charset=utf-8", text).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let answer = answer.json();
    assert_eq!(answer["document"], "prose");
    let evil = value(&answer, "evil.attack.test");
    assert_eq!(
        (evil["kind"].as_str(), evil["defanged"].as_str(), evil["line"].as_u64(), evil["offered"].as_bool()),
        (Some("domain"), Some("evil[.]attack[.]test"), Some(1), Some(true))
    );
    let inside = value(&answer, "10.1.2.3");
    assert_eq!((inside["internal"].as_bool(), inside["offered"].as_bool()), (Some(true), Some(false)));
    let left = &answer["left_out"][0];
    assert_eq!((left["text"].as_str(), left["rule"].as_str()), (Some("https://vendor.com/blog"), Some("reference")));
    let own = value(&answer, "ann@firm0.example");
    assert_eq!((own["own"].as_bool(), own["offered"].as_bool()), (Some(true), Some(false)), "{own}");
    assert!(own["why"].as_str().is_some());
}

#[tokio::test]
async fn what_a_document_is_shows_in_its_content_and_not_in_what_it_says() {
    let world = World::new();
    let mail = "Received: from a.bad.test (a.bad.test [198.51.100.7]) by mx.own.test; Tue\r\nFrom: x@bad.test\r\nTo: ann@firm0.example\r\nSubject: pay\r\n\r\nhttps://evil.attack.test/pay";
    for media in ["text/plain", "message/rfc822", "application/octet-stream", "text/csv"] {
        let answer = send(&world, 0, media, mail).await.json();
        assert_eq!(answer["document"], "mail", "{media}");
        assert_eq!(value(&answer, "ann@firm0.example")["own"], true);
        assert_eq!(value(&answer, "https://evil.attack.test/pay")["offered"], true);
        assert_eq!(answer["mail"]["subject"], "pay");
    }
    let program = send(&world, 0, "text/plain", "MZ\0\0").await.json();
    assert_eq!(program["document"], "file");
    assert_eq!(send(&world, 0, "image/png", "x").await.status, 415);
    let bomb = format!(
        "{mail}\r\n",
        mail = "From: a@b.test\r\nTo: c@d.test\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    ) + &"--b\r\n\r\nx\r\n".repeat(1_000);
    let refused = send(&world, 0, "message/rfc822", bomb).await;
    assert_eq!(refused.status, 422);
    assert!(String::from_utf8_lossy(&refused.body).contains("mail bomb"));
    assert_eq!(send(&world, 0, "text/plain", " ").await.status, 422);
}

#[tokio::test]
async fn too_much_is_refused_before_it_is_read_and_nobody_waits_for_another() {
    use std::pin::pin;
    use std::time::Duration;
    let world = World::new();
    let mut request = world.request("POST", PATH, 0, Body::from("x"));
    request.headers_mut().insert("content-length", "100000000".parse().unwrap());
    request.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(call(&world.member, request).await.status, 413);
    // Bodies that never end keep an organisation's places, and nobody else's.
    let hanging = || Body::from_stream(futures_util::stream::pending::<Result<axum::body::Bytes, std::io::Error>>());
    let mut waiting = pin!(async {
        tokio::join!(
            send(&world, 1, "text/plain", hanging()),
            send(&world, 1, "text/plain", hanging()),
            send(&world, 1, "text/plain", hanging()),
            send(&world, 1, "text/plain", hanging())
        )
    });
    assert!(tokio::time::timeout(Duration::from_millis(50), waiting.as_mut()).await.is_err());
    assert_eq!(send(&world, 1, "text/plain", "evil[.]attack[.]test").await.status, 429);
    for other in 2..8 {
        assert_eq!(send(&world, other, "text/plain", "evil[.]attack[.]test").await.status, 200);
    }
}

#[tokio::test]
async fn nothing_of_a_document_is_stored() {
    let mut world = World::new();
    assert_eq!(send(&world, 0, "text/plain", "evil[.]attack[.]test").await.status, 200);
    world.pass(30_000);
    let analyst = world.sign_in(&world.cell, "kit@cell.example").await;
    let known = world.at_cell("GET", "/cell/v1/lookup?value=evil.attack.test", &analyst, Body::empty()).await.json();
    assert_ne!(known["verdict"].as_str(), Some("seen"), "{known}");
}
