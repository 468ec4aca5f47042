//! A whole platform in this process: the very routers that `serve` binds, memory stores, stepped time, seeded chance.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use intake::{LocalSender, Quota};
use model::{Clock, Entropy, Region, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::Params;
use register::{Actor, Answers, Face, NewOrganisation, NewPerson, PasswordCost, Register, Role};
use release::EngineConfig;
use released::Store;
use server::{
    CellParts, Core, CoreParts, Guard, Hub, Intake, MemberParts, Meters, Peer, Pump, Sessions, Snapshots, cell_router,
    member_router,
};
use tower::ServiceExt as _;
use vault::{GenesisIfNew, Vault};

use crate::logs::{self, Lines};
use crate::observe::{Known, escape};
use crate::script::{Op, Report, Script, Via, WINDOW, Warn, firm_domain, value};

/// The start of an epoch and of a token window: worlds begin here or later in the window.
pub const START: i64 = 700 * WINDOW;
/// How often each tick of the clock is stepped through after something was done, before time goes in strides.
const TICKS_AROUND: i64 = 12;
/// Length of a release tick.
const TICK: i64 = 100;
/// Length of a block minute; epochs are whole numbers of them.
const STRIDE: i64 = 5_000;
const PASSWORD: &str = "a long enough password";

pub struct Outside {
    now: AtomicI64,
    chance: AtomicU64,
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }
}

impl Entropy for Outside {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut z = self.chance.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (z >> 56) as u8;
        }
    }
}

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observer {
    Stranger,
    MemberSession(usize),
    MemberKey(usize),
    CellStranger,
    Analyst,
    Lead,
    /// Reaches the cell's listener from the operator's network; reads logs, figures and exports.
    Operator,
}

impl Observer {
    pub const fn is_cell(self) -> bool {
        matches!(self, Self::CellStranger | Self::Analyst | Self::Lead | Self::Operator)
    }

    pub const fn kind(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::MemberSession(_) => "member session",
            Self::MemberKey(_) => "member key",
            Self::CellStranger => "stranger at the cell",
            Self::Analyst => "analyst",
            Self::Lead => "lead",
            Self::Operator => "operator",
        }
    }
}

/// One answer, as bytes that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen(pub String);

