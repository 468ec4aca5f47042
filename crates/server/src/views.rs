//! What the server itself takes and gives: sessions, reports in, receipts, problems.

pub use crate::thread_views::{
    CorrectionReceipt, FileView, NewConsent, NewCorrection, NewMessage, NewReply, OwnFile, OwnReportList, OwnReportRow,
    OwnReportView, OwnThreadRow, OwnValue,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::report_views::{FindingDecision, InstantAnswer, SignedReceiptView};

/// An error, as RFC 9457 shapes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemView {
    /// What sort of problem, as a URI reference.
    pub r#type: String,
    /// The sort in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
}

/// Which face of the platform a listener shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FaceView {
    /// `member` or `cell`.
    pub face: String,
    /// Name of the partnership.
    pub partnership: String,
    /// The cell's telephone number, for whoever is being attacked, where it has given one; members' listener only.
    pub phone: Option<String>,
    /// The cell's mailbox, likewise.
    pub mail: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// What signs a person in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionView {
    /// The person's name.
    pub name: String,
    /// The member organisation, for members.
    pub organisation: Option<String>,
    /// What the person is.
    pub role: String,
    /// What the person may do at this moment.
    pub rights: Vec<String>,
    /// `member` or `cell`.
    pub face: String,
    /// Whether this is an exercise.
    pub exercise: bool,
    /// Name of the partnership.
    pub partnership: String,
    /// Whether a second factor has to be enrolled before anything else.
    pub enrol: bool,
    /// Whether this is a wall, which nobody has signed in to.
    pub wall: bool,
}

/// Who may be warned: the reporter's first answer.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum WarnView {
    /// `now`, `next-epoch`, `once-three` or `cell-only`.
    Word(WarnWord),
    /// The members of one sharing group.
    Group(WarnGroup),
}

/// The first answer's words.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WarnWord {
    /// Members, at the next release tick.
    Now,
    /// Members, at the next epoch.
    NextEpoch,
    /// Members, once three of them have it.
    OnceThree,
    /// Nobody but the cell.
    CellOnly,
}

impl From<WarnWord> for model::WhoMayBeWarned {
    fn from(word: WarnWord) -> Self {
        match word {
            WarnWord::Now => Self::Now,
            WarnWord::NextEpoch => Self::NextEpoch,
            WarnWord::OnceThree => Self::OnceThreeHaveIt,
            WarnWord::CellOnly => Self::CellOnly,
        }
    }
}

/// A sharing group by its UUID.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WarnGroup {
    /// UUID of the group.
    #[schema(format = Uuid)]
    pub group: String,
}

/// Who may know that it was us: the reporter's second answer.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KnowWord {
    /// Nobody.
    Nobody,
    /// The cell.
    Cell,
    /// Everybody.
    Everybody,
}

impl From<KnowWord> for model::WhoMayKnow {
    fn from(word: KnowWord) -> Self {
        match word {
            KnowWord::Nobody => Self::Nobody,
            KnowWord::Cell => Self::Cell,
            KnowWord::Everybody => Self::Everybody,
        }
    }
}

/// One value of a report.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIndicator {
    /// Kind; guessed from the value if absent.
    pub kind: Option<String>,
    /// The value, defanged or not.
    pub value: String,
}

/// A report.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    /// One line; never shown to members.
    pub title: String,
    /// The reporter's own words; never shown to members.
    pub narrative: Option<String>,
    /// Closest match, such as `phishing` or `not-sure`.
    pub attack: String,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: Option<String>,
    /// Still going on?
    pub ongoing: Option<bool>,
    /// When it happened.
    #[schema(format = DateTime)]
    pub happened_at: Option<String>,
    /// Who may be warned; a key may carry the answer.
    pub warn: Option<WarnView>,
    /// Who may know that it was us; a key may carry the answer.
    pub know: Option<KnowWord>,
    /// TLP 2.0 label.
    pub tlp: Option<String>,
    /// PAP label.
    pub pap: Option<String>,
    /// ATT&CK techniques.
    pub techniques: Option<Vec<String>>,
    /// Free tags.
    pub tags: Option<Vec<String>>,
    /// The values.
    pub indicators: Vec<NewIndicator>,
    /// How to reach you: a line of up to 100 characters (300 bytes). Where nobody may know that it was you, it is sealed for two leads who
    /// open together who reported, and kept only while two have a key; else it goes behind the narrative. With words that are sealed, and
    /// another second answer than `nobody`, it is sealed with them and absent here.
    pub contact: Option<String>,
    /// What you decided about each value that could name you; a key decides nothing, and what is found there is held.
    pub findings: Option<Vec<FindingDecision>>,
}

