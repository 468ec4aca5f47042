//! Has any of this touched us? Reads indicators of many formats, scans logs of any with `matcher`, and tells what was found
//! and why it matters. It needs no server and opens no connection.
//!
//! ```no_run
//! let (index, notes, _) = hunt::load(&["indicators.txt".into()])?;
//! let sources = hunt::find(&["/var/log".into()]);
//! let found = hunt::Hunt::new(&index, &notes).run(&sources, &mut |_| {});
//! println!("{} indicators in {} lines", found.indicators.len(), found.lines);
//! # Ok::<(), hunt::LoadError>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod cli;
mod engine;
mod files;
mod follow;
mod indicators;
pub mod logs;
mod noise;
mod note;
mod output;
mod unpack;
mod worker;

pub use engine::{Found, Hunt, Seen};
pub use files::{Source, Sources, find};
pub use indicators::{LoadError, Report, Unused, load};
pub use noise::Noise;
pub use note::{Note, Notes};
pub use worker::{Mention, Sample};
