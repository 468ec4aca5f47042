//! A whole platform in this process: the very routers that `serve` binds, memory stores, stepped time, seeded chance.

mod answers;
mod asks;
mod bodies;
mod observer;
mod outside;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use intake::receipt::ReceiptKey;
use intake::{LocalSender, Quota};
use model::{Clock, Entropy, OrganisationId, Region, Sector, WhoMayBeWarned, WhoMayKnow};
use policy::Params;
use register::{
    Actor, Answers, Face, NewGroup, NewOrganisation, NewPerson, PasswordCost, Register, Role, Secondment, WhoMayAdd,
};
use release::EngineConfig;
use released::Store;
use server::{
    CellParts, Core, CoreParts, Guard, Hub, Intake, MemberParts, Meters, Pump, Sessions, Snapshots, cell_router,
    member_router,
};
use vault::{GenesisIfNew, Vault};

use crate::logs::{self, Lines};
use crate::script::{GROUPS, Script, WINDOW, firm_domain};

use answers::{ready, without_durations};
pub use observer::{Observer, Seen};
use outside::Outside;
pub use outside::{looked_at_closely, next_moment};

/// The start of an epoch and of a token window: worlds begin here or later in the window.
pub const START: i64 = 700 * WINDOW;
/// How often each tick of the clock is stepped through after something was done, before time goes in strides.
const TICKS_AROUND: i64 = 12;
/// Length of a release tick.
const TICK: i64 = 100;
/// Length of a block minute; epochs are whole numbers of them.
const STRIDE: i64 = 5_000;
const PASSWORD: &str = "a long enough password";

