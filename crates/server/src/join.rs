//! What whoever has a link may do, the same at both listeners; and what handlers of organisations and people share.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, MethodRouter, on};
use model::{Region, Sector};
use policy::Assets;
use register::{JoinError, Link, Person, Profile, Register, RegisterError, SizeBand, Terms, date};

use crate::answers::reply;
use crate::http::{self, Answer, blocking};
use crate::joining_views as views;
use crate::me::{Door, in_place_of, refused};
use crate::problem::Problem;
use crate::session::Sessions;

/// Most bytes of what is sent about joining.
pub(crate) const JOINING_BYTES_MAX: usize = 256 << 10;
/// Most values of one list that a request may hold, before the register looks at them.
const VALUES_MAX: usize = 1_000;

/// Finds a handler by the operation's name without the listener's prefix.
pub(crate) fn handler<S: Door>(id: &str, filter: MethodFilter) -> Option<MethodRouter<S>> {
    Some(match id {
        "join_look" => on(filter, look::<S>),
        "join" => on(filter, join::<S>),
        "join_session" => on(filter, enrol::<S>),
        _ => return None,
    })
}

/// What a refused link or ticket is answered with.
pub(crate) fn not_joined(error: JoinError) -> Problem {
    match error {
        JoinError::Gone => Problem::link(),
        JoinError::Terms(_) => Problem::terms(error.to_string()),
        JoinError::Register(RegisterError::Exists(_)) => {
            Problem::conflict("this address has an account already: it has to be closed first, where it is")
        }
        JoinError::Register(error) => refused(error),
    }
}

/// Tries a link or ticket. Nobody waits for having tried a wrong one: with 256 random bits there is nothing to guess, and a
/// look costs no more than that of any request.
async fn with_link<S: Door, T: Send + 'static>(
    door: &S,
    act: impl FnOnce(&Register) -> Result<T, JoinError> + Send + 'static,
) -> Result<T, Problem> {
    let register = door.sessions().register();
    blocking(move || act(&register)).await?.map_err(not_joined)
}

async fn look<S: Door>(State(door): State<S>, request: Request) -> Answer {
    let look: views::NewLook = http::json(request, JOINING_BYTES_MAX).await?;
    let face = door.sessions().face();
    let found = with_link(&door, move |register| register.invited(face, &look.token)).await?;
    let view = views::InvitedView {
        kind: found.kind.as_str().to_owned(),
        organisation: found.organisation,
        role: found.role.as_str().to_owned(),
        email: found.email,
        name: found.name,
        expires_at: released::rfc3339(found.expires_at),
        terms: terms_view(found.terms),
        partnership: door.sessions().partnership().to_owned(),
        exercise: door.sessions().exercise(),
    };
    reply(StatusCode::OK, &view)
}

async fn join<S: Door>(State(door): State<S>, request: Request) -> Answer {
    let new: views::NewJoin = http::json(request, JOINING_BYTES_MAX).await?;
    let face = door.sessions().face();
    let joined = with_link(&door, move |register| register.join(face, &new.token, &new.name, new.terms));
    let ticket = joined.await?.ticket.0.expose().to_owned();
    // Another way in ends sessions: their streams ask again.
    door.pulse();
    reply(StatusCode::CREATED, &views::JoinedView { ticket, exercise: door.sessions().exercise() })
}

async fn enrol<S: Door>(State(door): State<S>, request: Request) -> Answer {
    let before = door.sessions().carried(request.headers());
    let new: views::NewEnrolment = http::json(request, JOINING_BYTES_MAX).await?;
    let face = door.sessions().face();
    let begun = with_link(&door, move |register| register.enrol(face, &new.ticket)).await?;
    let answer = door.sessions().entered(Ok(begun));
    in_place_of(&door, before, answer).await
}

pub(crate) fn terms_view(terms: Terms) -> views::TermsView {
    views::TermsView { version: terms.version, text: terms.text, from_day: date(terms.from_day) }
}

/// A field that is a name out of a list.
pub(crate) fn named<T: std::str::FromStr<Err = String>>(field: &str, text: &str) -> Result<T, Problem> {
    let shown: String = text.chars().take(40).collect();
    text.parse().map_err(|_| Problem::wrong_field(format!("{field}: {shown:?} is none")))
}

pub(crate) fn sectors(names: &[String]) -> Result<(Sector, Vec<Sector>), Problem> {
    let all: Vec<Sector> =
        names.iter().take(VALUES_MAX).map(|name| named("sectors", name)).collect::<Result<_, _>>()?;
    match all.first() {
        Some(main) => Ok((*main, all)),
        None => Err(Problem::wrong_field("sectors is empty")),
    }
}

/// What belongs to an organisation, as a request tells it.
pub(crate) struct Told {
    pub(crate) region: Option<String>,
    pub(crate) size: Option<String>,
    pub(crate) further: Vec<Sector>,
    pub(crate) assets: Assets,
    pub(crate) software: Vec<String>,
}

impl Told {
    pub(crate) fn profile(self) -> Result<Profile, Problem> {
        let region = self.region.as_deref().map(|name| named::<Region>("region", name)).transpose()?;
        let size = self.size.as_deref().map(|name| named::<SizeBand>("size", name)).transpose()?;
        Ok(Profile { region, size, further: self.further, assets: self.assets, software: self.software })
    }
}

pub(crate) fn person_view(person: Person, home: Option<String>) -> views::PersonView {
    let held = person.secondment;
    views::PersonView {
        id: person.id.to_string(),
        name: person.name,
        email: person.email,
        role: person.role.as_str().to_owned(),
        disabled: person.disabled,
        home,
        vetting: held.as_ref().map(|held| held.vetting.clone()),
        vetted_until: held.as_ref().map(|held| released::rfc3339(held.vetted_until)),
        wall: held.map(|held| held.wall.iter().map(|sector| sector.as_str().to_owned()).collect()).unwrap_or_default(),
    }
}

pub(crate) fn link_view(sessions: &Sessions, link: &Link, organisation: Option<String>) -> views::LinkView {
    let link = link.as_ref().map(|link| link.expose().to_owned());
    views::LinkView { link, organisation, exercise: sessions.exercise() }
}

/// A place in a list as a cursor writes it.
pub(crate) fn cursor((at, id): register::Place) -> String {
    format!("{at}.{}", model::InvitationId::from_bytes(id))
}

/// A cursor of ours.
pub(crate) fn place(cursor: Option<&str>) -> Result<Option<register::Place>, Problem> {
    let read = |text: &str| {
        let (at, id) = text.split_once('.')?;
        Some((at.parse().ok()?, *id.parse::<model::InvitationId>().ok()?.as_bytes()))
    };
    cursor.map(|text| read(text).ok_or_else(|| Problem::unreadable("cursor is not one of ours"))).transpose()
}

/// A cursor that is a name or an address.
pub(crate) fn after(cursor: Option<String>) -> Result<Option<String>, Problem> {
    match cursor {
        Some(text) if text.len() > 1_000 => Err(Problem::unreadable("cursor is not one of ours")),
        cursor => Ok(cursor),
    }
}
