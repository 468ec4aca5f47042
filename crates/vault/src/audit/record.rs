//! A record: one act or read of the cell, in words that name no reporter and repeat nothing of a report.

use model::{CampaignId, CaseId, FileId, PersonId, Timestamp};
use serde::Serialize;

use super::keys::LogKeys;
use crate::acts::{Feedback, Party, Word};
use crate::entry::{Body, Seq};
use crate::hex;

/// What stands for a record in a leaf that has none.
pub(super) const PAD: &[u8] = b"pad";

/// What somebody of the cell read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A case: the report, and the thread with its reporter.
    Case(CaseId),
    /// A file that came with a case.
    File(CaseId, FileId),
    /// A campaign with the texts of its reports.
    Campaign(CampaignId),
    /// Who else saw a value; what is recorded is a keyed hash of it.
    LookUp(String),
}

/// The form in which a record is kept and shown to an auditor. Its bytes are what the leaf commits to.
#[derive(Serialize)]
struct Form {
    v: u8,
    what: &'static str,
    at: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Keyed hash that ties it to its entry in the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
}

impl Form {
    const fn new(what: &'static str, at: Timestamp, by: Vec<String>) -> Self {
        Self { v: 1, what, at: at.as_millis(), by, about: None, detail: None, entry: None }
    }

    fn about(self, about: impl ToString) -> Self {
        Self { about: Some(about.to_string()), ..self }
    }

    fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        // Texts and numbers: there is nothing in it that JSON could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Whether an entry is an act of the cell, or of whoever runs it.
pub(super) fn is_act(body: &Body) -> bool {
    match body {
        Body::Claim { .. } | Body::Pass { .. } | Body::Opened(_) | Body::Advisory(_) | Body::Posture { .. } => true,
        Body::DataSet(_) | Body::RuleSet(_) | Body::Feedback(_) | Body::Word(_) => true,
        Body::Message(message) => matches!(message.from, Party::Cell { .. }),
        Body::File(file) => matches!(file.from, Party::Cell { .. }),
        _ => false,
    }
}

/// The types of entries of which some are acts: others need not be read.
pub(super) const ACT_TYPES: [&str; 11] =
    ["claim", "pass", "opened", "feedback", "word", "advisory", "posture", "data-set", "rule-set", "message", "file"];

/// The record of an act; `None` if the entry is none. What may be taken out of an entry by a recall is not in it.
pub(super) fn of_act(keys: &LogKeys, seq: Seq, at: Timestamp, hash: &[u8; 32], body: &Body) -> Option<Vec<u8>> {
    if !is_act(body) {
        return None;
    }
    let what = body.type_name();
    let form = |by: &[PersonId]| Form::new(what, at, by.iter().map(ToString::to_string).collect());
    let cells = |from: &Party| match from {
        Party::Cell { by, .. } => vec![*by],
        Party::Reporter => Vec::new(),
    };
    let form = match body {
        Body::Claim { case, by, .. } => form(&[*by]).about(case),
        Body::Pass { case, to, by, given, .. } => {
            form(&[*by]).about(case).detail(format!("{} {to}", if *given { "given to" } else { "taken back from" }))
        }
        Body::Opened(opened) => form(&[opened.by[0].0, opened.by[1].0]).about(opened.case),
        Body::Feedback(feedback) => {
            let what = match &feedback.what {
                Feedback::Judged(verdict) => verdict.as_str(),
                Feedback::Limited { .. } => "limited",
            };
            form(&[feedback.by]).about(feedback.case).detail(what)
        }
        Body::Word(word) => {
            let what = match &word.what {
                Word::Related { other, same, .. } => {
                    format!("{} {other}", if *same { "same as" } else { "not same as" })
                }
                Word::Named(_) => "named".to_owned(),
            };
            form(&[word.by]).about(word.case).detail(what)
        }
        Body::Advisory(advisory) => form(&[advisory.author]).about(advisory.id),
        Body::Posture { word, by, .. } => form(&[*by]).detail(word.as_str()),
        Body::DataSet(set) | Body::RuleSet(set) => form(&[]).about(&set.name).detail(hex::encode(&set.sha256)),
        Body::Message(message) => form(&cells(&message.from)).about(message.case),
        Body::File(file) => form(&cells(&file.from)).about(file.case),
        _ => return None,
    };
    Some(Form { entry: Some(keys.entry(seq, hash)), ..form }.bytes())
}

/// The record of a read.
pub(super) fn of_read(keys: &LogKeys, at: Timestamp, by: Option<PersonId>, read: &Read) -> Vec<u8> {
    let form = |what| Form::new(what, at, by.iter().map(ToString::to_string).collect());
    match read {
        Read::Case(case) => form("read-case").about(case),
        Read::File(case, file) => form("read-file").about(case).detail(file.to_string()),
        Read::Campaign(campaign) => form("read-campaign").about(campaign),
        Read::LookUp(value) => form("look-up").about(keys.value(value)),
    }
    .bytes()
}
