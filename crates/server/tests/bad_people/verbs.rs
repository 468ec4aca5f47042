//! Every route × verb × sender: admitted exactly if the two tables say so, and every refusal of one reason is the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use server::{Face, RouteInfo, routes};

use crate::callers::{Caller, Room, Verdict, problem};
use crate::common::Answer;
use crate::drivers::{ASKS_MORE, UNDRIVEN, body, kind, path, path_with, plain, succeeds};
use crate::ids::{NOWHERE, is_api, is_somebody, with_id};

const VERBS: [&str; 12] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", "Delete"];
/// What asks a careless server to take one verb for another.
const OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// The route that a verb of a path stands for.
fn meant<'a>(all: &'a [RouteInfo], face: Face, path: &str, verb: &str) -> Option<&'a RouteInfo> {
    let verb = if verb == "HEAD" { "GET" } else { verb };
    all.iter().find(|route| route.face == face && route.path == path && route.method == verb)
}

/// The paths of each listener, each with one route that has it.
fn paths() -> BTreeMap<(Face, &'static str), RouteInfo> {
    routes().into_iter().map(|route| ((route.face, route.path), route)).collect()
}

/// Listener, status, sort of problem, and whether only the head was asked for.
type Reason = (Face, u16, String, bool);
/// Who was refused first, and the body and headers that they got.
type Look = (String, Vec<u8>, Vec<(String, String)>);

/// Remembers what each reason looks like; the same reason must always look the same.
#[derive(Default)]
struct Looks(BTreeMap<Reason, Look>);

impl Looks {
    fn check(&mut self, face: Face, answer: &Answer, reason: &str, head: bool, what: &str) {
        let headers: Vec<(String, String)> = answer
            .headers
            .iter()
            .filter(|(name, _)| *name != "allow")
            .map(|(name, value)| (name.to_string(), format!("{value:?}")))
            .collect();
        let key = (face, answer.status.as_u16(), reason.to_owned(), head);
        let seen = self.0.entry(key).or_insert_with(|| (what.to_owned(), answer.body.clone(), headers.clone()));
        assert!(
            seen.1 == answer.body && seen.2 == headers,
            "{what} is refused in other words than {}: {:?} {headers:?} against {:?} {:?}",
            seen.0,
            String::from_utf8_lossy(&answer.body),
            String::from_utf8_lossy(&seen.1),
            seen.2
        );
    }
}

fn refused_as(answer: &Answer, verdict: Verdict, head: bool, what: &str) {
    let Verdict::Refused(status, reason) = verdict else { unreachable!() };
    assert_eq!(answer.status.as_u16(), status, "{what}: {}", String::from_utf8_lossy(&answer.body));
    if !head {
        assert_eq!(problem(answer), reason, "{what}");
    }
}

/// Sorts of refusals that come from the door and from no handler.
const OF_THE_DOOR: [&str; 9] =
    ["signed-out", "role", "read-only", "scope", "wall", "wall-revoked", "enrol", "method", "foreign-origin"];

fn admitted(answer: &Answer, what: &str) {
    assert!(!OF_THE_DOOR.contains(&problem(answer).as_str()), "{what} is refused: {}", problem(answer));
    assert!(answer.status.as_u16() < 500 || !server::pages_are_built(), "{what}: {}", answer.status);
    // 405 without a body, as another layer might give it.
    assert_ne!(answer.status, 405, "{what}");
}

#[tokio::test]
async fn every_verb_of_every_route_is_open_to_whom_the_tables_say_and_to_nobody_else() {
    let room = Room::new().await;
    let all = routes();
    let mut looks = Looks::default();
    let before = room.state();
    let (mut asked, mut open) = (0, 0);
    for ((face, path_of), one) in paths() {
        for verb in VERBS {
            let route = meant(&all, face, path_of, verb);
            for caller in &room.callers {
                let what = format!("{verb} {path_of} of {face:?} by {}", caller.name);
                let verdict = route.map_or(Verdict::Refused(405, "method"), |route| caller.verdict(route));
                // What may be done, and would be, has a test of its own.
                let safe = ["GET", "HEAD"].contains(&verb);
                if verdict == Verdict::Admitted && !safe {
                    continue;
                }
                let of = route.unwrap_or(&one);
                let (uri, body) = (path(of, caller, &room.ids), body(of, &room.ids));
                let answer = room.send(face, verb, &uri, caller, body.as_ref().filter(|_| !safe)).await;
                asked += 1;
                if verdict == Verdict::Admitted {
                    open += 1;
                    admitted(&answer, &what);
                } else {
                    let Verdict::Refused(_, reason) = verdict else { unreachable!() };
                    refused_as(&answer, verdict, verb == "HEAD", &what);
                    looks.check(face, &answer, reason, verb == "HEAD", &what);
                }
            }
        }
    }
    assert_eq!(room.state(), before, "what is refused or only reads has changed something");
    println!("{asked} requests, {open} of them admitted, {} sorts of refusals", looks.0.len());
    assert!(asked > 5_000 && open > 300, "{asked} {open}");
}

