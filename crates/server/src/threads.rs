//! An organisation's own reports and its threads with the cell: what it sent, what was said, and what it changes.
//!
//! What is another organisation's is absent, by the same answer and the same work.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use intake::{BODY_BYTES_MAX, FieldProblem, Message, Reporter};
use model::{CaseId, Observable, OrganisationId};
use register::{Right, Scope};
use serde::Deserialize;
use vault::Act;

use crate::answers::reply;
use crate::http::{self, Answer, blocking, nothing, says_json};
use crate::member::{MemberParts, MemberState};
use crate::once::{self, Asked, Done};
use crate::problem::Problem;
use crate::reports::{item, refused, slow_down, way_in};
use crate::session::Who;
use crate::table::{Access, CURSOR, Face, Param, Route, Shape, json, required};
use crate::views::{CorrectionReceipt, OwnReportList, OwnReportRow, OwnReportView, OwnValue};
use crate::{member_groups, thread_notes, views};

/// Reports of a page of the list.
const PAGE: usize = 50;
/// Values of a report that are looked up for its page.
const VALUES_LOOKED_UP_MAX: usize = 1_000;
/// Most bytes of a message or an answer.
const ACT_BYTES_MAX: usize = 64 << 10;

const REFERENCE: Param = required("reference", "Reference of the report, as its receipt says.");

/// The rows of the table of routes.
#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Route> {
    let reporter = |method, path, id, summary| {
        Route::new(Face::Member, Access::Needs(Right::Report), method, path, id, summary)
    };
    vec![
        reporter("GET", "/api/v1/reports", "own_reports", "Your organisation's own reports, the latest first.")
            .with(&[CURSOR])
            .key(Scope::Report).gives(200, json::<views::OwnReportList>())
            .or(&[503]),
        reporter("GET", "/api/v1/reports/{reference}", "own_report", "One of your organisation's own reports as it stands, with its thread; anybody else's is absent. A report that was just received is there within a second.")
            .with(&[REFERENCE])
            .key(Scope::Report).gives(200, json::<views::OwnReportView>())
            .or(&[404, 503]),
        reporter("PUT", "/api/v1/reports/{reference}", "correct", "Corrects a report: what it says, and which values it names. Members lose at the next tick what only it had told them and it names no more.")
            .with(&[REFERENCE])
            .takes(json::<views::NewCorrection>())
            .once().key(Scope::Report).gives(200, json::<views::CorrectionReceipt>())
            .or(&[404, 409, 422, 429, 503]),
        reporter("DELETE", "/api/v1/reports/{reference}", "withdraw", "Takes a report back: members lose at the next tick what only it had told them, the cell keeps it.")
            .with(&[REFERENCE])
            .once().key(Scope::Report).gives(204, Shape::Empty)
            .or(&[404, 409, 422, 429, 503]),
        reporter("POST", "/api/v1/reports/{reference}/recall", "recall", "Takes a report back that should never have been sent: its content and its thread go from the journal, the cell's screens and, where only it told them, from members.")
            .with(&[REFERENCE])
            .once().key(Scope::Report).gives(204, Shape::Empty)
            .or(&[404, 409, 422, 429, 503]),
        reporter("POST", "/api/v1/reports/{reference}/messages", "own_message", "Says something to the cell in the thread of a report.")
            .with(&[REFERENCE])
            .takes(json::<views::NewMessage>())
            .once().key(Scope::Report).gives(204, Shape::Empty)
            .or(&[404, 409, 422, 429, 503]),
        reporter("POST", "/api/v1/reports/{reference}/consent", "consent", "Lets more be warned than before.")
            .with(&[REFERENCE])
            .takes(json::<views::NewConsent>())
            .once().key(Scope::Report).gives(204, Shape::Empty)
            .or(&[404, 409, 422, 429, 503]),
        reporter("POST", "/api/v1/reports/{reference}/read", "own_read", "Notes that your organisation has read what is new in a thread.")
            .with(&[REFERENCE])
            .key(Scope::Report).gives(204, Shape::Empty)
            .or(&[404, 503]),
    ]
}

