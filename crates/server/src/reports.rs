//! The way in over HTTP: a report, a file, a read mark. Intake decides and sends; nothing is appended here, nothing logged.

use std::collections::{HashMap, HashSet};
use std::io::Cursor;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use intake::receipt::ReceiptKey;
use intake::{
    Answer as Told, BODY_BYTES_MAX, IMPORT_BYTES_MAX, ImportError, Importer, Message, Outcome, Quota, Reporter,
    SendError, Sender,
};
use model::{AdvisoryId, AttackKind, Clock, Marking, OrganisationId, Pap, Timestamp, Tlp, WhoMayBeWarned, WhoMayKnow};
use register::{Answers, Organisation, Register};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use vault::{Accepted, Submission};

use crate::advice::{Advice, Contact};
use crate::answers::reply;
use crate::extraction::Desks;
use crate::files::Coming;
use crate::http::{self, Answer, blocking, nothing, says_json};
use crate::instant::{Draft, answer, answered_before, known_before};
use crate::member::{MemberParts, MemberState};
use crate::once::{Asked, Turns};
use crate::preview::PREVIEWS;
use crate::problem::Problem;
use crate::session::Who;
use crate::tell_limits::Outsiders;
use crate::views::{ImportProblem, ImportReceipt, ReceiptItem};

/// Imports that are read at once, of all members; a place is taken once the whole file has come, so that a slow sender
/// keeps nobody waiting. One organisation has one import at a time.
const IMPORTS_AT_ONCE: usize = 4;
/// How long an organisation is asked to wait while an import of its own runs.
const IMPORT_WAIT_SECS: u64 = 5;
/// Problems that a receipt tells; the rest is counted.
const PROBLEMS_TOLD_MAX: usize = 200;
/// Longest name of an imported file, in characters.
const FILE_NAME_CHARS_MAX: usize = 200;
/// How long what is known of a reporter is kept while the register says that nothing has changed: what names it is made ready
/// once, and not for each report.
const REPORTER_MILLIS: i64 = 60_000;
/// How long it is kept how the cell is reached.
const CONTACT_MILLIS: i64 = 1_000;

/// What is known of the organisations that report, so that the register is not searched for each report.
#[derive(Default)]
struct Reporters {
    since: Timestamp,
    /// Changes of the register that were known then.
    changes: u64,
    known: HashMap<OrganisationId, Arc<Reporter>>,
    contact: Option<(Timestamp, Arc<Contact>)>,
}

/// The way in.
pub struct Intake {
    sender: Arc<dyn Sender>,
    register: Arc<Register>,
    quota: Arc<Quota>,
    imports: Semaphore,
    importing: Arc<Mutex<HashSet<OrganisationId>>>,
    reporters: Mutex<Reporters>,
    pub(crate) desks: Desks,
    previews: Quota,
    advice: Option<Advice>,
    pub(crate) receipts: Option<ReceiptKey>,
    pub(crate) turns: Turns,
    pub(crate) files: Coming,
    pub(crate) outsiders: Outsiders,
}

impl Intake {
    /// Sends to a vault, in this process or another.
    #[must_use]
    pub fn new(sender: Arc<dyn Sender>, register: Arc<Register>, quota: Quota) -> Self {
        Self {
            sender,
            register,
            quota: Arc::new(quota),
            imports: Semaphore::new(IMPORTS_AT_ONCE),
            importing: Arc::default(),
            reporters: Mutex::default(),
            previews: Quota::new(PREVIEWS.0, PREVIEWS.1),
            advice: Advice::built_in().ok(),
            receipts: None,
            turns: Turns::default(),
            files: Coming::default(),
            desks: Desks::default(),
            outsiders: Outsiders::default(),
        }
    }

    /// Counts one more message or change against an organisation's quota, or says how many seconds to wait.
    pub(crate) fn take(&self, organisation: OrganisationId, now: Timestamp) -> Result<(), i64> {
        self.quota.take(organisation, 1, now)
    }

