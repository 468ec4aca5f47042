//! What the cell sees and does about members, its own people, terms, mail and settings.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, MethodRouter, on};
use model::{InvitationId, OrganisationId, PersonId, SponsorshipId};
use policy::Assets;
use register::{
    Actor, Invitee, NewPerson, OrganisationClass, OrganisationQuery, OrganisationRow, Recovery, RecoveryFor, Register,
    RegisterError, Role, Secondment, Status, date, day_named,
};
use serde::Deserialize;

use crate::cell::CellState;
use crate::http::{self, Answer, nothing, write};
use crate::join::{JOINING_BYTES_MAX, Told, after, cursor, link_view, named, person_view, place, sectors, terms_view};
use crate::joining_views as views;
use crate::me::{Door, ask, fresh};
use crate::organisation::{ListQuery, id, invitation_view, own_act, role};
use crate::problem::Problem;
use crate::session::Who;

const DAY_MILLIS: i64 = 86_400_000;
/// Mails of the outbox that are shown.
const MAILS_SHOWN: usize = 200;

pub(crate) fn handler(id: &str, filter: MethodFilter) -> Option<MethodRouter<CellState>> {
    Some(match id {
        "organisations" => on(filter, organisations),
        "invite_organisation" => on(filter, invite_organisation),
        "organisation" => on(filter, organisation),
        "edit_organisation" => on(filter, edit_organisation),
        "organisation_status" => on(filter, status),
        "recovery" => on(filter, recovery),
        "drop_recovery" => on(filter, drop_recovery),
        "organisation_people" => on(filter, organisation_people),
        "cell_people" => on(filter, people),
        "edit_cell_person" => on(filter, edit_person),
        "close_cell_person" => on(filter, close_person),
        "invitations" => on(filter, invitations),
        "invite_to_cell" => on(filter, invite),
        "resend_invitation" => on(filter, resend),
        "withdraw_invitation" => on(filter, withdraw),
        "sponsorships" => on(filter, sponsorships),
        "approve" => on(filter, approve),
        "refuse" => on(filter, refuse),
        "terms" => on(filter, terms),
        "publish_terms" => on(filter, publish_terms),
        "acts" => on(filter, acts),
        "outbox" => on(filter, outbox),
        "settings" => on(filter, settings),
        "set_setting" => on(filter, set_setting),
        other => return crate::join::handler(other.strip_prefix("cell_")?, filter),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchQuery {
    #[serde(default)]
    q: String,
    status: Option<String>,
    cursor: Option<String>,
}

fn row_view(row: OrganisationRow) -> views::OrganisationView {
    views::OrganisationView {
        id: row.id.to_string(),
        name: row.name,
        class: row.class.as_str().to_owned(),
        sector: row.sector.as_str().to_owned(),
        region: row.region.map(|region| region.as_str().to_owned()),
        size: row.size.map(|size| size.as_str().to_owned()),
        status: row.status.as_str().to_owned(),
        quiet: row.quiet,
        people: row.people,
        terms: row.terms,
        overdue: row.overdue,
    }
}

async fn organisations(State(cell): State<CellState>, request: Request) -> Answer {
    let SearchQuery { q, status, cursor } = http::query(request.uri())?;
    let none = || Problem::unreadable("status is none of invited, active, dormant, suspended, left");
    let status = status.map(|name| Status::from_name(&name).ok_or_else(none)).transpose()?;
    let query = OrganisationQuery { text: q, status, after: after(cursor)? };
    let (rows, next) = ask(cell.sessions(), move |register| register.organisation_page(&query)).await?;
    let items = rows.into_iter().map(row_view).collect();
    write(StatusCode::OK, &views::OrganisationList { items, next, exercise: cell.sessions().exercise() })
}

async fn invite_organisation(
    State(cell): State<CellState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let new: views::NewOrganisationView = http::json(request, JOINING_BYTES_MAX).await?;
    let (main, further) = sectors(&new.sectors)?;
    let class = match new.class.as_deref() {
        None => OrganisationClass::Member,
        Some(name) => OrganisationClass::from_name(name).ok_or_else(|| Problem::wrong_field("class is none"))?,
    };
    let told = Told {
        region: new.region,
        size: new.size,
        further,
        assets: Assets { domains: new.domains, ..Assets::default() },
        software: Vec::new(),
    };
    let invitee = Invitee {
        name: new.name,
        class,
        sector: main,
        profile: told.profile()?,
        contact: new.contact,
        email: new.email,
        language: new.language,
    };
    let by = Actor::of(&who.principal);
    let made = ask(cell.sessions(), move |register| register.invite_organisation(&by, &invitee, register.delivery()));
    let (organisation, link) = made.await?;
    write(StatusCode::CREATED, &link_view(cell.sessions(), &link, Some(organisation.to_string())))
}

async fn organisation(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: OrganisationId = id(&mut request).await?;
    let read = move |register: &Register| {
        let row = register.organisation_row(id)?;
        let recovery = register.recovery_asked(id)?;
        Ok((row, register.profile(id)?, register.sponsor_of(id)?, register.member_acts(id, true)?, recovery))
    };
    let (row, profile, sponsor, acts, recovery) = ask(cell.sessions(), read).await?;
    let own = who.principal.person;
    let sectors = std::iter::once(row.sector).chain(profile.further);
    let page = views::OrganisationPage {
        sectors: sectors.map(|sector| sector.as_str().to_owned()).collect(),
        row: row_view(row),
        domains: profile.assets.domains,
        ranges: profile.assets.ranges,
        brands: profile.assets.brands,
        software: profile.software,
        sponsor,
        acts: acts.into_iter().map(own_act).collect(),
        recovery: recovery.map(|asked| views::RecoveryAskedView {
            person: asked.person.map(|person| person.to_string()),
            name: asked.name,
            email: asked.email,
            by: asked.by_name,
            own: own == Some(asked.by),
            until: released::rfc3339(asked.until),
        }),
        exercise: cell.sessions().exercise(),
    };
    write(StatusCode::OK, &page)
}

async fn edit_organisation(
    State(cell): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let id: OrganisationId = id(&mut request).await?;
    let new: views::NewOrganisationEdit = http::json(request, JOINING_BYTES_MAX).await?;
    let (main, further) = sectors(&new.sectors)?;
    let told = Told {
        region: new.region,
        size: new.size,
        further,
        assets: Assets { domains: new.domains, ranges: new.ranges, brands: new.brands },
        software: new.software,
    };
    let (by, profile) = (Actor::of(&who.principal), told.profile()?);
    ask(cell.sessions(), move |register| register.edit_organisation(&by, id, &new.name, main, &profile)).await?;
    Ok(nothing())
}

async fn status(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: OrganisationId = id(&mut request).await?;
    let new: views::NewStatus = http::json(request, JOINING_BYTES_MAX).await?;
    let by = Actor::of(&who.principal);
    let to = match Status::from_name(&new.status) {
        Some(status @ (Status::Suspended | Status::Active | Status::Left)) => status,
        _ => return Err(Problem::wrong_field("status is none of suspended, active, left")),
    };
    ask(cell.sessions(), move |register| match to {
        Status::Suspended => register.suspend_organisation(&by, id),
        Status::Active => register.resume_organisation(&by, id),
        _ => register.close_organisation(&by, id),
    })
    .await?;
    cell.pulse_members();
    Ok(nothing())
}

async fn recovery(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: OrganisationId = id(&mut request).await?;
    let new: views::NewRecovery = http::json(request, JOINING_BYTES_MAX).await?;
    let whom = match (new.person, new.name, new.email) {
        (Some(person), None, None) => RecoveryFor::Known(person.parse().map_err(|_| Problem::absent())?),
        (None, Some(name), Some(email)) => RecoveryFor::New { name, email },
        _ => return Err(Problem::wrong_field("either person, or name and email")),
    };
    // Whoever has the way in reads all that the firm reported: an open session alone does not give it.
    fresh(cell.sessions(), &who)?;
    let by = Actor::of(&who.principal);
    let done = ask(cell.sessions(), move |register| register.recover_organisation(&by, id, &whom, register.delivery()));
    let exercise = cell.sessions().exercise();
    match done.await? {
        Recovery::Asked => {
            write(StatusCode::ACCEPTED, &views::RecoveryView { state: "asked".to_owned(), link: None, exercise })
        }
        Recovery::Sent(link) => {
            let link = link.as_ref().map(|link| link.expose().to_owned());
            write(StatusCode::CREATED, &views::RecoveryView { state: "sent".to_owned(), link, exercise })
        }
    }
}

async fn drop_recovery(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: OrganisationId = id(&mut request).await?;
    let by = Actor::of(&who.principal);
    ask(cell.sessions(), move |register| register.drop_recovery(&by, id)).await?;
    Ok(nothing())
}

async fn organisation_people(State(cell): State<CellState>, mut request: Request) -> Answer {
    let id: OrganisationId = id(&mut request).await?;
    let ListQuery { cursor } = http::query(request.uri())?;
    let cursor = after(cursor)?;
    let read = move |register: &Register| {
        register.organisation_row(id)?;
        register.people_page(id, cursor.as_deref())
    };
    let (rows, next) = ask(cell.sessions(), read).await?;
    let items = rows.into_iter().map(|person| person_view(person, None)).collect();
    write(StatusCode::OK, &views::PersonList { items, next, exercise: cell.sessions().exercise() })
}

fn name_of(register: &Register, id: Option<OrganisationId>) -> Option<String> {
    id.and_then(|id| register.organisation(id)).map(|held| held.name.clone())
}

async fn people(State(cell): State<CellState>, request: Request) -> Answer {
    let ListQuery { cursor } = http::query(request.uri())?;
    let cursor = after(cursor)?;
    let (rows, next) = ask(cell.sessions(), move |register| register.cell_people_page(cursor.as_deref())).await?;
    let register = cell.sessions().register();
    let view = |person: register::Person| {
        let home = name_of(&register, person.organisation);
        person_view(person, home)
    };
    let items = rows.into_iter().map(view).collect();
    write(StatusCode::OK, &views::PersonList { items, next, exercise: cell.sessions().exercise() })
}

async fn edit_person(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: PersonId = id(&mut request).await?;
    let new: views::NewPersonState = http::json(request, JOINING_BYTES_MAX).await?;
    let by = Actor::of(&who.principal);
    let role = new.role.as_deref().map(role).transpose()?;
    ask(cell.sessions(), move |register| {
        role.map_or(Ok(()), |role| register.change_role(&by, id, role))?;
        new.disabled.map_or(Ok(()), |disabled| register.shut_out(&by, id, disabled))
    })
    .await?;
    cell.pulse();
    cell.pulse_members();
    Ok(nothing())
}

async fn close_person(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: PersonId = id(&mut request).await?;
    let by = Actor::of(&who.principal);
    ask(cell.sessions(), move |register| register.close_account(&by, id)).await?;
    cell.pulse();
    cell.pulse_members();
    Ok(nothing())
}

async fn invitations(State(cell): State<CellState>, request: Request) -> Answer {
    let ListQuery { cursor: from } = http::query(request.uri())?;
    let before = place(from.as_deref())?;
    let (rows, next) = ask(cell.sessions(), move |register| register.invitations(before)).await?;
    let register = cell.sessions().register();
    let view = |held: register::Invitation| {
        let name = name_of(&register, held.organisation);
        invitation_view(held, name)
    };
    let items = rows.into_iter().map(view).collect();
    let next = next.map(cursor);
    write(StatusCode::OK, &views::InvitationList { items, next, exercise: cell.sessions().exercise() })
}

async fn invite(State(cell): State<CellState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let new: views::NewCellInvitation = http::json(request, JOINING_BYTES_MAX).await?;
    let role = role(&new.role)?;
    let organisation = new.organisation.map(|id| id.parse::<OrganisationId>()).transpose();
    let organisation = organisation.map_err(|_| Problem::wrong_field("organisation is no id"))?;
    let secondment = if role == Role::Secondee {
        let until = new.vetted_until.as_deref().and_then(day_named);
        let until = until.ok_or_else(|| Problem::wrong_field("vetted_until is no day such as 2026-11-25"))?;
        // Good through the day that is named.
        let vetted_until = model::Timestamp::from_millis((until + 1).saturating_mul(DAY_MILLIS));
        let wall = new.wall.iter().map(|name| named("wall", name)).collect::<Result<_, _>>()?;
        Some(Secondment { vetting: new.vetting.unwrap_or_default(), vetted_until, wall })
    } else {
        None
    };
    let person = NewPerson { email: new.email, name: new.name, organisation, role, secondment };
    let by = Actor::of(&who.principal);
    let link =
        ask(cell.sessions(), move |register| register.invite_to_cell(&by, &person, &new.language, register.delivery()));
    write(StatusCode::CREATED, &link_view(cell.sessions(), &link.await?, None))
}

async fn resend(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: InvitationId = id(&mut request).await?;
    let by = Actor::of(&who.principal);
    let link = ask(cell.sessions(), move |register| register.resend_invitation(&by, id, register.delivery()));
    write(StatusCode::OK, &link_view(cell.sessions(), &link.await?, None))
}

async fn withdraw(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: InvitationId = id(&mut request).await?;
    let by = Actor::of(&who.principal);
    ask(cell.sessions(), move |register| register.withdraw_invitation(&by, id)).await?;
    Ok(nothing())
}

async fn sponsorships(State(cell): State<CellState>, request: Request) -> Answer {
    let ListQuery { cursor: from } = http::query(request.uri())?;
    let before = place(from.as_deref())?;
    let (rows, next) = ask(cell.sessions(), move |register| register.sponsorships(before)).await?;
    let register = cell.sessions().register();
    let view = |held: register::Sponsorship| views::CellSponsorshipView {
        id: held.id.to_string(),
        sponsor: name_of(&register, Some(held.sponsor)).unwrap_or_default(),
        name: held.firm.name,
        sector: held.firm.sector.as_str().to_owned(),
        region: held.firm.region.map(|region| region.as_str().to_owned()),
        size: held.firm.size.map(|size| size.as_str().to_owned()),
        domain: held.firm.domain,
        contact: held.firm.contact,
        email: held.firm.email,
        why: held.firm.why,
        state: held.state.as_str().to_owned(),
        day: date(held.day),
        decided_day: held.decided_day.map(date),
        reason: held.reason,
    };
    let items = rows.into_iter().map(view).collect();
    let next = next.map(cursor);
    write(StatusCode::OK, &views::CellSponsorshipList { items, next, exercise: cell.sessions().exercise() })
}

async fn approve(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: SponsorshipId = id(&mut request).await?;
    let by = Actor::of(&who.principal);
    let made = ask(cell.sessions(), move |register| register.approve_sponsorship(&by, id, register.delivery()));
    let (organisation, link) = made.await?;
    write(StatusCode::CREATED, &link_view(cell.sessions(), &link, Some(organisation.to_string())))
}

async fn refuse(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: SponsorshipId = id(&mut request).await?;
    let new: views::NewReason = http::json(request, JOINING_BYTES_MAX).await?;
    let by = Actor::of(&who.principal);
    ask(cell.sessions(), move |register| register.refuse_sponsorship(&by, id, &new.reason)).await?;
    Ok(nothing())
}

async fn terms(State(cell): State<CellState>) -> Answer {
    let all = ask(cell.sessions(), Register::terms).await?;
    let items = all.into_iter().map(terms_view).collect();
    write(StatusCode::OK, &views::TermsList { items, exercise: cell.sessions().exercise() })
}

async fn publish_terms(State(cell): State<CellState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let new: views::NewTerms = http::json(request, JOINING_BYTES_MAX).await?;
    let from = day_named(&new.from_day).ok_or_else(|| Problem::wrong_field("from_day is no day such as 2026-11-25"))?;
    let by = Actor::of(&who.principal);
    let made = ask(cell.sessions(), move |register| register.publish_terms(&by, &new.text, from)).await?;
    write(StatusCode::CREATED, &terms_view(made))
}

async fn acts(State(cell): State<CellState>, request: Request) -> Answer {
    let ListQuery { cursor } = http::query(request.uri())?;
    let ours = |text: &str| text.parse::<i64>().map_err(|_| Problem::unreadable("cursor is not one of ours"));
    let before = cursor.as_deref().map(ours).transpose()?;
    let rows = ask(cell.sessions(), move |register| register.acts(before)).await?;
    let next = rows.last().filter(|last| last.seq > 1).map(|last| last.seq.to_string());
    let view = |act: register::Act| views::ActView {
        seq: act.seq,
        at: released::rfc3339(act.at),
        actor: act.actor,
        what: act.what,
        target: act.target,
        detail: act.detail,
    };
    let items = rows.into_iter().map(view).collect();
    write(StatusCode::OK, &views::ActList { items, next, exercise: cell.sessions().exercise() })
}

async fn outbox(State(cell): State<CellState>) -> Answer {
    let read = |register: &Register| Ok((register.mail_counts()?, register.mail_status(MAILS_SHOWN)?));
    let (counts, mails) = ask(cell.sessions(), read).await?;
    let view = |mail: register::MailInfo| views::MailView {
        to: mail.to,
        kind: mail.kind.as_str().to_owned(),
        state: mail.state.as_str().to_owned(),
        attempts: mail.attempts,
        day: date(mail.day.as_millis().div_euclid(DAY_MILLIS)),
        trouble: mail.trouble,
        unsure: mail.unsure,
    };
    let box_view = views::Outbox {
        waiting: counts.waiting,
        sent: counts.sent,
        failed: counts.failed,
        items: mails.into_iter().map(view).collect(),
        exercise: cell.sessions().exercise(),
    };
    write(StatusCode::OK, &box_view)
}

async fn settings(State(cell): State<CellState>) -> Answer {
    let all = ask(cell.sessions(), Register::joining_settings).await?;
    let view = |(name, value): (&str, String)| views::SettingView { name: name.to_owned(), value };
    let items = all.all().into_iter().map(view).collect();
    write(StatusCode::OK, &views::SettingList { items, exercise: cell.sessions().exercise() })
}

async fn set_setting(State(cell): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let name = http::path(&mut request).await?;
    let new: views::NewSetting = http::json(request, JOINING_BYTES_MAX).await?;
    let by = Actor::of(&who.principal);
    ask(cell.sessions(), move |register| {
        register.set_joining(&by, &name, &new.value).map_err(|error| match error {
            RegisterError::Absent(_) => RegisterError::Absent("setting".to_owned()),
            other => other,
        })
    })
    .await?;
    Ok(nothing())
}
