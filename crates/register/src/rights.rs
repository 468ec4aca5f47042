//! Roles and what each may do: one table, from which every check is made.

use crate::nouns::Face;

/// One thing that somebody may do. A route asks for one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Right {
    /// Reads what is released to all members.
    ReadReleased,
    /// Reads what is released to the sharing groups that the organisation is in.
    ReadGroups,
    /// Reads the texts of the cell.
    ReadAdvisories,
    /// Reports attacks, by form or file.
    Report,
    /// Sees which organisations are members, by name and sector.
    ReadDirectory,
    /// Sees the own organisation's people, invitations, proposals and trail of acts.
    ReadOwn,
    /// Administers the own organisation: its people, keys, assets and terms, and whom it sponsors.
    ManageOwn,
    /// Pairs walls, which show what it reads and never ask to sign in.
    PairWalls,
    /// Reads the content of cases under their pseudonyms.
    ReadCases,
    /// Claims cases and acts on them.
    ActOnCases,
    /// Sends texts to members.
    Advise,
    /// Passes a case to somebody who is walled from its sector.
    PassCases,
    /// Says what cases were worth, which tells on their sources in the end.
    JudgeCases,
    /// Opens, together with another, who reported a case.
    OpenSources,
    /// Sets the posture for everybody.
    SetPosture,
    /// Invites, approves, suspends and closes organisations, and keeps sharing groups.
    ManageMembers,
    /// Administers the people of the cell.
    ManageCell,
    /// Reads the trail of acts.
    ReadAudit,
    /// Looks after the running system: mail on its way, settings. No content.
    RunSystem,
}

impl Right {
    /// Every right, in the order of the table.
    pub const ALL: &'static [Self] = &[
        Self::ReadReleased,
        Self::ReadGroups,
        Self::ReadAdvisories,
        Self::Report,
        Self::ReadDirectory,
        Self::ReadOwn,
        Self::ManageOwn,
        Self::PairWalls,
        Self::ReadCases,
        Self::ActOnCases,
        Self::Advise,
        Self::PassCases,
        Self::JudgeCases,
        Self::OpenSources,
        Self::SetPosture,
        Self::ManageMembers,
        Self::ManageCell,
        Self::ReadAudit,
        Self::RunSystem,
    ];

    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadReleased => "read-released",
            Self::ReadGroups => "read-groups",
            Self::ReadAdvisories => "read-advisories",
            Self::Report => "report",
            Self::ReadDirectory => "read-directory",
            Self::ReadOwn => "read-own",
            Self::ManageOwn => "manage-own",
            Self::PairWalls => "pair-walls",
            Self::ReadCases => "read-cases",
            Self::ActOnCases => "act-on-cases",
            Self::Advise => "advise",
            Self::PassCases => "pass-cases",
            Self::JudgeCases => "judge-cases",
            Self::OpenSources => "open-sources",
            Self::SetPosture => "set-posture",
            Self::ManageMembers => "manage-members",
            Self::ManageCell => "manage-cell",
            Self::ReadAudit => "read-audit",
            Self::RunSystem => "run-system",
        }
    }

    /// Whether using it leaves everything as it was: what an organisation keeps that may only read.
    #[must_use]
    pub const fn only_reads(self) -> bool {
        matches!(
            self,
            Self::ReadReleased
                | Self::ReadGroups
                | Self::ReadAdvisories
                | Self::ReadDirectory
                | Self::ReadOwn
                | Self::ReadCases
                | Self::ReadAudit
        )
    }
}

/// A set of rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u32);

impl Rights {
    /// No right at all.
    pub const NONE: Self = Self(0);

    /// These rights.
    #[must_use]
    pub fn of(rights: &[Right]) -> Self {
        Self(rights.iter().fold(0, |bits, right| bits | 1 << *right as u32))
    }

    /// Whether a right is among them.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        self.0 & (1 << right as u32) != 0
    }

    /// Those that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The others.
    #[must_use]
    pub const fn without(self, right: Right) -> Self {
        Self(self.0 & !(1 << right as u32))
    }

    /// Whether every right of `other` is among them.
    #[must_use]
    pub const fn holds(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those of them that only read.
    #[must_use]
    pub fn reading(self) -> Self {
        Self::of(&self.list().into_iter().filter(|right| right.only_reads()).collect::<Vec<_>>())
    }

    /// The rights, in the order of the table.
    #[must_use]
    pub fn list(self) -> Vec<Right> {
        Right::ALL.iter().copied().filter(|right| self.has(*right)).collect()
    }
}

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads released items for a member organisation.
    Reader,
    /// As a reader, and reports.
    Reporter,
    /// As a reporter, and administers the organisation.
    OrganisationAdmin,
    /// Police, academics, vulnerability researchers: reads what the sharing groups it is in are told, and the cell's texts.
    Observer,
    /// Reads content under pseudonyms and acts on it, for the cell.
    Analyst,
    /// An analyst lent by a member organisation: walled from its sectors, and vetted up to a date.
    Secondee,
    /// As an analyst; sets the posture and administers members and the people of the cell.
    Lead,
    /// Runs the system and reads no content.
    Administrator,
}