#[tokio::test]
async fn no_header_and_no_field_makes_one_verb_another() {
    let room = Room::new().await;
    let all = routes();
    let before = room.state();
    let callers: Vec<&Caller> = room.callers.iter().filter(|caller| is_somebody(caller)).collect();
    for ((face, path_of), _) in paths() {
        let wanted: Vec<&RouteInfo> =
            all.iter().filter(|route| route.face == face && route.path == path_of && route.method != "GET").collect();
        for route in wanted {
            for caller in callers.iter().filter(|caller| caller.face == face) {
                let uri = path(route, caller, &room.ids);
                for verb in ["GET", "PATCH"] {
                    let plain = room.send(face, verb, &uri, caller, None).await;
                    let mut headers = vec![("sec-fetch-site", "same-origin")];
                    headers.extend(OVERRIDES.map(|name| (name, route.method)));
                    let form = ("application/x-www-form-urlencoded".to_owned(), format!("_method={}", route.method));
                    let with = room.send_with(face, verb, &uri, caller, Some(&form), &headers).await;
                    let what = format!("{verb} for {} {path_of} by {}", route.method, caller.name);
                    assert_eq!((with.status, &with.body), (plain.status, &plain.body), "{what}");
                    let joint = if uri.contains('?') { '&' } else { '?' };
                    let query = format!("{uri}{joint}_method={}", route.method);
                    let with = room.send(face, verb, &query, caller, None).await;
                    assert!(with.status == plain.status || with.status == 400, "{what}: {}", with.status);
                }
            }
        }
    }
    assert_eq!(room.state(), before, "a verb was taken for another");
}

#[tokio::test]
async fn who_may_do_something_can_and_each_route_comes_to_success() {
    let all: Vec<RouteInfo> = routes().into_iter().filter(is_api).collect();
    let mut missing = BTreeSet::new();
    for route in &all {
        if route.path.contains('{') && kind(route).is_none() {
            missing.insert(format!("{}: what its path's parameter names (`kind`)", route.id));
        }
        let room = Room::new().await;
        let mut came = false;
        for caller in room.callers.iter().filter(|caller| caller.verdict(route) == Verdict::Admitted) {
            let (uri, body) = (path(route, caller, &room.ids), body(route, &room.ids));
            let answer = room.send(route.face, route.method, &uri, caller, body.as_ref()).await;
            let what = format!("{} {uri} by {}", route.method, caller.name);
            // An act of the caller before may have ended this caller's own session, as it should.
            let ended = is_somebody(caller) && route.method != "GET" && problem(&answer) == "signed-out";
            let more = ASKS_MORE.contains(&plain(route.id)) && problem(&answer) == "role";
            if !ended && !more {
                admitted(&answer, &what);
            }
            came |= succeeds(route, answer.status.as_u16());
        }
        if !came && !UNDRIVEN.iter().any(|(id, _)| *id == plain(route.id)) {
            missing.insert(format!("{}: a request that comes to success", route.id));
        }
    }
    assert!(
        missing.is_empty(),
        "tests/bad_people/drivers.rs lacks:\n{}",
        missing.into_iter().collect::<Vec<_>>().join("\n")
    );
}

