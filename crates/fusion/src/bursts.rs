//! Bursts: fresh reports of several members that share too little to be one campaign, and all of it within hours.
//!
//! Of an attack of hundreds of values each member may see a few that no other sees. What two such reports share is then a network, a
//! word, a folder: too little for a link, but three members whose new reports hang together by such shreds within six hours are a
//! wave all the same. Only campaigns that began within that time hang together so. Nothing is linked by it. See decision 0133.

use std::collections::{BTreeMap, VecDeque};

use model::Timestamp;

use crate::cluster::{Cluster, Distinct};
use crate::engine::Fusion;
use crate::history::{Happened, What};
use crate::small::Few;
use crate::waves::{MEMBERS_NEW, SPAN_MILLIS};
use crate::{Wave, places::Places};

/// Log-odds from which a report hangs together with another one.
pub(crate) const SHRED: f32 = -2.0;
/// Others that one report is kept to hang together with, the likeliest.
const SHREDS_MAX: usize = 4;
/// Latest reports that are kept, and of one member: who sends a thousand pushes nobody out.
const KEPT_MAX: usize = 512;
const KEPT_OF_MEMBER: usize = 32;
/// Campaigns that one burst may consist of, and bursts that are known to be told.
const CAMPAIGNS_MAX: usize = 64;

/// Campaigns of one report whose part in a burst is kept; of more, the oldest go.
const ALONE_MAX: usize = 4_096;

/// What a campaign's page says of a burst that it is part of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    happened: Happened,
    /// The wave is told of this campaign.
    is_marked: bool,
}

impl Told {
    /// Puts it on the page.
    pub(crate) fn put(self, cluster: &mut Cluster) {
        let at = self.happened.at;
        cluster.recent.tell(at, self.is_marked.then_some(at));
        cluster.history.absorb(std::iter::once(self.happened).collect());
    }
}

/// A report of the last hours.
#[derive(Clone, Debug)]
struct Fresh {
    case: u32,
    at: Timestamp,
    window: u32,
    token: u32,
    counts: bool,
    /// Cases of the campaigns that it hangs together with.
    shreds: Few<u32, SHREDS_MAX>,
}

/// Reports of the last hours, in the order in which they came.
#[derive(Default)]
pub(crate) struct Bursts {
    fresh: VecDeque<Fresh>,
    /// A case of each campaign that a wave was told of, or that belongs to a burst that was told, and when that last went on.
    told: VecDeque<(u32, Timestamp)>,
    /// Parts in a burst of campaigns of one report, which have no cluster. None is made of it: who sent what tells of bursts, and what is
    /// linked with what must not depend on that.
    alone: BTreeMap<u32, Told>,
}

fn within(at: Timestamp, earlier: Timestamp) -> bool {
    (0..=SPAN_MILLIS).contains(&at.millis_since(earlier))
}

impl Bursts {
    /// Whether a campaign whose oldest case this is began within the last hours.
    pub(crate) fn is_fresh(&self, oldest: u32) -> bool {
        self.fresh.front().is_some_and(|first| oldest >= first.case)
    }

    fn push(&mut self, fresh: Fresh) {
        while self.fresh.front().is_some_and(|first| fresh.at.millis_since(first.at) > SPAN_MILLIS) {
            self.fresh.pop_front();
        }
        let same = |held: &Fresh| (held.window, held.token) == (fresh.window, fresh.token);
        if self.fresh.iter().filter(|held| same(held)).count() >= KEPT_OF_MEMBER {
            if let Some(at) = self.fresh.iter().position(same) {
                self.fresh.remove(at);
            }
        } else if self.fresh.len() == KEPT_MAX {
            self.fresh.pop_front();
        }
        self.fresh.push_back(fresh);
    }

    /// The part in a burst of a campaign of one report.
    pub(crate) fn of_lone(&self, case: u32) -> Option<Told> {
        self.alone.get(&case).copied()
    }

    /// The same, as the report is put into a cluster.
    pub(crate) fn take_of_lone(&mut self, case: u32) -> Option<Told> {
        self.alone.remove(&case)
    }

    fn keep_of_lone(&mut self, case: u32, told: Told) {
        if self.alone.len() == ALONE_MAX {
            self.alone.pop_first();
        }
        self.alone.insert(case, told);
    }

