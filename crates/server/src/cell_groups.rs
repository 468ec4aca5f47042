//! Sharing groups at the cell's listener: made, ended, and who is in them; what is reported to them is no business of this.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use model::{GroupId, Timestamp};
use register::{Actor, NewGroup, Register, RegisterError, SharingGroup, WhoMayAdd};
use released::rfc3339;

use crate::cell::CellState;
use crate::http::{self, Answer, blocking, nothing, write as reply};
use crate::member_groups::refused;
use crate::problem::Problem;
use crate::session::Who;
use crate::views::{CellGroup, CellGroupList, CellGroupMember, Made, NewGroupEnd, NewGroupPlace, NewSharingGroup};

/// Most bytes of an act.
const ACT_BYTES_MAX: usize = 16 << 10;

fn view(register: &Register, group: &SharingGroup, now: Timestamp, exercise: bool) -> CellGroup {
    let member = |member: &register::GroupMember| {
        let name = register.organisation(member.organisation)?.name.clone();
        Some(CellGroupMember {
            name,
            organiser: member.organiser,
            joined_at: rfc3339(member.joined_at.floor_to(1_000)),
        })
    };
    let mut members: Vec<CellGroupMember> = group.members.iter().filter_map(member).collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    CellGroup {
        id: group.id.to_string(),
        name: group.name.clone(),
        purpose: group.purpose.clone(),
        ends_at: group.ends_at.map(rfc3339),
        ended: !group.is_live(now),
        who_may_add: group.who_may_add.as_str().to_owned(),
        created_at: rfc3339(group.created_at),
        members,
        exercise,
    }
}

fn time(text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let read = text.map(formats::parse_time).transpose();
    read.map_err(|why| Problem::wrong_field(format!("ends_at: {why}")))
}

async fn id(request: &mut Request) -> Result<GroupId, Problem> {
    http::path(request).await?.parse().map_err(|_| Problem::absent())
}

/// What of an act names no group is absent; the rest says what is wrong.
fn failed(group: GroupId, error: &RegisterError) -> Problem {
    match error {
        RegisterError::Absent(what) if what.starts_with("sharing group") && what.ends_with(&group.to_string()) => {
            Problem::absent()
        }
        other => refused(other),
    }
}

/// `GET /cell/v1/groups`.
pub(crate) async fn groups(State(CellState(cell)): State<CellState>) -> Answer {
    let (register, now, exercise) = (cell.sessions.register(), cell.clock.now(), cell.exercise);
    let items = blocking(move || {
        register.groups().iter().map(|group| view(&register, group, now, exercise)).collect::<Vec<_>>()
    });
    reply(StatusCode::OK, &CellGroupList { items: items.await?, exercise })
}

/// `POST /cell/v1/groups`.
pub(crate) async fn make(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let new: NewSharingGroup = http::json(request, ACT_BYTES_MAX).await?;
    let who_may_add = WhoMayAdd::from_name(&new.who_may_add)
        .ok_or_else(|| Problem::wrong_field("who_may_add: one of cell, members, organisers"))?;
    let ends_at = time(new.ends_at.as_deref())?;
    let new = NewGroup { name: new.name, purpose: new.purpose, ends_at, who_may_add };
    let register = cell.sessions.register();
    let by = Actor::of(&who.principal);
    let made = blocking(move || register.create_group(&by, &new)).await?.map_err(|error| refused(&error))?;
    reply(StatusCode::CREATED, &Made { id: made.to_string(), exercise: cell.exercise })
}

/// `PUT /cell/v1/groups/{id}/end`.
pub(crate) async fn end(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let id = id(&mut request).await?;
    let NewGroupEnd { ends_at } = http::json(request, ACT_BYTES_MAX).await?;
    let (ends_at, register) = (time(ends_at.as_deref())?, cell.sessions.register());
    let by = Actor::of(&who.principal);
    let ended = blocking(move || register.set_group_end(&by, id, ends_at)).await?;
    ended.map_err(|error| failed(id, &error))?;
    Ok(nothing())
}

async fn place(
    cell: &CellState,
    request: Request,
    act: impl FnOnce(&Register, &NewGroupPlace, model::OrganisationId) -> Result<(), RegisterError> + Send + 'static,
) -> Result<Result<(), RegisterError>, Problem> {
    let new: NewGroupPlace = http::json(request, ACT_BYTES_MAX).await?;
    let register = cell.0.sessions.register();
    blocking(move || {
        let found = register.organisation_named(&new.organisation);
        let organisation = found.ok_or_else(|| RegisterError::Absent(new.organisation.clone()))?;
        act(&register, &new, organisation.id)
    })
    .await
}

/// `POST /cell/v1/groups/{id}/members`.
pub(crate) async fn join(
    State(cell): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let (id, by) = (id(&mut request).await?, Actor::of(&who.principal));
    let joined = place(&cell, request, move |register, new, organisation| {
        register.join_group(&by, id, organisation, new.organiser)
    });
    joined.await?.map_err(|error| failed(id, &error))?;
    Ok(nothing())
}

/// `POST /cell/v1/groups/{id}/leave`.
pub(crate) async fn leave(
    State(cell): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let (id, by) = (id(&mut request).await?, Actor::of(&who.principal));
    let left = place(&cell, request, move |register, _, organisation| register.leave_group(&by, id, organisation));
    left.await?.map_err(|error| failed(id, &error))?;
    Ok(nothing())
}
