//! What the cell feeds back to the source of a case by the way back: what the case was worth, and that its source may send less. The
//! caller learns that it is done, and nothing of who it is done to.

use std::sync::PoisonError;

use model::{CaseId, OrganisationId, PersonId, Timestamp, WhoMayKnow};
use policy::planted::{self, Leak};

use super::Vault;
use super::cases::Act;
use crate::acts::{Feedback, FeedbackEntry, Verdict};
use crate::entry::{Body, ReportEntry, Submission};
use crate::error::VaultError;
use crate::grade::Grade;
use crate::journal::NewEntry;
use crate::keys::Keys;
use crate::sealing::grades::{Bearer, Grades};

/// Whom nobody is: what stands for the source of a case that has none.
const NOBODY: OrganisationId = OrganisationId::from_bytes([0; 16]);

impl Vault {
    /// Judges a case, or limits its source: the same work and the same answer whether it has a source or none. Says why if its thread
    /// takes no more.
    ///
    /// # Errors
    /// [`VaultError`] if it is not on disk.
    pub fn feed_back(
        &self,
        case: CaseId,
        (by, name): (PersonId, String),
        what: Feedback,
    ) -> Result<Result<(), &'static str>, VaultError> {
        let act = Act::Say { text: String::new() };
        if let Err(why) = self.cases.enter(case, &act, None) {
            return Ok(Err(why));
        }
        let feedback = FeedbackEntry { case, by, name, what };
        let at = self.clock.now();
        match self.journal.append(vec![NewEntry::new(at, Body::Feedback(Box::new(feedback.clone())))]) {
            Ok(seqs) => {
                self.cases.acted(case, &act, &seqs);
                self.feed(&feedback, at)?;
                Ok(Ok(()))
            }
            Err(error) => {
                self.cases.undo(case, &act);
                Err(error.into())
            }
        }
    }

    /// Takes in what the journal says was fed back.
    pub(super) fn feed(&self, feedback: &FeedbackEntry, at: Timestamp) -> Result<(), VaultError> {
        match &feedback.what {
            Feedback::Judged(verdict) => {
                self.grades(|grades| grades.judged(feedback.case, Keys::window(at), *verdict));
            }
            Feedback::Limited { .. } => self.sealing.limits.limit(self.source_of(feedback.case)?, at),
        }
        Ok(())
    }

    fn grades<T>(&self, ask: impl FnOnce(&mut Grades) -> T) -> T {
        ask(&mut self.sealing.grades.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where the way back leads; to nobody if there is none, after the same work.
    fn source_of(&self, case: CaseId) -> Result<OrganisationId, VaultError> {
        let way_back = self.journal.filed(case)?.map(|filed| filed.way_back).unwrap_or_default();
        Ok(self.sealing.way_back.open(case, &way_back).unwrap_or(NOBODY))
    }

    /// Who the members are among whom letters are counted, each with the group that its cases appear under.
    pub fn set_members(&self, members: Vec<Bearer>) {
        self.grades(|grades| grades.set_members(members));
    }

    /// Draws letters anew where another window of 30 days has begun; to be called often. Each way back of a judged case is walked once.
    ///
    /// # Errors
    /// [`VaultError`] if a source cannot be read: then nothing is told of any until it is tried again.
    pub fn draw_grades(&self, now: Timestamp) -> Result<(), VaultError> {
        let window = Keys::window(now);
        if !self.grades(|grades| grades.is_due(window)) {
            return Ok(());
        }
        // Reports that come meanwhile wait for nothing: they bear no letter.
        let judged = self.grades(|grades| grades.before(window));
        let walked = judged.into_iter().map(|(case, verdict)| Ok((self.source_of(case)?, verdict)));
        let outcomes = walked.collect::<Result<Vec<(OrganisationId, Verdict)>, VaultError>>()?;
        self.grades(|grades| grades.draw(window, outcomes.into_iter().filter(|(source, _)| *source != NOBODY)));
        Ok(())
    }

    /// What is told of the source of a case that comes now, for as long as the case is there. A case whose reporter may be known has no
    /// letter: it would be a known firm's.
    pub(super) fn grade_of(&self, report: &ReportEntry, source: OrganisationId) -> Grade {
        if report.know != WhoMayKnow::Nobody {
            return Grade::Untold;
        }
        self.grades(|grades| grades.of(source, report.sector.as_ref(), Keys::window(report.received_at)))
    }

    /// What the source of a case bears at a time, if a leak is planted that tells it of older cases too; in every other build nothing.
    #[must_use]
    pub fn leak_grade(&self, case: CaseId, now: Timestamp) -> Option<Grade> {
        if !planted::is_on(Leak::GradeLive) {
            return None;
        }
        let (report, _) = self.report_of(case).ok().flatten()?;
        let source = self.source_of(case).ok()?;
        Some(self.grades(|grades| grades.of(source, report.sector.as_ref(), Keys::window(now))))
    }

    /// Whether the sources of what comes may send it now, each by the limits of its own.
    pub(super) fn may_send(&self, submissions: &[Submission]) -> Result<(), VaultError> {
        // A batch is of one sender.
        let Some(first) = submissions.first() else { return Ok(()) };
        let taken = self.sealing.limits.take(first.organisation, submissions.len(), self.clock.now());
        taken.map_err(VaultError::Slow)
    }
}
