//! What a report's reporter chose beside what it says: as of when a group is meant, and values that the scrub would have held.

use model::{Timestamp, WhoMayBeWarned};

use super::CodecError;
use super::v3::KeptV3;
use crate::entry::ReportEntry;

/// The moment whose members a report for a group is for.
pub(super) fn as_of(report: &ReportEntry) -> Option<i64> {
    match report.warn {
        WhoMayBeWarned::Group { as_of, .. } => as_of.map(Timestamp::as_millis),
        _ => None,
    }
}

/// What the reporter chose to let go.
pub(super) fn kept(report: &ReportEntry) -> Vec<KeptV3> {
    let items = report.items.iter().enumerate();
    items.filter_map(|(item, held)| Some(KeptV3 { item, why: held.kept.clone()? })).collect()
}

pub(super) fn chosen(entry: ReportEntry, as_of: Option<i64>, kept: Vec<KeptV3>) -> Result<ReportEntry, CodecError> {
    let mut entry = if let Some(as_of) = as_of { of_group(entry, as_of)? } else { entry };
    for KeptV3 { item, why } in kept {
        let item = entry.items.get_mut(item);
        let none = || CodecError::Malformed("a choice about a value that is none".to_owned());
        item.ok_or_else(none)?.kept = Some(why);
    }
    Ok(entry)
}

pub(super) fn of_group(mut entry: ReportEntry, as_of: i64) -> Result<ReportEntry, CodecError> {
    let WhoMayBeWarned::Group { as_of: checked, .. } = &mut entry.warn else {
        return Err(CodecError::Malformed("a report as of a group that is for none".to_owned()));
    };
    *checked = Some(Timestamp::from_millis(as_of));
    Ok(entry)
}
