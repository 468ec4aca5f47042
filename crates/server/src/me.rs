//! Signing in and one's own account: the same handlers for both listeners.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, MethodRouter, on};
use model::{PersonId, Timestamp};
use register::{Actor, PasskeyInfo, Register, RegisterError, Second, SignInError};

use crate::answers::reply;
use crate::http::{self, Answer, blocking, nothing};
use crate::own_views as views;
use crate::passkey::For;
use crate::problem::Problem;
use crate::session::{Peer, Sessions, Who};
use crate::views::SignIn;

/// Most bytes of what somebody sends about the own account; a passkey's attestation is the largest.
pub(crate) const BODY_BYTES_MAX: usize = 16 << 10;
const DAY_MILLIS: i64 = 86_400_000;

/// What the handlers need of a listener's state.
pub(crate) trait Door: Clone + Send + Sync + 'static {
    /// Who may come in.
    fn sessions(&self) -> &Sessions;
    /// Makes open streams ask again whether they may go on.
    fn pulse(&self);
}

/// Finds a handler by the operation's name without the listener's prefix.
pub(crate) fn handler<S: Door>(id: &str, filter: MethodFilter) -> Option<MethodRouter<S>> {
    Some(match id {
        "sign_in" => on(filter, sign_in::<S>),
        "sign_in_totp" => on(filter, sign_in_totp::<S>),
        "sign_in_recovery" => on(filter, sign_in_recovery::<S>),
        "passkey_start" => on(filter, passkey_start::<S>),
        "passkey_finish" => on(filter, passkey_finish::<S>),
        "device_pair" => on(filter, device_pair::<S>),
        "me" => on(filter, me::<S>),
        "confirm" => on(filter, confirm::<S>),
        "confirm_passkey_start" => on(filter, confirm_passkey_start::<S>),
        "confirm_passkey_finish" => on(filter, confirm_passkey_finish::<S>),
        "notices_put" => on(filter, notices::<S>),
        "password" => on(filter, password::<S>),
        "passkeys" => on(filter, passkeys::<S>),
        "passkey_begin" => on(filter, passkey_begin::<S>),
        "passkey_add" => on(filter, passkey_add::<S>),
        "passkey_remove" => on(filter, passkey_remove::<S>),
        "totp_begin" => on(filter, totp_begin::<S>),
        "totp_confirm" => on(filter, totp_confirm::<S>),
        "totp_remove" => on(filter, totp_remove::<S>),
        "recovery_codes" => on(filter, recovery_codes::<S>),
        "sessions" => on(filter, sessions::<S>),
        "sessions_end" => on(filter, sessions_end::<S>),
        "session_end" => on(filter, session_end::<S>),
        other => return crate::machines::handler(other, filter),
    })
}

pub(crate) fn date(day: i64) -> String {
    released::rfc3339(Timestamp::from_millis(day * DAY_MILLIS)).chars().take(10).collect()
}

pub(crate) fn refused(error: RegisterError) -> Problem {
    match error {
        RegisterError::Refused(why) => Problem::wrong_field(why),
        RegisterError::Absent(_) => Problem::absent(),
        RegisterError::NoRight => Problem::role(),
        RegisterError::Exists(what) => Problem::conflict(format!("{what:?} exists already")),
        RegisterError::Conflict(why) => Problem::conflict(why),
        error => {
            tracing::error!(%error, "the register could not be asked");
            Problem::internal()
        }
    }
}

fn network(request: &Request) -> String {
    let peer = request.extensions().get::<Peer>().copied();
    peer.map_or_else(|| "unknown".to_owned(), |Peer(address)| crate::proxies::counted_by(address))
}

/// Asks the register where waiting for its disk harms nobody.
pub(crate) async fn ask<T: Send + 'static>(
    sessions: &Sessions,
    ask: impl FnOnce(&Register) -> Result<T, RegisterError> + Send + 'static,
) -> Result<T, Problem> {
    let register = sessions.register();
    blocking(move || ask(&register)).await?.map_err(refused)
}