/// What became of one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptItem {
    /// Its index in the report.
    pub index: u32,
    /// Kind, where it could be read.
    pub kind: Option<String>,
    /// Its normal form, where it could be read.
    pub value: Option<String>,
    /// `accepted`, `duplicate` (of your own), `left-out` (as you chose) or `refused`.
    pub result: String,
    /// Why it was refused or left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Why it is held for the cell: it could name you.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
}

/// The answer to a report: "received", never "others saw this".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// Reference to quote to the cell.
    pub reference: String,
    /// Always `received`.
    pub status: String,
    /// What became of each value.
    pub items: Vec<ReceiptItem>,
    /// What was known before, and what to do now.
    pub answer: InstantAnswer,
    /// The signed receipt, to keep; null where the process that you reach has no key for it.
    pub receipt: Option<SignedReceiptView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Something in an imported file that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportProblem {
    /// Line, where the format has lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Path of the field; empty if the format has none.
    pub field: String,
    /// What is wrong.
    pub why: String,
}

/// The answer to an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportReceipt {
    /// Always `received`.
    pub status: String,
    /// Reports made of the file.
    pub reports: u32,
    /// Values taken.
    pub accepted: u32,
    /// Values that you had sent before.
    pub duplicates: u32,
    /// Values refused.
    pub refused: u32,
    /// What could not be taken, up to a limit.
    pub problems: Vec<ImportProblem>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A text that the cell sends to members.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAdvisory {
    /// One line.
    pub title: String,
    /// What happened.
    pub summary: String,
    /// What to do, in order.
    pub actions: Vec<String>,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: String,
    /// TLP 2.0 label.
    pub tlp: String,
    /// The campaign that it is about.
    pub campaign: Option<String>,
}

/// The id of what was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Made {
    /// Its id.
    pub id: String,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The posture that a lead sets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPosture {
    /// `normal`, `raised` or `high`.
    pub word: String,
    /// One line.
    pub text: String,
}

/// Campaigns on the cell's side.
#[derive(Debug, Serialize, ToSchema)]
pub struct CellCampaignList {
    /// Campaigns that hit several firms, the most recently active first.
    pub items: Vec<desk::CampaignRow>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Values that link nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoiseList {
    /// The values.
    pub items: Vec<desk::NoiseRow>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// How the platform is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `behind` while the fold has not caught up with the journal.
    pub status: String,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A sign of life on a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Beat {
    /// The server's time.
    pub at: String,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// To whom a report is passed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPass {
    /// Id of the secondee.
    pub to: String,
}

/// A secondee to whom reports can be passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SecondeeRow {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Names of the sectors that they are walled from.
    pub walled: Vec<String>,
}

/// The secondees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SecondeeList {
    /// They.
    pub items: Vec<SecondeeRow>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Something was said or changed in the thread of a case; its page tells what.
#[derive(Serialize, ToSchema)]
pub struct Said {
    /// Pseudonym.
    pub case: String,
    /// `reporter` or `cell`.
    pub from: String,
    /// `message`, `consent`, `correction`, `withdrawal` or `recall`.
    pub kind: String,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A report was passed to a secondee, or taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Passed {
    /// Pseudonym of the case.
    pub case: String,
    /// Names of those who have it now.
    pub passed_to: Vec<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Somebody took a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Claimed {
    /// Pseudonym of the case.
    pub case: String,
    /// Who took it.
    pub owner: String,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// An organisation that a member adds to a sharing group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroupMember {
    /// Its name.
    pub organisation: String,
}

/// A sharing group to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSharingGroup {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// When it ends; without it, it goes on until somebody ends it.
    #[schema(format = DateTime)]
    pub ends_at: Option<String>,
    /// `cell`, `members` or `organisers`.
    pub who_may_add: String,
}

/// When a sharing group ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroupEnd {
    /// When; a time that has come ends it at once, and none lets it go on.
    #[schema(format = DateTime)]
    pub ends_at: Option<String>,
}

/// An organisation that the cell puts into a sharing group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroupPlace {
    /// Its name.
    pub organisation: String,
    /// Whether it is an organiser: one may add others, where organisers may.
    #[serde(default)]
    pub organiser: bool,
}

/// An organisation in a sharing group, as the cell sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CellGroupMember {
    /// Its name.
    pub name: String,
    /// Whether it is an organiser.
    pub organiser: bool,
    /// When it joined.
    pub joined_at: String,
}

/// A sharing group, as the cell sees it: who is in it, never what was reported to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CellGroup {
    /// Its UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// When it ends, if it does.
    pub ends_at: Option<String>,
    /// Whether it has ended.
    pub ended: bool,
    /// `cell`, `members` or `organisers`.
    pub who_may_add: String,
    /// When it was made.
    pub created_at: String,
    /// Who is in it, by name.
    pub members: Vec<CellGroupMember>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Every sharing group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CellGroupList {
    /// Groups by name, those that have ended too.
    pub items: Vec<CellGroup>,
    /// Whether this is an exercise.
    pub exercise: bool,
}
