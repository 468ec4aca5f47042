//! What members get, as the OpenAPI document describes it; the bytes of an object themselves were rendered at its release.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A value that is being used to attack members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IndicatorView {
    /// Always `indicator`.
    #[schema(pattern = "^indicator$")]
    pub r#type: String,
    /// Keyed hash of the content.
    pub id: String,
    /// Kind, such as `domain`.
    pub kind: String,
    /// Normal form.
    pub value: String,
    /// TLP 2.0 label without its prefix.
    pub tlp: String,
    /// PAP label without its prefix.
    pub pap: String,
    /// Release tick.
    pub released_at: String,
    /// When it leaves the watch feed.
    pub watch_until: Option<String>,
    /// Whether it is on the block feed.
    pub block: bool,
    /// The campaign that it belongs to.
    pub campaign: Option<String>,
    /// The partnership, or a firm that wished to be named.
    pub attributed_to: String,
    /// Why it is an everyday value, if it is one.
    pub common: Option<String>,
}

/// Attacks on several members that belong together, in banded form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignView {
    /// Always `campaign`.
    #[schema(pattern = "^campaign$")]
    pub r#type: String,
    /// Keyed hash; means nothing outside the released store.
    pub id: String,
    /// One line.
    pub title: String,
    /// Release tick of the first content.
    pub released_at: String,
    /// Release tick of the latest change.
    pub updated_at: String,
    /// `4+`, `10+`, `25+` or nothing: how many members at least.
    pub band: Option<String>,
    /// Sectors that are hit, where that may be said.
    pub sectors: Vec<String>,
    /// Regions that are hit, where that may be said.
    pub regions: Vec<String>,
    /// TLP 2.0 label without its prefix.
    pub tlp: String,
    /// Closest kind of attack, in words.
    pub attack: Option<String>,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// How many released values it has.
    pub indicators: u32,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A text of the cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvisoryView {
    /// Always `advisory`.
    #[schema(pattern = "^advisory$")]
    pub r#type: String,
    /// Its id.
    pub id: String,
    /// One line.
    pub title: String,
    /// What happened.
    pub summary: String,
    /// What to do, in order.
    pub actions: Vec<String>,
    /// How bad.
    pub severity: String,
    /// TLP 2.0 label without its prefix.
    pub tlp: String,
    /// Release tick.
    pub released_at: String,
    /// The campaign that it is about.
    pub campaign: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The posture that a lead has set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostureView {
    /// Always `posture`.
    #[schema(pattern = "^posture$")]
    pub r#type: String,
    /// `normal`, `raised` or `high`.
    pub word: String,
    /// One line.
    pub text: String,
    /// Release tick.
    pub released_at: String,
}

/// Any released object, told apart by its `type`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
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
}

/// A page of indicators.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorList {
    /// Indicators, the latest released first.
    #[schema(value_type = Vec<IndicatorView>)]
    pub items: Vec<Box<RawValue>>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// A page of campaigns.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignList {
    /// Campaigns, the latest changed first.
    #[schema(value_type = Vec<CampaignView>)]
    pub items: Vec<Box<RawValue>>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// The latest texts of the cell.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdvisoryList {
    /// Advisories, the latest first.
    #[schema(value_type = Vec<AdvisoryView>)]
    pub items: Vec<Box<RawValue>>,
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
}
