//! A valid request for each route: bodies are made from the document of the API, except where its words do not suffice.

use std::sync::LazyLock;

use serde_json::{Value, json};
use server::{Face, RouteInfo};

use crate::callers::Caller;
use crate::common::PASSWORD;
use crate::ids::{Id, Ids, Kind};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(server::openapi_json()).unwrap());

/// Routes that no request made here can bring to success, and what does so elsewhere.
pub const UNDRIVEN: &[(&str, &str)] = &[
    ("sign_in_totp", "needs an app: crates/register/tests/factors.rs"),
    ("sign_in_recovery", "needs a challenge: crates/register/tests/factors.rs"),
    ("passkey_finish", "needs an authenticator: ui/e2e"),
    ("passkey_add", "needs an authenticator: ui/e2e"),
    ("confirm_passkey_finish", "needs an authenticator: ui/e2e"),
    ("totp_confirm", "needs an app: crates/register/tests/factors.rs"),
    ("join_session", "needs a ticket: crates/server/tests/joining.rs"),
    ("accept_terms", "needs a newer version: crates/server/tests/joining.rs"),
    ("take_back", "needs a case that was passed: crates/server/tests/walls.rs"),
    ("consent", "the report is withdrawn before: crates/server/tests/threads.rs"),
    ("own_file", "needs a file: crates/server/tests/files.rs"),
    ("file", "needs a file: crates/server/tests/files.rs"),
    ("tell_back", "needs a code that was shown once: crates/server/tests/tell.rs"),
    ("totp_remove", "needs an app: crates/register/tests/factors.rs"),
    ("audit_tile", "needs an epoch to have passed: crates/server/tests/audit.rs"),
    ("lead_key", "needs an authenticator: crates/server/tests/sources.rs"),
    ("lead_key_remove", "needs an authenticator: crates/server/tests/sources.rs"),
    ("lead_key_confirm", "needs an authenticator: crates/server/tests/sources.rs"),
    ("opening_ask", "needs an authenticator: crates/server/tests/sources.rs"),
    ("opening_share", "needs an authenticator: crates/server/tests/sources.rs"),
];

/// Routes whose handler asks for more than their row does, of whoever was admitted: not everybody may do what they are for.
pub const ASKS_MORE: &[&str] = &["group_add"];

/// The operation's name without the cell's prefix, where both listeners have it.
pub fn plain(id: &str) -> &str {
    id.strip_prefix("cell_").unwrap_or(id)
}

/// What the parameter of a route's path names; `None` for a route that is not known here.
pub fn kind(route: &RouteInfo) -> Option<Kind> {
    Some(match route.id {
        "campaign" => Kind::Campaign,
        "cell_campaign" | "name_campaign" => Kind::CellCampaign,
        "advisory_read" => Kind::Advisory,
        "feed" => Kind::Feed,
        "audit_tile" => Kind::Tile,
        "claim" | "pass" | "take_back" | "cell_report" | "cell_message" | "cell_file_add" | "cell_file"
        | "opening_ask" | "opening_share" | "verdict" | "limit_source" | "relate" => Kind::Case,
        "own_report" | "correct" | "withdraw" | "recall" | "own_message" | "consent" | "own_read" | "own_file_add"
        | "own_file" => Kind::OwnReport,
        "group" | "group_items" | "group_watch" | "group_add" => Kind::Group,
        "edit_person" | "close_person" => Kind::Person,
        "edit_cell_person" | "close_cell_person" | "lead_key_confirm" => Kind::CellPerson,
        "resend_own" | "withdraw_own" => Kind::Invitation,
        "resend_invitation" | "withdraw_invitation" => Kind::CellInvitation,
        "withdraw_sponsorship" => Kind::Sponsorship,
        "approve" | "refuse" => Kind::CellSponsorship,
        "organisation"
        | "edit_organisation"
        | "organisation_status"
        | "recovery"
        | "drop_recovery"
        | "organisation_people" => Kind::Organisation,
        "set_setting" => Kind::Setting,
        "end_group" | "group_join" | "group_leave" => Kind::CellGroup,
        id => match plain(id) {
            "passkey_remove" => Kind::Passkey,
            "session_end" => Kind::Session,
            "device_revoke" => Kind::Device,
            "key_revoke" => Kind::Key,
            _ => return None,
        },
    })
}

/// The path of a route with this in the place of its parameter, and the query that it cannot do without.
pub fn path_with(route: &RouteInfo, id: &str) -> String {
    let path = match (route.path.find('{'), route.path.find('}')) {
        (Some(from), Some(to)) => format!("{}{id}{}", &route.path[..from], &route.path[to + 1..]),
        _ => route.path.to_owned(),
    };
    // What a second parameter names is nobody's.
    let path = match (path.find('{'), path.find('}')) {
        (Some(from), Some(to)) => format!("{}{}{}", &path[..from], crate::ids::NOWHERE, &path[to + 1..]),
        _ => path,
    };
    let query = match plain(route.id) {
        "lookup" => "?value=evil.test",
        "import" => "?warn=now&know=nobody&tlp=GREEN",
        _ => "",
    };
    path + query
}

/// The path of a route as this caller would ask for it: with something of its own, if it has any.
pub fn path(route: &RouteInfo, caller: &Caller, ids: &Ids) -> String {
    let own = kind(route).and_then(|kind| ids.all.iter().find(|id: &&Id| id.is_for(kind, caller)));
    let id = own.map_or(crate::ids::NOWHERE, |id| id.text.as_str());
    path_with(route, if route.path.contains("{*") { "none.js" } else { id })
}

