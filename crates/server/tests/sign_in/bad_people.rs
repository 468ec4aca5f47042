//! Guessing by every verb, header, spelling and address; and what answers tell about who is there.

use axum::body::Body;
use axum::http::Request;
use register::Actor;
use serde_json::{Value, json};
use server::Face;

use crate::common::{PASSWORD, call};
use crate::{ADA, ANN, Browser, KIT, kind, pass, world};

#[tokio::test]
async fn no_answer_tells_whether_somebody_is_there() {
    let world = world();
    let person = world.register.person_named("bob@firm1.example").unwrap().id;
    world.register.set_disabled(&Actor::operator(), person, true).unwrap();
    let mut answers = Vec::new();
    for (email, password) in [
        ("nobody@nowhere.example", PASSWORD),
        (ANN, "wrong"),
        (ADA, PASSWORD),
        ("bob@firm1.example", PASSWORD),
        ("", ""),
        ("not an address", PASSWORD),
        (ANN, &"long".repeat(1_000)),
    ] {
        let answer =
            Browser::at(&world, Face::Member).post("/session", json!({ "email": email, "password": password })).await;
        let headers: Vec<_> = answer.headers.keys().map(|name| name.to_string()).collect();
        answers.push((answer.status, headers, answer.body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(answers[0].0, 401);
    // A second step tells nothing either: of no challenge, a wrong one, an old one.
    let mut steps = Vec::new();
    for path in ["/session/totp", "/session/recovery"] {
        for challenge in ["", "x", &"0".repeat(64)] {
            let body = json!({ "challenge": challenge, "code": "000000" });
            steps.push(Browser::at(&world, Face::Member).post(path, body).await.body);
        }
    }
    steps.truncate(5);
    assert!(steps.iter().all(|body| *body == answers[0].2));
}

#[tokio::test]
async fn a_change_of_verb_header_case_or_address_gives_no_new_tries() {
    let world = world();
    let send = |verb: &str, email: &str, from: &str, header: Option<(&str, &str)>| {
        let body = json!({ "email": email, "password": "wrong" }).to_string();
        let mut request = Request::builder()
            .method(verb)
            .uri("/api/v1/session")
            .header("host", "localhost")
            .header("origin", "http://localhost")
            .header("content-type", "application/json");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(server::Peer(from.parse().unwrap()));
        let router = world.member.clone();
        async move { call(&router, request).await }
    };
    // Other verbs check no password at all.
    for verb in ["GET", "PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "post", "LINK"] {
        for _ in 0..10 {
            let answer = send(verb, ANN, "198.51.100.7", None).await;
            assert!(matches!(answer.status.as_u16(), 401 | 403 | 405), "{verb}: {}", answer.status);
            assert_ne!(answer.status, 200);
        }
    }
    for n in 0..6 {
        let spelling = [ANN, "ANN@FIRM0.EXAMPLE", " ann@firm0.example ", "Ann@Firm0.example\u{a0}"][n % 4];
        let answer = send("POST", spelling, &format!("198.51.100.{n}"), None).await;
        assert_eq!(answer.status, 401, "{n}");
    }
    // From now on the account waits: whatever the address, the spelling or the header.
    for (n, header) in [
        ("x-forwarded-for", "203.0.113.1"),
        ("forwarded", "for=203.0.113.2"),
        ("x-real-ip", "203.0.113.3"),
        ("x-http-method-override", "PUT"),
        ("authorization", "bEARER nothing"),
        ("accept", "text/html"),
        ("user-agent", "other"),
    ]
    .into_iter()
    .enumerate()
    {
        for spelling in [ANN, "aNN@firm0.example", "\tANN@Firm0.Example\n"] {
            let answer = send("POST", spelling, &format!("192.0.2.{n}"), Some(header)).await;
            assert_eq!(answer.status, 429, "{header:?} {spelling:?}");
        }
    }
    // The right password from elsewhere waits like the rest, and somebody else does not.
    let mut elsewhere = Browser { from: Some("203.0.113.99".parse().unwrap()), ..Browser::at(&world, Face::Member) };
    assert_eq!(elsewhere.password(ANN).await.status, 429);
    assert_eq!(elsewhere.password(crate::OLGA).await.status, 200);
    // A path written another way is another path.
    for path in ["/api/v1/session/", "/api/v1//session", "/API/v1/session", "/api/v1/session?x=1", "/api/v1/%73ession"]
    {
        let body = json!({ "email": ANN, "password": "wrong" }).to_string();
        let request = Request::post(path)
            .header("host", "localhost")
            .header("origin", "http://localhost")
            .header("content-type", "application/json");
        let answer = call(&world.member, request.body(Body::from(body)).unwrap()).await;
        assert!(matches!(answer.status.as_u16(), 404 | 429), "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn codes_cannot_be_guessed_from_many_addresses_either() {
    let world = world();
    let mut ann = Browser::signed_in(&world, Face::Member, ANN).await;
    ann.enrol_app(&world).await;
    let mut waited = 0;
    for n in 0..40 {
        let from = Some(format!("198.51.100.{n}").parse().unwrap());
        let mut thief = Browser { from, ..Browser::at(&world, Face::Member) };
        let half = thief.password(ANN).await;
        if half.status == 429 {
            waited += 1;
            continue;
        }
        let body = json!({ "challenge": half.json()["challenge"], "code": format!("{n:06}") });
        let answer = thief.post("/session/totp", body).await;
        assert!(matches!(answer.status.as_u16(), 401 | 429), "{}", answer.status);
    }
    assert!(waited >= 30, "{waited}");
    // Confirming is guessed no faster, by whoever has found a browser open.
    let mut kit = Browser::signed_in(&world, Face::Cell, KIT).await;
    let mut last = 0;
    for _ in 0..12 {
        last = kit.post("/me/confirm", json!({ "password": "wrong" })).await.status.as_u16();
    }
    assert_eq!(last, 429);
    assert!(kit.is_in().await, "and is not signed out by it");
}

#[tokio::test]
async fn a_stolen_session_opens_no_factors_and_ends_when_its_owner_says_so() {
    let world = world();
    let mut ann = Browser::signed_in(&world, Face::Member, ANN).await;
    let mut thief = Browser { cookie: ann.cookie.clone(), ..Browser::at(&world, Face::Member) };
    assert!(thief.is_in().await);
    pass(&world, register::FRESH_MILLIS);
    for (method, path) in [("POST", "/me/totp"), ("POST", "/me/passkeys/start"), ("POST", "/me/recovery-codes")] {
        let answer = thief.ask(method, path, Value::Null).await;
        assert_eq!((answer.status.as_u16(), kind(&answer)), (403, "confirm".to_owned()), "{path}");
    }
    // Its owner shows a factor and enrols an app: the stolen cookie is worth nothing from then on.
    assert_eq!(ann.post("/me/confirm", json!({ "password": PASSWORD })).await.status, 204);
    ann.enrol_app(&world).await;
    assert!(!thief.is_in().await && ann.is_in().await);
    // At the other listener it never was anything.
    let mut cell = Browser { cookie: ann.cookie.replace("fc_member", "fc_cell"), ..Browser::at(&world, Face::Cell) };
    assert!(!cell.is_in().await);
}

#[tokio::test]
async fn signing_in_anew_leaves_no_session_behind() {
    let world = world();
    let mut browser = Browser::signed_in(&world, Face::Member, ANN).await;
    let mut copy = Browser { cookie: browser.cookie.clone(), ..Browser::at(&world, Face::Member) };
    let again = json!({ "email": ANN, "password": PASSWORD });
    assert_eq!(browser.post("/session", json!({ "email": ANN, "password": "wrong wrong wrong" })).await.status, 401);
    assert!(copy.is_in().await, "who fails to sign in ends nothing");
    assert_eq!(browser.post("/session", again).await.status, 200);
    assert!(browser.is_in().await && !copy.is_in().await);
}

#[tokio::test]
async fn another_site_can_send_none_of_it() {
    let world = world();
    let ann = Browser::signed_in(&world, Face::Member, ANN).await;
    for route in server::routes() {
        if route.face != Face::Member || route.method == "GET" {
            continue;
        }
        let mut request = ann.request(route.method, "", &json!({}));
        *request.uri_mut() = route.path.replace("{id}", "x").replace("{prefix}", "x").parse().unwrap();
        request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        let answer = call(&world.member, request).await;
        assert_eq!((answer.status.as_u16(), kind(&answer)), (403, "foreign-origin".to_owned()), "{route:?}");
    }
}
