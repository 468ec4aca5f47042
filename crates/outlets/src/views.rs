//! What members get, as the OpenAPI document describes it; the bytes of an object themselves were rendered at its release.

use released::{AdvisoryView, CampaignView, IndicatorView, PostureView};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Any released object, told apart by its `type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ReleasedView {
    /// An indicator.
    Indicator(IndicatorView),
    /// A campaign.
    Campaign(CampaignView),
    /// A text of the cell.
    Advisory(AdvisoryView),
    /// The posture.
    Posture(PostureView),
}

/// The member's first page, and the `snapshot` of the member's stream.
#[derive(Debug, Serialize, ToSchema)]
pub struct Home {
    /// The release tick up to which this is complete.
    pub as_of: String,
    /// The posture that a lead has set, if any.
    #[schema(value_type = Option<PostureView>)]
    pub posture: Option<Box<RawValue>>,
    /// Latest texts of the cell.
    #[schema(value_type = Vec<AdvisoryView>)]
    pub advisories: Vec<Box<RawValue>>,
    /// Latest campaigns.
    #[schema(value_type = Vec<CampaignView>)]
    pub campaigns: Vec<Box<RawValue>>,
    /// Latest indicators.
    #[schema(value_type = Vec<IndicatorView>)]
    pub latest: Vec<Box<RawValue>>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A page of indicators.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorList {
    /// Indicators, the latest released first.
    #[schema(value_type = Vec<IndicatorView>)]
    pub items: Vec<Box<RawValue>>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A page of campaigns.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignList {
    /// Campaigns, the latest changed first.
    #[schema(value_type = Vec<CampaignView>)]
    pub items: Vec<Box<RawValue>>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The latest texts of the cell.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdvisoryList {
    /// Advisories, the latest first.
    #[schema(value_type = Vec<AdvisoryView>)]
    pub items: Vec<Box<RawValue>>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// One release tick in a campaign's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReleaseStep {
    /// The release tick.
    pub at: String,
    /// What was released, in words.
    pub text: String,
    /// How many of its values were released then.
    pub indicators: u32,
}

/// A campaign with its released values.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignDetail {
    /// The campaign.
    #[schema(value_type = CampaignView)]
    pub campaign: Box<RawValue>,
    /// Its values, the latest released first.
    #[schema(value_type = Vec<IndicatorView>)]
    pub indicators: Vec<Box<RawValue>>,
    /// Whether there are more values than shown.
    pub more: bool,
    /// What was released when.
    pub timeline: Vec<ReleaseStep>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The answer to one look-up.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verdict {
    /// What was asked.
    pub query: String,
    /// The kind that it was read as.
    pub kind: Option<String>,
    /// Its normal form.
    pub normal: Option<String>,
    /// `block`, `watch`, `everyday`, `not-seen` or `unreadable`.
    pub verdict: String,
    /// What that means, in words.
    pub meaning: String,
    /// The released value.
    #[schema(value_type = Option<IndicatorView>)]
    pub indicator: Option<Box<RawValue>>,
    /// Its campaign.
    #[schema(value_type = Option<CampaignView>)]
    pub campaign: Option<Box<RawValue>>,
    /// What the sharing groups that you are in have of it.
    pub groups: Vec<GroupFinding>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// One release tick on the member's stream.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberRelease {
    /// The release tick.
    pub tick: String,
    /// Everything that it shows, ordered by kind and id.
    #[schema(value_type = Vec<ReleasedView>)]
    pub objects: Vec<Box<RawValue>>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// What a sharing group has of a value.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupFinding {
    /// UUID of the group.
    pub group: String,
    /// The value as the group has it.
    #[schema(value_type = IndicatorView)]
    pub indicator: Box<RawValue>,
}

/// A sharing group that you are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupView {
    /// Its UUID: what reports are addressed to.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// When it ends, if it does.
    pub ends_at: Option<String>,
    /// `cell`, `members` or `organisers`.
    pub who_may_add: String,
    /// Whether you may add members.
    pub may_add: bool,
    /// How many organisations are in it.
    pub members: u32,
    /// When your organisation joined: you have nothing that was reported before.
    pub joined_at: String,
    /// How many items you have of it.
    pub items: u32,
    /// Whether there are more than were counted.
    pub more: bool,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The sharing groups that you are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupList {
    /// Groups by name.
    pub items: Vec<GroupView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// An organisation in a sharing group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupMemberView {
    /// Its name.
    pub name: String,
    /// Whether it is one of the organisers.
    pub organiser: bool,
}

/// A sharing group with its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupDetail {
    /// The group.
    pub group: GroupView,
    /// Who is in it, by name.
    pub members: Vec<GroupMemberView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// What a sharing group is shown at one release tick.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupRelease {
    /// UUID of the group.
    pub group: String,
    /// The release tick.
    pub tick: String,
    /// Its items, ordered by id.
    #[schema(value_type = Vec<IndicatorView>)]
    pub objects: Vec<Box<RawValue>>,
    /// Whether this is an exercise.
    pub exercise: bool,
}