/// The person and the session's token, if a factor was shown within the last ten minutes.
pub(crate) fn fresh(sessions: &Sessions, who: &Who) -> Result<(PersonId, String), Problem> {
    let (person, token) = (who.person()?, who.token()?.to_owned());
    match sessions.register().is_fresh(&token) {
        true => Ok((person, token)),
        false => Err(Problem::confirm_first()),
    }
}

/// After a change of factors: the other sessions end, and this one goes on under another token.
async fn changed<S: Door>(
    door: &S,
    person: PersonId,
    token: String,
    mut answer: axum::http::Response<axum::body::Body>,
) -> Answer {
    let sessions = door.sessions();
    let token = ask(sessions, move |register| {
        register.end_other_sessions(person, &token)?;
        register.renew_session(&token)
    })
    .await?;
    sessions.set_session(&mut answer, token.expose())?;
    door.pulse();
    Ok(answer)
}

/// After a factor was shown once more the session goes on under another token.
async fn renewed<S: Door>(door: &S, token: String) -> Answer {
    let sessions = door.sessions();
    let token = ask(sessions, move |register| register.renew_session(&token)).await?;
    let mut answer = nothing();
    sessions.set_session(&mut answer, token.expose())?;
    door.pulse();
    Ok(answer)
}

/// Whoever signs in anew in a browser leaves no session behind that the browser had before.
pub(crate) async fn in_place_of<S: Door>(door: &S, before: Option<String>, answer: Answer) -> Answer {
    let answer = answer?;
    if answer.status() == StatusCode::OK
        && let Some(before) = before
    {
        ask(door.sessions(), move |register| register.sign_out(&before)).await?;
        door.pulse();
    }
    Ok(answer)
}

async fn sign_in<S: Door>(State(door): State<S>, request: Request) -> Answer {
    let (network, before) = (network(&request), door.sessions().carried(request.headers()));
    let sign_in: SignIn = http::json(request, BODY_BYTES_MAX).await?;
    let answer = door.sessions().sign_in(sign_in, network).await;
    in_place_of(&door, before, answer).await
}

async fn second_step<S: Door>(door: &S, request: Request, recovery: bool) -> Answer {
    let (network, before) = (network(&request), door.sessions().carried(request.headers()));
    let step: views::NewSecondStep = http::json(request, BODY_BYTES_MAX).await?;
    let sessions = door.sessions();
    let (register, face) = (sessions.register(), sessions.face());
    let found = blocking(move || {
        let second = if recovery { Second::Recovery(&step.code) } else { Second::Totp(&step.code) };
        register.sign_in_second(face, &step.challenge, second, &network)
    });
    let answer = sessions.entered(found.await?);
    in_place_of(door, before, answer).await
}

async fn sign_in_totp<S: Door>(State(door): State<S>, request: Request) -> Answer {
    second_step(&door, request, false).await
}

async fn sign_in_recovery<S: Door>(State(door): State<S>, request: Request) -> Answer {
    second_step(&door, request, true).await
}

fn ceremony(sessions: &Sessions, id: String, options: Option<serde_json::Value>) -> Answer {
    let public_key = options.ok_or_else(Problem::internal)?;
    reply(StatusCode::OK, &views::CeremonyView { ceremony: id, public_key, exercise: sessions.exercise() })
}

/// Begins to ask for a passkey, for a purpose.
fn begin(sessions: &Sessions, network: &str, purpose: For) -> Answer {
    let register = sessions.register();
    register.may_try_passkey(sessions.face(), network).map_err(|error| sessions.refused(error))?;
    let id = register.token().expose().to_owned();
    let options = sessions.passkeys()?.begin_authentication(&id, purpose, network, register.now());
    ceremony(sessions, id, options)
}

/// Whose passkey was shown, all of it checked; `None` for whatever is wrong.
async fn shown<S: Door>(door: &S, end: views::NewCeremonyEnd, purpose: For) -> Result<Option<PersonId>, Problem> {
    let sessions = door.sessions().clone();
    let checked = blocking(move || {
        let (passkeys, register) = (sessions.passkeys()?, sessions.register());
        let Some(claimed) = passkeys.claimed(&end.ceremony, purpose, end.credential, register.now()) else {
            return Ok(None);
        };
        let (person, credential) = (claimed.person, claimed.credential.clone());
        let known = register.passkey(sessions.face(), passkeys.relying_party(), &credential).map_err(refused)?;
        let Some(known) = known.filter(|known| known.person == person) else { return Ok(None) };
        let Some(stored) = passkeys.check(claimed, &known.stored) else { return Ok(None) };
        // Of two that were shown with one counter the second is refused.
        let used = register.passkey_used(&credential, &known.stored, &stored).map_err(refused)?;
        Ok(used.then_some(person))
    });
    checked.await?
}