    /// A wave of the campaign of a case was told, or went on.
    pub(crate) fn tell(&mut self, case: u32, at: Timestamp) {
        if self.told.len() == CAMPAIGNS_MAX {
            self.told.pop_front();
        }
        self.told.push_back((case, at));
    }

    /// Whether one of these campaigns belongs to what was told within the last hours.
    fn is_told(&self, homes: &[u32], at: Timestamp, places: &Places) -> bool {
        self.told.iter().any(|(case, then)| within(at, *then) && homes.contains(&places.home(*case)))
    }

    /// The campaigns, as their homes, that hang together with that of a case.
    fn together(&self, case: u32, at: Timestamp, places: &Places) -> Vec<u32> {
        let mut homes = vec![places.home(case)];
        let reports = || self.fresh.iter().filter(|held| !held.shreds.is_empty() && within(at, held.at));
        loop {
            let before = homes.len();
            for held in reports() {
                let mine = places.home(held.case);
                for other in held.shreds.as_slice() {
                    let theirs = places.home(*other);
                    let more = match (homes.contains(&mine), homes.contains(&theirs)) {
                        (true, false) => theirs,
                        (false, true) => mine,
                        _ => continue,
                    };
                    // It may have become one with an older campaign since.
                    if self.is_fresh(places.oldest(more)) {
                        homes.push(more);
                    }
                }
            }
            if homes.len() == before || homes.len() > CAMPAIGNS_MAX {
                return homes;
            }
        }
    }
}

impl Fusion {
    /// Notes a report, and the likeliest of the campaigns that it hangs together with; looks whether that is a burst. Whether a wave of its
    /// own campaign was told of it is known.
    pub(crate) fn look_for_burst(&mut self, case: u32, at: Timestamp, is_wave: bool) {
        let shreds: Few<u32, SHREDS_MAX> = self.shreds.iter().copied().take(SHREDS_MAX).collect();
        let hangs = !shreds.is_empty();
        let Some(held) = self.cases.get(case) else { return };
        let (window, token, counts, id) = (held.window, held.token, held.counts, held.id);
        self.bursts.push(Fresh { case, at, window, token, counts, shreds });
        if is_wave {
            self.bursts.tell(case, at);
        }
        if is_wave || !hangs || !self.bursts.is_fresh(self.oldest_of(case)) {
            return;
        }
        let homes = self.bursts.together(case, at, &self.places);
        let mut members = Distinct::default();
        let mut since = at;
        // Of each campaign its reports of these hours, and the oldest of them.
        let mut of: Vec<(u32, u32, u32)> = Vec::new();
        for held in self.bursts.fresh.iter().filter(|held| held.counts && within(at, held.at)) {
            let home = self.places.home(held.case);
            if !homes.contains(&home) {
                continue;
            }
            members.add(held.window, held.token);
            since = since.min(held.at);
            match of.iter_mut().find(|(known, ..)| *known == home) {
                Some((_, reports, _)) => *reports += 1,
                None => of.push((home, 1, held.case)),
            }
        }
        let members = members.count();
        if members < MEMBERS_NEW {
            return;
        }
        let told = self.bursts.is_told(&homes, at, &self.places);
        let Some((_, _, most)) = of.iter().copied().max_by_key(|(_, reports, first)| (*reports, u32::MAX - first))
        else {
            return;
        };
        let campaign = self.id_of(most);
        for (_, _, first) in of {
            self.bursts.tell(first, at);
            if !told {
                let (what, other) = (What::Wave, campaign);
                let happened = Happened { at, what, other, reports: members, case: Some(id), by: None };
                let part = Told { happened, is_marked: first == most };
                match self.cluster_of_mut(first) {
                    Some(cluster) => part.put(cluster),
                    None => self.bursts.keep_of_lone(first, part),
                }
            }
        }
        if !told {
            self.waves.push(Wave { campaign, members, since });
        }
    }

    /// Whether a campaign is part of a wave that was told within the last hours and goes on.
    pub(crate) fn is_part_of_burst(&self, case: u32, at: Timestamp) -> bool {
        self.bursts.is_told(&[self.places.home(case)], at, &self.places)
    }
}
