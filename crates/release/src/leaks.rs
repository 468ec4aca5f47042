//! What the planted leaks of test builds need to remember; in every other build it is nothing.

use crate::keys::KeyMap;

/// Kept apart from the gate's own state, so that a reader of the gate can pass over it.
#[derive(Default)]
pub(crate) struct Leaks {
    /// Values whose author field is to hold a token.
    pub(crate) authors: KeyMap<String>,
}
