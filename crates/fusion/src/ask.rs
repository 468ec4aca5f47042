//! Questions: campaigns, values, why, and what it cost.

use model::{CampaignId, CaseId, ObservableKey, Timestamp};

use crate::campaign::{Brief, Campaign};
use crate::cluster::Cluster;
use crate::engine::Fusion;
use crate::history::Happened;
use crate::{Changes, Considered};

impl Fusion {
    /// What changed since the last call.
    pub fn take_changes(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.changed);
        let mut campaigns: Vec<CampaignId> = changed.into_iter().map(|case| self.id_of(case)).collect();
        campaigns.sort_unstable();
        campaigns.dedup();
        Changes { campaigns, merged: std::mem::take(&mut self.merged), waves: std::mem::take(&mut self.waves) }
    }

    /// The campaign of an id, be it a present one, an alias, or that of any case in it.
    #[must_use]
    pub fn campaign(&self, id: CampaignId) -> Option<Campaign> {
        self.with_cluster(id, |cluster| cluster.view(self))
    }

    fn with_cluster<T>(&self, id: CampaignId, ask: impl FnOnce(&Cluster) -> T) -> Option<T> {
        let case = self.index_of(CaseId::from_bytes(*id.as_bytes()))?;
        Some(match self.cluster(self.places.of(case)) {
            Some(cluster) => ask(cluster),
            None => ask(&Cluster::of(case, self.cases.get(case)?)),
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
        self.index_of(case).map(|case| self.id_of(case))
    }

    /// Distinct counting members of a campaign, in the largest token window.
    #[must_use]
    pub fn distinct_members_of_campaign(&self, id: CampaignId) -> u32 {
        let Some(case) = self.index_of(CaseId::from_bytes(*id.as_bytes())) else { return 0 };
        let Some(held) = self.cases.get(case) else { return 0 };
        self.cluster(self.places.of(case)).map_or(u32::from(held.counts), |cluster| cluster.members.count())
    }

    /// Cases that hold a value, in the order in which they came (at most 256).
    #[must_use]
    pub fn who_else(&self, key: ObservableKey) -> Vec<CaseId> {
        let cases = self.postings.get(key.0).map_or(&[][..], |posting| posting.holders(&self.store));
        cases.iter().filter_map(|case| self.cases.get(*case)).map(|case| case.id).collect()
    }

    /// In how many cases a value was.
    #[must_use]
    pub fn seen(&self, key: ObservableKey) -> u32 {
        self.postings.get(key.0).map_or(0, |posting| posting.seen(&self.store))
    }

    /// Distinct counting members that hold a value, in the largest token window.
    #[must_use]
    pub fn distinct_members(&self, key: ObservableKey) -> u32 {
        self.postings.get(key.0).map_or(0, |posting| posting.members(&self.store, &self.cases))
    }

    /// What happened to a campaign: merges, splits, revivals, in the order of their times.
    #[must_use]
    pub fn history(&self, id: CampaignId) -> Vec<Happened> {
        self.with_cluster(id, |cluster| cluster.history.all().to_vec()).unwrap_or_default()
    }

    /// Log-odds with which a case joined its campaign; infinite if it began one.
    #[must_use]
    pub fn strength(&self, case: CaseId) -> f32 {
        self.index_of(case).and_then(|case| self.cases.get(case)).map_or(f32::NEG_INFINITY, |case| case.joined)
    }

    /// Has [`Fusion::considered`] tell what each report is held against from now on; else nothing is noted of what is not linked.
    pub const fn note_considered(&mut self) {
        self.notes_considered = true;
    }

    /// What the last report was held against, the likeliest first, if that is noted.
    #[must_use]
    pub fn considered(&self) -> &[Considered] {
        &self.considered
    }

    /// Entries of postings that were looked at since the engine began: the work that evidence cost.
    #[must_use]
    pub const fn entries_touched(&self) -> u64 {
        self.touched
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
