//! The small firm's page: somebody without an account tells the cell what happened, by plain HTML and without script, is
//! answered at once, and comes back to the thread by a code that only they have.
//!
//! What comes in here is for the cell alone: its sender is no member, counts as none, and is told nothing that members have.

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use intake::receipt::RECEIPT_TICK_MILLIS;
use intake::{Answer as Told, Message, OUTSIDE_LINE_MAX, OUTSIDE_WORDS_MAX, OutsideWords, SendError, WayBack};
use model::{AttackKind, CaseId, OrganisationId, Timestamp};
use register::JoiningSettings;
use serde_json::json;
use vault::{Act, Acted, MESSAGE_CHARS_MAX};

use crate::advice::Contact;
use crate::http::{self, Answer, blocking};
use crate::instant::signed;
use crate::member::{MemberParts, MemberState};
use crate::plain::HTML;
use crate::problem::Problem;
use crate::reports::Intake;
use crate::session::Peer;
use crate::table::{Access, Face, Route, Shape};
use crate::tell_pages::{self as pages, About, Draft, Received, Said, Wrong};
use crate::thread_notes;

const FORM: &str = "application/x-www-form-urlencoded";
/// Most bytes of a form: every field at its limit, each character escaped.
const FORM_BYTES_MAX: usize = 256 << 10;
/// After how long it is worth trying again when the cell has too much to read.
const FULL_SECS: i64 = 600;
/// The rows of the table of routes.
pub(crate) fn rows() -> Vec<Route> {
    let page = |method, path, id, summary| {
        let route = Route::new(Face::Member, Access::Public, method, path, id, summary);
        route.gives(200, Shape::Text("text/html"))
    };
    let form = |path, id, summary: &'static str, status| {
        let route = page("POST", path, id, summary).takes(Shape::Text(FORM)).gives(status, Shape::Text("text/html"));
        route.or(&[422, 429, 503])
    };
    vec![
        page(
            "GET",
            "/tell",
            "tell_page",
            "The form for somebody without an account: what happened, whether it goes on, how to reach them.",
        ),
        form(
            "/tell",
            "tell",
            "Takes such a report for the cell alone, and answers at once: what to do, a reference, and a code to come back by.",
            201,
        ),
        page("GET", "/tell/back", "tell_back_page", "Asks for the code that such a report was answered with."),
        form(
            "/tell/back",
            "tell_back",
            "Shows the thread of the report that a code belongs to; says something in it, or takes the report back.",
            200,
        )
        .or(&[404]),
    ]
}

fn network(request: &Request) -> String {
    let peer = request.extensions().get::<Peer>().copied();
    peer.map_or_else(String::new, |Peer(address)| crate::proxies::counted_by(address))
}

fn html(status: StatusCode, text: String) -> Answer {
    let mut response = http::bytes(status, HTML, Bytes::from(text));
    // Browsers that send no `Sec-Fetch-Site` tell where a form comes from by `Origin`, which without a referrer is `null`.
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// A refusal that a person without script reads.
fn told(status: StatusCode, wait: Option<i64>, text: String) -> Answer {
    let mut response = html(status, text)?;
    if let Some(secs) = wait {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs.max(1)));
    }
    Ok(response)
}

/// The fields of a form, each at most once and none that is unknown; lines end as everywhere else.
async fn fields<const N: usize>(request: Request, known: [&str; N]) -> Result<[Option<String>; N], Problem> {
    let media = request.headers().get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
        return Err(Problem::media_type(FORM));
    }
    let body = http::body(request, FORM_BYTES_MAX).await?;
    let mut read = [const { None }; N];
    for (name, value) in url::form_urlencoded::parse(&body) {
        let place = known.iter().position(|known| *known == name).and_then(|at| read.get_mut(at));
        let Some(place) = place else {
            let told: String = name.chars().take(40).collect();
            return Err(Problem::unreadable(format!("the form has no field {told:?}")));
        };
        if place.is_some() {
            return Err(Problem::unreadable(format!("{name}: it is there twice")));
        }
        *place = Some(value.replace("\r\n", "\n"));
    }
    Ok(read)
}

