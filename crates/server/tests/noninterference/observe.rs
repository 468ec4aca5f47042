//! Every route as every kind of observer; a route without a driver fails the build of the list.

use std::collections::BTreeMap;

use server::{Face, routes};

use crate::random::Random;
use crate::script::{HOT, value};
use crate::world::{Observer, Seen, World};

/// One request that an observer may make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub route: String,
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: &'static str,
}

const UNKNOWN: &str = "00000000-0000-4000-8000-0000000000ff";

fn escape(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F")
}

/// The requests that drive a route. `ids` are campaigns that the observer knows of.
fn drivers(method: &'static str, path: &str, ids: &[String]) -> Option<Vec<Ask>> {
    let route = format!("{method} {path}");
    let ask = |path: String| Ask { route: route.clone(), method, path, headers: vec![], body: "" };
    let with = |path: &str, body: &'static str| Ask { body, ..ask(path.to_owned()) };
    Some(match (method, path) {
        ("GET", "/face" | "/openapi.json" | "/health") => vec![ask(path.to_owned())],
        // Figures are the operator's: they count requests, which differ between any two runs of the harness itself.
        ("GET", "/metrics") => vec![],
        ("POST", "/api/v1/session" | "/cell/v1/session") => {
            vec![with(path, r#"{"email":"nobody@nowhere.example","password":"not the password"}"#), with(path, "{")]
        }
        (
            "GET",
            "/api/v1/session" | "/cell/v1/session" | "/api/v1/home" | "/api/v1/advisories" | "/cell/v1/wall"
            | "/cell/v1/campaigns",
        ) => {
            vec![ask(path.to_owned())]
        }
        // Ends the caller's own session: driven as somebody who has none.
        ("DELETE", "/api/v1/session" | "/cell/v1/session") => vec![],
        ("GET", "/api/v1/indicators" | "/api/v1/campaigns") => {
            vec![ask(path.to_owned()), ask(format!("{path}?limit=3")), ask(format!("{path}?cursor=nonsense"))]
        }
        ("GET", "/api/v1/campaigns/{id}" | "/cell/v1/campaigns/{id}") => {
            let base = path.trim_end_matches("{id}");
            let known = ids.iter().take(6).map(|id| ask(format!("{base}{id}")));
            known.chain([ask(format!("{base}{UNKNOWN}")), ask(format!("{base}x"))]).collect()
        }
        ("GET", "/api/v1/lookup" | "/cell/v1/lookup") => {
            let hot = (0..HOT + 4).map(|n| ask(format!("{path}?value={}", escape(&value(n)))));
            hot.chain([ask(format!("{path}?value=8.8.8.8")), ask(path.to_owned())]).collect()
        }
        ("POST", "/api/v1/advisories/{id}/read") => vec![with(&format!("/api/v1/advisories/{UNKNOWN}/read"), "")],
        ("GET", "/api/v1/feeds/{name}") => {
            ["watch.txt", "block.txt", "nothing.txt"].map(|name| ask(format!("/api/v1/feeds/{name}"))).into()
        }
        ("POST", "/api/v1/reports") => vec![with(path, r#"{"title":""}"#), with(path, "[")],
        ("POST", "/api/v1/import") => vec![with("/api/v1/import?name=x.bin&warn=now&know=nobody", "\u{1}\u{2}")],
        ("GET", "/api/v1/stream" | "/cell/v1/stream") => {
            vec![ask(path.to_owned()), Ask { headers: vec![("last-event-id", "AAAA")], ..ask(path.to_owned()) }]
        }
        ("GET", "/assets/{*path}") => vec![ask("/assets/nothing.js".to_owned())],
        ("GET", "/campaigns/{id}") => vec![ask(format!("/campaigns/{UNKNOWN}"))],
        ("GET", page) if server::PAGES.iter().any(|(_, path)| *path == page) => vec![ask(page.to_owned())],
        ("GET", "/cell/v1/noise") => vec![ask(path.to_owned()), ask(format!("{path}?q=a"))],
        ("POST", "/cell/v1/reports/{case}/claim") => vec![with(&format!("/cell/v1/reports/{UNKNOWN}/claim"), "")],
        ("POST", "/cell/v1/advisories") => vec![with(path, r#"{"title":""}"#)],
        ("PUT", "/cell/v1/posture") => vec![with(path, r#"{"word":"loud","text":""}"#)],
        _ => return None,
    })
}

/// Every request of every route of an observer's listener, and the same with another verb.
pub fn asks(observer: Observer, ids: &[String]) -> Vec<Ask> {
    let face = if observer.is_cell() { Face::Cell } else { Face::Member };
    let mut all = Vec::new();
    for route in routes() {
        if route.face != face {
            continue;
        }
        let driven = drivers(route.method, route.path, ids);
        all.extend(
            driven.unwrap_or_else(|| panic!("route {} {} has no driver: add one here", route.method, route.path)),
        );
    }
    all.push(Ask { route: "nothing".into(), method: "GET", path: "/api/v1/nothing".into(), headers: vec![], body: "" });
    all.push(Ask { route: "verb".into(), method: "PATCH", path: "/api/v1/home".into(), headers: vec![], body: "" });
    all
}

/// How often each route was asked by each kind of observer.
pub type Tally = BTreeMap<(String, &'static str), u64>;

pub async fn ask(world: &World, observer: Observer, ask: &Ask, tally: &mut Tally) -> Seen {
    *tally.entry((ask.route.clone(), observer.kind())).or_insert(0) += 1;
    world.ask(observer, ask.method, &ask.path, &ask.headers, ask.body).await
}

/// A few random requests.
pub fn some(random: &mut Random, observer: Observer, count: usize) -> Vec<Ask> {
    let all = asks(observer, &[]);
    (0..count).map(|_| random.pick(&all).clone()).collect()
}
