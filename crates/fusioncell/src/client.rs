//! The demo's way in: the same HTTP routes and credentials as members and the cell use, with keep-alive.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN, RETRY_AFTER, SET_COOKIE};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Most bytes of an answer that the demo reads.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// How long one request may take.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// How often a request is tried again when the server asks to wait.
const TRIES_MAX: u32 = 40;
/// Longest wait between two tries.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// What a request carries to say who asks.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Nothing.
    None,
    /// An API key.
    Key(String),
    /// A session cookie, as `name=value`.
    Cookie(String),
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// The cookie that it sets, as `name=value`.
    pub cookie: Option<String>,
    /// Its body.
    pub body: Bytes,
    retry_after: Option<Duration>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value, String> {
        serde_json::from_slice(&self.body).map_err(|error| format!("answer is no JSON: {error}"))
    }
}

/// A client of one listener.
#[derive(Clone)]
pub struct Client {
    base: String,
    inner: HyperClient<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// A client of `base`, such as `http://127.0.0.1:8460`, that keeps up to `idle` connections.
    pub fn new(base: impl Into<String>, idle: usize) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let inner = HyperClient::builder(TokioExecutor::new()).pool_max_idle_per_host(idle).build(connector);
        Self { base: base.into(), inner }
    }

    /// Sends one request and reads the answer.
    pub async fn once(
        &self,
        method: Method,
        path: &str,
        who: &Credential,
        body: Option<&str>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        request = match who {
            // A browser names the origin of a request that changes something, signing in among them; the server asks for it.
            Credential::None => request.header(ORIGIN, &self.base),
            Credential::Key(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
            Credential::Cookie(cookie) => request.header(COOKIE, cookie).header(ORIGIN, &self.base),
        };
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = Full::new(Bytes::copy_from_slice(body.unwrap_or_default().as_bytes()));
        let request = request.body(body).map_err(|error| format!("{path}: {error}"))?;
        let answer = async {
            let answer = self.inner.request(request).await.map_err(|error| format!("{path}: {error}"))?;
            let status = answer.status();
            let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
            let cookie = header(SET_COOKIE).and_then(|text| text.split(';').next()).map(String::from);
            let retry_after = header(RETRY_AFTER).and_then(|text| text.parse().ok()).map(Duration::from_secs);
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX);
            let body = body.collect().await.map_err(|error| format!("{path}: {error}"))?.to_bytes();
            Ok(Answer { status, cookie, body, retry_after })
        };
        tokio::time::timeout(REQUEST_LIMIT, answer)
            .await
            .map_err(|_| format!("{path}: no answer in {REQUEST_LIMIT:?}"))?
    }

    /// Sends a request, and again while the server asks to wait or the connection breaks.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        who: &Credential,
        body: Option<&str>,
    ) -> Result<Answer, String> {
        let mut wait = Duration::from_millis(20);
        for tries in 1.. {
            let outcome = self.once(method.clone(), path, who, body).await;
            let asked = match &outcome {
                Ok(answer) if busy(answer.status) => answer.retry_after,
                Ok(_) => return outcome,
                Err(_) => None,
            };
            if tries >= TRIES_MAX {
                return outcome;
            }
            tokio::time::sleep(asked.map_or(wait, |asked| asked.min(WAIT_MAX))).await;
            wait = (wait * 2).min(WAIT_MAX);
        }
        Err(format!("{path}: not sent"))
    }

    /// Signs in and gives the session.
    pub async fn sign_in(&self, path: &str, email: &str, password: &str) -> Result<Credential, String> {
        let body = serde_json::json!({ "email": email, "password": password }).to_string();
        let answer = self.send(Method::POST, path, &Credential::None, Some(&body)).await?;
        match answer.cookie {
            Some(cookie) if answer.status == StatusCode::OK => Ok(Credential::Cookie(cookie)),
            _ => Err(format!("sign-in of {email}: status {}", answer.status)),
        }
    }
}

fn busy(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}
