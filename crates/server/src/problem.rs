//! Every rejection in one shape: `application/problem+json`.

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;

use crate::views::ProblemView;

/// What went wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
    detail: String,
    retry_after_secs: Option<u64>,
}

impl Problem {
    /// A problem of one sort.
    #[must_use]
    pub fn new(status: StatusCode, slug: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, slug, title, detail: detail.into(), retry_after_secs: None }
    }

    /// 400: cannot be read.
    #[must_use]
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unreadable", "The request cannot be read", detail)
    }

    /// 401.
    #[must_use]
    pub fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "signed-out", "Not signed in", "sign in, or send a key that is not revoked")
    }

    /// 401 to a sign-in: the same for an unknown address and a wrong password.
    #[must_use]
    pub fn wrong_sign_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "wrong-sign-in", "Not signed in", "address or password is wrong")
    }

    /// 403: signed in, but not in this role.
    #[must_use]
    pub fn role() -> Self {
        Self::new(StatusCode::FORBIDDEN, "role", "Not for this role", "your role may not do this")
    }

    /// 403: a key that is not good for this.
    #[must_use]
    pub fn scope() -> Self {
        Self::new(StatusCode::FORBIDDEN, "scope", "Not for this key", "the key is not good for this")
    }

    /// 403: a wall reads what a wall shows.
    #[must_use]
    pub fn wall() -> Self {
        Self::new(StatusCode::FORBIDDEN, "wall", "Not for a wall", "a wall shows the wall and nothing else")
    }

    /// 401: a wall that was revoked or has ended.
    #[must_use]
    pub fn wall_revoked() -> Self {
        let detail = "this wall was revoked or has ended: pair it anew";
        Self::new(StatusCode::UNAUTHORIZED, "wall-revoked", "This wall is not paired", detail)
    }

    /// 401 to a code that pairs nothing.
    #[must_use]
    pub fn wrong_pairing() -> Self {
        let detail = "the code was used, has ended or never was: make another";
        Self::new(StatusCode::UNAUTHORIZED, "wrong-pairing", "Not paired", detail)
    }

    /// 404 to a link or ticket: the same for one that was used, withdrawn, is too old or never was one.
    #[must_use]
    pub fn link() -> Self {
        let detail = "it was used, withdrawn, is too old, or never was one: ask whoever invited you for another";
        Self::new(StatusCode::NOT_FOUND, "link", "This link does not work", detail)
    }

    /// 409: other terms hold than those that were shown.
    #[must_use]
    pub fn terms(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "terms", "The terms have changed", detail)
    }

    /// 403: the organisation is dormant.
    #[must_use]
    pub fn dormant() -> Self {
        let detail = "your organisation is dormant because nobody has signed in for long: nothing was taken; sign in \
                      with a person's account, which wakes it at once, and send this again";
        Self::new(StatusCode::FORBIDDEN, "read-only", "Your organisation can only read", detail)
    }

    /// 403: the organisation has not accepted the terms in time.
    #[must_use]
    pub fn terms_overdue() -> Self {
        let detail = "your organisation has not accepted the latest terms in time: nothing was taken; let an \
                      administrator of it accept them on the page of the organisation, and send this again";
        Self::new(StatusCode::FORBIDDEN, "read-only", "Your organisation can only read", detail)
    }

    /// 403: an administrator of the organisation has to say first what is its own.
    #[must_use]
    pub fn own_first() -> Self {
        let detail = "what your invitation says is your organisation's own (domains, address ranges, names) counts only once an \
                      administrator of it has confirmed it: nothing was taken; let one look through it on the page of the \
                      organisation and save it, and send this again";
        Self::new(StatusCode::FORBIDDEN, "own-first", "Your organisation has to say first what is its own", detail)
    }

    /// 403: a passkey has to be shown in this session, not long ago.
    #[must_use]
    pub fn passkey_first() -> Self {
        let detail = "show your passkey once more: this needs one that was shown within the last ten minutes";
        Self::new(StatusCode::FORBIDDEN, "passkey-first", "Show your passkey first", detail)
    }

    /// 403: a second factor has to be enrolled first.
    #[must_use]
    pub fn enrol() -> Self {
        let detail = "register a passkey or an authenticator app first";
        Self::new(StatusCode::FORBIDDEN, "enrol", "A second factor is missing", detail)
    }

    /// 403: a factor has to be shown once more.
    #[must_use]
    pub fn confirm_first() -> Self {
        let detail = "show your passkey, or your password and code, once more";
        Self::new(StatusCode::FORBIDDEN, "confirm", "Confirm that it is you", detail)
    }

    /// 409: without it nobody could sign in.
    #[must_use]
    pub fn last_factor() -> Self {
        let detail = "this is the last factor that you could sign in with: add another first";
        Self::new(StatusCode::CONFLICT, "last-factor", "The last factor stays", detail)
    }

    /// 403: a request that another site sent in the browser of somebody who is signed in.
    #[must_use]
    pub fn foreign_origin() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "foreign-origin",
            "Sent from another site",
            "send this from the platform's own pages",
        )
    }

    /// 404: absent, or hidden; never which.
    #[must_use]
    pub fn absent() -> Self {
        Self::new(StatusCode::NOT_FOUND, "absent", "Not found", "there is nothing here")
    }

    /// 405.
    #[must_use]
    pub fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "Method not allowed", "see the Allow header")
    }

    /// 409.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Somebody else was first", detail)
    }

    /// 409, for what cannot be done any more.
    #[must_use]
    pub fn closed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "closed", "It cannot be done any more", detail)
    }

    /// 409: the same is being done at this moment.
    #[must_use]
    pub fn running() -> Self {
        let detail = "a request with this Idempotency-Key is being answered: wait for it, or send it again in a moment";
        Self::new(StatusCode::CONFLICT, "running", "It is being done", detail)
    }

    /// 413.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "Too large",
            format!("the body is larger than {limit} bytes"),
        )
    }

    /// 415.
    #[must_use]
    pub fn media_type(wanted: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "Not this kind of content",
            format!("send {wanted}"),
        )
    }

    /// 421: the request names a host that this listener does not serve.
    #[must_use]
    pub fn wrong_host() -> Self {
        Self::new(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong-host",
            "Not this host",
            "this listener does not serve the host that the request names",
        )
    }

    /// 422: understood, but a field is wrong.
    #[must_use]
    pub fn wrong_field(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-field", "A field is wrong", detail)
    }

    /// 429.
    #[must_use]
    pub fn slow_down(retry_after_secs: u64) -> Self {
        let problem =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "slow-down", "Too many requests", "wait, then try again");
        Self { retry_after_secs: Some(retry_after_secs.max(1)), ..problem }
    }

    /// 500: our fault; the log has the reason, the answer has not.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            "something failed on our side; it was logged",
        )
    }

    /// 503: full or not yet ready; nothing was taken.
    #[must_use]
    pub fn busy(detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Not ready", detail);
        Self { retry_after_secs: Some(1), ..problem }
    }

    /// 504: took too long.
    #[must_use]
    pub fn timeout() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "Took too long", "the request was given up; try again")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let view = ProblemView {
            r#type: format!("urn:fusioncell:problem:{}", self.slug),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let body = serde_json::to_vec(&view).unwrap_or_default();
        let mut response = Response::new(Body::from(Bytes::from(body)));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(secs) = self.retry_after_secs {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}
