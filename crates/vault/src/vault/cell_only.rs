//! What a device sealed to the cell goes into reports that are for the cell only: whoever else may be warned gets what the cell writes
//! of it, and that must not end with the key of a month.

use model::{CaseId, SealedFile, SealedWords, WhoMayBeWarned};

use super::Vault;
use super::cases::Act;
use crate::entry::{Body, ReportEntry, Seq};
use crate::error::VaultError;

const WORDS: &str = "only words of a report that is for the cell only can be sealed: send them as they are";
const FILE: &str = "only files of a report that is for the cell only can be sealed: send it as it is";

impl Vault {
    /// Why an act that brings something sealed is not taken, if it is not.
    pub(super) fn refuses_sealed(&self, case: CaseId, of: Seq, act: &Act) -> Result<Option<&'static str>, VaultError> {
        let (words, why) = match act {
            Act::Correct(correction) if SealedWords::is(&correction.narrative) => (Some(&correction.narrative), WORDS),
            Act::File(file) if file.kind == SealedFile::KIND => (None, FILE),
            _ => return Ok(None),
        };
        let Some(report) = self.standing(case, of)? else { return Ok(None) };
        // Words that were sealed before more were let be warned may stay as they are.
        let may = report.warn == WhoMayBeWarned::CellOnly || words.is_some_and(|words| *words == report.narrative);
        Ok((!may).then_some(why))
    }

    /// A report as it stands after what its reporter changed.
    fn standing(&self, case: CaseId, of: Seq) -> Result<Option<Box<ReportEntry>>, VaultError> {
        let Some(mut report) = self.report_at(of)? else { return Ok(None) };
        for seq in self.cases.entries(case) {
            let entry = self.journal.read(seq, 1)?.into_iter().next().filter(|entry| entry.seq == seq);
            if let Some(Body::Amend(amend)) = entry.as_deref().map(|entry| &entry.body) {
                report.amend(&amend.change);
            }
        }
        Ok(Some(report))
    }
}
