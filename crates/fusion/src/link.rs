//! What a report shares with campaigns that are known, and which of them it belongs to.

use std::collections::BTreeMap;

use model::{Observable, ObservableKey, Timestamp};

use crate::engine::{ALONE, Case, DAY_MILLIS, Fusion};
use crate::noise::NoiseVerdict;
use crate::parts::Parts;
use crate::posting::{AS_FEATURE, AS_HOST, AS_OWNED, AS_VALUE, Posting, Standing};
use crate::rules::{self, ALL, Aspect, Context, OWNED, SAME_VALUE, URL_HOST};
use crate::steps::{List, spread};
use crate::weigh::{self, Counts, Sum, Weights};
use crate::{Considered, Event, Finding, Reason};

/// Values of one report that look for related ones; further ones are only found by later reports.
const VALUES_MAX: usize = 2_048;
/// Campaigns that one report may be linked to.
const LINKS_MAX: usize = 8;
/// Reports of a campaign from which on one of them may be let go: of fewer none is the stray one.
const LET_GO_OF_MIN: u32 = 3;
/// How much of the evidence must be one report's for it to be let go.
const LET_GO_SHARE: f32 = 0.6;
/// Reasons that are told of one link.
const REASONS_PER_LINK_MAX: usize = 8;
/// Reasons that are kept for one case.
const REASONS_PER_CASE_MAX: usize = 32;

/// A campaign that a report belongs to.
pub(crate) struct Found {
    /// A case of it.
    pub other: u32,
    /// Log-odds that the report belongs to it.
    pub log_odds: f32,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
}

/// One value of a report at its turn.
#[derive(Clone, Copy)]
struct Turn {
    case: u32,
    at: Timestamp,
    /// Which value of the report.
    value: u32,
    key: ObservableKey,
    kind: model::Kind,
    /// Values of the report.
    asking: u32,
}

/// One value shares one feature with one campaign.
#[derive(Clone, Copy)]
struct Hit {
    home: u32,
    value: u32,
    rule: u8,
    case: u32,
    key: ObservableKey,
    evidence: f32,
    /// Of the campaign only this case has the feature.
    single: bool,
}

/// Tells which of the hits of one campaign count, in their order: of one value the strongest rule of each aspect, and who shares the
/// value shares the rest anyway.
#[derive(Default)]
struct Counting {
    before: Option<(u32, Aspect, u8)>,
    whole: Option<u32>,
}

impl Counting {
    fn takes(&mut self, hit: &Hit) -> bool {
        let of = (hit.value, aspect(hit.rule));
        let weaker = self.before.is_some_and(|(value, aspect, rule)| (value, aspect) == of && rule != hit.rule);
        if weaker || (self.whole == Some(hit.value) && hit.rule != SAME_VALUE) {
            return false;
        }
        if hit.rule == SAME_VALUE {
            self.whole = Some(hit.value);
        }
        self.before = Some((of.0, of.1, hit.rule));
        true
    }
}

fn aspect(rule: u8) -> Aspect {
    ALL.get(usize::from(rule)).map_or(Aspect::Place, |rule| rule.aspect)
}

/// What a report shares with one campaign.
pub(crate) struct Candidate {
    /// A case of the campaign.
    pub other: u32,
    /// Its reports.
    pub size: u32,
    /// Days since it was last seen.
    pub days: f32,
    /// How thin the evidence is spread.
    pub thin: f32,
    /// Evidence by rule.
    pub sum: Sum,
    /// Log-odds that the report belongs to it.
    pub log_odds: f32,
    hits: (usize, usize),
    /// Only what it shares with that one case counts: the rest of the campaign is another one now.
    only: bool,
}

