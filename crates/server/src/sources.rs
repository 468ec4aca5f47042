//! Opening who reported a case: two leads, of whom one gives a reason to which the other agrees, each with a fresh passkey and the share
//! that their own device gives out. The server never holds a key that opens more than the one case. A lead's key counts once others have
//! confirmed whose it is.

mod openings;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, MethodRouter, on};
use model::PersonId;
use register::{Actor, LEAD_KEY_BYTES, LeadKey, Register, Right, WaitingLeadKey, lead_key_fingerprint};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::{Lead, LeadPublicKey, Vault};

pub use openings::{NewOpening, NewShare, OpeningView, Openings, SourceName};

use crate::cell::{ACT_BYTES_MAX, CellParts, CellState};
use crate::http::{self, Answer, blocking, nothing, write as reply};
use crate::me::{ask, date};
use crate::problem::Problem;
use crate::session::Who;
use crate::table::{Access, Face, Param, Route, Shape, json, required};

/// Who can open sources, and what waits to be opened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourcesView {
    /// Whether the sources of cases that come now are sealed to leads: there are two at least whose keys count. Until then no source is
    /// kept that anybody could open.
    pub sealed: bool,
    /// Leads whose keys count, by name.
    pub leads: Vec<SourceLead>,
    /// Leads whose keys wait to be confirmed, by name: nothing is sealed to them.
    pub waiting: Vec<WaitingLead>,
    /// What waits for a second lead, or was opened by you in the last half hour.
    pub openings: Vec<OpeningView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A lead whose key counts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourceLead {
    /// Who.
    pub id: String,
    /// Name.
    pub name: String,
    /// SHA-256 of the public key, its first 128 bits, to be compared by voice.
    pub fingerprint: String,
    /// The day on which it was enrolled.
    pub day: String,
    /// Whether it is yours.
    pub own: bool,
}

/// A lead whose key waits until two other leads whose keys count, or whoever runs the server, have confirmed it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WaitingLead {
    /// Who.
    pub id: String,
    /// Name.
    pub name: String,
    /// SHA-256 of the public key, its first 128 bits: its owner reads it out, and whoever confirms it has heard it.
    pub fingerprint: String,
    /// The day on which it was enrolled.
    pub day: String,
    /// Leads who have confirmed it so far, by name.
    pub confirmed_by: Vec<String>,
    /// Whether you are one of them.
    pub own_confirmed: bool,
    /// Whether it is yours.
    pub own: bool,
}

/// The public half of a key that was made on your device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLeadKey {
    /// A point of P-256, uncompressed (SEC 1), in 130 lower-case hexadecimal digits.
    pub public: String,
}

/// Says that a key is that lead's.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLeadKeyConfirmation {
    /// The fingerprint as its owner read it out: 32 hexadecimal digits, in groups if you like.
    pub fingerprint: String,
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Has the vault seal sources to those who are leads now and whose keys count. A key that is none is left out: it never came in by a route.
/// `known` are those of the last time, whose keys need no second proof that they are points of the curve.
pub(crate) fn follow_leads(
    vault: &Vault,
    register: &Register,
    known: &mut Vec<Lead>,
) -> Result<(), register::RegisterError> {
    let lead = |key: &LeadKey| {
        let held = known.iter().find(|lead| lead.person == key.person && lead.key.as_bytes() == &key.public);
        held.cloned().or_else(|| {
            let public = LeadPublicKey::from_bytes(&key.public).ok()?;
            Some(Lead { person: key.person, key: public })
        })
    };
    let leads: Vec<Lead> = register.lead_keys()?.iter().filter_map(lead).collect();
    vault.set_leads(leads.clone());
    *known = leads;
    Ok(())
}

const CASE: Param = required("case", "Pseudonym of the case.");

/// The rows of the table of routes.
pub(crate) fn rows() -> Vec<Route> {
    let lead = |method, path, id, summary| {
        Route::new(Face::Cell, Access::Needs(Right::OpenSources), method, path, id, summary)
    };
    vec![
        lead("GET", "/cell/v1/sources", "sources", "Who can open sources together with another, and what waits for it.")
            .gives(200, json::<SourcesView>()),
        lead("PUT", "/cell/v1/sources/key", "lead_key", "Enrols the public half of a key that was made on your device, in place of an earlier one. It counts once two other leads whose keys count, or whoever runs the server, have confirmed it: cases that come from then on are sealed to it. Your passkey must have been shown within ten minutes.")
            .takes(json::<NewLeadKey>())
            .gives(204, Shape::Empty)
            .or(&[403, 422]),
        lead("DELETE", "/cell/v1/sources/key", "lead_key_remove", "Takes your key away: cases that come from now on are not sealed to it, and shares that you gave and nobody followed are forgotten.")
            .gives(204, Shape::Empty)
            .or(&[403, 404]),
        lead("PUT", "/cell/v1/sources/keys/{person}/confirmed", "lead_key_confirm", "Says that a key is that lead's, by the fingerprint that you heard from them. Your own key must count, and your passkey must have been shown within ten minutes.")
            .with(&[required("person", "Id of the lead whose key it is.")])
            .takes(json::<NewLeadKeyConfirmation>())
            .gives(204, Shape::Empty)
            .or(&[403, 404, 409, 422]),
        lead("POST", "/cell/v1/reports/{case}/opening", "opening_ask", "Asks that two leads open who reported a case. It is kept that you asked, and why.")
            .with(&[CASE])
            .takes(json::<NewOpening>())
            .gives(201, json::<OpeningView>())
            .or(&[403, 404, 409, 422]),
        lead("POST", "/cell/v1/reports/{case}/opening/shares", "opening_share", "Gives your share of a case, for the opening that you were shown. With the second of two the source is opened; it is kept in the journal, and the reporter is told.")
            .with(&[CASE])
            .takes(json::<NewShare>())
            .gives(200, json::<OpeningView>())
            .or(&[403, 404, 409, 422]),
    ]
}

