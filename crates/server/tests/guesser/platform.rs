//! A whole platform in this process: the very routers that `serve` binds, in memory or over a data folder, with stepped time and
//! seeded chance.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use intake::receipt::ReceiptKey;
use intake::{LocalSender, Quota};
use model::{Clock, Entropy, Region, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::Params;
use register::{
    Actor, Answers, Face, NewGroup, NewOrganisation, NewPerson, PasswordCost, Register, Role, SealKey, WhoMayAdd,
};
use server::{
    CellParts, Core, CoreParts, Guard, Hub, Intake, MemberParts, Meters, Peer, Pump, Sessions, Snapshots, cell_router,
    member_router,
};
use tower::ServiceExt as _;
use vault::{GenesisIfNew, Vault, VaultConfig};

/// Firms any of which may have reported, each as likely as any other.
pub const SUSPECTS: usize = 12;
/// Firms that report as well and are none of them: what they do is the same whoever of the suspects reports.
pub const OTHERS: usize = 6;
/// Firms that look: what they get is what another member can obtain.
pub const WATCHERS: usize = 2;
const FIRMS: usize = SUSPECTS + OTHERS + WATCHERS;
/// The first of those that look.
pub const WATCHER: usize = SUSPECTS + OTHERS;
/// The start of a token window.
pub const START: i64 = 700 * 30 * 86_400_000;
pub const TICK: i64 = 100;
const ANALYST: &str = "analyst@cell.example";
const PASSWORD: &str = "a long enough password";

/// Time and chance.
pub struct Outside {
    now: AtomicI64,
    chance: AtomicU64,
}

impl Outside {
    fn new(seed: u64) -> Self {
        Self { now: AtomicI64::new(START), chance: AtomicU64::new(seed.wrapping_mul(0xD134_2543_DE82_EF95) | 1) }
    }
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }
}

impl Entropy for Outside {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.chance.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    Key(usize),
    Session(usize),
    Analyst,
}