impl MemberParts {
    async fn tell_settings(&self) -> Result<JoiningSettings, Problem> {
        let register = self.sessions.register();
        blocking(move || register.joining_settings()).await?.map_err(|error| {
            tracing::error!(%error, "the register cannot be read");
            Problem::internal()
        })
    }

    fn about<'a>(&'a self, contact: &'a Contact) -> About<'a> {
        About { partnership: &self.partnership, exercise: self.exercise, phone: &contact.phone, mail: &contact.mail }
    }
}

fn contact_of(settings: JoiningSettings) -> Contact {
    Contact { phone: settings.cell_phone, mail: settings.cell_mail }
}

/// `GET /tell`.
pub(crate) async fn page(State(MemberState(member)): State<MemberState>) -> Answer {
    let settings = member.tell_settings().await?;
    let taken = settings.outsiders_unread > 0;
    let contact = contact_of(settings);
    let about = member.about(&contact);
    let text = if taken { pages::form(&about, &Draft::default(), &[]) } else { pages::closed(&about) };
    html(StatusCode::OK, text)
}

fn is_too_long(text: &str, max: usize) -> bool {
    text.chars().nth(max).is_some()
}

/// What the form lacks, in the order of its fields.
fn wrong(draft: &Draft) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if draft.ongoing.is_none() {
        wrong.push(Wrong { field: "ongoing-yes", why: "Say whether it is still going on".to_owned() });
    }
    if draft.what.trim().is_empty() {
        wrong.push(Wrong { field: "what", why: "Say what happened, in a few words".to_owned() });
    } else if is_too_long(&draft.what, OUTSIDE_WORDS_MAX) {
        wrong
            .push(Wrong { field: "what", why: format!("Say what happened in at most {OUTSIDE_WORDS_MAX} characters") });
    }
    for (field, text) in [("reach", &draft.reach), ("firm", &draft.firm)] {
        if is_too_long(text, OUTSIDE_LINE_MAX) {
            wrong.push(Wrong { field, why: format!("Use at most {OUTSIDE_LINE_MAX} characters here") });
        }
    }
    wrong
}

