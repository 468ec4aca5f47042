//! The one outbound client: caps on bytes and time, no redirects, and no address of a private range unless it is allowed.
//!
//! A name is resolved once, each address is judged, and it is one of the judged addresses that is connected to: a name that
//! resolves otherwise a moment later changes nothing. It does not know who asks, nor what is sent.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod client;
mod error;
mod ranges;
mod resolve;
mod roots;

pub use client::{Client, Limits, Reply, Rules};
pub use error::EgressError;
pub use ranges::{Network, is_public};
pub use resolve::{Names, Resolve, Resolving};
