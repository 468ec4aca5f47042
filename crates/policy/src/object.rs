//! The released form of a noun, rendered once: what the journal's release entries hold and what members are answered from.

use model::Timestamp;

/// Which noun a released object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NounKind {
    /// An indicator.
    Indicator,
    /// A campaign in banded form.
    Campaign,
    /// A text of the cell.
    Advisory,
    /// The posture that a lead has set.
    Posture,
}

impl NounKind {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Indicator => "indicator",
            Self::Campaign => "campaign",
            Self::Advisory => "advisory",
            Self::Posture => "posture",
        }
    }

    /// The noun of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Indicator, Self::Campaign, Self::Advisory, Self::Posture].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One released object at one release tick. A later object with the same `(kind, id)` replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedObject {
    /// Which noun.
    pub kind: NounKind,
    /// Keyed hash of the content, never of the reporter.
    pub id: [u8; 16],
    /// 64-bit key under which look-ups find it (an indicator's observable key, in its withdrawal too); zero if none.
    pub lookup: u64,
    /// The id of the campaign that it belongs to, if any.
    pub campaign: Option<[u8; 16]>,
    /// JSON text that members get, byte for byte; empty if the object is withdrawn.
    pub body: String,
}

/// Everything that one release tick shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseBatch {
    /// The release tick, a multiple of the tick length.
    pub tick: Timestamp,
    /// Objects ordered by `(kind, id)`.
    pub objects: Vec<ReleasedObject>,
}
