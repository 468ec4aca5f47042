//! A report leaves its campaign by itself: what brought it there was weak, and a later report shows that it belongs elsewhere.

use model::{CaseId, Timestamp};

use crate::Finding;
use crate::cluster::Cluster;
use crate::engine::Fusion;
use crate::history::{Happened, What};
use crate::tree::NO_WORD;

/// Log-odds below which the link of a report to its campaign is weak: others may show that it belongs elsewhere.
pub(crate) const WEAK: f32 = 2.5;
/// Reports of a campaign beyond which none is let go by evidence: who leans on whom is looked for among all of them.
const LEAN_CASES_MAX: usize = 1_024;

impl Fusion {
    /// Takes a report out of its campaign if one weak link alone holds it there. Gives whether it did.
    pub(crate) fn detach(&mut self, only: u32, by: u32, at: Timestamp, findings: &mut Vec<Finding>) -> bool {
        let held = self.places.of(only);
        let Some(cluster) = self.cluster(held) else { return false };
        if cluster.oldest == only {
            return false;
        }
        let Some((place, link)) = cluster.tree.only_link(only) else { return false };
        if link.word != NO_WORD || link.log_odds >= WEAK {
            return false;
        }
        let id = self.cases.get(only).map(|case| case.id);
        if id.is_some_and(|id| self.is_tied(id, held)) {
            return false;
        }
        if cluster.cases.len() > LEAN_CASES_MAX || self.reasons.lean_on(&cluster.cases, only) {
            return false;
        }
        self.let_out(only, held, place, (at, by), findings);
        true
    }

    /// A report whose only link is at a place of its campaign's tree becomes a campaign of its own; the rest stays what it is.
    fn let_out(&mut self, only: u32, held: u32, link: usize, (at, by): (Timestamp, u32), findings: &mut Vec<Finding>) {
        let oldest = self.oldest_of(only);
        let (kept_id, alone_id) = (self.campaign_id_of(oldest), self.campaign_id_of(only));
        let by = self.cases.get(by).map(|case| case.id);
        let Some(case) = self.cases.get(only) else { return };
        let Some(whole) = self.clusters.get_mut(held).and_then(Option::as_deref_mut) else { return };
        // What brought it there was mistaken.
        self.reasons.forget(only);
        whole.tree.cut_leaf(link);
        whole.remove(only, case, &self.cases);
        let mut alone = Cluster::of(only, case);
        alone.words.extend(self.words.of(case.id));
        alone.history = whole.history.take_of(case.id);
        whole.aliases.retain(|alias| *alias != alone_id);
        let split = self.places.split();
        (whole.parted, alone.parted) = (split, split);
        let happened = |what, other, reports| Happened { at, what, other, reports, case: by, by: None };
        whole.history.push(happened(What::Parted, alone_id, 1));
        alone.history.push(happened(What::PartedFrom, kept_id, whole.count()));
        self.places.note(held, whole);
        let place = self.free_place();
        self.places.set(only, place);
        self.put_cluster(place, Box::new(alone));
        self.note_changed([oldest, only]);
        findings.push(Finding::Split { kept: kept_id, parted: alone_id });
    }

    /// Whether a word in force holds a report with another one of its campaign. A word of a report that this run does not have says
    /// nothing here, or members' campaigns would tell of it.
    fn is_tied(&self, case: CaseId, place: u32) -> bool {
        let here = |case: CaseId| self.index_of(case).is_some_and(|case| self.places.of(case) == place);
        let mut words = self.words.of(case).iter().filter_map(|number| self.words.active(*number));
        words.any(|word| word.same && here(word.one) && here(word.other))
    }
}
