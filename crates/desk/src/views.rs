//! What the cell's pages get: plain rows with times in RFC 3339 (UTC, milliseconds).

use serde::Serialize;
use utoipa::ToSchema;

use crate::words::{HistoryRow, NameRow, WordRow};

/// A sector lane of the wall.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LaneView {
    /// Name in data.
    pub id: String,
    /// Name that a person reads.
    pub name: String,
    /// Usual observations a minute; `null` while too little has been seen to say.
    pub normal: Option<f64>,
    /// Whether you are walled from its sectors: nothing is counted for you then.
    pub walled: bool,
}

/// When a campaign first hit a sector.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Hit {
    /// Index of the lane.
    pub s: u32,
    /// When.
    pub at: String,
}

/// A campaign on the wall.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CampaignRow {
    /// Id of the campaign: that of its oldest case.
    pub id: String,
    /// Letter that stands for it on the wall.
    pub letter: String,
    /// One line.
    pub title: String,
    /// Distinct firms, or the most that there can be.
    pub firms: u32,
    /// Whether `firms` is only the most that there can be: an exact number would tell which reports share a source.
    pub firms_at_most: bool,
    /// Names of the lanes hit, in order.
    pub sectors: Vec<String>,
    /// Distinct values.
    pub indicators: u32,
    /// Firms new in the last ten minutes.
    pub delta: u32,
    /// `spreading`, `steady` or `cooling`.
    pub trend: String,
    /// When it was found, within the last six hours, that several firms had been hit within six: to the minute.
    pub wave: Option<String>,
    /// Who works on it.
    pub owner: Option<String>,
    /// What is being done, in words.
    pub state: String,
    /// Worst severity of its reports.
    pub severity: String,
    /// First hit in each sector, in order.
    pub hits: Vec<Hit>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A campaign that is no longer on the wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CampaignGone {
    /// Its id.
    pub id: String,
    /// The campaign that it has become a part of, if it has.
    pub into: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A report on the wall.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReportRow {
    /// Pseudonym of the case.
    pub case: String,
    /// The minute in which it was received.
    pub at: String,
    /// Name of the lane, if it may be shown.
    pub sector: Option<String>,
    /// Closest match, in words.
    pub attack: String,
    /// Severity.
    pub severity: String,
    /// `new` or `claimed`.
    pub state: String,
    /// Who claimed it.
    pub owner: Option<String>,
    /// Secondees that it was passed to across their walls.
    pub passed_to: Vec<String>,
    /// Whether its reporter took it back.
    pub withdrawn: bool,
    /// Whether it came from outside the partnership: its reporter is no member.
    pub outside: bool,
    /// Whether its reporter has said something that nobody of the cell has answered.
    pub waits: bool,
    /// Letter of its campaign, if that is on the wall.
    pub campaign: Option<String>,
    /// Id of its campaign.
    pub campaign_id: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// An alert that was sent to members.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertRow {
    /// Id of the advisory.
    pub id: String,
    /// Title.
    pub title: String,
    /// TLP label.
    pub tlp: String,
    /// When it was sent.
    pub at: String,
    /// Members that it was sent to.
    pub sent: u32,
    /// Members of which somebody read it.
    pub read: u32,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A source of the wall's data.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SourceRow {
    /// Name in data.
    pub id: String,
    /// Name that a person reads.
    pub name: String,
    /// When it was last heard; `null` if never.
    pub at: Option<String>,
    /// Silent for longer than it should be.
    pub silent: bool,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The posture as a lead has set it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PostureRow {
    /// `normal`, `raised` or `high`.
    pub word: String,
    /// One line.
    pub text: String,
    /// When it was set.
    pub at: String,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Counts per lane since the last tick.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Tick {
    /// When.
    pub at: String,
    /// Observations per lane.
    pub c: Vec<u32>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Everything that the wall shows.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Wall {
    /// The server's time.
    pub now: String,
    /// Length of a slot in milliseconds.
    pub slot_ms: i64,
    /// Number of slots.
    pub slots: u32,
    /// Start of the open slot.
    pub slot_start: String,
    /// Whether this is an exercise.
    pub exercise: bool,
    /// The lanes.
    pub sectors: Vec<LaneView>,
    /// Observations per lane and slot, oldest first; the last is the open slot; `null` where there is no data.
    pub history: Vec<Vec<Option<u32>>>,
    /// Campaigns that hit several firms, the most active first.
    pub campaigns: Vec<CampaignRow>,
    /// Latest reports, newest first.
    pub reports: Vec<ReportRow>,
    /// Latest alerts, newest first.
    pub alerts: Vec<AlertRow>,
    /// Sources.
    pub feeds: Vec<SourceRow>,
    /// Posture that a lead has set, if any.
    pub posture: Option<PostureRow>,
}

/// A case in a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CaseRow {
    /// Pseudonym.
    pub case: String,
    /// The minute in which it was received.
    pub at: String,
    /// Lane, if it may be shown.
    pub sector: Option<String>,
    /// Closest match, in words.
    pub attack: String,
    /// Severity.
    pub severity: String,
    /// The reporter's title.
    pub title: String,
    /// Secondees that it was passed to across their walls.
    pub passed_to: Vec<String>,
    /// Whether its reporter took it back.
    pub withdrawn: bool,
}

/// One value of a case.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ValueRow {
    /// Kind.
    pub kind: String,
    /// Normal form.
    pub value: String,
    /// Why it is held for the cell, if it is.
    pub held: Option<String>,
    /// Why it could name its reporter, who chose to have it released all the same.
    pub kept: Option<String>,
}

/// Something in the thread of a case.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ThreadRow {
    /// Id of a message; absent for a change.
    pub id: Option<String>,
    /// `reporter` or `cell`.
    pub from: String,
    /// Who of the cell.
    pub name: Option<String>,
    /// The minute.
    pub at: String,
    /// `message`, `consent`, `correction`, `withdrawal` or `recall`.
    pub kind: String,
    /// What was said, or what changed, in words.
    pub text: String,
    /// Whether the cell asks to share more.
    pub asks: bool,
}

/// A file of a case: given out as a download only.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CaseFile {
    /// Its id.
    pub id: String,
    /// Its name, made harmless.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// What its bytes are: `mail`, `image`, `archive`, `text`, `document`, `program` or `other`; `sealed`, if it does not open.
    pub kind: String,
    /// What the device that sealed it takes it for, as a media type; empty if that told nothing.
    pub media: String,
    /// What is to be said about it, in sentences.
    pub notes: Vec<String>,
    /// `plain`; `opened`, if the reporter's device had sealed it to the cell: the cell's server opens it for you; `gone`, if the key
    /// that opens it is destroyed, or it was never sealed to it; `broken`, if it was cut off or changed, or sealed for another report;
    /// `unread`, if the server could not read it just now.
    pub seal: String,
    /// `reporter` or `cell`.
    pub by: String,
    /// The minute.
    pub at: String,
}

