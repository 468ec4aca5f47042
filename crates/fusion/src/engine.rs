//! The engine: features → campaigns that have them, evidence added up, campaigns as growing clusters, every link with its reasons.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{CampaignId, CaseId, MemberToken, ObservableKey, Region, Timestamp};

use crate::cluster::Cluster;
use crate::cover::Cover;
use crate::history::{Happened, REVIVED_AFTER_DAYS, What};
use crate::link::Found;
use crate::places::{ALONE, Places};
use crate::reasons::Reasons;
use crate::score::Heard;
use crate::slots::Slots;
use crate::steps::{List, Table};
use crate::store::Store;
use crate::tags::Tag;
use crate::take::Room;
use crate::tree::{Edge, NO_WORD};
use crate::waves::SPAN_MILLIS;
use crate::words::Words;
use crate::{Config, Considered, Event, Finding, Reason, Wave};

/// Milliseconds of a day.
pub(crate) const DAY_MILLIS: f32 = 86_400_000.0;
/// Stands for "not known".
const NO_SECTOR: u16 = u16::MAX;

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: CaseId,
    pub(crate) at: Timestamp,
    pub(crate) window: u32,
    pub(crate) token: u32,
    pub(crate) values: u32,
    pub(crate) sector: u16,
    pub(crate) region: Option<Region>,
    pub(crate) counts: bool,
    pub(crate) of_member: bool,
    /// Values that it has.
    pub(crate) taken: u16,
    /// Log-odds with which it joined its campaign; of one that began one, infinite.
    pub(crate) joined: f32,
}

/// One run of fusion; see the crate's documentation.
pub struct Fusion {
    pub(crate) config: Config,
    pub(crate) cases: List<Case>,
    pub(crate) places: Places,
    pub(crate) by_id: Table<u32>,
    pub(crate) tokens: HashMap<MemberToken, u32>,
    pub(crate) sectors: Vec<String>,
    /// By the key of a feature; that of a value as a whole is its own.
    pub(crate) postings: Slots,
    pub(crate) store: Store,
    pub(crate) clusters: List<Option<Box<Cluster>>>,
    free: Vec<u32>,
    pub(crate) reasons: Reasons,
    /// Values that link nothing, in the order in which that was found.
    pub(crate) common: Vec<(ObservableKey, String)>,
    /// Values that reached the limit of members and link until it is decided.
    pub(crate) crowded: BTreeSet<ObservableKey>,
    /// Cases of which not all values were taken in, for they named too many.
    pub(crate) left_out: BTreeSet<u32>,
    /// What was told of values beside reports.
    pub(crate) heard: BTreeMap<ObservableKey, Heard>,
    /// What analysts said.
    pub(crate) words: Words,
    /// Tags of the cases that have any.
    pub(crate) tags: HashMap<u32, Vec<Tag>>,
    /// Counts the lists of everyday values that were in use.
    pub(crate) lists: u8,
    pub(crate) changed: BTreeSet<u32>,
    pub(crate) merged: Vec<(CampaignId, CampaignId)>,
    pub(crate) waves: Vec<Wave>,
    /// Entries of postings that were looked at, in all.
    pub(crate) touched: u64,
    /// What the last report was held against, if that is noted.
    pub(crate) considered: Vec<Considered>,
    pub(crate) notes_considered: bool,
    /// Used by each report in turn.
    pub(crate) room: Room,
    /// How much of a report its campaign usually shares.
    pub(crate) cover: Cover,
    /// The first case that came in within the hours in which a campaign is young.
    pub(crate) young_from: u32,
}

