//! Reports as the form, a table and a MISP event carry them.

use super::Observer;
use crate::script::{Back, Report, Warn, value};

pub fn form(report: &Report, warn: &str, know: &str, values: &[String]) -> String {
    let quoted = |texts: &[&str]| texts.iter().map(|text| format!(r#""{text}""#)).collect::<Vec<_>>().join(",");
    let values: Vec<String> = values.iter().map(|value| format!(r#"{{"value":"{value}"}}"#)).collect();
    // Where nobody may know who it is, how to reach them names them: nobody else may come to see a byte of it.
    let contact =
        if know == "nobody" { format!(r#","contact":"the phone of firm {}""#, report.firm) } else { String::new() };
    format!(
        r#"{{"title":"t","attack":"{}","warn":{warn},"know":"{know}","tlp":"{}","pap":"{}","techniques":[{}],"indicators":[{}]{contact}}}"#,
        report.attack,
        report.tlp,
        report.pap,
        quoted(&report.techniques),
        values.join(",")
    )
}

pub fn file(name: &str, warn: &str, know: &str, tlp: &str) -> String {
    let tlp = tlp.replace('+', "%2B");
    format!("/api/v1/import?name={name}&warn={}&know={know}&tlp={tlp}", warn.trim_matches('"'))
}

pub fn misp(values: &[String]) -> String {
    let kind = |value: &str| match value {
        url if url.contains("://") => "url",
        mail if mail.contains('@') => "email-src",
        address if address.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => "ip-dst",
        _ => "domain",
    };
    let attributes: Vec<String> = values
        .iter()
        .map(|value| {
            format!(r#"{{"type":"{}","category":"Network activity","value":"{value}","to_ids":true}}"#, kind(value))
        })
        .collect();
    format!(r#"{{"Event":{{"info":"t","date":"2027-07-01","Attribute":[{}]}}}}"#, attributes.join(","))
}

/// What is done with a report: who asks, how, under which end of its path, and what.
pub fn back(firm: usize, act: &Back, number: usize) -> (Observer, &'static str, &'static str, String) {
    let quoted = |values: &[usize]| {
        values.iter().map(|n| format!(r#"{{"value":"{}"}}"#, value(*n))).collect::<Vec<_>>().join(",")
    };
    let reporter = Observer::MemberKey(firm);
    match act {
        Back::Withdraw => (reporter, "DELETE", "", String::new()),
        Back::Recall => (reporter, "POST", "/recall", String::new()),
        Back::Consent(warn) => {
            let warn = match warn {
                Warn::NextEpoch => "next-epoch",
                Warn::OnceThree => "once-three",
                _ => "now",
            };
            (reporter, "POST", "/consent", format!(r#"{{"warn":"{warn}"}}"#))
        }
        Back::Correct { add, drop, attack } => {
            let body = format!(
                r#"{{"title":"t {number}","attack":"{attack}","add":[{}],"drop":[{}]}}"#,
                quoted(add),
                quoted(drop)
            );
            (reporter, "PUT", "", body)
        }
        Back::Say => (reporter, "POST", "/messages", format!(r#"{{"text":"said {number}"}}"#)),
        Back::Reply { asks } => {
            (Observer::Analyst, "POST", "/messages", format!(r#"{{"text":"reply {number}","asks":{asks}}}"#))
        }
        Back::ReadThread => (reporter, "POST", "/read", String::new()),
        Back::Judge(verdict) => (Observer::Analyst, "PUT", "/verdict", format!(r#"{{"verdict":"{verdict}"}}"#)),
        Back::Limit => {
            let body = r#"{"reason":"it sends the same noise again and again"}"#;
            (Observer::Lead, "POST", "/limit", body.to_owned())
        }
        Back::Open => (Observer::Lead, "POST", "/opening", r#"{"reason":"a court of law asks for it"}"#.to_owned()),
    }
}
