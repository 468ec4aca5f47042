//! The seam between two processes: the member side sends over a Unix socket, the vault's side listens.
//!
//! Frames are a length (32 bits, big-endian) and JSON. Each message has a random id: a repeat after a broken connection is
//! recognised and stored once.

mod files;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use model::{AdvisoryId, CaseId, Entropy, FileId, OrganisationId, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OnceCell, Semaphore};
use vault::{Accepted, Acted, Again, Body, ItemOutcome, Repeat, ReportContent, Submission, codec};

use crate::amend::{act_of, stored};
use crate::sender::{Answer, LocalSender, Message, SendError, Sender, Sent};
use crate::size::entry_of;
use crate::transfer::{Begun, Download, Later};

pub use files::RemotePieces;

/// Longest frame.
const FRAME_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Messages on their way at once.
const IN_FLIGHT_MAX: usize = 64;
/// Connections of one listener.
const CONNECTIONS_MAX: usize = 256;
/// Messages whose answers are remembered for a repeat.
const REMEMBERED_MAX: usize = 4_096;

#[derive(Serialize, Deserialize)]
struct Filed {
    organisation: String,
    named: Option<String>,
    own: bool,
    contact: Option<String>,
    entry: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Submit {
        filed: Vec<Filed>,
        skip_known: bool,
    },
    AdvisoryRead {
        advisory: String,
        organisation: String,
    },
    Act {
        organisation: String,
        case: String,
        at: i64,
        entry: String,
    },
    ThreadRead {
        organisation: String,
        case: String,
    },
    Asked(Keyed),
    Once(Keyed, Box<What>),
    Remember(Keyed),
    /// Pieces of a file follow, an empty one, and what ends it.
    Upload {
        organisation: String,
        case: String,
    },
    /// Pieces of a file are asked for.
    Download {
        organisation: String,
        case: String,
        id: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Keyed {
    organisation: String,
    key: String,
    request: [u8; 32],
    status: u16,
    answer: String,
}

impl From<Repeat> for Keyed {
    fn from(repeat: Repeat) -> Self {
        let organisation = repeat.organisation.to_string();
        let (status, answer) = (repeat.status, repeat.answer);
        Self { organisation, key: repeat.key, request: repeat.request, status, answer }
    }
}

impl Keyed {
    fn repeat(self) -> Result<Box<Repeat>, String> {
        let organisation = self.organisation.parse().map_err(|_| "organisation is no id".to_owned())?;
        let (status, answer) = (self.status, self.answer);
        Ok(Box::new(Repeat { organisation, key: self.key, request: self.request, status, answer }))
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Before {
    Done { status: u16, answer: String, accepted: Option<Taken> },
    Running,
    Differs,
    Gone,
    Full,
}

#[derive(Serialize, Deserialize)]
struct Request {
    id: String,
    what: What,
}

#[derive(Clone, Serialize, Deserialize)]
struct Taken {
    case: Option<String>,
    duplicate: Vec<bool>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Response {
    Accepted(Vec<Taken>),
    Done,
    Open(String),
    Again(Before),
    Absent,
    Closed(String),
    Busy,
    Slow(i64),
    Refused(String),
    Failed(String),
}

fn to_filed(mut submission: Submission) -> Result<Filed, SendError> {
    let (organisation, named, own) = (submission.organisation, submission.named.take(), submission.own);
    let contact = submission.contact.take();
    let entry = entry_of(submission);
    let bytes = codec::encode(&Body::Report(Box::new(entry))).map_err(|error| SendError::Refused(error.to_string()))?;
    Ok(Filed {
        organisation: organisation.to_string(),
        named,
        own,
        contact,
        entry: String::from_utf8(bytes).map_err(|error| SendError::Failed(error.to_string()))?,
    })
}

fn of_filed(filed: Filed) -> Result<Submission, String> {
    let organisation: OrganisationId = filed.organisation.parse().map_err(|_| "organisation is no id".to_owned())?;
    let Body::Report(report) = codec::decode(filed.entry.as_bytes()).map_err(|error| error.to_string())? else {
        return Err("entry is no report".to_owned());
    };
    Ok(Submission {
        organisation,
        sector: report.sector,
        region: report.region,
        received_at: report.received_at,
        named: filed.named,
        own: filed.own,
        outside: report.outside,
        contact: filed.contact,
        report: ReportContent {
            happened_at: report.happened_at,
            warn: report.warn,
            know: report.know,
            marking: report.marking,
            attack: report.attack,
            severity: report.severity,
            ongoing: report.ongoing,
            title: report.title,
            narrative: report.narrative,
            techniques: report.techniques,
            tags: report.tags,
            items: report.items,
        },
    })
}

fn what_of(message: Message) -> Result<What, SendError> {
    Ok(match message {
        Message::Submit { submissions, skip_known } => {
            What::Submit { filed: submissions.into_iter().map(to_filed).collect::<Result<_, _>>()?, skip_known }
        }
        Message::AdvisoryRead { advisory, organisation } => {
            What::AdvisoryRead { advisory: advisory.to_string(), organisation: organisation.to_string() }
        }
        Message::Act { organisation, case, act, at } => {
            let bytes = codec::encode(&stored(&act)).map_err(|error| SendError::Refused(error.to_string()))?;
            let entry = String::from_utf8(bytes).map_err(|error| SendError::Failed(error.to_string()))?;
            What::Act { organisation: organisation.to_string(), case: case.to_string(), at: at.as_millis(), entry }
        }
        Message::ThreadRead { organisation, case } => {
            What::ThreadRead { organisation: organisation.to_string(), case: case.to_string() }
        }
        Message::Asked(repeat) => What::Asked((*repeat).into()),
        Message::Once(repeat, message) => What::Once((*repeat).into(), Box::new(what_of(*message)?)),
        Message::Remember(repeat) => What::Remember((*repeat).into()),
    })
}

fn message_of(what: What) -> Result<Message, String> {
    let no_id = |_| "id is none".to_owned();
    Ok(match what {
        What::Submit { filed, skip_known } => {
            Message::Submit { submissions: filed.into_iter().map(of_filed).collect::<Result<_, _>>()?, skip_known }
        }
        What::AdvisoryRead { advisory, organisation } => Message::AdvisoryRead {
            advisory: advisory.parse::<AdvisoryId>().map_err(no_id)?,
            organisation: organisation.parse().map_err(no_id)?,
        },
        What::Act { organisation, case, at, entry } => {
            let act = codec::decode(entry.as_bytes()).ok().and_then(act_of);
            let act = act.ok_or_else(|| "it is no act upon a case".to_owned())?;
            let (organisation, case) = (organisation.parse().map_err(no_id)?, case.parse().map_err(no_id)?);
            Message::Act { organisation, case, act, at: Timestamp::from_millis(at) }
        }
        What::ThreadRead { organisation, case } => Message::ThreadRead {
            organisation: organisation.parse().map_err(no_id)?,
            case: case.parse().map_err(no_id)?,
        },
        What::Asked(keyed) => Message::Asked(keyed.repeat()?),
        What::Once(keyed, what) => Message::Once(keyed.repeat()?, Box::new(message_of(*what)?)),
        What::Remember(keyed) => Message::Remember(keyed.repeat()?),
        What::Upload { .. } | What::Download { .. } => return Err("a file is no message".to_owned()),
    })
}

fn taken(report: Accepted) -> Taken {
    Taken {
        case: report.case.map(|case| case.to_string()),
        duplicate: report.items.iter().map(|item| *item == ItemOutcome::Duplicate).collect(),
    }
}

fn accepted(taken: Taken) -> Result<Accepted, SendError> {
    let case = taken.case.map(|case| case.parse()).transpose();
    let outcome = |duplicate| if duplicate { ItemOutcome::Duplicate } else { ItemOutcome::Accepted };
    Ok(Accepted {
        case: case.map_err(|_| SendError::Failed("case is no id".to_owned()))?,
        items: taken.duplicate.into_iter().map(outcome).collect(),
    })
}

fn before(again: Again) -> Before {
    match again {
        Again::Done { status, answer, accepted } => Before::Done { status, answer, accepted: accepted.map(taken) },
        Again::Running => Before::Running,
        Again::Differs => Before::Differs,
        Again::Gone => Before::Gone,
        Again::Full => Before::Full,
    }
}

fn again(before: Before) -> Result<Again, SendError> {
    Ok(match before {
        Before::Done { status, answer, accepted: of } => {
            Again::Done { status, answer, accepted: of.map(accepted).transpose()? }
        }
        Before::Running => Again::Running,
        Before::Differs => Again::Differs,
        Before::Gone => Again::Gone,
        Before::Full => Again::Full,
    })
}

async fn read_frame(stream: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame is too long"));
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await?;
    Ok(Some(frame))
}

async fn write_frame(stream: &mut UnixStream, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).ok().filter(|_| frame.len() <= FRAME_BYTES_MAX);
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "frame is too long"))?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(frame).await
}

/// The vault is in another process.
pub struct RemoteSender {
    path: PathBuf,
    idle: Mutex<Vec<UnixStream>>,
    places: Semaphore,
    entropy: Arc<dyn Entropy>,
}

impl RemoteSender {
    /// Sends to the listener at a socket; it need not be there yet.
    #[must_use]
    pub fn new(path: &Path, entropy: Arc<dyn Entropy>) -> Self {
        Self { path: path.to_owned(), idle: Mutex::default(), places: Semaphore::new(IN_FLIGHT_MAX), entropy }
    }

    async fn exchange(&self, frame: &[u8], fresh: bool) -> io::Result<Vec<u8>> {
        let idle = if fresh { None } else { self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() };
        let mut stream = match idle {
            Some(stream) => stream,
            None => UnixStream::connect(&self.path).await?,
        };
        write_frame(&mut stream, frame).await?;
        let answer = read_frame(&mut stream).await?;
        let answer = answer.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended"))?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
        Ok(answer)
    }

    async fn deliver(&self, message: Message) -> Result<Answer, SendError> {
        let what = what_of(message)?;
        let id = CaseId::from_bytes(self.entropy.bytes()).to_string();
        let frame = serde_json::to_vec(&Request { id, what }).map_err(|error| SendError::Failed(error.to_string()))?;
        let Ok(_place) = self.places.try_acquire() else { return Err(SendError::Busy) };
        // An idle connection may have died; the id makes a second try safe.
        let answer = match self.exchange(&frame, false).await {
            Ok(answer) => answer,
            Err(_) => self.exchange(&frame, true).await.map_err(|error| SendError::Unreachable(error.to_string()))?,
        };
        let response: Response =
            serde_json::from_slice(&answer).map_err(|error| SendError::Failed(error.to_string()))?;
        match response {
            Response::Done => Ok(Answer::Done),
            Response::Open(_) => Err(SendError::Failed("the answer is that of a file".to_owned())),
            Response::Absent => Ok(Answer::Acted(Acted::Absent)),
            Response::Closed(why) => Ok(Answer::Acted(Acted::Refused(why.into()))),
            Response::Busy => Err(SendError::Busy),
            Response::Slow(seconds) => Err(SendError::Slow(seconds)),
            Response::Refused(why) => Err(SendError::Refused(why)),
            Response::Failed(why) => Err(SendError::Failed(why)),
            Response::Again(before) => Ok(Answer::Again(again(before)?)),
            Response::Accepted(taken) => {
                Ok(Answer::Accepted(taken.into_iter().map(accepted).collect::<Result<_, _>>()?))
            }
        }
    }
}

impl RemoteSender {
    /// A connection of its own, for a file.
    async fn connection(&self) -> Result<UnixStream, SendError> {
        UnixStream::connect(&self.path).await.map_err(|error| SendError::Unreachable(error.to_string()))
    }
}

impl Sender for RemoteSender {
    fn upload(&self, organisation: OrganisationId, case: CaseId) -> Later<'_, Begun> {
        Box::pin(async move { files::upload(self.connection().await?, organisation, case).await })
    }

    fn download(&self, organisation: OrganisationId, case: CaseId, id: FileId) -> Later<'_, Option<Download>> {
        Box::pin(async move { files::download(self.connection().await?, organisation, case, id).await })
    }

