//! Password, then a second factor; sessions; and what asks for a factor once more.

use register::Demand;
use serde_json::{Value, json};
use server::Face;

use crate::{ADA, ANN, Browser, OLGA, app, kind, pass, world};

#[tokio::test]
async fn with_an_app_a_password_is_half_a_sign_in() {
    let world = world();
    let mut ann = Browser::signed_in(&world, Face::Member, ANN).await;
    let mut other = Browser::signed_in(&world, Face::Member, ANN).await;
    let before = ann.cookie.clone();
    let secret = ann.enrol_app(&world).await;
    assert!(ann.is_in().await && ann.cookie != before, "the session goes on under another cookie");
    assert!(!other.is_in().await, "the other sessions end");
    let mut old = Browser { cookie: before, ..Browser::at(&world, Face::Member) };
    assert!(!old.is_in().await);
    let codes = ann.post("/me/recovery-codes", Value::Null).await.json()["codes"].clone();
    assert_eq!(codes.as_array().unwrap().len(), 10);

    let mut fresh = Browser::at(&world, Face::Member);
    let half = fresh.password(ANN).await;
    assert_eq!(half.status, 202);
    assert!(!half.headers.contains_key("set-cookie"), "half a sign-in is no session");
    assert_eq!(half.json()["factors"], json!(["totp", "recovery-code"]));
    let challenge = half.json()["challenge"].as_str().unwrap().to_owned();
    let mut thief = Browser { cookie: format!("fc_member={challenge}"), ..Browser::at(&world, Face::Member) };
    assert!(!thief.is_in().await, "a challenge opens nothing");
    let code = app(&secret, &world);
    // At the other listener it is nothing.
    let elsewhere =
        Browser::at(&world, Face::Cell).post("/session/totp", json!({ "challenge": challenge, "code": code })).await;
    assert_eq!(elsewhere.status, 401);
    let whole = fresh.post("/session/totp", json!({ "challenge": challenge, "code": code })).await;
    assert_eq!((whole.status.as_u16(), fresh.is_in().await), (200, true));
    // Seen over a shoulder, the code is worth nothing.
    let again = Browser::at(&world, Face::Member).password(ANN).await.json()["challenge"].clone();
    let replay =
        Browser::at(&world, Face::Member).post("/session/totp", json!({ "challenge": again, "code": code })).await;
    assert_eq!((replay.status.as_u16(), kind(&replay)), (401, "wrong-sign-in".to_owned()));
    // A recovery code stands in for the app, once.
    let mut lost = Browser::at(&world, Face::Member);
    let challenge = lost.password(ANN).await.json()["challenge"].clone();
    let recovered = lost.post("/session/recovery", json!({ "challenge": challenge, "code": codes[0] })).await;
    assert_eq!(recovered.status, 200);
    assert_eq!(lost.get("/me").await.json()["factors"]["recovery_codes"], 9);
    let challenge = Browser::at(&world, Face::Member).password(ANN).await.json()["challenge"].clone();
    let twice = Browser::at(&world, Face::Member)
        .post("/session/recovery", json!({ "challenge": challenge, "code": codes[0] }))
        .await;
    assert_eq!(twice.status, 401);
}

#[tokio::test]
async fn whoever_must_enrol_does_that_and_nothing_else() {
    let world = world();
    world.register.demand_second_factor(Demand::Cell);
    let mut ada = Browser::signed_in(&world, Face::Cell, ADA).await;
    let session = ada.get("/session").await;
    assert_eq!((session.status.as_u16(), session.json()["enrol"].as_bool()), (200, Some(true)));
    for path in ["/wall", "/stream", "/campaigns", "/noise"] {
        let answer = ada.get(path).await;
        assert_eq!((answer.status.as_u16(), kind(&answer)), (403, "enrol".to_owned()), "{path}");
    }
    let me = ada.get("/me").await.json();
    assert_eq!((me["enrol"].as_bool(), me["factors"]["demanded"].as_bool()), (Some(true), Some(true)));
    ada.enrol_app(&world).await;
    assert_eq!(ada.get("/wall").await.status, 200);
    // The last factor stays.
    let removed = ada.ask("DELETE", "/me/totp", Value::Null).await;
    assert_eq!((removed.status.as_u16(), kind(&removed)), (409, "last-factor".to_owned()));
    // Members are not asked here.
    let mut ann = Browser::signed_in(&world, Face::Member, ANN).await;
    assert_eq!(ann.get("/home").await.status, 200);
    ann.enrol_app(&world).await;
    assert_eq!(ann.ask("DELETE", "/me/totp", Value::Null).await.status, 204);
    assert_eq!(Browser::at(&world, Face::Member).password(ANN).await.status, 200);
}

