//! The gate's state and what each entry does to it: nothing becomes visible here, it only becomes due.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use fusion::{Event, Finding, Fusion, NoiseLists, Observation};
use model::{AttackKind, CampaignId, CaseId, Marking, MemberToken, Observable, ObservableKey, Region, Timestamp};
use policy::planted::{self, Leak};
use policy::rho::{self, Release, When};
use policy::{Answer, Params};
use vault::{AdvisoryEntry, Body, DataSet, Entry, Keys, Population, ReportEntry, Vault};

use crate::campaign::Campaign;
use crate::error::ReleaseError;
use crate::findings;
use crate::keys::KeyMap;
use crate::leaks::Leaks;
use crate::queue::{Dirty, Queued};
use crate::sets::NOISE_SET;

/// What of a report is needed when its values are opened.
pub(crate) struct Facts {
    pub(crate) case: CaseId,
    pub(crate) token: MemberToken,
    pub(crate) token_place: u32,
    pub(crate) window: u32,
    pub(crate) sector: Option<String>,
    pub(crate) region: Option<Region>,
    pub(crate) counts: bool,
    pub(crate) own: bool,
    pub(crate) community: bool,
    pub(crate) marking: Marking,
    pub(crate) attack: AttackKind,
    pub(crate) techniques: Vec<String>,
    pub(crate) named: Option<String>,
    pub(crate) at: Timestamp,
}

/// Values of one report that become due together.
pub(crate) struct Part {
    pub(crate) facts: Arc<Facts>,
    pub(crate) items: Vec<(u64, Observable)>,
    /// False only for a planted leak: the values enter the community run without being open.
    pub(crate) open: bool,
}

/// Something of the cell's own that becomes due.
pub(crate) enum Text {
    Advisory(Box<AdvisoryEntry>),
    Posture { word: &'static str, text: String },
}

/// See the module.
pub(crate) struct Gate {
    pub(crate) vault: Arc<Vault>,
    pub(crate) partnership: String,
    pub(crate) exercise: bool,
    pub(crate) params: Params,
    pub(crate) all: Fusion,
    pub(crate) community: Fusion,
    pub(crate) values: KeyMap<Value>,
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) campaign_places: HashMap<CampaignId, u32>,
    /// Campaigns with enough members for a band.
    pub(crate) broad: BTreeSet<u32>,
    pub(crate) tokens: HashMap<MemberToken, u32>,
    /// Firms that wished to be named, by value.
    pub(crate) names: KeyMap<BTreeSet<String>>,
    /// Text of values that were opened and not yet shown.
    pub(crate) texts: KeyMap<Observable>,
    /// Values that wait for three members.
    pub(crate) held: KeyMap<Vec<(Arc<Facts>, Observable)>>,
    pub(crate) pending: BTreeMap<Timestamp, Vec<Part>>,
    pub(crate) holds_due: BTreeMap<Timestamp, BTreeSet<u64>>,
    pub(crate) blocks_due: BTreeMap<Timestamp, BTreeSet<u64>>,
    pub(crate) common_due: BTreeMap<Timestamp, BTreeSet<u64>>,
    pub(crate) renewals_due: BTreeMap<Timestamp, BTreeSet<u64>>,
    pub(crate) aggregates_due: BTreeMap<Timestamp, BTreeSet<u32>>,
    pub(crate) texts_due: BTreeMap<Timestamp, Vec<Text>>,
    pub(crate) population: Population,
    /// Objects that changed at the tick that is being made, in the order in which that was found.
    pub(crate) fresh: Vec<Dirty>,
    pub(crate) queue: VecDeque<Queued>,
    /// Values whose campaign was merged into another.
    pub(crate) repoint: VecDeque<u64>,
    pub(crate) findings: Vec<String>,
    pub(crate) community_findings: Vec<String>,
    /// How many of the findings belong to the tick that is being made; later entries add to them.
    pub(crate) told: usize,
    /// Latest time of any entry: time never goes back here.
    now: Timestamp,
    pub(crate) last_tick: Timestamp,
    hasher: RandomState,
    pub(crate) leaks: Leaks,
}

pub(crate) use crate::value::Value;