fn organisation(who: &Who) -> Result<OrganisationId, Problem> {
    Ok(who.principal.organisation.as_ref().ok_or_else(Problem::signed_out)?.id)
}

fn failed(error: &::own::OwnError) -> Problem {
    tracing::error!(%error, "own reports could not be read");
    Problem::internal()
}

impl MemberParts {
    pub(crate) async fn own<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&::own::Reader) -> Result<T, ::own::OwnError> + Send + 'static,
    ) -> Result<T, Problem> {
        let member = Arc::clone(self);
        blocking(move || {
            let own = member.own.as_ref().ok_or_else(|| Problem::busy("own reports are not kept here"))?;
            ask(own).map_err(|error| failed(&error))
        })
        .await?
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    cursor: Option<String>,
}

/// `GET /api/v1/reports`.
pub(crate) async fn list(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let ListQuery { cursor } = http::query(request.uri())?;
    let before = cursor.map(|cursor| cursor.parse().map_err(|_| Problem::unreadable("cursor is not one of ours")));
    let before = before.transpose()?;
    let organisation = organisation(&who)?;
    let (page, unread) =
        member.own(move |own| Ok((own.list(organisation, before, PAGE)?, own.unread(organisation)?))).await?;
    let row = |entry: ::own::Entry| OwnReportRow {
        reference: entry.case.to_string(),
        at: released::rfc3339(entry.summary.at),
        title: entry.summary.title,
        attack: entry.summary.attack,
        state: entry.summary.status,
        unread: entry.unread,
    };
    let list = OwnReportList {
        items: page.entries.into_iter().map(row).collect(),
        next: page.next.map(|next| next.to_string()),
        unread,
        exercise: member.exercise,
    };
    reply(StatusCode::OK, &list)
}

async fn case_of(request: &mut Request) -> Result<CaseId, Problem> {
    http::path(request).await?.parse().map_err(|_| Problem::absent())
}

/// `GET /api/v1/reports/{reference}`.
pub(crate) async fn show(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case = case_of(&mut request).await?;
    let organisation = organisation(&who)?;
    let thread = member.own(move |own| own.thread(organisation, case)).await?.ok_or_else(|| member.no_report(case))?;
    let mut view = thread_notes::view(&thread, member.exercise);
    member.released_values(&who, &mut view).await?;
    reply(StatusCode::OK, &view)
}

fn wrong(problems: &[FieldProblem]) -> Problem {
    let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Problem::wrong_field(text.join("; "))
}

async fn body(request: Request, limit: usize) -> Result<axum::body::Bytes, Problem> {
    if !says_json(request.headers()) {
        return Err(Problem::media_type("application/json"));
    }
    http::body(request, limit).await
}

impl MemberParts {
    /// Enters since when members have each value: from the released store alone, as a look-up by anybody would tell it.
    async fn released_values(self: &Arc<Self>, who: &Who, view: &mut OwnReportView) -> Result<(), Problem> {
        let read = |value: &OwnValue| Observable::parse(value.kind.parse().ok()?, &value.value).ok();
        let (places, values): (Vec<usize>, Vec<Observable>) = view
            .values
            .iter()
            .enumerate()
            .take(VALUES_LOOKED_UP_MAX)
            .filter_map(|(place, value)| Some((place, read(value)?)))
            .unzip();
        let own = member_groups::memberships(self, who);
        // Only of what members have is anything entered.
        let known = self.ask(move |reader, now| outlets::known(reader, &values, &own, &|_| None, now)).await?;
        for (place, known) in places.into_iter().zip(known) {
            if let (Some(value), Some(since)) = (view.values.get_mut(place), known.since) {
                (value.released_at, value.verdict) = (Some(since), Some(known.verdict.to_owned()));
            }
        }
        Ok(())
    }

    /// No report of this reference is the asker's own.
    #[cfg(not(feature = "planted-leaks"))]
    #[allow(clippy::unused_self, reason = "only a planted leak looks at it")]
    fn no_report(&self, _case: CaseId) -> Problem {
        Problem::absent()
    }

