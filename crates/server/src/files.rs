//! Files of a report: a mail, a picture, a sample, from its reporter or from the cell. What comes is kept as it is and given
//! out as a download only; nothing of it is opened, shown or run.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use formats::{FileFacts, FileKind, FileLook};
use futures_util::{StreamExt as _, stream};
use intake::{Begun, Download, Ending, SendError, begin_here};
use model::{CaseId, FileId, OrganisationId, SEALED_FILE_BYTES_MAX, SealedFile};
use policy::planted::Leak;
use register::{Right, Scope};
use serde::Deserialize;
use tokio::sync::Semaphore;
use vault::{FILE_BYTES_MAX, FileTold};

use crate::answers::reply;
use crate::cell::{CellParts, CellState};
use crate::http::{self, Answer, blocking};
use crate::member::{MemberParts, MemberState};
use crate::once::Asked;
use crate::problem::Problem;
use crate::reports::{refused, slow_down, way_in};
use crate::session::Who;
use crate::table::{Access, Face, Param, Route, Shape, json, required};
use crate::views::FileView;
use crate::{sealed_files, thread_notes};

/// Files that come in at once, of all members; whoever comes then waits, and nothing of the file is read until there is room.
const COMING_AT_ONCE: usize = 16;
/// Files of one organisation that come in at once.
const OF_ONE_AT_ONCE: u32 = 4;
/// How long an organisation is asked to wait while it has that many on their way.
const WAIT_SECS: u64 = 2;
/// Bytes by which a sealed file is known.
const TELLS_BYTES: u64 = 64;
/// How long may pass between two pieces of a file.
const PIECE_WAIT: Duration = Duration::from_secs(20);
/// What a browser may do with a file: nothing.
const FILE_CSP: &str = "sandbox; default-src 'none'";

const NAME: Param = Param {
    name: "name",
    text: "Name of the file; its folders, and characters that could deceive, are taken out.",
    required: false,
    number: false,
};

