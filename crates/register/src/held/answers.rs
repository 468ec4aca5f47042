//! The two answers of a key, as they are stored.

use super::*;

pub(crate) fn warn_text(warn: WhoMayBeWarned) -> String {
    match warn {
        WhoMayBeWarned::Now => "now".to_owned(),
        WhoMayBeWarned::NextEpoch => "next-epoch".to_owned(),
        WhoMayBeWarned::OnceThreeHaveIt => "once-three".to_owned(),
        // A key never carries a group: groups are chosen report by report.
        WhoMayBeWarned::CellOnly | WhoMayBeWarned::Group { .. } => "cell-only".to_owned(),
    }
}

pub(super) fn answers(warn: &str, know: &str) -> Answers {
    let warn = match warn {
        "now" => WhoMayBeWarned::Now,
        "next-epoch" => WhoMayBeWarned::NextEpoch,
        "once-three" => WhoMayBeWarned::OnceThreeHaveIt,
        _ => WhoMayBeWarned::CellOnly,
    };
    Answers { warn, know: know.parse().unwrap_or(WhoMayKnow::Nobody) }
}
