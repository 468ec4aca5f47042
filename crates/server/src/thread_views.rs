//! What an organisation reads of its own reports, and what either side sends in a thread.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::views::{NewIndicator, ReceiptItem, WarnView};

/// One of your organisation's reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnReportRow {
    /// Its reference.
    pub reference: String,
    /// When it was received.
    pub at: String,
    /// Its title; empty once it is recalled, or its content went by its time.
    pub title: String,
    /// Closest match.
    pub attack: String,
    /// `received`, `read` (by the cell), `withdrawn`, `recalled`, or `aged`: its content went by its time.
    pub state: String,
    /// Whether there is something new in its thread.
    pub unread: bool,
}

/// Your organisation's own reports, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnReportList {
    /// The reports.
    pub items: Vec<OwnReportRow>,
    /// Where the next page begins; null on the last.
    pub next: Option<String>,
    /// How many reports have something new.
    pub unread: u32,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A value of your own report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnValue {
    /// Kind.
    pub kind: String,
    /// Normal form.
    pub value: String,
    /// Why it is held for the cell, if it is.
    pub held: Option<String>,
    /// Since when members, or a group of yours, have the value, whoever reported it; null while they have it not.
    #[schema(format = DateTime)]
    pub released_at: Option<String>,
    /// What it is to members: `watch`, `block`, `everyday`, `past` or `group`; null while they have it not.
    pub verdict: Option<String>,
}

/// Something in the thread between your organisation and the cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnThreadRow {
    /// Id of a message.
    pub id: Option<String>,
    /// `reporter` (your organisation), `cell` or `partnership`.
    pub from: String,
    /// When.
    pub at: String,
    /// `message`, `read`, `consent`, `correction`, `withdrawal`, `recall`, `released`: something that the report contributed
    /// to was released to members, `aged`: its content went by its time, or `opened`: two leads of the cell opened who reported it.
    pub kind: String,
    /// What was said; for a consent, the new answer; for an opening, its reason.
    pub text: String,
    /// Whether the cell asks to share more.
    pub asks: bool,
}

/// A file of a report: given out as a download only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnFile {
    /// Its id.
    pub id: String,
    /// Its name, made harmless.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// What its bytes are: `mail`, `image`, `archive`, `text`, `document`, `program` or `other`; `sealed`, if a device sealed it to the
    /// cell: its name and what it is lie within, then.
    pub kind: String,
    /// What is to be said about it, in sentences.
    pub notes: Vec<String>,
    /// `you` (your organisation) or `cell`.
    pub by: String,
    /// When it came.
    pub at: String,
}

/// A file that was just kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileView {
    /// Its id.
    pub id: String,
    /// Its name, made harmless.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// What its bytes are: `mail`, `image`, `archive`, `text`, `document`, `program` or `other`; `sealed`, if a device sealed it to the
    /// cell: its name and what it is lie within, then.
    pub kind: String,
    /// What is to be said about it, in sentences.
    pub notes: Vec<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// One of your organisation's own reports as it stands, with its thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnReportView {
    /// Its reference.
    pub reference: String,
    /// When it was received.
    pub at: String,
    /// `received`, `read` (by the cell), `withdrawn`, `recalled`, or `aged`: its content went by its time.
    pub state: String,
    /// Whether somebody of the cell has read it: claimed or answered it. Once it is recalled, nothing tells.
    pub read: bool,
    /// Whether there is something new in its thread.
    pub unread: bool,
    /// Whether something that it contributed to was released.
    pub released: bool,
    /// Title.
    pub title: String,
    /// In your words.
    pub narrative: String,
    /// Closest match.
    pub attack: String,
    /// Severity.
    pub severity: String,
    /// Still going on.
    pub ongoing: bool,
    /// When it happened, if you said.
    pub happened_at: Option<String>,
    /// Who may be warned: `now`, `next-epoch`, `once-three`, `cell-only` or `group:UUID`.
    pub warn: String,
    /// Who may know that it was you: `nobody`, `cell` or `everybody`.
    pub know: String,
    /// TLP 2.0 label.
    pub tlp: String,
    /// PAP label.
    pub pap: String,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// Free tags.
    pub tags: Vec<String>,
    /// Values.
    pub values: Vec<OwnValue>,
    /// Messages and changes, the oldest first.
    pub thread: Vec<OwnThreadRow>,
    /// Its files, the oldest first.
    pub files: Vec<OwnFile>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Something to say in the thread of a report.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// Plain text.
    #[schema(max_length = 10_000)]
    pub text: String,
}

/// What the cell says to the reporter of a case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReply {
    /// Plain text.
    #[schema(max_length = 10_000)]
    pub text: String,
    /// Whether it asks to share more.
    pub asks: Option<bool>,
}

/// A wider answer to "who may be warned".
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConsent {
    /// The new answer; it must reach further than the one before.
    pub warn: WarnView,
}

/// What a report says from now on; who may be warned, who may know and the marking stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCorrection {
    /// One line.
    pub title: String,
    /// In your own words.
    pub narrative: Option<String>,
    /// Closest match.
    pub attack: String,
    /// Severity.
    pub severity: Option<String>,
    /// Still going on?
    pub ongoing: Option<bool>,
    /// When it happened, RFC 3339.
    pub happened_at: Option<String>,
    /// Values that it names beside those before.
    pub add: Option<Vec<NewIndicator>>,
    /// Values that it names no more.
    pub drop: Option<Vec<NewIndicator>>,
}

/// The answer to a correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CorrectionReceipt {
    /// Always `received`.
    pub status: String,
    /// What became of each value of `add`, then of `drop`.
    pub items: Vec<ReceiptItem>,
    /// Whether this is an exercise.
    pub exercise: bool,
}
