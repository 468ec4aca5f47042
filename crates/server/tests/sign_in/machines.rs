//! Keys and walls: what each opens, and that nothing stays open after they are revoked.

use axum::body::Body;
use axum::http::Request;
use register::Scope;
use serde_json::{Value, json};
use server::{Access, Face, routes};

use crate::common::{Events, call};
use crate::{ADA, ANN, Browser, KIT, OLGA, kind, pass, world};

fn fill(path: &str) -> String {
    path.replace("{id}", "00000000-0000-4000-8000-000000000000")
        .replace("{case}", "00000000-0000-4000-8000-000000000000")
        .replace("{name}", "watch.txt")
        .replace("{prefix}", "000000000000")
}

async fn make_key(olga: &mut Browser, scopes: &[&str]) -> (String, String) {
    let body = json!({ "label": "siem", "scopes": scopes, "days": 30, "warn": "now", "know": "nobody" });
    let made = olga.post("/keys", body).await;
    assert_eq!(made.status, 201, "{:?}", String::from_utf8_lossy(&made.body));
    let made = made.json();
    (made["key"].as_str().unwrap().to_owned(), made["made"]["prefix"].as_str().unwrap().to_owned())
}

fn by_key(key: &str, method: &str, path: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(Body::from("{}"))
        .unwrap()
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_name_and_no_page_of_a_person() {
    let world = world();
    let mut olga = Browser::signed_in(&world, Face::Member, OLGA).await;
    for scope in Scope::ALL {
        let (key, _) = make_key(&mut olga, &[scope.as_str()]).await;
        for route in routes() {
            if route.face != Face::Member || matches!(route.access, Access::Public | Access::Operator) {
                continue;
            }
            let opens = route.pass.scope == Some(scope);
            if opens && route.id == "stream" {
                drop(Events::open(&world.member, by_key(&key, route.method, route.path)).await);
                continue;
            }
            let answer = call(&world.member, by_key(&key, route.method, &fill(route.path))).await;
            assert_eq!(opens, answer.status != 403, "{scope:?}: {route:?} answers {}", answer.status);
            if !opens {
                assert_eq!(kind(&answer), "scope", "{route:?}");
            }
        }
    }
    // Everything but reading, reporting and importing wants a person.
    let open = routes().into_iter().filter(|route| route.pass.scope.is_some());
    let mut ids: Vec<&str> = open.map(|route| route.id).collect();
    ids.sort_unstable();
    let expect = "advisories advisory_read campaign campaigns consent correct extract feed group group_items group_watch groups home import indicators lookup own_file own_file_add own_message own_read own_report own_reports preview recall report session stream withdraw";
    assert_eq!(ids.join(" "), expect);
}

#[tokio::test]
async fn a_key_is_made_by_an_admin_shown_once_and_ends_with_its_stream_when_revoked() {
    let world = world();
    let mut ann = Browser::signed_in(&world, Face::Member, ANN).await;
    let body = json!({ "label": "x", "scopes": ["report"], "days": 30, "warn": "now", "know": "nobody" });
    for (method, path) in [("GET", "/keys"), ("POST", "/keys"), ("DELETE", "/keys/x"), ("POST", "/devices")] {
        assert_eq!(ann.ask(method, path, body.clone()).await.status, 403, "{method} {path}");
    }
    let mut olga = Browser::signed_in(&world, Face::Member, OLGA).await;
    let bad = |field: &str, value: Value| {
        let mut body = body.clone();
        body[field] = value;
        body
    };
    for body in [
        bad("scopes", json!(["everything"])),
        bad("scopes", json!([])),
        bad("days", json!(0)),
        bad("days", json!(367)),
        bad("label", json!("")),
    ] {
        assert_eq!(olga.post("/keys", body.clone()).await.status, 422, "{body}");
    }
    let (key, prefix) = make_key(&mut olga, &["read:released"]).await;
    let listed = String::from_utf8(olga.get("/keys").await.body).unwrap();
    assert!(listed.contains(&prefix) && !listed.contains(&key[20..]), "the secret is shown once");
    let mut events = Events::open(&world.member, by_key(&key, "GET", "/api/v1/stream")).await;
    events.next_of("snapshot").await;
    // Not by another organisation's admin: to whom it is not there.
    let firm = world.register.organisation_named("Firm 1").unwrap().id;
    let new = register::NewPerson {
        email: "vic@firm1.example".into(),
        name: "Vic".into(),
        organisation: Some(firm),
        role: register::Role::OrganisationAdmin,
        secondment: None,
    };
    world.register.create_person(&register::Actor::operator(), &new, crate::PASSWORD).unwrap();
    let mut vic = Browser::signed_in(&world, Face::Member, "vic@firm1.example").await;
    let path = format!("/keys/{prefix}");
    let (hidden, absent) =
        (vic.ask("DELETE", &path, Value::Null).await, vic.ask("DELETE", "/keys/000000000000", Value::Null).await);
    assert_eq!((hidden.status.as_u16(), &hidden.body), (404, &absent.body));
    assert_eq!(olga.ask("DELETE", &path, Value::Null).await.status, 204);
    assert!(events.next().await.is_none(), "the stream ends at once");
    assert_eq!(call(&world.member, by_key(&key, "GET", "/api/v1/home")).await.status, 401);
    let acts = world.register.member_acts(world.register.organisation_named("Firm 0").unwrap().id, false).unwrap();
    for what in ["key-made", "key-revoked"] {
        assert!(acts.iter().any(|act| act.what == what), "{what} is not in the trail");
    }
}

async fn paired(maker: &mut Browser, world: &crate::World) -> (Browser, String) {
    let made = maker.post("/devices", json!({ "label": "Ops room" })).await;
    assert_eq!(made.status, 201, "{:?}", String::from_utf8_lossy(&made.body));
    let made = made.json();
    assert!(made["link"].as_str().unwrap().starts_with("/wall#pair="), "behind # the code is in no log");
    let mut screen = Browser::at(world, maker.face);
    let elsewhere = if maker.face == Face::Member { Face::Cell } else { Face::Member };
    let code = json!({ "code": made["code"] });
    assert_eq!(Browser::at(world, elsewhere).post("/devices/pair", code.clone()).await.status, 401);
    let answer = screen.post("/devices/pair", code.clone()).await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").contains("HttpOnly; SameSite=Strict"));
    assert_eq!(Browser::at(world, maker.face).post("/devices/pair", code).await.status, 401, "a code works once");
    (screen, made["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_wall_reads_the_wall_never_asks_to_sign_in_and_goes_dark_when_revoked() {
    let world = world();
    for (face, email) in [(Face::Member, OLGA), (Face::Cell, KIT)] {
        let mut maker = Browser::signed_in(&world, face, email).await;
        let (mut screen, id) = paired(&mut maker, &world).await;
        let session = screen.get("/session").await.json();
        assert_eq!((session["wall"].as_bool(), session["name"].as_str()), (Some(true), Some("Ops room")));
        for route in routes() {
            if route.face != face || matches!(route.access, Access::Public | Access::Operator) {
                continue;
            }
            let answer = call(&screen.router, {
                let mut request = screen.request(route.method, "", &json!({}));
                *request.uri_mut() = fill(route.path).parse().unwrap();
                request
            });
            // A stream goes on: its head is enough.
            if route.id.ends_with("stream") {
                continue;
            }
            let answer = answer.await;
            assert_eq!(route.pass.wall, answer.status == 200, "{route:?} answers {}", answer.status);
            assert!(!route.pass.wall || route.method == "GET", "{route:?}: a wall changes nothing");
        }
        let mut events =
            Events::open(&world_router(&world, face), screen.request("GET", "/stream", &Value::Null)).await;
        events.next_of("snapshot").await;
        // Days later, when every session is long over, it still shows.
        pass(&world, 20 * 86_400_000);
        assert_eq!(screen.get("/session").await.status, 200);
        let mut maker = Browser::signed_in(&world, face, email).await;
        assert_eq!(maker.get("/devices").await.json()["items"][0]["paired"], true);
        assert_eq!(maker.ask("DELETE", &format!("/devices/{id}"), Value::Null).await.status, 204);
        assert!(events.next().await.is_none(), "the stream ends at once");
        let dark = screen.get("/session").await;
        assert_eq!((dark.status.as_u16(), kind(&dark)), (401, "wall-revoked".to_owned()), "it says so in words");
    }
}

fn world_router(world: &crate::World, face: Face) -> axum::Router {
    if face == Face::Member { world.member.clone() } else { world.cell.clone() }
}

#[tokio::test]
async fn a_wall_shows_no_more_than_its_maker_may_see_now() {
    let world = world();
    let mut kit = Browser::signed_in(&world, Face::Cell, KIT).await;
    let (mut screen, _) = paired(&mut kit, &world).await;
    assert_eq!(screen.get("/wall").await.status, 200);
    let person = world.register.person_named(KIT).unwrap().id;
    // An administrator reads no content: neither does the wall of one who has become that.
    world.register.set_role(&register::Actor::operator(), person, register::Role::Administrator).unwrap();
    assert_eq!(screen.get("/wall").await.status, 403);
    world.register.set_role(&register::Actor::operator(), person, register::Role::Analyst).unwrap();
    assert_eq!(screen.get("/wall").await.status, 200);
    world.register.set_disabled(&register::Actor::operator(), person, true).unwrap();
    assert_eq!(screen.get("/wall").await.status, 401);
    // Whoever revokes somebody else's wall is told apart in the trail.
    let mut ada = Browser::signed_in(&world, Face::Cell, ADA).await;
    let items = ada.get("/devices").await.json()["items"].clone();
    assert_eq!((items.as_array().unwrap().len(), items[0]["made_by"].as_str()), (1, Some("kit")));
}
