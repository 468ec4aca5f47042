//! A world that every role asks for everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use model::Tlp;
use register::{Actor, NewGroup, NewPerson, Secondment, WhoMayAdd};
use serde_json::{Value, json};
use server::{Access, Face, RouteInfo, routes};

use crate::common::{PASSWORD, World, call};
use crate::logs;
use crate::nouns::{Facts, NARRATIVE, TAG, TECHNIQUE, TITLE, VALUE};
use crate::seen::{Role, Seen, each_field};

pub const NO_ID: &str = "00000000-0000-4000-8000-0000000000ff";

/// Milliseconds past a release tick at which reports come: the time of a report is never one of the platform's own.
pub const OFF_TICK: i64 = 37;

/// Stands for the sharing group in a first answer.
pub const THE_GROUP: &str = "the group";
/// The four who report, and one that is only in the group with them.
const CIRCLE: [usize; 5] = [1, 3, 4, 5, 6];

fn circle(world: &World) -> String {
    let (register, by) = (&world.register, Actor::operator());
    let named = |firm: usize| register.organisation_named(&format!("Firm {firm}")).unwrap().id;
    let cat = NewPerson {
        email: "cat@firm6.example".into(),
        name: "cat".into(),
        organisation: Some(named(6)),
        role: register::Role::Reporter,
        secondment: None,
    };
    register.create_person(&by, &cat, PASSWORD).unwrap();
    let who_may_add = WhoMayAdd::Cell;
    let new = NewGroup { name: "Circle".into(), purpose: "They watch ports".into(), ends_at: None, who_may_add };
    let group = register.create_group(&by, &new).unwrap();
    for firm in CIRCLE {
        register.join_group(&by, group, named(firm), false).unwrap();
    }
    group.to_string()
}

/// Everybody's way in, and a world that they ask.
pub struct Stage {
    pub world: World,
    pub cookies: BTreeMap<Role, String>,
    pub lines: logs::Lines,
    pub before: BTreeMap<Role, Vec<Seen>>,
    /// Ids of campaigns that anybody has come to know: everybody asks for them.
    pub campaigns: BTreeSet<String>,
    pub facts: Facts,
    /// The sharing group of those who report, and of one more.
    pub group: String,
}

impl Stage {
    pub async fn new() -> Self {
        let lines = logs::Lines::default();
        logs::turn_to(&lines);
        let mut world = World::new();
        world.pass(7_200);
        let group = circle(&world);
        world.clock.0.fetch_add(OFF_TICK, Ordering::SeqCst);
        let home = world.register.organisations().into_iter().find(|firm| firm.name == "Firm 5").unwrap();
        let secondee = NewPerson {
            email: "sal@cell.example".into(),
            name: "sal".into(),
            organisation: Some(home.id),
            role: register::Role::Secondee,
            secondment: Some(Secondment {
                vetting: "SC".into(),
                vetted_until: model::Timestamp::from_millis(i64::MAX),
                wall: vec![home.sector],
            }),
        };
        world.register.create_person(&Actor::operator(), &secondee, PASSWORD).unwrap();
        let mut cookies = BTreeMap::new();
        for (role, email) in [
            (Role::Other, "ann@firm0.example"),
            (Role::Circle, "cat@firm6.example"),
            (Role::Reporter, "bob@firm1.example"),
            (Role::Analyst, "kit@cell.example"),
            (Role::Lead, "ada@cell.example"),
            (Role::Secondee, "sal@cell.example"),
        ] {
            let router = if role.faces() == [Face::Cell] { &world.cell } else { &world.member };
            cookies.insert(role, world.sign_in(router, email).await);
        }
        let none = BTreeMap::new();
        let facts = Facts::default();
        let mut stage = Self { world, cookies, lines, before: none, campaigns: BTreeSet::new(), facts, group };
        for role in Role::ALL {
            let seen = stage.ask_all(role).await;
            stage.before.insert(role, seen);
        }
        stage
    }