    /// As in every other build, unless a leak is planted.
    #[cfg(feature = "planted-leaks")]
    fn no_report(&self, case: CaseId) -> Problem {
        if crate::leaks::is_anothers(self, case) { Problem::role() } else { Problem::absent() }
    }

    /// Does what a request asks, once for each key.
    async fn act(
        &self,
        who: &Who,
        asked: (Asked, CaseId, &[u8]),
        parse: impl FnOnce(&Reporter) -> Result<(Act, Option<CorrectionReceipt>), Vec<FieldProblem>>,
    ) -> Answer {
        let (intake, organisation) = way_in(self, who)?;
        let (asked, case, body) = asked;
        let once = match self.once(self.turn(who, asked)?, body).await? {
            Ok(once) => once,
            Err(done) => return Ok(done.response()),
        };
        let at = self.clock.now();
        let (act, answer) = parse(&intake.reporter(organisation, at)).map_err(|problems| wrong(&problems))?;
        if let Act::Correct(correction) = &act {
            crate::sealed_files::words_to_now(self, &correction.narrative, true).await?;
        }
        let answer = match answer {
            Some(answer) => serde_json::to_string(&answer).map_err(|_| Problem::internal())?,
            None => String::new(),
        };
        intake.take(organisation.id, at).map_err(slow_down)?;
        let status = if answer.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK };
        let message = Message::Act { organisation: organisation.id, case, act, at };
        let told = match once.send(intake, message, status, answer.clone()).await? {
            Ok(told) => told,
            Err(done) => return Ok(done.response()),
        };
        match once::acted(told)? {
            Ok(()) => Ok(Done { status: status.as_u16(), answer, accepted: None }.response()),
            Err(done) => Ok(done.response()),
        }
    }

    /// Does what a request without a body asks.
    async fn plain(&self, who: &Who, mut request: Request, act: Act) -> Answer {
        let case = case_of(&mut request).await?;
        let asked = Asked::of(&request)?;
        self.act(who, (asked, case, &[]), |_| Ok((act, None))).await
    }
}

/// `POST /api/v1/reports/{reference}/messages`.
pub(crate) async fn say(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case = case_of(&mut request).await?;
    let asked = Asked::of(&request)?;
    let body = body(request, ACT_BYTES_MAX).await?;
    member.act(&who, (asked, case, &body), |_| Ok((intake::parse_message(&body)?, None))).await
}

/// `POST /api/v1/reports/{reference}/consent`.
pub(crate) async fn consent(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case = case_of(&mut request).await?;
    let asked = Asked::of(&request)?;
    let body = body(request, ACT_BYTES_MAX).await?;
    let parse = |reporter: &Reporter| Ok((intake::parse_consent(&body, reporter)?, None));
    member.act(&who, (asked, case, &body), parse).await
}

/// `PUT /api/v1/reports/{reference}`.
pub(crate) async fn correct(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case = case_of(&mut request).await?;
    let asked = Asked::of(&request)?;
    let body = body(request, BODY_BYTES_MAX).await?;
    let exercise = member.exercise;
    let parse = |reporter: &Reporter| {
        let (act, items) = intake::parse_correction(&body, reporter, exercise)?;
        let items = items.into_iter().enumerate().map(item).collect();
        Ok((act, Some(CorrectionReceipt { status: "received".to_owned(), items, exercise })))
    };
    member.act(&who, (asked, case, &body), parse).await
}

/// `DELETE /api/v1/reports/{reference}`.
pub(crate) async fn withdraw(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    member.plain(&who, request, Act::Withdraw).await
}

/// `POST /api/v1/reports/{reference}/recall`.
pub(crate) async fn recall(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    member.plain(&who, request, Act::Recall).await
}

/// `POST /api/v1/reports/{reference}/read`.
pub(crate) async fn read(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case = case_of(&mut request).await?;
    let organisation = organisation(&who)?;
    if member.own(move |own| own.thread(organisation, case)).await?.is_none() {
        return Err(Problem::absent());
    }
    let (intake, _) = way_in(&member, &who)?;
    let message = Message::ThreadRead { organisation, case };
    intake.sender().send(message).await.map_err(|error| refused(&error))?;
    Ok(nothing())
}