pub struct World {
    pub outside: Arc<Outside>,
    core: Core,
    pump: Pump,
    member: Router,
    cell: Router,
    credentials: HashMap<Observer, (&'static str, String)>,
    people: HashMap<Observer, String>,
    streams: Vec<Watched>,
    cases: HashMap<usize, String>,
    vault: Arc<Vault>,
    meters: Arc<Meters>,
    lines: Lines,
    firms: usize,
    /// Steps left in which every tick is stepped through.
    close: i64,
}

/// A stream that stays open, and what it has sent, each piece with the moment at which it came.
struct Watched {
    observer: Observer,
    body: Mutex<Body>,
    text: Mutex<String>,
}

fn organisation(firm: usize, script: &Script) -> NewOrganisation {
    NewOrganisation {
        name: format!("Firm {firm}"),
        class: register::OrganisationClass::Member,
        sector: Sector::ALL[script.sector(firm)],
        region: script.region(firm).map(|region| Region::ALL[region]),
        assets: policy::Assets { domains: vec![firm_domain(firm)], ..policy::Assets::default() },
    }
}

impl World {
    pub async fn new(script: &Script) -> Self {
        let lines = Lines::default();
        logs::turn_to(&lines);
        let outside = Arc::new(Outside { now: AtomicI64::new(START + script.late), chance: AtomicU64::new(1) });
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (outside.clone(), outside.clone());
        let register = Arc::new(Register::in_memory(clock.clone(), entropy.clone(), PasswordCost::CHEAP).unwrap());
        let members: Vec<NewOrganisation> = (0..script.firms).map(|firm| organisation(firm, script)).collect();
        let answers = Answers { warn: WhoMayBeWarned::CellOnly, know: WhoMayKnow::Nobody };
        let made = register.create_members(&members, "test", answers).unwrap();
        let (mut credentials, mut people) = (HashMap::new(), HashMap::new());
        for (firm, (id, key)) in made.iter().enumerate() {
            credentials.insert(Observer::MemberKey(firm), ("authorization", format!("Bearer {}", key.expose())));
            let email = format!("who@{}", firm_domain(firm));
            let person = NewPerson {
                email: email.clone(),
                name: format!("Person {firm}"),
                organisation: Some(*id),
                role: Role::Reporter,
                secondment: None,
            };
            register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
            let (token, _) = register.sign_in(Face::Member, &email, PASSWORD, "x").unwrap();
            people.insert(Observer::MemberSession(firm), email);
            credentials.insert(Observer::MemberSession(firm), ("cookie", format!("fc_member={}", token.expose())));
        }
        for (observer, role, email) in
            [(Observer::Analyst, Role::Analyst, "a@cell.example"), (Observer::Lead, Role::Lead, "l@cell.example")]
        {
            let person =
                NewPerson { email: email.into(), name: "Cell".into(), organisation: None, role, secondment: None };
            register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
            let (token, _) = register.sign_in(Face::Cell, email, PASSWORD, "x").unwrap();
            people.insert(observer, email.to_owned());
            credentials.insert(observer, ("cookie", format!("fc_cell={}", token.expose())));
        }
        let genesis = GenesisIfNew { partnership: "Test partnership".into(), exercise: true, params: Params::EXERCISE };
        let vault = Arc::new(Vault::in_memory(&genesis, clock.clone(), entropy.clone()).unwrap());
        // The windows' keys are made before the first report, so that whether there is one does not show in later chance.
        for window in [0, WINDOW] {
            vault.keys().token(made[0].0, clock.now().plus_millis(window)).unwrap();
        }
        let (writer, reader) = Store::in_memory().unwrap();
        let meters = Arc::new(Meters::default());
        let (member_hub, cell_hub) = (Arc::new(Hub::default()), Arc::new(Hub::default()));
        let core = Core::open(CoreParts {
            vault: vault.clone(),
            writer,
            register: register.clone(),
            hub: cell_hub.clone(),
            meters: meters.clone(),
            engine: script
                .common
                .map_or_else(EngineConfig::default, |limit| EngineConfig { over_common_members: limit }),
            slot_millis: 30_000,
        })
        .unwrap();
        let pump = Pump::new(reader.clone(), member_hub.clone(), meters.clone()).unwrap();
        let guard = |hosts: &[&str]| Guard {
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>().into(),
            tls: false,
            meters: meters.clone(),
        };
        let sessions = |face| Sessions::new(register.clone(), face, false, "Test partnership".into(), true);
        let quota = Quota::new(5.0, 1_000.0);
        let member = member_router(
            MemberParts {
                reader: reader.clone(),
                snapshots: Arc::new(Snapshots::new(reader.clone())),
                hub: member_hub.clone(),
                sessions: sessions(Face::Member),
                guard: guard(&["localhost"]),
                clock: clock.clone(),
                intake: Some(Intake::new(Arc::new(LocalSender::new(vault.clone())), register.clone(), quota)),
                partnership: "Test partnership".into(),
                exercise: true,
                #[cfg(feature = "planted-leaks")]
                spy: Some(core.shared()),
            }
            .into(),
        );
        let cell = cell_router(
            CellParts {
                fold: core.shared(),
                journal: vault.journal().clone(),
                reader,
                hub: cell_hub,
                member_hub: Some(member_hub),
                sessions: sessions(Face::Cell),
                guard: guard(&["cell.localhost"]),
                meters: meters.clone(),
                clock,
                entropy,
                partnership: "Test partnership".into(),
                exercise: true,
                claims: Mutex::new(HashMap::new()),
            }
            .into(),
        );
        let mut world = Self {
            outside,
            core,
            pump,
            member,
            cell,
            credentials,
            people,
            streams: Vec::new(),
            cases: HashMap::new(),
            vault,
            meters,
            lines,
            firms: script.firms,
            close: TICKS_AROUND,
        };
        world.step();
        world
    }

    pub fn now(&self) -> i64 {
        self.outside.now.load(Ordering::SeqCst)
    }

    /// From here on what is logged is this world's.
    pub fn turn(&self) {
        logs::turn_to(&self.lines);
    }

    fn step(&mut self) {
        let now = self.outside.now();
        // Twice: the second takes in what the first has appended.
        self.core.step(now).unwrap();
        self.core.step(now).unwrap();
        self.pump.step(now).unwrap();
        self.drain();
    }

