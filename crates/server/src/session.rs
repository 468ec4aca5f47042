//! Who sends a request: sessions in cookies, keys in headers, and the way to a new session.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use intake::Quota;
use model::PersonId;
use register::{Face, Means, Principal, Register, Right, Secret, SignInError, Status};
use tokio::sync::Semaphore;

use crate::answers::reply;
use crate::gate::Doorkeeper;
use crate::http::{Answer, cookie, nothing};
use crate::own_views::ChallengeView;
use crate::passkey::Passkeys;
use crate::problem::Problem;
use crate::table::{Access, Pass};
use crate::views::{SessionView, SignIn};

/// Password checks that run at once, in parts of the processors: each is slow and takes memory on purpose, and whoever reads
/// meanwhile keeps the rest.
const CHECKS_SHARE: usize = 2;
/// Sign-ins that may wait for a check.
const CHECKS_WAITING_MAX: usize = 64;
/// Reads that one member organisation may send at once, and a second from then on: far above what its people and machines
/// need, far below what would keep others waiting.
const READS_AT_ONCE: f64 = 5_000.0;
const READS_PER_SECOND: f64 = 500.0;
/// Seconds after which the browser forgets the cookie; the register forgets the session by itself.
const COOKIE_SECS: i64 = register::SESSION_MILLIS / 1_000;
/// The same for a wall.
const WALL_COOKIE_SECS: i64 = register::DEVICE_MILLIS / 1_000;

/// Where a request came from, as far as trusted proxies tell: for the throttle and the operators' own routes; in no log.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

#[derive(Clone)]
enum Credential {
    Session(Arc<str>),
    Key(Arc<str>),
    Wall(Arc<str>),
}

/// The sender of a request, checked.
#[derive(Clone)]
pub struct Who {
    /// What the credential stands for.
    pub principal: Arc<Principal>,
    credential: Credential,
    /// The right that the route asked for: what is held open needs it for as long as it is open.
    needs: Option<Right>,
}

impl Who {
    /// Whose the request's share of seats is: the organisation's, or that of a person of the cell.
    pub(crate) fn holder(&self) -> crate::hub::Holder {
        let organisation = self.principal.organisation.as_ref().map(|organisation| *organisation.id.as_bytes());
        organisation.or(self.principal.person.map(|person| *person.as_bytes())).unwrap_or_default()
    }

    /// The token of a session, for what a person does to it.
    pub(crate) fn token(&self) -> Result<&str, Problem> {
        match &self.credential {
            Credential::Session(token) => Ok(token),
            Credential::Key(_) | Credential::Wall(_) => Err(Problem::signed_out()),
        }
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
    /// Ceremonies of passkeys; `None` where no origin is known for which browsers give them.
    passkeys: Option<Passkeys>,
    /// Requests of each member organisation.
    requests: Quota,
}

impl Sessions {
    /// For one listener.
    #[must_use]
    pub fn new(register: Arc<Register>, face: Face, tls: bool, partnership: String, exercise: bool) -> Self {
        let passkeys = Passkeys::new(Passkeys::default_origin(face), &partnership).ok();
        Self::with_passkeys(register, face, tls, partnership, exercise, passkeys)
    }

    /// For one listener, whose pages have an origin of their own.
    #[must_use]
    pub fn with_passkeys(
        register: Arc<Register>,
        face: Face,
        tls: bool,
        partnership: String,
        exercise: bool,
        passkeys: Option<Passkeys>,
    ) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let checks = Semaphore::new((processors / CHECKS_SHARE).max(1));
        let waiting = Semaphore::new(CHECKS_WAITING_MAX);
        let requests = Quota::new(READS_AT_ONCE, READS_PER_SECOND);
        Self(Arc::new(Parts { register, face, tls, partnership, exercise, checks, waiting, passkeys, requests }))
    }

    pub(crate) fn register(&self) -> Arc<Register> {
        Arc::clone(&self.0.register)
    }

    pub(crate) fn face(&self) -> Face {
        self.0.face
    }

    pub(crate) fn exercise(&self) -> bool {
        self.0.exercise
    }

    pub(crate) fn partnership(&self) -> &str {
        &self.0.partnership
    }

    pub(crate) fn passkeys(&self) -> Result<&Passkeys, Problem> {
        let off =
            || Problem::busy("passkeys need the address of these pages: see `--member-origin` and `--cell-origin`");
        self.0.passkeys.as_ref().ok_or_else(off)
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

    fn wall_cookie(&self) -> &'static str {
        match (self.0.face, self.0.tls) {
            (Face::Member, false) => "fc_member_wall",
            (Face::Member, true) => "__Host-fc_member_wall",
            (Face::Cell, false) => "fc_cell_wall",
            (Face::Cell, true) => "__Host-fc_cell_wall",
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
            return Some(Who { principal, credential: Credential::Key(key.into()), needs: None });
        }
        let session = cookie(headers, self.cookie_name()).and_then(|token| {
            let principal = self.0.register.session(self.0.face, token)?;
            Some(Who { principal, credential: Credential::Session(token.into()), needs: None })
        });
        session.or_else(|| {
            let token = cookie(headers, self.wall_cookie())?;
            let principal = self.0.register.device(self.0.face, token)?;
            Some(Who { principal, credential: Credential::Wall(token.into()), needs: None })
        })
    }

    /// Why somebody is nobody: a wall that was revoked says so on the wall, whoever else signs in.
    fn nobody(&self, headers: &HeaderMap) -> Problem {
        let wall = !headers.contains_key(AUTHORIZATION) && cookie(headers, self.wall_cookie()).is_some();
        if wall { Problem::wall_revoked() } else { Problem::signed_out() }
    }