/// The rows of the table of routes.
#[rustfmt::skip]
pub(crate) fn rows(face: Face) -> Vec<Route> {
    let add = "Adds a file to a report, up to 25 MiB, and 20 to a report. It is kept sealed and given out as a download only. To a report that is for the cell only a device may send it sealed to the cell's key; its name is within, then.";
    let get = "A file of a report, as it came, as a download.";
    let id = required("id", "Id of the file.");
    match face {
        Face::Member => {
            let reference = required("reference", "Reference of the report, as its receipt says.");
            let route = |method, path, id, summary| Route::new(Face::Member, Access::Needs(Right::Report), method, path, id, summary);
            vec![
                route("POST", "/api/v1/reports/{reference}/files", "own_file_add", add)
                    .with(&[reference, NAME])
                    .takes(Shape::Bytes)
                    .once().key(Scope::Report).gives(201, json::<FileView>())
                    .or(&[404, 409, 422, 429, 503]),
                route("GET", "/api/v1/reports/{reference}/files/{id}", "own_file", get)
                    .with(&[reference, id])
                    .key(Scope::Report).gives(200, Shape::Bytes)
                    .or(&[404, 503]),
            ]
        }
        Face::Cell => {
            let case = required("case", "Pseudonym of the case.");
            let route = |right, method, path, id, summary| Route::new(Face::Cell, Access::Needs(right), method, path, id, summary);
            vec![
                route(Right::ActOnCases, "POST", "/cell/v1/reports/{case}/files", "cell_file_add", add)
                    .with(&[case, NAME])
                    .takes(Shape::Bytes)
                    .gives(201, json::<FileView>())
                    .or(&[404, 409, 422, 503]),
                route(Right::ReadCases, "GET", "/cell/v1/reports/{case}/files/{id}", "cell_file", get)
                    .with(&[case, id])
                    .gives(200, Shape::Bytes)
                    .or(&[404, 409, 503]),
            ]
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileQuery {
    name: Option<String>,
}

/// Places for files on their way.
pub(crate) struct Coming {
    seats: Semaphore,
    of: Arc<Mutex<HashMap<OrganisationId, u32>>>,
}

impl Default for Coming {
    fn default() -> Self {
        Self { seats: Semaphore::new(COMING_AT_ONCE), of: Arc::default() }
    }
}

/// One file of an organisation that is on its way.
struct OwnPlace {
    of: Arc<Mutex<HashMap<OrganisationId, u32>>>,
    organisation: OrganisationId,
}

impl OwnPlace {
    fn take(coming: &Coming, organisation: OrganisationId) -> Option<Self> {
        let mut of = coming.of.lock().unwrap_or_else(PoisonError::into_inner);
        let count = of.entry(organisation).or_default();
        if *count >= OF_ONE_AT_ONCE {
            return None;
        }
        *count += 1;
        Some(Self { of: Arc::clone(&coming.of), organisation })
    }
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = of.get_mut(&self.organisation) {
            *count -= 1;
            if *count == 0 {
                of.remove(&self.organisation);
            }
        }
    }
}

fn too_large() -> Problem {
    Problem::too_large(usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX))
}

/// The head of an upload: its name, and a declared length that is none too large.
fn named(request: &Request) -> Result<String, Problem> {
    let FileQuery { name } = http::query(request.uri())?;
    let name = intake::file_name(&name.unwrap_or_default());
    let name = name.map_err(|problem| Problem::wrong_field(problem.to_string()))?;
    if declared(request).is_some_and(|declared| declared > SEALED_FILE_BYTES_MAX) {
        return Err(too_large());
    }
    Ok(name)
}

fn declared(request: &Request) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A file as it comes: what is told of it grows with its pieces.
struct Pieces {
    body: BodyDataStream,
    look: FileLook,
    bytes: u64,
    declared: u64,
}

impl Pieces {
    fn of(request: Request, name: &str) -> Self {
        let declared = declared(&request).unwrap_or_default();
        Self { body: request.into_body().into_data_stream(), look: FileLook::new(name), bytes: 0, declared }
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let piece = tokio::time::timeout(PIECE_WAIT, self.body.next()).await.map_err(|_| Problem::timeout())?;
        let Some(piece) = piece else { return Ok(None) };
        let piece = piece.map_err(|_| Problem::unreadable("the file broke off"))?;
        self.bytes += piece.len() as u64;
        self.look.take(&piece);
        // The first bytes tell which of the two it is.
        if self.bytes >= TELLS_BYTES && self.bytes.max(self.declared) > self.most() {
            return Err(too_large());
        }
        Ok(Some(piece.to_vec()))
    }

    /// What hides its length comes on top of a sealed one.
    fn most(&self) -> u64 {
        if self.look.is_sealed() { SEALED_FILE_BYTES_MAX } else { FILE_BYTES_MAX }
    }

    fn tell(self) -> Result<FileFacts, Problem> {
        if self.bytes == 0 {
            return Err(Problem::wrong_field("the file is empty"));
        }
        if self.declared > self.most() {
            return Err(too_large());
        }
        Ok(self.look.tell())
    }
}

fn view(id: FileId, name: &str, facts: &FileFacts, exercise: bool) -> FileView {
    FileView {
        id: id.to_string(),
        name: name.to_owned(),
        size: facts.bytes,
        sha256: facts.sha256.clone(),
        kind: facts.kind.as_str().to_owned(),
        notes: facts.notes.clone(),
        exercise,
    }
}

fn told(name: String, facts: FileFacts) -> FileTold {
    FileTold { name, kind: facts.kind.as_str().to_owned(), notes: facts.notes }
}

/// `POST /api/v1/reports/{reference}/files`.
pub(crate) async fn add(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case: CaseId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let (intake, organisation) = way_in(&member, &who)?;
    let name = named(&request)?;
    let turn = member.turn(&who, Asked::of(&request)?)?;
    let now = member.clock.now();
    let _place = OwnPlace::take(&intake.files, organisation.id).ok_or_else(|| Problem::slow_down(WAIT_SECS))?;
    intake.take(organisation.id, now).map_err(slow_down)?;
    let _seat = intake.files.seats.acquire().await.map_err(|_| Problem::internal())?;
    let begun = intake.sender().upload(organisation.id, case).await.map_err(|error| refused(&error))?;
    let mut upload = match begun {
        Begun::Open(upload) => upload,
        Begun::Absent => return Err(Problem::absent()),
        Begun::Refused(why) => return closed_or_done(&member, turn, request, why).await,
    };
    let mut pieces = Pieces::of(request, &name);
    while let Some(piece) = pieces.next().await? {
        upload = upload.write(piece).await.map_err(|error| refused(&error))?;
    }
    let facts = pieces.tell()?;
    let name = match facts.sealed {
        Some(sealed) => sealed_files::to_now(&member, sealed).await?,
        None => name,
    };
    let once = match member.once(turn, facts.sha256.as_bytes()).await? {
        Ok(once) => once,
        Err(done) => return Ok(done.response()),
    };
    let view = view(upload.id(), &name, &facts, member.exercise);
    let repeat = once.is_keyed().then(|| serde_json::to_string(&view).ok()).flatten();
    let repeat = repeat.and_then(|answer| once.answered(StatusCode::CREATED, answer));
    let ending = Ending { told: told(name, facts), organisation: organisation.id, at: now, repeat };
    let answer = upload.finish(ending).await.map_err(|error| refused(&error))?;
    match crate::once::acted(answer)? {
        Ok(()) => reply(StatusCode::CREATED, &view),
        Err(done) => Ok(done.response()),
    }
}

/// A case that takes no more files still answers as before to one that it took.
async fn closed_or_done(
    member: &MemberParts,
    turn: crate::once::Turn,
    request: Request,
    why: std::borrow::Cow<'static, str>,
) -> Answer {
    if !turn.is_keyed() {
        return Err(Problem::closed(why));
    }
    let mut pieces = Pieces::of(request, "");
    while pieces.next().await?.is_some() {}
    match member.once(turn, pieces.tell()?.sha256.as_bytes()).await? {
        Ok(_) => Err(Problem::closed(why)),
        Err(done) => Ok(done.response()),
    }
}

/// `GET /api/v1/reports/{reference}/files/{id}`.
pub(crate) async fn get(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let (case, id) = ids(&mut request).await?;
    let organisation = who.principal.organisation.as_ref().ok_or_else(Problem::signed_out)?.id;
    let thread = member.own(move |own| own.thread(organisation, case)).await?.ok_or_else(Problem::absent)?;
    let row = thread_notes::file(&thread, &id.to_string()).ok_or_else(Problem::absent)?;
    let (intake, _) = way_in(&member, &who)?;
    let found = intake.sender().download(organisation, case, id).await.map_err(|error| refused(&error))?;
    send(&row.name, row.size, found.ok_or_else(Problem::absent)?)
}

async fn ids(request: &mut Request) -> Result<(CaseId, FileId), Problem> {
    let (case, id) = http::paths(request).await?;
    let ids = case.parse().ok().zip(id.parse().ok());
    ids.ok_or_else(Problem::absent)
}

/// A name as a header takes it: plain for old programs, and whole.
fn disposition(name: &str) -> HeaderValue {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            let _ = write!(whole, "%{byte:02X}");
        }
    }
    let text = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

