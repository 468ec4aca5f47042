//! Passkeys: registered, used, and refused for every reason to refuse one.

use serde_json::{Value, json};
use server::Face;

use crate::authenticator::Authenticator;
use crate::common::Answer;
use crate::{ANN, Browser, KIT, OLGA, kind, pass, world};

const ORIGIN: &str = "http://localhost:8460";

fn own(id: u8) -> Authenticator {
    Authenticator::new(id, "localhost", ORIGIN)
}

impl Browser {
    async fn register(&mut self, with: &mut Authenticator) -> Answer {
        let begun = self.post("/me/passkeys/start", Value::Null).await;
        assert_eq!(begun.status, 200, "{:?}", String::from_utf8_lossy(&begun.body));
        let begun = begun.json();
        let credential = with.create(&begun["public_key"]);
        let body = json!({ "ceremony": begun["ceremony"], "name": "Laptop", "credential": credential });
        self.post("/me/passkeys", body).await
    }

    async fn start(&mut self) -> Value {
        self.post("/session/passkey/start", Value::Null).await.json()
    }

    async fn show(&mut self, ceremony: &Value, credential: Value) -> Answer {
        let body = json!({ "ceremony": ceremony["ceremony"], "credential": credential });
        self.post("/session/passkey/finish", body).await
    }
}

#[tokio::test]
async fn a_passkey_signs_in_without_an_address() {
    let world = world();
    let mut ann = Browser::signed_in(&world, Face::Member, ANN).await;
    let mut key = own(1);
    let before = ann.cookie.clone();
    let added = ann.register(&mut key).await;
    assert_eq!(added.status, 201, "{:?}", String::from_utf8_lossy(&added.body));
    assert!(ann.cookie != before && ann.is_in().await);
    let mut fresh = Browser::at(&world, Face::Member);
    let begun = fresh.start().await;
    assert_eq!(begun["public_key"]["allowCredentials"], json!([]), "nobody's passkeys are told");
    assert_eq!(begun["public_key"]["userVerification"], "required");
    let entered = fresh.show(&begun, key.get(&begun["public_key"])).await;
    assert_eq!(entered.status, 200, "{:?}", String::from_utf8_lossy(&entered.body));
    assert_eq!(fresh.get("/me").await.json()["email"], ANN);
    let listed = fresh.get("/me/passkeys").await.json()["items"].clone();
    assert!(listed[0]["used_day"].as_str().is_some_and(|day| day.len() == 10));
    assert_eq!(fresh.get("/me/sessions").await.json()["items"][0]["kind"], "passkey");
    // With a passkey the password alone is half a sign-in.
    let half = Browser::at(&world, Face::Member).password(ANN).await;
    assert_eq!((half.status.as_u16(), half.json()["factors"].clone()), (202, json!(["passkey"])));
    // It confirms as well, and another's does not.
    pass(&world, register::FRESH_MILLIS);
    let begun = fresh.post("/me/confirm/passkey/start", Value::Null).await.json();
    let body = json!({ "ceremony": begun["ceremony"], "credential": key.get(&begun["public_key"]) });
    assert_eq!(fresh.post("/me/confirm/passkey/finish", body.clone()).await.status, 204);
    assert_eq!(fresh.post("/me/confirm/passkey/finish", body).await.status, 422);
    let id = listed[0]["id"].as_str().unwrap();
    let mut olga = Browser::signed_in(&world, Face::Member, OLGA).await;
    assert_eq!(olga.ask("DELETE", &format!("/me/passkeys/{id}"), Value::Null).await.status, 404);
    assert_eq!(fresh.ask("DELETE", &format!("/me/passkeys/{id}"), Value::Null).await.status, 204);
    let begun = Browser::at(&world, Face::Member).start().await;
    let removed = Browser::at(&world, Face::Member).show(&begun, key.get(&begun["public_key"])).await;
    assert_eq!(removed.status, 401);
}

/// A ceremony that begins when the throttle has forgotten what went wrong before.
async fn later(world: &crate::World, browser: &mut Browser) -> Value {
    pass(world, 15 * 60_000);
    browser.start().await
}

