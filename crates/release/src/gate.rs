//! The gate's state and what each entry does to it: nothing becomes visible here, it only becomes due.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use fusion::{Event, Finding, Fusion, Networks, NoiseLists, Observation};
use model::{
    AdvisoryId, AttackKind, CampaignId, CaseId, GroupId, Marking, MemberToken, Observable, ObservableKey, Region,
    Timestamp, WhoMayBeWarned,
};
use policy::planted::{self, Leak};
use policy::rho::{self, Release, When};
use policy::{Answer, Params};
use vault::{AdvisoryEntry, Body, DataSet, Entry, Keys, Population, ReportEntry, Vault};

use crate::advice::Told;
use crate::back::Amended;
use crate::campaign::Campaign;
use crate::engine::EngineConfig;
use crate::error::ReleaseError;
use crate::everyday::Everyday;
use crate::findings;
use crate::hold::Held;
use crate::identity::Unplaced;
use crate::keys::KeyMap;
use crate::leaks::Leaks;
use crate::queue::{Dirty, Queued};
use crate::sets::{self, NETWORK_SET, NOISE_SET, RULE_SET};
use crate::shared::{Circles, SharedPart};
use crate::value::{OPEN, REPOINT};

/// What of a report is needed when its values are opened.
#[derive(Clone)]
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
    /// Hash of all that its report shows, but for its case and its time: equal for a repeat.
    pub(crate) likeness: u64,
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
    /// The lists of both, for whoever answers members.
    pub(crate) everyday: Everyday,
    pub(crate) values: KeyMap<Value>,
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) campaign_places: HashMap<CampaignId, u32>,
    /// The same by the id that members have.
    pub(crate) public_places: HashMap<[u8; 16], u32>,
    /// Campaigns that members were shown values in that are in none by what is left of the journal, by those values.
    pub(crate) orphans: KeyMap<[u8; 16]>,
    /// Those of them that opened at the tick that is being made.
    pub(crate) adopted: Vec<u64>,
    /// What members were shown of campaigns that are none by what is left of the journal.
    pub(crate) unplaced: HashMap<[u8; 16], Unplaced>,
    /// Campaigns with enough members for a band.
    pub(crate) broad: BTreeSet<u32>,
    pub(crate) tokens: HashMap<MemberToken, u32>,
    /// Firms that wished to be named, by value.
    pub(crate) names: KeyMap<BTreeMap<String, u32>>,
    /// Text of values that were opened and not yet shown.
    pub(crate) texts: KeyMap<Observable>,
    /// Values that wait for three members.
    pub(crate) held: KeyMap<Vec<Held>>,
    /// When what is held for a value may be dropped, had it not opened by then.
    pub(crate) held_ends: BTreeMap<Timestamp, BTreeSet<u64>>,
    /// Texts of the cell that members have and that name a campaign.
    pub(crate) told_of: BTreeMap<AdvisoryId, Told>,
    pub(crate) pending: BTreeMap<Timestamp, Vec<Part>>,
    pub(crate) holds_due: BTreeMap<Timestamp, BTreeSet<u64>>,
    pub(crate) blocks_due: BTreeMap<Timestamp, BTreeSet<u64>>,
    pub(crate) common_due: BTreeMap<Timestamp, BTreeSet<u64>>,
    pub(crate) renewals_due: BTreeMap<Timestamp, BTreeSet<u64>>,
    pub(crate) aggregates_due: BTreeMap<Timestamp, BTreeSet<u32>>,
    pub(crate) texts_due: BTreeMap<Timestamp, Vec<Text>>,
    /// What analysts said that members' campaigns do not follow yet.
    pub(crate) words_due: BTreeMap<Timestamp, Vec<fusion::Word>>,
    /// What reporters changed.
    pub(crate) amended: Amended,
    /// Cases of which something was released, by the epoch at which their reporters are told.
    pub(crate) outcomes_due: BTreeMap<Timestamp, Vec<CaseId>>,
    /// What is for sharing groups.
    pub(crate) circles: Circles,
    pub(crate) population: Population,
    over_common_least: u32,
    /// Rules that the journal says are in use, and those of this build.
    pub(crate) rules: Option<[u8; 32]>,
    own_rules: [u8; 32],
    /// Reports that came under other rules than this build's.
    pub(crate) other_rules: u64,
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
    pub(crate) hasher: RandomState,
    pub(crate) leaks: Leaks,
}

pub(crate) use crate::value::Value;

