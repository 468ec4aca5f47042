//! What somebody pastes or drops is read into values while they look on. Nothing is stored, nothing logged.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use formats::{Extracted, Found, Mark};
use model::{Kind, OrganisationId};
use policy::Lexicon;
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::answers::reply;
use crate::extraction_views::{AttachmentView, ExtractedMail, ExtractedValue, Extraction, LeftOutView};
use crate::http::{self, Answer, blocking};
use crate::member::MemberState;
use crate::problem::Problem;
use crate::reports::way_in;
use crate::session::Who;

/// Documents that are read at once, of all members; a place is taken once the whole document has come.
const READ_AT_ONCE: usize = 4;
/// Documents of one organisation that may be on their way at once.
const OF_ONE_AT_ONCE: u32 = 4;
/// How long an organisation is asked to wait while it has that many on their way.
const WAIT_SECS: u64 = 2;
/// Longest name of a file, in characters.
const NAME_CHARS_MAX: usize = 200;
/// What may be sent. What a document is shows in its content all the same.
const MEDIA: &[&str] = &[
    "text/plain",
    "text/csv",
    "text/tab-separated-values",
    "text/html",
    "message/rfc822",
    "application/json",
    "application/x-ndjson",
    "application/stix+json",
    "application/octet-stream",
];

/// Places for reading documents.
pub(crate) struct Desks {
    seats: Semaphore,
    coming: Arc<Mutex<HashMap<OrganisationId, u32>>>,
}

impl Default for Desks {
    fn default() -> Self {
        Self { seats: Semaphore::new(READ_AT_ONCE), coming: Arc::default() }
    }
}

/// One document of an organisation that is on its way.
struct Coming {
    coming: Arc<Mutex<HashMap<OrganisationId, u32>>>,
    organisation: OrganisationId,
}

impl Coming {
    fn begin(desks: &Desks, organisation: OrganisationId) -> Option<Self> {
        let mut coming = desks.coming.lock().unwrap_or_else(PoisonError::into_inner);
        let count = coming.entry(organisation).or_default();
        if *count >= OF_ONE_AT_ONCE {
            return None;
        }
        *count += 1;
        Some(Self { coming: Arc::clone(&desks.coming), organisation })
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        let mut coming = self.coming.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = coming.get_mut(&self.organisation) {
            *count -= 1;
            if *count == 0 {
                coming.remove(&self.organisation);
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtractQuery {
    name: Option<String>,
}

fn is_taken(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    MEDIA.iter().any(|one| media.eq_ignore_ascii_case(one))
}

/// `POST /api/v1/extract`.
pub(crate) async fn extract(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let (intake, organisation) = way_in(&member, &who)?;
    let query: ExtractQuery = http::query(request.uri())?;
    if !is_taken(request.headers()) {
        return Err(Problem::media_type(&MEDIA.join(", ")));
    }
    // Held until the document is read: also if its sender goes away meanwhile.
    let coming = Coming::begin(&intake.desks, organisation.id).ok_or_else(|| Problem::slow_down(WAIT_SECS))?;
    let body = http::body(request, formats::EXTRACT_BYTES_MAX).await?;
    let _seat = intake.desks.seats.acquire().await.map_err(|_| Problem::internal())?;
    let name: String = query.name.unwrap_or_default().chars().take(NAME_CHARS_MAX).collect();
    let reporter = intake.reporter(organisation, member.clock.now());
    let exercise = member.exercise;
    let read = blocking(move || {
        let _coming = coming;
        let found = formats::extract(&body, &name);
        drop(body);
        match found.refused {
            Some(why) => Err(why),
            None => Ok(view(found, reporter.lexicon(), exercise)),
        }
    });
    let extraction = read.await?.map_err(|why| Problem::wrong_field(format!("the document cannot be read: {why}")))?;
    reply(StatusCode::OK, &extraction)
}

fn count(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn view(found: Extracted, own: &Lexicon, exercise: bool) -> Extraction {
    Extraction {
        document: found.document.as_str().to_owned(),
        values: found.values.into_iter().map(|found| value(&found, own, exercise)).collect(),
        values_beyond: count(found.values_beyond),
        techniques: found.techniques.iter().map(|one| one.as_str().to_owned()).collect(),
        left_out: found
            .left_out
            .into_iter()
            .map(|left| LeftOutView {
                rule: left.rule.as_str().to_owned(),
                why: left.rule.why().to_owned(),
                place: left.place.text(),
                line: left.line.map(std::num::NonZeroU32::get),
                text: left.text,
            })
            .collect(),
        left_out_beyond: count(found.left_out_beyond),
        mail: found.mail.map(|mail| ExtractedMail {
            subject: mail.subject,
            from: mail.from,
            spf: mail.spf,
            dkim: mail.dkim,
            dmarc: mail.dmarc,
            attachments: mail.attachments.into_iter().map(attachment).collect(),
            own: mail.own,
        }),
        notes: found.notes,
        exercise,
    }
}

fn attachment(one: formats::extract::Attachment) -> AttachmentView {
    AttachmentView {
        name: one.name,
        bytes: one.bytes,
        what: one.what.to_owned(),
        disguised: one.disguised,
        sha256: one.sha256,
        md5: one.md5,
        lists: one.lists,
        encrypted: one.encrypted,
    }
}

fn value(found: &Found, own: &Lexicon, exercise: bool) -> ExtractedValue {
    let observable = &found.observable;
    let why = policy::scrub::scrub(observable, own, exercise);
    // What would be held whoever reported it lies in somebody's network; the rest is the reporter's own.
    let anybodys = why.is_some() && policy::scrub::scrub(observable, &Lexicon::default(), exercise).is_some();
    let is_own = found.mark == Mark::Own || (why.is_some() && !anybodys);
    let internal = found.mark == Mark::Internal || anybodys;
    let everyday = found.mark == Mark::Everyday && !(exercise && stands_for_the_world(found));
    ExtractedValue {
        kind: observable.kind().as_str().to_owned(),
        value: observable.value().to_owned(),
        defanged: model::defang(observable.value()),
        place: found.place.text(),
        line: found.line.map(std::num::NonZeroU32::get),
        offered: !is_own && !internal && !everyday,
        own: is_own,
        internal,
        everyday,
        why,
    }
}

/// Addresses that are reserved for documentation are those of an exercise's attackers.
fn stands_for_the_world(found: &Found) -> bool {
    found.observable.kind() == Kind::Ipv4
        && found.observable.value().parse::<Ipv4Addr>().is_ok_and(|address| address.is_documentation())
}
