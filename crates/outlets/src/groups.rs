//! What the members of a sharing group have of it: its purpose and people, its items and their number.

use std::sync::Arc;

use model::{OrganisationId, Timestamp};
use policy::{Audience, Membership};
use register::{Register, SharingGroup};
use released::{FeedPlace, IndicatorView, Reader, SHARED_COUNTED_MAX, SharedPlace, rfc3339};

use crate::feeds::{EXERCISE, PIECE};
use crate::lists::LIMIT_MAX;
use crate::render::{OutletError, exercise, render_all};
use crate::views::{GroupDetail, GroupList, GroupMemberView, GroupRelease, GroupView, IndicatorList};

/// Times of joining are told to the second.
const SECOND_MILLIS: i64 = 1_000;
/// Items that are sent at once.
const FRAME_ITEMS_MAX: usize = 500;

/// A group as one of its members may see it: only somebody who is in it can have one made.
#[derive(Clone)]
pub struct OwnGroup {
    group: Arc<SharingGroup>,
    organisation: OrganisationId,
    membership: Membership,
}

impl OwnGroup {
    /// The groups that an organisation is in now.
    #[must_use]
    pub fn all(register: &Register, organisation: OrganisationId) -> Vec<Self> {
        register.groups_of(organisation).into_iter().filter_map(|group| Self::of(group, organisation)).collect()
    }

    /// One of them by its id; a group that is over, that others are in or that is none is all the same.
    #[must_use]
    pub fn find(register: &Register, organisation: OrganisationId, id: &str) -> Option<Self> {
        let id = id.parse().ok().filter(|parsed: &model::GroupId| parsed.to_string() == id)?;
        Self::of(register.group_of(organisation, id)?, organisation)
    }

    fn of(group: Arc<SharingGroup>, organisation: OrganisationId) -> Option<Self> {
        let joined = group.member(organisation)?.joined_at;
        let membership = Membership { group: group.id, joined };
        Some(Self { group, organisation, membership })
    }

    /// What reading its items takes.
    #[must_use]
    pub const fn membership(&self) -> Membership {
        self.membership
    }

    /// The group's id.
    #[must_use]
    pub fn id(&self) -> model::GroupId {
        self.group.id
    }

    /// Whether its member may add others.
    #[must_use]
    pub fn may_add(&self) -> bool {
        self.group.lets_add(self.organisation)
    }

    fn view(&self, items: u32, exercise: bool) -> GroupView {
        GroupView {
            id: self.group.id.to_string(),
            name: self.group.name.clone(),
            purpose: self.group.purpose.clone(),
            ends_at: self.group.ends_at.map(rfc3339),
            who_may_add: self.group.who_may_add.as_str().to_owned(),
            may_add: self.may_add(),
            members: u32::try_from(self.group.members.len()).unwrap_or(u32::MAX),
            joined_at: rfc3339(self.membership.joined.floor_to(SECOND_MILLIS)),
            items,
            more: items >= SHARED_COUNTED_MAX,
            exercise,
        }
    }
}

/// The groups of an organisation, each with how many items it has there.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn groups(reader: &Reader, own: &[OwnGroup]) -> Result<GroupList, OutletError> {
    let exercise = exercise(reader)?;
    let items = reader
        .read(|at| own.iter().map(|group| Ok(group.view(at.shared_count(group.membership)?, exercise))).collect())?;
    Ok(GroupList { items, exercise })
}

/// One group with its members' names, which they agreed to share with each other; who reported is in none of it.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn group(reader: &Reader, register: &Register, own: &OwnGroup) -> Result<GroupDetail, OutletError> {
    let exercise = exercise(reader)?;
    let items = reader.read(|at| at.shared_count(own.membership))?;
    let member = |member: &register::GroupMember| {
        let name = register.organisation(member.organisation)?.name.clone();
        Some(GroupMemberView { name, organiser: member.organiser })
    };
    let mut members: Vec<GroupMemberView> = own.group.members.iter().filter_map(member).collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(GroupDetail { group: own.view(items, exercise), members, exercise })
}

/// A page of what a member has of a group, the latest first.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn group_items(
    reader: &Reader,
    of: Membership,
    cursor: Option<&str>,
    limit: usize,
) -> Result<IndicatorList, OutletError> {
    let page = reader.read(|at| at.shared_page(of, cursor, limit.min(LIMIT_MAX)))?;
    Ok(IndicatorList { items: render_all(page.items)?, next: page.next, exercise: exercise(reader)? })
}

/// What a group's watch feed begins with, before its values.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn group_feed_head(reader: &Reader) -> Result<String, OutletError> {
    Ok(if exercise(reader)? { EXERCISE.to_owned() } else { String::new() })
}

/// The values of a group's watch feed after a place, one a line, and where to go on; `None` at the end.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn group_feed_piece(
    reader: &Reader,
    of: Membership,
    now: Timestamp,
    after: FeedPlace,
) -> Result<Option<(String, FeedPlace)>, OutletError> {
    let (rows, place) = reader.read(|at| at.shared_feed(of, now, after, PIECE))?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut text = String::new();
    for row in rows {
        let view = row.view::<IndicatorView>()?;
        // A value with a line break in it would be two values to whoever reads the feed.
        if !view.value.contains(['\n', '\r']) {
            text.push_str(&view.value);
            text.push('\n');
        }
    }
    Ok(Some((text, place)))
}

/// Where a new process begins to follow what groups are shown: at its present end.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn groups_since(reader: &Reader) -> Result<SharedPlace, OutletError> {
    Ok(reader.read(|at| at.shared_end())?)
}

/// What groups were shown after a place, each piece with the audience that alone may have it.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn group_releases(
    reader: &Reader,
    after: SharedPlace,
) -> Result<(Vec<(Audience, GroupRelease)>, SharedPlace), OutletError> {
    let (rows, place) = reader.read(|at| at.shared_after(after, FRAME_ITEMS_MAX))?;
    let mut pieces: Vec<(Audience, Timestamp, Vec<_>)> = Vec::new();
    for row in rows {
        // One frame for each audience of a tick, wherever rows of others lie between: they are nobody else's to know.
        match pieces.iter_mut().rev().find(|(audience, tick, _)| *audience == row.audience && *tick == row.tick) {
            Some((_, _, rows)) => rows.push(row),
            None => pieces.push((row.audience, row.tick, vec![row])),
        }
    }
    if pieces.is_empty() {
        return Ok((Vec::new(), place));
    }
    let exercise = exercise(reader)?;
    let release = |(audience, tick, rows): (Audience, Timestamp, Vec<_>)| {
        let group = audience.group().map(|group| group.to_string()).unwrap_or_default();
        Ok((audience, GroupRelease { group, tick: rfc3339(tick), objects: render_all(rows)?, exercise }))
    };
    Ok((pieces.into_iter().map(release).collect::<Result<_, OutletError>>()?, place))
}
