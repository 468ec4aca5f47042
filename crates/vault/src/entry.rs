//! What the journal holds: one entry for everything that came in and everything that was decided.

use std::fmt;

use model::{
    AdvisoryId, AttackKind, CampaignId, CaseId, Marking, MemberToken, OrganisationId, PersonId, Region, Sector,
    Severity, Sighting, Technique, Timestamp, WhoMayBeWarned, WhoMayKnow,
};
use policy::planted::{self, Leak};
use policy::{Params, PostureWord, ReleaseBatch};

use crate::acts::{AgedEntry, AmendEntry, Change, FeedbackEntry, FileEntry, MessageEntry, OpenedEntry, WordEntry};
use crate::grade::Grade;

/// Place of an entry in the journal: 1 for the first, without gaps.
pub type Seq = u64;

/// One entry of the journal.
#[derive(Clone, PartialEq)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// When it was appended, by the clock of whoever appended it.
    pub at: Timestamp,
    /// What it says.
    pub body: Body,
}

/// What an entry says. Each kind has a name and a version of its own in the stored form.
#[derive(Clone, PartialEq)]
pub enum Body {
    /// The first entry: whose journal this is.
    Genesis(Genesis),
    /// How many members there are, in all and by sector and region; appended when the register changes.
    Population(Population),
    /// A data set that fusion uses from here on.
    DataSet(DataSet),
    /// A rule set that fusion uses from here on.
    RuleSet(DataSet),
    /// A member's report.
    Report(Box<ReportEntry>),
    /// Time passed: nothing that depends on time happens without one.
    Tick(Timestamp),
    /// What fusion concluded.
    Findings(Findings),
    /// What members were shown, as the very objects that they got.
    Release(ReleaseBatch),
    /// A text of the cell.
    Advisory(AdvisoryEntry),
    /// A member has read an advisory.
    AdvisoryRead(AdvisoryId, MemberToken),
    /// An analyst took a report.
    Claim {
        /// The report.
        case: CaseId,
        /// Who took it.
        by: PersonId,
        /// The name that the cell's screens show.
        name: String,
    },
    /// A case was passed to a secondee whose wall hides it, or is taken back.
    Pass {
        /// The report.
        case: CaseId,
        /// Who may read it now, or may no longer.
        to: PersonId,
        /// The name of the secondee, as the cell's screens show it.
        name: String,
        /// Who passed it.
        by: PersonId,
        /// Whether it was given; otherwise it is taken back.
        given: bool,
    },
    /// Something said between the cell and the reporter of a case.
    Message(Box<MessageEntry>),
    /// The reporter of a case changes something about it.
    Amend(Box<AmendEntry>),
    /// A file came with a case.
    File(Box<FileEntry>),
    /// Two leads opened who reported a case.
    Opened(Box<OpenedEntry>),
    /// The time of a case's content is over.
    Aged(Box<AgedEntry>),
    /// The cell judged a case, or limited its source.
    Feedback(Box<FeedbackEntry>),
    /// An analyst said that two cases are of one attack or are not, or named a campaign.
    Word(Box<WordEntry>),
    /// A lead set the posture.
    Posture {
        /// The word.
        word: PostureWord,
        /// What the lead says about it.
        text: String,
        /// Who set it.
        by: PersonId,
    },
}

/// Whose journal this is, and what replay needs to come to equal results.
#[derive(Clone, Debug, PartialEq)]
pub struct Genesis {
    /// Name of the partnership.
    pub partnership: String,
    /// An exercise: every screen and object says so.
    pub exercise: bool,
    /// Parameters of the release policy.
    pub params: Params,
    /// Key of the hash that makes observable keys.
    pub key_seed: [u8; 16],
    /// When the journal was made.
    pub made_at: Timestamp,
}

/// How many members there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Population {
    /// In all.
    pub members: u32,
    /// By sector.
    pub sectors: Vec<(Sector, u32)>,
    /// By region.
    pub regions: Vec<(Region, u32)>,
}

