//! Who sends a request: sessions in cookies, keys in headers, and the way to a new session.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use intake::Quota;
use model::PersonId;
use register::{Face, Principal, Register, SignInError};
use tokio::sync::Semaphore;

use crate::answers::reply;
use crate::gate::Doorkeeper;
use crate::http::{Answer, cookie, nothing};
use crate::problem::Problem;
use crate::table::Access;
use crate::views::{SessionView, SignIn};

/// Password checks that run at once: each is slow and takes memory on purpose.
const CHECKS_AT_ONCE: usize = 2;
/// Sign-ins that may wait for a check.
const CHECKS_WAITING_MAX: usize = 64;
/// Reads that one member organisation may send at once, and a second from then on: far above what its people and machines
/// need, far below what would keep others waiting.
const READS_AT_ONCE: f64 = 5_000.0;
const READS_PER_SECOND: f64 = 500.0;
/// Seconds after which the browser forgets the cookie; the register forgets the session by itself.
const COOKIE_SECS: u32 = 12 * 3_600;

/// Where a request came from, as far as trusted proxies tell: for the throttle and the operators' own routes; in no log.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

#[derive(Clone)]
enum Credential {
    Session(Arc<str>),
    Key(Arc<str>),
}

/// The sender of a request, checked.
#[derive(Clone)]
pub struct Who {
    /// What the credential stands for.
    pub principal: Arc<Principal>,
    credential: Credential,
}

impl Who {
    /// Whose the request's share of seats is: the organisation's, or that of a person of the cell.
    pub(crate) fn holder(&self) -> crate::hub::Holder {
        let organisation = self.principal.organisation.as_ref().map(|organisation| *organisation.id.as_bytes());
        organisation.or(self.principal.person.map(|person| *person.as_bytes())).unwrap_or_default()
    }

    /// The person, for acts that only a person does.
    pub(crate) fn person(&self) -> Result<PersonId, Problem> {
        self.principal.person.ok_or_else(Problem::signed_out)
    }
}

/// Checks credentials at one listener.
#[derive(Clone)]
pub struct Sessions(Arc<Parts>);

struct Parts {
    register: Arc<Register>,
    face: Face,
    tls: bool,
    partnership: String,
    exercise: bool,
    checks: Semaphore,
    waiting: Semaphore,
    /// Requests of each member organisation.
    requests: Quota,
}

impl Sessions {
    /// For one listener.
    #[must_use]
    pub fn new(register: Arc<Register>, face: Face, tls: bool, partnership: String, exercise: bool) -> Self {
        let (checks, waiting) = (Semaphore::new(CHECKS_AT_ONCE), Semaphore::new(CHECKS_WAITING_MAX));
        let requests = Quota::new(READS_AT_ONCE, READS_PER_SECOND);
        Self(Arc::new(Parts { register, face, tls, partnership, exercise, checks, waiting, requests }))
    }

