//! Organisations, people and what a credential stands for.

use std::sync::Arc;

use model::{OrganisationId, PersonId, Region, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::Assets;

use crate::rights::{Rights, Role};
use crate::scopes::Scopes;

/// Which listener a credential is for: one for the members' never works at the cell's, and the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Face {
    /// The members' listener.
    Member,
    /// The cell's listener.
    Cell,
}

/// Whether an organisation takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Invited, and has not come yet.
    Invited,
    /// It reads and reports.
    Active,
    /// Nobody has signed in for long: it only reads.
    Dormant,
    /// Its credentials are refused.
    Suspended,
    /// It was closed, or has left.
    Left,
}

impl Status {
    /// Every status.
    pub const ALL: &'static [Self] = &[Self::Invited, Self::Active, Self::Dormant, Self::Suspended, Self::Left];

    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Dormant => "dormant",
            Self::Suspended => "suspended",
            Self::Left => "left",
        }
    }

    /// The status of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.as_str() == name)
    }

    /// Whether credentials of its people and machines are good.
    #[must_use]
    pub const fn admits(self) -> bool {
        matches!(self, Self::Active | Self::Dormant)
    }
}

/// What kind of organisation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrganisationClass {
    /// A firm that shares: counted wherever members are counted.
    Member,
    /// Police, academics, researchers: in sharing groups, never counted as a member.
    Observer,
}

impl OrganisationClass {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Observer => "observer",
        }
    }

    /// The class of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Member, Self::Observer].into_iter().find(|class| class.as_str() == name)
    }
}

/// A member organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// Its name, unique without regard to case.
    pub name: String,
    /// Its class.
    pub class: OrganisationClass,
    /// Its sector.
    pub sector: Sector,
    /// Its region, if told.
    pub region: Option<Region>,
    /// Whether it takes part.
    pub status: Status,
    /// Whether it has not accepted the latest terms in time: it only reads until it does.
    pub overdue: bool,
    /// Whether what is its own was proposed by its invitation and no administrator of it has said yet what is: nobody of it
    /// reports until then, since what is held for being its own would mark its cases (decision 0129).
    pub proposed: bool,
    /// What belongs to it, for the scrub.
    pub assets: Assets,
}

/// An organisation to make.
#[derive(Clone, Debug)]
pub struct NewOrganisation {
    /// Name.
    pub name: String,
    /// Class.
    pub class: OrganisationClass,
    /// Sector.
    pub sector: Sector,
    /// Region.
    pub region: Option<Region>,
    /// What belongs to it.
    pub assets: Assets,
}

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Id.
    pub id: PersonId,
    /// E-mail address in lower case; unique.
    pub email: String,
    /// Name.
    pub name: String,
    /// The organisation; for a secondee the home organisation, `None` for others of the cell.
    pub organisation: Option<OrganisationId>,
    /// Role.
    pub role: Role,
    /// Whether they may not sign in.
    pub disabled: bool,
    /// What a secondee is held to.
    pub secondment: Option<Secondment>,
}

/// What an analyst is held to whom a member organisation has lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secondment {
    /// Level of the vetting, as the partnership names it.
    pub vetting: String,
    /// When the vetting ends, and with it every right.
    pub vetted_until: Timestamp,
    /// Sectors whose cases are walled off, the home organisation's among them: by sector and never by firm, since a gap the
    /// size of one firm would name the reporter.
    pub wall: Vec<Sector>,
}

/// Somebody to make.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// The organisation, for a member; the home organisation, for a secondee.
    pub organisation: Option<OrganisationId>,
    /// Role.
    pub role: Role,
    /// What a secondee is held to.
    pub secondment: Option<Secondment>,
}

/// The reporter's two answers as a machine key carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Who may be warned.
    pub warn: WhoMayBeWarned,
    /// Who may know that it was us.
    pub know: WhoMayKnow,
}

/// A key as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// The part of the key that may be shown.
    pub prefix: String,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// What it is for.
    pub label: String,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// What it is good for.
    pub scopes: Scopes,
    /// Day it was made, in days since 1970, where that was noted.
    pub created_day: Option<i64>,
    /// Day it was last used.
    pub used_day: Option<i64>,
}

/// By what somebody comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// A session of a person.
    Session,
    /// A machine's key, good for these scopes only.
    Key(Scopes),
    /// A wall, which reads what a wall shows.
    Device,
}

/// What a valid credential stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    /// The listener that it is good for.
    pub face: Face,
    /// What it is.
    pub role: Role,
    /// What it may do at this moment: the role's rights, less what the organisation's status or the key withholds.
    pub rights: Rights,
    /// Sectors whose cases it may not read, for a secondee.
    pub wall: Arc<[Sector]>,
    /// Who, for a session.
    pub person: Option<PersonId>,
    /// Name to greet; the organisation's for a key.
    pub name: String,
    /// The organisation; for a secondee the home organisation, `None` for others of the cell.
    pub organisation: Option<Arc<Organisation>>,
    /// The answers that the credential carries, for a key.
    pub answers: Option<Answers>,
    /// Session, key or wall.
    pub means: Means,
}

/// How many members there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Populations {
    /// In all.
    pub members: u32,
    /// By sector, in the order of [`Sector::ALL`]; sectors without members are left out.
    pub sectors: Vec<(Sector, u32)>,
    /// By region, likewise.
    pub regions: Vec<(Region, u32)>,
}
