//! A whole platform in memory, stepped by hand: the very routers that `serve` binds.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod leads;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use intake::receipt::ReceiptKey;
use intake::{LocalSender, Quota};
use model::{Clock, Entropy, Region, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::Params;
use register::{Actor, Answers, NewOrganisation, NewPerson, PasswordCost, Register, Role};
use serde_json::Value;
use server::{
    CellParts, Core, CoreParts, Guard, Hub, Intake, MemberParts, Meters, Pump, Sessions, Snapshots, cell_router,
    member_router,
};
use tower::ServiceExt;
use vault::{GenesisIfNew, Vault, VaultConfig};

pub const START: i64 = 1_790_000_000_000;
pub const PASSWORD: &str = "correct horse battery";

/// A clock that stands until it is moved.
pub struct HandClock(pub AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Repeatable bytes (splitmix64): not secret, which no test needs.
pub struct Seeded(pub AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            let mut z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let word = (z ^ (z >> 31)).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {:?}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

pub struct World {
    pub clock: Arc<HandClock>,
    pub core: Core,
    pub pump: Pump,
    pub member: Router,
    pub cell: Router,
    pub vault: Arc<Vault>,
    pub register: Arc<Register>,
    pub member_hub: Arc<Hub>,
    pub cell_hub: Arc<Hub>,
    pub keys: Vec<String>,
    pub meters: Arc<Meters>,
}

pub fn answers() -> Answers {
    Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Nobody }
}

impl World {
    /// Twelve firms of one sector, a person of each of the first two, an analyst and a lead.
    pub fn new() -> Self {
        Self::with(Quota::standard())
    }

    pub fn with(quota: Quota) -> Self {
        Self::made(quota, None)
    }

    /// With a vault in a folder, which can keep data sets.
    pub fn at(folder: &Path) -> Self {
        Self::made(Quota::standard(), Some(folder.join("data")))
    }

    fn made(quota: Quota, folder: Option<PathBuf>) -> Self {
        let clock = Arc::new(HandClock(AtomicI64::new(START)));
        let entropy: Arc<dyn Entropy> = Arc::new(Seeded(AtomicU64::new(7)));
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let genesis = GenesisIfNew { partnership: "Test partnership".into(), exercise: true, params: Params::EXERCISE };
        let vault = match folder {
            Some(dir) => Vault::open(VaultConfig { dir, keys_dir: None, genesis }, shared.clone(), entropy.clone()),
            None => Vault::in_memory(&genesis, shared.clone(), entropy.clone()),
        };
        let vault = Arc::new(vault.unwrap());
        let register = Register::in_memory(Arc::clone(&shared), Arc::clone(&entropy), PasswordCost::CHEAP).unwrap();
        let firms: Vec<NewOrganisation> = (0..12)
            .map(|n| NewOrganisation {
                name: format!("Firm {n}"),
                class: register::OrganisationClass::Member,
                sector: Sector::Energy,
                region: Some(Region::Wales),
                assets: policy::Assets { domains: vec![format!("firm{n}.example")], ..Default::default() },
            })
            .collect();
        let made = register.create_members(&firms, "test", answers()).unwrap();
        let people = [
            ("ann@firm0.example", Some(made[0].0), Role::Reporter),
            ("bob@firm1.example", Some(made[1].0), Role::Reporter),
            ("kit@cell.example", None, Role::Analyst),
            ("ada@cell.example", None, Role::Lead),
        ];
        for (email, organisation, role) in people {
            let name = email.split('@').next().unwrap().to_owned();
            register
                .create_person(
                    &Actor::operator(),
                    &NewPerson { email: email.into(), name, organisation, role, secondment: None },
                    PASSWORD,
                )
                .unwrap();
        }
        let keys = made.iter().map(|(_, key)| key.expose().to_owned()).collect();
        let register = Arc::new(register);
        let (writer, reader) = released::Store::in_memory().unwrap();
        let meters = Arc::new(Meters::default());
        let (member_hub, cell_hub) = (Arc::new(Hub::default()), Arc::new(Hub::default()));
        let own = own::Writer::in_memory(own::OwnKey::new(&[5; 32]), entropy.clone()).unwrap();
        let (own_reader, reads) = (own.reader(), server::Reads::default());
        let audit = Arc::new(vault::audit::Audit::in_memory(&vault).unwrap());
        let core = Core::open(CoreParts {
            vault: Arc::clone(&vault),
            writer,
            register: Arc::clone(&register),
            hub: Arc::clone(&cell_hub),
            meters: Arc::clone(&meters),
            engine: release::EngineConfig::default(),
            slot_millis: 30_000,
            own,
            reads: reads.clone(),
            audit: audit.clone(),
        })
        .unwrap();
        let pump = Pump::new(reader.clone(), Arc::clone(&member_hub), Arc::clone(&meters)).unwrap();
        let guard = |host: &str| Guard { hosts: [host.to_owned()].into(), tls: false, meters: Arc::clone(&meters) };
        let sessions = |face| Sessions::new(Arc::clone(&register), face, false, "Test partnership".to_owned(), true);
        let sender = Arc::new(
            LocalSender::new(Arc::clone(&vault))
                .telling({
                    let reads = reads.clone();
                    Arc::new(move |organisation, case| reads.note(organisation, case))
                })
                .bounded(core.shared().full_outside(&register)),
        );
        let member = member_router(
            MemberParts {
                reader: reader.clone(),
                everyday: core.shared().everyday(),
                snapshots: Arc::new(Snapshots::new(reader.clone())),
                hub: Arc::clone(&member_hub),
                sessions: sessions(register::Face::Member),
                guard: guard("localhost"),
                clock: Arc::clone(&shared),
                intake: Some(
                    Intake::new(sender, Arc::clone(&register), quota).with_receipts(ReceiptKey::new(&[7; 32])),
                ),
                own: Some(own_reader),
                audit: audit.published(),
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
                journal: Arc::clone(vault.journal()),
                vault: Arc::clone(&vault),
                reader,
                hub: Arc::clone(&cell_hub),
                member_hub: Some(Arc::clone(&member_hub)),
                sessions: sessions(register::Face::Cell),
                guard: guard("cell.localhost"),
                meters: Arc::clone(&meters),
                clock: shared,
                entropy,
                partnership: "Test partnership".into(),
                exercise: true,
                claims: Mutex::new(HashMap::new()),
                openings: server::sources::Openings::default(),
            }
            .into(),
        );
        Self { clock, core, pump, member, cell, vault, register, member_hub, cell_hub, keys, meters }
    }

    /// Another fold over the same journal, as after a restart; members go on with what the first has released.
    pub fn core_anew(&self) -> Core {
        let entropy: Arc<dyn Entropy> = Arc::new(Seeded(AtomicU64::new(8)));
        Core::open(CoreParts {
            vault: Arc::clone(&self.vault),
            writer: released::Store::in_memory().unwrap().0,
            register: Arc::clone(&self.register),
            hub: Arc::clone(&self.cell_hub),
            meters: Arc::clone(&self.meters),
            engine: release::EngineConfig::default(),
            slot_millis: 30_000,
            own: own::Writer::in_memory(own::OwnKey::new(&[5; 32]), entropy).unwrap(),
            reads: server::Reads::default(),
            audit: Arc::new(vault::audit::Audit::in_memory(&self.vault).unwrap()),
        })
        .unwrap()
    }

    /// Lets time pass in steps of a release tick, folding and releasing at each.
    pub fn pass(&mut self, millis: i64) {
        let end = self.clock.now().plus_millis(millis);
        while self.clock.now() < end {
            self.clock.0.fetch_add(100, Ordering::SeqCst);
            while self.core.step(self.clock.now()).unwrap().entries > 0 {}
            self.core.shared().audit().step(self.clock.now()).unwrap();
            self.pump.step(self.clock.now()).unwrap();
        }
    }

    pub async fn sign_in(&self, router: &Router, email: &str) -> String {
        let prefix = if email.contains("cell") { "/cell/v1" } else { "/api/v1" };
        let host = if email.contains("cell") { "cell.localhost" } else { "localhost" };
        let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#);
        let request = Request::post(format!("{prefix}/session"))
            .header("host", host)
            .header("origin", format!("http://{host}"))
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let answer = call(router, request).await;
        assert_eq!(answer.status, 200, "{:?}", String::from_utf8_lossy(&answer.body));
        answer.cookie()
    }

    pub async fn get(&self, path: &str) -> Answer {
        call(&self.member, self.request("GET", path, 0, Body::empty())).await
    }

    pub fn request(&self, method: &str, path: &str, firm: usize, body: Body) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {}", self.keys[firm]))
            .header("content-type", "application/json")
            .body(body)
            .unwrap()
    }

    pub async fn report(&self, firm: usize, values: &[&str]) -> Answer {
        let indicators: Vec<Value> = values.iter().map(|value| serde_json::json!({ "value": value })).collect();
        let body =
            serde_json::json!({ "title": "mail", "attack": "phishing", "tlp": "GREEN", "indicators": indicators });
        call(&self.member, self.request("POST", "/api/v1/reports", firm, Body::from(body.to_string()))).await
    }

    pub async fn at_cell(&self, method: &str, path: &str, cookie: &str, body: Body) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "cell.localhost")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", cookie)
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        call(&self.cell, request).await
    }
}

pub async fn call(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A request of a signed-in member's page; of nothing if the body is null.
pub async fn at_member(world: &World, method: &str, path: &str, cookie: &str, body: Value) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie)
        .header("content-type", "application/json")
        .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
        .unwrap();
    call(&world.member, request).await
}

/// A stream, read event by event.
pub struct Events {
    body: Body,
    text: String,
}

impl Events {
    pub async fn open(router: &Router, request: Request<Body>) -> Self {
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event as (name, id, data); `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                        .unwrap_or_default()
                        .to_owned()
                };
                return Some((field("event"), field("id"), serde_json::from_str(&field("data")).unwrap()));
            }
            let frame = tokio::time::timeout(std::time::Duration::from_secs(5), self.body.frame())
                .await
                .expect("an event in time")?;
            self.text.push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
        }
    }

    /// The next event of a name.
    pub async fn next_of(&mut self, name: &str) -> (String, Value) {
        loop {
            let (event, id, data) = self.next().await.expect("the stream goes on");
            if event == name {
                return (id, data);
            }
        }
    }
}