async fn passkey_start<S: Door>(State(door): State<S>, request: Request) -> Answer {
    begin(door.sessions(), &network(&request), For::SignIn)
}

async fn passkey_finish<S: Door>(State(door): State<S>, request: Request) -> Answer {
    let (network, before) = (network(&request), door.sessions().carried(request.headers()));
    let sessions = door.sessions();
    let (register, face) = (sessions.register(), sessions.face());
    register.may_try_passkey(face, &network).map_err(|error| sessions.refused(error))?;
    let end: views::NewCeremonyEnd = http::json(request, BODY_BYTES_MAX).await?;
    let Some(person) = shown(&door, end, For::SignIn).await? else {
        register.passkey_failed(face, &network);
        return Err(Problem::wrong_sign_in());
    };
    let answer = sessions.entered(blocking(move || register.sign_in_passkey(face, person, &network)).await?);
    in_place_of(&door, before, answer).await
}

async fn device_pair<S: Door>(State(door): State<S>, request: Request) -> Answer {
    let network = network(&request);
    let sessions = door.sessions();
    let (register, face) = (sessions.register(), sessions.face());
    register.may_try_passkey(face, &network).map_err(|error| sessions.refused(error))?;
    let pairing: views::NewPairing = http::json(request, BODY_BYTES_MAX).await?;
    let Some(token) = ask(sessions, move |register| register.pair_device(face, &pairing.code)).await? else {
        register.passkey_failed(face, &network);
        return Err(Problem::wrong_pairing());
    };
    let mut response = nothing();
    sessions.set_wall(&mut response, token.expose())?;
    Ok(response)
}

async fn me<S: Door>(State(door): State<S>, Extension(who): Extension<Who>) -> Answer {
    let sessions = door.sessions();
    let (person, token) = (who.person()?, who.token()?.to_owned());
    let asked = move |register: &Register| {
        let notices = register.notices(person)?;
        Ok((register.person(person)?, register.factors(person)?, register.is_fresh(&token), notices))
    };
    let (person, factors, confirmed, notices) = ask(sessions, asked).await?;
    let register = sessions.register();
    let view = views::MeView {
        name: person.name,
        email: person.email,
        role: who.principal.role.as_str().to_owned(),
        organisation: who.principal.organisation.as_ref().map(|organisation| organisation.name.clone()),
        factors: views::FactorsView {
            password: factors.password,
            totp: factors.totp,
            passkeys: factors.passkeys,
            recovery_codes: factors.recovery_codes,
            demanded: register.demand().asks(sessions.face()),
        },
        enrol: register.must_enrol(&who.principal),
        confirmed,
        notices: who.principal.organisation.as_ref().map(|_| notices),
        exercise: sessions.exercise(),
    };
    reply(StatusCode::OK, &view)
}

async fn notices<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let person = who.person()?;
    let chosen: views::NewNotices = http::json(request, BODY_BYTES_MAX).await?;
    ask(door.sessions(), move |register| register.set_notices(person, chosen.mail)).await?;
    Ok(nothing())
}

async fn confirm<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let network = network(&request);
    let (person, token) = (who.person()?, who.token()?.to_owned());
    let shown: views::NewConfirmation = http::json(request, BODY_BYTES_MAX).await?;
    let sessions = door.sessions();
    let (register, kept) = (sessions.register(), token.clone());
    let confirmed = sessions.slowly(move || {
        let totp = shown.code.as_deref().map(Second::Totp);
        let code = totp.or_else(|| shown.recovery_code.as_deref().map(Second::Recovery));
        register.confirm(person, &token, &shown.password, code, &network)
    });
    match confirmed.await? {
        Ok(()) => renewed(&door, kept).await,
        // Whoever asks is signed in: not 401, which would send them to sign in.
        Err(SignInError::Wrong) => Err(Problem::wrong_field("password or code is wrong")),
        Err(error) => Err(sessions.refused(error)),
    }
}