/// A data or rule set by name, version and hash; its bytes lie in the blobs folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Its name.
    pub name: String,
    /// Its version, as its maker writes it.
    pub version: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// How many bytes.
    pub bytes: u64,
}

/// A member's report: the reporter is a random case id and a token, never a name (unless the reporter wished it).
#[derive(Clone, PartialEq)]
pub struct ReportEntry {
    /// Random pseudonym of the report.
    pub case: CaseId,
    /// Stands for the member within one key window; stored in the sealed part.
    pub token: MemberToken,
    /// The declared group that the member's sector appears under, such as `energy`.
    pub sector: Option<String>,
    /// The member's region.
    pub region: Option<Region>,
    /// When it was received.
    pub received_at: Timestamp,
    /// When it happened, if the reporter says.
    pub happened_at: Option<Timestamp>,
    /// The first answer.
    pub warn: WhoMayBeWarned,
    /// The second answer.
    pub know: WhoMayKnow,
    /// Name of the organisation; only if everybody may know.
    pub named: Option<String>,
    /// The cell's own report, or a feed.
    pub own: bool,
    /// Somebody who is no member sent it: it is for the cell alone, and counts for nothing that members see.
    pub outside: bool,
    /// What might be told of its source when it came; `None` where there is none to tell of, and once it was recalled. No export has
    /// it, and nothing that members see depends on it.
    pub grade: Option<Grade>,
    /// How far it may travel.
    pub marking: Marking,
    /// The closest match.
    pub attack: AttackKind,
    /// How bad.
    pub severity: Severity,
    /// Still going on?
    pub ongoing: bool,
    /// One line; never shown to members.
    pub title: String,
    /// The reporter's words; never shown to members.
    pub narrative: String,
    /// ATT&CK techniques.
    pub techniques: Vec<Technique>,
    /// Free tags.
    pub tags: Vec<String>,
    /// The values.
    pub items: Vec<Item>,
}

/// One value of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What was seen, and when, if the reporter says.
    pub sighting: Sighting,
    /// Why the scrub holds it for the cell; `None` if it may be released.
    pub held: Option<String>,
    /// Why the scrub would have held it, had the reporter not chosen to let it go; the cell sees that it was chosen.
    pub kept: Option<String>,
}

/// What a report says, without who sent it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportContent {
    /// When it happened, if the reporter says.
    pub happened_at: Option<Timestamp>,
    /// The first answer.
    pub warn: WhoMayBeWarned,
    /// The second answer.
    pub know: WhoMayKnow,
    /// How far it may travel.
    pub marking: Marking,
    /// The closest match.
    pub attack: AttackKind,
    /// How bad.
    pub severity: Severity,
    /// Still going on?
    pub ongoing: bool,
    /// One line; never shown to members.
    pub title: String,
    /// The reporter's words; never shown to members.
    pub narrative: String,
    /// ATT&CK techniques.
    pub techniques: Vec<Technique>,
    /// Free tags.
    pub tags: Vec<String>,
    /// The values.
    pub items: Vec<Item>,
}

/// A report with its sender, as intake hands it over.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// Who sent it: goes into the source record and the token, never into the entry.
    pub organisation: OrganisationId,
    /// The declared group that the member's sector appears under.
    pub sector: Option<String>,
    /// The member's region.
    pub region: Option<Region>,
    /// When it was received.
    pub received_at: Timestamp,
    /// Name of the organisation; kept only if everybody may know.
    pub named: Option<String>,
    /// The cell's own report, or a feed.
    pub own: bool,
    /// Somebody who is no member sent it; `organisation` then stands for whoever has the way-back code.
    pub outside: bool,
    /// How to reach whoever sent it, if nobody may know who that is: it goes into the source record for two leads, never into the entry.
    pub contact: Option<String>,
    /// What it says.
    pub report: ReportContent,
}

