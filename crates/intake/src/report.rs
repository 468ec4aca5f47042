//! A report as `POST /api/v1/reports` takes it: strict, capped, and refused field by field or value by value.

use std::fmt;
use std::str::FromStr;

use model::{
    AttackKind, Draft, DraftIndicator, GroupId, Kind, Marking, Observable, Severity, Sighting, Technique, Timestamp,
    WhoMayBeWarned, WhoMayKnow,
};
use policy::rho;
use register::Answers;
use serde::Deserialize;
use vault::{Item, ReportContent, Submission};

use crate::limits::{ITEMS_MAX, NARRATIVE_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX, TITLE_CHARS_MAX, VALUE_CHARS_MAX};
use crate::reporter::Reporter;
use crate::size::stored_bytes;

#[derive(Deserialize)]
#[serde(untagged, expecting = "warn: one of now, next-epoch, once-three, cell-only, or {\"group\": UUID}")]
pub(crate) enum Warn {
    Word(String),
    Group(Group),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    group: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Indicator {
    kind: Option<String>,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    title: String,
    narrative: Option<String>,
    attack: String,
    severity: Option<String>,
    ongoing: Option<bool>,
    happened_at: Option<String>,
    warn: Option<Warn>,
    know: Option<String>,
    tlp: Option<String>,
    pap: Option<String>,
    techniques: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    indicators: Vec<Indicator>,
}

/// A field that makes a report impossible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// Path of the field; empty for the body as a whole.
    pub field: String,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() { f.write_str(&self.why) } else { write!(f, "{}: {}", self.field, self.why) }
    }
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken.
    Accepted,
    /// The same submitter has sent it before.
    Duplicate,
    /// Not taken.
    Refused,
}

/// One value of a report and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemResult {
    /// The value in its normal form, if it could be read.
    pub observable: Option<Observable>,
    /// What became of it; `Accepted` until the vault says that it is a duplicate.
    pub outcome: Outcome,
    /// Why it was refused.
    pub why: Option<String>,
}

/// A report that may be sent.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// To send.
    pub submission: Submission,
    /// One result a value, in their order.
    pub items: Vec<ItemResult>,
}

impl Parsed {
    /// Enters what the vault said of each value that was sent.
    pub fn settle(&mut self, accepted: &vault::Accepted) {
        let mut told = accepted.items.iter();
        for item in self.items.iter_mut().filter(|item| item.outcome != Outcome::Refused) {
            if told.next() == Some(&vault::ItemOutcome::Duplicate) {
                item.outcome = Outcome::Duplicate;
            }
        }
    }
}

fn word<T: FromStr>(field: &str, text: Option<&str>, problems: &mut Vec<FieldProblem>) -> Option<T>
where
    T::Err: fmt::Display,
{
    match text?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            problems.push(FieldProblem { field: field.to_owned(), why: error.to_string() });
            None
        }
    }
}

fn capped(field: &str, text: &str, max: usize, problems: &mut Vec<FieldProblem>) {
    if text.chars().nth(max).is_some() {
        problems.push(FieldProblem { field: field.to_owned(), why: format!("more than {max} characters") });
    }
}

pub(crate) fn warned(warn: &Warn) -> Result<WhoMayBeWarned, String> {
    match warn {
        Warn::Word(word) => match word.as_str() {
            "now" => Ok(WhoMayBeWarned::Now),
            "next-epoch" => Ok(WhoMayBeWarned::NextEpoch),
            "once-three" => Ok(WhoMayBeWarned::OnceThreeHaveIt),
            "cell-only" => Ok(WhoMayBeWarned::CellOnly),
            other => Err(format!("{other:?} is not one of now, next-epoch, once-three, cell-only")),
        },
        Warn::Group(Group { group }) => {
            let group: GroupId = group.parse().map_err(|_| format!("{group:?} is no UUID of a group"))?;
            Ok(WhoMayBeWarned::Group { group, as_of: None })
        }
    }
}

