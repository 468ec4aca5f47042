//! What the cell's listener answers: the desk's reads and the cell's acts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Extension, Router};
use desk::{LookupView, Sight};
use model::{
    AdvisoryId, CampaignId, CaseId, Clock, Entropy, Marking, Observable, Pap, PersonId, Severity, Timestamp, Tlp,
};
use policy::PostureWord;
use policy::planted::{self, Leak};
use register::Right;
use serde::Deserialize;
use vault::audit::Read;
use vault::{AdvisoryEntry, Body, Journal, JournalError, NewEntry, Vault};

use crate::across;
use crate::cell_groups;
use crate::fold::SharedFold;
use crate::gate;
use crate::guard::Guard;
use crate::http::{self, Answer, blocking, bytes, nothing, write as reply};
use crate::hub::{Audience, Hub, Start, no_place, stream_to};
use crate::me::Door;
use crate::meters::Meters;
use crate::problem::Problem;
use crate::session::{Peer, Sessions, Who};
use crate::table::Face;
use crate::views::{CellCampaignList, FaceView, Health, Made, NewAdvisory, NewPosture, NoiseList};
use crate::walled::Picture;

/// Most bytes of what an analyst sends.
pub(crate) const ACT_BYTES_MAX: usize = 64 << 10;
/// Longest title of an advisory, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// Longest text of an advisory or posture, in characters.
const TEXT_CHARS_MAX: usize = 5_000;
/// Most actions of an advisory.
const ACTIONS_MAX: usize = 20;
/// Campaigns of the list.
const CAMPAIGNS_MAX: usize = 200;
/// Values of a page of everyday values.
const NOISE_PAGE: usize = 50;
/// Longest query of a look-up, in bytes.
const QUERY_BYTES_MAX: usize = 4_096;

/// Everything that the cell's router needs.
#[derive(Clone)]
pub struct CellState(pub(crate) Arc<CellParts>);

/// The parts of [`CellState`].
pub struct CellParts {
    /// What the fold has made of the journal.
    pub fold: SharedFold,
    /// Where acts are appended.
    pub journal: Arc<dyn Journal>,
    /// Where messages to reporters go; it gives no source away.
    pub vault: Arc<Vault>,
    /// What members have.
    pub reader: released::Reader,
    /// The wall's stream.
    pub hub: Arc<Hub>,
    /// The members' stream, where this process has it: its viewers are counted.
    pub member_hub: Option<Arc<Hub>>,
    /// Who may come in.
    pub sessions: Sessions,
    /// What every request passes.
    pub guard: Guard,
    /// Figures.
    pub meters: Arc<Meters>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Name of the partnership.
    pub partnership: String,
    /// Whether this is an exercise.
    pub exercise: bool,
    /// Claims on their way to the journal, so that of two who claim at once one is told.
    pub claims: Mutex<HashMap<CaseId, PersonId>>,
    /// Sources that wait for a second lead.
    pub openings: crate::sources::Openings,
}