async fn confirm_passkey_start<S: Door>(
    State(door): State<S>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    begin(door.sessions(), &network(&request), For::Confirmation(who.person()?))
}

async fn confirm_passkey_finish<S: Door>(
    State(door): State<S>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let network = network(&request);
    let (person, token) = (who.person()?, who.token()?.to_owned());
    let sessions = door.sessions();
    let (register, face) = (sessions.register(), sessions.face());
    register.may_try_passkey(face, &network).map_err(|error| sessions.refused(error))?;
    let end: views::NewCeremonyEnd = http::json(request, BODY_BYTES_MAX).await?;
    let found = shown(&door, end, For::Confirmation(person)).await?;
    if found != Some(person) {
        register.passkey_failed(face, &network);
        return Err(Problem::wrong_field("this passkey is not one of yours here, or was shown too late"));
    }
    register.freshen_by_passkey(person, &token);
    renewed(&door, token).await
}

async fn password<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let sessions = door.sessions();
    let (person, token) = fresh(sessions, &who)?;
    let new: views::NewPassword = http::json(request, BODY_BYTES_MAX).await?;
    let (register, own) = (sessions.register(), token.clone());
    let by = Actor::of(&who.principal);
    let done = sessions.slowly(move || register.change_password(&by, person, &own, &new.password));
    done.await?.map_err(refused)?;
    changed(&door, person, token, nothing()).await
}

fn passkey_view(info: PasskeyInfo) -> views::PasskeyView {
    views::PasskeyView {
        id: info.id,
        name: info.name,
        created_day: date(info.created_day),
        used_day: info.used_day.map(date),
    }
}

async fn passkeys<S: Door>(State(door): State<S>, Extension(who): Extension<Who>) -> Answer {
    let sessions = door.sessions();
    let person = who.person()?;
    let items = ask(sessions, move |register| register.passkeys(person)).await?;
    let items = items.into_iter().map(passkey_view).collect();
    reply(StatusCode::OK, &views::PasskeyList { items, exercise: sessions.exercise() })
}

async fn passkey_begin<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let (sessions, network) = (door.sessions(), network(&request));
    let (person, _) = fresh(sessions, &who)?;
    let asked = move |register: &Register| Ok((register.person(person)?, register.passkey_credentials(person)?));
    let (of, known) = ask(sessions, asked).await?;
    let register = sessions.register();
    let id = register.token().expose().to_owned();
    let names = (of.email.as_str(), of.name.as_str());
    let options = sessions.passkeys()?.begin_registration(&id, person, names, known, &network, register.now());
    ceremony(sessions, id, options)
}

async fn passkey_add<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let sessions = door.sessions().clone();
    let (person, token) = fresh(&sessions, &who)?;
    let new: views::NewPasskey = http::json(request, BODY_BYTES_MAX).await?;
    let by = Actor::of(&who.principal);
    let added = blocking(move || {
        let (passkeys, register) = (sessions.passkeys()?, sessions.register());
        let made = passkeys.finish_registration(&new.ceremony, person, new.credential, register.now());
        let made = made.ok_or_else(|| Problem::wrong_field("the passkey was not made here, or too late"))?;
        let place = (sessions.face(), passkeys.relying_party());
        register.add_passkey(&by, person, place, &made.credential, &new.name, &made.stored).map_err(refused)
    });
    let view = passkey_view(added.await??);
    changed(&door, person, token, reply(StatusCode::CREATED, &view)?).await
}

/// Refuses to take away what somebody needs to sign in.
async fn not_the_last(sessions: &Sessions, person: PersonId, passkeys: u32, totp: u32) -> Result<(), Problem> {
    let factors = ask(sessions, move |register| register.factors(person)).await?;
    let left = factors.passkeys.saturating_sub(passkeys) + u32::from(factors.totp).saturating_sub(totp);
    let demanded = sessions.register().demand().asks(sessions.face());
    let without_passkeys = factors.passkeys <= passkeys && !factors.password;
    if (demanded && left == 0) || without_passkeys {
        return Err(Problem::last_factor());
    }
    Ok(())
}

