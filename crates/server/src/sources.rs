//! Opening who reported a case: two leads, each with a reason, a fresh passkey and the share that their own device gives out. The
//! server never holds a key that opens more than the one case.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, MethodRouter, on};
use model::{CaseId, PersonId, Timestamp};
use register::{Actor, LEAD_KEY_BYTES, LeadKey, Register, Right};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::{Lead, LeadPublicKey, OpenedSource, Opener, OpeningKeys, REASON_CHARS_MAX, Share, Vault};

use crate::cell::{ACT_BYTES_MAX, CellParts, CellState};
use crate::http::{self, Answer, blocking, nothing, write as reply};
use crate::me::{ask, date};
use crate::problem::Problem;
use crate::session::Who;
use crate::table::{Access, Face, Param, Route, Shape, json, required};

/// How long an opening waits for the second lead, and how long the two can read what came of it.
const OPENING_MILLIS: i64 = 30 * 60_000;
/// When an opening is looked after: a little after its time.
const FORGET_AFTER: Duration = Duration::from_secs(30 * 60 + 5);
/// Openings at once.
const OPENINGS_MAX: usize = 50;
/// Shortest reason, in characters.
const REASON_CHARS_MIN: usize = 10;
/// Hexadecimal digits of a fingerprint: enough that nobody makes a second key with it.
const FINGERPRINT_DIGITS: usize = 32;

/// Who can open sources, and what waits to be opened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourcesView {
    /// Whether the sources of cases that come now are sealed to leads: there are two with a key at least. Until then no source is
    /// kept that anybody could open.
    pub sealed: bool,
    /// Leads with a key, by name.
    pub leads: Vec<SourceLead>,
    /// What waits for a second lead, or was opened by you in the last half hour.
    pub openings: Vec<OpeningView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A lead with a key.
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

/// A case whose source two leads open.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpeningView {
    /// Pseudonym of the case.
    pub case: String,
    /// Why; the reporter will be told.
    pub reason: String,
    /// Who asked for it.
    pub asked_by: String,
    /// Until when a second lead can take part, or you can read what came of it.
    pub until: String,
    /// Who has given a share.
    pub given: Vec<String>,
    /// Whether you have.
    pub own_given: bool,
    /// The secret that your device needs for your share of this case, sealed to your key, in hexadecimal digits; null if your key
    /// was enrolled after the case came.
    pub secret: Option<String>,
    /// Who reported it, for the two who opened it; null before.
    pub source: Option<SourceName>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Who reported a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceName {
    /// Name of the organisation; null if it was somebody without an account, of whom only the case itself tells.
    pub organisation: Option<String>,
    /// How to reach them, if they said and wished that nobody knows who they are; null after a recall.
    pub contact: Option<String>,
}

/// The public half of a key that was made on your device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLeadKey {
    /// A point of P-256, uncompressed (SEC 1), in 130 lower-case hexadecimal digits.
    pub public: String,
}

/// Asks that the source of a case be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOpening {
    /// Why, in 10 to 500 characters. It is kept, and the reporter is told.
    pub reason: String,
}

/// Your share of one case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// 64 lower-case hexadecimal digits.
    pub share: String,
}

struct Given {
    by: PersonId,
    name: String,
    share: Share,
}

struct Opening {
    reason: String,
    asked_by: String,
    until: Timestamp,
    given: Vec<Given>,
    opened: Option<([PersonId; 2], SourceName)>,
}

/// What waits for a second lead. Shares lie here alone, for half an hour.
#[derive(Default)]
pub struct Openings(Mutex<BTreeMap<CaseId, Opening>>);

impl Openings {
    fn with<T>(&self, now: Timestamp, work: impl FnOnce(&mut BTreeMap<CaseId, Opening>) -> T) -> T {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, opening| now < opening.until);
        work(&mut held)
    }
}

impl Opening {
    fn view(&self, case: CaseId, keys: Option<&OpeningKeys>, of: PersonId, exercise: bool) -> OpeningView {
        let secret = keys.and_then(|keys| keys.leads.iter().find(|(person, _)| *person == of));
        OpeningView {
            case: case.to_string(),
            reason: self.reason.clone(),
            asked_by: self.asked_by.clone(),
            until: released::rfc3339(self.until),
            given: self.given.iter().map(|given| given.name.clone()).collect(),
            own_given: self.given.iter().any(|given| given.by == of),
            secret: secret.map(|(_, sealed)| hex(sealed)),
            source: self.opened.as_ref().filter(|(by, _)| by.contains(&of)).map(|(_, source)| source.clone()),
            exercise,
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Has the vault seal sources to those who are leads now. A key that is none is left out: it never came in by a route.
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
        lead("PUT", "/cell/v1/sources/key", "lead_key", "Enrols the public half of a key that was made on your device, in place of an earlier one: cases that come from now on are sealed to it. Your passkey must have been shown within ten minutes.")
            .takes(json::<NewLeadKey>())
            .gives(204, Shape::Empty)
            .or(&[403, 422]),
        lead("DELETE", "/cell/v1/sources/key", "lead_key_remove", "Takes your key away: cases that come from now on are not sealed to it.")
            .gives(204, Shape::Empty)
            .or(&[403, 404]),
        lead("POST", "/cell/v1/reports/{case}/opening", "opening_ask", "Asks that two leads open who reported a case. It is kept that you asked, and why.")
            .with(&[CASE])
            .takes(json::<NewOpening>())
            .gives(201, json::<OpeningView>())
            .or(&[403, 404, 409, 422]),
        lead("POST", "/cell/v1/reports/{case}/opening/shares", "opening_share", "Gives your share of a case. With the second of two the source is opened; it is kept in the journal, and the reporter is told.")
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
        "opening_ask" => on(filter, begin),
        "opening_share" => on(filter, give),
        _ => return None,
    })
}

