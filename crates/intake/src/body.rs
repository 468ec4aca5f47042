//! The body of a report as it is sent: its shape, and the answers that can be read in it.

use std::fmt;
use std::str::FromStr;

use model::{
    AttackKind, GroupId, Kind, Marking, Observable, SealedWords, Severity, Technique, Timestamp, WhoMayBeWarned,
    WhoMayKnow,
};
use register::Answers;
use serde::Deserialize;

use crate::contact;
use crate::limits::{
    DECISIONS_MAX, ITEMS_MAX, NARRATIVE_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX, TITLE_CHARS_MAX, VALUE_CHARS_MAX,
};
use crate::report::{FieldProblem, ItemResult, Outcome};

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

/// What the reporter decided about one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Choice {
    /// It is left out of the report.
    Untick,
    /// What says less goes in its place.
    Generalise,
    /// It goes as it is: the reporter knows what it tells.
    Keep,
}

/// A decision about a finding, named by its id or by the value that it is in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    pub(crate) id: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) decision: Choice,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    title: Option<String>,
    narrative: Option<String>,
    attack: Option<String>,
    severity: Option<String>,
    ongoing: Option<bool>,
    happened_at: Option<String>,
    warn: Option<Warn>,
    know: Option<String>,
    tlp: Option<String>,
    pap: Option<String>,
    techniques: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    indicators: Option<Vec<Indicator>>,
    contact: Option<String>,
    findings: Option<Vec<Decision>>,
}

/// A body as far as it can be read.
pub(crate) struct Read {
    pub(crate) title: String,
    pub(crate) narrative: String,
    pub(crate) attack: Option<AttackKind>,
    pub(crate) severity: Severity,
    pub(crate) ongoing: bool,
    pub(crate) happened_at: Option<Timestamp>,
    pub(crate) warn: Option<WhoMayBeWarned>,
    pub(crate) know: Option<WhoMayKnow>,
    pub(crate) marking: Marking,
    pub(crate) techniques: Vec<Technique>,
    pub(crate) tags: Vec<String>,
    /// Each value as it was sent, and as it could be read.
    pub(crate) values: Vec<(String, ItemResult)>,
    pub(crate) decisions: Vec<Decision>,
    /// How to reach whoever sends it; empty if they do not say.
    pub(crate) contact: String,
    /// Everything that makes a report of it impossible.
    pub(crate) problems: Vec<FieldProblem>,
}

fn problem(field: impl Into<String>, why: impl Into<String>) -> FieldProblem {
    FieldProblem { field: field.into(), why: why.into() }
}

fn word<T: FromStr>(field: &str, text: Option<&str>, problems: &mut Vec<FieldProblem>) -> Option<T>
where
    T::Err: fmt::Display,
{
    match text?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            problems.push(problem(field, error.to_string()));
            None
        }
    }
}

pub(crate) fn capped(field: &str, text: &str, max: usize, problems: &mut Vec<FieldProblem>) {
    if text.chars().nth(max).is_some() {
        problems.push(problem(field, format!("more than {max} characters")));
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

fn shape(bytes: &[u8]) -> Result<Body, FieldProblem> {
    // The type would also take an array of its fields in order: no document of ours says that.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(problem("", "the body is an array: an object is asked for"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let body: Body = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = error.path().to_string();
        // The path of the body as a whole is a dot.
        problem(if field == "." { String::new() } else { field }, error.inner().to_string())
    })?;
    reader.end().map_err(|error| problem("", error.to_string()))?;
    Ok(body)
}

/// Words are capped, unless they are sealed: then they are as long as that makes them.
pub(crate) fn words(field: &str, text: &str, problems: &mut Vec<FieldProblem>) {
    if !SealedWords::is(text) {
        return capped(field, text, NARRATIVE_CHARS_MAX, problems);
    }
    if let Err(why) = text.parse::<SealedWords>() {
        problems.push(problem(field, why.to_string()));
    }
}

