//! Which cases somebody of the cell may read: all, or those that no walled sector can have sent.

use std::collections::BTreeSet;

use model::{OrganisationId, PersonId, Sector};
use policy::planted::{self, Leak};
use register::{Principal, Role};
use vault::ReportEntry;

/// What somebody may read, as the register says at this moment; nothing else makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight(Option<Behind>);

/// Who stands behind a wall, and of which sectors.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Behind {
    person: PersonId,
    home: Option<OrganisationId>,
    walled: BTreeSet<Sector>,
}

impl Sight {
    /// What a principal of the cell may read. The sector that the home organisation is in now is walled whatever was stored.
    #[must_use]
    pub fn of(principal: &Principal) -> Self {
        if principal.role != Role::Secondee && principal.wall.is_empty() {
            return Self(None);
        }
        let home = principal.organisation.as_ref();
        let walled = principal.wall.iter().copied().chain(home.map(|home| home.sector)).collect();
        let person = principal.person.unwrap_or(PersonId::from_bytes([0; 16]));
        Self(Some(Behind { person, home: home.map(|home| home.id), walled }))
    }

    /// Whether everything may be read.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.0.is_none()
    }

    /// Who stands behind a wall.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        self.0.as_ref().map(|behind| behind.person)
    }

    pub(crate) fn home(&self) -> Option<OrganisationId> {
        self.0.as_ref()?.home
    }

    /// Whether a case of a declared group may be read. Only a group that is one sector's own name is known to hold no other:
    /// the group of small sectors, and no group at all, may stand for a walled one, now or when the case came.
    #[must_use]
    pub fn admits_group(&self, group: Option<&str>) -> bool {
        let Some(behind) = &self.0 else { return true };
        let sector = group.and_then(|group| group.parse::<Sector>().ok());
        sector.is_some_and(|sector| !behind.walled.contains(&sector))
    }

    pub(crate) fn admits(&self, report: &ReportEntry) -> bool {
        self.admits_group(report.sector.as_deref())
    }

    /// The whole sight, if a leak is planted that lifts the wall; in every other build this one.
    #[must_use]
    pub fn lifted_by(self, leak: Leak) -> Self {
        if planted::is_on(leak) { Self(None) } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(walled: &[Sector]) -> Sight {
        let walled = walled.iter().copied().collect();
        Sight(Some(Behind { person: PersonId::from_bytes([1; 16]), home: None, walled }))
    }

    #[test]
    fn only_a_named_sector_beyond_the_wall_is_read() {
        let sight = behind(&[Sector::Energy, Sector::Water]);
        for (group, read) in [
            (Some("health"), true),
            (Some("energy"), false),
            (Some("water"), false),
            (Some("other"), false),
            (Some("mining"), false),
            (None, false),
        ] {
            assert_eq!(sight.admits_group(group), read, "{group:?}");
            assert!(Sight(None).admits_group(group));
        }
        // Walled from nothing is still walled from what may be anything: better no access than too much.
        assert!(behind(&[]).admits_group(Some("energy")) && !behind(&[]).admits_group(None));
    }
}
