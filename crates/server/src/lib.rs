//! Composes the platform: two listeners that share nothing, the fold between journal and pages, sign-in, streams.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod gate;
mod guard;
mod http;
mod hub;
mod listen;
mod member;
mod meters;
mod openapi;
mod pages;
mod problem;
mod pump;
mod session;
mod table;
mod views;
mod reports;

pub use openapi::openapi_json;
