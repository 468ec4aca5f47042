//! A whole platform in this process: the very routers that `serve` binds, memory stores, stepped time, seeded chance.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use intake::{LocalSender, Quota};
use model::{Clock, Entropy, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::Params;
use register::{Answers, Face, NewOrganisation, NewPerson, PasswordCost, Register, Role};
use release::EngineConfig;
use released::Store;
use server::{
    CellParts, Core, CoreParts, Guard, Hub, Intake, MemberParts, Meters, Peer, Pump, Sessions, Snapshots, cell_router,
    member_router,
};
use tower::ServiceExt as _;
use vault::{GenesisIfNew, Vault};

use crate::script::{Op, Report, Script, Warn, firm_domain, value};

/// The first moment of every world: the start of an epoch and of a token window.
pub const START: i64 = 700 * 30 * 86_400_000;

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
}

impl Observer {
    pub const fn is_cell(self) -> bool {
        matches!(self, Self::CellStranger | Self::Analyst | Self::Lead)
    }

    pub const fn kind(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::MemberSession(_) => "member session",
            Self::MemberKey(_) => "member key",
            Self::CellStranger => "stranger at the cell",
            Self::Analyst => "analyst",
            Self::Lead => "lead",
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
    streams: Vec<(Observer, Mutex<Body>)>,
    firms: usize,
}

fn organisation(firm: usize, sectors: usize) -> NewOrganisation {
    NewOrganisation {
        name: format!("Firm {firm}"),
        sector: Sector::ALL[firm % sectors],
        region: None,
        assets: policy::Assets { domains: vec![firm_domain(firm)], ..policy::Assets::default() },
    }
}

impl World {
    pub async fn new(script: &Script) -> Self {
        let outside = Arc::new(Outside { now: AtomicI64::new(START), chance: AtomicU64::new(1) });
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (outside.clone(), outside.clone());
        let register = Arc::new(Register::in_memory(clock.clone(), entropy.clone(), PasswordCost::CHEAP).unwrap());
        let members: Vec<NewOrganisation> = (0..script.firms).map(|firm| organisation(firm, script.sectors)).collect();
        let answers = Answers { warn: WhoMayBeWarned::CellOnly, know: WhoMayKnow::Nobody };
        let made = register.create_members(&members, "test", answers).unwrap();
        let mut credentials = HashMap::new();
        for (firm, (id, key)) in made.iter().enumerate() {
            credentials.insert(Observer::MemberKey(firm), ("authorization", format!("Bearer {}", key.expose())));
            let email = format!("who@{}", firm_domain(firm));
            let person = NewPerson {
                email: email.clone(),
                name: format!("Person {firm}"),
                organisation: Some(*id),
                role: Role::Member,
            };
            register.create_person(&person, "a long enough password").unwrap();
            let (token, _) = register.sign_in(Face::Member, &email, "a long enough password", "x").unwrap();
            credentials.insert(Observer::MemberSession(firm), ("cookie", format!("fc_member={}", token.expose())));
        }
        for (observer, role, email) in
            [(Observer::Analyst, Role::Analyst, "a@cell.example"), (Observer::Lead, Role::Lead, "l@cell.example")]
        {
            let person = NewPerson { email: email.into(), name: "Cell".into(), organisation: None, role };
            register.create_person(&person, "a long enough password").unwrap();
            let (token, _) = register.sign_in(Face::Cell, email, "a long enough password", "x").unwrap();
            credentials.insert(observer, ("cookie", format!("fc_cell={}", token.expose())));
        }
        let genesis = GenesisIfNew { partnership: "Test partnership".into(), exercise: true, params: Params::EXERCISE };
        let vault = Arc::new(Vault::in_memory(&genesis, clock.clone(), entropy.clone()).unwrap());
        // The window's key is made before the first report, so that whether there is one does not show in later chance.
        vault.keys().token(made[0].0, clock.now()).unwrap();
        let (writer, reader) = Store::in_memory().unwrap();
        let meters = Arc::new(Meters::default());
        let (member_hub, cell_hub) = (Arc::new(Hub::default()), Arc::new(Hub::default()));
        let core = Core::open(CoreParts {
            vault: vault.clone(),
            writer,
            register: register.clone(),
            hub: cell_hub.clone(),
            meters: meters.clone(),
            engine: EngineConfig::default(),
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
                meters,
                clock,
                entropy,
                partnership: "Test partnership".into(),
                exercise: true,
                claims: Mutex::new(HashMap::new()),
            }
            .into(),
        );
        let mut world =
            Self { outside, core, pump, member, cell, credentials, streams: Vec::new(), firms: script.firms };
        world.step();
        world
    }

