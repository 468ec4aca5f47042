//! Composes the platform: two listeners that share nothing, the fold between journal and pages, sign-in, streams.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod openapi;
mod table;
mod views;

pub use openapi::openapi_json;