async fn passkey_remove<S: Door>(
    State(door): State<S>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let sessions = door.sessions();
    let (person, token) = fresh(sessions, &who)?;
    let id = http::path(&mut request).await?;
    let held = ask(sessions, move |register| register.passkeys(person)).await?;
    if !held.iter().any(|passkey| passkey.id == id) {
        return Err(Problem::absent());
    }
    not_the_last(sessions, person, 1, 0).await?;
    let by = Actor::of(&who.principal);
    ask(sessions, move |register| register.remove_passkey(&by, person, &id)).await?;
    changed(&door, person, token, nothing()).await
}

async fn totp_begin<S: Door>(State(door): State<S>, Extension(who): Extension<Who>) -> Answer {
    let sessions = door.sessions();
    let (person, _) = fresh(sessions, &who)?;
    let issuer = sessions.partnership().to_owned();
    let secret = ask(sessions, move |register| register.begin_totp(person, &issuer)).await?;
    let view = views::TotpView {
        secret: secret.base32.expose().to_owned(),
        uri: secret.uri.expose().to_owned(),
        exercise: sessions.exercise(),
    };
    reply(StatusCode::CREATED, &view)
}

async fn totp_confirm<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, request: Request) -> Answer {
    let sessions = door.sessions();
    let (person, token) = fresh(sessions, &who)?;
    let first: views::NewTotpCode = http::json(request, BODY_BYTES_MAX).await?;
    let by = Actor::of(&who.principal);
    if !ask(sessions, move |register| register.confirm_totp(&by, person, &first.code)).await? {
        return Err(Problem::wrong_field("code is wrong: is the clock of the device right?"));
    }
    changed(&door, person, token, nothing()).await
}

async fn totp_remove<S: Door>(State(door): State<S>, Extension(who): Extension<Who>) -> Answer {
    let sessions = door.sessions();
    let (person, token) = fresh(sessions, &who)?;
    if !ask(sessions, move |register| register.factors(person)).await?.totp {
        return Err(Problem::absent());
    }
    not_the_last(sessions, person, 0, 1).await?;
    let by = Actor::of(&who.principal);
    ask(sessions, move |register| register.remove_totp(&by, person)).await?;
    changed(&door, person, token, nothing()).await
}

async fn recovery_codes<S: Door>(State(door): State<S>, Extension(who): Extension<Who>) -> Answer {
    let sessions = door.sessions();
    let (person, _) = fresh(sessions, &who)?;
    let by = Actor::of(&who.principal);
    let codes = ask(sessions, move |register| register.new_recovery_codes(&by, person)).await?;
    let codes = codes.iter().map(|code| code.expose().to_owned()).collect();
    reply(StatusCode::CREATED, &views::RecoveryCodes { codes, exercise: sessions.exercise() })
}

async fn sessions<S: Door>(State(door): State<S>, Extension(who): Extension<Who>) -> Answer {
    let (person, token) = (who.person()?, who.token()?.to_owned());
    let held = ask(door.sessions(), move |register| register.sessions(person, &token)).await?;
    let row = |session: register::SessionInfo| views::SessionRow {
        id: session.id,
        created_day: date(session.created_day),
        kind: session.kind,
        this: session.this,
    };
    let items = held.into_iter().map(row).collect();
    reply(StatusCode::OK, &views::SessionList { items, exercise: door.sessions().exercise() })
}

async fn sessions_end<S: Door>(State(door): State<S>, Extension(who): Extension<Who>) -> Answer {
    let (person, token) = fresh(door.sessions(), &who)?;
    ask(door.sessions(), move |register| register.end_other_sessions(person, &token)).await?;
    door.pulse();
    Ok(nothing())
}

async fn session_end<S: Door>(State(door): State<S>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let (person, _) = fresh(door.sessions(), &who)?;
    let id = http::path(&mut request).await?;
    ask(door.sessions(), move |register| register.end_session(person, &id)).await?;
    door.pulse();
    Ok(nothing())
}
