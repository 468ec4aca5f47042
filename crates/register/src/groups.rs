//! Sharing groups: who shares a purpose, until when, and since when each of them is in.

use std::collections::HashMap;
use std::sync::Arc;

use model::{GroupId, OrganisationId, Timestamp};
use policy::Membership;
use policy::planted::{self, Leak};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::audit::Actor;
use crate::insert::checked_name;
use crate::register::{Register, RegisterError};
use crate::rights::Right;

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

    /// Whether an organisation that is in it may add others.
    #[must_use]
    pub fn lets_add(&self, organisation: OrganisationId) -> bool {
        let member = self.member(organisation);
        match self.who_may_add {
            WhoMayAdd::Cell => false,
            WhoMayAdd::Members => member.is_some(),
            WhoMayAdd::Organisers => member.is_some_and(|member| member.organiser),
        }
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

const COLUMNS: &str = "id, name, purpose, ends_at, who_may_add, created_at, last_joined";

fn group(connection: &Connection, row: &Row<'_>) -> Result<SharingGroup, RegisterError> {
    let bytes: [u8; 16] = row.get(0)?;
    let ends_at: Option<i64> = row.get(3)?;
    let who: String = row.get(4)?;
    let members = connection
        .prepare_cached(
            "SELECT organisation, joined_at, organiser FROM group_member WHERE sharing_group = ?1 ORDER BY joined_at",
        )?
        .query_map([bytes], |row| {
            Ok(GroupMember {
                organisation: OrganisationId::from_bytes(row.get(0)?),
                joined_at: Timestamp::from_millis(row.get(1)?),
                organiser: row.get(2)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(SharingGroup {
        id: GroupId::from_bytes(bytes),
        name: row.get(1)?,
        purpose: row.get(2)?,
        ends_at: ends_at.map(Timestamp::from_millis),
        who_may_add: WhoMayAdd::from_name(&who)
            .ok_or_else(|| RegisterError::Stored(format!("{who:?} tells nobody who may add")))?,
        created_at: Timestamp::from_millis(row.get(5)?),
        last_joined: Timestamp::from_millis(row.get(6)?),
        members,
    })
}

impl Groups {
    pub(crate) fn load(connection: &Connection) -> Result<Self, RegisterError> {
        let mut groups = Self::default();
        let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM sharing_group"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            groups.put(group(connection, row)?);
        }
        Ok(groups)
    }

    /// Reads one group anew.
    pub(crate) fn read(&mut self, connection: &Connection, id: [u8; 16]) -> Result<(), RegisterError> {
        let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM sharing_group WHERE id = ?1"))?;
        let mut rows = statement.query([id])?;
        let held = rows.next()?.map(|row| group(connection, row)).transpose()?;
        self.forget(GroupId::from_bytes(id));
        if let Some(held) = held {
            self.put(held);
        }
        Ok(())
    }

    fn forget(&mut self, id: GroupId) {
        let Some(gone) = self.all.remove(&id) else { return };
        for member in &gone.members {
            if let Some(groups) = self.of.get_mut(&member.organisation) {
                groups.retain(|held| held.id != id);
                if groups.is_empty() {
                    self.of.remove(&member.organisation);
                }
            }
        }
    }

    fn put(&mut self, group: SharingGroup) {
        let group = Arc::new(group);
        for member in &group.members {
            let groups = self.of.entry(member.organisation).or_default();
            groups.push(Arc::clone(&group));
            groups.sort_by(|a, b| a.name.cmp(&b.name));
        }
        self.all.insert(group.id, group);
    }
}

fn absent(group: GroupId) -> RegisterError {
    RegisterError::Absent(format!("sharing group {group}"))
}

impl Register {
    /// Makes a group with nobody in it: it reaches nobody.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] or [`RegisterError::Exists`] if the name or the purpose will not do;
    /// [`RegisterError::NoRight`] for whoever does not keep groups.
    pub fn create_group(&self, by: &Actor, new: &NewGroup) -> Result<GroupId, RegisterError> {
        by.needs(Right::ManageMembers)?;
        let name = checked_name(&new.name)?;
        let purpose = new.purpose.trim();
        if purpose.is_empty() || purpose.chars().nth(PURPOSE_CHARS_MAX).is_some() {
            return Err(RegisterError::Refused(format!("a purpose has 1 to {PURPOSE_CHARS_MAX} characters")));
        }
        let (id, now) = (GroupId::from_bytes(self.entropy.bytes()), self.now());
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let inserted = transaction.execute(
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
        self.note(&transaction, by, "group-made", &name, new.who_may_add.as_str())?;
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(id)
    }

    /// Says when a group ends; a time that has come ends it at once. What was released to it stays in the store and reaches
    /// nobody while it is over.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none, [`RegisterError::NoRight`] for whoever does not keep groups.
    pub fn set_group_end(&self, by: &Actor, group: GroupId, ends_at: Option<Timestamp>) -> Result<(), RegisterError> {
        by.needs(Right::ManageMembers)?;
        let name = self.group(group).ok_or_else(|| absent(group))?.name.clone();
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let changed = transaction.execute(
            "UPDATE sharing_group SET ends_at = ?2 WHERE id = ?1",
            params![group.as_bytes(), ends_at.map(Timestamp::as_millis)],
        )?;
        if changed == 0 {
            return Err(absent(group));
        }
        let detail = ends_at.map_or_else(|| "goes on".to_owned(), |end| end.as_millis().to_string());
        self.note(&transaction, by, "group-end", &name, &detail)?;
        transaction.commit()?;
        self.reload(&connection)
    }

    /// Puts an organisation into a group. One that is in it already stays as it is, but for whether it is an organiser: who
    /// joined when decides what it reads.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is no such group or organisation; [`RegisterError::Refused`] if either is full;
    /// [`RegisterError::NoRight`] for whoever does not keep groups.
    pub fn join_group(
        &self,
        by: &Actor,
        group: GroupId,
        organisation: OrganisationId,
        organiser: bool,
    ) -> Result<(), RegisterError> {
        by.needs(Right::ManageMembers)?;
        self.put_into_group(by, group, organisation, Some(organiser))
    }

    /// A member of a group adds another organisation, where the group lets it. One that is in it already stays as it is.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if the group is none of its own or there is no such organisation; [`RegisterError::Refused`]
    /// if either is full; [`RegisterError::NoRight`] if adding is for others.
    pub fn add_to_group(&self, by: &Actor, group: GroupId, organisation: OrganisationId) -> Result<(), RegisterError> {
        let own = by.organisation.ok_or(RegisterError::NoRight)?;
        let held = self.group_of(own, group).ok_or_else(|| absent(group))?;
        by.needs(Right::ManageOwn)?;
        if !held.lets_add(own) {
            return Err(RegisterError::NoRight);
        }
        self.put_into_group(by, group, organisation, None)
    }

    fn put_into_group(
        &self,
        by: &Actor,
        group: GroupId,
        organisation: OrganisationId,
        organiser: Option<bool>,
    ) -> Result<(), RegisterError> {
        let held = self.organisation(organisation);
        let held = held.ok_or_else(|| RegisterError::Absent(format!("organisation {organisation}")))?;
        let name = self.group(group).ok_or_else(|| absent(group))?.name.clone();
        let now = self.now();
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let count = |sql: &str, id: &[u8; 16]| transaction.query_row(sql, [id], |row| row.get::<_, i64>(0));
        let last: Option<i64> = transaction
            .query_row("SELECT last_joined FROM sharing_group WHERE id = ?1", [group.as_bytes()], |row| row.get(0))
            .optional()?;
        let last = last.ok_or_else(|| absent(group))?;
        let known = transaction.execute(
            "UPDATE group_member SET organiser = coalesce(?3, organiser) WHERE sharing_group = ?1 AND organisation = ?2",
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
                params![group.as_bytes(), organisation.as_bytes(), joined, organiser.unwrap_or(false)],
            )?;
            transaction.execute(
                "UPDATE sharing_group SET last_joined = ?2 WHERE id = ?1",
                params![group.as_bytes(), joined],
            )?;
        }
        self.note(&transaction, by, "group-joined", &name, &held.name)?;
        transaction.commit()?;
        self.reload(&connection)
    }

    /// Takes an organisation out of a group: from this moment it reads nothing of it, and if it joins again it gets nothing
    /// older than that.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if it is not in it, [`RegisterError::NoRight`] for whoever does not keep groups.
    pub fn leave_group(&self, by: &Actor, group: GroupId, organisation: OrganisationId) -> Result<(), RegisterError> {
        by.needs(Right::ManageMembers)?;
        let name = self.group(group).ok_or_else(|| absent(group))?.name.clone();
        let who = self.organisation(organisation).map(|held| held.name.clone()).unwrap_or_default();
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let gone = transaction.execute(
            "DELETE FROM group_member WHERE sharing_group = ?1 AND organisation = ?2",
            params![group.as_bytes(), organisation.as_bytes()],
        )?;
        if gone == 0 {
            return Err(RegisterError::Absent(format!("organisation {who:?} in {name:?}")));
        }
        self.note(&transaction, by, "group-left", &name, &who)?;
        transaction.commit()?;
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