#[tokio::test]
async fn changes_ask_for_a_factor_of_the_last_ten_minutes() {
    let world = world();
    let mut olga = Browser::signed_in(&world, Face::Member, OLGA).await;
    pass(&world, register::FRESH_MILLIS);
    assert_eq!(olga.get("/me").await.json()["confirmed"], false);
    let key = json!({ "label": "siem", "scopes": ["report"], "days": 30, "warn": "now", "know": "nobody" });
    for (method, path, body) in [
        ("POST", "/me/totp", Value::Null),
        ("POST", "/me/totp/confirm", json!({ "code": "000000" })),
        ("DELETE", "/me/totp", Value::Null),
        ("POST", "/me/passkeys/start", Value::Null),
        ("POST", "/me/passkeys", json!({ "ceremony": "x", "name": "x", "credential": {} })),
        ("DELETE", "/me/passkeys/x", Value::Null),
        ("POST", "/me/recovery-codes", Value::Null),
        ("PUT", "/me/password", json!({ "password": "another horse battery" })),
        ("DELETE", "/me/sessions", Value::Null),
        ("DELETE", "/me/sessions/x", Value::Null),
        ("POST", "/keys", key.clone()),
        ("POST", "/devices", json!({ "label": "wall" })),
    ] {
        let answer = olga.ask(method, path, body).await;
        assert_eq!((answer.status.as_u16(), kind(&answer)), (403, "confirm".to_owned()), "{method} {path}");
    }
    let wrong = olga.post("/me/confirm", json!({ "password": "wrong" })).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(olga.post("/keys", key.clone()).await.status, 403);
    let mut copy = Browser { cookie: olga.cookie.clone(), ..Browser::at(&world, Face::Member) };
    let right = olga.post("/me/confirm", json!({ "password": crate::PASSWORD })).await;
    assert_eq!(right.status, 204);
    // Whoever had a copy of the token is out by that.
    assert!(!copy.is_in().await && olga.is_in().await);
    assert_eq!(olga.post("/keys", key).await.status, 201);
    assert_eq!(olga.get("/me").await.json()["confirmed"], true);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    let world = world();
    let mut one = Browser::signed_in(&world, Face::Member, ANN).await;
    let mut two = Browser::signed_in(&world, Face::Member, ANN).await;
    let mut olga = Browser::signed_in(&world, Face::Member, OLGA).await;
    let listed = one.get("/me/sessions").await.json()["items"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let other = listed.as_array().unwrap().iter().find(|row| row["this"] == false).unwrap();
    assert_eq!((other["kind"].as_str(), other["created_day"].as_str().unwrap().len()), (Some("password"), 10));
    let path = format!("/me/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(olga.ask("DELETE", &path, Value::Null).await.status, 404, "somebody else's is not there");
    assert_eq!(one.ask("DELETE", &path, Value::Null).await.status, 204);
    assert!(!two.is_in().await && one.is_in().await);
    let mut three = Browser::signed_in(&world, Face::Member, ANN).await;
    assert_eq!(one.ask("DELETE", "/me/sessions", Value::Null).await.status, 204);
    assert!(!three.is_in().await && one.is_in().await && olga.is_in().await);
    // A password that was changed ends the others, and the old one is worth nothing.
    let mut four = Browser::signed_in(&world, Face::Member, ANN).await;
    let changed = one.ask("PUT", "/me/password", json!({ "password": "another horse battery" })).await;
    assert_eq!((changed.status.as_u16(), four.is_in().await, one.is_in().await), (204, false, true));
    assert_eq!(Browser::at(&world, Face::Member).password(ANN).await.status, 401);
    pass(&world, register::SESSION_IDLE_MILLIS);
    assert!(!one.is_in().await, "left alone a session ends");
}