#[tokio::test]
async fn a_passkey_that_is_not_shown_here_now_and_by_its_owner_is_refused_in_one_way() {
    let world = world();
    let mut ann = Browser::signed_in(&world, Face::Member, ANN).await;
    let mut key = own(1);
    assert_eq!(ann.register(&mut key).await.status, 201);
    let mut fresh = Browser::at(&world, Face::Member);
    let mut answers = Vec::new();
    let mut refused = |what: &str, answer: Answer| {
        assert_eq!((answer.status.as_u16(), kind(&answer)), (401, "wrong-sign-in".to_owned()), "{what}");
        answers.push(answer.body);
    };
    // One that works, so that what follows fails for its own reason.
    let begun = later(&world, &mut fresh).await;
    let shown = key.get(&begun["public_key"]);
    assert_eq!(fresh.show(&begun, shown.clone()).await.status, 200);
    refused("the same answer again", fresh.show(&begun, shown.clone()).await);
    let begun = later(&world, &mut fresh).await;
    refused("an answer to another challenge", fresh.show(&begun, shown).await);
    // Another relying party's page, and a page of another origin under our name.
    key.rp = "evil.example".into();
    let begun = later(&world, &mut fresh).await;
    refused("another relying party", fresh.show(&begun, key.get(&begun["public_key"])).await);
    key.rp = "localhost".into();
    for origin in
        ["http://evil.example", "http://localhost.evil.example", "https://localhost:8460", "http://cell.localhost:8461"]
    {
        key.origin = origin.into();
        let begun = later(&world, &mut fresh).await;
        refused(origin, fresh.show(&begun, key.get(&begun["public_key"])).await);
    }
    key.origin = ORIGIN.into();
    key.verifies = false;
    let begun = later(&world, &mut fresh).await;
    refused("nobody verified", fresh.show(&begun, key.get(&begun["public_key"])).await);
    key.verifies = true;
    // A clone that lags behind.
    let begun = later(&world, &mut fresh).await;
    assert_eq!(fresh.show(&begun, key.get(&begun["public_key"])).await.status, 200);
    let begun = later(&world, &mut fresh).await;
    refused("the counter stands still", fresh.show(&begun, key.get_again(&begun["public_key"])).await);
    key.counter -= 2;
    let begun = later(&world, &mut fresh).await;
    refused("the counter goes back", fresh.show(&begun, key.get_again(&begun["public_key"])).await);
    key.counter += 10;
    // Somebody else's handle under this credential, and one that nobody has.
    let own_handle = std::mem::replace(&mut key.user, vec![7; 16]);
    let begun = later(&world, &mut fresh).await;
    refused("another's handle", fresh.show(&begun, key.get(&begun["public_key"])).await);
    key.user = own_handle;
    let mut unknown = own(9);
    unknown.user = key.user.clone();
    let begun = later(&world, &mut fresh).await;
    refused("a credential that nobody has", fresh.show(&begun, unknown.get(&begun["public_key"])).await);
    let begun = later(&world, &mut fresh).await;
    pass(&world, 5 * 60_000);
    refused("too late", fresh.show(&begun, key.get(&begun["public_key"])).await);
    // Disabled while the passkey was on its way.
    let begun = later(&world, &mut fresh).await;
    let person = world.register.person_named(ANN).unwrap().id;
    world.register.set_disabled(&register::Actor::operator(), person, true).unwrap();
    refused("disabled", fresh.show(&begun, key.get(&begun["public_key"])).await);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "the reason can be told from the answer");
}

#[tokio::test]
async fn a_passkey_belongs_to_one_listener_and_one_person() {
    let world = world();
    let mut ann = Browser::signed_in(&world, Face::Member, ANN).await;
    let mut key = own(1);
    assert_eq!(ann.register(&mut key).await.status, 201);
    // Shown at the cell's listener, whose own relying party is another: even if the authenticator says so.
    for (rp, origin) in [("localhost", ORIGIN), ("cell.localhost", "http://cell.localhost:8461")] {
        key.rp = rp.into();
        key.origin = origin.into();
        let mut cell = Browser::at(&world, Face::Cell);
        let begun = cell.start().await;
        assert_eq!(begun["public_key"]["rpId"], "cell.localhost");
        assert_eq!(cell.show(&begun, key.get(&begun["public_key"])).await.status, 401, "{rp}");
    }
    key.rp = "localhost".into();
    key.origin = ORIGIN.into();
    // A ceremony of one listener is none at the other, and one of one purpose none for another.
    let begun = Browser::at(&world, Face::Member).start().await;
    assert_eq!(Browser::at(&world, Face::Cell).show(&begun, key.get(&begun["public_key"])).await.status, 401);
    let begun = ann.post("/me/confirm/passkey/start", Value::Null).await.json();
    assert_eq!(Browser::at(&world, Face::Member).show(&begun, key.get(&begun["public_key"])).await.status, 401);
    // Registered by another, at another place, without its user, or to another's ceremony: refused.
    let mut olga = Browser::signed_in(&world, Face::Member, OLGA).await;
    assert_eq!(olga.register(&mut key).await.status, 422, "a credential is one person's");
    assert_eq!(olga.register(&mut Authenticator::new(2, "evil.example", ORIGIN)).await.status, 422);
    assert_eq!(olga.register(&mut Authenticator::new(3, "localhost", "http://evil.example")).await.status, 422);
    let mut careless = own(4);
    careless.verifies = false;
    assert_eq!(olga.register(&mut careless).await.status, 422);
    let begun = ann.post("/me/passkeys/start", Value::Null).await.json();
    let credential = own(5).create(&begun["public_key"]);
    let body = json!({ "ceremony": begun["ceremony"], "name": "x", "credential": credential });
    assert_eq!(olga.post("/me/passkeys", body).await.status, 422, "somebody else's ceremony");
    // The cell has passkeys of its own.
    let mut kit = Browser::signed_in(&world, Face::Cell, KIT).await;
    let mut cells = Authenticator::new(6, "cell.localhost", "http://cell.localhost:8461");
    assert_eq!(kit.register(&mut cells).await.status, 201);
    let mut fresh = Browser::at(&world, Face::Cell);
    let begun = fresh.start().await;
    assert_eq!(fresh.show(&begun, cells.get(&begun["public_key"])).await.status, 200);
}