    /// Whether a credential that was good when a stream began still is, and still has the right that the stream needs.
    #[must_use]
    pub fn still_in(&self, who: &Who) -> bool {
        let principal = self.present(who);
        principal.is_some_and(|principal| who.needs.is_none_or(|right| principal.rights.has(right)))
    }

    /// What a credential stands for now, if it is still good: rights and walls may have changed meanwhile.
    pub(crate) fn present(&self, who: &Who) -> Option<Arc<Principal>> {
        match &who.credential {
            Credential::Session(token) => self.0.register.session(self.0.face, token),
            Credential::Key(key) => self.0.register.key(key),
            Credential::Wall(token) => self.0.register.device(self.0.face, token),
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
            enrol: self.0.register.must_enrol(principal),
            wall: principal.means == Means::Device,
        }
    }

    /// The session that a request carries, if it is one.
    pub(crate) fn carried(&self, headers: &HeaderMap) -> Option<String> {
        let token = cookie(headers, self.cookie_name())?;
        self.0.register.session(self.0.face, token).map(|_| token.to_owned())
    }

    pub(crate) fn set_session(&self, response: &mut Response<Body>, token: &str) -> Result<(), Problem> {
        self.set_cookie(response, self.cookie_name(), token, COOKIE_SECS)
    }

    pub(crate) fn set_wall(&self, response: &mut Response<Body>, token: &str) -> Result<(), Problem> {
        self.set_cookie(response, self.wall_cookie(), token, WALL_COOKIE_SECS)
    }

    fn set_cookie(&self, response: &mut Response<Body>, name: &str, value: &str, secs: i64) -> Result<(), Problem> {
        let secure = if self.0.tls { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={secs}{secure}");
        let mut value = HeaderValue::try_from(text).map_err(|_| Problem::internal())?;
        value.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, value);
        Ok(())
    }

    /// Does what is slow on purpose, a few at a time; those who come when too many wait are told to come again.
    pub(crate) async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(_seat) = self.0.waiting.try_acquire() else { return Err(Problem::slow_down(2)) };
        let _check = self.0.checks.acquire().await.map_err(|_| Problem::internal())?;
        crate::http::blocking(work).await
    }

    /// What is answered to whoever was not let in: one answer for every way of being wrong.
    pub(crate) fn refused(&self, error: SignInError) -> Problem {
        match error {
            SignInError::Wrong | SignInError::Second(_) => Problem::wrong_sign_in(),
            SignInError::Wait(secs) => Problem::slow_down(u64::try_from(secs).unwrap_or(1)),
            SignInError::Register(error) => {
                tracing::error!(%error, "a sign-in could not be checked");
                Problem::internal()
            }
        }
    }

    /// The answer to a sign-in that may have succeeded.
    pub(crate) fn entered(&self, found: Result<(Secret, Arc<Principal>), SignInError>) -> Answer {
        let (token, principal) = match found {
            Ok(found) => found,
            Err(SignInError::Second(step)) => {
                let mut factors = Vec::new();
                if step.factors.totp {
                    factors.push("totp".to_owned());
                }
                if step.factors.recovery_codes > 0 {
                    factors.push("recovery-code".to_owned());
                }
                if step.factors.passkeys > 0 {
                    factors.push("passkey".to_owned());
                }
                let view = ChallengeView {
                    challenge: step.challenge.expose().to_owned(),
                    ends_at: released::rfc3339(step.ends_at),
                    factors,
                    exercise: self.0.exercise,
                };
                return reply(StatusCode::ACCEPTED, &view);
            }
            Err(error) => return Err(self.refused(error)),
        };
        let mut response = reply(StatusCode::OK, &self.view(&principal))?;
        self.set_session(&mut response, token.expose())?;
        Ok(response)
    }

    /// Signs somebody in by password.
    pub(crate) async fn sign_in(&self, sign_in: SignIn, network: String) -> Answer {
        let parts = Arc::clone(&self.0);
        let check = move || parts.register.sign_in(parts.face, &sign_in.email, &sign_in.password, &network);
        self.entered(self.slowly(check).await?)
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
        self.set_cookie(&mut response, self.cookie_name(), "", 0)?;
        Ok(response)
    }
}

/// Why somebody lacks a right: a reporter whose organisation can only read is told so, and what to do about it.
fn lacking(right: Right, principal: &Principal) -> Problem {
    match &principal.organisation {
        Some(held) if principal.role.rights().has(right) && held.status == Status::Dormant => Problem::dormant(),
        Some(held) if principal.role.rights().has(right) && held.overdue => Problem::terms_overdue(),
        Some(held) if principal.role.rights().has(right) && right == Right::Report && held.proposed => {
            Problem::own_first()
        }
        _ => Problem::role(),
    }
}

impl Doorkeeper for Sessions {
    type Who = Who;

    fn admit(&self, access: Access, pass: Pass, method: &Method, headers: &HeaderMap) -> Result<Option<Who>, Problem> {
        let right = match access {
            Access::Public | Access::Operator => return Ok(None),
            Access::SignedIn => None,
            Access::Needs(right) => Some(right),
        };
        let mut who = self.find(headers).ok_or_else(|| self.nobody(headers))?;
        who.needs = right;
        match who.principal.means {
            Means::Key(scopes) if !pass.scope.is_some_and(|scope| scopes.has(scope)) => return Err(Problem::scope()),
            Means::Device if !pass.wall => return Err(Problem::wall()),
            Means::Session if !pass.enrolling && self.0.register.must_enrol(&who.principal) => {
                return Err(Problem::enrol());
            }
            Means::Key(_) | Means::Device | Means::Session => {}
        }
        if let Some(right) = right.filter(|right| !who.principal.rights.has(*right)) {
            return Err(lacking(right, &who.principal));
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