    /// The way to the vault.
    pub(crate) fn sender(&self) -> &dyn Sender {
        &*self.sender
    }

    /// Gives reporters this advice instead of the project's own.
    #[must_use]
    pub fn with_advice(self, advice: Option<Advice>) -> Self {
        Self { advice: advice.or(self.advice), ..self }
    }

    /// Signs receipts with this key; without one there are none.
    #[must_use]
    pub fn with_receipts(self, receipts: Option<ReceiptKey>) -> Self {
        Self { receipts, ..self }
    }

    /// What somebody is told to do, whose request names no language in its query.
    pub(crate) fn told(
        &self,
        attack: AttackKind,
        ongoing: bool,
        contact: &Contact,
        headers: &HeaderMap,
    ) -> Option<crate::advice::Told> {
        self.advice.as_ref()?.told(attack, ongoing, contact, None, headers)
    }

    /// Takes a dry run from an organisation's own quota.
    pub(crate) fn take_preview(&self, organisation: OrganisationId, now: Timestamp) -> Result<(), Problem> {
        self.previews.take(organisation, 1, now).map_err(slow_down)
    }

    /// How the cell is reached, as the register was asked within the last second.
    pub(crate) fn contact(&self, now: Timestamp) -> Arc<Contact> {
        let known = self.held().contact.clone().filter(|(since, _)| now.millis_since(*since) < CONTACT_MILLIS);
        if let Some((_, contact)) = known {
            return contact;
        }
        let settings = self.register.joining_settings().unwrap_or_default();
        let contact = Arc::new(Contact { phone: settings.cell_phone, mail: settings.cell_mail });
        self.held().contact = Some((now, Arc::clone(&contact)));
        contact
    }

    fn held(&self) -> MutexGuard<'_, Reporters> {
        self.reporters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reporter(&self, organisation: &Organisation, now: Timestamp) -> Arc<Reporter> {
        let id = organisation.id;
        #[cfg(feature = "planted-leaks")]
        let id = crate::leaks::of_sector(organisation).unwrap_or(id);
        let changes = self.register.changes();
        let known = {
            let mut held = self.held();
            if held.changes != changes || now.millis_since(held.since) >= REPORTER_MILLIS {
                *held = Reporters { since: now, changes, contact: held.contact.take(), known: HashMap::new() };
            }
            held.known.get(&id).cloned()
        };
        // Made without the lock: somebody else's report need not wait for it.
        let reporter = known.unwrap_or_else(|| {
            let made = Arc::new(Reporter::member(organisation, &self.register));
            self.held().known.entry(id).or_insert(made).clone()
        });
        Arc::new(reporter.in_its_groups(&self.register))
    }
}

/// The one import that an organisation may have at a time.
struct OwnImport {
    importing: Arc<Mutex<HashSet<OrganisationId>>>,
    organisation: OrganisationId,
}

impl OwnImport {
    fn begin(intake: &Intake, organisation: OrganisationId) -> Option<Self> {
        let mut importing = intake.importing.lock().unwrap_or_else(PoisonError::into_inner);
        let own = || Self { importing: Arc::clone(&intake.importing), organisation };
        importing.insert(organisation).then(own)
    }
}

impl Drop for OwnImport {
    fn drop(&mut self) {
        self.importing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.organisation);
    }
}

fn closed() -> Problem {
    Problem::busy("reports are not taken at the moment; keep yours and try again")
}

pub(crate) fn slow_down(secs: i64) -> Problem {
    Problem::slow_down(u64::try_from(secs).unwrap_or(1))
}

pub(crate) fn refused(error: &SendError) -> Problem {
    match error {
        SendError::Busy => Problem::busy("too much is coming in; nothing was stored, try again"),
        // As every sender is told that has sent too much.
        SendError::Slow(seconds) => slow_down(*seconds),
        SendError::Refused(why) => Problem::wrong_field(why.as_str()),
        SendError::Unreachable(why) | SendError::Failed(why) => {
            tracing::error!(why, "intake could not deliver");
            Problem::busy("it could not be stored; keep it and try again")
        }
    }
}

