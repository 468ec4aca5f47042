//! Clusters of linked cases, and counting distinct members within token windows.

use std::collections::BTreeSet;

use model::{CampaignId, Region, Timestamp};

use crate::campaign::{Brief, Campaign};
use crate::engine::{Case, Fusion};
use crate::history::History;
use crate::steps::List;
use crate::tree::Tree;
use crate::waves::{self, Hit, Recent};

/// Token windows that a counter keeps apart.
const WINDOWS_MAX: usize = 4;

/// Distinct members: the largest window counts, never a sum over windows, since a member's token changes with each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Distinct {
    /// Windows with their tokens: of each window in order, and windows in the order in which they came.
    tokens: Vec<(u32, u32)>,
}

impl Distinct {
    pub(crate) fn add(&mut self, window: u32, token: u32) {
        let (mut start, mut windows) = (0, 0);
        // Of the window with the fewest members, and of several the earliest: what it is, and where.
        let mut least = (usize::MAX, u32::MAX, 0);
        while let Some(rest) = self.tokens.get(start..)
            && let Some((known, _)) = rest.first().copied()
        {
            let run = rest.partition_point(|(window, _)| *window == known);
            if known == window {
                let of_window = rest.get(..run).unwrap_or(&[]);
                if let Err(at) = of_window.binary_search_by_key(&token, |(_, token)| *token) {
                    self.make_room();
                    self.tokens.insert(start + at, (window, token));
                }
                return;
            }
            least = least.min((run, known, start));
            (start, windows) = (start + run, windows + 1);
        }
        if windows == WINDOWS_MAX {
            // The window with the fewest members can hardly become the largest again.
            let (run, _, at) = least;
            self.tokens.drain(at..at + run);
        }
        self.make_room();
        self.tokens.push((window, token));
    }

    /// Most counters have one member or two: they shall take no room for more.
    fn make_room(&mut self) {
        if self.tokens.len() < 4 {
            self.tokens.reserve_exact(1);
        }
    }

    fn remove(&mut self, window: u32, token: u32) {
        if let Some(at) = self.tokens.iter().position(|known| *known == (window, token)) {
            self.tokens.remove(at);
        }
    }

    fn absorb(&mut self, other: &Self) {
        for (window, token) in &other.tokens {
            self.add(*window, *token);
        }
    }

    pub(crate) fn count(&self) -> u32 {
        let runs = self.tokens.chunk_by(|one, next| one.0 == next.0);
        u32::try_from(runs.map(<[_]>::len).max().unwrap_or(0)).unwrap_or(u32::MAX)
    }
}

/// Cases that are linked.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// Index of the oldest case, which names the campaign.
    pub(crate) oldest: u32,
    /// Index of the newest case.
    pub(crate) newest: u32,
    /// Indexes of its cases, unordered.
    pub(crate) cases: Vec<u32>,
    pub(crate) aliases: Vec<CampaignId>,
    /// What holds it together.
    pub(crate) tree: Tree,
    /// Analysts' words that name one of its cases.
    pub(crate) words: Vec<u32>,
    pub(crate) history: History,
    pub(crate) recent: Recent,
    /// The number of the last split that it was part of: features may still count what the other part has. 0 if it never was.
    pub(crate) parted: u32,
    pub(crate) values: u32,
    pub(crate) members: Distinct,
    /// Cases of members.
    of_members: u32,
    /// Sectors of those, as far as they may be known.
    lanes: BTreeSet<u16>,
    first_seen: Timestamp,
    pub(crate) last_seen: Timestamp,
    sectors: Vec<(u16, u32, Timestamp, Distinct)>,
    regions: Vec<(Region, Distinct)>,
}

/// What the other cases of a cluster have of what one of them has.
#[derive(Default)]
struct Others {
    first_seen: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    newest: u32,
    /// Its member, anywhere, in its sector, in its region.
    of_member: bool,
    of_member_in_sector: bool,
    of_member_in_region: bool,
    /// The member's last report, and whether one came within the hours of a wave, or another member's did.
    hit_last: Option<Timestamp>,
    hit_near: bool,
    hit_beside: bool,
    /// The first of its sector.
    of_sector: Option<(u32, Timestamp)>,
    /// Its sector, of a member.
    lane: bool,
    of_region: bool,
}

