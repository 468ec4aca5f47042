//! Version 5 of reports, which say what might be told of their source: never changed, only followed by a version 6 beside it.

use serde::{Deserialize, Serialize};

use super::v1::ReportV1;
use super::v3::KeptV3;

/// A member's report with the letter of its source.
#[derive(Serialize, Deserialize)]
pub(super) struct ReportV5 {
    #[serde(flatten)]
    pub(super) report: ReportV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) as_of: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) kept: Vec<KeptV3>,
    /// A letter, or `-`: all are as long.
    pub(super) grade: String,
}
