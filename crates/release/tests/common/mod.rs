//! A gate between stores in memory, stepped by hand.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{
    AttackKind, CampaignId, CaseId, Clock, Entropy, Kind, Marking, Observable, OrganisationId, Pap, PersonId, Region,
    Sector, Severity, Sighting, Technique, Timestamp, Tlp, WhoMayBeWarned, WhoMayKnow,
};
use policy::{NounKind, Params, ReleaseBatch};
use release::{Engine, EngineConfig};
use released::{CampaignView, IndicatorView, Reader, Store, Writer};
use vault::{
    Act, Acted, Body, Correction, GenesisIfNew, Item, NewEntry, Population, ReportContent, Submission, Vault,
    VaultConfig,
};

/// Start of an epoch, of a block minute and of a tick.
pub const START: i64 = 1_790_000_000_000;
pub const EPOCH: i64 = Params::EXERCISE.epoch_millis;
pub const BLOCK: i64 = Params::EXERCISE.block_millis;
pub const TICK: i64 = Params::EXERCISE.tick_millis;

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

/// How many random scripts a property runs: `usual`, or as many as `RELEASE_CASES` says.
pub fn cases(usual: u32) -> u32 {
    std::env::var("RELEASE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

/// A report as a test writes it.
#[derive(Clone, Debug)]
pub struct Filed {
    pub firm: u8,
    pub values: Vec<Item>,
    pub warn: WhoMayBeWarned,
    pub know: WhoMayKnow,
    pub marking: Marking,
    pub sector: Option<&'static str>,
    pub region: Option<Region>,
    pub own: bool,
    pub outside: bool,
    pub attack: AttackKind,
    pub techniques: Vec<Technique>,
    pub tag: String,
}

pub fn domain(name: &str) -> Item {
    Item { sighting: Sighting::of(Observable::from_normal(Kind::Domain, name)), held: None, kept: None }
}

pub const OPEN: Marking = Marking { tlp: Tlp::Green, pap: Pap::Green };

/// A firm's report of these domains: members now, nobody may know, GREEN.
pub fn by(firm: u8, values: &[&str]) -> Filed {
    Filed {
        firm,
        values: values.iter().map(|value| domain(value)).collect(),
        warn: WhoMayBeWarned::Now,
        know: WhoMayKnow::Nobody,
        marking: OPEN,
        sector: Some("energy"),
        region: None,
        own: false,
        outside: false,
        attack: AttackKind::Phishing,
        techniques: Vec::new(),
        tag: format!("secret-tag-{firm}"),
    }
}

impl Filed {
    pub fn warn(mut self, warn: WhoMayBeWarned) -> Self {
        self.warn = warn;
        self
    }

    pub fn know(mut self, know: WhoMayKnow) -> Self {
        self.know = know;
        self
    }

    pub fn marked(mut self, tlp: Tlp, pap: Pap) -> Self {
        self.marking = Marking { tlp, pap };
        self
    }

    pub fn sector(mut self, sector: Option<&'static str>) -> Self {
        self.sector = sector;
        self
    }

    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    pub fn attack(mut self, attack: AttackKind) -> Self {
        self.attack = attack;
        self
    }

    pub fn technique(mut self, technique: &str) -> Self {
        self.techniques.push(Technique::parse(technique).unwrap());
        self
    }

    pub fn tag(mut self, tag: &str) -> Self {
        self.tag = tag.to_owned();
        self
    }

    /// Sent by somebody who is no member.
    pub fn outside(mut self) -> Self {
        self.outside = true;
        self
    }

    pub fn own(mut self) -> Self {
        self.own = true;
        self
    }

    /// The scrub holds its first value.
    pub fn scrubbed(mut self) -> Self {
        self.values[0].held = Some("a name of the reporter's".into());
        self
    }
}

/// A correction that adds and drops domains.
pub fn correction(added: &[&str], dropped: &[&str]) -> Act {
    Act::Correct(Box::new(Correction {
        happened_at: None,
        attack: AttackKind::Malware,
        severity: Severity::Low,
        ongoing: false,
        title: "secret title, corrected".into(),
        narrative: "secret words".into(),
        added: added.iter().map(|value| domain(value)).collect(),
        dropped: dropped.iter().map(|value| Observable::from_normal(Kind::Domain, *value)).collect(),
    }))
}

pub fn genesis() -> GenesisIfNew {
    GenesisIfNew { partnership: "Test partnership".into(), exercise: true, params: Params::EXERCISE }
}

pub struct Bench {
    pub clock: Arc<HandClock>,
    pub vault: Arc<Vault>,
    pub engine: Engine,
    pub reader: Reader,
    /// Reports that were filed, with who filed them.
    pub cases: std::cell::RefCell<Vec<(u8, CaseId)>>,
    config: EngineConfig,
    next: u64,
}

pub fn seeded() -> Arc<Seeded> {
    Arc::new(Seeded(AtomicU64::new(7)))
}

impl Bench {
    /// Stores in memory, 160 members, 20 of them in energy, 9 in water.
    pub fn new() -> Self {
        Self::with(EngineConfig::default())
    }

    pub fn with(config: EngineConfig) -> Self {
        let clock = Arc::new(HandClock(AtomicI64::new(START)));
        let vault = Arc::new(Vault::in_memory(&genesis(), Arc::clone(&clock) as _, seeded()).unwrap());
        Self::on(clock, vault, Store::in_memory().unwrap(), config).populated(160, 20)
    }

    /// As [`Bench::new`]; whoever shares a value is of one campaign, so that what the gate does is compared, not what fusion
    /// makes of evidence.
    pub fn eager() -> Self {
        Self::with(EngineConfig { weights: fusion::Weights::equal_values(), ..EngineConfig::default() })
    }

    /// Stores in a folder.
    pub fn at(dir: &Path) -> Self {
        let clock = Arc::new(HandClock(AtomicI64::new(START)));
        let vault = Arc::new(open_vault(dir, &clock));
        let store = Store::open(&dir.join(released::FILE)).unwrap();
        Self::on(clock, vault, store, EngineConfig::default()).populated(160, 20)
    }

    fn on(clock: Arc<HandClock>, vault: Arc<Vault>, store: (Writer, Reader), config: EngineConfig) -> Self {
        let (writer, reader) = store;
        let engine = Engine::open(&vault, writer, config.clone()).unwrap();
        let next = engine.applied() + 1;
        Self { clock, vault, engine, reader, cases: std::cell::RefCell::default(), config, next }
    }

    /// Another number of members, known at once.
    pub fn populated(mut self, members: u32, energy: u32) -> Self {
        self.populate(members, energy);
        self
    }

    pub fn populate(&mut self, members: u32, energy: u32) {
        let told = Population {
            members,
            sectors: vec![(Sector::Energy, energy), (Sector::Water, 9)],
            regions: vec![(Region::Wales, energy), (Region::London, 9)],
        };
        self.append(Body::Population(told));
    }

    pub fn append(&mut self, body: Body) {
        self.vault.journal().append(vec![NewEntry::new(self.clock.now(), body)]).unwrap();
        self.fold();
    }

    pub fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn now(&self) -> i64 {
        self.clock.0.load(Ordering::SeqCst) - START
    }

    /// The engine takes in what the journal holds.
    pub fn fold(&mut self) {
        loop {
            let entries = self.vault.journal().read(self.next, 512).unwrap();
            if entries.is_empty() {
                return;
            }
            for entry in &entries {
                self.engine.apply(entry).unwrap();
                self.next = entry.seq + 1;
            }
        }
    }

    pub fn file(&mut self, filed: Filed) {
        self.file_all(vec![filed]);
    }

    /// Files reports in one batch, without letting time pass.
    pub fn file_all(&mut self, filed: Vec<Filed>) {
        self.append_reports(filed);
        self.fold();
    }

    /// As [`Bench::file_all`], but the engine is not told yet.
    pub fn append_reports(&self, filed: Vec<Filed>) {
        let firms: Vec<u8> = filed.iter().map(|filed| filed.firm).collect();
        let submissions = filed.into_iter().map(|filed| submission(filed, self.clock.now())).collect();
        let accepted = self.vault.submit(submissions, false).unwrap();
        let cases = accepted.iter().map(|accepted| accepted.case.unwrap());
        self.cases.borrow_mut().extend(firms.into_iter().zip(cases));
    }

    /// The reporter of the n-th report does something about it; says whether it could.
    pub fn act(&mut self, n: usize, act: Act) -> bool {
        let (firm, case) = self.cases.borrow()[n];
        let (sender, receiver) = std::sync::mpsc::channel();
        let done = move |outcome: Result<Acted, _>| sender.send(outcome.unwrap()).unwrap();
        let organisation = OrganisationId::from_bytes([firm; 16]);
        self.vault.act_then(organisation, case, act, self.clock.now(), Box::new(done)).unwrap();
        self.fold();
        receiver.recv().unwrap() == Acted::Done
    }

    /// Lets time pass to `millis` after the start, then makes the tick that is due.
    pub fn tick_at(&mut self, millis: i64) -> Option<ReleaseBatch> {
        self.clock.0.store(START + millis, Ordering::SeqCst);
        self.fold();
        let batch = self.engine.tick(self.clock.now()).unwrap();
        self.fold();
        batch
    }

    /// Ticks on every tick up to `millis` after the start.
    pub fn run_to(&mut self, millis: i64) {
        let mut at = self.now();
        while at < millis {
            at = (at + TICK).min(millis);
            self.tick_at(at);
        }
    }

    pub fn indicator(&self, value: &str) -> Option<IndicatorView> {
        let row = self.reader.lookup_value(&Observable::from_normal(Kind::Domain, value)).unwrap()?;
        Some(row.view::<IndicatorView>().unwrap().into_inner())
    }

    pub fn shown(&self, value: &str) -> bool {
        self.indicator(value).is_some()
    }

    pub fn blocked(&self, value: &str) -> bool {
        self.indicator(value).is_some_and(|view| view.block)
    }

    /// The campaign that members see a value in.
    pub fn campaign_of(&self, value: &str) -> Option<CampaignView> {
        let id = released::parse_id(&self.indicator(value)?.campaign?).unwrap();
        let row = self.reader.by_id(NounKind::Campaign, &id).unwrap()?;
        Some(row.view::<CampaignView>().unwrap().into_inner())
    }

    pub fn band(&self, value: &str) -> Option<String> {
        self.campaign_of(value)?.band
    }

    /// Everything that members can have read, as one text.
    pub fn everything(&self) -> String {
        let batches = self.reader.batches_after(Timestamp::from_millis(0), 10_000).unwrap();
        batches.iter().flat_map(|batch| &batch.objects).map(|object| object.body.as_str()).collect()
    }

    /// The same vault, a fresh engine and an empty released store: everything by replay.
    pub fn replayed(&self) -> Engine {
        Engine::open(&self.vault, Store::in_memory().unwrap().0, self.config.clone()).unwrap()
    }

    /// The process ends; the next one opens the journal and an empty store.
    pub fn restart(&mut self) {
        let (writer, reader) = Store::in_memory().unwrap();
        self.engine = Engine::open(&self.vault, writer, self.config.clone()).unwrap();
        self.reader = reader;
        self.next = self.engine.applied() + 1;
    }

    /// Live and replayed state and store are the same.
    pub fn assert_replays(&self) {
        let before = self.vault.journal().head().seq;
        let replayed = self.replayed();
        assert_eq!(self.vault.journal().head().seq, before, "replay of a settled journal appends nothing");
        assert_eq!(replayed.digest(), self.engine.digest(), "state by replay");
        assert_eq!(replayed.released_digest().unwrap(), self.engine.released_digest().unwrap(), "store by replay");
    }
}

pub fn open_vault(dir: &Path, clock: &Arc<HandClock>) -> Vault {
    let config = VaultConfig { dir: dir.to_owned(), keys_dir: None, genesis: genesis() };
    Vault::open(config, Arc::clone(clock) as _, seeded()).unwrap()
}

pub fn submission(filed: Filed, now: Timestamp) -> Submission {
    Submission {
        organisation: OrganisationId::from_bytes([filed.firm; 16]),
        sector: filed.sector.map(str::to_owned),
        region: filed.region,
        received_at: now,
        named: Some(format!("Firm {}", filed.firm)),
        own: filed.own,
        outside: filed.outside,
        contact: None,
        report: ReportContent {
            happened_at: None,
            warn: filed.warn,
            know: filed.know,
            marking: filed.marking,
            attack: filed.attack,
            severity: Severity::High,
            ongoing: true,
            title: "secret title".into(),
            narrative: "secret words".into(),
            techniques: filed.techniques,
            tags: vec![filed.tag],
            items: filed.values,
        },
    }
}

pub fn advisory(text: &str, tlp: Tlp, campaign: Option<CampaignId>) -> Body {
    Body::Advisory(vault::AdvisoryEntry {
        id: model::AdvisoryId::from_bytes([text.len() as u8; 16]),
        title: text.into(),
        summary: "summary".into(),
        actions: vec!["act".into()],
        severity: Severity::High,
        marking: Marking { tlp, pap: Pap::Green },
        campaign,
        author: PersonId::from_bytes([9; 16]),
    })
}