impl Others {
    fn see(&mut self, index: u32, other: &Case, case: &Case) {
        self.first_seen = Some(self.first_seen.map_or(other.at, |first| first.min(other.at)));
        self.last_seen = self.last_seen.max(Some(other.at));
        self.newest = self.newest.max(index);
        let same_sector = other.sector == case.sector;
        let same_region = other.region == case.region;
        if other.counts && (other.window, other.token) == (case.window, case.token) {
            self.of_member = true;
            self.of_member_in_sector |= same_sector;
            self.of_member_in_region |= same_region;
            self.hit_last = self.hit_last.max(Some(other.at));
            self.hit_near |= waves::is_within(other.at, case.at);
        }
        let same_member = (other.window, other.token) == (case.window, case.token);
        self.hit_beside |= other.counts && !same_member && waves::is_within(other.at, case.at);
        if same_sector {
            self.lane |= other.of_member;
            if self.of_sector.is_none_or(|(first, _)| index < first) {
                self.of_sector = Some((index, other.at));
            }
        }
        self.of_region |= same_region;
    }
}

impl Cluster {
    /// The cluster of one case.
    pub(crate) fn of(index: u32, case: &Case) -> Self {
        let mut members = Distinct::default();
        let mut recent = Recent::default();
        if case.counts {
            members.add(case.window, case.token);
            recent.push(Hit { at: case.at, window: case.window, token: case.token });
        }
        Self {
            oldest: index,
            newest: index,
            cases: vec![index],
            aliases: Vec::new(),
            tree: Tree::default(),
            words: Vec::new(),
            history: History::default(),
            recent,
            parted: 0,
            values: case.values,
            of_members: u32::from(case.of_member),
            lanes: (case.of_member && case.sector != u16::MAX).then_some(case.sector).into_iter().collect(),
            first_seen: case.at,
            last_seen: case.at,
            sectors: if case.sector == u16::MAX {
                Vec::new()
            } else {
                vec![(case.sector, index, case.at, members.clone())]
            },
            regions: case.region.map(|region| (region, members.clone())).into_iter().collect(),
            members,
        }
    }

    /// Reads the lines of memory that [`Self::add`] needs: first all of its own, then the ends of its lists, so that the processor
    /// waits for many together.
    fn warm(&self) -> usize {
        let Self { cases, tree, recent, members, sectors, regions, .. } = self;
        let lens = self.oldest as usize ^ cases.len() ^ tree.edges().len() ^ members.tokens.len();
        let lens = lens ^ sectors.len() ^ regions.len() ^ self.lanes.len() ^ self.last_seen.as_millis() as usize;
        let ends =
            cases.last().map_or(0, |case| *case as usize) ^ tree.edges().last().map_or(0, |edge| edge.case as usize);
        let held = members.tokens.first().map_or(0, |first| first.0 as usize) ^ recent.latest();
        lens ^ ends ^ held ^ sectors.first().map_or(0, |sector| sector.1 as usize)
    }

    /// Takes in a case that is in no cluster: as [`Self::absorb`] of its own, which is not made.
    pub(crate) fn add(&mut self, index: u32, case: &Case) {
        std::hint::black_box(self.warm());
        if case.counts {
            self.recent.push(Hit { at: case.at, window: case.window, token: case.token });
            self.members.add(case.window, case.token);
        }
        let count = |members: &mut Distinct| {
            if case.counts {
                members.add(case.window, case.token);
            }
        };
        self.oldest = self.oldest.min(index);
        self.newest = self.newest.max(index);
        self.cases.push(index);
        self.values = self.values.saturating_add(case.values);
        self.of_members = self.of_members.saturating_add(u32::from(case.of_member));
        self.first_seen = self.first_seen.min(case.at);
        self.last_seen = self.last_seen.max(case.at);
        if case.sector != u16::MAX {
            if case.of_member {
                self.lanes.insert(case.sector);
            }
            if let Some(held) = self.sectors.iter_mut().find(|(known, ..)| *known == case.sector) {
                if index < held.1 {
                    (held.1, held.2) = (index, case.at);
                }
                count(&mut held.3);
            } else {
                let mut members = Distinct::default();
                count(&mut members);
                self.sectors.push((case.sector, index, case.at, members));
            }
        }
        if let Some(region) = case.region {
            if let Some((_, held)) = self.regions.iter_mut().find(|(known, _)| *known == region) {
                count(held);
            } else {
                let mut members = Distinct::default();
                count(&mut members);
                self.regions.push((region, members));
            }
        }
    }

