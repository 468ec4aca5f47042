//! The store of each organisation's own reports and of its threads with the cell, sealed per organisation.
//!
//! A [`Writer`], in the vault's process alone, applies [`Change`]s; [`Reader`]s answer an organisation about itself, in
//! this or another process. Whoever takes the file without the key learns how many records there are and how large they
//! roughly are: keys of rows are keyed hashes, contents are sealed, nothing has a time or a place in a sequence.
//! `docs/decisions/0095-own-reports-are-sealed-and-lie-in-no-order.md` says what that holds and what it does not.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod batch;
mod change;
mod codec;
mod error;
mod file;
mod key;
mod reader;
mod records;
mod rows;
mod schema;
mod writer;

pub use change::{
    ATTACK_BYTES_MAX, BODY_BYTES_MAX, Change, Note, Refused, STATUS_BYTES_MAX, Summary, TITLE_BYTES_MAX, Why,
};
pub use error::OwnError;
pub use key::OwnKey;
pub use reader::{Cursor, Entry, LIST_MAX, News, Page, Reader, Thread};
pub use records::{THREAD_BYTES_MAX, THREAD_NOTES_MAX};
pub use writer::{BATCH_CHANGES_MAX, Writer};

/// Name of the store's file in the data folder.
pub const FILE: &str = "own.db";