    /// Takes what the open streams have sent: the tick is as telling as what.
    fn drain(&self) {
        for watched in &self.streams {
            let (mut body, mut text) = (watched.body.lock().unwrap(), watched.text.lock().unwrap());
            let piece = ready(&mut body);
            if !piece.is_empty() {
                text.push_str(&format!("at {}\n{piece}", self.now() / TICK * TICK));
            }
        }
    }

    /// Chance from here on is that of this number, whatever was used before.
    pub fn reseed(&self, number: u64) {
        self.outside.chance.store(number.wrapping_mul(0xD134_2543_DE82_EF95) | 1, Ordering::SeqCst);
    }

    /// Opens the streams that are read at the end.
    pub async fn watch(&mut self, observers: &[Observer]) {
        for observer in observers {
            let path = if observer.is_cell() { "/cell/v1/stream" } else { "/api/v1/stream" };
            let response = self.send(*observer, "GET", path, &[], "").await;
            assert_eq!(response.status(), StatusCode::OK, "{observer:?}");
            let (body, text) = (Mutex::new(response.into_body()), Mutex::default());
            self.streams.push(Watched { observer: *observer, body, text });
        }
        self.drain();
    }

    /// What each watched stream has sent so far.
    pub fn streamed(&self) -> Vec<(Observer, Seen)> {
        self.drain();
        self.streams.iter().map(|watched| (watched.observer, Seen(watched.text.lock().unwrap().clone()))).collect()
    }

