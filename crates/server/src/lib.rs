//! Composes the platform: two listeners that share nothing, the fold between journal and pages, sign-in, streams.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod across;
mod answers;
mod cell;
mod config;
mod fold;
mod gate;
mod guard;
mod http;
mod hub;
#[cfg(feature = "planted-leaks")]
mod leaks;
mod listen;
mod mailer;
mod me;
mod member;
mod meters;
mod openapi;
mod own;
pub mod own_views;
mod paced;
mod pages;
mod passkey;
mod problem;
mod proxies;
mod pump;
mod reports;
mod serve;
mod session;
mod smtp;
mod table;
mod tls;
pub mod views;
mod walled;

pub use answers::MemberAnswer;
pub use cell::{CellParts, CellState, cell_router};
pub use config::{Config, Faces};
pub use fold::{Core, CoreError, CoreParts, Fold, LAG_MAX, SharedFold, Stepped};
pub use guard::{CSP, Guard};
pub use hub::{FRAMES_HELD_MAX, Hub};
pub use member::{MemberParts, MemberState, member_router};
pub use meters::Meters;
pub use openapi::openapi_json;
pub use pages::pages_are_built;
pub use passkey::Passkeys;
pub use proxies::Network;
pub use pump::{Pump, Snapshots};
pub use reports::Intake;
pub use serve::{Opened, Running, ServeError, serve, start, start_with};
pub use session::{Peer, Sessions, Who};
pub use smtp::{MailFromWhom, MailPassword, MailServer, MailSettings};
pub use table::{Access, Face, PAGES, Pass, RouteInfo, routes};
pub use tls::{TlsError, TlsFiles};