impl Fusion {
    /// Takes in the values of a case; gives the campaigns that it belongs to, the likeliest first.
    pub(crate) fn observe(&mut self, case: u32, event: &Event<'_>, findings: &mut Vec<Finding>) -> Vec<Found> {
        let mut hits: Vec<Hit> = Vec::new();
        let asking = u32::try_from(event.observations.len()).unwrap_or(u32::MAX);
        for (index, observation) in event.observations.iter().enumerate() {
            let value = u32::try_from(index).unwrap_or(u32::MAX);
            let (key, kind) = (observation.key, observation.observable.kind());
            let turn = Turn { case, at: event.at, value, key, kind, asking };
            self.take(turn, observation.observable, (index < VALUES_MAX).then_some(&mut hits), findings);
        }
        let mut candidates = self.candidates(case, event.at, asking, &mut hits);
        self.let_go(case, event.at, &mut candidates, &hits, findings);
        self.considered = candidates.iter().filter_map(|candidate| self.told(candidate)).collect();
        // A case that is in a campaign already bridges from that one.
        let mut joined = self.cases.get(case).filter(|held| held.cluster != ALONE).map(|_| self.size_and_last(case).0);
        let mut found = Vec::new();
        for candidate in candidates.into_iter().take(LINKS_MAX) {
            let Weights { join, .. } = self.config.weights;
            let least = joined.map_or(join, |size: u32| self.config.weights.bridge(size.min(candidate.size)));
            if candidate.log_odds <= join {
                break;
            }
            // An analyst keeps them apart, whatever the evidence.
            if candidate.log_odds <= least || self.barred(case, candidate.other).is_some() {
                continue;
            }
            joined = Some(joined.unwrap_or(0).saturating_add(candidate.size));
            let reasons = self.reasons_of(&candidate, &hits);
            found.push(Found { other: candidate.other, log_odds: candidate.log_odds, reasons });
        }
        found
    }

    fn take(
        &mut self,
        turn: Turn,
        observable: &Observable,
        mut hits: Option<&mut Vec<Hit>>,
        findings: &mut Vec<Finding>,
    ) {
        let Turn { case, key, kind, .. } = turn;
        let standing = match self.postings.get_mut(key.0) {
            Some(posting) if posting.has(case, AS_VALUE, &self.store) => return,
            Some(posting) => {
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
                posting.standing
            }
            None => match self.config.noise.verdict_of(observable) {
                Some(NoiseVerdict { why, .. }) => {
                    self.common.push((key, why.clone()));
                    findings.push(Finding::OverCommon { key, why });
                    Standing::Noise
                }
                None => Standing::Links,
            },
        };
        let first = self.postings.get(key.0).is_none_or(|posting| posting.seen(&self.store) == 0);
        let links = hits.as_deref_mut().filter(|_| standing == Standing::Links);
        self.meet(turn, key.0, SAME_VALUE, AS_VALUE, links);
        if let Some(posting) = self.postings.get_mut(key.0) {
            (posting.standing, posting.kind, posting.lists) = (standing, kind, self.lists);
            posting.touch(turn.at);
        }
        if first && standing == Standing::Links {
            self.count_value(case);
        }
        self.note_crowd(key);
        if standing == Standing::Noise {
            return;
        }
        let parts = Parts::of(observable, &self.config.zones);
        let mut features: Vec<(u8, u64)> = Vec::with_capacity(12);
        let context = Context { networks: &self.config.networks };
        rules::features(&parts, &context, self.config.key_seed, &mut |rule, feature| features.push((rule, feature)));
        // A name that everybody uses, or below which everybody has names, is no feature of what lies there.
        let host_says = parts.host.is_none_or(|host| self.says(host));
        let owned_says = parts.owned.is_none_or(|owned| self.says(owned));
        if standing == Standing::OverCommon {
            hits = None;
        }
        for (rule, feature) in features {
            let role = match rule {
                URL_HOST => AS_HOST,
                OWNED => AS_OWNED,
                _ => AS_FEATURE,
            };
            let place = ALL.get(usize::from(rule)).is_some_and(|rule| rule.aspect == Aspect::Place);
            if (place && !host_says) || (place && rule != URL_HOST && !owned_says) || feature == key.0 {
                continue;
            }
            self.meet(turn, feature, rule, role, hits.as_deref_mut());
            if role != AS_FEATURE {
                self.note_crowd(ObservableKey(feature));
            }
        }
    }

