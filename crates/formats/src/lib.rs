//! Formats are edges: bytes in, the model's drafts and a list of problems out. Bad input is data, never a panic.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod extract;
pub mod import;
pub mod json;
mod limits;
mod network_table;
mod noise_list;
mod prose;
mod unpack;
mod when;

pub use extract::{Document, Extracted, FileFacts, FileKind, FileLook, Found, LeftOut, Mark, Place, Rule, extract};
pub use import::{
    Event, Format, ImportOptions, Problem, Summary, detect_format, import, import_bytes, import_reader, json_bytes,
};
pub use limits::*;
pub use network_table::{NetworkRange, parse_network_table};
pub use noise_list::{ListKind, WarningList, parse_plain_list, parse_warning_list};
pub use unpack::{Unpacked, unpack};
pub use when::parse_time;
