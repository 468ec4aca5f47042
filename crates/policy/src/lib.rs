//! Who sees what: the parameters, the audiences and the declared release ρ, each as small functions of values.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod object;
mod params;
pub mod planted;
mod posture;
pub mod rho;
pub mod scrub;

pub use object::{Audience, Membership, NounKind, ReleaseBatch, ReleasedObject};
pub use params::Params;
pub use posture::PostureWord;
pub use rho::{Answer, Band, Release, When};
pub use scrub::{Assets, Colleague, Lexicon};