pub(crate) fn send(name: &str, size: u64, file: Download) -> Answer {
    let pieces = stream::try_unfold(file, |mut file| async move {
        // A file that breaks off must not look whole: the error ends the connection.
        let piece = file.next().await.map_err(|error| {
            tracing::error!(%error, "a file could not be read");
            std::io::Error::other("the file could not be read")
        })?;
        Ok::<_, std::io::Error>(piece.map(|piece| (piece, file)))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    harmless(response.headers_mut(), name, size);
    Ok(response)
}

fn harmless(headers: &mut HeaderMap, name: &str, size: u64) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_DISPOSITION, disposition(name));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(FILE_CSP));
}

/// Whether a case is there for an analyst.
async fn is_there(cell: &Arc<CellParts>, who: &Who, case: CaseId) -> Result<(), Problem> {
    let (of, sight) = (Arc::clone(cell), who.sight().lifted_by(Leak::WalledCasePage));
    let there = blocking(move || of.fold.see(&sight, of.now(), |seen| seen.desk.has_case(case)));
    if there.await?? { Ok(()) } else { Err(Problem::absent()) }
}

/// `POST /cell/v1/reports/{case}/files`.
pub(crate) async fn cell_add(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case: CaseId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let name = named(&request)?;
    is_there(&cell, &who, case).await?;
    if cell.fold.is_outside(case) {
        return Err(Problem::closed("whoever wrote this has no account and cannot be given files: say it in words"));
    }
    let by = (who.person()?, who.principal.name.clone());
    let failed = |error: SendError| refused(&error);
    let mut upload = match begin_here(&cell.vault, None, case).await.map_err(failed)? {
        Ok(upload) => upload,
        Err(None) => return Err(Problem::absent()),
        Err(Some(why)) => return Err(Problem::closed(why)),
    };
    let mut pieces = Pieces::of(request, &name);
    while let Some(piece) = pieces.next().await? {
        upload = upload.take(piece).await.map_err(failed)?;
    }
    let facts = pieces.tell()?;
    if facts.kind == FileKind::Sealed {
        return Err(Problem::wrong_field("what the cell sends to a reporter is not sealed to the cell"));
    }
    let added = upload.add(told(name.clone(), facts.clone()), by).await.map_err(failed)?;
    let file = added.map_err(Problem::closed)?;
    reply(StatusCode::CREATED, &view(file.id, &name, &facts, cell.exercise))
}

/// `GET /cell/v1/reports/{case}/files/{id}`.
pub(crate) async fn cell_get(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let (case, id) = ids(&mut request).await?;
    let now = cell.now();
    let row = blocking({
        let cell = Arc::clone(&cell);
        move || {
            let sight = who.sight().lifted_by(Leak::WalledCasePage);
            let plan = cell.fold.see(&sight, now, |seen| seen.desk.case_plan(case))?;
            let row = plan.and_then(|plan| plan.file(&*cell.journal, id));
            if row.is_some() {
                cell.note_read(&who, &vault::audit::Read::File(case, id))?;
            }
            Ok::<_, Problem>(row)
        }
    });
    let file = row.await??.ok_or_else(Problem::absent)?;
    if file.kind == SealedFile::KIND {
        return sealed_files::give(&cell.vault, case, id).await;
    }
    let found = Download::here(&cell.vault, None, case, id).await.map_err(|error| refused(&error))?;
    send(&file.name, file.size, found.ok_or_else(Problem::absent)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_header_says_nothing_else() {
        let told = |name: &str| disposition(name).to_str().unwrap().to_owned();
        assert_eq!(told("mail.eml"), "attachment; filename=\"mail.eml\"; filename*=UTF-8''mail.eml");
        assert_eq!(
            told("Ré\"; x=\"y.pdf"),
            "attachment; filename=\"R___ x__y.pdf\"; filename*=UTF-8''R%C3%A9%22%3B%20x%3D%22y.pdf"
        );
        assert!(told("a\r\nset-cookie: b").starts_with("attachment; filename=\"a__set-cookie_ b\""));
    }
}