impl Role {
    /// Every role, in the order of the table.
    pub const ALL: &'static [Self] = &[
        Self::Reader,
        Self::Reporter,
        Self::OrganisationAdmin,
        Self::Observer,
        Self::Analyst,
        Self::Secondee,
        Self::Lead,
        Self::Administrator,
    ];

    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Reporter => "reporter",
            Self::OrganisationAdmin => "organisation-admin",
            Self::Observer => "observer",
            Self::Analyst => "analyst",
            Self::Secondee => "seconded-analyst",
            Self::Lead => "lead",
            Self::Administrator => "administrator",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.as_str() == name)
    }

    /// The listener at which the role signs in.
    #[must_use]
    pub const fn face(self) -> Face {
        match self {
            Self::Reader | Self::Reporter | Self::OrganisationAdmin | Self::Observer => Face::Member,
            Self::Analyst | Self::Secondee | Self::Lead | Self::Administrator => Face::Cell,
        }
    }

    /// What the role may do.
    #[must_use]
    pub fn rights(self) -> Rights {
        use Right::{
            ActOnCases, Advise, JudgeCases, ManageCell, ManageMembers, ManageOwn, OpenSources, PairWalls, PassCases,
            ReadAdvisories, ReadAudit, ReadCases, ReadDirectory, ReadGroups, ReadOwn, ReadReleased, Report, RunSystem,
            SetPosture,
        };
        Rights::of(match self {
            Self::Reader => &[ReadReleased, ReadGroups, ReadAdvisories, ReadDirectory],
            Self::Reporter => &[ReadReleased, ReadGroups, ReadAdvisories, ReadDirectory, Report],
            Self::OrganisationAdmin => {
                &[ReadReleased, ReadGroups, ReadAdvisories, ReadDirectory, Report, ReadOwn, ManageOwn, PairWalls]
            }
            Self::Observer => &[ReadGroups, ReadAdvisories],
            Self::Analyst => &[PairWalls, ReadCases, ActOnCases, Advise, PassCases, JudgeCases],
            // Not `Advise`: a text goes to every member in the cell's name, and is no secondee's to send to rivals. Not `JudgeCases`:
            // it tells on sources, which may be rivals.
            Self::Secondee => &[ReadCases, ActOnCases],
            Self::Lead => &[
                PairWalls,
                ReadCases,
                ActOnCases,
                Advise,
                PassCases,
                JudgeCases,
                OpenSources,
                SetPosture,
                ManageMembers,
                ManageCell,
                ReadAudit,
                RunSystem,
            ],
            Self::Administrator => &[ReadAudit, RunSystem],
        })
    }

    /// Whom the role may act on: make, change, disable, give another way in. An organisation's admin does so within the own
    /// organisation. Nobody acts on somebody with more power.
    #[must_use]
    pub const fn administers(self) -> &'static [Self] {
        match self {
            Self::OrganisationAdmin => &[Self::Reader, Self::Reporter, Self::OrganisationAdmin],
            Self::Lead => Self::ALL,
            Self::Administrator => &[Self::Administrator],
            Self::Reader | Self::Reporter | Self::Observer | Self::Analyst | Self::Secondee => &[],
        }
    }
}

/// The table as people read it: role × right, and whom each role may act on.
#[must_use]
pub fn rights_table() -> String {
    use std::fmt::Write as _;
    let mut text = String::from("| role | signs in at | may | acts on |\n|---|---|---|---|\n");
    for role in Role::ALL {
        let face = if role.face() == Face::Cell { "cell" } else { "members" };
        let names = |list: Vec<&str>| if list.is_empty() { "–".to_owned() } else { list.join(", ") };
        let may = names(role.rights().list().into_iter().map(Right::as_str).collect());
        let acts = names(role.administers().iter().map(|role| role.as_str()).collect());
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| {} | {face} | {may} | {acts} |", role.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_one_that_was_agreed() {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rights.md");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(golden, rights_table()).unwrap();
        }
        assert_eq!(rights_table(), std::fs::read_to_string(golden).unwrap(), "UPDATE_GOLDEN=1 writes it anew");
    }

    #[test]
    fn nobody_acts_on_somebody_with_more_power() {
        let powers = |role: Role| {
            role.rights().and(Rights::of(&[
                Right::ManageMembers,
                Right::ManageCell,
                Right::ReadAudit,
                Right::RunSystem,
                Right::SetPosture,
                Right::OpenSources,
            ]))
        };
        for one in Role::ALL {
            for other in one.administers() {
                assert!(powers(*one).holds(powers(*other)), "{one:?} acts on {other:?}");
                // Whoever is acted on gives no way to others: what it administers, the first does as well.
                for third in other.administers() {
                    assert!(one.administers().contains(third), "{one:?} by way of {other:?} on {third:?}");
                }
            }
        }
    }

    #[test]
    fn content_is_read_on_one_side_only_and_by_no_administrator() {
        for role in Role::ALL {
            let cell = role.face() == Face::Cell;
            assert!(!(cell && role.rights().has(Right::ReadReleased)), "{role:?}");
            assert!(cell || !role.rights().has(Right::ReadCases), "{role:?}");
            assert_eq!(Role::from_name(role.as_str()), Some(*role));
        }
        let administrator = Role::Administrator.rights();
        for right in [Right::ReadCases, Right::ReadReleased, Right::ReadGroups, Right::ManageMembers] {
            assert!(!administrator.has(right));
        }
    }

    #[test]
    fn who_may_only_read_changes_nothing() {
        let rights = Role::OrganisationAdmin.rights().reading();
        assert!(rights.has(Right::ReadReleased));
        assert!(!rights.has(Right::Report) && !rights.has(Right::ManageOwn));
        assert_eq!(Rights::NONE.list(), []);
    }
}
