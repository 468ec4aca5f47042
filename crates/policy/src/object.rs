//! The released form of a noun, rendered once: what the journal's release entries hold and what members are answered from.

use model::{GroupId, Timestamp};

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

/// Who of the partnership gets a released object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// Every member.
    Members,
    /// Those members of a sharing group who belong to the group as it stood when the item was reported.
    Group {
        /// Which group.
        group: GroupId,
        /// Members who had joined by then have another item of the same value: this one is not for them.
        before: Option<Timestamp>,
        /// When the latest member of the audience had joined.
        as_of: Timestamp,
    },
}

impl Audience {
    /// The group, unless it is every member.
    #[must_use]
    pub const fn group(&self) -> Option<GroupId> {
        match self {
            Self::Members => None,
            Self::Group { group, .. } => Some(*group),
        }
    }
}

/// That an organisation is in a sharing group, and since when: what reading a group's items takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Membership {
    /// The group.
    pub group: GroupId,
    /// When the organisation joined.
    pub joined: Timestamp,
}

/// One released object at one release tick. A later object with the same `(kind, id)` replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedObject {
    /// Who gets it.
    pub audience: Audience,
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
    /// Objects ordered by `(group, kind, id)`, those for every member first.
    pub objects: Vec<ReleasedObject>,
}
