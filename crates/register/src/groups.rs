//! Sharing groups: who shares a purpose, until when, and since when each of them is in.

use std::collections::HashMap;
use std::sync::Arc;

use model::{GroupId, OrganisationId, Timestamp};
use policy::Membership;
use policy::planted::{self, Leak};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::insert::checked_name;
use crate::register::{Register, RegisterError};

/// Longest purpose.
const PURPOSE_CHARS_MAX: usize = 2_000;
/// Members that one group has at most.
pub const GROUP_MEMBERS_MAX: usize = 1_000;
/// Live groups that one organisation is in at most: each read of a member looks through its own.
pub const GROUPS_OF_ONE_MAX: usize = 100;

/// Who may add members to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoMayAdd {
    /// The cell alone.
    Cell,
    /// Any member of the group, and the cell.
    Members,
    /// Those members that are its organisers, and the cell.
    Organisers,
}

impl WhoMayAdd {
    /// Every answer.
    pub const ALL: [Self; 3] = [Self::Cell, Self::Members, Self::Organisers];

    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cell => "cell",
            Self::Members => "members",
            Self::Organisers => "organisers",
        }
    }

    /// The answer of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// An organisation in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// Which organisation.
    pub organisation: OrganisationId,
    /// When it joined; it gets nothing that was reported before. No two members of a group have the same time.
    pub joined_at: Timestamp,
    /// Whether it may add others where organisers may.
    pub organiser: bool,
}

/// A sharing group. Items are addressed to its id alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharingGroup {
    /// Random.
    pub id: GroupId,
    /// Its name, unique without regard to case.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// When it ends, if it does: from then on it is to members as if it had never been.
    pub ends_at: Option<Timestamp>,
    /// Who may add members.
    pub who_may_add: WhoMayAdd,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the latest member joined, whoever has left since.
    pub last_joined: Timestamp,
    /// Who is in it, in the order of joining.
    pub members: Vec<GroupMember>,
}

impl SharingGroup {
    /// Whether it goes on at a time.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }

    /// An organisation's place in it.
    #[must_use]
    pub fn member(&self, organisation: OrganisationId) -> Option<&GroupMember> {
        self.members.iter().find(|member| member.organisation == organisation)
    }
}

/// A group to make.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// When it ends, if it does.
    pub ends_at: Option<Timestamp>,
    /// Who may add members.
    pub who_may_add: WhoMayAdd,
}

/// Every group, and the groups of each organisation.
#[derive(Default)]
pub(crate) struct Groups {
    all: HashMap<GroupId, Arc<SharingGroup>>,
    of: HashMap<OrganisationId, Vec<Arc<SharingGroup>>>,
}

impl Groups {
    pub(crate) fn load(connection: &Connection) -> Result<Self, RegisterError> {
        let mut members: HashMap<[u8; 16], Vec<GroupMember>> = HashMap::new();
        let mut statement = connection.prepare_cached(
            "SELECT sharing_group, organisation, joined_at, organiser FROM group_member ORDER BY joined_at",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            members.entry(row.get(0)?).or_default().push(GroupMember {
                organisation: OrganisationId::from_bytes(row.get(1)?),
                joined_at: Timestamp::from_millis(row.get(2)?),
                organiser: row.get(3)?,
            });
        }
        let mut groups = Self::default();
        let mut statement = connection.prepare_cached(
            "SELECT id, name, purpose, ends_at, who_may_add, created_at, last_joined FROM sharing_group ORDER BY folded",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let bytes: [u8; 16] = row.get(0)?;
            let ends_at: Option<i64> = row.get(3)?;
            let who: String = row.get(4)?;
            let group = Arc::new(SharingGroup {
                id: GroupId::from_bytes(bytes),
                name: row.get(1)?,
                purpose: row.get(2)?,
                ends_at: ends_at.map(Timestamp::from_millis),
                who_may_add: WhoMayAdd::from_name(&who)
                    .ok_or_else(|| RegisterError::Stored(format!("{who:?} tells nobody who may add")))?,
                created_at: Timestamp::from_millis(row.get(5)?),
                last_joined: Timestamp::from_millis(row.get(6)?),
                members: members.remove(&bytes).unwrap_or_default(),
            });
            for member in &group.members {
                groups.of.entry(member.organisation).or_default().push(Arc::clone(&group));
            }
            groups.all.insert(group.id, group);
        }
        Ok(groups)
    }
}

fn absent(group: GroupId) -> RegisterError {
    RegisterError::Absent(format!("sharing group {group}"))
}

impl Register {
    /// Makes a group with nobody in it: it reaches nobody.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] or [`RegisterError::Exists`] if the name or the purpose will not do.
    pub fn create_group(&self, new: &NewGroup) -> Result<GroupId, RegisterError> {
        let name = checked_name(&new.name)?;
        let purpose = new.purpose.trim();
        if purpose.is_empty() || purpose.chars().nth(PURPOSE_CHARS_MAX).is_some() {
            return Err(RegisterError::Refused(format!("a purpose has 1 to {PURPOSE_CHARS_MAX} characters")));
        }
        let (id, now) = (GroupId::from_bytes(self.entropy.bytes()), self.now());
        let connection = self.connection();
        let inserted = connection.execute(
            "INSERT OR IGNORE INTO sharing_group(id, name, folded, purpose, ends_at, who_may_add, created_at, last_joined)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
            params![
                id.as_bytes(),
                name,
                name.to_lowercase(),
                purpose,
                new.ends_at.map(Timestamp::as_millis),
                new.who_may_add.as_str(),
                now.as_millis()
            ],
        )?;
        if inserted == 0 {
            return Err(RegisterError::Exists(name));
        }
        self.reload(&connection)?;
        Ok(id)
    }

