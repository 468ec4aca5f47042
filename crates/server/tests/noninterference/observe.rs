//! Every route as every kind of observer; a route without a driver fails the build of the list.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use server::RouteInfo;
use server::{Access, Face, routes};

use crate::world::{Observer, Seen, World};

/// One request that an observer may make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub route: String,
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// What an observer has come to know, so that it can ask for it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub campaigns: Vec<String>,
    pub advisories: Vec<String>,
    pub cases: Vec<String>,
    /// References of the observer's own reports.
    pub own: Vec<String>,
    pub values: Vec<String>,
    /// Ids of sharing groups: everybody has heard of them.
    pub groups: Vec<String>,
    /// Ids of events that a stream has sent.
    pub events: Vec<String>,
    /// What signs this observer in, if it is a person.
    pub sign_in: Option<String>,
}

/// Routes that a kind of observer does not ask often enough, and why.
pub const EXEMPT: &[(&str, &str, &str)] = &[];

/// Kinds of observer that must have asked a route.
pub fn kinds(route: &RouteInfo) -> Vec<&'static str> {
    match (route.face, route.access) {
        (Face::Member, _) => vec!["stranger", "member session", "member key"],
        (Face::Cell, Access::Operator) => vec!["stranger at the cell", "analyst", "lead", "secondee", "operator"],
        (Face::Cell, _) => vec!["stranger at the cell", "analyst", "lead", "secondee"],
    }
}

pub const UNKNOWN: &str = "00000000-0000-4000-8000-0000000000ff";
/// Ids of one noun that each observer asks for.
const IDS_ASKED: usize = 6;
/// Pages of a list that are followed by cursor.
const PAGES_FOLLOWED: usize = 4;

