//! Requests that drive the routes of joining, organisations and people: reads, and acts that change nothing.

use crate::observe::{Ask, UNKNOWN};

/// The requests that drive a route.
pub fn drivers(method: &'static str, path: &str) -> Option<Vec<Ask>> {
    let route = format!("{method} {path}");
    let ask = |path: String| Ask { route: route.clone(), method, path, headers: vec![], body: String::new() };
    let with = |path: String, body: &str| Ask { body: body.to_owned(), ..ask(path) };
    let own = path.strip_prefix("/api/v1/").or_else(|| path.strip_prefix("/cell/v1/"))?;
    let ids = [UNKNOWN, "x"].map(|id| path.replace("{id}", id));
    Some(match (method, own) {
        ("GET", "directory" | "organisations") => ["", "?q=firm", "?q=%3Csvg%3E", "?cursor=firm%201", "?unknown=1"]
            .map(|query| ask(format!("{path}{query}")))
            .into(),
        ("GET", "people" | "invitations" | "sponsorships" | "acts") => {
            let cursors = ["", "?cursor=x", "?cursor=0.00000000-0000-4000-8000-000000000000"];
            cursors.map(|query| ask(format!("{path}{query}"))).into()
        }
        ("GET", "organisation" | "terms" | "outbox" | "settings") => vec![ask(path.to_owned())],
        ("GET", "organisations/{id}" | "organisations/{id}/people") => ids.map(ask).into(),
        // A wrong token counts against the network that sends it: one is enough to see that it is answered alike.
        ("POST", "join/look") => vec![with(path.to_owned(), r#"{"token":"fci_0"}"#), with(path.to_owned(), "{")],
        ("POST", "join" | "join/session") => {
            vec![with(path.to_owned(), r#"{"unknown":1}"#), with(path.to_owned(), "{")]
        }
        ("DELETE", "people/{id}" | "invitations/{id}" | "sponsorships/{id}" | "organisations/{id}/recovery")
        | ("POST", "invitations/{id}/resend" | "sponsorships/{id}/approve") => ids.map(ask).into(),
        ("PUT", "people/{id}" | "organisations/{id}" | "organisations/{id}/status" | "settings/{id}")
        | ("POST", "organisations/{id}/recovery" | "sponsorships/{id}/refuse") => {
            let bodies = ["{", r#"{"unknown":1}"#, r#"{"disabled":true}"#, r#"{"status":"left"}"#, r#"{"value":"1"}"#];
            bodies.map(|body| with(path.replace("{id}", UNKNOWN), body)).into()
        }
        ("PUT", "organisation")
        | ("POST", "organisations" | "invitations" | "sponsorships" | "terms" | "terms/accept") => {
            ["{", r#"{"unknown":1}"#, r#"{"version":9}"#].map(|body| with(path.to_owned(), body)).into()
        }
        _ => return None,
    })
}