/// The key of a case in a table by 64-bit hash: ids are random, and those that are not are spread.
pub(crate) fn spread(id: CaseId) -> u64 {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *id.as_bytes();
    let (high, low) = (u64::from_be_bytes([a, b, c, d, e, f, g, h]), u64::from_be_bytes([i, j, k, l, m, n, o, p]));
    let mixed = (high.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ low.rotate_left(17)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

impl Fusion {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            cases: List::default(),
            places: Places::default(),
            by_id: Table::default(),
            tokens: HashMap::new(),
            sectors: Vec::new(),
            postings: Slots::default(),
            store: Store::default(),
            clusters: List::default(),
            free: Vec::new(),
            reasons: Reasons::default(),
            common: Vec::new(),
            crowded: BTreeSet::new(),
            left_out: BTreeSet::new(),
            heard: BTreeMap::new(),
            words: Words::default(),
            tags: HashMap::new(),
            lists: 0,
            changed: BTreeSet::new(),
            merged: Vec::new(),
            waves: Vec::new(),
            touched: 0,
            considered: Vec::new(),
            notes_considered: false,
            room: Room::default(),
            cover: Cover::default(),
            young_from: 0,
        }
    }

    /// Takes in one report, or further values of a known one, and tells what follows.
    ///
    /// Work is bounded: so many values of a report and no more ([`Fusion::leaves_out`]), a few look-ups a value and rule, a few
    /// entries a look-up, and each case moves to a larger cluster at most log₂(n) times.
    pub fn step(&mut self, event: &Event<'_>, findings: &mut Vec<Finding>) {
        let (case, fresh) = self.case(event);
        while self.cases.get(self.young_from).is_some_and(|held| event.at.millis_since(held.at) > SPAN_MILLIS) {
            self.young_from += 1;
        }
        let merged = self.merged.len();
        let found = self.observe(case, event, findings);
        let mut joined: Option<Vec<Reason>> = None;
        for link in found {
            self.follow(case, event.at, fresh, link, &mut joined, findings);
        }
        if let Some(reasons) = joined {
            // The campaign may have been merged by a later link of the same report: its present id is told.
            findings.push(Finding::Joined { campaign: self.id_of(case), case: event.case, reasons });
        } else if fresh {
            findings.push(Finding::CampaignFormed {
                campaign: CampaignId::from_bytes(*event.case.as_bytes()),
                case: event.case,
            });
        }
        // Values that came later bring nobody, unless they make one campaign of two.
        if fresh || self.merged.len() > merged {
            self.look_for_wave(case, event.at);
        }
        if fresh {
            self.act_on_waiting(event.case, findings);
        }
        let oldest = self.oldest_of(case);
        self.changed.insert(oldest);
    }

    fn case(&mut self, event: &Event<'_>) -> (u32, bool) {
        if let Some(&known) = self.by_id.get(spread(event.case)) {
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
        let index = self.cases.push(Case {
            id: event.case,
            at: event.at,
            window: event.window,
            token,
            values: 0,
            sector,
            region: event.region,
            counts: event.counts,
            of_member: event.of_member,
            taken: 0,
            joined: f32::INFINITY,
        });
        self.places.push();
        self.reasons.push();
        self.by_id.insert(spread(event.case), index);
        (index, true)
    }

    /// A value that a case was the first to bring.
    pub(crate) fn count_value(&mut self, case: u32) {
        let Some(held) = self.cases.get_mut(case) else { return };
        held.values = held.values.saturating_add(1);
        if let Some(cluster) = self.cluster_of_mut(case) {
            cluster.values = cluster.values.saturating_add(1);
        }
    }

    /// A value that a case brought is held by nobody any more.
    pub(crate) fn uncount_value(&mut self, case: u32) {
        let Some(held) = self.cases.get_mut(case) else { return };
        held.values = held.values.saturating_sub(1);
        if let Some(cluster) = self.cluster_of_mut(case) {
            cluster.values = cluster.values.saturating_sub(1);
        }
    }

    pub(crate) fn index_of(&self, case: CaseId) -> Option<u32> {
        self.by_id.get(spread(case)).copied()
    }

    pub(crate) fn token_index(&self, token: MemberToken) -> Option<u32> {
        self.tokens.get(&token).copied()
    }

    pub(crate) fn cluster(&self, index: u32) -> Option<&Cluster> {
        self.clusters.get(index)?.as_deref()
    }

    fn cluster_mut(&mut self, index: u32) -> Option<&mut Cluster> {
        self.clusters.get_mut(index)?.as_deref_mut()
    }

    /// Index of the oldest case of the campaign that a case is in.
    pub(crate) fn oldest_of(&self, case: u32) -> u32 {
        self.places.figures(self.places.home(case)).map_or(case, |figures| figures.oldest)
    }

    pub(crate) fn id_of(&self, case: u32) -> CampaignId {
        self.campaign_id_of(self.oldest_of(case))
    }

    /// The id of the campaign whose oldest case this is.
    pub(crate) fn campaign_id_of(&self, oldest: u32) -> CampaignId {
        self.cases
            .get(oldest)
            .map_or(CampaignId::from_bytes([0; 16]), |oldest| CampaignId::from_bytes(*oldest.id.as_bytes()))
    }

    /// Cases of a campaign, when it was last seen, and which of them came last.
    pub(crate) fn size_and_last(&self, case: u32) -> (u32, Timestamp, u32) {
        match self.places.figures(self.places.home(case)) {
            Some(figures) => (figures.size, figures.last_seen, figures.newest),
            None => (1, self.cases.get(case).map_or(Timestamp::from_millis(0), |held| held.at), case),
        }
    }

    /// Makes a case's campaign one with that of another, and keeps why.
    fn follow(
        &mut self,
        case: u32,
        at: Timestamp,
        fresh: bool,
        link: Found,
        joined: &mut Option<Vec<Reason>>,
        findings: &mut Vec<Finding>,
    ) {
        // An analyst keeps them apart, whatever the evidence.
        if self.barred(case, link.other).is_some() {
            return;
        }
        self.reasons.keep(case, &link.kept);
        let (mine, theirs) = (self.oldest_of(case), self.oldest_of(link.other));
        if mine == theirs {
            if let Some(reasons) = joined {
                reasons.extend(link.reasons);
            }
            return;
        }
        let (mine_id, theirs_id) = (self.id_of(case), self.id_of(link.other));
        let first_link = fresh && joined.is_none();
        let quiet = at.millis_since(self.size_and_last(link.other).1).max(0) as f32 / DAY_MILLIS;
        self.unite(Edge { case, other: link.other, log_odds: link.log_odds, word: NO_WORD }, at, !first_link);
        if first_link && quiet >= REVIVED_AFTER_DAYS {
            self.revived(case, at, quiet as u32);
        }
        if first_link {
            if let Some(held) = self.cases.get_mut(case) {
                held.joined = link.log_odds;
            }
            *joined = Some(link.reasons);
            return;
        }
        let (kept, alias) = if mine < theirs { (mine_id, theirs_id) } else { (theirs_id, mine_id) };
        self.note_merged(kept, alias);
        findings.push(Finding::Merged { kept, alias, reasons: link.reasons.clone() });
        if let Some(reasons) = joined {
            reasons.extend(link.reasons);
        }
    }

    /// Makes the cluster of a lone case.
    fn settle(&mut self, case: u32) -> u32 {
        let place = self.places.of(case);
        let Some(held) = self.cases.get(case).filter(|_| place == ALONE) else { return place };
        let mut cluster = Cluster::of(case, held);
        cluster.words = self.words.of(held.id).to_vec();
        let index = self.free_place();
        self.put_cluster(index, Box::new(cluster));
        self.places.set(case, index);
        index
    }

    /// A place for a cluster.
    pub(crate) fn free_place(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| self.clusters.push(None))
    }

    pub(crate) fn put_cluster(&mut self, place: u32, cluster: Box<Cluster>) {
        self.places.note(place, &cluster);
        if let Some(slot) = self.clusters.get_mut(place) {
            *slot = Some(cluster);
        }
    }

    pub(crate) fn take_cluster(&mut self, place: u32) -> Option<Box<Cluster>> {
        self.clusters.get_mut(place).and_then(Option::take)
    }

    pub(crate) fn cluster_of_mut(&mut self, case: u32) -> Option<&mut Cluster> {
        self.cluster_mut(self.places.of(case))
    }

    pub(crate) fn note_merged(&mut self, kept: CampaignId, alias: CampaignId) {
        self.merged.push((kept, alias));
    }

    pub(crate) fn note_changed(&mut self, oldest: [u32; 2]) {
        self.changed.extend(oldest);
    }

    /// Tells of a wave if the campaign of a case has become one.
    pub(crate) fn look_for_wave(&mut self, case: u32, at: Timestamp) {
        if !self.config.waves {
            return;
        }
        let (id, campaign) = (self.cases.get(case).map(|held| held.id), self.id_of(case));
        let Some(cluster) = self.cluster_of_mut(case) else { return };
        let Some((members, since)) = cluster.wave(at) else { return };
        let what = What::Wave;
        cluster.history.push(Happened { at, what, other: campaign, reports: members, case: id, by: None });
        self.waves.push(Wave { campaign, members, since });
    }

    fn revived(&mut self, case: u32, at: Timestamp, days: u32) {
        let (id, own) = (self.cases.get(case).map(|held| held.id), self.id_of(case));
        if let Some(cluster) = self.cluster_of_mut(case) {
            let what = What::Revived;
            cluster.history.push(Happened { at, what, other: own, reports: days, case: id, by: None });
        }
    }

    /// As [`Self::unite`], of a lone newer case and a campaign of several that keeps its id: no campaign is made of the one. Gives
    /// whether it was so.
    fn unite_lone(&mut self, edge: Edge, alias: bool) -> bool {
        let place = self.places.of(edge.other);
        if alias || self.places.of(edge.case) != ALONE || self.cluster(place).is_none_or(|kept| kept.cases.len() < 2) {
            return false;
        }
        let (Some(held), Some(kept)) =
            (self.cases.get(edge.case), self.clusters.get_mut(place).and_then(Option::as_deref_mut))
        else {
            return false;
        };
        let before = kept.oldest;
        kept.add(edge.case, held);
        kept.words.extend(self.words.of(held.id));
        kept.tree.push(edge);
        self.places.set(edge.case, place);
        self.places.note(place, kept);
        let now = kept.oldest;
        self.changed.remove(&edge.case);
        self.changed.remove(&before);
        self.changed.insert(now);
        true
    }

    /// Unites the campaigns of two cases; with `alias` the younger id stays known as an alias.
    pub(crate) fn unite(&mut self, edge: Edge, at: Timestamp, alias: bool) {
        if self.unite_lone(edge, alias) {
            return;
        }
        let (a, b) = (self.settle(edge.case), self.settle(edge.other));
        let size = |engine: &Self, index| engine.cluster(index).map_or(0, |cluster| cluster.cases.len());
        let (large, small) = if size(self, a) >= size(self, b) { (a, b) } else { (b, a) };
        if large == small {
            return;
        }
        let Some(gone) = self.take_cluster(small) else { return };
        self.free.push(small);
        self.changed.remove(&gone.oldest);
        for case in &gone.cases {
            self.places.set(*case, large);
        }
        let older_first = self.cluster(large).map(|kept| kept.oldest);
        let younger = older_first
            .and_then(|oldest| self.cases.get(oldest.max(gone.oldest)))
            .map(|case| CampaignId::from_bytes(*case.id.as_bytes()));
        let reports = match older_first {
            Some(oldest) if oldest < gone.oldest => gone.count(),
            _ => self.cluster(large).map_or(0, Cluster::count),
        };
        let by = (edge.word != NO_WORD).then_some(edge.word);
        let bridge = self.cases.get(edge.case).map(|case| case.id).filter(|_| by.is_none());
        if let Some(kept) = self.cluster_mut(large) {
            kept.absorb(*gone);
            kept.tree.push(edge);
            if let Some(younger) = younger.filter(|_| alias) {
                kept.aliases.push(younger);
                let what = What::Merged;
                kept.history.push(Happened { at, what, other: younger, reports, case: bridge, by });
            }
        }
        if let Some(kept) = self.clusters.get(large).and_then(Option::as_deref) {
            self.places.note(large, kept);
        }
        if let Some(before) = older_first {
            self.changed.remove(&before);
        }
        if let Some(now) = self.cluster(large).map(|kept| kept.oldest) {
            self.changed.insert(now);
        }
    }
}
