//! Requests that may come again under an `Idempotency-Key`: what was done once is answered as it was the first time.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use intake::{Answer as Told, Message};
use model::OrganisationId;
use vault::{Accepted, Acted, Again, REPEAT_KEY_CHARS_MAX, Repeat};

use crate::http;
use crate::member::MemberParts;
use crate::problem::Problem;
use crate::reports::{Intake, refused, way_in};
use crate::session::Who;

/// The header.
const HEADER: &str = "idempotency-key";
/// How long an organisation waits that has used too many keys, in seconds.
const FULL_WAIT_SECS: u64 = 3_600;

/// Keys of requests that this process is answering now.
pub(crate) type Turns = Arc<Mutex<HashSet<(OrganisationId, String)>>>;

/// What a request asks, beside its body, and its key.
pub(crate) struct Asked {
    method: String,
    target: String,
    key: Option<String>,
}

impl Asked {
    /// Reads the head of a request.
    pub(crate) fn of(request: &Request) -> Result<Self, Problem> {
        let mut keys = request.headers().get_all(HEADER).iter();
        let key = keys.next().map(|key| {
            let visible = key.as_bytes().iter().all(u8::is_ascii_graphic);
            let fits = (1..=REPEAT_KEY_CHARS_MAX).contains(&key.len());
            let key = key.to_str().ok().filter(|_| visible && fits && keys.next().is_none());
            let wrong =
                format!("Idempotency-Key: one of 1 to {REPEAT_KEY_CHARS_MAX} visible ASCII characters is asked for");
            key.map(str::to_owned).ok_or_else(|| Problem::wrong_field(wrong))
        });
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        Ok(Self { method: request.method().to_string(), target, key: key.transpose()? })
    }
}

/// One request's turn; given back when it is dropped.
pub(crate) struct Turn {
    turns: Turns,
    asked: Asked,
    key: Option<(OrganisationId, String)>,
}

impl Turn {
    /// Whether the request has a key.
    pub(crate) const fn is_keyed(&self) -> bool {
        self.key.is_some()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.turns.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        }
    }
}

/// A request that nothing was done for yet, as far as its key tells.
pub(crate) struct Once {
    repeat: Option<Repeat>,
    _turn: Turn,
}

/// What was done before under the same key.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: u16,
    pub(crate) answer: String,
    pub(crate) accepted: Option<Accepted>,
}

impl Done {
    /// The answer as it was kept.
    pub(crate) fn response(self) -> Response<axum::body::Body> {
        if self.answer.is_empty() {
            return http::nothing();
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        http::bytes(status, "application/json", Bytes::from(self.answer))
    }
}

fn done(again: Again) -> Result<Done, Problem> {
    match again {
        Again::Done { status, answer, accepted } => Ok(Done { status, answer, accepted }),
        Again::Running => Err(Problem::running()),
        Again::Differs => Err(Problem::wrong_field(
            "Idempotency-Key: it was sent with another request before: send a new key with a new request",
        )),
        Again::Gone => Err(Problem::closed("what was done under this Idempotency-Key was recalled")),
        Again::Full => Err(Problem::slow_down(FULL_WAIT_SECS)),
    }
}

/// What became of an act.
pub(crate) fn acted(told: Told) -> Result<Result<(), Done>, Problem> {
    match told {
        Told::Acted(Acted::Absent) => Err(Problem::absent()),
        Told::Acted(Acted::Refused(why)) => Err(Problem::closed(why)),
        Told::Acted(Acted::Done) | Told::Done => Ok(Ok(())),
        Told::Again(again) | Told::Acted(Acted::Again(again)) => done(again).map(Err),
        Told::Accepted(_) => Err(Problem::internal()),
    }
}

impl MemberParts {
    /// Takes the turn of a request's key, if it has one.
    pub(crate) fn turn(&self, who: &Who, asked: Asked) -> Result<Turn, Problem> {
        let (intake, organisation) = way_in(self, who)?;
        let key = asked.key.clone().map(|key| (organisation.id, key));
        if let Some(key) = &key
            && !intake.turns.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone())
        {
            return Err(Problem::running());
        }
        Ok(Turn { turns: Arc::clone(&intake.turns), asked, key })
    }

    /// Looks whether a request was answered before; `body` is the bytes that it carries, or a digest of them.
    pub(crate) async fn once(&self, turn: Turn, body: &[u8]) -> Result<Result<Once, Done>, Problem> {
        let intake = self.intake.as_ref().ok_or_else(Problem::internal)?;
        let Some((organisation, key)) = turn.key.clone() else { return Ok(Ok(Once { repeat: None, _turn: turn })) };
        let request = intake::request_digest(&[turn.asked.method.as_bytes(), turn.asked.target.as_bytes(), body]);
        let repeat = Repeat { organisation, key, request, status: 0, answer: String::new() };
        let message = Message::Asked(Box::new(repeat.clone()));
        match intake.sender().send(message).await.map_err(|error| refused(&error))? {
            Told::Again(again) => done(again).map(Err),
            _ => Ok(Ok(Once { repeat: Some(repeat), _turn: turn })),
        }
    }
}

impl Once {
    /// Whether the request has a key.
    pub(crate) const fn is_keyed(&self) -> bool {
        self.repeat.is_some()
    }

    /// The key with the answer that it gets from now on.
    pub(crate) fn answered(&self, status: StatusCode, answer: String) -> Option<Repeat> {
        self.repeat.as_ref().map(|repeat| answered(repeat, status, answer))
    }

    /// Sends a report or an act, to be answered so from now on.
    pub(crate) async fn send(
        &self,
        intake: &Intake,
        message: Message,
        status: StatusCode,
        answer: String,
    ) -> Result<Result<Told, Done>, Problem> {
        let message = match &self.repeat {
            Some(repeat) => Message::Once(Box::new(answered(repeat, status, answer)), Box::new(message)),
            None => message,
        };
        match intake.sender().send(message).await.map_err(|error| refused(&error))? {
            Told::Again(again) => done(again).map(Err),
            told => Ok(Ok(told)),
        }
    }

    /// Remembers the answer to what was done in parts, each of which may come twice.
    pub(crate) async fn remember(&self, intake: &Intake, status: StatusCode, answer: String) -> Result<(), Problem> {
        let Some(repeat) = &self.repeat else { return Ok(()) };
        let message = Message::Remember(Box::new(answered(repeat, status, answer)));
        intake.sender().send(message).await.map(|_| ()).map_err(|error| refused(&error))
    }
}

fn answered(repeat: &Repeat, status: StatusCode, answer: String) -> Repeat {
    Repeat { status: status.as_u16(), answer, ..repeat.clone() }
}
