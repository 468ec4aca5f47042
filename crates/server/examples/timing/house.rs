//! The members' side as `serve` composes it, over stores in files, stepped by whoever measures.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use intake::receipt::ReceiptKey;
use intake::{LocalSender, Quota};
use model::{Clock, Entropy, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::Params;
use register::{Answers, Face, NewOrganisation, OrganisationClass, PasswordCost, Register};
use release::EngineConfig;
use released::Store;
use server::{
    Core, CoreParts, Guard, Hub, Intake, MemberParts, Meters, Peer, Pump, Reads, Sessions, Snapshots, member_router,
};
use tower::ServiceExt as _;
use vault::{GenesisIfNew, Vault, VaultConfig};

use crate::Failure;

/// Firms of the partnership.
const FIRMS: usize = 24;
/// Values that members have, so that they are looked up among others.
const RELEASED: u64 = 20_000;
/// Where the numbers of held values begin, and those of values that nobody has.
const HELD_FROM: u64 = 1 << 32;
pub const ABSENT_FROM: u64 = 1 << 40;
/// Values of a report that fills the stores.
const VALUES_A_REPORT: u64 = 500;
/// How far the clock goes on with each request, in milliseconds: the usual quota is never used up.
const MILLIS_A_REQUEST: i64 = 60;
/// Time after which what waits for an epoch is shown, in milliseconds.
const EPOCHS: i64 = 120_000;
/// Longest name of a memory-backed folder on this system.
const MEMORY: &str = "/dev/shm";

/// Numbers that follow from a seed: splitmix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 11) as usize % end.max(1)
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}

