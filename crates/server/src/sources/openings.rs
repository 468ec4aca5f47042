//! What two leads open together: each gives the share of one case, for one opening, with a fresh passkey.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use model::{CaseId, PersonId, Timestamp};
use register::{Actor, Register, RegisterError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::{OpenedSource, Opener, OpeningKeys, REASON_CHARS_MAX, Share};

use super::{fresh, hex};
use crate::cell::{ACT_BYTES_MAX, CellParts, CellState};
use crate::http::{self, Answer, blocking, write as reply};
use crate::problem::Problem;
use crate::session::Who;

/// How long an opening waits for the second lead, and how long the two can read what came of it.
const OPENING_MILLIS: i64 = 30 * 60_000;
/// When an opening is looked after: a little after its time.
const FORGET_AFTER: Duration = Duration::from_secs(30 * 60 + 5);
/// Openings at once.
const OPENINGS_MAX: usize = 50;
/// Shortest reason, in characters.
const REASON_CHARS_MIN: usize = 10;
/// Random bytes by which an opening is named.
const ID_BYTES: usize = 16;

/// A case whose source two leads open.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpeningView {
    /// Names this opening, with the reason that you read: your share is for it and for no later one of the same case.
    pub id: String,
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
    /// The secret that your device needs for your share of this case, sealed to your key of that time, in hexadecimal digits; null if no
    /// key of yours counted when the case came, or when two last opened it.
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

/// Asks that the source of a case be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOpening {
    /// Why, in 10 to 500 characters. It is kept, and the reporter is told.
    pub reason: String,
}

/// Your share of one case, for one opening.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// Id of the opening whose reason you read.
    pub opening: String,
    /// 64 lower-case hexadecimal digits.
    pub share: String,
}

struct Given {
    by: PersonId,
    name: String,
    share: Share,
}

/// How far an opening is.
enum Stage {
    /// For shares.
    Waiting(Vec<Given>),
    /// Two came and the vault is at work: no third share comes between, nor the end of its time.
    Underway,
    /// For the two who opened it.
    Opened([PersonId; 2], SourceName),
}

struct Opening {
    id: String,
    reason: String,
    asked_by: String,
    until: Timestamp,
    /// Since when it waits, by a clock that nobody sets back.
    since: Instant,
    stage: Stage,
}

/// What waits for a second lead. Shares lie here alone, for half an hour.
#[derive(Default)]
pub struct Openings(Mutex<BTreeMap<CaseId, Opening>>);

impl Openings {
    fn with<T>(&self, now: Timestamp, work: impl FnOnce(&mut BTreeMap<CaseId, Opening>) -> T) -> T {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What the vault has opened is in the journal: whoever did it is told, however long it took. One whose work died goes at last.
        let grace = |stage: &Stage| if matches!(stage, Stage::Underway) { OPENING_MILLIS } else { 0 };
        held.retain(|_, opening| {
            let grace = grace(&opening.stage);
            let lasts = Duration::from_millis((OPENING_MILLIS + grace).unsigned_abs());
            now < opening.until.plus_millis(grace) && opening.since.elapsed() < lasts
        });
        work(&mut held)
    }

    /// Keeps what came of two shares for the two, and then has it noted. The journal has it by now: a trail of acts that cannot be written
    /// takes it from nobody.
    fn ended(
        &self,
        now: Timestamp,
        case: CaseId,
        opened: Result<([PersonId; 2], SourceName), Problem>,
        note: impl FnOnce() -> Result<(), RegisterError>,
    ) -> Result<(), Problem> {
        self.with(now, |held| {
            let opening = held.get_mut(&case).ok_or_else(Problem::internal)?;
            match opened {
                Ok((people, source)) => {
                    opening.stage = Stage::Opened(people, source);
                    opening.until = now.plus_millis(OPENING_MILLIS);
                    opening.since = Instant::now();
                    Ok(())
                }
                Err(problem) => {
                    opening.stage = Stage::Waiting(Vec::new());
                    Err(problem)
                }
            }
        })?;
        if let Err(error) = note() {
            tracing::error!(%error, "a source was opened, as the journal has it, and the trail of acts could not say so");
        }
        Ok(())
    }

