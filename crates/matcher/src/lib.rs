//! Looks for millions of indicators in text at hundreds of megabytes a second. Values and bytes in, hits out: it knows no organisation, no
//! marking, no format of logs.
//!
//! [`Builder`] takes indicators and makes an [`Index`], which can be saved and mapped again; a [`Scanner`] finds them in
//! blocks of lines. What matches what is written in `docs/hunt.md`, and `hunt-reference` is the same in plain.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod build;
mod decode;
mod exact;
mod hash;
mod index;
mod literal;
mod pass;
mod range;
mod raw;
mod runs;
mod scan;
mod signs;
mod sums;
mod v4;
mod v6;

#[doc(hidden)]
pub use build::forge;
pub use build::{Builder, RECORD_BYTES_MAX, Refused, V4_PREFIX_MIN, V6_PREFIX_MIN};
pub use index::{Entry, EntryId, FORMAT_VERSION, Index, OpenError};
pub use raw::{Engine, end_on_cut};
pub use scan::{BLOCK_BYTES_MAX, DECODINGS_MAX, Hit, Scanner};
