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
