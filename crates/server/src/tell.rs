//! The small firm's page: somebody without an account tells the cell what happened, by plain HTML and without script, is
//! answered at once, and comes back to the thread by a code that only they have.
//!
//! What comes in here is for the cell alone: its sender is no member, counts as none, and is told nothing that members have.

use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use intake::receipt::RECEIPT_TICK_MILLIS;
use intake::{Answer as Told, Message, OUTSIDE_TAG, Quota, Reporter, WayBack};
use model::{AttackKind, CaseId, OrganisationId, Timestamp};
use register::{JoiningSettings, Right};
use serde_json::json;
use vault::{Act, Acted};

use crate::advice::Contact;
use crate::gate::Doorkeeper as _;
use crate::http::{self, Answer, blocking};
use crate::instant::signed;
use crate::member::{MemberParts, MemberState};
use crate::plain::HTML;
use crate::problem::Problem;
use crate::reports::{Intake, refused, slow_down};
use crate::session::{Peer, Who};
use crate::table::{Access, Face, Pass, Route, Shape};
use crate::tell_pages::{self as pages, About, Draft, Received, Wrong};
use crate::thread_notes;

const FORM: &str = "application/x-www-form-urlencoded";
/// Most bytes of a form: every field at its limit, each character escaped.
const FORM_BYTES_MAX: usize = 256 << 10;
/// Longest account of what happened, in characters; what else is said of the sender stands below it in the report.
const WHAT_CHARS_MAX: usize = 18_000;
/// Longest name, number or address, in characters.
const LINE_CHARS_MAX: usize = 200;
/// Longest title that is made of the first words, in characters.
const TITLE_CHARS: usize = 80;
/// Values that are taken out of the words.
const VALUES_MAX: usize = 200;
/// Reports of one network: five at once, then one in twelve minutes.
const OF_A_NETWORK: (f64, f64) = (5.0, 1.0 / 720.0);
/// Codes that are tried from one network: twenty at once, then one in ten seconds.
const TRIES_OF_A_NETWORK: (f64, f64) = (20.0, 0.1);
const DAY_MILLIS: i64 = 86_400_000;

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

/// How much is taken from people without an account: counted in memory, by network and in all, kept and logged nowhere.
pub(crate) struct Outsiders {
    reports: Quota,
    tries: Quota,
    /// The day, and what was taken on it.
    today: Mutex<(i64, i64)>,
}

impl Default for Outsiders {
    fn default() -> Self {
        Self {
            reports: Quota::new(OF_A_NETWORK.0, OF_A_NETWORK.1),
            tries: Quota::new(TRIES_OF_A_NETWORK.0, TRIES_OF_A_NETWORK.1),
            today: Mutex::default(),
        }
    }
}

impl Outsiders {
    /// Takes one of the day's reports, if any are left.
    fn take_today(&self, now: Timestamp, most: i64) -> bool {
        let day = now.as_millis().div_euclid(DAY_MILLIS);
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.0 != day {
            *today = (day, 0);
        }
        let left = today.1 < most;
        today.1 += i64::from(left);
        left
    }
}

/// What stands for a network where a quota counts organisations.
fn network(request: &Request) -> OrganisationId {
    let peer = request.extensions().get::<Peer>().copied();
    WayBack::new(&peer.map_or_else(String::new, |Peer(address)| crate::proxies::counted_by(address))).owner()
}

fn html(status: StatusCode, text: String) -> Answer {
    Ok(http::bytes(status, HTML, Bytes::from(text)))
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

    /// A member's own person who is signed in and may report: what they tell here is their organisation's report.
    fn member_who(&self, headers: &HeaderMap) -> Option<Who> {
        let needs = Access::Needs(Right::Report);
        self.sessions.admit(needs, Pass::default(), &Method::POST, headers).ok().flatten()
    }
}

fn contact_of(settings: JoiningSettings) -> Contact {
    Contact { phone: settings.cell_phone, mail: settings.cell_mail }
}

/// `GET /tell`.
pub(crate) async fn page(State(MemberState(member)): State<MemberState>, request: Request) -> Answer {
    let settings = member.tell_settings().await?;
    let taken = settings.outsiders_a_day > 0 || member.member_who(request.headers()).is_some();
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
    } else if is_too_long(&draft.what, WHAT_CHARS_MAX) {
        wrong.push(Wrong { field: "what", why: format!("Say what happened in at most {WHAT_CHARS_MAX} characters") });
    }
    for (field, text) in [("reach", &draft.reach), ("firm", &draft.firm)] {
        if is_too_long(text, LINE_CHARS_MAX) {
            wrong.push(Wrong { field, why: format!("Use at most {LINE_CHARS_MAX} characters here") });
        }
    }
    wrong
}