    pub fn now(&self) -> i64 {
        self.outside.now.load(Ordering::SeqCst)
    }

    fn step(&mut self) {
        let now = self.outside.now();
        // Twice: the second takes in what the first has appended.
        self.core.step(now).unwrap();
        self.core.step(now).unwrap();
        self.pump.step(now).unwrap();
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
            self.streams.push((*observer, Mutex::new(response.into_body())));
        }
    }

    /// What each watched stream has sent so far.
    pub async fn streamed(&self) -> Vec<(Observer, Seen)> {
        let mut all = Vec::new();
        for (observer, body) in &self.streams {
            let mut text = String::new();
            let mut body = body.lock().unwrap();
            while let Ok(Some(Ok(frame))) = tokio::time::timeout(std::time::Duration::ZERO, body.frame()).await {
                if let Some(data) = frame.data_ref() {
                    text.push_str(&String::from_utf8_lossy(data));
                }
            }
            all.push((*observer, Seen(text)));
        }
        all
    }

    async fn send(
        &self,
        observer: Observer,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> axum::http::Response<Body> {
        let host = if observer.is_cell() { "cell.localhost" } else { "localhost" };
        let mut request =
            Request::builder().method(method).uri(path).header("host", host).header("sec-fetch-site", "same-origin");
        if let Some((name, value)) = self.credentials.get(&observer) {
            request = request.header(*name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
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
            while let Ok(Some(Ok(frame))) = tokio::time::timeout(std::time::Duration::ZERO, body.frame()).await {
                if let Some(data) = frame.data_ref() {
                    text.push_str(&String::from_utf8_lossy(data));
                }
            }
        } else {
            text.push_str(&String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()));
        }
        Seen(text)
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
        let mut values: Vec<String> = report.values.iter().map(|n| format!(r#"{{"value":"{}"}}"#, value(*n))).collect();
        if report.own_name {
            values.push(format!(r#"{{"value":"https://mail.{}/login"}}"#, firm_domain(report.firm)));
        }
        let body = format!(
            r#"{{"title":"t","attack":"phishing","warn":{warn},"know":"{know}","tlp":"{}","techniques":["T1566"],"indicators":[{}]}}"#,
            report.tlp,
            values.join(",")
        );
        let seen = self.ask(Observer::MemberKey(report.firm), "POST", "/api/v1/reports", &[], &body).await;
        assert!(seen.0.starts_with("201") || seen.0.starts_with("429"), "{}", seen.0);
        seen
    }

    /// Time passes, through every moment at which something can happen; `at` is called at each.
    pub fn wait(&mut self, millis: i64, mut at: impl FnMut(i64)) {
        let end = self.now() + millis;
        while self.now() < end {
            let now = self.now();
            let tick = (now / 100 + 1) * 100;
            let next = if now + 300 > end || now % 5_000 < 300 { tick } else { (now / 5_000 + 1) * 5_000 };
            let next = next.min(end);
            self.outside.now.store(next, Ordering::SeqCst);
            self.step();
            at(next / 100 * 100);
        }
    }

    /// Ids of what a member's lists name, so that their pages can be asked for.
    pub async fn campaign_ids(&self, observer: Observer) -> Vec<String> {
        let path = if observer.is_cell() { "/cell/v1/campaigns" } else { "/api/v1/campaigns?limit=50" };
        let seen = self.ask(observer, "GET", path, &[], "").await;
        let mut ids: Vec<String> =
            seen.0.split(r#""id":""#).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
        ids.dedup();
        ids
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

/// Runs one operation in a world.
pub async fn run(world: &mut World, op: &Op, at: impl FnMut(i64)) -> Option<Seen> {
    match op {
        Op::Report(report) => Some(world.file(report).await),
        Op::Wait(millis) => {
            world.wait(*millis, at);
            None
        }
    }
}
