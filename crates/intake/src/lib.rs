//! The way in: bytes become submissions, which are *sent* to the vault; nothing is appended here.
//!
//! It answers "received", never "others saw this": it knows neither fusion nor the released store, and logs no principal.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod amend;
mod body;
mod contact;
mod import;
mod limits;
mod outside;
mod outsider;
mod preview;
mod quota;
pub mod receipt;
mod remote;
mod report;
mod reporter;
mod sender;
mod size;
mod transfer;

pub use amend::{message_text, parse_consent, parse_correction, parse_message};
pub use import::{ImportError, Importer, PlacedProblem, Totals};
pub use limits::*;
pub use outside::{OUTSIDE_LINE_MAX, OUTSIDE_WORDS_MAX, OutsideWords, outside_report};
pub use outsider::WayBack;
pub use preview::{Preview, PreviewValue, hold_can_open, preview, readers};
pub use quota::Quota;
pub use remote::{RemotePieces, RemoteSender, listen};
pub use report::{FieldProblem, ItemResult, Outcome, Parsed, parse_report};
pub use reporter::Reporter;
pub use sender::request_digest;
pub use sender::{Answer, IsFull, LocalSender, Message, OnRead, SendError, Sender, Sent};
pub use transfer::{Begun, Download, Ending, FILE_NAME_CHARS_MAX, Later, LocalUpload, Upload, begin_here, file_name};