    /// Forgets what a lead has given and nobody has followed: the key by which they could is gone.
    pub(super) fn forget_shares(&self, now: Timestamp, of: PersonId) {
        self.with(now, |held| {
            for opening in held.values_mut() {
                if let Stage::Waiting(given) = &mut opening.stage {
                    given.retain(|given| given.by != of);
                }
            }
        });
    }

    /// What a lead can take part in or has opened.
    pub(super) fn views(&self, cell: &CellParts, person: PersonId) -> Result<Vec<OpeningView>, Problem> {
        let now = cell.now();
        let cases: Vec<CaseId> = self.with(now, |held| held.keys().copied().collect());
        let mut views = Vec::new();
        for case in cases {
            let keys = cell.vault.opening_keys(case).map_err(unread)?;
            views.extend(self.with(now, |held| {
                let opening = held.get(&case).filter(|opening| opening.is_for(person))?;
                Some(opening.view(case, keys.as_ref(), person, cell.exercise))
            }));
        }
        Ok(views)
    }
}

impl Opening {
    fn is_for(&self, person: PersonId) -> bool {
        if let Stage::Opened(by, _) = &self.stage { by.contains(&person) } else { true }
    }

    fn view(&self, case: CaseId, keys: Option<&OpeningKeys>, of: PersonId, exercise: bool) -> OpeningView {
        let secret = keys.and_then(|keys| keys.leads.iter().find(|(person, _)| *person == of));
        let given = if let Stage::Waiting(given) = &self.stage { given.as_slice() } else { &[] };
        let source = match &self.stage {
            Stage::Opened(by, source) if by.contains(&of) => Some(source.clone()),
            _ => None,
        };
        OpeningView {
            id: self.id.clone(),
            case: case.to_string(),
            reason: self.reason.clone(),
            asked_by: self.asked_by.clone(),
            until: released::rfc3339(self.until),
            given: given.iter().map(|given| given.name.clone()).collect(),
            own_given: given.iter().any(|given| given.by == of),
            secret: secret.map(|(_, sealed)| hex(sealed)),
            source,
            exercise,
        }
    }

    /// Takes a share for the opening that its sender saw. With the second of two it is under way, and both are given.
    fn take(&mut self, id: &str, share: Given) -> Result<Option<(Given, Given)>, Problem> {
        // A device that was away holds what its lead agreed to then; another reason is another question.
        if self.id != id {
            return Err(Problem::conflict(
                "your share was for an opening that is over: read the reason of this one first",
            ));
        }
        let given = match &mut self.stage {
            Stage::Waiting(given) => given,
            Stage::Underway => return Err(Problem::conflict("it is being opened")),
            Stage::Opened(..) => return Err(Problem::conflict("it was opened already")),
        };
        given.retain(|one| one.by != share.by);
        given.push(share);
        if given.len() < 2 {
            return Ok(None);
        }
        let mut both = std::mem::take(given).into_iter();
        self.stage = Stage::Underway;
        Ok(both.next().zip(both.next()))
    }
}

fn unread(error: vault::VaultError) -> Problem {
    tracing::error!(%error, "a sealed source could not be read");
    Problem::internal()
}

/// The case of a request; absent unless the sender sees it.
async fn case_of(cell: &Arc<CellParts>, who: &Who, request: &mut Request) -> Result<CaseId, Problem> {
    let case: CaseId = http::path(request).await?.parse().map_err(|_| Problem::absent())?;
    let (cell, who) = (Arc::clone(cell), who.clone());
    blocking(move || cell.sees(&who, case)).await??;
    Ok(case)
}

/// The keys of a case whose source two leads can open, the sender among them.
fn openable(cell: &CellParts, register: &Register, case: CaseId, person: PersonId) -> Result<OpeningKeys, Problem> {
    let keys = cell.vault.opening_keys(case).map_err(unread)?;
    let keys = keys.ok_or_else(|| Problem::conflict("no source was sealed when this case came: nobody can open it"))?;
    if keys.leads.iter().all(|(lead, _)| *lead != person) {
        return Err(Problem::conflict(
            "no key of yours counted when this case came, or when two last opened it: it is not yours to open",
        ));
    }
    if !count(register, [person])? {
        return Err(Problem::conflict("you have no key that counts: make one, and have it confirmed"));
    }
    Ok(keys)
}

