//! What a member's people see and do about their own organisation.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, MethodRouter, on};
use model::{InvitationId, OrganisationId, PersonId, SponsorshipId};
use policy::Assets;
use register::{Actor, Invitation, MemberAct, NewSponsorship, Register, RegisterError, Role, Status, date};
use serde::Deserialize;

use crate::answers::reply;
use crate::http::{self, Answer, nothing};
use crate::join::{
    JOINING_BYTES_MAX, Told, after, cursor, link_view, named, not_joined, person_view, place, terms_view,
};
use crate::joining_views as views;
use crate::me::{Door, ask};
use crate::member::MemberState;
use crate::problem::Problem;
use crate::session::Who;
use crate::views::Made;

const DAY_MILLIS: i64 = 86_400_000;

pub(crate) fn handler(id: &str, filter: MethodFilter) -> Option<MethodRouter<MemberState>> {
    Some(match id {
        "own_organisation" => on(filter, own),
        "edit_own" => on(filter, edit),
        "directory" => on(filter, directory),
        "people" => on(filter, people),
        "edit_person" => on(filter, edit_person),
        "close_person" => on(filter, close_person),
        "own_invitations" => on(filter, invitations),
        "invite_person" => on(filter, invite),
        "resend_own" => on(filter, resend),
        "withdraw_own" => on(filter, withdraw),
        "own_sponsorships" => on(filter, sponsorships),
        "propose" => on(filter, propose),
        "withdraw_sponsorship" => on(filter, withdraw_sponsorship),
        "own_terms" => on(filter, terms),
        "accept_terms" => on(filter, accept_terms),
        "own_acts" => on(filter, acts),
        other => return crate::join::handler(other, filter),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    pub(crate) cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchQuery {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

fn home(who: &Who) -> Result<OrganisationId, Problem> {
    who.principal.organisation.as_ref().map(|held| held.id).ok_or_else(Problem::role)
}

/// Somebody of the own organisation; anybody else is absent.
fn of_home(register: &Register, id: PersonId, home: OrganisationId) -> Result<(), RegisterError> {
    let found = register.person(id)?;
    if found.organisation == Some(home) && found.role.face() == register::Face::Member {
        Ok(())
    } else {
        Err(RegisterError::Absent("person".to_owned()))
    }
}

pub(crate) async fn id<T: std::str::FromStr>(request: &mut Request) -> Result<T, Problem> {
    http::path(request).await?.parse().map_err(|_| Problem::absent())
}

async fn own(State(member): State<MemberState>, Extension(who): Extension<Who>) -> Answer {
    let held = who.principal.organisation.clone().ok_or_else(Problem::role)?;
    let id = held.id;
    let profile = ask(member.sessions(), move |register| register.profile(id)).await?;
    let sectors = std::iter::once(held.sector).chain(profile.further);
    let read_only = match held.status {
        Status::Dormant => Some("dormant"),
        _ if held.overdue => Some("terms"),
        _ => None,
    };
    let view = views::OwnOrganisation {
        name: held.name.clone(),
        class: held.class.as_str().to_owned(),
        sectors: sectors.map(|sector| sector.as_str().to_owned()).collect(),
        region: profile.region.map(|region| region.as_str().to_owned()),
        size: profile.size.map(|size| size.as_str().to_owned()),
        domains: profile.assets.domains,
        ranges: profile.assets.ranges,
        brands: profile.assets.brands,
        software: profile.software,
        read_only: read_only.map(str::to_owned),
        proposed: held.proposed,
        exercise: member.sessions().exercise(),
    };
    reply(StatusCode::OK, &view)
}

async fn edit(State(member): State<MemberState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let new: views::NewOwnOrganisation = http::json(request, JOINING_BYTES_MAX).await?;
    let told = Told {
        region: new.region,
        size: new.size,
        further: Vec::new(),
        assets: Assets { domains: new.domains, ranges: new.ranges, brands: new.brands },
        software: new.software,
    };
    let (by, profile) = (Actor::of(&who.principal), told.profile()?);
    ask(member.sessions(), move |register| register.edit_own(&by, &profile)).await?;
    Ok(nothing())
}

async fn directory(State(member): State<MemberState>, request: Request) -> Answer {
    let SearchQuery { q, cursor } = http::query(request.uri())?;
    let cursor = after(cursor)?;
    let (rows, next) = ask(member.sessions(), move |register| register.directory_page(&q, cursor.as_deref())).await?;
    let entry = |row: register::DirectoryRow| views::DirectoryEntry {
        name: row.name,
        sectors: row.sectors.iter().map(|sector| sector.as_str().to_owned()).collect(),
    };
    let items = rows.into_iter().map(entry).collect();
    reply(StatusCode::OK, &views::Directory { items, next, exercise: member.sessions().exercise() })
}

async fn people(State(member): State<MemberState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let ListQuery { cursor } = http::query(request.uri())?;
    let (home, cursor) = (home(&who)?, after(cursor)?);
    let (rows, next) = ask(member.sessions(), move |register| register.people_page(home, cursor.as_deref())).await?;
    let items = rows.into_iter().map(|person| person_view(person, None)).collect();
    reply(StatusCode::OK, &views::PersonList { items, next, exercise: member.sessions().exercise() })
}

/// The role that a request names.
pub(crate) fn role(name: &str) -> Result<Role, Problem> {
    let shown: String = name.chars().take(40).collect();
    Role::from_name(name).ok_or_else(|| Problem::wrong_field(format!("role: {shown:?} is none")))
}

async fn edit_person(
    State(member): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let id: PersonId = id(&mut request).await?;
    let new: views::NewPersonState = http::json(request, JOINING_BYTES_MAX).await?;
    let (by, home) = (Actor::of(&who.principal), home(&who)?);
    let role = new.role.as_deref().map(role).transpose()?;
    ask(member.sessions(), move |register| {
        of_home(register, id, home)?;
        role.map_or(Ok(()), |role| register.change_role(&by, id, role))?;
        new.disabled.map_or(Ok(()), |disabled| register.shut_out(&by, id, disabled))
    })
    .await?;
    member.pulse();
    Ok(nothing())
}

async fn close_person(
    State(member): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let id: PersonId = id(&mut request).await?;
    let (by, home) = (Actor::of(&who.principal), home(&who)?);
    ask(member.sessions(), move |register| {
        of_home(register, id, home)?;
        register.close_account(&by, id)
    })
    .await?;
    member.pulse();
    Ok(nothing())
}

pub(crate) fn invitation_view(held: Invitation, organisation: Option<String>) -> views::InvitationView {
    views::InvitationView {
        id: held.id.to_string(),
        kind: held.kind.as_str().to_owned(),
        organisation,
        role: held.role.as_str().to_owned(),
        name: held.name,
        email: held.email,
        state: held.state.as_str().to_owned(),
        day: date(held.made_at.as_millis().div_euclid(DAY_MILLIS)),
        expires_at: released::rfc3339(held.expires_at),
    }
}

async fn invitations(State(member): State<MemberState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let ListQuery { cursor: from } = http::query(request.uri())?;
    let (home, before) = (home(&who)?, place(from.as_deref())?);
    let (rows, next) = ask(member.sessions(), move |register| register.own_invitations(home, before)).await?;
    let name = who.principal.organisation.as_ref().map(|held| held.name.clone());
    let items = rows.into_iter().map(|held| invitation_view(held, name.clone())).collect();
    let next = next.map(cursor);
    reply(StatusCode::OK, &views::InvitationList { items, next, exercise: member.sessions().exercise() })
}

async fn invite(State(member): State<MemberState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let new: views::NewPersonInvitation = http::json(request, JOINING_BYTES_MAX).await?;
    let (by, role) = (Actor::of(&who.principal), role(&new.role)?);
    let link = ask(member.sessions(), move |register| {
        register.invite_person(&by, (&new.name, &new.email, role), &new.language, register.delivery())
    });
    reply(StatusCode::CREATED, &link_view(member.sessions(), &link.await?, None))
}

async fn resend(State(member): State<MemberState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: InvitationId = id(&mut request).await?;
    let by = Actor::of(&who.principal);
    let link = ask(member.sessions(), move |register| register.resend_invitation(&by, id, register.delivery()));
    reply(StatusCode::OK, &link_view(member.sessions(), &link.await?, None))
}

async fn withdraw(State(member): State<MemberState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: InvitationId = id(&mut request).await?;
    let by = Actor::of(&who.principal);
    ask(member.sessions(), move |register| register.withdraw_invitation(&by, id)).await?;
    Ok(nothing())
}

async fn sponsorships(State(member): State<MemberState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let ListQuery { cursor: from } = http::query(request.uri())?;
    let (home, before) = (home(&who)?, place(from.as_deref())?);
    let (rows, next) = ask(member.sessions(), move |register| register.own_sponsorships(home, before)).await?;
    let view = |held: register::Sponsorship| views::SponsorshipView {
        id: held.id.to_string(),
        name: held.firm.name,
        sector: held.firm.sector.as_str().to_owned(),
        domain: held.firm.domain,
        contact: held.firm.contact,
        email: held.firm.email,
        why: held.firm.why,
        state: held.state.told().to_owned(),
        day: date(held.day),
    };
    let items = rows.into_iter().map(view).collect();
    let next = next.map(cursor);
    reply(StatusCode::OK, &views::SponsorshipList { items, next, exercise: member.sessions().exercise() })
}

async fn propose(State(member): State<MemberState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let new: views::NewSponsorshipView = http::json(request, JOINING_BYTES_MAX).await?;
    let firm = NewSponsorship {
        sector: named("sector", &new.sector)?,
        region: new.region.as_deref().map(|name| named("region", name)).transpose()?,
        size: new.size.as_deref().map(|name| named("size", name)).transpose()?,
        name: new.name,
        domain: new.domain,
        contact: new.contact,
        email: new.email,
        why: new.why,
    };
    let by = Actor::of(&who.principal);
    let id = ask(member.sessions(), move |register| register.propose(&by, &firm)).await?;
    reply(StatusCode::CREATED, &Made { id: id.to_string(), exercise: member.sessions().exercise() })
}

async fn withdraw_sponsorship(
    State(member): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let id: SponsorshipId = id(&mut request).await?;
    let by = Actor::of(&who.principal);
    ask(member.sessions(), move |register| register.withdraw_sponsorship(&by, id)).await?;
    Ok(nothing())
}

async fn terms(State(member): State<MemberState>, Extension(who): Extension<Who>) -> Answer {
    let home = home(&who)?;
    let standing = ask(member.sessions(), move |register| register.terms_standing(home)).await?;
    let view = views::TermsStandingView {
        terms: terms_view(standing.terms),
        accepted: standing.accepted,
        until_day: standing.until_day.map(date),
        overdue: standing.overdue,
        exercise: member.sessions().exercise(),
    };
    reply(StatusCode::OK, &view)
}

async fn accept_terms(State(member): State<MemberState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let new: views::NewAcceptance = http::json(request, JOINING_BYTES_MAX).await?;
    let by = Actor::of(&who.principal);
    let accepted = ask(member.sessions(), move |register| Ok(register.accept_terms(&by, new.version)));
    accepted.await?.map_err(not_joined)?;
    Ok(nothing())
}

pub(crate) fn own_act(act: MemberAct) -> views::OwnAct {
    views::OwnAct { day: date(act.day), actor: act.actor, what: act.what, target: act.target, detail: act.detail }
}

async fn acts(State(member): State<MemberState>, Extension(who): Extension<Who>) -> Answer {
    let home = home(&who)?;
    let rows = ask(member.sessions(), move |register| register.member_acts(home, false)).await?;
    let items = rows.into_iter().map(own_act).collect();
    reply(StatusCode::OK, &views::OwnActs { items, exercise: member.sessions().exercise() })
}
