//! Sharing groups at the members' listener: what one's own have, and nothing that tells of any other.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response};
use futures_util::{StreamExt as _, stream};
use model::OrganisationId;
use outlets::{OutletError, OwnGroup};
use policy::planted::{self, Leak};
use policy::{Audience, Membership, rho};
use register::{Actor, Means, RegisterError, Right};
use released::FeedPlace;

use crate::http::{self, Answer, blocking, nothing};
use crate::hub::{Start, event};
use crate::member::{MemberParts, MemberState, PageQuery};
use crate::problem::Problem;
use crate::session::Who;
use crate::views::NewGroupMember;

/// Most bytes of an addition.
const ADDITION_BYTES_MAX: usize = 4 << 10;

/// The organisation by which the sender is in groups: not for a credential that reads none, such as a wall's.
fn organisation(who: &Who) -> Option<OrganisationId> {
    let reads = who.principal.rights.has(Right::ReadGroups) && !matches!(who.principal.means, Means::Device);
    who.principal.organisation.as_ref().filter(|_| reads).map(|organisation| organisation.id)
}

/// What the sender may read groups' items by.
pub(crate) fn memberships(member: &MemberParts, who: &Who) -> Vec<Membership> {
    organisation(who).map(|organisation| member.sessions.register().memberships(organisation)).unwrap_or_default()
}

fn own(member: &MemberParts, who: &Who) -> Vec<OwnGroup> {
    let all = |organisation| OwnGroup::all(&member.sessions.register(), organisation);
    organisation(who).map(all).unwrap_or_default()
}

/// The sender's own group of an id. Every other one is absent: another's, one that is over, and none at all.
fn found(member: &MemberParts, who: &Who, id: &str) -> Result<OwnGroup, Problem> {
    let organisation = organisation(who).ok_or_else(Problem::absent)?;
    let register = member.sessions.register();
    if planted::is_on(Leak::ForeignGroupForbidden) && id.parse().is_ok_and(|id| register.group(id).is_some()) {
        return OwnGroup::find(&register, organisation, id).ok_or_else(Problem::role);
    }
    OwnGroup::find(&register, organisation, id).ok_or_else(Problem::absent)
}

/// Whether a viewer is of a frame's audience now: asked for each frame, so that leaving a group ends it at once.
pub(crate) fn is_of(member: &MemberParts, who: &Who, began: &[Membership], audience: &Audience) -> bool {
    let reached = |of: &[Membership]| of.iter().any(|membership| rho::reaches(*membership, audience));
    reached(&memberships(member, who)) || planted::is_on(Leak::FramesAfterLeaving) && reached(began)
}

/// Where a viewer starts, with its groups: whoever has any is told of them each time that it starts anew.
pub(crate) fn told(member: &MemberParts, who: &Who, mut start: Start) -> Result<Start, OutletError> {
    let own = own(member, who);
    if !own.is_empty() {
        let list = outlets::groups(&member.reader, &own)?;
        start.frames.push(event("groups", None, &serde_json::to_string(&list).unwrap_or_default()));
    }
    Ok(start)
}

/// `GET /api/v1/groups`.
pub(crate) async fn groups(State(MemberState(member)): State<MemberState>, Extension(who): Extension<Who>) -> Answer {
    let own = own(&member, &who);
    member.answer(move |reader, _| outlets::groups(reader, &own)).await
}

/// `GET /api/v1/groups/{id}`.
pub(crate) async fn group(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let own = found(&member, &who, &http::path(&mut request).await?)?;
    let register = member.sessions.register();
    member.answer(move |reader, _| outlets::group(reader, &register, &own)).await
}

/// `GET /api/v1/groups/{id}/items`.
pub(crate) async fn items(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let (cursor, limit) = PageQuery::of(&request)?;
    let of = found(&member, &who, &http::path(&mut request).await?)?.membership();
    member.answer(move |reader, _| outlets::group_items(reader, of, cursor.as_deref(), limit)).await
}

/// `GET /api/v1/groups/{id}/watch.txt`.
pub(crate) async fn watch(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let own = found(&member, &who, &http::path(&mut request).await?)?;
    let (id, of, now) = (own.id().to_string(), own.membership(), member.clock.now());
    let head = member.ask(|reader, _| outlets::group_feed_head(reader)).await?;
    let first = stream::iter((!head.is_empty()).then_some(Ok::<_, std::io::Error>(head)));
    let broken = || std::io::Error::other("the feed of the group cannot be read on");
    let lines = stream::try_unfold((member, who, FeedPlace::START), move |(member, who, after)| {
        let id = id.clone();
        async move {
            // Asked for each piece: whoever leaves meanwhile gets no more.
            found(&member, &who, &id).map_err(|_| broken())?;
            let piece = member.ask(move |reader, _| outlets::group_feed_piece(reader, of, now, after)).await;
            let piece = piece.map_err(|_| broken())?;
            Ok::<_, std::io::Error>(piece.map(|(text, place)| (text, (member, who, place))))
        }
    });
    let mut response = Response::new(Body::from_stream(first.chain(lines)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(response)
}

/// `POST /api/v1/groups/{id}/members`.
pub(crate) async fn add(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let own = found(&member, &who, &http::path(&mut request).await?)?;
    let addition: NewGroupMember = http::json(request, ADDITION_BYTES_MAX).await?;
    let (register, by) = (member.sessions.register(), Actor::of(&who.principal));
    let name = addition.organisation;
    let added = blocking(move || {
        let organisation = register.organisation_named(&name).ok_or(RegisterError::Absent(name))?;
        register.add_to_group(&by, own.id(), organisation.id)
    });
    added.await?.map_err(|error| refused(&error))?;
    Ok(nothing())
}

/// What the register said of an act, for whoever did it.
pub(crate) fn refused(error: &RegisterError) -> Problem {
    match error {
        RegisterError::NoRight => Problem::role(),
        RegisterError::Absent(what) => Problem::wrong_field(format!("there is no {what:?}")),
        RegisterError::Refused(_) | RegisterError::Exists(_) => Problem::wrong_field(error.to_string()),
        _ => {
            tracing::error!(%error, "the register could not be written");
            Problem::busy("it could not be stored; nothing was done")
        }
    }
}
