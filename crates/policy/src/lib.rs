//! Who sees what: the parameters, the audiences and the declared release ρ, each as small functions of values.

mod object;
mod params;

pub use object::{NounKind, ReleaseBatch, ReleasedObject};
pub use params::Params;