/// A case: what its reporter says, and the thread with them. It never tells who that is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CasePage {
    /// Pseudonym.
    pub case: String,
    /// The minute in which it was received.
    pub at: String,
    /// Lane, if it may be shown.
    pub sector: Option<String>,
    /// Closest match, in words.
    pub attack: String,
    /// Severity.
    pub severity: String,
    /// Still going on.
    pub ongoing: bool,
    /// Title.
    pub title: String,
    /// The reporter's words.
    pub narrative: String,
    /// `plain`; `opened`, if the reporter's device had sealed them to the cell; `gone`, if the key that opens them is destroyed, or
    /// they were never sealed to it: then there are no words.
    pub words: String,
    /// When it happened, if the reporter says.
    pub happened_at: Option<String>,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// Free tags.
    pub tags: Vec<String>,
    /// TLP 2.0 label.
    pub tlp: String,
    /// PAP label.
    pub pap: String,
    /// Who may be warned: `now`, `next-epoch`, `once-three`, `cell-only` or `group`.
    pub warn: String,
    /// The firm, only if it wishes to be known to everybody.
    pub named: Option<String>,
    /// Values.
    pub values: Vec<ValueRow>,
    /// Whether values were left out because there are too many.
    pub truncated: bool,
    /// `open`, `withdrawn`, `recalled`, or `aged`: its words went by their time.
    pub state: String,
    /// Whether it came from outside the partnership: its reporter is no member, and cannot let members be warned.
    pub outside: bool,
    /// How reliable its source had been when it came: a letter from A to F, F if that cannot be judged. Null where fewer than ten
    /// members could bear what is told, where the reporter may be known, where no member sent it, and for secondees.
    pub grade: Option<String>,
    /// What the cell says that it was worth: `confirmed`, `false` or `open`.
    pub judged: String,
    /// Who claimed it.
    pub owner: Option<String>,
    /// Secondees that it was passed to across their walls.
    pub passed_to: Vec<String>,
    /// Its campaign.
    pub campaign: Option<CampaignName>,
    /// Messages and changes, the oldest first.
    pub thread: Vec<ThreadRow>,
    /// Its files, the oldest first.
    pub files: Vec<CaseFile>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A value in a campaign and the cases that hold it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IndicatorRow {
    /// Kind.
    pub kind: String,
    /// Normal form.
    pub value: String,
    /// Present score from 0 to 1.
    pub score: f64,
    /// Why the value links nothing, if it does not.
    pub noise: Option<String>,
    /// Indexes into the page's cases.
    pub reports: Vec<u32>,
}