    /// Whether a name says anything of what lies there: not if everybody uses it, or so many came by it that it tells nothing.
    fn says(&self, name: &str) -> bool {
        if self.config.noise.is_everyday_host(name) {
            return false;
        }
        let key = ObservableKey::of(model::Kind::Domain, name, self.config.key_seed);
        self.postings.get(key.0).is_none_or(|posting| {
            posting.standing == Standing::Links && posting.more(&self.store).is_none_or(|more| !more.crowded_out)
        })
    }

    /// A case has a feature: notes the campaigns that have it too, and that the case has it.
    fn meet(&mut self, turn: Turn, feature: u64, rule: u8, role: u8, hits: Option<&mut Vec<Hit>>) {
        let Turn { case, value, key, kind, asking, .. } = turn;
        let (cases, lists) = (&self.cases, self.lists);
        let home = |case: u32| Self::home(cases, case);
        let Some(posting) = self.postings.get_mut(feature) else {
            self.postings.insert(feature, Posting::of(case, role, kind, lists));
            return;
        };
        if role != AS_FEATURE && posting.has(case, role, &self.store) {
            return;
        }
        if self.parted {
            let clusters = &self.clusters;
            posting.mend(&mut self.store, cases, home, |home| {
                clusters.get(home).and_then(Option::as_deref).is_some_and(|cluster| cluster.parted)
            });
        }
        let entries = posting.entries(&self.store);
        self.touched = self.touched.wrapping_add(entries.len() as u64);
        // Who names a value that stopped linking links nothing by it, and neither does who came by it.
        let stopped = match role {
            AS_HOST | AS_OWNED => {
                posting.standing == Standing::OverCommon
                    || posting.more(&self.store).is_some_and(|more| more.crowded_out)
            }
            _ => false,
        };
        if let Some(hits) = hits.filter(|_| !stopped) {
            let (having, mine) = (posting.having(&self.store), home(case));
            let crowded_out = posting.more(&self.store).is_some_and(|more| more.crowded_out);
            for entry in entries {
                let theirs = home(entry.case);
                let roles = if crowded_out { entry.roles & AS_VALUE } else { entry.roles };
                if theirs == mine || roles == 0 {
                    continue;
                }
                let rule = met(rule, roles);
                let size = Self::size_of(cases, &self.clusters, entry.case);
                let total = u32::try_from(cases.len()).unwrap_or(u32::MAX);
                let counts = Counts { common: u32::from(entry.count).min(size), size, having, total, asking };
                let evidence = weigh::evidence(rule, counts);
                if evidence > 0.0 {
                    let single = entry.count == 1;
                    hits.push(Hit { home: theirs, value, rule, case: entry.case, key, evidence, single });
                }
            }
        }
        posting.add(case, role, &mut self.store, cases, home);
    }

    fn size_of(cases: &List<Case>, clusters: &List<Option<Box<crate::cluster::Cluster>>>, case: u32) -> u32 {
        let cluster = cases.get(case).and_then(|case| clusters.get(case.cluster)).and_then(Option::as_deref);
        cluster.map_or(1, |cluster| u32::try_from(cluster.cases.len()).unwrap_or(u32::MAX))
    }

    /// Adds up what was found, by campaign; the likeliest first.
    fn candidates(&self, case: u32, at: Timestamp, asking: u32, hits: &mut [Hit]) -> Vec<Candidate> {
        hits.sort_unstable_by_key(|hit| (hit.home, hit.value, aspect(hit.rule), hit.rule, hit.key.0, hit.case));
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut start = 0;
        for same in hits.chunk_by(|a, b| a.home == b.home) {
            let mut sum = Sum::default();
            let mut counting = Counting::default();
            let (mut sharing, mut last_value) = (0, None);
            for hit in same {
                if last_value != Some(hit.value) {
                    (sharing, last_value) = (sharing + 1, Some(hit.value));
                }
                if counting.takes(hit) {
                    sum.add(hit.rule, hit.evidence);
                }
            }
            let other = same.first().map_or(case, |hit| hit.case);
            let (size, last) = self.size_and_last(other);
            let days = at.millis_since(last).max(0) as f32 / DAY_MILLIS;
            let thin = weigh::thin(asking, sharing);
            let log_odds = sum.log_odds(&self.config.weights, days, thin);
            candidates.push(Candidate {
                other,
                size,
                days,
                thin,
                sum,
                log_odds,
                hits: (start, start + same.len()),
                only: false,
            });
            start += same.len();
        }
        candidates.sort_by(|a, b| b.log_odds.total_cmp(&a.log_odds).then(a.other.cmp(&b.other)));
        candidates
    }

