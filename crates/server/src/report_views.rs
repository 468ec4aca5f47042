//! What a reporter is told before and right after sending: the dry run, what to do now, the signed receipt.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a reporter decided about a finding, which is named by its id or by the value that it is in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingDecision {
    /// Id of the finding, as the dry run told it.
    pub id: Option<String>,
    /// The value as it is sent, instead of an id.
    pub value: Option<String>,
    /// `untick` leaves the value out, `generalise` sends what the dry run proposes in its place, `keep` lets it go as it is;
    /// the cell sees that you chose so. Without a decision the value is held for the cell.
    pub decision: DecisionWord,
}

/// What may be done about a finding.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionWord {
    /// Left out.
    Untick,
    /// Something that says less in its place.
    Generalise,
    /// As it is.
    Keep,
}

/// A word or value that could name you.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingView {
    /// Id to decide about it; the same as long as the field and the text are.
    pub id: String,
    /// `title`, `narrative`, `tags` or `indicators`.
    pub field: String,
    /// Which of several tags or values, from 0.
    pub index: Option<u32>,
    /// Where in the field it begins, in characters.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// The text.
    pub text: String,
    /// What sort, such as `own-domain`, `look-alike` or `colleague`.
    pub cause: String,
    /// Why, in words.
    pub why: String,
    /// Whether it holds the value for the cell until it is decided about. Title, words and tags are never shown to members, so
    /// what is found there holds nothing.
    pub holds: bool,
    /// What may be decided: `untick`, `generalise` where there is something more general, `keep`.
    pub may: Vec<String>,
    /// What would stand in its place.
    pub general: Option<String>,
    /// Kind of that, for a value.
    pub general_kind: Option<String>,
}

/// Whom a report would reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReachView {
    /// `now`, `next-epoch`, `once-three`, `never` or `unanswered`.
    pub when: String,
    /// Other organisations that would see it; yours is not counted.
    pub members: u32,
    /// Sectors that they are in.
    pub sectors: u32,
    /// Whether fewer than ten others would see it: they may guess.
    pub few: bool,
    /// Whether it takes part in what links campaigns for members, or stands alone.
    pub alone: bool,
    /// All that in a sentence or two.
    pub text: String,
}

/// What would become of one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PreviewValueView {
    /// Its index in the draft.
    pub index: u32,
    /// Kind, where it could be read.
    pub kind: Option<String>,
    /// Its normal form, where it could be read.
    pub value: Option<String>,
    /// `released`, `held`, `cell-only`, `left-out`, `refused` or `unanswered`.
    pub result: String,
    /// Other organisations that would see it.
    pub members: u32,
    /// Why it is not released.
    pub why: Option<String>,
}

/// What a report still needs before it can be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MissingView {
    /// Path of the field; empty for the draft as a whole.
    pub field: String,
    /// What is wrong.
    pub why: String,
}

/// A key of the cell, for HPKE in base mode (RFC 9180) with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, and `fusioncell cell
/// words 1` as `info`. What is sealed, the encapsulated key before it, stands as `fusioncell-sealed-words-1 NUMBER HEX` where the narrative would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CellKeyView {
    /// Its number.
    pub number: u32,
    /// A point of P-256, uncompressed (SEC 1), in hexadecimal digits.
    pub public: String,
}

/// The dry run of a draft: nothing is stored, and nothing of others' reports is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PreviewView {
    /// Whom it would reach.
    pub reach: ReachView,
    /// What would become of each value.
    pub values: Vec<PreviewValueView>,
    /// Words and values that could name you.
    pub findings: Vec<FindingView>,
    /// Findings in words beyond a limit, which are not told.
    pub more_findings: u32,
    /// What it still needs.
    pub problems: Vec<MissingView>,
    /// The cell's key of this month, to which a device seals the words of a report that is for the cell only; null if there is none yet.
    pub cell_key: Option<CellKeyView>,
    /// Whether it would be kept, sealed, who reported, so that two leads of the cell could open it together; else nobody can.
    pub source_kept: bool,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// What members knew of one of your values at the release tick before your report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KnownView {
    /// Its index in the report.
    pub index: u32,
    /// Kind.
    pub kind: String,
    /// Its normal form.
    pub value: String,
    /// `block`, `watch`, `everyday` or `not-seen`.
    pub verdict: String,
    /// What that means, in words.
    pub meaning: String,
}

/// The answer that a reporter gets at once; it is never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstantAnswer {
    /// Your values, as members knew them before your report.
    pub values: Vec<KnownView>,
    /// How many of them were known.
    pub known: u32,
    /// How many were looked up: the first hundred.
    pub looked_up: u32,
    /// That in a sentence.
    pub text: String,
    /// Language of what follows.
    pub language: String,
    /// The kind of attack, in words.
    pub title: String,
    /// What to do now, first what stops harm.
    pub steps: Vec<String>,
    /// How to reach the cell, in a sentence; while it is going on, now.
    pub call: String,
    /// The cell's telephone number, if it has set one.
    pub phone: Option<String>,
    /// The cell's mailbox, if it has set one.
    pub mail: Option<String>,
}

/// A signed receipt: the same fields and length for every report, and nothing of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedReceiptView {
    /// Its form.
    pub format: String,
    /// Name of the partnership.
    pub partnership: String,
    /// Reference of the report.
    pub reference: String,
    /// When it was received, to the release tick.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// SHA-256 of the report's bytes as they were sent.
    pub report_sha256: String,
    /// Whether this is an exercise.
    pub exercise: bool,
    /// Ed25519, over the other fields as JSON without blanks, in base64.
    pub signature: String,
}