/// Why two cases are linked.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReasonRow {
    /// The later case.
    pub from: String,
    /// The earlier case.
    pub to: String,
    /// When the link was made.
    pub at: String,
    /// The reason, in words.
    pub text: String,
}

/// A step in a campaign's spread.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TimelineRow {
    /// When.
    pub at: String,
    /// Lane.
    pub lane: String,
    /// What, in words.
    pub text: String,
}

/// A campaign's page.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CampaignPage {
    /// Its row.
    pub campaign: CampaignRow,
    /// What an analyst calls it.
    pub name: Option<NameRow>,
    /// Ids of campaigns that were merged into it.
    pub aliases: Vec<String>,
    /// What analysts said of its cases, the oldest first.
    pub words: Vec<WordRow>,
    /// What happened to it, the oldest first.
    pub history: Vec<HistoryRow>,
    /// Its cases by minute; those of one minute by their pseudonym.
    pub reports: Vec<CaseRow>,
    /// Its values, the most widely seen first.
    pub indicators: Vec<IndicatorRow>,
    /// The links.
    pub reasons: Vec<ReasonRow>,
    /// The spread.
    pub timeline: Vec<TimelineRow>,
    /// Whether cases or values were left out because there are too many.
    pub truncated: bool,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A campaign named in a look-up.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CampaignName {
    /// Id.
    pub id: String,
    /// Letter on the wall, if it has one.
    pub letter: Option<String>,
    /// Title.
    pub title: String,
}

/// What the cell knows of one value.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LookupView {
    /// What was asked.
    pub query: String,
    /// Kind that it was read as.
    pub kind: Option<String>,
    /// Normal form.
    pub normal: Option<String>,
    /// `seen`, `everyday`, `not-seen` or `unreadable`.
    pub verdict: String,
    /// The verdict in a sentence.
    pub meaning: String,
    /// Number of cases.
    pub reports: u32,
    /// Number of distinct firms, or the most that there can be.
    pub firms: u32,
    /// Whether `firms` is only the most that there can be: an exact number would tell which reports share a source.
    pub firms_at_most: bool,
    /// The minute in which it was first seen.
    pub first: Option<String>,
    /// The minute in which it was last seen.
    pub last: Option<String>,
    /// Present score from 0 to 1.
    pub score: f64,
    /// Why it links nothing, if it does not.
    pub noise: Option<String>,
    /// Campaigns that hold it.
    pub campaigns: Vec<CampaignName>,
    /// Whether members have it.
    pub released: bool,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A value that links nothing.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NoiseRow {
    /// Kind.
    pub kind: String,
    /// Normal form.
    pub value: String,
    /// Why.
    pub why: String,
    /// How often it was reported.
    pub seen: u32,
}