    /// Lets a case go that is not its oldest: its figures are then those of the others. One look at each of them tells what they
    /// have of what the case had, so that nothing is counted anew. That a wave was told stays so.
    pub(crate) fn remove(&mut self, index: u32, case: &Case, all: &List<Case>) {
        self.cases.retain(|held| *held != index);
        let mut others = Others::default();
        for (other, held) in self.cases.iter().filter_map(|other| Some((*other, all.get(*other)?))) {
            others.see(other, held, case);
        }
        self.values = self.values.saturating_sub(case.values);
        self.of_members = self.of_members.saturating_sub(u32::from(case.of_member));
        self.first_seen = others.first_seen.unwrap_or(self.first_seen);
        self.last_seen = others.last_seen.unwrap_or(self.last_seen);
        self.newest = others.newest;
        let leaves = |members: &mut Distinct, stays: bool| {
            if case.counts && !stays {
                members.remove(case.window, case.token);
            }
        };
        leaves(&mut self.members, others.of_member);
        if case.counts {
            let hit = Hit { at: case.at, window: case.window, token: case.token };
            self.recent.remove(hit, others.hit_last, others.hit_near, others.hit_beside);
        }
        if !others.lane {
            self.lanes.remove(&case.sector);
        }
        match others.of_sector {
            None => self.sectors.retain(|(sector, ..)| *sector != case.sector),
            Some((first, at)) => {
                if let Some(held) = self.sectors.iter_mut().find(|(sector, ..)| *sector == case.sector) {
                    (held.1, held.2) = (first, at);
                    leaves(&mut held.3, others.of_member_in_sector);
                }
            }
        }
        if let Some(place) = self.regions.iter().position(|(region, _)| Some(*region) == case.region) {
            if !others.of_region {
                self.regions.remove(place);
            } else if let Some((_, members)) = self.regions.get_mut(place) {
                leaves(members, others.of_member_in_region);
            }
        }
    }