    /// What an operator reads in the logs.
    pub fn logged(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// The figures that an operator's monitor fetches, without how long things took.
    pub fn figures(&self) -> Seen {
        Seen(without_durations(&self.meters.render()))
    }

    /// What `fusioncell journal export` writes. The hashes are left out: they cover the sealed part too, under which lies a
    /// keyed token that nobody without the keys can compute.
    pub fn exported(&self) -> Seen {
        let mut bytes = Vec::new();
        vault::export(&**self.vault.journal(), &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let without = |line: &str| {
            let Some((before, rest)) = line.split_once(r#""hash":""#) else { return line.to_owned() };
            format!("{before}{}", rest.split_once('"').map_or("", |(_, rest)| rest))
        };
        Seen(text.lines().map(without).collect::<Vec<_>>().join("\n"))
    }

    async fn send(
        &self,
        observer: Observer,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> axum::http::Response<Body> {
        self.turn();
        let host = if observer.is_cell() { "cell.localhost" } else { "localhost" };
        let mut request =
            Request::builder().method(method).uri(path).header("host", host).header("sec-fetch-site", "same-origin");
        // A credential of the request's own stands in for the observer's.
        if let Some((name, value)) = self.credentials.get(&observer)
            && headers.iter().all(|(given, _)| given != name)
        {
            request = request.header(*name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap();
        // Whoever signs in rightly comes from elsewhere than whoever guesses, or the throttle would refuse both.
        let peer = if body.contains(PASSWORD) { [127, 0, 0, 2] } else { [127, 0, 0, 1] };
        request.extensions_mut().insert(Peer(peer.into()));
        let router = if observer.is_cell() { &self.cell } else { &self.member };
        router.clone().oneshot(request).await.unwrap()
    }

    /// One request and everything of its answer: status, headers, body. Of a stream, what is there at once.
    pub async fn ask(
        &self,
        observer: Observer,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Seen {
        let response = self.send(observer, method, path, headers, body).await;
        let (parts, mut body) = response.into_parts();
        let mut text = format!("{}\n{}\n", parts.status, told(&parts.headers));
        if parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            text.push_str(&ready(&mut body));
        } else {
            text.push_str(&String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()));
        }
        if path == "/metrics" {
            text = without_durations(&text);
        }
        Seen(text)
    }

    /// The body that signs an observer in, if it is a person.
    pub fn sign_in_body(&self, observer: Observer) -> Option<String> {
        self.people.get(&observer).map(|email| format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#))
    }

    /// Files a report as its firm's machine would; gives the receipt.
    pub async fn file(&mut self, report: &Report) -> Seen {
        let warn = match report.warn {
            Warn::Now => r#""now""#,
            Warn::NextEpoch => r#""next-epoch""#,
            Warn::OnceThree => r#""once-three""#,
            Warn::CellOnly => r#""cell-only""#,
            Warn::UnknownGroup => r#"{"group":"00000000-0000-4000-8000-00000000000f"}"#,
        };
        let know = if report.named { "everybody" } else { "nobody" };
        let own = report.own_name.map(|place| place.text(report.firm));
        let values: Vec<String> = report.values.iter().map(|n| value(*n)).chain(own).collect();
        let (path, body) = match report.via {
            Via::Form => ("/api/v1/reports".to_owned(), form(report, warn, know, &values)),
            Via::Csv => (file("list.csv", warn, know, report.tlp), format!("value\n{}\n", values.join("\n"))),
            Via::Misp => (file("event.json", warn, know, report.tlp), misp(&values)),
        };
        let seen = self.ask(Observer::MemberKey(report.firm), "POST", &path, &[], &body).await;
        assert!(seen.0.starts_with("201") || seen.0.starts_with("429"), "{}", seen.0);
        if let Some((_, rest)) = seen.0.split_once(r#""reference":""#)
            && let Some((case, _)) = rest.split_once('"')
        {
            self.cases.insert(report.label, case.to_owned());
        }
        self.close = TICKS_AROUND;
        seen
    }

    /// The reference that a report's firm was given.
    pub fn reference(&self, label: usize) -> Option<&String> {
        self.cases.get(&label)
    }

    /// Something of the cell's, or a member's read mark; gives the answer.
    pub async fn act(&mut self, op: &Op, number: usize) -> Option<(Observer, Seen)> {
        self.close = TICKS_AROUND;
        let (observer, method, path, body) = match op {
            Op::Report(_) | Op::Wait(_) => return None,
            Op::Advise { about, tlp } => {
                let campaign = match about {
                    Some(about) => {
                        self.first_id(
                            Observer::Analyst,
                            &format!("/cell/v1/lookup?value={}", escape(&value(*about))),
                            "campaigns",
                        )
                        .await
                    }
                    None => None,
                };
                let campaign = campaign.map_or_else(String::new, |id| format!(r#","campaign":"{id}""#));
                let body = format!(
                    r#"{{"title":"advice {number}","summary":"s","actions":["a"],"severity":"high","tlp":"{tlp}"{campaign}}}"#
                );
                (Observer::Analyst, "POST", "/cell/v1/advisories".to_owned(), body)
            }
            Op::Posture(word) => (
                Observer::Lead,
                "PUT",
                "/cell/v1/posture".to_owned(),
                format!(r#"{{"word":"{word}","text":"p {number}"}}"#),
            ),
            Op::Claim(label) => {
                let case = self.cases.get(label)?;
                (Observer::Analyst, "POST", format!("/cell/v1/reports/{case}/claim"), String::new())
            }
            Op::Read(firm) => {
                let observer = Observer::MemberSession(*firm);
                let id = self.first_id(observer, "/api/v1/advisories", "items").await?;
                (observer, "POST", format!("/api/v1/advisories/{id}/read"), String::new())
            }
        };
        let seen = self.ask(observer, method, &path, &[], &body).await;
        assert!(
            seen.0.starts_with("20") || seen.0.starts_with("404") || seen.0.starts_with("409"),
            "{op:?}: {}",
            seen.0
        );
        Some((observer, seen))
    }

    /// The first id in a list of an answer.
    async fn first_id(&self, observer: Observer, path: &str, list: &str) -> Option<String> {
        let seen = self.ask(observer, "GET", path, &[], "").await;
        let (_, list) = seen.0.split_once(&format!(r#""{list}":["#))?;
        let (_, rest) = list.split_once(r#""id":""#)?;
        rest.split_once('"').map(|(id, _)| id.to_owned())
    }

    /// Time passes: every tick after something was done and around each block minute, in strides between.
    pub fn wait(&mut self, millis: i64) {
        self.turn();
        if millis == 0 {
            self.close = TICKS_AROUND;
        }
        let end = self.now() + millis;
        while self.now() < end {
            let next = next_moment(self.now(), end, &mut self.close);
            self.outside.now.store(next, Ordering::SeqCst);
            self.step();
        }
    }

    /// What an observer's lists and its stream name, so that it can be asked for. `values` are looked up.
    pub async fn known(&self, observer: Observer, values: &[String]) -> Known {
        let mut known = Known { values: values.to_vec(), sign_in: self.sign_in_body(observer), ..Known::default() };
        if matches!(observer, Observer::Stranger | Observer::CellStranger | Observer::Operator) {
            return known;
        }
        if observer.is_cell() {
            known.campaigns = ids(&self.ask(observer, "GET", "/cell/v1/campaigns", &[], "").await, r#""id":""#);
            known.cases = ids(&self.ask(observer, "GET", "/cell/v1/wall", &[], "").await, r#""case":""#);
        } else {
            known.campaigns = ids(&self.ask(observer, "GET", "/api/v1/campaigns?limit=50", &[], "").await, r#""id":""#);
            known.advisories = ids(&self.ask(observer, "GET", "/api/v1/advisories", &[], "").await, r#""id":""#);
            let members = self.streams.iter().find(|watched| !watched.observer.is_cell());
            known.events =
                members.map_or_else(Vec::new, |watched| ids(&Seen(watched.text.lock().unwrap().clone()), "\nid: "));
        }
        known
    }

    pub const fn firms(&self) -> usize {
        self.firms
    }
}

fn told(headers: &HeaderMap) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .filter(|(name, _)| name.as_str() != "content-length")
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    lines.sort();
    lines.join("\n")
}

/// The next moment to step to: never past `end`. `close` counts the ticks that are still stepped through one by one.
pub fn next_moment(now: i64, end: i64, close: &mut i64) -> i64 {
    let tick = (now / TICK + 1) * TICK;
    let before = (now / STRIDE + 1) * STRIDE - 2 * TICK;
    *close -= 1;
    let near = *close > 0 || now + 3 * TICK > end || now % STRIDE < 3 * TICK || now >= before;
    if near { tick.min(end) } else { before.min(end) }
}

/// How close time is looked at again after an operation.
pub const fn looked_at_closely() -> i64 {
    TICKS_AROUND
}

/// The texts that follow a mark, up to the end of the word.
fn ids(seen: &Seen, mark: &str) -> Vec<String> {
    let mut ids: Vec<String> =
        seen.0.split(mark).skip(1).filter_map(|rest| rest.split(['"', '\n']).next()).map(str::to_owned).collect();
    ids.dedup();
    ids
}

/// What is there at once of a body that never ends, however much this task has read already.
fn ready(body: &mut Body) -> String {
    let mut text = String::new();
    while let Some(Some(Ok(frame))) = tokio::task::unconstrained(body.frame()).now_or_never() {
        if let Some(data) = frame.data_ref() {
            text.push_str(&String::from_utf8_lossy(data));
        }
    }
    text
}

/// Figures without the times that this machine took, in an order of their own: theirs is that of a hash map.
fn without_durations(text: &str) -> String {
    let took = |line: &&str| line.contains("_seconds_bucket") || line.contains("_seconds_sum");
    let mut lines: Vec<&str> = text.lines().filter(|line| !took(line)).collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn form(report: &Report, warn: &str, know: &str, values: &[String]) -> String {
    let quoted = |texts: &[&str]| texts.iter().map(|text| format!(r#""{text}""#)).collect::<Vec<_>>().join(",");
    let values: Vec<String> = values.iter().map(|value| format!(r#"{{"value":"{value}"}}"#)).collect();
    format!(
        r#"{{"title":"t","attack":"{}","warn":{warn},"know":"{know}","tlp":"{}","pap":"{}","techniques":[{}],"indicators":[{}]}}"#,
        report.attack,
        report.tlp,
        report.pap,
        quoted(&report.techniques),
        values.join(",")
    )
}

fn file(name: &str, warn: &str, know: &str, tlp: &str) -> String {
    let tlp = tlp.replace('+', "%2B");
    format!("/api/v1/import?name={name}&warn={}&know={know}&tlp={tlp}", warn.trim_matches('"'))
}

fn misp(values: &[String]) -> String {
    let kind = |value: &str| match value {
        url if url.contains("://") => "url",
        mail if mail.contains('@') => "email-src",
        address if address.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => "ip-dst",
        _ => "domain",
    };
    let attributes: Vec<String> = values
        .iter()
        .map(|value| {
            format!(r#"{{"type":"{}","category":"Network activity","value":"{value}","to_ids":true}}"#, kind(value))
        })
        .collect();
    format!(r#"{{"Event":{{"info":"t","date":"2027-07-01","Attribute":[{}]}}}}"#, attributes.join(","))
}