impl Gate {
    pub(crate) fn new(vault: Arc<Vault>, config: fusion::Config) -> Self {
        let genesis = vault.genesis().clone();
        Self {
            partnership: genesis.partnership,
            exercise: genesis.exercise,
            params: genesis.params,
            all: Fusion::new(config.clone()),
            community: Fusion::new(config),
            vault,
            values: KeyMap::default(),
            campaigns: Vec::new(),
            campaign_places: HashMap::new(),
            broad: BTreeSet::new(),
            tokens: HashMap::new(),
            names: KeyMap::default(),
            texts: KeyMap::default(),
            held: KeyMap::default(),
            pending: BTreeMap::new(),
            holds_due: BTreeMap::new(),
            blocks_due: BTreeMap::new(),
            common_due: BTreeMap::new(),
            renewals_due: BTreeMap::new(),
            aggregates_due: BTreeMap::new(),
            texts_due: BTreeMap::new(),
            population: Population { members: 0, sectors: Vec::new(), regions: Vec::new() },
            fresh: Vec::new(),
            queue: VecDeque::new(),
            repoint: VecDeque::new(),
            findings: Vec::new(),
            community_findings: Vec::new(),
            told: 0,
            now: Timestamp::from_millis(i64::MIN),
            last_tick: Timestamp::from_millis(i64::MIN),
            hasher: RandomState::new(),
            leaks: Leaks::default(),
        }
    }

    /// Hash of a body; never 0, which stands for "not shown".
    pub(crate) fn hash(&self, body: &str) -> u64 {
        self.hasher.hash_one(body) | 1
    }

    /// When an entry counts: never before an earlier one, nor before a tick that is past.
    fn counts_at(&mut self, at: Timestamp) -> Timestamp {
        self.now = self.now.max(at).max(self.last_tick);
        self.now
    }