/// The way in and the sender's organisation.
pub(crate) fn way_in<'a>(
    member: &'a MemberParts,
    who: &'a Who,
) -> Result<(&'a Intake, &'a Arc<Organisation>), Problem> {
    let intake = member.intake.as_ref().ok_or_else(closed)?;
    Ok((intake, who.principal.organisation.as_ref().ok_or_else(Problem::signed_out)?))
}

/// One value and what became of it.
pub(crate) fn item((index, item): (usize, intake::ItemResult)) -> ReceiptItem {
    ReceiptItem {
        index: u32::try_from(index).unwrap_or(u32::MAX),
        kind: item.observable.as_ref().map(|observable| observable.kind().as_str().to_owned()),
        value: item.observable.map(|observable| observable.value().to_owned()),
        result: match item.outcome {
            Outcome::Accepted => "accepted",
            Outcome::Duplicate => "duplicate",
            Outcome::Refused => "refused",
            Outcome::LeftOut => "left-out",
        }
        .to_owned(),
        why: item.why,
        held: item.held,
    }
}

/// An answer as it is kept.
fn kept_text(answer: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(answer).map_err(|error| {
        tracing::error!(%error, "cannot write an answer");
        Problem::internal()
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageQuery {
    lang: Option<String>,
}

/// `POST /api/v1/reports`.
pub(crate) async fn report(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let (intake, organisation) = way_in(&member, &who)?;
    if !says_json(request.headers()) {
        return Err(Problem::media_type("application/json"));
    }
    let LanguageQuery { lang } = http::query(request.uri())?;
    let headers = request.headers().clone();
    let turn = member.turn(&who, Asked::of(&request)?)?;
    let body = http::body(request, BODY_BYTES_MAX).await?;
    let once = match member.once(turn, &body).await? {
        Ok(once) => once,
        Err(done) => return answered_before(&member, intake, &body, &done),
    };
    let now = member.clock.now();
    intake.quota.take(organisation.id, 1, now).map_err(slow_down)?;
    let reporter = intake.reporter(organisation, now);
    let parsed = intake::parse_report(&body, who.principal.answers, &reporter, member.exercise, now);
    let parsed = parsed.map_err(|problems| {
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Problem::wrong_field(text.join("; "))
    })?;
    crate::sealed_files::words_to_now(&member, &parsed.submission.report.narrative, false).await?;
    // Before it is sent: what members knew at the release tick before it, whatever others send meanwhile.
    let known = known_before(&member, &who, &parsed).await?;
    let report = &parsed.submission.report;
    let told = intake
        .advice
        .as_ref()
        .and_then(|advice| advice.told(report.attack, report.ongoing, &intake.contact(now), lang.as_deref(), &headers));
    let answer = answer(known, told.ok_or_else(Problem::internal)?, &intake.contact(now));
    #[cfg(feature = "planted-leaks")]
    let others = crate::leaks::others_have(&member, &parsed.submission.report.items);
    #[cfg(feature = "planted-leaks")]
    crate::leaks::report(&member, organisation, &parsed.submission.report.items);
    #[cfg(feature = "planted-leaks")]
    crate::leaks::mail_receipt(&intake.register, organisation);
    #[cfg(feature = "planted-leaks")]
    let warn = parsed.submission.report.warn;
    let draft = Draft::of(parsed.items, answer, now, member.exercise);
    let kept = if once.is_keyed() { kept_text(&draft)? } else { String::new() };
    let message = Message::Submit { submissions: vec![parsed.submission], skip_known: false };
    let told = match once.send(intake, message, StatusCode::CREATED, kept).await? {
        Ok(told) => told,
        Err(done) => return answered_before(&member, intake, &body, &done),
    };
    let Told::Accepted(accepted) = told else { return Err(Problem::internal()) };
    let accepted = accepted.first().ok_or_else(Problem::internal)?;
    #[cfg_attr(not(feature = "planted-leaks"), allow(unused_mut, reason = "only a planted leak varies it"))]
    let mut receipt = draft.receipt(&member, intake, &body, accepted);
    #[cfg(feature = "planted-leaks")]
    crate::leaks::vary(&mut receipt, others);
    #[cfg(feature = "planted-leaks")]
    crate::leaks::tell_group(&mut receipt, warn);
    reply(StatusCode::CREATED, &receipt)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportQuery {
    name: Option<String>,
    warn: Option<String>,
    know: Option<String>,
    tlp: Option<String>,
}

fn warn(text: &str) -> Result<WhoMayBeWarned, Problem> {
    match text {
        "now" => Ok(WhoMayBeWarned::Now),
        "next-epoch" => Ok(WhoMayBeWarned::NextEpoch),
        "once-three" => Ok(WhoMayBeWarned::OnceThreeHaveIt),
        "cell-only" => Ok(WhoMayBeWarned::CellOnly),
        other => {
            let group = other.strip_prefix("group:").and_then(|id| id.parse().ok());
            group.map(|group| WhoMayBeWarned::Group { group, as_of: None }).ok_or_else(|| {
                let words = "now, next-epoch, once-three, cell-only, group:UUID";
                Problem::wrong_field(format!("warn: {other:?} is not one of {words}"))
            })
        }
    }
}

struct ImportTerms {
    name: String,
    answers: Answers,
    marking: Marking,
}

impl ImportTerms {
    fn of(query: ImportQuery, of_key: Option<Answers>) -> Result<Self, Problem> {
        let needed =
            |field: &str| Problem::wrong_field(format!("{field}: an answer is needed: nothing is chosen for you"));
        let warn = query.warn.as_deref().map(warn).transpose()?;
        let know = query.know.as_deref().map(str::parse::<WhoMayKnow>).transpose();
        let know = know.map_err(|error| Problem::wrong_field(format!("know: {error}")))?;
        let tlp = query.tlp.as_deref().map(str::parse::<Tlp>).transpose();
        let tlp = tlp.map_err(|error| Problem::wrong_field(format!("tlp: {error}")))?;
        let default = Marking::default();
        Ok(Self {
            name: query.name.unwrap_or_else(|| "import".to_owned()).chars().take(FILE_NAME_CHARS_MAX).collect(),
            answers: Answers {
                warn: warn.or(of_key.map(|answers| answers.warn)).ok_or_else(|| needed("warn"))?,
                know: know.or(of_key.map(|answers| answers.know)).ok_or_else(|| needed("know"))?,
            },
            marking: Marking { tlp: tlp.unwrap_or(default.tlp), pap: Pap::Green },
        })
    }
}

/// Sends from a thread that may wait.
fn send_and_wait(
    runtime: &tokio::runtime::Handle,
    sender: &dyn Sender,
    submissions: Vec<Submission>,
) -> Result<Vec<Accepted>, SendError> {
    let message = Message::Submit { submissions, skip_known: true };
    match runtime.block_on(sender.send(message))? {
        Told::Accepted(accepted) => Ok(accepted),
        Told::Done | Told::Acted(_) | Told::Again(_) => Err(SendError::Failed("the vault gave no outcome".to_owned())),
    }
}

/// `POST /api/v1/import`.
pub(crate) async fn import(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let (intake, organisation) = way_in(&member, &who)?;
    let terms = ImportTerms::of(http::query(request.uri())?, who.principal.answers)?;
    let now = member.clock.now();
    let turn = member.turn(&who, Asked::of(&request)?)?;
    // Held until the file is read: also if the sender goes away meanwhile.
    let own = OwnImport::begin(intake, organisation.id).ok_or_else(|| Problem::slow_down(IMPORT_WAIT_SECS))?;
    intake.quota.take(organisation.id, 1, now).map_err(slow_down)?;
    let body = http::body(request, IMPORT_BYTES_MAX).await?;
    let once = match member.once(turn, &body).await? {
        Ok(once) => once,
        Err(done) => return Ok(done.response()),
    };
    let _seat = intake.imports.acquire().await.map_err(|_| Problem::internal())?;
    let reporter = intake.reporter(organisation, now);
    let sender = Arc::clone(&intake.sender);
    let (clock, exercise) = (Arc::clone(&member.clock), member.exercise);
    let runtime = tokio::runtime::Handle::current();
    let (quota, organisation) = (Arc::clone(&intake.quota), organisation.id);
    let read = blocking(move || {
        let _own = own;
        let clock: &dyn Clock = &*clock;
        let mut importer = Importer::new(&reporter, terms.answers, terms.marking, exercise, clock);
        // The first was taken for the file itself, whatever it holds.
        let (mut wait, mut paid) = (None, 1);
        let mut send = |submissions: Vec<Submission>| {
            // Each report counts, whether it came alone or in a file.
            let reports = u32::try_from(submissions.len()).unwrap_or(u32::MAX);
            let due = reports.saturating_sub(paid);
            paid = paid.saturating_sub(reports);
            if due > 0 {
                quota.take(organisation, due, clock.now()).map_err(|secs| {
                    wait = Some(secs);
                    ImportError::Stopped("over quota".to_owned())
                })?;
            }
            send_and_wait(&runtime, &*sender, submissions).map_err(|error| {
                if let SendError::Slow(secs) = error {
                    wait = Some(secs);
                }
                ImportError::from(error)
            })
        };
        let outcome = importer.read(&terms.name, &mut Cursor::new(body), &mut send);
        (outcome.map(|_| importer.into_totals()), wait)
    });
    let totals = match read.await? {
        (Ok(totals), _) => totals,
        (Err(_), Some(secs)) => return Err(slow_down(secs)),
        (Err(error), None) => {
            tracing::error!(%error, "an import stopped");
            return Err(Problem::busy(
                "the import stopped before its end; send the file again, what was stored is not stored twice",
            ));
        }
    };
    // A file that cannot be read is the sender's to mend: the same bytes would fail again.
    if let (0, Some(unread)) = (totals.reports + totals.duplicates, totals.unread.first()) {
        let field = if unread.field.is_empty() { String::new() } else { format!("{}: ", unread.field) };
        return Err(Problem::wrong_field(format!("the file cannot be read: {field}{}", unread.why)));
    }
    #[cfg(feature = "planted-leaks")]
    crate::leaks::log_import(who.principal.organisation.as_ref().ok_or_else(Problem::signed_out)?, totals.reports);
    let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let problem = |problem: intake::PlacedProblem| ImportProblem {
        line: problem.line.map(std::num::NonZeroU32::get),
        field: problem.field,
        why: problem.why,
    };
    let receipt = ImportReceipt {
        status: "received".to_owned(),
        reports: count(totals.reports),
        accepted: count(totals.accepted),
        duplicates: count(totals.duplicates),
        refused: count(totals.refused),
        problems: totals.unread.into_iter().chain(totals.problems).take(PROBLEMS_TOLD_MAX).map(problem).collect(),
        exercise: member.exercise,
    };
    if once.is_keyed() {
        // Its reports came in parts, and what of them comes again is known: only the answer is still to be kept.
        once.remember(intake, StatusCode::CREATED, kept_text(&receipt)?).await?;
    }
    reply(StatusCode::CREATED, &receipt)
}

/// `POST /api/v1/advisories/{id}/read`.
pub(crate) async fn advisory_read(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let (intake, organisation) = way_in(&member, &who)?;
    let id = http::path(&mut request).await?;
    let advisory: AdvisoryId = id.parse().map_err(|_| Problem::absent())?;
    if !member.ask(move |reader, _| outlets::has_advisory(reader, &id)).await? {
        return Err(Problem::absent());
    }
    let message = Message::AdvisoryRead { advisory, organisation: organisation.id };
    intake.sender.send(message).await.map_err(|error| refused(&error))?;
    Ok(nothing())
}
