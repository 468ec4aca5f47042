//! A report as `POST /api/v1/reports` takes it: strict, capped, and refused field by field or value by value.

use std::collections::HashMap;
use std::fmt;

use model::{Draft, DraftIndicator, Marking, Observable, Sighting, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::rho;
use policy::scrub::{Finding, Generalised, scrub, value_finding};
use register::Answers;
use vault::{Item, ReportContent, Submission};

use crate::body::{self, Choice, Decision, Read};
use crate::contact;
use crate::limits::{NARRATIVE_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX, TITLE_CHARS_MAX};
use crate::reporter::Reporter;
use crate::size::stored_bytes;

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
    /// Left out, as its reporter chose.
    LeftOut,
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
    /// Why the scrub holds it for the cell.
    pub held: Option<String>,
}

impl ItemResult {
    pub(crate) const fn new(observable: Option<Observable>, outcome: Outcome, why: Option<String>) -> Self {
        Self { observable, outcome, why, held: None }
    }
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
        for item in self.items.iter_mut().filter(|item| !matches!(item.outcome, Outcome::Refused | Outcome::LeftOut)) {
            if told.next() == Some(&vault::ItemOutcome::Duplicate) {
                item.outcome = Outcome::Duplicate;
            }
        }
    }
}

/// What was decided about findings, by id and by value.
struct Decisions<'a> {
    by_id: HashMap<&'a str, Choice>,
    by_value: HashMap<&'a str, Choice>,
}

impl<'a> Decisions<'a> {
    fn of(decisions: &'a [Decision]) -> Self {
        let by = |name: fn(&'a Decision) -> Option<&'a str>| {
            decisions.iter().filter_map(|decision| Some((name(decision)?, decision.decision))).collect()
        };
        Self { by_id: by(|decision| decision.id.as_deref()), by_value: by(|decision| decision.value.as_deref()) }
    }

    fn about(&self, finding: &Finding, sent: &str) -> Option<Choice> {
        let value = || self.by_value.get(sent).or_else(|| self.by_value.get(finding.text.as_str()));
        self.by_id.get(finding.id.as_str()).or_else(value).copied()
    }
}

/// Settles each value by the scrub and by what the reporter decided; gives what of them is sent on.
pub(crate) fn settled(read: &mut Read, reporter: &Reporter, may_decide: bool, exercise: bool) -> Vec<Item> {
    let decisions = Decisions::of(if may_decide { &read.decisions } else { &[] });
    let mut items = Vec::new();
    for (index, (sent, result)) in read.values.iter_mut().enumerate() {
        let Some(observable) = result.observable.clone() else { continue };
        // A feed's author is somebody else: what it names is not the cell's own.
        let finding = if reporter.own { None } else { value_finding(index, &observable, &reporter.lexicon, exercise) };
        let Some(finding) = finding else {
            items.push(Item { sighting: Sighting::of(observable), held: None, kept: None });
            continue;
        };
        let stored = finding.trace.stored();
        let (held, kept, observable) = match (decisions.about(&finding, sent), finding.generalised) {
            (Some(Choice::Untick), _) => {
                result.outcome = Outcome::LeftOut;
                result.why = Some("left out, as you chose".to_owned());
                continue;
            }
            (Some(Choice::Keep), _) => (None, Some(stored), observable),
            (Some(Choice::Generalise), Some(Generalised::Value(general))) => (None, None, general),
            _ => (Some(stored), None, observable),
        };
        if held.is_some() {
            result.held = Some(finding.trace.why);
        }
        result.observable = Some(observable.clone());
        items.push(Item { sighting: Sighting::of(observable), held, kept });
    }
    items
}

/// Reads the body of a report. `defaults` are the two answers of a machine key; a person must answer in the report, and only
/// a person can decide about what the scrub finds.
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
    let mut read = body::read(bytes, defaults).map_err(|problem| vec![problem])?;
    let (Some(attack), Some(warn), Some(know), true) = (read.attack, read.warn, read.know, read.problems.is_empty())
    else {
        return Err(read.problems);
    };
    let items = settled(&mut read, reporter, defaults.is_none(), exercise);
    let contact = contact::placed(&mut read, know).map_err(|problem| vec![problem])?;
    let report = ReportContent {
        happened_at: read.happened_at,
        warn,
        know,
        marking: read.marking,
        attack,
        severity: read.severity,
        ongoing: read.ongoing,
        title: read.title,
        narrative: read.narrative,
        techniques: read.techniques,
        tags: read.tags,
        items,
    };
    let submission = Submission { contact, ..submission(report, reporter, now) };
    stored_bytes(&submission).map_err(|why| vec![FieldProblem { field: String::new(), why }])?;
    Ok(Parsed { submission, items: read.values.into_iter().map(|(_, result)| result).collect() })
}

pub(crate) fn item(sighting: Sighting, reporter: &Reporter, exercise: bool) -> Item {
    // A feed's author is somebody else: what it names is not the cell's own.
    let held = if reporter.own { None } else { scrub(&sighting.observable, &reporter.lexicon, exercise) };
    Item { sighting, held, kept: None }
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
        outside: false,
        contact: None,
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
