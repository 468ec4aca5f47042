//! Version 3 of reports, whose reporter chose to let go what the scrub would have held: never changed, only followed by a
//! version 4 beside it.

use serde::{Deserialize, Serialize};

use super::v1::ReportV1;

/// A report with choices of its reporter's.
#[derive(Serialize, Deserialize)]
pub(super) struct ReportV3 {
    #[serde(flatten)]
    pub(super) report: ReportV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) as_of: Option<i64>,
    pub(super) kept: Vec<KeptV3>,
}

/// A value that was let go, by its place among the values.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptV3 {
    pub(super) item: usize,
    pub(super) why: String,
}
