//! Version 4 of reports, which came from outside the partnership: never changed, only followed by a version 5 beside it. By
//! its number a program that does not know of such reports refuses the journal, rather than count one as a member's.

use serde::{Deserialize, Serialize};

use super::v1::ReportV1;

/// A report of somebody who is no member.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ReportV4 {
    pub(super) report: ReportV1,
}