/// `POST /tell`. Whoever is signed in is nobody here as well: no cookie is looked at, so that no other site's form can file
/// in a member's name.
pub(crate) async fn tell(State(MemberState(member)): State<MemberState>, request: Request) -> Answer {
    let (headers, network) = (request.headers().clone(), network(&request));
    let settings = member.tell_settings().await?;
    let taken = settings.outsiders_unread > 0;
    let contact = contact_of(settings);
    let about = member.about(&contact);
    if !taken {
        return told(StatusCode::SERVICE_UNAVAILABLE, None, pages::closed(&about));
    }
    let read = match fields(request, ["what", "ongoing", "attack", "reach", "firm"]).await {
        Err(problem) if problem == Problem::too_large(FORM_BYTES_MAX) => {
            return html(StatusCode::PAYLOAD_TOO_LARGE, pages::too_long(&about, OUTSIDE_WORDS_MAX));
        }
        read => read?,
    };
    let [what, ongoing, attack, reach, firm] = read.map(Option::unwrap_or_default);
    let word = |text: &str, field: &str, known: &[&str]| {
        let is_known = text.is_empty() || known.contains(&text);
        is_known.then_some(()).ok_or_else(|| Problem::wrong_field(format!("{field}: that is none of the answers")))
    };
    let kinds: Vec<&str> = AttackKind::ALL.iter().map(|kind| kind.as_str()).collect();
    word(&ongoing, "ongoing", &["yes", "no"])?;
    word(&attack, "attack", &kinds)?;
    let ongoing = Some(ongoing).filter(|text| !text.is_empty()).map(|text| text == "yes");
    let draft = Draft { what, ongoing, attack, reach, firm };
    let wrong = wrong(&draft);
    if !wrong.is_empty() {
        return html(StatusCode::UNPROCESSABLE_ENTITY, pages::form(&about, &draft, &wrong));
    }
    let now = member.clock.now();
    let (Some(intake), Some(own)) = (&member.intake, &member.own) else {
        return told(StatusCode::SERVICE_UNAVAILABLE, None, pages::later(&about, &draft, pages::FULL));
    };
    if let Err(secs) = intake.outsiders.take_report(&network, now) {
        return told(StatusCode::TOO_MANY_REQUESTS, Some(secs), pages::later(&about, &draft, pages::SLOW));
    }
    let code = WayBack::new(member.sessions.register().token().expose());
    let attack = draft.attack.parse().ok();
    let words = OutsideWords {
        what: draft.what.clone(),
        ongoing: draft.ongoing == Some(true),
        attack,
        reach: draft.reach.clone(),
        firm: draft.firm.clone(),
    };
    let (owner, exercise) = (own.outsider(code.letters()), member.exercise);
    let parsed = blocking(move || intake::outside_report(words, owner, exercise, now)).await?;
    let parsed = parsed.map_err(Problem::wrong_field)?;
    // They are told what was found in their words, and nothing of what is known of it: whoever asks may be the attacker.
    let values = parsed.items.iter().filter_map(|item| Some(item.observable.as_ref()?.value().to_owned())).collect();
    let report = &parsed.submission.report;
    let advice = intake.told(report.attack, report.ongoing, &contact, &headers).ok_or_else(Problem::internal)?;
    let narrative = report.narrative.clone();
    let message = Message::Submit { submissions: vec![parsed.submission], skip_known: false };
    let accepted = match intake.sender().send(message).await {
        Ok(Told::Accepted(accepted)) => accepted,
        Ok(_) => return Err(Problem::internal()),
        Err(SendError::Refused(why)) => return Err(Problem::wrong_field(why)),
        Err(error) => {
            if error != SendError::Busy {
                tracing::error!(%error, "intake could not deliver");
            }
            intake.outsiders.give_back_report(&network);
            return told(StatusCode::SERVICE_UNAVAILABLE, Some(FULL_SECS), pages::later(&about, &draft, pages::FULL));
        }
    };
    let case = accepted.first().and_then(|accepted| accepted.case).ok_or_else(Problem::internal)?;
    let received = Received {
        reference: case.to_string(),
        code: code.expose(),
        title: attack.filter(|kind| *kind != AttackKind::NotSure).map(|_| advice.title),
        steps: advice.steps,
        call: advice.call,
        values,
        receipt: receipt(&member, intake, case, &narrative, now),
    };
    html(StatusCode::CREATED, pages::received(&about, &received))
}

/// The receipt as a file that `fusioncell receipt verify` reads.
fn receipt(member: &MemberParts, intake: &Intake, case: CaseId, words: &str, now: Timestamp) -> Option<String> {
    let key = intake.receipts.as_ref()?;
    let at = released::rfc3339(now.floor_to(RECEIPT_TICK_MILLIS));
    let receipt = signed(key.sign(&member.partnership, member.exercise, &case.to_string(), &at, words.as_bytes()));
    serde_json::to_string(&json!({ "receipt": receipt })).ok()
}

/// `GET /tell/back`.
pub(crate) async fn back_page(State(MemberState(member)): State<MemberState>) -> Answer {
    let contact = contact_of(member.tell_settings().await?);
    html(StatusCode::OK, pages::back(&member.about(&contact), None))
}

