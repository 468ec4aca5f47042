//! A whole platform in this process: the very routers that `serve` binds, memory stores, stepped time, seeded chance.

mod answers;
mod asks;
mod bodies;
mod firms;
mod observer;
mod openings;
mod outside;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use fusion::NetworkSet;
use intake::receipt::ReceiptKey;
use intake::{LocalSender, Quota};
use model::{Clock, Entropy};
use policy::Params;
use register::{Face, Register};
use release::{EngineConfig, Sets};
use released::Store;
use server::{
    CellParts, Core, CoreParts, Guard, Hub, Intake, MemberParts, Meters, Pump, Sessions, Snapshots, cell_router,
    member_router,
};
use vault::{GenesisIfNew, Vault};

use crate::logs::{self, Lines};
use crate::script::{Script, WINDOW};

use answers::{ready, without_durations};
use firms::{Firms, SourceLead};
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
    leads: [SourceLead; 2],
    streams: Vec<Watched>,
    cases: HashMap<usize, String>,
    /// Who filed the report of a label.
    filers: HashMap<usize, usize>,
    vault: Arc<Vault>,
    meters: Arc<Meters>,
    lines: Lines,
    /// What members are answered from.
    store: released::Reader,
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

impl World {
    pub async fn new(script: &Script) -> Self {
        let outside = Arc::new(Outside { now: AtomicI64::new(START + script.late), chance: AtomicU64::new(1) });
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (outside.clone(), outside.clone());
        let Firms { register, of_register, made, credentials, people, groups, leads } = Firms::of(script, &clock);
        let lines = Lines::default();
        logs::turn_to(&lines);
        let genesis = GenesisIfNew { partnership: "Test partnership".into(), exercise: true, params: Params::EXERCISE };
        let vault = Arc::new(Vault::in_memory(&genesis, clock.clone(), entropy.clone()).unwrap());
        if script.networks {
            let [first, last] = [[45, 9, 0, 0], [45, 12, 255, 255]].map(std::net::IpAddr::from);
            let set = NetworkSet::of_ranges([(first, last, 64_500)]);
            release::use_sets(&vault, &Sets { networks: Some(set.text().into()), ..Sets::default() }).unwrap();
        }
        // The windows' keys are made before the first report, so that whether there is one does not show in later chance.
        for window in [0, WINDOW] {
            vault.keys().token(made, clock.now().plus_millis(window)).unwrap();
        }
        let (writer, reader) = Store::in_memory().unwrap();
        let store = reader.clone();
        let meters = Arc::new(Meters::default());
        let (member_hub, cell_hub) = (Arc::new(Hub::default()), Arc::new(Hub::default()));
        let own = own::Writer::in_memory(own::OwnKey::new(&[5; 32]), entropy.clone()).unwrap();
        let (own_reader, reads) = (own.reader(), server::Reads::default());
        let audit = Arc::new(vault::audit::Audit::in_memory(&vault).unwrap());
        let core = Core::open(CoreParts {
            vault: vault.clone(),
            writer,
            register: register.clone(),
            hub: cell_hub.clone(),
            meters: meters.clone(),
            engine: engine(script),
            slot_millis: 30_000,
            own,
            reads: reads.clone(),
            audit: audit.clone(),
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
                everyday: core.shared().everyday(),
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
            leads,
            streams: Vec::new(),
            cases: HashMap::new(),
            filers: HashMap::new(),
            vault,
            meters,
            lines,
            store,
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
        self.core.shared().audit().step(now).unwrap();
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

    /// What has come to a firm's mailbox so far, if it is not the same in another world; counts a mailbox that is not empty.
    pub fn mails_beside(&self, other: &Self, firm: usize, full: &mut u64) -> Option<(Seen, Seen)> {
        let address = &self.people[&Observer::MemberSession(firm)];
        let (ours, theirs) = (self.mails.lock().unwrap(), other.mails.lock().unwrap());
        let (one, two) = (ours.get(address), theirs.get(address));
        *full += u64::from(one.is_some_and(|text| !text.is_empty()));
        let seen = |text: Option<&String>| Seen(text.cloned().unwrap_or_default());
        (one != two).then(|| (seen(one), seen(two)))
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

    /// The first watched stream of certain observers that has not sent the same in another world; counts those that were
    /// compared.
    pub fn streams_beside(
        &self,
        other: &Self,
        of: impl Fn(Observer) -> bool,
        compared: &mut u64,
    ) -> Option<(Observer, Seen, Seen)> {
        self.drain();
        other.drain();
        self.streams.iter().zip(&other.streams).filter(|(one, _)| of(one.observer)).find_map(|(one, two)| {
            *compared += 1;
            let (ours, theirs) = (one.text.lock().unwrap(), two.text.lock().unwrap());
            (*ours != *theirs).then(|| (one.observer, Seen(ours.clone()), Seen(theirs.clone())))
        })
    }

    /// What an operator reads in the logs.
    pub fn logged(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// The pages of the store that members are answered from, as whoever copies its file has them.
    pub fn stored(&self) -> Vec<u8> {
        self.store.pages().unwrap()
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

fn engine(script: &Script) -> EngineConfig {
    let mut config = EngineConfig::default();
    if let Some(limit) = script.common {
        config.over_common_members = limit;
    }
    if !script.weighed {
        config.weights = fusion::Weights::equal_values();
    }
    config
}
