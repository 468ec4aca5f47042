//! Files through the socket: after the request come pieces as they are, an empty one ends them.

use std::io;

use model::{CaseId, FileId, OrganisationId, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;
use vault::{Acted, FileTold};

use super::{Keyed, Request, Response, What, again, read_frame, told, write_frame};
use crate::sender::{Answer, LocalSender, SendError};
use crate::transfer::{Begun, Download, Ending, Later, Upload, begin_here};

/// Longest piece in a frame.
const PIECE_BYTES_MAX: usize = 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Ended {
    name: String,
    kind: String,
    notes: Vec<String>,
    organisation: String,
    at: i64,
    keyed: Option<Keyed>,
}

fn unreachable(error: impl std::fmt::Display) -> SendError {
    SendError::Unreachable(error.to_string())
}

async fn read_response(stream: &mut UnixStream) -> Result<Response, SendError> {
    let frame = read_frame(stream).await.map_err(unreachable)?;
    let frame = frame.ok_or_else(|| unreachable("the connection ended"))?;
    serde_json::from_slice(&frame).map_err(|error| SendError::Failed(error.to_string()))
}

async fn ask(stream: &mut UnixStream, what: What) -> Result<Response, SendError> {
    let request = Request { id: String::new(), what };
    let frame = serde_json::to_vec(&request).map_err(|error| SendError::Failed(error.to_string()))?;
    write_frame(stream, &frame).await.map_err(unreachable)?;
    read_response(stream).await
}

struct RemoteUpload {
    stream: UnixStream,
    id: FileId,
}

impl Upload for RemoteUpload {
    fn id(&self) -> FileId {
        self.id
    }

    fn write(mut self: Box<Self>, bytes: Vec<u8>) -> Later<'static, Box<dyn Upload>> {
        Box::pin(async move {
            for piece in bytes.chunks(PIECE_BYTES_MAX) {
                write_frame(&mut self.stream, piece).await.map_err(unreachable)?;
            }
            Ok(self as Box<dyn Upload>)
        })
    }

    fn finish(mut self: Box<Self>, ending: Ending) -> Later<'static, Answer> {
        Box::pin(async move {
            let FileTold { name, kind, notes } = ending.told;
            let keyed = ending.repeat.map(Keyed::from);
            let organisation = ending.organisation.to_string();
            let ended = Ended { name, kind, notes, organisation, at: ending.at.as_millis(), keyed };
            let ended = serde_json::to_vec(&ended).map_err(|error| SendError::Failed(error.to_string()))?;
            write_frame(&mut self.stream, &[]).await.map_err(unreachable)?;
            write_frame(&mut self.stream, &ended).await.map_err(unreachable)?;
            match read_response(&mut self.stream).await? {
                Response::Done => Ok(Answer::Acted(Acted::Done)),
                Response::Absent => Ok(Answer::Acted(Acted::Absent)),
                Response::Closed(why) => Ok(Answer::Acted(Acted::Refused(why.into()))),
                Response::Again(before) => Ok(Answer::Again(again(before)?)),
                other => Err(failed(other)),
            }
        })
    }
}

fn failed(response: Response) -> SendError {
    match response {
        Response::Busy => SendError::Busy,
        Response::Refused(why) => SendError::Refused(why),
        Response::Failed(why) => SendError::Failed(why),
        _ => SendError::Failed("another answer than that of a file".to_owned()),
    }
}

pub(super) async fn upload(
    mut stream: UnixStream,
    organisation: OrganisationId,
    case: CaseId,
) -> Result<Begun, SendError> {
    let what = What::Upload { organisation: organisation.to_string(), case: case.to_string() };
    match ask(&mut stream, what).await? {
        Response::Open(id) => {
            let id = id.parse().map_err(|_| SendError::Failed("file is no id".to_owned()))?;
            Ok(Begun::Open(Box::new(RemoteUpload { stream, id })))
        }
        Response::Absent => Ok(Begun::Absent),
        Response::Closed(why) => Ok(Begun::Refused(why.into())),
        other => Err(failed(other)),
    }
}

/// Pieces that come through the socket.
pub struct RemotePieces(UnixStream);