impl Gate {
    pub(crate) fn new(vault: Arc<Vault>, config: &EngineConfig) -> Self {
        let genesis = vault.genesis().clone();
        let over_common_least = config.over_common_members;
        let mut fused = fusion::Config::new(genesis.exercise, vault.key_seed());
        fused.weights = config.weights;
        Self {
            partnership: genesis.partnership,
            exercise: genesis.exercise,
            params: genesis.params,
            everyday: Everyday::of(Arc::clone(&fused.noise)),
            all: Fusion::new(fused.clone()),
            community: Fusion::new(fusion::Config { waves: planted::is_on(Leak::WaveShown), ..fused }),
            vault,
            values: KeyMap::default(),
            campaigns: Vec::new(),
            campaign_places: HashMap::new(),
            public_places: HashMap::new(),
            orphans: KeyMap::default(),
            adopted: Vec::new(),
            unplaced: HashMap::new(),
            broad: BTreeSet::new(),
            tokens: HashMap::new(),
            names: KeyMap::default(),
            texts: KeyMap::default(),
            held: KeyMap::default(),
            held_ends: BTreeMap::new(),
            told_of: BTreeMap::new(),
            pending: BTreeMap::new(),
            holds_due: BTreeMap::new(),
            blocks_due: BTreeMap::new(),
            common_due: BTreeMap::new(),
            renewals_due: BTreeMap::new(),
            aggregates_due: BTreeMap::new(),
            texts_due: BTreeMap::new(),
            words_due: BTreeMap::new(),
            amended: Amended::default(),
            outcomes_due: BTreeMap::new(),
            circles: Circles::default(),
            population: Population { members: 0, sectors: Vec::new(), regions: Vec::new() },
            over_common_least,
            rules: None,
            own_rules: sets::own_rules(),
            other_rules: 0,
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
    pub(crate) fn counts_at(&mut self, at: Timestamp) -> Timestamp {
        self.now = self.now.max(at).max(self.last_tick);
        self.now
    }

    /// Takes in an entry that somebody sent, and tells what the run over all items found.
    pub(crate) fn take(&mut self, entry: &Entry) -> Result<Vec<Finding>, ReleaseError> {
        match &entry.body {
            Body::Report(report) => return Ok(self.report(entry.at, report)),
            Body::Amend(amend) => self.amend(entry.at, amend)?,
            Body::Word(word) => return Ok(self.say(entry.at, word)),
            Body::Aged(aged) => self.aged(aged)?,
            Body::DataSet(set) if set.name == NOISE_SET => self.use_noise(set)?,
            Body::DataSet(set) if set.name == NETWORK_SET => self.use_networks(set)?,
            Body::RuleSet(set) if set.name == RULE_SET => self.rules = Some(set.sha256),
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

    /// Both runs and look-ups use the lists of everyday values from this entry on, in life as in replay.
    fn use_noise(&mut self, set: &DataSet) -> Result<(), ReleaseError> {
        let exercise = self.exercise;
        let lists = Arc::new(self.read_set(set, |text| NoiseLists::with_set(exercise, text))?);
        self.all.use_noise(Arc::clone(&lists));
        self.community.use_noise(Arc::clone(&lists));
        self.everyday.put(lists);
        // What members have is looked at again, a piece at a tick: a value that is listed now leaves the feeds.
        let mut keys: Vec<u64> = self.values.iter().filter(|(_, value)| value.is(OPEN)).map(|(key, _)| *key).collect();
        keys.sort_unstable();
        for key in keys {
            if let Some(value) = self.values.get_mut(&key).filter(|value| !value.is(REPOINT)) {
                value.set(REPOINT);
                self.repoint.push_back(key);
            }
        }
        self.circles.again();
        Ok(())
    }

    /// Both runs know operators by this table from this entry on. What is linked, and shown, stays.
    fn use_networks(&mut self, set: &DataSet) -> Result<(), ReleaseError> {
        let networks = Arc::new(self.read_set(set, Networks::with_set)?);
        self.all.use_networks(Arc::clone(&networks));
        self.community.use_networks(networks);
        Ok(())
    }

    fn read_set<T>(&self, set: &DataSet, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, ReleaseError> {
        let bytes = self.vault.get_blob(set)?;
        std::str::from_utf8(&bytes)
            .map_err(|error| error.to_string())
            .and_then(read)
            .map_err(|why| ReleaseError::DataSet { name: set.name.clone(), version: set.version.clone(), why })
    }

    fn populate(&mut self, at: Timestamp, population: &Population) {
        let at = self.counts_at(at);
        let due = rho::epoch_after(at, &self.params);
        self.population = population.clone();
        let many = rho::over_common_members(population.members, self.over_common_least, &self.params);
        self.all.set_over_common(many.unwrap_or(u32::MAX));
        self.community.set_over_common(many.unwrap_or(u32::MAX));
        let held: Vec<u64> = self.held.keys().copied().collect();
        for key in held {
            self.hold(at, key);
        }
        if !self.broad.is_empty() {
            self.aggregates_due.entry(due).or_default().extend(&self.broad);
        }
    }

    /// Whether reports that come now are correlated by the rules that the journal says are in use.
    pub(crate) fn has_own_rules(&self) -> bool {
        self.rules.is_none_or(|rules| rules == self.own_rules)
    }

    fn report(&mut self, at: Timestamp, report: &ReportEntry) -> Vec<Finding> {
        let at = self.counts_at(at);
        if !self.has_own_rules() {
            self.other_rules += 1;
        }
        let (keys, window, counts) = self.facts_to_count(report);
        let found = self.correlate(at, report);
        self.findings.extend(found.iter().map(findings::json));
        self.schedule(at, report, &keys, window, counts);
        self.leak_report(at, report, &keys);
        found
    }

    /// Keys of a report's values, the token window that it came in, and whether its member counts.
    pub(crate) fn facts_to_count(&self, report: &ReportEntry) -> (Vec<ObservableKey>, u32, bool) {
        let seed = self.vault.key_seed();
        let keys = report.items.iter().map(|item| item.sighting.observable.key(seed)).collect();
        let counts = rho::counts_for_breadth(report.know, !report.is_members())
            || planted::is_on(Leak::NamedCounts) && report.is_members();
        (keys, Keys::window(report.received_at), counts)
    }

    /// Lets the run over everything take a report's values in.
    pub(crate) fn correlate(&mut self, at: Timestamp, report: &ReportEntry) -> Vec<Finding> {
        let (keys, window, counts) = self.facts_to_count(report);
        let observations: Vec<Observation<'_>> = keys
            .iter()
            .zip(&report.items)
            .map(|(key, item)| Observation { key: *key, observable: &item.sighting.observable })
            .collect();
        let techniques: Vec<&str> = report.techniques.iter().map(|technique| technique.as_str()).collect();
        let tags: Vec<&str> = report.tags.iter().map(String::as_str).collect();
        let event = Event {
            at,
            case: report.case,
            token: report.token,
            window,
            sector: report.sector.as_deref(),
            region: report.region,
            counts,
            of_member: report.is_members(),
            observations: &observations,
            techniques: &techniques,
            tags: &tags,
        };
        let mut found = Vec::new();
        self.all.step(&event, &mut found);
        // The cell sees exact counts, so its own run need not wait for an epoch.
        for key in self.all.take_crowded() {
            found.extend(self.all.stop_linking(key));
        }
        found
    }

    /// Puts each value where ρ says: due at a tick or an epoch, held until three have it, or nowhere.
    pub(crate) fn schedule(
        &mut self,
        at: Timestamp,
        report: &ReportEntry,
        keys: &[ObservableKey],
        window: u32,
        counts: bool,
    ) {
        let for_group = matches!(report.warn, WhoMayBeWarned::Group { .. });
        let warn = if for_group && planted::is_on(Leak::GroupItemToAll) { WhoMayBeWarned::Now } else { report.warn };
        let answer = |held| Answer { warn, know: report.know, marking: report.marking, held };
        let (when, community) = match rho::release(&answer(false)) {
            Release::Members { when, community } => (when, community),
            Release::Group { group, as_of } => {
                self.schedule_shared(at, report, keys, (group, as_of));
                self.leak_group(at, report, keys, window, counts);
                self.leak_hidden(at, report, keys, window, |_| true);
                return;
            }
            Release::Never => {
                self.leak_hidden(at, report, keys, window, |_| true);
                return;
            }
        };
        let community = community || planted::is_on(Leak::StrictEnters);
        let next = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        let token_place = *self.tokens.entry(report.token).or_insert(next);
        let mut facts = facts_of(at, report, token_place, window, counts, community);
        let released = keys.iter().zip(&report.items).filter(|(_, item)| item.held.is_none()).map(|(key, _)| key.0);
        facts.likeness = self.likeness(&facts, released.collect());
        let facts = Arc::new(facts);
        let mut items = Vec::with_capacity(keys.len());
        for (key, item) in keys.iter().zip(&report.items) {
            if rho::release(&answer(item.held.is_some())) == Release::Never {
                continue;
            }
            let value = self.values.entry(key.0).or_default();
            if rho::counts_for_hold(community, !report.is_members()) {
                value.havers.has(token_place, window, self.params.hold_members);
            }
            if when == When::OnceThreeHaveIt {
                self.keep_held(key.0, &item.sighting.observable, &facts);
            } else {
                items.push((key.0, item.sighting.observable.clone()));
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

    /// Puts what is for a group where it waits for the next tick; what the scrub holds stays with the cell.
    fn schedule_shared(
        &mut self,
        at: Timestamp,
        report: &ReportEntry,
        keys: &[ObservableKey],
        (group, as_of): (GroupId, Timestamp),
    ) {
        let facts = Arc::new(facts_of(at, report, 0, Keys::window(report.received_at), false, false));
        let open = keys.iter().zip(&report.items).filter(|(_, item)| item.held.is_none());
        let items: Vec<_> = open.map(|(key, item)| (key.0, item.sighting.observable.clone())).collect();
        if !items.is_empty() {
            let due = rho::tick_after(at, &self.params);
            self.circles.wait(due, SharedPart { group, as_of, facts, items });
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
            .map(|(key, item)| (key.0, item.sighting.observable.clone()))
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

pub(crate) fn facts_of(
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
        own: !report.is_members(),
        community,
        marking: report.marking,
        attack: report.attack,
        techniques: report.techniques.iter().map(|technique| technique.as_str().to_owned()).collect(),
        named: rho::public_name(report.know, report.named.as_deref()).map(str::to_owned),
        at,
        likeness: 0,
    }
}