    pub fn request(&self, role: Role, face: Face, method: &str, path: &str, body: &str) -> Request<Body> {
        let host = if face == Face::Cell { "cell.localhost" } else { "localhost" };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", host)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/json");
        if role == Role::OtherKey {
            request = request.header("authorization", format!("Bearer {}", self.world.keys[2]));
        } else if let Some(cookie) = self.cookies.get(&role) {
            request = request.header("cookie", cookie);
        }
        request.body(Body::from(body.to_owned())).unwrap()
    }

    pub async fn ask(&self, role: Role, face: Face, method: &str, path: &str) -> Seen {
        use tower::ServiceExt as _;
        let router = if face == Face::Cell { &self.world.cell } else { &self.world.member };
        let response = router.clone().oneshot(self.request(role, face, method, path, "")).await.unwrap();
        let (parts, mut body) = response.into_parts();
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        let head = format!("{}\n{}", parts.status, headers.collect::<String>());
        let mut bytes = Vec::new();
        if head.contains("text/event-stream") {
            while let Some(Some(Ok(frame))) = tokio::task::unconstrained(body.frame()).now_or_never() {
                bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            }
        } else {
            bytes.extend_from_slice(&body.collect().await.unwrap().to_bytes());
        }
        Seen::of(&format!("{method} {path}"), &head, &String::from_utf8_lossy(&bytes))
    }

    /// The requests that drive a route that reads.
    pub fn paths(&self, route: &RouteInfo) -> Vec<String> {
        let of = |base: &str| -> Vec<String> {
            self.campaigns.iter().map(String::as_str).chain([NO_ID]).map(|id| format!("{base}{id}")).collect()
        };
        match route.path {
            "/api/v1/campaigns/{id}" => of("/api/v1/campaigns/"),
            "/cell/v1/campaigns/{id}" => of("/cell/v1/campaigns/"),
            "/campaigns/{id}" => of("/campaigns/"),
            // Everybody asks for every report by its reference, as if it had been told them.
            "/api/v1/reports/{reference}" | "/cell/v1/reports/{case}" => {
                let base = route.path.trim_end_matches(|c| c != '/');
                let cases = self.facts.cases.iter().map(String::as_str);
                cases.chain([NO_ID]).map(|case| format!("{base}{case}")).collect()
            }
            // And for every file by its id.
            "/api/v1/reports/{reference}/files/{id}" | "/cell/v1/reports/{case}/files/{id}" => {
                let base = route.path.split('{').next().unwrap_or_default();
                let of = |case: &String| -> Vec<String> {
                    let files = self.facts.files.iter().map(String::as_str).chain([NO_ID]);
                    files.map(|file| format!("{base}{case}/files/{file}")).collect()
                };
                let all: Vec<String> = self.facts.cases.iter().flat_map(of).collect();
                all.into_iter().chain([format!("{base}{NO_ID}/files/{NO_ID}")]).collect()
            }
            "/reports/{id}" | "/triage/{id}" => {
                let base = route.path.trim_end_matches("{id}");
                let cases = self.facts.cases.iter().map(String::as_str);
                cases.chain([NO_ID]).map(|case| format!("{base}{case}")).collect()
            }
            "/assets/{*path}" => vec!["/assets/nothing.js".into()],
            "/api/v1/feeds/{name}" => {
                ["watch.txt", "watch.csv", "block.txt"].map(|name| format!("/api/v1/feeds/{name}")).into()
            }
            "/api/v1/lookup" | "/cell/v1/lookup" => vec![format!("{}?value={VALUE}", route.path)],
            path if path.starts_with("/api/v1/groups/{id}") => {
                [self.group.as_str(), NO_ID].map(|id| path.replace("{id}", id)).into()
            }
            // Organisations and their people are in the register, which knows no report.
            path if ["organisations", "people", "members"]
                .iter()
                .any(|noun| path.contains(&format!("/{noun}/{{id}}"))) =>
            {
                let firms = self.world.register.organisations();
                let ids = firms.iter().take(2).map(|firm| firm.id.to_string()).chain([NO_ID.to_owned()]);
                ids.map(|id| path.replace("{id}", &id)).collect()
            }
            path if path.starts_with("/groups/{id}") => {
                [self.group.as_str(), NO_ID].map(|id| path.replace("{id}", id)).into()
            }
            // Commitments with secret salts: the whole of it is published.
            path if path.ends_with("/tile/{*path}") => {
                ["0/000.p/64", "entries/000.p/64"].map(|tile| path.replace("{*path}", tile)).into()
            }
            path => {
                assert!(!path.contains('{'), "{path} has a parameter that no request here fills: add one");
                vec![path.to_owned()]
            }
        }
    }

    /// Every answer that a role gets by reading; the operator reads the machine too.
    pub async fn ask_all(&mut self, role: Role) -> Vec<Seen> {
        logs::turn_to(&self.lines);
        let mut all = Vec::new();
        for route in routes() {
            let operators = role != Role::Operator || route.access == Access::Operator;
            if route.method != "GET" || !role.faces().contains(&route.face) || !operators {
                continue;
            }
            for path in self.paths(&route) {
                let mut seen = self.ask(role, route.face, "GET", &path).await;
                if ["{id}", "{reference}", "{case}"].iter().any(|name| route.path.contains(name)) {
                    seen.route = format!("GET {}", route.path);
                }
                all.push(seen);
            }
        }
        if role == Role::Operator {
            all.extend(self.machine());
        }
        for seen in &all {
            let listed = seen.route.ends_with("v1/campaigns");
            for value in &seen.json {
                each_field(value, "", &mut |_, name, value| {
                    if (matches!(name, "campaign" | "campaign_id") || listed && name == "id")
                        && let Some(id) = value.as_str().filter(|id| id.len() == NO_ID.len())
                    {
                        self.campaigns.insert(id.to_owned());
                    }
                });
            }
        }
        all
    }

    /// What lies on the machine: figures, log lines, an export of the journal, and the journal's own bytes.
    pub fn machine(&self) -> Vec<Seen> {
        let mut export = Vec::new();
        vault::export(&**self.world.vault.journal(), &mut export).unwrap();
        let entries = self.world.vault.journal().read_raw(1, 10_000).unwrap();
        let bodies: Vec<String> = entries.iter().map(|entry| String::from_utf8_lossy(&entry.body).into()).collect();
        let logged = self.lines.lock().unwrap().join("\n");
        vec![
            Seen::of("metrics", "", &self.world.meters.render()),
            Seen::of("logs", "", &logged),
            Seen::of("journal export", "", &String::from_utf8(export).unwrap()),
            Seen::of("data folder", "", &bodies.join("\n")),
        ]
    }

    /// What a role sees that it did not before anything was reported.
    pub async fn news(&mut self, role: Role) -> Vec<Seen> {
        let now = self.ask_all(role).await;
        now.into_iter().filter(|seen| !self.before[&role].contains(seen)).collect()
    }

    pub async fn file(&mut self, firm: usize, warn: &Value, know: &str, tlp: Tlp) {
        let group = json!({ "group": self.group });
        let warn = if *warn == json!(THE_GROUP) { &group } else { warn };
        let body = json!({
            "title": TITLE, "narrative": NARRATIVE, "attack": "flooding", "severity": "high", "warn": warn, "know": know,
            "happened_at": "2026-02-03T04:05:06Z", "tlp": tlp.as_str(), "pap": "GREEN", "techniques": [TECHNIQUE],
            "tags": [TAG], "indicators": [{ "value": VALUE }],
        });
        let request = self.world.request("POST", "/api/v1/reports", firm, Body::from(body.to_string()));
        let receipt = call(&self.world.member, request).await;
        assert_eq!(receipt.status, 201, "{}", String::from_utf8_lossy(&receipt.body));
        self.facts.received.push(self.world.clock.0.load(Ordering::SeqCst));
        self.facts.firms.push(format!("Firm {firm}"));
        self.facts.cases.push(receipt.json()["reference"].as_str().unwrap().to_owned());
    }
}
