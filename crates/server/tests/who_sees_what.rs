//! Role × marking × noun, derived from what every route answers each role, as a file that a lawyer can read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "noninterference/logs.rs"]
mod logs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::http::Request;
use common::{World, call};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use model::Tlp;
use serde_json::{Value, json};
use server::{Access, Face, RouteInfo, routes};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/who-sees-what.md");
/// Set, the file is written anew.
const REWRITE: &str = "UPDATE_GOLDEN";

// Words that stand in one place of a report and nowhere else, so that where they turn up tells what was shown.
const VALUE: &str = "quiet-lantern.test";
const TITLE: &str = "Xylophone ledger";
const NARRATIVE: &str = "Marzipan bulletin";
const TAG: &str = "obsidianrake";
const TECHNIQUE: &str = "T1205.001";
const HAPPENED: [&str; 2] = ["2026-02-03T04:05", "1770091506"];
const ADVICE: &str = "Periwinkle notice";
const POSTURE: &str = "Vermilion weather";
const NOTHING: &str = "nothing";
const NO_ID: &str = "00000000-0000-4000-8000-0000000000ff";

/// Milliseconds past a release tick at which reports come: the time of a report is never one of the platform's own.
const OFF_TICK: i64 = 37;
const MARKINGS: [Tlp; 5] = Tlp::ALL;
const KNOW: [(&str, &str); 3] = [("nobody", "nobody"), ("cell", "the cell"), ("everybody", "everybody")];

/// The first answer, as the form asks it, and as a report carries it.
fn warn_answers() -> [(&'static str, Value); 5] {
    [
        ("members now", json!("now")),
        ("at the next epoch", json!("next-epoch")),
        ("once three have it", json!("once-three")),
        ("the cell only", json!("cell-only")),
        ("a sharing group", json!({ "group": "00000000-0000-4000-8000-00000000000f" })),
    ]
}

/// Moments at which everybody asks for everything, in the words of the table.
const MOMENTS: [&str; 6] = [
    "at once",
    "at the next epoch",
    "after two have reported it",
    "after three have reported it",
    "after four have reported it",
    "after an analyst's claim",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Stranger,
    Other,
    OtherKey,
    Reporter,
    Analyst,
    Lead,
    Operator,
}

impl Role {
    const ALL: [Self; 7] =
        [Self::Stranger, Self::Other, Self::OtherKey, Self::Reporter, Self::Analyst, Self::Lead, Self::Operator];

    const fn title(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Other => "person of another member",
            Self::OtherKey => "machine of another member",
            Self::Reporter => "person of the reporter",
            Self::Analyst => "analyst",
            Self::Lead => "lead",
            Self::Operator => "operator",
        }
    }

    /// The listeners that a role asks.
    const fn faces(self) -> &'static [Face] {
        match self {
            Self::Stranger => &[Face::Member, Face::Cell],
            Self::Other | Self::OtherKey | Self::Reporter => &[Face::Member],
            Self::Analyst | Self::Lead | Self::Operator => &[Face::Cell],
        }
    }
}

/// One answer: of which request, and what it says without what it only repeats from the question.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    route: String,
    text: String,
    json: Vec<Value>,
}

impl Seen {
    fn of(route: &str, head: &str, body: &str) -> Self {
        let parsed = |text: &str| {
            let mut value: Value = serde_json::from_str(text).ok().filter(|value: &Value| !value.is_number())?;
            without_echo(&mut value);
            Some(value)
        };
        let (json, text) = match parsed(body) {
            Some(value) => (vec![value.clone()], value.to_string()),
            // Lines of JSON: the export of a journal, the events of a stream.
            None => (
                body.lines().filter_map(|line| parsed(line.strip_prefix("data: ").unwrap_or(line))).collect(),
                body.to_owned(),
            ),
        };
        Self { route: route.to_owned(), text: format!("{head}\n{text}"), json }
    }
}

/// Takes out the fields in which a look-up repeats its question.
fn without_echo(value: &mut Value) {
    if let Some(fields) = value.as_object_mut()
        && fields.contains_key("verdict")
    {
        fields.retain(|name, _| !["query", "normal"].contains(&name.as_str()));
    }
}