/// Reads a body as far as it can be read. `defaults` are the two answers of a machine key.
///
/// # Errors
/// What makes it no body of a report at all.
pub(crate) fn read(bytes: &[u8], defaults: Option<Answers>) -> Result<Read, FieldProblem> {
    let body = shape(bytes)?;
    let mut problems = Vec::new();
    for (field, missing) in
        [("title", body.title.is_none()), ("attack", body.attack.is_none()), ("indicators", body.indicators.is_none())]
    {
        if missing {
            problems.push(problem(field, format!("missing field `{field}`")));
        }
    }
    if body.title.as_deref().is_some_and(|title| title.trim().is_empty()) {
        problems.push(problem("title", "a title is needed"));
    }
    capped("title", body.title.as_deref().unwrap_or_default(), TITLE_CHARS_MAX, &mut problems);
    words("narrative", body.narrative.as_deref().unwrap_or_default(), &mut problems);
    let attack: Option<AttackKind> = word("attack", body.attack.as_deref(), &mut problems);
    let severity: Option<Severity> = word("severity", body.severity.as_deref(), &mut problems);
    let tlp = word("tlp", body.tlp.as_deref(), &mut problems);
    let pap = word("pap", body.pap.as_deref(), &mut problems);
    let know: Option<WhoMayKnow> =
        word("know", body.know.as_deref(), &mut problems).or(defaults.map(|answers| answers.know));
    let warn = match &body.warn {
        Some(warn) => warned(warn).map_err(|why| problems.push(problem("warn", why))).ok(),
        None => defaults.map(|answers| answers.warn),
    };
    for (field, missing) in [("warn", warn.is_none()), ("know", know.is_none())] {
        if missing && problems.iter().all(|problem| problem.field != field) {
            problems.push(problem(field, "an answer is needed: nothing is chosen for you"));
        }
    }
    // Whoever else is warned gets what the cell writes, and the cell reads the words: sealing is for what goes no further.
    if SealedWords::is(body.narrative.as_deref().unwrap_or_default())
        && warn.is_some_and(|warn| warn != WhoMayBeWarned::CellOnly)
    {
        problems.push(problem("narrative", "only words of a report that is for the cell only can be sealed"));
    }
    let happened_at = body.happened_at.as_deref().and_then(|text| match formats::parse_time(text) {
        Ok(at) => Some(at),
        Err(why) => {
            problems.push(problem("happened_at", why));
            None
        }
    });
    let techniques = body.techniques.unwrap_or_default();
    let mut tags = body.tags.unwrap_or_default();
    for (field, list) in [("techniques", &techniques), ("tags", &tags)] {
        if list.len() > TAGS_MAX {
            problems.push(problem(field, format!("more than {TAGS_MAX} entries")));
        }
        for (index, text) in list.iter().enumerate().take(TAGS_MAX) {
            capped(&format!("{field}[{index}]"), text, TAG_CHARS_MAX, &mut problems);
        }
    }
    tags.truncate(TAGS_MAX);
    let mut read = Vec::new();
    for (index, text) in techniques.iter().enumerate().take(TAGS_MAX) {
        match Technique::parse(text) {
            Some(technique) => read.push(technique),
            None => {
                problems.push(problem(format!("techniques[{index}]"), format!("{text:?} is no ATT&CK technique")));
            }
        }
    }
    let indicators = body.indicators.unwrap_or_default();
    if indicators.len() > ITEMS_MAX {
        problems.push(problem("indicators", format!("more than {ITEMS_MAX} values")));
    }
    let contact = contact::read(body.contact, &mut problems);
    let decisions = body.findings.unwrap_or_default();
    if decisions.len() > DECISIONS_MAX {
        problems.push(problem("findings", format!("more than {DECISIONS_MAX} decisions")));
    }
    for (index, decision) in decisions.iter().enumerate() {
        if decision.id.is_none() == decision.value.is_none() {
            problems.push(problem(format!("findings[{index}]"), "either id or value is needed, and not both"));
            break;
        }
    }
    let default = Marking::default();
    Ok(Read {
        title: body.title.unwrap_or_default(),
        narrative: body.narrative.unwrap_or_default(),
        attack,
        severity: severity.unwrap_or(Severity::Medium),
        ongoing: body.ongoing.unwrap_or(false),
        happened_at,
        warn,
        know,
        marking: Marking { tlp: tlp.unwrap_or(default.tlp), pap: pap.unwrap_or(default.pap) },
        techniques: read,
        tags,
        values: indicators.into_iter().take(ITEMS_MAX).map(value).collect(),
        decisions,
        contact,
        problems,
    })
}

pub(crate) fn value(indicator: Indicator) -> (String, ItemResult) {
    let read = |text: &str| {
        if text.len() > VALUE_CHARS_MAX {
            return Err(format!("more than {VALUE_CHARS_MAX} bytes"));
        }
        let observable = match &indicator.kind {
            Some(kind) => Observable::parse(kind.parse::<Kind>()?, text).map_err(|error| error.to_string())?,
            None => Observable::detect(text).ok_or_else(|| "its kind cannot be told: name it".to_owned())?,
        };
        if observable.value().contains('\u{fffd}') {
            return Err("it holds U+FFFD, which stands for bytes that were no UTF-8".to_owned());
        }
        Ok(observable)
    };
    let result = match read(&indicator.value) {
        Ok(observable) => ItemResult::new(Some(observable), Outcome::Accepted, None),
        Err(why) => ItemResult::new(None, Outcome::Refused, Some(why)),
    };
    (indicator.value, result)
}
