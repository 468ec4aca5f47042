//! What the declared release tells each kind of observer, as text that two worlds are compared by.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::linked::{distinct, linked, own_links};
use super::{BLOCK, Campaign, Filed, HOLD, K, OVER_COMMON, PIVOT, Rho, WAVE, WAVE_MILLIS};
use crate::script::host_of;

/// A report of a campaign: its label, its firm in a window, when.
type Hit = (usize, (usize, i64), i64);

impl Rho {
    /// Where values soon stop to link, which report is the last that links depends on more than is modelled here: what is
    /// open in which order, and which reports are of one firm, must agree instead, and with them every count agrees.
    fn fine(&self, sets: &[(usize, BTreeSet<usize>)], root: &BTreeMap<usize, usize>) -> String {
        let mut text = String::new();
        for (index, values) in sets {
            let Filed { report, window, .. } = self.of(*index);
            // The first report of the same component, firm and window stands for the firm.
            let same = root.iter().find(|(other, of)| {
                let other = self.of(**other);
                **of == root[index] && other.report.firm == report.firm && other.window == *window
            });
            let _ = writeln!(
                text,
                "report {} {values:?} as {:?} of {} {:?}",
                report.label,
                same.map(|(other, _)| other),
                self.script.sector(report.firm),
                self.script.region(report.firm),
            );
        }
        text
    }

    /// Everything that the declared release tells a member, as text.
    pub fn view(&self) -> String {
        let mut text = String::new();
        for (value, shown) in &self.shown {
            let _ = writeln!(
                text,
                "value {value} {:?} {:?} {:?} block {}",
                shown.labels,
                shown.said,
                shown.names,
                self.blocked.contains(value)
            );
        }
        if self.script.common.is_some() {
            let open = self.filed.iter().filter(|filed| filed.was_open);
            let open: Vec<_> = open.map(|filed| (filed.report.label, linked(filed.open.iter().copied()))).collect();
            text += &self.fine(&open, &self.roots);
        }
        // Of reports that open at one moment any may be the one that the campaign's id is made from.
        let _ = writeln!(text, "reports that members' campaigns are made of {:?}", self.roots);
        for (reports, Campaign { values, label, band, marks, .. }) in self.public_campaigns() {
            // A merge takes the widest band that one of its parts had shown, and the labels of all its values.
            let _ = writeln!(text, "campaign {:?} {values:?} {label} {band:?} {marks:?}", reports.first());
        }
        for (told, about) in &self.told {
            let _ = writeln!(text, "{told} about {about:?}");
        }
        text
    }

    /// What the cell may count exactly: every campaign of the run over all items, with its firms by sector.
    pub fn cell_view(&self) -> String {
        let mut all = self.everything.clone();
        self.unfolded.iter().for_each(|op| all.take(op));
        let sets = all.links();
        let mut firms: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        let mut by_value: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        let mut sectors = Vec::new();
        for (index, report) in all.reports() {
            let who = (report.firm, self.of(index).window);
            // A firm that is named does not count.
            if !report.named {
                firms.entry(all.roots[&index]).or_default().insert(who);
            }
            sectors.push(self.script.sector(report.firm));
            for value in report.values.iter().copied().chain(own_links(report)) {
                // A value of a named firm is there, but its firm does not count.
                let who = (!report.named).then_some(who);
                by_value.entry(value).or_default().extend(who);
            }
        }
        let counts: Vec<_> = firms.iter().map(|(root, firms)| (root, distinct(firms))).collect();
        let values: Vec<_> = by_value.iter().map(|(value, firms)| (value, distinct(firms))).collect();
        let fine = if self.script.common.is_some() { self.fine(&sets, &all.roots) } else { String::new() };
        let together = self.together(&all.roots);
        format!("{counts:?} {values:?} {sectors:?} {fine} {together:?} {}", self.taken_view())
    }

    /// A wave is told by how many firms a campaign hit within six hours, whatever else it became one with later: of any two of
    /// its reports that are no further apart, whether they are one firm's must agree. Nothing in campaigns that hit too few.
    fn together(&self, roots: &BTreeMap<usize, usize>) -> Vec<(usize, usize)> {
        let mut campaigns: BTreeMap<usize, Vec<Hit>> = BTreeMap::new();
        for (label, root) in roots {
            let filed = self.of(*label);
            let at = filed.asked.values().min().copied();
            if let Some(at) = at.filter(|_| !filed.report.named) {
                campaigns.entry(*root).or_default().push((*label, (filed.report.firm, filed.window), at));
            }
        }
        let many = |reports: &&Vec<Hit>| distinct(&reports.iter().map(|(_, who, _)| *who).collect()) >= WAVE;
        let mut same = Vec::new();
        for reports in campaigns.values().filter(many) {
            for (index, (label, who, at)) in reports.iter().enumerate() {
                let earlier = reports[..index].iter().filter(|(_, by, then)| by == who && at - then <= WAVE_MILLIS);
                same.extend(earlier.map(|(earlier, ..)| (*earlier, *label)));
            }
        }
        same
    }

    /// What becomes due, and when: an operator may see how much there is, so only where this agrees must figures agree.
    pub fn operator_view(&self) -> String {
        let mut having: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        let mut open: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        for filed in &self.filed {
            let who = (filed.report.firm, filed.window);
            for value in filed.asked.keys().filter(|_| Self::may_be_shown(&filed.report)) {
                having.entry(*value).or_default().insert(who);
            }
            for value in &filed.open {
                open.entry(*value).or_default().insert(who);
            }
        }
        let mut broad: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        for (label, root) in &self.roots {
            let filed = self.of(*label);
            if !filed.report.named {
                broad.entry(*root).or_default().insert((filed.report.firm, filed.window));
            }
        }
        let enough = |of: BTreeMap<usize, BTreeSet<(usize, i64)>>, least| {
            of.into_iter().filter(|(_, firms)| distinct(firms) >= least).map(|(what, _)| what).collect::<Vec<_>>()
        };
        // The cell's own run notes what too many members name, directly or by a URL on it.
        let mut naming: BTreeMap<usize, BTreeSet<(usize, i64)>> = BTreeMap::new();
        for filed in self.filed.iter().filter(|filed| !filed.report.named) {
            let hosts = filed.report.values.iter().filter_map(|value| Some(PIVOT + host_of(*value)?));
            for value in filed.report.values.iter().copied().chain(hosts).chain(own_links(&filed.report)) {
                naming.entry(value).or_default().insert((filed.report.firm, filed.window));
            }
        }
        let crowd = self.script.common.map_or(OVER_COMMON, |limit| limit as usize).max(self.firms.div_ceil(2)).max(K);
        format!(
            "{} {} {:?} {:?} {:?} {:?}",
            self.filed.len(),
            self.taken_view(),
            enough(having, HOLD),
            enough(open, BLOCK),
            enough(broad, K),
            enough(naming, crowd)
        )
    }
}
