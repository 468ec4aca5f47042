//! What the members' listener answers: released items from their store, and the way in for reports.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Extension, Router};
use futures_util::{StreamExt as _, stream};
use model::{Clock, Timestamp, Tlp};
use outlets::{LIMIT_DEFAULT, OutletError, Resumed, of_tick};
use register::Right;
use release::Everyday;
use released::{FeedPlace, Reader};
use serde::Deserialize;

use crate::answers::{MemberAnswer, reply};
use crate::gate;
use crate::guard::Guard;
use crate::http::{self, Answer, blocking};
use crate::hub::{Audience, Hub, Start, event, no_place, stream_to};
use crate::me::Door;
use crate::member_groups;
use crate::problem::Problem;
use crate::pump::{Snapshots, place};
use crate::reports::Intake;
use crate::session::{Sessions, Who};
use crate::table::Face;
use crate::views::FaceView;

/// Everything that the members' router needs; there is no way to the vault in it.
#[derive(Clone)]
pub struct MemberState(pub(crate) Arc<MemberParts>);

/// The parts of [`MemberState`].
pub struct MemberParts {
    /// What is released.
    pub reader: Reader,
    /// Lists of everyday values: whether a value is on one is told of those that are not released, too.
    pub everyday: Everyday,
    /// The first page as a frame.
    pub snapshots: Arc<Snapshots>,
    /// The members' stream.
    pub hub: Arc<Hub>,
    /// Who may come in.
    pub sessions: Sessions,
    /// What every request passes.
    pub guard: Guard,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The way in for reports; `None` refuses them all.
    pub intake: Option<Intake>,
    /// Each organisation's own reports; `None` where this process has no key to them.
    pub own: Option<::own::Reader>,
    /// What is published of the audit log.
    pub audit: tlog::Published,
    /// Name of the partnership.
    pub partnership: String,
    /// Whether this is an exercise.
    pub exercise: bool,
    /// What planted leaks look at; only test builds have it.
    #[cfg(feature = "planted-leaks")]
    pub spy: Option<crate::fold::SharedFold>,
}

impl From<MemberParts> for MemberState {
    fn from(parts: MemberParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Door for MemberState {
    fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    fn pulse(&self) {
        self.0.hub.pulse();
    }
}

/// The members' router.
pub fn member_router(state: MemberState) -> Router {
    let (keeper, guard) = (state.0.sessions.clone(), state.0.guard.clone());
    gate::router(Face::Member, state, &keeper, guard, handler)
}

pub(crate) fn handler(id: &str, filter: MethodFilter) -> Option<MethodRouter<MemberState>> {
    Some(match id {
        "face" => on(filter, face),
        "openapi" => on(filter, gate::openapi),
        "session" => on(filter, session),
        "sign_out" => on(filter, sign_out),
        "home" => on(filter, home),
        "indicators" => on(filter, indicators),
        "campaigns" => on(filter, campaigns),
        "campaign" => on(filter, campaign),
        "lookup" => on(filter, lookup),
        "advisories" => on(filter, advisories),
        "advisory_read" => on(filter, crate::reports::advisory_read),
        "feed" => on(filter, feed),
        "groups" => on(filter, member_groups::groups),
        "group" => on(filter, member_groups::group),
        "group_items" => on(filter, member_groups::items),
        "group_watch" => on(filter, member_groups::watch),
        "group_add" => on(filter, member_groups::add),
        "report" => on(filter, crate::reports::report),
        "own_reports" => on(filter, crate::threads::list),
        "own_report" => on(filter, crate::threads::show),
        "correct" => on(filter, crate::threads::correct),
        "withdraw" => on(filter, crate::threads::withdraw),
        "recall" => on(filter, crate::threads::recall),
        "own_message" => on(filter, crate::threads::say),
        "consent" => on(filter, crate::threads::consent),
        "own_file_add" => on(filter, crate::files::add),
        "own_file" => on(filter, crate::files::get),
        "own_read" => on(filter, crate::threads::read),
        "preview" => on(filter, crate::preview::preview),
        "receipt_key" => on(filter, crate::instant::receipt_key),
        "break_glass" => on(filter, crate::plain::break_glass),
        "status_page" => on(filter, crate::plain::status),
        "plain_style" => on(filter, crate::plain::style),
        "tell_page" => on(filter, crate::tell::page),
        "tell" => on(filter, crate::tell::tell),
        "tell_back_page" => on(filter, crate::tell::back_page),
        "tell_back" => on(filter, crate::tell::back),
        "import" => on(filter, crate::reports::import),
        "extract" => on(filter, crate::extraction::extract),
        "stream" => on(filter, stream),
        other => {
            let own = crate::organisation::handler(other, filter).or_else(|| crate::audit::handler(other, filter));
            return own.or_else(|| crate::me::handler(other, filter));
        }
    })
}

pub(crate) fn failed(error: &OutletError) -> Problem {
    tracing::error!(%error, "the released store could not be read");
    Problem::internal()
}

impl MemberParts {
    /// Asks the released store, on a thread that may wait for it.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&Reader, Timestamp) -> Result<T, OutletError> + Send + 'static,
    ) -> Result<T, Problem> {
        let member = Arc::clone(self);
        blocking(move || ask(&member.reader, member.clock.now())).await?.map_err(|error| failed(&error))
    }

    pub(crate) async fn answer<T: MemberAnswer + Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&Reader, Timestamp) -> Result<T, OutletError> + Send + 'static,
    ) -> Answer {
        reply(StatusCode::OK, &self.ask(ask).await?)
    }
}

