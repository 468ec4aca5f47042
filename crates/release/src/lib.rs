//! The one gate between the vault and the released store: folds the journal, and at each release tick shows members what
//! the policy's ρ says, no more and no sooner.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod advice;
mod aggregates;
mod back;
mod campaign;
mod digest;
mod engine;
mod error;
mod everyday;
mod findings;
mod gate;
mod hold;
mod identity;
mod items;
mod keys;
mod leaks;
mod open;
mod queue;
mod rebuild;
mod render;
mod replay;
mod sets;
mod shared;
mod value;
mod words;

pub use engine::{Engine, EngineConfig, MadeTick, NotedTick};
pub use error::ReleaseError;
pub use everyday::Everyday;
pub use rebuild::{Rebuilt, rebuild};
pub use sets::{NETWORK_SET, NOISE_SET, Sets, use_sets};