impl RemotePieces {
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, SendError> {
        let piece = read_frame(&mut self.0).await.map_err(unreachable)?;
        let piece = piece.ok_or_else(|| unreachable("the file broke off"))?;
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }
}

pub(super) async fn download(
    mut stream: UnixStream,
    organisation: OrganisationId,
    case: CaseId,
    id: FileId,
) -> Result<Option<Download>, SendError> {
    let (organisation, case) = (organisation.to_string(), case.to_string());
    match ask(&mut stream, What::Download { organisation, case, id: id.to_string() }).await? {
        Response::Done => Ok(Some(Download::There(RemotePieces(stream)))),
        Response::Absent => Ok(None),
        other => Err(failed(other)),
    }
}

fn nonsense(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

async fn respond(stream: &mut UnixStream, response: &Response) -> io::Result<()> {
    write_frame(stream, &serde_json::to_vec(response)?).await
}

/// Takes a file in on the vault's side. A connection that ends before the file does leaves nothing of it.
pub(super) async fn take(
    stream: &mut UnixStream,
    local: &LocalSender,
    organisation: &str,
    case: &str,
) -> io::Result<()> {
    let organisation: OrganisationId = organisation.parse().map_err(|_| nonsense("organisation is no id"))?;
    let case: CaseId = case.parse().map_err(|_| nonsense("case is no id"))?;
    let mut upload = match begin_here(local.vault(), Some(organisation), case).await {
        Ok(Ok(upload)) => upload,
        Ok(Err(None)) => return respond(stream, &Response::Absent).await,
        Ok(Err(Some(why))) => return respond(stream, &Response::Closed(why.to_owned())).await,
        Err(error) => return respond(stream, &told(Err(error))).await,
    };
    respond(stream, &Response::Open(upload.id().to_string())).await?;
    loop {
        let piece = read_frame(stream).await?.ok_or_else(|| nonsense("the file broke off"))?;
        if piece.is_empty() {
            break;
        }
        upload = match upload.take(piece).await {
            Ok(upload) => upload,
            // Whoever sends on meets a closed connection.
            Err(error) => return Err(io::Error::other(error.to_string())),
        };
    }
    let ended = read_frame(stream).await?.ok_or_else(|| nonsense("the file broke off"))?;
    let ended: Ended = serde_json::from_slice(&ended)?;
    let from: OrganisationId = ended.organisation.parse().map_err(|_| nonsense("organisation is no id"))?;
    if from != organisation {
        return Err(nonsense("the file ends as another's"));
    }
    let repeat = ended.keyed.map(Keyed::repeat).transpose().map_err(|why| nonsense(&why))?.map(|repeat| *repeat);
    let ending = Ending {
        told: FileTold { name: ended.name, kind: ended.kind, notes: ended.notes },
        organisation,
        at: Timestamp::from_millis(ended.at),
        repeat,
    };
    // In a task of its own, as what was begun is ended whether or not somebody still listens.
    let kept = tokio::spawn(upload.keep(ending)).await.map_err(io::Error::other)?;
    respond(stream, &told(kept)).await
}

/// Gives a file out on the vault's side.
pub(super) async fn give(
    stream: &mut UnixStream,
    local: &LocalSender,
    (organisation, case, id): (&str, &str, &str),
) -> io::Result<()> {
    let organisation: OrganisationId = organisation.parse().map_err(|_| nonsense("organisation is no id"))?;
    let case: CaseId = case.parse().map_err(|_| nonsense("case is no id"))?;
    let id: FileId = id.parse().map_err(|_| nonsense("file is no id"))?;
    let mut pieces = match Download::here(local.vault(), Some(organisation), case, id).await {
        Ok(Some(pieces)) => pieces,
        Ok(None) => return respond(stream, &Response::Absent).await,
        Err(error) => return respond(stream, &told(Err(error))).await,
    };
    respond(stream, &Response::Done).await?;
    // One that cannot be read to its end breaks off: it must not look whole.
    while let Some(piece) = pieces.next().await.map_err(|error| io::Error::other(error.to_string()))? {
        write_frame(stream, &piece).await?;
    }
    write_frame(stream, &[]).await
}
