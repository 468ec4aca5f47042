//! What is released, as a type: only a row of this store becomes a [`Released`] thing.

use std::ops::Deref;

use model::Timestamp;
use policy::{Audience, NounKind};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use crate::ReleasedError;

/// Something that members may have. There is no public way to make one but to read the released store.
///
/// ```compile_fail
/// let forged = released::Released { inner: 1 };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released<T> {
    inner: T,
}

impl<T> Released<T> {
    pub(crate) const fn of_row(inner: T) -> Self {
        Self { inner }
    }

    /// The thing itself, no longer marked as released.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T> Deref for Released<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: Serialize> Serialize for Released<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(serializer)
    }
}

/// One released object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Who gets it.
    pub audience: Audience,
    /// Which noun.
    pub kind: NounKind,
    /// Its id.
    pub id: [u8; 16],
    /// The tick at which this version was released.
    pub tick: Timestamp,
    /// The 64-bit key under which look-ups find it; zero if none.
    pub lookup: u64,
    /// The campaign that it belongs to.
    pub campaign: Option<[u8; 16]>,
    /// JSON text, byte for byte as members get it; empty if it was withdrawn.
    pub body: String,
}

impl Row {
    /// Whether it was withdrawn.
    #[must_use]
    pub const fn is_withdrawn(&self) -> bool {
        self.body.is_empty()
    }
}

impl Released<Row> {
    /// The body as the view of its noun.
    ///
    /// # Errors
    /// [`ReleasedError::Object`] if it is not of that view.
    pub fn view<V: DeserializeOwned>(&self) -> Result<Released<V>, ReleasedError> {
        serde_json::from_str(&self.inner.body).map(Released::of_row).map_err(|error| ReleasedError::Object {
            kind: self.inner.kind.as_str(),
            tick: self.inner.tick,
            why: error.to_string(),
        })
    }
}