/// `POST /tell/back`.
pub(crate) async fn back(State(MemberState(member)): State<MemberState>, request: Request) -> Answer {
    let network = network(&request);
    let contact = contact_of(member.tell_settings().await?);
    let about = member.about(&contact);
    let read = match fields(request, ["code", "text", "act"]).await {
        Err(problem) if problem == Problem::too_large(FORM_BYTES_MAX) => {
            return html(StatusCode::PAYLOAD_TOO_LARGE, pages::too_long(&about, MESSAGE_CHARS_MAX));
        }
        read => read?,
    };
    let [code, text, act] = read.map(Option::unwrap_or_default);
    let intake = member.intake.as_ref().ok_or_else(|| Problem::busy("reports are not taken at the moment"))?;
    let now = member.clock.now();
    if let Err(secs) = intake.outsiders.take_try(&network, now) {
        return told(StatusCode::TOO_MANY_REQUESTS, Some(secs), pages::slow(&about));
    }
    // What is no code is looked for all the same: one answer and one work for every way of being wrong.
    let own = member.own.as_ref().ok_or_else(|| Problem::busy("threads are not kept here"))?;
    let owner = own.outsider(WayBack::typed(&code).unwrap_or_else(|| WayBack::new(&code)).letters());
    let Some(thread) = member.thread_of(owner).await? else {
        let why = "No report has this code. Look at each letter. Did you tell us just now? Try again in a minute.";
        return html(StatusCode::NOT_FOUND, pages::back(&about, Some((why, code.as_str()))));
    };
    let case = thread.entry.case;
    let said = match act.as_str() {
        "" => Said::Nothing,
        "say" if text.trim().is_empty() => Said::Refused("Write something first".to_owned()),
        "say" => member.outsider_act(intake, owner, case, message(&text), now).await?,
        "withdraw" => match member.outsider_act(intake, owner, case, Ok(Act::Withdraw), now).await? {
            Said::Sent => Said::TakenBack,
            other => other,
        },
        _ => return Err(Problem::wrong_field("act: that is none of the answers")),
    };
    // What was said is stored: that it was looked at here is not worth a refusal.
    let _ = intake.sender().send(Message::ThreadRead { organisation: owner, case }).await;
    let view = thread_notes::view(&thread, member.exercise);
    let status = match said {
        Said::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Said::Later(_) => StatusCode::SERVICE_UNAVAILABLE,
        Said::Nothing | Said::Sent | Said::TakenBack => StatusCode::OK,
    };
    html(status, pages::thread(&about, &code, &view, &said, &text))
}

fn message(text: &str) -> Result<Act, String> {
    let body = json!({ "text": text.trim() }).to_string();
    intake::parse_message(body.as_bytes())
        .map_err(|problems| problems.first().map_or_else(String::new, |problem| problem.why.clone()))
}

impl MemberParts {
    /// The one thread of an owner, as the own store has it.
    async fn thread_of(&self, owner: OrganisationId) -> Result<Option<::own::Thread>, Problem> {
        let own = self.own.clone().ok_or_else(|| Problem::busy("threads are not kept here"))?;
        let find = move || {
            let page = own.list(owner, None, 1)?;
            let Some(entry) = page.entries.first() else { return Ok(None) };
            own.thread(owner, entry.case)
        };
        blocking(find).await?.map_err(|error: ::own::OwnError| {
            tracing::error!(%error, "own reports could not be read");
            Problem::internal()
        })
    }

    /// Does something in a thread; what cannot be done is said in words.
    async fn outsider_act(
        &self,
        intake: &Intake,
        owner: OrganisationId,
        case: CaseId,
        act: Result<Act, String>,
        at: Timestamp,
    ) -> Result<Said, Problem> {
        let act = match act {
            Ok(act) => act,
            Err(why) => return Ok(Said::Refused(why)),
        };
        if intake.take(owner, at).is_err() {
            return Ok(Said::Later("A lot has come from you in a short time. Nothing of this was sent: wait a minute"));
        }
        let message = Message::Act { organisation: owner, case, act, at };
        match intake.sender().send(message).await {
            Ok(Told::Acted(Acted::Done)) => Ok(Said::Sent),
            Ok(Told::Acted(Acted::Refused(why))) => Ok(Said::Refused(why.to_string())),
            Err(SendError::Refused(why)) => Ok(Said::Refused(why)),
            Err(error) => {
                if error != SendError::Busy {
                    tracing::error!(%error, "intake could not deliver");
                }
                Ok(Said::Later("This could not be stored just now. Keep it, and send it again in a minute"))
            }
            Ok(Told::Acted(Acted::Absent)) => Err(Problem::absent()),
            Ok(_) => Err(Problem::internal()),
        }
    }
}