    /// Takes in an entry that somebody sent, and tells what the run over all items found.
    pub(crate) fn take(&mut self, entry: &Entry) -> Result<Vec<Finding>, ReleaseError> {
        match &entry.body {
            Body::Report(report) => return Ok(self.report(entry.at, report)),
            Body::DataSet(set) if set.name == NOISE_SET => self.use_noise(set)?,
            Body::Population(population) => self.populate(entry.at, population),
            Body::Advisory(advisory) if rho::text_reaches_members(&advisory.marking) => {
                let due = rho::tick_after(self.counts_at(entry.at), &self.params);
                self.texts_due.entry(due).or_default().push(Text::Advisory(Box::new(advisory.clone())));
            }
            Body::Posture { word, text, .. } => {
                let due = rho::tick_after(self.counts_at(entry.at), &self.params);
                let text = Text::Posture { word: word.as_str(), text: text.clone() };
                self.texts_due.entry(due).or_default().push(text);
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    /// Both runs use the lists of everyday values from this entry on, in life as in replay.
    fn use_noise(&mut self, set: &DataSet) -> Result<(), ReleaseError> {
        let bytes = self.vault.get_blob(set)?;
        let lists = std::str::from_utf8(&bytes)
            .map_err(|error| error.to_string())
            .and_then(|text| NoiseLists::with_set(self.vault.genesis().exercise, text))
            .map_err(|why| ReleaseError::DataSet { name: set.name.clone(), version: set.version.clone(), why })?;
        self.all.use_noise(lists.clone());
        self.community.use_noise(lists);
        Ok(())
    }

    fn populate(&mut self, at: Timestamp, population: &Population) {
        let due = rho::epoch_after(self.counts_at(at), &self.params);
        self.population = population.clone();
        if !self.broad.is_empty() {
            self.aggregates_due.entry(due).or_default().extend(&self.broad);
        }
    }

    fn report(&mut self, at: Timestamp, report: &ReportEntry) -> Vec<Finding> {
        let at = self.counts_at(at);
        let seed = self.vault.key_seed();
        let keys: Vec<ObservableKey> = report.items.iter().map(|item| item.observable.key(seed)).collect();
        let window = Keys::window(report.received_at);
        let counts =
            rho::counts_for_breadth(report.know, report.own) || planted::is_on(Leak::NamedCounts) && !report.own;
        let observations: Vec<Observation<'_>> = keys
            .iter()
            .zip(&report.items)
            .map(|(key, item)| Observation { key: *key, observable: &item.observable })
            .collect();
        let mut found = Vec::new();
        let event = Event {
            at,
            case: report.case,
            token: report.token,
            window,
            sector: report.sector.as_deref(),
            region: report.region,
            counts,
            observations: &observations,
        };
        self.all.step(&event, &mut found);
        self.findings.extend(found.iter().map(findings::json));
        self.schedule(at, report, &keys, window, counts);
        self.leak_report(at, report, &keys);
        found
    }

    /// Puts each value where ρ says: due at a tick or an epoch, held until three have it, or nowhere.
    fn schedule(&mut self, at: Timestamp, report: &ReportEntry, keys: &[ObservableKey], window: u32, counts: bool) {
        let answer = |held| Answer { warn: report.warn, know: report.know, marking: report.marking, held };
        let Release::Members { when, community } = rho::release(&answer(false)) else {
            self.leak_hidden(at, report, keys, window, |_| true);
            return;
        };
        let community = community || planted::is_on(Leak::StrictEnters);
        let next = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        let token_place = *self.tokens.entry(report.token).or_insert(next);
        let facts = Arc::new(facts_of(at, report, token_place, window, counts, community));
        let mut items = Vec::with_capacity(keys.len());
        for (key, item) in keys.iter().zip(&report.items) {
            if rho::release(&answer(item.held.is_some())) == Release::Never {
                continue;
            }
            let value = self.values.entry(key.0).or_default();
            value.havers.has(token_place, window, self.params.hold_members);
            if when == When::OnceThreeHaveIt {
                self.held.entry(key.0).or_default().push((Arc::clone(&facts), item.observable.clone()));
            } else {
                items.push((key.0, item.observable.clone()));
            }
            if !self.held.is_empty() && self.held.contains_key(&key.0) {
                self.hold(at, key.0);
            }
        }
        if !items.is_empty() {
            let due = if when == When::NextEpoch {
                rho::epoch_after(at, &self.params)
            } else {
                rho::tick_after(at, &self.params)
            };
            self.pending.entry(due).or_default().push(Part { facts, items, open: true });
        }
        self.leak_hidden(at, report, keys, window, |held| held);
    }

    /// A held value opens at the next epoch if enough members have it.
    pub(crate) fn hold(&mut self, at: Timestamp, key: u64) {
        let members = self.values.get(&key).map_or(0, |value| value.havers.members());
        if rho::hold_opens(members, &self.params) {
            let due = if planted::is_on(Leak::HoldAtThird) {
                rho::tick_after(at, &self.params)
            } else {
                rho::epoch_after(at, &self.params)
            };
            self.holds_due.entry(due).or_default().insert(key);
        }
    }

    /// Planted leaks of test builds; in every other build this does nothing.
    fn leak_hidden(
        &mut self,
        at: Timestamp,
        report: &ReportEntry,
        keys: &[ObservableKey],
        window: u32,
        hidden: impl Fn(bool) -> bool,
    ) {
        self.leak_beside(at, report, keys, window, &hidden);
        if !planted::is_on(Leak::HeldMerges) && !planted::is_on(Leak::Tombstone) {
            return;
        }
        let items: Vec<(u64, Observable)> = keys
            .iter()
            .zip(&report.items)
            .filter(|(_, item)| hidden(item.held.is_some()))
            .map(|(key, item)| (key.0, item.observable.clone()))
            .collect();
        if items.is_empty() {
            return;
        }
        if planted::is_on(Leak::Tombstone) {
            for (key, observable) in &items {
                self.fresh.push(Dirty::Tombstone(self.indicator_id(observable), *key));
            }
        }
        if planted::is_on(Leak::HeldMerges) {
            let facts = Arc::new(facts_of(at, report, 0, window, false, true));
            let due = rho::tick_after(at, &self.params);
            self.pending.entry(due).or_default().push(Part { facts, items, open: false });
        }
    }

    /// The id of a value for members: a keyed hash of the value.
    pub(crate) fn indicator_id(&self, observable: &Observable) -> [u8; 16] {
        let parts: [&[u8]; 2] = [observable.kind().as_str().as_bytes(), observable.value().as_bytes()];
        self.vault.keys().release_id("indicator", &parts)
    }
}

fn facts_of(
    at: Timestamp,
    report: &ReportEntry,
    token_place: u32,
    window: u32,
    counts: bool,
    community: bool,
) -> Facts {
    Facts {
        case: report.case,
        token: report.token,
        token_place,
        window,
        sector: report.sector.clone(),
        region: report.region,
        counts,
        own: report.own,
        community,
        marking: report.marking,
        attack: report.attack,
        techniques: report.techniques.iter().map(|technique| technique.as_str().to_owned()).collect(),
        named: rho::public_name(report.know, report.named.as_deref()).map(str::to_owned),
        at,
    }
}
