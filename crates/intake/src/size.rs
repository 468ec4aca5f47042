//! How much of the journal a report takes: one that can never be stored is refused by name before it is sent.

use model::{CaseId, MemberToken};
use vault::{Body, ReportEntry, Submission, codec};

/// Bytes of a stored report beside its texts, and of a stored value beside its text.
const REPORT_BYTES: usize = 1_024;
const ITEM_BYTES: usize = 128;
/// Bytes of a choice about a value, beside its text.
const KEPT_BYTES: usize = 32;

/// The entry that a submission becomes; the vault makes case and token, here they are empty places of the same length.
pub(crate) fn entry_of(submission: Submission) -> ReportEntry {
    ReportEntry::of(submission, CaseId::from_bytes([0; 16]), MemberToken::from_bytes([0; 16]))
}

/// Bytes that a report takes in the journal: at least as many as it will.
///
/// # Errors
/// Says that it takes more than an entry may.
pub(crate) fn stored_bytes(submission: &Submission) -> Result<usize, String> {
    let report = &submission.report;
    let texts = [Some(&report.title), Some(&report.narrative), submission.named.as_ref(), submission.sector.as_ref()];
    let texts = texts.into_iter().flatten().chain(&report.tags).map(|text| formats::json_bytes(text) + 3);
    let items = report.items.iter().map(|item| {
        ITEM_BYTES
            + formats::json_bytes(item.sighting.observable.value())
            + item.held.as_deref().map_or(0, formats::json_bytes)
            + item.kept.as_deref().map_or(0, |why| formats::json_bytes(why) + KEPT_BYTES)
    });
    let bytes = REPORT_BYTES + texts.sum::<usize>() + items.sum::<usize>() + report.techniques.len() * 32;
    if bytes <= codec::INPUT_BYTES_MAX {
        return Ok(bytes);
    }
    match codec::encode(&Body::Report(Box::new(entry_of(submission.clone())))) {
        Ok(stored) => Ok(stored.len()),
        Err(error) => Err(format!("{error}: send it in parts")),
    }
}