/// The first words, for a list.
fn title(what: &str) -> String {
    let line = what.trim().lines().next().unwrap_or_default();
    if is_too_long(line, TITLE_CHARS) {
        format!("{}…", line.chars().take(TITLE_CHARS).collect::<String>())
    } else {
        line.to_owned()
    }
}

/// The report that a form becomes, as the form of members would send it.
fn report_of(draft: &Draft, attack: AttackKind) -> Vec<u8> {
    let extracted = formats::extract(draft.what.as_bytes(), "");
    let own = extracted.values.into_iter().filter(|found| found.mark != formats::Mark::Own);
    let indicators: Vec<_> = own
        .take(VALUES_MAX)
        .map(|found| json!({ "kind": found.observable.kind().as_str(), "value": found.observable.value() }))
        .collect();
    let mut narrative = draft.what.trim().to_owned();
    for (what, text) in [("Reach them", &draft.reach), ("Firm", &draft.firm)] {
        if !text.trim().is_empty() {
            narrative.push_str(&format!("\n\n{what}: {}", text.trim()));
        }
    }
    let report = json!({
        "title": title(&draft.what),
        "narrative": narrative,
        "attack": attack.as_str(),
        "ongoing": draft.ongoing == Some(true),
        "warn": "cell-only",
        "know": "cell",
        "tlp": "AMBER",
        "indicators": indicators,
    });
    report.to_string().into_bytes()
}

/// `POST /tell`.
pub(crate) async fn tell(State(MemberState(member)): State<MemberState>, request: Request) -> Answer {
    let (headers, network) = (request.headers().clone(), network(&request));
    let [what, ongoing, attack, reach, firm] = fields(request, ["what", "ongoing", "attack", "reach", "firm"]).await?;
    let word = |text: Option<String>, field: &str, known: &[&str]| match text.as_deref().unwrap_or_default() {
        "" => Ok(None),
        text if known.contains(&text) => Ok(Some(text.to_owned())),
        _ => Err(Problem::wrong_field(format!("{field}: that is none of the answers"))),
    };
    let kinds: Vec<&str> = AttackKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let draft = Draft {
        what: what.unwrap_or_default(),
        ongoing: word(ongoing, "ongoing", &["yes", "no"])?.map(|text| text == "yes"),
        attack: word(attack, "attack", &kinds)?.unwrap_or_default(),
        reach: reach.unwrap_or_default(),
        firm: firm.unwrap_or_default(),
    };
    let settings = member.tell_settings().await?;
    let most = settings.outsiders_a_day;
    let contact = contact_of(settings);
    let about = member.about(&contact);
    let who = member.member_who(&headers);
    if most == 0 && who.is_none() {
        return told(StatusCode::SERVICE_UNAVAILABLE, None, pages::closed(&about));
    }
    let wrong = wrong(&draft);
    if !wrong.is_empty() {
        return html(StatusCode::UNPROCESSABLE_ENTITY, pages::form(&about, &draft, &wrong));
    }
    let intake = member.intake.as_ref().ok_or_else(|| Problem::busy("reports are not taken at the moment"))?;
    let now = member.clock.now();
    let own = who.as_ref().and_then(|who| who.principal.organisation.clone());
    let (reporter, code) = match &own {
        Some(organisation) => {
            intake.take(organisation.id, now).map_err(slow_down)?;
            (intake.reporter(organisation, now), None)
        }
        None => {
            if let Err(secs) = intake.outsiders.reports.take(network, 1, now) {
                return told(StatusCode::TOO_MANY_REQUESTS, Some(secs), pages::slow(&about));
            }
            if !intake.outsiders.take_today(now, most) {
                return told(StatusCode::SERVICE_UNAVAILABLE, None, pages::full(&about));
            }
            let code = WayBack::new(member.sessions.register().token().expose());
            (Reporter::outsider(code.owner()).into(), Some(code))
        }
    };
    let received = send(&member, intake, &draft, &reporter, code, &contact, &headers, now).await?;
    html(StatusCode::CREATED, pages::received(&about, &received))
}