#[tokio::test]
async fn what_others_have_is_as_absent_as_what_nobody_has() {
    let room = Room::new().await;
    let before = room.state();
    let mut asked = 0;
    for route in with_id() {
        for caller in &room.callers {
            let verdict = caller.verdict(&route);
            let of = kind(&route);
            let body = body(&route, &room.ids);
            let absent = room.send(route.face, route.method, &path_with(&route, NOWHERE), caller, body.as_ref()).await;
            let what = format!("{} {} by {}", route.method, route.path, caller.name);
            match verdict {
                Verdict::Admitted => {
                    assert_eq!((absent.status.as_u16(), problem(&absent).as_str()), (404, "absent"), "{what}")
                }
                Verdict::Refused(status, _) => assert_eq!(absent.status.as_u16(), status, "{what}"),
            }
            let own = |text: &str| {
                verdict == Verdict::Admitted
                    && room.ids.all.iter().any(|id| id.text == text && of.is_some_and(|kind| id.is_for(kind, caller)))
            };
            let others = room.ids.all.iter().map(|id| id.text.as_str()).filter(|text| !own(text));
            let nonsense = ["nonsense", "0", "%ff", "%2e%2e%2fhome", "1%27%20or%201=1", "%27%20or%20%271%27=%271"];
            for id in others.chain(nonsense) {
                let answer = room.send(route.face, route.method, &path_with(&route, id), caller, body.as_ref()).await;
                asked += 1;
                assert_eq!(
                    (answer.status, answer.body, answer.headers),
                    (absent.status, absent.body.clone(), absent.headers.clone()),
                    "{what}: {id} is not answered as what nobody has"
                );
            }
        }
    }
    assert_eq!(room.state(), before, "something of others was changed");
    println!("{asked} ids asked for");
    assert!(asked > 5_000, "{asked}");
}

#[tokio::test]
async fn who_owes_a_second_factor_reaches_nothing_but_the_way_to_one() {
    let room = Room::new().await;
    room.world.register.demand_second_factor(register::Demand::Everybody);
    let before = room.state();
    for route in routes().into_iter().filter(|route| !route.pass.enrolling) {
        for caller in room.callers.iter().filter(|caller| caller.email.is_some() && is_somebody(caller)) {
            let signs_in = !matches!(route.access, server::Access::Public | server::Access::Operator);
            // Somebody with a passkey owes nothing: everybody here has one, so it is taken away first.
            if !signs_in || caller.face != route.face {
                continue;
            }
            let (uri, body) = (path(&route, caller, &room.ids), body(&route, &room.ids));
            for passkey in room.world.register.passkeys(room.id(caller.email.unwrap())).unwrap() {
                let (by, person) = (register::Actor::operator(), room.id(caller.email.unwrap()));
                room.world.register.remove_passkey(&by, person, &passkey.id).unwrap();
            }
            let answer = room.send(route.face, route.method, &uri, caller, body.as_ref()).await;
            assert_eq!(
                (answer.status.as_u16(), problem(&answer).as_str()),
                (403, "enrol"),
                "{} by {}",
                route.id,
                caller.name
            );
        }
    }
    assert_ne!(room.state(), before, "the passkeys were taken away");
}

#[tokio::test]
async fn no_body_takes_a_field_that_it_does_not_know() {
    let room = Room::new().await;
    let (mut asked, mut lax) = (0, BTreeSet::new());
    for route in routes() {
        let Some((media, text)) = body(&route, &room.ids) else { continue };
        let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(&text) else { continue };
        fields.insert("unheard_of".into(), 1.into());
        let more = (media, serde_json::Value::Object(fields).to_string());
        let Some(caller) =
            room.callers.iter().find(|caller| caller.face == route.face && caller.verdict(&route) == Verdict::Admitted)
        else {
            continue;
        };
        let answer = room.send(route.face, route.method, &path(&route, caller, &room.ids), caller, Some(&more)).await;
        asked += 1;
        if answer.status != 422 || !String::from_utf8_lossy(&answer.body).contains("unheard_of") {
            lax.insert(format!(
                "{}: {} {} by {}",
                route.id,
                answer.status,
                String::from_utf8_lossy(&answer.body),
                caller.name
            ));
        }
    }
    assert!(
        lax.is_empty(),
        "{asked} asked; these take what they do not know:\n{}",
        lax.into_iter().collect::<Vec<_>>().join("\n")
    );
}

#[tokio::test]
async fn who_owes_a_second_factor_is_let_to_the_own_account_only() {
    for route in routes().into_iter().filter(|route| route.pass.enrolling) {
        let own = ["/api/v1/me", "/cell/v1/me", "/api/v1/session", "/cell/v1/session"];
        assert!(
            own.iter().any(|own| route.path == *own || route.path.starts_with(&format!("{own}/"))),
            "{} {}",
            route.method,
            route.path
        );
    }
}
