//! One report as it goes over the wire: the JSON body of `POST /api/v1/reports`.

use jiff::tz::TimeZone;
use model::{AttackKind, Draft, Kind, Severity, Technique, Timestamp};
use serde::Serialize;

/// What one member does at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// When, in milliseconds from the start.
    pub at_millis: u64,
    /// Which member: index into the members.
    pub organisation: usize,
    /// What it sends.
    pub report: Report,
}

/// A report with times relative to when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One line.
    pub title: String,
    /// The reporter's words.
    pub narrative: String,
    /// The closest match.
    pub attack: AttackKind,
    /// How bad.
    pub severity: Severity,
    /// Still going on?
    pub ongoing: bool,
    /// How long before it was sent it happened.
    pub happened_before_millis: i64,
    /// The first answer, in the words of the API.
    pub warn: &'static str,
    /// The second answer, in the words of the API.
    pub know: &'static str,
    /// TLP, in the words of the API.
    pub tlp: &'static str,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// Free tags.
    pub tags: Vec<String>,
    /// The values.
    pub indicators: Vec<(Kind, String)>,
}

#[derive(Serialize)]
struct Body<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    narrative: &'a str,
    attack: &'static str,
    severity: &'static str,
    ongoing: bool,
    happened_at: String,
    warn: &'static str,
    know: &'static str,
    tlp: &'static str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    techniques: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    indicators: Vec<Indicator<'a>>,
}

#[derive(Serialize)]
struct Indicator<'a> {
    kind: &'static str,
    value: &'a str,
}

impl Report {
    /// The JSON body when it is sent at `now`.
    #[must_use]
    pub fn to_json(&self, now: Timestamp) -> String {
        let body = Body {
            title: &self.title,
            narrative: &self.narrative,
            attack: self.attack.as_str(),
            severity: self.severity.as_str(),
            ongoing: self.ongoing,
            happened_at: rfc3339(now.plus_millis(-self.happened_before_millis)),
            warn: self.warn,
            know: self.know,
            tlp: self.tlp,
            techniques: &self.techniques,
            tags: &self.tags,
            indicators: self.indicators.iter().map(|(kind, value)| Indicator { kind: kind.as_str(), value }).collect(),
        };
        // Every field is a string, a flag or a list of strings: there is nothing in it that JSON cannot say.
        serde_json::to_string(&body).unwrap_or_default()
    }

    /// A draft as a report of a member that lets everybody be warned at once, unless its source leaves it to the cell, in pieces of at most `items_max` values.
    #[must_use]
    pub fn of_draft(draft: &Draft, items_max: usize) -> Vec<Self> {
        draft
            .indicators
            .chunks(items_max.max(1))
            .map(|chunk| Self {
                title: draft.title.clone(),
                narrative: draft.narrative.clone(),
                attack: draft.attack,
                severity: draft.severity,
                ongoing: draft.ongoing,
                happened_before_millis: 0,
                warn: if draft.cell_only { "cell-only" } else { "now" },
                know: "nobody",
                tlp: draft.marking.map_or("GREEN", |marking| marking.tlp.as_str()),
                techniques: draft.techniques.iter().map(Technique::as_str).map(String::from).collect(),
                tags: draft.tags.clone(),
                indicators: chunk
                    .iter()
                    .map(|indicator| {
                        (indicator.sighting.observable.kind(), indicator.sighting.observable.value().to_owned())
                    })
                    .collect(),
            })
            .collect()
    }
}

/// RFC 3339 in UTC with milliseconds.
fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map(|at| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_in_the_words_of_the_api() {
        let report = Report {
            title: "A".into(),
            narrative: String::new(),
            attack: AttackKind::Phishing,
            severity: Severity::High,
            ongoing: true,
            happened_before_millis: 1500,
            warn: "now",
            know: "nobody",
            tlp: "GREEN",
            techniques: vec!["T1566".into()],
            tags: vec![],
            indicators: vec![(Kind::Domain, "a.example".into())],
        };
        assert_eq!(
            report.to_json(Timestamp::from_millis(1_000_000_001_500)),
            r#"{"title":"A","attack":"phishing","severity":"high","ongoing":true,"happened_at":"2001-09-09T01:46:40.000Z","warn":"now","know":"nobody","tlp":"GREEN","techniques":["T1566"],"indicators":[{"kind":"domain","value":"a.example"}]}"#
        );
    }
}
