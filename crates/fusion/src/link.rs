//! What a report shares with campaigns that are known, and which of them it belongs to.

use model::{ObservableKey, Timestamp};

use crate::engine::{DAY_MILLIS, Fusion};
use crate::places::ALONE;
use crate::reasons::Kept;
use crate::rules::{ALL, Aspect, SAME_VALUE, aspect, is_specific};
use crate::tags::FIRST_PLACE;
use crate::take::Hit;
use crate::weigh::{Sum, Weights};
use crate::{Considered, Event, Finding, Reason};

/// Campaigns that one report may be linked to.
const LINKS_MAX: usize = 8;
/// Reports of a campaign from which on one of them may be let go: of fewer none is the stray one.
const LET_GO_OF_MIN: u32 = 3;
/// How much of the evidence must be one report's for it to be let go.
const LET_GO_SHARE: f32 = 0.6;
/// Reports since a campaign began up to which it says all it can that it is young.
pub(crate) const CAME_AS_USUAL: f32 = 100.0;
/// Reports that are as a day for a campaign that is quiet: chance needs reports, however soon they come. On the labelled reports, which are
/// two a day, days are more.
pub(crate) const REPORTS_A_DAY: f32 = 8.0;
/// Reasons that are told of one link.
const REASONS_PER_LINK_MAX: usize = 8;
/// A sum in another order may come out by this much larger.
const ROUNDING: f32 = 1.0001;

/// A campaign that a report belongs to.
pub(crate) struct Found {
    /// A case of it.
    pub other: u32,
    /// Log-odds that the report belongs to it.
    pub log_odds: f32,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
    /// The same, as they are kept.
    pub kept: Vec<Kept>,
}

/// Tells which of the hits of one campaign count, in their order: of one value the strongest rule of each aspect, and who shares the
/// value shares the rest anyway.
#[derive(Default)]
struct Counting {
    before: Option<(usize, Aspect, u8)>,
    whole: Option<usize>,
}

impl Counting {
    fn takes(&mut self, hit: &Hit) -> bool {
        let (value, aspect, rule) = (hit.value(), hit.aspect(), hit.rule());
        let weaker = self.before.is_some_and(|before| (before.0, before.1) == (value, aspect) && before.2 != rule);
        if weaker || (self.whole == Some(value) && rule != SAME_VALUE) {
            return false;
        }
        if rule == SAME_VALUE {
            self.whole = Some(value);
        }
        self.before = Some((value, aspect, rule));
        true
    }
}