    /// Takes another cluster in.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.oldest = self.oldest.min(other.oldest);
        self.newest = self.newest.max(other.newest);
        self.cases.extend(other.cases);
        self.aliases.extend(other.aliases);
        self.tree.absorb(other.tree);
        self.words.extend(other.words);
        self.history.absorb(other.history);
        self.recent.absorb(other.recent);
        self.parted = self.parted.max(other.parted);
        self.values = self.values.saturating_add(other.values);
        self.members.absorb(&other.members);
        self.of_members = self.of_members.saturating_add(other.of_members);
        self.lanes.extend(other.lanes);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        for (sector, first, at, members) in other.sectors {
            if let Some(held) = self.sectors.iter_mut().find(|(known, ..)| *known == sector) {
                if first < held.1 {
                    (held.1, held.2) = (first, at);
                }
                held.3.absorb(&members);
            } else {
                self.sectors.push((sector, first, at, members));
            }
        }
        for (region, members) in other.regions {
            if let Some(held) = self.regions.iter_mut().find(|(known, _)| *known == region) {
                held.1.absorb(&members);
            } else {
                self.regions.push((region, members));
            }
        }
    }

    /// Members that a wave hit, and since when, if one is to be told.
    pub(crate) fn wave(&mut self, at: Timestamp) -> Option<(u32, Timestamp)> {
        self.recent.wave(at, self.first_seen)
    }

    /// Number of its cases.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.cases.len()).unwrap_or(u32::MAX)
    }

    /// Its figures.
    pub(crate) fn brief(&self, id: CampaignId) -> Brief {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Brief {
            id,
            cases: count(self.cases.len()),
            values: self.values,
            last_seen: self.last_seen,
            members: self.members.count(),
            of_members: self.of_members,
            lanes: count(self.lanes.len()),
            wave: self.recent.began(),
        }
    }

    /// First case in each sector, in the order in which sectors were hit.
    pub(crate) fn first_by_sector<'a>(&self, engine: &'a Fusion) -> Vec<(&'a str, Timestamp)> {
        let mut sectors: Vec<_> = self.sectors.iter().collect();
        sectors.sort_unstable_by_key(|(sector, first, ..)| (*first, *sector));
        let name = |sector: u16| engine.sectors.get(usize::from(sector)).map_or("", String::as_str);
        sectors.into_iter().map(|(sector, _, at, _)| (name(*sector), *at)).collect()
    }

    /// The campaign as it stands.
    pub(crate) fn view(&self, engine: &Fusion) -> Campaign {
        let mut cases = self.cases.clone();
        cases.sort_unstable();
        let id = |case: &u32| engine.cases.get(*case).map(|case| case.id);
        let mut sectors: Vec<_> = self.sectors.iter().collect();
        sectors.sort_unstable_by_key(|(sector, first, ..)| (*first, *sector));
        let name = |sector: u16| engine.sectors.get(usize::from(sector)).cloned().unwrap_or_default();
        let mut regions: Vec<(Region, u32)> =
            self.regions.iter().map(|(region, members)| (*region, members.count())).collect();
        regions.sort_unstable();
        Campaign {
            id: id(&self.oldest)
                .map_or(CampaignId::from_bytes([0; 16]), |case| CampaignId::from_bytes(*case.as_bytes())),
            aliases: self.aliases.clone(),
            cases: cases.iter().filter_map(id).collect(),
            values: self.values,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            first_by_sector: sectors.iter().map(|(sector, _, at, _)| (name(*sector), *at)).collect(),
            members: self.members.count(),
            members_by_sector: sectors.iter().map(|(sector, _, _, members)| (name(*sector), members.count())).collect(),
            members_by_region: regions,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use model::CaseId;

    use super::*;

    fn case(n: u32) -> Case {
        Case {
            id: CaseId::from_bytes([n as u8; 16]),
            at: Timestamp::from_millis(i64::from(n * 7 % 11) * 3_600_000),
            window: n % 3,
            token: n * 5 % 7,
            values: n,
            sector: if n.is_multiple_of(4) { u16::MAX } else { (n % 5) as u16 },
            region: (n % 2 == 1).then(|| Region::ALL[n as usize % 3]),
            counts: !n.is_multiple_of(6),
            of_member: !n.is_multiple_of(5),
            taken: 0,
            joined: 1.0,
        }
    }

    #[test]
    fn a_lone_case_comes_in_as_its_own_cluster_would() {
        let (mut one, mut other) = (Cluster::of(9, &case(9)), Cluster::of(9, &case(9)));
        for n in [3, 50, 7, 12, 30, 6, 5, 44, 45, 46] {
            one.add(n, &case(n));
            other.absorb(Cluster::of(n, &case(n)));
        }
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!((one.count(), one.oldest), (11, 3));
    }

    #[test]
    fn a_case_that_left_is_as_one_that_never_came() {
        let known = |one: Cluster| {
            let mut tokens = one.members.tokens;
            tokens.sort_unstable();
            let mut sectors: Vec<_> = one.sectors.into_iter().map(|it| (it.0, it.1, it.2, it.3.count())).collect();
            sectors.sort_unstable();
            let mut regions: Vec<_> = one.regions.into_iter().map(|(region, of)| (region, of.count())).collect();
            regions.sort_unstable();
            let times = (one.first_seen, one.last_seen, one.newest);
            (one.cases, tokens, sectors, regions, one.lanes, one.of_members, one.values, times)
        };
        let mut all = List::default();
        for n in 0..90 {
            all.push(case(n));
        }
        let of = |cases: &[u32]| {
            let mut whole = Cluster::of(0, &case(0));
            cases.iter().for_each(|n| whole.add(*n, &case(*n)));
            whole
        };
        for gone in 1..90 {
            for step in [1, 7, 29] {
                let mut cases: Vec<u32> = (1..90).step_by(step).filter(|n| *n != gone).collect();
                let never = of(&cases);
                cases.insert(gone as usize % (cases.len() + 1), gone);
                let mut left = of(&cases);
                left.remove(gone, &case(gone), &all);
                assert_eq!(known(left), known(never), "{gone} of each {step}");
            }
        }
    }

    #[test]
    fn the_window_with_the_fewest_members_gives_way_and_the_largest_counts() {
        let mut distinct = Distinct::default();
        let mut known: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for n in 0..400_u32 {
            let (window, token) = (n / 60, n * 31 % (20 + n / 60));
            distinct.add(window, token);
            if known.len() == WINDOWS_MAX && !known.contains_key(&window) {
                let least = *known.iter().min_by_key(|(window, tokens)| (tokens.len(), **window)).unwrap().0;
                known.remove(&least);
            }
            known.entry(window).or_default().insert(token);
            let most = known.values().map(BTreeSet::len).max().unwrap();
            assert_eq!(distinct.count() as usize, most, "after {n}");
        }
    }
}
