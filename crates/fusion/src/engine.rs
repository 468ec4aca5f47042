//! The engine: value → observation posting lists, campaigns as growing clusters, every link with its reason.

use std::collections::{BTreeSet, HashMap};

use model::{CampaignId, CaseId, MemberToken, Observable, ObservableKey, Region, Timestamp};

use crate::campaign::{Brief, Campaign};
use crate::cluster::Cluster;
use crate::keys::KeyMap;
use crate::noise::NoiseVerdict;
use crate::posting::{Cases, Pivot, Posting, Standing};
use crate::rules;
use crate::score;
use crate::{Changes, Config, Event, Finding, Observation, Reason};

/// Reasons that are kept for one case.
const REASONS_PER_CASE_MAX: usize = 32;
/// Stands for "no cluster yet": the case is alone.
pub(crate) const ALONE: u32 = u32::MAX;
/// Stands for "not known".
const NO_SECTOR: u16 = u16::MAX;

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: CaseId,
    pub(crate) at: Timestamp,
    pub(crate) window: u32,
    pub(crate) token: u32,
    pub(crate) cluster: u32,
    pub(crate) values: u32,
    pub(crate) sector: u16,
    pub(crate) region: Option<Region>,
    pub(crate) counts: bool,
    pub(crate) of_member: bool,
}

/// One run of fusion; see the crate's documentation.
pub struct Fusion {
    pub(crate) config: Config,
    pub(crate) cases: Vec<Case>,
    by_id: HashMap<CaseId, u32>,
    tokens: HashMap<MemberToken, u32>,
    pub(crate) sectors: Vec<String>,
    pub(crate) postings: KeyMap<Posting>,
    /// By the key of what a value pivots on (a URL's host).
    pub(crate) pivots: KeyMap<Pivot>,
    pub(crate) clusters: Vec<Option<Cluster>>,
    free: Vec<u32>,
    reasons: HashMap<u32, Vec<(Timestamp, Reason)>>,
    /// Values that link nothing, in the order in which that was found.
    pub(crate) common: Vec<(ObservableKey, String)>,
    /// Values that reached the limit of members and link until it is decided.
    pub(crate) crowded: BTreeSet<ObservableKey>,
    /// Counts the lists of everyday values that were in use.
    pub(crate) lists: u16,
    changed: BTreeSet<u32>,
    merged: Vec<(CampaignId, CampaignId)>,
}

