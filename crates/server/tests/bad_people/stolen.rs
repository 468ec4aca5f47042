//! Credentials that were taken: dead once their owner or the cell has acted, on every route and on what they hold open.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use register::{Actor, Role, Status};
use server::{Face, routes};

use crate::callers::{Caller, Room, Verdict, problem};
use crate::common::{Events, PASSWORD};
use crate::drivers::{body, path, plain};

fn router(room: &Room, face: Face) -> &Router {
    if face == Face::Cell { &room.world.cell } else { &room.world.member }
}

async fn open(room: &Room, caller: &Caller) -> Events {
    let (host, path) = match caller.face {
        Face::Cell => ("cell.localhost", "/cell/v1/stream"),
        Face::Member => ("localhost", "/api/v1/stream"),
    };
    let (name, value) = caller.credential.clone().unwrap();
    let request = Request::get(path).header("host", host).header(name, value).body(Body::empty()).unwrap();
    let mut events = Events::open(router(room, caller.face), request).await;
    assert_eq!(events.next().await.unwrap().0, "snapshot", "{}", caller.name);
    events
}

/// Whether a stream ends within two seconds of the platform's time.
async fn ends(room: &mut Room, events: &mut Events) -> bool {
    room.world.pass(2_100);
    for _ in 0..64 {
        match tokio::time::timeout(std::time::Duration::from_millis(200), events.next()).await {
            Ok(None) => return true,
            Ok(Some(_)) => {}
            Err(_) => return false,
        }
    }
    false
}

/// Every route answers a dead credential as it answers nobody at all.
async fn is_dead(room: &Room, caller: &Caller, how: &str) {
    let nobody = room.caller(&format!("stranger at {:?}", caller.face)).clone();
    for route in routes().into_iter().filter(|route| route.face == caller.face) {
        if nobody.verdict(&route) == Verdict::Admitted {
            continue;
        }
        let (uri, body) = (path(&route, caller, &room.ids), body(&route, &room.ids));
        let answer = room.send(route.face, route.method, &uri, caller, body.as_ref()).await;
        let strange = room.send(route.face, route.method, &uri, &nobody, body.as_ref()).await;
        assert_eq!(
            (answer.status, answer.body),
            (strange.status, strange.body),
            "{} after {how} by {}",
            route.id,
            caller.name
        );
    }
}

/// Ways in which a session ends.
const WAYS: [&str; 8] = [
    "sign-out",
    "disabled",
    "another password",
    "own change of password",
    "sessions ended by the cell",
    "own other sessions ended",
    "too long without use",
    "its whole time",
];