/// Whether all of these are leads with a key that counts.
fn count<const N: usize>(register: &Register, people: [PersonId; N]) -> Result<bool, Problem> {
    let keys = register.lead_keys().map_err(crate::me::refused)?;
    Ok(people.iter().all(|person| keys.iter().any(|key| key.person == *person)))
}

pub(super) async fn begin(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case = case_of(&cell, &who, &mut request).await?;
    let NewOpening { reason } = http::json(request, ACT_BYTES_MAX).await?;
    let person = fresh(&cell, &who)?;
    let reason = reason.trim().to_owned();
    if !(REASON_CHARS_MIN..=REASON_CHARS_MAX).contains(&reason.chars().count()) {
        let told = format!("reason: {REASON_CHARS_MIN} to {REASON_CHARS_MAX} characters say why");
        return Err(Problem::wrong_field(told));
    }
    let (now, by) = (cell.now(), Actor::of(&who.principal));
    let (register, later) = (cell.sessions.register(), Arc::clone(&cell));
    let view = blocking(move || {
        let keys = openable(&cell, &register, case, person)?;
        let opening = Opening {
            id: hex(&cell.entropy.bytes::<ID_BYTES>()),
            reason,
            asked_by: by.name.clone(),
            until: now.plus_millis(OPENING_MILLIS),
            since: Instant::now(),
            stage: Stage::Waiting(Vec::new()),
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

pub(super) async fn give(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case = case_of(&cell, &who, &mut request).await?;
    let NewShare { opening, share } = http::json(request, ACT_BYTES_MAX).await?;
    let person = fresh(&cell, &who)?;
    let share = Share::parse(&share);
    let share = share.ok_or_else(|| Problem::wrong_field("share: 64 lower-case hexadecimal digits are expected"))?;
    let by = Actor::of(&who.principal);
    let view = blocking(move || {
        let given = Given { by: person, name: by.name.clone(), share };
        taken(&cell, &by, case, &opening, given)
    });
    reply(StatusCode::OK, &view.await??)
}

/// Takes a share, and opens the source if it is the second.
fn taken(cell: &CellParts, by: &Actor, case: CaseId, id: &str, given: Given) -> Result<OpeningView, Problem> {
    let (register, person, now) = (cell.sessions.register(), given.by, cell.now());
    let keys = openable(cell, &register, case, person)?;
    let view = |opening: &Opening| opening.view(case, Some(&keys), person, cell.exercise);
    let taken: Result<_, Problem> = cell.openings.with(now, |held| {
        let opening = held.get_mut(&case).ok_or_else(Problem::absent)?;
        // Two shares that come at once are taken one after the other: the second of them opens.
        let both = opening.take(id, given)?;
        Ok((both, opening.reason.clone(), view(opening)))
    });
    let (both, reason, waits) = taken?;
    let Some(both) = both else { return Ok(waits) };
    let opened = opened(cell, &register, case, both, reason);
    let now = cell.now();
    cell.openings.ended(now, case, opened, || register.note_opening(by, "source-opened", &case.to_string()))?;
    cell.openings.with(now, |held| held.get(&case).map(view)).ok_or_else(Problem::internal)
}

/// Opens the source with two shares.
fn opened(
    cell: &CellParts,
    register: &Register,
    case: CaseId,
    (one, other): (Given, Given),
    reason: String,
) -> Result<([PersonId; 2], SourceName), Problem> {
    let people = [one.by, other.by];
    // Whoever gave the first share may have lost the right or the key since.
    if !count(register, people)? {
        return Err(Problem::conflict(
            "one of the two is a lead no more or has no key that counts: both shares are forgotten; give yours again",
        ));
    }
    let opener = |given: Given| Opener { person: given.by, name: given.name, share: given.share };
    let opened = cell.vault.open_source(case, [opener(one), opener(other)], reason).map_err(|error| {
        tracing::error!(%error, "a source could not be opened");
        Problem::busy("it could not be stored that it was opened; nothing was told: give both shares again")
    })?;
    let opened = opened.ok_or_else(|| {
        Problem::conflict(
            "the two shares do not open it: one of them is not of this case or not of its lead's key; give both again",
        )
    })?;
    Ok((people, named(register, opened)))
}

/// The name of an organisation; whoever wrote from outside is in no register.
fn named(register: &Register, OpenedSource { organisation: id, contact }: OpenedSource) -> SourceName {
    let found = register.organisations().into_iter().find(|organisation| organisation.id == id);
    SourceName { organisation: found.map(|organisation| organisation.name.clone()), contact }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: CaseId = CaseId::from_bytes([7; 16]);

    fn person(n: u8) -> PersonId {
        PersonId::from_bytes([n; 16])
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn share(by: u8) -> Given {
        Given { by: person(by), name: format!("lead {by}"), share: Share::parse(&"0".repeat(64)).unwrap() }
    }

    fn openings() -> Openings {
        let openings = Openings::default();
        let opening = Opening {
            id: "first".into(),
            reason: "why".into(),
            asked_by: "lead 1".into(),
            until: at(1_000),
            since: Instant::now(),
            stage: Stage::Waiting(Vec::new()),
        };
        openings.with(at(0), |held| held.insert(CASE, opening));
        openings
    }

    fn given(openings: &Openings, now: i64, id: &str, by: u8) -> Result<bool, Problem> {
        openings
            .with(at(now), |held| held.get_mut(&CASE).ok_or_else(Problem::absent)?.take(id, share(by)))
            .map(|both| both.is_some())
    }

    #[test]
    fn a_share_is_for_the_opening_whose_reason_was_read() {
        let openings = openings();
        assert_eq!(given(&openings, 0, "first", 1), Ok(false));
        assert!(given(&openings, 0, "another", 2).is_err());
        assert_eq!(given(&openings, 0, "first", 1), Ok(false), "the other's was not taken");
        assert_eq!(given(&openings, 0, "first", 2), Ok(true));
    }

    #[test]
    fn what_is_being_opened_takes_no_share_and_outlives_its_time() {
        let openings = openings();
        assert_eq!(given(&openings, 0, "first", 1), Ok(false));
        assert_eq!(given(&openings, 999, "first", 2), Ok(true));
        let third = given(&openings, 999, "first", 3).unwrap_err();
        assert_eq!(third, Problem::conflict("it is being opened"));
        // The vault took longer than the opening had, and the trail of acts cannot be written: it is for the two all the same.
        let source = SourceName { organisation: Some("Firm".into()), contact: None };
        let found = Ok(([person(1), person(2)], source.clone()));
        assert_eq!(openings.ended(at(2_000), CASE, found, || Err(RegisterError::NoRight)), Ok(()));
        let seen = |by: u8, now: i64| {
            openings.with(at(now), |held| held.get(&CASE).map(|one| one.view(CASE, None, person(by), true).source))
        };
        let last = 2_000 + OPENING_MILLIS - 1;
        assert_eq!((seen(1, last), seen(3, last)), (Some(Some(source)), Some(None)));
        assert_eq!(seen(1, last + 1), None);
    }

    #[test]
    fn shares_that_open_nothing_are_forgotten_and_nothing_is_noted() {
        let openings = openings();
        assert_eq!(given(&openings, 0, "first", 1), Ok(false));
        assert_eq!(given(&openings, 0, "first", 2), Ok(true));
        let wrong = Problem::conflict("they do not open it");
        let ended = openings.ended(at(0), CASE, Err(wrong.clone()), || panic!("nothing was opened"));
        assert_eq!(ended, Err(wrong));
        assert_eq!(given(&openings, 0, "first", 2), Ok(false));
        assert_eq!(given(&openings, 0, "first", 1), Ok(true));
    }

    #[test]
    fn a_clock_that_is_set_back_prolongs_nothing() {
        let openings = openings();
        let begun = Instant::now().checked_sub(Duration::from_millis(OPENING_MILLIS.unsigned_abs())).unwrap();
        openings.with(at(0), |held| held.values_mut().for_each(|opening| opening.since = begun));
        assert_eq!(given(&openings, -1_000_000, "first", 1), Err(Problem::absent()));
    }

    #[test]
    fn what_a_lead_gave_goes_with_the_key() {
        let openings = openings();
        assert_eq!(given(&openings, 0, "first", 1), Ok(false));
        openings.forget_shares(at(0), person(1));
        assert_eq!(given(&openings, 0, "first", 2), Ok(false), "the first share is gone");
        openings.forget_shares(at(0), person(3));
        assert_eq!(given(&openings, 0, "first", 1), Ok(true));
    }
}
