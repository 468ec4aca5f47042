//! Reports that are still going on and that nobody of the cell has taken up: since when each waits, by that time.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{CaseId, Timestamp};
use register::{NewPage, Stage};
use vault::{Body, Change, Entry, Party};

/// A case that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait {
    /// Since when: when it was accepted, or when its reporter said that it goes on.
    pub since: Timestamp,
    /// Which.
    pub case: CaseId,
}

impl Wait {
    /// The name under which people are woken for it.
    #[must_use]
    pub fn name(&self) -> [u8; 16] {
        NewPage::name_of(self.case.as_bytes(), self.since)
    }
}

#[derive(Default)]
struct State {
    waits: HashMap<CaseId, Wait>,
    names: HashSet<[u8; 16]>,
    /// Those for whom the shift was not woken yet, and those for whom the leads were not: nothing ever looks through all.
    due: [BTreeSet<Wait>; 2],
    /// Somebody of the cell has read them, or their reporter took them back: they wait for nobody, whatever is corrected.
    over: HashSet<CaseId>,
}

impl State {
    fn begin(&mut self, wait: Wait) {
        if self.over.contains(&wait.case) || self.waits.contains_key(&wait.case) {
            return;
        }
        self.waits.insert(wait.case, wait);
        self.names.insert(wait.name());
        self.due[0].insert(wait);
    }

    fn end(&mut self, case: CaseId) {
        if let Some(wait) = self.waits.remove(&case) {
            self.names.remove(&wait.name());
            self.due.iter_mut().for_each(|due| {
                due.remove(&wait);
            });
        }
    }
}

/// See the module; shared between the fold, which keeps it, and whoever wakes people.
#[derive(Clone, Default)]
pub struct Waiting(Arc<Mutex<State>>);

impl Waiting {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what the journal says.
    pub(crate) fn note(&self, entry: &Entry) {
        match &entry.body {
            Body::Report(report) if report.ongoing && !report.own => {
                self.state().begin(Wait { since: entry.at, case: report.case });
            }
            // A reply shows as well as a claim that somebody has read it.
            Body::Claim { case, .. } => self.over(*case),
            Body::Message(message) if matches!(message.from, Party::Cell { .. }) => self.over(message.case),
            Body::Amend(amend) => match &amend.change {
                Change::Correct(correction) if correction.ongoing => {
                    self.state().begin(Wait { since: entry.at, case: amend.case });
                }
                Change::Correct(_) => self.state().end(amend.case),
                Change::Withdraw | Change::Recall { .. } => self.over(amend.case),
                Change::Consent { .. } => {}
            },
            _ => {}
        }
    }

    fn over(&self, case: CaseId) {
        let mut state = self.state();
        state.end(case);
        state.over.insert(case);
    }

    /// The first that have waited since before a moment, and for whom a stage was not woken yet.
    #[must_use]
    pub fn due(&self, stage: Stage, before: Timestamp, max: usize) -> Vec<Wait> {
        let state = self.state();
        let due = match stage {
            Stage::Shift => &state.due[0],
            Stage::Leads => &state.due[1],
        };
        due.iter().take_while(|wait| wait.since <= before).take(max).copied().collect()
    }

    /// A stage was woken for a case.
    pub(crate) fn woken(&self, stage: Stage, wait: &Wait) {
        let mut state = self.state();
        let [shift, leads] = &mut state.due;
        match stage {
            // One that has ended meanwhile is in neither.
            Stage::Shift => {
                if shift.remove(wait) {
                    leads.insert(*wait);
                }
            }
            Stage::Leads => {
                leads.remove(wait);
            }
        }
    }

    /// Whether what people are woken for by this name still waits.
    #[must_use]
    pub fn is_waiting(&self, name: &[u8; 16]) -> bool {
        self.state().names.contains(name)
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().waits.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