/// Sends the report on, and gives what its sender is answered with.
#[expect(clippy::too_many_arguments, reason = "one step of one handler")]
async fn send(
    member: &MemberParts,
    intake: &Intake,
    draft: &Draft,
    reporter: &Reporter,
    code: Option<WayBack>,
    contact: &Contact,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Received, Problem> {
    let attack = draft.attack.parse().unwrap_or(AttackKind::NotSure);
    let from = draft.clone();
    let body = blocking(move || report_of(&from, attack)).await?;
    let parsed = intake::parse_report(&body, None, reporter, member.exercise, now);
    let mut parsed = parsed.map_err(|problems| {
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Problem::wrong_field(text.join("; "))
    })?;
    if code.is_some() {
        parsed.submission.report.tags.push(OUTSIDE_TAG.to_owned());
    }
    let advice = intake.told(attack, draft.ongoing == Some(true), contact, headers).ok_or_else(Problem::internal)?;
    let submissions = vec![parsed.submission.clone()];
    let sent = intake.sender().send(Message::Submit { submissions, skip_known: false }).await;
    let Told::Accepted(accepted) = sent.map_err(|error| refused(&error))? else { return Err(Problem::internal()) };
    let case = accepted.first().and_then(|accepted| accepted.case).ok_or_else(Problem::internal)?;
    let receipt = intake.receipts.as_ref().map(|key| {
        let at = released::rfc3339(now.floor_to(RECEIPT_TICK_MILLIS));
        let receipt = signed(key.sign(&member.partnership, member.exercise, &case.to_string(), &at, &body));
        serde_json::to_string(&json!({ "receipt": receipt })).unwrap_or_default()
    });
    let values = parsed.items.iter().filter_map(|item| item.observable.as_ref().map(|value| value.value().to_owned()));
    Ok(Received {
        reference: case.to_string(),
        code: code.map(|code| code.expose()),
        title: advice.title,
        steps: advice.steps,
        call: advice.call,
        values: values.collect(),
        receipt,
    })
}

/// `GET /tell/back`.
pub(crate) async fn back_page(State(MemberState(member)): State<MemberState>) -> Answer {
    let contact = contact_of(member.tell_settings().await?);
    html(StatusCode::OK, pages::back(&member.about(&contact), None))
}

/// `POST /tell/back`.
pub(crate) async fn back(State(MemberState(member)): State<MemberState>, request: Request) -> Answer {
    let network = network(&request);
    let [code, text, act] = fields(request, ["code", "text", "act"]).await?;
    let (code, text) = (code.unwrap_or_default(), text.unwrap_or_default());
    let contact = contact_of(member.tell_settings().await?);
    let about = member.about(&contact);
    let intake = member.intake.as_ref().ok_or_else(|| Problem::busy("reports are not taken at the moment"))?;
    let now = member.clock.now();
    if let Err(secs) = intake.outsiders.tries.take(network, 1, now) {
        return told(StatusCode::TOO_MANY_REQUESTS, Some(secs), pages::slow(&about));
    }
    // What is no code is looked for all the same: one answer and one work for every way of being wrong.
    let owner = WayBack::typed(&code).unwrap_or_else(|| WayBack::new(&code)).owner();
    let Some(thread) = member.thread_of(owner).await? else {
        let why = "No report has this code. Look at each letter, or call the cell.";
        return html(StatusCode::NOT_FOUND, pages::back(&about, Some(why)));
    };
    let case = thread.entry.case;
    let said = match act.as_deref().unwrap_or_default() {
        "" => None,
        "say" if text.trim().is_empty() => Some(Err("Write something first".to_owned())),
        "say" => Some(member.outsider_act(intake, owner, case, message(&text), now).await?),
        "withdraw" => Some(member.outsider_act(intake, owner, case, Ok(Act::Withdraw), now).await?),
        _ => return Err(Problem::wrong_field("act: that is none of the answers")),
    };
    let read = Message::ThreadRead { organisation: owner, case };
    intake.sender().send(read).await.map_err(|error| refused(&error))?;
    let view = thread_notes::view(&thread, member.exercise);
    let status = if matches!(said, Some(Err(_))) { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    html(status, pages::thread(&about, &code, &view, said.as_ref(), &text))
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
    ) -> Result<Result<(), String>, Problem> {
        let act = match act {
            Ok(act) => act,
            Err(why) => return Ok(Err(why)),
        };
        intake.take(owner, at).map_err(slow_down)?;
        let message = Message::Act { organisation: owner, case, act, at };
        match intake.sender().send(message).await.map_err(|error| refused(&error))? {
            Told::Acted(Acted::Done) => Ok(Ok(())),
            Told::Acted(Acted::Refused(why)) => Ok(Err(why.to_string())),
            Told::Acted(Acted::Absent) => Err(Problem::absent()),
            Told::Accepted(_) | Told::Done => Err(Problem::internal()),
        }
    }
}