/// Media type and text of the body that a route takes.
pub fn body(route: &RouteInfo, ids: &Ids) -> Option<(String, String)> {
    let operation = &DOCUMENT["paths"][route.path][route.method.to_ascii_lowercase()];
    let (media, content) = operation["requestBody"]["content"].as_object()?.iter().next()?;
    let email = if route.face == Face::Cell { "kit@cell.example" } else { "ann@firm0.example" };
    let pairing = if route.face == Face::Cell { &ids.pairing_cell } else { &ids.pairing_member };
    let link = if route.face == Face::Cell { &ids.link_cell } else { &ids.link_member };
    let made = match plain(route.id) {
        "sign_in" => json!({ "email": email, "password": PASSWORD }),
        "report" | "preview" => json!({
            "title": "t", "attack": "phishing", "warn": "now", "know": "nobody", "tlp": "GREEN",
            "indicators": [{ "value": "fresh.attack.test" }],
        }),
        "import" | "extract" | "own_file_add" | "file_add" => {
            return Some((media.clone(), "imported.attack.test\n".to_owned()));
        }
        "tell" => return Some((media.clone(), "what=Odd+mail&ongoing=no".to_owned())),
        "tell_back" => return Some((media.clone(), "code=AAAAA-AAAAA-AAAAA-AAAAA".to_owned())),
        "advise" => json!({ "title": "t", "summary": "s", "actions": ["a"], "severity": "low", "tlp": "GREEN" }),
        "confirm" => json!({ "password": PASSWORD }),
        "password" => json!({ "password": "another horse battery" }),
        "key_make" => json!({ "label": "feed", "scopes": ["report"], "days": 30, "warn": "now", "know": "nobody" }),
        "make_group" => json!({ "name": "Ports", "purpose": "p", "who_may_add": "members" }),
        "group_add" | "group_join" => json!({ "organisation": "Firm 7" }),
        "group_leave" => json!({ "organisation": "Firm 3" }),
        "join_look" => json!({ "token": link }),
        "join" => json!({ "token": link, "name": "Ann Reed", "terms": 1 }),
        "edit_person" | "edit_cell_person" => json!({ "disabled": false }),
        "invite_person" => json!({ "name": "Bob", "email": "fresh@firm0.example", "role": "reader" }),
        "invite_to_cell" => json!({ "name": "Bob", "email": "fresh@cell.example", "role": "analyst" }),
        "propose" => json!({
            "name": "Firth", "sector": "water", "domain": "firth.example", "contact": "Tom Reed",
            "email": "tom@firth.example", "why": "they are next to us",
        }),
        "invite_organisation" => {
            json!({ "name": "Firth", "sectors": ["water"], "contact": "Tom Reed", "email": "tom@firth.example" })
        }
        "edit_organisation" => json!({ "name": "Firm Zero", "sectors": ["energy"] }),
        "organisation_status" => json!({ "status": "suspended" }),
        "recovery" => json!({ "name": "Tom Reed", "email": "tom@firm0.example" }),
        "publish_terms" => json!({ "text": "Be fair.", "from_day": "2027-06-01" }),
        "set_setting" => json!({ "value": "100" }),
        "pass" => json!({ "to": ids.secondee }),
        "correct" => json!({ "title": "t", "attack": "phishing", "add": [{ "value": "more.attack.test" }] }),
        "consent" => json!({ "warn": "now" }),
        "own_message" | "message" => json!({ "text": "hello" }),
        "limit_source" => json!({ "reason": "it sends the same noise again and again" }),
        // Two cases are asked for: the first that there is stands in the path.
        "relate" => {
            let other = ids.all.iter().rev().find(|id| id.kind == Kind::Case).map(|id| id.text.as_str());
            json!({ "other": other, "same": true, "reason": "the same kit, by the same hand" })
        }
        "name_campaign" => json!({ "name": "Silver Heron" }),
        "device_pair" => json!({ "code": pairing }),
        _ => sample(&content["schema"]),
    };
    Some((media.clone(), made.to_string()))
}

/// The least that a schema takes.
fn sample(schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return sample(&DOCUMENT["components"]["schemas"][name.rsplit('/').next().unwrap()]);
    }
    if let Some(words) = schema["enum"].as_array() {
        return words[0].clone();
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return choices.iter().find(|choice| choice["type"] != "null").map(sample).unwrap_or_default();
    }
    let kind = schema["type"].as_str().or(schema["type"][0].as_str()).unwrap_or("object");
    match kind {
        "string" => match schema["format"].as_str() {
            Some("uuid") => json!(crate::ids::NOWHERE),
            Some("date-time") => json!("2026-01-01T00:00:00Z"),
            _ => json!("x"),
        },
        "integer" | "number" => json!(1),
        "boolean" => json!(false),
        "array" => json!([]),
        _ => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let of = |name: &str| (name.to_owned(), sample(&schema["properties"][name]));
            Value::Object(required.map(of).collect())
        }
    }
}

/// Whether a status is the success that the document names for a route.
pub fn succeeds(route: &RouteInfo, status: u16) -> bool {
    let responses = &DOCUMENT["paths"][route.path][route.method.to_ascii_lowercase()]["responses"];
    (200..300).contains(&status) && (responses.is_null() || responses[status.to_string()].is_object())
}