async fn face(State(MemberState(member)): State<MemberState>) -> Answer {
    let contact = member.intake.as_ref().map(|intake| intake.contact(member.clock.now()));
    let set = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let view = FaceView {
        face: "member".to_owned(),
        partnership: member.partnership.clone(),
        phone: contact.as_ref().and_then(|contact| set(&contact.phone)),
        mail: contact.as_ref().and_then(|contact| set(&contact.mail)),
        exercise: member.exercise,
    };
    reply(StatusCode::OK, &view)
}

async fn session(State(MemberState(member)): State<MemberState>, Extension(who): Extension<Who>) -> Answer {
    reply(StatusCode::OK, &member.sessions.view(&who.principal))
}

async fn sign_out(State(MemberState(member)): State<MemberState>, request: Request) -> Answer {
    let response = member.sessions.sign_out(request.headers()).await;
    member.hub.pulse();
    response
}

async fn home(State(MemberState(member)): State<MemberState>) -> Answer {
    let response = member.answer(|reader, now| Ok(outlets::home(reader, now)?.0)).await;
    #[cfg(feature = "planted-leaks")]
    let response = response.map(|mut response| {
        crate::leaks::etag(&member, &mut response);
        response
    });
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    cursor: Option<String>,
    limit: Option<usize>,
}

impl PageQuery {
    pub(crate) fn of(request: &Request) -> Result<(Option<String>, usize), Problem> {
        let Self { cursor, limit } = http::query(request.uri())?;
        Ok((cursor, limit.unwrap_or(LIMIT_DEFAULT)))
    }
}

async fn indicators(State(MemberState(member)): State<MemberState>, request: Request) -> Answer {
    let (cursor, limit) = PageQuery::of(&request)?;
    member.answer(move |reader, _| outlets::indicators(reader, cursor.as_deref(), limit)).await
}

async fn campaigns(State(MemberState(member)): State<MemberState>, request: Request) -> Answer {
    let (cursor, limit) = PageQuery::of(&request)?;
    member.answer(move |reader, _| outlets::campaigns(reader, cursor.as_deref(), limit)).await
}

