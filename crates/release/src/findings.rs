//! A finding as JSON text, for the journal.

use std::fmt::Write as _;

use fusion::{Finding, Reason};

fn reasons(text: &mut String, reasons: &[Reason]) {
    text.push_str(",\"reasons\":[");
    for (index, reason) in reasons.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{comma}{{\"rule\":\"{}\",\"key\":\"{:016x}\",\"other\":\"{}\"}}",
            reason.rule, reason.key.0, reason.other
        );
    }
    text.push(']');
}

/// The JSON text of a finding.
pub(crate) fn json(finding: &Finding) -> String {
    let mut text = String::with_capacity(160);
    let _ = match finding {
        Finding::CampaignFormed { campaign, case } => {
            write!(text, "{{\"f\":\"formed\",\"campaign\":\"{campaign}\",\"case\":\"{case}\"")
        }
        Finding::Joined { campaign, case, .. } => {
            write!(text, "{{\"f\":\"joined\",\"campaign\":\"{campaign}\",\"case\":\"{case}\"")
        }
        Finding::Merged { kept, alias, .. } => {
            write!(text, "{{\"f\":\"merged\",\"kept\":\"{kept}\",\"alias\":\"{alias}\"")
        }
        Finding::Split { kept, parted } => {
            write!(text, "{{\"f\":\"split\",\"kept\":\"{kept}\",\"parted\":\"{parted}\"")
        }
        Finding::OverCommon { key, why } => {
            let why = serde_json::Value::from(why.as_str());
            write!(text, "{{\"f\":\"over-common\",\"key\":\"{:016x}\",\"why\":{why}", key.0)
        }
    };
    if let Finding::Joined { reasons: why, .. } | Finding::Merged { reasons: why, .. } = finding {
        reasons(&mut text, why);
    }
    text.push('}');
    text
}
