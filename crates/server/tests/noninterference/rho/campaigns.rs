//! Campaigns as members see them: bands, marks, and what they are made of.

use std::collections::{BTreeMap, BTreeSet};

use super::linked::{distinct, strictest};
use super::{COALITION, Campaign, Filed, Firms, K, Rho, SECTOR_FLOOR, Value};

impl Rho {
    /// The campaigns that members see, each with the labels of its reports.
    pub(super) fn public_campaigns(&self) -> Vec<(BTreeSet<usize>, Campaign)> {
        let mut all: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (label, root) in &self.roots {
            all.entry(*root).or_default().insert(*label);
        }
        let campaign = |reports: &BTreeSet<usize>| {
            let filed = || reports.iter().map(|label| self.of(*label));
            let values: BTreeSet<usize> = filed().flat_map(|filed| &filed.open).copied().collect();
            Campaign {
                label: strictest(
                    values
                        .iter()
                        .flat_map(|value| &self.shown[value].labels)
                        .chain(filed().flat_map(|filed| &filed.labels)),
                ),
                band: reports.iter().filter_map(|label| self.bands.get(label)).max().copied().unwrap_or(0),
                marks: self.marked(reports),
                attack: filed().flat_map(|filed| &filed.attacks).min().copied(),
                techniques: filed().flat_map(|filed| &filed.report.techniques).copied().collect(),
                values,
            }
        };
        let all = all.into_values().map(|reports| (reports.clone(), campaign(&reports)));
        // One of which everything was taken back is there no more.
        all.filter(|(_, campaign)| !campaign.values.is_empty()).collect()
    }

    /// What is marked of a campaign of these reports: all that any part of it was marked with.
    pub(super) fn marked(&self, reports: &BTreeSet<usize>) -> BTreeSet<usize> {
        reports.iter().filter_map(|label| self.marks.get(label)).flatten().copied().collect()
    }

    /// Campaigns with the tick since which they are seen so.
    pub fn campaigns(&self) -> impl Iterator<Item = (&Campaign, i64)> {
        self.campaigns.iter().map(|(_, campaign, since)| (campaign, *since))
    }

    /// Values that members have.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        self.shown.iter().map(|(value, shown)| Value {
            value: *value,
            labels: shown.labels.clone(),
            paps: shown.paps.clone(),
            since: shown.since,
            names: shown.names.clone(),
            block: shown.pushed,
        })
    }

    /// Texts that members have, each with the values of the campaign that it is about.
    pub fn texts(&self) -> Vec<(&str, Option<BTreeSet<usize>>)> {
        let campaigns = self.public_campaigns();
        let values = |label: usize| {
            let found = campaigns.iter().find(|(reports, _)| reports.contains(&label));
            // Of a campaign that is gone a text still says that it was about one.
            found.map(|(_, campaign)| campaign.values.clone()).unwrap_or_default()
        };
        self.told.iter().map(|(text, about)| (text.as_str(), about.map(values))).collect()
    }

    pub(super) fn aggregates(&mut self) {
        let root = self.roots.clone();
        let mut firms: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        let mut reports: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (index, root) in &root {
            let Filed { report, window, .. } = self.of(*index);
            reports.entry(*root).or_default().insert(*index);
            if !report.named {
                firms.entry(*root).or_default().insert((report.firm, *window));
            }
        }
        for (root, firms) in firms {
            let by_sector = (0..self.sectors).any(|place| self.is_large(|firm| self.script.sector(firm) == place));
            // Marked by sectors or by regions, never by both.
            let places: Vec<(usize, Firms<'_>)> = if by_sector {
                (0..self.sectors).map(|at| (at, self.in_sector(at))).collect()
            } else {
                (0..self.script.regions).map(|at| (1_000 + at, self.in_region(at))).collect()
            };
            let now: Vec<usize> =
                places.iter().filter(|(_, place)| self.within(&firms, place)).map(|(place, _)| *place).collect();
            let marks = self.marked(&reports[&root]).into_iter().chain(now).collect::<BTreeSet<_>>();
            // A large place without a mark says that fewer than K of it were hit.
            let unmarked = places.iter().filter(|(at, place)| !marks.contains(at) && self.is_large(place));
            let room = unmarked.fold(self.firms, |room, (_, place)| {
                room.saturating_sub((0..self.firms).filter(|firm| place(*firm)).count() - (K - 1))
            });
            let count = distinct(&firms);
            let band = [25, 10, K].into_iter().find(|band| count >= *band && room > band + COALITION).unwrap_or(0);
            drop(places);
            self.marks.insert(root, marks);
            let held = self.bands.entry(root).or_insert(0);
            *held = band.max(*held);
        }
    }

    /// Whether a place may be named: K distinct firms in it, and enough in all.
    pub(super) fn within(&self, firms: &BTreeSet<(usize, i64)>, place: impl Fn(usize) -> bool) -> bool {
        let within: BTreeSet<(usize, i64)> = firms.iter().filter(|(firm, _)| place(*firm)).copied().collect();
        distinct(&within) >= K && self.is_large(place)
    }

    /// Whether a place has firms enough for a mark.
    pub(super) fn is_large(&self, place: impl Fn(usize) -> bool) -> bool {
        (0..self.firms).filter(|firm| place(*firm)).count() >= SECTOR_FLOOR.max(K + COALITION + 1)
    }

    pub(super) fn in_sector(&self, sector: usize) -> Firms<'_> {
        Box::new(move |firm| self.script.sector(firm) == sector)
    }

    pub(super) fn in_region(&self, region: usize) -> Firms<'_> {
        Box::new(move |firm| self.script.region(firm) == Some(region))
    }
}
