//! What a reporter sends about a report that it has filed: a message, a wider answer, a correction.

use std::str::FromStr;

use model::{AttackKind, Observable, Severity, Sighting, WhoMayBeWarned};
use policy::rho;
use serde::Deserialize;
use vault::{Act, Body, Change, Correction, MESSAGE_CHARS_MAX, codec};

use crate::body::{Indicator, Warn, capped, value, warned, words};
use crate::limits::{ITEMS_MAX, TITLE_CHARS_MAX};
use crate::report::{FieldProblem, ItemResult, item};
use crate::reporter::Reporter;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageBody {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentBody {
    warn: Warn,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrectionBody {
    title: String,
    narrative: Option<String>,
    attack: String,
    severity: Option<String>,
    ongoing: Option<bool>,
    happened_at: Option<String>,
    #[serde(default)]
    add: Vec<Indicator>,
    #[serde(default)]
    drop: Vec<Indicator>,
}

fn problem(field: &str, why: impl ToString) -> FieldProblem {
    FieldProblem { field: field.to_owned(), why: why.to_string() }
}

fn body<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Vec<FieldProblem>> {
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(vec![problem("", "the body is an array: an object is asked for")]);
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = error.path().to_string();
        vec![problem(if field == "." { "" } else { &field }, error.inner())]
    })?;
    reader.end().map_err(|error| vec![problem("", error)])?;
    Ok(read)
}

/// The text of a message: something, and not too long.
///
/// # Errors
/// Says what is wrong with it.
pub fn message_text(text: &str) -> Result<String, FieldProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(problem("text", "a message says something"));
    }
    if text.chars().nth(MESSAGE_CHARS_MAX).is_some() {
        return Err(problem("text", format!("more than {MESSAGE_CHARS_MAX} characters")));
    }
    Ok(text.to_owned())
}

/// Reads `{"text"}`.
///
/// # Errors
/// Every field that is wrong.
pub fn parse_message(bytes: &[u8]) -> Result<Act, Vec<FieldProblem>> {
    let MessageBody { text } = body(bytes)?;
    message_text(&text).map(|text| Act::Say { text }).map_err(|problem| vec![problem])
}

/// Reads `{"warn"}`: whom the reporter lets be warned from now on.
///
/// # Errors
/// Every field that is wrong.
pub fn parse_consent(bytes: &[u8], reporter: &Reporter) -> Result<Act, Vec<FieldProblem>> {
    let ConsentBody { warn } = body(bytes)?;
    let warn = warned(&warn).map_err(|why| vec![problem("warn", why)])?;
    match rho::addressed(warn, reporter.groups.iter().copied()) {
        // A group that the reporter is not in, or that nobody knows, is nobody: nothing would be wider for it.
        WhoMayBeWarned::CellOnly => Err(vec![problem("warn", "this reaches nobody more than before")]),
        warn => Ok(Act::Consent { warn }),
    }
}

fn word<T: FromStr>(field: &str, text: &str, problems: &mut Vec<FieldProblem>) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| problems.push(problem(field, error))).ok()
}

/// Reads a correction: what the report says from now on, and the values that it names beside those before, or no more. Gives
/// one result for each value of `add`, then of `drop`.
///
/// # Errors
/// Every field that makes it impossible. A value that cannot be read does not: it is refused by itself.
pub fn parse_correction(
    bytes: &[u8],
    reporter: &Reporter,
    exercise: bool,
) -> Result<(Act, Vec<ItemResult>), Vec<FieldProblem>> {
    let read: CorrectionBody = body(bytes)?;
    let mut problems = Vec::new();
    if read.title.trim().is_empty() {
        problems.push(problem("title", "a title is needed"));
    }
    let narrative = read.narrative.unwrap_or_default();
    capped("title", &read.title, TITLE_CHARS_MAX, &mut problems);
    words("narrative", &narrative, &mut problems);
    let attack: Option<AttackKind> = word("attack", &read.attack, &mut problems);
    let severity: Option<Severity> =
        read.severity.as_deref().and_then(|severity| word("severity", severity, &mut problems));
    let happened_at = match read.happened_at.as_deref().map(formats::parse_time).transpose() {
        Ok(at) => at,
        Err(why) => {
            problems.push(problem("happened_at", why));
            None
        }
    };
    for (field, values) in [("add", &read.add), ("drop", &read.drop)] {
        if values.len() > ITEMS_MAX {
            problems.push(problem(field, format!("more than {ITEMS_MAX} values")));
        }
    }
    let (Some(attack), true) = (attack, problems.is_empty()) else { return Err(problems) };
    let added: Vec<ItemResult> = read.add.into_iter().map(|sent| value(sent).1).collect();
    let dropped: Vec<ItemResult> = read.drop.into_iter().map(|sent| value(sent).1).collect();
    let observables = |results: &[ItemResult]| -> Vec<Observable> {
        results.iter().filter_map(|result| result.observable.clone()).collect()
    };
    let correction = Correction {
        happened_at,
        attack,
        severity: severity.unwrap_or(Severity::Medium),
        ongoing: read.ongoing.unwrap_or(false),
        title: read.title,
        narrative,
        added: observables(&added)
            .into_iter()
            .map(|observable| item(Sighting::of(observable), reporter, exercise))
            .collect(),
        dropped: observables(&dropped),
    };
    let act = Act::Correct(Box::new(correction));
    // One that can never be stored is refused by name before it is sent.
    codec::encode(&stored(&act)).map_err(|error| vec![problem("", format!("{error}: send it in parts"))])?;
    Ok((act, added.into_iter().chain(dropped).collect()))
}

/// The entry that an act becomes; the vault makes its ids, here they are empty.
pub(crate) fn stored(act: &Act) -> Body {
    let case = model::CaseId::from_bytes([0; 16]);
    let change = match act {
        Act::Say { text } => {
            return Body::Message(Box::new(vault::MessageEntry {
                id: model::MessageId::from_bytes([0; 16]),
                case,
                from: vault::Party::Reporter,
                text: text.clone(),
                asks: false,
            }));
        }
        Act::Consent { warn } => Change::Consent { warn: *warn },
        Act::Correct(correction) => Change::Correct(correction.clone()),
        Act::File(file) => return Body::File(file.clone()),
        Act::Withdraw => Change::Withdraw,
        Act::Recall => Change::Recall { redacted: Vec::new() },
    };
    Body::Amend(Box::new(vault::AmendEntry { case, of: 0, change }))
}

/// The act that an entry stands for; none for a file, whose bytes come another way.
pub(crate) fn act_of(body: Body) -> Option<Act> {
    Some(match body {
        Body::Message(message) => Act::Say { text: message.text },
        Body::Amend(amend) => match amend.change {
            Change::Consent { warn } => Act::Consent { warn },
            Change::Correct(correction) => Act::Correct(correction),
            Change::Withdraw => Act::Withdraw,
            Change::Recall { .. } => Act::Recall,
        },
        _ => return None,
    })
}