/// Who asks, if they have shown a passkey in this session within ten minutes.
async fn fresh(cell: &CellParts, who: &Who) -> Result<PersonId, Problem> {
    let (person, token) = (who.person()?, who.token()?.to_owned());
    match ask(&cell.sessions, move |register| register.is_fresh_by_passkey(&token)).await? {
        true => Ok(person),
        false => Err(Problem::passkey_first()),
    }
}

/// The case of a request; absent unless the sender sees it.
async fn case_of(cell: &Arc<CellParts>, who: &Who, request: &mut Request) -> Result<CaseId, Problem> {
    let case: CaseId = http::path(request).await?.parse().map_err(|_| Problem::absent())?;
    let (cell, who) = (Arc::clone(cell), who.clone());
    blocking(move || cell.sees(&who, case)).await??;
    Ok(case)
}

async fn show(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>) -> Answer {
    let person = who.person()?;
    let (now, exercise) = (cell.now(), cell.exercise);
    let keys = ask(&cell.sessions, Register::lead_keys).await?;
    let view = blocking(move || {
        let cases: Vec<CaseId> = cell.openings.with(now, |held| held.keys().copied().collect());
        let mut openings = Vec::new();
        for case in cases {
            let keys = cell.vault.opening_keys(case).map_err(unread)?;
            openings.extend(cell.openings.with(now, |held| {
                let opening = held.get(&case)?;
                let mine = opening.opened.as_ref().is_none_or(|(by, _)| by.contains(&person));
                mine.then(|| opening.view(case, keys.as_ref(), person, exercise))
            }));
        }
        let lead = |key: LeadKey| {
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &key.public);
            let fingerprint = hex(digest.as_ref()).chars().take(FINGERPRINT_DIGITS).collect();
            let (id, own) = (key.person.to_string(), key.person == person);
            SourceLead { id, name: key.name, fingerprint, day: date(key.day), own }
        };
        let sealed = cell.vault.seals_sources();
        Ok::<_, Problem>(SourcesView { sealed, leads: keys.into_iter().map(lead).collect(), openings, exercise })
    });
    reply(StatusCode::OK, &view.await??)
}

fn unread(error: vault::VaultError) -> Problem {
    tracing::error!(%error, "a sealed source could not be read");
    Problem::internal()
}

async fn enrol(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let NewLeadKey { public } = http::json(request, ACT_BYTES_MAX).await?;
    fresh(&cell, &who).await?;
    let key = LeadPublicKey::parse(&public).map_err(|why| Problem::wrong_field(format!("public: {why}")))?;
    let bytes: [u8; LEAD_KEY_BYTES] = *key.as_bytes();
    let by = Actor::of(&who.principal);
    ask(&cell.sessions, move |register| register.set_lead_key(&by, &bytes)).await?;
    followed(cell).await
}

async fn remove(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>) -> Answer {
    fresh(&cell, &who).await?;
    let by = Actor::of(&who.principal);
    ask(&cell.sessions, move |register| register.remove_lead_key(&by)).await?;
    followed(cell).await
}

/// What comes from this moment on is sealed to those who are leads now.
async fn followed(cell: Arc<CellParts>) -> Answer {
    ask(&cell.sessions.clone(), move |register| follow_leads(&cell.vault, register, &mut Vec::new())).await?;
    Ok(nothing())
}

/// The keys of a case whose source two leads can open, the sender among them.
fn openable(cell: &CellParts, case: CaseId, person: PersonId) -> Result<OpeningKeys, Problem> {
    let keys = cell.vault.opening_keys(case).map_err(unread)?;
    let keys = keys.ok_or_else(|| Problem::conflict("no source was sealed when this case came: nobody can open it"))?;
    if keys.leads.iter().all(|(lead, _)| *lead != person) {
        return Err(Problem::conflict("your key was enrolled after this case came: it is not yours to open"));
    }
    Ok(keys)
}

