//! Reports as the form, a table and a MISP event carry them.

use crate::script::Report;

pub fn form(report: &Report, warn: &str, know: &str, values: &[String]) -> String {
    let quoted = |texts: &[&str]| texts.iter().map(|text| format!(r#""{text}""#)).collect::<Vec<_>>().join(",");
    let values: Vec<String> = values.iter().map(|value| format!(r#"{{"value":"{value}"}}"#)).collect();
    format!(
        r#"{{"title":"t","attack":"{}","warn":{warn},"know":"{know}","tlp":"{}","pap":"{}","techniques":[{}],"indicators":[{}]}}"#,
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
