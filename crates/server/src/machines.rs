//! Keys of members' machines, and walls: made, listed, revoked.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, MethodRouter, on};
use register::{Actor, Answers, KeyInfo, Register, Scope};

use crate::answers::reply;
use crate::http::{self, Answer, nothing};
use crate::me::{BODY_BYTES_MAX, Door, ask, date, fresh};
use crate::own_views as views;
use crate::problem::Problem;
use crate::session::{Sessions, Who};

/// Scopes that a request may name.
const SCOPES_MAX: usize = 16;

/// Finds a handler by the operation's name without the listener's prefix.
pub(crate) fn handler<S: Door>(id: &str, filter: MethodFilter) -> Option<MethodRouter<S>> {
    Some(match id {
        "devices" => on(filter, devices::<S>),
        "device_make" => on(filter, device_make::<S>),
        "device_revoke" => on(filter, device_revoke::<S>),
        "keys" => on(filter, keys::<S>),
        "key_make" => on(filter, key_make::<S>),
        "key_revoke" => on(filter, key_revoke::<S>),
        _ => return None,
    })
}

fn organisation(who: &Who) -> Option<model::OrganisationId> {
    who.principal.organisation.as_ref().map(|organisation| organisation.id)
}

/// Whose walls somebody sees: those of the own organisation, or the cell's.
fn walls_of(sessions: &Sessions, who: &Who) -> Option<model::OrganisationId> {
    organisation(who).filter(|_| sessions.face() == register::Face::Member)
}

async fn devices<S: Door>(State(door): State<S>, Extension(who): Extension<Who>) -> Answer {
    let sessions = door.sessions();
    let (face, organisation) = (sessions.face(), walls_of(sessions, &who));
    let asked = move |register: &Register| {
        let named = |info: register::DeviceInfo| {
            // Whoever has gone since is named by nobody.
            let made_by = register.person(info.made_by).map(|person| person.name).unwrap_or_default();
            views::DeviceView {
                id: info.id,
                label: info.label,
                made_by,
                created_day: date(info.created_day),
                used_day: info.used_day.map(date),
                ends_day: date(info.ends_day),
                paired: info.paired,
            }
        };
        Ok(register.devices(face, organisation)?.into_iter().map(named).collect())
    };
    let items = ask(sessions, asked).await?;
    reply(StatusCode::OK, &views::DeviceList { items, exercise: sessions.exercise() })
}

async fn device_make<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let sessions = door.sessions();
    fresh(sessions, &who)?;
    let new: views::NewDevice = http::json(request, BODY_BYTES_MAX).await?;
    let by = Actor::of(&who.principal);
    let made = ask(sessions, move |register| register.create_device(&by, &new.label)).await?;
    let code = made.pairing.expose().to_owned();
    // Behind `#` it is sent to no server and stands in no log.
    let link = format!("/wall#pair={code}");
    reply(StatusCode::CREATED, &views::DeviceMade { id: made.id, link, code, exercise: sessions.exercise() })
}

async fn device_revoke<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let sessions = door.sessions();
    let (face, organisation) = (sessions.face(), walls_of(sessions, &who));
    let id = http::path(&mut request).await?;
    let by = Actor::of(&who.principal);
    ask(sessions, move |register| register.revoke_device(&by, face, organisation, &id)).await?;
    door.pulse();
    Ok(nothing())
}

fn key_view(info: KeyInfo) -> views::KeyView {
    views::KeyView {
        prefix: info.prefix,
        label: info.label,
        scopes: info.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        created_day: info.created_day.map(date),
        used_day: info.used_day.map(date),
        ends_at: info.expires_at.map(released::rfc3339),
    }
}

async fn keys<S: Door>(State(door): State<S>, Extension(who): Extension<Who>) -> Answer {
    let sessions = door.sessions();
    let organisation = organisation(&who).ok_or_else(Problem::absent)?;
    let held = ask(sessions, move |register| register.keys_of(organisation)).await?;
    let items = held.into_iter().map(key_view).collect();
    reply(StatusCode::OK, &views::KeyList { items, exercise: sessions.exercise() })
}

fn new_key(new: views::NewKey) -> Result<register::NewKey, Problem> {
    if new.scopes.len() > SCOPES_MAX {
        return Err(Problem::wrong_field("scopes: too many"));
    }
    let scope = |name: &String| {
        Scope::from_name(name).ok_or_else(|| {
            let words = Scope::ALL.map(Scope::as_str).join(", ");
            Problem::wrong_field(format!("scopes: each is one of {words}"))
        })
    };
    Ok(register::NewKey {
        label: new.label,
        answers: Answers { warn: new.warn.into(), know: new.know.into() },
        scopes: new.scopes.iter().map(scope).collect::<Result<_, _>>()?,
        days: new.days,
    })
}

async fn key_make<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let sessions = door.sessions();
    fresh(sessions, &who)?;
    let organisation = organisation(&who).ok_or_else(Problem::absent)?;
    let new = new_key(http::json(request, BODY_BYTES_MAX).await?)?;
    let by = Actor::of(&who.principal);
    let (key, made) = ask(sessions, move |register| register.make_key(&by, organisation, &new)).await?;
    let view = views::KeyMade { key: key.expose().to_owned(), made: key_view(made), exercise: sessions.exercise() };
    reply(StatusCode::CREATED, &view)
}

async fn key_revoke<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let sessions = door.sessions();
    let prefix = http::path(&mut request).await?;
    let by = Actor::of(&who.principal);
    ask(sessions, move |register| register.revoke_key(&by, &prefix)).await?;
    door.pulse();
    Ok(nothing())
}