fn mixed(number: u64) -> u64 {
    let z = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A domain of always the same length, whoever has it.
pub fn value(number: u64) -> String {
    format!("h{:016x}.lure-pages.net", mixed(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// A reference as receipts give them, which none is.
fn unknown(number: u64) -> String {
    let (high, low) = (mixed(number), mixed(!number));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// A report of values by somebody who answers so.
pub fn report(warn: &str, values: impl IntoIterator<Item = u64>) -> String {
    let values: Vec<String> = values.into_iter().map(|n| format!(r#"{{"value":"{}"}}"#, value(n))).collect();
    format!(
        r#"{{"title":"A copied sign-in page","attack":"phishing","warn":"{warn}","know":"nobody","tlp":"GREEN","indicators":[{}]}}"#,
        values.join(",")
    )
}

struct Stepped(AtomicI64);

impl Clock for Stepped {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

struct System;

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) {
        // Without chance there would be no keys to tell apart; the failure of the system's own is none of this program's.
        let _ = aws_lc_rs::rand::fill(bytes);
    }
}

/// Who is asked, by whom, and what is known of it.
pub struct House {
    router: Router,
    core: Core,
    pump: Pump,
    clock: Arc<Stepped>,
    /// Of the firm that asks, and of the others.
    keys: Vec<String>,
    /// Values that firms reported and members have not: half for the cell only, half until three members have them.
    pub held: Vec<u64>,
    /// References of another firm's reports.
    pub others: Vec<String>,
    /// References of the asker's own.
    pub own: Vec<String>,
    /// As many references that none is.
    pub unknown: Vec<String>,
    /// Removed with everything in it.
    _folder: tempfile::TempDir,
}

impl House {
    /// Opens new stores, fills them, and asks the first firm's way from then on. What is held is its `own`, or that of others.
    pub async fn open(held: u64, own: bool, references: usize) -> Result<Self, Failure> {
        // In memory where there is such a folder: the disk's own waits would only hide a difference.
        let folder = if Path::new(MEMORY).is_dir() { tempfile::tempdir_in(MEMORY) } else { tempfile::tempdir() }?;
        let mut house = Self::built(folder)?;
        let released: Vec<u64> = (1..=RELEASED).collect();
        house.fill(&released, "now", false).await?;
        let held: Vec<u64> = (HELD_FROM..HELD_FROM + held).collect();
        let (for_cell, waiting) = held.split_at(held.len() / 2);
        house.fill(for_cell, "cell-only", own).await?;
        house.fill(waiting, "once-three", own).await?;
        house.held = held;
        for at in 0..references as u64 {
            let (own, others) = (RELEASED + 1 + 2 * at, RELEASED + 2 + 2 * at);
            let own = house.file(0, report("cell-only", [own])).await?;
            house.own.push(own);
            let others = house.file(1, report("cell-only", [others])).await?;
            house.others.push(others);
            house.unknown.push(unknown(at));
        }
        house.clock.0.fetch_add(EPOCHS, Ordering::SeqCst);
        for _ in 0..4 {
            house.step()?;
        }
        Ok(house)
    }

    fn built(folder: tempfile::TempDir) -> Result<Self, Failure> {
        let stepped = Arc::new(Stepped(AtomicI64::new(1_790_000_000_000)));
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (stepped.clone(), Arc::new(System));
        let genesis = GenesisIfNew { partnership: "Bench".into(), exercise: true, params: Params::EXERCISE };
        let data = folder.path().join("data");
        let place = VaultConfig { dir: data.clone(), keys_dir: Some(folder.path().join("keys")), genesis };
        let vault = Arc::new(Vault::open(place, clock.clone(), entropy.clone())?);
        let register = data.join("register.db");
        let register = Arc::new(Register::open(&register, clock.clone(), entropy.clone(), PasswordCost::CHEAP)?);
        let firm = |n: usize| NewOrganisation {
            name: format!("Firm {n}"),
            class: OrganisationClass::Member,
            sector: Sector::Energy,
            region: None,
            assets: policy::Assets { domains: vec![format!("firm{n}.example")], ..policy::Assets::default() },
        };
        let firms: Vec<NewOrganisation> = (0..FIRMS).map(firm).collect();
        let answers = Answers { warn: WhoMayBeWarned::CellOnly, know: WhoMayKnow::Nobody };
        let made = register.create_members(&firms, "bench", answers)?;
        let keys = made.iter().map(|(_, key)| format!("Bearer {}", key.expose())).collect();
        let own = own::Writer::in_file(&data.join(own::FILE), own::OwnKey::new(&[5; 32]), entropy.clone())?;
        let (writer, reader) = Store::open(&data.join(released::FILE))?;
        let (meters, reads, hub) = (Arc::new(Meters::default()), Reads::default(), Arc::new(Hub::default()));
        let (own_reader, noted) = (own.reader(), reads.clone());
        let audit = Arc::new(vault::audit::Audit::open(&vault, &data)?);
        let core = Core::open(CoreParts {
            vault: vault.clone(),
            writer,
            register: register.clone(),
            hub: Arc::default(),
            meters: meters.clone(),
            engine: EngineConfig::default(),
            slot_millis: 30_000,
            own,
            reads,
            audit: audit.clone(),
        })?;
        let sender = LocalSender::new(vault)
            .telling(Arc::new(move |organisation, case| noted.note(organisation, case)))
            .bounded(core.shared().full_outside(&register));
        let intake = Intake::new(Arc::new(sender), register.clone(), Quota::standard());
        let parts = MemberParts {
            reader: reader.clone(),
            everyday: core.shared().everyday(),
            snapshots: Arc::new(Snapshots::new(reader.clone())),
            hub: hub.clone(),
            sessions: Sessions::new(register, Face::Member, false, "Bench".into(), true),
            guard: Guard { hosts: vec!["localhost".to_owned()].into(), tls: false, meters: meters.clone() },
            clock,
            intake: Some(intake.with_receipts(ReceiptKey::new(&[7; 32]))),
            own: Some(own_reader),
            audit: audit.published(),
            partnership: "Bench".into(),
            exercise: true,
            #[cfg(feature = "planted-leaks")]
            spy: Some(core.shared()),
        };
        let pump = Pump::new(reader, hub, meters)?;
        let router = member_router(parts.into());
        let (held, others, own, unknown) = Default::default();
        Ok(Self { router, core, pump, clock: stepped, keys, held, others, own, unknown, _folder: folder })
    }

    /// Folds what has come and shows what is due.
    pub fn step(&mut self) -> Result<(), Failure> {
        let now = self.clock.now();
        while self.core.step(now)?.entries > 0 {}
        self.pump.step(now)?;
        Ok(())
    }

    /// One request of the firm that asks.
    pub fn request(&self, method: &str, path: &str, body: String) -> Result<Request<Body>, Failure> {
        self.request_of(0, method, path, body)
    }

    fn request_of(&self, firm: usize, method: &str, path: &str, body: String) -> Result<Request<Body>, Failure> {
        self.clock.0.fetch_add(MILLIS_A_REQUEST, Ordering::SeqCst);
        let key = self.keys.get(firm).ok_or("no such firm")?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("authorization", key)
            .header("content-type", "application/json")
            .body(Body::from(body))?;
        request.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
        Ok(request)
    }

    /// The answer, to its last byte.
    pub async fn answer(&self, request: Request<Body>) -> Result<(StatusCode, Bytes), Failure> {
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Has the asker report values, or firms other than the asker.
    async fn fill(&mut self, values: &[u64], warn: &str, own: bool) -> Result<(), Failure> {
        for (at, values) in values.chunks(VALUES_A_REPORT as usize).enumerate() {
            let firm = if own { 0 } else { 1 + at % (FIRMS - 1) };
            self.file(firm, report(warn, values.iter().copied())).await?;
            self.step()?;
        }
        Ok(())
    }

    /// Files a report; gives its reference.
    async fn file(&self, firm: usize, body: String) -> Result<String, Failure> {
        let request = self.request_of(firm, "POST", "/api/v1/reports", body)?;
        let (status, body) = self.answer(request).await?;
        let text = String::from_utf8_lossy(&body);
        let reference = text.split_once(r#""reference":""#).and_then(|(_, rest)| rest.split('"').next());
        match reference {
            Some(reference) if status == StatusCode::CREATED => Ok(reference.to_owned()),
            _ => Err(format!("{status}: {text}").into()),
        }
    }
}
