//! What handlers ask the fold about cases, and the audit log that hangs on it.

use std::collections::HashSet;
use std::sync::Arc;

use model::{CaseId, PersonId};
use release::Everyday;
use vault::audit::Audit;
use vault::{Entry, Seq};

use super::SharedFold;

impl SharedFold {
    /// Who claimed a case; asked only once a sight has shown that there is one.
    pub(crate) fn owner(&self, case: CaseId) -> Option<PersonId> {
        self.read().desk.owner(case)
    }

    /// Whether a case came from outside the partnership; asked as the claimant is.
    pub(crate) fn is_outside(&self, case: CaseId) -> bool {
        self.read().desk.is_outside(case)
    }

    /// Whether a case was passed to somebody, and the cases of one person with the place of the last entry folded.
    pub(crate) fn is_passed(&self, case: CaseId, person: PersonId) -> bool {
        self.read().desk.is_passed(case, person)
    }

    pub(crate) fn passed_to(&self, person: PersonId) -> (HashSet<CaseId>, Seq) {
        self.read().desk.passed_to(person)
    }

    /// The audit log, which acts of the cell and its reads go into.
    #[must_use]
    pub const fn audit(&self) -> &Arc<Audit> {
        &self.audit
    }

    /// The lists of everyday values in use, now and later, which members' look-ups ask.
    #[must_use]
    pub fn everyday(&self) -> Everyday {
        self.read().engine.everyday()
    }

    /// Those that wait for an act, and the log of acts, are told of an entry.
    pub(super) fn note(&self, entry: &Entry) {
        self.waiting.note(entry);
        self.audit.note(entry);
    }
}