impl Fusion {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            cases: Vec::new(),
            by_id: HashMap::new(),
            tokens: HashMap::new(),
            sectors: Vec::new(),
            postings: KeyMap::default(),
            pivots: KeyMap::default(),
            clusters: Vec::new(),
            free: Vec::new(),
            reasons: HashMap::new(),
            common: Vec::new(),
            crowded: BTreeSet::new(),
            lists: 0,
            changed: BTreeSet::new(),
            merged: Vec::new(),
        }
    }

    /// Takes in one report, or further values of a known one, and tells what follows.
    ///
    /// Work is bounded: one look-up a value and rule, and each case moves to a larger cluster at most log₂(n) times.
    pub fn step(&mut self, event: &Event<'_>, findings: &mut Vec<Finding>) {
        let (case, fresh) = self.case(event);
        let mut joined: Option<(CampaignId, Vec<Reason>)> = None;
        for observation in event.observations {
            self.observe(case, fresh, event.at, observation, &mut joined, findings);
        }
        if let Some((_, reasons)) = joined {
            // The campaign may have been merged by a later value of the same report: its present id is told.
            findings.push(Finding::Joined { campaign: self.id_of(case), case: event.case, reasons });
        } else if fresh {
            findings.push(Finding::CampaignFormed {
                campaign: CampaignId::from_bytes(*event.case.as_bytes()),
                case: event.case,
            });
        }
        self.changed.insert(self.oldest_of(case));
    }

    fn case(&mut self, event: &Event<'_>) -> (u32, bool) {
        if let Some(&known) = self.by_id.get(&event.case) {
            return (known, false);
        }
        let next_token = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        let token = *self.tokens.entry(event.token).or_insert(next_token);
        let sector = event.sector.map_or(NO_SECTOR, |name| {
            let index = self.sectors.iter().position(|known| known == name).unwrap_or_else(|| {
                self.sectors.push(name.to_owned());
                self.sectors.len() - 1
            });
            u16::try_from(index).unwrap_or(NO_SECTOR)
        });
        let index = u32::try_from(self.cases.len()).unwrap_or(ALONE);
        self.cases.push(Case {
            id: event.case,
            at: event.at,
            window: event.window,
            token,
            cluster: ALONE,
            values: 0,
            sector,
            region: event.region,
            counts: event.counts,
            of_member: event.of_member,
        });
        self.by_id.insert(event.case, index);
        (index, true)
    }

    fn observe(
        &mut self,
        case: u32,
        fresh: bool,
        at: Timestamp,
        observation: &Observation<'_>,
        joined: &mut Option<(CampaignId, Vec<Reason>)>,
        findings: &mut Vec<Finding>,
    ) {
        let Observation { key, observable } = *observation;
        let mut links: Vec<(u32, &'static str)> = Vec::new();
        if let Some(posting) = self.postings.get_mut(&key) {
            if posting.cases.all().last() == Some(&case) || posting.cases.all().contains(&case) {
                return;
            }
            posting.seen = posting.seen.saturating_add(1);
            posting.last_seen = posting.last_seen.max(at);
            let first = posting.cases.first();
            posting.cases.push(case, &self.cases);
            if posting.lists != self.lists {
                posting.lists = self.lists;
                match (self.config.noise.verdict_of(observable), posting.standing) {
                    (None, Standing::Noise) => posting.standing = Standing::Links,
                    (Some(NoiseVerdict { why, .. }), Standing::Links | Standing::OverCommon) => {
                        posting.standing = Standing::Noise;
                        self.common.push((key, why.clone()));
                        findings.push(Finding::OverCommon { key, why });
                    }
                    (None, _) | (Some(_), Standing::Noise) => {}
                }
            }
            if posting.standing == Standing::Links {
                links.push((first, rules::SAME_VALUE));
            }
        } else {
            let verdict = self.config.noise.verdict_of(observable);
            let standing = if verdict.is_some() { Standing::Noise } else { Standing::Links };
            let (cases, kind, lists) = (Cases::One(case), observable.kind(), self.lists);
            self.postings.insert(key, Posting { cases, last_seen: at, seen: 1, kind, standing, lists });
            if let Some(NoiseVerdict { why, .. }) = verdict {
                self.common.push((key, why.clone()));
                findings.push(Finding::OverCommon { key, why });
            } else {
                self.count_value(case);
            }
        }
        self.note_crowd(key);
        self.pivot(case, key, observable, &mut links);
        for (other, rule) in links {
            let Some(id) = self.cases.get(other as usize).map(|other| other.id) else { continue };
            let reason = Reason { rule, key, other: id };
            let kept = self.reasons.entry(case).or_default();
            if kept.len() < REASONS_PER_CASE_MAX {
                kept.push((at, reason));
            }
            self.link(case, other, reason, fresh, joined, findings);
        }
    }

    /// Cases that other rules link to: a URL to its host and to other URLs there, a domain to URLs on it.
    fn pivot(&mut self, case: u32, key: ObservableKey, observable: &Observable, links: &mut Vec<(u32, &'static str)>) {
        if let Some(pivot) = self.pivots.get(&key)
            && pivot.first != case
            && !pivot.over_common
            && self.postings.get(&key).is_some_and(|posting| posting.standing == Standing::Links)
        {
            links.push((pivot.first, rules::URL_HOST));
        }
        for rule in rules::ALL {
            let Some(target) = (rule.pivot)(observable) else { continue };
            if self.config.noise.verdict_of(&target).is_some() {
                continue;
            }
            let target_key = target.key(self.config.key_seed);
            let pivot = self.pivots.entry(target_key).or_insert_with(|| Pivot::of(case));
            pivot.add(case, &self.cases);
            let posting = self.postings.get(&target_key);
            // The lists in use were asked just now; the posting's own standing may be that of earlier ones.
            if !pivot.over_common && posting.is_none_or(|posting| posting.standing != Standing::OverCommon) {
                let firsts = [posting.map(|posting| posting.cases.first()), Some(pivot.first)];
                links.extend(
                    firsts.into_iter().flatten().filter(|first| *first != case).map(|first| (first, rule.name)),
                );
            }
            self.note_crowd(target_key);
        }
    }

    fn count_value(&mut self, case: u32) {
        let Some(held) = self.cases.get_mut(case as usize) else { return };
        held.values = held.values.saturating_add(1);
        let cluster = held.cluster;
        if let Some(cluster) = self.cluster_mut(cluster) {
            cluster.values = cluster.values.saturating_add(1);
        }
    }

    /// A value that a case brought is held by nobody any more.
    pub(crate) fn uncount_value(&mut self, case: u32) {
        let Some(held) = self.cases.get_mut(case as usize) else { return };
        held.values = held.values.saturating_sub(1);
        let cluster = held.cluster;
        if let Some(cluster) = self.cluster_mut(cluster) {
            cluster.values = cluster.values.saturating_sub(1);
        }
    }

    pub(crate) fn index_of(&self, case: CaseId) -> Option<u32> {
        self.by_id.get(&case).copied()
    }

    pub(crate) fn token_index(&self, token: MemberToken) -> Option<u32> {
        self.tokens.get(&token).copied()
    }

    fn cluster(&self, index: u32) -> Option<&Cluster> {
        self.clusters.get(index as usize).and_then(Option::as_ref)
    }

    fn cluster_mut(&mut self, index: u32) -> Option<&mut Cluster> {
        self.clusters.get_mut(index as usize).and_then(Option::as_mut)
    }

    /// Index of the oldest case of the campaign that a case is in.
    pub(crate) fn oldest_of(&self, case: u32) -> u32 {
        self.cases.get(case as usize).and_then(|held| self.cluster(held.cluster)).map_or(case, |cluster| cluster.oldest)
    }

    fn id_of(&self, case: u32) -> CampaignId {
        let oldest = self.oldest_of(case);
        self.cases
            .get(oldest as usize)
            .map_or(CampaignId::from_bytes([0; 16]), |oldest| CampaignId::from_bytes(*oldest.id.as_bytes()))
    }

    fn link(
        &mut self,
        case: u32,
        other: u32,
        reason: Reason,
        fresh: bool,
        joined: &mut Option<(CampaignId, Vec<Reason>)>,
        findings: &mut Vec<Finding>,
    ) {
        let (mine, theirs) = (self.oldest_of(case), self.oldest_of(other));
        if mine == theirs {
            if let Some((_, reasons)) = joined {
                reasons.push(reason);
            }
            return;
        }
        let (mine_id, theirs_id) = (self.id_of(case), self.id_of(other));
        let first_link = fresh && joined.is_none();
        self.unite(case, other, !first_link);
        if first_link {
            *joined = Some((theirs_id, vec![reason]));
        } else {
            let (kept, alias) = if mine < theirs { (mine_id, theirs_id) } else { (theirs_id, mine_id) };
            self.merged.push((kept, alias));
            findings.push(Finding::Merged { kept, alias, reasons: vec![reason] });
            if let Some((_, reasons)) = joined {
                reasons.push(reason);
            }
        }
    }

    /// Makes the cluster of a lone case.
    fn settle(&mut self, case: u32) -> u32 {
        let Some(held) = self.cases.get(case as usize) else { return ALONE };
        if held.cluster != ALONE {
            return held.cluster;
        }
        let cluster = Cluster::of(case, held);
        let index = if let Some(index) = self.free.pop() {
            index
        } else {
            self.clusters.push(None);
            u32::try_from(self.clusters.len() - 1).unwrap_or(ALONE)
        };
        if let Some(slot) = self.clusters.get_mut(index as usize) {
            *slot = Some(cluster);
        }
        if let Some(held) = self.cases.get_mut(case as usize) {
            held.cluster = index;
        }
        index
    }

    /// Unites two campaigns; with `alias` the younger id stays known as an alias.
    fn unite(&mut self, a: u32, b: u32, alias: bool) {
        let (a, b) = (self.settle(a), self.settle(b));
        let size = |engine: &Self, index| engine.cluster(index).map_or(0, |cluster| cluster.cases.len());
        let (large, small) = if size(self, a) >= size(self, b) { (a, b) } else { (b, a) };
        let Some(gone) = self.clusters.get_mut(small as usize).and_then(Option::take) else { return };
        self.free.push(small);
        self.changed.remove(&gone.oldest);
        for case in &gone.cases {
            if let Some(held) = self.cases.get_mut(*case as usize) {
                held.cluster = large;
            }
        }
        let younger = self.cluster(large).map(|kept| kept.oldest.max(gone.oldest));
        let younger = younger
            .and_then(|case| self.cases.get(case as usize))
            .map(|case| CampaignId::from_bytes(*case.id.as_bytes()));
        let older_first = self.cluster(large).map(|kept| kept.oldest);
        if let Some(kept) = self.cluster_mut(large) {
            kept.absorb(gone);
            if alias {
                kept.aliases.extend(younger);
            }
        }
        if let Some(before) = older_first {
            self.changed.remove(&before);
        }
        if let Some(now) = self.cluster(large).map(|kept| kept.oldest) {
            self.changed.insert(now);
        }
    }

    /// What changed since the last call.
    pub fn take_changes(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.changed);
        let mut campaigns: Vec<CampaignId> = changed.into_iter().map(|case| self.id_of(case)).collect();
        campaigns.sort_unstable();
        campaigns.dedup();
        Changes { campaigns, merged: std::mem::take(&mut self.merged) }
    }

    /// The campaign of an id, be it a present one, an alias, or that of any case in it.
    #[must_use]
    pub fn campaign(&self, id: CampaignId) -> Option<Campaign> {
        let case = *self.by_id.get(&CaseId::from_bytes(*id.as_bytes()))?;
        let held = self.cases.get(case as usize)?;
        let alone;
        let cluster = if let Some(cluster) = self.cluster(held.cluster) {
            cluster
        } else {
            alone = Cluster::of(case, held);
            &alone
        };
        Some(cluster.view(self))
    }

    fn with_cluster<T>(&self, id: CampaignId, ask: impl FnOnce(&Cluster) -> T) -> Option<T> {
        let case = *self.by_id.get(&CaseId::from_bytes(*id.as_bytes()))?;
        let held = self.cases.get(case as usize)?;
        Some(match self.cluster(held.cluster) {
            Some(cluster) => ask(cluster),
            None => ask(&Cluster::of(case, held)),
        })
    }

    /// The figures of a campaign, as [`Fusion::campaign`] finds it but without copying its cases.
    #[must_use]
    pub fn brief(&self, id: CampaignId) -> Option<Brief> {
        self.with_cluster(id, |cluster| cluster.brief(self.id_of(cluster.oldest)))
    }

    /// First case in each sector of a campaign, in the order in which sectors were hit.
    #[must_use]
    pub fn first_by_sector(&self, id: CampaignId) -> Vec<(&str, Timestamp)> {
        self.with_cluster(id, |cluster| cluster.first_by_sector(self)).unwrap_or_default()
    }

    /// The campaign that a case is in.
    #[must_use]
    pub fn campaign_of(&self, case: CaseId) -> Option<CampaignId> {
        self.by_id.get(&case).map(|&case| self.id_of(case))
    }

    /// Distinct counting members of a campaign, in the largest token window.
    #[must_use]
    pub fn distinct_members_of_campaign(&self, id: CampaignId) -> u32 {
        let Some(&case) = self.by_id.get(&CaseId::from_bytes(*id.as_bytes())) else { return 0 };
        let Some(held) = self.cases.get(case as usize) else { return 0 };
        self.cluster(held.cluster).map_or(u32::from(held.counts), |cluster| cluster.members.count())
    }

    /// Cases that hold a value, in the order in which they came (at most 256).
    #[must_use]
    pub fn who_else(&self, key: ObservableKey) -> Vec<CaseId> {
        let cases = self.postings.get(&key).map_or(&[][..], |posting| posting.cases.all());
        cases.iter().filter_map(|case| self.cases.get(*case as usize)).map(|case| case.id).collect()
    }

    /// In how many cases a value was.
    #[must_use]
    pub fn seen(&self, key: ObservableKey) -> u32 {
        self.postings.get(&key).map_or(0, |posting| posting.seen)
    }

    /// Distinct counting members that hold a value, in the largest token window.
    #[must_use]
    pub fn distinct_members(&self, key: ObservableKey) -> u32 {
        self.postings.get(&key).map_or(0, |posting| posting.cases.members(&self.cases))
    }

    /// Present score of a value, from 0 to 1; 0 if it was never seen.
    #[must_use]
    pub fn score(&self, key: ObservableKey, now: Timestamp) -> f32 {
        self.postings
            .get(&key)
            .filter(|posting| posting.standing == Standing::Links)
            .map_or(0.0, |posting| score::score(posting.kind, self.distinct_members(key), posting.last_seen, now))
    }

    /// The reasons why a case is where it is, oldest first.
    #[must_use]
    pub fn explain(&self, case: CaseId) -> &[(Timestamp, Reason)] {
        self.by_id.get(&case).and_then(|case| self.reasons.get(case)).map_or(&[], Vec::as_slice)
    }

    /// Number of cases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether nothing was seen yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }
}
