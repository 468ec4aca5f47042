//! Version 2 of the types that know sharing groups, as serde shapes: never changed, only followed by a version 3 beside it.

use serde::{Deserialize, Serialize};

use super::v1::{ObjectV1, ReportV1};

/// A report for a group that its reporter is in.
#[derive(Serialize, Deserialize)]
pub(super) struct ReportV2 {
    #[serde(flatten)]
    pub(super) report: ReportV1,
    pub(super) as_of: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AudienceV2 {
    pub(super) group: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<i64>,
    pub(super) as_of: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ObjectV2 {
    #[serde(flatten)]
    pub(super) object: ObjectV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<AudienceV2>,
}

/// A release that shows something to a group.
#[derive(Serialize, Deserialize)]
pub(super) struct ReleaseV2 {
    pub(super) tick: i64,
    pub(super) objects: Vec<ObjectV2>,
}