async fn campaign(State(MemberState(member)): State<MemberState>, mut request: Request) -> Answer {
    let id = http::path(&mut request).await?;
    #[cfg(feature = "planted-leaks")]
    let id = crate::leaks::campaign_of_reference(&member, id);
    let found = member.ask(move |reader, _| outlets::campaign(reader, &id)).await?;
    reply(StatusCode::OK, &found.ok_or_else(Problem::absent)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookupQuery {
    value: String,
    kind: Option<String>,
}

async fn lookup(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let LookupQuery { value, kind } = http::query(request.uri())?;
    let kind = http::kind(kind.as_deref())?;
    if value.len() > outlets::QUERY_BYTES_MAX {
        return Err(Problem::wrong_field(format!("value is longer than {} bytes", outlets::QUERY_BYTES_MAX)));
    }
    let own = member_groups::memberships(&member, &who);
    let everyday = member.everyday.clone();
    let verdict = member
        .ask(move |reader, now| outlets::lookup(reader, &value, kind, &own, &|value| everyday.why(value), now))
        .await?;
    #[cfg(feature = "planted-leaks")]
    let verdict = {
        let mut verdict = verdict;
        crate::leaks::lookup(&member, &mut verdict)?;
        verdict
    };
    reply(StatusCode::OK, &verdict)
}

async fn advisories(State(MemberState(member)): State<MemberState>, Extension(who): Extension<Who>) -> Answer {
    let all = who.principal.rights.has(Right::ReadReleased);
    member.answer(move |reader, _| outlets::advisories(reader, (!all).then_some(Tlp::Green))).await
}

async fn feed(State(MemberState(member)): State<MemberState>, mut request: Request) -> Answer {
    let file = outlets::feed_named(&http::path(&mut request).await?).ok_or_else(Problem::absent)?;
    let now = member.clock.now();
    let head = member.ask(move |reader, _| outlets::feed_head(reader, file)).await?;
    let first = stream::iter((!head.is_empty()).then_some(Ok::<_, std::io::Error>(head)));
    let lines = stream::try_unfold((member, FeedPlace::START), move |(member, after)| async move {
        let piece = member.ask(move |reader, _| outlets::feed_piece(reader, file, now, after)).await;
        // A feed that breaks off must not look whole: the error ends the connection.
        let piece = piece.map_err(|_| std::io::Error::other("the released store could not be read"))?;
        Ok::<_, std::io::Error>(piece.map(|(text, place)| (text, (member, place))))
    });
    let mut response = Response::new(Body::from_stream(first.chain(lines)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(file.media()));
    Ok(response)
}

struct MemberViewer {
    member: Arc<MemberParts>,
    who: Who,
    /// The groups that it was in when it began, for a planted leak.
    began: Vec<policy::Membership>,
}

impl Audience for MemberViewer {
    fn snapshot(&self) -> Option<Start> {
        let start = self.member.snapshots.get(self.member.clock.now());
        let start = start.and_then(|start| member_groups::told(&self.member, &self.who, start));
        start.map_err(|error| failed(&error)).ok()
    }

    fn allowed(&self) -> bool {
        self.member.sessions.still_in(&self.who)
    }

    fn is_of(&self, audience: &policy::Audience) -> bool {
        member_groups::is_of(&self.member, &self.who, &self.began, audience)
    }
}

async fn stream(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let last_event_id = request.headers().get("last-event-id").map(|id| id.to_str().unwrap_or_default().to_owned());
    // Listening begins before the store is read, so that nothing falls between.
    let subscription = member.hub.subscribe(who.holder()).map_err(no_place)?;
    let start = member.ask({
        let (member, who) = (Arc::clone(&member), who.clone());
        move |reader, now| {
            let start = start(reader, &member.snapshots, last_event_id.as_deref(), now)?;
            member_groups::told(&member, &who, start)
        }
    });
    let start = start.await?;
    let began = member_groups::memberships(&member, &who);
    Ok(stream_to(subscription, start, MemberViewer { member, who, began }))
}

fn start(
    reader: &Reader,
    snapshots: &Snapshots,
    last_event_id: Option<&str>,
    now: Timestamp,
) -> Result<Start, OutletError> {
    let Some(id) = last_event_id else { return snapshots.get(now) };
    match outlets::resume(reader, id)? {
        Resumed::From(missed, last) => {
            let frame = |(tick, release)| {
                event("release", Some(&of_tick(tick)), &serde_json::to_string(&release).unwrap_or_default())
            };
            Ok(Start { frames: missed.into_iter().map(frame).collect(), place: place(last) })
        }
        Resumed::Resync => {
            let mut start = snapshots.get(now)?;
            start.frames.insert(0, event("resync", None, "{}"));
            Ok(start)
        }
    }
}
