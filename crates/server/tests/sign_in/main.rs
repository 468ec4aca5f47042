//! Signing in from outside: passkeys, apps, recovery codes, sessions, keys and walls, and those who would rather not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod authenticator;
mod bad_people;
#[path = "../common/mod.rs"]
mod common;
mod machines;
mod passkeys;
mod steps;

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use common::{Answer, PASSWORD, World, call};
use register::{Actor, NewPerson, Role};
use serde_json::{Value, json};
use server::{Face, Peer};

/// Somebody's browser at one listener.
pub(crate) struct Browser {
    pub(crate) router: Router,
    pub(crate) face: Face,
    pub(crate) cookie: String,
    pub(crate) from: Option<IpAddr>,
}

pub(crate) const ANN: &str = "ann@firm0.example";
pub(crate) const OLGA: &str = "olga@firm0.example";
pub(crate) const KIT: &str = "kit@cell.example";
pub(crate) const ADA: &str = "ada@cell.example";

/// A world with an admin of Firm 0.
pub(crate) fn world() -> World {
    let world = World::new();
    let firm = world.register.organisation_named("Firm 0").unwrap().id;
    let new = NewPerson {
        email: OLGA.into(),
        name: "Olga".into(),
        organisation: Some(firm),
        role: Role::OrganisationAdmin,
        secondment: None,
    };
    world.register.create_person(&Actor::operator(), &new, PASSWORD).unwrap();
    world
}

pub(crate) fn pass(world: &World, millis: i64) {
    world.clock.0.fetch_add(millis, Ordering::SeqCst);
}

impl Browser {
    pub(crate) fn at(world: &World, face: Face) -> Self {
        let router = if face == Face::Member { &world.member } else { &world.cell };
        Self { router: router.clone(), face, cookie: String::new(), from: None }
    }

    pub(crate) fn host(&self) -> &'static str {
        if self.face == Face::Member { "localhost:8460" } else { "cell.localhost:8461" }
    }

    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", if self.face == Face::Member { "/api/v1" } else { "/cell/v1" })
    }

    pub(crate) fn request(&self, method: &str, path: &str, body: &Value) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.path(path))
            .header("host", self.host())
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/json")
            .header("cookie", &self.cookie)
            .body(Body::from(if body.is_null() { String::new() } else { body.to_string() }))
            .unwrap();
        if let Some(from) = self.from {
            request.extensions_mut().insert(Peer(from));
        }
        request
    }

    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: Value) -> Answer {
        let answer = call(&self.router, self.request(method, path, &body)).await;
        if answer.headers.contains_key("set-cookie") {
            self.cookie = answer.cookie();
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, Value::Null).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, body).await
    }

    pub(crate) async fn password(&mut self, email: &str) -> Answer {
        self.post("/session", json!({ "email": email, "password": PASSWORD })).await
    }

    /// Signed in by password alone.
    pub(crate) async fn signed_in(world: &World, face: Face, email: &str) -> Self {
        let mut browser = Self::at(world, face);
        let answer = browser.password(email).await;
        assert_eq!(answer.status, 200, "{:?}", String::from_utf8_lossy(&answer.body));
        browser
    }

    pub(crate) async fn is_in(&mut self) -> bool {
        self.get("/session").await.status == 200
    }

    /// Enrols an app; gives its secret.
    pub(crate) async fn enrol_app(&mut self, world: &World) -> Vec<u8> {
        let begun = self.post("/me/totp", Value::Null).await;
        assert_eq!(begun.status, 201, "{:?}", String::from_utf8_lossy(&begun.body));
        let secret = unbase32(begun.json()["secret"].as_str().unwrap());
        let code = app(&secret, world);
        let confirmed = self.post("/me/totp/confirm", json!({ "code": code })).await;
        assert_eq!(confirmed.status, 204, "{:?}", String::from_utf8_lossy(&confirmed.body));
        pass(world, 30_000);
        secret
    }
}

fn unbase32(text: &str) -> Vec<u8> {
    let letter = |letter: u8| if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
    let bits: String = text.bytes().map(|byte| format!("{:05b}", letter(byte))).collect();
    let byte = |bits: &[u8]| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap();
    bits.as_bytes().chunks_exact(8).map(byte).collect()
}

/// What an authenticator app shows now.
pub(crate) fn app(secret: &[u8], world: &World) -> String {
    let step = (world.clock.0.load(Ordering::SeqCst) / 30_000) as u64;
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = aws_lc_rs::hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

pub(crate) fn kind(answer: &Answer) -> String {
    answer.json()["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap().to_owned()
}