/// What a report shares with one campaign.
pub(crate) struct Candidate {
    /// A case of the campaign.
    pub other: u32,
    /// Its reports.
    pub size: u32,
    /// Days since it was last seen, or as many as the reports since.
    pub days: f32,
    /// What it says that it began within hours, if it did and something specific is shared.
    pub young: f32,
    /// What it says that so much of the report's values is shared, in nats.
    pub cover: f32,
    /// Values of the report that share something with it.
    pub sharing: u32,
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
        let mut room = std::mem::take(&mut self.room);
        room.hits.clear();
        self.take_values(case, event, &mut room, findings);
        self.take_tags(case, event, &mut room);
        let tags = std::mem::take(&mut room.tags);
        let found = self.belongs(case, event, &mut room.hits, &tags, findings);
        room.tags = tags;
        self.room = room;
        found
    }

    fn belongs(
        &mut self,
        case: u32,
        event: &Event<'_>,
        hits: &mut [Hit],
        tags: &[u64],
        findings: &mut Vec<Finding>,
    ) -> Vec<Found> {
        let mut candidates = self.candidates(event, hits);
        self.let_go(case, event.at, &mut candidates, hits, findings);
        if self.notes_considered {
            self.considered = candidates.iter().filter_map(|candidate| self.told(candidate)).collect();
        }
        // A case that is in a campaign already bridges from that one.
        let mut joined = (self.places.of(case) != ALONE).then(|| self.size_and_last(case).0);
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
            if joined.is_none() {
                let values = u32::try_from(event.observations.len()).unwrap_or(u32::MAX);
                self.cover.learn(values, candidate.sharing, candidate.size);
            }
            joined = Some(joined.unwrap_or(0).saturating_add(candidate.size));
            let (reasons, kept) = self.reasons_of(&candidate, hits, event, tags);
            found.push(Found { other: candidate.other, log_odds: candidate.log_odds, reasons, kept });
        }
        found
    }

    /// Adds up what was found, by campaign; the likeliest first. Those that cannot come to what a link needs are left out, unless
    /// all are asked for.
    fn candidates(&self, event: &Event<'_>, hits: &mut [Hit]) -> Vec<Candidate> {
        hits.sort_unstable_by_key(Hit::order);
        let asking = u32::try_from(event.observations.len()).unwrap_or(u32::MAX);
        let weights = &self.config.weights;
        // Evidence of one rule comes to no more than its sum, and context but for time only lowers it.
        let is_bound = !self.notes_considered && weights.quiet <= 0.0 && weights.cover >= 0.0;
        let most_young = weights.young.max(0.0);
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut start = 0;
        for same in hits.chunk_by(|a, b| a.home() == b.home()) {
            let place = (start, start + same.len());
            start = place.1;
            let most: f32 = same.iter().map(|hit| self.weighted(hit)).sum();
            let at_most = weights.bias + most * ROUNDING;
            if is_bound && at_most + most_young <= weights.join {
                continue;
            }
            let Some(first) = same.first() else { continue };
            let young = if same.iter().any(|hit| is_specific(hit.rule())) { self.youth(first.case) } else { 0.0 };
            if is_bound && at_most + young <= weights.join {
                continue;
            }
            let mut sum = Sum::default();
            let mut counting = Counting::default();
            let (mut sharing, mut last_value) = (0, None);
            for hit in same {
                if hit.is_of_value() && last_value != Some(hit.value()) {
                    (sharing, last_value) = (sharing + 1, Some(hit.value()));
                }
                if counting.takes(hit) {
                    sum.add(hit.rule(), hit.evidence);
                }
            }
            let (size, last, newest) = self.size_and_last(first.case);
            let days = event.at.millis_since(last).max(0) as f32 / DAY_MILLIS;
            let days = days.max(self.came_since(newest) / REPORTS_A_DAY);
            let cover = self.cover.says(asking, sharing);
            let log_odds = sum.log_odds(weights, days, young, cover);
            let (other, hits) = (first.case, place);
            candidates.push(Candidate { other, size, days, young, cover, sharing, sum, log_odds, hits, only: false });
        }
        candidates.sort_by(|a, b| b.log_odds.total_cmp(&a.log_odds).then(a.other.cmp(&b.other)));
        candidates
    }

    /// What it says that a case's campaign is young, in nats: if its first report came in within hours most of an attack's come soon after
    /// it; the more others came since, the more of them are alike by chance. Told by the order in which they came, which is at hand.
    fn youth(&self, case: u32) -> f32 {
        let oldest = self.oldest_of(case);
        if oldest < self.young_from {
            return 0.0;
        }
        (self.config.weights.young - (self.came_since(oldest) / CAME_AS_USUAL).max(1.0).ln()).max(0.0)
    }

    /// Reports that came after one, before the latest.
    fn came_since(&self, case: u32) -> f32 {
        self.cases.len().saturating_sub(case as usize + 2) as f32
    }

    fn weighted(&self, hit: &Hit) -> f32 {
        self.config.weights.rules.get(usize::from(hit.rule())).unwrap_or(&0.0) * hit.evidence
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
        let alone = self.places.of(case) == ALONE;
        if !alone || likeliest.size < LET_GO_OF_MIN || likeliest.log_odds <= self.config.weights.join {
            return;
        }
        let weight = |hit: &Hit| self.weighted(hit);
        let mut by: Vec<(u32, f32)> = Vec::new();
        let mut all = 0.0;
        for hit in hits.get(likeliest.hits.0..likeliest.hits.1).unwrap_or(&[]) {
            all += weight(hit);
            if hit.single {
                by.push((hit.case, weight(hit)));
            }
        }
        // Stable: what one report has is added up in its order.
        by.sort_by_key(|(case, _)| *case);
        let shares = by.chunk_by(|a, b| a.0 == b.0);
        let shares = shares.filter_map(|of| Some((of.first()?.0, of.iter().map(|(_, weight)| weight).sum::<f32>())));
        let most = shares.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((only, _)) = most.filter(|(_, share)| *share >= LET_GO_SHARE * all) else { return };
        if self.detach(only, case, at, findings) {
            (likeliest.other, likeliest.size, likeliest.only) = (only, 1, true);
        }
    }

    fn told(&self, candidate: &Candidate) -> Option<Considered> {
        let Candidate { other, size, days, young, cover, sum, log_odds, .. } = candidate;
        let other = self.cases.get(*other)?.id;
        Some(Considered {
            other,
            size: *size,
            days: *days,
            young: *young,
            cover: *cover,
            evidence: sum.by_rule(),
            log_odds: *log_odds,
        })
    }

    fn reasons_of(
        &self,
        candidate: &Candidate,
        hits: &[Hit],
        event: &Event<'_>,
        tags: &[u64],
    ) -> (Vec<Reason>, Vec<Kept>) {
        let mut counting = Counting::default();
        let counted =
            hits.get(candidate.hits.0..candidate.hits.1).unwrap_or(&[]).iter().filter(|hit| counting.takes(hit));
        let says = |hit: &&Hit| hit.evidence > 0.0 && (!candidate.only || hit.case == candidate.other);
        let mut of: Vec<&Hit> = counted.filter(says).collect();
        of.sort_by(|a, b| self.weighted(b).total_cmp(&self.weighted(a)).then(a.order().cmp(&b.order())));
        let (mut reasons, mut kept): (Vec<Reason>, Vec<Kept>) = (Vec::new(), Vec::new());
        for hit in of {
            let key = if hit.is_of_value() {
                event.observations.get(hit.value()).map(|value| value.key)
            } else {
                tags.get(hit.value() - usize::from(FIRST_PLACE)).map(|tag| ObservableKey(*tag))
            };
            let (Some(case), Some(key)) = (self.cases.get(hit.case), key) else { continue };
            // Of one value one reason an aspect is enough, and one at all if it is shared as a whole.
            let told =
                |kept: &Kept| kept.rule == SAME_VALUE || aspect(kept.rule) == hit.aspect() || hit.rule() == SAME_VALUE;
            if kept.iter().any(|kept| kept.key == key && told(kept)) {
                continue;
            }
            let rule = ALL.get(usize::from(hit.rule())).map_or("", |rule| rule.name);
            reasons.push(Reason { rule, key, other: case.id });
            kept.push(Kept { at: event.at, key, other: hit.case, rule: hit.rule() });
            if reasons.len() == REASONS_PER_LINK_MAX {
                break;
            }
        }
        (reasons, kept)
    }
}
