//! The OpenAPI document, made from the table of routes and the types' own descriptions.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::table::{self, Access, Face, Param, Route, Schemas, Shape};

/// Types that come in: what they leave out may stay out. In all others every property is there.
const REQUESTS: [&str; 19] = [
    "NewRelation",
    "NewName",
    "NewVerdict",
    "NewLimit",
    "NewLeadKey",
    "NewLeadKeyConfirmation",
    "NewOpening",
    "NewShare",
    "SignIn",
    "NewReport",
    "NewIndicator",
    "WarnGroup",
    "NewAdvisory",
    "NewPosture",
    "WarnView",
    "NewGroupMember",
    "NewSharingGroup",
    "NewGroupEnd",
    "NewGroupPlace",
];
const JOINING_REQUESTS: [&str; 16] = [
    "NewLook",
    "NewJoin",
    "NewEnrolment",
    "NewOwnOrganisation",
    "NewPersonState",
    "NewPersonInvitation",
    "NewSponsorshipView",
    "NewReason",
    "NewAcceptance",
    "NewTerms",
    "NewOrganisationView",
    "NewOrganisationEdit",
    "NewStatus",
    "NewRecovery",
    "NewCellInvitation",
    "NewSetting",
];
const OWN_REQUESTS: [&str; 10] = [
    "NewSecondStep",
    "NewCeremonyEnd",
    "NewPasskey",
    "NewConfirmation",
    "NewPassword",
    "NewTotpCode",
    "NewKey",
    "NewDevice",
    "NewPairing",
    "SignIn",
];
/// Properties of answers that may be left out.
const OPTIONAL: [(&str, &str); 3] = [("ReceiptItem", "why"), ("ReceiptItem", "held"), ("ImportProblem", "line")];
/// Properties that clients need not insist on: what older programs released or kept lacks them.
const NEWER: [&str; 2] = ["exercise", "firms_at_most"];
/// Types that have always said whether they are an exercise's.
const ALWAYS: [&str; 5] = ["FaceView", "SessionView", "Wall", "CampaignView", "AdvisoryView"];
/// What every route may answer beside its own problems.
const ANY_PROBLEM: &str = "Any other problem: 400 a head that cannot be read, 403 sent from another site, 405 not this method, 421 not this host, 429 too many requests, 500 our fault, 503 not ready, 504 took too long.";
/// What the header of a request that may come again means.
const ONCE: &str = "Any text of your own, new for each request: sent again with the same key and bytes within 24 hours, the request is answered as it was the first time, and nothing is done twice.";
const SEVERITIES: &[&str] = &["critical", "high", "medium", "low"];
const WHO_MAY_ADD: &[&str] = &["cell", "members", "organisers"];
const POSTURES: &[&str] = &["normal", "raised", "high"];
/// Texts that can only be one of a few words.
const WORDS: &[(&str, &str, &[&str])] = &[
    ("IndicatorView", "type", &["indicator"]),
    ("CampaignView", "type", &["campaign"]),
    ("AdvisoryView", "type", &["advisory"]),
    ("PostureView", "type", &["posture"]),
    ("PostureView", "word", POSTURES),
    ("PostureRow", "word", POSTURES),
    ("NewPosture", "word", POSTURES),
    ("AdvisoryView", "severity", SEVERITIES),
    ("NewAdvisory", "severity", SEVERITIES),
    ("CampaignRow", "severity", SEVERITIES),
    ("ReportRow", "severity", SEVERITIES),
    ("OutsideRow", "severity", SEVERITIES),
    ("CaseRow", "severity", SEVERITIES),
    ("CasePage", "judged", &["confirmed", "false", "open"]),
    ("NewVerdict", "verdict", &["confirmed", "false", "open"]),
    ("HistoryRow", "what", &["merged", "parted", "parted-from", "revived", "wave"]),
    ("CampaignRow", "trend", &["spreading", "steady", "cooling"]),
    ("ReportRow", "state", &["new", "claimed"]),
    ("GroupView", "who_may_add", WHO_MAY_ADD),
    ("CellGroup", "who_may_add", WHO_MAY_ADD),
    ("NewSharingGroup", "who_may_add", WHO_MAY_ADD),
    ("Verdict", "verdict", &["block", "watch", "everyday", "not-seen", "unreadable"]),
    ("LookupView", "verdict", &["seen", "everyday", "not-seen", "unreadable"]),
    ("FaceView", "face", &["member", "cell"]),
    ("SessionView", "face", &["member", "cell"]),
    (
        "SessionView",
        "role",
        &[
            "reader",
            "reporter",
            "organisation-admin",
            "observer",
            "analyst",
            "seconded-analyst",
            "lead",
            "administrator",
        ],
    ),
    ("Receipt", "status", &["received"]),
    ("ImportReceipt", "status", &["received"]),
    ("ReceiptItem", "result", &["accepted", "duplicate", "left-out", "refused"]),
    ("Health", "status", &["ok", "behind"]),
];

/// The document as it lies in `openapi.json`, with a newline at its end; written once, by whoever asks first.
#[must_use]
pub fn openapi_json() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
        text.push('\n');
        text
    });
    &TEXT
}