pub fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// The requests that drive a route.
fn drivers(method: &'static str, path: &str, known: &Known) -> Option<Vec<Ask>> {
    let route = format!("{method} {path}");
    let ask = |path: String| Ask { route: route.clone(), method, path, headers: vec![], body: String::new() };
    let with = |path: &str, body: &str| Ask { body: body.to_owned(), ..ask(path.to_owned()) };
    let each = |base: &str, ids: &[String], end: &str| {
        let known: Vec<Ask> = ids.iter().take(IDS_ASKED).map(|id| ask(format!("{base}{id}{end}"))).collect();
        [known, vec![ask(format!("{base}{UNKNOWN}{end}")), ask(format!("{base}x{end}"))]].concat()
    };
    Some(match (method, path) {
        ("GET", "/break-glass" | "/status" | "/plain.css" | "/tell" | "/tell/back") => vec![ask(path.to_owned())],
        // What somebody outside tells is an operation of the scripts; here it lacks an answer, or belongs to nobody.
        ("POST", "/tell" | "/tell/back") => {
            let bodies =
                ["what=%3Cb%3E&ongoing=", "code=AAAAA-AAAAA-AAAAA-AAAAA", "code=&act=withdraw", "unknown=1", ""];
            let header = || vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
            bodies.map(|body| Ask { headers: header(), ..with(path, body) }).into()
        }
        ("GET", "/face" | "/openapi.json" | "/health" | "/metrics") => vec![ask(path.to_owned())],
        ("POST", "/api/v1/session" | "/cell/v1/session") => {
            let wrong = [r#"{"email":"nobody@nowhere.example","password":"not the password"}"#, "{"];
            wrong.into_iter().chain(known.sign_in.as_deref()).map(|body| with(path, body)).collect()
        }
        // A session of its own ends, so that the observer's goes on: see `ask`.
        ("DELETE", "/api/v1/session" | "/cell/v1/session") => vec![ask(path.to_owned())],
        (
            "GET",
            "/api/v1/session" | "/cell/v1/session" | "/api/v1/advisories" | "/cell/v1/wall" | "/cell/v1/outside"
            | "/cell/v1/sources" | "/cell/v1/campaigns",
        ) => {
            vec![ask(path.to_owned())]
        }
        ("GET", "/api/v1/home") => {
            let header = |name, value: &str| Ask { headers: vec![(name, value.to_owned())], ..ask(path.to_owned()) };
            vec![
                ask(path.to_owned()),
                header("if-none-match", "*"),
                header("if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT"),
                header("range", "bytes=0-99"),
            ]
        }
        ("GET", "/api/v1/indicators" | "/api/v1/campaigns") => {
            ["", "?limit=3", "?limit=1", "?limit=0", "?cursor=nonsense"]
                .map(|query| ask(format!("{path}{query}")))
                .into()
        }
        ("GET", "/api/v1/campaigns/{id}" | "/cell/v1/campaigns/{id}") => {
            each(path.trim_end_matches("{id}"), &known.campaigns, "")
        }
        ("GET", "/api/v1/lookup" | "/cell/v1/lookup") => {
            let values = known.values.iter().map(String::as_str).chain(["8.8.8.8", "attack0.test"]);
            let alone = values.map(|value| ask(format!("{path}?value={}", escape(value))));
            // Named kinds: one that some of the values are of, one that they can all be read as, and none.
            let named = known.values.iter().rev().take(2).flat_map(|value| {
                ["domain", "mutex", "ja3s"].map(|kind| ask(format!("{path}?value={}&kind={kind}", escape(value))))
            });
            alone.chain(named).chain([ask(path.to_owned())]).collect()
        }
        ("POST", "/api/v1/advisories/{id}/read") => each("/api/v1/advisories/", &known.advisories, "/read"),
        ("GET", "/api/v1/feeds/{name}") => {
            ["watch.txt", "block.txt", "nothing.txt"].map(|name| ask(format!("/api/v1/feeds/{name}"))).into()
        }
        ("GET", "/api/v1/groups" | "/cell/v1/groups") => vec![ask(path.to_owned())],
        ("GET", "/api/v1/groups/{id}") => each("/api/v1/groups/", &known.groups, ""),
        ("GET", "/api/v1/groups/{id}/watch.txt") => each("/api/v1/groups/", &known.groups, "/watch.txt"),
        ("GET", "/api/v1/groups/{id}/items") => {
            let pages = each("/api/v1/groups/", &known.groups, "/items?limit=1");
            pages.into_iter().chain(each("/api/v1/groups/", &known.groups, "/items")).collect()
        }
        // Who comes and goes is an operation of the scripts: nobody of this name is a member.
        ("POST", "/api/v1/groups/{id}/members" | "/cell/v1/groups/{id}/members" | "/cell/v1/groups/{id}/leave") => {
            let (base, end) = path.split_once("{id}").unwrap_or_default();
            let body = r#"{"organisation":"Nobody Ltd"}"#.to_owned();
            each(base, &known.groups, end).into_iter().map(|ask| Ask { body: body.clone(), ..ask }).collect()
        }
        ("POST", "/cell/v1/groups") => vec![with(path, r#"{"name":"","purpose":"p","who_may_add":"cell"}"#)],
        ("PUT", "/cell/v1/groups/{id}/end") => {
            let asks = each("/cell/v1/groups/", &known.groups, "/end").into_iter();
            asks.map(|ask| Ask { body: r#"{"ends_at":"soon"}"#.to_owned(), ..ask }).collect()
        }
        // Whole reports and files are operations of the scripts: what they cause is compared there.
        ("POST", "/api/v1/reports") => vec![with(path, r#"{"title":""}"#), with(path, "[")],
        // By cursors of every size: those of the list are places in it.
        ("GET", "/api/v1/reports") => {
            ["", "?cursor=0", "?cursor=1", "?cursor=2", "?cursor=18446744073709551615", "?cursor=x", "?limit=1"]
                .map(|query| ask(format!("{path}{query}")))
                .into()
        }
        ("GET", "/api/v1/reports/{reference}") => each("/api/v1/reports/", &known.own, ""),
        ("POST", "/api/v1/reports/{reference}/read") => each("/api/v1/reports/", &known.own, "/read"),
        // What changes a report is an operation of the scripts; here it is nobody's, or says nothing.
        ("POST", "/api/v1/reports/{reference}/messages" | "/api/v1/reports/{reference}/consent") => {
            let end = path.trim_start_matches("/api/v1/reports/{reference}");
            let bodies = [r#"{"text":"hello"}"#, r#"{"warn":"now"}"#, "{"];
            let mut all: Vec<Ask> =
                bodies.map(|body| with(&path.replace("{reference}", UNKNOWN), body)).into_iter().collect();
            all.extend(each("/api/v1/reports/", &known.own, end));
            all
        }
        ("POST", "/api/v1/reports/{reference}/files") => {
            let path = path.replace("{reference}", UNKNOWN);
            let mut all = vec![with(&path, "a file"), with(&format!("{path}?name=../x"), ""), with(&path, "")];
            // One's own take nothing that is empty.
            all.extend(each("/api/v1/reports/", &known.own, "/files"));
            all
        }
        ("GET", "/api/v1/reports/{reference}/files/{id}") => {
            each("/api/v1/reports/", &known.own, &format!("/files/{UNKNOWN}"))
        }
        ("DELETE" | "POST", "/api/v1/reports/{reference}" | "/api/v1/reports/{reference}/recall") => {
            [UNKNOWN, "x"].map(|id| ask(path.replace("{reference}", id))).into()
        }
        ("PUT", "/api/v1/reports/{reference}") => {
            let body = r#"{"title":"t","attack":"phishing"}"#;
            vec![with(&path.replace("{reference}", UNKNOWN), body), with(&path.replace("{reference}", UNKNOWN), "{")]
        }
        // A dry run of what others may have reported, and of a group: nothing of their reports may show.
        ("POST", "/api/v1/reports/preview") => {
            let values: Vec<String> =
                known.values.iter().rev().take(3).map(|value| format!(r#"{{"value":"{value}"}}"#)).collect();
            let values = values.join(",");
            let group = known.groups.first().map_or(UNKNOWN, String::as_str);
            let draft = |warn: &str, tlp: &str| {
                let body = format!(
                    r#"{{"title":"t","narrative":"at firm1.example","attack":"phishing","warn":{warn},"know":"nobody","tlp":"{tlp}","indicators":[{values}]}}"#
                );
                with(path, &body)
            };
            vec![
                with(path, "{}"),
                with(path, "["),
                draft(r#""now""#, "GREEN"),
                draft(r#""once-three""#, "AMBER+STRICT"),
                draft(&format!(r#"{{"group":"{group}"}}"#), "AMBER"),
                draft(&format!(r#"{{"group":"{UNKNOWN}"}}"#), "AMBER"),
            ]
        }
        ("GET", "/api/v1/receipt-key" | "/api/v1/audit/checkpoint" | "/api/v1/audit/key") => vec![ask(path.to_owned())],
        ("GET", "/api/v1/audit/tile/{*path}") => {
            let places = ["0/000.p/64", "0/000", "0/001", "1/000.p/1", "entries/000.p/64", "entries/000", "0/00x"];
            places.map(|place| ask(path.replace("{*path}", place))).into()
        }
        ("POST", "/api/v1/import") => vec![with("/api/v1/import?name=x.bin&warn=now&know=nobody", "\u{1}\u{2}")],
        // What a document holds is judged by itself: values that others reported look like any.
        ("POST", "/api/v1/extract") => {
            let known = known.values.join("[.]test and\n");
            let asks = ["seen evil[.]attack[.]test", known.as_str(), "MZ\u{1}"].map(|body| with(path, body));
            asks.map(|ask| Ask { headers: vec![("content-type", "text/plain".to_owned())], ..ask }).into()
        }
        ("GET", "/api/v1/stream" | "/cell/v1/stream") => {
            let middle = known.events.get(known.events.len() / 2).cloned();
            let ids = ["AAAA".to_owned()].into_iter().chain(known.events.first().cloned()).chain(middle);
            let ids = ids.chain(known.events.last().cloned());
            let resumed = ids.map(|id| Ask { headers: vec![("last-event-id", id)], ..ask(path.to_owned()) });
            [ask(path.to_owned())].into_iter().chain(resumed).collect()
        }
        // The second step of a sign-in, pairing, and one's own account: nothing here succeeds in changing what is asked with.
        (
            "POST",
            "/api/v1/session/totp" | "/cell/v1/session/totp" | "/api/v1/session/recovery" | "/cell/v1/session/recovery",
        ) => {
            vec![with(path, r#"{"challenge":"nothing","code":"000000"}"#), with(path, "{")]
        }
        ("POST", "/api/v1/devices/pair" | "/cell/v1/devices/pair") => {
            vec![with(path, r#"{"code":"nothing"}"#), with(path, "{")]
        }
        ("POST", start) if start.ends_with("/start") => vec![ask(path.to_owned())],
        ("POST", end) if end.ends_with("passkey/finish") => {
            vec![with(path, r#"{"ceremony":"nothing","credential":{}}"#), with(path, "{")]
        }
        (_, own) if own.contains("v1/me") && own.ends_with("{id}") => {
            vec![ask(format!("{}{UNKNOWN}", own.trim_end_matches("{id}"))), ask(own.replace("{id}", "x"))]
        }
        ("GET" | "DELETE", own) if own.contains("v1/me") => vec![ask(path.to_owned())],
        // A choice that none is: the observers' own goes on.
        ("PUT", "/api/v1/me/notices") => [r#"{"mail":1}"#, "{}", "["].map(|body| with(path, body)).into(),
        ("POST", own) if own.ends_with("/me/totp") || own.ends_with("/me/recovery-codes") => vec![ask(path.to_owned())],
        ("POST" | "PUT", own) if own.contains("v1/me") => vec![with(path, "{"), with(path, r#"{"unknown":1}"#)],
        ("GET", "/api/v1/keys" | "/api/v1/devices" | "/cell/v1/devices") => vec![ask(path.to_owned())],
        ("POST", "/api/v1/keys" | "/api/v1/devices" | "/cell/v1/devices") => {
            vec![with(path, r#"{"label":""}"#), with(path, "{")]
        }
        ("DELETE", "/api/v1/keys/{prefix}") => vec![ask("/api/v1/keys/000000000000".to_owned())],
        ("DELETE", "/api/v1/devices/{id}" | "/cell/v1/devices/{id}") => {
            vec![ask(path.replace("{id}", "0000000000000000"))]
        }
        ("GET", "/assets/{*path}") => vec![ask("/assets/nothing.js".to_owned())],
        ("GET", "/campaigns/{id}") => each("/campaigns/", &known.campaigns[..known.campaigns.len().min(1)], ""),
        ("GET", page) if server::PAGES.iter().any(|(_, path)| *path == page) => vec![ask(page.to_owned())],
        ("GET", "/cell/v1/noise") => {
            ["", "?q=a", "?cursor=0", "?cursor=x"].map(|query| ask(format!("{path}{query}"))).into()
        }
        ("GET", "/cell/v1/secondees") => vec![ask(path.to_owned())],
        // To nobody that there is: what a pass does is tested by itself.
        ("POST", "/cell/v1/reports/{case}/pass") => {
            let all = each("/cell/v1/reports/", &known.cases[..known.cases.len().min(2)], "/pass");
            all.into_iter().map(|ask| Ask { body: format!(r#"{{"to":"{UNKNOWN}"}}"#), ..ask }).collect()
        }
        // Refused, but to the lead who has opened a source in the script.
        ("PUT" | "DELETE", "/cell/v1/sources/key") => vec![with(path, r#"{"public":"04"}"#), with(path, "{")],
        // Of nobody, or without a fingerprint: whose key counts is the same in both worlds.
        ("PUT", "/cell/v1/sources/keys/{person}/confirmed") => {
            let asks = each("/cell/v1/sources/keys/", &[], "/confirmed");
            let bodies = [r#"{"fingerprint":"04"}"#, "{"];
            asks.into_iter().flat_map(|ask| bodies.map(|body| Ask { body: body.to_owned(), ..ask.clone() })).collect()
        }
        ("POST", "/cell/v1/reports/{case}/opening" | "/cell/v1/reports/{case}/opening/shares") => {
            let end = path.trim_start_matches("/cell/v1/reports/{case}");
            let body = r#"{"reason":"a court of law asks for it"}"#.to_owned();
            each("/cell/v1/reports/", &known.cases, end)
                .into_iter()
                .map(|ask| Ask { body: body.clone(), ..ask })
                .collect()
        }
        ("DELETE", "/cell/v1/reports/{case}/pass/{person}") => {
            each("/cell/v1/reports/", &known.cases[..known.cases.len().min(2)], &format!("/pass/{UNKNOWN}"))
        }
        ("GET", "/cell/v1/reports/{case}") => each("/cell/v1/reports/", &known.cases, ""),
        ("POST", "/cell/v1/reports/{case}/messages") => {
            let asks = each("/cell/v1/reports/", &known.cases[..known.cases.len().min(2)], "/messages");
            let bodies = [r#"{"text":""}"#, r#"{"text":"hello","asks":true}"#];
            asks.into_iter().flat_map(|ask| bodies.map(|body| Ask { body: body.to_owned(), ..ask.clone() })).collect()
        }
        ("POST", "/cell/v1/reports/{case}/files") => {
            each("/cell/v1/reports/", &known.cases[..known.cases.len().min(2)], "/files")
        }
        ("GET", "/cell/v1/reports/{case}/files/{id}") => {
            each("/cell/v1/reports/", &known.cases[..known.cases.len().min(2)], &format!("/files/{UNKNOWN}"))
        }
        ("POST", "/cell/v1/reports/{case}/claim") => {
            each("/cell/v1/reports/", &known.cases[..known.cases.len().min(2)], "/claim")
        }
        ("PUT", "/cell/v1/reports/{case}/verdict") => {
            let asks = each("/cell/v1/reports/", &known.cases[..known.cases.len().min(2)], "/verdict");
            let bodies = ["{", r#"{"verdict":"false"}"#, r#"{"verdict":"open"}"#];
            asks.into_iter().flat_map(|ask| bodies.map(|body| Ask { body: body.to_owned(), ..ask.clone() })).collect()
        }
        ("POST", "/cell/v1/reports/{case}/limit") => {
            let asks = each("/cell/v1/reports/", &known.cases[..known.cases.len().min(2)], "/limit");
            let bodies = [r#"{"reason":"short"}"#, r#"{"reason":"it sends the same noise again"}"#];
            asks.into_iter().flat_map(|ask| bodies.map(|body| Ask { body: body.to_owned(), ..ask.clone() })).collect()
        }
        ("POST", "/cell/v1/reports/{case}/related") => {
            let asks = each("/cell/v1/reports/", &known.cases[..known.cases.len().min(2)], "/related");
            let body = |other: &str| format!(r#"{{"other":"{other}","same":true,"reason":"the same kit, I think"}}"#);
            // Not of two that there are: the cell's words are the script's to say.
            let bodies = [r#"{"reason":"short"}"#.to_owned(), body(UNKNOWN)];
            asks.into_iter().flat_map(|ask| bodies.clone().map(|body| Ask { body, ..ask.clone() })).collect()
        }
        ("PUT", "/cell/v1/campaigns/{id}/name") => {
            let known = &known.campaigns;
            let asks = each("/cell/v1/campaigns/", &known[..known.len().min(2)], "/name");
            let bodies = [r#"{"name":7}"#, r#"{"name":"Silver Heron"}"#];
            asks.into_iter().flat_map(|ask| bodies.map(|body| Ask { body: body.to_owned(), ..ask.clone() })).collect()
        }
        ("POST", "/cell/v1/advisories") => vec![with(path, r#"{"title":""}"#)],
        ("PUT", "/cell/v1/posture") => vec![with(path, r#"{"word":"loud","text":""}"#)],
        _ => return crate::joining::drivers(method, path),
    })
}

/// Everything that can be asked about a report of one's own.
pub fn own_report(reference: &str) -> Vec<Ask> {
    let asks = [
        ("GET", "", ""),
        ("PUT", "", r#"{"title":"t","attack":"phishing"}"#),
        ("DELETE", "", ""),
        ("POST", "/recall", ""),
        ("POST", "/read", ""),
        ("POST", "/messages", r#"{"text":"hello"}"#),
        ("POST", "/consent", r#"{"warn":"now"}"#),
        ("POST", "/files", "a file"),
        ("GET", "/files/00000000-0000-4000-8000-0000000000ff", ""),
    ];
    let ask = |(method, end, body): (&'static str, &str, &str)| Ask {
        route: "another's report".into(),
        method,
        path: format!("/api/v1/reports/{reference}{end}"),
        headers: vec![],
        body: body.to_owned(),
    };
    asks.into_iter().map(ask).collect()
}

/// Every request of every route of an observer's listener, and the same with another verb.
pub fn asks(observer: Observer, known: &Known) -> Vec<Ask> {
    let face = if observer.is_cell() { Face::Cell } else { Face::Member };
    let mut all = Vec::new();
    for route in routes() {
        let operators = observer != Observer::Operator || route.access == Access::Operator;
        if route.face != face || !operators {
            continue;
        }
        let driven = drivers(route.method, route.path, known)
            .unwrap_or_else(|| panic!("route {} {} has no driver: add one here", route.method, route.path));
        assert!(!driven.is_empty(), "route {} {} is driven by nothing: add a request here", route.method, route.path);
        all.extend(driven);
    }
    let other = |route: &str, method, path: &str| Ask {
        route: route.to_owned(),
        method,
        path: path.to_owned(),
        headers: vec![],
        body: String::new(),
    };
    all.extend([other("nothing", "GET", "/api/v1/nothing"), other("verb", "PATCH", "/api/v1/home")]);
    all
}

/// The cell's pages of the campaigns that [`asks`] leaves out.
pub fn other_campaigns(known: &Known) -> Vec<Ask> {
    let page = |id: &String| Ask {
        route: "GET /cell/v1/campaigns/{id}".to_owned(),
        method: "GET",
        path: format!("/cell/v1/campaigns/{id}"),
        headers: vec![],
        body: String::new(),
    };
    known.campaigns.iter().skip(IDS_ASKED).map(page).collect()
}

/// What every member may read, asked for by every firm that has nothing to do with the difference.
pub fn content(known: &Known) -> Vec<Ask> {
    let routes = [
        "/api/v1/home",
        "/api/v1/indicators",
        "/api/v1/campaigns",
        "/api/v1/advisories",
        "/api/v1/feeds/watch.txt",
        "/api/v1/feeds/block.txt",
        "/api/v1/stream",
        "/api/v1/session",
    ];
    let campaign = known.campaigns.first().map(|id| format!("/api/v1/campaigns/{id}"));
    let lookups = known.values.iter().rev().take(2).map(|value| format!("/api/v1/lookup?value={}", escape(value)));
    let groups = known.groups.iter().map(|id| format!("/api/v1/groups/{id}/items"));
    let groups = groups.chain(["/api/v1/groups".to_owned()]);
    let paths = routes.into_iter().map(str::to_owned).chain(campaign).chain(groups).chain(lookups);
    let ask = |path: String| Ask {
        route: "what members may read".into(),
        method: "GET",
        path,
        headers: vec![],
        body: String::new(),
    };
    paths.map(ask).collect()
}

/// How often each route was asked by each kind of observer.
pub type Tally = BTreeMap<(String, &'static str), u64>;

pub async fn ask(world: &World, observer: Observer, asked: &Ask, tally: &mut Tally) -> Seen {
    *tally.entry((asked.route.clone(), observer.kind())).or_insert(0) += 1;
    ask_one(world, observer, asked).await
}

/// One request, and what follows from it: pages of a list, the end of a session.
pub async fn ask_one(world: &World, observer: Observer, ask: &Ask) -> Seen {
    let headers: Vec<(&str, &str)> = ask.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if ask.method == "DELETE"
        && ask.path.ends_with("v1/session")
        && let Some(body) = world.sign_in_body(observer)
    {
        return sign_out(world, observer, &ask.path, &body).await;
    }
    let seen = world.ask(observer, ask.method, &ask.path, &headers, &ask.body).await;
    let seen = if ask.route.contains("v1/me") || ask.route.contains("passkey") { without_chance(&seen) } else { seen };
    if ask.path.ends_with("?limit=1") { follow(world, observer, &ask.path, seen).await } else { seen }
}

/// An answer about somebody's own factors without what is drawn by chance for them alone.
fn without_chance(seen: &Seen) -> Seen {
    let mut text = seen.0.clone();
    for (start, end) in [
        (r#""challenge":""#, '"'),
        (r#""ceremony":""#, '"'),
        (r#""secret":""#, '"'),
        (r#""uri":""#, '"'),
        (r#""codes":["#, ']'),
        (r#""items":["#, ']'),
        (r#""user":{"id":""#, '"'),
    ] {
        let mut kept = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(start) {
            kept.push_str(before);
            kept.push_str(start);
            rest = after.find(end).map_or("", |at| &after[at..]);
        }
        kept.push_str(rest);
        text = kept;
    }
    Seen(text)
}

/// Signs in anew, ends that session, and asks with it once more.
async fn sign_out(world: &World, observer: Observer, path: &str, body: &str) -> Seen {
    let mut told = world.ask(observer, "POST", path, &[], body).await.0;
    let cookie =
        told.split_once("set-cookie: ").and_then(|(_, rest)| rest.split_once(';')).map(|(cookie, _)| cookie.to_owned());
    let cookie = cookie.unwrap_or_default();
    for method in ["GET", "DELETE", "GET"] {
        let _ = write!(told, "\n{method}\n{}", world.ask(observer, method, path, &[("cookie", &cookie)], "").await.0);
    }
    Seen(told)
}

/// A list, page by page.
async fn follow(world: &World, observer: Observer, path: &str, first: Seen) -> Seen {
    let mut told = first.0;
    let mut page = told.clone();
    for _ in 0..PAGES_FOLLOWED {
        let Some(next) = cursor(&page) else { break };
        page = world.ask(observer, "GET", &format!("{path}&cursor={}", escape(&next)), &[], "").await.0;
        let _ = write!(told, "\n{page}");
    }
    Seen(told)
}

fn cursor(page: &str) -> Option<String> {
    page.rsplit_once(r#""next":""#)?.1.split_once('"').map(|(next, _)| next.to_owned())
}

/// What two observers see who act together: one asks, the other goes on from what the first got.
pub async fn joined(world: &World, a: Observer, b: Observer, known: &Known) -> Seen {
    let mut told = String::new();
    let value = known.values.last().map(|value| escape(value)).unwrap_or_default();
    let of_groups = known.groups.iter().map(|id| format!("/api/v1/groups/{id}/items?limit=1"));
    let lists = ["/api/v1/indicators?limit=1", "/api/v1/campaigns?limit=1"].map(str::to_owned);
    for list in lists.into_iter().chain(of_groups) {
        let list = list.as_str();
        let page = world.ask(a, "GET", list, &[], "").await.0;
        let next = cursor(&page).unwrap_or_default();
        let rest = world.ask(b, "GET", &format!("{list}&cursor={}", escape(&next)), &[], "").await.0;
        let _ = write!(told, "{page}\n{rest}\n");
    }
    for who in [a, b, a] {
        let lookup = if who.is_cell() { "/cell/v1/lookup" } else { "/api/v1/lookup" };
        let _ = writeln!(told, "{}", world.ask(who, "GET", &format!("{lookup}?value={value}"), &[], "").await.0);
    }
    for event in known.events.iter().rev().take(2) {
        let stream = world.ask(b, "GET", "/api/v1/stream", &[("last-event-id", event)], "").await.0;
        let _ = writeln!(told, "{stream}");
    }
    Seen(told)
}

/// What may be asked between two operations.
pub fn between(observer: Observer, known: &Known) -> Vec<Ask> {
    let mut all = asks(observer, known);
    // What costs a firm some of what it may send is asked at the end, where time passes between: else reports of its own would
    // be refused on the way, and the pair be worth nothing.
    all.retain(|ask| ask.method == "GET" || !ask.path.starts_with("/api/v1/reports/"));
    all
}