pub struct World {
    pub outside: Arc<Outside>,
    /// Chance of the register.
    of_register: Arc<Outside>,
    register: Arc<Register>,
    /// What came to each address, with when it was due and when it left.
    mails: Mutex<HashMap<String, String>>,
    core: Core,
    pump: Pump,
    member: Router,
    cell: Router,
    credentials: HashMap<Observer, (&'static str, String)>,
    people: HashMap<Observer, String>,
    streams: Vec<Watched>,
    cases: HashMap<usize, String>,
    /// Who filed the report of a label.
    filers: HashMap<usize, usize>,
    vault: Arc<Vault>,
    meters: Arc<Meters>,
    lines: Lines,
    firms: usize,
    /// Ids of the sharing groups.
    groups: Vec<String>,
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

fn made_groups(register: &Register, script: &Script, firms: &[OrganisationId]) -> Vec<String> {
    let made = |group: usize| {
        let name = format!("Group {group}");
        let who_may_add = [WhoMayAdd::Cell, WhoMayAdd::Members, WhoMayAdd::Organisers][group % 3];
        let new = NewGroup { name, purpose: "p".into(), ends_at: None, who_may_add };
        let id = register.create_group(&Actor::operator(), &new).unwrap();
        for (firm, organisation) in firms.iter().enumerate().filter(|(firm, _)| script.begins_in(*firm, group)) {
            register.join_group(&Actor::operator(), id, *organisation, firm == 0).unwrap();
        }
        id.to_string()
    };
    (0..GROUPS).map(made).collect()
}

/// Sources are sealed to two leads in every world, as they are in life.
fn enrol_leads(register: &Register) {
    static KEYS: LazyLock<[[u8; 65]; 2]> =
        LazyLock::new(|| [(); 2].map(|()| *vault::LeadPrivateKey::generate().unwrap().1.as_bytes()));
    let second = NewPerson {
        email: "m@cell.example".into(),
        name: "Cell".into(),
        organisation: None,
        role: Role::Lead,
        secondment: None,
    };
    register.create_person(&Actor::operator(), &second, PASSWORD).unwrap();
    let leads = register.people().unwrap().into_iter().filter(|person| person.role == Role::Lead);
    for (lead, key) in leads.zip(KEYS.iter()) {
        let actor = Actor { person: Some(lead.id), role: Some(Role::Lead), ..Actor::operator() };
        register.set_lead_key(&actor, key).unwrap();
    }
    assert_eq!(register.lead_keys().unwrap().len(), 2);
}

impl World {
    pub async fn new(script: &Script) -> Self {
        let lines = Lines::default();
        logs::turn_to(&lines);
        let outside = Arc::new(Outside { now: AtomicI64::new(START + script.late), chance: AtomicU64::new(1) });
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (outside.clone(), outside.clone());
        // Chance of its own: whether a mail is queued does not show in what others come by.
        let of_register = Arc::new(Outside { now: AtomicI64::new(0), chance: AtomicU64::new(1) });
        let register = Arc::new(Register::in_memory(clock.clone(), of_register.clone(), PasswordCost::CHEAP).unwrap());
        register.deliver_by_mail();
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
            let person = register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
            register.set_notices(person, true).unwrap();
            let (token, _) = register.sign_in(Face::Member, &email, PASSWORD, "x").unwrap();
            people.insert(Observer::MemberSession(firm), email);
            credentials.insert(Observer::MemberSession(firm), ("cookie", format!("fc_member={}", token.expose())));
        }
        for (observer, role, email) in [
            (Observer::Analyst, Role::Analyst, "a@cell.example"),
            (Observer::Lead, Role::Lead, "l@cell.example"),
            (Observer::Secondee, Role::Secondee, "s@cell.example"),
        ] {
            let secondment = (role == Role::Secondee).then(|| Secondment {
                vetting: "SC".into(),
                vetted_until: model::Timestamp::from_millis(i64::MAX),
                wall: vec![members[0].sector],
            });
            let organisation = secondment.as_ref().map(|_| made[0].0);
            let person = NewPerson { email: email.into(), name: "Cell".into(), organisation, role, secondment };
            register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
            let (token, _) = register.sign_in(Face::Cell, email, PASSWORD, "x").unwrap();
            people.insert(observer, email.to_owned());
            credentials.insert(observer, ("cookie", format!("fc_cell={}", token.expose())));
        }
        enrol_leads(&register);
        let groups = made_groups(&register, script, &made.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        let genesis = GenesisIfNew { partnership: "Test partnership".into(), exercise: true, params: Params::EXERCISE };
        let vault = Arc::new(Vault::in_memory(&genesis, clock.clone(), entropy.clone()).unwrap());
        // The windows' keys are made before the first report, so that whether there is one does not show in later chance.
        for window in [0, WINDOW] {
            vault.keys().token(made[0].0, clock.now().plus_millis(window)).unwrap();
        }
        let (writer, reader) = Store::in_memory().unwrap();
        let meters = Arc::new(Meters::default());
        let (member_hub, cell_hub) = (Arc::new(Hub::default()), Arc::new(Hub::default()));
        let own = own::Writer::in_memory(own::OwnKey::new(&[5; 32]), entropy.clone()).unwrap();
        let (own_reader, reads) = (own.reader(), server::Reads::default());
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
            own,
            reads: reads.clone(),
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
                intake: Some(
                    Intake::new(
                        Arc::new(
                            LocalSender::new(vault.clone())
                                .telling({
                                    let reads = reads.clone();
                                    Arc::new(move |organisation, case| reads.note(organisation, case))
                                })
                                .bounded(core.shared().full_outside(&register)),
                        ),
                        register.clone(),
                        quota,
                    )
                    .with_receipts(ReceiptKey::new(&[7; 32])),
                ),
                own: Some(own_reader),
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
                vault: vault.clone(),
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
                openings: server::sources::Openings::default(),
            }
            .into(),
        );
        let mut world = Self {
            outside,
            of_register,
            register,
            mails: Mutex::default(),
            core,
            pump,
            member,
            cell,
            credentials,
            people,
            streams: Vec::new(),
            cases: HashMap::new(),
            filers: HashMap::new(),
            vault,
            meters,
            lines,
            firms: script.firms,
            groups,
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
        self.deliver();
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
        let chance = number.wrapping_mul(0xD134_2543_DE82_EF95) | 1;
        self.outside.chance.store(chance, Ordering::SeqCst);
        self.of_register.chance.store(chance, Ordering::SeqCst);
    }

    /// The mail server takes what is due at this moment.
    fn deliver(&self) {
        let now = self.outside.now();
        let mut boxes = self.mails.lock().unwrap();
        for mail in self.register.due_mail(now, 1_000, "cell.example").unwrap() {
            let text = boxes.entry(mail.to.clone()).or_default();
            text.push_str(&format!("at {}\n{}\n{}\n", self.now() / TICK * TICK, mail.subject, mail.text));
            self.register.mail_sent(mail.id).unwrap();
        }
    }

    /// What has come to a firm's mailbox so far.
    pub fn mailed(&self, firm: usize) -> Seen {
        let address = &self.people[&Observer::MemberSession(firm)];
        Seen(self.mails.lock().unwrap().get(address).cloned().unwrap_or_default())
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
            // That of an entry, and those of entries of which it says that they lost their content, with what is left of them.
            [r#""hash":""#, r#""left":""#].iter().fold(line.to_owned(), |line, mark| {
                let mut parts = line.split(mark);
                let first = parts.next().unwrap_or_default().to_owned();
                parts.fold(first, |kept, part| kept + part.split_once('"').map_or("", |(_, rest)| rest))
            })
        };
        Seen(text.lines().map(without).collect::<Vec<_>>().join("\n"))
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

    /// Time passes in which nobody looks.
    pub fn skip(&self, millis: i64) {
        self.outside.now.fetch_add(millis, Ordering::SeqCst);
    }

    /// The id of a sharing group.
    pub fn group(&self, group: usize) -> &str {
        &self.groups[group]
    }

    pub const fn firms(&self) -> usize {
        self.firms
    }
}
