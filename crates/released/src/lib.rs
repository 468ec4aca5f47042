//! The store that members are answered from: a fold over the journal's release entries alone, with no way to the vault.
//!
//! A [`Writer`] applies release batches; [`Reader`]s answer, in this or another process. What they give is [`Released`]:
//! only a row of this store can become one.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod bulk;
mod digest;
mod erase;
mod error;
mod feed;
mod file;
mod log;
mod reader;
mod row;
mod schema;
mod shared;
mod snapshot;
mod views;
mod writer;

pub use bulk::{Rebuilt, rebuild};
pub use error::ReleasedError;
pub use feed::{Feed, FeedPlace};
pub use log::LoggedBatch;
pub use reader::Reader;
pub use row::{Released, Row};
pub use shared::{SHARED_COUNTED_MAX, SharedPlace};
pub use snapshot::{CampaignVersion, Page, Snapshot};
pub use views::{AdvisoryView, CampaignView, IndicatorView, PostureView, hyphenated, parse_id, parse_rfc3339, rfc3339};
pub use writer::{About, Store, Writer};

/// Name of the store's file in the data folder.
pub const FILE: &str = "released.db";
