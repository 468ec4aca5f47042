//! Organisations, people and what a credential stands for.

use std::sync::Arc;

use model::{OrganisationId, PersonId, Region, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use policy::Assets;

use crate::scopes::Scopes;

/// Which listener a credential is for: one for the members' never works at the cell's, and the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Face {
    /// The members' listener.
    Member,
    /// The cell's listener.
    Cell,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads released items and reports, for a member organisation.
    Member,
    /// Reads content under pseudonyms and acts on it, for the cell.
    Analyst,
    /// As an analyst, and sets the posture.
    Lead,
}

impl Role {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Analyst => "analyst",
            Self::Lead => "lead",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Member, Self::Analyst, Self::Lead].into_iter().find(|role| role.as_str() == name)
    }

    /// The listener at which the role signs in.
    #[must_use]
    pub const fn face(self) -> Face {
        match self {
            Self::Member => Face::Member,
            Self::Analyst | Self::Lead => Face::Cell,
        }
    }
}

/// Whether an organisation takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It reads and reports.
    Active,
    /// Its credentials are refused.
    Suspended,
}

/// A member organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// Its name, unique without regard to case.
    pub name: String,
    /// Its sector.
    pub sector: Sector,
    /// Its region, if told.
    pub region: Option<Region>,
    /// Whether it takes part.
    pub status: Status,
    /// What belongs to it, for the scrub.
    pub assets: Assets,
}

/// An organisation to make.
#[derive(Clone, Debug)]
pub struct NewOrganisation {
    /// Name.
    pub name: String,
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
    /// The organisation; `None` for the cell.
    pub organisation: Option<OrganisationId>,
    /// Role.
    pub role: Role,
    /// Whether they may not sign in.
    pub disabled: bool,
}

/// Somebody to make.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// The organisation, for a member.
    pub organisation: Option<OrganisationId>,
    /// Role.
    pub role: Role,
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
    /// What it may do.
    pub role: Role,
    /// Who, for a session.
    pub person: Option<PersonId>,
    /// Name to greet; the organisation's for a key.
    pub name: String,
    /// The organisation; `None` for the cell.
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