pub struct Platform {
    outside: Arc<Outside>,
    core: Core,
    pump: Pump,
    member: Router,
    cell: Router,
    register: Arc<Register>,
    credentials: HashMap<Who, (&'static str, String)>,
    streams: Vec<Mutex<Body>>,
    /// The sharing group that every firm is in.
    pub group: String,
}

fn answers() -> Answers {
    Answers { warn: WhoMayBeWarned::CellOnly, know: WhoMayKnow::Nobody }
}

fn leads(register: &Register) {
    static KEYS: LazyLock<[[u8; 65]; 2]> =
        LazyLock::new(|| [(); 2].map(|()| *vault::LeadPrivateKey::generate().unwrap().1.as_bytes()));
    for (n, key) in KEYS.iter().enumerate() {
        let lead = NewPerson {
            email: format!("lead{n}@cell.example"),
            name: "Lead".into(),
            organisation: None,
            role: Role::Lead,
            secondment: None,
        };
        let id = register.create_person(&Actor::operator(), &lead, PASSWORD).unwrap();
        let actor = Actor { person: Some(id), role: Some(Role::Lead), ..Actor::operator() };
        register.set_lead_key(&actor, key).unwrap();
        register.confirm_lead_key(&Actor::operator(), id, &register::lead_key_fingerprint(key)).unwrap();
    }
}

impl Platform {
    /// In memory, or over a data folder that is made with its keys beside it.
    pub fn new(seed: u64, folder: Option<&Path>, quota: Quota) -> Self {
        let outside = Arc::new(Outside::new(seed));
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (outside.clone(), outside.clone());
        let genesis = GenesisIfNew { partnership: "Test partnership".into(), exercise: true, params: Params::EXERCISE };
        let vault = match folder {
            None => Vault::in_memory(&genesis, clock.clone(), entropy.clone()),
            Some(dir) => {
                let config = VaultConfig { dir: dir.to_owned(), keys_dir: None, genesis };
                Vault::open(config, clock.clone(), entropy.clone())
            }
        };
        let vault = Arc::new(vault.unwrap());
        let register = match folder {
            None => Register::in_memory(clock.clone(), entropy.clone(), PasswordCost::CHEAP),
            Some(dir) => Register::open(&dir.join("register.db"), clock.clone(), entropy.clone(), PasswordCost::CHEAP),
        };
        let register = Arc::new(register.unwrap());
        register.seal_with(SealKey::new(&[8; 32]).unwrap());
        register.seal_outbox_with(SealKey::new(&[9; 32]).unwrap());
        register.deliver_by_mail();
        let firms: Vec<NewOrganisation> = (0..FIRMS)
            .map(|firm| NewOrganisation {
                name: format!("Firm {firm}"),
                class: register::OrganisationClass::Member,
                sector: Sector::Energy,
                region: Some(Region::Wales),
                assets: policy::Assets { domains: vec![format!("firm{firm}.example")], ..Default::default() },
            })
            .collect();
        let made = register.create_members(&firms, "test", answers()).unwrap();
        let mut credentials = HashMap::new();
        for (firm, (id, key)) in made.iter().enumerate() {
            credentials.insert(Who::Key(firm), ("authorization", format!("Bearer {}", key.expose())));
            let email = format!("who@firm{firm}.example");
            let person = NewPerson {
                email: email.clone(),
                name: format!("Person {firm}"),
                organisation: Some(*id),
                role: Role::Reporter,
                secondment: None,
            };
            let person = register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
            register.set_notices(person, true).unwrap();
            if firm >= WATCHER {
                let (token, _) = register.sign_in(Face::Member, &email, PASSWORD, "x").unwrap();
                credentials.insert(Who::Session(firm), ("cookie", format!("fc_member={}", token.expose())));
            }
        }
        let analyst = NewPerson {
            email: ANALYST.into(),
            name: "Cell".into(),
            organisation: None,
            role: Role::Analyst,
            secondment: None,
        };
        register.create_person(&Actor::operator(), &analyst, PASSWORD).unwrap();
        leads(&register);
        let group = NewGroup { name: "Group".into(), purpose: "p".into(), ends_at: None, who_may_add: WhoMayAdd::Cell };
        let group = register.create_group(&Actor::operator(), &group).unwrap();
        for (id, _) in &made {
            register.join_group(&Actor::operator(), group, *id, false).unwrap();
        }
        let (writer, reader) = match folder {
            None => released::Store::in_memory(),
            Some(dir) => released::Store::open(&dir.join(released::FILE)),
        }
        .unwrap();
        let key = own::OwnKey::new(&[5; 32]);
        let own = match folder {
            None => own::Writer::in_memory(key, entropy.clone()),
            Some(dir) => own::Writer::in_file(&dir.join(own::FILE), key, entropy.clone()),
        }
        .unwrap();
        let (own_reader, reads) = (own.reader(), server::Reads::default());
        let meters = Arc::new(Meters::default());
        let (member_hub, cell_hub) = (Arc::new(Hub::default()), Arc::new(Hub::default()));
        let audit = match folder {
            None => vault::audit::Audit::in_memory(&vault),
            Some(dir) => vault::audit::Audit::open(&vault, dir),
        };
        let audit = Arc::new(audit.unwrap());
        let core = Core::open(CoreParts {
            vault: vault.clone(),
            writer,
            register: register.clone(),
            hub: cell_hub.clone(),
            meters: meters.clone(),
            engine: release::EngineConfig::default(),
            slot_millis: 30_000,
            own,
            reads: reads.clone(),
            audit: audit.clone(),
        })
        .unwrap();
        let pump = Pump::new(reader.clone(), member_hub.clone(), meters.clone()).unwrap();
        let guard = |host: &str| Guard { hosts: [host.to_owned()].into(), tls: false, meters: meters.clone() };
        let sessions = |face| Sessions::new(register.clone(), face, false, "Test partnership".into(), true);
        let sender = LocalSender::new(vault.clone())
            .telling({
                let reads = reads.clone();
                Arc::new(move |organisation, case| reads.note(organisation, case))
            })
            .bounded(core.shared().full_outside(&register));
        let intake = Intake::new(Arc::new(sender), register.clone(), quota);
        let member = member_router(
            MemberParts {
                reader: reader.clone(),
                everyday: core.shared().everyday(),
                snapshots: Arc::new(Snapshots::new(reader.clone())),
                hub: member_hub.clone(),
                sessions: sessions(Face::Member),
                guard: guard("localhost"),
                clock: clock.clone(),
                intake: Some(intake.with_receipts(ReceiptKey::new(&[7; 32]))),
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
                journal: vault.journal().clone(),
                vault,
                reader,
                hub: cell_hub,
                member_hub: Some(member_hub),
                sessions: sessions(Face::Cell),
                guard: guard("cell.localhost"),
                meters,
                clock,
                entropy,
                partnership: "Test partnership".into(),
                exercise: true,
                claims: Mutex::new(HashMap::new()),
                openings: server::sources::Openings::default(),
            }
            .into(),
        );
        let group = group.to_string();
        let mut platform =
            Self { outside, core, pump, member, cell, register, credentials, streams: Vec::new(), group };
        platform.sign_in();
        platform.step();
        platform
    }

