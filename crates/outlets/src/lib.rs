//! Answers to members: from the released store only, with no way to the vault.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod views;

pub use views::{
    AdvisoryList, AdvisoryView, CampaignDetail, CampaignList, CampaignView, Home, IndicatorList, IndicatorView, PostureView,
    ReleaseStep, ReleasedView, Verdict,
};
