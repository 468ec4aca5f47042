//! What the planted leaks of test builds need of a case's source; in every other build it is nothing.

use std::collections::HashMap;

use model::{CaseId, MemberToken};
use policy::planted::{self, Leak};
use vault::ReportEntry;

use crate::campaign_page::PlacedCase;
use crate::desk::Desk;

/// Kept apart from the desk's own state, so that a reader of the desk can pass over it.
#[derive(Default)]
pub(crate) struct Leaks {
    sources: HashMap<CaseId, MemberToken>,
    /// Who has claimed a case of a source before.
    hands: HashMap<MemberToken, String>,
}

impl Leaks {
    pub(crate) fn came(&mut self, report: &ReportEntry) {
        if planted::is_on(Leak::OwnerBySource) || planted::is_on(Leak::CasesBySource) {
            self.sources.insert(report.case, report.token);
        }
    }

    pub(crate) fn claimed(&mut self, case: CaseId, name: &str) {
        if planted::is_on(Leak::OwnerBySource)
            && let Some(source) = self.sources.get(&case)
        {
            self.hands.insert(*source, name.to_owned());
        }
    }

    fn hand_of(&self, case: CaseId) -> Option<&String> {
        if planted::is_on(Leak::OwnerBySource) { self.hands.get(self.sources.get(&case)?) } else { None }
    }
}

impl Desk {
    /// Who has claimed a case.
    pub(crate) fn owner_of(&self, case: CaseId) -> Option<String> {
        let claimed = self.claims.get(&case).map(|claimant| &claimant.name);
        claimed.or_else(|| self.leaks.hand_of(case)).cloned()
    }

    /// The cases of a page: those of one minute by their source.
    pub(crate) fn leak_order(&self, cases: &mut [PlacedCase]) {
        if planted::is_on(Leak::CasesBySource) {
            cases.sort_by_key(|placed| (placed.at, self.leaks.sources.get(&placed.case), placed.case));
        }
    }
}

/// Adds the region of a report to the name of its lane.
pub(crate) fn add_region(lane: &mut String, report: &ReportEntry) {
    if planted::is_on(Leak::RegionOnPage)
        && let Some(region) = report.region
    {
        lane.push_str(", ");
        lane.push_str(region.title());
    }
}
