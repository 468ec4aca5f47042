//! The cell's own reads: the wall, a campaign's page, look-ups and the list of values that link nothing.
//!
//! Analysts read content under a random pseudonym per case; nothing here knows an organisation.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod campaign_page;
mod desk;
mod firms;
mod lanes;
mod leaks;
mod letters;
mod lookup;
mod outside;
mod rows;
mod sight;
mod sources;
mod thread;
mod views;
mod walled;
mod words;

pub use campaign_page::{CASES_SHOWN_MAX, INDICATORS_SHOWN_MAX, PagePlan, PageText};
pub use desk::{Desk, DeskConfig, Frame};
pub use lanes::{Lane, SLOTS};
pub use lookup::{NOISE_SCANNED_MAX, NoisePlan};
pub use outside::OutsideRow;
pub use sight::Sight;
pub use sources::Facts;
pub use thread::{CasePlan, CaseText, VALUES_SHOWN_MAX};
pub use views::{
    AlertRow, CampaignGone, CampaignName, CampaignPage, CampaignRow, CaseFile, CasePage, CaseRow, Hit, IndicatorRow,
    LaneView, LookupView, NoiseRow, PostureRow, ReasonRow, ReportRow, SourceRow, ThreadRow, Tick, TimelineRow,
    ValueRow, Wall,
};
pub use walled::{Walled, WalledConfig, WalledError};
pub use words::{HistoryRow, NameRow, WordRow};