/// Reads the body of a report. `defaults` are the two answers of a machine key; a person must answer in the report.
///
/// # Errors
/// Every field that makes the report impossible. A value that cannot be read does not: it is refused by itself.
pub fn parse_report(
    bytes: &[u8],
    defaults: Option<Answers>,
    reporter: &Reporter,
    exercise: bool,
    now: Timestamp,
) -> Result<Parsed, Vec<FieldProblem>> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let body: Body = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| {
            let field = error.path().to_string();
            // The path of the body as a whole is a dot.
            FieldProblem { field: if field == "." { String::new() } else { field }, why: error.inner().to_string() }
        })
        .and_then(|body| match reader.end() {
            Ok(()) => Ok(body),
            Err(error) => Err(FieldProblem { field: String::new(), why: error.to_string() }),
        })
        .map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    if body.title.trim().is_empty() {
        problems.push(FieldProblem { field: "title".into(), why: "a title is needed".into() });
    }
    capped("title", &body.title, TITLE_CHARS_MAX, &mut problems);
    capped("narrative", body.narrative.as_deref().unwrap_or_default(), NARRATIVE_CHARS_MAX, &mut problems);
    let attack: Option<AttackKind> = word("attack", Some(&body.attack), &mut problems);
    let severity: Option<Severity> = word("severity", body.severity.as_deref(), &mut problems);
    let tlp = word("tlp", body.tlp.as_deref(), &mut problems);
    let pap = word("pap", body.pap.as_deref(), &mut problems);
    let know: Option<WhoMayKnow> =
        word("know", body.know.as_deref(), &mut problems).or(defaults.map(|answers| answers.know));
    let warn = match &body.warn {
        Some(warn) => warned(warn).map_err(|why| problems.push(FieldProblem { field: "warn".into(), why })).ok(),
        None => defaults.map(|answers| answers.warn),
    };
    for (field, missing) in [("warn", warn.is_none()), ("know", know.is_none())] {
        if missing && problems.iter().all(|problem| problem.field != field) {
            problems.push(FieldProblem {
                field: field.into(),
                why: "an answer is needed: nothing is chosen for you".into(),
            });
        }
    }
    let happened_at = body.happened_at.as_deref().and_then(|text| match formats::parse_time(text) {
        Ok(at) => Some(at),
        Err(why) => {
            problems.push(FieldProblem { field: "happened_at".into(), why });
            None
        }
    });
    let techniques = body.techniques.unwrap_or_default();
    let tags = body.tags.unwrap_or_default();
    for (field, list) in [("techniques", &techniques), ("tags", &tags)] {
        if list.len() > TAGS_MAX {
            problems.push(FieldProblem { field: field.into(), why: format!("more than {TAGS_MAX} entries") });
        }
        for (index, text) in list.iter().enumerate().take(TAGS_MAX) {
            capped(&format!("{field}[{index}]"), text, TAG_CHARS_MAX, &mut problems);
        }
    }
    let mut read = Vec::new();
    for (index, text) in techniques.iter().enumerate().take(TAGS_MAX) {
        match Technique::parse(text) {
            Some(technique) => read.push(technique),
            None => problems.push(FieldProblem {
                field: format!("techniques[{index}]"),
                why: format!("{text:?} is no ATT&CK technique"),
            }),
        }
    }
    if body.indicators.len() > ITEMS_MAX {
        problems.push(FieldProblem { field: "indicators".into(), why: format!("more than {ITEMS_MAX} values") });
    }
    let (Some(attack), Some(warn), Some(know), true) = (attack, warn, know, problems.is_empty()) else {
        return Err(problems);
    };

    let results: Vec<ItemResult> = body.indicators.iter().map(value).collect();
    let items = results
        .iter()
        .filter_map(|result| result.observable.clone())
        .map(|observable| item(Sighting::of(observable), reporter, exercise))
        .collect();
    let default = Marking::default();
    let report = ReportContent {
        happened_at,
        warn,
        know,
        marking: Marking { tlp: tlp.unwrap_or(default.tlp), pap: pap.unwrap_or(default.pap) },
        attack,
        severity: severity.unwrap_or(Severity::Medium),
        ongoing: body.ongoing.unwrap_or(false),
        title: body.title,
        narrative: body.narrative.unwrap_or_default(),
        techniques: read,
        tags,
        items,
    };
    let submission = submission(report, reporter, now);
    stored_bytes(&submission).map_err(|why| vec![FieldProblem { field: String::new(), why }])?;
    Ok(Parsed { submission, items: results })
}

pub(crate) fn value(indicator: &Indicator) -> ItemResult {
    let refused = |why: String| ItemResult { observable: None, outcome: Outcome::Refused, why: Some(why) };
    if indicator.value.len() > VALUE_CHARS_MAX {
        return refused(format!("more than {VALUE_CHARS_MAX} bytes"));
    }
    let read = match &indicator.kind {
        Some(kind) => match kind.parse::<Kind>() {
            Ok(kind) => Observable::parse(kind, &indicator.value).map_err(|error| error.to_string()),
            Err(error) => Err(error),
        },
        None => Observable::detect(&indicator.value).ok_or_else(|| "its kind cannot be told: name it".to_owned()),
    };
    match read {
        Ok(observable) if observable.value().contains('\u{fffd}') => {
            refused("it holds U+FFFD, which stands for bytes that were no UTF-8".to_owned())
        }
        Ok(observable) => ItemResult { observable: Some(observable), outcome: Outcome::Accepted, why: None },
        Err(why) => refused(why),
    }
}

pub(crate) fn item(sighting: Sighting, reporter: &Reporter, exercise: bool) -> Item {
    // A feed's author is somebody else: what it names is not the cell's own.
    let held = if reporter.own { None } else { policy::scrub(&sighting.observable, &reporter.assets, exercise) };
    Item { sighting, held }
}

pub(crate) fn submission(mut report: ReportContent, reporter: &Reporter, now: Timestamp) -> Submission {
    report.warn = rho::addressed(report.warn, reporter.groups.iter().copied());
    Submission {
        organisation: reporter.organisation,
        sector: reporter.sector.clone(),
        region: reporter.region,
        received_at: now,
        named: (report.know == WhoMayKnow::Everybody).then(|| reporter.name.clone()),
        own: reporter.own,
        report,
    }
}

/// A submission of what an importer made of a file.
pub(crate) fn of_draft(
    draft: Draft,
    answers: Answers,
    default: Marking,
    reporter: &Reporter,
    exercise: bool,
    now: Timestamp,
) -> Submission {
    let clip = |text: String, max: usize| {
        if text.chars().nth(max).is_some() { text.chars().take(max).collect() } else { text }
    };
    let items = draft.indicators.into_iter().map(|DraftIndicator { sighting, .. }| item(sighting, reporter, exercise));
    let report = ReportContent {
        happened_at: draft.happened_at,
        warn: if draft.cell_only { WhoMayBeWarned::CellOnly } else { answers.warn },
        know: answers.know,
        marking: draft.marking.unwrap_or(default),
        attack: draft.attack,
        severity: draft.severity,
        ongoing: draft.ongoing,
        title: clip(draft.title, TITLE_CHARS_MAX),
        narrative: clip(draft.narrative, NARRATIVE_CHARS_MAX),
        techniques: draft.techniques.into_iter().take(TAGS_MAX).collect(),
        tags: draft.tags.into_iter().take(TAGS_MAX).map(|tag| clip(tag, TAG_CHARS_MAX)).collect(),
        items: items.collect(),
    };
    submission(report, reporter, now)
}
