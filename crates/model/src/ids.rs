//! Identifiers: random 128-bit values or keyed hashes, never a sequence that counts.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// From 16 bytes, which the caller took from its source of randomness or from a keyed hash.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(*Uuid::try_parse(text)?.as_bytes()))
            }
        }
    };
}

id!(
    /// One report as the cell sees it: a random pseudonym, made when the report is appended.
    CaseId
);
id!(
    /// A campaign. In the vault it is the case id of the campaign's oldest report; what members meet is a keyed hash of that.
    CampaignId
);
id!(
    /// A member organisation.
    OrganisationId
);
id!(
    /// A sharing group: members agree on a purpose, and items are addressed to it by this id alone.
    GroupId
);
id!(
    /// Somebody who can sign in.
    PersonId
);
id!(
    /// A text that the cell sent to members.
    AdvisoryId
);

id!(
    /// Something said in the thread between a reporter and the cell.
    MessageId
);
id!(
    /// A file that came with a case.
    FileId
);
id!(
    /// An invitation to join.
    InvitationId
);
id!(
    /// A member's proposal of a firm that is to join.
    SponsorshipId
);

/// Stands for one member within one key window: PRF(window key, organisation). Counts distinct members, names none.
///
/// It has no `Debug` or `Display`: no screen, log or export shows a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberToken([u8; 16]);

impl MemberToken {
    /// From the 16 bytes of the keyed hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, for the sealed part of a journal entry.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// A 64-bit keyed hash of an observable: what fusion counts with; text lives elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObservableKey(pub u64);