impl From<CellParts> for CellState {
    fn from(parts: CellParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl CellState {
    /// Makes members' open streams ask again, where this process has them.
    pub(crate) fn pulse_members(&self) {
        if let Some(hub) = &self.0.member_hub {
            hub.pulse();
        }
    }
}

impl Door for CellState {
    fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    fn pulse(&self) {
        self.0.hub.pulse();
        self.0.fold.pictures().pulse();
    }
}

/// The cell's router.
pub fn cell_router(state: CellState) -> Router {
    let (keeper, guard) = (state.0.sessions.clone(), state.0.guard.clone());
    gate::router(Face::Cell, state, &keeper, guard, handler)
}

pub(crate) fn handler(id: &str, filter: MethodFilter) -> Option<MethodRouter<CellState>> {
    Some(match id {
        "cell_face" => on(filter, face),
        "cell_openapi" => on(filter, gate::openapi),
        "cell_session" => on(filter, session),
        "cell_sign_out" => on(filter, sign_out),
        "wall" => on(filter, wall),
        "outside" => on(filter, crate::outside::list),
        "cell_campaigns" => on(filter, campaigns),
        "cell_campaign" => on(filter, campaign),
        "cell_lookup" => on(filter, lookup),
        "noise" => on(filter, noise),
        "cell_report" => on(filter, crate::cases::show),
        "cell_message" => on(filter, crate::cases::say),
        "cell_file_add" => on(filter, crate::files::cell_add),
        "cell_file" => on(filter, crate::files::cell_get),
        "claim" => on(filter, claim),
        "secondees" => on(filter, across::secondees),
        "pass" => on(filter, across::pass),
        "take_back" => on(filter, across::take_back),
        "advise" => on(filter, advise),
        "set_posture" => on(filter, set_posture),
        "cell_stream" => on(filter, stream),
        "cell_groups" => on(filter, cell_groups::groups),
        "make_group" => on(filter, cell_groups::make),
        "end_group" => on(filter, cell_groups::end),
        "group_join" => on(filter, cell_groups::join),
        "group_leave" => on(filter, cell_groups::leave),
        "health" => on(filter, health),
        "metrics" => on(filter, metrics),
        other => {
            let own = crate::sources::handler(other, filter).or_else(|| crate::feedback::handler(other, filter));
            let own = own.or_else(|| crate::words::handler(other, filter));
            let own = own.or_else(|| crate::members::handler(other, filter));
            return own.or_else(|| crate::me::handler(other.strip_prefix("cell_")?, filter));
        }
    })
}

impl CellParts {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Appends one act and returns once it is on disk.
    pub(crate) async fn append(&self, body: Body) -> Result<(), Problem> {
        let (done, result) = tokio::sync::oneshot::channel();
        let entry = NewEntry::new(self.now(), body);
        let failed = |error: JournalError| {
            tracing::error!(%error, "an act of the cell could not be appended");
            Problem::busy("it could not be stored; nothing was done")
        };
        let done = Box::new(move |outcome: Result<Vec<vault::Seq>, JournalError>| {
            // The request may have been given up meanwhile.
            let _ = done.send(outcome);
        });
        self.journal.append_then(vec![entry], done).map_err(failed)?;
        result.await.map_err(|_| failed(JournalError::Closed))?.map_err(failed)?;
        Ok(())
    }
}

/// What became of a claim before it is appended.
enum Taken {
    Absent,
    ByAnother,
    Already,
    Now,
}

impl CellParts {
    #[cfg(not(feature = "planted-leaks"))]
    pub(crate) fn has_case(&self, _case: CaseId) -> bool {
        false
    }

    #[cfg(feature = "planted-leaks")]
    pub(crate) fn has_case(&self, case: CaseId) -> bool {
        self.fold.spied(|_, desk, _| desk.has_case(case))
    }

    /// Takes a case for a person, unless somebody has it. People are told apart by their id: two may bear one name.
    fn take(&self, sight: &Sight, case: CaseId, by: PersonId) -> Result<Taken, Problem> {
        if !self.fold.see(sight, self.now(), |seen| seen.desk.has_case(case))? {
            return Ok(Taken::Absent);
        }
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        // Only those on their way to the journal are kept; the fold knows the others.
        claims.retain(|case, _| self.fold.owner(*case).is_none());
        Ok(match self.fold.owner(case).or_else(|| claims.get(&case).copied()) {
            Some(owner) if owner == by => Taken::Already,
            Some(_) => Taken::ByAnother,
            None => {
                claims.insert(case, by);
                Taken::Now
            }
        })
    }
}

async fn face(State(CellState(cell)): State<CellState>) -> Answer {
    let view = FaceView {
        face: "cell".to_owned(),
        partnership: cell.partnership.clone(),
        phone: None,
        mail: None,
        exercise: cell.exercise,
    };
    reply(StatusCode::OK, &view)
}

async fn session(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>) -> Answer {
    reply(StatusCode::OK, &cell.sessions.view(&who.principal))
}

async fn sign_out(State(CellState(cell)): State<CellState>, request: Request) -> Answer {
    let response = cell.sessions.sign_out(request.headers()).await;
    cell.hub.pulse();
    cell.fold.pictures().pulse();
    response
}

async fn wall(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>) -> Answer {
    let now = cell.now();
    let wall = blocking(move || {
        let facts = cell.fold.facts();
        cell.fold.see(&who.sight(), now, |seen| seen.desk.wall(now, seen.fusion, &facts))
    });
    reply(StatusCode::OK, &wall.await??)
}

async fn campaigns(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>) -> Answer {
    let now = cell.now();
    let exercise = cell.exercise;
    let items = blocking(move || {
        let sight = who.sight().lifted_by(Leak::WalledCampaigns);
        cell.fold.see(&sight, now, |seen| seen.desk.campaigns(now, seen.fusion, CAMPAIGNS_MAX))
    });
    reply(StatusCode::OK, &CellCampaignList { items: items.await??, exercise })
}

async fn campaign(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let id: CampaignId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let now = cell.now();
    // Reads up to two hundred reports from the journal: not on a thread that serves others, and not with the fold held.
    let page = blocking(move || {
        let sight = who.sight();
        let plan = cell.fold.see(&sight, now, |seen| seen.desk.page_plan(id, seen.fusion))?;
        let Some(plan) = plan else { return Ok(None) };
        cell.note_read(&who, &Read::Campaign(id))?;
        let text = plan.read(&*cell.journal);
        cell.fold.see(&sight, now, |seen| seen.desk.page(text, now, seen.fusion))
    })
    .await??;
    reply(StatusCode::OK, &page.ok_or_else(Problem::absent)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookupQuery {
    value: String,
    kind: Option<String>,
}

async fn lookup(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let LookupQuery { value, kind } = http::query(request.uri())?;
    let kind = http::kind(kind.as_deref())?;
    if value.len() > QUERY_BYTES_MAX {
        return Err(Problem::wrong_field(format!("value is longer than {QUERY_BYTES_MAX} bytes")));
    }
    let now = cell.now();
    let view = blocking(move || {
        let sight = who.sight().lifted_by(Leak::WalledLookup);
        let read = cell.fold.see(&sight, now, |seen| seen.desk.lookup(&value, kind, now, seen.fusion, |_| false))?;
        cell.note_read(&who, &Read::LookUp(read.normal.as_ref().unwrap_or(&value).clone()))?;
        // What members have is asked with nothing else held.
        let kind = read.kind.as_deref().and_then(|kind| kind.parse().ok());
        let observable = kind.zip(read.normal.clone()).map(|(kind, value)| Observable::from_normal(kind, value));
        let released = observable.is_some_and(|observable| cell.fold.is_released(&observable));
        Ok::<_, Problem>(LookupView { released, ..read })
    })
    .await??;
    reply(StatusCode::OK, &view)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoiseQuery {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

async fn noise(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let NoiseQuery { q, cursor } = http::query(request.uri())?;
    let after = match cursor {
        Some(cursor) => Some(cursor.parse::<usize>().map_err(|_| Problem::unreadable("cursor is not one of ours"))?),
        None => None,
    };
    let (exercise, now) = (cell.exercise, cell.now());
    let (items, next) = blocking(move || {
        let plan = cell.fold.see(&who.sight(), now, |seen| seen.desk.noise(after, seen.fusion))?;
        Ok::<_, Problem>(plan.read(&*cell.journal, &q, NOISE_PAGE))
    })
    .await??;
    reply(StatusCode::OK, &NoiseList { items, next: next.map(|next| next.to_string()), exercise })
}

async fn claim(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case: CaseId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let by = who.person()?;
    let taken = blocking({
        let (cell, sight) = (Arc::clone(&cell), who.sight());
        move || cell.take(&sight, case, by)
    });
    match taken.await?? {
        Taken::Absent if planted::is_on(Leak::WalledClaimRefused) && cell.has_case(case) => Err(Problem::role()),
        Taken::Absent => Err(Problem::absent()),
        Taken::ByAnother => Err(Problem::conflict("somebody else has claimed this report")),
        Taken::Already => Ok(nothing()),
        Taken::Now => {
            let appended = cell.append(Body::Claim { case, by, name: who.principal.name.clone() }).await;
            if appended.is_err() {
                cell.claims.lock().unwrap_or_else(PoisonError::into_inner).remove(&case);
            }
            appended.map(|()| nothing())
        }
    }
}

fn text(name: &str, text: &str, chars_max: usize) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::wrong_field(format!("{name} is empty")));
    }
    if text.chars().count() > chars_max {
        return Err(Problem::wrong_field(format!("{name} is longer than {chars_max} characters")));
    }
    Ok(text.to_owned())
}

fn advisory(new: &NewAdvisory) -> Result<AdvisoryEntry, Problem> {
    let severity: Severity =
        new.severity.parse().map_err(|error| Problem::wrong_field(format!("severity: {error}")))?;
    let tlp: Tlp = new.tlp.parse().map_err(|error| Problem::wrong_field(format!("tlp: {error}")))?;
    if tlp > Tlp::Amber {
        return Err(Problem::wrong_field(format!(
            "tlp: {tlp} is not for all members; a text to them is CLEAR, GREEN or AMBER"
        )));
    }
    if new.actions.len() > ACTIONS_MAX {
        return Err(Problem::wrong_field(format!("actions: more than {ACTIONS_MAX}")));
    }
    let campaign = match &new.campaign {
        Some(id) => Some(id.parse().map_err(|_| Problem::wrong_field("campaign is no id"))?),
        None => None,
    };
    Ok(AdvisoryEntry {
        id: AdvisoryId::from_bytes([0; 16]),
        title: text("title", &new.title, TITLE_CHARS_MAX)?,
        summary: text("summary", &new.summary, TEXT_CHARS_MAX)?,
        actions: new
            .actions
            .iter()
            .map(|action| text("action", action, TITLE_CHARS_MAX * 2))
            .collect::<Result<_, _>>()?,
        severity,
        marking: Marking { tlp, pap: Pap::Green },
        campaign,
        author: PersonId::from_bytes([0; 16]),
    })
}

async fn advise(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let new: NewAdvisory = http::json(request, ACT_BYTES_MAX).await?;
    let mut entry = advisory(&new)?;
    entry.id = AdvisoryId::from_bytes(cell.entropy.bytes());
    entry.author = who.person()?;
    if let Some(campaign) = entry.campaign {
        // The id stays the one that the analyst named: the campaign that it is part of by now may be so by reports that
        // members know nothing of, and the text's link is one that members see.
        let (shared, sight, now) = (cell.fold.clone(), who.sight(), cell.now());
        let known = move || shared.see(&sight, now, |seen| seen.fusion.brief(campaign).is_some());
        if !blocking(known).await?? {
            return Err(Problem::wrong_field("campaign: there is none with this id"));
        }
    }
    let id = entry.id.to_string();
    cell.append(Body::Advisory(entry)).await?;
    reply(StatusCode::CREATED, &Made { id, exercise: cell.exercise })
}

async fn set_posture(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let new: NewPosture = http::json(request, ACT_BYTES_MAX).await?;
    let word: PostureWord = new.word.parse().map_err(|error| Problem::wrong_field(format!("word: {error}")))?;
    let text = text("text", &new.text, TITLE_CHARS_MAX * 2)?;
    cell.append(Body::Posture { word, text, by: who.person()? }).await?;
    Ok(nothing())
}

struct CellViewer {
    cell: Arc<CellParts>,
    who: Who,
    sight: Sight,
    /// What is watched, if it is not everything.
    picture: Option<Arc<Picture>>,
}

impl Audience for CellViewer {
    fn snapshot(&self) -> Option<Start> {
        let (fold, now) = (&self.cell.fold, self.cell.now());
        match &self.picture {
            Some(picture) => picture.snapshot(now, &fold.facts()),
            None => fold.snapshot(now),
        }
    }

    /// Whoever is behind another wall than when the stream began, or may read no cases any more, begins anew or not at all.
    fn allowed(&self) -> bool {
        let present = self.cell.sessions.present(&self.who);
        present.is_some_and(|principal| principal.rights.has(Right::ReadCases) && Sight::of(&principal) == self.sight)
    }
}

async fn stream(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>) -> Answer {
    let sight = who.sight();
    let picture = if sight.is_whole() {
        None
    } else {
        let (shared, sight, now) = (cell.fold.clone(), sight.clone(), cell.now());
        Some(blocking(move || shared.picture(&sight, now)).await??)
    };
    let hub = picture.as_ref().map_or(&cell.hub, |picture| &picture.hub);
    let subscription = hub.subscribe(who.holder()).map_err(no_place)?;
    let viewer = CellViewer { cell, who, sight, picture };
    let start = http::in_place(|| viewer.snapshot()).ok_or_else(Problem::internal)?;
    Ok(stream_to(subscription, start, viewer))
}

/// Whether all is well: one word for whoever reaches the listener, and no figure.
async fn health(State(CellState(cell)): State<CellState>) -> Answer {
    let reader = cell.reader.clone();
    let released = blocking(move || reader.head_tick()).await?;
    let head = cell.journal.head().seq;
    let (folded, running) = cell.fold.progress();
    let well = running && head.saturating_sub(folded) <= crate::fold::LAG_MAX && released.is_ok();
    let status = if well { "ok" } else { "behind" }.to_owned();
    let code = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    reply(code, &Health { status, exercise: cell.exercise })
}

/// Figures, for this machine itself or whoever has the operator's token.
async fn metrics(State(CellState(cell)): State<CellState>, request: Request) -> Answer {
    let near = request.extensions().get::<Peer>().is_none_or(|Peer(address)| address.is_loopback());
    if !near && !cell.meters.opens(request.headers()) {
        return Err(Problem::signed_out());
    }
    cell.meters.cell_viewers.set((cell.hub.viewers() + cell.fold.pictures().viewers()) as f64);
    if let Some(hub) = &cell.member_hub {
        cell.meters.member_viewers.set(hub.viewers() as f64);
    }
    Ok(bytes(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", Bytes::from(cell.meters.render())))
}