    /// A report that came to the likeliest campaign on weak evidence, and is nearly all that the new one shares with it, leaves it:
    /// the two are an attack of their own, of which the older was the first to come and could not be known as such.
    fn let_go(
        &mut self,
        case: u32,
        at: Timestamp,
        candidates: &mut [Candidate],
        hits: &[Hit],
        findings: &mut Vec<Finding>,
    ) {
        let Some(likeliest) = candidates.first_mut() else { return };
        let alone = self.cases.get(case).is_some_and(|held| held.cluster == ALONE);
        if !alone || likeliest.size < LET_GO_OF_MIN || likeliest.log_odds <= self.config.weights.join {
            return;
        }
        let weight = |hit: &Hit| self.config.weights.rules.get(usize::from(hit.rule)).unwrap_or(&0.0) * hit.evidence;
        let mut by: BTreeMap<u32, f32> = BTreeMap::new();
        let mut all = 0.0;
        for hit in hits.get(likeliest.hits.0..likeliest.hits.1).unwrap_or(&[]) {
            all += weight(hit);
            if hit.single {
                *by.entry(hit.case).or_default() += weight(hit);
            }
        }
        let most = by.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((only, _)) = most.filter(|(_, share)| *share >= LET_GO_SHARE * all) else { return };
        if self.detach(only, case, at, findings) {
            (likeliest.other, likeliest.size, likeliest.only) = (only, 1, true);
        }
    }

    fn told(&self, candidate: &Candidate) -> Option<Considered> {
        let Candidate { other, size, days, thin, sum, log_odds, .. } = candidate;
        let other = self.cases.get(*other)?.id;
        Some(Considered { other, size: *size, days: *days, thin: *thin, evidence: sum.by_rule(), log_odds: *log_odds })
    }

    fn reasons_of(&self, candidate: &Candidate, hits: &[Hit]) -> Vec<Reason> {
        let mut counting = Counting::default();
        let counted =
            hits.get(candidate.hits.0..candidate.hits.1).unwrap_or(&[]).iter().filter(|hit| counting.takes(hit));
        let mut of: Vec<&Hit> = counted.filter(|hit| !candidate.only || hit.case == candidate.other).collect();
        let weight = |hit: &Hit| ALL.get(usize::from(hit.rule)).map_or(0.0, |rule| rule.weight) * hit.evidence;
        of.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then((a.value, a.rule).cmp(&(b.value, b.rule))));
        let mut reasons: Vec<Reason> = Vec::new();
        for hit in of {
            let Some(other) = self.cases.get(hit.case).map(|case| case.id) else { continue };
            // A value that is shared as a whole needs no further reason.
            if reasons.iter().any(|reason| reason.key == hit.key) {
                continue;
            }
            reasons.push(Reason {
                rule: ALL.get(usize::from(hit.rule)).map_or("", |rule| rule.name),
                key: hit.key,
                other,
            });
            if reasons.len() == REASONS_PER_LINK_MAX {
                break;
            }
        }
        reasons
    }

    /// Keeps why a case is where it is.
    pub(crate) fn keep(&mut self, case: u32, at: Timestamp, reasons: &[Reason]) {
        let key = spread(case);
        let room = |held: &Vec<_>| REASONS_PER_CASE_MAX.saturating_sub(held.len());
        if let Some(held) = self.reasons.get_mut(key) {
            let room = room(held);
            held.extend(reasons.iter().take(room).map(|reason| (at, *reason)));
        } else if !reasons.is_empty() {
            self.reasons.insert(key, reasons.iter().map(|reason| (at, *reason)).collect());
        }
    }
}

/// The rule by which a report that has a feature in one role meets reports that have it in others.
fn met(rule: u8, roles: u8) -> u8 {
    if rule != SAME_VALUE || roles & AS_VALUE != 0 {
        return rule;
    }
    if roles & AS_HOST != 0 { URL_HOST } else { OWNED }
}