    /// Says when a group ends; a time that has come ends it at once. What was released to it stays in the store and reaches
    /// nobody while it is over.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none.
    pub fn set_group_end(&self, group: GroupId, ends_at: Option<Timestamp>) -> Result<(), RegisterError> {
        let connection = self.connection();
        let changed = connection.execute(
            "UPDATE sharing_group SET ends_at = ?2 WHERE id = ?1",
            params![group.as_bytes(), ends_at.map(Timestamp::as_millis)],
        )?;
        if changed == 0 {
            return Err(absent(group));
        }
        self.reload(&connection)
    }

    /// Adds an organisation to a group. One that is in it already stays as it is, but for whether it is an organiser: who
    /// joined when decides what it reads.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is no such group or organisation; [`RegisterError::Refused`] if either is full.
    pub fn join_group(
        &self,
        group: GroupId,
        organisation: OrganisationId,
        organiser: bool,
    ) -> Result<(), RegisterError> {
        let now = self.now();
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let count = |sql: &str, id: &[u8; 16]| transaction.query_row(sql, [id], |row| row.get::<_, i64>(0));
        if count("SELECT count(*) FROM organisation WHERE id = ?1", organisation.as_bytes())? == 0 {
            return Err(RegisterError::Absent(format!("organisation {organisation}")));
        }
        let last: Option<i64> = transaction
            .query_row("SELECT last_joined FROM sharing_group WHERE id = ?1", [group.as_bytes()], |row| row.get(0))
            .optional()?;
        let last = last.ok_or_else(|| absent(group))?;
        let known = transaction.execute(
            "UPDATE group_member SET organiser = ?3 WHERE sharing_group = ?1 AND organisation = ?2",
            params![group.as_bytes(), organisation.as_bytes(), organiser],
        )?;
        if known == 0 {
            let members = count("SELECT count(*) FROM group_member WHERE sharing_group = ?1", group.as_bytes())?;
            let groups = count("SELECT count(*) FROM group_member WHERE organisation = ?1", organisation.as_bytes())?;
            for (is, max, of) in
                [(members, GROUP_MEMBERS_MAX, "members a group has"), (groups, GROUPS_OF_ONE_MAX, "groups one is in")]
            {
                if usize::try_from(is).unwrap_or(usize::MAX) >= max {
                    return Err(RegisterError::Refused(format!("{max} are the most {of}")));
                }
            }
            // Later than everybody before, whatever the clock says: of a report between two joinings it is certain which of
            // the two it was for.
            let joined = now.as_millis().max(last.saturating_add(1));
            transaction.execute(
                "INSERT INTO group_member(sharing_group, organisation, joined_at, organiser) VALUES (?1, ?2, ?3, ?4)",
                params![group.as_bytes(), organisation.as_bytes(), joined, organiser],
            )?;
            transaction.execute(
                "UPDATE sharing_group SET last_joined = ?2 WHERE id = ?1",
                params![group.as_bytes(), joined],
            )?;
        }
        transaction.commit()?;
        self.reload(&connection)
    }

    /// Takes an organisation out of a group: from this moment it reads nothing of it, and if it joins again it gets nothing
    /// older than that.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if it is not in it.
    pub fn leave_group(&self, group: GroupId, organisation: OrganisationId) -> Result<(), RegisterError> {
        let connection = self.connection();
        let gone = connection.execute(
            "DELETE FROM group_member WHERE sharing_group = ?1 AND organisation = ?2",
            params![group.as_bytes(), organisation.as_bytes()],
        )?;
        if gone == 0 {
            return Err(RegisterError::Absent(format!("organisation {organisation} in sharing group {group}")));
        }
        self.reload(&connection)
    }

    /// Every group by name, those that have ended too.
    #[must_use]
    pub fn groups(&self) -> Vec<Arc<SharingGroup>> {
        let mut all: Vec<_> = self.tables().groups.all.values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// A group, whether it has ended or not: for the cell.
    #[must_use]
    pub fn group(&self, group: GroupId) -> Option<Arc<SharingGroup>> {
        self.tables().groups.all.get(&group).cloned()
    }

    /// The live groups that an organisation is in, by name.
    #[must_use]
    pub fn groups_of(&self, organisation: OrganisationId) -> Vec<Arc<SharingGroup>> {
        let now = self.now();
        let tables = self.tables();
        let held = tables.groups.of.get(&organisation);
        held.into_iter().flatten().filter(|group| group.is_live(now)).cloned().collect()
    }

    /// A live group that an organisation is in; one that is over, another's or none at all is all the same.
    #[must_use]
    pub fn group_of(&self, organisation: OrganisationId, group: GroupId) -> Option<Arc<SharingGroup>> {
        self.groups_of(organisation).into_iter().find(|held| held.id == group)
    }

    /// What an organisation may read groups' items by.
    #[must_use]
    pub fn memberships(&self, organisation: OrganisationId) -> Vec<Membership> {
        let of = |group: &Arc<SharingGroup>| {
            let joined = group.member(organisation)?.joined_at;
            Some(Membership { group: group.id, joined })
        };
        self.groups_of(organisation).iter().filter_map(of).collect()
    }

    /// The live groups that an organisation may address reports to, each with when its latest member had joined.
    #[must_use]
    pub fn groups_as_of(&self, organisation: OrganisationId) -> Vec<(GroupId, Timestamp)> {
        let own = if planted::is_on(Leak::ForeignGroupReached) { self.groups() } else { self.groups_of(organisation) };
        own.iter().map(|group| (group.id, group.last_joined)).collect()
    }
}
