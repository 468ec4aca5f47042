//! The seeded exercise and the replay of real data: what members send and when. No clock, no network, no disk.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod campaign;
mod cell;
mod exercise;
mod noise;
mod partnership;
mod random;
mod replay;
mod report;
mod scenarios;
mod values;

pub use campaign::{FIRMS_MAX, FIRMS_MIN};
pub use cell::{Act, CellAct, CellDesk};
pub use exercise::Exercise;
pub use partnership::{MEMBERS, Member, Partnership};
pub use random::Random;
pub use replay::{Author, Replay, ReplayBuilder};
pub use report::{Action, Report};
pub use values::everyday;
