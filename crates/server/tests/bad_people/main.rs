//! Bad people at both listeners: every route, verb and sender, made from the tables that the server itself is made from.
//!
//! A new route is covered when it stands in the table. What a test cannot know of it — a body that is valid, what the
//! parameter of its path names — is said in `drivers.rs`, and the tests name the routes for which that is missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod callers;
#[path = "../common/mod.rs"]
mod common;
mod drivers;
mod forged;
mod heads;
mod ids;
mod stolen;
mod verbs;