/// Calls `see` with every field of every object, and the path to it.
fn each_field(value: &Value, path: &str, see: &mut impl FnMut(&str, &str, &Value)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                see(&path, name, value);
                each_field(value, &path, see);
            }
        }
        Value::Array(items) => {
            for item in items {
                see(path, "", item);
                each_field(item, path, see);
            }
        }
        _ => {}
    }
}

/// What a scenario's reports are known by.
#[derive(Clone, Debug, Default)]
struct Facts {
    /// When reports were received, to the millisecond.
    received: Vec<i64>,
    /// Pseudonyms of the cases.
    cases: Vec<String>,
    /// Names of the reporters.
    firms: Vec<String>,
}

fn utc(millis: i64) -> String {
    let text = released::rfc3339(model::Timestamp::from_millis(millis));
    text.trim_end_matches('Z').to_owned()
}

/// A noun, and how it is told from answers in which form it was shown; the empty text is "nothing".
type Derive = fn(&[Seen], &Facts) -> String;

fn holds(seen: &[Seen], words: &[&str]) -> bool {
    seen.iter().any(|seen| words.iter().any(|word| seen.text.contains(word)))
}

fn told(is: bool, form: &str) -> String {
    if is { form.to_owned() } else { String::new() }
}

/// Whether a name stands in the answers as a whole: `Firm 1` is not in `Firm 10`.
fn names(seen: &[Seen], name: &str) -> bool {
    let whole = |text: &str| {
        text.match_indices(name).any(|(at, _)| !text[at + name.len()..].starts_with(|c: char| c.is_ascii_digit()))
    };
    seen.iter().any(|seen| whole(&seen.text))
}

fn forms(seen: &[Seen], mut of: impl FnMut(&str, &Value, &mut BTreeSet<String>)) -> String {
    let mut found = BTreeSet::new();
    for value in seen.iter().flat_map(|seen| &seen.json) {
        of("", value, &mut found);
        each_field(value, "", &mut |_, name, value| of(name, value, &mut found));
    }
    found.into_iter().collect::<Vec<_>>().join(" and ")
}

fn is_there(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Bool(true) => true,
    }
}