    fn send(&self, message: Message) -> Sent<'_> {
        Box::pin(self.deliver(message))
    }
}

#[derive(Default)]
struct Recent {
    answers: HashMap<String, Arc<OnceCell<Response>>>,
    order: VecDeque<String>,
}

impl Recent {
    fn cell(&mut self, id: &str) -> Arc<OnceCell<Response>> {
        if let Some(cell) = self.answers.get(id) {
            return Arc::clone(cell);
        }
        if self.order.len() >= REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.order.push_back(id.to_owned());
        Arc::clone(self.answers.entry(id.to_owned()).or_default())
    }
}

fn told(answer: Result<Answer, SendError>) -> Response {
    match answer {
        Ok(Answer::Done | Answer::Acted(Acted::Done)) => Response::Done,
        Ok(Answer::Acted(Acted::Absent)) => Response::Absent,
        Ok(Answer::Acted(Acted::Refused(why))) => Response::Closed(why.into_owned()),
        Ok(Answer::Again(again) | Answer::Acted(Acted::Again(again))) => Response::Again(before(again)),
        Ok(Answer::Accepted(accepted)) => Response::Accepted(accepted.into_iter().map(taken).collect()),
        Err(SendError::Busy) => Response::Busy,
        Err(SendError::Slow(seconds)) => Response::Slow(seconds),
        Err(SendError::Refused(why)) => Response::Refused(why),
        Err(error) => Response::Failed(error.to_string()),
    }
}