impl ReportEntry {
    /// The entry that a submission becomes; who sent it stays behind, and a name is kept only if everybody may know.
    #[must_use]
    pub fn of(submission: Submission, case: CaseId, token: MemberToken) -> Self {
        let content = submission.report;
        // Nobody outside decides what members get: whatever was asked for, it is for the cell, which writes what they read.
        let outside = submission.outside && !planted::is_on(Leak::OutsideIsMember);
        let (warn, know) =
            if outside { (WhoMayBeWarned::CellOnly, WhoMayKnow::Cell) } else { (content.warn, content.know) };
        Self {
            case,
            token,
            sector: submission.sector,
            region: submission.region,
            received_at: submission.received_at,
            happened_at: content.happened_at,
            warn,
            know,
            named: submission.named.filter(|_| know == WhoMayKnow::Everybody),
            own: submission.own && !outside,
            outside,
            // As long as any other, until the vault knows.
            grade: (!submission.own && !outside).then_some(Grade::Untold),
            marking: content.marking,
            attack: content.attack,
            severity: content.severity,
            ongoing: content.ongoing,
            title: content.title,
            narrative: content.narrative,
            techniques: content.techniques,
            tags: content.tags,
            items: content.items,
        }
    }

    /// Whether a member sent it: neither the cell nor a feed, nor somebody from outside the partnership.
    #[must_use]
    pub const fn is_members(&self) -> bool {
        !self.own && !self.outside
    }
}

/// Which of fusion's two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Run {
    /// Over everything, for the cell.
    All,
    /// Over what members may learn from.
    Community,
}

/// What one run of fusion concluded; the vault does not know the findings' form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// Which run.
    pub run: Run,
    /// One JSON text per finding.
    pub items: Vec<String>,
}

/// A text of the cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisoryEntry {
    /// Its id.
    pub id: AdvisoryId,
    /// One line.
    pub title: String,
    /// What it is about.
    pub summary: String,
    /// What to do, in order.
    pub actions: Vec<String>,
    /// How bad.
    pub severity: Severity,
    /// How far it may travel.
    pub marking: Marking,
    /// The campaign that it is about.
    pub campaign: Option<CampaignId>,
    /// Who wrote it.
    pub author: PersonId,
}

impl Run {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Community => "community",
        }
    }
}

/// The name of each type in the stored form.
pub(crate) const TYPES: [&str; 20] = [
    "genesis",
    "population",
    "data-set",
    "rule-set",
    "report",
    "tick",
    "findings",
    "release",
    "advisory",
    "advisory-read",
    "claim",
    "pass",
    "message",
    "amend",
    "file",
    "opened",
    "aged",
    "feedback",
    "word",
    "posture",
];

impl Body {
    /// The recalled case whose content it says was taken out.
    pub(crate) fn takes_content_out(&self) -> Option<CaseId> {
        match self {
            Self::Amend(amend) if matches!(&amend.change, Change::Recall { redacted } if !redacted.is_empty()) => {
                Some(amend.case)
            }
            _ => None,
        }
    }

    /// The name of its type in the stored form.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Genesis(_) => "genesis",
            Self::Population(_) => "population",
            Self::DataSet(_) => "data-set",
            Self::RuleSet(_) => "rule-set",
            Self::Report(_) => "report",
            Self::Tick(_) => "tick",
            Self::Findings(_) => "findings",
            Self::Release(_) => "release",
            Self::Advisory(_) => "advisory",
            Self::AdvisoryRead(..) => "advisory-read",
            Self::Claim { .. } => "claim",
            Self::Pass { .. } => "pass",
            Self::Message(_) => "message",
            Self::Amend(_) => "amend",
            Self::File(_) => "file",
            Self::Opened(_) => "opened",
            Self::Aged(_) => "aged",
            Self::Feedback(_) => "feedback",
            Self::Word(_) => "word",
            Self::Posture { .. } => "posture",
        }
    }
}

// Only place and type: an entry holds a token and a member's words, which no log may show.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({} {:?})", self.seq, self.body)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}
