//! Answers to members: from the released store only, with no way to the vault.
//!
//! Beside it, a look-up asks lists of everyday values, which its caller hands in. Every object in an answer is a [`released::Released`] row, rendered at its release; [`render`] is the one way in.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod campaign;
mod cursor;
mod feeds;
mod groups;
mod home;
mod lists;
mod lookup;
mod render;
mod stream;
mod views;
mod words;

pub use campaign::campaign;
pub use cursor::{of_tick, tick_of};
pub use feeds::{FeedFile, feed_head, feed_named, feed_piece};
pub use groups::{
    OwnGroup, group, group_feed_head, group_feed_piece, group_items, group_releases, groups, groups_since,
};
pub use home::home;
pub use lists::{LIMIT_DEFAULT, LIMIT_MAX, advisories, campaigns, has_advisory, indicators};
pub use lookup::{Known, QUERY_BYTES_MAX, WhyEveryday, known, lookup};
pub use render::{OutletError, render};
pub use stream::{RESUME_BATCHES_MAX, Resumed, batches, resume, since};
pub use views::{
    AdvisoryList, CampaignDetail, CampaignList, GroupDetail, GroupFinding, GroupList, GroupMemberView, GroupRelease,
    GroupView, Home, IndicatorList, MemberRelease, ReleaseStep, ReleasedView, Verdict,
};
pub use words::Found;