    /// The analyst begins a shift: a session of before may have ended.
    pub fn sign_in(&mut self) {
        let (token, _) = self.register.sign_in(Face::Cell, ANALYST, PASSWORD, "x").unwrap();
        self.credentials.insert(Who::Analyst, ("cookie", format!("fc_cell={}", token.expose())));
    }

    pub fn now(&self) -> i64 {
        self.outside.now.load(Ordering::SeqCst)
    }

    /// Moves the clock on, never back; nothing is done.
    pub fn at(&self, now: i64) {
        self.outside.now.fetch_max(now, Ordering::SeqCst);
    }

    /// What the threads of a server do at a moment.
    pub fn step(&mut self) {
        let now = self.outside.now();
        // Twice: the second takes in what the first has appended.
        self.core.step(now).unwrap();
        self.core.step(now).unwrap();
        self.core.shared().audit().step(now).unwrap();
        self.pump.step(now).unwrap();
    }

    /// What they do when something has come.
    pub fn look(&mut self) {
        self.core.step(self.outside.now()).unwrap();
        self.pump.step(self.outside.now()).unwrap();
    }

    /// Notes when credentials were used, as a server does every minute.
    pub fn note_uses(&self) {
        self.register.note_uses().unwrap();
    }

    /// The mail server takes what is due: how many mails each address of those that look got.
    pub fn mails(&self) -> [usize; WATCHERS] {
        let mut got = [0; WATCHERS];
        for mail in self.register.due_mail(self.outside.now(), 1_000, "cell.example").unwrap() {
            let watcher = (0..WATCHERS).find(|n| mail.to == format!("who@firm{}.example", WATCHER + n));
            got.iter_mut().enumerate().filter(|(n, _)| watcher == Some(*n)).for_each(|(_, count)| *count += 1);
            self.register.mail_sent(mail.id).unwrap();
        }
        got
    }

    async fn send(
        &self,
        who: Who,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> axum::http::Response<Body> {
        let (host, router) =
            if who == Who::Analyst { ("cell.localhost", &self.cell) } else { ("localhost", &self.member) };
        let (name, credential) = &self.credentials[&who];
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", host)
            .header("sec-fetch-site", "same-origin")
            .header(*name, credential);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
        router.clone().oneshot(request).await.unwrap()
    }

    /// One request and everything of its answer: status, headers, body.
    pub async fn ask(&self, who: Who, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let (parts, body) = self.send(who, method, path, headers, body).await.into_parts();
        let mut lines: Vec<String> = parts
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        lines.sort();
        let body = body.collect().await.unwrap().to_bytes();
        format!("{}\n{}\n\n{}", parts.status, lines.join("\n"), String::from_utf8_lossy(&body))
    }

    pub async fn get(&self, who: Who, path: &str) -> String {
        self.ask(who, "GET", path, &[], "").await
    }

    /// Opens the stream of each firm that looks.
    pub async fn watch(&mut self) {
        for watcher in 0..WATCHERS {
            let response = self.send(Who::Session(WATCHER + watcher), "GET", "/api/v1/stream", &[], "").await;
            assert_eq!(response.status(), 200);
            self.streams.push(Mutex::new(response.into_body()));
        }
        self.came();
    }

    /// What each stream has sent since the last look.
    pub fn came(&self) -> Vec<String> {
        let ready = |stream: &Mutex<Body>| {
            let (mut stream, mut text) = (stream.lock().unwrap(), String::new());
            while let Some(Some(Ok(frame))) = tokio::task::unconstrained(stream.frame()).now_or_never() {
                text.extend(frame.data_ref().map(|data| String::from_utf8_lossy(data).into_owned()));
            }
            text
        };
        self.streams.iter().map(ready).collect()
    }
}
