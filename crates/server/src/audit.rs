//! The audit log at both listeners: what is published of it, for anybody who keeps it, and reads of the cell on their way into it.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::{MethodFilter, MethodRouter, on};
use tlog::{CHECKPOINT, KEY, PublishedError, Tile};
use vault::audit::Read;

use crate::cell::CellParts;
use crate::http::{self, Answer, blocking};
use crate::member::MemberState;
use crate::problem::Problem;
use crate::session::Who;
use crate::table::{Access, Face, Route, Shape, required};

/// A head is replaced at the next epoch; a tile never.
const HEAD_KEPT: &str = "no-cache";
const TILE_KEPT: &str = "public, max-age=31536000, immutable";
const TEXT: &str = "text/plain; charset=utf-8";

/// The rows of the table of routes.
#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Route> {
    let public = |method, path, id, summary| Route::new(Face::Member, Access::Public, method, path, id, summary);
    vec![
        public("GET", "/api/v1/audit/checkpoint", "audit_checkpoint", "Signed head of the audit log: keep it, and a later one must go on from it (C2SP tlog-checkpoint).")
            .gives(200, Shape::Text("text/plain"))
            .or(&[404]),
        public("GET", "/api/v1/audit/key", "audit_key", "Public key that heads of the audit log are signed with (C2SP signed-note).")
            .gives(200, Shape::Text("text/plain"))
            .or(&[404]),
        public("GET", "/api/v1/audit/tile/{*path}", "audit_tile", "A tile of the audit log: hashes of a level, or a bundle of its salted leaves (C2SP tlog-tiles).")
            .with(&[required("path", "Place of the tile, such as `0/x001/067.p/64` or `entries/000`.")])
            .gives(200, Shape::Bytes)
            .or(&[404]),
    ]
}

pub(crate) fn handler(id: &str, filter: MethodFilter) -> Option<MethodRouter<MemberState>> {
    Some(match id {
        "audit_checkpoint" => on(filter, checkpoint),
        "audit_key" => on(filter, key),
        "audit_tile" => on(filter, tile),
        _ => return None,
    })
}

fn unreadable(error: &PublishedError) -> Problem {
    tracing::error!(%error, "the audit log could not be read");
    Problem::internal()
}

fn kept(media: &'static str, keep: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = http::bytes(StatusCode::OK, media, Bytes::from(body));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}

async fn file(MemberState(member): MemberState, name: &'static str) -> Answer {
    let found = blocking(move || member.audit.file(name)).await?.map_err(|error| unreadable(&error))?;
    Ok(kept(TEXT, HEAD_KEPT, found.ok_or_else(Problem::absent)?))
}

async fn checkpoint(State(state): State<MemberState>) -> Answer {
    file(state, CHECKPOINT).await
}

async fn key(State(state): State<MemberState>) -> Answer {
    file(state, KEY).await
}

async fn tile(State(MemberState(member)): State<MemberState>, mut request: Request) -> Answer {
    let place = http::path(&mut request).await?;
    let tile = Tile::of_path(&format!("tile/{place}")).ok_or_else(Problem::absent)?;
    match blocking(move || member.audit.bytes(&tile)).await? {
        Ok(bytes) => Ok(kept("application/octet-stream", TILE_KEPT, bytes)),
        Err(PublishedError::Missing(_)) => Err(Problem::absent()),
        Err(error) => Err(unreadable(&error)),
    }
}

impl CellParts {
    /// Notes that somebody reads something, before it is shown to them: what cannot be noted is not shown.
    pub(crate) fn note_read(&self, who: &Who, read: &Read) -> Result<(), Problem> {
        self.fold.audit().note_read(self.now(), who.principal.person, read).map_err(|error| {
            tracing::error!(%error, "a read of the cell could not be recorded");
            Problem::busy("it could not be recorded that you read this; nothing is shown")
        })
    }
}