fn is_band(text: &str) -> bool {
    text.strip_suffix('+').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn value_shown(seen: &[Seen], facts: &Facts) -> String {
    let named = facts.firms.iter().any(|firm| names(seen, firm));
    told(holds(seen, &[VALUE]), if named { "the value, with its reporter" } else { "the value, without its reporter" })
}

fn verdict_shown(seen: &[Seen], _: &Facts) -> String {
    forms(seen, |name, value, found| {
        if let ("verdict", Some(word)) =
            (name, value.as_str().filter(|word| !["not-seen", "unreadable"].contains(word)))
        {
            found.insert(word.to_owned());
        }
    })
}

fn campaign_shown(seen: &[Seen], _: &Facts) -> String {
    told(
        !forms(seen, |name, value, found| {
            let campaign = matches!(name, "campaign" | "campaign_id" | "campaigns") && is_there(value);
            let typed = name == "type" && value == "campaign";
            if campaign || typed {
                found.insert("x".into());
            }
        })
        .is_empty(),
        "the campaign",
    )
}

fn breadth_shown(seen: &[Seen], _: &Facts) -> String {
    const COUNTS: [&str; 5] = ["firms", "members", "organisations", "distinct", "others"];
    forms(seen, |_, value, found| {
        if let Some(band) = value.as_str().filter(|text| is_band(text)) {
            found.insert(band.to_owned());
        }
        let counted = |name: &&str| value[*name].as_u64().is_some_and(|n| n > 0);
        if value.is_object() && COUNTS.iter().any(counted) {
            let most = value["firms_at_most"] == true;
            found.insert(if most { "the most that it can be" } else { "exact count" }.to_owned());
        }
    })
}

fn sector_shown(seen: &[Seen], _: &Facts) -> String {
    forms(seen, |name, value, found| match (name, value) {
        ("sectors" | "regions", Value::Array(items)) if items.iter().any(Value::is_string) => {
            found.insert("the name without a number".into());
        }
        ("sector" | "lane" | "region", Value::String(_)) => {
            found.insert("that of each report".into());
        }
        _ => {}
    })
}

fn time_shown(seen: &[Seen], facts: &Facts) -> String {
    let any = |of: &dyn Fn(i64) -> Vec<String>| {
        let texts: Vec<String> = facts.received.iter().flat_map(|at| of(*at)).collect();
        holds(seen, &texts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let minute = any(&|at| vec![utc(at - at.rem_euclid(60_000))]);
    let second = any(&|at| vec![utc(at - at.rem_euclid(1_000))]);
    if any(&|at| vec![utc(at), at.to_string()]) {
        return "to the millisecond".into();
    }
    if second { "to the second".into() } else { told(minute, "to the minute") }
}

fn reports_shown(seen: &[Seen], facts: &Facts) -> String {
    let counted = forms(seen, |name, value, found| {
        if ["reports", "seen", "cases", "sightings"].contains(&name) && value.as_u64().is_some_and(|n| n > 0) {
            found.insert("exact count".into());
        }
    });
    // Whoever sees each case can count them.
    let each = facts.cases.iter().all(|case| holds(seen, &[case])) && !facts.cases.is_empty();
    if each { "exact count".into() } else { counted }
}

fn feed_shown(seen: &[Seen], name: &str, form: &str) -> String {
    told(seen.iter().any(|seen| seen.route.ends_with(name) && seen.text.contains(VALUE)), form)
}

/// Every noun of a report, in the order of the file.
const NOUNS: [(&str, Derive); 19] = [
    ("Indicator (the value)", value_shown),
    ("Verdict of a look-up", verdict_shown),
    ("Who reported", |seen, facts| told(facts.firms.iter().any(|firm| names(seen, firm)), "the name")),
    ("Watch feed, as text", |seen, _| feed_shown(seen, "watch.txt", "the value")),
    ("Watch feed, as a table", |seen, _| feed_shown(seen, "watch.csv", "the value")),
    ("Block feed", |seen, _| feed_shown(seen, "block.txt", "the value")),
    ("Campaign", campaign_shown),
    ("How many members are hit", breadth_shown),
    ("Sector and region that are hit", sector_shown),
    ("Technique", |seen, _| told(holds(seen, &[TECHNIQUE]), "the technique")),
    ("Kind of attack", |seen, _| told(holds(seen, &["Flooding", "flooding"]), "the kind")),
    ("Title of the report", |seen, _| told(holds(seen, &[TITLE]), "the title")),
    ("Narrative of the report", |seen, _| told(holds(seen, &[NARRATIVE]), "the narrative")),
    ("Tags of the report", |seen, _| told(holds(seen, &[TAG]), "the tags")),
    ("Time of the report", time_shown),
    ("When it happened", |seen, _| told(holds(seen, &HAPPENED), "the time")),
    ("Number of reports", reports_shown),
    ("Reference of the report", |seen, facts| {
        told(facts.cases.iter().any(|case| holds(seen, &[case])), "the reference")
    }),
    ("Who claimed it", |seen, _| {
        forms(seen, |_, value, found| {
            if value == "kit" {
                found.insert("the analyst's name".into());
            }
        })
    }),
];

/// Everybody's way in, and a world that they ask.
struct Stage {
    world: World,
    cookies: BTreeMap<Role, String>,
    lines: logs::Lines,
    before: BTreeMap<Role, Vec<Seen>>,
    /// Ids of campaigns that anybody has come to know: everybody asks for them.
    campaigns: BTreeSet<String>,
    facts: Facts,
}

impl Stage {
    async fn new() -> Self {
        let lines = logs::Lines::default();
        logs::turn_to(&lines);
        let mut world = World::new();
        world.pass(7_200);
        world.clock.0.fetch_add(OFF_TICK, Ordering::SeqCst);
        let mut cookies = BTreeMap::new();
        for (role, email) in [
            (Role::Other, "ann@firm0.example"),
            (Role::Reporter, "bob@firm1.example"),
            (Role::Analyst, "kit@cell.example"),
            (Role::Lead, "ada@cell.example"),
        ] {
            let router = if role.faces() == [Face::Cell] { &world.cell } else { &world.member };
            cookies.insert(role, world.sign_in(router, email).await);
        }
        let none = BTreeMap::new();
        let facts = Facts::default();
        let mut stage = Self { world, cookies, lines, before: none, campaigns: BTreeSet::new(), facts };
        for role in Role::ALL {
            let seen = stage.ask_all(role).await;
            stage.before.insert(role, seen);
        }
        stage
    }

    fn request(&self, role: Role, face: Face, method: &str, path: &str, body: &str) -> Request<Body> {
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

    async fn ask(&self, role: Role, face: Face, method: &str, path: &str) -> Seen {
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
    fn paths(&self, route: &RouteInfo) -> Vec<String> {
        let of = |base: &str| -> Vec<String> {
            self.campaigns.iter().map(String::as_str).chain([NO_ID]).map(|id| format!("{base}{id}")).collect()
        };
        match route.path {
            "/api/v1/campaigns/{id}" => of("/api/v1/campaigns/"),
            "/cell/v1/campaigns/{id}" => of("/cell/v1/campaigns/"),
            "/campaigns/{id}" => of("/campaigns/"),
            "/assets/{*path}" => vec!["/assets/nothing.js".into()],
            "/api/v1/feeds/{name}" => {
                ["watch.txt", "watch.csv", "block.txt"].map(|name| format!("/api/v1/feeds/{name}")).into()
            }
            "/api/v1/lookup" | "/cell/v1/lookup" => vec![format!("{}?value={VALUE}", route.path)],
            path => {
                assert!(!path.contains('{'), "{path} has a parameter that no request here fills: add one");
                vec![path.to_owned()]
            }
        }
    }

    /// Every answer that a role gets by reading; the operator reads the machine too.
    async fn ask_all(&mut self, role: Role) -> Vec<Seen> {
        logs::turn_to(&self.lines);
        let mut all = Vec::new();
        for route in routes() {
            let operators = role != Role::Operator || route.access == Access::Operator;
            if route.method != "GET" || !role.faces().contains(&route.face) || !operators {
                continue;
            }
            for path in self.paths(&route) {
                let mut seen = self.ask(role, route.face, "GET", &path).await;
                if route.path.ends_with("/{id}") {
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
    fn machine(&self) -> Vec<Seen> {
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
    async fn news(&mut self, role: Role) -> Vec<Seen> {
        let now = self.ask_all(role).await;
        now.into_iter().filter(|seen| !self.before[&role].contains(seen)).collect()
    }

    async fn file(&mut self, firm: usize, warn: &Value, know: &str, tlp: Tlp) {
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

/// What each role was shown.
type Shown = BTreeMap<Role, String>;
/// A line of a table: first answers, markings, and what each role was shown.
type Line<'a> = (Vec<&'a str>, Vec<Tlp>, &'a Shown);

/// What was shown of each noun: by noun, then row of the table, then role.
#[derive(Default, PartialEq, Eq)]
struct Table {
    cells: BTreeMap<&'static str, BTreeMap<(usize, Tlp), Shown>>,
    /// Fields of answers, by route, and the roles that have met them.
    fields: BTreeMap<String, BTreeMap<String, BTreeSet<Role>>>,
}

impl Table {
    fn note_fields(&mut self, role: Role, seen: &[Seen]) {
        for seen in seen.iter().filter(|seen| seen.route.contains("/v1/")) {
            let route = seen.route.split('?').next().unwrap_or_default().to_owned();
            let fields = self.fields.entry(route).or_default();
            for value in &seen.json {
                each_field(value, "", &mut |path, name, value| {
                    if !name.is_empty() && !value.is_object() && is_there(value) {
                        fields.entry(path.to_owned()).or_default().insert(role);
                    }
                });
            }
        }
    }

    fn put(&mut self, noun: &'static str, row: (usize, Tlp), role: Role, text: String) {
        self.cells.entry(noun).or_default().entry(row).or_default().insert(role, text);
    }

    /// One table of a noun: markings that are treated the same share a line, and so do first answers.
    fn write(&self, text: &mut String, noun: &str, rows: &[&str], head: &str) {
        let _ = write!(text, "\n### {noun}\n\n| {head} | marking |");
        for role in Role::ALL {
            let _ = write!(text, " {} |", role.title());
        }
        let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(Role::ALL.len()));
        let cells = &self.cells[noun];
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let mut groups: Vec<(Vec<Tlp>, &Shown)> = Vec::new();
            for tlp in MARKINGS {
                let Some(shown) = cells.get(&(index, tlp)) else { continue };
                match groups.iter_mut().find(|(_, other)| *other == shown) {
                    Some((tlps, _)) => tlps.push(tlp),
                    None => groups.push((vec![tlp], shown)),
                }
            }
            for (tlps, shown) in groups {
                match lines.iter_mut().find(|(_, other, line)| *other == tlps && *line == shown) {
                    Some((names, ..)) => names.push(row),
                    None => lines.push((vec![row], tlps, shown)),
                }
            }
        }
        for (names, tlps, shown) in lines {
            let tlps: Vec<&str> = tlps.iter().map(|tlp| tlp.as_str()).collect();
            let tlps = if tlps.len() == MARKINGS.len() { "any".to_owned() } else { tlps.join(", ") };
            let names = if rows.len() > 1 && names.len() == rows.len() {
                "whatever is answered".into()
            } else {
                names.join("; ")
            };
            let _ = write!(text, "| {names} | {tlps} |");
            for cell in shown.values() {
                let _ = write!(text, " {cell} |");
            }
            text.push('\n');
        }
    }

    fn write_fields(&self, text: &mut String) {
        for (route, fields) in self.fields.iter().filter(|(_, fields)| !fields.is_empty()) {
            let mut by_roles: BTreeMap<&BTreeSet<Role>, Vec<&str>> = BTreeMap::new();
            for (field, roles) in fields {
                by_roles.entry(roles).or_default().push(field);
            }
            let _ = writeln!(text, "\n`{route}`\n");
            for (roles, fields) in by_roles {
                let roles: Vec<&str> = roles.iter().map(|role| role.title()).collect();
                let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
                let _ = writeln!(text, "- {}: {}", roles.join(", "), fields.join(" "));
            }
        }
    }
}

/// What a role saw of a noun over time: when for the first time in each form.
fn over_time(forms: &[String]) -> String {
    let mut last = "";
    let mut parts = Vec::new();
    for (moment, form) in forms.iter().enumerate() {
        if form != last && !(form.is_empty() && last.is_empty()) {
            let form = if form.is_empty() { "nothing any more" } else { form };
            parts.push(format!("{form}, {}", MOMENTS[moment]));
        }
        last = form;
    }
    if parts.is_empty() { NOTHING.to_owned() } else { parts.join("; ") }
}

/// One report after another of the same value, by firms that answer and mark alike, and what everybody sees meanwhile.
async fn life_of_a_value(warn: &Value, row: (usize, Tlp), table: &mut Table) {
    let mut stage = Stage::new().await;
    let mut forms: BTreeMap<(usize, Role), Vec<String>> = BTreeMap::new();
    for moment in 0..MOMENTS.len() {
        match moment {
            0 => {
                stage.file(1, warn, "nobody", row.1).await;
                stage.world.pass(300);
            }
            1 => stage.world.pass(20_000),
            2..=4 => {
                stage.file(moment + 1, warn, "nobody", row.1).await;
                stage.world.pass(26_000);
            }
            _ => {
                let path = format!("/cell/v1/reports/{}/claim", stage.facts.cases[0]);
                let claimed = stage.ask(Role::Analyst, Face::Cell, "POST", &path).await;
                assert!(claimed.text.starts_with("204"), "{}", claimed.text);
                stage.world.pass(300);
            }
        }
        // Twice: what one role has come to know is asked for by all.
        for role in Role::ALL {
            stage.ask_all(role).await;
        }
        for role in Role::ALL {
            let seen = stage.news(role).await;
            table.note_fields(role, &seen);
            for (noun, (_, derive)) in NOUNS.iter().enumerate() {
                forms.entry((noun, role)).or_default().push(derive(&seen, &stage.facts));
            }
        }
    }
    for ((noun, role), forms) in forms {
        table.put(NOUNS[noun].0, row, role, over_time(&forms));
    }
}

/// Who is told the reporter's name, by the second answer.
async fn second_answer(index: usize, tlp: Tlp, table: &mut Table) {
    let mut stage = Stage::new().await;
    stage.file(1, &json!("now"), KNOW[index].0, tlp).await;
    stage.world.pass(300);
    let mut forms: BTreeMap<Role, Vec<String>> = BTreeMap::new();
    for moment in 0..2 {
        if moment == 1 {
            stage.world.pass(20_000);
        }
        for role in Role::ALL {
            let seen = stage.news(role).await;
            forms.entry(role).or_default().push(told(names(&seen, "Firm 1"), "the name"));
        }
    }
    for (role, forms) in forms {
        table.put("Name of the reporter", (index, tlp), role, over_time(&forms));
    }
}

/// What becomes of a text of the cell and of the posture.
async fn texts(table: &mut Table) {
    for tlp in MARKINGS {
        let mut stage = Stage::new().await;
        let body =
            json!({ "title": ADVICE, "summary": "s", "actions": ["a"], "severity": "high", "tlp": tlp.as_str() });
        let advised = call(
            &stage.world.cell,
            stage.request(Role::Analyst, Face::Cell, "POST", "/cell/v1/advisories", &body.to_string()),
        );
        let taken = advised.await.status == 201;
        stage.world.pass(300);
        for role in Role::ALL {
            let seen = stage.news(role).await;
            let author = seen.iter().flat_map(|seen| &seen.json).any(|value| value.to_string().contains("\"kit\""));
            let shown = match (holds(&seen, &[ADVICE]), author) {
                (true, true) => "the text, with its author",
                (true, false) => "the text, without its author",
                (false, true) => "its author",
                (false, false) if taken => NOTHING,
                (false, false) => "cannot be sent",
            };
            table.put("Text of the cell (advisory)", (0, tlp), role, shown.to_owned());
        }
    }
    let mut stage = Stage::new().await;
    let body = json!({ "word": "raised", "text": POSTURE }).to_string();
    let set = call(&stage.world.cell, stage.request(Role::Lead, Face::Cell, "PUT", "/cell/v1/posture", &body)).await;
    assert_eq!(set.status, 204);
    stage.world.pass(300);
    for role in Role::ALL {
        let seen = stage.news(role).await;
        let shown = if holds(&seen, &[POSTURE]) { "the word and its line" } else { NOTHING };
        for tlp in MARKINGS {
            table.put("Posture", (0, tlp), role, shown.to_owned());
        }
    }
}

/// What each role may do: every route that does something, asked with nothing in it.
async fn acts(text: &mut String) {
    let stage = Stage::new().await;
    text.push_str("\n| act |");
    let roles = &Role::ALL[..6];
    for role in roles {
        let _ = write!(text, " {} |", role.title());
    }
    let _ = writeln!(text, "\n|---|{}", "---|".repeat(roles.len()));
    for route in routes() {
        if route.method == "GET" || route.path.ends_with("/session") {
            continue;
        }
        let path = route.path.replace("{id}", NO_ID).replace("{case}", NO_ID);
        let _ = write!(text, "| `{} {}` |", route.method, route.path);
        for role in roles {
            // A member's session has no meaning at the cell's listener, and the other way round.
            let seen = stage.ask(*role, route.face, route.method, &path).await;
            let word = match seen.text.get(..3) {
                Some("401") => "must sign in",
                Some("403") => "refused",
                Some(_) => "may",
                None => "?",
            };
            let _ = write!(text, " {word} |");
        }
        text.push('\n');
    }
}

const HEAD: &str = "# Who sees what

This page is written by a test (`crates/server/tests/who_sees_what.rs`) from what the platform answers: items of every
marking and every first answer are reported, every role asks every route, and what it is shown is written down here. A
route that shows more than this page says fails the test.

Every value here is reported by four members, one after another, who answer and mark it alike; all twelve members are of
one sector. An epoch is 20 seconds in the exercise that the test runs, 15 minutes by default. The person of the reporter
is of the firm that reported first. The operator reads the figures, the logs, an export of the journal and the bytes of
the journal in the data folder, without the keys, which lie elsewhere. A stranger asks both listeners.

";

async fn derive() -> String {
    let mut table = Table::default();
    for (index, (_, warn)) in warn_answers().iter().enumerate() {
        for tlp in MARKINGS {
            life_of_a_value(warn, (index, tlp), &mut table).await;
        }
    }
    for index in 0..KNOW.len() {
        for tlp in MARKINGS {
            second_answer(index, tlp, &mut table).await;
        }
    }
    texts(&mut table).await;
    let mut text = String::from(HEAD);
    text.push_str("## A report whose reporter wishes to be known to nobody\n");
    let rows = warn_answers().map(|(name, _)| name);
    for (noun, _) in NOUNS {
        table.write(&mut text, noun, &rows, "who may be warned");
    }
    text.push_str("\n## The second answer: who may know it, where members may be warned now\n");
    table.write(&mut text, "Name of the reporter", &KNOW.map(|(_, name)| name), "who may know");
    text.push_str("\n## What the cell says\n");
    for noun in ["Text of the cell (advisory)", "Posture"] {
        table.write(&mut text, noun, &["every member"], "for whom");
    }
    text.push_str("\n## Who may do what\n\nSigning in and out is for everybody.\n");
    acts(&mut text).await;
    text.push_str("\n## Every field of every answer\n\nFields that held something, and who met them.\n");
    table.write_fields(&mut text);
    text
}

/// A runtime whose threads, like this one, log to one desk.
fn runtime() -> tokio::runtime::Runtime {
    let desk = logs::Desk::default();
    logs::sit(&desk);
    tokio::runtime::Builder::new_current_thread()
        .on_thread_start(move || logs::sit(&desk))
        .enable_all()
        .build()
        .unwrap()
}

/// Planted leaks are switched for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn who_sees_what_is_as_agreed() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let now = runtime().block_on(derive());
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(GOLDEN, &now).unwrap();
    }
    let agreed = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let differs: Vec<String> = now
        .lines()
        .filter(|line| !agreed.lines().any(|other| other == *line))
        .chain(agreed.lines().filter(|line| !now.lines().any(|other| other == *line)))
        .map(str::to_owned)
        .collect();
    assert!(
        now == agreed,
        "who sees what has changed; if on purpose: {REWRITE}=1 cargo test -p fusioncell-server --test who_sees_what\n{}",
        differs.join("\n")
    );
}

/// The table tells what routes show, not what they should: a leak planted in them is read in it.
#[cfg(feature = "planted-leaks")]
#[test]
fn a_planted_leak_is_read_in_the_table() {
    use policy::planted::{self, Leak};

    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let told = || {
        runtime().block_on(async {
            let mut table = Table::default();
            for (index, (_, warn)) in warn_answers().iter().enumerate().filter(|(index, _)| [0, 3].contains(index)) {
                life_of_a_value(warn, (index, Tlp::Green), &mut table).await;
            }
            table
        })
    };
    planted::clear();
    let clean = told();
    for (leak, noun) in [
        (Leak::CountAtOne, "How many members are hit"),
        (Leak::TimeNotRounded, "Time of the report"),
        (Leak::LookupOnVault, "Verdict of a look-up"),
    ] {
        planted::set(leak);
        let leaky = told();
        planted::clear();
        assert!(leaky.cells[noun] != clean.cells[noun], "{} is not read in {noun:?}", leak.as_str());
    }
    assert!(told() == clean, "with no leak planted, the table is the same again");
}

/// Whatever a route were to show of a noun, the table would say so.
#[test]
fn what_is_shown_is_told_in_its_form() {
    let facts = Facts {
        received: vec![1_790_000_007_237],
        cases: vec!["11111111-0000-4000-8000-000000000000".into()],
        firms: vec!["Firm 1".into()],
    };
    let derived = |noun: &str, body: &Value| {
        let (_, derive) = NOUNS.iter().find(|(name, _)| *name == noun).unwrap();
        derive(&[Seen::of("GET /api/v1/home", "200 OK\n", &body.to_string())], &facts)
    };
    for (noun, body, form) in [
        ("Indicator (the value)", json!({ "latest": [{ "value": VALUE }] }), "the value, without its reporter"),
        ("Indicator (the value)", json!({ "value": VALUE, "by": "Firm 1" }), "the value, with its reporter"),
        ("Indicator (the value)", json!({ "query": VALUE, "normal": VALUE, "verdict": "not-seen" }), ""),
        ("Verdict of a look-up", json!({ "query": VALUE, "verdict": "watch" }), "watch"),
        ("Verdict of a look-up", json!({ "query": VALUE, "verdict": "not-seen" }), ""),
        ("Who reported", json!({ "by": "Firm 1" }), "the name"),
        ("Who reported", json!({ "by": "Firm 10" }), ""),
        ("How many members are hit", json!({ "campaigns": [{ "firms": 3 }] }), "exact count"),
        ("How many members are hit", json!({ "firms": 3, "firms_at_most": true }), "the most that it can be"),
        ("How many members are hit", json!({ "band": "10+" }), "10+"),
        ("How many members are hit", json!({ "band": null, "firms": 0 }), ""),
        ("Sector and region that are hit", json!({ "sectors": ["Energy"] }), "the name without a number"),
        ("Sector and region that are hit", json!({ "x": { "sector": "energy" } }), "that of each report"),
        ("Technique", json!({ "tags": [TECHNIQUE] }), "the technique"),
        ("Kind of attack", json!({ "a": "flooding" }), "the kind"),
        ("Title of the report", json!({ "a": TITLE }), "the title"),
        ("Narrative of the report", json!({ "a": NARRATIVE }), "the narrative"),
        ("Tags of the report", json!({ "a": [TAG] }), "the tags"),
        ("Time of the report", json!({ "at": utc(1_790_000_007_237) }), "to the millisecond"),
        ("Time of the report", json!({ "at": 1_790_000_007_237_i64 }), "to the millisecond"),
        ("Time of the report", json!({ "at": format!("{}Z", utc(1_789_999_980_000)) }), "to the minute"),
        ("Time of the report", json!({ "at": format!("{}Z", utc(1_790_000_007_300)) }), ""),
        ("When it happened", json!({ "at": "2026-02-03T04:05:06.000Z" }), "the time"),
        ("Number of reports", json!({ "row": { "reports": 1 } }), "exact count"),
        ("Reference of the report", json!({ "x": facts.cases[0] }), "the reference"),
        ("Campaign", json!({ "latest": [{ "campaign": "x" }] }), "the campaign"),
        ("Campaign", json!({ "campaigns": [], "campaign": null }), ""),
        ("Who claimed it", json!({ "owner": "kit" }), "the analyst's name"),
    ] {
        assert_eq!(derived(noun, &body), form, "{noun} of {body}");
    }
    // A header, and a field that no noun is told from, are seen too.
    let header = Seen::of("GET /api/v1/home", "200 OK\nx-by: Firm 1\n", "{}");
    assert!(names(&[header], "Firm 1"));
    let mut table = Table::default();
    table.note_fields(Role::Other, &[Seen::of("GET /api/v1/home", "", r#"{"latest":[{"surprise":7}]}"#)]);
    let mut text = String::new();
    table.write_fields(&mut text);
    assert!(text.contains("- person of another member: `latest` `latest.surprise`"), "{text}");
}
