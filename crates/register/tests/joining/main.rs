//! Joining and leaving as the register's callers meet it: links, sponsors, terms, dormancy, a lost key, a move.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod leads;
mod links;
mod sponsors;
mod stage;
mod standing;
mod ways_in;

#[path = "../../../model/tests/outside/mod.rs"]
mod outside;
