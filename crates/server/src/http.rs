//! Reading requests and writing answers, so that every refusal is a problem and every body has a cap.

use axum::RequestExt;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use model::Kind;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// How much of a kind that is none is repeated, in characters.
const KIND_CHARS_TOLD: usize = 40;

/// What a handler gives.
pub(crate) type Answer = Result<Response<Body>, Problem>;

/// Reads a body up to `limit` bytes; a declared length beyond it is refused before a byte is read.
pub(crate) async fn body(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let declared = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    if declared.is_some_and(|declared| declared > limit as u64) {
        return Err(Problem::too_large(limit));
    }
    let mut body = Limited::new(request.into_body(), limit);
    // As long as it says that it is, and no longer: a big body is never held twice. Pages that are never written cost nothing.
    let mut bytes = Vec::with_capacity(declared.and_then(|declared| usize::try_from(declared).ok()).unwrap_or(0));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => Problem::too_large(limit),
            None => Problem::unreadable("the body broke off"),
        })?;
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes.into())
}

/// Whether a request says that its body is JSON.
pub(crate) fn says_json(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// Reads a JSON body, which is an object. Unknown and repeated fields are refused by the type; deep nesting by the parser.
pub(crate) async fn json<T: DeserializeOwned>(request: Request, limit: usize) -> Result<T, Problem> {
    if !says_json(request.headers()) {
        return Err(Problem::media_type("application/json"));
    }
    let body = body(request, limit).await?;
    // The types would also take an array of their fields in order: no document of ours says that.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::wrong_field("the body is an array: an object is asked for"));
    }
    let problem = |error: serde_json::Error, path: &str| match error.classify() {
        // A type that is wrong is told without its field's name by the parser.
        serde_json::error::Category::Data if path != "." => Problem::wrong_field(format!("{path}: {error}")),
        serde_json::error::Category::Data => Problem::wrong_field(error.to_string()),
        _ => Problem::unreadable(error.to_string()),
    };
    let mut reader = serde_json::Deserializer::from_slice(&body);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        problem(error.into_inner(), &path)
    })?;
    reader.end().map_err(|error| problem(error, "."))?;
    Ok(read)
}

/// Reads the query.
pub(crate) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    Query::try_from_uri(uri)
        .map(|Query(query)| query)
        .map_err(|error| Problem::unreadable(format!("query: {}", error.body_text())))
}

/// The kind that a look-up names.
pub(crate) fn kind(name: Option<&str>) -> Result<Option<Kind>, Problem> {
    let read = |name: &str| {
        let told: String = name.chars().take(KIND_CHARS_TOLD).collect();
        name.parse().map_err(|_| Problem::unreadable(format!("kind: {told:?} is no kind of value")))
    };
    name.map(read).transpose()
}

/// The one path parameter. What cannot be decoded is absent.
pub(crate) async fn path(request: &mut Request) -> Result<String, Problem> {
    request.extract_parts::<Path<String>>().await.map(|Path(path)| path).map_err(|_| Problem::absent())
}

/// The two path parameters.
pub(crate) async fn paths(request: &mut Request) -> Result<(String, String), Problem> {
    request.extract_parts::<Path<(String, String)>>().await.map(|Path(paths)| paths).map_err(|_| Problem::absent())
}

/// A cookie's value.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find_map(|(key, value)| (key == name).then_some(value))
}

/// An answer with a body of JSON: to the cell. Members are answered by [`crate::answers::reply`].
pub(crate) fn write(status: StatusCode, value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "cannot write an answer");
        Problem::internal()
    })?;
    Ok(bytes(status, "application/json", Bytes::from(body)))
}

/// An answer with any body.
pub(crate) fn bytes(status: StatusCode, media: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// Runs what waits for a disk or a lock where waiting harms nobody.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a task failed");
        Problem::internal()
    })
}

/// Runs what waits for a disk or a lock here and now, the thread's other work handed on; a runtime of one thread has nobody
/// to hand it to and waits.
pub(crate) fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// 204.
pub(crate) fn nothing() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