async fn answer(request: Request, local: &LocalSender, recent: &Mutex<Recent>) -> Response {
    let cell = recent.lock().unwrap_or_else(PoisonError::into_inner).cell(&request.id);
    let response = cell
        .get_or_init(|| async {
            let message = match message_of(request.what) {
                Ok(message) => message,
                Err(why) => return Response::Failed(why),
            };
            told(local.send(message).await)
        })
        .await
        .clone();
    if matches!(response, Response::Busy) {
        // Nothing was stored: a repeat is a new try.
        recent.lock().unwrap_or_else(PoisonError::into_inner).answers.remove(&request.id);
    }
    response
}

async fn serve(mut stream: UnixStream, local: LocalSender, recent: Arc<Mutex<Recent>>) -> io::Result<()> {
    while let Some(frame) = read_frame(&mut stream).await? {
        let request: Request = serde_json::from_slice(&frame)?;
        match &request.what {
            What::Upload { organisation, case } => {
                files::take(&mut stream, &local, organisation, case).await?;
                continue;
            }
            What::Download { organisation, case, id } => {
                files::give(&mut stream, &local, (organisation, case, id)).await?;
                continue;
            }
            _ => {}
        }
        let (local, recent) = (local.clone(), Arc::clone(&recent));
        // In a task of its own: a connection that breaks must not stop what it began, or a repeat would store it twice.
        let work = tokio::spawn(async move { answer(request, &local, &recent).await });
        let response = work.await.unwrap_or_else(|error| Response::Failed(error.to_string()));
        write_frame(&mut stream, &serde_json::to_vec(&response)?).await?;
    }
    Ok(())
}

/// Listens at a socket (mode 600) and hands what comes to the vault, until the future is dropped.
///
/// # Errors
/// [`io::Error`] if the socket cannot be made.
pub async fn listen(path: &Path, local: LocalSender) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // A socket that a killed process has left behind; the vault's lock tells that no living one owns it.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let recent = Arc::new(Mutex::new(Recent::default()));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let (stream, _) = listener.accept().await?;
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        let (local, recent) = (local.clone(), Arc::clone(&recent));
        tokio::spawn(async move {
            // A peer that speaks nonsense is hung up on; it sees the end of the connection.
            let _ = serve(stream, local, recent).await;
            drop(place);
        });
    }
}
