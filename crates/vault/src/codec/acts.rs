//! What is said and changed about a case, in its stored form.

use model::{CaseId, FileId, MessageId, Observable, PersonId, Timestamp, WhoMayBeWarned};
use serde::{Deserialize, Serialize};

use super::CodecError;
use super::stored::{bad, bytes, item_of, item_v1, shape, typed, warn_of, warn_text, word};
use super::v1::ItemV1;
use crate::acts::{
    AgedEntry, AmendEntry, Change, Class, Correction, Feedback, FeedbackEntry, FileEntry, MessageEntry, OpenedEntry,
    Party, Redacted, Verdict, Word, WordEntry,
};
use crate::entry::Body;
use crate::hex;

#[derive(Serialize, Deserialize)]
struct MessageV1 {
    id: String,
    case: String,
    /// Somebody of the cell; absent for the reporter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    text: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    asks: bool,
}

#[derive(Serialize, Deserialize)]
struct FileV1 {
    id: String,
    case: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    name: String,
    size: u64,
    sha256: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct OpenerV1 {
    id: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct OpenedV1 {
    case: String,
    by: [OpenerV1; 2],
    reason: String,
}

/// Either another case, or a name.
#[derive(Serialize, Deserialize)]
struct WordV1 {
    case: String,
    by: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other: Option<OtherV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    named: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct OtherV1 {
    case: String,
    same: bool,
    reason: String,
}

/// Either a verdict or the reason of a limit.
#[derive(Serialize, Deserialize)]
struct FeedbackV1 {
    case: String,
    by: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verdict: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ValueV1 {
    k: String,
    v: String,
}

#[derive(Serialize, Deserialize)]
struct CorrectionV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    happened_at: Option<i64>,
    attack: String,
    severity: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ongoing: bool,
    title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    narrative: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    added: Vec<ItemV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dropped: Vec<ValueV1>,
}

#[derive(Serialize, Deserialize)]
struct RedactedV1 {
    seq: u64,
    hash: String,
    left: String,
}

#[derive(Serialize, Deserialize)]
struct AgedV1 {
    case: String,
    class: String,
    to: u64,
    listed: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rest: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    redacted: Vec<RedactedV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
struct AmendV1 {
    case: String,
    of: u64,
    change: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    as_of: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correction: Option<CorrectionV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    redacted: Vec<RedactedV1>,
}

pub(super) fn write_message(body: &Body, message: &MessageEntry) -> serde_json::Result<Vec<u8>> {
    let (by, name) = match &message.from {
        Party::Reporter => (None, None),
        Party::Cell { by, name } => (Some(by.to_string()), Some(name.clone())),
    };
    let (id, case) = (message.id.to_string(), message.case.to_string());
    typed(body, MessageV1 { id, case, by, name, text: message.text.clone(), asks: message.asks })
}

pub(super) fn read_message(stored: &[u8]) -> Result<Body, CodecError> {
    let stored: MessageV1 = shape(stored)?;
    let from = match stored.by {
        None => Party::Reporter,
        Some(by) => Party::Cell { by: word::<PersonId>("by", &by)?, name: stored.name.unwrap_or_default() },
    };
    Ok(Body::Message(Box::new(MessageEntry {
        id: word::<MessageId>("id", &stored.id)?,
        case: word::<CaseId>("case", &stored.case)?,
        from,
        text: stored.text,
        asks: stored.asks,
    })))
}

pub(super) fn write_opened(body: &Body, opened: &OpenedEntry) -> serde_json::Result<Vec<u8>> {
    let by = opened.by.each_ref().map(|(person, name)| OpenerV1 { id: person.to_string(), name: name.clone() });
    typed(body, OpenedV1 { case: opened.case.to_string(), by, reason: opened.reason.clone() })
}

pub(super) fn read_opened(stored: &[u8]) -> Result<Body, CodecError> {
    let stored: OpenedV1 = shape(stored)?;
    let [one, other] = stored.by;
    let who = |opener: OpenerV1| Ok::<_, CodecError>((word::<PersonId>("by", &opener.id)?, opener.name));
    let case = word::<CaseId>("case", &stored.case)?;
    Ok(Body::Opened(Box::new(OpenedEntry { case, by: [who(one)?, who(other)?], reason: stored.reason })))
}

pub(super) fn write_word(body: &Body, entry: &WordEntry) -> serde_json::Result<Vec<u8>> {
    let (other, named) = match &entry.what {
        Word::Related { other, same, reason } => {
            (Some(OtherV1 { case: other.to_string(), same: *same, reason: reason.clone() }), None)
        }
        Word::Named(text) => (None, Some(text.clone())),
    };
    let (case, by) = (entry.case.to_string(), entry.by.to_string());
    typed(body, WordV1 { case, by, name: entry.name.clone(), other, named })
}

pub(super) fn read_word(stored: &[u8]) -> Result<Body, CodecError> {
    let stored: WordV1 = shape(stored)?;
    let what = match (stored.other, stored.named) {
        (Some(OtherV1 { case, same, reason }), None) => {
            Word::Related { other: word::<CaseId>("case", &case)?, same, reason }
        }
        (None, Some(text)) => Word::Named(text),
        _ => return Err(CodecError::Malformed("a word that is neither of two cases nor a name".to_owned())),
    };
    let (case, by) = (word::<CaseId>("case", &stored.case)?, word::<PersonId>("by", &stored.by)?);
    Ok(Body::Word(Box::new(WordEntry { case, by, name: stored.name, what })))
}

pub(super) fn write_feedback(body: &Body, feedback: &FeedbackEntry) -> serde_json::Result<Vec<u8>> {
    let (verdict, reason) = match &feedback.what {
        Feedback::Judged(verdict) => (Some(verdict.as_str().to_owned()), None),
        Feedback::Limited { reason } => (None, Some(reason.clone())),
    };
    let (case, by) = (feedback.case.to_string(), feedback.by.to_string());
    typed(body, FeedbackV1 { case, by, name: feedback.name.clone(), verdict, reason })
}

pub(super) fn read_feedback(stored: &[u8]) -> Result<Body, CodecError> {
    let stored: FeedbackV1 = shape(stored)?;
    let what = match (stored.verdict, stored.reason) {
        (Some(verdict), None) => {
            Feedback::Judged(Verdict::from_name(&verdict).ok_or_else(|| bad("verdict", &verdict))?)
        }
        (None, Some(reason)) => Feedback::Limited { reason },
        _ => return Err(CodecError::Malformed("feedback that is neither a verdict nor a limit".to_owned())),
    };
    let (case, by) = (word::<CaseId>("case", &stored.case)?, word::<PersonId>("by", &stored.by)?);
    Ok(Body::Feedback(Box::new(FeedbackEntry { case, by, name: stored.name, what })))
}

pub(super) fn write_file(body: &Body, file: &FileEntry) -> serde_json::Result<Vec<u8>> {
    let (by, who) = match &file.from {
        Party::Reporter => (None, None),
        Party::Cell { by, name } => (Some(by.to_string()), Some(name.clone())),
    };
    let stored = FileV1 {
        id: file.id.to_string(),
        case: file.case.to_string(),
        by,
        who,
        name: file.name.clone(),
        size: file.size,
        sha256: hex::encode(&file.sha256),
        kind: file.kind.clone(),
        notes: file.notes.clone(),
    };
    typed(body, stored)
}

pub(super) fn read_file(stored: &[u8]) -> Result<Body, CodecError> {
    let stored: FileV1 = shape(stored)?;
    let from = match stored.by {
        None => Party::Reporter,
        Some(by) => Party::Cell { by: word::<PersonId>("by", &by)?, name: stored.who.unwrap_or_default() },
    };
    Ok(Body::File(Box::new(FileEntry {
        id: word::<FileId>("id", &stored.id)?,
        case: word::<CaseId>("case", &stored.case)?,
        from,
        name: stored.name,
        size: stored.size,
        sha256: bytes("sha256", &stored.sha256)?,
        kind: stored.kind,
        notes: stored.notes,
    })))
}

pub(super) fn write_amend(body: &Body, amend: &AmendEntry) -> serde_json::Result<Vec<u8>> {
    let mut stored = AmendV1 {
        case: amend.case.to_string(),
        of: amend.of,
        change: amend.change.as_str().to_owned(),
        warn: None,
        as_of: None,
        correction: None,
        redacted: Vec::new(),
    };
    match &amend.change {
        Change::Consent { warn } => {
            stored.warn = Some(warn_text(*warn));
            if let WhoMayBeWarned::Group { as_of, .. } = warn {
                stored.as_of = as_of.map(Timestamp::as_millis);
            }
        }
        Change::Correct(correction) => stored.correction = Some(correction_v1(correction)),
        Change::Withdraw => {}
        Change::Recall { redacted } => stored.redacted = redacted.iter().map(redacted_v1).collect(),
    }
    typed(body, stored)
}

fn redacted_v1(entry: &Redacted) -> RedactedV1 {
    RedactedV1 { seq: entry.seq, hash: hex::encode(&entry.hash), left: hex::encode(&entry.left) }
}

fn redacted(stored: Vec<RedactedV1>) -> Result<Vec<Redacted>, CodecError> {
    let entry = |entry: RedactedV1| {
        let (hash, left) = (bytes("hash", &entry.hash)?, bytes("left", &entry.left)?);
        Ok(Redacted { seq: entry.seq, hash, left })
    };
    stored.into_iter().map(entry).collect()
}

pub(super) fn write_aged(body: &Body, aged: &AgedEntry) -> serde_json::Result<Vec<u8>> {
    let (case, class) = (aged.case.to_string(), aged.class.as_str().to_owned());
    let redacted = aged.redacted.iter().map(redacted_v1).collect();
    typed(
        body,
        AgedV1 { case, class, to: aged.to, listed: aged.listed, rest: aged.rest, redacted, keys: aged.keys.clone() },
    )
}

pub(super) fn read_aged(stored: &[u8]) -> Result<Body, CodecError> {
    let stored: AgedV1 = shape(stored)?;
    Ok(Body::Aged(Box::new(AgedEntry {
        case: word::<CaseId>("case", &stored.case)?,
        class: stored.class.parse::<Class>().map_err(|()| bad("class", &stored.class))?,
        to: stored.to,
        listed: stored.listed,
        redacted: redacted(stored.redacted)?,
        rest: stored.rest,
        keys: stored.keys,
    })))
}

fn correction_v1(correction: &Correction) -> CorrectionV1 {
    let value = |observable: &Observable| ValueV1 {
        k: observable.kind().as_str().to_owned(),
        v: observable.value().to_owned(),
    };
    CorrectionV1 {
        happened_at: correction.happened_at.map(Timestamp::as_millis),
        attack: correction.attack.as_str().to_owned(),
        severity: correction.severity.as_str().to_owned(),
        ongoing: correction.ongoing,
        title: correction.title.clone(),
        narrative: correction.narrative.clone(),
        added: correction.added.iter().map(item_v1).collect(),
        dropped: correction.dropped.iter().map(value).collect(),
    }
}

fn correction(stored: CorrectionV1) -> Result<Correction, CodecError> {
    let dropped = stored
        .dropped
        .into_iter()
        .map(|value| Ok(Observable::from_normal(word("k", &value.k)?, value.v)))
        .collect::<Result<_, CodecError>>()?;
    Ok(Correction {
        happened_at: stored.happened_at.map(Timestamp::from_millis),
        attack: word("attack", &stored.attack)?,
        severity: word("severity", &stored.severity)?,
        ongoing: stored.ongoing,
        title: stored.title,
        narrative: stored.narrative,
        added: stored.added.into_iter().map(item_of).collect::<Result<_, CodecError>>()?,
        dropped,
    })
}

pub(super) fn read_amend(stored: &[u8]) -> Result<Body, CodecError> {
    let stored: AmendV1 = shape(stored)?;
    let lacks = |field: &str| CodecError::Malformed(format!("field {field}: it is missing"));
    let change = match stored.change.as_str() {
        "consent" => {
            let mut warn = warn_of(&stored.warn.ok_or_else(|| lacks("warn"))?)?;
            if let WhoMayBeWarned::Group { as_of, .. } = &mut warn {
                *as_of = stored.as_of.map(Timestamp::from_millis);
            }
            Change::Consent { warn }
        }
        "correction" => Change::Correct(Box::new(correction(stored.correction.ok_or_else(|| lacks("correction"))?)?)),
        "withdrawal" => Change::Withdraw,
        "recall" => Change::Recall { redacted: redacted(stored.redacted)? },
        other => return Err(bad("change", other)),
    };
    Ok(Body::Amend(Box::new(AmendEntry { case: word::<CaseId>("case", &stored.case)?, of: stored.of, change })))
}