async fn begin(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case = case_of(&cell, &who, &mut request).await?;
    let NewOpening { reason } = http::json(request, ACT_BYTES_MAX).await?;
    let person = fresh(&cell, &who).await?;
    let reason = reason.trim().to_owned();
    if !(REASON_CHARS_MIN..=REASON_CHARS_MAX).contains(&reason.chars().count()) {
        let told = format!("reason: {REASON_CHARS_MIN} to {REASON_CHARS_MAX} characters say why");
        return Err(Problem::wrong_field(told));
    }
    let (now, by) = (cell.now(), Actor::of(&who.principal));
    let (register, later) = (cell.sessions.register(), Arc::clone(&cell));
    let view = blocking(move || {
        let keys = openable(&cell, case, person)?;
        let opening = Opening {
            reason,
            asked_by: by.name.clone(),
            until: now.plus_millis(OPENING_MILLIS),
            given: Vec::new(),
            opened: None,
        };
        let view = opening.view(case, Some(&keys), person, cell.exercise);
        // Looked at and taken at once: of two who ask together one asks, and the reason that is kept is that one's.
        let taken = cell.openings.with(now, |held| {
            let free = held.len() < OPENINGS_MAX && !held.contains_key(&case);
            free.then(|| held.insert(case, opening)).is_some()
        });
        if !taken {
            return Err(Problem::conflict("it waits to be opened already, or too many do"));
        }
        if let Err(error) = register.note_opening(&by, "source-asked", &case.to_string()) {
            cell.openings.with(now, |held| held.remove(&case));
            return Err(crate::me::refused(error));
        }
        Ok(view)
    });
    let view = view.await??;
    forget_in_time(&later);
    reply(StatusCode::CREATED, &view)
}

/// Shares that nobody followed by a second one lie in memory no longer than they are of use.
fn forget_in_time(cell: &Arc<CellParts>) {
    let cell = Arc::downgrade(cell);
    tokio::spawn(async move {
        // Twice: an opening that came about in the last minute stays for as long again.
        for _ in 0..2 {
            tokio::time::sleep(FORGET_AFTER).await;
            let Some(cell) = cell.upgrade() else { return };
            cell.openings.with(cell.now(), |_| ());
        }
    });
}

async fn give(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case = case_of(&cell, &who, &mut request).await?;
    let NewShare { share } = http::json(request, ACT_BYTES_MAX).await?;
    let person = fresh(&cell, &who).await?;
    let share = Share::parse(&share);
    let share = share.ok_or_else(|| Problem::wrong_field("share: 64 lower-case hexadecimal digits are expected"))?;
    let view = blocking(move || given(&cell, &who, case, person, share));
    reply(StatusCode::OK, &view.await??)
}

fn given(cell: &CellParts, who: &Who, case: CaseId, person: PersonId, share: Share) -> Result<OpeningView, Problem> {
    let keys = openable(cell, case, person)?;
    let (now, by) = (cell.now(), Actor::of(&who.principal));
    // Two shares that come at once are taken one after the other: the second of them opens.
    let both = cell.openings.with(now, |held| {
        let opening = held.get_mut(&case).ok_or_else(Problem::absent)?;
        if opening.opened.is_some() {
            return Err(Problem::conflict("it was opened already"));
        }
        opening.given.retain(|given| given.by != person);
        opening.given.push(Given { by: person, name: by.name.clone(), share });
        if opening.given.len() < 2 {
            return Ok(None);
        }
        let mut given = std::mem::take(&mut opening.given).into_iter();
        Ok(given.next().zip(given.next()).map(|both| (both, opening.reason.clone())))
    })?;
    let Some(((one, other), reason)) = both else {
        let waiting = cell
            .openings
            .with(now, |held| held.get(&case).map(|held| held.view(case, Some(&keys), person, cell.exercise)));
        return waiting.ok_or_else(Problem::absent);
    };
    let register = cell.sessions.register();
    // Whoever gave the first share may have lost the right since.
    let leads = |given: &Given| {
        let person = register.person(given.by).map_err(crate::me::refused)?;
        Ok::<_, Problem>(!person.disabled && person.role.rights().has(Right::OpenSources))
    };
    if !(leads(&one)? && leads(&other)?) {
        return Err(Problem::conflict("one of the two is a lead no more: both shares are forgotten; give yours again"));
    }
    let people = [one.by, other.by];
    let opener = |given: Given| Opener { person: given.by, name: given.name, share: given.share };
    let opened = cell.vault.open_source(case, [opener(one), opener(other)], reason).map_err(|error| {
        tracing::error!(%error, "a source could not be opened");
        Problem::busy("it could not be stored that it was opened; nothing was told: give both shares again")
    })?;
    let Some(opened) = opened else {
        return Err(Problem::conflict(
            "the two shares do not open it: one of them is not of this case or not of its lead's key; give both again",
        ));
    };
    register.note_opening(&by, "source-opened", &case.to_string()).map_err(crate::me::refused)?;
    let source = named(&register, opened)?;
    cell.openings.with(now, |held| {
        let opening = held.get_mut(&case).ok_or_else(Problem::absent)?;
        opening.opened = Some((people, source));
        opening.until = now.plus_millis(OPENING_MILLIS);
        Ok(opening.view(case, Some(&keys), person, cell.exercise))
    })
}

/// The name of an organisation; whoever wrote from outside is in no register.
fn named(register: &Register, OpenedSource { organisation: id, contact }: OpenedSource) -> Result<SourceName, Problem> {
    let found = register.organisations().into_iter().find(|organisation| organisation.id == id);
    Ok(SourceName { organisation: found.map(|organisation| organisation.name.clone()), contact })
}