async fn end(room: &mut Room, caller: &Caller, how: &str) {
    let by = Actor::operator();
    let prefix = if caller.face == Face::Cell { "/cell/v1" } else { "/api/v1" };
    let email = caller.email.unwrap();
    let (person, register) = (room.id(email), &room.world.register);
    // The owner's own session beside the stolen one.
    let own = || async { room.world.sign_in(router(room, caller.face), email).await };
    match how {
        "sign-out" => {
            let out = room.send(caller.face, "DELETE", &format!("{prefix}/session"), caller, None).await;
            assert_eq!(out.status, 204);
        }
        "disabled" => register.set_disabled(&by, person, true).unwrap(),
        "another password" => register.set_password(&by, person, "another horse battery").unwrap(),
        "own change of password" | "own other sessions ended" => {
            let owner = Caller { credential: Some(("cookie", own().await)), ..caller.clone() };
            let (verb, path, body) = match how {
                "own other sessions ended" => ("DELETE", "/me/sessions", None),
                _ => ("PUT", "/me/password", Some(r#"{"password":"another horse battery"}"#)),
            };
            let body = body.map(|text| ("application/json".to_owned(), text.to_owned()));
            let done = room.send(caller.face, verb, &format!("{prefix}{path}"), &owner, body.as_ref()).await;
            assert_eq!(done.status, 204, "{}", String::from_utf8_lossy(&done.body));
        }
        "sessions ended by the cell" => assert!(register.end_sessions(&by, person).unwrap() > 0),
        "too long without use" => {
            let idle = register::SESSION_IDLE_MILLIS;
            room.world.clock.0.fetch_add(idle, std::sync::atomic::Ordering::SeqCst);
        }
        _ => drop(room.world.clock.0.fetch_add(register::SESSION_MILLIS, std::sync::atomic::Ordering::SeqCst)),
    }
}

#[tokio::test]
async fn a_stolen_session_is_dead_once_it_is_ended_in_whatever_way() {
    for name in ["reporter", "lead"] {
        for how in WAYS {
            let mut room = Room::new().await;
            let by = Actor::operator();
            if name == "lead" {
                // The last lead can be neither disabled nor moved.
                let new = register::NewPerson {
                    email: "two@cell.example".into(),
                    name: "two".into(),
                    organisation: None,
                    role: Role::Lead,
                    secondment: None,
                };
                room.world.register.create_person(&by, &new, PASSWORD).unwrap();
            }
            let caller = room.caller(name).clone();
            let mut events = open(&room, &caller).await;
            end(&mut room, &caller, how).await;
            is_dead(&room, &caller, how).await;
            assert!(ends(&mut room, &mut events).await, "the open stream of {name} goes on after {how}");
        }
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_right_to_it_and_goes_on_as_long_as_there_is_one() {
    type Act = fn(&Room);
    let cases: [(&str, &str, Act, bool); 10] = [
        ("reporter", "suspension", |room| status(room, 0, Status::Suspended), true),
        ("reporter", "leaving", |room| status(room, 0, Status::Left), true),
        ("reporter", "dormancy", |room| status(room, 0, Status::Dormant), false),
        ("reporter", "a role that reads", |room| role(room, "ann@firm0.example", Role::Reader), false),
        ("key", "suspension", |room| status(room, 0, Status::Suspended), true),
        (
            "key",
            "revocation",
            |room| room.world.register.revoke_key(&Actor::operator(), &room.world.keys[0]).unwrap(),
            true,
        ),
        ("analyst", "a role that reads nothing", |room| role(room, "kit@cell.example", Role::Administrator), true),
        (
            "wall at Cell",
            "its maker's role that reads nothing",
            |room| role(room, "kit@cell.example", Role::Administrator),
            true,
        ),
        ("wall at Member", "suspension", |room| status(room, 0, Status::Suspended), true),
        (
            "wall at Member",
            "its maker's end",
            |room| {
                room.world.register.set_disabled(&Actor::operator(), room.id("adm@firm0.example"), true).unwrap();
            },
            true,
        ),
    ];
    for (name, how, act, over) in cases {
        let mut room = Room::new().await;
        let caller = room.caller(name).clone();
        let mut events = open(&room, &caller).await;
        act(&room);
        assert_eq!(ends(&mut room, &mut events).await, over, "the stream of {name} after {how}");
    }
}

fn status(room: &Room, firm: usize, status: Status) {
    room.world.register.set_status(&Actor::operator(), room.firms[firm], status).unwrap();
}

fn role(room: &Room, email: &str, role: Role) {
    room.world.register.set_role(&Actor::operator(), room.id(email), role).unwrap();
}

#[tokio::test]
async fn who_may_only_read_from_now_on_reports_nothing_with_what_was_signed_in_before() {
    let room = Room::new().await;
    let report = routes().into_iter().find(|route| route.id == "report").unwrap();
    for (how, reason, act) in [
        ("dormancy", "read-only", (|room: &Room| status(room, 0, Status::Dormant)) as fn(&Room)),
        ("a role that reads", "role", |room| {
            status(room, 0, Status::Active);
            role(room, "ann@firm0.example", Role::Reader);
        }),
    ] {
        act(&room);
        let before = room.world.vault.journal().head().seq;
        let caller = room.caller("reporter");
        let answer = room.send(Face::Member, "POST", report.path, caller, body(&report, &room.ids).as_ref()).await;
        assert_eq!((answer.status.as_u16(), problem(&answer).as_str()), (403, reason), "{how}");
        assert_eq!(room.world.vault.journal().head().seq, before, "{how}: it was taken nevertheless");
    }
}

/// Routes that change how somebody signs in, or make another way in: the last factor must have been shown just now.
const CONFIRMED: [&str; 10] = [
    "password",
    "passkey_begin",
    "passkey_add",
    "passkey_remove",
    "totp_begin",
    "totp_confirm",
    "totp_remove",
    "recovery_codes",
    "device_make",
    "key_make",
];

#[tokio::test]
async fn an_open_session_alone_makes_no_other_way_in() {
    let room = Room::new().await;
    room.world.clock.0.fetch_add(register::FRESH_MILLIS, std::sync::atomic::Ordering::SeqCst);
    let before = room.state();
    let mut asked = 0;
    for route in routes() {
        if !CONFIRMED.contains(&plain(route.id)) {
            continue;
        }
        for caller in room.callers.iter().filter(|caller| caller.email.is_some()) {
            if caller.verdict(&route) != Verdict::Admitted {
                continue;
            }
            let (uri, body) = (path(&route, caller, &room.ids), body(&route, &room.ids));
            let answer = room.send(route.face, route.method, &uri, caller, body.as_ref()).await;
            let what = format!("{} by {}", route.id, caller.name);
            assert_eq!((answer.status.as_u16(), problem(&answer).as_str()), (403, "confirm"), "{what}");
            asked += 1;
        }
    }
    assert_eq!(room.state(), before, "an old session has changed how somebody signs in");
    assert!(asked > 50, "{asked}");
}