pub(crate) fn handler(id: &str, filter: MethodFilter) -> Option<MethodRouter<CellState>> {
    Some(match id {
        "sources" => on(filter, show),
        "lead_key" => on(filter, enrol),
        "lead_key_remove" => on(filter, remove),
        "lead_key_confirm" => on(filter, confirm),
        "opening_ask" => on(filter, openings::begin),
        "opening_share" => on(filter, openings::give),
        _ => return None,
    })
}

/// Who asks, if they have shown a passkey in this session within ten minutes.
fn fresh(cell: &CellParts, who: &Who) -> Result<PersonId, Problem> {
    let (person, token) = (who.person()?, who.token()?);
    match cell.sessions.register().is_fresh_by_passkey(token) {
        true => Ok(person),
        false => Err(Problem::passkey_first()),
    }
}

async fn show(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>) -> Answer {
    let person = who.person()?;
    let keys = ask(&cell.sessions, |register| Ok((register.lead_keys()?, register.waiting_lead_keys()?)));
    let (count, wait) = keys.await?;
    let lead = |key: LeadKey| SourceLead {
        id: key.person.to_string(),
        fingerprint: lead_key_fingerprint(&key.public),
        name: key.name,
        day: date(key.day),
        own: key.person == person,
    };
    let waiting = |WaitingLeadKey { key, said_by }: WaitingLeadKey| WaitingLead {
        id: key.person.to_string(),
        fingerprint: lead_key_fingerprint(&key.public),
        name: key.name,
        day: date(key.day),
        own_confirmed: said_by.iter().any(|(lead, _)| *lead == person),
        confirmed_by: said_by.into_iter().map(|(_, name)| name).collect(),
        own: key.person == person,
    };
    let (leads, waiting) = (count.into_iter().map(lead).collect(), wait.into_iter().map(waiting).collect());
    let (sealed, exercise) = (cell.vault.seals_sources(), cell.exercise);
    let openings = blocking(move || cell.openings.views(&cell, person)).await??;
    reply(StatusCode::OK, &SourcesView { sealed, leads, waiting, openings, exercise })
}

async fn enrol(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let NewLeadKey { public } = http::json(request, ACT_BYTES_MAX).await?;
    let person = fresh(&cell, &who)?;
    let key = LeadPublicKey::parse(&public).map_err(|why| Problem::wrong_field(format!("public: {why}")))?;
    let bytes: [u8; LEAD_KEY_BYTES] = *key.as_bytes();
    let by = Actor::of(&who.principal);
    ask(&cell.sessions, move |register| register.set_lead_key(&by, &bytes)).await?;
    cell.openings.forget_shares(cell.now(), person);
    followed(cell).await
}

async fn remove(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>) -> Answer {
    let person = fresh(&cell, &who)?;
    let by = Actor::of(&who.principal);
    ask(&cell.sessions, move |register| register.remove_lead_key(&by)).await?;
    cell.openings.forget_shares(cell.now(), person);
    followed(cell).await
}

async fn confirm(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let lead: PersonId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let NewLeadKeyConfirmation { fingerprint } = http::json(request, ACT_BYTES_MAX).await?;
    let waits_or_counts = ask(&cell.sessions, move |register| {
        let waiting = register.waiting_lead_keys()?.into_iter().map(|waiting| waiting.key);
        Ok(register.lead_keys()?.into_iter().chain(waiting).any(|key| key.person == lead))
    });
    // Before the passkey is asked for: what others have is as absent as what nobody has.
    if !waits_or_counts.await? {
        return Err(Problem::absent());
    }
    fresh(&cell, &who)?;
    let by = Actor::of(&who.principal);
    ask(&cell.sessions, move |register| register.confirm_lead_key(&by, lead, &fingerprint)).await?;
    followed(cell).await
}

/// What comes from this moment on is sealed to those who are leads now and whose keys count.
async fn followed(cell: Arc<CellParts>) -> Answer {
    ask(&cell.sessions.clone(), move |register| follow_leads(&cell.vault, register, &mut Vec::new())).await?;
    Ok(nothing())
}