    fn cookie_name(&self) -> &'static str {
        // By that prefix a browser takes the cookie only by TLS and from this very host, not from a neighbour's page.
        match (self.0.face, self.0.tls) {
            (Face::Member, false) => "fc_member",
            (Face::Member, true) => "__Host-fc_member",
            (Face::Cell, false) => "fc_cell",
            (Face::Cell, true) => "__Host-fc_cell",
        }
    }

    fn find(&self, headers: &HeaderMap) -> Option<Who> {
        if let Some(header) = headers.get(AUTHORIZATION) {
            let (scheme, key) = header.to_str().ok()?.split_once(' ')?;
            let key = key.trim();
            if self.0.face != Face::Member || !scheme.eq_ignore_ascii_case("bearer") {
                return None;
            }
            let principal = self.0.register.key(key)?;
            return Some(Who { principal, credential: Credential::Key(key.into()) });
        }
        let token = cookie(headers, self.cookie_name())?;
        let principal = self.0.register.session(self.0.face, token)?;
        Some(Who { principal, credential: Credential::Session(token.into()) })
    }

    /// Whether a credential that was good when a stream began still is.
    #[must_use]
    pub fn still_in(&self, who: &Who) -> bool {
        match &who.credential {
            Credential::Session(token) => self.0.register.session(self.0.face, token).is_some(),
            Credential::Key(key) => self.0.register.key(key).is_some(),
        }
    }

    /// What a page shows of who is signed in.
    #[must_use]
    pub fn view(&self, principal: &Principal) -> SessionView {
        SessionView {
            name: principal.name.clone(),
            organisation: principal.organisation.as_ref().map(|organisation| organisation.name.clone()),
            role: principal.role.as_str().to_owned(),
            rights: principal.rights.list().into_iter().map(|right| right.as_str().to_owned()).collect(),
            face: if self.0.face == Face::Cell { "cell" } else { "member" }.to_owned(),
            exercise: self.0.exercise,
            partnership: self.0.partnership.clone(),
        }
    }

    fn set_cookie(&self, response: &mut Response<Body>, value: &str, secs: u32) -> Result<(), Problem> {
        let secure = if self.0.tls { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={secs}{secure}", self.cookie_name());
        let mut value = HeaderValue::try_from(text).map_err(|_| Problem::internal())?;
        value.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, value);
        Ok(())
    }

    /// Signs somebody in.
    pub(crate) async fn sign_in(&self, sign_in: SignIn, peer: Option<Peer>) -> Answer {
        let Ok(_seat) = self.0.waiting.try_acquire() else { return Err(Problem::slow_down(2)) };
        let _check = self.0.checks.acquire().await.map_err(|_| Problem::internal())?;
        let parts = Arc::clone(&self.0);
        let address = peer.map_or_else(|| "unknown".to_owned(), |Peer(address)| crate::proxies::counted_by(address));
        let found = tokio::task::spawn_blocking(move || {
            parts.register.sign_in(parts.face, &sign_in.email, &sign_in.password, &address)
        });
        let (token, principal) = match found.await {
            Ok(Ok(found)) => found,
            Ok(Err(SignInError::Wrong)) => return Err(Problem::wrong_sign_in()),
            Ok(Err(SignInError::Wait(secs))) => return Err(Problem::slow_down(u64::try_from(secs).unwrap_or(1))),
            Ok(Err(SignInError::Register(error))) => {
                tracing::error!(%error, "a sign-in could not be checked");
                return Err(Problem::internal());
            }
            Err(error) => {
                tracing::error!(%error, "a sign-in could not be checked");
                return Err(Problem::internal());
            }
        };
        let mut response = reply(StatusCode::OK, &self.view(&principal))?;
        self.set_cookie(&mut response, token.expose(), COOKIE_SECS)?;
        Ok(response)
    }

    /// Ends the session of a request, if it has one.
    pub(crate) async fn sign_out(&self, headers: &HeaderMap) -> Answer {
        let token =
            cookie(headers, self.cookie_name()).filter(|token| self.0.register.session(self.0.face, token).is_some());
        if let Some(token) = token.map(str::to_owned) {
            let parts = Arc::clone(&self.0);
            crate::http::blocking(move || parts.register.sign_out(&token)).await?.map_err(|error| {
                tracing::error!(%error, "a session could not be ended");
                Problem::busy("the session could not be ended; try again")
            })?;
        }
        let mut response = nothing();
        self.set_cookie(&mut response, "", 0)?;
        Ok(response)
    }
}

impl Doorkeeper for Sessions {
    type Who = Who;

    fn admit(&self, access: Access, method: &Method, headers: &HeaderMap) -> Result<Option<Who>, Problem> {
        let right = match access {
            Access::Public | Access::Operator => return Ok(None),
            Access::SignedIn => None,
            Access::Needs(right) => Some(right),
        };
        let who = self.find(headers).ok_or_else(Problem::signed_out)?;
        if right.is_some_and(|right| !who.principal.rights.has(right)) {
            return Err(Problem::role());
        }
        // What is sent in has a quota of its own, in reports.
        if *method == Method::GET
            && let Some(organisation) = &who.principal.organisation
        {
            let taken = self.0.requests.take(organisation.id, 1, self.0.register.now());
            taken.map_err(|secs| Problem::slow_down(u64::try_from(secs).unwrap_or(1)))?;
        }
        Ok(Some(who))
    }
}
