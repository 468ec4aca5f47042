//! Documents that importers read: what they hold is meant, value by value.

use super::gather::Gather;
use super::{Extracted, Place};
use crate::import::{Event, ImportOptions, import};
use crate::limits::EXTRACT_NOTES_MAX;

/// Whether JSON lines are reports with lists of values.
pub(super) fn is_report_lines(start: &[u8]) -> bool {
    let line = start.split(|&b| b == b'\n').next().unwrap_or_default();
    line.windows(12).any(|twelve| twelve == b"\"indicators\"")
}

/// Whether every line has columns. The importer also takes a list of one column for a table; here that is text, so that a
/// sentence that somebody pastes is not one value.
pub(super) fn has_columns(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(16 << 10)).unwrap_or_default();
    let lines = || {
        let lines = head.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
        lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")).take(10)
    };
    lines().count() >= 2 && [b',', b'\t', b';'].iter().any(|sign| lines().all(|line| line.contains(sign)))
}

/// Reads through the importer.
pub(super) fn read(bytes: &[u8], name: &str, gather: &mut Gather, out: &mut Extracted) {
    let options = ImportOptions { problems_max: EXTRACT_NOTES_MAX as u64, ..ImportOptions::default() };
    let mut notes = Vec::new();
    let summary = import(name, bytes, &options, &mut |event| match event {
        Event::Draft(draft) => {
            for technique in draft.techniques {
                gather.technique(technique);
            }
            for indicator in draft.indicators {
                gather.line = indicator.origin.line;
                gather.place =
                    if indicator.origin.field.is_empty() { Place::Text } else { Place::Field(indicator.origin.field) };
                gather.take_plain(indicator.sighting.observable);
            }
        }
        Event::Problem(problem) => {
            let place = problem.line.map_or_else(|| problem.field.clone(), |line| format!("line {line}"));
            notes.push(if place.is_empty() { problem.why } else { format!("{place}: {}", problem.why) });
        }
    });
    if summary.broken && summary.drafts == 0 {
        out.refused = Some(notes.pop().unwrap_or_else(|| "it cannot be read".to_owned()));
    }
    out.notes.extend(notes);
}