fn document() -> Value {
    let mut schemas = Schemas::new();
    table::event_schemas(&mut schemas);
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in table::table() {
        let other = route.other.map(|(_, shape)| shape);
        for shape in [Some(route.body), Some(route.answer), other].into_iter().flatten() {
            if let Shape::Json(_, collect) = &shape {
                collect(&mut schemas);
            }
        }
        // Both listeners have `/face` and `/openapi.json`: the document tells them once.
        let methods = paths.entry(template(route)).or_default();
        methods.entry(route.method.to_ascii_lowercase()).or_insert_with(|| operation(route));
    }
    let schemas: BTreeMap<String, Value> = schemas
        .into_iter()
        .map(|(name, schema)| {
            let schema = finish(&name, serde_json::to_value(schema).unwrap_or_default());
            (name, schema)
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Fusion Cell",
            "description": "Members see attacks as they happen without learning who reported. Paths under `/api/v1` are on the members' listener, those under `/cell/v1` on the cell's. Times are RFC 3339 in UTC with milliseconds. Errors are `application/problem+json`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "version": env!("CARGO_PKG_VERSION"),
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "member": { "type": "apiKey", "in": "cookie", "name": "fc_member", "description": "`__Host-fc_member` by TLS." },
                "cell": { "type": "apiKey", "in": "cookie", "name": "fc_cell", "description": "`__Host-fc_cell` by TLS." },
                "member_wall": { "type": "apiKey", "in": "cookie", "name": "fc_member_wall" },
                "cell_wall": { "type": "apiKey", "in": "cookie", "name": "fc_cell_wall" },
                "key": { "type": "http", "scheme": "bearer", "description": "A member's key, `fck_…`." },
            },
        },
    })
}

/// Answers name all of their properties, and words are told as words.
fn finish(name: &str, mut schema: Value) -> Value {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (_, property, words) in WORDS.iter().filter(|(of, ..)| *of == name) {
            if let Some(property) = properties.get_mut(*property).and_then(Value::as_object_mut) {
                property.remove("pattern");
                property.insert("enum".into(), json!(words));
            }
        }
        let left_out = |property: &str| {
            OPTIONAL.contains(&(name, property)) || (NEWER.contains(&property) && !ALWAYS.contains(&name))
        };
        let all: Vec<String> = properties.keys().filter(|property| !left_out(property)).cloned().collect();
        if !REQUESTS.contains(&name)
            && !JOINING_REQUESTS.contains(&name)
            && !OWN_REQUESTS.contains(&name)
            && let Some(schema) = schema.as_object_mut()
        {
            schema.insert("required".into(), json!(all));
        }
    }
    schema
}

fn content(shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Empty => None,
        Shape::Json(name, _) => {
            Some(json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{}", name()) } } }))
        }
        // The document itself.
        Shape::Text("application/json") => Some(json!({ "application/json": { "schema": { "type": "object" } } })),
        Shape::Text(media) => Some(json!({ *media: { "schema": { "type": "string" } } })),
        Shape::Bytes => {
            Some(json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } }))
        }
    }
}

/// The path as OpenAPI writes it: it has no word for a parameter that goes over several segments.
fn template(route: &Route) -> String {
    route.path.replace("{*", "{")
}

fn parameter(route: &Route, param: &Param) -> Value {
    let place = if template(route).contains(&format!("{{{}}}", param.name)) { "path" } else { "query" };
    let kind = if param.number { "integer" } else { "string" };
    json!({ "name": param.name, "in": place, "required": param.required, "description": param.text, "schema": { "type": kind } })
}

fn operation(route: &Route) -> Value {
    let mut responses = Map::new();
    let mut success = json!({ "description": "Success." });
    if let (Some(content), Some(success)) = (content(&route.answer), success.as_object_mut()) {
        success.insert("content".into(), content);
    }
    responses.insert(route.status.to_string(), success);
    if let Some((status, shape)) = &route.other {
        responses
            .insert(status.to_string(), json!({ "description": "More is wanted first.", "content": content(shape) }));
    }
    let mut problem =
        json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/ProblemView" } } });
    if matches!(route.answer, Shape::Text("text/html"))
        && let (Some(page), Some(problem)) = (content(&route.answer), problem.as_object_mut())
    {
        // Whoever reads a page reads its refusals as pages.
        problem.extend(page.as_object().cloned().unwrap_or_default());
    }
    responses.insert("default".into(), json!({ "description": ANY_PROBLEM, "content": problem }));
    for status in &route.problems {
        responses.insert(status.to_string(), json!({ "description": reason(*status), "content": problem.clone() }));
    }
    let security = match (route.face, route.access) {
        (_, Access::Public | Access::Operator) => json!([]),
        (face, _) => {
            let (session, wall) = match face {
                Face::Member => ("member", "member_wall"),
                Face::Cell => ("cell", "cell_wall"),
            };
            let by = |name: &str, opens: bool| opens.then(|| json!({ name: [] }));
            let ways = [by(session, true), by("key", route.pass.scope.is_some()), by(wall, route.pass.wall)];
            ways.into_iter().flatten().collect()
        }
    };
    let mut parameters: Vec<Value> = route.params.iter().map(|param| parameter(route, param)).collect();
    if route.once {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false, "description": ONCE,
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        }));
    }
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "tags": [match route.face { Face::Member => "member", Face::Cell => "cell" }],
        "parameters": parameters,
        "responses": responses,
        "security": security,
    });
    if let (Some(content), Some(operation)) = (content(&route.body), operation.as_object_mut()) {
        operation.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    operation
}

const fn reason(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be read.",
        401 => "Not signed in.",
        403 => "Not for this role.",
        404 => "Absent, or hidden from you: the same answer.",
        409 => "Somebody else has it.",
        413 => "Too large.",
        415 => "Not this kind of content.",
        422 => "A field is wrong.",
        429 => "Too many requests: see Retry-After.",
        503 => "Not ready: try again.",
        _ => "A problem.",
    }
}
